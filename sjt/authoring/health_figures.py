"""A figure of the bank's health and a section of them: a count, and the scenarios it counts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from sjt.authoring.health_facts import ScenarioFacts

CANNOT_TELL: Final = "Counts only: too few for a test."
Facts = Sequence[ScenarioFacts]


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of the page and the scenarios behind it."""

    key: str
    label: str
    n: int
    ids: tuple[str, ...]
    of: int | None = None
    said: str = ""
    """What is expected, or what a test says."""
    is_flagged: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """A section: its figures, and in one sentence what they come to."""

    id: str
    title: str
    lead: str
    figures: tuple[Figure, ...]
    tests: tuple[str, ...] = ()
    """What tests say, or why none was made."""
    counts: str = "Scenarios"
    flagged: bool = False
    is_matrix: bool = False
    """Labels read ``row: column``; the page shows them so."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of a matrix, as the longest row has them."""
        return tuple(dict.fromkeys(one.label.partition(": ")[2] for one in self.figures))

    @property
    def rows(self) -> dict[str, dict[str, Figure]]:
        """The figures of a matrix by row and column."""
        found: dict[str, dict[str, Figure]] = {}
        for one in self.figures:
            row, _, column = one.label.partition(": ")
            found.setdefault(row, {})[column] = one
        return found


def figure(key: str, label: str, ids: Iterable[str], of: int | None = None) -> Figure:
    """Count scenarios, each once."""
    kept = tuple(dict.fromkeys(ids))
    return Figure(key, label, len(kept), kept, of)


def counted(key: str, label: str, ids: Iterable[str], of: int | None = None, said: str = "") -> Figure:
    """Count items or people, a scenario as often as it has them."""
    every = list(ids)
    return Figure(key, label, len(every), tuple(dict.fromkeys(every)), of, said)


def flag(figure: Figure, is_so: bool, said: str = "") -> Figure:
    """Mark a figure as one that wants a look, or as none."""
    return replace(figure, said=said or figure.said, is_flagged=is_so)
