"""Equipercentile equating: two equivalent groups, chained, or frequency estimation; log-linear presmoothing.

Scores are whole numbers of the form's mark unit, from 0; a distribution is a vector of frequencies over all of them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sjt.errors import ShapeError
from sjt.psychometrics._validate import FloatArray

DIGITS = 10
"""Cumulative shares are compared at this many digits, as R's equate does: equal shares are ties, not accidents."""
MOST_STEPS = 60
FLAT = 1e-20


def frequencies(scores: ArrayLike, top: int) -> FloatArray:
    """Count whole scores 0 … top.

    Raises
    ------
    ShapeError
        A score that is not whole or is outside the range.
    """
    x = np.asarray(scores, dtype=np.float64)
    whole = np.round(x)
    if x.size and (np.abs(x - whole).max() > 1e-6 or whole.min() < 0 or whole.max() > top):
        raise ShapeError(f"Equipercentile equating needs whole scores from 0 to {top}; divide by the mark unit first.")
    counts: FloatArray = np.bincount(whole.astype(np.int64), minlength=top + 1).astype(np.float64)
    return counts


def percentile_rank(x: ArrayLike, frequency: FloatArray) -> FloatArray:
    """Share of persons below each score, every whole score spread evenly over half a unit either side."""
    total = frequency.sum()
    cumulative = np.concatenate([[0.0], np.cumsum(frequency) / total])
    at = np.clip(np.asarray(x, dtype=np.float64) + 0.5, 0.0, float(frequency.size))
    edges = np.arange(frequency.size + 1, dtype=np.float64)
    return np.asarray(np.round(np.interp(at, edges, cumulative), DIGITS), dtype=np.float64)


def score_at(share: ArrayLike, frequency: FloatArray) -> FloatArray:
    """Score with a given percentile rank; the middle of a run of scores that nobody has."""
    cumulative = np.round(np.concatenate([[0.0], np.cumsum(frequency) / frequency.sum()]), DIGITS)
    p = np.asarray(share, dtype=np.float64)
    upper = np.minimum(np.searchsorted(cumulative, p, side="right"), frequency.size)
    lower = np.maximum(np.searchsorted(cumulative, p, side="left") - 1, 0)

    def inside(cell: NDArray[np.int64], begin: FloatArray) -> FloatArray:
        width = cumulative[cell + 1] - cumulative[cell]
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(np.where(width > 0, (p - cumulative[cell]) / width, begin) + cell - 0.5)

    top = inside(np.maximum(upper - 1, 0), np.zeros(p.shape))
    bottom = inside(np.minimum(lower, frequency.size - 1), np.ones(p.shape))
    middle = (top + bottom) / 2
    return np.asarray(np.where(p >= 1, frequency.size - 0.5, np.where(p <= 0, -0.5, middle)))


def equipercentile(x: ArrayLike, new: FloatArray, old: FloatArray) -> FloatArray:
    """Score of the old form with the percentile rank that x has on the new form."""
    return score_at(percentile_rank(x, new), old)


def chained(x: ArrayLike, new: FloatArray, old: FloatArray) -> FloatArray:
    """Equipercentile from X to the anchor in population 1, then to Y in population 2.

    Parameters
    ----------
    x : array_like
    new, old : ndarray, shape (scores, anchor scores)
        Joint frequencies.
    """
    anchor = equipercentile(x, new.sum(axis=1), new.sum(axis=0))
    return equipercentile(anchor, old.sum(axis=0), old.sum(axis=1))


def synthetic_margins(new: FloatArray, old: FloatArray, weight: float) -> tuple[FloatArray, FloatArray]:
    """Distributions of X and Y in the synthetic population, by frequency estimation.

    Scores given the anchor are taken to be distributed alike in both populations. An anchor score that one population
    lacks says nothing of the other's scores there: its weight is left to the rest.
    """
    share_new, share_old = new / new.sum(), old / old.sum()
    v_new, v_old = share_new.sum(axis=0), share_old.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        given_new = np.where(v_new > 0, share_new / v_new, 0.0)
        given_old = np.where(v_old > 0, share_old / v_old, 0.0)
    mixed = weight * v_new + (1 - weight) * v_old
    x, y = given_new @ mixed, given_old @ mixed
    return x / x.sum(), y / y.sum()


def frequency_estimation(x: ArrayLike, new: FloatArray, old: FloatArray, weight: float) -> FloatArray:
    """Equipercentile equating in the synthetic population."""
    return equipercentile(x, *synthetic_margins(new, old, weight))


def _orthonormal(size: int, degree: int) -> FloatArray:
    """Orthonormal polynomials of degrees 1 … degree on the whole scores: the same fit as powers, well conditioned."""
    at = np.linspace(-1, 1, size) if size > 1 else np.zeros(1)
    basis, _ = np.linalg.qr(np.vander(at, degree + 1, increasing=True))
    return np.asarray(basis[:, 1:])


def smooth(frequency: ArrayLike, degree: int = 4) -> FloatArray:
    """Log-linear smoothing that keeps the first ``degree`` moments of a score distribution.

    Parameters
    ----------
    frequency : array_like
        Counts of scores 0 … top.
    degree : int
        Lowered where fewer different scores occur than it would need.

    References
    ----------
    .. [1] Holland, P. W. & Thayer, D. T. (2000). Univariate and bivariate loglinear models for discrete test score
       distributions. Journal of Educational and Behavioral Statistics, 25.
    """
    counts = np.asarray(frequency, dtype=np.float64)
    usable = min(degree, int((counts > 0).sum()) - 1)
    if usable < 1:
        return counts.copy()
    return _loglinear(counts, _orthonormal(counts.size, usable))


def smooth_joint(counts: ArrayLike, possible: NDArray[np.bool_], degree: int = 4, cross: int = 1) -> FloatArray:
    """Log-linear smoothing of scores and anchor scores together: both margins' moments and their cross products.

    Parameters
    ----------
    counts : array_like, shape (scores, anchor scores)
    possible : ndarray of bool
        Cells that can occur: with an internal anchor a total is never below its own anchor score.
    degree, cross : int
        Moments of each margin; degree of the cross products.
    """
    table = np.asarray(counts, dtype=np.float64)
    rows = min(degree, int((table.sum(axis=1) > 0).sum()) - 1)
    columns = min(degree, int((table.sum(axis=0) > 0).sum()) - 1)
    if rows < 1 or columns < 1:
        return table.copy()
    x, v = _orthonormal(table.shape[0], rows), _orthonormal(table.shape[1], columns)
    parts = [np.broadcast_to(x[:, None, j], table.shape) for j in range(rows)]
    parts += [np.broadcast_to(v[None, :, j], table.shape) for j in range(columns)]
    parts += [x[:, None, i] * v[None, :, j] for i in range(min(cross, rows)) for j in range(min(cross, columns))]
    basis = np.stack([part[possible] for part in parts], axis=1)
    basis = basis / np.maximum(np.sqrt((basis**2).sum(axis=0)), 1e-300)
    out = np.zeros_like(table)
    out[possible] = _loglinear(table[possible], basis)
    return out


def _loglinear(counts: FloatArray, basis: FloatArray) -> FloatArray:
    total = counts.sum()
    if total <= 0:
        return counts.copy()
    target = basis.T @ counts / total
    beta = np.zeros(basis.shape[1])

    def shares(at: FloatArray) -> tuple[FloatArray, float]:
        eta = basis @ at
        top = float(eta.max())
        weight = np.exp(eta - top)
        whole = float(weight.sum())
        return weight / whole, float(at @ target) - top - float(np.log(whole))

    p, value = shares(beta)
    for _ in range(MOST_STEPS):
        gradient = target - basis.T @ p
        centred = basis - basis.T @ p
        information = (centred * p[:, None]).T @ centred
        step = np.linalg.lstsq(information, gradient, rcond=1e-13)[0]
        if float(gradient @ step) < FLAT:
            break
        size = 1.0
        while size > 1e-8:
            trial, new = shares(beta + size * step)
            if new >= value - 1e-15:
                break
            size /= 2
        else:
            break
        beta, p, value = beta + size * step, trial, new
    return np.asarray(total * p)
