"""Stopping a sitting whose browser lost the session's lock, and letting it go on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sjt import db
from sjt.access import SYSTEM, Actor
from sjt.audit import service as audit
from sjt.delivery import incidents, locked, running, store
from sjt.delivery.locked import Shown
from sjt.delivery.model import IncidentCategory, SittingState
from sjt.delivery.tables_locked import LockHold
from sjt.errors import MoveRefused

_HOLDS: Final = frozenset({SittingState.RUNNING, SittingState.BREAK})


def hold(sitting_id: UUID, lease: int, shown: Sequence[Shown], *, now: datetime) -> None:
    """Stop a running sitting whose browser could not prove itself; once, however often it asks."""
    with db.session() as session:
        sitting = store.sitting(session, sitting_id)
        if sitting.state not in _HOLDS or sitting.lease != lease:
            return
    why = locked.refusal(shown)
    running.pause(sitting_id, by=SYSTEM, reason=why)
    with db.transaction() as session:
        if locked.open_hold(session, sitting_id) is not None:
            return
        session.add(LockHold(sitting_id=sitting_id, lease=lease, why=why, at=now))
        booking = store.booking(session, sitting.booking_id)
        words = f"Seat {booking.seat or '-'}: {why} The test was stopped and waits for release."
        incidents.report_incident(
            session,
            sitting.session_id,
            IncidentCategory.TECHNICAL,
            words,
            by=SYSTEM,
            now=now,
            sitting_id=sitting_id,
        )
        audit.record(session, by=SYSTEM, did="booking.lock_held", on=booking.id, at=now, body={"why": why})


def release(sitting_id: UUID, *, exempt: bool, by: Actor, reason: str, now: datetime) -> None:
    """Let a held sitting go on: in the right browser, which is asked again, or (``exempt``) in this one as it is."""
    with db.transaction() as session:
        row = locked.open_hold(session, sitting_id)
        if row is None and exempt:
            raise MoveRefused("This seat is not held for its browser.")
        if row is not None:
            row.released_at, row.released_by, row.reason, row.exempt = now, by.id, reason[:1000], exempt
            session.add(row)
            booking_id = store.sitting(session, sitting_id).booking_id
            body = {"reason": reason[:1000], "without_locked_browser": exempt}
            audit.record(session, by=by, did="booking.lock_released", on=booking_id, at=now, body=body)
    running.resume(sitting_id, by=by, reason=reason)
