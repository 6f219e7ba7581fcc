"""``sjt bank …``: check, measure, stamp, format, import and export a scenario bank; the first four need no database."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from sjt.authoring import checks
from sjt.authoring.bank import load
from sjt.authoring.stamping import stamped
from sjt.paths import bank_dir
from sjt.times import utc_now

FOLDER = click.Path(path_type=Path)
DIRECTORY = click.argument("directory", required=False, type=FOLDER)
AS_JSON = click.option(
    "--json", "as_json", is_flag=False, flag_value="-", default=None, metavar="[FILE]",
    help="Print JSON, or write it to FILE.",
)  # fmt: skip


def put_json(value: object, target: str) -> None:
    """Print JSON to stdout for ``-``, else write the file."""
    text = json.dumps(value, ensure_ascii=False, indent=1) + "\n"
    if target == "-":
        click.echo(text, nl=False)
    else:
        Path(target).write_text(text, encoding="utf-8")


@click.command()
@DIRECTORY
@AS_JSON
def check(directory: Path | None, as_json: str | None) -> None:
    """Check a bank whole: every finding with file, line, what, and what to do.

    Exit 1 if there is an error; warnings alone exit 0.

    Example: sjt bank check scenario_bank/cypf
    """
    report = checks.check(load(directory or bank_dir()), today=utc_now().date())
    if as_json is not None:
        put_json(report.as_json(), as_json)
    if as_json != "-":
        for finding in report.findings:
            click.echo(str(finding), err=finding.is_error)
        click.echo(
            f"{report.scenarios} scenarios: {len(report.errors)} errors, {len(report.warnings)} warnings, "
            f"{len(report.accepted)} accepted."
        )
    else:
        for finding in report.errors:
            click.echo(str(finding), err=True)
    sys.exit(1 if report.errors else 0)


@click.command()
@DIRECTORY
def stamp(directory: Path | None) -> None:
    """Write into each key whose set_on is empty the version of the scenario it was set on.

    A key that names a version already is never touched: to set it on a new text, read it against that text, write
    set_on = "" and stamp again.

    Example: sjt bank stamp scenario_bank/cypf
    """
    folder = directory or bank_dir()
    changed = stamped(load(folder))
    for name, content in changed.items():
        (folder / name).write_bytes(content)
        click.echo(name)
    click.echo(f"{len(changed)} keys stamped.")
