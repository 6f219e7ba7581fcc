"""``sjt db``: upgrade, back up while sittings run, restore."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sjt.errors import MoveRefused

if TYPE_CHECKING:
    from sjt import db


@click.command()
def upgrade() -> None:
    """Bring the database to this version's tables.

    Example: sjt db upgrade
    """
    from sjt import db
    from sjt.config import Settings
    from sjt.migrations import runner

    settings = Settings.from_env()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    database = db.bind(db.Database(settings.database_url))
    before = runner.revision_of(database)
    _refuse_in_mid_session(database, before)
    runner.upgrade(database)
    click.echo(f"Database at revision {runner.newest()} (was {before or 'empty'}).")


def _refuse_in_mid_session(database: db.Database, before: str | None) -> None:
    from sjt.delivery import service
    from sjt.migrations import runner

    if before is None or before == runner.newest():
        return
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
    from sjt import db
    from sjt.config import Settings
    from sjt.migrations import copies

    copies.back_up(db.Database(Settings.from_env().database_url), file)
    click.echo(f"Backed up to {file} ({file.stat().st_size / 1e6:.1f} MB).")


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--yes", is_flag=True, help="Replace a database that holds data.")
def restore(file: Path, yes: bool) -> None:
    """Put a backup in place of the database; the one that was there is kept beside it.

    Example: sjt db restore /media/usb/sjt-2026-03-14.backup --yes
    """
    from sjt import db
    from sjt.config import Settings
    from sjt.migrations import copies, runner

    database = db.Database(Settings.from_env().database_url)
    kept = copies.restore(database, file, replace=yes)
    at, newest = runner.revision_of(database), runner.newest()
    click.echo(f"Restored from {file}; revision {at}.")
    if kept is not None:
        click.echo(f"The database that was there is kept as {kept}.")
    if at != newest:
        click.echo("This version needs newer tables: run `sjt db upgrade`.")
