"""Scripts, marks and declared ties."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from sjt.db import UtcDateTime, new_id, stored_as_value
from sjt.marking.model import ScriptState


class Script(SQLModel, table=True):
    """One written answer, known to markers by its number alone."""

    __tablename__ = "script"
    __table_args__ = (sa.UniqueConstraint("sitting_id", "item"), sa.UniqueConstraint("number"))

    id: UUID = Field(default_factory=new_id, primary_key=True)
    number: str = Field(max_length=8)
    session_id: UUID = Field(index=True)
    sitting_id: UUID
    form_id: str = Field(max_length=40)
    item: str = Field(max_length=80, index=True)
    answer: str = Field(sa_type=sa.Text)
    candidate: str = Field(max_length=40)
    employer: str = Field(default="", max_length=200)
    provider: str = Field(default="", max_length=200)
    state: ScriptState = Field(default=ScriptState.OPEN, sa_type=stored_as_value(ScriptState), index=True)
    second_asked: bool = False
    claimed_by: str | None = Field(default=None, max_length=80)
    claimed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    simulated: bool = False


class Mark(SQLModel, table=True):
    """What one marker gave in one round; rows are added, never changed."""

    __tablename__ = "mark"
    # not (script, round): a mark set aside under a declared tie is followed by another of the same round
    __table_args__ = (sa.UniqueConstraint("script_id", "marker"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    script_id: UUID = Field(foreign_key="script.id", index=True)
    round: int
    marker: str = Field(max_length=80, index=True)
    levels: dict[str, Any] = Field(sa_type=sa.JSON)
    reasons: dict[str, Any] = Field(sa_type=sa.JSON)
    unsafe: str = Field(default="", max_length=1000)
    at: datetime = Field(sa_type=UtcDateTime)


class DeclaredTie(SQLModel, table=True):
    """With whom an assessor has worked."""

    __tablename__ = "declared_tie"
    __table_args__ = (sa.UniqueConstraint("marker", "kind", "name"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    marker: str = Field(max_length=80)
    kind: str = Field(max_length=20)
    name: str = Field(max_length=200)
    declared_at: datetime = Field(sa_type=UtcDateTime)
