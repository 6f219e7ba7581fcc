"""Which forms a candidate may be given: none with a scenario they have seen, nor with an enemy of one."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol, cast
from uuid import UUID

from sqlmodel import Session, col, select

from sjt import db
from sjt.delivery import dealing, store
from sjt.delivery.model import HERE_STATES, SessionState
from sjt.delivery.sources import FormFacts, source
from sjt.delivery.tables import Booking, Candidate, Sitting, TestSession
from sjt.delivery.tables_paper import SessionReserve
from sjt.errors import MoveRefused


class Shelf(Protocol):
    """What is asked beside a form's paper: which scenarios give each other away, and which forms there are."""

    def enemies_of(self, session: Session, scenarios: Iterable[str]) -> frozenset[str]: ...
    def published_forms(self, session: Session) -> Iterable[FormFacts]: ...


def _shelf() -> Shelf:
    return cast("Shelf", source())


_scenarios: dict[tuple[str, str], frozenset[str]] = {}


def session_to_change(session: Session, session_id: UUID) -> TestSession:
    """Give a session whose forms may still be changed.

    Raises
    ------
    MoveRefused
        It is closed.
    """
    row = store.test_session(session, session_id)
    if row.state is SessionState.CLOSED:
        raise MoveRefused("The session is closed.")
    return row


def scenarios_of(session: Session, form_id: str) -> frozenset[str]:
    """Name a published form's scenarios, trial ones too; it never changes, so they may be kept."""
    key = (db.current().key, form_id)
    if key not in _scenarios:
        if len(_scenarios) > 2_000:
            _scenarios.clear()
        _scenarios[key] = frozenset(scenario.id for scenario in source().paper(session, form_id).scenarios)
    return _scenarios[key]


def with_relatives(session: Session, scenarios: Iterable[str]) -> frozenset[str]:
    """Give scenarios with their enemies and families."""
    own = frozenset(scenarios)
    return own | _shelf().enemies_of(session, own) if own else own


def seen_by(session: Session, candidate_ids: Iterable[UUID]) -> dict[UUID, frozenset[str]]:
    """Name the scenarios each candidate has seen, in any attempt."""
    found: dict[UUID, frozenset[str]] = {one: frozenset() for one in candidate_ids}
    query = select(Sitting.candidate_id, Sitting.form_id, Sitting.retired).where(
        col(Sitting.candidate_id).in_(list(found)), col(Sitting.started_at).is_not(None)
    )
    for candidate_id, form_id, retired in session.exec(query):
        if retired != "unseen":
            found[candidate_id] |= scenarios_of(session, form_id)
    return found


def reserve_row(session: Session, session_id: UUID) -> SessionReserve | None:
    return session.get(SessionReserve, session_id)


def withheld(session: Session, session_id: UUID) -> frozenset[str]:
    """Name the forms that this session deals no more: one of them leaked."""
    row = reserve_row(session, session_id)
    return frozenset(row.withheld) if row is not None else frozenset()


def dealt_forms(session: Session, row: TestSession) -> dict[str, FormFacts]:
    """Give the session's forms that may be dealt; one withdrawn or withheld since is left out."""
    kept_back = withheld(session, row.id)
    found: dict[str, FormFacts] = {}
    for form_id in row.forms:
        if form_id not in kept_back:
            with contextlib.suppress(MoveRefused):
                found[form_id] = source().form_facts(session, form_id)
    return found


def usable(
    session: Session,
    facts: Mapping[str, FormFacts],
    option: str,
    seen: Iterable[str],
    closed: frozenset[str] | None = None,
) -> list[str]:
    """Give the forms of an option that hold nothing seen and no relative of it; a resit form where no other does."""
    shut = with_relatives(session, seen) if closed is None else closed
    fitting = [
        (form_id, fact)
        for form_id, fact in facts.items()
        if fact.option == option and not scenarios_of(session, form_id) & shut
    ]
    first = [form_id for form_id, fact in fitting if getattr(fact, "role", "") != "resit"]
    return first or [form_id for form_id, _ in fitting]


def open_forms(session: Session, row: TestSession, person: Candidate) -> list[str]:
    """Give the session's forms that this candidate may be given."""
    return usable(session, dealt_forms(session, row), person.option, seen_by(session, [person.id])[person.id])


def form_for(session: Session, row: TestSession, booking: Booking, person: Candidate) -> str:
    """Choose the form of a seat: neighbours do not share one where the number of forms allows.

    The whole room is dealt at once, around the seats that have their form already, so that a candidate with fewer
    forms to choose from does not push a neighbour into a clash.
    """
    facts = dealt_forms(session, row)
    mine = usable(session, facts, person.option, seen_by(session, [person.id])[person.id])
    if not mine:
        raise MoveRefused(no_form_words(person.option))
    if booking.seat is None:
        raise MoveRefused("The booking has no seat.")
    allowed, fixed = _room(session, row, facts)
    seat = str(booking.seat)
    fixed.pop(seat, None)
    allowed[seat] = mine
    forms = sorted({*facts, *fixed.values()})
    seats = sorted({*allowed, *fixed}, key=int)
    pairs = [(a, b) for a, b in itertools.pairwise(seats) if int(b) - int(a) == 1]
    return dealing.deal(str(row.id), seats, forms, pairs, allowed=allowed, fixed=fixed)[seat]


def planned(session: Session, row: TestSession) -> dict[str, str]:
    """Give the form of every seat as things stand: those given, and those that the deal would give the others."""
    facts = dealt_forms(session, row)
    allowed, fixed = _room(session, row, facts)
    forms = sorted({*facts, *fixed.values()})
    seats = sorted({*allowed, *fixed}, key=int)
    pairs = [(a, b) for a, b in itertools.pairwise(seats) if int(b) - int(a) == 1]
    return {**dealing.deal(str(row.id), seats, forms, pairs, allowed=allowed, fixed=fixed), **fixed} if seats else {}


def no_form_words(option: str) -> str:
    return (
        f"This session has no {option} form that is new to this candidate. Add a form that shares nothing with what "
        "they have seen to the session, or build a resit form."
    )


def _room(
    session: Session, row: TestSession, facts: Mapping[str, FormFacts]
) -> tuple[dict[str, list[str]], dict[str, str]]:
    """Give every seat's choice of forms, and the form of those that have one."""
    taken = store.seats(session, row.id, HERE_STATES)
    seen = seen_by(session, [person for _, person, _, form in taken if form is None])
    allowed: dict[str, list[str]] = {}
    fixed: dict[str, str] = {}
    fitting: dict[tuple[str, frozenset[str]], list[str]] = {}  # most of a room have seen nothing: they share one answer
    for seat, person, option, form in taken:
        if form is not None:
            fixed[str(seat)] = form
            continue
        key = option, seen[person]
        if key not in fitting:
            fitting[key] = usable(session, facts, option, seen[person])
        if fitting[key]:
            allowed[str(seat)] = fitting[key]
    return allowed, fixed


@dataclass(frozen=True, slots=True)
class Unserved:
    """A booking for which no form of the session fits, and what a form for it must leave out."""

    booking_id: UUID
    seat: int | None
    name: str
    option: str
    attempt: int
    seen: tuple[str, ...]
    elsewhere: tuple[str, ...]
    """Published forms that would fit and could be added to the session."""


def unserved(session: Session, row: TestSession, *, but: Collection[str] = ()) -> list[Unserved]:
    """List the bookings that no form of the session fits, before the day finds them; ``but`` these options."""
    if row.state is SessionState.CLOSED:
        return []
    facts = dealt_forms(session, row)
    booked = [one for one in store.bookings(session, row.id) if one[0].state in HERE_STATES and one[2] is None]
    seen = seen_by(session, [person.id for _, person, _ in booked])
    found = []
    others: dict[str, FormFacts] | None = None
    for booking, person, _ in booked:
        if person.option in but or usable(session, facts, person.option, seen[person.id]):
            continue
        if others is None:
            others = published(session)
        reserved = reserve_row(session, row.id)
        keep = set(reserved.forms) if reserved is not None else set()
        elsewhere = [one for one in usable(session, others, person.option, seen[person.id]) if one not in keep]
        found.append(
            Unserved(
                booking.id,
                booking.seat,
                f"{person.given_name} {person.family_name}",
                person.option,
                booking.attempt,
                tuple(sorted(seen[person.id])),
                tuple(elsewhere),
            )
        )
    return found


def published(session: Session) -> dict[str, FormFacts]:
    """Give every published form by its id."""
    return {one.form_id: one for one in _shelf().published_forms(session)}
