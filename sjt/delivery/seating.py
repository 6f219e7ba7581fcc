"""Who sits where, put right: a check-in undone, a test given to the person who sits it, a void sitting begun anew."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlmodel import Session

from sjt import db
from sjt.access import Actor
from sjt.audit import service as audit
from sjt.delivery import incidents, ledger, own_forms, sitting, store
from sjt.delivery.model import (
    ENDED_STATES,
    ActKind,
    Adjustment,
    BookingState,
    IncidentCategory,
    Instant,
    SessionState,
    SittingState,
)
from sjt.delivery.row import Hand, Row
from sjt.delivery.tables import Booking, Sitting
from sjt.delivery.writing import Act
from sjt.errors import MoveRefused

WRONG_PERSON = "Wrong candidate under this code"
"""A reason that says: the person named has not seen the questions."""


def undo_check_in(booking_id: UUID, *, by: Actor, reason: str) -> None:
    """Take a check-in back before the test has begun; a computer that was entered with the code lets go."""
    with db.session() as session:
        booking = store.booking(session, booking_id)
        if booking.state is not BookingState.CHECKED_IN:
            return
        found = store.sitting_of_booking(session, booking_id)
        if found is not None and found.state is not SittingState.WAITING:
            raise MoveRefused("The test has begun under this check-in. Give it to the right person, or make it void.")
        sitting_id = found.id if found is not None and found.head_n else None
    keeper = ledger.current()
    if sitting_id is not None:
        keeper.act(Act(sitting_id, ActKind.RELEASED, by.id, keeper.now(), {"reason": reason}))
    with db.transaction() as session:
        booking = store.booking(session, booking_id)
        booking.state, booking.checked_in_at, booking.checked_in_by, booking.late = (
            BookingState.BOOKED,
            None,
            None,
            False,
        )
        session.add(booking)
        at = keeper.now().at
        audit.record(session, by=by, did="booking.check_in_undone", on=booking_id, at=at, body={"reason": reason})


def exchange(sitting_id: UUID, to_booking_id: UUID, *, by: Actor, reason: str) -> None:
    """Give a sitting, with its answers and its clock, to the person who really sits it.

    The other person's own sitting, if there is one, comes the other way. The clock is never shortened: who was granted
    more than the sitting has gets the difference. An incident stays open until somebody resolves it.
    """
    with db.session() as session:
        mine = store.sitting(session, sitting_id)
        here = store.booking(session, mine.booking_id)
        if here.id == to_booking_id:
            return
        there = store.booking(session, to_booking_id)
        theirs = store.sitting_of_booking(session, to_booking_id)
        _require_fit(session, mine, here, there, theirs)
        people = {one.id: store.candidate(session, one.candidate_id) for one in (here, there)}
        ends = (
            (mine.id, here.id, there.id, there.candidate_id, _difference(here, there)),
            (theirs.id if theirs else None, there.id, here.id, here.candidate_id, _difference(there, here)),
        )
        names = {key: f"{person.given_name} {person.family_name}" for key, person in people.items()}
        seats = {one.id: f"seat {one.seat}" if one.seat else "no seat" for one in (here, there)}
        session_id = here.session_id
    keeper = ledger.current()
    at = keeper.now()
    keeper.run(lambda hand: _exchange(hand, ends, by, at, reason))
    with db.transaction() as session:
        words = (
            f"{names[to_booking_id]} ({seats[to_booking_id]}) sat under the code of {names[here.id]} "
            f"({seats[here.id]}). The test, its answers and its clock were given to {names[to_booking_id]}. {reason}"
        )
        category = IncidentCategory.CANDIDATE
        incidents.report_incident(session, session_id, category, words, by=by, now=at.at, sitting_id=sitting_id)
        body = {"sitting": str(sitting_id), "to": str(to_booking_id), "reason": reason}
        audit.record(session, by=by, did="booking.sitting_given_on", on=here.id, at=at.at, body=body)


def _require_fit(session: Session, mine: Sitting, here: Booking, there: Booking, theirs: Sitting | None) -> None:
    row = store.test_session(session, here.session_id)
    if row.state is SessionState.CLOSED:
        raise MoveRefused("The session is closed, so its tests stay with the people they are recorded for.")
    if there.session_id != here.session_id:
        raise MoveRefused("That person is booked into another session.")
    if there.state is not BookingState.CHECKED_IN:
        raise MoveRefused("That person is not checked in. See the photo identity and check them in first.")
    if theirs is not None and theirs.state in ENDED_STATES:
        raise MoveRefused("That person has ended a test of their own. Make the wrong one void instead.")
    for one, booking in ((mine, there), (theirs, here)):
        if one is None:
            continue
        person = store.candidate(session, booking.candidate_id)
        may_sit = own_forms.may_sit(session, row, person, one.form_id)
        if not may_sit and not _same_form(session, one, booking):
            name = f"{person.given_name} {person.family_name}"
            raise MoveRefused(
                f"The form of this test is not one that {name} may sit. Make this test void, then Seat again gives "
                "each person a new one."
            )


def _same_form(session: Session, one: Sitting, booking: Booking) -> bool:
    """Tell whether the person's own sitting here is of that form, so that having seen it says nothing."""
    own = store.sitting_of_booking(session, booking.id)
    return own is not None and own.form_id == one.form_id


def _difference(have: Booking, due: Booking) -> dict[str, Any]:
    had, has = Adjustment.from_json(have.adjustment), Adjustment.from_json(due.adjustment)
    more = max(Fraction(0), has.extra_percent - had.extra_percent)
    return {
        "percent": str(more),
        "minutes": max(0, has.extra_minutes - had.extra_minutes),
        "rest_break_minutes": max(0, has.rest_break_minutes - had.rest_break_minutes),
    }


End = tuple[UUID | None, UUID, UUID, UUID, dict[str, Any]]


def _exchange(hand: Hand, ends: tuple[End, End], by: Actor, at: Instant, reason: str) -> None:
    """Move the sittings across in the ledger's own transaction; the index lets neither booking have two at once."""
    rows = [(Row(hand, one[0]), one) for one in ends if one[0] is not None]
    for row, (_, from_booking, _, _, _) in rows:
        found = hand.run("SELECT booking_id FROM sitting WHERE id = ?", row.key).fetchone()
        if found[0] != hand.uuid(from_booking):
            raise MoveRefused("The seats have changed meanwhile. Look at the console again.")
        sitting.move(row.state, ActKind.REASSIGNED)
    for row, _ in rows:
        hand.run("UPDATE sitting SET retired = 'moving' WHERE id = ?", row.key)
    for row, (_, from_booking, to_booking, candidate, more) in rows:
        hand.run(
            "UPDATE sitting SET booking_id = ?, candidate_id = ?, retired = '' WHERE id = ?",
            hand.uuid(to_booking),
            hand.uuid(candidate),
            row.key,
        )
        body = {"from": str(from_booking), "to": str(to_booking), "reason": reason, **more}
        row.append(ActKind.REASSIGNED, at, by.id, body)
        if row.state not in ENDED_STATES:
            row.renew_clock(at)
        row.put_all()


def seat_again(session: Session, booking_id: UUID, *, by: Actor, now: datetime, reason: str) -> None:
    """Let a candidate whose sitting is void begin a new one with the same code; the void one stays on record."""
    booking = store.booking(session, booking_id)
    row = store.test_session(session, booking.session_id)
    if row.state is SessionState.CLOSED:
        raise MoveRefused("The session is closed. Book the candidate into another.")
    found = store.sitting_of_booking(session, booking_id)
    if found is None:
        return
    if found.state is not SittingState.VOID:
        raise MoveRefused("There is a test under this code that counts. Make it void first, or give it to who sits it.")
    entries = store.entries(session, found.id)
    why = next((str(one.body.get("reason", "")) for one in reversed(entries) if one.kind is ActKind.VOIDED), "")
    unseen = why.startswith(WRONG_PERSON) or found.started_at is None
    found.retired = "unseen" if unseen else "again"
    booking.late = booking.late or row.state is SessionState.RUNNING
    session.add_all([found, booking])
    session.flush()
    person = store.candidate(session, booking.candidate_id)
    if not own_forms.open_forms(session, row, person):
        raise MoveRefused(
            "The candidate has seen the only form of this session. The centre books a session with another form."
        )
    body = {"void": str(found.id), "unseen": unseen, "reason": reason}
    audit.record(session, by=by, did="booking.seated_again", on=booking_id, at=now, body=body)
