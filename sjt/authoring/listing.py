"""Which scenarios a list shows: filters from the address, and the count behind each tab."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Final

from sjt.authoring.model import Bank, Scenario
from sjt.authoring.standard import CORE
from sjt.authoring.states import ScenarioLine, ScenarioState, Statistic

RANGES: Final = ("facility", "discrimination", "met")
"""What can be asked for from a number to a number; each is two filters, ``facility_from`` and ``facility_to``."""
RANGE_WORDS: Final = {"facility": "Facility", "discrimination": "Discrimination", "met": "Candidates that met it"}


@dataclass(frozen=True, slots=True)
class Filters:
    """What the list is narrowed to; empty means any."""

    option: str = ""
    format: str = ""
    outcome: str = ""
    state: str = ""
    code: str = ""
    role: str = ""
    q: str = ""
    meets: str = ""
    """An option whose candidates meet the scenario: the core's and the option's own."""
    author: str = ""
    tag: str = ""
    """A topic, or the family."""
    capability: str = ""
    """An id of the capability framework, or the beginning of one: ``D5.2-L3``."""
    facility_from: str = ""
    facility_to: str = ""
    discrimination_from: str = ""
    discrimination_to: str = ""
    met_from: str = ""
    met_to: str = ""

    @classmethod
    def from_args(cls, args: Mapping[str, str]) -> Filters:
        """Read the address's query; what is not a filter is passed over."""
        return cls(**{field.name: (args.get(field.name) or "").strip()[:100] for field in fields(cls)})

    def without(self, name: str) -> Filters:
        return replace(self, **{name: ""})

    def as_args(self, **changes: str) -> dict[str, str]:
        """Give the query of a link that changes some filters and keeps the rest."""
        changed = replace(self, **changes)
        return {field.name: value for field in fields(self) if (value := getattr(changed, field.name))}

    @property
    def any(self) -> bool:
        return bool(self.as_args())

    @property
    def narrows(self) -> bool:
        """Tell whether one of the filters is set that the page keeps folded away."""
        return bool(self.author or self.tag or self.code or self.capability or self.measures)

    @property
    def measures(self) -> bool:
        return any(getattr(self, f"{name}_{end}") for name in RANGES for end in ("from", "to"))

    def unreadable(self) -> list[str]:
        """Name the ranges that hold something other than a number."""
        return [
            f"{RANGE_WORDS[name]}, {end}"
            for name in RANGES
            for end in ("from", "to")
            if (said := getattr(self, f"{name}_{end}")) and _number(said) is None
        ]

    def ranges(self) -> dict[str, tuple[float, float]]:
        """Give the ranges that are asked for; an end left open is without bound."""
        found = {}
        for name in RANGES:
            low, high = (_number(getattr(self, f"{name}_{end}")) for end in ("from", "to"))
            if low is not None or high is not None:
                found[name] = (-math.inf if low is None else low, math.inf if high is None else high)
        return found

    def admits(self, line: ScenarioLine, scenario: Scenario) -> bool:
        """Tell whether a scenario is to be shown, by what it says of itself."""
        if self.option and line.option != self.option:
            return False
        if self.meets and line.option not in (CORE, self.meets):
            return False
        if self.format and self.format not in line.formats:
            return False
        if self.outcome and self.outcome not in line.outcomes:
            return False
        if self.state and line.state.value != self.state:
            return False
        if self.author and line.author != self.author:
            return False
        if self.tag and self.tag != scenario.family and self.tag not in scenario.topics:
            return False
        if self.capability and not any(name.startswith(self.capability) for name in scenario.capabilities):
            return False
        if self.code:
            roles = {tag.role for tag in scenario.ksbs if tag.code == self.code}
            if not roles or (self.role and self.role not in roles):
                return False
        return not self.q or _holds_words(scenario, self.q)


def _number(said: str) -> float | None:
    try:
        value = float(said.replace(",", "."))
    except ValueError:
        return None
    return value if math.isfinite(value) else None


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a scenario beside its text: its items' newest numbers, and how many candidates met it."""

    items: tuple[Mapping[str, float], ...] = ()
    met: int = 0

    def within(self, ranges: Mapping[str, tuple[float, float]]) -> bool:
        """Tell whether the scenario was met as often as asked, and one of its items has every number asked for."""
        low, high = ranges.get("met", (-math.inf, math.inf))
        if not low <= self.met <= high:
            return False
        asked = [(name, bounds) for name, bounds in ranges.items() if name != "met"]
        return not asked or any(
            all(name in item and bounds[0] <= item[name] <= bounds[1] for name, bounds in asked) for item in self.items
        )


def facts(
    scenario: Scenario, statistics: Mapping[str, Sequence[Statistic]], met: Mapping[str, int], *, with_key: bool
) -> Facts:
    """Give what is known of a scenario; numbers of another text than this one's are passed over."""
    items = []
    for item in scenario.items if with_key else ():
        newest: dict[str, tuple[str, float]] = {}
        for one in statistics.get(item.id, ()):
            if one.scenario_sha256 in ("", scenario.sha256) and one.date >= newest.get(one.name, ("", 0.0))[0]:
                newest[one.name] = (one.date, one.value)
        if newest:
            items.append({name: value for name, (_, value) in newest.items()})
    return Facts(tuple(items), met.get(scenario.id, 0))


_texts: dict[tuple[str, str], str] = {}
MOST_TEXTS: Final = 20_000


def _text(scenario: Scenario) -> str:
    """Give all the words of a scenario that a candidate may read, and its names; kept for the next search."""
    mark = (scenario.id, scenario.sha256)
    found = _texts.get(mark)
    if found is None:
        parts = [scenario.id, scenario.title, scenario.story, scenario.family, *scenario.topics]
        for item in scenario.items:
            parts += [item.ask, *(option.text for option in item.options)]
        if len(_texts) >= MOST_TEXTS:
            _texts.clear()
        found = _texts[mark] = "\n".join(parts).casefold()
    return found


def _holds_words(scenario: Scenario, q: str) -> bool:
    """Every word stands somewhere in the id, title, story, questions or responses; never in the key."""
    text = _text(scenario)
    return all(word in text for word in q.casefold().split())


@dataclass(frozen=True, slots=True)
class Listing:
    """The rows of a list, with the tabs above it."""

    rows: tuple[ScenarioLine, ...]
    total: int
    options: tuple[tuple[str, str, int], ...]
    """Value, words, count with every other filter kept."""
    states: tuple[tuple[str, int], ...]
    authors: tuple[str, ...]
    tags: tuple[str, ...]


def listing(
    bank: Bank, lines: Sequence[ScenarioLine], filters: Filters, known: Mapping[str, Facts] | None = None
) -> Listing:
    """Choose the rows and count the tabs; ``known`` is needed where a range is asked for."""
    by_id = {scenario.id: scenario for scenario in bank.scenarios}
    free, ranges = filters.without("option"), filters.ranges()
    fitting = [
        line
        for line in lines
        if free.admits(line, by_id[line.id]) and (not ranges or (known or {}).get(line.id, Facts()).within(ranges))
    ]
    titles = {"core": "Core"} | {option: option.capitalize() for option in bank.standard.option_ids}
    options = [("", "All", len(fitting))]
    options += [(value, words, sum(1 for line in fitting if line.option == value)) for value, words in titles.items()]
    states = tuple((state.value, sum(1 for line in lines if line.state is state)) for state in ScenarioState)
    return Listing(
        tuple(line for line in fitting if not filters.option or line.option == filters.option),
        len(lines),
        tuple(options),
        states,
        _sorted(line.author for line in lines),
        _sorted(tag for one in bank.scenarios for tag in (*one.topics, one.family)),
    )


def _sorted(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({name for name in names if name}, key=str.casefold))
