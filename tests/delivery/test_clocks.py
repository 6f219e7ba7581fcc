"""Wrong clocks together: the server is stepped, the machine starts anew, summer time ends, the browser is off."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from sjt import db
from sjt.delivery.model import ClientEvent, EventKind
from sjt.delivery.serving import BEAT_SECONDS, Running
from sjt.times import ManualClock, iso
from tests.builders.sittings import Sat, a_sitting, minutes

NIGHT = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
"""Half past one at night by British clocks, half an hour before they go back."""


def left(sat: Sat) -> int:
    reply = sat.save()
    assert reply.remaining_ms is not None
    return int(reply.remaining_ms)


def ticks(server: Running, clock: ManualClock, seconds: int) -> None:
    for _ in range(0, seconds, 5):
        clock.advance(timedelta(seconds=5))
        server.tick()


@pytest.mark.parametrize("off", [-1, 1])
def test_a_browser_an_hour_off_is_taken_and_changes_no_time_left(
    sqlite_file: db.Database, manual: ManualClock, off: int
) -> None:
    server = Running(sqlite_file, clock=manual).start(keep=False)
    sat = a_sitting(server.ledger, minutes=60)
    ticks(server, manual, 60)
    wrong = iso(manual.now() + timedelta(hours=off))
    reply: Any = sat.save(ClientEvent(uuid4(), 1, EventKind.ANSWER, "s3-a", "A", wrong, None))
    assert len(reply.acked) == 1
    assert reply.remaining_ms == 59 * 60_000
    assert reply.ends_at == manual.now() + minutes(59)
    server.stop()


def test_the_night_summer_time_ends_lasts_as_long_as_any_other(sqlite_file: db.Database) -> None:
    clock = ManualClock(NIGHT)
    server = Running(sqlite_file, clock=clock).start(keep=False)
    sat = a_sitting(server.ledger, minutes=60)
    ticks(server, clock, 45 * 60)
    assert left(sat) == 15 * 60_000
    server.stop()


@pytest.mark.parametrize("step", [-10, 10])
def test_a_step_and_a_new_start_of_the_machine_in_mid_sitting_cost_nothing(
    sqlite_file: db.Database, manual: ManualClock, step: int
) -> None:
    first = Running(sqlite_file, clock=manual).start(keep=False)
    sat = a_sitting(first.ledger, minutes=60)
    ticks(first, manual, 300)
    manual.step(minutes(step))
    ticks(first, manual, 300)
    assert left(sat) == 50 * 60_000
    first.stop()
    manual.advance(minutes(7))
    manual.reboot("after the power cut")
    second = Running(sqlite_file, clock=manual).start(keep=False)
    sat.ledger = second.ledger
    assert 50 * 60_000 <= left(sat) <= 50 * 60_000 + BEAT_SECONDS * 1000
    now = left(sat)
    manual.step(minutes(-step))
    ticks(second, manual, 60)
    assert left(sat) == now - 60_000
    second.stop()
