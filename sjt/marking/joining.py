"""What marking puts on desks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from sjt.access import Actor, Permission, may
from sjt.accounts import desk
from sjt.accounts.model import DeskTask
from sjt.delivery.after import on_closed
from sjt.marking import service


def tasks(session: Session, actor: Actor, now: datetime) -> Iterator[DeskTask]:
    if not (may(actor, Permission.MARK) or may(actor, Permission.ALLOCATE_MARKING)):
        return
    waiting = service.queue(session, by=actor, now=now)
    if waiting.for_you:
        yield DeskTask("Written answers wait for your mark", waiting.for_you, "/marking/")


def open_queue(session: Session, session_id: UUID, by: Actor, at: datetime) -> None:
    """Make the scripts of a session as soon as it is closed."""
    service.open_queue(session, session_id, by=by, now=at)


def register() -> None:
    desk.register(tasks)
    on_closed(open_queue)
