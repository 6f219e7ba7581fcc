"""The queue of jobs as deeds: order, states, attempts, and that one attempt alone may write."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from sjt import db
from sjt.access import SYSTEM
from sjt.config import Settings
from sjt.errors import MoveRefused, NotFound
from sjt.jobs import registry, service
from sjt.jobs.context import JobContext
from sjt.jobs.model import MAX_ATTEMPTS, STALE_AFTER, JobLost, JobState
from sjt.jobs.tables import Job

NOW = datetime(2026, 3, 14, 9, 0, tzinfo=UTC)
LATER = NOW + STALE_AFTER + timedelta(seconds=1)


def enqueue(database: db.Database, at: datetime = NOW, **args: object) -> UUID:
    with database.transaction() as session:
        return service.enqueue(session, "jobs.rehearse", args, by=SYSTEM, now=at)


def claim(database: db.Database, at: datetime = NOW) -> Job | None:
    with database.transaction() as session:
        return service.claim(session, now=at)


def take_back(database: db.Database, at: datetime = LATER) -> int:
    with database.transaction() as session:
        return service.take_back(session, now=at)


def job(database: db.Database, job_id: UUID) -> Job:
    with database.session() as session:
        return service.job(session, job_id)


def test_every_kind_of_job_has_its_handler() -> None:
    assert all(callable(registry.handler(kind)) for kind in registry.HANDLERS)


def test_an_unknown_kind_is_refused(database: db.Database) -> None:
    with pytest.raises(NotFound), database.transaction() as session:
        service.enqueue(session, "jobs.nonsense", {}, by=SYSTEM, now=NOW)


def test_the_oldest_job_goes_first(either: db.Database) -> None:
    second, first = enqueue(either), enqueue(either, NOW - timedelta(minutes=1))
    claimed = [claim(either), claim(either), claim(either)]
    assert [found.id if found else None for found in claimed] == [first, second, None]


@pytest.mark.postgresql
def test_two_workers_never_claim_one_job(postgresql_database: db.Database) -> None:
    wanted = {enqueue(postgresql_database) for _ in range(8)}
    claimed: list[UUID] = []

    def work() -> None:
        while (found := claim(postgresql_database)) is not None:
            claimed.append(found.id)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(claimed) == sorted(wanted)


def test_a_waiting_job_is_cancelled_at_once(either: db.Database) -> None:
    job_id = enqueue(either)
    with either.transaction() as session:
        service.cancel(session, job_id, by=SYSTEM, now=NOW)
    assert job(either, job_id).state is JobState.CANCELLED and claim(either) is None
    with pytest.raises(MoveRefused, match="cancelled already"), either.transaction() as session:
        service.cancel(session, job_id, by=SYSTEM, now=NOW)


def test_a_job_without_heartbeat_is_taken_back_and_with_one_is_not(either: db.Database) -> None:
    job_id = enqueue(either)
    claim(either)
    assert take_back(either, NOW + STALE_AFTER) == 0
    with either.transaction() as session:
        service.beat(session, job_id, 1, now=LATER)
    assert take_back(either, LATER) == 0
    assert take_back(either, LATER + STALE_AFTER + timedelta(seconds=1)) == 1
    assert job(either, job_id).state is JobState.QUEUED


def test_after_three_attempts_it_has_failed_and_says_so(either: db.Database) -> None:
    job_id = enqueue(either)
    for _ in range(MAX_ATTEMPTS):
        assert claim(either) is not None
        take_back(either)
    found = job(either, job_id)
    assert (found.state, found.attempts) == (JobState.FAILED, 3) and "3 times" in found.error
    assert claim(either) is None


def test_a_lost_job_that_was_asked_to_stop_is_cancelled(database: db.Database) -> None:
    job_id = enqueue(database)
    claim(database)
    with database.transaction() as session:
        service.cancel(session, job_id, by=SYSTEM, now=NOW)
    take_back(database)
    assert job(database, job_id).state is JobState.CANCELLED


def test_a_job_handed_back_costs_no_attempt(database: db.Database) -> None:
    job_id = enqueue(database)
    for _ in range(MAX_ATTEMPTS + 2):
        found = claim(database)
        assert found is not None
        with database.transaction() as session:
            service.hand_back(session, job_id, found.attempts, now=NOW)
    assert job(database, job_id).state is JobState.QUEUED


def test_an_attempt_that_lost_its_job_writes_nothing_more(either: db.Database, tmp_path: Path) -> None:
    settings = Settings("", tmp_path, "", tmp_path)
    job_id = enqueue(either)
    claim(either)
    late = JobContext(job_id, "system", settings, attempt=1)
    take_back(either)
    claim(either)
    with pytest.raises(JobLost):
        late.progress(1, 1, "from the first attempt")
    with pytest.raises(JobLost), late.transaction():
        raise AssertionError("the body must not run")
    with either.transaction() as session:
        service.finish(session, job_id, JobState.DONE, attempt=1, now=NOW, result={"from": "first"})
    assert job(either, job_id).state is JobState.RUNNING
    with either.transaction() as session:
        service.finish(session, job_id, JobState.DONE, attempt=2, now=NOW, result={"from": "second"})
    assert job(either, job_id).result == {"from": "second"}


def test_the_first_end_stands(database: db.Database) -> None:
    job_id = enqueue(database)
    claim(database)
    for state in (JobState.DONE, JobState.FAILED):
        with database.transaction() as session:
            service.finish(session, job_id, state, attempt=1, now=NOW)
    assert job(database, job_id).state is JobState.DONE


def test_progress_is_seldom_written_and_always_at_the_end(
    database: db.Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = enqueue(database)
    claim(database)
    written: list[int] = []
    monkeypatch.setattr(
        service, "note_progress", lambda session, job_id, attempt, done, *rest, **named: written.append(done)
    )
    context = JobContext(job_id, "system", settings)
    for n in range(1, 101):
        context.progress(n, 100)
    assert written == [1, 100]


def test_the_newest_job_of_the_same_arguments_is_found(either: db.Database) -> None:
    enqueue(either, steps=1)
    newer = enqueue(either, NOW + timedelta(minutes=1), steps=1)
    enqueue(either, NOW + timedelta(minutes=2), steps=2)
    with either.session() as session:
        found = service.newest(session, "jobs.rehearse", {"steps": 1})
    assert found is not None and found.id == newer
