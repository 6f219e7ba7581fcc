"""Differential item functioning from tables stratum × group × category: closed forms, ETS classes, shrinkage.

Every coefficient takes the counts of one item. Group 0 is the reference, group 1 the focal group; a stratum holds
persons matched on ability. A negative delta or a negative standardised mean difference: harder for the focal group.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import erfc, log, nan, sqrt

import numpy as np
from numpy.typing import ArrayLike

from sjt.errors import ShapeError
from sjt.psychometrics._validate import FloatArray
from sjt.psychometrics.smallsample import Z95, shrink

DELTA = -2.35
"""Delta units per natural log odds ratio (Holland & Thayer 1988)."""
ONE_SIDED_95 = 1.6448536269514722
LEAST_PRIOR_SD = 0.2
"""House floor, in delta units: no finite set of items proves that all share one DIF value exactly."""
DELTA_B, DELTA_C = 1.0, 1.5
SMD_BB, SMD_CC = 0.17, 0.25


@dataclass(frozen=True)
class MantelHaenszel:
    """Common odds ratio of a right/wrong item, reference over focal; NaN where it is not defined."""

    alpha: float
    ln_se: float
    delta: float
    se_delta: float
    chi2: float
    p: float


@dataclass(frozen=True)
class Mantel:
    """Mantel's (1963) test of equal means within strata, one degree of freedom, no continuity correction."""

    chi2: float
    p: float
    observed_minus_expected: float
    variance: float


@dataclass(frozen=True)
class MeanDifference:
    """Standardised mean difference focal − reference, in marks, focal-weighted."""

    smd: float
    se: float
    low: float
    high: float


@dataclass(frozen=True)
class LiuAgresti:
    """Common cumulative odds ratio of an ordered item, reference over focal."""

    alpha: float
    log_alpha: float
    se: float
    delta_like: float
    se_delta: float


@dataclass(frozen=True)
class ClassOdds:
    """Posterior of an item's true DIF: mean and SD in delta units, and the probability of each class."""

    mean: float
    sd: float
    p_a: float
    p_b: float
    p_c: float


def _counts(counts: ArrayLike) -> FloatArray:
    table = np.asarray(counts, dtype=np.float64)
    if table.ndim != 3 or table.shape[1] != 2:
        raise ShapeError(f"DIF counts must be strata × 2 groups × categories; this has shape {table.shape}.")
    if (table < 0).any() or not np.isfinite(table).all():
        raise ShapeError("DIF counts must be finite and not negative.")
    both = (table.sum(axis=2) > 0).all(axis=1)
    return np.asarray(table[both])


def chi2_tail(value: float) -> float:
    """P(χ² with one degree of freedom > value); NaN for NaN."""
    return erfc(sqrt(value / 2)) if value >= 0 else nan


def tabulate(stratum: ArrayLike, group: ArrayLike, category: ArrayLike, n_strata: int, n_categories: int) -> FloatArray:
    """Count persons by stratum, group (0 reference, 1 focal) and category, all given as whole numbers from 0."""
    at = (np.asarray(stratum) * 2 + np.asarray(group)) * n_categories + np.asarray(category)
    flat = np.bincount(at, minlength=n_strata * 2 * n_categories).astype(np.float64)
    counts: FloatArray = flat.reshape(n_strata, 2, n_categories)
    return counts


def mantel_haenszel(counts: ArrayLike) -> MantelHaenszel:
    """Mantel–Haenszel odds ratio and continuity-corrected χ² of an item with two categories (wrong, right).

    Parameters
    ----------
    counts : array_like, shape (n_strata, 2, 2)
        Stratum × group (reference, focal) × category (lower, upper).

    Returns
    -------
    MantelHaenszel
        ``alpha`` is NaN when both cross products are 0 and infinite or 0 when one is; the errors are then NaN.

    References
    ----------
    .. [1] Holland, P. W. & Thayer, D. T. (1988). Differential item performance and the Mantel–Haenszel procedure.
    .. [2] Phillips, A. & Holland, P. W. (1987). Estimators of the variance of the Mantel–Haenszel log-odds-ratio
       estimate. Biometrics, 43.
    """
    table = _counts(counts)
    if table.shape[2] != 2:
        raise ShapeError("Mantel–Haenszel needs an item with two categories.")
    b, a = table[:, 0, 0], table[:, 0, 1]
    d, c = table[:, 1, 0], table[:, 1, 1]
    n = a + b + c + d
    if not n.size:
        return MantelHaenszel(nan, nan, nan, nan, nan, nan)
    up, down = float((a * d / n).sum()), float((b * c / n).sum())
    right = a + c
    expected = (a + b) * right / n
    variance = float(((a + b) * (c + d) * right * (n - right) / (n * n * (n - 1))).sum())
    distance = abs(float(a.sum() - expected.sum()))
    chi2 = (distance - 0.5) ** 2 / variance if variance > 0 else nan
    alpha = up / down if down > 0 else (np.inf if up > 0 else nan)
    if not (up > 0 and down > 0):
        return MantelHaenszel(alpha, nan, nan, nan, chi2, chi2_tail(chi2))
    spread = float(((a * d + alpha * b * c) * (a + d + alpha * (b + c)) / (n * n)).sum()) / (2 * up * up)
    ln_se = sqrt(spread)
    return MantelHaenszel(alpha, ln_se, DELTA * log(alpha), -DELTA * ln_se, chi2, chi2_tail(chi2))


def mantel(counts: ArrayLike, scores: ArrayLike) -> Mantel:
    """Mantel's χ² for an item scored in ordered marks.

    Parameters
    ----------
    counts : array_like, shape (n_strata, 2, n_categories)
    scores : array_like, shape (n_categories,)
        Mark of each category.

    References
    ----------
    .. [1] Mantel, N. (1963). Chi-square tests with one degree of freedom. JASA, 58.
    """
    difference, variance, _, _ = _focal_sums(_counts(counts), scores)
    total = float(variance.sum())
    observed = float(difference.sum())
    chi2 = observed**2 / total if total > 0 else nan
    return Mantel(chi2, chi2_tail(chi2), observed, total)


def _focal_sums(table: FloatArray, scores: ArrayLike) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Focal sum less its expectation, its hypergeometric variance, and both group sizes, by stratum."""
    y = np.asarray(scores, dtype=np.float64)
    reference, focal = table[:, 0].sum(axis=1), table[:, 1].sum(axis=1)
    n = reference + focal
    both = table.sum(axis=1)
    centred = y[None, :] - (both @ y / n)[:, None]
    difference = (table[:, 1] * centred).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = reference * focal / (n * (n - 1)) * (both * centred**2).sum(axis=1)
    return difference, np.where(n > 1, variance, 0.0), reference, focal


def standardised_mean_difference(counts: ArrayLike, scores: ArrayLike) -> MeanDifference:
    """Mean mark of the focal group less that of the matched reference group, weighted by the focal group.

    Parameters
    ----------
    counts : array_like, shape (n_strata, 2, n_categories)
    scores : array_like, shape (n_categories,)

    Returns
    -------
    MeanDifference
        In marks; the 95 % interval uses the hypergeometric variance, which sparse strata do not break.

    References
    ----------
    .. [1] Zwick, R. & Thayer, D. T. (1996). Evaluating the magnitude of differential item functioning in polytomous
       items. Journal of Educational and Behavioral Statistics, 21.
    """
    table = _counts(counts)
    if not table.size:
        return MeanDifference(nan, nan, nan, nan)
    difference, variance, reference, focal = _focal_sums(table, scores)
    to_means = (reference + focal) / (reference * focal)
    weight = focal / focal.sum()
    smd = float((weight * to_means * difference).sum())
    se = sqrt(float(((weight * to_means) ** 2 * variance).sum()))
    return MeanDifference(smd, se, smd - Z95 * se, smd + Z95 * se)


def liu_agresti(counts: ArrayLike) -> LiuAgresti:
    """Estimate the common cumulative odds ratio of an ordered item over strata.

    Parameters
    ----------
    counts : array_like, shape (n_strata, 2, n_categories)
        Categories in ascending order; their marks do not matter, only their order.

    Returns
    -------
    LiuAgresti
        For two categories this is the Mantel–Haenszel odds ratio.

    Notes
    -----
    The numerator sums, over pairs of one reference and one focal person in a stratum of N, the categories by which
    the reference person is ahead, over N; the denominator those by which the focal person is. The difference of the
    first and α times the second is a two-sample U statistic with mean 0, whose variance is estimated from the pairs
    that share a person: sound both for few large and for many sparse strata. The part within one threshold takes
    Phillips and Holland's form, so that two categories give the Mantel–Haenszel error exactly.

    References
    ----------
    .. [1] Liu, I.-M. & Agresti, A. (1996). Mantel–Haenszel-type inference for cumulative odds ratios with a
       stratified ordinal response. Biometrics, 52.
    """
    table = _counts(counts)
    seen = table.sum(axis=(0, 1)) > 0 if table.size else np.zeros(0, dtype=bool)
    table = table[:, :, seen]
    if not table.size or table.shape[2] < 2:
        return LiuAgresti(nan, nan, nan, nan, nan)
    rank = np.arange(table.shape[2], dtype=np.float64)
    ahead = np.maximum(rank[:, None] - rank[None, :], 0.0)
    reference, focal = table[:, 0], table[:, 1]
    n = table.sum(axis=(1, 2))
    up = float((((reference @ ahead) * focal).sum(axis=1) / n).sum())
    down = float((((reference @ ahead.T) * focal).sum(axis=1) / n).sum())
    if not (up > 0 and down > 0):
        return LiuAgresti(up / down if down > 0 else (np.inf if up > 0 else nan), nan, nan, nan, nan)
    alpha = up / down
    kernel = ahead - alpha * ahead.T
    spread = _shared_pairs(reference, focal, kernel)
    for cut in range(1, table.shape[2]):
        one = np.subtract.outer((rank >= cut) * 1.0, (rank >= cut) * 1.0)
        spread = spread - _shared_pairs(reference, focal, np.maximum(one, 0) - alpha * np.maximum(-one, 0))
        b, a = reference[:, :cut].sum(axis=1), reference[:, cut:].sum(axis=1)
        d, c = focal[:, :cut].sum(axis=1), focal[:, cut:].sum(axis=1)
        spread = spread + (a * d + alpha * b * c) * (a + d + alpha * (b + c)) / 2
    variance = float((spread / n**2).sum()) / (alpha * down) ** 2
    se = sqrt(variance) if variance > 0 else nan
    return LiuAgresti(alpha, log(alpha), se, DELTA * log(alpha), -DELTA * se)


def _shared_pairs(reference: FloatArray, focal: FloatArray, kernel: FloatArray) -> FloatArray:
    """Variance of the sum of a kernel over pairs of a reference and a focal person, by stratum."""
    by_reference = focal @ kernel.T
    by_focal = reference @ kernel
    shared = (reference * by_reference**2).sum(axis=1) + (focal * by_focal**2).sum(axis=1)
    return np.asarray(shared - ((reference @ kernel**2) * focal).sum(axis=1))


def ets_class(delta: float, se: float, p: float) -> str | None:
    """ETS class of a right/wrong item: A negligible, B moderate, C large; None if the figures are not defined.

    A: p ≥ .05 or |delta| < 1. C: |delta| ≥ 1.5 and significantly above 1 (one-sided 5 %). B: the rest.
    """
    if not np.isfinite([delta, se, p]).all():
        return None
    size = abs(delta)
    if p >= 0.05 or size < DELTA_B:
        return "A"
    if size >= DELTA_C and size - ONE_SIDED_95 * se > DELTA_B:
        return "C"
    return "B"


def smd_class(smd_over_sd: float, p: float) -> str | None:
    """Class of an ordered item: AA if p ≥ .05 or |SMD/SD| ≤ .17, BB up to .25, else CC; None if not defined."""
    if not np.isfinite([smd_over_sd, p]).all():
        return None
    size = abs(smd_over_sd)
    if p >= 0.05 or size <= SMD_BB:
        return "AA"
    return "BB" if size <= SMD_CC else "CC"


def empirical_bayes(
    delta: ArrayLike, se: ArrayLike, prior: tuple[float, float] | None = None
) -> list[ClassOdds | None]:
    """Shrink the items' deltas towards each other and say how likely each true class is.

    Parameters
    ----------
    delta, se : array_like
        In delta units; items with a value that is not finite get None and do not form the prior.
    prior : (float, float), optional
        Mean and SD of the true deltas from earlier sittings; estimated from these items if left out, and then never
        narrower than 0.2.

    Returns
    -------
    list of ClassOdds or None

    References
    ----------
    .. [1] Zwick, R., Thayer, D. T. & Lewis, C. (1999). An empirical Bayes approach to Mantel–Haenszel DIF analysis.
       Journal of Educational Measurement, 36.
    """
    d, s = np.asarray(delta, dtype=np.float64), np.asarray(se, dtype=np.float64)
    known = np.isfinite(d) & np.isfinite(s) & (s > 0)
    if not known.any():
        return [None] * d.size
    if prior is None:
        found = shrink(d[known], s[known]) if known.sum() > 1 else None
        centre, spread = (found.mean, sqrt(found.tau2)) if found is not None else (0.0, 0.0)
        prior = (centre if np.isfinite(centre) else 0.0, max(spread, LEAST_PRIOR_SD))
    mu, tau = prior
    out: list[ClassOdds | None] = []
    for value, error, ok in zip(d, s, known):
        if not ok:
            out.append(None)
            continue
        weight = tau**2 / (tau**2 + error**2)
        mean, sd = weight * value + (1 - weight) * mu, sqrt(weight) * error
        within_b = _inside(mean, sd, DELTA_B)
        within_c = _inside(mean, sd, DELTA_C)
        out.append(ClassOdds(float(mean), float(sd), within_b, max(0.0, within_c - within_b), max(0.0, 1 - within_c)))
    return out


def _inside(mean: float, sd: float, limit: float) -> float:
    """P(|x| < limit) for a normal x."""
    return 0.5 * (erfc((-limit - mean) / (sd * sqrt(2))) - erfc((limit - mean) / (sd * sqrt(2))))
