"""The locked browser of a session: who may come in and go on.

A browser proves itself by the hash of the page's address and a key (``locked_settings``), in a header or through the
page. At the way in a wrong or missing proof refuses, with the remedy. In mid-sitting the answers that came with the
request are stored first; then the clock stops, the questions are hidden, and the invigilator decides
(``locked_holds``). ``locked_setup`` writes the files.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from sjt import db
from sjt.delivery import locked_settings, store
from sjt.delivery.tables import Booking, Sitting
from sjt.delivery.tables_locked import LockHold, SessionLock, StartLink
from sjt.errors import Forbidden

KEPT_SECONDS: Final = 5.0
"""How long a process believes what it read about a session's lock; a refusal always reads anew."""


class LockedBrowserNeeded(Forbidden):
    """This session may be sat in its locked browser only, and this browser did not prove to be it."""

    def __init__(self, message: str, session_id: UUID, mode: str) -> None:
        super().__init__(message)
        self.session_id, self.mode = session_id, mode


@dataclass(frozen=True, slots=True)
class Shown:
    """What a browser showed for one address: hashes of it with the Config Key and with the Browser Exam Key."""

    url: str
    config: str = ""
    exam: str = ""


@dataclass(frozen=True, slots=True)
class Lock:
    """A session's lock as requests need it."""

    session_id: UUID
    mode: str
    config_keys: tuple[str, ...]
    exam_keys: tuple[str, ...]

    def takes(self, shown: Iterable[Shown]) -> bool:
        found = False
        for one in shown:
            found |= bool(one.config) and locked_settings.holds(one.config, one.url, self.config_keys)
            found |= bool(one.exam) and locked_settings.holds(one.exam, one.url, self.exam_keys)
        return found


_locks: dict[tuple[str, UUID], tuple[float, Lock | None]] = {}
_sessions: dict[tuple[str, UUID], UUID] = {}


def forget(session_id: UUID) -> None:
    _locks.pop((db.current().key, session_id), None)


def row_of(session: Session, session_id: UUID) -> SessionLock | None:
    return session.get(SessionLock, session_id)


def lock_of(session: Session, session_id: UUID) -> Lock | None:
    row = session.get(SessionLock, session_id)
    if row is None:
        return None
    own = [link.config_key for link in links(session, session_id).values()]
    other = [one["key"] for one in row.other_keys if one["kind"] == "config"]
    exam = tuple(one["key"] for one in row.other_keys if one["kind"] == "exam")
    return Lock(session_id, row.mode, (row.config_key, *other, *own), exam)


def _known_lock(session_id: UUID) -> Lock | None:
    key = (db.current().key, session_id)
    read_at, lock = _locks.get(key, (float("-inf"), None))
    if time.monotonic() - read_at > KEPT_SECONDS:
        with db.session() as session:
            lock = lock_of(session, session_id)
        if len(_locks) > 1_000:
            _locks.clear()
        _locks[key] = (time.monotonic(), lock)
    return lock


def _session_of(sitting_id: UUID) -> UUID:
    key = (db.current().key, sitting_id)
    if key not in _sessions:
        with db.session() as session:
            found = store.sitting(session, sitting_id).session_id
        if len(_sessions) > 5_000:
            _sessions.clear()
        _sessions[key] = found
    return _sessions[key]


def lock_of_sitting(sitting_id: UUID) -> Lock | None:
    """Give the lock of a sitting's session; asked with every request of its page, so kept for a few seconds."""
    return _known_lock(_session_of(sitting_id))


def has_lock(sitting_id: UUID) -> bool:
    return lock_of_sitting(sitting_id) is not None


def require(session: Session, session_id: UUID, shown: Sequence[Shown]) -> None:
    """Let only the session's locked browser in.

    Raises
    ------
    LockedBrowserNeeded
        It is another browser, or another settings file.
    """
    lock = lock_of(session, session_id)
    if lock is None or lock.takes(shown):
        return
    raise LockedBrowserNeeded(refusal(shown), session_id, lock.mode)


def refusal(shown: Sequence[Shown]) -> str:
    if not any(one.config or one.exam for one in shown):
        return "This test opens in Safe Exam Browser only, and this is another browser."
    return "Safe Exam Browser was started with other settings than those of this session."


def may_go_on(sitting_id: UUID, lease: int, shown: Sequence[Shown]) -> bool:
    """Tell whether a browser in mid-sitting proved itself, or was let go on without."""
    lock = lock_of_sitting(sitting_id)
    if lock is None or lock.takes(shown):
        return True
    with db.session() as session:  # before anybody is stopped, what stands now is read anew
        lock = lock_of(session, _session_of(sitting_id))
        return lock is None or lock.takes(shown) or _is_exempt(session, sitting_id, lease)


def _is_exempt(session: Session, sitting_id: UUID, lease: int) -> bool:
    query = select(LockHold).where(
        col(LockHold.sitting_id) == sitting_id, col(LockHold.lease) == lease, col(LockHold.exempt)
    )
    return session.exec(query).first() is not None


def open_hold(session: Session, sitting_id: UUID) -> LockHold | None:
    query = select(LockHold).where(col(LockHold.sitting_id) == sitting_id, col(LockHold.released_at).is_(None))
    return session.exec(query).first()


def open_holds(session: Session, session_id: UUID) -> dict[UUID, LockHold]:
    """Give the holds of a room that wait for a release, by sitting."""
    query = (
        select(LockHold)
        .join(Sitting, col(Sitting.id) == col(LockHold.sitting_id))
        .where(col(Sitting.session_id) == session_id, col(LockHold.released_at).is_(None))
    )
    return {row.sitting_id: row for row in session.exec(query)}


# -- start links --


def token_hmac_of(secret_key: str, token: str) -> str:
    return hmac.new(secret_key.encode(), b"start-link\x1f" + token.encode(), hashlib.sha256).hexdigest()


def booking_of_link(session: Session, token: str, *, secret_key: str) -> UUID:
    """Give the booking of a start link that has not been used.

    Raises
    ------
    Forbidden
        There is no such link, or it was used.
    """
    query = select(StartLink).where(col(StartLink.token_hmac) == token_hmac_of(secret_key, token))
    row = session.exec(query).first()
    if row is None or row.used_at is not None:
        raise Forbidden(
            "This start link has been used or replaced. Enter your code and the room PIN; the invigilator has both."
        )
    return row.booking_id


def use_link(session: Session, booking_id: UUID, now: datetime) -> bool:
    """Mark a link as used; False where another browser was first."""
    query = (
        sa.update(StartLink)
        .where(col(StartLink.booking_id) == booking_id, col(StartLink.used_at).is_(None))
        .values(used_at=now)
    )
    done: Any = session.execute(query)
    return bool(done.rowcount)


def links(session: Session, session_id: UUID) -> dict[UUID, StartLink]:
    query = (
        select(StartLink)
        .join(Booking, col(Booking.id) == col(StartLink.booking_id))
        .where(col(Booking.session_id) == session_id)
    )
    return {row.booking_id: row for row in session.exec(query)}
