"""Rows of analysis: what a run or a closer study found, its pictures, and what somebody decided about an item."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from sjt.analysis.model import Decision
from sjt.db import UtcDateTime, new_id, stored_as_value


class AnalysisRun(SQLModel, table=True):
    """One analysis of one session, or of one form over its sessions; the pages show the newest."""

    __tablename__ = "analysis_run"
    __table_args__ = (sa.CheckConstraint("(session_id IS NULL) <> (form_id IS NULL)", name="session_or_form"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    session_id: UUID | None = Field(default=None, foreign_key="test_session.id", index=True)
    form_id: str | None = Field(default=None, max_length=80, index=True)
    n: int
    data_sha256: str = Field(max_length=64)
    result: str = Field(sa_type=sa.Text)
    """Everything the pages show, JSON."""
    profile: str = Field(max_length=80)
    version: str = Field(max_length=40)
    """Of sjt."""
    seed: int
    simulated: bool = False
    at: datetime = Field(sa_type=UtcDateTime)
    by: str = Field(max_length=80)


class AnalysisPicture(SQLModel, table=True):
    """A plot as the worker drew it, served as an image."""

    __tablename__ = "analysis_picture"

    run_id: UUID = Field(primary_key=True, foreign_key="analysis_run.id")
    name: str = Field(primary_key=True, max_length=120)
    svg: str = Field(sa_type=sa.Text)


class Study(SQLModel, table=True):
    """A closer look at one session or form: response models, fairness, drift, equating, likeness, validity, what-if."""

    __tablename__ = "analysis_study"
    __table_args__ = (sa.CheckConstraint("(session_id IS NULL) <> (form_id IS NULL)", name="session_or_form"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    topic: str = Field(max_length=40)
    session_id: UUID | None = Field(default=None, foreign_key="test_session.id", index=True)
    form_id: str | None = Field(default=None, max_length=80, index=True)
    n: int
    data_sha256: str = Field(max_length=64)
    asked: dict[str, Any] = Field(sa_type=sa.JSON)
    """What was asked beside the topic: the change of a what-if."""
    result: str = Field(sa_type=sa.Text)
    """Everything the page shows, JSON; pictures included."""
    version: str = Field(max_length=40)
    """Of sjt."""
    seed: int
    simulated: bool = False
    at: datetime = Field(sa_type=UtcDateTime)
    by: str = Field(max_length=80)


class ItemDecision(SQLModel, table=True):
    """What somebody decided about an item, and why, on the evidence of one run."""

    __tablename__ = "item_decision"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    run_id: UUID = Field(foreign_key="analysis_run.id", index=True)
    item: str = Field(max_length=80, index=True)
    decision: Decision = Field(sa_type=stored_as_value(Decision))
    reason: str = Field(max_length=4000)
    by: str = Field(max_length=80)
    by_name: str = Field(max_length=200)
    at: datetime = Field(sa_type=UtcDateTime)
