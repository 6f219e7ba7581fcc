"""Deeds on running sittings: each is an entry in the ledger's queue, on disk when it returns, and safe to repeat.

None of them takes a session, and none may be called inside ``transaction()``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from fractions import Fraction
from typing import Any
from uuid import UUID

import orjson

from sjt import db
from sjt.access import Actor
from sjt.audit import service as audit
from sjt.authoring.snapshot import PaperItem
from sjt.delivery import after, entering, latecomers, ledger, on_paper, reserving, responses, store
from sjt.delivery.model import (
    MAX_EVENTS,
    ActKind,
    BookingState,
    ClientEvent,
    PageClock,
    Refused,
    Reply,
    SessionState,
    SittingState,
)
from sjt.delivery.writing import Act, Batch, Done
from sjt.errors import InputError, MoveRefused


class TooMany(InputError):
    """More in one request than may be sent at once."""


def _act(sitting_id: UUID, kind: ActKind, by: Actor, **body: Any) -> Done:
    keeper = ledger.current()
    return keeper.act(Act(sitting_id, kind, by.id, keeper.now(), body))


def _act_on_room(
    session_id: UUID,
    kind: ActKind,
    by: Actor,
    states: Iterable[SittingState],
    *,
    without: frozenset[UUID] = frozenset(),
    **body: Any,
) -> list[UUID]:
    """Do one deed on every sitting of a room that is in one of the states, at one instant."""
    keeper = ledger.current()
    wanted = frozenset(states)
    with db.session() as session:
        ids = [one.id for one in store.sittings(session, session_id) if one.state in wanted and one.id not in without]
    at = keeper.now()
    done = keeper.act_all([Act(sitting_id, kind, by.id, at, body) for sitting_id in ids])
    return [sitting_id for sitting_id, one in zip(ids, done) if one is not None and one.changed]


def start_room(session_id: UUID, *, by: Actor, reason: str = "") -> list[UUID]:
    """Start everybody who is checked in and has entered; latecomers are started one by one."""
    keeper = ledger.current()
    at = keeper.now()
    with db.transaction() as session:
        row = store.test_session(session, session_id)
        if row.state is SessionState.CLOSED:
            raise MoveRefused("The session is closed.")
        ready = [
            sitting.id
            for booking, _, sitting in store.bookings(session, session_id)
            if sitting is not None
            and booking.state is BookingState.CHECKED_IN
            and sitting.state is SittingState.WAITING
            and (sitting.lease_hmac is not None or on_paper.is_on_paper(session, sitting.id))
            and reserving.may_start(session, sitting)
        ]
        if row.state is SessionState.SCHEDULED:
            row.state, row.started_at = SessionState.RUNNING, at.at
            session.add(row)
            audit.record(session, by=by, did="session.started", on=session_id, at=at.at, body={"reason": reason})
    body = {"reason": reason}
    done = keeper.act_all([Act(sitting_id, ActKind.STARTED, by.id, at, body) for sitting_id in ready])
    return [sitting_id for sitting_id, one in zip(ready, done) if one is not None and one.changed]


def start_sitting(sitting_id: UUID, *, by: Actor, reason: str = "") -> None:
    """Start one candidate who came or entered late: with the full time, unless the session's rule shortens it."""
    with db.session() as session:
        sitting = store.sitting(session, sitting_id)
        booking = store.booking(session, sitting.booking_id)
        row = store.test_session(session, sitting.session_id)
        leaked = sitting.state is SittingState.WAITING and not reserving.may_start(session, sitting)
        at = ledger.current().now()
        gone = latecomers.time_gone_ms(row, booking, store.sittings(session, row.id), at)
    if booking.state is not BookingState.CHECKED_IN:
        raise MoveRefused("Check the candidate in first.")
    if leaked:
        raise MoveRefused("This candidate's form may have leaked, and no other form of the session fits them.")
    if row.state is SessionState.CLOSED:
        raise MoveRefused("The session is closed.")
    late = {"late_ms": gone} if gone else {}
    _act(sitting_id, ActKind.STARTED, by, reason=reason, **late)


def pause(sitting_id: UUID, *, by: Actor, reason: str) -> None:
    _act(sitting_id, ActKind.PAUSED, by, reason=reason)


def resume(sitting_id: UUID, *, by: Actor, reason: str) -> None:
    _act(sitting_id, ActKind.RESUMED, by, reason=reason)


def pause_room(session_id: UUID, *, by: Actor, reason: str) -> list[UUID]:
    states = (SittingState.RUNNING, SittingState.BREAK)
    return _act_on_room(session_id, ActKind.PAUSED, by, states, reason=reason, room=True)


def resume_room(session_id: UUID, *, by: Actor, reason: str) -> list[UUID]:
    """Let all go on whom a pause of the room stopped; who was paused alone before stays so until somebody looks."""
    with db.session() as session:
        alone = store.paused_alone(session, session_id)
    states = (SittingState.PAUSED,)
    return _act_on_room(session_id, ActKind.RESUMED, by, states, without=alone, reason=reason, room=True)


def extend(
    sitting_id: UUID, *, minutes: int = 0, percent: str | int = 0, by: Actor, reason: str, key: str | None = None
) -> None:
    """Give one candidate more time; with a key (of the form that was sent) a second press adds nothing."""
    _require_more(minutes, percent)
    _act(sitting_id, ActKind.EXTENDED, by, minutes=minutes, percent=str(Fraction(percent)), reason=reason, key=key)


def extend_room(session_id: UUID, minutes: int, *, by: Actor, reason: str, key: str | None = None) -> list[UUID]:
    """Give the whole room more time; each candidate's own percentage applies to it too."""
    _require_more(minutes, 0)
    states = (SittingState.WAITING, SittingState.RUNNING, SittingState.PAUSED, SittingState.BREAK)
    return _act_on_room(session_id, ActKind.EXTENDED, by, states, minutes=minutes, room=True, reason=reason, key=key)


def _require_more(minutes: int, percent: str | int) -> None:
    if minutes < 0 or Fraction(percent) < 0 or (minutes == 0 and Fraction(percent) == 0):
        raise InputError("Extra time is more than nothing: give minutes, a percentage, or both.")
    if minutes > 600 or Fraction(percent) > 200:
        raise InputError("That is more than 600 minutes or 200 %. Check the number.")


def start_break(sitting_id: UUID, *, by: Actor, reason: str = "") -> None:
    _act(sitting_id, ActKind.BREAK_STARTED, by, reason=reason)


def end_break(sitting_id: UUID, *, by: Actor, reason: str = "") -> None:
    _act(sitting_id, ActKind.BREAK_ENDED, by, reason=reason)


def force_submit(sitting_id: UUID, *, by: Actor, reason: str) -> str:
    return _act(sitting_id, ActKind.SUBMITTED, by, reason=reason, forced=True).receipt or ""


def submit(sitting_id: UUID, lease: int, *, by: Actor) -> str:
    """Hand in for the candidate and give the receipt; a second time gives the same one."""
    with db.session() as session:
        if store.sitting(session, sitting_id).state in (SittingState.RUNNING, SittingState.PAUSED, SittingState.BREAK):
            entering.require_lease(session, sitting_id, lease)
    return _act(sitting_id, ActKind.SUBMITTED, by).receipt or ""


def void(sitting_id: UUID, *, by: Actor, reason: str) -> None:
    """Make a sitting count for nothing; what was answered stays in the ledger."""
    _act(sitting_id, ActKind.VOIDED, by, reason=reason)


def reopen(sitting_id: UUID, *, minutes: int = 0, by: Actor, reason: str, key: str | None = None) -> None:
    """Open an ended sitting again with its answers and the time it had left, and more if given."""
    with db.session() as session:
        sitting = store.sitting(session, sitting_id)
        if store.test_session(session, sitting.session_id).state is SessionState.CLOSED:
            raise MoveRefused("The session is closed, so nothing in it opens again.")
    if sitting.state in (SittingState.CLOSED, SittingState.SUBMITTED) and not sitting.left_ms and minutes <= 0:
        raise MoveRefused("No time was left. Give minutes to reopen it with.")
    _act(sitting_id, ActKind.REOPENED, by, minutes=minutes, reason=reason, key=key)


def move_device(sitting_id: UUID, *, by: Actor, reason: str) -> None:
    """Free the sitting for another device: the candidate enters the code there; the old browser is out at once."""
    _act(sitting_id, ActKind.RELEASED, by, reason=reason)


def close_session(session_id: UUID, *, by: Actor, reason: str = "") -> list[UUID]:
    """End a session: what still runs is closed, who never came is marked absent."""
    states = (SittingState.WAITING, SittingState.RUNNING, SittingState.PAUSED, SittingState.BREAK)
    with db.session() as session:
        if store.test_session(session, session_id).state is SessionState.CLOSED:
            return []
    closed = _act_on_room(session_id, ActKind.CLOSED, by, states, cause="session", reason=reason)
    at = ledger.current().now().at
    with db.transaction() as session:
        row = store.test_session(session, session_id)
        row.state, row.closed_at = SessionState.CLOSED, at
        session.add(row)
        for booking, _, _ in store.bookings(session, session_id):
            if booking.state is BookingState.BOOKED:
                booking.state, booking.reason = BookingState.ABSENT, "did not come"
            booking.code_hmac = None
            session.add(booking)
        session.flush()
        heads = {str(sitting.id): sitting.head_hash for sitting in store.sittings(session, session_id)}
        audit.record(
            session, by=by, did="session.closed", on=session_id, at=at, body={"reason": reason, "heads": heads}
        )
    after.session_closed(session_id, by, at)
    return closed


def decide_held(held_id: UUID, admit: bool, *, by: Actor, reason: str) -> None:
    """Let an answer that came late, or from an old device, count or not."""
    with db.session() as session:
        sitting_id = store.held_one(session, held_id).sitting_id
    _act(sitting_id, ActKind.ADMITTED if admit else ActKind.DISCARDED, by, held=str(held_id), reason=reason)


def save(sitting_id: UUID, lease: int, body: bytes, *, by: Actor) -> Reply:
    """Take a browser's events, as ``POST /sit/<sitting>/events`` sends them.

    Raises
    ------
    InputError
        The body is not JSON of the agreed shape; nothing was stored.
    """
    try:
        data = _read_json(body)
    except ValueError as error:
        raise InputError(f"The request is not JSON: {error}.") from error
    events = data.get("events") if isinstance(data, dict) else None
    if not isinstance(events, list):
        raise InputError('The request is not an object with a list of "events".')
    if len(events) > MAX_EVENTS:
        raise TooMany(f"The request holds {len(events)} events; {MAX_EVENTS} are the most. Send fewer at once.")
    unsaved = data.get("unsaved")
    held = unsaved if responses.is_whole(unsaved) else None
    sent = responses.read_clock(data.get("clock"))
    return save_events(sitting_id, lease, events, by=by.id, unsaved=held, sent=sent)


def _read_json(body: bytes) -> Any:
    """Read a request; half a sign (a lone surrogate) in one text must not refuse the other events for ever."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        if b"\\ud" not in body.lower():
            raise
        return json.loads(body)


def save_events(
    sitting_id: UUID,
    lease: int,
    raw: Iterable[Any],
    *,
    by: str,
    unsaved: int | None = None,
    sent: PageClock | None = None,
    via: str = "",
) -> Reply:
    """Check events against the paper, then store the good ones; the reply names every one."""
    keeper = ledger.current()
    instant = keeper.now()
    items = items_of(sitting_id)
    good: list[ClientEvent] = []
    bad: list[Refused] = []
    for one in raw:
        read = responses.read_event(one, items)
        if isinstance(read, Refused):
            bad.append(read)
        else:
            good.append(read)
    held = None if unsaved is None else max(0, min(unsaved, 1_000_000))
    reply = keeper.save(Batch(sitting_id, lease, tuple(good), by, instant, held, sent, via))
    if not bad:
        return reply
    return Reply(
        acked=reply.acked,
        refused=(*bad, *reply.refused),
        remaining_ms=reply.remaining_ms,
        ends_at=reply.ends_at,
        server_time=reply.server_time,
        state=reply.state,
        content_head=reply.content_head,
        receipt=reply.receipt,
    )


_items: dict[tuple[str, UUID], dict[str, PaperItem]] = {}


def items_of(sitting_id: UUID) -> dict[str, PaperItem]:
    """Give the items of a sitting's form; kept once the sitting has started, since the form can change no more."""
    key = (db.current().key, sitting_id)
    if key in _items:
        return _items[key]
    with db.session() as session:
        sitting = store.sitting(session, sitting_id)
        items = responses.items_of(entering.paper_of(session, sitting.form_id))
    if sitting.started_at is not None:
        if len(_items) > 5_000:
            _items.clear()
        _items[key] = items
    return items
