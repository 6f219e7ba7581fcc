"""What the page of one scenario says: its facts, each item with its key in words, the statements behind codes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sjt.authoring import checks_key
from sjt.authoring.desk import RULES
from sjt.authoring.finding import Finding
from sjt.authoring.model import (
    Bank,
    ChooseKey,
    Exemplar,
    Item,
    OptionKey,
    RankKey,
    RateKey,
    Rubric,
    RubricKey,
    Scenario,
)
from sjt.authoring.states import Statistic

EFFECTIVENESS = ("harmful", "weak", "adequate", "good", "best")
"""Words for effectiveness 0 to 4."""
READ_WORDS_A_SECOND = 3.7


@dataclass(frozen=True, slots=True)
class OptionRow:
    """One response with what the key says of it."""

    id: str
    text: str
    pinned: bool
    verdict: str
    """The key in words: ``1st``, ``chosen``, ``Very appropriate``; empty without sight of the key."""
    effectiveness: int | None
    effectiveness_words: str
    why: str


@dataclass(frozen=True, slots=True)
class ItemView:
    """One item as staff see it."""

    item: Item
    number: int
    rule: str
    options: tuple[OptionRow, ...]
    rubric: Rubric | None
    look_for: Mapping[str, str]
    exemplars: tuple[Exemplar, ...]
    statistics: tuple[Statistic, ...]
    findings: tuple[Finding, ...]
    seen_key: bool


@dataclass(frozen=True, slots=True)
class CodeRow:
    """One tag with its statement in full."""

    code: str
    role: str
    shows: str
    text: str


@dataclass(frozen=True, slots=True)
class ScenarioView:
    """Everything the page shows."""

    scenario: Scenario
    items: tuple[ItemView, ...]
    codes: tuple[CodeRow, ...]
    outcomes: tuple[tuple[str, str], ...]
    areas: tuple[tuple[str, str], ...]
    findings: tuple[Finding, ...]
    words: int
    seconds: int
    illustrative: bool
    key_is_current: bool
    enemies: tuple[tuple[str, str], ...]
    """Named by this scenario, and those that name it."""
    made_from: str
    made_into: tuple[tuple[str, str], ...]


_ABOUT_KEYS = frozenset(rule.id for rule in RULES if rule.check.__module__ == checks_key.__name__)


def without_key(findings: Iterable[Finding]) -> list[Finding]:
    """Leave out every finding that tells something of a key."""
    return [one for one in findings if one.rule not in _ABOUT_KEYS and not one.file.endswith("key.toml")]


def ordinal(n: int) -> str:
    """Write 1 as ``1st``."""
    ending = "th" if 10 <= n % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n}{ending}"


def scenario_view(
    bank: Bank,
    scenario: Scenario,
    findings: Sequence[Finding],
    statistics: Mapping[str, Sequence[Statistic]],
    *,
    with_key: bool,
) -> ScenarioView:
    """Put a scenario's page together; without the key, nothing of it is in the answer."""
    codes = bank.standard.codes
    statements = {outcome.id: outcome.statement for outcome in bank.standard.practice_outcomes}
    areas = {area.id: area.title for area in bank.standard.option_areas}
    titles = {other.id: other.title for other in bank.scenarios}
    about = [finding for finding in findings if finding.scenario == scenario.id]
    if not with_key:
        about = without_key(about)
    keys = bank.keys.get(scenario.id)
    words = len(scenario.story.split())
    return ScenarioView(
        scenario=scenario,
        items=tuple(
            _item_view(bank, scenario, item, number, about, statistics.get(item.id, ()), with_key=with_key)
            for number, item in enumerate(scenario.items, start=1)
        ),
        codes=tuple(
            CodeRow(
                tag.code, tag.role, tag.shows if with_key else "", codes[tag.code].text if tag.code in codes else ""
            )
            for tag in sorted(scenario.ksbs, key=lambda tag: tag.role != "primary")
        ),
        outcomes=tuple((outcome, statements.get(outcome, "")) for outcome in scenario.outcomes),
        areas=tuple((area, areas.get(area, "")) for area in scenario.areas),
        findings=tuple(finding for finding in about if not finding.item),
        words=words,
        seconds=round(words / READ_WORDS_A_SECOND),
        illustrative=keys is None or keys.status == "illustrative",
        key_is_current=keys is not None and keys.set_on == f"sha256:{scenario.sha256}",
        enemies=tuple((other, titles.get(other, "")) for other in _both_ways(bank, scenario)),
        made_from=scenario.reskin_of,
        made_into=tuple((other.id, other.title) for other in bank.scenarios if other.reskin_of == scenario.id),
    )


def _both_ways(bank: Bank, scenario: Scenario) -> list[str]:
    """Give a scenario's enemies: it is enough that one of two names the other."""
    named = [other.id for other in bank.scenarios if scenario.id in other.enemies]
    return list(dict.fromkeys([*scenario.enemies, *named]))


def _item_view(
    bank: Bank,
    scenario: Scenario,
    item: Item,
    number: int,
    findings: Sequence[Finding],
    statistics: Sequence[Statistic],
    *,
    with_key: bool,
) -> ItemView:
    key = bank.key_of(scenario, item) if with_key else None
    rubric = bank.rubrics.get(key.rubric) if isinstance(key, RubricKey) else None
    rows = []
    for option in item.options:
        verdict, level, why = "", None, ""
        if key is not None and not isinstance(key, RubricKey):
            verdict, level = _verdict(bank, item, key, option.id), key.effectiveness.get(option.id)
            why = key.why.get(option.id, "")
        words = EFFECTIVENESS[level] if level is not None else ""
        rows.append(OptionRow(option.id, option.text, option.pinned, verdict, level, words, why))
    return ItemView(
        item=item,
        number=number,
        rule=key.rule if key is not None else "",
        options=tuple(rows),
        rubric=rubric,
        look_for=key.look_for if isinstance(key, RubricKey) else {},
        exemplars=tuple(sorted(key.exemplars, key=lambda e: -e.level)) if isinstance(key, RubricKey) else (),
        statistics=tuple(statistics) if with_key else (),
        findings=tuple(finding for finding in findings if finding.item == item.id),
        seen_key=key is not None,
    )


def _verdict(bank: Bank, item: Item, key: OptionKey, option: str) -> str:
    """Say in words what the key holds of one response."""
    if isinstance(key, RankKey):
        before = 0
        for group in key.order:
            if option in group:
                last = before + len(group)
                return f"{ordinal(before + 1)} to {ordinal(last)}" if len(group) > 1 else ordinal(last)
            before += len(group)
        return "no place"
    if isinstance(key, ChooseKey):
        return "to be chosen" if option in key.key else "not chosen"
    if isinstance(key, RateKey):
        scale = bank.settings.scales.get(item.scale or "")
        points = scale.points if scale else ()
        value = key.key.get(option)
        return points[value - 1] if value is not None and 1 <= value <= len(points) else f"rating {value}"
    return ""
