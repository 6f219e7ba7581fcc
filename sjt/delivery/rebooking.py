"""A booking that ends before its test: absent, withdrawn, moved to another session; and the resit after one."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from sjt.access import Actor
from sjt.audit import service as audit
from sjt.delivery import fitting, own_forms, store
from sjt.delivery.model import BookingState, SessionState, SittingState
from sjt.delivery.scheduling import free_seat, gateways
from sjt.delivery.tables import Booking
from sjt.errors import Conflict, MoveRefused


def mark_absent(session: Session, booking_id: UUID, reason: str, *, by: Actor, now: datetime) -> None:
    _leave(session, booking_id, BookingState.ABSENT, reason, by=by, now=now)


def withdraw(session: Session, booking_id: UUID, reason: str, *, by: Actor, now: datetime) -> None:
    _leave(session, booking_id, BookingState.WITHDRAWN, reason, by=by, now=now)


def _leave(
    session: Session, booking_id: UUID, state: BookingState, reason: str, *, by: Actor, now: datetime
) -> Booking:
    booking = store.booking(session, booking_id)
    if booking.state is state:
        return booking
    sitting = store.sitting_of_booking(session, booking_id)
    if sitting is not None and sitting.state not in (SittingState.WAITING, SittingState.VOID):
        raise MoveRefused("The candidate has begun. End or void the sitting instead.")
    if booking.state in (BookingState.MOVED, BookingState.WITHDRAWN):
        raise MoveRefused(f"This booking is {booking.state.value} already.")
    own_forms.give_back(session, booking, by=by, now=now)
    booking.state, booking.reason, booking.code_hmac = state, reason, None
    if state is not BookingState.ABSENT:
        booking.seat = None
    session.add(booking)
    session.flush()
    audit.record(session, by=by, did=f"booking.{state.value}", on=booking_id, at=now, body={"reason": reason})
    return booking


def move_booking(
    session: Session, booking_id: UUID, to_session_id: UUID, reason: str, *, by: Actor, now: datetime
) -> UUID:
    """Move a candidate who has not begun to another session; the old booking says where to."""
    old = store.booking(session, booking_id)
    if old.session_id == to_session_id:
        raise MoveRefused("The candidate is in this session already.")
    new = _book_again(session, old, to_session_id, now)
    new.attempt, new.resit_of = old.attempt, old.resit_of
    _leave(session, booking_id, BookingState.MOVED, reason, by=by, now=now)
    old.moved_to = new.id
    session.add_all([old, new])
    session.flush()
    audit.record(session, by=by, did="booking.moved_here", on=new.id, at=now, body={"from": str(booking_id)})
    return new.id


def book_resit(session: Session, booking_id: UUID, session_id: UUID, *, by: Actor, now: datetime) -> UUID:
    """Book the same apprentice again, linked to the attempt before, where a form is new to them."""
    old = store.booking(session, booking_id)
    sitting = store.sitting_of_booking(session, booking_id)
    if sitting is None or sitting.state not in (SittingState.CLOSED, SittingState.SUBMITTED):
        raise MoveRefused("A resit follows a finished sitting. Move the booking instead if nothing was sat.")
    new = _book_again(session, old, session_id, now)
    new.attempt, new.resit_of = old.attempt + 1, old.id
    session.add(new)
    session.flush()
    body = {"resit_of": str(old.id), "attempt": new.attempt}
    audit.record(session, by=by, did="booking.resit", on=new.id, at=now, body=body)
    return new.id


def _book_again(session: Session, old: Booking, session_id: UUID, now: datetime) -> Booking:
    row = store.test_session(session, session_id)
    if row.state is SessionState.CLOSED:
        raise MoveRefused("That session is closed.")
    person = store.candidate(session, old.candidate_id)
    if any(booking.session_id == session_id for booking, _ in store.bookings_of(session, [person.id])):
        raise Conflict("The candidate has a booking in that session already.")
    if not own_forms.open_forms(session, row, person):
        raise MoveRefused(fitting.no_form_words(person.option).replace("This session", "That session"))
    lacking = gateways(session, [person])[person.id]
    new = Booking(
        candidate_id=person.id,
        session_id=session_id,
        seat=None if lacking else free_seat(session, row),
        state=BookingState.PENDING if lacking else BookingState.BOOKED,
        adjustment=old.adjustment,
        notes=old.notes,
        created_at=now,
    )
    session.add(new)
    session.flush()
    return new
