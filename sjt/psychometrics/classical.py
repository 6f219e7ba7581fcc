"""Classical item statistics: facility, spread and discrimination; `categories` has what each mark tells.

Everything that is a correlation follows from one pairwise covariance matrix, so that data missing by
design (several forms, one bank) give the same answer as R psych's ``use = "pairwise"``; nothing is
filled in with zeros.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sjt.errors import Fault, ShapeError
from sjt.psychometrics.gram import (
    EXACT_IN_FLOAT32,
    BoolArray,
    FloatArray,
    IntArray,
    MarkTable,
    PairSums,
    chunks,
    pair_sums,
)

TINY = 1e-12
"""A variance below this share of the sum of absolute covariances is rounding, not spread."""


@dataclass(frozen=True)
class Scores:
    """One score per person, comparable across persons who saw different items.

    Attributes
    ----------
    total : ndarray, shape (n_persons,)
        Sum of the marks presented.
    span : ndarray
        Largest less smallest mark reachable on the items presented.
    value : ndarray
        What persons are ordered by: the total when all saw every item, else the per cent of the reachable
        marks gained; NaN for a person without marks.
    percent : bool
        Which of the two ``value`` is.
    """

    total: FloatArray
    span: FloatArray
    value: FloatArray
    percent: bool


@dataclass(frozen=True)
class UpperLower:
    """Upper less lower group discrimination, per item, in units of the item's span."""

    d_cut: FloatArray
    d_fixed: FloatArray
    size: int
    cut_low: float
    cut_high: float
    n_low: int
    n_high: int


def _clean_total(cov: FloatArray) -> float:
    """Sum of all covariances, or NaN when undefined, exactly 0 when it is nothing but rounding."""
    total = float(cov.sum())
    if not np.isfinite(total):
        return float("nan")
    return 0.0 if abs(total) <= TINY * float(np.abs(cov).sum()) else total


def _ratio(top: FloatArray, own: FloatArray, rest: FloatArray, scale: FloatArray) -> FloatArray:
    with np.errstate(invalid="ignore", divide="ignore"):
        real = (own > 0) & (rest > TINY * scale)
        out = np.where(real, top / np.sqrt(np.where(real, own * rest, 1.0)), np.nan)
    return np.asarray(np.clip(out, -1.0, 1.0))


def item_total_correlation(cov: FloatArray) -> FloatArray:
    """Correlate each item with the total of all items, itself included.

    Parameters
    ----------
    cov : ndarray, shape (k, k)
        Pairwise covariance matrix of the items.

    Returns
    -------
    ndarray, shape (k,)
        In [-1, 1]; NaN for an item or a total without variance, or when a pair was never seen together.
    """
    rows = cov.sum(axis=1)
    total, scale = _clean_total(cov), np.abs(cov).sum()
    return _ratio(rows, np.diag(cov), np.full(len(cov), total), np.full(len(cov), scale))


def item_rest_correlation(cov: FloatArray) -> FloatArray:
    """Correlate each item with the total of the other items.

    Parameters
    ----------
    cov : ndarray, shape (k, k)
        Pairwise covariance matrix of the items.

    Returns
    -------
    ndarray, shape (k,)
        In [-1, 1]; NaN for an item or a rest without variance, or when a pair it needs was never seen together.

    Notes
    -----
    ``r_i = Σ_{j≠i} c_ij / √(c_ii · Σ_{j,m≠i} c_jm)``.

    References
    ----------
    .. [1] Henrysson, S. (1963). Correction of item-total correlations in item analysis. Psychometrika, 28(2).
    """
    return item_rest_outside(cov, np.arange(len(cov)))


def item_rest_outside(cov: FloatArray, testlet: ArrayLike) -> FloatArray:
    """Correlate each item with the total of all items outside its own testlet.

    Parameters
    ----------
    cov : ndarray, shape (k, k)
        Pairwise covariance matrix of the items.
    testlet : array_like, shape (k,)
        Label of each item's testlet.

    Returns
    -------
    ndarray, shape (k,)
        In [-1, 1]; NaN as for `item_rest_correlation`, and where no item lies outside the testlet.
    """
    _, label = np.unique(np.asarray(testlet), return_inverse=True)
    own_testlet = label[:, None] == label[None, :]
    return _rest(cov, own_testlet)


def _rest(cov: FloatArray, drop: BoolArray) -> FloatArray:
    """Correlate item i with the sum of the items j for which ``drop[i, j]`` is false."""
    if np.isnan(cov).any():
        out = np.full(len(cov), np.nan)
        for i in range(len(cov)):
            keep = np.flatnonzero(~drop[i])
            inner = cov[np.ix_(keep, keep)]
            if keep.size and np.isfinite(inner).all() and np.isfinite(cov[i, keep]).all() and np.isfinite(cov[i, i]):
                out[i] = _ratio(
                    np.array([cov[i, keep].sum()]),
                    np.array([cov[i, i]]),
                    np.array([inner.sum()]),
                    np.array([np.abs(inner).sum()]),
                )[0]
        return out
    keep_matrix = (~drop).astype(np.float64)
    inside = keep_matrix @ cov
    rest = np.einsum("ij,ij->i", inside, keep_matrix)
    scale = np.einsum("ij,ij->i", keep_matrix @ np.abs(cov), keep_matrix)
    out = _ratio(np.einsum("ij,ij->i", cov, keep_matrix), np.diag(cov), rest, scale)
    out[~keep_matrix.any(axis=1)] = np.nan
    return out


def alpha_if_deleted(cov: FloatArray) -> FloatArray:
    """Give coefficient alpha of the test without each item in turn.

    Parameters
    ----------
    cov : ndarray, shape (k, k)
        Pairwise covariance matrix of the items.

    Returns
    -------
    ndarray, shape (k,)
        NaN when fewer than two items would be left or their total has no variance.
    """
    k = len(cov)
    if k < 3:
        return np.full(k, np.nan)
    if np.isnan(cov).any():
        out = np.full(k, np.nan)
        for i in range(k):
            keep = np.delete(np.arange(k), i)
            inner = cov[np.ix_(keep, keep)]
            total = _clean_total(inner)
            if np.isfinite(total) and total > 0:
                out[i] = (k - 1) / (k - 2) * (1 - float(np.trace(inner)) / total)
        return out
    own = np.diag(cov)
    rest = cov.sum() - 2 * cov.sum(axis=1) + own
    scale = np.abs(cov).sum()
    with np.errstate(invalid="ignore", divide="ignore"):
        out = (k - 1) / (k - 2) * (1 - (own.sum() - own) / rest)
    return np.asarray(np.where(rest > TINY * scale, out, np.nan))


def smallest_pair_count(sums: PairSums) -> IntArray:
    """Smallest number of persons presented each item together with any one other item."""
    count = sums.count.copy()
    if len(count) > 1:
        np.fill_diagonal(count, np.inf)
    return np.asarray(count.min(axis=1), dtype=np.int64)


def check_range(table: MarkTable, low: FloatArray, high: FloatArray, items: list[str], file: str = "") -> None:
    """Refuse marks outside their item's declared range, naming each.

    Raises
    ------
    ShapeError
        At least one mark is out of range; its faults name row and item.
    """
    if not table.n_persons:
        return
    floor, ceiling = low * table.per_unit, high * table.per_unit
    faults: list[Fault] = []
    count = 0
    for rows in chunks(table.n_persons):
        block = table.codes[rows]
        with np.errstate(invalid="ignore"):
            bad = table.present(rows) & ((block < floor - 1e-9) | (block > ceiling + 1e-9))
        if bad.any():
            where = np.argwhere(bad)
            count += len(where)
            faults += [
                Fault(
                    file,
                    f"row {rows.start + int(r) + 2}",
                    items[c],
                    f"The mark {block[r, c] / table.per_unit:g} is outside {low[c]:g} to {high[c]:g}.",
                    "Correct the mark, or the item's min and max.",
                )
                for r, c in where[: 50 - len(faults)]
            ]
    if count:
        more = f" The first {len(faults)} are listed." if count > len(faults) else ""
        raise ShapeError(f"{count} mark{'s are' if count > 1 else ' is'} outside the item's range.{more}", faults)


def scores(table: MarkTable, low: FloatArray, high: FloatArray) -> Scores:
    """Score every person over the items presented to them.

    Parameters
    ----------
    table : MarkTable
    low, high : ndarray, shape (n_items,)
        Smallest and largest mark of each item; NaN for an item nobody was presented.

    Returns
    -------
    Scores
    """
    n = table.n_persons
    patterns = table.patterns
    codes = np.empty(n)
    for rows in chunks(n):
        block = table.codes[rows]
        if patterns.complete:
            codes[rows] = block.sum(axis=1, dtype=np.float64 if not table.exact else np.int32)
        else:
            codes[rows] = np.where(table.present(rows), block, 0).sum(
                axis=1, dtype=np.float64 if not table.exact else np.int32
            )
    total = codes / table.per_unit
    floor = np.nan_to_num(low)
    span = np.nan_to_num(high) - floor
    span_of = (patterns.masks * span).sum(axis=1)[patterns.of_person]
    floor_of = (patterns.masks * floor).sum(axis=1)[patterns.of_person]
    if patterns.complete:
        return Scores(total, span_of, total, percent=False)
    with np.errstate(invalid="ignore", divide="ignore"):
        value = np.where(span_of > 0, 100.0 * (total - floor_of) / span_of, np.nan)
    return Scores(total, span_of, value, percent=True)


def score_groups(value: FloatArray, groups: int) -> NDArray[np.int16]:
    """Cut persons into groups of about equal size by score, persons with one score staying together.

    Returns
    -------
    ndarray of int16
        0 for the lowest; −1 for a person without a score.
    """
    out = np.full(len(value), -1, dtype=np.int16)
    known = np.flatnonzero(np.isfinite(value))
    if known.size == 0:
        return out
    distinct, inverse, counts = np.unique(value[known], return_inverse=True, return_counts=True)
    middle = (np.cumsum(counts) - counts / 2) / known.size
    of_value = np.minimum((middle * groups).astype(np.int16), groups - 1)
    out[known] = of_value[inverse.reshape(-1)]
    assert len(distinct) == len(of_value)
    return out


def upper_lower(table: MarkTable, score: Scores, low: FloatArray, high: FloatArray, share: float = 0.27) -> UpperLower:
    """Compare the mean mark of the highest and the lowest scoring persons.

    Parameters
    ----------
    table : MarkTable
    score : Scores
    low, high : ndarray, shape (n_items,)
        Smallest and largest mark of each item.
    share : float
        Share of the persons in each group; .27 after Kelley (1939).

    Returns
    -------
    UpperLower
        ``d_cut`` takes ties at the cut score into both groups; ``d_fixed`` takes exactly round(share · n)
        persons from each end of a stable ascending sort. NaN where a group was not presented the item.
    """
    known = np.flatnonzero(np.isfinite(score.value))
    k = table.n_items
    size = round(share * known.size)
    if size < 1:
        nothing = np.full(k, np.nan)
        return UpperLower(nothing, nothing.copy(), 0, float("nan"), float("nan"), 0, 0)
    value = score.value[known]
    order = np.argsort(value, kind="stable")
    cut_low, cut_high = float(value[order[size - 1]]), float(value[order[known.size - size]])
    groups = (
        known[value <= cut_low],
        known[value >= cut_high],
        known[order[:size]],
        known[order[known.size - size :]],
    )
    means = _means_of(table, groups)
    with np.errstate(invalid="ignore", divide="ignore"):
        span = np.where(high > low, high - low, np.nan)
        return UpperLower(
            np.asarray((means[1] - means[0]) / span),
            np.asarray((means[3] - means[2]) / span),
            size,
            cut_low,
            cut_high,
            len(groups[0]),
            len(groups[1]),
        )


def _means_of(table: MarkTable, groups: tuple[NDArray[np.intp], ...]) -> list[FloatArray]:
    """Mean mark of each item in each group, all groups in one pass over the marks."""
    k = table.n_items
    member = np.zeros((len(groups), table.n_persons), dtype=np.float32)
    for row, persons in enumerate(groups):
        member[row, persons] = 1
    size = 4096
    small = table.exact and table.largest_code * size < EXACT_IN_FLOAT32
    kind = np.float32 if small else np.float64
    total, n = np.zeros((len(groups), k)), np.zeros((len(groups), k))
    for rows in chunks(table.n_persons, size):
        weight = member[:, rows].astype(kind, copy=False)
        present = table.present(rows)
        total += weight @ np.where(present, table.codes[rows], 0).astype(kind)
        n += weight @ present.astype(kind)
    with np.errstate(invalid="ignore", divide="ignore"):
        return list(np.where(n > 0, total / n, np.nan) / table.per_unit)


def item_statistics(marks: ArrayLike) -> dict[str, FloatArray]:
    """Give the usual item statistics of a persons × items table in one call, for use in a notebook.

    Parameters
    ----------
    marks : array_like, shape (n_persons, n_items)
        NaN where an item was not presented; the largest mark seen stands for each item's maximum.

    Returns
    -------
    dict of ndarray
        ``n mean sd facility item_total item_rest alpha_if_deleted d27 d27_fixed``.
    """
    table = MarkTable.of(marks)
    sums = pair_sums(table)
    cov = sums.covariance()
    low = np.zeros(table.n_items)
    with np.errstate(all="ignore"):
        high = np.where(sums.n > 0, np.fmax.reduce(table.marks(), axis=0, initial=-np.inf), np.nan)
    d = upper_lower(table, scores(table, low, high), low, high)
    with np.errstate(invalid="ignore", divide="ignore"):
        return {
            "n": sums.n.astype(np.float64),
            "mean": sums.means(),
            "sd": np.sqrt(np.diag(cov)),
            "facility": sums.means() / high,
            "item_total": item_total_correlation(cov),
            "item_rest": item_rest_correlation(cov),
            "alpha_if_deleted": alpha_if_deleted(cov),
            "d27": d.d_cut,
            "d27_fixed": d.d_fixed,
        }
