"""Rows of the panels: who is asked what, answers (only ever added to), what they add up to, what was decided."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from sjt.db import UtcDateTime, new_id, stored_as_value
from sjt.panels.model import MemberState, Outcome, PanelState, Purpose


class ExpertPanel(SQLModel, table=True):
    """Experts who answer, or rate, some scenarios alone and blind to their keys and to each other."""

    __tablename__ = "expert_panel"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    bank_id: str = Field(max_length=80, foreign_key="bank.id")
    purpose: Purpose = Field(sa_type=stored_as_value(Purpose))
    title: str = Field(max_length=200)
    words: str = Field(default="", sa_type=sa.Text)
    """What the chair tells the experts."""
    due: date
    state: PanelState = Field(default=PanelState.OPEN, sa_type=stored_as_value(PanelState))
    simulated: bool = False
    created_by: str = Field(max_length=80)
    created_at: datetime = Field(sa_type=UtcDateTime)
    closed_by: str = Field(default="", max_length=80)
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    answers_sha256: str = Field(default="", max_length=64)
    """Of the answers as they were closed: the file of them has this hash."""
    job_id: UUID | None = None
    summary: dict[str, Any] | None = Field(default=None, sa_type=sa.JSON)
    """What the answers add up to as a whole; each subject's own is in ``expert_finding``."""


class ExpertPanelScenario(SQLModel, table=True):
    """A scenario a panel is asked about, in the version that it is asked about."""

    __tablename__ = "expert_panel_scenario"

    panel_id: UUID = Field(primary_key=True, foreign_key="expert_panel.id")
    scenario_id: str = Field(primary_key=True, max_length=40, foreign_key="scenario.id")
    version: int
    position: int


class ExpertPanelMember(SQLModel, table=True):
    """An expert on a panel; the number stands for the person in every file and figure."""

    __tablename__ = "expert_panel_member"
    __table_args__ = (sa.UniqueConstraint("panel_id", "number"),)

    panel_id: UUID = Field(primary_key=True, foreign_key="expert_panel.id")
    person: str = Field(primary_key=True, max_length=80)
    number: int
    state: MemberState = Field(default=MemberState.INVITED, sa_type=stored_as_value(MemberState))
    invited_at: datetime = Field(sa_type=UtcDateTime)
    left_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    reason: str = Field(default="", max_length=1000)


class ExpertAnswer(SQLModel, table=True):
    """One answer of one expert; a changed mind is a new version, and the last one counts."""

    __tablename__ = "expert_answer"
    __table_args__ = (sa.UniqueConstraint("panel_id", "person", "subject", "version"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    panel_id: UUID = Field(foreign_key="expert_panel.id", index=True)
    person: str = Field(max_length=80)
    subject: str = Field(max_length=60)
    """An item; of a content panel a scenario."""
    version: int
    response: Any = Field(default=None, sa_type=sa.JSON)
    whole: bool
    """It says something of every option; only whole answers count."""
    note: str = Field(default="", sa_type=sa.Text)
    at: datetime = Field(sa_type=UtcDateTime)


class ExpertFinding(SQLModel, table=True):
    """What a closed panel's answers say of one item or scenario, as `sjt panel` computes it."""

    __tablename__ = "expert_finding"

    panel_id: UUID = Field(primary_key=True, foreign_key="expert_panel.id")
    subject: str = Field(primary_key=True, max_length=60)
    found: dict[str, Any] = Field(sa_type=sa.JSON)
    drawn: dict[str, Any] = Field(sa_type=sa.JSON)
    """The keys of the drawn panels, and which of them each panel gave; empty for a content panel."""
    computed_at: datetime = Field(sa_type=UtcDateTime)


class KeyMeeting(SQLModel, table=True):
    """A meeting over what a panel found, with those who were there."""

    __tablename__ = "key_meeting"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    panel_id: UUID = Field(foreign_key="expert_panel.id", index=True)
    held_on: date
    present: str = Field(sa_type=sa.Text)
    at: datetime = Field(sa_type=UtcDateTime)
    by: str = Field(max_length=80)


class KeyDecision(SQLModel, table=True):
    """What a meeting decided of one item and why; a later decision stands beside it and counts."""

    __tablename__ = "key_decision"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    meeting_id: UUID = Field(foreign_key="key_meeting.id", index=True)
    panel_id: UUID = Field(foreign_key="expert_panel.id", index=True)
    item: str = Field(max_length=60)
    outcome: Outcome = Field(sa_type=stored_as_value(Outcome))
    reason: str = Field(default="", sa_type=sa.Text)
    key_before: Any = Field(default=None, sa_type=sa.JSON)
    key_after: Any = Field(default=None, sa_type=sa.JSON)
    why: dict[str, str] = Field(default_factory=dict, sa_type=sa.JSON)
    """New reasons of responses whose place changed."""
    at: datetime = Field(sa_type=UtcDateTime)
    by: str = Field(max_length=80)


class KeySettlement(SQLModel, table=True):
    """The end of a panel for one scenario: the version its key became, or that it did not pass."""

    __tablename__ = "key_settlement"

    panel_id: UUID = Field(primary_key=True, foreign_key="expert_panel.id")
    scenario_id: str = Field(primary_key=True, max_length=40, foreign_key="scenario.id")
    passed: bool
    became: int
    """The version that holds the key from now on; without a pass the version that was asked about."""
    at: datetime = Field(sa_type=UtcDateTime)
    by: str = Field(max_length=80)


class ThinkAloud(SQLModel, table=True):
    """What somebody said while thinking aloud over a version, before its trial, and what came of it."""

    __tablename__ = "think_aloud"
    __table_args__ = (sa.Index("ix_think_aloud_scenario_id", "scenario_id"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    scenario_id: str = Field(max_length=40, foreign_key="scenario.id")
    version: int
    held_on: date
    who: str = Field(max_length=200)
    """Whom it was with, by role and never by name: an apprentice in year two."""
    finding: str = Field(sa_type=sa.Text)
    changed: str = Field(default="", sa_type=sa.Text)
    at: datetime = Field(sa_type=UtcDateTime)
    by: str = Field(max_length=80)
