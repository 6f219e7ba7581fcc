"""A candidate's own outage comes onto the incident log by itself, and goes off it when the computer is heard again."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import timedelta

import pytest

from sjt import db
from sjt.delivery import store
from sjt.delivery.model import ActKind, IncidentCategory, SittingState
from sjt.delivery.serving import Running
from sjt.delivery.tables import Incident
from sjt.delivery.views import open_questions
from sjt.times import ManualClock
from tests.builders.sittings import Sat, a_sitting, minutes
from tests.delivery.test_serving import served


def log_of(database: db.Database, sat: Sat) -> Sequence[Incident]:
    with database.session() as session:
        return store.incidents(session, store.sitting(session, sat.id).session_id)


def beats(server: Running, clock: ManualClock, seconds: int, *speaking: Sat) -> None:
    """Let time pass from beat to beat, while these pages say that they are there."""
    for _ in range(0, seconds, 5):
        for sat in speaking:
            sat.save()
        clock.advance(timedelta(seconds=5))
        server.tick()


def test_seven_minutes_without_network_stand_on_the_log_with_their_length(
    either: db.Database, manual: ManualClock
) -> None:
    server = served(either, manual)
    sat, neighbour = a_sitting(server.ledger), a_sitting(server.ledger)
    beats(server, manual, 80, sat)
    last_word = manual.now()
    sat.save()
    beats(server, manual, 420, neighbour)
    (incident,) = log_of(either, sat)
    assert (incident.category, incident.sitting_id, incident.by) == (IncidentCategory.TECHNICAL, sat.id, "system")
    assert incident.at == last_word
    assert incident.resolved_at is None
    with either.session() as session:
        assert any("No contact" in words for words in open_questions(session, incident.session_id))
    sat.save(sat.event())
    beats(server, manual, 5)
    (incident,) = log_of(either, sat)
    assert incident.resolved_at == last_word + timedelta(seconds=420)
    assert "after 7 min." in incident.resolution
    assert log_of(either, neighbour) == []
    beats(server, manual, 80, sat)
    assert len(log_of(either, sat)) == 1
    server.stop()


def test_a_second_silence_is_a_second_incident(sqlite_file: db.Database, manual: ManualClock) -> None:
    server = served(sqlite_file, manual)
    sat = a_sitting(server.ledger)
    for _ in range(2):
        beats(server, manual, 16, sat)
        beats(server, manual, 90)
    first, second = log_of(sqlite_file, sat)
    assert first.resolved_at is not None
    assert second.resolved_at is None
    server.stop()


@pytest.mark.parametrize("away", ["waiting", "paused", "released", "finished", "short"])
def test_a_silence_that_is_no_fault_is_not_written_down(
    sqlite_file: db.Database, manual: ManualClock, away: str
) -> None:
    server = served(sqlite_file, manual)
    sat = a_sitting(server.ledger, started=away != "waiting")
    beats(server, manual, 80 if away != "waiting" else 0, sat)
    if away == "paused":
        sat.act(ActKind.PAUSED, reason="fire alarm")
    if away == "released":
        sat.act(ActKind.RELEASED, reason="another computer")
    if away == "finished":
        sat.act(ActKind.SUBMITTED)
    beats(server, manual, 45 if away == "short" else 300)
    if away == "paused":
        sat.act(ActKind.RESUMED)
        beats(server, manual, 40)
    assert log_of(sqlite_file, sat) == []
    server.stop()


def test_a_test_that_ends_in_silence_leaves_its_incident_open(either: db.Database, manual: ManualClock) -> None:
    server = served(either, manual)
    sat = a_sitting(server.ledger, minutes=4)
    beats(server, manual, 80, sat)
    beats(server, manual, 200)
    with either.session() as session:
        assert store.sitting(session, sat.id).state is SittingState.CLOSED
    (incident,) = log_of(either, sat)
    assert incident.resolved_at is None
    server.stop()


@pytest.mark.parametrize("what", ["server away", "clock set", "new server"])
def test_the_servers_own_absence_is_nobodys_silence(sqlite_file: db.Database, manual: ManualClock, what: str) -> None:
    server = served(sqlite_file, manual)
    sat = a_sitting(server.ledger)
    beats(server, manual, 80, sat)
    if what == "server away":
        manual.advance(minutes(5))
    elif what == "clock set":
        manual.step(minutes(5))
    else:
        server.stop()
        manual.advance(minutes(5))
        server = served(sqlite_file, manual)
        sat.ledger = server.ledger
    beats(server, manual, 30)
    assert [one for one in log_of(sqlite_file, sat) if one.sitting_id] == []
    beats(server, manual, 80, sat)
    assert [one for one in log_of(sqlite_file, sat) if one.sitting_id] == []
    server.stop()


@pytest.mark.postgresql
def test_two_servers_write_one_silence_once(postgresql_database: db.Database, manual: ManualClock) -> None:
    servers = [served(postgresql_database, manual) for _ in range(2)]
    sittings = [a_sitting(servers[0].ledger) for _ in range(5)]
    for sat in sittings:
        sat.save()
    for _ in range(20):
        manual.advance(timedelta(seconds=5))
        together = [threading.Thread(target=server.tick) for server in servers]
        for one in together:
            one.start()
        for one in together:
            one.join()
    assert [len(log_of(postgresql_database, sat)) for sat in sittings] == [1] * 5
    for server in servers:
        server.stop()
