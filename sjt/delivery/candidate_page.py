"""What a candidate's page keeps with the sitting beside the answers: display choices, readiness, a call for help."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Protocol
from uuid import UUID

from sqlmodel import Session, col, select

from sjt.access import Actor
from sjt.audit import service as audit
from sjt.delivery.tables import LedgerRow, Sitting, SittingPage

CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "scheme": ("white", "cream", "blue", "green", "pink", "grey", "dark", "yellow-on-black"),
    "size": ("100", "125", "150", "200"),
    "font": ("default", "system", "serif", "dyslexia"),
    "spacing": ("normal", "wide"),
    "focus": ("off", "on"),
    "aloud": ("off", "on", "slow"),
}


@dataclass(frozen=True, slots=True)
class Help:
    """A candidate who asked for the invigilator, and whether somebody has seen it."""

    at: datetime
    words: str


@dataclass(frozen=True, slots=True)
class Page:
    """How a sitting is shown; ``display`` is ready for the frame."""

    display: Mapping[str, str | bool] = field(default_factory=dict)
    is_ready: bool = False
    help: str = ""
    """What became of the last call for the invigilator: nothing, "waiting" or "seen"."""


def page_of(session: Session, sitting_id: UUID) -> Page:
    row = session.get(SittingPage, sitting_id)
    if row is None:
        return Page()
    return Page(shown_display(row.display), row.ready_at is not None, state_of(row))


def shown_display(kept: Mapping[str, Any]) -> dict[str, str | bool]:
    """Make what is kept of the display ready for the frame."""
    return {**kept, "focus": kept.get("focus") == "on"}


def put_display(session: Session, sitting_id: UUID, chosen: Mapping[str, object]) -> None:
    """Keep the display choices with the sitting, so that another device shows them too; unknown ones are left out."""
    row = _row(session, sitting_id)
    good = {name: str(chosen[name]) for name, allowed in CHOICES.items() if str(chosen.get(name, "")) in allowed}
    row.display = {**row.display, **good}
    session.add(row)


def put_ready(session: Session, sitting_id: UUID, *, now: datetime) -> None:
    row = _row(session, sitting_id)
    row.ready_at = row.ready_at or now
    session.add(row)


def call_for_help(session: Session, sitting_id: UUID, words: str, *, by: Actor, now: datetime) -> None:
    """Put the seat on the invigilator's list; a second press while it waits changes nothing."""
    row = _row(session, sitting_id)
    if row.help_at is not None and row.help_seen_at is None and row.help_words == words:
        return
    row.help_at, row.help_words, row.help_seen_at, row.help_seen_by = now, words[:200], None, ""
    session.add(row)
    audit.record(session, by=by, did="seat.help_asked", on=sitting_id, at=now, body={"words": words[:200]})


def cancel_help(session: Session, sitting_id: UUID, *, by: Actor, now: datetime) -> None:
    """Take a call back that nobody has seen yet; otherwise nothing changes."""
    row = _row(session, sitting_id)
    if row.help_at is None or row.help_seen_at is not None:
        return
    row.help_at, row.help_words = None, ""
    session.add(row)
    audit.record(session, by=by, did="seat.help_cancelled", on=sitting_id, at=now)


class Asked(Protocol):
    """What is kept of a call for the invigilator."""

    @property
    def help_at(self) -> Any: ...
    @property
    def help_seen_at(self) -> Any: ...


def state_of(row: Asked | None) -> str:
    """Tell what became of the last call: "" none, "waiting", or "seen" by the invigilator."""
    if row is None or row.help_at is None:
        return ""
    return "waiting" if row.help_seen_at is None else "seen"


def see_help(session: Session, sitting_id: UUID, *, by: Actor, now: datetime) -> None:
    row = _row(session, sitting_id)
    if row.help_at is None or row.help_seen_at is not None:
        return
    row.help_seen_at, row.help_seen_by = now, by.id
    session.add(row)
    audit.record(session, by=by, did="seat.help_seen", on=sitting_id, at=now)


def waiting_for_help(session: Session, session_id: UUID) -> dict[UUID, Help]:
    """Give the sittings of a room whose call nobody has seen yet."""
    query = (
        select(SittingPage)
        .join(Sitting, col(Sitting.id) == col(SittingPage.sitting_id))
        .where(
            col(Sitting.session_id) == session_id,
            col(SittingPage.help_at).is_not(None),
            col(SittingPage.help_seen_at).is_(None),
        )
    )
    return {row.sitting_id: Help(row.help_at, row.help_words) for row in session.exec(query) if row.help_at is not None}


def ready(session: Session, session_id: UUID) -> frozenset[UUID]:
    """Give the sittings of a room whose candidate has read the instructions."""
    query = (
        select(SittingPage.sitting_id)
        .join(Sitting, col(Sitting.id) == col(SittingPage.sitting_id))
        .where(col(Sitting.session_id) == session_id, col(SittingPage.ready_at).is_not(None))
    )
    return frozenset(session.exec(query))


def _row(session: Session, sitting_id: UUID) -> SittingPage:
    return session.get(SittingPage, sitting_id) or SittingPage(sitting_id=sitting_id)


def window_leaves(session: Session, session_id: UUID) -> dict[UUID, list[datetime]]:
    """Give the times at which each candidate of a room left the test's window."""
    query = (
        select(LedgerRow.sitting_id, LedgerRow.at)
        .join(Sitting, col(Sitting.id) == col(LedgerRow.sitting_id))
        .where(col(Sitting.session_id) == session_id, col(LedgerRow.did) == "sitting.blur")
        .order_by(col(LedgerRow.sitting_id), col(LedgerRow.n))
    )
    found: dict[UUID, list[datetime]] = {}
    for sitting_id, at in session.exec(query):
        found.setdefault(sitting_id, []).append(datetime.fromisoformat(at))
    return found


def heads(session: Session, session_id: UUID) -> dict[UUID, tuple[int, str]]:
    """Give the length and head of each sitting's log, as the room report prints them."""
    query = select(Sitting.id, Sitting.head_n, Sitting.head_hash).where(col(Sitting.session_id) == session_id)
    return {sitting_id: (n, head) for sitting_id, n, head in session.exec(query)}
