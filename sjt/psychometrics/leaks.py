"""Has an item leaked? More marks and less time than before, both beyond what the whole cohort shows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sjt.errors import ShapeError
from sjt.psychometrics._validate import FloatArray

LEVEL = 0.01
"""One sound item in a hundred is looked at in vain; a leaked one in live use costs more."""


@dataclass(frozen=True)
class Leaks:
    """Evidence on every item; NaN where a window has fewer than ten answers.

    Attributes
    ----------
    rise, fall : ndarray
        Facility gained, and log time lost, beyond the median item's.
    z : ndarray
        Both joined; large means easier and quicker.
    p, q : ndarray
        One-sided, and the false discovery rate at which the item would be the last one flagged.
    flagged : ndarray of bool
        p at or below .01.
    """

    rise: FloatArray
    fall: FloatArray
    z: FloatArray
    p: FloatArray
    q: FloatArray
    flagged: NDArray[np.bool_]


LEAST = 10


def leaks(
    before: ArrayLike,
    after: ArrayLike,
    high: ArrayLike,
    seconds_before: ArrayLike | None = None,
    seconds_after: ArrayLike | None = None,
) -> Leaks:
    """Join the rise of marks and the fall of times from one window to the next.

    Parameters
    ----------
    before, after : array_like, shape (n_persons, n_items)
        Marks; NaN where not presented.
    high : array_like, shape (n_items,)
        Largest mark of each item.
    seconds_before, seconds_after : array_like, optional
        Time on each item; without both the marks stand alone.

    Returns
    -------
    Leaks

    Notes
    -----
    Each change is taken less the median of all items' and divided by its standard error; the median absolute deviation
    of all items widens the errors where cohorts differ item by item for other reasons. Stouffer's sum joins the two.
    """
    top = np.asarray(high, dtype=np.float64)
    old, new = (np.asarray(x, dtype=np.float64) for x in (before, after))
    if old.ndim != 2 or new.ndim != 2 or old.shape[1] != new.shape[1] or top.shape != (old.shape[1],):
        raise ShapeError("Both windows must have the same items, and every item its largest mark.")
    rise, z_rise = _beyond(old / top, new / top)
    fall = np.full(top.size, np.nan)
    z = z_rise
    if seconds_before is not None and seconds_after is not None:
        quick = [np.log(np.maximum(np.asarray(x, dtype=np.float64), 0.5)) for x in (seconds_before, seconds_after)]
        # a person's own pace is taken out first: a quick cohort is no leak, and the errors get smaller
        quick = [x - np.nanmean(x, axis=1, keepdims=True) for x in quick]
        gained, z_fall = _beyond(quick[0], quick[1])
        fall = -gained
        z = np.where(np.isfinite(z_fall), (z_rise - z_fall) / np.sqrt(2), z_rise)
    from scipy.special import ndtr

    p = np.asarray(ndtr(-z))
    known = np.flatnonzero(np.isfinite(p))
    q = np.full(p.size, np.nan)
    order = known[np.argsort(p[known], kind="stable")]
    if order.size:
        ranked = p[order] * order.size / np.arange(1, order.size + 1)
        q[order] = np.minimum.accumulate(ranked[::-1])[::-1]
    return Leaks(rise, fall, z, p, q, np.asarray(np.nan_to_num(p, nan=1.0) <= LEVEL))


def _beyond(old: FloatArray, new: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Change of each column's mean beyond the median column's, and its z."""
    parts = []
    for x in (old, new):
        n = np.isfinite(x).sum(axis=0)
        safe = np.where(np.isfinite(x), x, 0.0)
        mean = safe.sum(axis=0) / np.maximum(n, 1)
        squares = np.where(np.isfinite(x), (x - mean) ** 2, 0.0).sum(axis=0)
        parts.append((np.where(n >= LEAST, mean, np.nan), squares / np.maximum(n - 1, 1) / np.maximum(n, 1)))
    change = parts[1][0] - parts[0][0]
    se = np.sqrt(parts[0][1] + parts[1][1])
    if not np.isfinite(change).any():
        return change, change
    beyond = change - np.nanmedian(change)
    with np.errstate(invalid="ignore", divide="ignore"):
        z = beyond / np.where(se > 0, se, np.nan)
    spread = 1.4826 * float(np.nanmedian(np.abs(z - np.nanmedian(z)))) if np.isfinite(z).sum() > 5 else 1.0
    return beyond, np.asarray(z / max(1.0, spread))
