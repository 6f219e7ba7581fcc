"""What the centre administrator's pages read and the places they add: rooms, an apprentice's bookings and evidence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, cast
from uuid import UUID

from sqlmodel import Session, col, select

from sjt import db
from sjt.access import Actor
from sjt.audit import service as audit
from sjt.delivery import fitting, own_forms, reserving, scheduling, service, sources, store
from sjt.delivery.gateway import EvidenceAsked, Missing
from sjt.delivery.model import HERE_STATES, Adjustment, CandidateLine, SittingState
from sjt.delivery.sources import FormFacts
from sjt.delivery.tables import Booking, Candidate, Centre, Room, TestSession
from sjt.delivery.timing import granted_ms
from sjt.errors import Conflict, Fault, InputError


class Catalogue(Protocol):
    """What authoring offers to choose from when a session is planned."""

    def published_forms(self, session: Session) -> Iterable[FormFacts]: ...
    def plans(self, session: Session) -> Mapping[str, object]: ...


@dataclass(frozen=True, slots=True)
class BookingLine:
    """One booking of an apprentice, with the place and what came of it."""

    booking: Booking
    session: TestSession
    centre: str
    room: str
    adjustment: Adjustment
    sitting: SittingState | None
    receipt: str | None

    @property
    def may_resit(self) -> bool:
        return self.sitting in (SittingState.CLOSED, SittingState.SUBMITTED)

    @property
    def may_leave(self) -> bool:
        return self.booking.state in HERE_STATES and self.sitting in (None, SittingState.WAITING)


@dataclass(frozen=True, slots=True)
class CandidateFacts:
    """An apprentice with the gateway and every booking."""

    person: Candidate
    asked: Sequence[EvidenceAsked]
    held: frozenset[str]
    missing: Sequence[Missing]
    bookings: Sequence[BookingLine]

    def has(self, one: EvidenceAsked) -> bool:
        return one.id in self.held or one.evidence in self.held


@dataclass(frozen=True, slots=True)
class Preview:
    """What loading a file would lead to, found out without loading it."""

    booked: int
    pending: int


class _Rehearsed(Exception):
    pass


def forms(session: Session) -> list[FormFacts]:
    return list(cast("Catalogue", sources.source()).published_forms(session))


class PoolRoom(Protocol):
    """Whether the bank is long enough for a form of its own for each candidate, by blueprint."""

    @property
    def path(self) -> str: ...
    @property
    def is_enough(self) -> bool: ...
    @property
    def words(self) -> str: ...


def pool_rooms(session: Session) -> list[PoolRoom]:
    """Tell for each blueprint whether a pool can be prepared from it, and if not, why not."""
    ask = getattr(sources.source(), "rooms", None)
    return list(ask(session)) if ask is not None else []


def plans(session: Session) -> list[str]:
    return sorted(cast("Catalogue", sources.source()).plans(session))


def candidate_facts(session: Session, candidate_id: UUID) -> CandidateFacts:
    person = store.candidate(session, candidate_id)
    asked = list(sources.source().plan(session, person.plan).evidence_required(person.option))
    held = frozenset(store.evidence(session, [candidate_id])[candidate_id])
    lines = [booking_line(session, booking) for booking, _ in store.bookings_of(session, [candidate_id])]
    return CandidateFacts(person, asked, held, service.gateway_missing(session, candidate_id), lines)


def booking_line(session: Session, booking: Booking) -> BookingLine:
    at = store.test_session(session, booking.session_id)
    centre, room = store.place(session, at)
    sitting = store.sitting_of_booking(session, booking.id)
    return BookingLine(
        booking,
        at,
        centre.name,
        room.name,
        Adjustment.from_json(booking.adjustment),
        sitting.state if sitting else None,
        sitting.receipt if sitting else None,
    )


def booking(session: Session, booking_id: UUID) -> tuple[BookingLine, Candidate]:
    row = store.booking(session, booking_id)
    return booking_line(session, row), store.candidate(session, row.candidate_id)


def gateways(session: Session, people: Iterable[Candidate]) -> dict[UUID, list[Missing]]:
    return service.gateways(session, people)


def rehearse(session_id: UUID, lines: Sequence[CandidateLine], *, by: Actor, now: datetime, file: str) -> Preview:
    """Load a file and take it back: every fault that loading would find is found, and nothing is loaded."""
    found = Preview(0, 0)
    with suppress(_Rehearsed), db.transaction() as session:
        done = service.import_candidates(session, session_id, lines, by=by, now=now, file=file)
        found = Preview(len(done.booked), len(done.pending))
        raise _Rehearsed
    return found


def places(session: Session) -> list[tuple[Centre, list[Room]]]:
    """Give every centre with its rooms, by name."""
    rooms = list(session.exec(select(Room).order_by(col(Room.name))))
    centres = session.exec(select(Centre).order_by(col(Centre.name)))
    return [(centre, [room for room in rooms if room.centre_id == centre.id]) for centre in centres]


def add_place(session: Session, centre_name: str, room_name: str, *, by: Actor, now: datetime) -> None:
    """Add a room, and its centre if that is new."""
    names = {"Centre": centre_name.strip(), "Room": room_name.strip()}
    faults = [
        Fault("", "", name, "is blank or longer than 200 characters.", "Give its name.")
        for name, value in names.items()
        if not 0 < len(value) <= 200
    ]
    if faults:
        raise InputError("The room was not added.", faults)
    centre = store.centre_named(session, names["Centre"])
    if centre is None:
        centre = Centre(name=names["Centre"])
        session.add(centre)
        session.flush()
    if store.room_named(session, centre.id, names["Room"]) is not None:
        raise Conflict(f"{centre.name} has a room called {names['Room']} already.")
    room = Room(centre_id=centre.id, name=names["Room"])
    session.add(room)
    session.flush()
    audit.record(session, by=by, did="room.added", on=room.id, at=now, body={"centre": centre.name, "room": room.name})


def late_rules(session: Session, session_id: UUID) -> TestSession:
    """Give the session's row with its rules for latecomers."""
    return store.test_session(session, session_id)


def time_in_all(session: Session, line: BookingLine) -> list[tuple[int, int]]:
    """Give, for each length of form of the session, its minutes and the seconds that this candidate gets in all."""
    lengths = {
        sources.source().paper(session, form_id).minutes for form_id in scheduling.forms_of(session, line.session)
    }
    pools = own_forms.of_session(session, line.session)
    lengths |= {form.minutes for held in pools.values() for one in held for form in one.forms}
    granted = line.adjustment
    return [
        (minutes, granted_ms(minutes, granted.extra_percent, granted.extra_minutes) // 1000)
        for minutes in sorted(lengths)
    ]


def unserved(session: Session, session_id: UUID) -> list[fitting.Unserved]:
    """List a session's bookings that none of its forms fits; who is dealt from a pool is told of by the pool."""
    row = store.test_session(session, session_id)
    return fitting.unserved(session, row, but=own_forms.of_session(session, row).keys())


def reserve(session: Session, session_id: UUID) -> tuple[str, ...]:
    return reserving.named(session, session_id)
