"""Rules of the room: outages that are asked about, latecomers, breaks that overrun, networks, who sits where."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from uuid import UUID

import pytest

from sjt import db
from sjt.config import Settings
from sjt.delivery import latecomers, ledger, networks, outages, service, store
from sjt.delivery.model import Adjustment, BookingState, EventKind, OutagePolicy, SittingState
from sjt.delivery.serving import Running
from sjt.delivery.tables import Centre
from sjt.delivery.timing import MINUTE_MS
from sjt.errors import Conflict, Forbidden, InputError, MoveRefused
from sjt.times import ManualClock
from tests.builders.rooms import ADMIN, INVIGILATOR, ARoom, BankSource, a_room, entered
from tests.builders.sittings import Sat, a_sitting, minutes


@pytest.fixture(scope="module")
def bank_source() -> BankSource:
    return BankSource(scenarios=3)


@pytest.fixture
def room(settings: Settings, keeper: ledger.Ledger, clock: ManualClock) -> ARoom:
    return a_room(settings.secret_key, candidates=3, now=clock.now(), extra={1: "25"})


def seat(room: ARoom, number: int) -> service.SeatLine:
    with db.session() as session:
        view = service.room(session, room.id, at=ledger.current().now())
    return next(line for line in view.seats if line.seat == number)


def left_min(room: ARoom, number: int) -> float:
    clock = seat(room, number).clock
    assert clock is not None
    return clock.left_ms / MINUTE_MS


# -- outages --


def asked(database: db.Database, manual: ManualClock, down: timedelta) -> tuple[Running, Sat, Sat]:
    """Let a server with two running tests be away, under the policy to ask."""
    first = Running(database, clock=manual, policy=OutagePolicy.ASK).start(keep=False)
    long = a_sitting(first.ledger, minutes=60)
    with database.session() as session:
        session_id = store.sitting(session, long.id).session_id
    short = a_sitting(first.ledger, session_id=session_id, minutes=5)
    first.stop()
    manual.advance(down)
    second = Running(database, clock=manual, policy=OutagePolicy.ASK).start(keep=False)
    manual.advance(timedelta(seconds=1))
    second.tick()
    long.ledger = short.ledger = second.ledger
    return second, long, short


def test_asked_an_outage_waits_for_a_decision_and_is_then_given_back_even_to_who_ran_out(
    either: db.Database, manual: ManualClock
) -> None:
    server, long, short = asked(either, manual, minutes(10))
    with either.session() as session:
        session_id = store.sitting(session, long.id).session_id
        (case,) = outages.undecided(session, session_id)
        assert store.sitting(session, short.id).state is SittingState.CLOSED
        assert service.open_questions(session, session_id) == [
            "incident not resolved: The server did not answer for 10 min."
        ]
    assert service.decide_outage(case.id, True, by=INVIGILATOR, reason="power cut in the building") == 2
    assert service.decide_outage(case.id, True, by=INVIGILATOR, reason="pressed twice") == 0
    assert (long.save().remaining_ms, short.save().remaining_ms) == (60 * MINUTE_MS - 1000, 5 * MINUTE_MS - 1000)
    with either.session() as session:
        assert not outages.undecided(session, session_id) and not service.open_questions(session, session_id)
    with pytest.raises(Conflict):
        service.decide_outage(case.id, False, by=INVIGILATOR, reason="no")
    server.stop()


def test_asked_and_not_given_back_the_clock_stays_as_it_ran(sqlite_file: db.Database, manual: ManualClock) -> None:
    server, long, _ = asked(sqlite_file, manual, minutes(10))
    with sqlite_file.session() as session:
        (case,) = outages.undecided(session, store.sitting(session, long.id).session_id)
    with pytest.raises(InputError):
        service.decide_outage(case.id, False, by=INVIGILATOR, reason=" ")
    service.decide_outage(case.id, False, by=INVIGILATOR, reason="the room was on a break")
    assert long.save().remaining_ms == 50 * MINUTE_MS - 1000
    server.stop()


def test_two_servers_tell_a_room_of_one_outage_once(postgresql_file: db.Database, manual: ManualClock) -> None:
    first = Running(postgresql_file, clock=manual).start(keep=False)
    sat = a_sitting(first.ledger, minutes=60)
    first.stop()
    manual.advance(minutes(10))
    one, two = Running(postgresql_file, clock=manual), Running(postgresql_file, clock=manual)
    one._credit(one.ledger.now())
    two._credit(two.ledger.now())
    with postgresql_file.session() as session:
        session_id = store.sitting(session, sat.id).session_id
        assert len(outages.of_session(session, session_id)) == 1
        (incident,) = store.incidents(session, session_id)
        assert incident.resolved_at is not None and "given back" in incident.resolution
    one.stop()
    two.stop()


# -- latecomers --


def start_with_seat_one(room: ARoom, settings: Settings, clock: ManualClock) -> None:
    entered(room, 1, settings.secret_key, clock.now())
    service.start_room(room.id, by=INVIGILATOR)


def come_late(room: ARoom, number: int, settings: Settings, clock: ManualClock) -> None:
    with db.transaction() as session:
        booking = store.booking(session, room.booking(number))
        booking.state = BookingState.BOOKED
        session.add(booking)
    with db.transaction() as session:
        service.check_in(session, room.booking(number), by=INVIGILATOR, now=clock.now(), late=True)
    service.start_sitting(entered(room, number, settings.secret_key, clock.now()), by=INVIGILATOR, reason="late")


@pytest.mark.parametrize(("rule", "left"), [("full", 60), ("shortened", 40)])
def test_a_latecomer_gets_full_or_shortened_time_by_the_session_s_rule(
    room: ARoom, settings: Settings, clock: ManualClock, rule: str, left: int
) -> None:
    with db.transaction() as session:
        service.set_rules(session, room.id, late_minutes=30, late_time=rule, by=ADMIN, now=clock.now())
    start_with_seat_one(room, settings, clock)
    clock.advance(minutes(10))
    service.pause_room(room.id, by=INVIGILATOR, reason="alarm")
    clock.advance(minutes(7))
    service.resume_room(room.id, by=INVIGILATOR, reason="over")
    clock.advance(minutes(10))
    come_late(room, 2, settings, clock)
    assert left_min(room, 2) == left


def test_nobody_is_let_in_after_the_cut_off_but_who_was_there_may_still_start(
    room: ARoom, settings: Settings, clock: ManualClock
) -> None:
    with db.transaction() as session:
        service.set_rules(session, room.id, late_minutes=30, late_time="shortened", by=ADMIN, now=clock.now())
    start_with_seat_one(room, settings, clock)
    clock.advance(minutes(30) + timedelta(seconds=1))
    with pytest.raises(MoveRefused, match="Nobody is let in more than 30 minutes after the start"):
        come_late(room, 2, settings, clock)
    service.start_sitting(entered(room, 3, settings.secret_key, clock.now()), by=INVIGILATOR, reason="its computer")
    assert left_min(room, 3) == 60, "who was checked in before the start lost no time by rule"


def test_rules_for_latecomers_do_not_change_once_the_room_runs(
    room: ARoom, settings: Settings, clock: ManualClock
) -> None:
    start_with_seat_one(room, settings, clock)
    with db.session() as session:
        assert latecomers.in_words(store.test_session(session, room.id)).endswith("with the full time.")
    with db.transaction() as session, pytest.raises(MoveRefused):
        service.set_rules(session, room.id, late_minutes=5, late_time="shortened", by=ADMIN, now=clock.now())


# -- rest breaks --


@pytest.mark.parametrize(
    ("rule", "left", "budget"),
    [("free", 60, 0), ("budget", 59, 0), ("section", 56, 2), ("counted", 59, 0)],
)
def test_a_break_that_overruns_costs_what_its_rule_says(
    keeper: ledger.Ledger, clock: ManualClock, rule: str, left: int, budget: int
) -> None:
    """Budget 12 minutes in breaks of 5: one of 9, one of 5, and 13 minutes asked of a budget of 12 in all."""
    sat = a_sitting(keeper, minutes=60, rest_break_minutes=13, rest_break_each=5, rest_break_overrun=rule)
    for length in (9, 5):
        service.start_break(sat.id, by=INVIGILATOR)
        clock.advance(minutes(length))
        service.end_break(sat.id, by=INVIGILATOR)
    if rule == "section":
        left, budget = 60 - 4, 3
    assert sat.save().remaining_ms == left * MINUTE_MS
    with db.session() as session:
        from sjt.delivery.timing import TimeEntry, time_left

        entries = [TimeEntry(one.kind, one.at, one.body) for one in store.entries(session, sat.id)]
    assert time_left(entries, keeper.now()).break_left_ms == budget * MINUTE_MS


def test_a_break_nobody_ends_is_over_with_the_test_s_time(database: db.Database, manual: ManualClock) -> None:
    server = Running(database, clock=manual).start(keep=False)
    sat = a_sitting(server.ledger, minutes=10, rest_break_minutes=5, rest_break_overrun="budget")
    free = a_sitting(server.ledger, minutes=10, rest_break_minutes=5, rest_break_overrun="free")
    for one in (sat, free):
        service.start_break(one.id, by=INVIGILATOR)
    for state, seconds in ((SittingState.BREAK, 15 * 60 - 1), (SittingState.CLOSED, 2)):
        manual.advance(timedelta(seconds=seconds))
        server.close_overdue(server.ledger.now())
        with database.session() as session:
            assert store.sitting(session, sat.id).state is state
            assert store.sitting(session, free.id).state is SittingState.BREAK
    server.stop()


# -- networks --


def test_a_network_is_read_with_every_fault_at_once() -> None:
    assert networks.read("192.0.2.0/24, 2001:db8::/48\n203.0.113.7") == [
        "192.0.2.0/24",
        "2001:db8::/48",
        "203.0.113.7/32",
    ]
    with pytest.raises(InputError) as caught:
        networks.read("192.0.2.1/24\nroom 2")
    assert len(caught.value.faults) == 3


def test_a_browser_outside_the_centre_s_networks_is_told_where_to_go_and_its_code_still_works(
    room: ARoom, settings: Settings, clock: ManualClock
) -> None:
    with db.transaction() as session:
        row = store.test_session(session, room.id)
        centre, _ = store.place(session, row)
        networks.put(session, centre.id, ["10.0.0.1/32", "2001:db8::/32"], by=ADMIN, now=clock.now())
    with pytest.raises(Forbidden, match="not on a network of Leeds"):
        entered(room, 2, settings.secret_key, clock.now())
    entered(room, 1, settings.secret_key, clock.now())
    with db.session() as session:
        assert session.get(Centre, centre.id) is not None
        assert seat(room, 2).state is None


@pytest.mark.parametrize(
    ("address", "allowed"),
    [("10.0.0.9", True), ("10.0.1.9", False), ("::ffff:10.0.0.9", True), ("fe80::1%eth0", False), ("nonsense", False)],
)
def test_addresses_are_judged_by_their_network(address: str, allowed: bool) -> None:
    assert networks.allows(["10.0.0.0/24"], address) is allowed
    assert networks.allows([], address)


# -- who sits where --


def answer(sitting_id: UUID, seq: int, text: str = "words") -> None:
    found = Sat(sitting_id, ledger.current())
    found.seq = seq
    with db.session() as session:
        paper = service.paper_of(session, store.sitting(session, sitting_id).form_id)
    found.save(found.event(paper.items()[0].id, text, EventKind.ANSWER))


def test_a_test_sat_under_a_neighbour_s_code_is_given_to_who_sat_it_and_nobody_loses(
    room: ARoom, settings: Settings, clock: ManualClock
) -> None:
    """Seat 1, who has a quarter more time, types the code of seat 2 and answers; ten minutes later it is found."""
    wrong = entered(room, 2, settings.secret_key, clock.now())
    service.start_room(room.id, by=INVIGILATOR)
    answer(wrong, 1)
    clock.advance(minutes(10))
    service.exchange(wrong, room.booking(1), by=INVIGILATOR, reason="codes were mixed up")
    service.exchange(wrong, room.booking(1), by=INVIGILATOR, reason="pressed twice")
    first, second = seat(room, 1), seat(room, 2)
    assert (first.sitting_id, first.answered, left_min(room, 1)) == (wrong, 1, 65.0)
    assert second.sitting_id is None
    answer(wrong, 2)
    again = entered(room, 2, settings.secret_key, clock.now())
    service.start_sitting(again, by=INVIGILATOR, reason="late through no fault of theirs")
    assert again != wrong and left_min(room, 2) == 60
    with db.session() as session:
        assert not store.chain_breaks(session, wrong)
        (found,) = service.responses(session, sitting_id=wrong)
        assert found.booking_id == room.booking(1)
        assert "sat under the code of" in service.open_questions(session, room.id)[0]


def test_two_who_took_each_other_s_code_are_put_right_in_one_deed(
    room: ARoom, settings: Settings, clock: ManualClock
) -> None:
    ids = {n: entered(room, n, settings.secret_key, clock.now()) for n in (2, 3)}
    service.start_room(room.id, by=INVIGILATOR)
    for n in ids:
        answer(ids[n], 1)
    service.exchange(ids[2], room.booking(3), by=INVIGILATOR, reason="sat at each other's place")
    assert (seat(room, 2).sitting_id, seat(room, 3).sitting_id) == (ids[3], ids[2])
    with db.session() as session:
        assert not store.chain_breaks(session, ids[2]) and not store.chain_breaks(session, ids[3])


def test_a_test_goes_to_nobody_who_is_not_checked_in(room: ARoom, settings: Settings, clock: ManualClock) -> None:
    wrong = entered(room, 2, settings.secret_key, clock.now())
    service.undo_check_in(room.booking(3), by=INVIGILATOR, reason="other person")
    assert seat(room, 3).booking_state is BookingState.BOOKED
    with pytest.raises(MoveRefused, match="not checked in"):
        service.exchange(wrong, room.booking(3), by=INVIGILATOR, reason="x")


def test_a_check_in_is_undone_and_its_computer_lets_go(room: ARoom, settings: Settings, clock: ManualClock) -> None:
    entered(room, 1, settings.secret_key, clock.now())
    for _ in range(2):
        service.undo_check_in(room.booking(1), by=INVIGILATOR, reason="other person")
    assert seat(room, 1).booking_state is BookingState.BOOKED and seat(room, 1).device_open
    with db.transaction() as session:
        service.check_in(session, room.booking(1), by=INVIGILATOR, now=clock.now())
    service.start_sitting(entered(room, 1, settings.secret_key, clock.now()), by=INVIGILATOR)
    with pytest.raises(MoveRefused, match="has begun"):
        service.undo_check_in(room.booking(1), by=INVIGILATOR, reason="too late")


def test_after_a_void_the_right_person_sits_anew_with_the_same_code(
    room: ARoom, settings: Settings, clock: ManualClock
) -> None:
    wrong = entered(room, 2, settings.secret_key, clock.now())
    service.start_room(room.id, by=INVIGILATOR)
    answer(wrong, 1)
    with db.transaction() as session, pytest.raises(MoveRefused, match="counts"):
        service.seat_again(session, room.booking(2), by=INVIGILATOR, now=clock.now(), reason="x")
    service.void(wrong, by=INVIGILATOR, reason="Wrong candidate under this code")
    for _ in range(2):
        with db.transaction() as session:
            service.seat_again(session, room.booking(2), by=INVIGILATOR, now=clock.now(), reason="right person")
    again = entered(room, 2, settings.secret_key, clock.now())
    service.start_sitting(again, by=INVIGILATOR)
    assert again != wrong and seat(room, 2).answered == 0
    with db.session() as session:
        assert {one.state for one in service.responses(session, session_id=room.id)} == {
            SittingState.VOID,
            SittingState.RUNNING,
        }


def test_who_saw_the_only_form_is_not_seated_again(room: ARoom, settings: Settings, clock: ManualClock) -> None:
    sitting = entered(room, 1, settings.secret_key, clock.now())
    service.start_room(room.id, by=INVIGILATOR)
    service.void(sitting, by=INVIGILATOR, reason="Illness")
    with pytest.raises(MoveRefused, match="only form"), db.transaction() as session:
        service.seat_again(session, room.booking(1), by=INVIGILATOR, now=clock.now(), reason="x")
    assert seat(room, 1).state is SittingState.VOID


def test_going_on_for_all_leaves_alone_who_was_paused_alone(
    room: ARoom, settings: Settings, clock: ManualClock
) -> None:
    ids = {n: entered(room, n, settings.secret_key, clock.now()) for n in (1, 2)}
    service.start_room(room.id, by=INVIGILATOR)
    service.pause(ids[1], by=INVIGILATOR, reason="Illness")
    service.pause_room(room.id, by=INVIGILATOR, reason="Evacuation")
    assert service.resume_room(room.id, by=INVIGILATOR, reason="over") == [ids[2]]
    assert seat(room, 1).state is SittingState.PAUSED


def test_an_adjustment_says_its_breaks_and_what_an_overrun_costs() -> None:
    granted = Adjustment(Fraction(25), 5, 20, "section", 10, "reader")
    assert granted.in_words() == (
        "extra time 25 %, extra time 5 min, rest breaks 20 min, 10 min each, overrun from the test's time, reader"
    )
    assert Adjustment.from_json(granted.to_json()) == granted
