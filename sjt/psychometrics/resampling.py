"""Resampling of persons: intervals of facility, item-rest correlation and alpha that hold for small cohorts.

Plain percentiles are too narrow when persons are few (at 20, alpha's held the truth in .89 of samples): they leave the
statistic's bias in and use the normal's quantiles with a spread divided by n. The intervals here are bias-corrected and
accelerated (Efron 1987), and their quantiles are those of Student's t widened by √(n / (n − 1)) (Hesterberg 2015).
`make bench-coverage` measures them; docs/coverage.md has the table.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sjt.psychometrics.gram import FloatArray, MarkTable

BOOTSTRAP_PERSONS = 2000
"""Above this many persons the classical interval is as good and the bootstrap is left out."""
PAIRWISE_PERSONS = 600
"""With data missing by design, correlations and alpha are resampled up to so many persons."""
MOST_UNDEFINED = 0.1
"""A statistic undefined in a larger share of replications gets no interval."""


@dataclass(frozen=True)
class Bootstrapped:
    """Person-bootstrap intervals, 95 %: bias-corrected, accelerated, with expanded quantiles."""

    replications: int
    facility: tuple[FloatArray, FloatArray]
    item_rest: tuple[FloatArray, FloatArray]
    alpha: tuple[float, float]


def bootstrap_weights(rng: np.random.Generator, n: int, replications: int) -> FloatArray:
    """How often each person is drawn in each replication, shape (replications, n)."""
    drawn = rng.integers(0, n, size=(replications, n))
    drawn += np.arange(replications)[:, None] * n
    return np.bincount(drawn.reshape(-1), minlength=replications * n).reshape(replications, n).astype(np.float64)


def bootstrap(
    table: MarkTable, low: FloatArray, high: FloatArray, *, seed: int = 1, replications: int = 1000
) -> Bootstrapped | None:
    """Resample persons and take the statistics anew.

    Parameters
    ----------
    table : MarkTable
    low, high : ndarray, shape (n_items,)
        Smallest and largest mark of each item.
    seed : int
        Seed of the resampling.
    replications : int
        At least 1,000 for anything published.

    Returns
    -------
    Bootstrapped or None
        None with fewer than two persons or more than `BOOTSTRAP_PERSONS`. With data missing by design the
        correlations and alpha follow the pairwise rule in every replication (up to 600 persons; NaN above).
    """
    n, k = table.n_persons, table.n_items
    if n < 2 or n > BOOTSTRAP_PERSONS:
        return None
    weights = bootstrap_weights(np.random.default_rng(seed), n, replications)
    # all persons, then all but each one in turn: the estimate, and what acceleration is taken from
    weights = np.vstack([weights, np.ones((1, n)), np.ones((n, n)) - np.eye(n)])
    present = table.present()
    x = np.where(present, table.codes, 0).astype(np.float64) / table.per_unit
    m = present.astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        means = (weights @ x) / (weights @ m)
        facility = _accelerated((means - low) / (high - low), replications, n)
    if table.patterns.complete:
        rest, alpha = _resampled_complete(weights, x)
    elif n <= PAIRWISE_PERSONS:
        rest, alpha = _resampled_pairwise(weights, x, m)
    else:
        rest, alpha = np.full((len(weights), k), np.nan), np.full((len(weights), 1), np.nan)
    alpha_low, alpha_high = _accelerated(alpha, replications, n)
    return Bootstrapped(
        replications, facility, _accelerated(rest, replications, n), (float(alpha_low[0]), float(alpha_high[0]))
    )


def _resampled_complete(weights: FloatArray, x: FloatArray) -> tuple[FloatArray, FloatArray]:
    k = x.shape[1]
    n = weights.sum(axis=1, keepdims=True)
    total = x.sum(axis=1)
    sum_x, sum_xx, sum_xt = weights @ x, weights @ (x * x), weights @ (x * total[:, None])
    sum_t, sum_tt = weights @ total, weights @ (total * total)
    with np.errstate(invalid="ignore", divide="ignore"):
        own = sum_xx - sum_x**2 / n
        with_total = sum_xt - sum_x * sum_t[:, None] / n
        of_total = (sum_tt - sum_t**2 / n[:, 0])[:, None]
        rest = of_total - 2 * with_total + own
        small = (own <= 1e-9 * np.maximum(sum_xx, 1e-300)) | (rest <= 1e-9 * np.maximum(of_total, 1e-300))
        r = np.where(small, np.nan, (with_total - own) / np.sqrt(own * rest))
        alpha = np.where(of_total > 0, k / max(k - 1, 1) * (1 - own.sum(axis=1, keepdims=True) / of_total), np.nan)
    return r, (alpha if k > 1 else np.full((len(weights), 1), np.nan))


def _resampled_pairwise(weights: FloatArray, x: FloatArray, m: FloatArray) -> tuple[FloatArray, FloatArray]:
    from sjt.psychometrics.classical import item_rest_correlation

    k = x.shape[1]
    both = np.hstack([x, m])
    rest = np.full((len(weights), k), np.nan)
    alpha = np.full((len(weights), 1), np.nan)
    for index, weight in enumerate(weights):
        gram = (both * weight[:, None]).T @ both
        count, sums, cross = gram[k:, k:], gram[:k, k:], gram[:k, :k]
        with np.errstate(invalid="ignore", divide="ignore"):
            cov = (cross - sums * sums.T / count) / (count - 1)
        if not np.isfinite(cov).all():
            continue
        rest[index] = item_rest_correlation(cov)
        total = float(cov.sum())
        if k > 1 and total > 0:
            alpha[index, 0] = k / (k - 1) * (1 - float(np.trace(cov)) / total)
    return rest, alpha


def _accelerated(values: FloatArray, replications: int, n: int) -> tuple[FloatArray, FloatArray]:
    """Ends of the 95 % interval of each column.

    Parameters
    ----------
    values : ndarray, shape (replications + 1 + n, columns)
        The statistic in each replication, for all persons, and for all persons but each one in turn.
    replications, n : int

    Returns
    -------
    low, high : ndarray
        NaN for a column undefined for all persons or in over a tenth of the replications.

    References
    ----------
    .. [1] Efron, B. (1987). Better bootstrap confidence intervals. Journal of the American Statistical Association, 82.
    .. [2] Hesterberg, T. C. (2015). What teachers should know about the bootstrap. The American Statistician, 69(4).
    """
    from scipy.special import ndtr, ndtri, stdtrit

    drawn, estimate, without = values[:replications], values[replications], values[replications + 1 :]
    bad = (np.isnan(drawn).mean(axis=0) > MOST_UNDEFINED) | np.isnan(estimate)
    filled = np.where(bad, 0.0, drawn)
    filled = np.where(np.isnan(filled), np.nanmedian(filled, axis=0), filled)
    point = np.where(bad, 0.0, estimate)
    # a jackknife value that is undefined says nothing of the influence of its person
    left = np.where(np.isnan(without) | bad, point, without)
    with np.errstate(invalid="ignore", divide="ignore"):
        influence = left.mean(axis=0) - left
        cubes, squares = (influence**3).sum(axis=0), (influence**2).sum(axis=0)
        acceleration = np.where(squares > 0, cubes / (6 * np.maximum(squares, 1e-300) ** 1.5), 0.0)
        below = ((filled < point).mean(axis=0) + (filled <= point).mean(axis=0)) / 2
        bias = ndtri(np.clip(below, 1 / replications, 1 - 1 / replications))
        reach = float(stdtrit(n - 1, 0.975)) * np.sqrt(n / (n - 1))
        ordered = np.sort(filled, axis=0)
        ends = []
        for side in (-reach, reach):
            moved = bias + side
            share = ndtr(bias + moved / np.maximum(1 - acceleration * moved, 0.1))
            at = np.clip(share, 0.0, 1.0) * (replications - 1)
            floor = np.floor(at).astype(np.intp)
            upper = np.minimum(floor + 1, replications - 1)
            columns = np.arange(ordered.shape[1])
            ends.append(ordered[floor, columns] * (1 - (at - floor)) + ordered[upper, columns] * (at - floor))
    return np.where(bad, np.nan, ends[0]), np.where(bad, np.nan, ends[1])
