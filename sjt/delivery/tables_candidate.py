"""Rows of the candidate's side: a session's key for emergency files, imports of them, comments, the survey."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from sjt.db import UtcDateTime, new_id


class SessionKey(SQLModel, table=True):
    """A session's key pair for emergency files; the private half is sealed with the installation's secret."""

    __tablename__ = "session_key"
    session_id: UUID = Field(foreign_key="test_session.id", primary_key=True)
    public: bytes
    """P-256 point, uncompressed, 65 bytes."""
    sealed: bytes
    """Private key, AES-256-GCM: nonce, then ciphertext with its tag."""
    made_at: datetime = Field(sa_type=UtcDateTime)


class EmergencyImport(SQLModel, table=True):
    """One import of an emergency file, and what became of its events."""

    __tablename__ = "emergency_import"
    id: UUID = Field(default_factory=new_id, primary_key=True)
    session_id: UUID = Field(foreign_key="test_session.id", index=True)
    sitting_id: UUID = Field(foreign_key="sitting.id")
    file_sha256: str = Field(max_length=64)
    saved_at: str = Field(max_length=40)
    """When the browser wrote the file, by its own clock."""
    at: datetime = Field(sa_type=UtcDateTime)
    by: str = Field(max_length=80)
    added: int
    """Events that count now and were not here before."""
    known: int
    held: int
    """Kept aside for a named person's decision."""
    refused: int


class ItemComment(SQLModel, table=True):
    """What a candidate wrote about one item after the clock; shown without a name."""

    __tablename__ = "item_comment"
    __table_args__ = (sa.UniqueConstraint("sitting_id", "item"),)
    id: UUID = Field(default_factory=new_id, primary_key=True)
    sitting_id: UUID = Field(foreign_key="sitting.id")
    form_id: str = Field(max_length=80)
    item: str = Field(max_length=80, index=True)
    words: str = Field(max_length=1000)
    at: datetime = Field(sa_type=UtcDateTime)


class SurveyAnswer(SQLModel, table=True):
    """A candidate's view of the whole test, 1 to 5; none of it is asked twice or has to be given."""

    __tablename__ = "survey_answer"
    __table_args__ = tuple(
        sa.CheckConstraint(f"{name} BETWEEN 1 AND 5", name=f"{name}_in_range")
        for name in ("relevance", "fairness", "clarity", "time")
    )
    sitting_id: UUID = Field(foreign_key="sitting.id", primary_key=True)
    form_id: str = Field(max_length=80, index=True)
    relevance: int | None = None
    fairness: int | None = None
    clarity: int | None = None
    time: int | None = None
    words: str = Field(default="", max_length=2000)
    at: datetime = Field(sa_type=UtcDateTime)
