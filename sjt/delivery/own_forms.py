"""A form of its own for each candidate: which pools a session deals from, the deal at check-in, and whether it lasts.

A form of a pool is dealt once, ever: the row of the deal has the form as its key. The draw begins at a place that a
hash of session and candidate gives, and passes over what is dealt and what holds something the candidate has met.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, cast
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from sjt.access import Actor
from sjt.audit import service as audit
from sjt.delivery import dealing, fitting, store
from sjt.delivery.model import HERE_STATES, SessionState
from sjt.delivery.sources import source
from sjt.delivery.tables import Booking, Candidate, FormDeal, Sitting, TestSession
from sjt.errors import Fault, InputError, MoveRefused, NotFound

SPARE = 1.1
"""Forms free for each candidate that waits, below which a pool is called low: a void sitting takes a second form."""


class PoolForm(Protocol):
    """A form of a pool, without its text."""

    @property
    def form_id(self) -> str: ...
    @property
    def minutes(self) -> int: ...
    @property
    def scenarios(self) -> frozenset[str]: ...


class Pool(Protocol):
    """A pool with the forms that may be dealt, in its order."""

    @property
    def id(self) -> UUID: ...
    @property
    def number(self) -> int: ...
    @property
    def title(self) -> str: ...
    @property
    def option(self) -> str: ...
    @property
    def use(self) -> str: ...
    @property
    def forms(self) -> Sequence[PoolForm]: ...


class _Pools(Protocol):
    """Whoever has pools: authoring's service."""

    def pool(self, session: Session, set_id: UUID) -> Pool: ...


def _source() -> _Pools:
    return cast("_Pools", source())


def all_pools(session: Session) -> list[Pool]:
    """List the pools with a published form; a source that knows of none has none."""
    ask = getattr(source(), "pools", None)
    return list(ask(session)) if ask is not None else []


def of_session(session: Session, row: TestSession) -> dict[str, list[Pool]]:
    """Give the pools a session deals from, by option.

    An option for which the session holds a form for everybody is dealt that: a reserve that was called upon.
    """
    if not row.pools:
        return {}
    shared = {fact.option for fact in fitting.dealt_forms(session, row).values()}
    found: dict[str, list[Pool]] = {}
    for name in row.pools:
        one = _source().pool(session, UUID(name))
        if one.option not in shared:
            found.setdefault(one.option, []).append(one)
    return found


def faults_of(
    session: Session, wanted: Sequence[UUID | str], forms_options: Collection[str], file: str = ""
) -> list[Fault]:
    """Say why a session cannot deal from these pools beside forms for everybody of these options."""
    faults = []
    if len({str(one) for one in wanted}) < len(wanted):
        faults.append(Fault(file, "", "own_forms", "names a pool twice.", "Leave one out."))
    for name in wanted:
        try:
            one = _source().pool(session, UUID(str(name)))
        except (NotFound, ValueError):
            faults.append(Fault(file, "", "own_forms", f"names {name}, which is no pool.", "Give the id of a pool."))
            continue
        if not one.forms:
            what = f"names {one.title}, of which no form is published."
            faults.append(Fault(file, "", "own_forms", what, "Have it published."))
        if one.option in forms_options:
            what = f"names {one.title}; the session also has a form that every {one.option} candidate may be dealt."
            faults.append(Fault(file, "", "own_forms", what, "Leave out the pool or the form."))
    return faults


def name_pools(session: Session, session_id: UUID, wanted: Sequence[str], *, by: Actor, now: datetime) -> None:
    """Say from which pools a session deals; what was dealt from others stays."""
    row = fitting.session_to_change(session, session_id)
    options = {fact.option for fact in fitting.dealt_forms(session, row).values()}
    faults = faults_of(session, wanted, options)
    if not wanted and not row.forms:
        faults.append(
            Fault("", "", "own_forms", "leaves the session without a form.", "Keep one, or add a form first.")
        )
    if faults:
        raise InputError("The pools were not named.", faults)
    row.pools = [str(one) for one in wanted]
    session.add(row)
    session.flush()
    audit.record(session, by=by, did="session.pools_named", on=session_id, at=now, body={"pools": row.pools})


def taken(session: Session, pools: Iterable[Pool]) -> set[str]:
    """Name the forms of pools that were dealt to anybody, in any session."""
    ids = [one.id for one in pools]
    return set(session.exec(select(FormDeal.form_id).where(col(FormDeal.pool).in_(ids)))) if ids else set()


def dealt_in(session: Session, session_id: UUID) -> dict[UUID, str]:
    """Give the form dealt to each booking of a session, the last where a second one was needed."""
    query = select(FormDeal).where(FormDeal.session_id == session_id).order_by(col(FormDeal.dealt_at))
    return {one.booking_id: one.form_id for one in session.exec(query)}


def standing_deal(session: Session, row: TestSession, booking: Booking) -> str | None:
    """Give the form a booking was dealt and may still be shown: no earlier sitting of it has used it up."""
    query = select(FormDeal).where(FormDeal.booking_id == booking.id).order_by(col(FormDeal.dealt_at).desc())
    mine = [one.form_id for one in session.exec(query)]
    sat = session.exec(select(Sitting).where(col(Sitting.form_id).in_(mine))).all() if mine else []
    spent = {one.form_id for one in sat if one.booking_id != booking.id or one.retired}
    withheld = fitting.withheld(session, row.id)
    return next((form_id for form_id in mine if form_id not in spent | withheld), None)


def fitting_forms(pools: Sequence[Pool], shut: Collection[str], without: Collection[str]) -> list[str]:
    """Give the forms of pools, in their order, that are free and hold nothing of what a candidate has met."""
    closed = frozenset(shut)
    return [
        form.form_id
        for one in pools
        for form in one.forms
        if form.form_id not in without and not form.scenarios & closed
    ]


def open_forms(session: Session, row: TestSession, person: Candidate) -> list[str]:
    """Give the forms that this candidate may be dealt in a session, of a pool or for everybody."""
    pools = of_session(session, row).get(person.option)
    return free_for(session, pools, person) if pools else fitting.open_forms(session, row, person)


def may_sit(session: Session, row: TestSession, person: Candidate, form_id: str) -> bool:
    """Tell whether a form of the session is one that this candidate may be given, one dealt to somebody else too."""
    if form_id not in set(dealt_in(session, row.id).values()):
        return form_id in fitting.open_forms(session, row, person)
    seen = fitting.seen_by(session, [person.id])[person.id]
    own = source().form_facts(session, form_id).option == person.option
    return own and not fitting.scenarios_of(session, form_id) & fitting.with_relatives(session, seen)


def free_for(session: Session, pools: Sequence[Pool], person: Candidate) -> list[str]:
    """Give the free forms of pools that are new to one candidate."""
    seen = fitting.seen_by(session, [person.id])[person.id]
    return fitting_forms(pools, fitting.with_relatives(session, seen), taken(session, pools))


def deal(session: Session, booking: Booking, person: Candidate, *, by: Actor, now: datetime) -> str | None:
    """Deal a booking its own form, or give the one it has; None where its option is dealt forms for everybody.

    Raises
    ------
    MoveRefused
        The pool is dry, or nothing in it is new to this candidate.
    """
    row = store.test_session(session, booking.session_id)
    pools = of_session(session, row).get(person.option, [])
    if not pools:
        return None
    held = standing_deal(session, row, booking)
    if held is not None:
        return held
    seen = fitting.seen_by(session, [person.id])[person.id]
    shut = fitting.with_relatives(session, seen)
    names = [form.form_id for one in pools for form in one.forms]
    owner = {form.form_id: one.id for one in pools for form in one.forms}
    good = set(fitting_forms(pools, shut, fitting.withheld(session, row.id)))
    gone = taken(session, pools)
    seed = f"{row.id}|{person.id}"
    while True:
        drawn = dealing.draw(names, str(row.id), str(person.id), gone | (owner.keys() - good))
        if drawn is None:
            raise MoveRefused(_dry_words(pools, gone, person.option))
        made = FormDeal(
            form_id=drawn.form_id, pool=owner[drawn.form_id], session_id=row.id, booking_id=booking.id,
            candidate_id=person.id, seed=seed, steps=drawn.steps, dealt_at=now, dealt_by=by.id,
        )  # fmt: skip
        try:
            with session.begin_nested():
                session.add(made)
        except IntegrityError:  # another room was dealt it in this moment
            gone.add(drawn.form_id)
            continue
        body = {"form": drawn.form_id, "pool": str(made.pool), "seed": seed, "steps": drawn.steps}
        audit.record(session, by=by, did="booking.form_dealt", on=booking.id, at=now, body=body)
        return drawn.form_id


def _dry_words(pools: Sequence[Pool], gone: Collection[str], option: str) -> str:
    names = " and ".join(one.title for one in pools)
    left = sum(form.form_id not in gone for one in pools for form in one.forms)
    if left:
        return (
            f"None of the {left} forms left of {names} is new to this candidate. Have another {option} pool prepared "
            "and named for this session, or move the booking."
        )
    return (
        f"Every form of {names} is dealt: the pool is dry. Have another {option} pool prepared and named for this "
        "session, or move the booking."
    )


def give_back(session: Session, booking: Booking, *, by: Actor, now: datetime) -> None:
    """Let a form that nobody has been shown be dealt again: the booking ended before its candidate entered."""
    if store.sitting_of_booking(session, booking.id) is not None:
        return
    for one in session.exec(select(FormDeal).where(FormDeal.booking_id == booking.id)).all():
        if session.exec(select(Sitting.id).where(Sitting.form_id == one.form_id)).first() is None:
            session.delete(one)
            body = {"form": one.form_id}
            audit.record(session, by=by, did="booking.form_given_back", on=booking.id, at=now, body=body)
    session.flush()


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether the pools of an option last for the candidates who wait."""

    option: str
    pools: tuple[Pool, ...]
    forms: int
    free: int
    here: int
    """Bookings of this session that have no form yet."""
    elsewhere: int
    """Bookings of other open sessions that will be dealt from the same pools."""
    unserved: tuple[UUID, ...]
    """Bookings here for which a deal in the present order would leave nothing."""

    @property
    def waiting(self) -> int:
        return self.here + self.elsewhere

    @property
    def short(self) -> int:
        return max(0, self.waiting - self.free, len(self.unserved))

    @property
    def state(self) -> str:
        """Give ``dry``, ``low`` or ``enough``."""
        if self.short or not self.free:
            return "dry"
        return "low" if self.free < SPARE * self.waiting else "enough"

    @property
    def words(self) -> str:
        """Say what there is, who waits, and what to do."""
        names = " and ".join(one.title for one in self.pools)
        have = f"{self.free} of {self.forms} forms of {names} are free"
        wait = f"{self.here} {'candidate' if self.here == 1 else 'candidates'} of this session wait for one"
        if self.elsewhere:
            wait += f", and {self.elsewhere} of other sessions"
        more = f"Have another {self.option} pool prepared and named here before the day."
        if self.short:
            return f"{have}; {wait}. {self.short} would get none. {more}"
        if self.state == "dry":
            return f"Every form of {names} is dealt. Nobody waits for one now. {more}"
        if self.state == "low":
            return f"{have}; {wait}. That leaves under one in ten to spare for a void sitting. {more}"
        return f"{have}; {wait}."


def standing(session: Session, row: TestSession) -> list[Standing]:
    """Tell for each option whether its pools last."""
    found = []
    by_option = of_session(session, row)
    if not by_option:
        return []
    done = dealt_in(session, row.id)
    booked = [one for one in store.bookings(session, row.id) if one[0].state in HERE_STATES]
    elsewhere = _waiting_elsewhere(session, row)
    for option, pools in sorted(by_option.items()):
        gone = taken(session, pools)
        waits = [(b, p) for b, p, sitting in booked if p.option == option and sitting is None and b.id not in done]
        seen = fitting.seen_by(session, [person.id for _, person in waits])
        total = sum(len(one.forms) for one in pools)
        free = sum(form.form_id not in gone for one in pools for form in one.forms)
        others = max((elsewhere[str(one.id)] for one in pools), default=0)
        missing = _unserved(session, pools, waits, seen, gone)
        found.append(Standing(option, tuple(pools), total, free, len(waits), others, missing))
    return found


def _unserved(
    session: Session,
    pools: Sequence[Pool],
    waits: Sequence[tuple[Booking, Candidate]],
    seen: Mapping[UUID, frozenset[str]],
    gone: Collection[str],
) -> tuple[UUID, ...]:
    """Deal in thought, those with the fewest forms to choose from first; give who would be left without."""
    everything = fitting_forms(pools, (), gone)
    choice = {
        booking.id: set(fitting_forms(pools, fitting.with_relatives(session, seen[person.id]), gone))
        if seen[person.id]
        else None
        for booking, person in waits
    }
    used: set[str] = set()
    missing = []
    for booking, _ in sorted(waits, key=lambda one: len(choice[one[0].id] or everything)):
        mine = choice[booking.id]
        drawn = next((name for name in everything if name not in used and (mine is None or name in mine)), None)
        if drawn is None:
            missing.append(booking.id)
        else:
            used.add(drawn)
    return tuple(missing)


def _waiting_elsewhere(session: Session, row: TestSession) -> Counter[str]:
    """Count, for each pool, the bookings without a form in other open sessions that name it."""
    found: Counter[str] = Counter()
    query = select(TestSession).where(TestSession.state != SessionState.CLOSED, TestSession.id != row.id)
    for other in session.exec(query):
        if not set(other.pools) & set(row.pools):
            continue
        done = dealt_in(session, other.id)
        options = Counter(
            person.option
            for booking, person, sitting in store.bookings(session, other.id)
            if booking.state in HERE_STATES and sitting is None and booking.id not in done
        )
        for option, pools in of_session(session, other).items():
            for one in pools:
                found[str(one.id)] += options[option]
    return found


def shared_session_forms(session: Session, row: TestSession) -> tuple[str, ...]:
    """Give every form of a session: those for everybody, and those dealt from its pools."""
    return (*row.forms, *sorted(set(dealt_in(session, row.id).values()) - set(row.forms)))


def dealt_from(session: Session, pool_id: UUID) -> int:
    """Count the forms of a pool that were dealt."""
    return len(session.exec(select(FormDeal.form_id).where(FormDeal.pool == pool_id)).all())
