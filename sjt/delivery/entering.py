"""A candidate's way in: the code, the PIN, the lease, and whose browser this is.

These deeds open their own transactions: a wrong code must leave its trace although it is refused, and the lease is
taken in the ledger's queue.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from sjt import db
from sjt.access import SYSTEM, Actor, Role
from sjt.audit import service as audit
from sjt.authoring.snapshot import Paper
from sjt.delivery import (
    codes,
    dealing,
    emergency_keys,
    fitting,
    ledger,
    locked,
    networks,
    on_paper,
    own_forms,
    page_store,
    store,
)
from sjt.delivery.model import ActKind, Adjustment, BookingState, SessionState
from sjt.delivery.sources import source
from sjt.delivery.tables import Booking, CodeTry, Sitting
from sjt.delivery.writing import Act
from sjt.errors import Conflict, Forbidden, MoveRefused, Throttled

TRIES = 10
"""Wrong tries at a code in a minute from one seat's browser, or from an address whose browser shows no mark."""
ADDRESS_TRIES = 60
"""Wrong tries in a minute from one network address: a whole room may stand behind it."""
WINDOW = timedelta(hours=24)
"""How long before its start a session's codes open the waiting page."""
_REFUSED = "This code and PIN do not open a sitting. Check both signs by sign, or ask the invigilator."


@dataclass(frozen=True, slots=True)
class Entered:
    """A browser that holds a sitting; the three values go into its cookie."""

    sitting_id: UUID
    lease: int
    token: str = field(repr=False)
    candidate_name: str = ""


def enter(
    code: str,
    pin: str,
    *,
    address: str,
    agent: str,
    secret_key: str,
    now: datetime,
    seat: str = "",
    shown: Sequence[locked.Shown] = (),
) -> Entered:
    """Open the sitting of a code for this browser, or take it up again after a move to another device.

    Raises
    ------
    Throttled
        Ten wrong tries in a minute from this seat's browser, or sixty from its network address.
    LockedBrowserNeeded
        The session asks for its locked browser, and what this one has ``shown`` does not prove it.
    Forbidden
        The code and PIN open nothing, the person is not checked in, or another device holds the sitting.
    """
    tried = _count_try(address, seat, now)
    with db.session() as session:
        booking_id = _booking_of(session, code, pin, secret_key, now)
    if booking_id is None:
        _leave_trace("entry.refused", address, now, {"why": "unknown code or PIN"})
        raise Forbidden(_REFUSED)
    _forgive(tried)
    return _open(booking_id, address=address, agent=agent, secret_key=secret_key, now=now, shown=shown)


def enter_by_link(
    token: str,
    *,
    address: str,
    agent: str,
    secret_key: str,
    now: datetime,
    seat: str = "",
    shown: Sequence[locked.Shown] = (),
) -> Entered:
    """Open the sitting of a one-time start link, as ``enter`` does; the link is used up by the browser that gets in."""
    tried = _count_try(address, seat, now)
    try:
        with db.session() as session:
            booking_id = locked.booking_of_link(session, token, secret_key=secret_key)
            row = store.test_session(session, store.booking(session, booking_id).session_id)
        if row.state is SessionState.CLOSED or now < row.starts - WINDOW:
            raise Forbidden("This session is not open now. Ask the invigilator.")
    except Forbidden:
        _leave_trace("entry.refused", address, now, {"why": "start link is unknown, used or not open"})
        raise
    _forgive(tried)
    entered = _open(booking_id, address=address, agent=agent, secret_key=secret_key, now=now, shown=shown)
    with db.transaction() as session:
        locked.use_link(session, booking_id, now)
    return entered


def _open(
    booking_id: UUID, *, address: str, agent: str, secret_key: str, now: datetime, shown: Sequence[locked.Shown]
) -> Entered:
    _require_network(booking_id, address, now)
    _require_locked_browser(booking_id, shown, now)
    sitting_id, name, minutes, adjustment = _sitting_for(booking_id, now)
    candidate = f"candidate:{_candidate_of(sitting_id)}"
    keeper = ledger.current()
    opened = {"minutes": minutes, **adjustment.to_json()}
    opened.pop("notes")
    keeper.act(Act(sitting_id, ActKind.OPENED, SYSTEM.id, keeper.now(), opened))
    with db.session() as session:
        sitting = store.sitting(session, sitting_id)
        lease, session_id = sitting.lease, sitting.session_id
    emergency_keys.ensure_key(session_id, secret_key=secret_key, now=now)
    token = codes.lease_token(secret_key, sitting_id, lease)
    claim = Act(
        sitting_id,
        ActKind.CLAIMED,
        candidate,
        keeper.now(),
        {"device": agent[:300], "address": address[:80]},
        lease_hmac=codes.lease_hmac(token),
        device=agent[:300],
    )
    try:
        done = keeper.act(claim)
    except Forbidden:
        _leave_trace("booking.second_device_refused", booking_id, now, {"address": address, "agent": agent[:300]})
        raise
    return Entered(sitting_id, done.lease, codes.lease_token(secret_key, sitting_id, done.lease), name)


def _count_try(address: str, seat: str, now: datetime) -> list[UUID]:
    """Write a try down under its seat and its address, or refuse it; give the rows, to be taken back if it was good."""
    limits = {address[:80]: ADDRESS_TRIES, f"{address[:40]}|{seat[:32]}": TRIES} if seat else {address[:80]: TRIES}
    with db.transaction() as session:
        store.forget_tries(session, before=now - timedelta(minutes=2))
        since = now - timedelta(minutes=1)
        over = any(store.tries(session, name, since=since) >= most for name, most in limits.items())
        rows = [] if over else [CodeTry(address=name, at=now) for name in limits]
        session.add_all(rows)
        session.flush()
        ids = [row.id for row in rows]
    if over:
        raise Throttled("Too many tries. Wait one minute, then enter the code again.", retry_after=60)
    return ids


def _forgive(tried: list[UUID]) -> None:
    with db.transaction() as session:
        store.take_back_tries(session, tried)


def _booking_of(session: Session, code: str, pin: str, secret_key: str, now: datetime) -> UUID | None:
    read, read_pin = codes.read(code), codes.read_pin(pin)
    if read is None or read_pin is None:
        return None
    found = [
        row
        for row in store.sessions_with_pin(session, codes.pin_hmac(secret_key, read_pin))
        if row.state is not SessionState.CLOSED and now >= row.starts - WINDOW
    ]
    hmacs = [codes.code_hmac(secret_key, row.id, read) for row in found]
    booking = store.booking_with_code(session, [row.id for row in found], hmacs)
    return None if booking is None else booking.id


def _require_network(booking_id: UUID, address: str, now: datetime) -> None:
    with db.session() as session:
        allowed, centre = networks.of_session(session, store.booking(session, booking_id).session_id)
    try:
        networks.require_allowed(allowed, address, centre)
    except Forbidden:
        _leave_trace("booking.other_network_refused", booking_id, now, {"address": address[:80]})
        raise


def _require_locked_browser(booking_id: UUID, shown: Sequence[locked.Shown], now: datetime) -> None:
    try:
        with db.session() as session:
            locked.require(session, store.booking(session, booking_id).session_id, shown)
    except locked.LockedBrowserNeeded as refused:
        _leave_trace("booking.other_browser_refused", booking_id, now, {"why": refused.message})
        raise


def _leave_trace(did: str, on: UUID | str, now: datetime, body: dict[str, str]) -> None:
    with db.transaction() as session:
        audit.record(session, by=SYSTEM, did=did, on=on, at=now, body=body)


def _candidate_of(sitting_id: UUID) -> UUID:
    with db.session() as session:
        return store.sitting(session, sitting_id).candidate_id


def _sitting_for(booking_id: UUID, now: datetime) -> tuple[UUID, str, int, Adjustment]:
    """Find a booking's sitting or make it, for a candidate who has been checked in."""
    with db.session() as session:
        booking = store.booking(session, booking_id)
        person = store.candidate(session, booking.candidate_id)
        name = f"{person.given_name} {person.family_name}"
        _require_checked_in(booking)
        adjustment = Adjustment.from_json(booking.adjustment)
        found = store.sitting_of_booking(session, booking_id)
        if found is not None and on_paper.is_on_paper(session, found.id):
            raise Forbidden("This test is sat on paper, so no computer opens it. Ask the invigilator.")
    sitting_id, minutes = put_sitting(booking_id, now)
    return sitting_id, name, minutes, adjustment


def put_sitting(booking_id: UUID, now: datetime, *, by: Actor = SYSTEM) -> tuple[UUID, int]:
    """Find a booking's sitting or deal one: form, order, frozen paper's hash. Give it with its paper's minutes.

    What was dealt is looked at again inside the transaction that keeps it: if a neighbour sat down or a form was
    withheld meanwhile, it is dealt afresh.
    """
    for _ in range(8):
        with db.session() as session:
            booking = store.booking(session, booking_id)
            found = store.sitting_of_booking(session, booking_id)
            if found is not None:
                return found.id, paper_of(session, found.form_id).minutes
            person = store.candidate(session, booking.candidate_id)
            row = store.test_session(session, booking.session_id)
            pooled = person.option in own_forms.of_session(session, row)
            own = own_forms.standing_deal(session, row, booking) if pooled else None
            if not pooled:
                own = fitting.form_for(session, row, booking, person)
        if own is None:  # checked in before the session dealt from a pool, or a sitting was voided: dealt now
            with db.transaction() as session:
                own_forms.deal(session, store.booking(session, booking_id), person, by=by, now=now)
            continue
        form_id = own
        with db.session() as session:
            paper = source().paper(session, form_id)
            facts = source().form_facts(session, form_id)
            near = _neighbours(session, booking)
        sitting_id = uuid4()
        deal = dealing.order_of(str(row.id), str(sitting_id), paper, [deal_from(one.deal) for one in near])
        made = Sitting(
            id=sitting_id,
            booking_id=booking_id,
            session_id=row.id,
            candidate_id=person.id,
            form_id=form_id,
            snapshot_sha256=facts.snapshot_sha256,
            deal_seed=deal.seed,
            deal=json.dumps(asdict(deal), sort_keys=True),
            opened_at=now,
        )
        with contextlib.suppress(IntegrityError), db.transaction() as session:
            # two browsers may show one code at once: the first makes the sitting, the second finds it
            same = [(one.id, one.form_id) for one in _neighbours(session, booking)]
            if form_id in fitting.withheld(session, row.id) or same != [(one.id, one.form_id) for one in near]:
                continue
            session.add(made)
            session.flush()
            body = {"sitting": str(sitting_id), "form": form_id}
            audit.record(session, by=by, did="booking.entered", on=booking_id, at=now, body=body)
    raise Conflict("The room is being dealt again. Enter the code once more.")


def _neighbours(session: Session, booking: Booking) -> list[Sitting]:
    """Give the sittings on the seats beside a booking's."""
    return store.sittings_beside(session, booking.session_id, booking.seat or 0)


def _require_checked_in(booking: Booking) -> None:
    if booking.state is BookingState.BOOKED:
        raise Forbidden("The invigilator has not checked you in yet. Show your photo identity first.")
    if booking.state is not BookingState.CHECKED_IN:
        raise Forbidden("This booking is not open. Ask the invigilator.")


def deal_from(text: str) -> dealing.Deal:
    data = json.loads(text)
    options = {item: tuple(order) for item, order in data["options"].items()}
    return dealing.Deal(data["seed"], data["sitting"], tuple(data["scenarios"]), options, data["salt"])


_papers: dict[tuple[str, str], Paper] = {}


def paper_of(session: Session, form_id: str) -> Paper:
    """Give a form's frozen paper; it never changes, so it may be kept."""
    key = (db.current().key, form_id)
    if key not in _papers:
        if len(_papers) > 200:
            _papers.clear()
        _papers[key] = source().paper(session, form_id)
    return _papers[key]


def kept_paper(form_id: str) -> Paper | None:
    """Give a form's paper if this process has read it before."""
    return _papers.get((db.current().key, form_id))


def candidate_actor(session: Session, sitting_id: UUID, lease: int, token: str, *, secret_key: str) -> Actor | None:
    """Give the candidate whose browser this is, also under a lease that has since moved on; None for a stranger."""
    if not codes.token_holds(secret_key, sitting_id, lease, token):
        return None
    found = page_store.person_of(session, sitting_id)
    return Actor(f"candidate:{found[0]}", found[1], frozenset({Role.CANDIDATE})) if found is not None else None


_people: dict[tuple[str, UUID], Actor] = {}


def browser_actor(sitting_id: UUID, lease: int, token: str, *, secret_key: str) -> Actor | None:
    """Give the candidate of a browser; asked every few seconds by each page, and whose a sitting is never changes."""
    key = (db.current().key, sitting_id)
    if key in _people:
        return _people[key] if codes.token_holds(secret_key, sitting_id, lease, token) else None
    with db.session() as session:
        found = candidate_actor(session, sitting_id, lease, token, secret_key=secret_key)
    if found is not None:
        if len(_people) > 5_000:
            _people.clear()
        _people[key] = found
    return found


def require_lease(session: Session, sitting_id: UUID, lease: int) -> None:
    """Refuse a browser whose sitting has moved to another device."""
    if store.sitting(session, sitting_id).lease != lease:
        raise MoveRefused("This sitting has moved to another device. What you answered here is kept.")
