"""Rows of results: marks, judgements, pass marks, outcomes. Marks, ratings and outcomes are only ever added to."""

from datetime import datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from sjt.db import FractionText, UtcDateTime, new_id, stored_as_value
from sjt.results.model import CorrectionKind, CorrectionState, CutState, OutcomeState, PanelState, Verdict


class MarkRun(SQLModel, table=True):
    """One marking of one sitting; a later run stands beside the earlier, and the newest counts."""

    __tablename__ = "mark_run"
    __table_args__ = (sa.UniqueConstraint("sitting_id", "n"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    sitting_id: UUID = Field(foreign_key="sitting.id", index=True)
    session_id: UUID = Field(foreign_key="test_session.id", index=True)
    candidate_id: UUID = Field(foreign_key="candidate.id")
    form_id: str = Field(max_length=80, index=True)
    snapshot_sha256: str = Field(max_length=64)
    """Of the frozen form whose keys were used."""
    n: int
    input_sha256: str = Field(max_length=64)
    """Of answers and markers' levels; equal input makes no new run."""
    complete: bool
    """Every live item has a mark."""
    raw: Fraction = Field(sa_type=FractionText)
    max: Fraction = Field(sa_type=FractionText)
    at: datetime = Field(sa_type=UtcDateTime)
    by: str = Field(max_length=80)
    reason: str = Field(max_length=1000)


class ItemMark(SQLModel, table=True):
    """One mark: response, key version, rule version, and the mark as an exact fraction of the form's marks."""

    __tablename__ = "item_mark"
    __table_args__ = (sa.Index("ix_item_mark_item", "item"),)

    run_id: UUID = Field(primary_key=True, foreign_key="mark_run.id")
    item: str = Field(primary_key=True, max_length=80)
    sitting_id: UUID = Field(foreign_key="sitting.id", index=True)
    scenario: str = Field(max_length=80)
    scenario_version: str = Field(max_length=64)
    key_version: str = Field(max_length=64)
    format: str = Field(max_length=20)
    rule: str = Field(max_length=60)
    """Name and version, ``rank_distance@1``."""
    live: bool
    response: str = Field(sa_type=sa.Text)
    """Canonical JSON of what was marked; for a written answer with the marker's levels beside the text."""
    response_sha256: str = Field(max_length=64)
    status: str = Field(max_length=30)
    raw: Fraction | None = Field(default=None, sa_type=FractionText)
    marks: Fraction | None = Field(default=None, sa_type=FractionText)
    max: Fraction = Field(sa_type=FractionText)


class JudgePanel(SQLModel, table=True):
    """People who say which mark a borderline candidate gets on each item of some forms."""

    __tablename__ = "judge_panel"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    title: str = Field(max_length=200)
    forms: list[str] = Field(sa_type=sa.JSON)
    judges: list[str] = Field(sa_type=sa.JSON)
    """Ids of the people asked."""
    state: PanelState = Field(default=PanelState.OPEN, sa_type=stored_as_value(PanelState))
    round: int = 1
    simulated: bool = False
    created_by: str = Field(max_length=80)
    created_at: datetime = Field(sa_type=UtcDateTime)
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class AngoffRating(SQLModel, table=True):
    """One judge's mark for the borderline candidate on one item; a changed mind is a new version."""

    __tablename__ = "angoff_rating"
    __table_args__ = (sa.UniqueConstraint("panel_id", "judge", "round", "item", "version"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    panel_id: UUID = Field(foreign_key="judge_panel.id", index=True)
    judge: str = Field(max_length=80)
    round: int
    item: str = Field(max_length=80)
    scenario_version: str = Field(max_length=64)
    version: int
    rating: Fraction = Field(sa_type=FractionText)
    max: Fraction = Field(sa_type=FractionText)
    at: datetime = Field(sa_type=UtcDateTime)


class Cut(SQLModel, table=True):
    """A pass mark of a form; only its state and its signatures are ever written again."""

    __table_args__ = (
        sa.UniqueConstraint("form_id", "version"),
        sa.CheckConstraint("adopted_by IS NULL OR seconded_by IS NULL OR adopted_by <> seconded_by", name="two_people"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    form_id: str = Field(max_length=80, index=True)
    version: int
    exact: Fraction = Field(sa_type=FractionText)
    applied: Fraction = Field(sa_type=FractionText)
    unit: Fraction = Field(sa_type=FractionText)
    max: Fraction = Field(sa_type=FractionText)
    se: float | None = None
    method: str = Field(max_length=40)
    source: str = Field(max_length=300)
    simulated: bool = False
    parts: dict[str, Any] = Field(default_factory=dict, sa_type=sa.JSON)
    """Item → expected mark of the borderline candidate, fractions as text; and the judges' own cuts."""
    notes: list[str] = Field(default_factory=list, sa_type=sa.JSON)
    state: CutState = Field(default=CutState.PROPOSED, sa_type=stored_as_value(CutState), index=True)
    proposed_by: str = Field(max_length=80)
    proposed_at: datetime = Field(sa_type=UtcDateTime)
    reason: str = Field(default="", max_length=2000)
    adopted_by: str | None = Field(default=None, max_length=80)
    """The first awarding officer's signature; the cut stands with the second."""
    adopted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    seconded_by: str | None = Field(default=None, max_length=80)
    seconded_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    superseded_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Release(SQLModel, table=True):
    """The release of one session's results: one officer proposes, another releases."""

    __table_args__ = (sa.CheckConstraint("released_by IS NULL OR released_by <> proposed_by", name="two_people"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    session_id: UUID = Field(foreign_key="test_session.id", index=True)
    proposed_by: str = Field(max_length=80)
    proposed_at: datetime = Field(sa_type=UtcDateTime)
    released_by: str | None = Field(default=None, max_length=80)
    released_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    withdrawn_by: str | None = Field(default=None, max_length=80)
    """Who took the proposal back, before the release."""
    withdrawn_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    sittings: int
    """How many results it was proposed for."""
    content_sha256: str = Field(max_length=64)
    """Of the marks and pass marks seen at the proposal; the release refuses if they moved since."""
    again: bool = Field(default=False, sa_column_kwargs={"server_default": sa.false()})
    """A re-award: it gives results that were released before a new version, and touches no others."""
    reason: str = Field(default="", max_length=1000, sa_column_kwargs={"server_default": ""})
    """Why results are awarded again; stands on the statement."""
    spare: bool = Field(default=True, sa_column_kwargs={"server_default": sa.true()})
    """A pass that was released stands, whatever the marks say now."""
    lines: list[dict[str, Any]] = Field(
        default_factory=list, sa_type=sa.JSON, sa_column_kwargs={"server_default": "[]"}
    )
    """Of a re-award, who is affected as both officers signed it: marks, pass marks and outcomes before and after."""


class Outcome(SQLModel, table=True):
    """A sitting's result, version by version; a released one is never touched again."""

    __table_args__ = (
        sa.CheckConstraint("state <> 'released' OR outcome IS NOT NULL", name="released_says_what"),
        sa.Index("ix_outcome_session_id", "session_id"),
        sa.Index("ix_outcome_candidate_id", "candidate_id"),
    )

    sitting_id: UUID = Field(primary_key=True, foreign_key="sitting.id")
    version: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    session_id: UUID = Field(foreign_key="test_session.id")
    candidate_id: UUID = Field(foreign_key="candidate.id")
    form_id: str = Field(max_length=80)
    attempt: int
    run_id: UUID = Field(foreign_key="mark_run.id")
    raw: Fraction = Field(sa_type=FractionText)
    max: Fraction = Field(sa_type=FractionText)
    cut_id: UUID | None = Field(default=None, foreign_key="cut.id")
    sem: float | None = None
    sem_n: int = 0
    outcome: Verdict | None = Field(default=None, sa_type=stored_as_value(Verdict))
    state: OutcomeState = Field(sa_type=stored_as_value(OutcomeState))
    release_id: UUID | None = Field(default=None, foreign_key="release.id")
    simulated: bool = False
    at: datetime = Field(sa_type=UtcDateTime)
    by: str = Field(max_length=80)
    reason: str = Field(default="", max_length=1000)


class KeyCorrection(SQLModel, table=True):
    """Another key for an item of published forms; only its state and its signatures are ever written again."""

    __tablename__ = "key_correction"
    __table_args__ = (
        sa.CheckConstraint("adopted_by IS NULL OR seconded_by IS NULL OR adopted_by <> seconded_by", name="two_people"),
        sa.CheckConstraint("adopted_by IS NULL OR adopted_by <> proposed_by", name="first_is_another"),
        sa.CheckConstraint("seconded_by IS NULL OR seconded_by <> proposed_by", name="second_is_another"),
        sa.CheckConstraint(
            "state <> 'adopted' OR (adopted_by IS NOT NULL AND seconded_by IS NOT NULL)", name="stands_when_signed"
        ),
        sa.Index("ix_key_correction_item_replaces", "item", "replaces"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    item: str = Field(max_length=80)
    replaces: str = Field(max_length=64)
    """The key's version that forms were frozen with: every form with it is corrected, no other."""
    base_version: str = Field(max_length=64)
    """The version that stood at the proposal: the frozen one, or that of the correction before."""
    kind: CorrectionKind = Field(sa_type=stored_as_value(CorrectionKind))
    key: dict[str, Any] = Field(sa_type=sa.JSON)
    """The whole table that marks are given by, in the shape of key.toml."""
    why: dict[str, str] = Field(default_factory=dict, sa_type=sa.JSON)
    """Option → why the corrected key treats it so."""
    key_version: str = Field(max_length=64)
    """SHA-256 of what the correction says; the frozen version itself where it restores that key."""
    reason: str = Field(sa_type=sa.Text)
    counted: dict[str, Any] = Field(sa_type=sa.JSON)
    """What it would do, as counted at the proposal: by session, and together."""
    state: CorrectionState = Field(
        default=CorrectionState.PROPOSED, sa_type=stored_as_value(CorrectionState), index=True
    )
    proposed_by: str = Field(max_length=80)
    proposed_at: datetime = Field(sa_type=UtcDateTime)
    adopted_by: str | None = Field(default=None, max_length=80)
    """The first awarding officer's signature; the correction stands with the second."""
    adopted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    seconded_by: str | None = Field(default=None, max_length=80)
    seconded_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_by: str | None = Field(default=None, max_length=80)
    """Who took it back, or whose signature put another in its place."""
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class KeyDoubt(SQLModel, table=True):
    """Whom a panel's doubt about its keys would pass or fail, counted over the sittings there are."""

    __tablename__ = "key_doubt"

    panel_id: UUID = Field(primary_key=True, foreign_key="expert_panel.id")
    counted: dict[str, Any] = Field(sa_type=sa.JSON)
    at: datetime = Field(sa_type=UtcDateTime)
    by: str = Field(max_length=80)
