"""How comparable forms are: P(pass) of the borderline candidate and of each tenth of ability, reliability by length.

A candidate's marks on an item are taken as the random answer's distribution, tilted exponentially until its mean is
the one judged or measured: of all distributions with that mean the one nearest to knowing nothing else (Kullback).
Where a spread is banked, a second parameter meets it too. Items are independent given the candidate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import erf, lcm, sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from sjt.authoring.form_bank import FormBank
from sjt.authoring.lengths import RELIABILITY_OF_ONE, settled_reliability
from sjt.psychometrics.scoring_base import Distribution

FloatArray = NDArray[np.float64]

EXACT_BELOW = 15
"""Items from which on the sum is taken as normal with continuity; below, the exact convolution."""
TENTHS = tuple(NormalDist().inv_cdf((k + 0.5) / 10) for k in range(10))
"""The middle of each tenth of a normal ability distribution."""
WRITTEN = "written"


@dataclass(frozen=True)
class MarkDistribution:
    """One item's marks for one kind of candidate, with their probabilities."""

    marks: FloatArray
    p: FloatArray

    @property
    def mean(self) -> float:
        return float(self.marks @ self.p)

    @property
    def sd(self) -> float:
        return sqrt(max(0.0, float(((self.marks - self.mean) ** 2) @ self.p)))


def support(distribution: Distribution, worth: Fraction, kind: str) -> tuple[FloatArray, FloatArray]:
    """Marks an item can give and their probabilities at random; a written item can give every whole mark."""
    if kind == WRITTEN or len(distribution) < 2:
        marks = np.arange(0, int(worth) + 1, dtype=np.float64)
        return marks, np.full(len(marks), 1 / len(marks))
    listed = sorted(distribution.items())
    return np.array([float(m) for m, _ in listed]), np.array([float(p) for _, p in listed])


def tilted(marks: FloatArray, base: FloatArray, mean: float, sd: float | None = None) -> MarkDistribution:
    """Tilt a distribution until it has a mean (and, where given and possible, a standard deviation)."""
    low, high = float(marks[0]), float(marks[-1])
    room = 1e-6 * (high - low)
    mean = min(max(mean, low + room), high - room)
    scaled = (marks - low) / (high - low)
    weights = np.log(np.maximum(base, 1e-300))
    lift = _solve_tilt(scaled, weights, (mean - low) / (high - low), 0.0)
    bend = 0.0
    if sd is not None and sd > 0:
        wanted = (sd / (high - low)) ** 2
        below, above = -60.0, 60.0
        for _ in range(60):
            bend = (below + above) / 2
            lift = _solve_tilt(scaled, weights, (mean - low) / (high - low), bend)
            p = _weighted(scaled, weights, lift, bend)
            spread = float(((scaled - scaled @ p) ** 2) @ p)
            below, above = (bend, above) if spread < wanted else (below, bend)
    return MarkDistribution(marks, _weighted(scaled, weights, lift, bend))


def _weighted(scaled: FloatArray, weights: FloatArray, lift: float, bend: float) -> FloatArray:
    log = weights + lift * scaled + bend * scaled**2
    p = np.exp(log - log.max())
    return np.asarray(p / p.sum())


def _solve_tilt(scaled: FloatArray, weights: FloatArray, mean: float, bend: float) -> float:
    """The tilt with a given mean: Newton, since the mean's slope is the variance, held inside a shrinking bracket."""
    below, above, lift = -400.0, 400.0, 0.0
    for _ in range(80):
        p = _weighted(scaled, weights, lift, bend)
        got = float(scaled @ p)
        if abs(got - mean) < 1e-13 or above - below < 1e-12:
            break
        below, above = (lift, above) if got < mean else (below, lift)
        variance = float(((scaled - got) ** 2) @ p)
        newton = lift + (mean - got) / variance if variance > 1e-12 else above + 1
        lift = newton if below < newton < above else (below + above) / 2
    return lift


def p_reach(items: Sequence[MarkDistribution], cut: float, unit: float) -> float:
    """P(total ≥ cut): exact convolution under 15 items, else normal sum with half a mark unit of continuity."""
    if not items:
        return 1.0 if cut <= 0 else 0.0
    if len(items) < EXACT_BELOW:
        return _convolved(items, cut)
    mean = sum(item.mean for item in items)
    sd = sqrt(sum(item.sd**2 for item in items))
    if sd == 0:
        return 1.0 if mean >= cut else 0.0
    return 0.5 * (1 - erf((cut - unit / 2 - mean) / (sd * sqrt(2))))


def _convolved(items: Sequence[MarkDistribution], cut: float) -> float:
    """Convolve on the lattice that all marks share."""
    steps = lcm(*(Fraction(mark).limit_denominator(1000).denominator for item in items for mark in item.marks))
    total = np.array([1.0])
    for item in items:
        places = np.rint(item.marks * steps).astype(int)
        one = np.zeros(places.max() + 1)
        one[places] += item.p
        total = np.convolve(total, one)
    least = int(np.ceil(cut * steps - 1e-9))
    return float(min(1.0, total[max(least, 0) :].sum())) if least < len(total) else 0.0


@dataclass(frozen=True)
class FormOutlook:
    """What one form does to candidates of known standing."""

    p_borderline: float
    interval: tuple[float, float]
    by_tenth: tuple[float, ...]
    sd_borderline: float


@dataclass(frozen=True)
class ItemOutlook:
    """What is known of an item's marks: at the borderline, over everybody, and how it rises with ability."""

    marks: FloatArray
    base: FloatArray
    borderline: float
    borderline_sd: float | None
    se: float
    mean: float
    rise: float
    """Marks gained by one standard deviation of ability."""
    _known: dict[tuple[float, float | None], MarkDistribution] = field(default_factory=dict, compare=False)

    def _tilted(self, mean: float, sd: float | None) -> MarkDistribution:
        if (mean, sd) not in self._known:
            self._known[mean, sd] = tilted(self.marks, self.base, mean, sd)
        return self._known[mean, sd]

    def at_borderline(self, shift: float = 0.0) -> MarkDistribution:
        return self._tilted(self.borderline + shift * self.se, self.borderline_sd)

    def at(self, ability: float) -> MarkDistribution:
        return self._tilted(self.mean + self.rise * ability, None)


def item_outlook(bank: FormBank, position: int) -> ItemOutlook:
    """Gather what the bank knows of one item."""
    worth = bank.worth[position]
    _, item = bank.items[position]
    known, judged = bank.measured[position], bank.judged[position]
    chance = {Fraction(0): Fraction(1)} if item.format.value == WRITTEN else bank.chance(position)
    marks, base = support(chance, worth, item.format.value)
    top = float(worth)
    mean = float(bank.assembly.numbers["facility"][position]) * top
    over_all = tilted(marks, base, mean)
    sd = float(known["sd"].value) if "sd" in known else over_all.sd
    rise = max(0.0, float(bank.assembly.numbers["discrimination"][position])) * sd
    borderline, spread, se = mean, None, 0.1 * top
    if "borderline_mean" in known:
        borderline, se = float(known["borderline_mean"].value), known["borderline_mean"].se or 0.0
        spread = float(known["borderline_sd"].value) if "borderline_sd" in known else None
    elif judged is not None:
        borderline = float(judged.mean) * top
        errors = bank.panels.get(judged.panel)
        if errors is not None:
            se = top * sqrt((errors.var_judge + errors.var_residual) / errors.n_judges)
    return ItemOutlook(marks, base, borderline, spread, se, mean, rise)


def outlook(
    bank: FormBank, form: Sequence[int], cut: Fraction, unit: Fraction, memory: dict[int, ItemOutlook] | None = None
) -> FormOutlook:
    """P(pass) of the borderline candidate, with the interval that the item means' errors give it, and by tenths."""
    memory = {} if memory is None else memory
    items = [_kept(memory, bank, i) for i in form]
    applied, step = float(cut), float(unit)
    middle = [item.at_borderline() for item in items]
    error = sqrt(sum(item.se**2 for item in items))
    spread = sqrt(sum(d.sd**2 for d in middle))
    p = p_reach(middle, applied, step)
    total = sum(item.se for item in items)
    # The items' errors add as independent; moving each by its share of the form's error moves the sum by 1.96 SE.
    shift = 1.96 * error / total if total else 0.0
    ends = [p_reach([item.at_borderline(side * shift) for item in items], applied, step) for side in (-1, 1)]
    tenths = tuple(p_reach([item.at(z) for item in items], applied, step) for z in TENTHS)
    return FormOutlook(p, (min(ends), max(ends)), tenths, spread)


def _kept(memory: dict[int, ItemOutlook], bank: FormBank, position: int) -> ItemOutlook:
    if position not in memory:
        memory[position] = item_outlook(bank, position)
    return memory[position]


ASSUMPTIONS = (
    "An item's marks follow random answering, tilted to the item's judged or measured mean.",
    "Items are independent given the candidate; scenarios with two items are not quite.",
    "The borderline candidate's mean mark is banked data where there is any, else the panel's judgement.",
    "Ability is normal; an item's mean rises with it by its discrimination times its standard deviation.",
    "Intervals hold the error of item means, as independent; a lenient judge moves all forms of a panel together.",
)


def reliability_of_one(bank: FormBank, form: Sequence[int] | None = None) -> float:
    """Reliability of a single scenario, from the items' spreads and discriminations, or the generator's without."""
    positions = range(len(bank.items)) if form is None else form
    if any("discrimination" not in bank.measured[i] for i in positions):
        return RELIABILITY_OF_ONE
    spreads, rests = [], []
    for i in positions:
        one = item_outlook(bank, i)
        spreads.append(one.rise / max(1e-9, float(bank.assembly.numbers["discrimination"][i])) if one.rise else 1.0)
        rests.append(float(bank.assembly.numbers["discrimination"][i]))
    return settled_reliability(spreads, rests)
