"""Rest breaks that a candidate takes from the test's own page, out of the budget that was granted."""

from __future__ import annotations

from uuid import UUID

from sqlmodel import Session

from sjt import db
from sjt.access import Actor
from sjt.delivery import ledger, running, store, timing
from sjt.delivery.model import Instant
from sjt.errors import MoveRefused


def break_left_ms(session: Session, sitting_id: UUID, at: Instant) -> int:
    """Give what is left of a sitting's rest breaks."""
    kinds = timing.TIME_KINDS
    entries = [timing.TimeEntry(e.kind, e.at, e.body) for e in store.entries(session, sitting_id) if e.kind in kinds]
    return timing.time_left(entries, at).break_left_ms


def take_break(sitting_id: UUID, *, by: Actor) -> int:
    """Stop the candidate's clock for a rest break and give what is left of the budget.

    Raises
    ------
    MoveRefused
        No rest breaks were granted, or none are left.
    """
    with db.session() as session:
        left = break_left_ms(session, sitting_id, ledger.current().now())
    if left <= 0:
        raise MoveRefused("You have no rest-break time left. Call the invigilator if you need to stop.")
    running.start_break(sitting_id, by=by, reason="The candidate takes a rest break.")
    return left
