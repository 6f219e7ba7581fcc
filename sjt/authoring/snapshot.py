"""The frozen form: what a published form holds, in two parts with one hash.

``Paper`` is all that a candidate may ever see. ``Secret`` holds keys, rationales, marks and trial flags; delivery
never loads it, marking and results do. Publishing writes both once, as canonical JSON; nothing reads live files later.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import Enum, StrEnum
from fractions import Fraction
from typing import Any


class Format(StrEnum):
    RANK = "rank"
    CHOOSE = "choose"
    RATE = "rate"
    MOST_LEAST = "most_least"
    SINGLE = "single"
    WRITTEN = "written"


@dataclass(frozen=True, slots=True)
class PaperOption:
    id: str
    text: str
    pinned: bool = False


@dataclass(frozen=True, slots=True)
class ScalePoint:
    value: int
    label: str


@dataclass(frozen=True, slots=True)
class PaperScale:
    id: str
    points: tuple[ScalePoint, ...]


@dataclass(frozen=True, slots=True)
class PaperItem:
    id: str
    format: Format
    ask: str
    options: tuple[PaperOption, ...] = ()
    choose: int | None = None
    scale: PaperScale | None = None
    max_words: int | None = None

    def option_ids(self) -> tuple[str, ...]:
        return tuple(option.id for option in self.options)


@dataclass(frozen=True, slots=True)
class PaperScenario:
    id: str
    title: str
    story: str
    """Markdown."""
    items: tuple[PaperItem, ...]
    content_note: str = ""


@dataclass(frozen=True, slots=True)
class Paper:
    """The candidate's side of a form."""

    form_id: str
    title: str
    subtitle: str
    minutes: int
    scenarios: tuple[PaperScenario, ...]
    simulated: bool = False

    def items(self) -> tuple[PaperItem, ...]:
        return tuple(item for scenario in self.scenarios for item in scenario.items)

    def item(self, item_id: str) -> PaperItem | None:
        return next((item for item in self.items() if item.id == item_id), None)


@dataclass(frozen=True, slots=True)
class SecretItem:
    """What decides an item's mark; never sent to a candidate."""

    id: str
    scenario: str
    scenario_version: str
    """sha256 of scenario.md as published."""
    key_version: str
    """sha256 of key.toml as published."""
    format: Format
    live: bool
    """False: a trial item, unscored."""
    rule: str
    key: dict[str, Any]
    """The item's table of key.toml: order, key, effectiveness, matrix, rubric …"""
    why: dict[str, str]
    settings: dict[str, Any]
    """What the rule needs beside the key: the matrix, the scale's size, the number to choose."""
    worth: Fraction
    """Marks this item is worth on the form."""
    raw_max: Fraction
    chance: Fraction
    """Mean mark of random answering, in marks of this form; 0 for written items."""
    ksbs: tuple[dict[str, str], ...] = ()
    outcomes: tuple[str, ...] = ()
    angoff_mean: Fraction | None = None
    """Banked expected mark of the borderline candidate, in marks of this form."""
    angoff_se: float | None = None


@dataclass(frozen=True, slots=True)
class Secret:
    """The side of a form that stays on the server."""

    form_id: str
    bank: str
    blueprint: str
    option: str
    plan: str
    keys: str
    """``illustrative`` or ``panelled``; illustrative keys release no result outside the demonstration."""
    max_marks: Fraction
    mark_unit: Fraction
    items: tuple[SecretItem, ...]
    rubrics: dict[str, Any] = field(default_factory=dict)
    """Rubric id → its table: title, criteria with anchors, unsafe_flag."""
    cut: dict[str, Any] | None = None
    """Banked cut at publication: exact, applied (fractions as text), se, source; None for trial use."""
    proof_sha256: str = ""

    def item(self, item_id: str) -> SecretItem | None:
        return next((item for item in self.items if item.id == item_id), None)

    def live_items(self) -> tuple[SecretItem, ...]:
        return tuple(item for item in self.items if item.live)


def canonical(value: Any) -> str:
    """Write JSON with sorted keys, no spaces, fractions as text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_plain)


def _plain(value: Any) -> Any:
    if isinstance(value, Fraction):
        return str(value)
    if isinstance(value, Enum):
        return value.value
    raise TypeError(f"{type(value).__name__} has no canonical form.")


def snapshot_sha256(paper_json: str, secret_json: str) -> str:
    digest = hashlib.sha256()
    for part in (paper_json, secret_json):
        digest.update(hashlib.sha256(part.encode()).digest())
    return digest.hexdigest()


def paper_to_json(paper: Paper) -> str:
    return canonical(asdict(paper))


def secret_to_json(secret: Secret) -> str:
    return canonical(asdict(secret))


def paper_from_json(text: str) -> Paper:
    data = json.loads(text)
    return Paper(
        **{**data, "scenarios": tuple(_scenario(scenario) for scenario in data["scenarios"])},
    )


def _scenario(data: Mapping[str, Any]) -> PaperScenario:
    return PaperScenario(**{**data, "items": tuple(_item(item) for item in data["items"])})


def _item(data: Mapping[str, Any]) -> PaperItem:
    scale = data["scale"]
    return PaperItem(
        **{
            **data,
            "format": Format(data["format"]),
            "options": tuple(PaperOption(**option) for option in data["options"]),
            "scale": scale and PaperScale(scale["id"], tuple(ScalePoint(**point) for point in scale["points"])),
        }
    )


def secret_from_json(text: str) -> Secret:
    data = json.loads(text)
    return Secret(
        **{
            **data,
            "max_marks": Fraction(data["max_marks"]),
            "mark_unit": Fraction(data["mark_unit"]),
            "items": tuple(_secret_item(item) for item in data["items"]),
        }
    )


def _secret_item(data: Mapping[str, Any]) -> SecretItem:
    angoff = data["angoff_mean"]
    return SecretItem(
        **{
            **data,
            "format": Format(data["format"]),
            "worth": Fraction(data["worth"]),
            "raw_max": Fraction(data["raw_max"]),
            "chance": Fraction(data["chance"]),
            "angoff_mean": None if angoff is None else Fraction(angoff),
            "ksbs": tuple(data["ksbs"]),
            "outcomes": tuple(data["outcomes"]),
        }
    )
