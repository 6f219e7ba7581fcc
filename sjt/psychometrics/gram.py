"""Marks held compactly, and the pairwise sums from which nearly every classical statistic follows.

Marks are almost always whole, half or quarter marks. Held as small integers, their sums and products are
exact, so a covariance has the same digits on every machine whatever order it was summed in. Whoever saw
the same items is handled together (one small product per missing-data pattern); when nearly everyone has a
pattern of their own, one masked product does it instead.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sjt.errors import Fault, ShapeError

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
Codes = NDArray[np.int8] | NDArray[np.int16] | NDArray[np.float64]

STEPS = (1, 2, 4, 5, 10, 20, 100)
"""Marks per unit tried in turn: whole, half, quarter, fifth, tenth, twentieth and hundredth marks."""
CHUNK = 8192
EXACT_IN_FLOAT32 = 2**24
EXACT_IN_FLOAT64 = 2**53


@dataclass(frozen=True)
class MarkTable:
    """Persons × items marks, stored as whole numbers of ``1 / per_unit`` marks where they fit.

    Parameters
    ----------
    codes : ndarray of int8, int16 or float64, shape (n_persons, n_items)
        Marks times ``per_unit``; the smallest integer of the type (or NaN) where an item was not presented.
    per_unit : int
        Codes per mark; 1 for float64 codes.
    """

    codes: Codes
    per_unit: int

    @classmethod
    def of(cls, marks: ArrayLike) -> MarkTable:
        """Pack marks given as floats; NaN means the item was not presented.

        Parameters
        ----------
        marks : array_like, shape (n_persons, n_items)
            Finite marks, or NaN.

        Returns
        -------
        MarkTable

        Raises
        ------
        ShapeError
            Not two-dimensional, no item, or an infinite mark.
        """
        array = np.asarray(marks)
        if array.ndim != 2 or array.shape[1] == 0:
            raise ShapeError(f"Marks must be a table of persons × items; this has shape {array.shape}.")
        if array.dtype not in (np.float32, np.float64):
            array = array.astype(np.float64)
        if np.isinf(array).any():
            rows, columns = np.nonzero(np.isinf(array))
            raise ShapeError(
                "Marks must be finite numbers.",
                [
                    Fault("", f"row {int(r) + 1}", f"item {int(c) + 1}", "The mark is infinite.", "Give a number.")
                    for r, c in zip(rows[:20], columns[:20])
                ],
            )
        kinds: tuple[tuple[type[np.int8 | np.int16], float], ...] = ((np.int8, 127.0), (np.int16, 32767.0))
        for dtype, largest in kinds:
            for per_unit in STEPS:
                codes = _packed(array, per_unit, dtype, largest)
                if codes is not None:
                    return cls(codes, per_unit)
        return cls(np.ascontiguousarray(array, dtype=np.float64), 1)

    @property
    def n_persons(self) -> int:
        """Rows of the table."""
        return int(self.codes.shape[0])

    @property
    def n_items(self) -> int:
        """Columns of the table."""
        return int(self.codes.shape[1])

    @property
    def exact(self) -> bool:
        """Whether the codes are whole numbers, so that sums are exact."""
        return self.codes.dtype != np.float64

    @property
    def missing(self) -> int:
        """The code that stands for "not presented" when the codes are whole numbers."""
        return -128 if self.codes.dtype == np.int8 else -32768

    def present(self, rows: slice | NDArray[np.intp] = slice(None)) -> BoolArray:
        """Where a mark was given."""
        block = self.codes[rows]
        if block.dtype == np.float64:
            return np.asarray(block == block)
        return np.asarray(block != self.missing)

    def marks(self) -> FloatArray:
        """Return the marks as floats with NaN where not presented."""
        out = self.codes.astype(np.float64)
        if self.exact:
            out[~self.present()] = np.nan
            out /= self.per_unit
        return out

    def take(self, rows: NDArray[np.intp] | Sequence[int], columns: Sequence[int] | None = None) -> MarkTable:
        """Return the table of some persons, and of some items if ``columns`` is given."""
        codes = self.codes[np.asarray(rows, dtype=np.intp)]
        return MarkTable(codes if columns is None else codes[:, list(columns)], self.per_unit)

    @cached_property
    def patterns(self) -> Patterns:
        """Persons grouped by which items they were presented."""
        return _patterns(self)

    @cached_property
    def code_range(self) -> tuple[FloatArray, FloatArray]:
        """Smallest and largest code of each item; NaN for an item nobody was presented."""
        low, high = np.full(self.n_items, np.inf), np.full(self.n_items, -np.inf)
        if not self.exact:
            for rows in chunks(self.n_persons):
                block = self.codes[rows]
                low, high = np.fmin(low, np.fmin.reduce(block, axis=0)), np.fmax(high, np.fmax.reduce(block, axis=0))
        elif self.n_persons:
            unsigned = np.dtype(f"u{self.codes.dtype.itemsize}")
            # the code for "missing" is the type's smallest: turned round by one step less than half the range, it
            # becomes the largest and all other codes keep their order
            turn = np.array(-(self.missing + 1), dtype=unsigned)
            top, least = np.full(self.n_items, float(self.missing)), np.full(self.n_items, np.inf)
            for rows in chunks(self.n_persons):
                block = self.codes[rows]
                top = np.maximum(top, _along(np.maximum, block))
                least = np.minimum(least, _along(np.minimum, block.view(unsigned) + turn))
            seen = top != self.missing
            low, high = np.where(seen, least + self.missing + 1, low), np.where(seen, top, high)
        nothing = ~(high >= low)
        return np.where(nothing, np.nan, low), np.where(nothing, np.nan, high)

    def range(self) -> tuple[FloatArray, FloatArray]:
        """Smallest and largest mark of each item; NaN for an item nobody was presented."""
        low, high = self.code_range
        return low / self.per_unit, high / self.per_unit

    @property
    def largest_code(self) -> float:
        """Largest absolute code present; 0 for a table without marks."""
        low, high = self.code_range
        return float(np.nanmax(np.abs([low, high]), initial=0.0))


def _along(reduce: np.ufunc, block: NDArray[Any]) -> NDArray[Any]:
    """Reduce a tall, narrow block over its rows, 32 rows side by side: numpy is quick along long rows only."""
    fold = len(block) // 32 * 32
    parts = [reduce.reduce(block[fold:], axis=0)] if fold < len(block) else []
    if fold:
        wide = reduce.reduce(np.ascontiguousarray(block[:fold]).reshape(fold // 32, -1), axis=0)
        parts.append(reduce.reduce(wide.reshape(32, -1), axis=0))
    return np.asarray(reduce.reduce(parts, axis=0))


@dataclass(frozen=True)
class Patterns:
    """Which persons share a missing-data pattern."""

    masks: BoolArray
    """Presented items, shape (n_patterns, n_items)."""
    of_person: NDArray[np.int32]
    counts: IntArray

    @property
    def complete(self) -> bool:
        """Whether everyone was presented every item."""
        return len(self.masks) == 1 and bool(self.masks[0].all())


@dataclass(frozen=True)
class PairSums:
    """Sums over the persons presented both items of each pair, in codes.

    Attributes
    ----------
    count, sums, cross : ndarray, shape (n_items, n_items)
        Persons presented both; sum of the row item over them; sum of products over them.
    """

    count: FloatArray
    sums: FloatArray
    cross: FloatArray
    per_unit: int
    exact: bool

    @property
    def n(self) -> IntArray:
        """Persons presented each item."""
        return np.diag(self.count).astype(np.int64)

    def means(self) -> FloatArray:
        """Mean mark of each item over the persons presented it; NaN if nobody was."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(np.diag(self.sums) / np.diag(self.count) / self.per_unit)

    def covariance(self) -> FloatArray:
        """Pairwise covariance, divisor n − 1, over the persons presented both items.

        Returns
        -------
        ndarray, shape (n_items, n_items)
            In squared marks; NaN for a pair that fewer than two persons were presented.
        """
        with np.errstate(invalid="ignore", divide="ignore"):
            if self.exact and float(np.max(np.abs(self.sums), initial=0.0)) ** 2 < 2.0**62:
                count, sums, cross = (part.astype(np.int64) for part in (self.count, self.sums, self.cross))
                top = (count * cross - sums * sums.T).astype(np.float64)
                out = top / (self.count * (self.count - 1.0))
            else:
                out = (self.cross - self.sums * self.sums.T / self.count) / (self.count - 1.0)
        out[self.count < 2] = np.nan
        return np.asarray(out / float(self.per_unit) ** 2)


def chunks(n: int, size: int = CHUNK) -> Iterator[slice]:
    """Yield slices of at most ``size`` rows."""
    for start in range(0, n, size):
        yield slice(start, min(start + size, n))


def _packed(
    array: NDArray[np.floating], per_unit: int, dtype: type[np.int8 | np.int16], largest: float
) -> Codes | None:
    out: NDArray[Any] = np.empty(array.shape, dtype=dtype)
    missing = -largest - 1
    for rows in chunks(array.shape[0], 4096):
        block = array[rows] * per_unit if per_unit != 1 else array[rows]
        absent = block != block
        some = bool(absent.any())
        filled = np.where(absent, 0.0, block) if some else block
        if filled.size and (filled.max() > largest or filled.min() < -largest):
            return None
        packed = filled.astype(dtype)
        if not np.array_equal(packed, filled):
            return None
        if some:
            packed[absent] = missing
        out[rows] = packed
    return out


def _keys(table: MarkTable) -> NDArray[np.uint64]:
    """Hash each person's mask of presented items into 64 bits (the mask itself up to 64 items)."""
    eights = -(-table.n_items // 8)
    keys = np.zeros(table.n_persons, dtype=np.uint64)
    fold, multiplier = np.uint64(0x9E3779B97F4A7C15), np.uint64(0x0102040810204080)
    padded = np.zeros((min(CHUNK, table.n_persons), eights * 8), dtype=bool)
    for rows in chunks(table.n_persons):
        block = padded[: rows.stop - rows.start]
        block[:, : table.n_items] = table.present(rows)
        # eight true-or-false bytes become one byte of bits by a single multiplication
        bits = (block.view(np.uint64) * multiplier) >> np.uint64(56)
        key = keys[rows]
        for word in range(eights):
            if word and word % 8 == 0:
                key ^= key >> np.uint64(29)
                key *= fold
            key += bits[:, word] << np.uint64(8 * (word % 8))
    return keys


def _patterns(table: MarkTable) -> Patterns:
    n = table.n_persons
    if n == 0:
        return Patterns(np.zeros((0, table.n_items), dtype=bool), np.zeros(0, np.int32), np.zeros(0, np.int64))
    keys = _keys(table)
    known = np.unique(keys[:: max(1, n // 2048)])
    if len(known) <= 1024:
        of_person, all_known = np.empty(n, dtype=np.int32), True
        for rows in chunks(n):  # in parts, since searchsorted answers with eight bytes a person
            at = np.minimum(np.searchsorted(known, keys[rows]), len(known) - 1)
            all_known = all_known and np.array_equal(known[at], keys[rows])
            of_person[rows] = at
        if not all_known:
            known, inverse = np.unique(keys, return_inverse=True)
            of_person = inverse.astype(np.int32)
    else:
        known, inverse = np.unique(keys, return_inverse=True)
        of_person = inverse.astype(np.int32)
    del keys
    first = np.zeros(len(known), dtype=np.intp)
    for rows in reversed(list(chunks(n))):  # the last to be written is each pattern's first person
        first[of_person[rows][::-1]] = np.arange(rows.stop - 1, rows.start - 1, -1)
    masks = table.present(first)
    if table.n_items > 64 and not all(
        np.array_equal(table.present(rows), masks[of_person[rows]]) for rows in chunks(n)
    ):  # two masks with one hash: practically never, so the slow and certain way will do
        masks, inverse = np.unique(table.present(), axis=0, return_inverse=True)
        of_person = inverse.reshape(-1).astype(np.int32)
    return Patterns(masks, of_person, np.bincount(of_person, minlength=len(masks)).astype(np.int64))


def _surely_more_patterns(table: MarkTable, few: int) -> bool:
    """Whether a sample of persons alone shows more than ``few`` patterns, so that nobody need be grouped."""
    wanted = 2 * few + 64
    if "patterns" in vars(table) or table.n_persons < 4 * wanted:
        return False
    sample = np.linspace(0, table.n_persons - 1, wanted).astype(np.intp)
    return len(np.unique(_keys(table.take(sample)))) > few


def pair_sums(table: MarkTable) -> PairSums:
    """Sum each pair of items over the persons presented both.

    Parameters
    ----------
    table : MarkTable

    Returns
    -------
    PairSums
    """
    k = table.n_items
    largest = table.largest_code
    if table.exact and largest**2 * 1024 < EXACT_IN_FLOAT32:
        dtype: type[np.floating] = np.float32
        size = min(CHUNK, int(EXACT_IN_FLOAT32 // max(largest**2, 1.0)))
    else:
        dtype, size = np.float64, CHUNK
    few = max(4, table.n_persons // 256)
    if not _surely_more_patterns(table, few) and len(table.patterns.masks) <= few:
        count, sums, cross = _grouped(table, table.patterns, dtype, size)
    else:
        count, sums, cross = _masked(table, dtype, size)
    exact = table.exact and largest**2 * max(table.n_persons, 1) < EXACT_IN_FLOAT64
    assert cross.shape == (k, k)
    return PairSums(count, sums, cross, table.per_unit, exact)


def _grouped(
    table: MarkTable, patterns: Patterns, dtype: type[np.floating], size: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    k = table.n_items
    count, sums, cross = (np.zeros((k, k)) for _ in range(3))
    order = None
    if len(patterns.masks) > 1:
        small = patterns.of_person.astype(np.uint16) if len(patterns.masks) < 65536 else patterns.of_person
        order = np.argsort(small, kind="stable")
        del small
        if len(order) < 2**31:
            order = order.astype(np.int32)  # half the size, as long as the sums take
    ends = np.cumsum(patterns.counts)
    for index, mask in enumerate(patterns.masks):
        seen = np.flatnonzero(mask)
        if seen.size == 0:
            continue
        start, stop = int(ends[index] - patterns.counts[index]), int(ends[index])
        inner = np.zeros((seen.size, seen.size))
        column = np.zeros(seen.size)
        for low in range(start, stop, size):
            rows = slice(low, min(low + size, stop)) if order is None else order[low : min(low + size, stop)]
            block = table.codes[rows]
            if seen.size != k:
                block = block[:, seen]
            floats = block.astype(dtype)
            inner += floats.T @ floats
            column += np.ones(len(floats), dtype=dtype) @ floats
        where = np.ix_(seen, seen)
        count[where] += float(patterns.counts[index])
        sums[where] += column[:, None]
        cross[where] += inner
    return count, sums, cross


def _masked(table: MarkTable, dtype: type[np.floating], size: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    k = table.n_items
    total = np.zeros((2 * k, 2 * k))
    buffer = np.empty((min(size, CHUNK, max(table.n_persons, 1)), 2 * k), dtype=dtype)
    for rows in chunks(table.n_persons, min(size, CHUNK)):
        block = buffer[: rows.stop - rows.start]
        present = table.present(rows)
        block[:, k:] = present
        np.multiply(np.where(present, table.codes[rows], 0), 1, out=block[:, :k], casting="unsafe")
        total += block.T @ block
    return total[k:, k:].copy(), total[:k, k:].copy(), total[:k, :k].copy()
