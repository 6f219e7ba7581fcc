"""``sjt session create | replay | close`` and ``sjt candidates import``."""

from __future__ import annotations

import json
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import click

from sjt.access import SYSTEM
from sjt.errors import Fault, InputError
from sjt.times import utc_now

if TYPE_CHECKING:
    from sjt.config import Settings
    from sjt.delivery.model import SessionPlan

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_SESSION_KEYS = {"centre": str, "room": str, "starts": datetime, "forms": list, "plan": str, "seats": int}
_LISTS = {"reserve": "forms", "own_forms": "pools"}


def _open() -> Settings:
    from sjt import db
    from sjt.config import Settings

    settings = Settings.from_env()
    db.bind(db.Database(settings.database_url))
    return settings


@click.command()
@click.argument("file", type=_FILE)
@click.option("--json", "as_json", is_flag=True, help="Print the session as JSON.")
def session_create(file: Path, as_json: bool) -> None:
    """Schedule the session of a SESSION.toml; prints its id and the room's PIN, once.

    Example: sjt session create SESSION.toml
    """
    from sjt import db
    from sjt.delivery import service

    settings = _open()
    plan = read_session(file.read_text(encoding="utf-8"), file.name)
    with db.transaction() as session:
        made = service.create_session(
            session, plan, by=SYSTEM, now=utc_now(), secret_key=settings.secret_key, file=file.name
        )
    if as_json:
        click.echo(json.dumps({"session": str(made.id), "pin": made.pin}))
    else:
        click.echo(f"Session {made.id}\nRoom PIN {made.pin} (shown this once)")


def read_session(text: str, file: str) -> SessionPlan:
    """Read a SESSION.toml; every fault is named at once."""
    from sjt.delivery.model import SessionPlan

    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{file} is not TOML.", [Fault(file, "", "", f"{error}.", "Correct the line.")]) from error
    if "own_forms" in data:
        data.setdefault("forms", [])
    faults = [Fault(file, "", name, "is missing.", "Add it.") for name in _SESSION_KEYS if name not in data]
    faults += [
        Fault(file, "", name, "is not a known key.", f"Keys: {', '.join([*_SESSION_KEYS, *_LISTS])}.")
        for name in data
        if name not in _SESSION_KEYS and name not in _LISTS
    ]
    starts: Any = data.get("starts")
    if isinstance(starts, str):
        try:
            starts = datetime.fromisoformat(starts)
        except ValueError:
            faults.append(Fault(file, "", "starts", f"is {starts!r}.", "Write 2026-11-22T09:00:00+00:00."))
            starts = datetime.now(UTC)
    values = {**data, "starts": starts}
    for name, kind in _SESSION_KEYS.items():
        value = values.get(name)
        if name in data and (not isinstance(value, kind) or isinstance(value, bool)):
            faults.append(Fault(file, "", name, f"is {value!r}.", f"Give {_kind_in_words(kind)}."))
    if isinstance(starts, datetime) and starts.tzinfo is None:
        faults.append(Fault(file, "", "starts", "has no time zone.", "Write 2026-11-22T09:00:00+00:00."))
    if isinstance(data.get("forms"), list) and not all(isinstance(one, str) for one in data["forms"]):
        faults.append(Fault(file, "", "forms", "holds something that is not text.", "List the ids of forms."))
    lists = {name: data.get(name, []) for name in _LISTS}
    for name, value in lists.items():
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            faults.append(Fault(file, "", name, f"is {value!r}.", f"List the ids of {_LISTS[name]}, or leave it out."))
    if faults:
        raise InputError(f"{file} cannot be used.", faults)
    return SessionPlan(
        data["centre"], data["room"], starts, tuple(data["forms"]), data["plan"], data["seats"],
        tuple(lists["reserve"]), tuple(lists["own_forms"]),
    )  # fmt: skip


def _kind_in_words(kind: type) -> str:
    return {str: "text in quotes", datetime: "a time with its zone", list: "a list", int: "a whole number"}[kind]


@click.command()
@click.argument("file", type=_FILE)
@click.option("--session", "session_id", required=True, type=click.UUID, help="The session to load them into.")
@click.option("--codes", "with_codes", is_flag=True, help="Issue and print access codes for the booked.")
def candidates_import(file: Path, session_id: UUID, with_codes: bool) -> None:
    """Load candidates from CSV and book them; a fault in any row loads none.

    Example: sjt candidates import FILE.csv --session 0190…
    """
    from sjt import db
    from sjt.delivery import candidates, service

    settings = _open()
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        fault = Fault(file.name, "", "", f"is not UTF-8 (byte {error.start}).", "Save it as CSV UTF-8.")
        raise InputError(f"{file.name} cannot be read.", [fault]) from error
    now = utc_now()
    with db.session() as session:
        options = service.options_of(session, session_id)
    lines = candidates.read_csv(text, file.name, today=now.date(), options=options)
    with db.transaction() as session:
        made = service.import_candidates(session, session_id, lines, by=SYSTEM, now=now, file=file.name)
        slips = (
            service.issue_codes(
                session, session_id, by=SYSTEM, now=now, secret_key=settings.secret_key, bookings=made.booked
            )
            if with_codes
            else []
        )
    click.echo(f"{len(made.booked)} booked, {len(made.pending)} waiting for their gateway.")
    for slip in slips:
        click.echo(f"{slip.seat}\t{slip.candidate}\t{slip.code}")


@click.command()
@click.argument("session_id", type=click.UUID)
@click.argument("file", type=_FILE)
@click.option("--json", "as_json", is_flag=True, help="Print the counts as JSON.")
def session_replay(session_id: UUID, file: Path, as_json: bool) -> None:
    """Send the answers of an ANSWERS.jsonl through the ledger, as browsers would; a repeat stores nothing twice.

    Each line is {"person", "item", "response", "ms"}: person is the candidate's ULN, or any other name: those
    take the started sittings in seat order. ms is the time since the start of the sitting.

    Example: sjt session replay 0190… ANSWERS.jsonl
    """
    from sjt import db
    from sjt.delivery import ledger, replaying

    _open()
    answers = replaying.read_answers(file.read_text(encoding="utf-8"), file.name)
    keeper = ledger.bind(ledger.Ledger(db.current()).start())
    try:
        report = replaying.replay(session_id, answers, file.name)
    finally:
        keeper.stop()
    if as_json:
        click.echo(json.dumps(report.to_json()))
    else:
        click.echo(f"{report.sittings} sittings, {report.acked} answers stored, {len(report.refused)} refused.")
    for line in report.refused[:50]:
        click.echo(line, err=True)
    if report.refused:
        raise SystemExit(1)


@click.command()
@click.argument("session_id", type=click.UUID)
@click.option("--reason", default="", help="Why, for the record.")
def session_close(session_id: UUID, reason: str) -> None:
    """End a session: close what still runs, mark absent who never came, sign the heads.

    Example: sjt session close 0190…
    """
    from sjt import db
    from sjt.audit import service as audit
    from sjt.delivery import ledger, service
    from sjt.delivery.chains import CHAINS

    settings = _open()
    keeper = ledger.bind(ledger.Ledger(db.current()).start())
    try:
        closed = service.close_session(session_id, by=SYSTEM, reason=reason)
    finally:
        keeper.stop()
    audit.register_chains(CHAINS)
    with db.transaction() as session:
        audit.anchor(session, key_path=settings.anchor_key_path, at=utc_now())
    click.echo(f"Session closed; {len(closed)} sitting{'s' if len(closed) != 1 else ''} ended with it.")


@click.command()
@click.argument("file", type=_FILE)
@click.option("--json", "as_json", is_flag=True, help="Print key and doubts as JSON.")
@click.option("--text", "as_text", is_flag=True, help="Print the text that the key hashes.")
def session_lock_key(file: Path, as_json: bool, as_text: bool) -> None:
    """Print the Config Key of a Safe Exam Browser settings file; needs no database.

    Example: sjt session lock-key room.seb
    """
    from sjt.delivery import locked_settings

    settings = locked_settings.read(file.read_bytes(), file.name)
    key, doubts = locked_settings.config_key(settings), locked_settings.doubts(settings)
    if as_text:
        click.echo(locked_settings.seb_json(settings))
    elif as_json:
        click.echo(json.dumps({"config_key": key, "doubts": doubts}))
    else:
        click.echo(key)
        for words in doubts:
            click.echo(f"Versions of the browser may differ: {words}.", err=True)
