"""The deeds of background work: enqueue, claim, tell progress, end, cancel, take back from a dead worker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from sjt.access import SYSTEM, Actor
from sjt.audit import service as audit
from sjt.errors import MoveRefused, NotFound
from sjt.jobs import registry, store
from sjt.jobs.model import ENDED, MAX_ATTEMPTS, STALE_AFTER, JobLost, JobState
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


def enqueue_daily(session: Session, day: date, *, now: datetime) -> list[UUID]:
    """Put the jobs of a day in the queue that are not there yet."""
    args = {"day": day.isoformat()}
    return [
        enqueue(session, kind, args, by=SYSTEM, now=now, title=f"Reminders of {day:%-d %B %Y}")
        for kind in registry.DAILY
        if store.newest(session, kind, args) is None
    ]


def has_work(session: Session, *, now: datetime) -> bool:
    """Tell whether a job waits, or runs without its worker."""
    return store.has_work(session, now - STALE_AFTER)


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
        _requeue(session, job, now)
    return len(found)


def _requeue(session: Session, job: Job, now: datetime) -> None:
    if job.cancel_asked_at is not None:
        job.state, job.ended_at = JobState.CANCELLED, now
    elif job.attempts >= MAX_ATTEMPTS:
        job.state, job.ended_at = JobState.FAILED, now
        job.error = f"Its process stopped {job.attempts} times. Look at the worker's log, then start the job again."
    else:
        job.state, job.message, job.done, job.total = JobState.QUEUED, "Waits again: its process stopped", 0, 0
    session.add(job)
    session.flush()


def process_died(session: Session, job_id: UUID, attempt: int, *, now: datetime) -> None:
    """Queue a job again whose own process was killed; after the last attempt it has failed."""
    job = _job(session, job_id, lock=True)
    if _is_held(job, attempt):
        _requeue(session, job, now)


def hand_back(session: Session, job_id: UUID, attempt: int, *, now: datetime) -> None:
    """Queue a job again because its worker was told to stop; that costs the job no attempt."""
    job = _job(session, job_id, lock=True)
    if _is_held(job, attempt):
        job.attempts -= 1
        _requeue(session, job, now)


def _is_held(job: Job, attempt: int) -> bool:
    """Tell whether this attempt is still the one that does the job."""
    return job.state is JobState.RUNNING and job.attempts == attempt


def require_held(session: Session, job_id: UUID, attempt: int) -> None:
    """Stop an attempt whose job was taken back meanwhile, before it writes anything."""
    if not _is_held(_job(session, job_id), attempt):
        raise JobLost


def beat(session: Session, job_id: UUID, attempt: int, *, now: datetime) -> None:
    """Say that the job's worker lives."""
    job = _job(session, job_id, lock=True)
    if not _is_held(job, attempt):
        raise JobLost
    job.heartbeat_at = now
    session.add(job)


def note_progress(
    session: Session, job_id: UUID, attempt: int, done: int, total: int, message: str, *, now: datetime
) -> None:
    job = _job(session, job_id, lock=True)
    if not _is_held(job, attempt):
        raise JobLost
    job.done, job.total, job.message, job.heartbeat_at = done, total, message[:300], now
    session.add(job)


def is_cancel_asked(session: Session, job_id: UUID) -> bool:
    return _job(session, job_id).cancel_asked_at is not None


def finish(
    session: Session,
    job_id: UUID,
    state: JobState,
    *,
    attempt: int,
    now: datetime,
    result: Mapping[str, Any] | None = None,
    error: str = "",
) -> None:
    """Write how the job ended; only the attempt that holds the job can, and a job keeps its first end."""
    job = _job(session, job_id, lock=True)
    if not _is_held(job, attempt):
        return
    job.state, job.ended_at, job.error = state, now, error
    job.result = dict(result) if result is not None else None
    if result is not None and isinstance(result.get("goes_to"), str):
        job.goes_to = result["goes_to"]
    session.add(job)


def cancel(session: Session, job_id: UUID, *, by: Actor, now: datetime) -> None:
    """Ask a job to stop; one that waits is cancelled at once."""
    job = _job(session, job_id, lock=True)
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


def _job(session: Session, job_id: UUID, *, lock: bool = False) -> Job:
    found = store.job(session, job_id, lock=lock)
    if found is None:
        raise NotFound("There is no such job.")
    return found
