"""Which sittings are on paper: asked by the room's deeds and by the way in."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlmodel import Session, col, select

from sjt.delivery.model import SittingState
from sjt.delivery.tables import Booking, Sitting
from sjt.delivery.tables_paper import PaperSitting


def is_on_paper(session: Session, sitting_id: UUID) -> bool:
    """Tell whether a sitting is sat on paper, so that no browser may take it up."""
    return session.get(PaperSitting, sitting_id) is not None


def of_sittings(session: Session, sitting_ids: Iterable[UUID]) -> dict[UUID, PaperSitting]:
    """Give the paper sittings among some sittings."""
    query = select(PaperSitting).where(col(PaperSitting.sitting_id).in_(list(sitting_ids)))
    return {one.sitting_id: one for one in session.exec(query)}


def not_entered(session: Session, session_id: UUID) -> list[str]:
    """Name the seats whose paper was sat and whose answers are not in the record yet."""
    query = (
        select(Booking.seat)
        .join(Sitting, col(Sitting.booking_id) == col(Booking.id))
        .join(PaperSitting, col(PaperSitting.sitting_id) == col(Sitting.id))
        .where(
            col(Sitting.session_id) == session_id,
            col(Sitting.started_at).is_not(None),
            col(Sitting.state) != SittingState.VOID,
            col(PaperSitting.entered_at).is_(None),
        )
        .order_by(col(Booking.seat))
    )
    return [f"seat {seat}" if seat is not None else "a candidate without a seat" for seat in session.exec(query)]
