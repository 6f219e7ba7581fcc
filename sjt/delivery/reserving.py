"""A form in reserve: named with the session, and on the day of a leak dealt to everybody who has not begun."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from sjt import db
from sjt.access import Actor
from sjt.audit import service as audit
from sjt.delivery import dealing, fitting, incidents, ledger, own_forms, store
from sjt.delivery.model import HERE_STATES, ActKind, IncidentCategory, SittingState
from sjt.delivery.sources import FormFacts, source
from sjt.delivery.tables import Booking, Candidate, Sitting, TestSession
from sjt.delivery.tables_paper import SessionReserve
from sjt.delivery.writing import Act
from sjt.errors import Fault, InputError, MoveRefused, NotFound

Booked = tuple[Booking, Candidate, Sitting | None]


@dataclass(frozen=True, slots=True)
class Place:
    """A seat on the page of a swap."""

    booking_id: UUID
    seat: int | None
    name: str
    option: str
    state: str
    form_id: str


@dataclass(frozen=True, slots=True)
class Offer:
    """What can be dealt to the candidates of one option who have not begun, or why nothing can."""

    option: str
    leaked: tuple[str, ...]
    form_id: str | None
    named: bool
    """The session names it; otherwise it is another published form that fits as well."""
    waiting: tuple[Place, ...]
    """Who gets the reserve form."""
    closed_to: tuple[Place, ...]
    """Who has seen something of it and gets no form in this session."""
    why: str = ""
    next_step: str = ""


@dataclass(frozen=True, slots=True)
class SwapPlan:
    """What a swap would do now."""

    offers: tuple[Offer, ...]
    begun: tuple[Place, ...]
    """Untouched: these candidates have seen their form."""
    used_at: datetime | None
    used_by: str
    reason: str

    @property
    def can_swap(self) -> bool:
        return any(offer.form_id is not None for offer in self.offers)


@dataclass(frozen=True, slots=True)
class Swapped:
    """What a swap did."""

    forms: Mapping[str, str]
    dealt_again: tuple[UUID, ...]
    begun: tuple[Place, ...]
    without_form: tuple[Place, ...]


def named(session: Session, session_id: UUID) -> tuple[str, ...]:
    """Name the forms that a session keeps in reserve."""
    row = fitting.reserve_row(session, session_id)
    return tuple(row.forms) if row is not None else ()


def reserve_faults(session: Session, forms: Sequence[str], reserve: Sequence[str], file: str = "") -> list[Fault]:
    """Say why forms cannot be kept in reserve beside a session's forms."""
    faults: list[Fault] = []
    facts = _facts(session, forms)
    if len(set(reserve)) < len(reserve):
        faults.append(Fault(file, "", "reserve", "names a form twice.", "Leave one out."))
    for form_id in dict.fromkeys(reserve):
        if form_id in forms:
            faults.append(Fault(file, "", "reserve", f"names {form_id}, which is dealt too.", "Leave it out of one."))
            continue
        try:
            own = source().form_facts(session, form_id)
        except (NotFound, MoveRefused) as error:
            remedy = "Publish it, or name another form."
            faults.append(Fault(file, "", "reserve", f"names {form_id}: {error}", remedy))
            continue
        options = {fact.option for fact in facts.values()}
        if facts and own.option not in options:
            what = f"names {form_id}, which is for {own.option}; no form of the session is."
            faults.append(Fault(file, "", "reserve", what, "Name a form of the session's option."))
        for other in (one for one, fact in facts.items() if fact.option == own.option):
            if common := _common(session, other, form_id):
                what = f"names {form_id}, which shares {_listed(common)} with {other}."
                faults.append(Fault(file, "", "reserve", what, "Name a form that was built as its set's reserve."))
    return faults


def name_reserve(session: Session, session_id: UUID, forms: Sequence[str], *, by: Actor, now: datetime) -> None:
    """Say which forms a session keeps in reserve, before it closes."""
    row = fitting.session_to_change(session, session_id)
    if faults := reserve_faults(session, row.forms, forms):
        raise InputError("The reserve was not named.", faults)
    held = fitting.reserve_row(session, session_id) or SessionReserve(session_id=session_id)
    held.forms = list(forms)
    session.add(held)
    session.flush()
    audit.record(session, by=by, did="session.reserve_named", on=session_id, at=now, body={"forms": list(forms)})


def add_form(session: Session, session_id: UUID, form_id: str, *, by: Actor, now: datetime) -> None:
    """Add a form to a session that has not closed, such as one built for a resit."""
    row = fitting.session_to_change(session, session_id)
    if form_id in row.forms:
        return
    option = source().form_facts(session, form_id).option
    if option in own_forms.of_session(session, row):
        raise MoveRefused(
            f"Each {option} candidate of this session is dealt a form of their own. Name another pool, or none, first."
        )
    if form_id in named(session, session_id):
        raise MoveRefused(f"{form_id} is this session's reserve. Name another reserve first.")
    shared = [
        f"{one} ({_listed(common)})" for one in named(session, session_id) if (common := _common(session, one, form_id))
    ]
    if shared:
        raise MoveRefused(f"{form_id} shares scenarios with the session's reserve: {'; '.join(shared)}.")
    row.forms = [*row.forms, form_id]
    session.add(row)
    session.flush()
    audit.record(session, by=by, did="session.form_added", on=session_id, at=now, body={"form": form_id})


def plan(session: Session, session_id: UUID) -> SwapPlan:
    """Say what a swap to the reserve would do now: who gets which form, who is left as they are, and why."""
    row = store.test_session(session, session_id)
    held = fitting.reserve_row(session, session_id)
    booked = [one for one in store.bookings(session, session_id) if one[0].state in HERE_STATES]
    begun = tuple(_place(one) for one in booked if one[2] is not None and one[2].state is not SittingState.WAITING)
    waiting = [one for one in booked if one[2] is None or one[2].state is SittingState.WAITING]
    offers = [
        _offer(session, row, held, option, [one for one in waiting if one[1].option == option])
        for option in sorted({person.option for _, person, _ in waiting})
    ]
    used = (held.used_at, held.used_by, held.reason) if held is not None else (None, "", "")
    return SwapPlan(tuple(offers), begun, *used)


def _offer(
    session: Session, row: TestSession, held: SessionReserve | None, option: str, waiting: Sequence[Booked]
) -> Offer:
    places = tuple(_place(one) for one in waiting)
    withheld = set(held.withheld) if held is not None else set()
    facts = _facts(session, own_forms.shared_session_forms(session, row))
    own = [one for one, fact in facts.items() if fact.option == option]
    leaked = tuple(one for one in own if one not in withheld)
    kept = [one for one in (held.forms if held is not None else ()) if one not in row.forms]
    others = [one for one in sorted(fitting.published(session)) if one not in kept and one not in row.forms]
    seen = fitting.seen_by(session, [person.id for _, person, _ in waiting])
    shut = {one: fitting.with_relatives(session, known) for one, known in seen.items()}
    reasons: list[str] = []
    for form_id in (*kept, *others):
        try:
            fact = source().form_facts(session, form_id)
        except (NotFound, MoveRefused) as error:
            reasons.append(str(error))
            continue
        if fact.option != option:
            continue
        clash = next((common for one in own if (common := _common(session, one, form_id))), frozenset())
        if clash:
            if form_id in kept:
                reasons.append(f"The reserve {form_id} shares {_listed(clash)} with a form of this session.")
            continue
        inside = fitting.scenarios_of(session, form_id)
        fit = tuple(place for place, one in zip(places, waiting, strict=True) if not inside & shut[one[1].id])
        rest = tuple(place for place in places if place not in fit)
        if fit or not places:
            return Offer(option, leaked, form_id, form_id in kept, fit, rest)
        reasons.append(f"Everybody who waits has seen scenarios of {form_id}.")
    why = " ".join(reasons) or "The session names no reserve form, and no published form shares nothing with its forms."
    step = (
        "Do not start the room. Move the candidates to another session, and ask a test developer to build a set with "
        "a reserve form."
    )
    return Offer(option, leaked, None, False, (), places, why, step)


def swap(session_id: UUID, reason: str, *, by: Actor, now: datetime, leaked: Iterable[str] | None = None) -> Swapped:
    """Deal the reserve to everybody who has not begun, withhold the forms that leaked, open an incident.

    Not inside ``transaction()``: the new deals go through the ledger, where a start that came first wins. With
    ``leaked`` (the forms that the page named) a second press deals nothing again.

    Raises
    ------
    MoveRefused
        No option of the room has a form that fits, or the session is closed.
    """
    why = reason.strip()
    if not why:
        raise InputError("Say why the reserve form is used. The record keeps it.")
    with db.transaction() as session:
        row = fitting.session_to_change(session, session_id)
        found = plan(session, session_id)
        if leaked is not None and (named_ones := set(leaked)) and named_ones <= fitting.withheld(session, session_id):
            return Swapped({}, (), found.begun, ())
        forms = {offer.option: offer.form_id for offer in found.offers if offer.form_id is not None}
        gone_now = {one for offer in found.offers if offer.form_id is not None for one in offer.leaked}
        if not forms:
            said = " ".join(f"{offer.why} {offer.next_step}" for offer in found.offers)
            raise MoveRefused(f"No reserve form fits. {said or 'Nobody waits: every candidate has begun.'}")
        held = fitting.reserve_row(session, session_id) or SessionReserve(session_id=session_id)
        held.withheld = sorted({*held.withheld, *gone_now} - set(forms.values()))
        held.used_at, held.used_by, held.reason = now, by.id, why[:1000]
        row.forms = [*row.forms, *(one for one in forms.values() if one not in row.forms)]
        session.add_all([held, row])
        session.flush()
        begun = [str(place.booking_id) for place in found.begun]
        body = {"forms": forms, "withheld": held.withheld, "reason": why, "begun": begun}
        audit.record(session, by=by, did="session.reserve_used", on=session_id, at=now, body=body)
        text = f"Suspected leak: {why}. Reserve form dealt to all who had not begun; {len(begun)} had begun."
        incidents.report_incident(session, session_id, IncidentCategory.OTHER, text[:4000], by=by, now=now)
    dealt = deal_again(session_id, by=by, reason=why)
    with db.session() as session:
        after = plan(session, session_id)
        gone = fitting.withheld(session, session_id)
        stuck = tuple(
            place for offer in after.offers for place in offer.waiting + offer.closed_to if place.form_id in gone
        )
    return Swapped(forms, dealt, after.begun, stuck)


def deal_again(session_id: UUID, *, by: Actor, reason: str) -> tuple[UUID, ...]:
    """Give every sitting that waits on a withheld form another one; a sitting that has begun is left as it is."""
    keeper = ledger.current()
    with db.session() as session:
        row = store.test_session(session, session_id)
        gone = fitting.withheld(session, session_id)
        booked = store.bookings(session, session_id)
        facts = fitting.dealt_forms(session, row)
        seen = fitting.seen_by(session, [person.id for _, person, _ in booked])
        wanted = []
        deals: dict[int, dealing.Deal] = {}
        for booking, person, sitting in booked:
            if sitting is None or sitting.state is not SittingState.WAITING or sitting.form_id not in gone:
                continue
            choice = fitting.usable(session, facts, person.option, seen[person.id])
            if not choice:
                continue
            near = [deals[seat] for seat in ((booking.seat or 0) - 1, (booking.seat or 0) + 1) if seat in deals]
            paper = source().paper(session, choice[0])
            deal = dealing.order_of(str(row.id), f"{sitting.id}|{choice[0]}", paper, near)
            if booking.seat is not None:
                deals[booking.seat] = deal
            before = source().paper(session, sitting.form_id).minutes
            body: dict[str, Any] = {
                "form": choice[0],
                "was": sitting.form_id,
                "snapshot_sha256": facts[choice[0]].snapshot_sha256,
                "deal": asdict(deal),
                "minutes_more": paper.minutes - before,
                "reason": reason,
                "key": choice[0],
            }
            wanted.append(Act(sitting.id, ActKind.REDEALT, by.id, keeper.now(), body))
    done = keeper.act_all(wanted)
    return tuple(act.sitting_id for act, one in zip(wanted, done, strict=True) if one is not None and one.changed)


def may_start(session: Session, sitting: Sitting) -> bool:
    """Tell whether a sitting's form may still be shown: one that leaked never is."""
    return sitting.form_id not in fitting.withheld(session, sitting.session_id)


def _place(one: Booked) -> Place:
    booking, person, sitting = one
    state = sitting.state.value if sitting is not None else booking.state.value
    name = f"{person.given_name} {person.family_name}"
    return Place(booking.id, booking.seat, name, person.option, state, sitting.form_id if sitting is not None else "")


def _facts(session: Session, forms: Iterable[str]) -> dict[str, FormFacts]:
    found = {}
    for form_id in forms:
        try:
            found[form_id] = source().form_facts(session, form_id)
        except (NotFound, MoveRefused):
            continue
    return found


def _common(session: Session, one: str, other: str) -> frozenset[str]:
    """Name what a form holds of another's scenarios and their relatives."""
    return fitting.scenarios_of(session, other) & fitting.with_relatives(session, fitting.scenarios_of(session, one))


def _listed(names: Iterable[str]) -> str:
    shown = sorted(names)
    return ", ".join(shown[:4]) + (f" and {len(shown) - 4} more" if len(shown) > 4 else "")
