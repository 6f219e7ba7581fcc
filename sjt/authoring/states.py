"""The states of scenarios, sets and forms, and the small values that other rooms are handed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from uuid import UUID


class ScenarioState(StrEnum):
    """Where a scenario stands in its life."""

    DRAFT = "draft"
    REVIEW = "review"
    APPROVED_FOR_TRIAL = "approved_for_trial"
    ON_TRIAL = "on_trial"
    LIVE = "live"
    SUSPENDED = "suspended"
    RETIRED = "retired"


class ReviewKind(StrEnum):
    """What somebody looks at when they review a version."""

    REVIEW = "review"
    FAIRNESS = "fairness"


class TaskKind(StrEnum):
    """What somebody is asked to do on a scenario."""

    REVIEW = "review"
    FAIRNESS = "fairness"
    REVISE = "revise"
    PANEL = "panel"
    STATISTICS = "statistics"
    LAW = "law"
    OTHER = "other"


class SetState(StrEnum):
    """Where a set of parallel forms stands."""

    BUILDING = "building"
    BUILT = "built"
    INFEASIBLE = "infeasible"
    FAILED = "failed"


class FormUse(StrEnum):
    """What a published form is for."""

    LIVE = "live"
    TRIAL = "trial"


class FormState(StrEnum):
    DRAFT = "draft"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


class FormRole(StrEnum):
    """What a form of a set is kept for."""

    MAIN = ""
    RESERVE = "reserve"
    """Shares nothing with the other forms of its set: for the day one of them leaks."""
    RESIT = "resit"
    """Built without what somebody has seen."""


@dataclass(frozen=True, slots=True)
class FormLine:
    """What a list says of a form."""

    form_id: str
    title: str
    """In the words of staff: ``residential-14, set 1, form A``."""
    name: str
    set_id: UUID
    set_number: int
    blueprint: str
    option: str
    plan: str
    bank: str
    use: FormUse | None
    state: FormState
    scenarios: int
    live_items: int
    max_marks: Fraction
    mark_unit: Fraction
    minutes: int
    cut_exact: Fraction | None
    cut_applied: Fraction | None
    cut_se: float | None
    keys: str
    """``illustrative`` or ``panelled``."""
    simulated: bool
    """Statistics or judgements behind it are simulated."""
    snapshot_sha256: str
    published_at: datetime | None
    published_by: str
    role: FormRole = FormRole.MAIN


@dataclass(frozen=True, slots=True)
class ScenarioLine:
    """What a list says of a scenario."""

    id: str
    title: str
    option: str
    outcomes: tuple[str, ...]
    formats: tuple[str, ...]
    items: tuple[str, ...]
    state: ScenarioState
    author: str
    version: int
    sha256: str
    illustrative: bool


@dataclass(frozen=True, slots=True)
class Statistic:
    """One number known about an item version; ``source`` says whose, and whether it is simulated."""

    item: str
    scenario_sha256: str
    """The version of the scenario it was measured on; empty in a hand-over means the current one."""
    name: str
    value: float
    se: float | None
    n: int
    source: str
    date: str


@dataclass(frozen=True, slots=True)
class VersionLine:
    """What a list says of one version of a scenario."""

    n: int
    scenario_sha256: str
    key_sha256: str
    created_at: datetime
    created_by: str
