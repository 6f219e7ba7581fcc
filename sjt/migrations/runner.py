"""Alembic without its ini file: upgrade a database, tell its revision, compare it with the tables."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from sjt import db
from sjt.errors import MoveRefused

TABLES: Final = (
    "sjt.audit.tables",
    "sjt.accounts.tables",
    "sjt.jobs.tables",
    "sjt.authoring.tables",
    "sjt.panels.tables",
    "sjt.delivery.tables",
    "sjt.delivery.tables_candidate",
    "sjt.delivery.tables_evidence",
    "sjt.delivery.tables_locked",
    "sjt.delivery.tables_paper",
    "sjt.marking.tables",
    "sjt.results.tables",
    "sjt.analysis.tables",
    "sjt.grading.tables",
)
"""Every room's tables: migrations alone sees them all."""


def load_tables() -> sa.MetaData:
    for name in TABLES:
        importlib.import_module(name)
    return db.metadata


def config(connection: sa.Connection | None = None) -> Config:
    settings = Config()
    settings.set_main_option("script_location", str(Path(__file__).resolve().parent))
    settings.attributes["connection"] = connection
    return settings


def newest() -> str | None:
    return ScriptDirectory.from_config(config()).get_current_head()


def knows(revision: str) -> bool:
    """Tell whether this version has the migration that led to a revision."""
    script = ScriptDirectory.from_config(config())
    return any(one.revision == revision for one in script.walk_revisions())


def revision_of(database: db.Database) -> str | None:
    with database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def upgrade(database: db.Database, to: str = "head") -> None:
    """Bring the database to a revision; one transaction, so a fault leaves it as it was."""
    load_tables()
    with database.write_gate.held(), database.engine.connect() as connection:
        writing = connection.execution_options(sjt_write=True)
        if database.is_sqlite:
            # batch operations rebuild tables, which foreign keys would refuse half-way
            _switch_foreign_keys(connection, "OFF")
        try:
            with writing.begin():
                command.upgrade(config(writing), to)
                if database.is_sqlite and (lost := writing.exec_driver_sql("PRAGMA foreign_key_check").first()):
                    raise MoveRefused(
                        f"The upgrade would leave rows of {lost[0]} without their {lost[2]}. Nothing was changed."
                    )
        finally:
            if database.is_sqlite:
                _switch_foreign_keys(connection, "ON")


def _switch_foreign_keys(connection: sa.Connection, to: str) -> None:
    """Switch them past SQLAlchemy, which would begin a transaction first: within one the pragma does nothing."""
    cursor = connection.connection.cursor()
    try:
        cursor.execute(f"PRAGMA foreign_keys = {to}")
    finally:
        cursor.close()


RAW_SQL: Final = (
    "sjt.audit.sql",
    "sjt.authoring.sql",
    "sjt.panels.install",
    "sjt.delivery.install",
    "sjt.results.install",
)
"""Modules that give triggers and functions: ``install_sql(dialect)``."""


def raw_sql(dialect: str) -> list[str]:
    """List the statements that install every trigger and function."""
    return [statement for name in RAW_SQL for statement in importlib.import_module(name).install_sql(dialect)]


def run_raw(connection: sa.Connection, statement: str) -> None:
    """Run one statement as it stands: no placeholders, so that a function's text may hold a per cent sign."""
    cursor = connection.connection.cursor()
    try:
        cursor.execute(statement)
    finally:
        cursor.close()


def run_file(connection: sa.Connection, revision: str) -> None:
    """Run the statements of ``versions/<revision>.<dialect>.sql``, as a migration does for triggers and functions."""
    path = Path(__file__).resolve().parent / "versions" / f"{revision}.{connection.dialect.name}.sql"
    for statement in path.read_text(encoding="utf-8").split("\n-- next\n"):
        run_raw(connection, statement)


def differences(database: db.Database) -> list[Any]:
    """List what the tables say and the database lacks, or the other way round."""
    load_tables()
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "render_as_batch": True})
        return list(compare_metadata(context, db.metadata))
