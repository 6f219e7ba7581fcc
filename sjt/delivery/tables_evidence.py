"""Rows of the evidence behind adjustments: apart from bookings, sealed, and kept for a time."""

from datetime import date, datetime
from uuid import UUID

from sqlmodel import Field, SQLModel

from sjt.db import UtcDateTime, new_id


class AdjustmentEvidence(SQLModel, table=True):
    """Something that was seen for one candidate. The database holds it sealed; dates alone can be read."""

    __tablename__ = "adjustment_evidence"
    id: UUID = Field(default_factory=new_id, primary_key=True)
    candidate_id: UUID = Field(foreign_key="candidate.id", index=True)
    sealed: bytes = b""
    """What was seen, by whom and when: AES-256-GCM, nonce first. Empty once it is erased."""
    review_on: date | None = None
    keep_until: date = Field(index=True)
    recorded_at: datetime = Field(sa_type=UtcDateTime)
    recorded_by: str = Field(max_length=80)
    erased_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    erased_by: str = Field(default="", max_length=80)
