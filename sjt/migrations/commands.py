"""``sjt db``: upgrade, back up while sittings run, restore."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from pathlib import Path

import click

from sjt import db
from sjt.config import Settings
from sjt.errors import Conflict, MoveRefused, NotFound
from sjt.migrations import runner


@click.command()
def upgrade() -> None:
    """Bring the database to this version's tables.

    Example: sjt db upgrade
    """
    settings = Settings.from_env()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    database = db.bind(db.Database(settings.database_url))
    before = runner.revision_of(database)
    _refuse_in_mid_session(database, before)
    runner.upgrade(database)
    click.echo(f"Database at revision {runner.newest()} (was {before or 'empty'}).")


def _refuse_in_mid_session(database: db.Database, before: str | None) -> None:
    if before is None or before == runner.newest():
        return
    from sjt.delivery import service

    with database.session() as session:
        running = service.count_running_sittings(session)
    if running:
        raise MoveRefused(
            f"The database cannot be upgraded now: {running} sittings are running. "
            "Upgrade when their sessions are closed."
        )


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def backup(file: Path) -> None:
    """Write a whole, consistent copy of the database to FILE, also while sittings run.

    Example: sjt db backup /media/usb/sjt-2026-03-14.backup
    """
    if file.exists():
        raise Conflict(f"{file} exists already. Name a file that does not.")
    settings = Settings.from_env()
    database = db.Database(settings.database_url)
    partial = file.with_name(file.name + ".part")
    if database.is_sqlite:
        source = sqlite3.connect(f"file:{database.url.database}?mode=ro", uri=True)
        target = sqlite3.connect(partial)
        with source, target:
            source.backup(target, pages=4096)
        target.execute("PRAGMA integrity_check")
        target.close()
        source.close()
    else:
        _postgres_tool("pg_dump", "--format=custom", f"--file={partial}", database=database)
    partial.replace(file)
    click.echo(f"Backed up to {file} ({file.stat().st_size / 1e6:.1f} MB).")


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--yes", is_flag=True, help="Replace a database that holds data.")
def restore(file: Path, yes: bool) -> None:
    """Put a backup in place of the database; the one that was there is kept beside it.

    Example: sjt db restore /media/usb/sjt-2026-03-14.backup --yes
    """
    if not file.is_file():
        raise NotFound(f"{file} is not there. Name the file that `sjt db backup` wrote.")
    settings = Settings.from_env()
    database = db.Database(settings.database_url)
    if database.is_sqlite:
        check = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
        sound = check.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        check.close()
        if not sound:
            raise MoveRefused(f"{file} is damaged and was not restored. Take an older backup.")
        here = Path(str(database.url.database))
        if here.exists():
            if not yes:
                raise Conflict(
                    f"{here} exists. Say --yes to put the backup in its place; the old one is kept beside it."
                )
            for tail in ("", "-wal", "-shm"):
                old = Path(f"{here}{tail}")
                if old.exists():
                    old.replace(Path(f"{here}.before-restore{tail}"))
        here.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, here)
    else:
        if not yes:
            raise Conflict("This replaces the tables of a PostgreSQL database. Say --yes to go on.")
        _postgres_tool(
            "pg_restore", "--clean", "--if-exists", "--no-owner", "--single-transaction", str(file), database=database
        )
    click.echo(f"Restored from {file}; revision {runner.revision_of(database)}.")


def _postgres_tool(tool: str, *arguments: str, database: db.Database) -> None:
    found = shutil.which(tool)
    if found is None:
        raise NotFound(f"{tool} is not on this machine. Install PostgreSQL's client programs, then try again.")
    url = database.url.set(drivername="postgresql").render_as_string(hide_password=False)
    subprocess.run([found, f"--dbname={url}", *arguments], check=True)
