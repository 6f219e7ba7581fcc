"""What the end-point assessment record keeps beside the judgement test's own result."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from sjt.db import UtcDateTime, new_id, stored_as_value
from sjt.grading.rules import SignedAs


class ComponentResult(SQLModel, table=True):
    """An outcome of a component that people grade (portfolio, interview); a correction is a new row."""

    __tablename__ = "component_result"
    __table_args__ = (sa.UniqueConstraint("candidate_id", "component", "version"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    candidate_id: UUID = Field(index=True)
    component: str = Field(max_length=40)
    version: int
    outcome: str = Field(max_length=40)
    reason: str = Field(sa_type=sa.Text)
    by: str = Field(max_length=80)
    at: datetime = Field(sa_type=UtcDateTime)
    simulated: bool = False


class PortfolioHandIn(SQLModel, table=True):
    __tablename__ = "portfolio_hand_in"

    candidate_id: UUID = Field(primary_key=True)
    handed_in: date
    by: str = Field(max_length=80)
    at: datetime = Field(sa_type=UtcDateTime)


class Interview(SQLModel, table=True):
    """One interview: booked for a day, opened once every rule allows it."""

    __tablename__ = "interview"
    __table_args__ = (sa.UniqueConstraint("candidate_id"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    candidate_id: UUID
    day: date
    assessor: str = Field(max_length=80)
    booked_by: str = Field(max_length=80)
    booked_at: datetime = Field(sa_type=UtcDateTime)
    opened_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    notes: str = Field(default="", sa_type=sa.Text)


class AwardSignature(SQLModel, table=True):
    """One of the two signatures under an award: the assessor's judgement, then the organisation's decision."""

    __tablename__ = "award_signature"
    __table_args__ = (sa.UniqueConstraint("candidate_id", "award_version", "signed_as"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    candidate_id: UUID = Field(index=True)
    award_version: int
    signed_as: SignedAs = Field(sa_type=stored_as_value(SignedAs))
    grade: str = Field(max_length=40)
    plan: str = Field(max_length=100)
    outcomes: dict[str, Any] = Field(sa_type=sa.JSON)
    by: str = Field(max_length=80)
    at: datetime = Field(sa_type=UtcDateTime)


class EmployerContact(SQLModel, table=True):
    """Which employer a contact belongs to, so that they see their own apprentices and no others."""

    __tablename__ = "employer_contact"

    user_id: str = Field(primary_key=True, max_length=80)
    employer: str = Field(max_length=200)
