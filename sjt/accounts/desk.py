"""My desk: what waits for a person, gathered from the rooms that have something to say."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from sqlmodel import Session

from sjt.access import Actor
from sjt.accounts.model import DeskTask
from sjt.errors import SjtError

Provider = Callable[[Session, Actor, datetime], Iterable[DeskTask]]
_providers: list[Provider] = []


def register(provider: Provider) -> Provider:
    """Let a room put tasks on desks; it looks at the actor's roles itself."""
    if provider not in _providers:
        _providers.append(provider)
    return provider


def tasks(session: Session, actor: Actor, now: datetime) -> list[DeskTask]:
    """Gather what waits; a room that cannot say it becomes a line of its own, and the desk stands."""
    found: list[DeskTask] = []
    for provider in _providers:
        try:
            found += list(provider(session, actor, now))
        except SjtError as error:
            found.append(DeskTask("Something that may wait for you cannot be shown", 1, "", str(error), tone="warn"))
    return found
