"""``sjt audit export`` and ``sjt audit verify``."""

from __future__ import annotations

import sys
from pathlib import Path

import click


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def export(file: Path) -> None:
    """Write all audit chains with their signed anchors to FILE, after a fresh anchor.

    Example: sjt audit export audit-2026-03-14.jsonl
    """
    from sjt import db
    from sjt.audit import service
    from sjt.config import Settings
    from sjt.times import utc_now

    settings = Settings.from_env()
    db.bind(db.Database(settings.database_url))
    with db.transaction() as session:
        service.anchor(session, key_path=settings.anchor_key_path, at=utc_now())
    with db.session() as session:
        lines = service.export(session, file, key_path=settings.anchor_key_path)
    click.echo(f"Wrote {lines} lines to {file}. Check them with: python tools/verify_audit.py {file}")


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--key", default="", help="Public key (64 hex digits) from a printed report; else the file's own.")
def verify(file: Path, key: str) -> None:
    """Verify an export: names chain and entry of every change, deletion, insertion, cut and rewrite.

    Example: sjt audit verify audit-2026-03-14.jsonl
    """
    from sjt.audit.verify import verify_file

    verdict = verify_file(file, key=key)
    for found in verdict.breaks:
        click.echo(f"{found.chain} entry {found.n}: {found.what}", err=True)
    click.echo(
        f"{verdict.entries} entries in {verdict.chains} chains, {verdict.anchors} anchors."
        f" {verdict.after_last_anchor} entries stand after the last anchor of their chain:"
        " a tail cut off there cannot be seen."
    )
    click.echo("HOLDS" if verdict.holds else f"DOES NOT HOLD: {len(verdict.breaks)} faults")
    sys.exit(0 if verdict.holds else 1)
