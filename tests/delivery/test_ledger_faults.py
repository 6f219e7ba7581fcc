"""When the disk, the file or the crowd is in the way: nothing is acknowledged that is not stored, all are told."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa

from sjt import db
from sjt.delivery import store
from sjt.delivery.install import install_sql
from sjt.delivery.ledger import Ledger, Unconfirmed
from sjt.delivery.model import ActKind
from sjt.delivery.writing import Act
from sjt.errors import Unavailable
from sjt.times import ManualClock
from tests.builders.sittings import a_session, a_sitting


@pytest.fixture
def keeper(sqlite_file: db.Database, manual: ManualClock) -> Iterator[Ledger]:
    found = Ledger(sqlite_file, manual).start()
    yield found
    found.stop()


def test_a_full_disk_is_told_and_the_same_batch_is_taken_afterwards(keeper: Ledger) -> None:
    sat = a_sitting(keeper)
    pages = keeper.run(lambda hand: hand.run("PRAGMA page_count").fetchone()[0])
    keeper.run(lambda hand: hand.run(f"PRAGMA max_page_count = {pages}").fetchone())
    refused: list[Any] = []
    while not refused:
        batch = sat.batch([sat.event("s3-b", {"text": "word " * 3000})])
        try:
            keeper.save(batch)
        except Unavailable:
            refused.append(batch)
    with pytest.raises(Unavailable, match="disk"):
        keeper.save(refused[0])
    keeper.run(lambda hand: hand.run("PRAGMA max_page_count = 1000000").fetchone())
    assert keeper.save(refused[0]).acked
    with keeper.database.session() as session:
        assert store.chain_breaks(session, sat.id) == []


def test_a_file_locked_by_another_process_delays_and_loses_nothing(keeper: Ledger) -> None:
    sat = a_sitting(keeper)
    other = sqlite3.connect(str(keeper.database.url.database), isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    threading.Timer(1.0, lambda: other.execute("COMMIT")).start()
    began = time.monotonic()
    assert sat.save(sat.event()).acked
    assert time.monotonic() - began > 0.8
    other.close()


def test_after_the_wait_a_save_is_unconfirmed_and_its_repeat_is_harmless(keeper: Ledger) -> None:
    sat = a_sitting(keeper)
    keeper.wait_seconds = 0.3
    other = sqlite3.connect(str(keeper.database.url.database), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    event = sat.event()
    with pytest.raises(Unconfirmed):
        sat.save(event)
    other.execute("COMMIT")
    other.close()
    keeper.wait_seconds = 10.0
    assert sat.save(event).acked == (str(event.id),)
    with keeper.database.session() as session:
        assert sum(entry.seq == event.seq for entry in store.entries(session, sat.id)) == 1


def test_a_full_queue_answers_at_once(sqlite_file: db.Database, manual: ManualClock) -> None:
    keeper = Ledger(sqlite_file, manual, max_queue=3).start()
    sat = a_sitting(keeper)
    gate = threading.Event()
    blocked = threading.Thread(target=lambda: keeper.run(lambda hand: gate.wait(10)))
    blocked.start()
    time.sleep(0.2)
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(keeper.save, sat.batch([sat.event()])) for _ in range(8)]
        time.sleep(0.3)
        gate.set()
        outcomes = [future.exception() for future in asked]
    blocked.join()
    assert 1 <= sum(error is None for error in outcomes) <= 4
    assert all(error is None or (isinstance(error, Unavailable) and error.retry_after > 0) for error in outcomes)
    keeper.stop()


def test_one_request_s_fault_leaves_its_neighbours_in_the_same_commit_whole(keeper: Ledger) -> None:
    sat = a_sitting(keeper)

    def broken(hand: Any) -> None:
        hand.run("UPDATE sitting SET head_n = 999 WHERE id = ?", hand.uuid(sat.id))
        raise ZeroDivisionError

    with ThreadPoolExecutor(3) as pool:
        before = pool.submit(sat.save, sat.event("s3-a", "A"))
        bad = pool.submit(keeper.run, broken)
        after = pool.submit(sat.save, sat.event("s1-b", ["B"]))
        assert isinstance(bad.exception(), ZeroDivisionError)
        assert before.result().acked
        assert after.result().acked
    with keeper.database.session() as session:
        assert store.chain_breaks(session, sat.id) == []


def test_a_value_that_sqlite_refuses_is_one_request_s_fault(keeper: Ledger) -> None:
    sat = a_sitting(keeper)
    with ThreadPoolExecutor(3) as pool:
        before = pool.submit(sat.save, sat.event("s3-a", "A"))
        bad = pool.submit(keeper.run, lambda hand: hand.run("SELECT ?", object()))
        after = pool.submit(sat.save, sat.event("s1-b", ["B"]))
        assert isinstance(bad.exception(), sqlite3.Error)
        assert not isinstance(bad.exception(), Unavailable)
        assert before.result().acked
        assert after.result().acked


def test_many_threads_on_many_sittings_share_commits_and_keep_every_chain(running: Ledger) -> None:
    session_id = a_session(running.database)
    sittings = [a_sitting(running, session_id=session_id) for _ in range(6)]

    def answers(sat: Any) -> int:
        return sum(len(sat.save(sat.event(), sat.event("s1-b", ["C"])).acked) for _ in range(15))

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(answers, sittings)) == [30] * 6
    with running.database.session() as session:
        for sat in sittings:
            assert store.chain_breaks(session, sat.id) == []
            assert store.sitting(session, sat.id).head_n == 3 + 30


def test_two_browsers_of_one_sitting_race_and_every_event_is_stored_once(running: Ledger) -> None:
    sat = a_sitting(running)
    events = [sat.event() for _ in range(40)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda part: sat.save(*part), [events[:20], events[10:30], events[20:], events]))
    with running.database.session() as session:
        stored = [entry.seq for entry in store.entries(session, sat.id) if entry.seq is not None]
        assert sorted(stored) == [event.seq for event in events]
        assert store.chain_breaks(session, sat.id) == []


def test_a_deed_on_a_hall_skips_those_whose_state_refuses_it_and_keeps_their_order(running: Ledger) -> None:
    session_id = a_session(running.database)
    sittings = [a_sitting(running, session_id=session_id, started=n % 3 != 0) for n in range(7)]
    at = running.now()
    done = running.act_all([Act(sat.id, ActKind.PAUSED, "invigilator", at, {"reason": "bell"}) for sat in sittings])
    assert [one is not None and one.changed for one in done] == [n % 3 != 0 for n in range(7)]
    again = running.act_all([Act(sat.id, ActKind.PAUSED, "invigilator", at, {"reason": "bell"}) for sat in sittings])
    assert not any(one is not None and one.changed for one in again)
    with running.database.session() as session:
        assert all(store.chain_breaks(session, sat.id) == [] for sat in sittings)


@pytest.mark.parametrize(
    "statement", ["UPDATE ledger_entry SET at = 'x'", "DELETE FROM ledger_entry", "UPDATE ledger_body SET body = '{}'"]
)
def test_the_database_itself_refuses_to_change_the_ledger(running: Ledger, statement: str) -> None:
    a_sitting(running)
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), running.database.transaction() as session:
        session.execute(sa.text(statement))


def test_functions_and_triggers_are_those_of_the_file(either: db.Database) -> None:
    wanted = install_sql(either.engine.dialect.name)
    with either.session() as session:
        if either.is_sqlite:
            rows = session.execute(sa.text("SELECT sql FROM sqlite_master WHERE type = 'trigger'")).scalars()
            have = {row.replace("CREATE TRIGGER ", "CREATE TRIGGER IF NOT EXISTS ", 1).strip() for row in rows}
            assert set(wanted) <= have, "other rooms have triggers too; tests/house compares them all"
            return
        bodies = session.execute(sa.text("SELECT prosrc FROM pg_proc WHERE proname LIKE 'sjt%'")).scalars().all()
        triggers = session.execute(sa.text("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal")).scalars().all()
    assert {text.split("$sjt$")[1].strip() for text in wanted if "$sjt$" in text} <= {body.strip() for body in bodies}
    assert {text.split()[4] for text in wanted if "TRIGGER" in text.split()[3]} <= set(triggers)


def test_an_act_that_is_refused_leaves_no_trace(running: Ledger) -> None:
    sat = a_sitting(running, started=False)
    before = len(_entries(running, sat.id))
    with pytest.raises(Exception, match="cannot be paused"):
        sat.act(ActKind.PAUSED)
    assert len(_entries(running, sat.id)) == before


def _entries(running: Ledger, sitting_id: Any) -> list[Any]:
    with running.database.session() as session:
        return store.entries(session, sitting_id)
