"""A start that moves before it has begun; every waiting screen hears of it, and no paper text is sent before it."""

from __future__ import annotations

from datetime import datetime, time
from uuid import UUID

from sqlmodel import Session

from sjt.access import Actor
from sjt.audit import service as audit
from sjt.delivery import store
from sjt.delivery.model import SessionState
from sjt.errors import Conflict, MoveRefused
from sjt.times import LOCAL_ZONE, in_local_zone


def at_time(starts: datetime, clock: time) -> datetime:
    """Give that day's moment by the centre's clock."""
    return datetime.combine(in_local_zone(starts).date(), clock, tzinfo=LOCAL_ZONE)


def move_start(session: Session, session_id: UUID, starts: datetime, reason: str, *, by: Actor, now: datetime) -> None:
    """Plan another start; nothing begins by it, the invigilator still starts the room.

    Raises
    ------
    MoveRefused
        The room has started already.
    Conflict
        Another session has the room at that time.
    """
    row = store.test_session(session, session_id)
    if row.state is not SessionState.SCHEDULED:
        raise MoveRefused("The room has started already, so its start cannot move.")
    if row.starts == starts:
        return
    if store.session_in(session, row.room_id, starts) is not None:
        raise Conflict("Another session has this room at that time. Choose another time.")
    body = {"from": row.starts.isoformat(), "to": starts.isoformat(), "reason": reason}
    row.starts = starts
    session.add(row)
    audit.record(session, by=by, did="session.start_moved", on=session_id, at=now, body=body)
