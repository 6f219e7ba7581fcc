"""What other rooms do when a session has been closed: they say so here, since delivery lies below them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlmodel import Session

from sjt import db
from sjt.access import Actor

Handler = Callable[[Session, UUID, Actor, datetime], object]
_handlers: Final[list[Handler]] = []


def on_closed(handler: Handler) -> Handler:
    """Let a room act on a closed session: called once per closing, each in a transaction of its own."""
    if handler not in _handlers:
        _handlers.append(handler)
    return handler


def session_closed(session_id: UUID, by: Actor, at: datetime) -> None:
    for handler in _handlers:
        with db.transaction() as session:
            handler(session, session_id, by, at)


Seal = Callable[[Session, UUID], bool]
_seals: Final[list[Seal]] = []


def seals(predicate: Seal) -> Seal:
    """Let a room say that a session's answers may not grow any more, because results rest on them."""
    if predicate not in _seals:
        _seals.append(predicate)
    return predicate


def is_sealed(session: Session, session_id: UUID) -> bool:
    return any(predicate(session, session_id) for predicate in _seals)
