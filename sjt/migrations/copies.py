"""Copies of the database: a backup is proven sound before it is kept, and before it takes the database's place."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa

from sjt import db
from sjt.delivery.serving import ServingLock
from sjt.errors import Conflict, MoveRefused, NotFound
from sjt.migrations import runner

_TAILS = ("", "-wal", "-shm")


def back_up(database: db.Database, file: Path) -> None:
    """Write a whole, consistent copy to a file that does not exist yet; an unsound one is not kept."""
    if file.exists():
        raise Conflict(f"{file} exists already. Name a file that does not.")
    if not file.parent.is_dir():
        raise NotFound(f"The folder {file.parent} is not there. Make it, or name another.")
    partial = file.with_name(file.name + ".part")
    try:
        if database.is_sqlite:
            _copy_sqlite(database, partial)
            wrong = _fault_of_sqlite(partial)
        else:
            _postgresql_tool("pg_dump", "--format=custom", f"--file={partial}", database=database)
            wrong = _fault_of_dump(partial)
        if wrong:
            raise MoveRefused(f"The backup was not kept: {wrong} Look at the disk, then back up again.")
        partial.replace(file)
    except OSError as error:
        raise MoveRefused(f"The backup could not be written to {file}: {error.strerror}.") from error
    finally:
        partial.unlink(missing_ok=True)


def _copy_sqlite(database: db.Database, target: Path) -> None:
    here = Path(str(database.url.database))
    if not here.is_file():
        raise NotFound(f"There is no database at {here}. Run `sjt init`, or set SJT_DATA to the installation's folder.")
    target.unlink(missing_ok=True)
    try:
        with (
            contextlib.closing(sqlite3.connect(f"{here.absolute().as_uri()}?mode=ro", uri=True)) as source,
            contextlib.closing(sqlite3.connect(target)) as copy,
        ):
            source.backup(copy, pages=4096)
    except sqlite3.Error as error:
        raise MoveRefused(f"The backup was not made: {here} cannot be read ({error}). Restore an older one.") from error


def _fault_of_sqlite(file: Path) -> str:
    """Say what is wrong with a copy; empty if it is a whole database of sjt that this version can read."""
    try:
        with contextlib.closing(sqlite3.connect(f"{file.absolute().as_uri()}?immutable=1", uri=True)) as copy:
            said = [str(row[0]) for row in copy.execute("PRAGMA integrity_check(1)")]
            if said != ["ok"]:
                return f"it is damaged ({said[0] if said else 'no answer'})."
            if copy.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone() is None:
                return "it holds no database of sjt."
            found = [str(row[0]) for row in copy.execute("SELECT version_num FROM alembic_version")]
    except sqlite3.Error as error:
        return f"it cannot be read as a database ({error})."
    unknown = [name for name in found if not runner.knows(name)]
    if unknown or not found:
        return f"its tables are at revision {', '.join(unknown) or 'none'}, which this version of sjt does not know."
    return ""


def _fault_of_dump(file: Path) -> str:
    try:
        listed = subprocess.run([_tool("pg_restore"), "--list", str(file)], capture_output=True, text=True, check=False)
    except OSError as error:
        return f"it cannot be read ({error.strerror})."
    if listed.returncode:
        return "it is no backup that pg_restore can read."
    return "" if " alembic_version " in listed.stdout else "it holds no database of sjt."


def restore(database: db.Database, file: Path, *, replace: bool) -> Path | None:
    """Put a backup in the database's place and give where the one that was there is kept (SQLite).

    The copy is made and proven beside the database first, so that whatever is refused has replaced nothing.
    """
    if not file.is_file():
        raise NotFound(f"{file} is not there. Name the file that `sjt db backup` wrote.")
    wrong = _fault_of_sqlite(file) if database.is_sqlite else _fault_of_dump(file)
    if wrong:
        raise MoveRefused(f"{file} was not restored and nothing was replaced: {wrong} Take another backup.")
    if database.is_sqlite:
        return _restore_sqlite(database, file, replace=replace)
    if not replace:
        raise Conflict("This replaces the tables of a PostgreSQL database. Say --yes to go on.")
    _postgresql_tool(
        "pg_restore", "--clean", "--if-exists", "--no-owner", "--single-transaction", str(file), database=database
    )
    return None


def _restore_sqlite(database: db.Database, file: Path, *, replace: bool) -> Path | None:
    here = Path(str(database.url.database))
    if here.exists() and not replace:
        raise Conflict(f"{here} exists. Say --yes to put the backup in its place; the old one is kept beside it.")
    here.parent.mkdir(parents=True, exist_ok=True)
    with _nobody_serves(database):
        incoming = here.with_name(here.name + ".restoring")
        try:
            shutil.copyfile(file, incoming)
            wrong = _fault_of_sqlite(incoming)
            if wrong:
                raise MoveRefused(f"{file} was not restored and nothing was replaced: {wrong} Try again.")
            kept = _move_aside(here)
            incoming.replace(here)
        except OSError as error:
            raise MoveRefused(f"{file} could not be restored: {error.strerror}. The database is as it was.") from error
        finally:
            incoming.unlink(missing_ok=True)
    return kept


@contextlib.contextmanager
def _nobody_serves(database: db.Database) -> Iterator[None]:
    lock = ServingLock(database)
    lock.take()
    try:
        yield
    finally:
        lock.give_back()


def _move_aside(here: Path) -> Path | None:
    if not here.exists():
        return None
    n, kept = 1, Path(f"{here}.before-restore")
    while kept.exists():
        n += 1
        kept = Path(f"{here}.before-restore-{n}")
    for tail in _TAILS:
        old = Path(f"{here}{tail}")
        if old.exists():
            old.replace(f"{kept}{tail}")
    return kept


def _tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise NotFound(f"{name} is not on this machine. Install PostgreSQL's client programs, then try again.")
    return found


def _postgresql_tool(name: str, *arguments: str, database: db.Database) -> None:
    password = {"PGPASSWORD": database.url.password} if isinstance(database.url.password, str) else {}
    bare = sa.URL.create(
        "postgresql",
        username=database.url.username,
        host=database.url.host,
        port=database.url.port,
        database=database.url.database,
        query=database.url.query,
    )
    url = bare.render_as_string()
    done = subprocess.run(
        [_tool(name), f"--dbname={url}", *arguments],
        env={**os.environ, **password},  # not in the arguments, which every user of the machine can list
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = " ".join(done.stderr.split()[:80]) or "it gave no reason"
        raise MoveRefused(f"{name} ended with a fault and the database is as it was: {said}")
