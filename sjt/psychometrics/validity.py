"""Does the test measure what it is for? Criteria corrected for range restriction, known groups, gain on a second try.

Every answer says what the data cannot carry, in words, beside the figure.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import nan, sqrt

import numpy as np
from numpy.typing import ArrayLike

from sjt.errors import ShapeError
from sjt.psychometrics.fairness import score_difference
from sjt.psychometrics.smallsample import fisher_interval, t_interval

FEWEST = 30
"""Below so many pairs a correlation is not shown: its 95 % interval is wider than .7."""
FEW = 100
Pair = tuple[float, float]


@dataclass(frozen=True)
class Criterion:
    """How the test's score goes with a later outcome.

    Attributes
    ----------
    n : int
        Persons with both.
    r : float
        Pearson's, in those with both; NaN where it is not shown.
    interval : (float, float)
        95 %, Fisher.
    corrected : float
        For direct restriction of range on the test score (Thorndike's case 2).
    corrected_interval : (float, float)
        The ends of `interval` corrected alike: it takes the two spreads as known.
    ratio : float
        Spread of the score in all over that in those with the outcome.
    cannot : list of str
        What these data cannot carry.
    """

    n: int
    r: float
    interval: Pair
    corrected: float
    corrected_interval: Pair
    ratio: float
    cannot: list[str] = field(default_factory=list)


def restricted(r: float, ratio: float) -> float:
    """Correct a correlation for selection on one of its variables.

    Parameters
    ----------
    r : float
        In the selected group.
    ratio : float
        SD of the selecting variable in everybody over its SD in the selected.

    Returns
    -------
    float
        r·u / √(1 + r²(u² − 1)).

    References
    ----------
    .. [1] Thorndike, R. L. (1949). Personnel selection. Wiley. Case 2.
    """
    if not (-1 <= r <= 1 and ratio > 0):
        return nan
    return r * ratio / sqrt(1 + r * r * (ratio * ratio - 1))


def against_criterion(score: ArrayLike, outcome: ArrayLike, reliability: float | None = None) -> Criterion:
    """Correlate the test's score with an outcome that some persons have.

    Parameters
    ----------
    score : array_like, shape (n,)
        Of everybody who sat.
    outcome : array_like, shape (n,)
        Ordered grades as numbers; NaN for who has none (yet).
    reliability : float, optional
        Of the score, to say how high a correlation could be.

    Raises
    ------
    ShapeError
        Different lengths.
    """
    x, y = np.asarray(score, dtype=np.float64), np.asarray(outcome, dtype=np.float64)
    if x.shape != y.shape or x.ndim != 1:
        raise ShapeError(f"{x.size} scores and {y.size} outcomes; there must be one of each for a person.")
    x, y = x[np.isfinite(x)], y[np.isfinite(x)]
    both = np.isfinite(y)
    n = int(both.sum())
    cannot: list[str] = []
    blank = Criterion(n, nan, (nan, nan), nan, (nan, nan), nan, cannot)
    if n < FEWEST:
        cannot.append(f"{n} persons have both a score and the outcome; below {FEWEST} a correlation says nothing.")
        return blank
    a, b = x[both], y[both]
    if not (a.std() > 0 and b.std() > 0):
        cannot.append("Everybody with the outcome has the same score or the same outcome: nothing can go with it.")
        return blank
    r = float(np.corrcoef(a, b)[0, 1])
    low, high = (float(end) for end in fisher_interval(r, n))
    ratio = float(x.std(ddof=1) / a.std(ddof=1))
    if n < FEW:
        cannot.append(f"With {n} persons the interval is wide: read the interval, not the figure.")
    missing = x.size - n
    if missing:
        cannot.append(
            f"{missing} of {x.size} who sat have no outcome. The correction takes them to be missing by their score "
            "alone; if they left for other reasons it is off."
        )
    grades = np.unique(b).size
    if grades <= 3:
        cannot.append(
            f"The outcome has {grades} different values: a correlation with so few steps is lower than one with the "
            "quality behind them."
        )
    if reliability is not None and 0 < reliability < 1:
        cannot.append(
            f"With a reliability of {reliability:.2f} no correlation above {sqrt(reliability):.2f} is to be expected."
        )
    cannot.append("A correlation does not say that the test causes good practice, nor that it is fair.")
    corrected = (restricted(low, ratio), restricted(high, ratio))
    return Criterion(n, r, (low, high), restricted(r, ratio), corrected, ratio, cannot)


@dataclass(frozen=True)
class Step:
    """One of ordered groups: its mean with a 95 % interval."""

    name: str
    n: int
    mean: float
    interval: Pair


@dataclass(frozen=True)
class Trend:
    """Groups that should differ, in their order.

    Attributes
    ----------
    steps : list of Step
        Groups under ten persons are named, not shown (NaN).
    d : float
        Highest over lowest shown group, in pooled SDs, with its 95 % interval.
    r : float
        Of score and the group's place.
    """

    steps: list[Step]
    d: float
    interval: Pair
    r: float
    cannot: list[str]


SMALLEST_SHOWN = 10


def known_groups(score: ArrayLike, place: ArrayLike, names: list[str]) -> Trend:
    """Compare groups that theory puts in an order: months of experience, say.

    Parameters
    ----------
    score : array_like, shape (n,)
    place : array_like of int, shape (n,)
        Index into `names`; −1 where unknown.
    names : list of str
        From the one that should score least to the one that should score most.
    """
    x, g = np.asarray(score, dtype=np.float64), np.asarray(place, dtype=np.int64)
    if x.shape != g.shape:
        raise ShapeError(f"{x.size} scores and {g.size} groups; there must be one of each for a person.")
    known = np.isfinite(x) & (g >= 0)
    x, g = x[known], g[known]
    steps, shown = [], []
    for number, name in enumerate(names):
        own = x[g == number]
        if own.size < SMALLEST_SHOWN:
            steps.append(Step(name, int(own.size), nan, (nan, nan)))
            continue
        low, high = t_interval(own.mean(), own.std(ddof=1), own.size)
        steps.append(Step(name, int(own.size), float(own.mean()), (float(low), float(high))))
        shown.append(number)
    cannot = []
    if len(shown) < 2:
        cannot.append(f"Fewer than two groups have {SMALLEST_SHOWN} persons; they are not compared.")
        return Trend(steps, nan, (nan, nan), nan, cannot)
    a, b = x[g == shown[0]], x[g == shown[-1]]
    found = score_difference(a, b)
    d, interval = found.g, found.interval or (nan, nan)
    used = np.isin(g, shown)
    r = float(np.corrcoef(x[used], g[used])[0, 1]) if x[used].std() > 0 else nan
    if interval[0] < 0 < interval[1]:
        cannot.append(
            "The interval of the difference holds nought: these data neither show nor exclude that the groups differ."
        )
    cannot.append("Groups that differ in experience differ in age, employer and much else; the difference is not pure.")
    return Trend(steps, d, interval, r, cannot)


@dataclass(frozen=True)
class Gain:
    """What a second try brought, beyond what chance brings back.

    Attributes
    ----------
    n : int
    mean : float
        Second less first, in the score's unit, with its 95 % interval.
    by_chance : float
        Part of it that people chosen for a low first score gain without any change (regression to the mean).
    d : float
        Mean gain in SDs of the first score in everybody.
    """

    n: int
    mean: float
    interval: Pair
    by_chance: float
    d: float
    cannot: list[str]


def retest_gain(first: ArrayLike, second: ArrayLike, everybody: ArrayLike, reliability: float | None = None) -> Gain:
    """Compare two tries of the same persons, on comparable forms.

    Parameters
    ----------
    first, second : array_like, shape (n,)
        Shares of the maximum, or scores on one scale.
    everybody : array_like
        First scores of all who sat, retested or not.
    reliability : float, optional
        Of one try; without it the part that chance brings is not told.
    """
    a, b = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if a.shape != b.shape:
        raise ShapeError(f"{a.size} first and {b.size} second scores.")
    both = np.isfinite(a) & np.isfinite(b)
    a, b = a[both], b[both]
    whole = np.asarray(everybody, dtype=np.float64)
    whole = whole[np.isfinite(whole)]
    cannot = []
    if a.size < SMALLEST_SHOWN:
        cannot.append(f"{a.size} persons sat twice; below {SMALLEST_SHOWN} no gain is shown.")
        return Gain(int(a.size), nan, (nan, nan), nan, nan, cannot)
    gain = b - a
    low, high = t_interval(gain.mean(), gain.std(ddof=1), gain.size)
    chance = nan
    if reliability is not None and 0 <= reliability <= 1 and whole.size > 1:
        chance = float((1 - reliability) * (whole.mean() - a.mean()))
    else:
        cannot.append("Without a reliability the part that chance brings back cannot be told from learning.")
    cannot.append(
        "Who sits twice was chosen by failing, had time to learn, and may remember scenarios: these figures do not "
        "part the three."
    )
    spread = float(whole.std(ddof=1)) if whole.size > 1 else nan
    d = float(gain.mean() / spread) if spread > 0 else nan
    return Gain(int(a.size), float(gain.mean()), (float(low), float(high)), chance, d, cannot)
