"""One job in a process of its own: ``python -m sjt.jobs.run JOB_ID``; the worker starts it and watches."""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
import traceback
from typing import Final
from uuid import UUID

from sjt import db
from sjt.config import Settings
from sjt.errors import SjtError
from sjt.jobs import registry, service
from sjt.jobs.context import JobContext
from sjt.jobs.model import JobCancelled, JobLost, JobState
from sjt.times import utc_now

log = logging.getLogger("sjt.jobs")
TIED: Final = "--tied"
"""Said by the worker, whose end closes our standard input: a job must not run on beside its next attempt."""


def run(job_id: UUID, settings: Settings) -> JobState:
    """Do the job and write how it ended."""
    with db.session() as session:
        job = service.job(session, job_id)
    context = JobContext(job_id, job.by, settings, job.attempts)
    state, result, error = JobState.DONE, None, ""
    try:
        result = registry.handler(job.kind)(job.args, context)
        json.dumps(dict(result), allow_nan=False)  # PostgreSQL keeps no NaN; better told here than by the database
    except JobLost:
        log.warning("job %s was taken back; attempt %d stops", job_id, job.attempts)
        return JobState.QUEUED
    except JobCancelled:
        state, result = JobState.CANCELLED, None
    except SjtError as refused:
        state, result, error = JobState.FAILED, None, str(refused)
    except Exception:  # whatever a handler raises must end up on the job's page, not in a dead process
        state, result = JobState.FAILED, None
        log.exception("job %s (%s) failed", job_id, job.kind)
        error = "The job failed for a reason that it did not foresee:\n" + traceback.format_exc(limit=-3)
    with db.transaction() as session:
        service.finish(session, job_id, state, attempt=job.attempts, now=utc_now(), result=result, error=error)
    return state


def _end_with_the_worker() -> None:
    while os.read(0, 1024):
        pass
    os._exit(75)


def main() -> None:
    if TIED in sys.argv:
        threading.Thread(target=_end_with_the_worker, name="end-with-the-worker", daemon=True).start()
    settings = Settings.from_env()
    db.bind(db.Database(settings.database_url))
    run(UUID(sys.argv[1]), settings)


if __name__ == "__main__":
    main()
