"""Every question asked of delivery's tables."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa
from sqlmodel import Session, col, select

from sjt.audit import chain
from sjt.delivery.model import Answer, BookingState, EventKind, Instant, LedgerEntry, SittingState
from sjt.delivery.row import kind_of
from sjt.delivery.tables import (
    AnswerRow,
    Booking,
    Candidate,
    Centre,
    CodeTry,
    GatewayEvidence,
    Heartbeat,
    HeldEvent,
    Incident,
    LedgerBody,
    LedgerRow,
    Room,
    Sitting,
    TestSession,
)
from sjt.errors import NotFound

_BELONG = sa.and_(col(LedgerBody.sitting_id) == col(LedgerRow.sitting_id), col(LedgerBody.n) == col(LedgerRow.n))


# -- the ledger --


def entries(session: Session, sitting_id: UUID) -> list[LedgerEntry]:
    """Give a sitting's entries in order; one whose body was erased has an empty body."""
    query = (
        select(LedgerRow, LedgerBody)
        .outerjoin(LedgerBody, _BELONG)
        .where(col(LedgerRow.sitting_id) == sitting_id)
        .order_by(col(LedgerRow.n))
    )
    return [_entry(row, body) for row, body in session.exec(query)]


def _entry(row: LedgerRow, body: LedgerBody | None) -> LedgerEntry:
    said: dict[str, Any] = orjson.loads(body.body) if body is not None else {}
    at = Instant(datetime.fromisoformat(row.at), said.get("boot", ""), said.get("mono", 0))
    lease, seq = (body.lease, body.seq) if body is not None else (None, None)
    return LedgerEntry(row.sitting_id, row.n, at, row.by, kind_of(row.did), said, lease, seq)


def links(session: Session, sitting_id: UUID | None = None) -> Iterator[chain.Entry]:
    """Give the chain's entries as the audit export writes them, by sitting and number."""
    query = select(LedgerRow).order_by(col(LedgerRow.sitting_id), col(LedgerRow.n))
    if sitting_id is not None:
        query = query.where(col(LedgerRow.sitting_id) == sitting_id)
    for row in session.exec(query.execution_options(yield_per=1000)):
        name = f"sitting:{row.sitting_id}"
        yield chain.Entry(name, row.n, row.at, row.by, row.did, row.body_sha256, row.prev, row.hash)


def chain_breaks(session: Session, sitting_id: UUID) -> list[chain.Break]:
    """Check one sitting: its chain, its head, and the bodies that are still kept."""
    name = f"sitting:{sitting_id}"
    found = list(links(session, sitting_id))
    breaks = chain.check(name, found)
    head = sitting(session, sitting_id)
    if (head.head_n, head.head_hash) != ((found[-1].n, found[-1].hash) if found else (0, chain.GENESIS)):
        breaks.append(chain.Break(name, head.head_n, "is not where the sitting's head says that the chain ends"))
    kept = {body.n: body for body in session.exec(select(LedgerBody).where(col(LedgerBody.sitting_id) == sitting_id))}
    for entry in found:
        body = kept.get(entry.n)
        if body is not None and chain.body_sha256(body.salt, orjson.loads(body.body)) != entry.body_sha256:
            breaks.append(chain.Break(name, entry.n, "its body was changed: it does not match the hash in the chain"))
    return breaks


def answers(session: Session, sitting_id: UUID, kind: EventKind = EventKind.ANSWER) -> dict[str, Answer]:
    """Give the standing answers (or flags, or views) of a sitting by item id."""
    return answers_of(session, [sitting_id], kind)[sitting_id]


def answers_of(
    session: Session, sitting_ids: Iterable[UUID], kind: EventKind = EventKind.ANSWER
) -> dict[UUID, dict[str, Answer]]:
    found: dict[UUID, dict[str, Answer]] = {sitting_id: {} for sitting_id in sitting_ids}
    query = select(AnswerRow).where(col(AnswerRow.sitting_id).in_(list(found)), col(AnswerRow.kind) == kind.value)
    for row in session.exec(query):
        found[row.sitting_id][row.item] = answer(row)
    return found


def answer(row: AnswerRow) -> Answer:
    response = None if row.response is None else orjson.loads(row.response)
    first, last = datetime.fromisoformat(row.first_at), datetime.fromisoformat(row.last_at)
    return Answer(row.item, response, row.lease, row.seq, first, last)


def last_event(session: Session, sitting_id: UUID, lease: int) -> tuple[int, str | None]:
    """Give the highest number stored under a lease and the content hash of its event; -1 where there is none."""
    query = (
        select(LedgerBody.seq, LedgerBody.content_sha256)
        .where(col(LedgerBody.sitting_id) == sitting_id, col(LedgerBody.lease) == lease)
        .where(col(LedgerBody.seq).is_not(None))
        .order_by(col(LedgerBody.seq).desc(), col(LedgerBody.counts).desc())
    )
    found = session.exec(query).first()
    return (-1, None) if found is None or found[0] is None else (found[0], found[1])


def known_events(session: Session, sitting_id: UUID, ids: Iterable[str]) -> set[str]:
    """Tell which of a browser's events are stored, counting or kept aside; what is no id is not."""
    wanted: set[UUID] = set()
    for one in ids:
        with contextlib.suppress(ValueError):
            wanted.add(UUID(one))
    query = select(LedgerBody.event_id).where(
        col(LedgerBody.sitting_id) == sitting_id, col(LedgerBody.event_id).in_(list(wanted))
    )
    return {str(event_id) for event_id in session.exec(query)}


def answer_counts(session: Session, session_id: UUID, kind: EventKind) -> dict[UUID, int]:
    """Count the items with a standing answer (or flag) per sitting of a session."""
    query = (
        select(AnswerRow.sitting_id, sa.func.count())
        .join(Sitting, col(Sitting.id) == col(AnswerRow.sitting_id))
        .where(
            col(Sitting.session_id) == session_id,
            col(AnswerRow.kind) == kind.value,
            col(AnswerRow.response).is_not(None),
            col(AnswerRow.response) != "false",
        )
        .group_by(col(AnswerRow.sitting_id))
    )
    return dict(session.exec(query).all())


def held(session: Session, sitting_id: UUID | None = None, session_id: UUID | None = None) -> Sequence[HeldEvent]:
    """Give the events kept aside, those undecided first."""
    query = select(HeldEvent).order_by(col(HeldEvent.decision).is_not(None), col(HeldEvent.arrived_at))
    if sitting_id is not None:
        query = query.where(col(HeldEvent.sitting_id) == sitting_id)
    if session_id is not None:
        inside = select(Sitting.id).where(col(Sitting.session_id) == session_id)
        query = query.where(col(HeldEvent.sitting_id).in_(inside))
    return session.exec(query).all()


def held_one(session: Session, held_id: UUID) -> HeldEvent:
    found = session.get(HeldEvent, held_id)
    if found is None:
        raise NotFound("There is no such late answer.")
    return found


def body_of(session: Session, sitting_id: UUID, n: int) -> dict[str, Any]:
    found = session.get(LedgerBody, (sitting_id, n))
    body: dict[str, Any] = orjson.loads(found.body) if found is not None else {}
    return body


# -- sessions, rooms, people --


def test_session(session: Session, session_id: UUID) -> TestSession:
    found = session.get(TestSession, session_id)
    if found is None:
        raise NotFound("There is no such session.")
    return found


def place(session: Session, row: TestSession) -> tuple[Centre, Room]:
    room = session.get(Room, row.room_id)
    assert room is not None, "a foreign key holds"
    centre = session.get(Centre, room.centre_id)
    assert centre is not None, "a foreign key holds"
    return centre, room


def centre_named(session: Session, name: str) -> Centre | None:
    return session.exec(select(Centre).where(col(Centre.name) == name)).first()


def room_named(session: Session, centre_id: UUID, name: str) -> Room | None:
    return session.exec(select(Room).where(col(Room.centre_id) == centre_id, col(Room.name) == name)).first()


def session_in(session: Session, room_id: UUID, starts: datetime) -> TestSession | None:
    query = select(TestSession).where(col(TestSession.room_id) == room_id, col(TestSession.starts) == starts)
    return session.exec(query).first()


def test_sessions(session: Session) -> list[tuple[TestSession, Room, Centre]]:
    query = (
        select(TestSession, Room, Centre)
        .join(Room, col(Room.id) == col(TestSession.room_id))
        .join(Centre, col(Centre.id) == col(Room.centre_id))
        .order_by(col(TestSession.starts).desc())
    )
    return [(row, room, centre) for row, room, centre in session.exec(query)]


def sessions_with_pin(session: Session, pin_hmac: str) -> Sequence[TestSession]:
    return session.exec(select(TestSession).where(col(TestSession.pin_hmac) == pin_hmac)).all()


def candidate(session: Session, candidate_id: UUID) -> Candidate:
    found = session.get(Candidate, candidate_id)
    if found is None:
        raise NotFound("There is no such candidate.")
    return found


def candidates(session: Session) -> Sequence[Candidate]:
    return session.exec(select(Candidate).order_by(col(Candidate.family_name), col(Candidate.given_name))).all()


def candidates_with_uln(session: Session, ulns: Iterable[str]) -> Sequence[Candidate]:
    return session.exec(select(Candidate).where(col(Candidate.uln).in_(list(ulns)))).all()


def evidence(session: Session, candidate_ids: Iterable[UUID]) -> dict[UUID, set[str]]:
    found: dict[UUID, set[str]] = {one: set() for one in candidate_ids}
    for row in session.exec(select(GatewayEvidence).where(col(GatewayEvidence.candidate_id).in_(list(found)))):
        found[row.candidate_id].add(row.evidence)
    return found


def booking(session: Session, booking_id: UUID) -> Booking:
    found = session.get(Booking, booking_id)
    if found is None:
        raise NotFound("There is no such booking.")
    return found


def bookings(session: Session, session_id: UUID) -> list[tuple[Booking, Candidate, Sitting | None]]:
    """Give a session's bookings with their people and sittings, by seat."""
    query = (
        select(Booking, Candidate, Sitting)
        .join(Candidate, col(Candidate.id) == col(Booking.candidate_id))
        .outerjoin(Sitting, (col(Sitting.booking_id) == col(Booking.id)) & (col(Sitting.retired) == ""))
        .where(col(Booking.session_id) == session_id)
        .order_by(col(Booking.seat).is_(None), col(Booking.seat), col(Candidate.family_name))
    )
    return [(row, person, found) for row, person, found in session.exec(query)]


def seats(
    session: Session, session_id: UUID, states: Iterable[BookingState]
) -> list[tuple[int, UUID, str, str | None]]:
    """Give the taken seats of a session by number: candidate, their option, and the form of who has a sitting."""
    query = (
        select(Booking.seat, Candidate.id, Candidate.option, Sitting.form_id)
        .join(Candidate, col(Candidate.id) == col(Booking.candidate_id))
        .outerjoin(Sitting, (col(Sitting.booking_id) == col(Booking.id)) & (col(Sitting.retired) == ""))
        .where(
            col(Booking.session_id) == session_id, col(Booking.seat).is_not(None), col(Booking.state).in_(list(states))
        )
        .order_by(col(Booking.seat), col(Candidate.family_name))
    )
    return [(seat, person, option, form) for seat, person, option, form in session.exec(query) if seat is not None]


def sittings_beside(session: Session, session_id: UUID, seat: int) -> list[Sitting]:
    """Give the sittings on the seats next to one."""
    query = (
        select(Sitting)
        .join(Booking, col(Booking.id) == col(Sitting.booking_id))
        .where(
            col(Booking.session_id) == session_id,
            col(Booking.seat).in_([seat - 1, seat + 1]),
            col(Sitting.retired) == "",
        )
        .order_by(col(Booking.seat))
    )
    return list(session.exec(query))


def bookings_of(session: Session, candidate_ids: Iterable[UUID]) -> list[tuple[Booking, TestSession]]:
    query = (
        select(Booking, TestSession)
        .join(TestSession, col(TestSession.id) == col(Booking.session_id))
        .where(col(Booking.candidate_id).in_(list(candidate_ids)))
        .order_by(col(TestSession.starts))
    )
    return [(row, at) for row, at in session.exec(query)]


def booking_with_code(session: Session, session_ids: Iterable[UUID], hmacs: Iterable[str]) -> Booking | None:
    query = select(Booking).where(
        col(Booking.session_id).in_(list(session_ids)), col(Booking.code_hmac).in_(list(hmacs))
    )
    return session.exec(query).first()


def booking_counts(session: Session) -> dict[tuple[UUID, BookingState], int]:
    query = select(Booking.session_id, Booking.state, sa.func.count()).group_by(
        col(Booking.session_id), col(Booking.state)
    )
    return {(session_id, BookingState(state)): count for session_id, state, count in session.exec(query)}


def seats_taken(session: Session, session_id: UUID) -> set[int]:
    query = select(Booking.seat).where(
        col(Booking.session_id) == session_id,
        col(Booking.seat).is_not(None),
        col(Booking.state).in_([BookingState.BOOKED, BookingState.CHECKED_IN, BookingState.ABSENT]),
    )
    return {seat for seat in session.exec(query) if seat is not None}


def tries(session: Session, address: str, since: datetime) -> int:
    query = select(sa.func.count()).select_from(CodeTry)
    return session.exec(query.where(col(CodeTry.address) == address, col(CodeTry.at) > since)).one()


def forget_tries(session: Session, before: datetime) -> None:
    session.execute(sa.delete(CodeTry).where(col(CodeTry.at) < before))


def take_back_tries(session: Session, ids: Iterable[UUID]) -> None:
    session.execute(sa.delete(CodeTry).where(col(CodeTry.id).in_(list(ids))))


# -- sittings --


def sitting(session: Session, sitting_id: UUID) -> Sitting:
    found = session.get(Sitting, sitting_id)
    if found is None:
        raise NotFound("There is no such sitting.")
    return found


def sitting_of_booking(session: Session, booking_id: UUID) -> Sitting | None:
    query = select(Sitting).where(col(Sitting.booking_id) == booking_id, col(Sitting.retired) == "")
    return session.exec(query).first()


def sittings(session: Session, session_id: UUID) -> Sequence[Sitting]:
    return session.exec(select(Sitting).where(col(Sitting.session_id) == session_id).order_by(col(Sitting.id))).all()


def sittings_with_bookings(
    session: Session, *, session_id: UUID | None = None, sitting_id: UUID | None = None, form_id: str | None = None
) -> list[tuple[Sitting, Booking, TestSession]]:
    query = (
        select(Sitting, Booking, TestSession)
        .join(Booking, col(Booking.id) == col(Sitting.booking_id))
        .join(TestSession, col(TestSession.id) == col(Sitting.session_id))
        .order_by(col(TestSession.starts), col(Booking.seat), col(Sitting.id))
    )
    for column, value in (
        (col(Sitting.session_id), session_id),
        (col(Sitting.id), sitting_id),
        (col(Sitting.form_id), form_id),
    ):
        if value is not None:
            query = query.where(column == value)
    return [(sitting, booking, row) for sitting, booking, row in session.exec(query)]


def forms_seen(session: Session, candidate_id: UUID) -> set[str]:
    """Give the forms whose text a candidate has seen."""
    query = select(Sitting.form_id).where(
        col(Sitting.candidate_id) == candidate_id,
        col(Sitting.started_at).is_not(None),
        col(Sitting.retired) != "unseen",
    )
    return set(session.exec(query))


def running(session: Session) -> list[UUID]:
    query = select(Sitting.id).where(
        col(Sitting.state).in_([SittingState.RUNNING, SittingState.PAUSED, SittingState.BREAK])
    )
    return list(session.exec(query))


def paused_alone(session: Session, session_id: UUID) -> frozenset[UUID]:
    """Give the paused sittings of a session whose pause was their own, not the room's."""
    query = (
        select(LedgerRow, LedgerBody)
        .join(LedgerBody, _BELONG)
        .join(Sitting, col(Sitting.id) == col(LedgerRow.sitting_id))
        .where(
            col(Sitting.session_id) == session_id,
            col(Sitting.state) == SittingState.PAUSED,
            col(LedgerRow.did) == "sitting.paused",
        )
        .order_by(col(LedgerRow.n))
    )
    last = {row.sitting_id: bool(orjson.loads(body.body).get("room")) for row, body in session.exec(query)}
    return frozenset(sitting_id for sitting_id, room in last.items() if not room)


def overdue(session: Session, at: Instant) -> list[UUID]:
    """Give the sittings whose end has passed: by monotonic time on this boot, else by the wall."""
    mine = col(Sitting.ends_boot) == at.boot
    query = select(Sitting.id).where(
        col(Sitting.state).in_([SittingState.RUNNING, SittingState.BREAK]),
        sa.or_(
            sa.and_(mine, col(Sitting.ends_mono_ms) < at.mono_ms),
            sa.and_(~mine, col(Sitting.ends_at) < at.at),
        ),
    )
    return list(session.exec(query))


def last_heartbeat(session: Session) -> Heartbeat | None:
    return session.exec(select(Heartbeat).order_by(col(Heartbeat.id).desc()).limit(1)).first()


def count_heartbeats(session: Session) -> int:
    return session.exec(select(sa.func.count()).select_from(Heartbeat)).one()


def signs_of_life(session: Session, beat: Instant) -> list[Instant]:
    """Give the moments at which a server surely lived, in order: its heartbeat, and entries written since on that boot.

    Of each open sitting only the newest entry is asked for: enough to find a silence, without reading the ledger.
    """
    query = (
        select(LedgerRow, LedgerBody)
        .join(LedgerBody, _BELONG)
        .join(Sitting, (col(Sitting.id) == col(LedgerRow.sitting_id)) & (col(Sitting.head_n) == col(LedgerRow.n)))
        .where(col(Sitting.state).in_([SittingState.RUNNING, SittingState.PAUSED, SittingState.BREAK]))
    )
    found = [_entry(row, body).at for row, body in session.exec(query)]
    since = [at for at in found if at.boot == beat.boot and at.mono_ms > beat.mono_ms]
    return [beat, *sorted(since, key=lambda at: at.mono_ms)]


def incidents(session: Session, session_id: UUID) -> Sequence[Incident]:
    return session.exec(select(Incident).where(col(Incident.session_id) == session_id).order_by(col(Incident.at))).all()
