"""Who comes after the start: let in until the session's cut-off, with all the time or with what the room has left."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlmodel import Session

from sjt.access import Actor
from sjt.audit import service as audit
from sjt.delivery import store
from sjt.delivery.model import Instant, SessionState, SittingState
from sjt.delivery.row import remaining
from sjt.delivery.tables import Booking, Sitting, TestSession
from sjt.errors import InputError, MoveRefused
from sjt.times import in_local_zone

FULL, SHORTENED = "full", "shortened"
TIMES: Final = (FULL, SHORTENED)


def set_rules(
    session: Session, session_id: UUID, *, late_minutes: int | None, late_time: str, by: Actor, now: datetime
) -> None:
    """Say how long after the start somebody is let in, and with how much time; only while nobody has begun."""
    row = store.test_session(session, session_id)
    if (row.late_minutes, row.late_time) == (late_minutes, late_time):
        return
    if row.state is not SessionState.SCHEDULED:
        raise MoveRefused("The room has started, so its rules for latecomers stand. Give time on the console.")
    if late_time not in TIMES:
        raise InputError("A latecomer has the full or a shortened time.")
    if late_minutes is not None and not 0 <= late_minutes <= 600:
        raise InputError("Give the cut-off in minutes from 0 to 600, or leave it out.")
    row.late_minutes, row.late_time = late_minutes, late_time
    session.add(row)
    body = {"late_minutes": late_minutes, "late_time": late_time}
    audit.record(session, by=by, did="session.late_rules_set", on=session_id, at=now, body=body)


def require_in_time(row: TestSession, arrived: datetime) -> None:
    """Refuse who arrives after the cut-off; who was checked in before it may start at any time.

    Raises
    ------
    MoveRefused
        More minutes than allowed have gone since the room started.
    """
    if row.late_minutes is None or row.started_at is None:
        return
    if arrived - row.started_at > timedelta(minutes=row.late_minutes):
        raise MoveRefused(
            f"Nobody is let in more than {row.late_minutes} minutes after the start, and the room started at "
            f"{in_local_zone(row.started_at):%H:%M}. Mark the candidate absent; the centre books another session."
        )


def time_gone_ms(row: TestSession, booking: Booking, sittings: Iterable[Sitting], at: Instant) -> int:
    """Give the milliseconds that a latecomer does not get: what the room has worked so far, pauses left out."""
    if row.late_time != SHORTENED or not booking.late or row.started_at is None:
        return 0
    since_start = max(0, round((at.at - row.started_at) / timedelta(milliseconds=1)))
    worked = [
        one.total_ms - _left_ms(one, at)
        for one in sittings
        if one.started_at == row.started_at and one.state is not SittingState.VOID
    ]
    return min(since_start, max(worked, default=since_start))


def _left_ms(one: Sitting, at: Instant) -> int:
    if one.state is not SittingState.RUNNING:
        return one.left_ms
    return max(0, remaining(at, one.ends_boot, one.ends_mono_ms, one.ends_at))


def in_words(row: TestSession) -> str:
    """Say the session's rule in one sentence."""
    until = (
        "Latecomers are let in at any time"
        if row.late_minutes is None
        else f"Latecomers are let in until {row.late_minutes} minutes after the start"
    )
    return f"{until}, with {'the full time' if row.late_time == FULL else 'the time that the room has left'}."
