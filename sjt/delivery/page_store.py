"""What candidates' pages ask of delivery's tables, each in one reading: hundreds of them ask at once."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from sjt.delivery.folding import FOLDED_KINDS
from sjt.delivery.model import Answer, EventKind
from sjt.delivery.store import answer
from sjt.delivery.tables import AnswerRow, Booking, Candidate, Centre, Room, Sitting, SittingPage, TestSession
from sjt.errors import NotFound

# made once: to put these together costs as much as to ask them
_POLLED: Final = (
    sa.select(Sitting, SittingPage, col(TestSession.starts))
    .join(TestSession, col(TestSession.id) == col(Sitting.session_id))
    .outerjoin(SittingPage, col(SittingPage.sitting_id) == col(Sitting.id))
    .where(col(Sitting.id) == sa.bindparam("sitting_id"))
)
_SEATED: Final = (
    sa.select(Sitting, Booking, Candidate, TestSession, Room, Centre)
    .join(Booking, col(Booking.id) == col(Sitting.booking_id))
    .join(Candidate, col(Candidate.id) == col(Sitting.candidate_id))
    .join(TestSession, col(TestSession.id) == col(Sitting.session_id))
    .join(Room, col(Room.id) == col(TestSession.room_id))
    .join(Centre, col(Centre.id) == col(Room.centre_id))
    .where(col(Sitting.id) == sa.bindparam("sitting_id"))
)
Seated = tuple[Sitting, Booking, Candidate, TestSession, Room, Centre]


def polled(session: Session, sitting_id: UUID) -> tuple[Sitting, SittingPage | None, datetime]:
    """Give what a page asks every few seconds, in one reading: the sitting, what its page keeps, the planned start."""
    found = session.execute(_POLLED, {"sitting_id": sitting_id}).first()
    if found is None:
        raise NotFound("There is no such sitting.")
    return found[0], found[1], found[2]


def seated(session: Session, sitting_id: UUID) -> Seated:
    """Give a sitting with all that stands around it, in one reading."""
    found = session.execute(_SEATED, {"sitting_id": sitting_id}).first()
    if found is None:
        raise NotFound("There is no such sitting.")
    return found[0], found[1], found[2], found[3], found[4], found[5]


def person_of(session: Session, sitting_id: UUID) -> tuple[UUID, str] | None:
    """Give a sitting's candidate and their name."""
    query = (
        sa.select(col(Candidate.id), col(Candidate.given_name), col(Candidate.family_name))
        .join(Sitting, col(Sitting.candidate_id) == col(Candidate.id))
        .where(col(Sitting.id) == sitting_id)
    )
    found = session.execute(query).first()
    return (found[0], f"{found[1]} {found[2]}") if found is not None else None


def every_answer(session: Session, sitting_id: UUID) -> dict[EventKind, dict[str, Answer]]:
    """Give the standing answers, flags and views of a sitting in one reading."""
    found: dict[EventKind, dict[str, Answer]] = {kind: {} for kind in FOLDED_KINDS}
    for row in session.exec(select(AnswerRow).where(col(AnswerRow.sitting_id) == sitting_id)):
        found[EventKind(row.kind)][row.item] = answer(row)
    return found


def newest(seen: dict[str, Answer]) -> str:
    """Name the item of the newest entry; empty where there is none."""
    last = max(seen.values(), key=lambda one: (one.lease, one.seq), default=None)
    return last.item if last is not None else ""
