"""Rows of the locked browser: what a session asks for, one-time start links, holds."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from sjt.db import UtcDateTime, new_id


class SessionLock(SQLModel, table=True):
    """A session that may be sat in Safe Exam Browser only."""

    __tablename__ = "session_lock"
    session_id: UUID = Field(foreign_key="test_session.id", primary_key=True)
    mode: str = Field(max_length=10)
    """``session``: one file for all; ``sitting``: a file for each candidate, with a start link of its own."""
    base: str = Field(max_length=500)
    """Address under which candidates reach sjt, as written into the files."""
    quit_token: str = Field(max_length=40)
    quit_hash: str = Field(default="", max_length=64)
    assistive: bool = False
    file: bytes
    """The session's own file; where each candidate has one, its settings but for the start link."""
    config_key: str = Field(max_length=64)
    other_keys: list[dict[str, Any]] = Field(default_factory=list, sa_type=sa.JSON)
    """Keys accepted beside ours: ``{"kind": "config" | "exam", "key", "note"}``."""
    set_at: datetime = Field(sa_type=UtcDateTime)
    set_by: str = Field(max_length=80)


class StartLink(SQLModel, table=True):
    """A candidate's one-time start link, and the Config Key of the file that holds it."""

    __tablename__ = "start_link"
    booking_id: UUID = Field(foreign_key="booking.id", primary_key=True)
    token_hmac: str = Field(unique=True, max_length=64)
    config_key: str = Field(max_length=64)
    made_at: datetime = Field(sa_type=UtcDateTime)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class LockHold(SQLModel, table=True):
    """A sitting that was stopped because its browser could not show the right key."""

    __tablename__ = "lock_hold"
    id: UUID = Field(default_factory=new_id, primary_key=True)
    sitting_id: UUID = Field(foreign_key="sitting.id", index=True)
    lease: int
    why: str = Field(max_length=300)
    at: datetime = Field(sa_type=UtcDateTime)
    released_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    released_by: str = Field(default="", max_length=80)
    reason: str = Field(default="", max_length=1000)
    exempt: bool = False
    """This browser may go on without the key."""
