"""The deeds of background work: enqueue, claim, tell progress, end, cancel, take back from a dead worker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from sjt.access import Actor
from sjt.audit import service as audit
from sjt.errors import MoveRefused, NotFound
from sjt.jobs import registry, store
from sjt.jobs.model import ENDED, MAX_ATTEMPTS, STALE_AFTER, JobState
from sjt.jobs.tables import Job


def enqueue(
    session: Session,
    kind: str,
    args: Mapping[str, Any],
    *,
    by: Actor,
    now: datetime,
    title: str = "",
    goes_to: str = "",
) -> UUID:
    """Put a job in the queue and give its id."""
    if kind not in registry.HANDLERS:
        raise NotFound(f"No job is called {kind}.")
    job = Job(kind=kind, title=title or kind, args=dict(args), by=by.id, created_at=now, goes_to=goes_to)
    session.add(job)
    session.flush()
    audit.record(session, by=by, did="job.enqueued", on=job.id, at=now, body={"kind": kind})
    return job.id


def claim(session: Session, *, now: datetime) -> Job | None:
    """Take the oldest waiting job."""
    job = store.next_queued(session)
    if job is None:
        return None
    job.state, job.started_at, job.heartbeat_at = JobState.RUNNING, now, now
    job.attempts += 1
    session.add(job)
    session.flush()
    return job


def take_back(session: Session, *, now: datetime) -> int:
    """Queue again what a dead worker left running; after the last attempt it has failed."""
    found = store.stale(session, now - STALE_AFTER)
    for job in found:
        if job.cancel_asked_at is not None:
            job.state, job.ended_at = JobState.CANCELLED, now
        elif job.attempts >= MAX_ATTEMPTS:
            job.state, job.ended_at = JobState.FAILED, now
            job.error = (
                f"The worker stopped {job.attempts} times while doing this. Look at its log, then start it again."
            )
        else:
            job.state, job.message = JobState.QUEUED, "Waits again: the worker was restarted"
        session.add(job)
    session.flush()
    return len(found)


def beat(session: Session, job_id: UUID, *, now: datetime) -> bool:
    """Say that the job's worker lives; give whether somebody asked to cancel."""
    job = _job(session, job_id)
    job.heartbeat_at = now
    session.add(job)
    return job.cancel_asked_at is not None


def note_progress(session: Session, job_id: UUID, done: int, total: int, message: str, *, now: datetime) -> None:
    job = _job(session, job_id)
    job.done, job.total, job.message, job.heartbeat_at = done, total, message[:300], now
    session.add(job)


def is_cancel_asked(session: Session, job_id: UUID) -> bool:
    return _job(session, job_id).cancel_asked_at is not None


def finish(
    session: Session,
    job_id: UUID,
    state: JobState,
    *,
    now: datetime,
    result: Mapping[str, Any] | None = None,
    error: str = "",
) -> None:
    """Write how the job ended; a job that has ended already keeps its first end."""
    job = _job(session, job_id)
    if job.state in ENDED:
        return
    job.state, job.ended_at, job.error = state, now, error
    job.result = dict(result) if result is not None else None
    if result is not None and isinstance(result.get("goes_to"), str):
        job.goes_to = result["goes_to"]
    session.add(job)


def cancel(session: Session, job_id: UUID, *, by: Actor, now: datetime) -> None:
    """Ask a job to stop; one that waits is cancelled at once."""
    job = _job(session, job_id)
    if job.state in ENDED:
        raise MoveRefused(f"This job is {job.state.value} already.")
    if job.state is JobState.QUEUED:
        job.state, job.ended_at = JobState.CANCELLED, now
    job.cancel_asked_at = job.cancel_asked_at or now
    session.add(job)
    audit.record(session, by=by, did="job.cancel_asked", on=job_id, at=now)


def job(session: Session, job_id: UUID) -> Job:
    return _job(session, job_id)


def jobs(session: Session) -> Sequence[Job]:
    return store.jobs(session)


def newest(session: Session, kind: str, args: Mapping[str, Any]) -> Job | None:
    return store.newest(session, kind, dict(args))


def _job(session: Session, job_id: UUID) -> Job:
    found = store.job(session, job_id)
    if found is None:
        raise NotFound("There is no such job.")
    return found
