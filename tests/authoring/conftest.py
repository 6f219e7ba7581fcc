"""The shipped bank in a database, and a set of two forms built once from known positions, with no solver."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from sjt import db
from sjt.access import SYSTEM
from sjt.authoring import service
from sjt.paths import bank_dir

NOW = datetime(2026, 3, 14, 9, 0, tzinfo=UTC)
KEPT = Path(__file__).parent / "reference" / "forms" / "residential-14.json"
"""The items of two forms that `sjt forms build` found once for this bank; everything else is computed afresh."""


@pytest.fixture(scope="session")
def frozen_set() -> Callable[..., Any]:
    """Give a maker of built sets: proof and frozen forms from the kept items, computed once per worker."""
    from sjt.authoring.bank import load_files, read_files
    from sjt.authoring.blueprint import parse
    from sjt.authoring.form_bank import form_bank
    from sjt.authoring.forms import BuiltSet, spec_of
    from sjt.authoring.proof import make_proof, proof_bytes

    files = read_files(bank_dir())
    reading = load_files(files)
    assert reading.bank is not None
    blueprint = parse(files["blueprints/residential-14.toml"].decode())
    source = form_bank(reading.bank, files, blueprint)
    forms = tuple(tuple(sorted(source.position(item) for item in form)) for form in json.loads(KEPT.read_text()))
    solver = {"name": "kept", "version": "1", "stopped_by": "gap", "gap": 0.0}
    built = BuiltSet(forms, tuple(() for _ in forms), spec_of(source, blueprint, len(forms)), solver)
    text = proof_bytes(make_proof(source, blueprint, built, 1)).decode()

    def made() -> tuple[Any, Any, Any, str]:
        return source, reading, blueprint, text

    return made


def _copy_of(template: Path, target: Path, fill: Callable[[], Any]) -> Any:
    """Fill a copy of a database file, whole, so that it can be copied again."""
    shutil.copyfile(template, target)
    database = db.bind(db.Database(f"sqlite:///{target}"))
    found = fill()
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.dispose()
    return found


@pytest.fixture(scope="session")
def bank_template(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a database file that holds the shipped bank, made once per worker."""
    target = tmp_path_factory.mktemp("bank") / "bank.sqlite"

    def fill() -> None:
        with db.transaction() as session:
            service.import_bank(session, bank_dir(), by=SYSTEM, now=NOW)

    _copy_of(sqlite_template, target, fill)
    return target


@pytest.fixture(scope="session")
def set_template(
    bank_template: Path, frozen_set: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, UUID]:
    """Give a database file that holds the bank and a built set, made once per worker."""
    from sjt.authoring import sets
    from sjt.authoring.forms_job import freeze_all
    from sjt.authoring.freezing import key_versions

    target = tmp_path_factory.mktemp("set") / "set.sqlite"

    def fill() -> UUID:
        source, reading, _, text = frozen_set()
        with db.transaction() as session:
            made = service.put_set(session, "blueprints/residential-14.toml", forms=2, seed=1, by=SYSTEM, now=NOW)
            frozen = freeze_all(source, made, json.loads(text), key_versions(reading.files, reading.key_files))
            sets.keep_built(session, made.id, text, frozen, by=SYSTEM, now=NOW)
        return made.id

    made_id: UUID = _copy_of(bank_template, target, fill)
    return target, made_id


def _put_in(database: db.Database, template: Path) -> None:
    """Put a filled file in the place of a bound, empty database."""
    database.dispose()
    assert database.url.database is not None
    shutil.copyfile(template, database.url.database)
    db.bind(database)


@pytest.fixture
def imported(bank_template: Path, database: db.Database) -> db.Database:
    """Give a database that holds the shipped bank."""
    _put_in(database, bank_template)
    return database


@pytest.fixture
def built_set(set_template: tuple[Path, UUID], database: db.Database) -> UUID:
    """Give the id of a built set of two residential forms."""
    _put_in(database, set_template[0])
    return set_template[1]


@pytest.fixture(scope="session")
def few_files() -> Any:
    """Give a few of the shipped scenarios, read and checked in a tenth of the time of all."""
    from sjt.authoring import import_export
    from sjt.authoring.bank import read_files

    kept = ("cypf-0001", "cypf-0002", "cypf-0018")
    heavy = ("blueprints/", "statistics/", "judgements/", "panels/")
    files = {name: content for name, content in read_files(bank_dir()).items() if not name.startswith(heavy)}
    files = {n: c for n, c in files.items() if not n.startswith("scenarios/") or n.split("/")[1][:9] in kept}
    return import_export.prepare(files, today=NOW.date())


@pytest.fixture(scope="session")
def few_template(few_files: Any, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a database file with those few scenarios."""

    def fill() -> None:
        with db.transaction() as session:
            service.import_prepared(session, few_files, by=SYSTEM, now=NOW)

    target = tmp_path_factory.mktemp("few") / "few.sqlite"
    _copy_of(sqlite_template, target, fill)
    return target


@pytest.fixture
def few(few_template: Path, database: db.Database) -> db.Database:
    """Give a database that holds a few of the shipped scenarios."""
    _put_in(database, few_template)
    return database
