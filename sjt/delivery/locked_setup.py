"""Asking for the locked browser in a session: its file, other files that are accepted, and files with start links."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlmodel import Session

from sjt import __version__
from sjt.access import Actor
from sjt.audit import service as audit
from sjt.delivery import locked, locked_file, locked_settings, store
from sjt.delivery.model import BookingState, SessionState
from sjt.delivery.tables_locked import SessionLock, StartLink
from sjt.errors import Fault, InputError, MoveRefused, NotFound

OFF, SESSION, SITTING = "", "session", "sitting"
MODES: Final = (OFF, SESSION, SITTING)
TOKEN_BYTES: Final = 16
"""A start link holds 128 bits."""
PASSWORD_SIGNS: Final = 12


@dataclass(frozen=True, slots=True)
class Made:
    """A lock just set; the password that quits the browser is readable this once."""

    config_key: str
    quit_password: str


def put(
    session: Session,
    session_id: UUID,
    mode: str,
    *,
    base: str,
    assistive: bool,
    may_quit: bool,
    authorities: Sequence[tuple[str, bytes]] = (),
    by: Actor,
    now: datetime,
) -> Made | None:
    """Ask for the locked browser in a session, or no longer; earlier files and start links lose their force.

    Raises
    ------
    MoveRefused
        The session has begun or is closed.
    """
    row = store.test_session(session, session_id)
    if row.state is not SessionState.SCHEDULED:
        raise MoveRefused("The room has started, so what it asks of browsers stands. Release single seats instead.")
    if mode not in MODES:
        raise InputError("Choose no locked browser, one file for the session, or a file for each candidate.")
    before = session.get(SessionLock, session_id)
    kept = list(before.other_keys) if before is not None else []
    _forget_links(session, session_id)
    if before is not None:
        session.delete(before)
        session.flush()
    if mode == OFF:
        if before is not None:
            audit.record(session, by=by, did="session.lock_removed", on=session_id, at=now, body={})
        locked.forget(session_id)
        return None
    password = "".join(secrets.choice(locked_file.SIGNS) for _ in range(PASSWORD_SIGNS)) if may_quit else ""
    quit_token = secrets.token_hex(8)
    wanted = _wanted(base, quit_token, assistive, authorities)
    settings = locked_file.settings_of(replace(wanted, quit_password=password))
    made = SessionLock(
        session_id=session_id,
        mode=mode,
        base=base,
        quit_token=quit_token,
        quit_hash=settings.get("hashedQuitPassword", ""),
        assistive=assistive,
        file=locked_file.write(settings),
        config_key=locked_settings.config_key(settings),
        other_keys=kept,
        set_at=now,
        set_by=by.id,
    )
    session.add(made)
    body = {"mode": mode, "config_key": made.config_key, "base": base, "may_quit": may_quit, "assistive": assistive}
    audit.record(session, by=by, did="session.lock_set", on=session_id, at=now, body=body)
    session.flush()
    locked.forget(session_id)
    return Made(made.config_key, password)


def _wanted(
    base: str, quit_token: str, assistive: bool, authorities: Sequence[tuple[str, bytes]], link: str = ""
) -> locked_file.Wanted:
    root = base.rstrip("/")
    return locked_file.Wanted(
        start_url=f"{root}/sit/link#{link}" if link else f"{root}/sit/",
        quit_url=f"{root}/sit/quit/{quit_token}",
        assistive=assistive,
        authorities=authorities,
        version=__version__,
    )


def _needed(session: Session, session_id: UUID) -> SessionLock:
    row = session.get(SessionLock, session_id)
    if row is None:
        raise NotFound("This session asks for no locked browser.")
    return row


def add_key(session: Session, session_id: UUID, kind: str, key: str, note: str, *, by: Actor, now: datetime) -> None:
    """Accept another Config Key, or a Browser Exam Key, beside our own."""
    row = _needed(session, session_id)
    wanted = key.strip().lower()
    if kind not in ("config", "exam") or not locked_settings.is_key(wanted):
        fault = Fault("", "", "key", "is no key.", "A key has 64 signs: digits and the letters a to f.")
        raise InputError("The key was not added.", [fault])
    if any(one["key"] == wanted and one["kind"] == kind for one in row.other_keys):
        return
    if len(row.other_keys) >= 100:
        raise InputError("A session accepts at most 100 other keys. Remove some first.")
    row.other_keys = [*row.other_keys, {"kind": kind, "key": wanted, "note": note.strip()[:200]}]
    session.add(row)
    body = {"kind": kind, "key": wanted, "note": note.strip()[:200]}
    audit.record(session, by=by, did="session.lock_key_added", on=session_id, at=now, body=body)
    locked.forget(session_id)


def add_file(session: Session, session_id: UUID, data: bytes, name: str, *, by: Actor, now: datetime) -> list[str]:
    """Accept the settings of any other file; tell on which of its values programs are known to differ."""
    settings = locked_settings.read(data, name)
    add_key(session, session_id, "config", locked_settings.config_key(settings), name, by=by, now=now)
    return locked_settings.doubts(settings)


def remove_key(session: Session, session_id: UUID, key: str, *, by: Actor, now: datetime) -> None:
    row = _needed(session, session_id)
    kept = [one for one in row.other_keys if one["key"] != key]
    if len(kept) == len(row.other_keys):
        return
    row.other_keys = kept
    session.add(row)
    audit.record(session, by=by, did="session.lock_key_removed", on=session_id, at=now, body={"key": key})
    locked.forget(session_id)


# -- start links --


@dataclass(frozen=True, slots=True)
class LinkFile:
    """One candidate's file; its start link is nowhere else."""

    booking_id: UUID
    seat: int | None
    name: str
    data: bytes


def make_links(
    session: Session, session_id: UUID, *, secret_key: str, by: Actor, now: datetime, booking_id: UUID | None = None
) -> list[LinkFile]:
    """Write a file with a one-time start link for each candidate who has a seat, or for one; earlier ones are void."""
    lock = _needed(session, session_id)
    if lock.mode != SITTING:
        raise MoveRefused("This session has one file for all. Choose a file for each candidate first.")
    if store.test_session(session, session_id).state is SessionState.CLOSED:
        raise MoveRefused("The session is closed, so nothing in it is started.")
    base = locked_settings.read(lock.file)
    made: list[LinkFile] = []
    for booking, person, _ in store.bookings(session, session_id):
        if booking_id not in (None, booking.id):
            continue
        if booking.state not in (BookingState.BOOKED, BookingState.CHECKED_IN):
            continue
        token = secrets.token_urlsafe(TOKEN_BYTES)
        wanted = _wanted(lock.base, lock.quit_token, lock.assistive, (), token)
        settings = {**base, "startURL": wanted.start_url}
        row = session.get(StartLink, booking.id) or StartLink(
            booking_id=booking.id, token_hmac="", config_key="", made_at=now
        )
        row.token_hmac = locked.token_hmac_of(secret_key, token)
        row.config_key = locked_settings.config_key(settings)
        row.made_at, row.used_at = now, None
        session.add(row)
        name = f"{person.given_name} {person.family_name}"
        made.append(LinkFile(booking.id, booking.seat, name, locked_file.write(settings)))
    session.flush()
    if booking_id is not None and not made:
        raise MoveRefused("This booking has no seat, so there is nothing to start.")
    body = {"bookings": [str(one.booking_id) for one in made]}
    audit.record(session, by=by, did="session.start_links_made", on=session_id, at=now, body=body)
    locked.forget(session_id)
    return made


def _forget_links(session: Session, session_id: UUID) -> None:
    for row in locked.links(session, session_id).values():
        session.delete(row)
    session.flush()
