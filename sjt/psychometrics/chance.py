"""What a form gives to people who do not know: exact mark distributions of random and of scripted candidates."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import lcm, sqrt
from typing import Any

from sjt.errors import ScoringRefused
from sjt.psychometrics.scoring import NO_SETTINGS, bind, cut_applied
from sjt.psychometrics.scoring_base import ONE, ZERO, Distribution, Rule, mean_of, plain, variance_of


@dataclass(frozen=True)
class FormItem:
    """One live item of a form: its rule and key, what it is worth, and what a cunning candidate can see.

    Attributes
    ----------
    id : str
    rule, key, options, settings
        As for `sjt.psychometrics.scoring.bind`.
    worth : Fraction or None
        Marks on the form; None keeps the raw maximum.
    texts : mapping
        Option id → text, for strategies that read.
    features : mapping
        Strategy name → option ids a person has marked as what that strategy looks for; wins over reading the text.
    """

    id: str
    rule: str
    key: Mapping[str, Any]
    options: Sequence[str]
    worth: Fraction | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    features: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def bound(self) -> Rule:
        """The rule bound to this item's key."""
        return bind(self.rule, self.key, options=self.options, settings=self.settings or NO_SETTINGS)


@dataclass(frozen=True)
class Ratings:
    """Independent ratings: option → ((point, probability), …); an option left out is rated at random."""

    points: Mapping[str, Sequence[tuple[int, Fraction]]]


Responses = Sequence[tuple[Any, Fraction]] | Ratings | None
"""A response distribution: (response, probability) pairs, independent ratings, or None for an answer at random."""

Strategy = Callable[[FormItem, Rule], Responses]


@dataclass(frozen=True, slots=True)
class FormChance:
    """Exact distribution of a form's total for one kind of candidate."""

    distribution: Distribution
    max: Fraction

    @property
    def mean(self) -> Fraction:
        """Mean total."""
        return mean_of(self.distribution)

    @property
    def variance(self) -> Fraction:
        """Variance of the total."""
        return variance_of(self.distribution)

    @property
    def sd(self) -> float:
        """Standard deviation of the total, marks."""
        return sqrt(self.variance)

    def p_pass(self, cut: Fraction) -> Fraction:
        """Probability of a total at or above the cut."""
        return sum((p for mark, p in self.distribution.items() if mark >= cut), ZERO)


def total_distribution(distributions: Iterable[Distribution]) -> Distribution:
    """Distribution of the sum of independent marks, by convolution in whole numbers.

    Marks are counted in their common unit and probabilities as whole-number weights over one total, so that no
    rounding enters and a form of 60 items takes milliseconds.
    """
    listed = [distribution for distribution in distributions if distribution]
    for number, distribution in enumerate(listed, 1):
        if sum(distribution.values()) != 1:
            raise ScoringRefused(f"The probabilities of item {number} do not add up to 1. Correct the strategy.")
    unit = lcm(1, *(mark.denominator for distribution in listed for mark in distribution))
    weights: dict[int, int] = {0: 1}
    whole = 1
    for distribution in listed:
        share = lcm(*(p.denominator for p in distribution.values()))
        whole *= share
        steps = [(int(mark * unit), int(p * share)) for mark, p in distribution.items() if p]
        following: dict[int, int] = {}
        for total, weight in weights.items():
            for mark, times in steps:
                following[total + mark] = following.get(total + mark, 0) + weight * times
        weights = following
    return {Fraction(total, unit): Fraction(weight, whole) for total, weight in sorted(weights.items())}


def item_distribution(item: FormItem, strategy: Strategy | None = None) -> Distribution:
    """Exact distribution of one item's mark on the form's scale.

    Parameters
    ----------
    item : FormItem
    strategy : callable, optional
        None answers at random; a strategy that has nothing to say about an item answers it at random too.

    Raises
    ------
    ScoringRefused
        The key cannot be used, or the strategy gave a response that the rule refuses.
    """
    rule = item.bound()
    responses = None if strategy is None else strategy(item, rule)
    raw: Distribution = {}
    if responses is None:
        raw = rule.chance()
    elif isinstance(responses, Ratings):
        raw = _rated(item, rule, responses)
    else:
        for response, p in responses:
            mark = _mark(item, rule, response)
            raw[mark] = raw.get(mark, ZERO) + p
    scale = ONE if item.worth is None else item.worth / rule.max
    return {mark * scale: p for mark, p in raw.items()}


def _mark(item: FormItem, rule: Rule, response: Any) -> Fraction:
    result = rule.mark(response)
    if result.total is None:
        raise ScoringRefused(f"Item {item.id}: the strategy's response {response!r} is {result.status}.")
    return result.total


def _rated(item: FormItem, rule: Rule, ratings: Ratings) -> Distribution:
    # A rating rule adds over options, so one option at a time gives the parts of the sum.
    points = scale_points(rule)
    parts: list[Distribution] = []
    for option in item.options:
        chosen = ratings.points.get(option) or [(point, Fraction(1, len(points))) for point in points]
        part: Distribution = {}
        for point, p in chosen:
            mark = _mark(item, rule, {option: point})
            part[mark] = part.get(mark, ZERO) + p
        parts.append(part)
    return total_distribution(parts)


def scale_points(rule: Rule) -> list[int]:
    """Points of a rating rule's scale, lowest first; empty for a rule that does not rate."""
    matrix = getattr(rule, "matrix", None)
    if matrix is not None:
        return list(range(1, len(matrix) + 1))
    low, high = getattr(rule, "low", 1), getattr(rule, "high", 0)
    return list(range(low, high + 1))


def form_chance(items: Iterable[FormItem], strategy: Strategy | None = None) -> FormChance:
    """Distribution of a form's total for random candidates, or for candidates who follow a strategy."""
    listed = list(items)
    distribution = total_distribution(item_distribution(item, strategy) for item in listed)
    maximum = sum((item.bound().max if item.worth is None else item.worth for item in listed), ZERO)
    return FormChance(distribution, maximum)


def p_random_pass(items: Iterable[FormItem], cut: Fraction, unit: Fraction = Fraction(1)) -> Fraction:
    """Exact probability that a candidate who answers every item at random reaches the applied cut.

    Written items count with 0 marks, since nobody writes a creditable answer by chance.
    """
    return form_chance(items).p_pass(cut_applied(cut, unit))


def p_strategy_pass(
    items: Iterable[FormItem],
    cut: Fraction,
    strategies: Mapping[str, Strategy],
    unit: Fraction = Fraction(1),
) -> dict[str, Fraction]:
    """Exact probability of passing for each named strategy."""
    listed = list(items)
    applied = cut_applied(cut, unit)
    return {name: form_chance(listed, strategy).p_pass(applied) for name, strategy in strategies.items()}


def describe(items: Iterable[FormItem], cut: Fraction, strategies: Mapping[str, Strategy]) -> dict[str, Any]:
    """Everything a form's page shows about guessing and cunning, as plain numbers."""
    listed = list(items)
    random = form_chance(listed)
    rows: dict[str, Any] = {
        "max": plain(random.max),
        "random": {"mean": float(random.mean), "sd": random.sd, "p_pass": float(random.p_pass(cut))},
    }
    for name, strategy in strategies.items():
        chance = form_chance(listed, strategy)
        rows[name] = {"mean": float(chance.mean), "sd": chance.sd, "p_pass": float(chance.p_pass(cut))}
    return rows
