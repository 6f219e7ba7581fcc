"""Sittings on paper: put on paper, printed, timed by the invigilator, keyed twice, settled, written into the ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from sjt import db
from sjt.access import Actor
from sjt.audit import service as audit
from sjt.authoring.snapshot import Paper
from sjt.delivery import after, entering, incidents, ledger, on_paper, paper_sheets, store, views
from sjt.delivery.model import (
    ENDED_STATES,
    ActKind,
    Adjustment,
    BookingState,
    IncidentCategory,
    SessionState,
    SittingState,
)
from sjt.delivery.paper_sheets import Question, Wrong
from sjt.delivery.tables import Sitting
from sjt.delivery.tables_paper import PaperKeying, PaperSettlement, PaperSitting
from sjt.delivery.writing import Act
from sjt.errors import Conflict, Fault, Forbidden, InputError, MoveRefused, NotFound

TOLERANCE = timedelta(minutes=1)
"""What a record by the clock on the wall may differ from the time that was granted."""


@dataclass(frozen=True, slots=True)
class Sheets:
    """What is printed: the candidate's own form and order, and nobody's name."""

    sitting_id: UUID
    seat: int | None
    number: str
    """Of the booking, in short."""
    mark: str
    paper: Paper
    questions: tuple[Question, ...]
    minutes: int


@dataclass(frozen=True, slots=True)
class Difference:
    """A question that the two keyers read differently, and what the third look said."""

    question: Question
    first: str
    second: str
    settled: PaperSettlement | None


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a paper sitting stands."""

    row: PaperSitting
    sitting: Sitting
    session_id: UUID
    seat: int | None
    number: str
    mark: str
    keyings: tuple[PaperKeying, ...]
    differences: tuple[Difference, ...]

    @property
    def step(self) -> str:
        """Name the next step: print, sit, key, settle, write, done."""
        if self.row.entered_at is not None:
            return "done"
        if self.sitting.state is SittingState.VOID:
            return "void"
        if self.sitting.state not in ENDED_STATES:
            return "sit" if self.row.prints else "print"
        if len(self.keyings) < 2:
            return "key"
        return "settle" if any(one.settled is None for one in self.differences) else "write"


def number_of(booking_id: UUID) -> str:
    return booking_id.hex[-8:].upper()  # the first signs are the time, alike for all who were loaded together


def declare(booking_id: UUID, reason: str, *, by: Actor, now: datetime) -> UUID:
    """Put a candidate on paper: the form is dealt, a browser that holds the test lets go, no other may take it up."""
    why = reason.strip()
    if not why:
        raise InputError("Say why the candidate sits on paper. The record keeps it.")
    with db.session() as session:
        booking = store.booking(session, booking_id)
        if booking.state not in (BookingState.BOOKED, BookingState.CHECKED_IN):
            raise MoveRefused(f"This booking is {booking.state.value}, so nothing is printed for it.")
        row = store.test_session(session, booking.session_id)
        if row.state is SessionState.CLOSED:
            raise MoveRefused("The session is closed.")
        adjustment = Adjustment.from_json(booking.adjustment)
    sitting_id, minutes = entering.put_sitting(booking_id, now, by=by)
    keeper = ledger.current()
    opened = {"minutes": minutes, **adjustment.to_json()}
    opened.pop("notes")
    keeper.act(Act(sitting_id, ActKind.OPENED, by.id, keeper.now(), opened))
    with db.transaction() as session:
        sitting = store.sitting(session, sitting_id)
        if sitting.state in ENDED_STATES:
            raise MoveRefused("The test has ended.")
        held = sitting.lease_hmac is not None
        if not on_paper.is_on_paper(session, sitting_id):
            session.add(PaperSitting(sitting_id=sitting_id, reason=why[:1000], asked_at=now, asked_by=by.id))
            session.flush()
            body = {"sitting": str(sitting_id), "reason": why}
            audit.record(session, by=by, did="booking.put_on_paper", on=booking_id, at=now, body=body)
    if held:
        keeper.act(Act(sitting_id, ActKind.RELEASED, by.id, keeper.now(), {"reason": f"On paper: {why}"}))
    return sitting_id


def sheets(session: Session, sitting_id: UUID) -> Sheets:
    """Give the exact paper of one candidate, in their own order."""
    _require(session, sitting_id)
    sitting = store.sitting(session, sitting_id)
    booking = store.booking(session, sitting.booking_id)
    paper = views.dealt(entering.paper_of(session, sitting.form_id), entering.deal_from(sitting.deal))
    return Sheets(
        sitting_id=sitting_id,
        seat=booking.seat,
        number=number_of(booking.id),
        mark=paper_sheets.mark_of(sitting.id, sitting.snapshot_sha256, sitting.deal),
        paper=paper,
        questions=tuple(paper_sheets.questions(paper)),
        minutes=-(-sitting.total_ms // 60_000),
    )


def record_print(session: Session, sitting_id: UUID, *, large: bool, by: Actor, now: datetime) -> Sheets:
    """Write down that a paper is printed, by whom and how, and give it."""
    row = _require(session, sitting_id)
    sitting = store.sitting(session, sitting_id)
    if sitting.state in ENDED_STATES:
        raise MoveRefused("The test has ended; nothing of it is printed any more.")
    found = sheets(session, sitting_id)
    row.prints, row.printed_at, row.printed_by = row.prints + 1, now, by.id
    session.add(row)
    session.flush()
    body = {"sitting": str(sitting_id), "mark": found.mark, "large": large, "copy": row.prints}
    audit.record(session, by=by, did="booking.paper_printed", on=sitting.booking_id, at=now, body=body)
    return found


def record_sat(sitting_id: UUID, started: datetime, ended: datetime, reason: str, *, by: Actor, now: datetime) -> None:
    """Record by hand when a paper was begun and ended, where no clock of sjt's ran for it."""
    with db.session() as session:
        _require(session, sitting_id)
        sitting = store.sitting(session, sitting_id)
        booking = store.booking(session, sitting.booking_id)
    if sitting.state is not SittingState.WAITING:
        raise MoveRefused(f"The test is {sitting.state.value}: its times are in the record already.")
    if booking.state is not BookingState.CHECKED_IN:
        raise MoveRefused("Check the candidate in first.")
    faults = []
    if ended <= started:
        faults.append(Fault("", "", "ended", "is not after the start.", "Give the time at which the paper came in."))
    if ended > now + TOLERANCE:
        faults.append(Fault("", "", "ended", "lies ahead.", "Record it when the paper has come in."))
    if not reason.strip():
        faults.append(Fault("", "", "reason", "is blank.", "Say why sjt's clock did not run."))
    if faults:
        raise InputError("The times were not recorded.", faults)
    keeper = ledger.current()
    body = {"started": started.isoformat(), "ended": ended.isoformat(), "reason": reason.strip(), "origin": "paper"}
    keeper.act(Act(sitting_id, ActKind.SAT, by.id, keeper.now(), body))
    over = ended - started - timedelta(milliseconds=sitting.total_ms)
    if over > TOLERANCE:
        with db.transaction() as session:
            text = (
                f"Paper of seat {booking.seat or '–'} was sat {over // timedelta(minutes=1)} minutes longer than "
                f"the {sitting.total_ms // 60_000} granted."
            )
            incidents.report_incident(
                session, sitting.session_id, IncidentCategory.STAFF, text, by=by, now=now, sitting_id=sitting_id
            )


def key(
    session: Session, sitting_id: UUID, mark: str, typed: Mapping[str, str], *, by: Actor, now: datetime
) -> Standing:
    """Keep what one person keyed from the sheets; a second, other person keys it all again, blind to the first."""
    row = _require(session, sitting_id)
    sitting = store.sitting(session, sitting_id)
    _require_keyable(session, row, sitting)
    known = _keyings(session, sitting_id)
    if any(one.keyer == by.id for one in known):
        raise Forbidden("You have keyed this paper already. Somebody else keys it the second time.")
    if len(known) == 2:
        raise MoveRefused("This paper has been keyed twice.")
    found = sheets(session, sitting_id)
    faults = []
    if not paper_sheets.same_mark(mark, found.mark):
        what = f"is {mark.strip() or 'blank'}, which is not the mark of this candidate's sheets."
        faults.append(Fault("", "", "mark", what, "Compare seat and booking number; you may hold another paper."))
    responses: dict[str, Any] = {}
    for question in found.questions:
        value = paper_sheets.read(question.item, typed.get(question.item.id, ""))
        if isinstance(value, Wrong):
            faults.append(Fault("", "", question.item.id, f"Question {question.number}: {value.message}", ""))
        else:
            responses[question.item.id] = value
    if faults:
        raise InputError("The paper was not kept; everything you keyed is still here.", faults)
    kept = {question.item.id: typed[question.item.id].strip() for question in found.questions}
    made = PaperKeying(
        sitting_id=sitting_id, nth=len(known) + 1, keyer=by.id, mark=found.mark, typed=kept, responses=responses, at=now
    )
    session.add(made)
    session.flush()
    body = {"sitting": str(sitting_id), "nth": made.nth, "mark": found.mark, "answers": responses}
    audit.record(session, by=by, did="booking.paper_keyed", on=sitting.booking_id, at=now, body=body)
    return standing(session, sitting_id)


def settle(
    session: Session, sitting_id: UUID, item_id: str, typed: str, beside: str, *, by: Actor, now: datetime
) -> None:
    """Say what the sheet holds where the keyings differ: an officer, with one of the keyers, both by name."""
    row = _require(session, sitting_id)
    sitting = store.sitting(session, sitting_id)
    _require_keyable(session, row, sitting)
    known = _keyings(session, sitting_id)
    keyers = [one.keyer for one in known]
    if len(known) < 2:
        raise MoveRefused("The paper has not been keyed twice yet.")
    if by.id in keyers:
        raise Forbidden("You keyed this paper. The third look is another person's, with one of the keyers.")
    if beside not in keyers:
        raise InputError("Name the keyer who looks at the sheet with you.")
    found = next((one for one in standing(session, sitting_id).differences if one.question.item.id == item_id), None)
    if found is None:
        raise NotFound("The two keyings agree on that question.")
    value = paper_sheets.read(found.question.item, typed)
    if isinstance(value, Wrong):
        fault = Fault("", "", item_id, f"Question {found.question.number}: {value.message}", "")
        raise InputError("The question was not settled.", [fault])
    said = session.get(PaperSettlement, (sitting_id, item_id)) or PaperSettlement(
        sitting_id=sitting_id, item=item_id, typed="", by="", beside="", at=now
    )
    said.typed, said.response, said.by, said.beside, said.at = typed.strip(), value, by.id, beside, now
    session.add(said)
    session.flush()
    body = {"sitting": str(sitting_id), "item": item_id, "answer": value, "beside": beside}
    audit.record(session, by=by, did="booking.paper_settled", on=sitting.booking_id, at=now, body=body)


def write_in(sitting_id: UUID, *, by: Actor, now: datetime) -> bool:
    """Write the agreed answers into the sitting's ledger, once; give whether they are there now."""
    with db.session() as session:
        found = standing(session, sitting_id)
        if found.step == "done":
            return True
        if found.step != "write":
            return False
        _require_keyable(session, found.row, found.sitting)
        answers, keyers = agreed(found), [one.keyer for one in found.keyings]
    keeper = ledger.current()
    body = {"origin": "paper", "mark": found.mark, "keyed_by": keyers, "answers": answers}
    if settled := sorted({one.settled.by for one in found.differences if one.settled is not None}):
        body["settled_by"] = settled
    keeper.act(Act(sitting_id, ActKind.KEYED, by.id, keeper.now(), body))
    with db.transaction() as session:
        row = _require(session, sitting_id)
        row.entered_at = now
        session.add(row)
        at = store.sitting(session, sitting_id)
        said = {"sitting": str(sitting_id), "answers": len(answers), "keyed_by": keyers}
        audit.record(session, by=by, did="booking.paper_entered", on=at.booking_id, at=now, body=said)
        closed = store.test_session(session, at.session_id).state is SessionState.CLOSED
    if closed:
        after.session_closed(found.session_id, by, now)  # written answers come to the markers now
    return True


def agreed(found: Standing) -> dict[str, Any]:
    """Give the answers that both keyings, or the third look, say; a blank sheet clears nothing."""
    settled = {one.question.item.id: one.settled for one in found.differences}
    answers: dict[str, Any] = {}
    for item, response in found.keyings[0].responses.items():
        said = settled.get(item)
        value = said.response if said is not None else response
        if value is not None:
            answers[item] = value
    return answers


def standing(session: Session, sitting_id: UUID) -> Standing:
    """Tell where one paper sitting stands."""
    row = _require(session, sitting_id)
    sitting = store.sitting(session, sitting_id)
    booking = store.booking(session, sitting.booking_id)
    keyings = tuple(_keyings(session, sitting_id))
    return Standing(
        row=row,
        sitting=sitting,
        session_id=sitting.session_id,
        seat=booking.seat,
        number=number_of(booking.id),
        mark=paper_sheets.mark_of(sitting.id, sitting.snapshot_sha256, sitting.deal),
        keyings=keyings,
        differences=_differences(session, sitting_id, keyings) if len(keyings) == 2 else (),
    )


def of_session(session: Session, session_id: UUID) -> list[Standing]:
    """Tell where every paper sitting of a session stands, by seat."""
    ids = on_paper.of_sittings(session, [one.id for one in store.sittings(session, session_id)])
    return sorted((standing(session, one) for one in ids), key=lambda one: (one.seat or 0, one.number))


def _differences(session: Session, sitting_id: UUID, keyings: Sequence[PaperKeying]) -> tuple[Difference, ...]:
    one, other = keyings
    query = select(PaperSettlement).where(col(PaperSettlement.sitting_id) == sitting_id)
    settled = {said.item: said for said in session.exec(query)}
    return tuple(
        Difference(question, one.typed[item], other.typed[item], settled.get(item))
        for question in sheets(session, sitting_id).questions
        if not paper_sheets.same(question.item, one.responses[item := question.item.id], other.responses[item])
    )


def _keyings(session: Session, sitting_id: UUID) -> list[PaperKeying]:
    query = select(PaperKeying).where(col(PaperKeying.sitting_id) == sitting_id).order_by(col(PaperKeying.nth))
    return list(session.exec(query))


def _require(session: Session, sitting_id: UUID) -> PaperSitting:
    row = session.get(PaperSitting, sitting_id)
    if row is None:
        raise NotFound("This sitting is not on paper.")
    return row


def _require_keyable(session: Session, row: PaperSitting, sitting: Sitting) -> None:
    if row.entered_at is not None:
        raise MoveRefused("The answers of this paper are in the record. They are keyed no more.")
    if sitting.state not in (SittingState.CLOSED, SittingState.SUBMITTED):
        raise MoveRefused(f"The test is {sitting.state.value}. It is keyed when it has ended.")
    if after.is_sealed(session, sitting.session_id):
        raise Conflict("The results of this session have been released, so no paper of it is keyed any more.")
