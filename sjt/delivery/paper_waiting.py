"""Which papers wait for whom: to be keyed by somebody who has not keyed them, or to be settled by a third person."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session, col, select

from sjt.access import Actor
from sjt.delivery import after, paper, store
from sjt.delivery.model import SittingState
from sjt.delivery.tables import Sitting
from sjt.delivery.tables_paper import PaperSitting


@dataclass(frozen=True, slots=True)
class Waiting:
    """The papers of one session that one person can take up."""

    session_id: UUID
    place: str
    key: int
    settle: int


def waiting(session: Session, actor: Actor) -> list[Waiting]:
    """Give, by session, how many papers this person can key and how many they can settle."""
    query = (
        select(PaperSitting.sitting_id, Sitting.session_id)
        .join(Sitting, col(Sitting.id) == col(PaperSitting.sitting_id))
        .where(
            col(PaperSitting.entered_at).is_(None),
            col(Sitting.state).in_((SittingState.CLOSED, SittingState.SUBMITTED)),
        )
    )
    key: dict[UUID, int] = {}
    settle: dict[UUID, int] = {}
    for sitting_id, session_id in session.exec(query):
        if after.is_sealed(session, session_id):
            continue
        at = paper.standing(session, sitting_id)
        if actor.id in {one.keyer for one in at.keyings}:
            continue  # nobody keys a paper twice, or takes the third look at what they keyed
        found = {"key": key, "settle": settle}.get(at.step)
        if found is not None:
            found[session_id] = found.get(session_id, 0) + 1
    lines = []
    for session_id in sorted(key.keys() | settle.keys()):
        centre, room = store.place(session, store.test_session(session, session_id))
        lines.append(
            Waiting(session_id, f"{centre.name}, {room.name}", key.get(session_id, 0), settle.get(session_id, 0))
        )
    return lines
