"""What results are: marks in rows, cuts with their life, outcomes with their versions, and why a release must wait."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from typing import Any
from uuid import UUID


class CutState(StrEnum):
    """The life of a pass mark; what it says never changes, only its state does."""

    PROPOSED = "proposed"
    ADOPTED = "adopted"
    SUPERSEDED = "superseded"


class OutcomeState(StrEnum):
    """How far a sitting's result is; each step is a version of its own."""

    AWAITING_MARKING = "awaiting_marking"
    PROVISIONAL = "provisional"
    RELEASED = "released"
    WITHDRAWN = "withdrawn"


class Verdict(StrEnum):
    PASS = "pass"
    FAIL = "fail"


class CorrectionKind(StrEnum):
    """What becomes of an item after the test: another key, or full marks for everybody who met it."""

    KEY = "key"
    CREDIT = "credit"


class CorrectionState(StrEnum):
    """The life of a correction; what it says never changes, only its state does."""

    PROPOSED = "proposed"
    ADOPTED = "adopted"
    TAKEN_BACK = "taken_back"
    SUPERSEDED = "superseded"


class PanelState(StrEnum):
    OPEN = "open"
    CLOSED = "closed"


UNSCORED = frozenset({"unmarked", "invalid"})
"""Statuses of a response that has no mark (yet)."""


@dataclass(frozen=True, slots=True)
class MarkRow:
    """One mark of the standing run of a sitting; ``response`` is what was marked."""

    sitting_id: UUID
    form_id: str
    item: str
    scenario: str
    scenario_version: str
    key_version: str
    format: str
    rule: str
    live: bool
    status: str
    raw: Fraction | None
    marks: Fraction | None
    max: Fraction
    response: Any
    response_sha256: str
    run: int


@dataclass(frozen=True, slots=True)
class ReleasedOutcome:
    """What may be told of an apprentice's test, once released."""

    sitting_id: UUID
    session_id: UUID
    candidate_id: UUID
    form_id: str
    attempt: int
    raw: Fraction
    max: Fraction
    cut: Fraction
    """As applied."""
    cut_exact: Fraction
    sem: float | None
    sem_n: int
    outcome: Verdict
    released_at: datetime
    released_by: str
    version: int
    simulated: bool
    replaces: datetime | None = None
    """Of a re-award: when the result was released that this one replaces."""
    reason: str = ""
    """Why it was awarded again."""


@dataclass(frozen=True, slots=True)
class EvidenceItem:
    """One item of a sitting as an appeal or an interview needs it: what was answered, credited, and why."""

    item: str
    scenario: str
    scenario_title: str
    story: str
    format: str
    ask: str
    options: Mapping[str, str]
    response: Any
    status: str
    marks: Fraction | None
    max: Fraction
    live: bool
    rule: str
    key_version: str
    explain: tuple[str, ...]
    why: Mapping[str, str]
    ksbs: tuple[Mapping[str, str], ...]
    outcomes: tuple[str, ...]
    key: Mapping[str, Any] = field(default_factory=dict)
    """The table that the mark was given by; empty where the mark hangs on no key."""
    corrected: str = ""
    """How the key came to be another than the form was published with; empty where it did not."""


@dataclass(frozen=True, slots=True)
class Block:
    """One thing that holds a release back, in words, and where to mend it (a page's endpoint name or nothing)."""

    code: str
    words: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Spread:
    """The standard error of measurement of a form, and what it rests on."""

    sem: float | None
    n: int
    reason: str = ""
    """Why there is none."""
    alpha: float | None = None
