"""What pages and other rooms read: a candidate's sitting, a room, the responses of finished sittings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import Session

from sjt.authoring.snapshot import Paper, PaperItem, PaperScenario
from sjt.delivery import candidate_page, dealing, on_paper, page_store, quick_reads, scheduling, store
from sjt.delivery.entering import deal_from, paper_of
from sjt.delivery.gateway import Missing
from sjt.delivery.model import (
    ENDED_STATES,
    Adjustment,
    Answer,
    BookingState,
    EventKind,
    Instant,
    Refused,
    SessionState,
    SittingState,
)
from sjt.delivery.row import remaining
from sjt.delivery.tables import Booking, Candidate, HeldEvent, Incident, Sitting


@dataclass(frozen=True, slots=True)
class Clock:
    """A sitting's clock as a page shows it."""

    state: SittingState
    left_ms: int
    total_ms: int
    ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class StateView:
    """A sitting's clock and state, with the fields of a reply."""

    remaining_ms: int | None
    ends_at: datetime | None
    server_time: datetime
    state: SittingState
    content_head: str
    receipt: str | None
    lease: int
    help: str
    """What became of the last call for the invigilator: nothing, "waiting" or "seen"."""
    starts: datetime
    sitting: Sitting
    acked: tuple[str, ...] = ()
    refused: tuple[Refused, ...] = ()


@dataclass(frozen=True, slots=True)
class CandidateView:
    """All that a candidate's page may hold; ``paper`` is None before the start and while the items are hidden."""

    sitting_id: UUID
    session_id: UUID
    candidate_name: str
    centre: str
    room: str
    starts: datetime
    title: str
    minutes: int
    item_count: int
    state: SittingState
    session_closed: bool
    lease: int
    clock: Clock
    adjustment: str
    break_minutes: int
    break_overrun_counts: bool
    """Beyond its budget a rest break takes the test's own time."""
    paper: Paper | None
    answers: dict[str, Answer]
    flags: frozenset[str]
    last_viewed: str
    """The item that the candidate looked at last; empty: none yet."""
    deal: str
    """Form and order as dealt: as long as it is the same, so are the questions."""
    last_seq: int
    """Highest number stored under the current lease; a page that lost its count goes on above it."""
    last_content: str | None
    """Content hash of the event with that number: what a page's next event hangs on."""
    content_head: str
    receipt: str | None
    finished_at: datetime | None
    simulated: bool


@dataclass(frozen=True, slots=True)
class SeatLine:
    """One seat on the invigilator's console."""

    booking_id: UUID
    sitting_id: UUID | None
    candidate_id: UUID
    seat: int | None
    name: str
    booking_state: BookingState
    state: SittingState | None
    """None: the candidate has not entered."""
    device_open: bool
    """The sitting waits for a browser to show the code."""
    clock: Clock | None
    answered: int
    flagged: int
    items: int
    unsaved: int
    last_event_at: datetime | None
    device: str
    adjustment: str
    option: str
    late: bool
    attempt: int
    missing: tuple[Missing, ...]
    receipt: str | None
    finished_at: datetime | None
    reason: str
    has_code: bool
    uln: str
    date_of_birth: date


@dataclass(frozen=True, slots=True)
class SessionLine:
    """One session in a list."""

    id: UUID
    centre: str
    room: str
    starts: datetime
    state: SessionState
    seats: int
    booked: int
    pending: int
    forms: tuple[str, ...]
    plan: str
    simulated: bool


@dataclass(frozen=True, slots=True)
class RoomView:
    """A session with its seats, incidents and late answers, at one moment."""

    session: SessionLine
    at: datetime
    started_at: datetime | None
    closed_at: datetime | None
    seats: tuple[SeatLine, ...]
    incidents: tuple[Incident, ...]
    held: tuple[HeldLine, ...]

    def seat_of(self, sitting_id: UUID) -> SeatLine | None:
        return next((seat for seat in self.seats if seat.sitting_id == sitting_id), None)

    def count(self, *states: SittingState) -> int:
        return sum(seat.state in states for seat in self.seats)


@dataclass(frozen=True, slots=True)
class HeldLine:
    """An answer kept aside: what it is, and what stands in its place now."""

    id: UUID
    sitting_id: UUID
    code: str
    item: str | None
    response: object
    client_time: str | None
    arrived_at: datetime
    decision: str | None
    decided_by: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class SittingResponses:
    """A sitting's standing answers, for marking, results and analysis; item ids are those of the frozen form."""

    sitting_id: UUID
    session_id: UUID
    form_id: str
    snapshot_sha256: str
    candidate_id: UUID
    booking_id: UUID
    attempt: int
    state: SittingState
    started_at: datetime | None
    finished_at: datetime | None
    answers: Mapping[str, Answer]
    views: Mapping[str, Answer]
    simulated: bool


def clock_of(sitting: Sitting | quick_reads.Polled, at: Instant) -> Clock:
    """Tell a sitting's clock from its row, which the ledger renews with every entry that moves it."""
    state, left = sitting.state, sitting.left_ms
    if state is SittingState.BREAK and sitting.ends_at is not None:
        left = min(left, remaining(at, sitting.ends_boot, sitting.ends_mono_ms, sitting.ends_at))
        if left < 0:
            state, left = SittingState.CLOSED, 0
    elif state is SittingState.RUNNING:
        left = remaining(at, sitting.ends_boot, sitting.ends_mono_ms, sitting.ends_at)
        if left < 0:
            state, left = SittingState.CLOSED, 0
    ends = at.at + timedelta(milliseconds=left) if state is SittingState.RUNNING else None
    return Clock(state, left, sitting.total_ms, ends)


def dealt(paper: Paper, deal: dealing.Deal) -> Paper:
    """Put a paper into the order of one sitting."""
    scenarios = {scenario.id: scenario for scenario in paper.scenarios}
    return replace(paper, scenarios=tuple(_dealt_scenario(scenarios[name], deal) for name in deal.scenarios))


def _dealt_scenario(scenario: PaperScenario, deal: dealing.Deal) -> PaperScenario:
    return replace(scenario, items=tuple(_dealt_item(item, deal) for item in scenario.items))


def _dealt_item(item: PaperItem, deal: dealing.Deal) -> PaperItem:
    if not item.options:
        return item
    options = {option.id: option for option in item.options}
    return replace(item, options=tuple(options[name] for name in deal.options[item.id]))


def sitting_of(session: Session, sitting_id: UUID, *, at: Instant) -> CandidateView:
    """Give what a candidate's page may show now; before the start there is no paper, so none can leak."""
    sitting, booking, person, row, room, centre = page_store.seated(session, sitting_id)
    answers = page_store.every_answer(session, sitting_id)
    clock = clock_of(sitting, at)
    paper = paper_of(session, sitting.form_id)
    adjustment = Adjustment.from_json(booking.adjustment)
    last_seq, last_content = store.last_event(session, sitting_id, sitting.lease)
    return CandidateView(
        sitting_id=sitting_id,
        session_id=row.id,
        candidate_name=f"{person.given_name} {person.family_name}",
        centre=centre.name,
        room=room.name,
        starts=row.starts,
        title=paper.title,
        minutes=paper.minutes,
        item_count=len(paper.items()),
        state=clock.state,
        session_closed=row.state is SessionState.CLOSED,
        lease=sitting.lease,
        clock=clock,
        adjustment=adjustment.in_words(),
        break_minutes=adjustment.rest_break_minutes,
        break_overrun_counts=overrun_counts(booking.adjustment),
        paper=dealt(paper, deal_from(sitting.deal)) if clock.state is SittingState.RUNNING else None,
        answers=answers[EventKind.ANSWER],
        flags=frozenset(item for item, flag in answers[EventKind.FLAG].items() if flag.response),
        last_viewed=page_store.newest(answers[EventKind.VIEW]),
        deal=deal_mark(sitting),
        last_seq=last_seq,
        last_content=last_content,
        content_head=sitting.content_head,
        receipt=sitting.receipt if clock.state in ENDED_STATES else None,
        finished_at=sitting.finished_at,
        simulated=row.simulated or paper.simulated,
    )


def overrun_counts(adjustment: Mapping[str, Any]) -> bool:
    """Tell whether a rest break beyond its budget takes the test's own time."""
    return bool(adjustment.get("rest_break_overrun", "free") != "free")


def deal_mark(sitting: Sitting | quick_reads.Polled) -> str:
    return f"{sitting.form_id} {sitting.deal}"


def clock_now(session: Session, sitting_id: UUID, *, at: Instant) -> Clock:
    return clock_of(store.sitting(session, sitting_id), at)


def sitting_state(session: Session, sitting_id: UUID, *, at: Instant) -> StateView:
    """Give the clock and state alone: what a page polls."""
    sitting, page, starts = page_store.polled(session, sitting_id)
    clock = clock_of(sitting, at)
    ended = clock.state in ENDED_STATES
    return StateView(
        remaining_ms=None if ended else clock.left_ms,
        ends_at=clock.ends_at,
        server_time=at.at,
        state=clock.state,
        content_head=sitting.content_head,
        receipt=sitting.receipt if ended else None,
        lease=sitting.lease,
        help=candidate_page.state_of(page),
        starts=starts,
        sitting=sitting,
    )


def sessions(session: Session) -> list[SessionLine]:
    counts = store.booking_counts(session)
    return [
        SessionLine(
            id=row.id,
            centre=centre.name,
            room=room.name,
            starts=row.starts,
            state=row.state,
            seats=row.seats,
            booked=counts.get((row.id, BookingState.BOOKED), 0) + counts.get((row.id, BookingState.CHECKED_IN), 0),
            pending=counts.get((row.id, BookingState.PENDING), 0),
            forms=tuple(row.forms),
            plan=row.plan,
            simulated=row.simulated,
        )
        for row, room, centre in store.test_sessions(session)
    ]


def room(session: Session, session_id: UUID, *, at: Instant) -> RoomView:
    """Give a session's console: every seat as it stands."""
    row = store.test_session(session, session_id)
    centre, place = store.place(session, row)
    booked = store.bookings(session, session_id)
    pending = [person for booking, person, _ in booked if booking.state is BookingState.PENDING]
    lacking = scheduling.gateways(session, pending) if pending else {}
    answered = store.answer_counts(session, session_id, EventKind.ANSWER)
    flagged = store.answer_counts(session, session_id, EventKind.FLAG)
    seats = tuple(
        _seat(
            session,
            booking,
            person,
            sitting,
            at,
            tuple(lacking.get(person.id, ())),
            answered.get(sitting.id, 0) if sitting else 0,
            flagged.get(sitting.id, 0) if sitting else 0,
        )
        for booking, person, sitting in booked
    )
    line = SessionLine(
        id=row.id,
        centre=centre.name,
        room=place.name,
        starts=row.starts,
        state=row.state,
        seats=row.seats,
        booked=sum(seat.booking_state in (BookingState.BOOKED, BookingState.CHECKED_IN) for seat in seats),
        pending=len(pending),
        forms=tuple(row.forms),
        plan=row.plan,
        simulated=row.simulated,
    )
    incidents = tuple(store.incidents(session, session_id))
    return RoomView(line, at.at, row.started_at, row.closed_at, seats, incidents, held(session, session_id))


def _seat(
    session: Session,
    booking: Booking,
    person: Candidate,
    sitting: Sitting | None,
    at: Instant,
    lacking: tuple[Missing, ...],
    answered: int,
    flagged: int,
) -> SeatLine:
    clock = clock_of(sitting, at) if sitting is not None else None
    return SeatLine(
        booking_id=booking.id,
        sitting_id=sitting.id if sitting else None,
        candidate_id=person.id,
        seat=booking.seat,
        name=f"{person.given_name} {person.family_name}",
        booking_state=booking.state,
        state=clock.state if clock else None,
        device_open=sitting is not None and sitting.lease_hmac is None,
        clock=clock,
        answered=answered,
        flagged=flagged,
        items=len(paper_of(session, sitting.form_id).items()) if sitting else 0,
        unsaved=sitting.unsaved if sitting else 0,
        last_event_at=sitting.last_event_at if sitting else None,
        device=sitting.device if sitting else "",
        adjustment=Adjustment.from_json(booking.adjustment).in_words(),
        option=person.option,
        late=booking.late,
        attempt=booking.attempt,
        missing=lacking,
        receipt=sitting.receipt if sitting else None,
        finished_at=sitting.finished_at if sitting else None,
        reason=booking.reason,
        has_code=booking.code_hmac is not None,
        uln=person.uln,
        date_of_birth=person.date_of_birth,
    )


def held(session: Session, session_id: UUID) -> tuple[HeldLine, ...]:
    return tuple(_held_line(session, one) for one in store.held(session, session_id=session_id))


def _held_line(session: Session, one: HeldEvent) -> HeldLine:
    event = store.body_of(session, one.sitting_id, one.n).get("event", {})
    return HeldLine(
        id=one.id,
        sitting_id=one.sitting_id,
        code=one.code,
        item=one.item,
        response=event.get("response"),
        client_time=event.get("client_time"),
        arrived_at=one.arrived_at,
        decision=one.decision,
        decided_by=one.decided_by,
        reason=one.reason,
    )


def open_questions(session: Session, session_id: UUID) -> list[str]:
    """Say what still forbids a release: late answers nobody has decided, incidents nobody has resolved."""
    late = sum(one.decision is None for one in store.held(session, session_id=session_id))
    loose = [incident for incident in store.incidents(session, session_id) if incident.resolved_at is None]
    words = [f"{late} late answer{'s' if late > 1 else ''} undecided"] if late else []
    words += [f"paper of {seat} is not in the record" for seat in on_paper.not_entered(session, session_id)]
    return words + [f"incident not resolved: {incident.text[:80]}" for incident in loose]


def responses(
    session: Session, *, session_id: UUID | None = None, sitting_id: UUID | None = None, form_id: str | None = None
) -> list[SittingResponses]:
    """Give standing answers: of a session, of one sitting, or of every sitting of a form; void ones too, by state."""
    found = store.sittings_with_bookings(session, session_id=session_id, sitting_id=sitting_id, form_id=form_id)
    ids = [sitting.id for sitting, _, _ in found]
    answers = store.answers_of(session, ids)
    views = store.answers_of(session, ids, EventKind.VIEW)
    return [
        SittingResponses(
            sitting_id=sitting.id,
            session_id=sitting.session_id,
            form_id=sitting.form_id,
            snapshot_sha256=sitting.snapshot_sha256,
            candidate_id=sitting.candidate_id,
            booking_id=sitting.booking_id,
            attempt=booking.attempt,
            state=sitting.state,
            started_at=sitting.started_at,
            finished_at=sitting.finished_at,
            answers=answers[sitting.id],
            views=views[sitting.id],
            simulated=row.simulated,
        )
        for sitting, booking, row in found
    ]
