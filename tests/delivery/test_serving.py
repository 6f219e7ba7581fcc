"""A serving process: overdue sittings close by themselves, outages are given back, one server per SQLite file."""

from __future__ import annotations

import sqlite3
import threading
import time
from datetime import timedelta

import pytest

from sjt import db
from sjt.delivery import ledger, serving, store
from sjt.delivery.model import ActKind, OutagePolicy, SittingState
from sjt.delivery.serving import Running
from sjt.errors import Conflict
from sjt.times import ManualClock, SystemClock
from tests.builders.sittings import NINE, Sat, a_sitting, minutes


def served(database: db.Database, clock: ManualClock, policy: OutagePolicy = OutagePolicy.ON) -> Running:
    return Running(database, clock=clock, policy=policy).start(keep=False)


def ticks(server: Running, clock: ManualClock, seconds: int) -> None:
    """Let time pass as the keeper sees it, a second at a time."""
    for _ in range(seconds):
        clock.advance(timedelta(seconds=1))
        server.tick()


def test_a_sitting_closes_by_itself_and_its_finish_is_the_end(either: db.Database, manual: ManualClock) -> None:
    server = served(either, manual)
    sat = a_sitting(server.ledger, minutes=1)
    kept = sat.event()
    sat.save(kept)
    ticks(server, manual, 60)
    with either.session() as session:
        assert store.sitting(session, sat.id).state is SittingState.RUNNING
    ticks(server, manual, 2)
    with either.session() as session:
        row = store.sitting(session, sat.id)
        assert row.state is SittingState.CLOSED
        assert row.finished_at == NINE + minutes(1)
        assert row.receipt
        assert store.answers(session, sat.id)["s3-a"].response == "A"
        assert store.chain_breaks(session, sat.id) == []
    server.stop()


def test_the_real_keeper_closes_a_sitting_with_nobody_asking(sqlite_file: db.Database) -> None:
    server = Running(sqlite_file, clock=SystemClock()).start()
    sat = a_sitting(server.ledger, minutes=0, extra_minutes=0, started=False)
    sat.act(ActKind.EXTENDED, minutes="1/60", key="k")
    sat.act(ActKind.STARTED)
    began = time.monotonic()
    state = SittingState.RUNNING
    while state is SittingState.RUNNING and time.monotonic() - began < 60:
        time.sleep(0.1)
        with sqlite_file.session() as session:
            state = store.sitting(session, sat.id).state
    server.stop()
    assert state is SittingState.CLOSED


@pytest.mark.parametrize("step", [-10, 10])
def test_a_stepped_server_clock_closes_nobody_early_or_late(
    either: db.Database, manual: ManualClock, step: int
) -> None:
    server = served(either, manual)
    sat = a_sitting(server.ledger, minutes=2)
    ticks(server, manual, 20)
    manual.step(minutes(step))
    ticks(server, manual, 99)
    with either.session() as session:
        assert store.sitting(session, sat.id).state is SittingState.RUNNING
    ticks(server, manual, 2)
    with either.session() as session:
        assert store.sitting(session, sat.id).state is SittingState.CLOSED
    server.stop()


def left(sat: Sat) -> int:
    reply = sat.save()
    assert reply.remaining_ms is not None
    return int(reply.remaining_ms)


@pytest.mark.parametrize("reboots", [False, True])
def test_a_server_that_was_down_gives_the_time_back_to_the_second(
    either: db.Database, manual: ManualClock, reboots: bool
) -> None:
    first = served(either, manual)
    sat = a_sitting(first.ledger, minutes=60)
    ticks(first, manual, 120)
    before = left(sat)
    first.stop()
    manual.advance(timedelta(seconds=400))
    if reboots:
        manual.reboot("after the power cut")
        manual.step(minutes(-3))
    second = served(either, manual)
    sat.ledger = second.ledger
    assert before - 1000 <= left(sat) <= before + serving.BEAT_SECONDS * 1000
    again = left(sat)
    second.tick()
    assert left(sat) == again
    manual.advance(timedelta(seconds=again // 1000 - 1))
    second.close_overdue(second.ledger.now())
    with either.session() as session:
        assert store.sitting(session, sat.id).state is SittingState.RUNNING
    second.stop()


@pytest.mark.parametrize("policy", [OutagePolicy.OFF, OutagePolicy.ASK])
def test_without_credit_an_outage_is_only_written_down(
    sqlite_file: db.Database, manual: ManualClock, policy: OutagePolicy
) -> None:
    first = served(sqlite_file, manual, policy)
    sat = a_sitting(first.ledger, minutes=60)
    first.stop()
    manual.advance(minutes(10))
    second = served(sqlite_file, manual, policy)
    sat.ledger = second.ledger
    assert left(sat) == 50 * 60_000
    with sqlite_file.session() as session:
        outage = store.entries(session, sat.id)[-1]
    assert outage.kind is ActKind.OUTAGE
    assert outage.body["policy"] == policy.value
    assert outage.body["credited"] is False
    second.stop()


def test_an_outage_longer_than_the_time_left_closes_nobody(sqlite_file: db.Database, manual: ManualClock) -> None:
    first = served(sqlite_file, manual)
    sat = a_sitting(first.ledger, minutes=10)
    first.stop()
    manual.advance(minutes(45))
    second = served(sqlite_file, manual)
    sat.ledger = second.ledger
    assert left(sat) == 10 * 60_000
    second.stop()


def test_two_servers_on_postgresql_credit_one_outage_once(postgresql_file: db.Database, manual: ManualClock) -> None:
    first = served(postgresql_file, manual)
    sat = a_sitting(first.ledger, minutes=60)
    first.stop()
    manual.advance(minutes(10))
    one = Running(postgresql_file, clock=manual)
    two = Running(postgresql_file, clock=manual)
    one._credit(one.ledger.now())
    two._credit(two.ledger.now())
    ledger.bind(one.ledger)
    sat.ledger = one.ledger
    assert left(sat) == 60 * 60_000
    one.stop()
    two.stop()


def test_a_living_neighbour_means_there_was_no_outage(postgresql_file: db.Database, manual: ManualClock) -> None:
    one, two = served(postgresql_file, manual), Running(postgresql_file, clock=manual).start(keep=False)
    sat = a_sitting(one.ledger, minutes=60)
    one.stop()
    ticks(two, manual, 60)
    three = served(postgresql_file, manual)
    sat.ledger = three.ledger
    assert left(sat) == 59 * 60_000
    two.stop()
    three.stop()


def test_a_second_server_on_one_sqlite_file_is_refused(sqlite_file: db.Database, manual: ManualClock) -> None:
    first = served(sqlite_file, manual)
    with pytest.raises(Conflict, match="Another sjt serve"):
        served(sqlite_file, manual)
    first.stop()
    served(sqlite_file, manual).stop()


def test_a_heartbeat_ties_wall_time_to_the_boot_every_five_seconds(
    sqlite_file: db.Database, manual: ManualClock
) -> None:
    server = served(sqlite_file, manual)
    ticks(server, manual, 20)
    with sqlite_file.session() as session:
        beat = store.last_heartbeat(session)
        assert beat is not None
        assert (beat.at, beat.boot, beat.mono_ms) == (NINE + timedelta(seconds=20), "manual", 20_000)
        assert store.count_heartbeats(session) == 5
    server.stop()


def test_a_page_that_writes_first_when_the_database_is_back_takes_no_credit_away(
    either: db.Database, manual: ManualClock
) -> None:
    server = served(either, manual)
    sat, quiet = (a_sitting(server.ledger, minutes=60) for _ in range(2))
    ticks(server, manual, 20)
    sat.save(sat.event())
    before = left(quiet)
    manual.advance(timedelta(seconds=300))  # the process lives, its database does not
    sat.save(sat.event())
    manual.advance(timedelta(seconds=1))
    server.tick()
    assert before - 2_000 <= left(quiet) <= before + serving.BEAT_SECONDS * 1000
    assert abs(left(sat) - left(quiet)) < 100
    again = left(quiet)
    ticks(server, manual, 30)
    assert left(quiet) == again - 30_000
    server.stop()


def test_a_server_that_starts_waits_until_its_database_can_be_written(
    sqlite_file: db.Database, manual: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "BUSY_MS", 200)
    other = sqlite3.connect(str(sqlite_file.url.database), isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    threading.Timer(1.0, lambda: other.execute("COMMIT")).start()
    server = served(sqlite_file, manual)
    with sqlite_file.session() as session:
        assert store.count_heartbeats(session) == 1
    server.stop()
    other.close()
