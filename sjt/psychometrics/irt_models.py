"""Category probabilities of the item response models, and their derivatives, in slope–intercept form.

Partial credit family (rasch, 2pl, pcm, gpcm): P(k | θ) ∝ exp(a·w_k·θ + c_k) with c_0 = 0 and w the marks in steps.
Graded response (grm): P(at least category k | θ) = logistic(a·θ + d_k), d descending.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sjt.errors import ShapeError
from sjt.psychometrics._validate import FloatArray

Model = Literal["rasch", "2pl", "pcm", "gpcm", "grm"]
MODELS: tuple[Model, ...] = ("rasch", "2pl", "pcm", "gpcm", "grm")
TINY = 1e-30
MOST_COUNTED = 4096
IntArray = NDArray[np.int64]


@dataclass
class Items:
    """Items of one test with their parameters.

    Attributes
    ----------
    model : str
    marks : list of ndarray
        Marks that stand for categories 0, 1, … of each item.
    slopes : ndarray, shape (n_items,)
    intercepts : list of ndarray
        One fewer than categories.
    """

    model: Model
    marks: list[FloatArray]
    slopes: FloatArray
    intercepts: list[FloatArray]

    @property
    def graded(self) -> bool:
        """Whether the model is the graded one."""
        return self.model == "grm"

    @property
    def sizes(self) -> IntArray:
        """Categories of each item."""
        return np.array([m.size for m in self.marks], dtype=np.int64)

    @property
    def offsets(self) -> IntArray:
        """Where each item's categories start in the stacked tables."""
        return np.concatenate([[0], np.cumsum(self.sizes)]).astype(np.int64)

    def weights(self, item: int) -> FloatArray:
        """Marks in the item's own steps: 0, 1, 2 … with a gap where a category was never seen."""
        return steps_of(self.marks[item])

    def probabilities(self, item: int, theta: FloatArray) -> FloatArray:
        """P(category | θ), shape (n_categories, n_theta)."""
        a, c = self.slopes[item], self.intercepts[item]
        if self.graded:
            return _graded(a, c, theta)[0]
        z = a * self.weights(item)[:, None] * theta[None, :] + np.concatenate([[0.0], c])[:, None]
        z -= z.max(axis=0)
        p = np.exp(z)
        return np.asarray(np.maximum(p / p.sum(axis=0), TINY))

    def derivatives(self, item: int, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Probabilities, and ∂ log P(k | θ) / ∂ (slope, intercepts): shapes (K, Q) and (K, Q, K)."""
        p = self.probabilities(item, theta)
        k, q = p.shape
        d = np.zeros((k, q, k))
        if self.graded:
            _, f, _ = _graded(self.slopes[item], self.intercepts[item], theta)
            for c in range(1, k):
                d[c, :, c] += f[c - 1] / p[c]
                d[c - 1, :, c] -= f[c - 1] / p[c - 1]
            d[:, :, 0] = d[:, :, 1:].sum(axis=2) * theta[None, :]
            return p, d
        w = self.weights(item)
        d[:, :, 0] = (w[:, None] - (w @ p)[None, :]) * theta[None, :]
        for c in range(1, k):
            d[:, :, c] = -p[c][None, :]
            d[c, :, c] += 1.0
        return p, d

    def information_of_counts(self, item: int, theta: FloatArray, r: FloatArray) -> FloatArray:
        """Negative second derivative of Σ r log P over (slope, intercepts)."""
        p, d = self.derivatives(item, theta)
        if not self.graded:
            weight = r.sum(axis=0)[None, :] * p
            return _weighted_gram(weight, d)
        out = _weighted_gram(r, d)
        _, f, above = _graded(self.slopes[item], self.intercepts[item], theta)
        ratio = r / p
        curve = (ratio[1:] - ratio[:-1]) * f * (1 - 2 * above)
        out[0, 0] -= (curve * theta**2).sum()
        cross = (curve * theta).sum(axis=1)
        out[0, 1:] -= cross
        out[1:, 0] -= cross
        out[np.arange(1, p.shape[0]), np.arange(1, p.shape[0])] -= curve.sum(axis=1)
        return np.asarray(out)

    def expected(self, item: int, theta: FloatArray) -> FloatArray:
        """Expected mark at each θ."""
        return np.asarray(self.marks[item] @ self.probabilities(item, theta))

    def information(self, item: int, theta: FloatArray) -> FloatArray:
        """Fisher information about θ at each θ."""
        p = self.probabilities(item, theta)
        a = self.slopes[item]
        if self.graded:
            _, f, _ = _graded(a, self.intercepts[item], theta)
            edge = np.vstack([np.zeros((1, theta.size)), f, np.zeros((1, theta.size))])
            return np.asarray(a**2 * ((edge[:-1] - edge[1:]) ** 2 / p).sum(axis=0))
        w = self.weights(item)
        return np.asarray(a**2 * ((w**2) @ p - (w @ p) ** 2))


def _weighted_gram(weight: FloatArray, d: FloatArray) -> FloatArray:
    """Σ weight·d·dᵀ over categories and nodes."""
    flat = d.reshape(-1, d.shape[2])
    return np.asarray((flat * weight.reshape(-1, 1)).T @ flat)


def steps_of(marks: ArrayLike) -> FloatArray:
    """Marks of the categories as whole steps from the lowest, 0 first: 8, 10, 14 become 0, 1, 3."""
    x = np.asarray(marks, dtype=np.float64)
    gaps = np.round(np.diff(x) * 1000).astype(np.int64)
    step = int(np.gcd.reduce(gaps)) if gaps.size else 1
    return np.asarray(np.round((x - x[0]) * 1000) / max(step, 1))


def _graded(a: float, d: FloatArray, theta: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Category probabilities, logistic densities and cumulative probabilities of the thresholds."""
    eta = np.clip(a * theta[None, :] + d[:, None], -500, 500)
    above = 1 / (1 + np.exp(-eta))
    below = 1 / (1 + np.exp(eta))
    p = np.empty((d.size + 1, theta.size))
    p[0], p[-1] = below[0], above[-1]
    if d.size > 1:
        p[1:-1] = np.where(eta[1:] > 0, below[1:] - below[:-1], above[:-1] - above[1:])
    return np.maximum(p, TINY), above * below, above


def code(marks: ArrayLike) -> tuple[NDArray[np.int16], list[FloatArray]]:
    """Number each item's different marks from 0; −1 where an item was not presented.

    Raises
    ------
    ShapeError
        Not a table of persons × items, or an item with more than 101 different marks.
    """
    x = np.asarray(marks, dtype=np.float64)
    if x.ndim != 2 or x.shape[1] == 0:
        raise ShapeError(f"Marks must be persons × items; this has shape {x.shape}.")
    if np.isinf(x).any():
        raise ShapeError("Marks must be finite.")
    codes = np.full(x.shape, -1, dtype=np.int16)
    kinds = []
    for j in range(x.shape[1]):
        here = np.isfinite(x[:, j])
        values, at = _distinct(x[here, j])
        if values.size > 101:
            raise ShapeError(f"Item {j + 1} has {values.size} different marks; a response model takes 101 at most.")
        codes[here, j] = at
        kinds.append(values)
    return codes, kinds


def _distinct(column: FloatArray) -> tuple[FloatArray, NDArray[Any]]:
    """The different marks in order and where each answer's stands; whole and half marks are counted, not sorted."""
    twice = 2 * column
    if column.size and twice.min() >= 0 and twice.max() <= MOST_COUNTED:
        number = twice.astype(np.int64)
        if (number == twice).all():
            seen = np.bincount(number) > 0
            return np.flatnonzero(seen) / 2, (np.cumsum(seen) - 1)[number]
    return np.unique(column, return_inverse=True)


def starting_values(model: Model, codes: NDArray[np.int16], kinds: list[FloatArray]) -> Items:
    """Parameters from the marginal shares of the categories."""
    slopes, intercepts = np.ones(len(kinds)), []
    for j, values in enumerate(kinds):
        n = np.bincount(codes[:, j] + 1, minlength=values.size + 1)[1:] + 0.5
        share = n / n.sum()
        if model == "grm":
            tail = 1 - np.cumsum(share)[:-1]
            intercepts.append(1.2 * np.log(tail / (1 - tail)))
        else:
            intercepts.append(np.log(share[1:] / share[0]))
            if model == "gpcm":
                slopes[j] = min(1.0, 3.0 / max(1.0, float(steps_of(values)[-1])))
    return Items(model, kinds, slopes, intercepts)
