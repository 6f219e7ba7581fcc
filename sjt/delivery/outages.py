"""What a time without a server leads to in a room: written down at once, given back by policy or by a decision."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from sjt import db
from sjt.access import SYSTEM, Actor
from sjt.audit import service as audit
from sjt.delivery import incidents, ledger, store
from sjt.delivery.model import (
    OPEN_STATES,
    ActKind,
    IncidentCategory,
    Instant,
    OutagePolicy,
    SessionState,
    SittingState,
)
from sjt.delivery.tables import Incident, OutageCase, Sitting
from sjt.delivery.timing import instant_to_json
from sjt.delivery.writing import Act
from sjt.errors import Conflict, InputError, NotFound

TELL_FROM_MS: Final = 5_000
"""A shorter silence is written in the ledgers alone: nobody in the room has noticed it."""

GIVE, KEEP = "given back", "not given back"


def tell_rooms(
    session: Session, sitting_ids: Iterable[UUID], key: str, start: Instant, end: Instant, ms: int, policy: OutagePolicy
) -> None:
    """Put an outage on the incident log of every room it touched; under ``ask`` it waits there for a decision."""
    rooms = session.exec(select(Sitting.session_id).where(col(Sitting.id).in_(list(sitting_ids))).distinct()).all()
    span = {"from": instant_to_json(start), "to": instant_to_json(end)}
    for session_id in rooms:
        with contextlib.suppress(IntegrityError), session.begin_nested():
            # the row's unique key lets only one of two servers tell the room
            case = OutageCase(session_id=session_id, key=key, from_at=start.at, to_at=end.at, ms=ms, span=span)
            if policy is not OutagePolicy.ASK:
                case.decision = GIVE if policy is OutagePolicy.ON else KEEP
                case.decided_by, case.decided_at, case.reason = SYSTEM.id, end.at, "rule of the installation"
            session.add(case)
            session.flush()
            if ms >= TELL_FROM_MS:
                _log(session, case, policy)


def _log(session: Session, case: OutageCase, policy: OutagePolicy) -> None:
    text = f"The server did not answer for {in_words(case.ms)}."
    made = incidents.report_incident(
        session, case.session_id, IncidentCategory.TECHNICAL, text, by=SYSTEM, now=case.to_at
    )
    if policy is not OutagePolicy.ASK:
        words = f"The time is {case.decision} to every test that was running, by the rule of the installation."
        incidents.resolve_incident(session, made, words, by=SYSTEM, now=case.to_at)


def in_words(ms: int) -> str:
    minutes, seconds = divmod(round(ms / 1000), 60)
    if not minutes:
        return f"{seconds} s"
    return f"{minutes} min {seconds} s" if seconds else f"{minutes} min"


def undecided(session: Session, session_id: UUID) -> Sequence[OutageCase]:
    query = select(OutageCase).where(col(OutageCase.session_id) == session_id, col(OutageCase.decision).is_(None))
    return session.exec(query.order_by(col(OutageCase.from_at))).all()


def of_session(session: Session, session_id: UUID) -> Sequence[OutageCase]:
    query = select(OutageCase).where(col(OutageCase.session_id) == session_id).order_by(col(OutageCase.from_at))
    return session.exec(query).all()


def decide_outage(case_id: UUID, give_back: bool, *, by: Actor, reason: str) -> int:
    """Give a room the time of an outage back, or not; give how many tests it changed. A repeat changes nothing.

    A test whose time ran out in the outage opens again with what it had left.
    """
    decision = GIVE if give_back else KEEP
    with db.session() as session:
        case = session.get(OutageCase, case_id)
        if case is None:
            raise NotFound("There is no such outage.")
        if case.decision is not None and case.decision != decision:
            raise Conflict(f"The time of this outage was {case.decision} already.")
        if case.decision is not None:
            return 0
        if not reason.strip():
            raise InputError("Give a reason. The record keeps it.")
        row = store.test_session(session, case.session_id)
        if row.state is SessionState.CLOSED and give_back:
            raise Conflict("The session is closed, so no test in it has a clock any more.")
        sittings = [(one.id, one.state, one.finished_at) for one in store.sittings(session, case.session_id)]
        span, session_id = dict(case.span), case.session_id
    changed = _give_back(case_id, case.from_at, sittings, span, by, reason) if give_back else 0
    at = ledger.current().now().at
    with db.transaction() as session:
        case = session.get(OutageCase, case_id)
        assert case is not None, "rows are not deleted"
        case.decision, case.decided_by, case.decided_at, case.reason = decision, by.id, at, reason[:1000]
        session.add(case)
        body = {"outage": str(case_id), "ms": case.ms, "decision": decision, "reason": reason, "tests": changed}
        audit.record(session, by=by, did="session.outage_decided", on=session_id, at=at, body=body)
        query = select(Incident).where(
            col(Incident.session_id) == session_id, col(Incident.by) == SYSTEM.id, col(Incident.at) == case.to_at
        )
        words = f"The time is {decision}: {reason}"
        for incident in session.exec(query).all():
            incidents.resolve_incident(session, incident.id, words, by=by, now=at)
    return changed


def _give_back(
    case_id: UUID,
    from_at: datetime,
    sittings: Iterable[tuple[UUID, SittingState, datetime | None]],
    span: dict[str, Any],
    by: Actor,
    reason: str,
) -> int:
    keeper = ledger.current()
    at = keeper.now()
    body = {**span, "credited": True, "policy": OutagePolicy.ASK.value, "reason": reason, "key": f"case:{case_id}"}
    known = list(sittings)
    ran_out = [
        one for one, state, ended in known if state is SittingState.CLOSED and ended is not None and ended >= from_at
    ]
    open_ones = [one for one, state, _ in known if state in OPEN_STATES]
    done = keeper.act_all([Act(one, ActKind.OUTAGE, by.id, at, body) for one in [*open_ones, *ran_out]])
    again = {"minutes": 0, "reason": "time of an outage given back", "key": f"case:{case_id}"}
    keeper.act_all([Act(one, ActKind.REOPENED, by.id, at, again) for one in ran_out])
    return sum(one is not None and one.changed for one in done)
