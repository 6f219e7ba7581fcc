"""Which employer a contact speaks for: kept by the room of the apprentices' records, asked for on a person's page."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from sqlmodel import Session

from sjt.access import Actor


class Keeper(Protocol):
    """What the room above gives: its employers, whose contact somebody is, and the deed that says so."""

    def known_employers(self, session: Session) -> list[str]:
        """List the employers there are."""
        ...

    def employer_of(self, session: Session, user_id: str) -> str:
        """Give a contact's employer; empty if none was named."""
        ...

    def name_employer_contact(self, session: Session, user_id: str, employer: str, *, by: Actor, now: datetime) -> None:
        """Say whose contact somebody is."""
        ...


_keeper: Keeper | None = None


def register(keeper: Keeper) -> None:
    """Let the room that keeps the apprentices' records answer."""
    global _keeper
    _keeper = keeper


def keeper() -> Keeper:
    assert _keeper is not None, "no room keeps employers: call sjt.joining.register_rooms()"
    return _keeper
