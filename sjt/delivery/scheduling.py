"""Sessions, bookings, gateway and adjustments: everything before a candidate sits down."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from sqlmodel import Session

from sjt.access import Actor
from sjt.audit import service as audit
from sjt.db import new_id
from sjt.delivery import codes, fitting, gateway, latecomers, own_forms, reserving, store, ulns
from sjt.delivery.gateway import Missing
from sjt.delivery.model import Adjustment, BookingState, CandidateLine, CodeSlip, SessionPlan, SessionState
from sjt.delivery.sources import FormFacts, source
from sjt.delivery.tables import Booking, Candidate, Centre, GatewayEvidence, Room, TestSession
from sjt.delivery.tables_paper import SessionReserve
from sjt.errors import Conflict, Fault, InputError, MoveRefused, NotFound

Row = TypeVar("Row", Centre, Room, TestSession)
_HOLDS_SEAT = frozenset({BookingState.PENDING, BookingState.BOOKED, BookingState.CHECKED_IN})


@dataclass(frozen=True, slots=True)
class CreatedSession:
    """A new session and its PIN, readable this once."""

    id: UUID
    pin: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Imported:
    """What a candidates file led to."""

    booked: tuple[UUID, ...]
    pending: tuple[UUID, ...]
    """Bookings that wait for gateway evidence."""


def create_session(
    session: Session,
    plan: SessionPlan,
    *,
    by: Actor,
    now: datetime,
    secret_key: str,
    simulated: bool = False,
    file: str = "",
) -> CreatedSession:
    """Schedule a session; a centre and a room that are new are added."""
    faults: list[Fault] = []
    if plan.starts.tzinfo is None:
        faults.append(Fault(file, "", "starts", "has no time zone.", "Write 2026-11-22T09:00:00+00:00."))
    if not 1 <= plan.seats <= 500:
        faults.append(Fault(file, "", "seats", f"is {plan.seats}.", "Give a number from 1 to 500."))
    for name, value in (("centre", plan.centre), ("room", plan.room)):
        if not 0 < len(value.strip()) <= 200:
            faults.append(Fault(file, "", name, "is blank or longer than 200 characters.", "Give its name."))
    if not plan.forms and not plan.own_forms:
        faults.append(Fault(file, "", "forms", "names no form.", "List the ids of published forms."))
    if len(set(plan.forms)) < len(plan.forms):
        faults.append(Fault(file, "", "forms", "names a form twice.", "Leave one out."))
    options = set()
    for form_id in plan.forms:
        try:
            options.add(source().form_facts(session, form_id).option)
        except (NotFound, MoveRefused) as error:
            faults.append(Fault(file, "", "forms", f"names {form_id}: {error}", "Publish it, or name another form."))
    faults += reserving.reserve_faults(session, plan.forms, plan.reserve, file)
    faults += own_forms.faults_of(session, plan.own_forms, options, file)
    try:
        source().plan(session, plan.plan)
    except (NotFound, InputError) as error:
        faults.append(Fault(file, "", "plan", f"names {plan.plan}: {error}", "Name a plan of the bank."))
    if faults:
        raise InputError("The session cannot be created.", faults)
    centre = store.centre_named(session, plan.centre.strip()) or _added(session, Centre(name=plan.centre.strip()))
    room = store.room_named(session, centre.id, plan.room.strip())
    room = room or _added(session, Room(centre_id=centre.id, name=plan.room.strip()))
    if store.session_in(session, room.id, plan.starts) is not None:
        raise Conflict(f"{centre.name}, {room.name} has a session at that time already. Choose another time or room.")
    pin = codes.new_pin()
    row = _added(
        session,
        TestSession(
            room_id=room.id,
            starts=plan.starts,
            forms=list(plan.forms),
            pools=list(plan.own_forms),
            plan=plan.plan,
            seats=plan.seats,
            pin_hmac=codes.pin_hmac(secret_key, pin),
            simulated=simulated,
            created_at=now,
        ),
    )
    if plan.reserve:
        session.add(SessionReserve(session_id=row.id, forms=list(plan.reserve)))
        session.flush()
    body: dict[str, object] = {"centre": centre.name, "room": room.name, "starts": plan.starts.isoformat()}
    body |= {"forms": list(plan.forms), "reserve": list(plan.reserve)}
    if plan.own_forms:
        body["own_forms"] = list(plan.own_forms)
    audit.record(session, by=by, did="session.created", on=row.id, at=now, body={**body, "plan": plan.plan})
    return CreatedSession(row.id, pin)


def _added(session: Session, row: Row) -> Row:
    session.add(row)
    session.flush()
    return row


def import_candidates(
    session: Session,
    session_id: UUID,
    lines: Sequence[CandidateLine],
    *,
    by: Actor,
    now: datetime,
    file: str = "candidates.csv",
) -> Imported:
    """Load candidates and book them; those whose gateway is not complete wait without a seat. All or none."""
    row = store.test_session(session, session_id)
    if row.state is SessionState.CLOSED:
        raise MoveRefused("The session is closed. Load the candidates into another.")
    facts, pools = forms_of(session, row), own_forms.of_session(session, row)
    known = {person.uln: person for person in store.candidates_with_uln(session, {line.uln for line in lines})}
    known.pop(ulns.NOT_YET_KNOWN, None)
    past: dict[UUID, list[tuple[Booking, TestSession]]] = {}
    for booking, at in store.bookings_of(session, [person.id for person in known.values()]):
        past.setdefault(booking.candidate_id, []).append((booking, at))
    faults: list[Fault] = []
    for line in lines:
        person = known.get(line.uln)
        faults += _line_faults(
            session, row, facts, pools, line, person, past.get(person.id, []) if person else [], file
        )
    taken = store.seats_taken(session, session_id)
    if len(taken) + len(lines) > row.seats:
        what = f"has {len(lines)} candidates; {row.seats - len(taken)} of {row.seats} seats are free."
        faults.append(Fault(file, "", "", what, "Book the others into another session."))
    if faults:
        raise InputError(f"{file} was not loaded.", faults)
    people = [known.get(line.uln) or _new_candidate(line, row.plan, now) for line in lines]
    session.add_all([person for person in people if person.uln not in known or person is not known[person.uln]])
    session.flush()
    lacking = gateways(session, people)
    free = iter(sorted(set(range(1, row.seats + 1)) - taken))
    made: list[Booking] = []
    for line, person in zip(lines, people):
        complete = not lacking[person.id]
        earlier = [booking for booking, _ in past.get(person.id, []) if booking.state is BookingState.CHECKED_IN]
        made.append(
            Booking(
                candidate_id=person.id,
                session_id=session_id,
                seat=next(free) if complete else None,
                state=BookingState.BOOKED if complete else BookingState.PENDING,
                adjustment=Adjustment(extra_percent=line.extra_time_percent, notes=line.notes[:200]).to_json(),
                notes=line.notes,
                attempt=len(earlier) + 1,
                resit_of=earlier[-1].id if earlier else None,
                created_at=now,
            )
        )
    session.add_all(made)
    session.flush()
    booked = tuple(one.id for one in made if one.state is BookingState.BOOKED)
    pending = tuple(one.id for one in made if one.state is BookingState.PENDING)
    body = {"booked": [str(one) for one in booked], "pending": [str(one) for one in pending], "file": file}
    audit.record(session, by=by, did="session.candidates_loaded", on=session_id, at=now, body=body)
    return Imported(booked, pending)


def _new_candidate(line: CandidateLine, plan: str, now: datetime) -> Candidate:
    return Candidate(
        id=new_id(),
        uln=line.uln,
        given_name=line.given_name,
        family_name=line.family_name,
        date_of_birth=line.date_of_birth,
        employer=line.employer,
        provider=line.provider,
        option=line.option,
        start_date=line.start_date,
        plan=plan,
        created_at=now,
    )


def _line_faults(
    session: Session,
    row: TestSession,
    facts: Mapping[str, FormFacts],
    pools: Mapping[str, Sequence[own_forms.Pool]],
    line: CandidateLine,
    person: Candidate | None,
    past: Sequence[tuple[Booking, TestSession]],
    file: str,
) -> list[Fault]:
    faults: list[Fault] = []

    def fault(name: str, what: str, remedy: str) -> None:
        faults.append(Fault(file, f"row {line.row}", name, what, remedy))

    forms = {form_id for form_id, fact in facts.items() if fact.option == line.option}
    own = pools.get(line.option, ())
    if not forms and not own:
        fault("option", f"is {line.option}, and no form of this session is for it.", "Choose another session.")
    if person is None:
        return faults
    if person.date_of_birth != line.date_of_birth or person.family_name.casefold() != line.family_name.casefold():
        fault("uln", f"is {line.uln}, which belongs to somebody else here.", "Check the number, name and birth date.")
        return faults
    if person.option != line.option:
        fault("option", f"is {line.option}; this apprentice is registered for {person.option}.", "Correct one of them.")
    if person.plan != row.plan:
        fault("uln", f"is an apprentice under plan {person.plan}; the session is for {row.plan}.", "Choose another.")
    for booking, at in past:
        if booking.session_id == row.id:
            fault("uln", "is booked into this session already.", "Leave the row out.")
        elif booking.state in _HOLDS_SEAT and at.state is not SessionState.CLOSED:
            fault("uln", f"is booked already, on {at.starts:%d %B %Y}.", "Withdraw or move that booking first.")
    if own and not own_forms.free_for(session, own, person):
        names = " and ".join(one.title for one in own)
        what = f"finds no form left of {names} that is new to them."
        fault("uln", what, "Have another pool prepared and named for this session, or choose another session.")
    if forms and not fitting.usable(session, facts, line.option, fitting.seen_by(session, [person.id])[person.id]):
        what = "has seen scenarios, or relatives of scenarios, of every form of this session."
        fault("uln", what, "Choose a session with a form that is new to them, or build a resit form.")
    return faults


def forms_of(session: Session, row: TestSession) -> dict[str, FormFacts]:
    """Give the session's forms that may be sat; one withdrawn or withheld since is left out."""
    return fitting.dealt_forms(session, row)


def options_of(session: Session, session_id: UUID) -> frozenset[str]:
    """Give the options that a session's forms and pools are for."""
    row = store.test_session(session, session_id)
    return frozenset(one.option for one in forms_of(session, row).values()) | own_forms.of_session(session, row).keys()


def gateways(session: Session, people: Iterable[Candidate]) -> dict[UUID, list[Missing]]:
    """Tell what each candidate's gateway still lacks."""
    people = list(people)
    held = store.evidence(session, [person.id for person in people])
    asked = {
        (person.plan, person.option): list(source().plan(session, person.plan).evidence_required(person.option))
        for person in {(person.plan, person.option): person for person in people}.values()
    }
    return {person.id: gateway.missing(asked[person.plan, person.option], held[person.id]) for person in people}


def gateway_missing(session: Session, candidate_id: UUID) -> list[Missing]:
    person = store.candidate(session, candidate_id)
    return gateways(session, [person])[person.id]


def record_gateway(session: Session, candidate_id: UUID, evidence: Sequence[str], *, by: Actor, now: datetime) -> None:
    """Record evidence that was seen; when nothing is missing any more, pending bookings get their seats."""
    person = store.candidate(session, candidate_id)
    asked = list(source().plan(session, person.plan).evidence_required(person.option))
    ids = {one.id for one in asked} | {one.evidence for one in asked}
    if strangers := [one for one in evidence if one not in ids]:
        known = f"Known: {', '.join(sorted(ids))}."
        faults = [Fault("", "", one, "is not asked for by the plan.", known) for one in strangers]
        raise InputError("The evidence was not recorded.", faults)
    held = store.evidence(session, [candidate_id])[candidate_id]
    new = [one for one in dict.fromkeys(evidence) if one not in held]
    session.add_all(
        [GatewayEvidence(candidate_id=candidate_id, evidence=one, recorded_by=by.id, recorded_at=now) for one in new]
    )
    session.flush()
    if new:
        audit.record(session, by=by, did="candidate.gateway_recorded", on=candidate_id, at=now, body={"evidence": new})
    if gateways(session, [person])[person.id]:
        return
    for booking, at in store.bookings_of(session, [candidate_id]):
        if booking.state is BookingState.PENDING and at.state is not SessionState.CLOSED:
            booking.seat = free_seat(session, at)
            booking.state = BookingState.BOOKED
            session.add(booking)
            audit.record(session, by=by, did="booking.booked", on=booking.id, at=now, body={"seat": booking.seat})
    session.flush()


def free_seat(session: Session, row: TestSession) -> int:
    """Give the lowest seat of a session that nobody has."""
    free = sorted(set(range(1, row.seats + 1)) - store.seats_taken(session, row.id))
    if not free:
        raise Conflict(f"The session on {row.starts:%d %B %Y} has no free seat. Move the booking to another session.")
    return free[0]


def set_adjustment(session: Session, booking_id: UUID, adjustment: Adjustment, *, by: Actor, now: datetime) -> None:
    """Grant an adjustment, before the candidate enters; afterwards time is given by the invigilator, with a reason."""
    booking = store.booking(session, booking_id)
    if store.sitting_of_booking(session, booking_id) is not None:
        raise MoveRefused("The candidate has entered the room. Give extra time there, with a reason.")
    booking.adjustment = adjustment.to_json()
    session.add(booking)
    body = {"adjustment": adjustment.to_json()}
    audit.record(session, by=by, did="booking.adjustment_granted", on=booking_id, at=now, body=body)


def issue_pin(session: Session, session_id: UUID, *, by: Actor, now: datetime, secret_key: str) -> str:
    """Give the room a new PIN; the old one is void at once."""
    row = store.test_session(session, session_id)
    pin = codes.new_pin()
    row.pin_hmac = codes.pin_hmac(secret_key, pin)
    session.add(row)
    audit.record(session, by=by, did="session.pin_issued", on=session_id, at=now)
    return pin


def issue_codes(
    session: Session,
    session_id: UUID,
    *,
    by: Actor,
    now: datetime,
    secret_key: str,
    bookings: Iterable[UUID] | None = None,
) -> list[CodeSlip]:
    """Make access codes for all seats, or for some; a code issued before is void at once."""
    row = store.test_session(session, session_id)
    if row.state is SessionState.CLOSED:
        raise MoveRefused("The session is closed; it needs no codes.")
    wanted = None if bookings is None else set(bookings)
    slips = []
    for booking, person, _ in store.bookings(session, session_id):
        if booking.state not in (BookingState.BOOKED, BookingState.CHECKED_IN):
            continue
        if wanted is not None and booking.id not in wanted:
            continue
        code = codes.new_code()
        booking.code_hmac = codes.code_hmac(secret_key, session_id, code)
        booking.code_issued_at = now
        session.add(booking)
        slips.append(CodeSlip(booking.id, booking.seat, f"{person.given_name} {person.family_name}", codes.shown(code)))
    session.flush()
    body = {"bookings": [str(slip.booking_id) for slip in slips]}
    audit.record(session, by=by, did="session.codes_issued", on=session_id, at=now, body=body)
    return slips


def check_in(session: Session, booking_id: UUID, *, by: Actor, now: datetime, late: bool = False) -> None:
    """Record that the person was seen and is who the booking says; only then does the code open anything."""
    booking = store.booking(session, booking_id)
    if booking.state is BookingState.CHECKED_IN:
        return
    row = store.test_session(session, booking.session_id)
    if row.state is SessionState.CLOSED:
        raise MoveRefused("The session is closed.")
    latecomers.require_in_time(row, now)
    if lacking := gateway_missing(session, booking.candidate_id):
        raise MoveRefused(
            f"The gateway is not complete, so there is no check-in. Missing: {gateway.in_words(lacking)}."
        )
    if booking.state not in (BookingState.BOOKED, BookingState.ABSENT):
        raise MoveRefused(f"This booking is {booking.state.value}, so the candidate cannot be checked in.")
    own_forms.deal(session, booking, store.candidate(session, booking.candidate_id), by=by, now=now)
    booking.state = BookingState.CHECKED_IN
    booking.checked_in_at, booking.checked_in_by, booking.late = now, by.id, late
    session.add(booking)
    audit.record(session, by=by, did="booking.checked_in", on=booking_id, at=now, body={"late": late})
