"""What marking puts on desks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlmodel import Session

from sjt.access import Actor, Permission, may
from sjt.accounts import desk
from sjt.accounts.model import DeskTask
from sjt.marking import service


def tasks(session: Session, actor: Actor, now: datetime) -> Iterator[DeskTask]:
    if not (may(actor, Permission.MARK) or may(actor, Permission.ALLOCATE_MARKING)):
        return
    waiting = service.queue(session, by=actor, now=now)
    if waiting.for_you:
        yield DeskTask("Written answers wait for your mark", waiting.for_you, "/marking/")


def register() -> None:
    desk.register(tasks)
