"""Rows of a session's reserve forms and of sittings on paper: prints, two keyings, the third look."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from sjt.db import UtcDateTime, new_id


class SessionReserve(SQLModel, table=True):
    """The forms that a session keeps in reserve, and, after a leak, those it deals no more."""

    __tablename__ = "session_reserve"
    session_id: UUID = Field(foreign_key="test_session.id", primary_key=True)
    forms: list[str] = Field(default_factory=list, sa_type=sa.JSON)
    """In reserve: never dealt before they are called on."""
    withheld: list[str] = Field(default_factory=list, sa_type=sa.JSON)
    """Leaked: nobody is dealt one any more."""
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    used_by: str = Field(default="", max_length=80)
    reason: str = Field(default="", max_length=1000)


class PaperSitting(SQLModel, table=True):
    """A sitting on paper. Times and answers are in its ledger; here is what happened to the sheets."""

    __tablename__ = "paper_sitting"
    sitting_id: UUID = Field(foreign_key="sitting.id", primary_key=True)
    reason: str = Field(max_length=1000)
    asked_at: datetime = Field(sa_type=UtcDateTime)
    asked_by: str = Field(max_length=80)
    prints: int = 0
    printed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    printed_by: str = Field(default="", max_length=80)
    entered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When the agreed answers were written into the ledger."""


class PaperKeying(SQLModel, table=True):
    """What one person keyed from the sheets, before anybody compared it."""

    __tablename__ = "paper_keying"
    __table_args__ = (
        sa.UniqueConstraint("sitting_id", "nth"),
        sa.UniqueConstraint("sitting_id", "keyer"),
        sa.CheckConstraint("nth IN (1, 2)", name="twice"),
    )
    id: UUID = Field(default_factory=new_id, primary_key=True)
    sitting_id: UUID = Field(foreign_key="paper_sitting.sitting_id")
    nth: int
    keyer: str = Field(max_length=80)
    mark: str = Field(max_length=10)
    """The check mark as it stands on the sheets."""
    typed: dict[str, Any] = Field(sa_type=sa.JSON)
    """Item → the signs as typed, by printed positions."""
    responses: dict[str, Any] = Field(sa_type=sa.JSON)
    """Item → the response by option ids; null where the sheet is blank."""
    at: datetime = Field(sa_type=UtcDateTime)


class PaperSettlement(SQLModel, table=True):
    """The third look at one item on which the two keyings differ."""

    __tablename__ = "paper_settlement"
    sitting_id: UUID = Field(foreign_key="paper_sitting.sitting_id", primary_key=True)
    item: str = Field(primary_key=True, max_length=80)
    typed: str = Field(sa_type=sa.Text)
    response: Any = Field(default=None, sa_type=sa.JSON)
    by: str = Field(max_length=80)
    beside: str = Field(max_length=80)
    """The keyer who looked at the sheet with the officer."""
    at: datetime = Field(sa_type=UtcDateTime)
