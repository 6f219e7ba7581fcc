"""Background work as rows: what to do, how far it is, what came of it."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from sjt.db import UtcDateTime, new_id, stored_as_value
from sjt.jobs.model import JobState


class Job(SQLModel, table=True):
    __tablename__ = "job"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    kind: str = Field(max_length=60)
    title: str = Field(max_length=200)
    args: dict[str, Any] = Field(sa_type=sa.JSON)
    state: JobState = Field(default=JobState.QUEUED, sa_type=stored_as_value(JobState), index=True)
    by: str = Field(max_length=80)
    created_at: datetime = Field(sa_type=UtcDateTime)
    started_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    heartbeat_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    attempts: int = 0
    done: int = 0
    total: int = 0
    message: str = Field(default="", max_length=300)
    cancel_asked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    result: dict[str, Any] | None = Field(default=None, sa_type=sa.JSON)
    error: str = Field(default="", sa_type=sa.Text)
    goes_to: str = Field(default="", max_length=300)
    """Address of the page that shows what came of it."""
