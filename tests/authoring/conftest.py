"""The shipped bank in a database, and a set of two forms built once from known positions, with no solver."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sjt import db
from sjt.access import SYSTEM
from sjt.authoring import service
from sjt.paths import bank_dir

NOW = datetime(2026, 3, 14, 9, 0, tzinfo=UTC)
KEPT = Path(__file__).parent / "reference" / "forms" / "residential-14.json"
"""The items of two forms that the solver found once; everything else is computed afresh."""


@pytest.fixture
def imported(database: db.Database) -> db.Database:
    """Give a database that holds the shipped bank."""
    with db.transaction() as session:
        service.import_bank(session, bank_dir(), by=SYSTEM, now=NOW)
    return database


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


@pytest.fixture
def built_set(imported: db.Database, frozen_set: Callable[..., Any]) -> Any:
    """Give the id of a built set of two residential forms."""
    from sjt.authoring import sets
    from sjt.authoring.forms_job import freeze_all
    from sjt.authoring.freezing import key_versions

    source, reading, _, text = frozen_set()
    with db.transaction() as session:
        made = service.put_set(session, "blueprints/residential-14.toml", forms=2, seed=1, by=SYSTEM, now=NOW)
        frozen = freeze_all(source, made, json.loads(text), key_versions(reading.files, reading.key_files))
        sets.keep_built(session, made.id, text, frozen, by=SYSTEM, now=NOW)
    return made.id
