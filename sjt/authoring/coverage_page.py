"""The coverage page: codes and outcomes against formats, each cell a number, a step of colour and a filtered list."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from sjt.authoring.coverage import Coverage, coverage
from sjt.authoring.model import Bank
from sjt.authoring.snapshot import Format
from sjt.authoring.standard import CORE

STEPS = (0, 1, 2, 4, 7)
"""A cell of n has the step of the last bound it reaches; five or more steps of one hue read as one (design 5)."""


@dataclass(frozen=True, slots=True)
class Cell:
    n: int
    step: int


@dataclass(frozen=True, slots=True)
class CodeLine:
    code: str
    kind: str
    text: str
    primary: int
    secondary: int
    is_gap: bool


@dataclass(frozen=True, slots=True)
class CoverageView:
    """Everything the page shows for one option."""

    coverage: Coverage
    codes: tuple[CodeLine, ...]
    formats: tuple[str, ...]
    outcomes: tuple[tuple[str, str, tuple[Cell, ...], Cell], ...]
    """Id, statement, a cell for each format, the row's sum."""
    sums: tuple[int, ...]
    areas: tuple[tuple[str, str, int], ...]


def step(n: int) -> int:
    """Give the step of colour, 0 to 5."""
    return sum(1 for bound in STEPS if n > bound)


def coverage_view(bank: Bank, option: str, *, code: str = "") -> CoverageView:
    """Count items by outcome and format, scenarios by code, for what an option's candidates can meet.

    With a code, the items of scenarios that carry it: a cell is then of code, outcome, format and option at once.
    """
    found = coverage(bank, option)
    formats = tuple(kind.value for kind in Format)
    counts: Counter[tuple[str, str]] = Counter()
    for scenario in bank.scenarios:
        if scenario.option not in (CORE, option) or (code and code not in {tag.code for tag in scenario.ksbs}):
            continue
        for item in scenario.items:
            for outcome in scenario.outcomes:
                counts[outcome, item.format.value] += 1
    rows = []
    for served in bank.standard.practice_outcomes:
        cells = [counts[served.id, kind] for kind in formats]
        total = sum(cells)
        made = tuple(Cell(n, step(n)) for n in cells)
        rows.append((served.id, served.statement, made, Cell(total, step(total))))
    gaps = {gap.id for gap in found.gaps if gap.kind == "code"}
    statements = bank.standard.codes
    titles = {area.id: area.title for area in bank.standard.option_areas}
    return CoverageView(
        coverage=found,
        codes=tuple(
            CodeLine(
                code,
                statements[code].kind,
                statements[code].text,
                count["primary"],
                count["secondary"],
                code in gaps,
            )
            for code, count in found.codes.items()
        ),
        formats=formats,
        outcomes=tuple(rows),
        sums=tuple(found.formats[kind] for kind in formats),
        areas=tuple((area, titles.get(area, ""), n) for area, n in found.areas.items()),
    )
