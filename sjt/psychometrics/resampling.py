"""Resampling of persons: intervals of facility, item-rest correlation and alpha that hold for small cohorts.

Plain percentiles are too narrow when persons are few (at 20, alpha's held the truth in .89 of samples): they leave the
statistic's bias in and use the normal's quantiles with a spread divided by n. The intervals here are bias-corrected and
accelerated (Efron 1987), and their quantiles are those of Student's t widened by √(n / (n − 1)) (Hesterberg 2015).
`make bench-coverage` measures them; docs/coverage.md has the table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sjt.psychometrics.gram import FloatArray, MarkTable
from sjt.psychometrics.resampled import (
    Plan,
    Sums,
    complete_sums,
    item_statistics,
    pairwise_sums,
    test_statistics,
    upper_lower,
)

BOOTSTRAP_PERSONS = 2000
"""Above this many persons the classical interval is as good and the bootstrap is left out."""
PAIRWISE_PERSONS = 600
"""Up to so many persons lambda-2 is resampled and, with data missing by design, all but facility."""
SPREADS = {"sd", "sem"}
"""In marks: a resample's variance is on average (n − 1)/n of the sample's and is put right (ratios need not be)."""
MOST_UNDEFINED = 0.1
"""A statistic undefined in a larger share of replications gets no interval."""


@dataclass(frozen=True)
class Bootstrapped:
    """Person-bootstrap intervals, 95 %: bias-corrected, accelerated, with expanded quantiles.

    Attributes
    ----------
    replications : int
    items : mapping
        Name of an item statistic → low and high ends, each of shape (n_items,); NaN where there is none.
    test : mapping
        Name of a statistic of the whole test → its ends.
    """

    replications: int
    items: Mapping[str, tuple[FloatArray, FloatArray]]
    test: Mapping[str, tuple[float, float]]

    def item(self, name: str, i: int) -> tuple[float, float]:
        """Ends of the interval of one item's statistic; NaN where it was not resampled."""
        ends = self.items.get(name)
        return (float("nan"), float("nan")) if ends is None else (float(ends[0][i]), float(ends[1][i]))


def bootstrap_weights(rng: np.random.Generator, n: int, replications: int) -> FloatArray:
    """How often each person is drawn in each replication, shape (replications, n)."""
    drawn = rng.integers(0, n, size=(replications, n))
    drawn += np.arange(replications)[:, None] * n
    return np.bincount(drawn.reshape(-1), minlength=replications * n).reshape(replications, n).astype(np.float64)


def bootstrap(
    table: MarkTable,
    low: FloatArray,
    high: FloatArray,
    *,
    testlet: Sequence[str] | None = None,
    strata: Sequence[str] | None = None,
    value: FloatArray | None = None,
    seed: int = 1,
    replications: int = 1000,
) -> Bootstrapped | None:
    """Resample persons and take the statistics anew.

    Parameters
    ----------
    table : MarkTable
    low, high : ndarray, shape (n_items,)
        Smallest and largest mark of each item.
    testlet, strata : sequence of str, optional
        Scenario of each item, and its stratum for stratified alpha.
    value : ndarray, shape (n_persons,), optional
        What persons are ordered by; with it the upper–lower indices are resampled too.
    seed : int
        Seed of the resampling.
    replications : int
        At least 1,000 for anything published.

    Returns
    -------
    Bootstrapped or None
        None with fewer than two persons or more than `BOOTSTRAP_PERSONS`. With data missing by design all but
        facility follows the pairwise rule in every replication (up to 600 persons; left out above).
    """
    n = table.n_persons
    if n < 2 or n > BOOTSTRAP_PERSONS:
        return None
    weights = bootstrap_weights(np.random.default_rng(seed), n, replications)
    # all persons, then all but each one in turn: the estimate, and what acceleration is taken from
    weights = np.vstack([weights, np.ones((1, n)), np.ones((n, n)) - np.eye(n)])
    present = table.present()
    x = np.where(present, table.codes, 0).astype(np.float64) / table.per_unit
    plan = Plan.of(testlet, strata)
    few = n <= PAIRWISE_PERSONS
    items: dict[str, FloatArray] = {}
    test: dict[str, FloatArray] = {}
    sums: Sums | None = None
    m = present.astype(np.float64)
    if table.patterns.complete:
        means = weights @ x / weights.sum(axis=1, keepdims=True)
        sums = complete_sums(weights, x, plan, squares=few)
    else:
        with np.errstate(invalid="ignore", divide="ignore"):
            means = (weights @ x) / (weights @ m)
        if few:
            sums = pairwise_sums(weights, x, m, plan)
    with np.errstate(invalid="ignore", divide="ignore"):
        items["facility"] = (means - low) / (high - low)
        if value is not None:
            for name, marks in upper_lower(weights, x, None if table.patterns.complete else m, value).items():
                items[name] = marks / (high - low)
    if sums is not None:
        items |= item_statistics(sums, plan)
        test = test_statistics(sums, plan)
    for found in (items, test):
        for name in SPREADS & set(found):
            found[name][:replications] *= np.sqrt(n / (n - 1))
    ends = {name: _accelerated(values, replications, n) for name, values in items.items()}
    whole: dict[str, tuple[float, float]] = {}
    if test:
        first, last = _accelerated(np.column_stack(list(test.values())), replications, n)
        whole = {name: (float(a), float(b)) for name, a, b in zip(test, first, last, strict=True)}
    return Bootstrapped(replications, ends, whole)


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
    holes = np.isnan(filled)
    if holes.any():
        filled = np.where(holes, np.nanmedian(filled, axis=0), filled)
    point = np.where(bad, 0.0, estimate)
    # a jackknife value that is undefined says nothing of the influence of its person
    left = np.where(np.isnan(without) | bad, point, without)
    with np.errstate(invalid="ignore", divide="ignore"):
        influence = left.mean(axis=0) - left
        cubes, squares = (influence**3).sum(axis=0), (influence**2).sum(axis=0)
        acceleration = np.where(squares > 0, cubes / (6 * np.maximum(squares, 1e-300) ** 1.5), 0.0)
        # a resample of the same persons in another order has the same value but for its last digits
        near = 1e-12 * np.maximum(np.abs(point), 1.0)
        below = ((filled < point - near).mean(axis=0) + (filled <= point + near).mean(axis=0)) / 2
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
