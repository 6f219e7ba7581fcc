"""What every statistic is in every resample of persons, all resamples at once.

Each statistic follows from a few sums of covariances: of the items with themselves, with the total and with their own
scenario, and of the scenarios' and the strata's totals. They are taken for all resamples by a handful of matrix
products where everyone was presented everything, and one covariance matrix at a time under the pairwise rule otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sjt.psychometrics.gram import FloatArray

CLEAN = 1e-9
"""A variance below this share of its mean square is rounding, not spread."""
SQUARES_AT_ONCE = 4_000_000
"""Numbers held at once while covariance matrices are made by the batch (32 MB)."""


@dataclass(frozen=True)
class Plan:
    """Which items belong together: scenario and stratum of each item, as numbers from 0."""

    testlet: NDArray[np.intp] | None
    strata: NDArray[np.intp] | None

    @classmethod
    def of(cls, testlet: Sequence[str] | None, strata: Sequence[str] | None) -> Plan:
        """Number the labels."""
        numbered = [
            None if labels is None else np.unique(np.asarray(labels), return_inverse=True)[1].astype(np.intp)
            for labels in (testlet, strata)
        ]
        return cls(numbered[0], numbered[1])


@dataclass(frozen=True)
class Sums:
    """Sums of covariances in each resample, first axis the resamples.

    Attributes
    ----------
    own, with_total, with_testlet : ndarray, shape (resamples, n_items)
        Variance of each item, its covariance with the total and with its own scenario's total.
    total : ndarray, shape (resamples,)
        Variance of the total.
    testlet, testlet_with_total : ndarray, shape (resamples, n_testlets)
    strata : ndarray, shape (resamples, n_strata)
        Variances of the strata's totals.
    squares : ndarray, shape (resamples,)
        Sum of squared covariances of different items; NaN where it was not wanted.
    means : ndarray, shape (resamples, n_items)
    """

    own: FloatArray
    with_total: FloatArray
    with_testlet: FloatArray
    total: FloatArray
    testlet: FloatArray
    testlet_with_total: FloatArray
    strata: FloatArray
    squares: FloatArray
    means: FloatArray


def member(labels: NDArray[np.intp] | None, k: int) -> FloatArray:
    """Items × groups, 1 where the item belongs to the group; no column without labels."""
    if labels is None:
        return np.zeros((k, 0))
    out = np.zeros((k, int(labels.max(initial=-1)) + 1))
    out[np.arange(k), labels] = 1.0
    return out


def complete_sums(weights: FloatArray, x: FloatArray, plan: Plan, *, squares: bool) -> Sums:
    """Sums of covariances where everyone was presented everything."""
    k = x.shape[1]
    of_testlet, of_stratum = member(plan.testlet, k), member(plan.strata, k)
    total, testlets, strata = x.sum(axis=1), x @ of_testlet, x @ of_stratum
    n = weights.sum(axis=1)
    # about the means of everyone: sums of squares then lose no digits, whatever the level of the marks
    x, total = x - x.mean(axis=0), total - total.mean()
    testlets, strata = testlets - testlets.mean(axis=0), strata - strata.mean(axis=0)
    mean_x, mean_t = weights @ x / n[:, None], weights @ total / n
    divisor = np.maximum(n - 1, 1)[:, None]
    large = n[:, None]

    def product(a: FloatArray, b: FloatArray, mean_a: FloatArray, mean_b: FloatArray) -> FloatArray:
        return np.asarray((weights @ (a * b) - large * mean_a * mean_b) / divisor)

    mean_g = weights @ testlets / large
    square = weights @ (x * x)
    own = (square - large * mean_x**2) / divisor
    own = np.where(own * divisor <= CLEAN * square, 0.0, own)
    all_total = product(total[:, None], total[:, None], mean_t[:, None], mean_t[:, None])[:, 0]
    with_testlet = own
    if plan.testlet is not None:
        with_testlet = product(x, testlets[:, plan.testlet], mean_x, mean_g[:, plan.testlet])
    mean_s = weights @ strata / large
    return Sums(
        own,
        product(x, total[:, None], mean_x, mean_t[:, None]),
        with_testlet,
        all_total,
        product(testlets, testlets, mean_g, mean_g),
        product(testlets, total[:, None], mean_g, mean_t[:, None]),
        product(strata, strata, mean_s, mean_s),
        _squares(weights, x, mean_x, own, divisor) if squares else np.full(len(weights), np.nan),
        mean_x,
    )


def _squares(weights: FloatArray, x: FloatArray, mean: FloatArray, own: FloatArray, divisor: FloatArray) -> FloatArray:
    """Sum of squared covariances of different items, in batches of resamples."""
    k, out = x.shape[1], np.empty(len(weights))
    first, second = np.triu_indices(k, 1)
    if not first.size:
        return np.zeros(len(weights))
    products = x[:, first] * x[:, second]
    size = max(1, SQUARES_AT_ONCE // first.size)
    for start in range(0, len(weights), size):
        rows = slice(start, start + size)
        n = weights[rows].sum(axis=1)[:, None]
        cov = (weights[rows] @ products - n * mean[rows][:, first] * mean[rows][:, second]) / divisor[rows]
        out[rows] = 2 * np.einsum("ij,ij->i", cov, cov)
    return out


def pairwise_sums(weights: FloatArray, x: FloatArray, m: FloatArray, plan: Plan) -> Sums:
    """Sums of covariances where each pair of items counts the persons presented both."""
    k, count = x.shape[1], len(weights)
    of_testlet, of_stratum = member(plan.testlet, k), member(plan.strata, k)
    same = of_testlet @ of_testlet.T if plan.testlet is not None else np.eye(k)
    own, with_total, with_testlet, means = (np.full((count, k), np.nan) for _ in range(4))
    total, squares = np.full(count, np.nan), np.full(count, np.nan)
    testlet, testlet_total = (np.full((count, of_testlet.shape[1]), np.nan) for _ in range(2))
    strata = np.full((count, of_stratum.shape[1]), np.nan)
    both = np.hstack([x, m])
    for index, weight in enumerate(weights):
        gram = (both * weight[:, None]).T @ both
        pairs, sums, cross = gram[k:, k:], gram[:k, k:], gram[:k, :k]
        with np.errstate(invalid="ignore", divide="ignore"):
            cov = (cross - sums * sums.T / pairs) / (pairs - 1)
            means[index] = np.diag(sums) / np.diag(pairs)
        if not np.isfinite(cov).all():
            continue
        diagonal = np.diag(cov)
        scale = np.diag(cross) / np.maximum(np.diag(pairs) - 1, 1)
        own[index] = np.where(diagonal <= CLEAN * scale, 0.0, diagonal)
        with_total[index], total[index] = cov.sum(axis=1), cov.sum()
        with_testlet[index] = (cov * same).sum(axis=1)
        inside = of_testlet.T @ cov
        testlet[index], testlet_total[index] = np.einsum("gi,ig->g", inside, of_testlet), inside.sum(axis=1)
        strata[index] = np.einsum("gi,ig->g", of_stratum.T @ cov, of_stratum)
        squares[index] = float((cov**2).sum() - (diagonal**2).sum())
    return Sums(own, with_total, with_testlet, total, testlet, testlet_total, strata, squares, means)


def item_statistics(sums: Sums, plan: Plan) -> dict[str, FloatArray]:
    """Item statistics in each resample, by their names in ``sjt analyse``; NaN where undefined."""
    k, total = sums.own.shape[1], sums.total[:, None]
    own = sums.own
    with np.errstate(invalid="ignore", divide="ignore"):
        sd = np.sqrt(np.where(own > 0, own, np.nan))
        rest = total - 2 * sums.with_total + own
        rest = np.where(rest > CLEAN * total, rest, np.nan)
        out = {
            "sd": np.sqrt(own),
            "item_total": sums.with_total / sd / np.sqrt(np.where(total > 0, total, np.nan)),
            "item_rest": (sums.with_total - own) / sd / np.sqrt(rest),
        }
        if k > 2:
            out["alpha_if_deleted"] = (k - 1) / (k - 2) * (1 - (own.sum(axis=1, keepdims=True) - own) / rest)
        if plan.testlet is not None and sums.testlet.shape[1] > 1:
            g = plan.testlet
            outside = total - 2 * sums.testlet_with_total[:, g] + sums.testlet[:, g]
            outside = np.where(outside > CLEAN * total, outside, np.nan)
            out["item_rest_outside_testlet"] = (sums.with_total - sums.with_testlet) / sd / np.sqrt(outside)
    return out


def test_statistics(sums: Sums, plan: Plan) -> dict[str, FloatArray]:
    """Statistics of the whole test in each resample, by their names in ``sjt analyse``; NaN where undefined."""
    k, items = sums.own.shape[1], sums.own.sum(axis=1)
    if k < 2:
        return {"sd": np.sqrt(np.maximum(sums.total, 0.0))}
    with np.errstate(invalid="ignore", divide="ignore"):
        total = np.where(sums.total > 0, sums.total, np.nan)
        alpha = k / (k - 1) * (1 - items / total)
        out = {
            "sd": np.sqrt(total),
            "alpha": alpha,
            "sem": np.sqrt(np.maximum(total * (1 - alpha), 0.0)),
            "lambda2": 1 - items / total + np.sqrt(k / (k - 1) * sums.squares) / total,
        }
        if plan.testlet is not None and sums.testlet.shape[1] > 1:
            groups = sums.testlet.shape[1]
            out["testlet_alpha"] = groups / (groups - 1) * (1 - sums.testlet.sum(axis=1) / total)
        if plan.strata is not None:
            out["stratified_alpha"] = 1 - _error_of_strata(sums, plan.strata) / total
        out |= _generalisability(sums, plan, total)
    return out


test_statistics.__test__ = False  # type: ignore[attr-defined]  # the name is not a test for pytest to collect


def _error_of_strata(sums: Sums, strata: NDArray[np.intp]) -> FloatArray:
    error = np.zeros(len(sums.own))
    for s in range(sums.strata.shape[1]):
        inside = strata == s
        size, own = int(inside.sum()), sums.own[:, inside].sum(axis=1)
        variance = sums.strata[:, s]
        # V (1 − alpha), written so that a stratum without spread counts as nothing
        error += own if size < 2 else variance - size / (size - 1) * (variance - own)
    return error


def _generalisability(sums: Sums, plan: Plan, total: FloatArray) -> dict[str, FloatArray]:
    """Eρ² of the design `g_study` takes: p × (i:s) where scenarios have several items, else p × i."""
    k, items = sums.own.shape[1], sums.own.sum(axis=1)
    sizes = np.ones(k) if plan.testlet is None else np.bincount(plan.testlet).astype(np.float64)
    own = items / k
    if len(sizes) < 2 or sizes.max() < 2:
        person = np.maximum((total - items) / (k * (k - 1)), 0.0)
        error = np.maximum(own - (total - items) / (k * (k - 1)), 0.0) / k
    else:
        inside = sums.testlet.sum(axis=1)
        across = (total - inside) / (k * k - float((sizes**2).sum()))
        within = (inside - items) / (float((sizes**2).sum()) - k)
        count, ni = len(sizes), len(sizes) / float((1 / sizes).sum())
        person = np.maximum(across, 0.0)
        error = np.maximum(within - across, 0.0) / count + np.maximum(own - within, 0.0) / (count * ni)
    return {"E_rho2": np.where(person + error > 0, person / (person + error), np.nan)}


def upper_lower(
    weights: FloatArray, x: FloatArray, m: FloatArray | None, value: FloatArray, share: float = 0.27
) -> dict[str, FloatArray]:
    """Upper less lower group means of each item in each resample, in marks.

    Parameters
    ----------
    weights : ndarray, shape (resamples, n_persons)
    x : ndarray, shape (n_persons, n_items)
        Marks, 0 where not presented.
    m : ndarray or None
        1 where presented; None where everything was.
    value : ndarray, shape (n_persons,)
        What persons are ordered by; NaN for a person without marks.
    share : float
        Share of the persons in each group.

    Returns
    -------
    dict
        ``d27`` with ties at the cut scores taken into both groups, ``d27_fixed`` with exactly the share.
    """
    known = np.flatnonzero(np.isfinite(value))
    order = known[np.argsort(value[known], kind="stable")]
    scores, x = value[order], x[order]
    m = None if m is None else m[order]
    first, last = np.searchsorted(scores, scores, side="left"), np.searchsorted(scores, scores, side="right") - 1
    place = np.arange(len(order))
    out = {name: np.full((len(weights), x.shape[1]), np.nan) for name in ("d27", "d27_fixed")}
    if not len(order):
        return out
    size_at_once = max(1, SQUARES_AT_ONCE // len(order))
    for start in range(0, len(weights), size_at_once):
        rows = slice(start, start + size_at_once)
        w = weights[rows][:, order]
        up_to = w.cumsum(axis=1)
        whole = up_to[:, -1:]
        size = np.rint(share * whole)
        below, above = up_to - w, whole - up_to
        low_at = last[np.argmax(up_to >= size, axis=1)]
        high_at = first[len(order) - 1 - np.argmax((above + w >= size)[:, ::-1], axis=1)]
        groups = {
            "d27": (w * (place <= low_at[:, None]), w * (place >= high_at[:, None])),
            "d27_fixed": (np.clip(size - below, 0.0, w), np.clip(size - above, 0.0, w)),
        }
        with np.errstate(invalid="ignore", divide="ignore"):
            for name, (lower, upper) in groups.items():
                means = [g @ x / (g.sum(axis=1, keepdims=True) if m is None else g @ m) for g in (lower, upper)]
                out[name][rows] = np.where(size >= 1, means[1] - means[0], np.nan)
    return out
