"""What a set of forms must be, and the check that one is: no solver, exact sums, every constraint by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from math import ceil

TOLERANCE = Fraction(1, 10**9)
"""Slack of a check on a band whose ends were given as binary floats (57.49999999999999 for 57.5)."""


@dataclass(frozen=True, slots=True)
class AssemblyBank:
    """Candidate items with their attributes, in bank order; all that assembly knows of a bank."""

    items: tuple[str, ...]
    scenarios: tuple[str, ...]
    scenario_of: tuple[int, ...]
    """Per item, the position of its scenario; a bank of single items has one scenario per item."""
    numbers: Mapping[str, tuple[Fraction, ...]]
    """Per item: minutes, angoff, facility, discrimination and whatever else is summed over a form."""
    tags: Mapping[str, tuple[frozenset[str], ...]]
    """Per item: format, and what its scenario carries (class, outcome, option, codes)."""

    def items_of(self, scenario: int) -> list[int]:
        return [i for i, s in enumerate(self.scenario_of) if s == scenario]

    def scenario_tags(self, attr: str) -> tuple[frozenset[str], ...]:
        """Per scenario, the union of what its items carry."""
        found: list[set[str]] = [set() for _ in self.scenarios]
        for item, scenario in enumerate(self.scenario_of):
            found[scenario] |= self.tags[attr][item]
        return tuple(frozenset(values) for values in found)


@dataclass(frozen=True, slots=True)
class Count:
    """How many items (or scenarios) of a form carry one value of an attribute."""

    attr: str
    value: str
    low: int
    high: int | None
    of_scenarios: bool = False

    @property
    def name(self) -> str:
        return f"{self.attr}={self.value}"


@dataclass(frozen=True, slots=True)
class Band:
    """Where the sum of a number over a form's items must lie."""

    attr: str
    low: Fraction
    high: Fraction
    centre: Fraction | None = None
    weight: Fraction = Fraction(1)
    is_target: bool = False

    @property
    def name(self) -> str:
        return self.attr


@dataclass(frozen=True, slots=True)
class Together:
    """How far apart the forms' sums of a number may lie, wherever that is.

    With a ``unit`` all sums also round up to the same multiple of it: one applied pass mark for every form.
    """

    attr: str
    apart: Fraction
    unit: Fraction | None = None

    @property
    def name(self) -> str:
        return f"forms:{self.attr}"


@dataclass(frozen=True, slots=True)
class AssemblySpec:
    """The blueprint as arithmetic: what each form, and the forms together, must satisfy."""

    forms: int
    length: int
    """Scenarios in a form."""
    counts: tuple[Count, ...] = ()
    bands: tuple[Band, ...] = ()
    enemies: tuple[tuple[int, int], ...] = ()
    """Pairs of scenarios that never stand in one form."""
    groups: tuple[tuple[int, ...], ...] = ()
    """Families: at most one scenario of each in a form."""
    anchors: tuple[int, ...] = ()
    banned: tuple[int, ...] = ()
    """Scenarios that may not be used (resting, seen before, enemies of what was seen)."""
    max_use: int | None = None
    """In how many forms of the set a scenario that is no anchor may stand."""
    overlap_max: int | None = None
    """Scenarios that two forms may share beside the anchors."""
    objective: str = "disc"
    length_of_items: bool = True
    """A bank of single items: the length row is called ``n`` and counts items."""
    earlier: tuple[tuple[int, ...], ...] = ()
    """Forms (as scenarios) that exist already and whose overlap counts."""
    together: tuple[Together, ...] = ()
    reserve: int = 0
    """So many of the last forms share no scenario, enemy or family with any other form, and hold no anchor."""


@dataclass(frozen=True, slots=True)
class Checked:
    """One constraint with its bounds and the value that the forms have."""

    name: str
    low: Fraction | None
    high: Fraction | None
    value: Fraction

    @property
    def is_met(self) -> bool:
        if self.low is not None and self.value < self.low - TOLERANCE:
            return False
        return self.high is None or self.value <= self.high + TOLERANCE


def total(bank: AssemblyBank, attr: str, form: Iterable[int]) -> Fraction:
    """Sum one number over a form's items, exactly."""
    column = bank.numbers[attr]
    return sum((column[i] for i in form), Fraction(0))


def check(bank: AssemblyBank, spec: AssemblySpec, forms: Sequence[Sequence[int]]) -> list[Checked]:
    """Recompute every constraint of a set of forms from the bank alone."""
    out: list[Checked] = []
    scenario_values = {c.attr: bank.scenario_tags(c.attr) for c in spec.counts if c.of_scenarios}
    enemy_pairs, anchors = spec.enemies, frozenset(spec.anchors)
    chosen = [frozenset(bank.scenario_of[i] for i in form) for form in forms]
    whole = Fraction
    for f, form in enumerate(forms):
        tag = f"form{f + 1}:"
        scenarios = chosen[f]
        length = len(form) if spec.length_of_items else len(scenarios)
        name = "n" if spec.length_of_items else "scenarios"
        out.append(Checked(tag + name, whole(spec.length), whole(spec.length), whole(length)))
        out.append(Checked(tag + "repeats", whole(0), whole(0), whole(len(form) - len(set(form)))))
        for band in spec.bands:
            out.append(Checked(tag + band.name, band.low, band.high, total(bank, band.attr, form)))
        for count in spec.counts:
            if count.of_scenarios:
                got = sum(count.value in scenario_values[count.attr][s] for s in scenarios)
            else:
                got = sum(count.value in bank.tags[count.attr][i] for i in form)
            high = None if count.high is None else whole(count.high)
            out.append(Checked(tag + count.name, whole(count.low), high, whole(got)))
        clashes = sum(a in scenarios and b in scenarios for a, b in enemy_pairs)
        out.append(Checked(tag + "enemies", whole(0), whole(0), whole(clashes)))
        if spec.groups:
            crowded = sum(len(scenarios & set(group)) > 1 for group in spec.groups)
            out.append(Checked(tag + "families", whole(0), whole(0), whole(crowded)))
        if anchors and f < len(forms) - spec.reserve:
            out.append(
                Checked(tag + "anchors", whole(len(anchors)), whole(len(anchors)), whole(len(anchors & scenarios)))
            )
        if spec.banned:
            out.append(Checked(tag + "resting", whole(0), whole(0), whole(len(scenarios & set(spec.banned)))))
        if spec.overlap_max is not None:
            for n, other in enumerate(spec.earlier):
                shared = len((scenarios & set(other)) - anchors)
                out.append(Checked(f"{tag}earlier{n + 1}", whole(0), whole(spec.overlap_max), whole(shared)))
    out.extend(_between(spec, chosen, anchors))
    for rule in spec.together:
        sums = [total(bank, rule.attr, form) for form in forms]
        out.append(Checked(rule.name, Fraction(0), rule.apart, max(sums) - min(sums)))
        if rule.unit is not None:
            applied = [ceil(value / rule.unit) * rule.unit for value in sums]
            out.append(Checked(f"{rule.name}_applied", Fraction(0), Fraction(0), max(applied) - min(applied)))
    return out


def _between(spec: AssemblySpec, chosen: Sequence[frozenset[int]], anchors: frozenset[int]) -> Iterable[Checked]:
    """Constraints on forms together: shared scenarios of each pair, and how often any scenario is used."""
    limits = [spec.overlap_max] if spec.overlap_max is not None else []
    if spec.max_use == 1:
        limits.append(0)
    if limits:
        for (a, first), (b, second) in combinations(enumerate(chosen, start=1), 2):
            shared = len((first & second) - anchors)
            yield Checked(f"form{a}-{b}:use", Fraction(0), Fraction(min(limits)), Fraction(shared))
    for b in range(max(0, len(chosen) - spec.reserve), len(chosen)):
        for a in range(b):
            clashing = chosen[b] & kin_of(spec, chosen[a])
            yield Checked(f"form{a + 1}-{b + 1}:apart", Fraction(0), Fraction(0), Fraction(len(clashing)))
    if spec.max_use is not None and len(chosen) > 1:
        uses: dict[int, int] = {}
        for scenarios in chosen:
            for scenario in scenarios - anchors:
                uses[scenario] = uses.get(scenario, 0) + 1
        yield Checked("forms:use", Fraction(0), Fraction(spec.max_use), Fraction(max(uses.values(), default=0)))


def kin_of(spec: AssemblySpec, scenarios: Iterable[int]) -> frozenset[int]:
    """Give scenarios with their enemies and the other members of their families: what knowing them gives away."""
    own = frozenset(scenarios)
    found = set(own)
    for a, b in spec.enemies:
        found |= {b} if a in own else set()
        found |= {a} if b in own else set()
    for group in spec.groups:
        if own & set(group):
            found |= set(group)
    return frozenset(found)


def broken(checks: Iterable[Checked]) -> list[Checked]:
    """Return the constraints that are not met."""
    return [c for c in checks if not c.is_met]
