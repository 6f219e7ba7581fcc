"""Rows of the authoring room: banks, scenarios with immutable versions, statistics, sets of forms, frozen forms."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from sjt.authoring.states import FormState, FormUse, ScenarioState, SetState
from sjt.db import UtcDateTime, new_id, stored_as_value


class BankRow(SQLModel, table=True):
    """One bank, under the id of its bank.toml; ``sha256`` is of all its current files."""

    __tablename__ = "bank"

    id: str = Field(primary_key=True, max_length=80)
    title: str = Field(max_length=200)
    version: int = 1
    sha256: str = Field(max_length=64)
    imported_at: datetime = Field(sa_type=UtcDateTime)
    imported_by: str = Field(max_length=80)


class BankFile(SQLModel, table=True):
    """Every file of a bank's version but scenarios and keys, its bytes as they came."""

    __tablename__ = "bank_file"

    bank_id: str = Field(primary_key=True, max_length=80, foreign_key="bank.id")
    version: int = Field(primary_key=True)
    path: str = Field(primary_key=True, max_length=300)
    content: bytes
    sha256: str = Field(max_length=64)


class ScenarioRow(SQLModel, table=True):
    """A scenario under its lasting id; what it says is in its versions."""

    __tablename__ = "scenario"
    __table_args__ = (sa.Index("ix_scenario_bank_id_state", "bank_id", "state"),)

    id: str = Field(primary_key=True, max_length=40)
    bank_id: str = Field(max_length=80, foreign_key="bank.id")
    state: ScenarioState = Field(default=ScenarioState.DRAFT, sa_type=stored_as_value(ScenarioState))
    author: str = Field(max_length=80)
    version: int
    """The current version's number."""
    in_bank: bool = True
    """False: the last import left it out; its versions and statistics stay."""


class ScenarioVersion(SQLModel, table=True):
    """One version of a scenario and its key, never changed after it was written."""

    __tablename__ = "scenario_version"

    scenario_id: str = Field(primary_key=True, max_length=40, foreign_key="scenario.id")
    n: int = Field(primary_key=True)
    folder: str = Field(max_length=200)
    scenario_bytes: bytes
    scenario_sha256: str = Field(max_length=64, index=True)
    key_folder: str = Field(max_length=200)
    key_bytes: bytes | None = None
    key_sha256: str = Field(default="", max_length=64)
    created_at: datetime = Field(sa_type=UtcDateTime)
    created_by: str = Field(max_length=80)


class BankedStatistic(SQLModel, table=True):
    """One number known about an item version; a later one of the same name and source stands beside it."""

    __tablename__ = "banked_statistic"
    __table_args__ = (sa.Index("ix_banked_statistic_item_name", "item", "name"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    bank_id: str = Field(max_length=80, foreign_key="bank.id")
    item: str = Field(max_length=60)
    scenario_sha256: str = Field(max_length=64)
    name: str = Field(max_length=40)
    value: float
    se: float | None = None
    n: int
    source: str = Field(max_length=200)
    date: str = Field(max_length=10)
    recorded_at: datetime = Field(sa_type=UtcDateTime)
    recorded_by: str = Field(max_length=80)


class BlueprintVersion(SQLModel, table=True):
    """One version of a blueprint's file, never changed after it was written; the bank's files hold the newest."""

    __tablename__ = "blueprint_version"

    bank_id: str = Field(primary_key=True, max_length=80, foreign_key="bank.id")
    path: str = Field(primary_key=True, max_length=300)
    n: int = Field(primary_key=True)
    content: bytes
    sha256: str = Field(max_length=64)
    created_at: datetime = Field(sa_type=UtcDateTime)
    created_by: str = Field(max_length=80)


class FormSet(SQLModel, table=True):
    """Parallel forms built together from one blueprint and seed, with their proof."""

    __tablename__ = "form_set"
    __table_args__ = (sa.UniqueConstraint("number"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    number: int
    bank_id: str = Field(max_length=80, foreign_key="bank.id")
    bank_sha256: str = Field(max_length=64)
    blueprint: str = Field(max_length=80)
    blueprint_path: str = Field(max_length=300)
    blueprint_json: dict[str, Any] | None = Field(default=None, sa_type=sa.JSON)
    option: str = Field(max_length=40)
    forms: int
    seed: int
    reserve: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    """1: the last form, beside those counted in ``forms``, is held in reserve and shares nothing with them."""
    excluded: list[str] = Field(default_factory=list, sa_type=sa.JSON, sa_column_kwargs={"server_default": "[]"})
    """Scenarios asked to be left out, with their enemies and families: what somebody has seen before a resit."""
    state: SetState = Field(default=SetState.BUILDING, sa_type=stored_as_value(SetState))
    job_id: UUID | None = None
    proof: str = Field(default="", sa_type=sa.Text)
    """PROOF.json as it was written, byte for byte."""
    proof_sha256: str = Field(default="", max_length=64)
    shortfall: dict[str, Any] | None = Field(default=None, sa_type=sa.JSON)
    """Why there are no forms: ``message`` and ``rows``."""
    verification: dict[str, Any] | None = Field(default=None, sa_type=sa.JSON)
    """The last time the proof was computed again: ``job_id``, ``at``, ``faults``."""
    created_at: datetime = Field(sa_type=UtcDateTime)
    created_by: str = Field(max_length=80)
    built_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Form(SQLModel, table=True):
    """One form; from publication on nothing of it changes but its state."""

    __tablename__ = "form"

    id: str = Field(primary_key=True, max_length=80)
    set_id: UUID = Field(foreign_key="form_set.id", index=True)
    name: str = Field(max_length=10)
    position: int
    use: FormUse | None = Field(default=None, sa_type=stored_as_value(FormUse))
    state: FormState = Field(default=FormState.DRAFT, sa_type=stored_as_value(FormState))
    paper: str = Field(default="", sa_type=sa.Text)
    secret: str = Field(default="", sa_type=sa.Text)
    snapshot_sha256: str = Field(default="", max_length=64)
    scenarios: int
    live_items: int
    max_marks: str = Field(max_length=80)
    mark_unit: str = Field(default="1", max_length=80)
    minutes: int
    cut_exact: str = Field(default="", max_length=80)
    cut_applied: str = Field(default="", max_length=80)
    cut_se: float | None = None
    plan: str = Field(max_length=100)
    numbers: dict[str, Any] = Field(sa_type=sa.JSON)
    """What pages show side by side: facility sum, minutes, counts."""
    keys: str = Field(max_length=20)
    simulated: bool = False
    published_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    published_by: str = Field(default="", max_length=80)
    reason: str = Field(default="", sa_type=sa.Text)
    """The signed reason where a limit was passed, or why the form was withdrawn."""


class ScenarioDraft(SQLModel, table=True):
    """Work on a scenario that is not in the bank yet; what it says is in its steps."""

    __tablename__ = "scenario_draft"
    __table_args__ = (sa.UniqueConstraint("open_for"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    bank_id: str = Field(max_length=80, foreign_key="bank.id")
    scenario_id: str = Field(max_length=40, index=True)
    """The lasting id; of a new scenario, one that nothing else has."""
    open_for: str | None = Field(default=None, max_length=40)
    """The scenario's id while the draft is open, so that a scenario has one open draft; empty afterwards."""
    base_n: int
    """The version it goes out from; 0 for a new scenario."""
    revision: int
    """The number of its newest step."""
    title: str = Field(default="", max_length=200)
    created_at: datetime = Field(sa_type=UtcDateTime)
    created_by: str = Field(max_length=80)
    changed_at: datetime = Field(sa_type=UtcDateTime)
    changed_by: str = Field(max_length=80)
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    closed_by: str = Field(default="", max_length=80)
    became: int | None = None
    """The version it became; empty while it is open, and when it was put away."""


class ScenarioDraftStep(SQLModel, table=True):
    """Everything a draft said after one save; undoing adds a step that says what an earlier one said."""

    __tablename__ = "scenario_draft_step"

    draft_id: UUID = Field(primary_key=True, foreign_key="scenario_draft.id")
    n: int = Field(primary_key=True)
    did: str = Field(max_length=20)
    held: dict[str, str] = Field(sa_type=sa.JSON)
    undo_to: int
    """The step that undoing leads back to; 0: none."""
    redo_to: int
    """The step that was undone here and may be done again; 0: none."""
    at: datetime = Field(sa_type=UtcDateTime)
    by: str = Field(max_length=80)


class ScenarioDraftAside(SQLModel, table=True):
    """A save that met another: kept whole until somebody has chosen, field by field."""

    __tablename__ = "scenario_draft_aside"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    draft_id: UUID = Field(foreign_key="scenario_draft.id", index=True)
    base: dict[str, str] = Field(sa_type=sa.JSON)
    held: dict[str, str] = Field(sa_type=sa.JSON)
    version: int
    """The version of the bank this is, when the bank changed under the draft; 0: somebody's save."""
    at: datetime = Field(sa_type=UtcDateTime)
    by: str = Field(max_length=80)
    settled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
