"""Which scenarios a list shows: filters from the address, and the count behind each tab."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace

from sjt.authoring.model import Bank, Scenario
from sjt.authoring.standard import CORE
from sjt.authoring.states import ScenarioLine, ScenarioState


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

    def admits(self, line: ScenarioLine, scenario: Scenario) -> bool:
        """Tell whether a scenario is to be shown."""
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
        if self.code:
            roles = {tag.role for tag in scenario.ksbs if tag.code == self.code}
            if not roles or (self.role and self.role not in roles):
                return False
        return not self.q or _holds_words(scenario, self.q)


def _holds_words(scenario: Scenario, q: str) -> bool:
    """Every word stands somewhere in the id, title, story, questions or responses; never in the key."""
    parts = [scenario.id, scenario.title, scenario.story, scenario.family, *scenario.topics]
    for item in scenario.items:
        parts += [item.ask, *(option.text for option in item.options)]
    text = "\n".join(parts).casefold()
    return all(word in text for word in q.casefold().split())


@dataclass(frozen=True, slots=True)
class Listing:
    """The rows of a list, with the tabs above it."""

    rows: tuple[ScenarioLine, ...]
    total: int
    options: tuple[tuple[str, str, int], ...]
    """Value, words, count with every other filter kept."""
    states: tuple[tuple[str, int], ...]


def listing(bank: Bank, lines: Sequence[ScenarioLine], filters: Filters) -> Listing:
    """Choose the rows and count the tabs."""
    by_id = {scenario.id: scenario for scenario in bank.scenarios}
    rows = tuple(line for line in lines if filters.admits(line, by_id[line.id]))
    free = filters.without("option")
    without_option = [line for line in lines if free.admits(line, by_id[line.id])]
    titles = {"core": "Core"} | {option: option.capitalize() for option in bank.standard.option_ids}
    options = [("", "All", len(without_option))]
    options += [
        (value, words, sum(1 for ln in without_option if ln.option == value)) for value, words in titles.items()
    ]
    states = tuple((state.value, sum(1 for line in lines if line.state is state)) for state in ScenarioState)
    return Listing(rows, len(lines), tuple(options), states)
