"""The database: the write gate's order, sessions that only read, no transaction in another, what columns refuse."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import DBAPIError, StatementError

from sjt import db
from sjt.db import FractionText, UtcDateTime, WriteGate, new_id, stored_as_value

FIND = sa.text("SELECT count(*) FROM organisation")
ADD = sa.text("INSERT INTO organisation (id, name, epao_id, simulated) VALUES (1, 'A', '', false)")


@pytest.fixture(params=["database", pytest.param("postgresql_database", marks=pytest.mark.postgresql)])
def either(request: pytest.FixtureRequest) -> db.Database:
    found: db.Database = request.getfixturevalue(request.param)
    return found


def wait_until_waiting(gate: WriteGate, waiting: int) -> None:
    end = time.monotonic() + 60
    while len(gate._waiting) + len(gate._first) < waiting:
        assert time.monotonic() < end
        time.sleep(0.001)


def test_the_gate_lets_in_by_order_of_asking_and_the_writer_first() -> None:
    gate = WriteGate()
    gate.acquire()
    order: list[str] = []

    def enter(name: str, first: bool) -> None:
        with gate.held(first=first):
            order.append(name)

    threads = []
    for n, (name, first) in enumerate([("a", False), ("b", False), ("writer", True), ("c", False)]):
        threads.append(threading.Thread(target=enter, args=(name, first)))
        threads[-1].start()
        wait_until_waiting(gate, n + 1)
    gate.release()
    for thread in threads:
        thread.join(timeout=60)
    assert order == ["writer", "a", "b", "c"]


def test_whoever_lets_go_and_asks_again_waits_behind_the_others() -> None:
    gate = WriteGate()
    order: list[str] = []
    gate.acquire()

    def other() -> None:
        with gate.held():
            order.append("other")

    thread = threading.Thread(target=other)
    thread.start()
    wait_until_waiting(gate, 1)
    gate.release()
    with gate.held():
        order.append("greedy")
    thread.join(timeout=60)
    assert order == ["other", "greedy"]


def test_the_gate_holds_one_at_a_time_under_many_threads() -> None:
    gate = WriteGate()
    inside, most = 0, 0

    def work(first: bool) -> None:
        nonlocal inside, most
        for _ in range(200):
            with gate.held(first=first):
                inside += 1
                most = max(most, inside)
                inside -= 1

    threads = [threading.Thread(target=work, args=(n == 0,)) for n in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert most == 1 and not gate._held


def test_a_reading_session_cannot_write_and_the_next_transaction_can(either: db.Database) -> None:
    with pytest.raises(DBAPIError, match=r"(?i)read.?only"), either.session() as session:
        session.execute(ADD)
    with either.transaction() as session:
        session.execute(ADD)
    with either.session() as session:
        assert session.execute(FIND).scalar_one() == 1


def test_an_error_rolls_everything_back_and_frees_the_gate(either: db.Database) -> None:
    with pytest.raises(DBAPIError), either.transaction() as session:
        [session.execute(ADD) for _ in range(2)]  # the second one breaks the key
    assert not db.transaction_is_open()
    with either.transaction() as session:
        assert session.execute(FIND).scalar_one() == 0


def test_a_transaction_inside_another_is_refused(either: db.Database) -> None:
    with either.transaction():
        assert db.transaction_is_open()
        with pytest.raises(RuntimeError, match="already open"), either.transaction():
            raise AssertionError("the body must not run")
        with pytest.raises(RuntimeError, match="already open"), db.transaction():
            raise AssertionError("the body must not run")
        assert db.transaction_is_open()
    assert not db.transaction_is_open()


def test_a_reader_sees_what_stood_when_it_began(database: db.Database) -> None:
    with database.session() as session:
        assert session.execute(FIND).scalar_one() == 0
        thread = threading.Thread(target=lambda: add_one(database))
        thread.start()
        thread.join(timeout=60)
        assert session.execute(FIND).scalar_one() == 0
    with database.session() as session:
        assert session.execute(FIND).scalar_one() == 1


def add_one(database: db.Database) -> None:
    with database.transaction() as session:
        session.execute(ADD)


def test_two_transactions_at_once_both_come_through(either: db.Database) -> None:
    with either.transaction() as session:
        session.execute(ADD)

    def work() -> None:
        for _ in range(10):
            with either.transaction() as session:
                session.execute(sa.text("UPDATE organisation SET name = name || 'x'"))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    with either.session() as session:
        assert session.execute(sa.text("SELECT length(name) FROM organisation")).scalar_one() == 41


def test_sqlite_writes_through_to_the_disk_and_keeps_foreign_keys(tmp_path: Path) -> None:
    database = db.Database(f"sqlite:///{tmp_path / 'as-served.sqlite'}")
    with database.engine.connect() as connection:
        said = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in PRAGMAS}
    database.dispose()
    assert said == PRAGMAS


PRAGMAS: dict[str, Any] = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30_000}


class Colour(StrEnum):
    RED = "light-red"


@pytest.fixture
def columns(either: db.Database) -> sa.Table:
    table = sa.Table(
        "sample",
        sa.MetaData(naming_convention=db.NAMING),
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("at", UtcDateTime),
        sa.Column("mark", FractionText),
        sa.Column("colour", stored_as_value(Colour)),
    )
    with either.transaction() as session:
        table.create(session.connection())
    return table


def kept(either: db.Database, table: sa.Table, **values: Any) -> Any:
    with either.transaction() as session:
        session.execute(table.delete())
        session.execute(table.insert().values(id=1, **values))
    with either.session() as session:
        return session.execute(sa.select(table)).one()


def test_times_come_back_aware_and_in_utc(either: db.Database, columns: sa.Table) -> None:
    summer = datetime(2026, 7, 1, 10, 30, tzinfo=timezone(timedelta(hours=1)))
    found = kept(either, columns, at=summer).at
    assert found == summer and found.utcoffset() == timedelta(0)


def test_a_time_without_a_zone_is_refused(either: db.Database, columns: sa.Table) -> None:
    with pytest.raises(StatementError, match="without a zone"):
        kept(either, columns, at=datetime(2026, 7, 1))  # noqa: DTZ001  what is refused


def test_fractions_come_back_exactly(either: db.Database, columns: sa.Table) -> None:
    for value in (Fraction(1, 3), Fraction(-17, 2), Fraction(0), Fraction(10**30 + 1, 3)):
        assert kept(either, columns, mark=value).mark == value
    assert kept(either, columns, mark=None).mark is None


def test_an_enum_keeps_its_value_and_the_column_refuses_any_other(either: db.Database, columns: sa.Table) -> None:
    assert kept(either, columns, colour=Colour.RED).colour is Colour.RED
    with either.session() as session:
        assert session.execute(sa.text("SELECT colour FROM sample")).scalar_one() == "light-red"
    with pytest.raises(StatementError):
        kept(either, columns, colour="RED")
    with pytest.raises(DBAPIError), either.transaction() as session:
        session.execute(sa.text("UPDATE sample SET colour = 'blue'"))


def test_ids_grow_with_time_and_are_of_version_7() -> None:
    ids = [new_id() for _ in range(1000)]
    assert len(set(ids)) == 1000 and {found.version for found in ids} == {7}
    assert [found.int >> 80 for found in ids] == sorted(found.int >> 80 for found in ids)


@given(st.datetimes(timezones=st.timezones()))
def test_binding_any_aware_time_keeps_the_instant(at: datetime) -> None:
    try:
        wanted = at.astimezone(UTC)
    except OverflowError:
        return
    dialect: Any = None
    bound = UtcDateTime().process_bind_param(at, dialect)
    assert bound == wanted
    assert bound is not None and UtcDateTime().process_result_value(bound.replace(tzinfo=None), dialect) == wanted
