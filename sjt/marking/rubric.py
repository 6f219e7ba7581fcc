"""The rubric a marker sees, and whether a mark given by it is complete."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sjt.errors import Fault, InputError

MIN_REASON: Final = 10
"""Characters: a reason shorter than this says nothing on appeal."""


@dataclass(frozen=True, slots=True)
class Criterion:
    id: str
    title: str
    anchors: tuple[str, ...]
    look_for: str = ""

    @property
    def top(self) -> int:
        return len(self.anchors) - 1


@dataclass(frozen=True, slots=True)
class Exemplar:
    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Rubric:
    id: str
    title: str
    unsafe_flag: str
    criteria: tuple[Criterion, ...]
    exemplars: tuple[Exemplar, ...] = ()

    @property
    def max_marks(self) -> int:
        return sum(criterion.top for criterion in self.criteria)


def rubric_for(table: Mapping[str, Any], key: Mapping[str, Any]) -> Rubric:
    """Join a form's rubric with what the item's key says to look for."""
    look_for = key.get("look_for") or {}
    return Rubric(
        id=str(table.get("id", "")),
        title=str(table.get("title", "")),
        unsafe_flag=str(table.get("unsafe_flag", "")),
        criteria=tuple(
            Criterion(str(row["id"]), str(row["title"]), tuple(row["anchors"]), str(look_for.get(row["id"], "")))
            for row in table["criteria"]
        ),
        exemplars=tuple(
            Exemplar(int(row["level"]), str(row["text"]))
            for row in sorted(key.get("exemplars") or (), key=lambda row: int(row["level"]))
        ),
    )


def check_mark(rubric: Rubric, levels: Mapping[str, int | None], reasons: Mapping[str, str]) -> None:
    """Refuse a mark that leaves a criterion without a level on its scale, or without a reason."""
    faults: list[Fault] = []
    for criterion in rubric.criteria:
        level = levels.get(criterion.id)
        if level is None:
            faults.append(Fault("", "", criterion.title, "has no level.", f"Choose 0 to {criterion.top}."))
        elif isinstance(level, bool) or not 0 <= level <= criterion.top:
            faults.append(Fault("", "", criterion.title, f"has level {level}.", f"Choose 0 to {criterion.top}."))
        if len((reasons.get(criterion.id) or "").strip()) < MIN_REASON:
            remedy = "Say in a few words what in the answer led to this level."
            faults.append(Fault("", "", criterion.title, "has no reason.", remedy))
    unknown = sorted(set(levels) - {criterion.id for criterion in rubric.criteria})
    faults += [Fault("", "", name, "is no criterion of this rubric.", "Leave it out.") for name in unknown]
    if faults:
        raise InputError("The mark was not saved: it is not complete.", faults)
