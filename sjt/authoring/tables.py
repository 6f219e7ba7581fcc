"""Rows of the authoring room: banks, scenarios with immutable versions and their life, sets of forms, frozen forms."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from sjt.authoring.states import FormState, FormUse, ReviewKind, ScenarioState, SetState, TaskKind
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
    pool: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    """1: forms to be dealt once each, one to a candidate; no list of forms for everybody names them."""
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


class ScenarioMove(SQLModel, table=True):
    """One step in a scenario's life, with the version that stood then; rows are added and never changed."""

    __tablename__ = "scenario_move"
    __table_args__ = (sa.Index("ix_scenario_move_scenario_id_at", "scenario_id", "at"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    scenario_id: str = Field(max_length=40, foreign_key="scenario.id")
    version: int
    did: str = Field(max_length=40)
    """The move's name in ``life.MOVES``."""
    was: str = Field(default="", max_length=40)
    """The state before; empty for what was just written."""
    became: ScenarioState = Field(sa_type=stored_as_value(ScenarioState))
    reason: str = Field(default="", sa_type=sa.Text)
    waived: list[str] = Field(default_factory=list, sa_type=sa.JSON, sa_column_kwargs={"server_default": "[]"})
    """The gates that were not passed and that ``by`` answers for with the reason."""
    suspension_id: UUID | None = Field(default=None, foreign_key="scenario_suspension.id", index=True)
    at: datetime = Field(sa_type=UtcDateTime)
    by: str = Field(max_length=80)


class ScenarioSuspension(SQLModel, table=True):
    """One signed act that took scenarios out of use together."""

    __tablename__ = "scenario_suspension"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    bank_id: str = Field(max_length=80, foreign_key="bank.id")
    reason: str = Field(sa_type=sa.Text)
    asked: dict[str, str] = Field(sa_type=sa.JSON)
    """What was looked for: law, code, day, words."""
    scenarios: list[str] = Field(sa_type=sa.JSON)
    forms: list[str] = Field(sa_type=sa.JSON)
    """The published forms that held one of them at that moment."""
    at: datetime = Field(sa_type=UtcDateTime)
    by: str = Field(max_length=80)


class ScenarioReview(SQLModel, table=True):
    """What one person found of one version; the last of a person and kind counts."""

    __tablename__ = "scenario_review"
    __table_args__ = (sa.Index("ix_scenario_review_scenario_id_version", "scenario_id", "version"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    scenario_id: str = Field(max_length=40, foreign_key="scenario.id")
    version: int
    kind: ReviewKind = Field(sa_type=stored_as_value(ReviewKind))
    approves: bool
    words: str = Field(default="", sa_type=sa.Text)
    at: datetime = Field(sa_type=UtcDateTime)
    by: str = Field(max_length=80)


class ScenarioThread(SQLModel, table=True):
    """A thread of comments, opened on one version and shown on every later one while it is open."""

    __tablename__ = "scenario_thread"
    __table_args__ = (sa.Index("ix_scenario_thread_scenario_id", "scenario_id"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    scenario_id: str = Field(max_length=40)
    """Of a draft that is in no bank yet too, so no foreign key."""
    version: int
    """The version it was opened on; 0: the first draft."""
    field: str = Field(default="", max_length=80)
    """A field's name as drafts have it; empty: the scenario as a whole."""
    for_all: bool = True
    """False: hidden from those who may not see keys."""
    opened_at: datetime = Field(sa_type=UtcDateTime)
    opened_by: str = Field(max_length=80)
    resolved_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    resolved_by: str = Field(default="", max_length=80)


class ScenarioRemark(SQLModel, table=True):
    """One comment of a thread, or that it was resolved or opened again."""

    __tablename__ = "scenario_remark"

    thread_id: UUID = Field(primary_key=True, foreign_key="scenario_thread.id")
    n: int = Field(primary_key=True)
    did: str = Field(max_length=20)
    words: str = Field(default="", sa_type=sa.Text)
    version: int
    at: datetime = Field(sa_type=UtcDateTime)
    by: str = Field(max_length=80)


class ScenarioTask(SQLModel, table=True):
    """Something one person is asked to do on a scenario by a day."""

    __tablename__ = "scenario_task"
    __table_args__ = (
        sa.Index("ix_scenario_task_assignee_done_at", "assignee", "done_at"),
        sa.Index("ix_scenario_task_scenario_id", "scenario_id"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    scenario_id: str = Field(max_length=40)
    version: int
    kind: TaskKind = Field(sa_type=stored_as_value(TaskKind))
    assignee: str = Field(max_length=80)
    words: str = Field(default="", sa_type=sa.Text)
    due: date
    asked_at: datetime = Field(sa_type=UtcDateTime)
    asked_by: str = Field(max_length=80)
    done_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    done_by: str = Field(default="", max_length=80)
    done_how: str = Field(default="", max_length=40)
    """``done``, ``put away``, or the deed that did it: ``reviewed``, ``signed off``, ``new version`` …"""


class KeyPanelVerdict(SQLModel, table=True):
    """Whether a panel of experts agreed on the key of one version; the last one counts."""

    __tablename__ = "key_panel_verdict"
    __table_args__ = (sa.Index("ix_key_panel_verdict_scenario_id_version", "scenario_id", "version"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    scenario_id: str = Field(max_length=40, foreign_key="scenario.id")
    version: int
    key_sha256: str = Field(max_length=64)
    """The key that the panel judged; another key of the same version does not exist."""
    passed: bool
    detail: str = Field(default="", sa_type=sa.Text)
    at: datetime = Field(sa_type=UtcDateTime)
    by: str = Field(max_length=80)
