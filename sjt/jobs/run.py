"""One job in a process of its own: ``python -m sjt.jobs.run JOB_ID``; the worker starts it and watches."""

from __future__ import annotations

import logging
import sys
import traceback
from uuid import UUID

from sjt import db
from sjt.config import Settings
from sjt.errors import SjtError
from sjt.jobs import registry, service
from sjt.jobs.context import JobContext
from sjt.jobs.model import JobCancelled, JobState
from sjt.times import utc_now

log = logging.getLogger("sjt.jobs")


def run(job_id: UUID, settings: Settings) -> JobState:
    """Do the job and write how it ended."""
    with db.session() as session:
        job = service.job(session, job_id)
    context = JobContext(job_id, job.by, settings)
    state, result, error = JobState.DONE, None, ""
    try:
        result = registry.handler(job.kind)(job.args, context)
    except JobCancelled:
        state = JobState.CANCELLED
    except SjtError as refused:
        state, error = JobState.FAILED, str(refused)
    except Exception:  # whatever a handler raises must end up on the job's page, not in a dead process
        state = JobState.FAILED
        log.exception("job %s (%s) failed", job_id, job.kind)
        error = "The job failed for a reason that it did not foresee:\n" + traceback.format_exc(limit=-3)
    with db.transaction() as session:
        service.finish(session, job_id, state, now=utc_now(), result=result, error=error)
    return state


def main() -> None:
    settings = Settings.from_env()
    db.bind(db.Database(settings.database_url))
    run(UUID(sys.argv[1]), settings)


if __name__ == "__main__":
    main()
