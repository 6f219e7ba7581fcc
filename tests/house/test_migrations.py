"""Migrations make the tables the code has, with every trigger, on both databases; an old database comes along."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.script import ScriptDirectory

from sjt import db
from sjt.errors import MoveRefused
from sjt.migrations import runner


@pytest.fixture(params=["database", pytest.param("postgresql_database", marks=pytest.mark.postgresql)])
def either(request: pytest.FixtureRequest) -> db.Database:
    found: db.Database = request.getfixturevalue(request.param)
    return found


def plain(text: str) -> str:
    return " ".join(text.split()).lower().replace("if not exists ", "")


def test_an_empty_database_upgrades_to_exactly_the_tables_of_the_code(either: db.Database) -> None:
    assert runner.differences(either) == []
    assert runner.revision_of(either) == runner.newest()


def test_upgrading_again_changes_nothing(either: db.Database) -> None:
    runner.upgrade(either)
    assert runner.differences(either) == []


def test_every_constraint_has_a_name_of_its_own() -> None:
    """Batch migrations can only drop what has a name."""
    for table in runner.load_tables().sorted_tables:
        for constraint in table.constraints:
            assert constraint.name or isinstance(constraint, sa.PrimaryKeyConstraint), (table.name, constraint)


def installed_sqlite(database: db.Database) -> set[str]:
    with database.engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE type = 'trigger'")
        return {plain(row[0]) for row in rows}


def test_triggers_in_sqlite_are_the_texts_in_the_code(database: db.Database) -> None:
    wanted = {plain(statement).rstrip(";") for statement in runner.raw_sql("sqlite") if "trigger" in statement.lower()}
    assert installed_sqlite(database) == wanted


@pytest.mark.postgresql
def test_functions_and_triggers_in_postgresql_are_the_texts_in_the_code(
    postgresql_database: db.Database, postgresql_server: str
) -> None:
    """Install the texts by themselves beside the migrated ones; PostgreSQL must then describe both alike."""
    described = (
        "SELECT p.proname, regexp_replace(pg_get_functiondef(p.oid), '\\s+', ' ', 'g') FROM pg_proc p "
        "JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = 'public' AND p.prokind = 'f' ORDER BY 1"
    )
    triggers = "SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1"
    with postgresql_database.engine.connect() as connection:
        migrated = [tuple(map(tuple, connection.execute(sa.text(query)).all())) for query in (described, triggers)]
    with postgresql_database.engine.connect() as connection, connection.begin() as undone:
        for name, _ in migrated[1]:
            table = connection.execute(
                sa.text("SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = :name"), {"name": name}
            ).scalar_one()
            connection.execute(sa.text(f'DROP TRIGGER "{name}" ON {table}'))
        for name, _ in migrated[0]:
            connection.execute(sa.text(f'DROP FUNCTION "{name}"'))
        for statement in runner.raw_sql("postgresql"):
            runner.run_raw(connection, statement)
        written = [tuple(map(tuple, connection.execute(sa.text(query)).all())) for query in (described, triggers)]
        undone.rollback()
    assert written == migrated


def test_an_old_database_is_brought_up_step_by_step(tmp_path: Path) -> None:
    if runner.newest() is None:
        pytest.skip("the first migration is not written yet")
    steps = [script.revision for script in ScriptDirectory.from_config(runner.config()).walk_revisions()][::-1]
    database = db.Database(f"sqlite:///{tmp_path / 'old.sqlite'}")
    for step in steps:
        runner.upgrade(database, step)
        assert runner.revision_of(database) == step
        if step == steps[0]:
            with database.transaction() as session:
                session.execute(sa.text("INSERT INTO organisation VALUES (1, 'Northern EPA', '', 0)"))
    assert runner.differences(database) == []
    with database.session() as session:
        assert session.execute(sa.text("SELECT name FROM organisation")).scalar_one() == "Northern EPA"
    database.dispose()


def test_migrations_form_one_line() -> None:
    assert len(ScriptDirectory.from_config(runner.config()).get_heads()) <= 1


def test_an_old_database_with_rows_upgrades_and_keeps_them(tmp_path: Path) -> None:
    """The first revision ever released, with an audit chain in it, comes to the newest with every row as it was."""
    database = db.Database(f"sqlite:///{tmp_path / 'first.sqlite'}")
    runner.upgrade(database, "0001")
    row = {"chain": "form:a", "n": 1, "at": "2026-03-14T09:00:00.000Z", "by": "system", "did": "form.made"}
    hashes = {"body_sha256": "a" * 64, "prev": "0" * 64, "hash": "b" * 64}
    with database.engine.begin() as connection:
        columns = ", ".join(f'"{name}"' for name in {**row, **hashes})
        values = ", ".join(f":{name}" for name in {**row, **hashes})
        connection.execute(sa.text(f"INSERT INTO audit_entry ({columns}) VALUES ({values})"), {**row, **hashes})
    assert runner.revision_of(database) == "0001"
    runner.upgrade(database)
    assert runner.revision_of(database) == runner.newest()
    assert runner.differences(database) == []
    with database.session() as session:
        kept = session.execute(sa.text("SELECT * FROM audit_entry")).mappings().one()
    assert dict(kept) == {**row, **hashes}
    database.dispose()


def test_a_table_that_others_point_at_is_rebuilt_and_no_row_is_lost_or_left_alone(
    database: db.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Batch operations drop and remake a table: with foreign keys on, rows that point at it would stop them."""
    with database.engine.begin() as connection:
        writing = connection.execution_options(sjt_write=True)
        for statement in (
            "CREATE TABLE parent (id INTEGER PRIMARY KEY)",
            "CREATE TABLE child (id INTEGER PRIMARY KEY, parent INTEGER NOT NULL REFERENCES parent (id))",
            "INSERT INTO parent VALUES (1)",
            "INSERT INTO child VALUES (1, 1)",
        ):
            writing.execute(sa.text(statement))

    def rebuild(then: str) -> None:
        def step(config: Any, to: str) -> None:
            connection = config.attributes["connection"]
            for statement in ("DROP TABLE parent", "CREATE TABLE parent (id INTEGER PRIMARY KEY)", then):
                connection.exec_driver_sql(statement)

        monkeypatch.setattr(runner.command, "upgrade", step)
        runner.upgrade(database)

    def parents() -> list[int]:
        with database.engine.connect() as connection:
            assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
            return [int(row[0]) for row in connection.exec_driver_sql("SELECT id FROM parent")]

    rebuild("INSERT INTO parent VALUES (1), (2)")
    assert parents() == [1, 2]
    with pytest.raises(MoveRefused, match="rows of child without their parent"):
        rebuild("INSERT INTO parent VALUES (7)")
    assert parents() == [1, 2], "what was refused changed nothing"
