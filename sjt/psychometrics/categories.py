"""What each mark of an item tells: who got it, how they did elsewhere, and how its share runs over the score groups."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sjt.psychometrics.classical import TINY, Scores
from sjt.psychometrics.gram import FloatArray, IntArray, MarkTable, chunks

MAX_CATEGORIES = 64
"""An item with more different marks than this gets no category table."""
FEW_MARKS = 12
"""Up to so many marks a matrix product for each is quicker than counting every cell into its bin."""


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
    weights = np.nan_to_num(score.value if score.percent else score.total)
    tally = _tally_by_mark if int(width.max(initial=0)) <= FEW_MARKS else _tally_by_bin
    by_group, sums, squares = tally(table, offset, lowest, weights, group, n_groups, squared=score.percent)
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


def _tally_by_mark(
    table: MarkTable,
    offset: IntArray,
    lowest: IntArray,
    weights: FloatArray,
    group: NDArray[np.int16],
    n_groups: int,
    *,
    squared: bool,
) -> tuple[IntArray, FloatArray, FloatArray]:
    """Persons by score group, and sums of score and of its square, for every mark of every item: one product a mark."""
    bins = int(offset[-1])
    counts, sums, squares = np.zeros((n_groups + 1, bins)), np.zeros(bins), np.zeros(bins)
    used = np.flatnonzero(np.diff(offset) > 1)
    if used.size == 0:
        return counts.astype(np.int64), sums, squares
    first, last = int(lowest[used].min()), int((lowest[used] + np.diff(offset)[used] - 2).max())
    for rows in chunks(table.n_persons, 4096):
        block = table.codes[rows]
        weight = weights[rows]
        left = np.zeros((n_groups + 3, len(block)))
        left[group[rows] + 1, np.arange(len(block))] = 1
        left[-2], left[-1] = weight, weight * weight
        if not squared:
            left = left[:-1]
        for mark in range(first, last + 1):
            part = left @ (block == mark)
            place = offset[:-1] + mark - lowest + 1
            here = np.flatnonzero((place > offset[:-1]) & (place < offset[1:]))
            counts[:, place[here]] += part[: n_groups + 1, here]
            sums[place[here]] += part[n_groups + 1, here]
            if squared:
                squares[place[here]] += part[n_groups + 2, here]
    return counts.astype(np.int64), sums, squares


def _tally_by_bin(
    table: MarkTable,
    offset: IntArray,
    lowest: IntArray,
    weights: FloatArray,
    group: NDArray[np.int16],
    n_groups: int,
    *,
    squared: bool,
) -> tuple[IntArray, FloatArray, FloatArray]:
    """The same as `_tally_by_mark` where items have many different marks: each cell is counted into its bin."""
    bins = int(offset[-1])
    counts = np.zeros((n_groups + 1) * bins, dtype=np.int64)
    sums, squares = np.zeros(bins), np.zeros(bins)
    for rows in chunks(table.n_persons, 4096):
        block = np.ascontiguousarray(table.codes[rows].T).astype(np.int64)
        block -= (lowest - 1)[:, None]
        np.maximum(block, 0, out=block)
        block += offset[:-1, None]
        weight = np.broadcast_to(weights[rows], block.shape).reshape(-1)
        flat = block.reshape(-1)
        sums += np.bincount(flat, weights=weight, minlength=bins)
        if squared:
            squares += np.bincount(flat, weights=weight * weight, minlength=bins)
        block += (group[rows].astype(np.int64) + 1)[None, :] * bins
        counts += np.bincount(block.reshape(-1), minlength=len(counts))
    return counts.reshape(n_groups + 1, bins), sums, squares


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
