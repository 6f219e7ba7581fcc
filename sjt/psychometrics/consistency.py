"""How far pass and fail can be trusted: Livingston and Lewis, Livingston's k², and errors at other lengths."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from sjt.errors import ShapeError
from sjt.psychometrics.gram import FloatArray
from sjt.psychometrics.reliability import NAN, effective_length, spearman_brown

CutRule = Literal["nearest", "ceil"]
NODES = 400
DENOMINATORS = 5000
"""A longer effective length than this changes no digit shown, and is capped here."""


@dataclass(frozen=True)
class Classification:
    """Accuracy and consistency of a pass mark; a person passes at or above it.

    Attributes
    ----------
    etl : float
        Effective test length; ``n`` is its nearest whole number.
    alpha, beta : float
        Of the beta distribution of true proportion scores.
    cut_effective : int
        The cut among n effective items.
    cut_rule : str
        How it was made whole: ``nearest`` or ``ceil``.
    TP, FP, TN, FN : float
        Shares of all candidates: true pass, false pass, true fail, false fail.
    accuracy, consistency, chance, kappa : float
        Consistency is agreement of two independent sittings.
    """

    etl: float
    n: int
    alpha: float
    beta: float
    cut_effective: int
    cut_rule: str
    TP: float
    FP: float
    TN: float
    FN: float
    accuracy: float
    consistency: float
    chance: float
    kappa: float

    @property
    def false_passes_per_hundred(self) -> float:
        """Of 100 candidates, how many pass who should not."""
        return 100 * self.FP

    @property
    def false_fails_per_hundred(self) -> float:
        """Of 100 candidates, how many fail who should not."""
        return 100 * self.FN


def livingston_lewis(
    mean: float,
    variance: float,
    reliability: float,
    cut: float,
    high: float,
    low: float = 0.0,
    cut_rule: CutRule = "nearest",
    true_variance: float | None = None,
) -> Classification:
    """Estimate decision accuracy and consistency from a test's mean, variance and reliability.

    Parameters
    ----------
    mean, variance : float
        Of the total scores, in marks.
    reliability : float
        Between 0 and 1, both excluded.
    cut : float
        Pass mark, in marks; pass if the score is at or above it.
    high, low : float
        Largest and smallest total reachable.
    cut_rule : {'nearest', 'ceil'}
        How the cut is carried to the effective length: to the nearest whole number (R betafunctions) or up.
    true_variance : float, optional
        Variance of true proportion scores; ``reliability · variance / range²`` if left out.

    Returns
    -------
    Classification

    Raises
    ------
    ShapeError
        The figures cannot belong to one test; every fault is named.

    Notes
    -----
    A two-parameter beta on the range from ``low`` to ``high`` is fitted by moments to the mean and to reliability
    times variance; errors are binomial on the effective length. Consistency is that of an independent replication,
    ``∫ (p² + (1 − p)²)``, checked by Monte Carlo; Hanson's (1991) differs.

    References
    ----------
    .. [1] Livingston, S. A. & Lewis, C. (1995). Estimating the consistency and accuracy of classifications based
       on test scores. Journal of Educational Measurement, 32(2).
    """
    from scipy.special import betaincinv

    _check(mean, variance, reliability, cut, high, low, cut_rule)
    width = high - low
    centre = (mean - low) / width
    if true_variance is None:
        true_variance = reliability * variance / width**2
    etl = effective_length(mean, variance, reliability, low, high)
    if not etl >= 1:
        raise ShapeError(
            f"The effective length is {etl:.2f}: the variance {variance:g} is too large for a range of {low:g} to "
            f"{high:g} with mean {mean:g}. Check the figures."
        )
    n = min(round(etl), DENOMINATORS)
    share = (cut - low) / width
    at = n * share
    cut_effective = int(np.ceil(at - 1e-9)) if cut_rule == "ceil" else round(at)
    common = centre * (1 - centre) / true_variance - 1
    a, b = centre * common, (1 - centre) * common
    # true scores by equal probability: smooth in t, whatever the shape of the beta
    node, weight = _nodes(NODES)
    upper_part = _pass_weights(a, b, share)
    below, above = 1 - upper_part, upper_part
    tp, fp = 0.0, 0.0
    consistent, passing = 0.0, 0.0
    for start, part, is_true_pass in ((0.0, below, False), (below, above, True)):
        if part <= 0:
            continue
        u = start + part * (node + 1) / 2
        # squeezing the nodes towards the ends keeps the steep tails of the beta's quantiles accurate
        tau = betaincinv(a, b, np.clip(u, 0.0, 1.0))
        p = _pass_probability(n, cut_effective, tau)
        w = part * weight / 2
        passed = float((w * p).sum())
        passing += passed
        consistent += float((w * (p**2 + (1 - p) ** 2)).sum())
        if is_true_pass:
            tp = passed
        else:
            fp = passed
    fn, tn = above - tp, below - fp
    chance = passing**2 + (1 - passing) ** 2
    kappa = (consistent - chance) / (1 - chance) if chance < 1 else NAN
    return Classification(etl, n, a, b, cut_effective, cut_rule, tp, fp, tn, fn, tp + tn, consistent, chance, kappa)


def true_variance_of_scores(totals: ArrayLike, reliability: float, high: float, low: float = 0.0) -> float:
    """Variance of true proportion scores as R betafunctions 1.9 takes it from the scores themselves.

    Parameters
    ----------
    totals : array_like
        Total scores, in marks.
    reliability : float
    high, low : float
        Largest and smallest total reachable.

    Returns
    -------
    float
        From the second factorial moment of the scores put on the effective length, which counts a score below 2 as
        0. It differs from ``reliability · variance`` in the third digit and serves comparison with that package.
    """
    scores = np.asarray(totals, dtype=np.float64)
    length = effective_length(float(scores.mean()), float(scores.var(ddof=1)), reliability, low, high)
    x = (scores - low) / (high - low) * length
    second = float(np.where(x < 2, 0.0, x * (x - 1)).mean()) / (length * (length - 1))
    return second - (float(scores.mean() - low) / (high - low)) ** 2


@cache
def _nodes(n: int) -> tuple[FloatArray, FloatArray]:
    """Gauss and Legendre's nodes and weights, made once."""
    node, weight = np.polynomial.legendre.leggauss(n)
    return node, weight


def _pass_weights(a: float, b: float, share: float) -> float:
    from scipy.special import betainc

    return float(1 - betainc(a, b, min(max(share, 0.0), 1.0)))


def _pass_probability(n: int, cut: int, tau: FloatArray) -> FloatArray:
    """P(at least ``cut`` of n) for a proportion tau."""
    from scipy.special import betainc

    if cut <= 0:
        return np.ones_like(tau)
    if cut > n:
        return np.zeros_like(tau)
    return np.asarray(betainc(cut, n - cut + 1, tau))


def _check(
    mean: float, variance: float, reliability: float, cut: float, high: float, low: float, cut_rule: str
) -> None:
    from sjt.errors import Fault

    faults = []

    def add(field: str, what: str, remedy: str) -> None:
        faults.append(Fault("", "", field, what, remedy))

    for name, value in (
        ("mean", mean),
        ("variance", variance),
        ("reliability", reliability),
        ("cut", cut),
        ("max", high),
        ("min", low),
    ):
        if not np.isfinite(value):
            add(name, f"{value} is not a finite number.", "Give a number.")
    if not faults:
        if not high > low:
            add("max", f"max {high:g} is not above min {low:g}.", "Correct the range.")
        elif not low < mean < high:
            add("mean", f"The mean {mean:g} is not between {low:g} and {high:g}.", "Correct the mean or the range.")
        elif variance >= (mean - low) * (high - mean):
            add(
                "variance",
                f"No test from {low:g} to {high:g} with mean {mean:g} has variance {variance:g}.",
                "Check it.",
            )
        if not variance > 0:
            add("variance", f"The variance is {variance:g}.", "Give a variance above 0.")
        if not 0 < reliability < 1:
            add("reliability", f"A reliability of {reliability:g} is not between 0 and 1.", "Give one that is.")
        if high > low and not low <= cut <= high:
            add("cut", f"The cut {cut:g} is outside {low:g} to {high:g}.", "Correct the cut.")
    if cut_rule not in ("nearest", "ceil"):
        add("cut_rule", f"{cut_rule} is unknown.", "Use nearest or ceil.")
    if faults:
        raise ShapeError("The decisions cannot be classified.", faults)


def livingston_k2(mean: float, variance: float, reliability: float, cut: float) -> float:
    """Livingston's k²: reliability of the distance from the cut.

    ``(ρ σ² + (μ − c)²) / (σ² + (μ − c)²)``; NaN when both variance and distance are 0.
    """
    distance = (mean - cut) ** 2
    whole = variance + distance
    return float((reliability * variance + distance) / whole) if whole > 0 else NAN


def errors_by_length(
    mean: float,
    variance: float,
    reliability: float,
    cut: float,
    high: float,
    low: float = 0.0,
    *,
    units: int,
    lengths: tuple[int, ...] = (10, 15, 20, 25, 30, 40, 50, 60),
    cut_rule: CutRule = "nearest",
) -> list[dict[str, Any]]:
    """False passes and false fails per hundred candidates at each length of test.

    Parameters
    ----------
    mean, variance, reliability, cut, high, low
        Of the test as it is.
    units : int
        Its length now, in scenarios or items.
    lengths : tuple of int
        Lengths to plan for.
    cut_rule : {'nearest', 'ceil'}

    Returns
    -------
    list of dict
        ``units, reliability, false_passes_per_hundred, false_fails_per_hundred, accuracy, consistency``. True
        scores keep their distribution; errors shrink by Spearman and Brown. A length at which the model has no
        solution has None.
    """
    rows = []
    for length in sorted({*lengths, units}):
        factor = length / units
        at = spearman_brown(reliability, factor)
        total_variance = variance * reliability / at * factor**2
        row: dict[str, Any] = {"units": length, "present": length == units, "reliability": at}
        try:
            c = livingston_lewis(mean * factor, total_variance, at, cut * factor, high * factor, low * factor, cut_rule)
        except ShapeError:
            row.update(false_passes_per_hundred=None, false_fails_per_hundred=None, accuracy=None, consistency=None)
        else:
            row.update(
                false_passes_per_hundred=c.false_passes_per_hundred,
                false_fails_per_hundred=c.false_fails_per_hundred,
                accuracy=c.accuracy,
                consistency=c.consistency,
            )
        rows.append(row)
    return rows
