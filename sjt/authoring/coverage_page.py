"""The coverage page: codes and outcomes against formats, each cell a number, a step of colour and a filtered list."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sjt.authoring.coverage import Coverage, coverage
from sjt.authoring.draft import Fields, format_of, listed
from sjt.authoring.model import Bank
from sjt.authoring.snapshot import Format
from sjt.authoring.standard import CORE
from sjt.authoring.states import ScenarioState

STEPS = (0, 1, 2, 4, 7)
"""A cell of n has the step of the last bound it reaches; five or more steps of one hue read as one (design 5)."""


class Standing(StrEnum):
    """How far the scenarios of a cell have come."""

    LIVE = "live"
    TRIAL = "trial"
    DRAFT = "draft"


STANDING: Final = {
    ScenarioState.DRAFT: Standing.DRAFT,
    ScenarioState.REVIEW: Standing.DRAFT,
    ScenarioState.APPROVED_FOR_TRIAL: Standing.TRIAL,
    ScenarioState.ON_TRIAL: Standing.TRIAL,
    ScenarioState.LIVE: Standing.LIVE,
}
"""What is suspended or retired covers nothing."""


@dataclass(frozen=True, slots=True)
class Met:
    """What one scenario counts for: one of the bank, or a draft that is not in it yet."""

    option: str
    codes: frozenset[str]
    outcomes: tuple[str, ...]
    formats: tuple[str, ...]
    capabilities: tuple[str, ...]
    standing: Standing


@dataclass(frozen=True, slots=True)
class Cell:
    """How many, of which live, in trial and in draft."""

    n: int
    step: int
    live: int
    trial: int
    draft: int


Tally = Counter[tuple[str, str, Standing]]


def _cell(tally: Tally, row: str, column: str) -> Cell:
    live, trial, draft = (tally[row, column, standing] for standing in Standing)
    n = live + trial + draft
    return Cell(n, step(n), live, trial, draft)


def of_bank(bank: Bank, states: Mapping[str, ScenarioState]) -> list[Met]:
    """Give what the bank's scenarios count for; a state that is not told counts as a draft."""
    return [
        Met(
            one.option,
            frozenset(tag.code for tag in one.ksbs),
            one.outcomes,
            tuple(item.format.value for item in one.items),
            one.capabilities,
            STANDING[state],
        )
        for one in bank.scenarios
        if (state := states.get(one.id, ScenarioState.DRAFT)) in STANDING
    ]


def of_draft(held: Fields) -> Met:
    """Give what a draft of a new scenario counts for."""
    return Met(
        held.get("option", CORE),
        frozenset(listed(held, "ksbs")),
        tuple(listed(held, "outcomes")),
        tuple(format_of(held, item).value for item in listed(held, "items")),
        tuple(listed(held, "capabilities")),
        Standing.DRAFT,
    )


@dataclass(frozen=True, slots=True)
class CodeLine:
    code: str
    kind: str
    text: str
    primary: int
    secondary: int
    is_gap: bool


ROWS: Final = ("outcome", "code")
COLUMNS: Final = ("format", "outcome")


@dataclass(frozen=True, slots=True)
class Asked:
    """Which two of outcome, code and format cross, and what each is narrowed to; the option is chosen above."""

    rows: str = "outcome"
    columns: str = "format"
    outcome: str = ""
    code: str = ""
    format: str = ""

    @classmethod
    def from_args(cls, args: Mapping[str, str]) -> Asked:
        """Read the address's query; axes that do not cross become outcome by format."""
        rows, columns = args.get("rows", "outcome"), args.get("columns", "format")
        if rows not in ROWS or columns not in COLUMNS or rows == columns:
            rows, columns = "outcome", "format"
        return cls(rows, columns, args.get("outcome", ""), args.get("code", ""), args.get("format", ""))

    def narrowed(self, row: str = "", column: str = "") -> dict[str, str]:
        """Give the filters of the list behind a cell."""
        held = {"outcome": self.outcome, "code": self.code, "format": self.format}
        held |= {name: value for name, value in ((self.rows, row), (self.columns, column)) if value}
        return {name: value for name, value in held.items() if value}

    def values(self, axis: str, one: Met, kind: str) -> tuple[str, ...]:
        """Give where an item of a scenario stands on an axis."""
        found = {"outcome": one.outcomes, "code": tuple(sorted(one.codes)), "format": (kind,)}[axis]
        kept = getattr(self, axis)
        return tuple(value for value in found if not kept or value == kept)

    def admits(self, one: Met, kind: str) -> bool:
        return (
            (not self.code or self.code in one.codes)
            and (not self.outcome or self.outcome in one.outcomes)
            and (not self.format or self.format == kind)
        )


@dataclass(frozen=True, slots=True)
class CoverageView:
    """Everything the page shows for one option."""

    coverage: Coverage
    codes: tuple[CodeLine, ...]
    asked: Asked
    columns: tuple[str, ...]
    rows: tuple[tuple[str, str, tuple[Cell, ...], Cell], ...]
    """Id, statement, a cell for each column, the row's sum."""
    sums: tuple[Cell, ...]
    domains: tuple[tuple[str, str, tuple[Cell, ...]], ...]
    """Of the capability framework: code, title, scenarios at each level."""
    levels: tuple[tuple[str, str], ...]
    areas: tuple[tuple[str, str, int], ...]


DEFAULT: Final = Asked()


def step(n: int) -> int:
    """Give the step of colour, 0 to 5."""
    return sum(1 for bound in STEPS if n > bound)


def coverage_view(bank: Bank, option: str, met: Sequence[Met], asked: Asked = DEFAULT) -> CoverageView:
    """Count items on the axes asked for, scenarios by code and capability, for what an option's candidates can meet.

    What is no axis narrows: a cell is of code, outcome, format and option at once.
    """
    found = coverage(bank, option)
    items: Tally = Counter()
    shown: Tally = Counter()
    for one in met:
        if one.option not in (CORE, option):
            continue
        for kind in one.formats:
            if not asked.admits(one, kind):
                continue
            items["", "", one.standing] += 1
            columns = asked.values(asked.columns, one, kind)
            for column in columns:
                items["", column, one.standing] += 1
            for row in asked.values(asked.rows, one, kind):
                items[row, "", one.standing] += 1
                for column in columns:
                    items[row, column, one.standing] += 1
        if asked.code and asked.code not in one.codes:
            continue
        named = {bank.capabilities[name] for name in one.capabilities if name in bank.capabilities}
        for domain, level in {(capability.domain, capability.level) for capability in named}:
            shown[domain, level, one.standing] += 1
    outcomes = {served.id: served.statement for served in bank.standard.practice_outcomes}
    axes = {
        "outcome": outcomes,
        "code": {code: bank.standard.codes[code].text for code in found.codes},
        "format": {kind.value: "" for kind in Format},
    }
    shown_rows, shown_columns = (
        {one: words for one, words in axes[axis].items() if getattr(asked, axis) in ("", one)}
        for axis in (asked.rows, asked.columns)
    )
    rows = [
        (one, words, tuple(_cell(items, one, column) for column in shown_columns), _cell(items, one, ""))
        for one, words in shown_rows.items()
    ]
    domains = {capability.domain: capability.domain_title for capability in bank.capabilities.values()}
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
        asked=asked,
        columns=tuple(shown_columns),
        rows=tuple(rows),
        sums=tuple(_cell(items, "", column) for column in (*shown_columns, "")),
        domains=tuple(
            (domain, title, tuple(_cell(shown, domain, level) for level in bank.levels))
            for domain, title in domains.items()
        ),
        levels=tuple(bank.levels.items()) if domains else (),
        areas=tuple((area, titles.get(area, ""), n) for area, n in found.areas.items()),
    )
