"""Adverse impact between groups: pass rates by the four-fifths rule in exact arithmetic, and score differences."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import comb, exp, log, sqrt

import numpy as np
from numpy.typing import ArrayLike

from sjt.errors import ShapeError
from sjt.psychometrics.reliability import NAN
from sjt.psychometrics.smallsample import Z95

FOUR_FIFTHS = Fraction(4, 5)
EXACT_PERSONS = 5000
SMALLEST_SHOWN = 10
"""A group of fewer persons is not shown on its own: privacy, and nothing could be said of it."""


@dataclass(frozen=True)
class AdverseImpact:
    """Pass rates of a focal and a reference group compared.

    Attributes
    ----------
    ratio : Fraction or None
        Focal rate ÷ reference rate, exact; None when nobody of the reference group passed.
    below_four_fifths : bool or None
        ``ratio < 4/5`` in exact arithmetic: 45/60 against 18/30 is exactly four fifths, so not below.
    z, z_p : float
        Two-proportion z with pooled variance, and its two-sided p.
    fisher_p : float
        Fisher's exact test, two-sided, in whole numbers.
    ratio_ci : tuple of float or None
        Katz's log interval of the ratio; None where a count is 0.
    difference_ci : tuple of float
        Newcombe's hybrid (Wilson) interval of focal less reference rate.
    """

    passed_reference: int
    n_reference: int
    passed_focal: int
    n_focal: int
    ratio: Fraction | None
    below_four_fifths: bool | None
    z: float
    z_p: float
    fisher_p: float
    ratio_ci: tuple[float, float] | None
    difference: float
    difference_ci: tuple[float, float]


def adverse_impact(passed_reference: int, n_reference: int, passed_focal: int, n_focal: int) -> AdverseImpact:
    """Compare pass rates of two groups.

    Parameters
    ----------
    passed_reference, n_reference, passed_focal, n_focal : int
        Passes and persons of each group.

    Returns
    -------
    AdverseImpact

    Raises
    ------
    ShapeError
        An empty group, or more passes than persons.
    """
    for name, passed, n in (("reference", passed_reference, n_reference), ("focal", passed_focal, n_focal)):
        if n < 1 or not 0 <= passed <= n:
            raise ShapeError(f"The {name} group has {passed} passes of {n} persons. Give 0 to n passes, n at least 1.")
    a, b = Fraction(passed_reference, n_reference), Fraction(passed_focal, n_focal)
    ratio = b / a if a else None
    below = None if ratio is None else ratio < FOUR_FIFTHS
    pooled = Fraction(passed_reference + passed_focal, n_reference + n_focal)
    variance = pooled * (1 - pooled) * (Fraction(1, n_reference) + Fraction(1, n_focal))
    z = float(b - a) / sqrt(variance) if variance else 0.0
    interval = None
    if ratio and passed_focal:
        se = sqrt(1 / passed_focal - 1 / n_focal + 1 / passed_reference - 1 / n_reference)
        interval = (exp(log(ratio) - Z95 * se), exp(log(ratio) + Z95 * se))
    return AdverseImpact(
        passed_reference,
        n_reference,
        passed_focal,
        n_focal,
        ratio,
        below,
        z,
        _two_sided(z),
        fisher_exact(passed_reference, n_reference, passed_focal, n_focal),
        interval,
        float(b - a),
        _newcombe(passed_focal, n_focal, passed_reference, n_reference),
    )


def _two_sided(z: float) -> float:
    from math import erfc

    return erfc(abs(z) / sqrt(2))


def fisher_exact(passed_a: int, n_a: int, passed_b: int, n_b: int) -> float:
    """Fisher's exact test, two-sided: the probability of every table no likelier than this one.

    Counted in whole numbers, so ties between tables are exact; above `EXACT_PERSONS` persons by logarithms, where
    tables within 1e-9 of each other count as ties.
    """
    passed = passed_a + passed_b
    low, high = max(0, passed - n_b), min(passed, n_a)
    if n_a + n_b > EXACT_PERSONS:
        return _fisher_by_logs(passed_a, n_a, n_b, passed, low, high)
    ways = [comb(n_a, k) * comb(n_b, passed - k) for k in range(low, high + 1)]
    seen = ways[passed_a - low]
    return float(Fraction(sum(way for way in ways if way <= seen), sum(ways)))


def _fisher_by_logs(passed_a: int, n_a: int, n_b: int, passed: int, low: int, high: int) -> float:
    from scipy.special import gammaln

    # tables beyond a few standard deviations of the hypergeometric weigh nothing
    total = n_a + n_b
    centre = passed * n_a / total
    reach = 40 * sqrt(max(passed * n_a * n_b * (total - passed) / total**3, 1.0)) + abs(passed_a - centre)
    k = np.arange(max(low, int(centre - reach)), min(high, int(centre + reach) + 1) + 1, dtype=np.float64)
    terms = (k, n_a - k, passed - k, n_b - passed + k)
    ways = -np.sum([gammaln(term + 1) for term in terms], axis=0)
    weight = np.exp(ways - ways.max())
    seen = weight[round(passed_a - k[0])]
    return float(min(1.0, weight[weight <= seen * (1 + 1e-9)].sum() / weight.sum()))


def _newcombe(k1: int, n1: int, k2: int, n2: int) -> tuple[float, float]:
    from sjt.psychometrics.smallsample import wilson

    low, high = wilson([k1, k2], [n1, n2])
    p1, p2 = k1 / n1, k2 / n2
    return (
        p1 - p2 - sqrt((p1 - float(low[0])) ** 2 + (float(high[1]) - p2) ** 2),
        p1 - p2 + sqrt((float(high[0]) - p1) ** 2 + (p2 - float(low[1])) ** 2),
    )


@dataclass(frozen=True)
class Difference:
    """Standardised difference of two groups' scores: focal less reference.

    ``d`` is Cohen's with the pooled SD, ``g`` the same without its small-sample bias; the interval belongs to g.
    """

    n_reference: int
    n_focal: int
    mean_reference: float
    mean_focal: float
    sd_pooled: float
    d: float
    g: float
    se: float
    interval: tuple[float, float] | None


def score_difference(reference: ArrayLike, focal: ArrayLike) -> Difference:
    """Compare two groups' scores.

    Parameters
    ----------
    reference, focal : array_like
        Scores; NaN entries are left out.

    Returns
    -------
    Difference
        d and its interval are NaN and None where the pooled SD is undefined or 0.

    Raises
    ------
    ShapeError
        A group without scores.
    """
    first, second = (np.asarray(part, dtype=np.float64) for part in (reference, focal))
    first, second = first[np.isfinite(first)], second[np.isfinite(second)]
    n1, n2 = first.size, second.size
    if n1 == 0 or n2 == 0:
        raise ShapeError("A group without scores cannot be compared.")
    mean1, mean2 = float(first.mean()), float(second.mean())
    freedom = n1 + n2 - 2
    squares = float(((first - mean1) ** 2).sum() + ((second - mean2) ** 2).sum())
    sd = sqrt(squares / freedom) if freedom > 0 else NAN
    if not sd > 1e-12 * max(1.0, abs(mean1), abs(mean2)):
        return Difference(n1, n2, mean1, mean2, sd, NAN, NAN, NAN, None)
    d = (mean2 - mean1) / sd
    g = d * (1 - 3 / (4 * freedom - 1)) if freedom > 1 else d
    se = sqrt((n1 + n2) / (n1 * n2) + g * g / (2 * (n1 + n2)))
    return Difference(n1, n2, mean1, mean2, sd, d, g, se, (g - Z95 * se, g + Z95 * se))
