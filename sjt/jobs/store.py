"""Every question asked of the jobs' table."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from sjt.jobs.model import JobState
from sjt.jobs.tables import Job


def job(session: Session, job_id: UUID, *, lock: bool = False) -> Job | None:
    return session.get(Job, job_id, populate_existing=True, with_for_update=lock or None)


def jobs(session: Session, limit: int = 100) -> Sequence[Job]:
    return session.exec(select(Job).order_by(col(Job.created_at).desc()).limit(limit)).all()


def next_queued(session: Session) -> Job | None:
    """Give the oldest waiting job; on PostgreSQL another worker's choice is passed over."""
    query = select(Job).where(col(Job.state) == JobState.QUEUED).order_by(col(Job.created_at), col(Job.id)).limit(1)
    return session.exec(query.with_for_update(skip_locked=True)).first()


def stale(session: Session, before: datetime) -> Sequence[Job]:
    query = select(Job).where(col(Job.state) == JobState.RUNNING, col(Job.heartbeat_at) < before)
    return session.exec(query.with_for_update(skip_locked=True)).all()


def has_work(session: Session, before: datetime) -> bool:
    waits = col(Job.state) == JobState.QUEUED
    lost = (col(Job.state) == JobState.RUNNING) & (col(Job.heartbeat_at) < before)
    return session.exec(select(Job.id).where(waits | lost).limit(1)).first() is not None


def count_open(session: Session) -> int:
    query = select(sa.func.count()).where(col(Job.state).in_([JobState.QUEUED, JobState.RUNNING]))
    return session.exec(query).one()


def newest(session: Session, kind: str, args: dict[str, Any]) -> Job | None:
    """Give the newest job of a kind with these arguments (few rows, so compared here)."""
    query = select(Job).where(col(Job.kind) == kind).order_by(col(Job.created_at).desc()).limit(200)
    return next((found for found in session.exec(query) if found.args == args), None)
