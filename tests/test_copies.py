"""Backup and restore: what is unsound is refused in words, and a refusal has replaced nothing."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from sjt import db
from sjt.access import SYSTEM
from sjt.accounts import service as accounts
from sjt.delivery.serving import ServingLock
from sjt.errors import Conflict, MoveRefused, NotFound
from sjt.migrations import copies
from sjt.times import utc_now


def named(database: db.Database) -> str | None:
    with database.session() as session:
        found = accounts.organisation(session)
        return found.name if found else None


def found(database: db.Database, name: str) -> None:
    with database.transaction() as session:
        accounts.found_organisation(session, name, simulated=False, by=SYSTEM, now=utc_now())


def rename(database: db.Database, name: str) -> None:
    with database.transaction() as session:
        session.execute(sa.text("UPDATE organisation SET name = :name"), {"name": name})


def test_a_backup_comes_back_and_what_was_there_is_kept_each_time(database: db.Database, tmp_path: Path) -> None:
    found(database, "First")
    copies.back_up(database, tmp_path / "one.backup")
    kept = []
    for name in ("Second", "Third"):
        rename(database, name)
        database.dispose()
        kept.append(copies.restore(database, tmp_path / "one.backup", replace=True))
        assert named(database) == "First"
    assert len(set(kept)) == 2
    assert [named(db.Database(f"sqlite:///{path}")) for path in kept] == ["Second", "Third"]
    assert not list(tmp_path.glob("*.part")) and not list(tmp_path.glob("*.restoring"))


def not_a_database(file: Path) -> None:
    file.write_text("Dear reader, this is a letter.\n" * 200, encoding="utf-8")


def empty(file: Path) -> None:
    file.touch()


def of_another_program(file: Path) -> None:
    with sqlite3.connect(file) as other:
        other.execute("CREATE TABLE recipes (name TEXT)")


def of_a_newer_version(file: Path) -> None:
    with sqlite3.connect(file) as later:
        later.execute("CREATE TABLE alembic_version (version_num TEXT)")
        later.execute("INSERT INTO alembic_version VALUES ('9999')")


def broken(file: Path) -> None:
    with sqlite3.connect(file) as one:
        one.execute("CREATE TABLE alembic_version (version_num TEXT)")
        one.execute("CREATE TABLE t (x TEXT)")
        one.executemany("INSERT INTO t VALUES (?)", [("y" * 900,)] * 200)
    content = bytearray(file.read_bytes())
    content[8192:20000] = b"\xff" * (20000 - 8192)
    file.write_bytes(content)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (not_a_database, "cannot be read as a database"),
        (empty, "no database of sjt"),
        (of_another_program, "no database of sjt"),
        (of_a_newer_version, "revision 9999"),
        (broken, "damaged|cannot be read"),
    ],
)
def test_a_file_that_is_no_sound_backup_is_refused_and_replaces_nothing(
    database: db.Database, tmp_path: Path, spoil: Callable[[Path], None], words: str
) -> None:
    found(database, "Ours")
    file = tmp_path / "some.backup"
    spoil(file)
    with pytest.raises(MoveRefused, match=words) as refused:
        copies.restore(database, file, replace=True)
    assert "nothing was replaced" in str(refused.value)
    assert named(database) == "Ours" and not list(tmp_path.glob("*.before-restore*"))


def test_a_backup_that_came_out_unsound_is_not_kept(
    database: db.Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copies, "_copy_sqlite", lambda database, target: broken(target))
    with pytest.raises(MoveRefused, match="not kept"):
        copies.back_up(database, tmp_path / "one.backup")
    assert not list(tmp_path.glob("one.backup*"))


def test_a_backup_of_nothing_and_over_something_is_refused(database: db.Database, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="sjt init"):
        copies.back_up(db.Database(f"sqlite:///{tmp_path}/none.sqlite"), tmp_path / "one.backup")
    assert not (tmp_path / "none.sqlite").exists()
    with pytest.raises(NotFound, match="folder"):
        copies.back_up(database, tmp_path / "no-folder" / "one.backup")
    copies.back_up(database, tmp_path / "one.backup")
    with pytest.raises(Conflict, match="exists already"):
        copies.back_up(database, tmp_path / "one.backup")


def test_nothing_is_restored_under_a_running_server(database: db.Database, tmp_path: Path) -> None:
    copies.back_up(database, tmp_path / "one.backup")
    lock = ServingLock(database)
    lock.take()
    try:
        with pytest.raises(Conflict, match="Stop it first"):
            copies.restore(database, tmp_path / "one.backup", replace=True)
    finally:
        lock.give_back()
    assert not list(tmp_path.glob("*.before-restore*"))


def test_the_command_says_it_in_words_and_exits_1(tmp_path: Path) -> None:
    file = tmp_path / "letter.backup"
    not_a_database(file)
    code = "from sjt.cli import main; main()"
    run = subprocess.run(
        [sys.executable, "-c", code, "db", "restore", str(file), "--yes"],
        env={**os.environ, "SJT_DATA": str(tmp_path / "data")},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert run.returncode == 1 and "Traceback" not in run.stderr and "was not restored" in run.stderr
    assert not list((tmp_path / "data").glob("sjt.sqlite*"))


@pytest.mark.postgresql
def test_postgresql_is_dumped_and_restored_and_a_letter_is_refused(
    postgresql_database: db.Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with postgresql_database.session() as session:
        programs = session.execute(sa.text("SELECT setting FROM pg_config WHERE name = 'BINDIR'")).scalar_one()
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")  # pg_dump of the server's own version
    found(postgresql_database, "First")
    copies.back_up(postgresql_database, tmp_path / "one.backup")
    rename(postgresql_database, "Second")
    letter = tmp_path / "letter.backup"
    not_a_database(letter)
    with pytest.raises(MoveRefused, match="nothing was replaced"):
        copies.restore(postgresql_database, letter, replace=True)
    with pytest.raises(Conflict, match="--yes"):
        copies.restore(postgresql_database, tmp_path / "one.backup", replace=False)
    assert named(postgresql_database) == "Second"
    copies.restore(postgresql_database, tmp_path / "one.backup", replace=True)
    assert named(postgresql_database) == "First"
