"""``sjt bank …``: check, measure, stamp, format, import and export a scenario bank; the first four need no database."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sjt.access import SYSTEM, Role
from sjt.errors import Fault, InputError
from sjt.paths import bank_dir
from sjt.times import utc_now

if TYPE_CHECKING:
    from sjt.authoring.model import Bank

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
    from sjt.authoring import checks
    from sjt.authoring.bank import load

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
    from sjt.authoring.bank import load
    from sjt.authoring.stamping import stamped

    folder = directory or bank_dir()
    changed = stamped(load(folder))
    for name, content in changed.items():
        (folder / name).write_bytes(content)
        click.echo(name)
    click.echo(f"{len(changed)} keys stamped.")


@click.command()
@DIRECTORY
@click.option("--option", required=True, help="An option of the standard, such as residential or community.")
@AS_JSON
def coverage(directory: Path | None, option: str, as_json: str | None) -> None:
    """Count codes, outcomes and formats of the scenarios an option's candidates can meet, and name the gaps.

    Example: sjt bank coverage scenario_bank/cypf --option residential
    """
    from sjt.authoring.coverage import coverage as measure

    found = measure(sound_bank(directory or bank_dir()), option)
    if as_json is not None:
        put_json(found.as_json(), as_json)
    if as_json != "-":
        click.echo(f"{found.scenarios} scenarios for {option}")
        for code, counts in found.codes.items():
            click.echo(f"  {code:5} primary {counts['primary']:3}  secondary {counts['secondary']:3}")
        for title, table in (("outcome", found.outcomes), ("area", found.areas), ("format", found.formats)):
            click.echo(f"{title}: " + "  ".join(f"{name} {count}" for name, count in table.items()))
        for gap in found.gaps:
            click.echo(f"gap: {gap.message}")
        if not found.gaps:
            click.echo("no gaps")


def sound_bank(directory: Path) -> Bank:
    """Load a bank that can be read; otherwise raise with every fault of its files."""
    from sjt.authoring.bank import load

    reading = load(directory)
    if reading.bank is None or any(finding.is_error for finding in reading.findings):
        faults = [Fault(f.file, f"line {f.line}", "", f.message, f.remedy) for f in reading.findings if f.is_error]
        raise InputError(f"The bank at {directory} cannot be read; sjt bank check lists everything.", faults)
    return reading.bank


@click.command(name="format")
@DIRECTORY
@click.option("--drop-comments", is_flag=True, help="Rewrite files that hold comments too; the comments are lost.")
def format_(directory: Path | None, drop_comments: bool) -> None:
    """Rewrite scenarios and keys in the canonical form, changing no value.

    A file with comments is left alone unless --drop-comments is given. A key that was set on the text before stays
    set on it, since only its form changes.

    Example: sjt bank format scenario_bank/cypf
    """
    from sjt.authoring.bank import load
    from sjt.authoring.formatting import canonical

    folder = directory or bank_dir()
    sound_bank(folder)
    changed, held = canonical(load(folder), drop_comments=drop_comments)
    for name, content in changed.items():
        (folder / name).write_bytes(content)
        click.echo(name)
    for name in held:
        click.echo(f"{name} holds comments and is left as it is; --drop-comments rewrites it.", err=True)
    click.echo(f"{len(changed)} files rewritten.")


@click.command(name="simulate-statistics")
@DIRECTORY
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Another seed, other people.")
@click.option("--judges", type=click.IntRange(min=2), default=10, show_default=True, help="Of the Angoff panel.")
@click.option("--experts", type=click.IntRange(min=2), default=12, show_default=True, help="Of the concordance panel.")
@click.option("--candidates", type=click.IntRange(min=30), default=150, show_default=True, help="Of the trial.")
def simulate_statistics(directory: Path | None, seed: int, judges: int, experts: int, candidates: int) -> None:
    """Write two simulated panels' judgements and a simulated trial's statistics into a bank.

    Forms can then be built with cuts before anybody has judged or sat an item; every file, page and proof that rests
    on them says simulated. The same bank and seed give the same bytes.

    Example: sjt bank simulate-statistics scenario_bank/cypf --seed 1
    """
    from sjt.authoring.bank import write_files
    from sjt.authoring.simulated_statistics import simulated_files

    folder = directory or bank_dir()
    files = simulated_files(sound_bank(folder), seed=seed, judges=judges, experts=experts, candidates=candidates)
    write_files(folder, files)
    for name in files:
        click.echo(name)


@click.command(name="import")
@click.argument("source", metavar="DIRECTORY|FILE.xlsx|FILE.docx", type=FOLDER)
@click.option("--check", "only_check", is_flag=True, help="Read and check, and change nothing.")
@click.option(
    "--live-elsewhere", "reason", metavar="REASON", help="Sign that what comes is live elsewhere: where, since when."
)
@click.option("--reviewed-by", metavar="WHO", help="With --live-elsewhere: whose reviews, sign-off and panel stand.")
@click.option("--by", "login", metavar="LOGIN", help="With --live-elsewhere: the test developer who signs.")
def import_(source: Path, only_check: bool, reason: str | None, reviewed_by: str | None, login: str | None) -> None:
    """Import a bank whole, or, if it holds one error, not at all: a folder, or an Excel workbook; or drafts from Word.

    A workbook that sjt bank export wrote holds the whole bank. One that began as sjt bank template adds to the bank
    of its name and changes the scenarios whose ids it has. What is new or changed is a draft and goes through the
    gates, unless a test developer signs that it is live elsewhere, or bank and key call themselves illustrative. The
    scenarios of a Word document become drafts; what could
    not be read goes to stderr, place by place.

    Example: sjt bank import scenario_bank/cypf
    """
    from sjt.accounts import service as accounts
    from sjt.authoring import import_export, service
    from sjt.authoring.arriving import Elsewhere
    from sjt.authoring.workbook import check_workbook, read_workbook
    from sjt.config import Settings
    from sjt.db import Database, bind, session, transaction

    if (reason, reviewed_by, login) != (None, None, None) and not (reason and reviewed_by and login):
        raise click.UsageError("--live-elsewhere, --reviewed-by and --by go together.")
    today = utc_now().date()
    bind(Database(Settings.from_env().database_url))
    word = Elsewhere(reviewed_by, reason) if reviewed_by and reason else None
    if source.suffix.lower() == ".docx":
        _read_document(source, only_check=only_check)
        return
    if source.suffix.lower() == ".xlsx":
        book = read_workbook(_bytes(source), source.name)
        with session() as reading:
            held = service.held_reading(reading, book.bank_id)
        checked = check_workbook(book, held, today=today)
        ready = checked.prepared
        for scenario_id in checked.voided:
            click.echo(f"{scenario_id}: text or key changed, so its key is illustrative again.", err=True)
    else:
        ready = import_export.prepare_directory(source, today=today)
        assert ready.sound
    if only_check:
        click.echo(f"{ready.report.scenarios} scenarios, no error, {len(ready.report.warnings)} warnings.")
        return
    with transaction() as writing:
        by = accounts.actor_for(writing, login, needs=Role.TEST_DEVELOPER) if login else SYSTEM
        done = service.import_prepared(writing, ready, by=by, now=utc_now(), word=word)
    click.echo(
        f"{ready.report.scenarios} scenarios imported into bank {done.bank_id}: {len(done.new)} new, "
        f"{len(done.changed)} changed, {done.same} as before, {len(done.left_out)} left out."
    )
    came = done.arrival
    for ids, words in (
        (came.illustration, "live as an illustration: no result can be released from them"),
        (came.word, f"live by the word of {by.name} that they are live elsewhere"),
        (came.back, "drafts again, since they are no illustration any more"),
        (came.drafts, "drafts, which go to review here"),
    ):
        if ids:
            click.echo(f"{len(ids)} are {words}.")


def _read_document(source: Path, *, only_check: bool) -> None:
    from sjt.authoring import drafting, service
    from sjt.db import session, transaction

    with session() as reading:
        report, problem = service.read_document(reading, _bytes(source), source.name, author=SYSTEM.name)
    if report is None:
        raise problem or InputError(f"{source} cannot be read.")
    for one in report.unread:
        click.echo(f"{source.name}, {one.where}: {one.text} {one.why}", err=True)
    if not report.found:
        raise InputError(f"{source.name} holds no scenario that could be read. sjt bank template gives a form.")
    if not only_check:
        held = [one.fields for one in report.found]
        with transaction() as writing:
            drafting.bring_in(writing, held, source=source.name, by=SYSTEM, now=utc_now())
    did = "would become drafts" if only_check else "are drafts now"
    click.echo(f"{len(report.found)} scenarios {did}; {len(report.unread)} places were not read.")


def _bytes(path: Path) -> bytes:
    if not path.is_file():
        raise InputError(f"There is no file {path}.")
    return path.read_bytes()


@click.command()
@click.argument("target", metavar="DIRECTORY|FILE.xlsx", type=FOLDER)
@click.option("--bank", "bank_id", default=None, help="The id of the bank to export; without it, the one there is.")
@click.option("--xlsx", is_flag=True, help="Write an Excel workbook; a target that ends in .xlsx says the same.")
def export(target: Path, bank_id: str | None, xlsx: bool) -> None:
    """Write a bank to files, or to one Excel workbook; an import of either gives the same files back, byte for byte.

    Example: sjt bank export out/cypf --bank cypf
    """
    from sjt.authoring import service
    from sjt.config import Settings
    from sjt.db import Database, bind, session

    bind(Database(Settings.from_env().database_url))
    with session() as reading:
        if xlsx or target.suffix.lower() == ".xlsx":
            name, content = service.bank_workbook(reading, bank_id)
            target.write_bytes(content)
        else:
            name = service.export_bank(reading, bank_id, target)
    click.echo(f"Bank {name} written to {target}.")


@click.command()
@click.argument("target", metavar="FILE.xlsx|FILE.docx", type=FOLDER)
@click.option("--bank", "directory", type=FOLDER, default=None, help="The folder of the bank whose lists it offers.")
def template(target: Path, directory: Path | None) -> None:
    """Write an empty workbook or Word document for writers, with the bank's lists or codes; no database.

    Example: sjt bank template new-scenarios.xlsx
    """
    from sjt.authoring.word_template import word_template
    from sjt.authoring.workbook import template as empty_workbook

    bank = sound_bank(directory or bank_dir())
    made = {".xlsx": empty_workbook, ".docx": word_template}.get(target.suffix.lower())
    if made is None:
        raise InputError(f"{target} is neither .xlsx nor .docx. Give its name with one of these endings.")
    target.write_bytes(made(bank))
    click.echo(f"{target} offers the lists of bank {bank.settings.id}.")
