"""The audit record: written by deeds, verified from outside, every kind of tampering found at its place."""

from __future__ import annotations

import importlib.util
import json
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError

from sjt import db
from sjt.access import SYSTEM
from sjt.audit import anchors, chain, service
from sjt.audit.verify import verify_file

START = datetime(2026, 3, 14, 9, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def checker() -> ModuleType:
    """Give tools/verify_audit.py, which imports nothing of sjt."""
    path = Path(__file__).resolve().parents[2] / "tools" / "verify_audit.py"
    spec = importlib.util.spec_from_file_location("verify_audit", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(params=["database", "postgresql_database"], ids=["sqlite", "postgresql"])
def recorded(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, Path]:
    """Write two chains with an anchor in the middle of each; give the export and the key."""
    request.getfixturevalue(request.param)
    key_path = tmp_path / "keys" / "anchor.pem"
    for n in range(1, 7):
        with db.transaction() as session:
            at = START + timedelta(minutes=n)
            for thing in ("form:a", "form:b"):
                body = {"step": n, "name": "O’Rourke"}
                service.record(session, by=SYSTEM, did="form.changed", on=thing[-1], at=at, body=body)
        if n in (3, 5):
            with db.transaction() as session:
                service.anchor(session, key_path=key_path, at=START + timedelta(minutes=n))
    export = tmp_path / "export.jsonl"
    with db.session() as session:
        service.export(session, export, key_path=key_path)
    return export, key_path


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def write(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(chain.canonical(row).decode() + "\n" for row in rows), encoding="utf-8")


def both(checker: ModuleType, path: Path, key: str = "") -> tuple[list[str], list[str]]:
    outside, _ = checker.verify(path, key)
    inside = [f"{found.chain} entry {found.n}: {found.what}" for found in verify_file(path, key=key).breaks]
    return outside, inside


def rehash(rows: list[dict[str, Any]], name: str) -> None:
    prev = chain.GENESIS
    for row in rows:
        if row.get("chain") == name:
            row["prev"] = prev
            body = {field: row[field] for field in ("chain", "n", "at", "by", "did", "body_sha256", "prev")}
            row["hash"] = prev = chain.entry_hash(
                body["chain"], body["n"], body["at"], body["by"], body["did"], body["body_sha256"], body["prev"]
            )


def test_untouched_export_holds(recorded: tuple[Path, Path], checker: ModuleType) -> None:
    assert both(checker, recorded[0]) == ([], [])


def changed(rows: list[dict[str, Any]]) -> None:
    next(row for row in rows if row.get("chain") == "form:a" and row["n"] == 2)["by"] = "somebody else"


def deleted(rows: list[dict[str, Any]]) -> None:
    rows.remove(next(row for row in rows if row.get("chain") == "form:a" and row["n"] == 2))


def inserted(rows: list[dict[str, Any]]) -> None:
    place = next(i for i, row in enumerate(rows) if row.get("chain") == "form:a" and row["n"] == 2)
    rows.insert(place, dict(rows[place], did="form.forged"))


def reordered(rows: list[dict[str, Any]]) -> None:
    place = next(i for i, row in enumerate(rows) if row.get("chain") == "form:a" and row["n"] == 2)
    rows[place], rows[place + 1] = rows[place + 1], rows[place]


@pytest.mark.parametrize("tamper", [changed, deleted, inserted, reordered])
def test_tampering_is_found_at_its_chain_and_place(
    recorded: tuple[Path, Path], checker: ModuleType, tamper: Callable[[list[dict[str, Any]]], None]
) -> None:
    rows = lines_of(recorded[0])
    tamper(rows)
    write(recorded[0], rows)
    for found in both(checker, recorded[0]):
        assert any("form:a entry 2" in line or "form:a entry 3" in line for line in found), found
        assert not any("form:b" in line for line in found), "the untouched chain is not accused"


def test_truncation_before_an_anchor_is_found(recorded: tuple[Path, Path], checker: ModuleType) -> None:
    rows = [row for row in lines_of(recorded[0]) if not (row.get("chain") == "form:a" and row["n"] >= 4)]
    write(recorded[0], rows)
    for found in both(checker, recorded[0]):
        assert any("form:a entry 4" in line and "anchor 2" in line for line in found), found


def test_rewrite_with_all_hashes_recomputed_is_found_by_the_anchor(
    recorded: tuple[Path, Path], checker: ModuleType
) -> None:
    rows = lines_of(recorded[0])
    next(row for row in rows if row.get("chain") == "form:a" and row["n"] == 4)["did"] = "form.forged"
    rehash(rows, "form:a")
    write(recorded[0], rows)
    for found in both(checker, recorded[0]):
        assert len(found) == 1 and "form:a entry 4" in found[0] and "rewritten" in found[0], found


def test_forged_anchor_is_found_by_its_signature(recorded: tuple[Path, Path], checker: ModuleType) -> None:
    rows = lines_of(recorded[0])
    next(row for row in rows if row.get("chain") == "form:a" and row["n"] == 4)["did"] = "form.forged"
    rehash(rows, "form:a")
    heads = {(row["chain"], row["n"]): row["hash"] for row in rows if "chain" in row}
    prev = chain.GENESIS
    for row in rows:
        if "anchor" in row:
            row["heads"] = [[name, n, heads[name, n]] for name, n, _ in row["heads"]]
            row["prev"] = prev
            row["sha256"] = prev = anchors.anchor_sha256(row["anchor"], row["at"], row["heads"], row["prev"])
    write(recorded[0], rows)
    for found in both(checker, recorded[0]):
        assert found and all("anchor" in line for line in found), found


def test_a_key_from_paper_beats_the_key_in_the_file(recorded: tuple[Path, Path], checker: ModuleType) -> None:
    assert both(checker, recorded[0], key="00" * 32)[0]
    assert both(checker, recorded[0], key="00" * 32)[1]


def test_tail_after_the_last_anchor_is_said_to_be_uncovered(recorded: tuple[Path, Path], checker: ModuleType) -> None:
    _, summary = checker.verify(recorded[0])
    assert "2 entries stand after the last anchor" in summary
    assert verify_file(recorded[0]).after_last_anchor == 2


def test_erased_bodies_leave_the_chain_whole(recorded: tuple[Path, Path], checker: ModuleType) -> None:
    with db.transaction() as session:
        assert service.erase_bodies(session, "form:a") == 6
    with db.session() as session:
        service.export(session, recorded[0], key_path=recorded[1])
        assert service.bodies_hold(session, "form:a") == []
    assert both(checker, recorded[0]) == ([], [])


def test_changed_body_is_found(database: db.Database) -> None:
    with db.transaction() as session:
        service.record(session, by=SYSTEM, did="form.changed", on="a", at=START, body={"to": "pass"})
    raw = sqlite3.connect(str(database.url.database))
    raw.execute("UPDATE audit_body SET body = replace(body, 'pass', 'fail')")
    raw.commit()
    raw.close()
    with db.session() as session:
        assert [(found.chain, found.n) for found in service.bodies_hold(session, "form:a")] == [("form:a", 1)]


def test_entries_cannot_be_changed_or_deleted_in_the_database(recorded: tuple[Path, Path]) -> None:
    import sqlalchemy as sa

    for deed in ("UPDATE audit_entry SET did = 'x'", "DELETE FROM audit_entry", "DELETE FROM audit_anchor"):
        with pytest.raises(DBAPIError, match="append-only"), db.transaction() as session:
            session.execute(sa.text(deed))
