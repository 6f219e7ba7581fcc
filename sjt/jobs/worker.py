"""``sjt worker``: claims jobs one by one, runs each in a child process, keeps its heartbeat, ends it when cancelled."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
import time
from typing import Final
from uuid import UUID

from sjt import db
from sjt.jobs import service
from sjt.jobs.model import CANCEL_GRACE, HEARTBEAT, JobState
from sjt.times import utc_now

log = logging.getLogger("sjt.jobs")
IDLE_SECONDS: Final = 1.0
TICK_SECONDS: Final = 0.2
# One BLAS thread: on a busy machine two were 3 to 9 times slower than one (design measurement).
_CHILD_ENV: Final = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


class Worker:
    def __init__(self, stop: threading.Event | None = None) -> None:
        self.stop = stop or threading.Event()

    def run_forever(self) -> None:
        """Work until told to stop; the job under way is left to its heartbeat and taken back later."""
        while not self.stop.is_set():
            if not self.run_one():
                self.stop.wait(IDLE_SECONDS)

    def run_one(self) -> bool:
        """Do the oldest waiting job; give whether there was one."""
        with db.transaction() as session:
            service.take_back(session, now=utc_now())
            job = service.claim(session, now=utc_now())
        if job is None:
            return False
        log.info("job %s (%s) begins, attempt %d", job.id, job.kind, job.attempts)
        self._watch(job.id)
        return True

    def _watch(self, job_id: UUID) -> None:
        child = subprocess.Popen(
            [sys.executable, "-m", "sjt.jobs.run", str(job_id)],
            env={**os.environ, **_CHILD_ENV},
            start_new_session=True,
        )
        beaten, cancel_seen = time.monotonic(), None
        while child.poll() is None:
            if self.stop.wait(TICK_SECONDS):
                child.terminate()
                child.wait(timeout=10)
                return
            now = time.monotonic()
            if now - beaten >= HEARTBEAT.total_seconds() or cancel_seen is not None:
                beaten = now
                with db.transaction() as session:
                    asked = service.beat(session, job_id, now=utc_now())
                cancel_seen = cancel_seen or (now if asked else None)
            if cancel_seen is not None and now - cancel_seen > CANCEL_GRACE.total_seconds():
                child.kill()
                child.wait()
                with db.transaction() as session:
                    service.finish(session, job_id, JobState.CANCELLED, now=utc_now())
                return
        if child.returncode != 0:
            with db.transaction() as session:
                message = f"The job's process ended by itself (code {child.returncode}). Look at the worker's log."
                service.finish(session, job_id, JobState.FAILED, now=utc_now(), error=message)
