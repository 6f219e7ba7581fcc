"""Real workers and real child processes: progress, cancel, failure, kill -9."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from sjt import db
from sjt.access import SYSTEM
from sjt.jobs import service, worker
from sjt.jobs.model import JobState
from sjt.jobs.tables import Job
from sjt.times import utc_now

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("worker")]


@pytest.fixture
def environment(database: db.Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let child processes find this test's database."""
    for name in [name for name in os.environ if name.startswith("SJT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("SJT_DATA", str(tmp_path))
    monkeypatch.setenv("SJT_DATABASE", database.url.render_as_string(hide_password=False))


def enqueue(**args: Any) -> UUID:
    with db.transaction() as session:
        return service.enqueue(session, "jobs.rehearse", args, by=SYSTEM, now=utc_now())


def job(job_id: UUID) -> Job:
    with db.session() as session:
        return service.job(session, job_id)


def until(claim: Callable[[], bool], what: str, seconds: float = 90) -> None:
    end = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < end, f"{what} did not come about in {seconds} s"
        time.sleep(0.05)


@pytest.fixture
def a_worker(environment: None) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        code = "from sjt.cli import main; main(['worker'])"
        started.append(subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL))
        return started[-1]

    yield start
    for child in started:
        child.kill()
        child.wait()


def children_of(job_id: UUID) -> list[int]:
    """Give the processes that do this job."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            said = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"sjt.jobs.run" in said and str(job_id).encode() in said:
            found.append(int(folder.name))
    return found


def test_a_job_runs_in_a_process_of_its_own_and_tells_its_end(environment: None) -> None:
    job_id = enqueue(steps=3, seconds=0)
    assert worker.Worker().run_one()
    done = job(job_id)
    assert (done.state, done.done, done.total, done.result) == (JobState.DONE, 3, 3, {"counted": 3})
    assert done.ended_at is not None and done.attempts == 1
    assert not worker.Worker().run_one()


def test_a_job_that_raises_shows_why_and_is_not_tried_again(environment: None) -> None:
    job_id = enqueue(fail_at=0)
    worker.Worker().run_one()
    failed = job(job_id)
    assert failed.state is JobState.FAILED and failed.error == "The rehearsal fails at step 0, as asked."
    assert not worker.Worker().run_one()


def test_a_running_job_stops_when_asked(a_worker: Callable[[], subprocess.Popen[bytes]]) -> None:
    job_id = enqueue(steps=600, seconds=0.1)
    a_worker()
    until(lambda: job(job_id).done > 0, "progress")
    with db.transaction() as session:
        service.cancel(session, job_id, by=SYSTEM, now=utc_now())
    until(lambda: job(job_id).state is JobState.CANCELLED, "the cancelled state")


def test_a_deaf_job_is_ended_from_outside(environment: None, monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import timedelta

    monkeypatch.setattr(worker, "CANCEL_GRACE", timedelta(seconds=1))
    job_id = enqueue(steps=600, seconds=0.1, deaf=True)
    thread = threading.Thread(target=worker.Worker().run_one)
    thread.start()
    until(lambda: job(job_id).done > 0, "progress")
    with db.transaction() as session:
        service.cancel(session, job_id, by=SYSTEM, now=utc_now())
    thread.join(timeout=60)
    assert job(job_id).state is JobState.CANCELLED and children_of(job_id) == []


def test_a_job_whose_worker_is_killed_is_finished_by_the_next(
    a_worker: Callable[[], subprocess.Popen[bytes]],
) -> None:
    job_id = enqueue(steps=25, seconds=0.1)
    first = a_worker()
    until(lambda: job(job_id).done > 0, "progress")
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    until(lambda: children_of(job_id) == [], "the end of the dead worker's child")
    assert job(job_id).state is JobState.RUNNING, "nobody could say that it stopped"
    with db.transaction() as session:  # as if the heartbeat had been silent for long enough
        session.execute(sa.text("UPDATE job SET heartbeat_at = '2026-01-01 00:00:00'"))
    a_worker()
    until(lambda: job(job_id).state is JobState.DONE, "the job's end")
    assert job(job_id).attempts == 2 and job(job_id).result == {"counted": 25}


def test_a_job_whose_own_process_is_killed_is_tried_again_three_times_in_all(environment: None) -> None:
    job_id = enqueue(steps=600, seconds=0.1)
    for _ in range(3):
        thread = threading.Thread(target=worker.Worker().run_one)
        thread.start()
        until(lambda: bool(children_of(job_id)), "the child")
        os.kill(children_of(job_id)[0], signal.SIGKILL)
        thread.join(timeout=60)
    failed = job(job_id)
    assert (failed.state, failed.attempts) == (JobState.FAILED, 3)


def test_a_worker_told_to_stop_hands_its_job_back(a_worker: Callable[[], subprocess.Popen[bytes]]) -> None:
    job_id = enqueue(steps=600, seconds=0.1)
    child = a_worker()
    until(lambda: job(job_id).done > 0, "progress")
    child.terminate()
    assert child.wait(timeout=60) == 0
    found = job(job_id)
    assert (found.state, found.attempts) == (JobState.QUEUED, 0) and children_of(job_id) == []
