"""My desk: what waits for a person, gathered from the rooms that have something to say."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from sqlmodel import Session

from sjt.access import Actor
from sjt.accounts.model import DeskTask

Provider = Callable[[Session, Actor, datetime], Iterable[DeskTask]]
_providers: list[Provider] = []


def register(provider: Provider) -> Provider:
    """Let a room put tasks on desks; it looks at the actor's roles itself."""
    if provider not in _providers:
        _providers.append(provider)
    return provider


def tasks(session: Session, actor: Actor, now: datetime) -> list[DeskTask]:
    return [task for provider in _providers for task in provider(session, actor, now)]
