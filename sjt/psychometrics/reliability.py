"""Reliability coefficients, all from one covariance matrix of the items.

A coefficient that the data do not define is NaN; `undefined_because` says why in a sentence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sjt.errors import ShapeError
from sjt.psychometrics.classical import TINY
from sjt.psychometrics.gram import FloatArray

EXACT_SPLITS = 200_000
"""Lambda-4 tries every split up to this many; beyond, it climbs from many starts and is a lower bound."""
NAN = float("nan")


@dataclass(frozen=True)
class Interval:
    """Two ends of an interval; NaN where undefined."""

    low: float
    high: float


def undefined_because(cov: FloatArray) -> str | None:
    """Say why coefficients of this covariance matrix are undefined, or None when they are defined."""
    k = len(cov)
    if k < 2:
        return "A reliability needs at least two items."
    if np.isnan(np.diag(cov)).any():
        return "At least one item was presented to fewer than two persons."
    if np.isnan(cov).any():
        return "At least one pair of items was never presented to the same two persons."
    if not cov.sum() > TINY * np.abs(cov).sum():
        return "The total of the items has no variance."
    return None


def alpha(cov: FloatArray) -> float:
    """Coefficient alpha.

    Parameters
    ----------
    cov : ndarray, shape (k, k)
        Pairwise covariance matrix.

    Returns
    -------
    float
        ``k/(k−1) · (1 − Σ c_ii / Σ c_ij)``; may be negative; NaN when undefined.
    """
    if undefined_because(cov):
        return NAN
    k = len(cov)
    return float(k / (k - 1) * (1 - np.trace(cov) / cov.sum()))


def standardised_alpha(cov: FloatArray) -> float:
    """Coefficient alpha of the standardised items; NaN if an item has no variance."""
    return alpha(correlation(cov))


def correlation(cov: FloatArray) -> FloatArray:
    """Correlation matrix of a covariance matrix; NaN in the row and column of an item without variance."""
    own = np.diag(cov)
    with np.errstate(invalid="ignore", divide="ignore"):
        sd = np.sqrt(np.where(own > 0, own, np.nan))
        out = cov / sd[:, None] / sd[None, :]
    out[np.diag_indices_from(out)] = np.where(own > 0, 1.0, np.nan)
    return np.asarray(out)


def feldt_interval(coefficient: float, n: int, k: int, level: float = 0.95) -> Interval:
    """Feldt's interval for alpha.

    Parameters
    ----------
    coefficient : float
        Alpha.
    n, k : int
        Persons and items; with data missing by design, the smallest number of persons any pair shares.
    level : float
        Confidence level.

    Returns
    -------
    Interval
        NaN with fewer than two persons or items, or where alpha is undefined.

    References
    ----------
    .. [1] Feldt, L. S. (1965). The approximate sampling distribution of Kuder-Richardson reliability
       coefficient twenty. Psychometrika, 30(3).
    """
    from scipy.special import fdtri

    if not np.isfinite(coefficient) or n < 2 or k < 2:
        return Interval(NAN, NAN)
    tail = (1 - level) / 2
    first, second = float(n - 1), float((n - 1) * (k - 1))
    return Interval(
        float(1 - (1 - coefficient) * fdtri(first, second, 1 - tail)),
        float(1 - (1 - coefficient) * fdtri(first, second, tail)),
    )


def testlet_covariance(cov: FloatArray, testlet: ArrayLike) -> FloatArray:
    """Covariance matrix of the testlets' summed scores."""
    _, label = np.unique(np.asarray(testlet), return_inverse=True)
    member = np.zeros((len(cov), int(label.max(initial=-1)) + 1))
    member[np.arange(len(cov)), label] = 1.0
    return np.asarray(member.T @ cov @ member)


testlet_covariance.__test__ = False  # type: ignore[attr-defined]  # the name is not a test for pytest to collect


def testlet_alpha(cov: FloatArray, testlet: ArrayLike) -> float:
    """Coefficient alpha of the scenario (testlet) scores, which shared stories cannot inflate."""
    return alpha(testlet_covariance(cov, testlet))


testlet_alpha.__test__ = False  # type: ignore[attr-defined]  # as above


def stratified_alpha(cov: FloatArray, strata: ArrayLike) -> float:
    """Stratified alpha: ``1 − Σ V_s (1 − alpha_s) / V``.

    Parameters
    ----------
    cov : ndarray, shape (k, k)
        Pairwise covariance matrix.
    strata : array_like, shape (k,)
        Stratum of each item, for example its format.

    Returns
    -------
    float
        A stratum of one item counts wholly as error, which makes the value a lower bound; NaN when undefined.
    """
    if undefined_because(cov):
        return NAN
    labels, label = np.unique(np.asarray(strata), return_inverse=True)
    error = 0.0
    for s in range(len(labels)):
        inner = cov[np.ix_(label == s, label == s)]
        inside = alpha(inner)
        error += float(inner.sum()) * (1 - inside) if np.isfinite(inside) else float(np.trace(inner))
    return float(1 - error / cov.sum())


def lambda2(cov: FloatArray) -> float:
    """Guttman's lambda-2; NaN when undefined."""
    if undefined_because(cov):
        return NAN
    k, total = len(cov), float(cov.sum())
    squares = float((cov**2).sum() - (np.diag(cov) ** 2).sum())
    return float(1 - np.trace(cov) / total + np.sqrt(k / (k - 1) * squares) / total)


def lambda6(cov: FloatArray) -> float:
    """Guttman's lambda-6, from the variance of each item that the others do not explain.

    Returns
    -------
    float
        NaN when undefined, also where the covariance matrix is singular or, with data missing by design, not
        positive definite.
    """
    if undefined_because(cov):
        return NAN
    try:
        np.linalg.cholesky(cov)
        inverse = np.linalg.inv(cov)
    except np.linalg.LinAlgError:
        return NAN
    if np.linalg.cond(cov) > 1e12:
        return NAN
    return float(1 - (1 / np.diag(inverse)).sum() / cov.sum())


def lambda4(matrix: FloatArray, *, as_psych: bool = False) -> float:
    """Guttman's lambda-4: the largest split-half coefficient over splits into halves of equal length.

    Parameters
    ----------
    matrix : ndarray, shape (k, k)
        Covariance or correlation matrix; halves differ by one item when k is odd.
    as_psych : bool
        With an odd number of items up to 16, R psych 2.2.9 ``splitHalf`` looks at the first half of the splits
        only, in lexicographic order, and so may report less than the maximum; True repeats that.

    Returns
    -------
    float
        Exact when there are at most `EXACT_SPLITS` splits; otherwise the best of a deterministic climb from
        many starts, which is a lower bound. NaN when undefined.
    """
    if undefined_because(matrix):
        return NAN
    k = len(matrix)
    half = k // 2
    total = float(matrix.sum())
    if comb(k, half) <= EXACT_SPLITS:
        splits = np.array(list(combinations(range(k), half)), dtype=np.intp)
        if k % 2 == 0 or (as_psych and k <= 16):
            splits = splits[: max(1, len(splits) // 2)]  # for an even k the second half mirrors the first
        between = -np.inf
        for start in range(0, len(splits), 20_000):
            part = splits[start : start + 20_000]
            member = np.zeros((len(part), k))
            np.put_along_axis(member, part, 1.0, axis=1)
            inside = np.einsum("ij,ij->i", member @ matrix, member)
            rows = member @ matrix.sum(axis=1)
            between = max(between, float((rows - inside).max()))
    else:
        between = _climb(matrix, half)
    return 4 * between / total


def _climb(matrix: FloatArray, half: int) -> float:
    k = len(matrix)
    rng = np.random.default_rng(20)
    starts: list[NDArray[np.intp]] = [np.arange(0, 2 * half, 2), np.arange(half)]
    starts += [rng.permutation(k)[:half] for _ in range(18)]
    best = -np.inf
    for start in starts:
        side = np.zeros(k)
        side[start] = 1.0
        while True:
            inside, outside = np.flatnonzero(side == 1), np.flatnonzero(side == 0)
            pull = matrix @ side  # covariance of each item with the first half
            push = matrix.sum(axis=1) - pull
            own = np.diag(matrix)
            # change in the covariance between the halves when i leaves the first half and j enters it
            gain = (
                (pull[inside] - own[inside] - push[inside])[:, None]
                + (push[outside] - own[outside] - pull[outside])[None, :]
                + 2 * matrix[np.ix_(inside, outside)]
            )
            where = int(np.argmax(gain))
            if gain.flat[where] <= 1e-12:
                break
            i, j = divmod(where, len(outside))
            side[inside[i]], side[outside[j]] = 0.0, 1.0
        between = float(side @ matrix @ (1 - side))
        best = max(best, between)
    return best


def spearman_brown(reliability: float, factor: float) -> float:
    """Reliability of a test ``factor`` times as long.

    Parameters
    ----------
    reliability : float
        Reliability of the test as it is.
    factor : float
        New length ÷ present length, above 0.
    """
    if factor <= 0:
        raise ShapeError(f"A test cannot be {factor} times as long. Give a factor above 0.")
    return factor * reliability / (1 + (factor - 1) * reliability)


def length_for(reliability: float, target: float) -> float:
    """How many times as long the test must be to reach a target reliability; inf if it never does."""
    if not 0 < target < 1:
        raise ShapeError(f"A target reliability lies between 0 and 1; {target} does not.")
    if reliability <= 0:
        return float("inf")
    return target * (1 - reliability) / (reliability * (1 - target))


def sem(sd: float, reliability: float) -> float:
    """Standard error of measurement, in marks: ``sd · √(1 − reliability)``."""
    return float(sd * np.sqrt(1 - reliability)) if np.isfinite(reliability) and reliability <= 1 else NAN


def effective_length(mean: float, variance: float, reliability: float, low: float, high: float) -> float:
    """Livingston and Lewis's effective test length, in equivalent 0/1 items."""
    below = variance * (1 - reliability)
    if not below > 0:
        return NAN
    return ((mean - low) * (high - mean) - reliability * variance) / below


def conditional_sem(
    score: ArrayLike, mean: float, variance: float, reliability: float, low: float, high: float
) -> FloatArray:
    """Standard error of measurement at each score, by the binomial model on the effective length.

    Parameters
    ----------
    score : array_like
        Scores, in marks.
    mean, variance, reliability : float
        Of the totals.
    low, high : float
        Smallest and largest total reachable.

    Returns
    -------
    ndarray
        In marks; 0 at the ends of the scale; NaN where the effective length is below 2 or undefined.

    Notes
    -----
    Lord's ``√(x (n − x) / (n − 1))`` with n the effective length, put back on the scale of marks.
    """
    points = np.asarray(score, dtype=np.float64)
    length = effective_length(mean, variance, reliability, low, high)
    if not (np.isfinite(length) and length >= 2 and high > low):
        return np.full(points.shape, NAN)
    share = np.clip((points - low) / (high - low), 0.0, 1.0)
    return np.asarray((high - low) * np.sqrt(share * (1 - share) / (length - 1)))


def reliabilities(cov: FloatArray, testlet: Sequence[str] | None, formats: Sequence[str] | None) -> dict[str, float]:
    """Every closed-form coefficient by the name it has in ``sjt analyse``.

    Parameters
    ----------
    cov : ndarray, shape (k, k)
        Pairwise covariance matrix.
    testlet, formats : sequence of str or None
        Scenario and format of each item; None when unknown.

    Returns
    -------
    dict
        NaN where undefined.
    """
    matrix = correlation(cov)
    with_formats = formats is not None and len(set(formats)) > 1
    strata = formats if with_formats else testlet
    best_split = lambda4(matrix)
    differs = len(cov) % 2 == 1 and len(cov) <= 16  # where psych looks at half of the splits
    return {
        "alpha": alpha(cov),
        "standardised_alpha": alpha(matrix),
        "testlet_alpha": testlet_alpha(cov, testlet) if testlet is not None else NAN,
        "stratified_alpha": stratified_alpha(cov, strata) if strata is not None else NAN,
        "stratified_alpha_testlet": stratified_alpha(cov, testlet) if testlet is not None else NAN,
        "lambda2": lambda2(cov),
        "lambda4": lambda4(matrix, as_psych=True) if differs else best_split,
        "lambda4_max": best_split,
        "lambda6": lambda6(cov),
        "lambda6_cor": lambda6(matrix),
    }
