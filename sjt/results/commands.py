"""``sjt passmark adopt``, ``sjt results release``, ``sjt results export``: the same deeds, no web."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from uuid import UUID

import click

from sjt.access import SYSTEM, Role
from sjt.errors import Fault, InputError
from sjt.times import utc_now


def _bind() -> None:
    from sjt import db
    from sjt.config import Settings

    db.bind(db.Database(Settings.from_env().database_url))


def _uuid(text: str, what: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        fault = Fault("", "", f"--{what}", f"{text!r} is not an id.", "Copy it from the session’s page address.")
        raise InputError("The command was not understood.", [fault]) from error


def _number(value: Fraction) -> int | float:
    return int(value) if value.denominator == 1 else float(value)


def _two(logins: tuple[str, ...]) -> tuple[str, str]:
    if len(logins) != 2:
        raise click.UsageError("Name two awarding officers: --by A --by B.")
    return logins[0], logins[1]


@click.command()
@click.argument("result", metavar="RESULT.json")
@click.option("--form", "form_id", required=True, metavar="ID", help="The form whose pass mark it is.")
@click.option("--by", "logins", multiple=True, required=True, metavar="LOGIN", help="An awarding officer; give two.")
def passmark_adopt(result: str, form_id: str, logins: tuple[str, ...]) -> None:
    """Adopt a pass mark that `sjt passmark` computed, signed by two awarding officers.

    Of an Angoff result only the form's own items count, so one panel serves every form of its set.

    Example: sjt passmark adopt angoff.json --form residential-14-s1-a --by ann --by ben
    """
    from sjt import db
    from sjt.accounts import service as accounts
    from sjt.results import service

    first, second = _two(logins)
    path = Path(result)
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        fault = Fault(path.name, "", "", f"cannot be read as JSON: {error}.", "Give the output of `sjt passmark`.")
        raise InputError("The pass mark was not adopted.", [fault]) from error
    if not isinstance(found, dict):
        fault = Fault(path.name, "", "", "is not an object.", "Give the output of `sjt passmark`.")
        raise InputError("The pass mark was not adopted.", [fault])
    _bind()
    with db.transaction() as session:
        officers = [accounts.actor_for(session, login, needs=Role.AWARDING_OFFICER) for login in (first, second)]
        cut_id = service.propose_result(session, form_id, found, source=path.name, by=SYSTEM, now=utc_now())
        for officer in officers:
            service.adopt(session, cut_id, by=officer, now=utc_now())
        cut = service.cut(session, cut_id)
    said = {
        "form": form_id,
        "version": cut.version,
        "exact": str(cut.exact),
        "applied": _number(cut.applied),
        "max": _number(cut.max),
        "se": cut.se,
        "adopted_by": [first, second],
    }
    click.echo(json.dumps(said, indent=2))


@click.command()
@click.option("--session", "session_text", required=True, metavar="ID", help="The session whose results they are.")
@click.option("--by", "logins", multiple=True, required=True, metavar="LOGIN", help="An awarding officer; give two.")
def release(session_text: str, logins: tuple[str, ...]) -> None:
    """Mark a session and release its results: the first officer proposes, the second releases.

    Example: sjt results release --session 0197… --by ann --by ben
    """
    from sjt import db
    from sjt.accounts import service as accounts
    from sjt.results import service

    first, second = _two(logins)
    session_id = _uuid(session_text, "session")
    _bind()
    with db.transaction() as session:
        one = accounts.actor_for(session, first, needs=Role.AWARDING_OFFICER)
        two = accounts.actor_for(session, second, needs=Role.AWARDING_OFFICER)
        service.mark_session(session, session_id, by=one, now=utc_now())
    with db.transaction() as session:
        release_id = service.propose_release(session, session_id, by=one, now=utc_now())
        count = service.release(session, release_id, by=two, now=utc_now())
    click.echo(json.dumps({"session": str(session_id), "released": count, "by": [first, second]}, indent=2))


@click.command()
@click.option("--session", "session_text", required=True, metavar="ID", help="The session whose marks they are.")
@click.option("--wide", is_flag=True, help="One row a candidate, released results only; else one row a mark.")
@click.option("--out", metavar="DIR", help="Write into this folder under a name that says what is simulated.")
def export(session_text: str, wide: bool, out: str | None) -> None:
    """Write a session's marks or results as CSV.

    Example: sjt results export --session 0197… --wide
    """
    from sjt import db
    from sjt.results import service

    session_id = _uuid(session_text, "session")
    _bind()
    with db.session() as session:
        text = service.wide_csv(session, session_id) if wide else service.long_csv(session, session_id)
        name = service.file_name(session, session_id, wide=wide)
    if out is None:
        click.echo(text, nl=False)
        return
    path = Path(out) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="")
    click.echo(str(path))
