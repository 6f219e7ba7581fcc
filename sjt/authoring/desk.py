"""A bank laid out for checking, and the register of rules.

A rule is a generator over a ``Desk``: it yields findings and knows nothing of the other rules. ``Desk`` finds the
line of anything a rule wants to point at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from sjt.authoring.bank import Reading, key_file, scenario_file
from sjt.authoring.finding import Finding, Severity
from sjt.authoring.model import Bank, Format, Item, KeySet, OptionKey, RankKey, RateKey, RubricKey, Scenario

ERROR = Severity.ERROR
WARNING = Severity.WARNING


@dataclass(frozen=True)
class Desk:
    """A bank to check; ``only`` narrows the rules about single scenarios to those named (the editor's use)."""

    bank: Bank
    reading: Reading
    today: date
    only: frozenset[str] | None = None

    @cached_property
    def scenarios(self) -> Sequence[Scenario]:
        """The scenarios that rules about single scenarios look at."""
        return [s for s in self.bank.scenarios if self.only is None or s.id in self.only]

    def items(self) -> Iterator[tuple[Scenario, Item]]:
        for scenario in self.scenarios:
            for item in scenario.items:
                yield scenario, item

    def option_keys(self, *, whole_bank: bool = False) -> Iterator[tuple[Scenario, Item, OptionKey]]:
        """Yield every item that has options together with its key."""
        for scenario in self.bank.scenarios if whole_bank else self.scenarios:
            for item in scenario.items:
                key = self.bank.key_of(scenario, item)
                if key is not None and not isinstance(key, RubricKey) and item.options:
                    yield scenario, item, key

    def effectiveness(self, item: Item, key: OptionKey) -> dict[str, float]:
        """Return how good each option is, from 0 (harmful) to 4 (best), as the key says or implies it."""
        if key.effectiveness:
            return {option: float(value) for option, value in key.effectiveness.items()}
        if isinstance(key, RankKey):
            return _from_order(key.order)
        if isinstance(key, RateKey):
            scale = self.bank.settings.scales.get(item.scale or "")
            top = len(scale.points) if scale else max(key.key.values(), default=1)
            return {option: 4 * (value - 1) / max(1, top - 1) for option, value in key.key.items()}
        keyed = set(getattr(key, "key", ()))
        return {option: 4.0 if option in keyed else 0.0 for option in item.option_ids}

    def file(self, scenario: Scenario) -> str:
        return scenario_file(scenario.folder)

    def path(self, scenario: Scenario, item: Item | None, *rest: str | int) -> tuple[str | int, ...]:
        return rest if item is None else ("items", scenario.items.index(item), *rest)

    def on(
        self,
        rule: str,
        severity: Severity,
        scenario: Scenario,
        message: str,
        remedy: str,
        *rest: str | int,
        item: Item | None = None,
    ) -> Finding:
        """Return a finding about the front matter: ``rest`` is the path, inside the item if one is given."""
        file = self.file(scenario)
        line = self.reading.line(file, *self.path(scenario, item, *rest))
        if line == 1:  # what the finding misses is not there: the id stands for the scenario
            line = self.reading.line(file, "id")
        return Finding(file, line, rule, severity, message, remedy, scenario.id, item.id if item else "")

    def on_option(
        self, rule: str, severity: Severity, scenario: Scenario, item: Item, option: str, message: str, remedy: str
    ) -> Finding:
        """Return a finding about one option of an item."""
        where = item.option_ids.index(option)
        return self.on(rule, severity, scenario, message, remedy, "options", where, item=item)

    def on_story(
        self, rule: str, severity: Severity, scenario: Scenario, message: str, remedy: str, near: str = ""
    ) -> Finding:
        """Return a finding about the story, on the line that holds ``near``."""
        first = self.reading.story_lines.get(scenario.folder, 1)
        position = scenario.story.find(near) if near else -1
        line = first + (scenario.story.count("\n", 0, position) if position > 0 else 0)
        return Finding(self.file(scenario), line, rule, severity, message, remedy, scenario.id)

    def on_key(
        self,
        rule: str,
        severity: Severity,
        scenario: Scenario,
        message: str,
        remedy: str,
        *rest: str | int,
        item: str = "",
    ) -> Finding:
        """Return a finding about key.toml; ``rest`` is the path in that file."""
        file = self.reading.key_files.get(scenario.id, key_file(scenario.folder))
        return Finding(file, self.reading.line(file, *rest), rule, severity, message, remedy, scenario.id, item)

    def keys(self, scenario: Scenario) -> KeySet | None:
        return self.bank.keys.get(scenario.id)

    def on_bank(self, rule: str, severity: Severity, message: str, remedy: str, *rest: str | int) -> Finding:
        """Return a finding about the bank as a whole."""
        return Finding("bank.toml", self.reading.line("bank.toml", *rest), rule, severity, message, remedy)


def _from_order(order: Sequence[Sequence[str]]) -> dict[str, float]:
    total = sum(len(group) for group in order)
    values: dict[str, float] = {}
    before = 0
    for group in order:
        middle = before + (len(group) - 1) / 2
        for option in group:
            values[option] = 4 * (1 - middle / max(1, total - 1))
        before += len(group)
    return values


def best(effectiveness: dict[str, float]) -> list[str]:
    """Return the options that share the highest effectiveness."""
    top = max(effectiveness.values(), default=0.0)
    return [option for option, value in effectiveness.items() if value == top]


Check = Callable[[Desk], Iterator[Finding]]


@dataclass(frozen=True)
class Rule:
    """One rule: what it asks, its thresholds, where they come from, and the function that looks."""

    id: str
    title: str
    source: str
    check: Check
    whole_bank: bool


RULES: list[Rule] = []
HOUSE = "sjt-science 2.4, house default"


def rule(rule_id: str, title: str, *, source: str = HOUSE, whole_bank: bool = False) -> Callable[[Check], Check]:
    """Register a check; ``whole_bank`` rules are left out when single scenarios are checked in the editor."""

    def register(check: Check) -> Check:
        RULES.append(Rule(rule_id, title, source, check, whole_bank))
        return check

    return register


KEYED_FORMATS = frozenset(Format) - {Format.WRITTEN}
