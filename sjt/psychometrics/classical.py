"""Classical item statistics: facility, spread, discrimination, and what each mark category tells.

Everything that is a correlation follows from one pairwise covariance matrix, so that data missing by
design (several forms, one bank) give the same answer as R psych's ``use = "pairwise"``; nothing is
filled in with zeros.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sjt.errors import Fault, ShapeError
from sjt.psychometrics.gram import BoolArray, FloatArray, IntArray, MarkTable, PairSums, chunks, pair_sums

TINY = 1e-12
"""A variance below this share of the sum of absolute covariances is rounding, not spread."""
MAX_CATEGORIES = 64
"""An item with more different marks than this gets no category table."""


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


@dataclass(frozen=True)
class Categories:
    """What each mark of one item tells; arrays run over the marks seen, ascending."""

    marks: FloatArray
    n: IntArray
    share: FloatArray
    mean_score: FloatArray
    mean_rest: FloatArray
    r_rest: FloatArray
    trace: FloatArray
    """Share of each score group with this mark, shape (n_groups, n_marks); NaN for an empty group."""
    group_n: IntArray


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
    means = [_means_of(table, rows) for rows in groups]
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


def _means_of(table: MarkTable, rows: NDArray[np.intp]) -> FloatArray:
    total, n = np.zeros(table.n_items), np.zeros(table.n_items)
    complete = table.patterns.complete
    for part in chunks(len(rows)):
        block = table.codes[rows[part]]
        kind = np.int64 if table.exact else np.float64
        if complete:
            total += block.sum(axis=0, dtype=kind)
            n += len(block)
        else:
            present = table.present(rows[part])
            total += np.where(present, block, 0).sum(axis=0, dtype=kind)
            n += present.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(n > 0, total / n, np.nan) / table.per_unit)


def categories(
    table: MarkTable, score: Scores, low: FloatArray, high: FloatArray, group: NDArray[np.int16], n_groups: int
) -> list[Categories | None]:
    """Tabulate, for every item, who got each mark.

    Parameters
    ----------
    table : MarkTable
    score : Scores
    low, high : ndarray, shape (n_items,)
        Smallest and largest mark of each item.
    group : ndarray of int16
        Score group of each person, from `score_groups`.
    n_groups : int

    Returns
    -------
    list of Categories or None
        None for an item that nobody was presented or that has too many different marks to tabulate.

    Notes
    -----
    ``mean_score`` and ``mean_rest`` are in marks when everyone saw every item, else in per cent of the
    reachable marks. ``r_rest`` is the correlation of "got this mark" with the score on the other items.
    """
    if not table.exact:
        return [_categories_of_floats(table, i, score, low, high, group, n_groups) for i in range(table.n_items)]
    seen_low, seen_high = table.code_range
    width = np.where(np.isfinite(seen_low), np.nan_to_num(seen_high - seen_low) + 2, 1).astype(np.int64)
    lowest = np.where(np.isfinite(seen_low), np.nan_to_num(seen_low), 32767).astype(np.int64)
    # bin 0 of every item holds the persons not presented it
    offset = np.concatenate([[0], np.cumsum(width)])
    bins = int(offset[-1])
    counts = np.zeros((n_groups + 1) * bins, dtype=np.int64)
    weights = score.value if score.percent else score.total
    weights = np.nan_to_num(weights)
    sums, squares = np.zeros(bins), np.zeros(bins)
    rows_per_chunk = 4096
    for rows in chunks(table.n_persons, rows_per_chunk):
        block = np.ascontiguousarray(table.codes[rows].T).astype(np.int64)
        block -= (lowest - 1)[:, None]
        np.maximum(block, 0, out=block)
        block += offset[:-1, None]
        weight = np.broadcast_to(weights[rows], block.shape).reshape(-1)
        flat = block.reshape(-1)
        sums += np.bincount(flat, weights=weight, minlength=bins)
        if score.percent:
            squares += np.bincount(flat, weights=weight * weight, minlength=bins)
        block += (group[rows].astype(np.int64) + 1)[None, :] * bins
        counts += np.bincount(block.reshape(-1), minlength=len(counts))
    by_group = counts.reshape(n_groups + 1, bins)
    square_sum = float((weights * weights).sum())
    same_span = _same_span(score)
    out: list[Categories | None] = []
    for i in range(table.n_items):
        span = slice(int(offset[i]) + 1, int(offset[i + 1]))
        n = by_group[:, span].sum(axis=0)
        seen = np.flatnonzero(n)
        if seen.size == 0 or seen.size > MAX_CATEGORIES:
            out.append(None)
            continue
        marks = (seen + lowest[i]) / table.per_unit
        in_group = by_group[1:, span][:, seen]
        if score.percent and not same_span:
            out.append(_categories_direct(table, i, score, low, high, marks, in_group))
            continue
        squares_i = float(squares[span].sum()) if score.percent else square_sum
        out.append(
            _from_sums(marks, n[seen], sums[span][seen], squares_i, in_group, score, float(low[i]), float(high[i]))
        )
    return out


def _same_span(score: Scores) -> bool:
    spans = score.span[np.isfinite(score.value)]
    return bool(spans.size > 0 and (spans == spans[0]).all())


def _from_sums(
    marks: FloatArray,
    n: IntArray,
    sums: FloatArray,
    square_sum: float,
    in_group: IntArray,
    score: Scores,
    low: float,
    high: float,
) -> Categories:
    """Category statistics from sums alone: the score on the other items is the score less this item's part."""
    unit = 1.0  # what one mark of this item is worth in the score's unit
    shrink, own = 1.0, marks
    if score.percent:
        spans = score.span[np.isfinite(score.value)]
        span = float(spans[0])
        unit = 100.0 / span
        own = (marks - low) * unit
        shrink = span / (span - (high - low)) if span > high - low else float("nan")
    people = int(n.sum())
    rest = sums - own * n
    rest_squares = square_sum - 2 * float((own * sums).sum()) + float((own * own * n).sum())
    return _finish(marks, n, sums, rest * shrink, rest_squares * shrink * shrink, people, in_group)


def _finish(
    marks: FloatArray,
    n: IntArray,
    sums: NDArray[Any],
    rest: NDArray[Any],
    rest_squares: float,
    people: int,
    in_group: IntArray,
) -> Categories:
    mean = float(rest.sum()) / people
    spread = rest_squares / people - mean * mean
    if not spread > TINY * max(abs(rest_squares / people), 1e-300):
        spread = float("nan")
    share = n / people
    with np.errstate(invalid="ignore", divide="ignore"):
        r = np.where(share < 1, (rest / n - mean) * np.sqrt(share / (1 - share) / spread), np.nan)
        group_n = in_group.sum(axis=1)
        trace = np.where(group_n[:, None] > 0, in_group / group_n[:, None], np.nan)
        return Categories(
            marks, n, share, sums / n, rest / n, np.asarray(np.clip(r, -1.0, 1.0)), np.asarray(trace), group_n
        )


def _categories_direct(
    table: MarkTable,
    item: int,
    score: Scores,
    low: FloatArray,
    high: FloatArray,
    marks: FloatArray,
    in_group: IntArray,
) -> Categories:
    """Category statistics person by person, for forms of unequal length."""
    column = table.codes[:, item].astype(np.float64) / table.per_unit
    who = (
        np.flatnonzero(table.present()[:, item])
        if not table.exact
        else np.flatnonzero(table.codes[:, item] != table.missing)
    )
    mark = column[who]
    span = score.span[who]
    width = float(high[item] - low[item])
    gained = score.value[who] / 100.0 * span - (mark - low[item])
    with np.errstate(invalid="ignore", divide="ignore"):
        rest = np.where(span > width, 100.0 * gained / (span - width), np.nan)
    index = np.searchsorted(marks, mark)
    n = np.bincount(index, minlength=len(marks)).astype(np.int64)
    sums = np.bincount(index, weights=np.nan_to_num(score.value[who]), minlength=len(marks))
    rest_sums = np.bincount(index, weights=rest, minlength=len(marks))
    return _finish(marks, n, sums, rest_sums, float((rest * rest).sum()), len(who), in_group)


def _categories_of_floats(
    table: MarkTable,
    item: int,
    score: Scores,
    low: FloatArray,
    high: FloatArray,
    group: NDArray[np.int16],
    n_groups: int,
) -> Categories | None:
    column = table.codes[:, item].astype(np.float64)
    who = np.flatnonzero(column == column)
    marks, index = np.unique(column[who], return_inverse=True)
    if marks.size == 0 or marks.size > MAX_CATEGORIES:
        return None
    index = index.reshape(-1)
    joint = np.bincount((group[who].astype(np.int64) + 1) * marks.size + index, minlength=(n_groups + 1) * marks.size)
    in_group = joint.reshape(n_groups + 1, marks.size)[1:]
    if score.percent:
        return _categories_direct(table, item, score, low, high, marks, in_group)
    n = np.bincount(index, minlength=marks.size).astype(np.int64)
    total = score.total[who]
    sums = np.bincount(index, weights=total, minlength=marks.size)
    rest = total - column[who]
    rest_sums = np.bincount(index, weights=rest, minlength=marks.size)
    return _finish(marks, n, sums, rest_sums, float((rest * rest).sum()), who.size, in_group)


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
