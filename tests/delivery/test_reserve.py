"""A leak: everybody who has not begun gets the reserve form; nobody is ever dealt what they have seen."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import Session

from sjt import db
from sjt.authoring.snapshot import Paper
from sjt.delivery import fitting, ledger, reserving, service, sources, store
from sjt.delivery.candidates import read_csv
from sjt.delivery.commands import read_session
from sjt.delivery.model import ActKind, CandidateLine, SessionPlan, SittingState
from sjt.errors import InputError, MoveRefused
from sjt.times import ManualClock
from tests.builders.rooms import uln_of
from tests.builders.sittings import NINE, a_paper
from tests.delivery.test_service import ADMIN, INVIGILATOR, KEY, Authoring, Facts

LEAK = "A photograph of question 3 is on a message board"


@dataclass
class Shelf(Authoring):
    """Forms whose scenarios are named, with enemies."""

    scenarios: dict[str, tuple[str, ...]] = field(default_factory=dict)
    enemies: tuple[tuple[str, str], ...] = ()
    minutes: dict[str, int] = field(default_factory=dict)

    def paper(self, session: Session, form_id: str) -> Paper:
        made = a_paper(form_id)
        names = self.scenarios[form_id]
        kept = tuple(replace(one, id=name) for one, name in zip(made.scenarios, names, strict=True))
        return replace(made, scenarios=kept, minutes=self.minutes.get(form_id, 60))

    def enemies_of(self, session: Session, scenarios: Iterable[str]) -> frozenset[str]:
        own = set(scenarios)
        return frozenset(b if a in own else a for a, b in self.enemies if (a in own) != (b in own))

    def put(self, form_id: str, *names: str, option: str = "residential", role: str = "") -> None:
        self.forms[form_id] = Facts(form_id, option, form_id, form_id.ljust(64, "0"))
        self.forms[form_id].role = role  # type: ignore[attr-defined] # as authoring's lines have it
        self.scenarios[form_id] = names


@pytest.fixture
def shelf(running: ledger.Ledger, manual: ManualClock) -> Iterator[Shelf]:
    fitting._scenarios.clear()
    found = Shelf()
    found.put("a", "s01", "s02", "s03")
    found.put("b", "s03", "s04", "s05")
    found.put("r", "s11", "s12", "s13")
    sources.use(found)
    yield found
    sources.use(None)


def line(number: int, option: str = "residential") -> CandidateLine:
    text = (
        "uln,given_name,family_name,date_of_birth,employer,provider,option,start_date,extra_time_percent,notes\n"
        f"{uln_of(number)},Given{number},O'Neil,2001-02-03,A home,A college,{option},2024-09-01,0,\n"
    )
    return read_csv(text, "x.csv", today=NINE.date())[0]


@dataclass
class House:
    clock: ManualClock
    id: UUID
    pin: str
    bookings: list[UUID]

    def enter(self, n: int) -> UUID:
        booking_id = self.bookings[n]
        with db.transaction() as session:
            service.check_in(session, booking_id, by=INVIGILATOR, now=self.clock.now())
            slip = service.issue_codes(
                session, self.id, by=ADMIN, now=self.clock.now(), secret_key=KEY, bookings=[booking_id]
            )[0]
        entered = service.enter(
            slip.code, self.pin, address=f"10.0.0.{n}", agent="Firefox", secret_key=KEY, now=self.clock.now()
        )
        return entered.sitting_id


def a_room(
    clock: ManualClock,
    people: int,
    *,
    forms: tuple[str, ...] = ("a", "b"),
    reserve: tuple[str, ...] = ("r",),
    room: str = "1",
    first: int = 0,
) -> House:
    plan = SessionPlan("Leeds", f"Room {room}", clock.now(), forms, "plan-1", 60, reserve)
    with db.transaction() as session:
        made = service.create_session(session, plan, by=ADMIN, now=clock.now(), secret_key=KEY)
        lines = [line(first + n) for n in range(people)]
        loaded = service.import_candidates(session, made.id, lines, by=ADMIN, now=clock.now())
        for booking_id in loaded.pending:
            person = store.booking(session, booking_id).candidate_id
            service.record_gateway(session, person, ["G6", "qualification"], by=ADMIN, now=clock.now())
        booked = [booking.id for booking, _, _ in store.bookings(session, made.id)]
    return House(clock, made.id, made.pin, booked)


def sitting(sitting_id: UUID) -> Any:
    with db.session() as session:
        return store.sitting(session, sitting_id)


def test_a_leak_swaps_a_waiting_room_in_seconds(shelf: Shelf, manual: ManualClock) -> None:
    house = a_room(manual, 16)
    sat = [house.enter(n) for n in range(14)]
    before = {one: sitting(one) for one in sat}
    done = reserving.swap(house.id, LEAK, by=INVIGILATOR, now=manual.now())
    assert done.forms == {"residential": "r"} and len(done.dealt_again) == 14 and not done.begun
    for one in sat:
        now = sitting(one)
        assert (now.form_id, now.snapshot_sha256) == ("r", "r".ljust(64, "0"))
        assert json.loads(now.deal)["scenarios"] and set(json.loads(now.deal)["scenarios"]) == {"s11", "s12", "s13"}
        assert now.state is SittingState.WAITING and now.lease == before[one].lease and now.lease_hmac
        assert now.left_ms == 60 * 60_000
    late = house.enter(14)
    assert sitting(late).form_id == "r"
    assert len(service.start_room(house.id, by=INVIGILATOR)) == 15
    with db.session() as session:
        view = service.sitting_of(session, sat[0], at=ledger.current().now())
        assert view.paper is not None and {one.id for one in view.paper.scenarios} == {"s11", "s12", "s13"}
        kinds = [entry.kind for entry in service.entries(session, sat[0])]
        assert kinds == [ActKind.OPENED, ActKind.CLAIMED, ActKind.REDEALT, ActKind.STARTED]
        said = service.entries(session, sat[0])[2].body
        assert (said["was"] in "ab", said["form"], said["reason"]) == (True, "r", LEAK)
        assert store.chain_breaks(session, sat[0]) == []
        assert any(LEAK in words for words in service.open_questions(session, house.id))


def test_neighbours_keep_different_orders_after_a_swap(shelf: Shelf, manual: ManualClock) -> None:
    house = a_room(manual, 8)
    sat = [house.enter(n) for n in range(8)]
    reserving.swap(house.id, LEAK, by=INVIGILATOR, now=manual.now())
    deals = [json.loads(sitting(one).deal) for one in sat]
    for one, other in itertools.pairwise(deals):
        assert (one["scenarios"], one["options"]) != (other["scenarios"], other["options"])


def test_who_has_begun_is_left_as_they_are_and_listed(shelf: Shelf, manual: ManualClock) -> None:
    house = a_room(manual, 3)
    first, second = house.enter(0), house.enter(1)
    service.start_sitting(first, by=INVIGILATOR, reason="early")
    form = sitting(first).form_id
    done = reserving.swap(house.id, LEAK, by=INVIGILATOR, now=manual.now())
    assert [place.booking_id for place in done.begun] == [house.bookings[0]]
    assert done.dealt_again == (second,)
    assert sitting(first).form_id == form and sitting(first).state is SittingState.RUNNING
    with db.session() as session:
        assert [one.kind for one in service.entries(session, first)][-1] is ActKind.STARTED


def test_a_second_press_changes_nothing(shelf: Shelf, manual: ManualClock) -> None:
    house = a_room(manual, 2)
    one = house.enter(0)
    first = reserving.swap(house.id, LEAK, by=INVIGILATOR, now=manual.now(), leaked=["a", "b"])
    head = sitting(one).head_n
    again = reserving.swap(house.id, LEAK, by=INVIGILATOR, now=manual.now(), leaked=["a", "b"])
    assert first.dealt_again == (one,) and again.dealt_again == ()
    assert sitting(one).head_n == head
    with db.session() as session:
        assert len(service.open_questions(session, house.id)) == 1


def test_a_reserve_of_another_length_gives_its_own_minutes(shelf: Shelf, manual: ManualClock) -> None:
    shelf.minutes["r"] = 65
    house = a_room(manual, 1)
    one = house.enter(0)
    reserving.swap(house.id, LEAK, by=INVIGILATOR, now=manual.now())
    assert sitting(one).total_ms == 65 * 60_000
    service.start_room(house.id, by=INVIGILATOR)
    with db.session() as session:
        assert service.clock_now(session, one, at=ledger.current().now()).left_ms == 65 * 60_000


def test_where_nothing_fits_it_says_why_and_what_next(shelf: Shelf, manual: ManualClock) -> None:
    del shelf.forms["r"]
    house = a_room(manual, 2, reserve=())
    house.enter(0)
    with db.session() as session:
        (offer,) = reserving.plan(session, house.id).offers
    assert offer.form_id is None and not offer.named
    assert "names no reserve form" in offer.why and "test developer" in offer.next_step
    with pytest.raises(MoveRefused, match="No reserve form fits"):
        reserving.swap(house.id, LEAK, by=INVIGILATOR, now=manual.now())


def test_without_a_named_reserve_another_published_form_that_fits_is_offered(shelf: Shelf, manual: ManualClock) -> None:
    house = a_room(manual, 1, reserve=())
    with db.session() as session:
        (offer,) = reserving.plan(session, house.id).offers
    assert (offer.form_id, offer.named) == ("r", False)


def test_a_form_that_may_have_leaked_never_starts(shelf: Shelf, manual: ManualClock) -> None:
    """Somebody who has seen the reserve keeps no form, and neither the room's start nor their own gives them one."""
    first = a_room(manual, 1, forms=("r",), reserve=(), room="before")
    seen = first.enter(0)
    service.start_room(first.id, by=INVIGILATOR)
    service.force_submit(seen, by=INVIGILATOR, reason="end")
    service.close_session(first.id, by=INVIGILATOR)
    manual.advance(timedelta(days=1))
    house = a_room(manual, 1, room="after", first=5)
    with db.transaction() as session:
        resit = service.book_resit(session, first.bookings[0], house.id, by=ADMIN, now=manual.now())
    house.bookings.append(resit)
    new, old = house.enter(0), house.enter(1)
    done = reserving.swap(house.id, LEAK, by=INVIGILATOR, now=manual.now())
    assert done.dealt_again == (new,) and [place.booking_id for place in done.without_form] == [resit]
    assert service.start_room(house.id, by=INVIGILATOR) == [new]
    with pytest.raises(MoveRefused, match="leaked"):
        service.start_sitting(old, by=INVIGILATOR)


def test_a_reserve_that_shares_a_scenario_or_an_enemy_is_refused_with_the_session(
    shelf: Shelf, manual: ManualClock
) -> None:
    shelf.put("x", "s03", "s21", "s22")
    shelf.put("y", "s31", "s32", "s33")
    shelf.enemies = (("s01", "s31"),)
    for bad, word in (("x", "s03"), ("y", "s31"), ("a", "dealt too"), ("none", "no such form")):
        with pytest.raises(InputError) as caught:
            a_room(manual, 1, reserve=(bad,))
        assert word in str(caught.value), bad


def test_a_session_file_may_name_the_reserve() -> None:
    text = (
        'centre = "Leeds"\nroom = "2"\nstarts = "2026-11-22T09:00:00+00:00"\nforms = ["a"]\nreserve = ["r"]\n'
        'plan = "p"\nseats = 8\n'
    )
    assert read_session(text, "s.toml").reserve == ("r",)
    assert read_session(text.replace('reserve = ["r"]\n', ""), "s.toml").reserve == ()
    with pytest.raises(InputError, match="reserve"):
        read_session(text.replace('["r"]', '"r"'), "s.toml")


# -- resits --


def test_a_resit_never_meets_a_scenario_or_an_enemy_of_any_earlier_attempt(shelf: Shelf, manual: ManualClock) -> None:
    shelf.put("c", "s41", "s42", "s43")
    shelf.put("d", "s51", "s52", "s53")
    shelf.enemies = (("s43", "s02"),)
    first = a_room(manual, 1, forms=("a",), reserve=())
    one = first.enter(0)
    service.start_room(first.id, by=INVIGILATOR)
    service.void(one, by=INVIGILATOR, reason="fire")
    service.close_session(first.id, by=INVIGILATOR)
    with db.session() as session:
        person = store.sitting(session, one).candidate_id
        row = store.test_session(session, first.id)
        assert fitting.seen_by(session, [person])[person] == {"s01", "s02", "s03"}
        facts = {name: shelf.form_facts(session, name) for name in ("a", "b", "c", "d", "r")}
        seen = fitting.seen_by(session, [person])[person]
        # b shares s03; c holds s43, an enemy of s02
        assert fitting.usable(session, facts, "residential", seen) == ["d", "r"]
        assert row.forms == ["a"]


def test_a_resit_form_is_dealt_only_to_those_whom_nothing_else_fits(shelf: Shelf, manual: ManualClock) -> None:
    shelf.put("z", "s61", "s62", "s63", role="resit")
    first = a_room(manual, 1, forms=("a",), reserve=())
    one = first.enter(0)
    service.start_room(first.id, by=INVIGILATOR)
    service.force_submit(one, by=INVIGILATOR, reason="end")
    service.close_session(first.id, by=INVIGILATOR)
    manual.advance(timedelta(days=1))
    again = a_room(manual, 2, forms=("a", "b"), reserve=(), room="again", first=5)
    with db.transaction() as session, pytest.raises(MoveRefused, match="build a resit form"):
        service.book_resit(session, first.bookings[0], again.id, by=ADMIN, now=manual.now())
    with db.transaction() as session:
        reserving.add_form(session, again.id, "z", by=ADMIN, now=manual.now())
        resit = service.book_resit(session, first.bookings[0], again.id, by=ADMIN, now=manual.now())
    again.bookings.append(resit)
    forms = [sitting(again.enter(n)).form_id for n in range(3)]
    assert forms[2] == "z" and "z" not in forms[:2]


def test_a_booking_that_nothing_fits_is_said_before_the_day(shelf: Shelf, manual: ManualClock) -> None:
    first = a_room(manual, 1, forms=("a",), reserve=())
    one = first.enter(0)
    service.start_room(first.id, by=INVIGILATOR)
    service.force_submit(one, by=INVIGILATOR, reason="end")
    service.close_session(first.id, by=INVIGILATOR)
    manual.advance(timedelta(days=1))
    again = a_room(manual, 1, forms=("b", "r"), reserve=(), room="again", first=5)
    with db.transaction() as session:
        resit = service.book_resit(session, first.bookings[0], again.id, by=ADMIN, now=manual.now())
        row = store.test_session(session, again.id)
        assert fitting.unserved(session, row) == []
        row.forms = ["b"]
        session.add(row)
    with db.session() as session:
        (found,) = fitting.unserved(session, store.test_session(session, again.id))
    assert (found.booking_id, found.attempt, found.seen) == (resit, 2, ("s01", "s02", "s03"))
    assert found.elsewhere == ("r",)
