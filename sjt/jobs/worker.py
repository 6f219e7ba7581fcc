"""``sjt worker``: claims jobs one by one, runs each in a child process, keeps its heartbeat, ends it when cancelled."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from datetime import date
from typing import Final
from uuid import UUID

from sjt import db
from sjt.jobs import run, service
from sjt.jobs.model import CANCEL_GRACE, HEARTBEAT, JobLost, JobState
from sjt.times import utc_now

log = logging.getLogger("sjt.jobs")
IDLE_SECONDS: Final = 1.0
TICK_SECONDS: Final = 0.2
FIRST_HOUR: Final = 6
"""UTC; nobody is mailed before."""
LOOK_SECONDS: Final = 1.0
"""Between two looks at the cancel flag; looking only reads, so that no save waits for it."""
# One BLAS thread: on a busy machine two were 3 to 9 times slower than one (design measurement).
_CHILD_ENV: Final = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


class Worker:
    def __init__(self, stop: threading.Event | None = None, *, mails: bool = False) -> None:
        self.mails = mails
        """Whether a mail server is set, so that people can be reminded."""
        self._day: date | None = None
        self.stop = stop or threading.Event()

    def run_forever(self) -> None:
        """Work until told to stop; the job under way is then handed back to the queue."""
        while not self.stop.is_set():
            self.ask_for_the_day()
            if not self.run_one():
                self.stop.wait(IDLE_SECONDS)

    def ask_for_the_day(self) -> None:
        """Ask once a day, from six in the morning on, for what is done daily."""
        now = utc_now()
        if not self.mails or now.date() == self._day or now.hour < FIRST_HOUR:
            return
        with db.transaction() as session:
            service.enqueue_daily(session, now.date(), now=now)
        self._day = now.date()

    def run_one(self) -> bool:
        """Do the oldest waiting job; give whether there was one."""
        with db.session() as session:
            if not service.has_work(session, now=utc_now()):
                return False  # most looks find nothing, and nothing should wait for them
        with db.transaction() as session:
            service.take_back(session, now=utc_now())
            job = service.claim(session, now=utc_now())
        if job is None:
            return False
        log.info("job %s (%s) begins, attempt %d", job.id, job.kind, job.attempts)
        self._watch(job.id, job.attempts)
        return True

    def _watch(self, job_id: UUID, attempt: int) -> None:
        child = subprocess.Popen(
            [sys.executable, "-m", "sjt.jobs.run", str(job_id), run.TIED],
            stdin=subprocess.PIPE,  # closes when this worker dies, however it dies; the child then ends too
            env={**os.environ, **_CHILD_ENV},
            start_new_session=True,
        )
        try:
            self._until_it_ends(child, job_id, attempt)
        finally:
            _kill(child)
            assert child.stdin is not None
            child.stdin.close()

    def _until_it_ends(self, child: subprocess.Popen[bytes], job_id: UUID, attempt: int) -> None:
        beaten = looked = time.monotonic()
        cancel_seen: float | None = None
        while child.poll() is None:
            if self.stop.wait(TICK_SECONDS):
                _kill(child)
                with db.transaction() as session:
                    service.hand_back(session, job_id, attempt, now=utc_now())
                return
            now = time.monotonic()
            if now - beaten >= HEARTBEAT.total_seconds():
                beaten = now
                try:
                    with db.transaction() as session:
                        service.beat(session, job_id, attempt, now=utc_now())
                except JobLost:  # this worker slept too long, and another one does the job now
                    log.warning("job %s was taken back from this worker", job_id)
                    return
            if cancel_seen is None and now - looked >= LOOK_SECONDS:
                looked = now
                with db.session() as session:
                    cancel_seen = now if service.is_cancel_asked(session, job_id) else None
            if cancel_seen is not None and now - cancel_seen > CANCEL_GRACE.total_seconds():
                _kill(child)
                with db.transaction() as session:
                    service.finish(session, job_id, JobState.CANCELLED, attempt=attempt, now=utc_now())
                return
        code = child.returncode
        if code < 0:
            log.warning("job %s: its process was ended by signal %d", job_id, -code)
            with db.transaction() as session:
                service.process_died(session, job_id, attempt, now=utc_now())
        elif code != 0:
            message = f"The job's process ended by itself (code {code}). Look at the worker's log."
            with db.transaction() as session:
                service.finish(session, job_id, JobState.FAILED, attempt=attempt, now=utc_now(), error=message)


def _kill(child: subprocess.Popen[bytes]) -> None:
    """End the child and whatever it started; its transactions roll back."""
    if child.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
