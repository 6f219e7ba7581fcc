"""Rows of delivery and their constraints."""

from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from sjt.db import UtcDateTime, new_id, stored_as_value
from sjt.delivery.model import BookingState, IncidentCategory, SessionState, SittingState


class Centre(SQLModel, table=True):
    id: UUID = Field(default_factory=new_id, primary_key=True)
    name: str = Field(unique=True, max_length=200)
    networks: list[str] = Field(default_factory=list, sa_type=sa.JSON, sa_column_kwargs={"server_default": "[]"})
    """Networks (CIDR) from which its candidates may sit; none: from anywhere."""


class Room(SQLModel, table=True):
    __table_args__ = (sa.UniqueConstraint("centre_id", "name"),)
    id: UUID = Field(default_factory=new_id, primary_key=True)
    centre_id: UUID = Field(foreign_key="centre.id")
    name: str = Field(max_length=200)


class Candidate(SQLModel, table=True):
    """An apprentice."""

    id: UUID = Field(default_factory=new_id, primary_key=True)
    uln: str = Field(max_length=10, index=True)
    given_name: str = Field(max_length=200)
    family_name: str = Field(max_length=200)
    date_of_birth: date
    employer: str = Field(max_length=200, index=True)
    provider: str = Field(max_length=200)
    option: str = Field(max_length=40)
    start_date: date
    plan: str = Field(max_length=100)
    """Id of the assessment plan; never a newer one than the start date allows."""
    created_at: datetime = Field(sa_type=UtcDateTime)


class GatewayEvidence(SQLModel, table=True):
    __tablename__ = "gateway_evidence"
    __table_args__ = (sa.UniqueConstraint("candidate_id", "evidence"),)
    id: UUID = Field(default_factory=new_id, primary_key=True)
    candidate_id: UUID = Field(foreign_key="candidate.id")
    evidence: str = Field(max_length=60)
    recorded_by: str = Field(max_length=80)
    recorded_at: datetime = Field(sa_type=UtcDateTime)


class TestSession(SQLModel, table=True):
    """One room, one start, the forms that are sat in it."""

    __test__: ClassVar[bool] = False  # the name does not make it a test
    __tablename__ = "test_session"
    __table_args__ = (sa.CheckConstraint("seats > 0", name="seats_positive"),)
    id: UUID = Field(default_factory=new_id, primary_key=True)
    room_id: UUID = Field(foreign_key="room.id")
    starts: datetime = Field(sa_type=UtcDateTime, index=True)
    forms: list[str] = Field(sa_type=sa.JSON)
    pools: list[str] = Field(default_factory=list, sa_type=sa.JSON, sa_column_kwargs={"server_default": "[]"})
    """Pools (ids of sets) from which each candidate of their option is dealt a form of their own."""
    plan: str = Field(max_length=100)
    seats: int
    state: SessionState = Field(default=SessionState.SCHEDULED, sa_type=stored_as_value(SessionState))
    pin_hmac: str = Field(default="", max_length=64)
    started_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    late_minutes: int | None = None
    """Who arrives later than this after the start is not let in; none: no cut-off."""
    late_time: str = Field(default="full", max_length=10, sa_column_kwargs={"server_default": "full"})
    """``full``: a latecomer has all the time; ``shortened``: the minutes since the room's start are gone."""
    simulated: bool = False
    created_at: datetime = Field(sa_type=UtcDateTime)


class Booking(SQLModel, table=True):
    __table_args__ = (
        sa.UniqueConstraint("session_id", "candidate_id"),
        sa.UniqueConstraint("session_id", "seat"),
        sa.UniqueConstraint("code_hmac"),
        sa.CheckConstraint("seat IS NULL OR seat > 0", name="seat_positive"),
        sa.CheckConstraint("attempt > 0", name="attempt_positive"),
    )
    id: UUID = Field(default_factory=new_id, primary_key=True)
    candidate_id: UUID = Field(foreign_key="candidate.id", index=True)
    session_id: UUID = Field(foreign_key="test_session.id")
    seat: int | None = None
    state: BookingState = Field(default=BookingState.BOOKED, sa_type=stored_as_value(BookingState))
    adjustment: dict[str, Any] = Field(default_factory=dict, sa_type=sa.JSON)
    """The effect alone; health data has no place here."""
    notes: str = Field(default="", max_length=1000)
    code_hmac: str | None = Field(default=None, max_length=64)
    code_issued_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    attempt: int = 1
    resit_of: UUID | None = Field(default=None, foreign_key="booking.id")
    moved_to: UUID | None = Field(default=None, foreign_key="booking.id")
    reason: str = Field(default="", max_length=1000)
    late: bool = False
    checked_in_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    checked_in_by: str | None = Field(default=None, max_length=80)
    created_at: datetime = Field(sa_type=UtcDateTime)


class FormDeal(SQLModel, table=True):
    """A form of a pool, dealt to one candidate; its key is the form, so that none is ever dealt twice."""

    __tablename__ = "form_deal"
    form_id: str = Field(primary_key=True, max_length=80)
    pool: UUID = Field(index=True)
    session_id: UUID = Field(foreign_key="test_session.id", index=True)
    booking_id: UUID = Field(foreign_key="booking.id", index=True)
    candidate_id: UUID = Field(foreign_key="candidate.id")
    seed: str = Field(max_length=120)
    """What the draw started from; with the pool's order and what was taken it gives this form again."""
    steps: int
    """Forms that the draw passed over from its place: dealt already, or holding something this candidate has met."""
    dealt_at: datetime = Field(sa_type=UtcDateTime)
    dealt_by: str = Field(max_length=80)


class Sitting(SQLModel, table=True):
    """One candidate, one form, one clock. From ``state`` on, only the ledger writes here."""

    __table_args__ = (
        sa.Index(
            "ix_sitting_booking_id_current",
            "booking_id",
            unique=True,
            sqlite_where=sa.text("retired = ''"),
            postgresql_where=sa.text("retired = ''"),
        ),
    )
    id: UUID = Field(default_factory=new_id, primary_key=True)
    booking_id: UUID = Field(foreign_key="booking.id", index=True)
    session_id: UUID = Field(foreign_key="test_session.id", index=True)
    candidate_id: UUID = Field(foreign_key="candidate.id", index=True)
    form_id: str = Field(max_length=80, index=True)
    snapshot_sha256: str = Field(max_length=64)
    deal_seed: str = Field(max_length=80)
    deal: str = Field(sa_type=sa.Text)
    """Order of scenarios, items and options as shown, JSON."""
    opened_at: datetime = Field(sa_type=UtcDateTime)
    retired: str = Field(default="", max_length=20, sa_column_kwargs={"server_default": ""})
    """Why a void sitting no longer is its booking's: ``again`` (the candidate sits anew), ``unseen`` (and never saw
    this one, somebody else sat under the code); empty: it is the booking's sitting."""
    # what follows is the fold of the ledger, renewed in the transaction that appends to it
    state: SittingState = Field(default=SittingState.WAITING, sa_type=stored_as_value(SittingState), index=True)
    lease: int = 1
    lease_hmac: str | None = Field(default=None, max_length=64)
    """Of the token in the browser that holds the lease; None: released, the code may be shown again."""
    device: str = Field(default="", max_length=300)
    head_n: int = 0
    head_hash: str = Field(default="0" * 64, max_length=64)
    content_head: str = Field(default="0" * 64, max_length=64)
    content_lease: int = 0
    content_seq: int = -1
    total_ms: int = Field(default=0, sa_type=sa.BigInteger)
    left_ms: int = Field(default=0, sa_type=sa.BigInteger)
    """Time left while the clock stands; while it runs, the three ``ends_`` columns hold."""
    ends_boot: str | None = Field(default=None, max_length=64)
    ends_mono_ms: int | None = Field(default=None, sa_type=sa.BigInteger)
    ends_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)
    started_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    receipt: str | None = Field(default=None, max_length=20)
    last_event_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    unsaved: int = 0
    """Events the page said it still held when it last sent."""
    anchored_n: int = 0
    """Length of the chain that an anchor of the audit record names."""


class LedgerRow(SQLModel, table=True):
    """One link of a sitting's chain; never changed, never deleted."""

    __tablename__ = "ledger_entry"
    __table_args__ = ({"sqlite_with_rowid": False},)
    sitting_id: UUID = Field(foreign_key="sitting.id", primary_key=True)
    n: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    at: str = Field(max_length=24)
    by: str = Field(max_length=80)
    did: str = Field(max_length=60)
    body_sha256: str = Field(max_length=64)
    prev: str = Field(max_length=64)
    hash: str = Field(max_length=64)


class LedgerBody(SQLModel, table=True):
    """What an entry says, with its salt; may be erased, after which the chain still verifies."""

    __tablename__ = "ledger_body"
    __table_args__ = (
        sa.ForeignKeyConstraint(["sitting_id", "n"], ["ledger_entry.sitting_id", "ledger_entry.n"]),
        sa.Index(None, "sitting_id", "event_id", unique=True),
        {"sqlite_with_rowid": False},
    )
    sitting_id: UUID = Field(primary_key=True)
    n: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    salt: bytes
    body: str = Field(sa_type=sa.Text)
    event_id: UUID | None = None
    lease: int | None = None
    seq: int | None = Field(default=None, sa_type=sa.BigInteger)
    content_sha256: str | None = Field(default=None, max_length=64)
    counts: bool = True
    """False: kept aside; the entry is in the chain but not in the answers."""


class AnswerRow(SQLModel, table=True):
    """The fold of a sitting's events, one row per item and kind (answer, flag, view)."""

    __tablename__ = "answer"
    __table_args__ = ({"sqlite_with_rowid": False},)
    sitting_id: UUID = Field(foreign_key="sitting.id", primary_key=True)
    item: str = Field(primary_key=True, max_length=80)
    kind: str = Field(primary_key=True, max_length=10)
    response: str | None = Field(default=None, sa_type=sa.Text)
    lease: int
    seq: int = Field(sa_type=sa.BigInteger)
    first_at: str = Field(max_length=24)
    last_at: str = Field(max_length=24)


class HeldEvent(SQLModel, table=True):
    """An event that came too late or under an old lease, kept until a named person decides."""

    __tablename__ = "held_event"
    __table_args__ = (sa.UniqueConstraint("sitting_id", "event_id"),)
    id: UUID = Field(default_factory=new_id, primary_key=True)
    sitting_id: UUID = Field(foreign_key="sitting.id")
    event_id: UUID
    n: int
    """Its entry in the ledger."""
    code: str = Field(max_length=20)
    item: str | None = Field(default=None, max_length=80)
    arrived_at: datetime = Field(sa_type=UtcDateTime)
    decision: str | None = Field(default=None, max_length=20)
    decided_by: str | None = Field(default=None, max_length=80)
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    reason: str = Field(default="", max_length=1000)


class Incident(SQLModel, table=True):
    id: UUID = Field(default_factory=new_id, primary_key=True)
    session_id: UUID = Field(foreign_key="test_session.id", index=True)
    sitting_id: UUID | None = Field(default=None, foreign_key="sitting.id")
    category: IncidentCategory = Field(sa_type=stored_as_value(IncidentCategory))
    text: str = Field(max_length=4000)
    at: datetime = Field(sa_type=UtcDateTime)
    by: str = Field(max_length=80)
    resolved_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    resolved_by: str | None = Field(default=None, max_length=80)
    resolution: str = Field(default="", max_length=4000)


class Heartbeat(SQLModel, table=True):
    """Written every 5 s by a serving process: ties wall time to (boot, monotonic)."""

    id: int | None = Field(default=None, primary_key=True)
    """Counts up: the newest beat is the last written, whatever a stepped clock says."""
    at: datetime = Field(sa_type=UtcDateTime, index=True)
    boot: str = Field(max_length=64)
    mono_ms: int = Field(sa_type=sa.BigInteger)
    process: UUID


class Outage(SQLModel, table=True):
    """A time during which no server lived; the row makes its credit happen once."""

    id: UUID = Field(default_factory=new_id, primary_key=True)
    last_beat: int = Field(unique=True)
    from_at: datetime = Field(sa_type=UtcDateTime)
    to_at: datetime = Field(sa_type=UtcDateTime)
    ms: int = Field(sa_type=sa.BigInteger)
    credited: bool


class OutageCase(SQLModel, table=True):
    """A time without a server, for one session, that waits for the invigilator's decision (policy ``ask``)."""

    __tablename__ = "outage_case"
    __table_args__ = (sa.UniqueConstraint("session_id", "key"),)
    id: UUID = Field(default_factory=new_id, primary_key=True)
    session_id: UUID = Field(foreign_key="test_session.id")
    key: str = Field(max_length=80)
    from_at: datetime = Field(sa_type=UtcDateTime)
    to_at: datetime = Field(sa_type=UtcDateTime)
    ms: int = Field(sa_type=sa.BigInteger)
    span: dict[str, Any] = Field(sa_type=sa.JSON)
    """Both ends as instants, for the ledger."""
    decision: str | None = Field(default=None, max_length=20)
    decided_by: str | None = Field(default=None, max_length=80)
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    reason: str = Field(default="", max_length=1000)


class Preflight(SQLModel, table=True):
    """What one machine of a room was found to be able to do."""

    __table_args__ = (sa.UniqueConstraint("room_id", "machine", "at"),)
    id: UUID = Field(default_factory=new_id, primary_key=True)
    room_id: UUID = Field(foreign_key="room.id", index=True)
    machine: str = Field(max_length=40)
    """A name the browser made for itself and keeps."""
    seat: str = Field(max_length=40)
    """As written on the machine: a seat's number or the machine's name."""
    at: datetime = Field(sa_type=UtcDateTime)
    serves: bool
    findings: list[dict[str, Any]] = Field(sa_type=sa.JSON)
    agent: str = Field(default="", max_length=300)
    address: str = Field(default="", max_length=80)


class PreflightProbe(SQLModel, table=True):
    """A row that a preflight wrote to time the save path; kept for an hour."""

    __tablename__ = "preflight_probe"
    id: UUID = Field(default_factory=new_id, primary_key=True)
    at: datetime = Field(sa_type=UtcDateTime)


class CodeTry(SQLModel, table=True):
    """A try at a code, good or bad, for the throttle; kept for two minutes."""

    __tablename__ = "code_try"
    id: UUID = Field(default_factory=new_id, primary_key=True)
    address: str = Field(max_length=80, index=True)
    at: datetime = Field(sa_type=UtcDateTime)


class SittingPage(SQLModel, table=True):
    """What a candidate's page keeps beside the ledger: how it is shown, a call for help. Nothing here is an answer."""

    __tablename__ = "sitting_page"
    sitting_id: UUID = Field(foreign_key="sitting.id", primary_key=True)
    display: dict[str, Any] = Field(default_factory=dict, sa_type=sa.JSON)
    ready_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When the candidate had read the instructions."""
    help_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    help_words: str = Field(default="", max_length=200)
    help_seen_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    help_seen_by: str = Field(default="", max_length=80)
