"""Which sittings are on paper: asked by the room's deeds and by the way in."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlmodel import Session, col, select

from sjt.delivery.tables_paper import PaperSitting


def is_on_paper(session: Session, sitting_id: UUID) -> bool:
    """Tell whether a sitting is sat on paper, so that no browser may take it up."""
    return session.get(PaperSitting, sitting_id) is not None


def of_sittings(session: Session, sitting_ids: Iterable[UUID]) -> dict[UUID, PaperSitting]:
    """Give the paper sittings among some sittings."""
    query = select(PaperSitting).where(col(PaperSitting.sitting_id).in_(list(sitting_ids)))
    return {one.sitting_id: one for one in session.exec(query)}
