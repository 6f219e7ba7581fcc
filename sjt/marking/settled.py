"""Whether a sitting's marks are settled: results lie above marking and say so here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from uuid import UUID

from sqlmodel import Session

Settled = Callable[[Session, UUID], bool]
_judges: Final[list[Settled]] = []


def register(judge: Settled) -> None:
    """Let a room above say that the result of a sitting was released."""
    if judge not in _judges:
        _judges.append(judge)


def is_settled(session: Session, sitting_id: UUID) -> bool:
    return any(judge(session, sitting_id) for judge in _judges)
