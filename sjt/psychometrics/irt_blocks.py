"""Items with equally many categories, computed together: probabilities, derivatives, and the M-step's Newton step.

The same formulas as `irt_models.Items`, whose methods take one item; here a table of 60 items costs a handful of array
operations in place of 60 times as many.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sjt.psychometrics._validate import FloatArray
from sjt.psychometrics.irt_models import TINY, Items

IntArray = NDArray[np.int64]
MOST_CELLS = 2_000_000
"""Derivatives held at once: items of many categories are cut into smaller blocks."""
LARGEST_STEP = 3.0
HALVINGS = 12
RIDGE = 1e-9


@dataclass(frozen=True)
class Block:
    """Items of one number of categories.

    Attributes
    ----------
    graded : bool
    index : ndarray, shape (n_items, n_categories)
        Where each item's parameters (slope, then intercepts) stand in the vector, which is also where its categories
        stand in the tables over the nodes.
    weights : ndarray, shape (n_items, n_categories)
        Marks in steps.
    """

    graded: bool
    index: IntArray
    weights: FloatArray

    @property
    def columns(self) -> IntArray | slice:
        """The same places as one list; a slice where they are neighbours."""
        flat = self.index.ravel()
        together = flat[-1] - flat[0] + 1 == flat.size
        return slice(int(flat[0]), int(flat[-1]) + 1) if together else flat

    def probabilities(self, par: FloatArray, theta: FloatArray) -> FloatArray:
        """P(category | θ) of every item, shape (n_items, n_categories, n_theta)."""
        if self.graded:
            return _graded(par, theta)[0]
        z = par[:, :1, None] * self.weights[:, :, None] * theta
        z[:, 1:] += par[:, 1:, None]
        z -= z.max(axis=1, keepdims=True)
        np.exp(z, out=z)
        z /= z.sum(axis=1, keepdims=True)
        return np.asarray(np.maximum(z, TINY, out=z))

    def derivatives(self, par: FloatArray, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Probabilities, and ∂ log P / ∂ (slope, intercepts): shapes (J, K, Q) and (J, K, Q, K)."""
        if self.graded:
            p, f, _ = _graded(par, theta)
        else:
            p = self.probabilities(par, theta)
        d = np.zeros((*p.shape, p.shape[1]))
        if self.graded:
            for c in range(1, p.shape[1]):
                d[:, c, :, c] = f[:, c - 1] / p[:, c]
                d[:, c - 1, :, c] = -f[:, c - 1] / p[:, c - 1]
            d[:, :, :, 0] = d[:, :, :, 1:].sum(axis=3) * theta
            return p, d
        middle = np.einsum("jk,jkq->jq", self.weights, p)
        d[:, :, :, 0] = (self.weights[:, :, None] - middle[:, None, :]) * theta
        d[:, :, :, 1:] = -p[:, 1:].transpose(0, 2, 1)[:, None]
        for c in range(1, p.shape[1]):
            d[:, c, :, c] += 1.0
        return p, d

    def gradient(self, d: FloatArray, r: FloatArray) -> FloatArray:
        """Σ r·∂ log P of every item, shape (J, K)."""
        flat = d.reshape(d.shape[0], -1, d.shape[3])
        return np.asarray((r.reshape(d.shape[0], 1, -1) @ flat)[:, 0])

    def information(self, par: FloatArray, theta: FloatArray, r: FloatArray) -> FloatArray:
        """Negative second derivative of Σ r log P over the parameters of every item, shape (J, K, K)."""
        p, d = self.derivatives(par, theta)
        if not self.graded:
            return _gram(d, r.sum(axis=1)[:, None, :] * p)
        out = _gram(d, r)
        _, f, above = _graded(par, theta)
        ratio = r / p
        curve = (ratio[:, 1:] - ratio[:, :-1]) * f * (1 - 2 * above)
        cross = (curve * theta).sum(axis=2)
        out[:, 0, 0] -= (curve * theta**2).sum(axis=(1, 2))
        out[:, 0, 1:] -= cross
        out[:, 1:, 0] -= cross
        at = np.arange(1, p.shape[1])
        out[:, at, at] -= curve.sum(axis=2)
        return out

    def m_step(
        self,
        par: FloatArray,
        theta: FloatArray,
        r: FloatArray,
        free: NDArray[np.bool_],
        penalty: tuple[FloatArray, FloatArray],
        *,
        guarded: bool,
    ) -> FloatArray:
        """One guarded scoring step of every item on its expected counts.

        Parameters
        ----------
        par, free : ndarray, shape (J, K)
        r : ndarray, shape (J, K, Q)
            Expected counts.
        penalty : pair of ndarray, shape (J, K)
            Gradient and curvature of the prior.
        guarded : bool
            A step that lowers the item's likelihood is halved; with a prior it need not rise.
        """
        p, d = self.derivatives(par, theta)
        value = (r * np.log(p)).sum(axis=(1, 2))
        gradient = np.where(free, self.gradient(d, r) + penalty[0], 0.0)
        inner = _gram(d, r.sum(axis=1)[:, None, :] * p)
        inner *= free[:, :, None] & free[:, None, :]
        at = np.arange(par.shape[1])
        inner[:, at, at] = np.where(free, inner[:, at, at] + penalty[1] + RIDGE, 1.0)
        step = np.where(free, _solve(inner, gradient), 0.0)
        largest = np.abs(step).max(axis=1)
        size = np.where(largest > LARGEST_STEP, LARGEST_STEP / np.maximum(largest, TINY), 1.0)
        out, open_ = par.copy(), free.any(axis=1)
        for _ in range(HALVINGS):
            if not open_.any():
                break
            trial = par + size[:, None] * step
            good = np.asarray(open_)
            if self.graded:
                good = np.logical_and(good, (np.diff(trial[:, 1:], axis=1) < 0).all(axis=1))
            if guarded and good.any():
                new = self.probabilities(np.where(good[:, None], trial, par), theta)
                kept = (r * np.log(new)).sum(axis=(1, 2)) >= value - 1e-6 * np.abs(value)
                good = np.logical_and(good, kept)
            out[good] = trial[good]
            open_ &= ~good
            size[open_] /= 2
        return out


def blocks_of(items: Items, nodes: int) -> list[Block]:
    """Items with equally many categories together, in blocks whose derivatives stay small."""
    sizes, starts = items.sizes, items.offsets[:-1]
    out = []
    for size in np.unique(sizes):
        every = np.flatnonzero(sizes == size)
        most = max(1, int(MOST_CELLS // (size * size * nodes)))
        for first in range(0, every.size, most):
            chosen = every[first : first + most]
            index = starts[chosen][:, None] + np.arange(size)
            out.append(Block(items.graded, index, np.array([items.weights(int(j)) for j in chosen])))
    return out


def _graded(par: FloatArray, theta: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Category probabilities, logistic densities and cumulative probabilities of the thresholds, for every item."""
    eta = np.clip(par[:, :1, None] * theta + par[:, 1:, None], -500, 500)
    small = np.exp(-np.abs(eta))
    large = 1 / (1 + small)
    small *= large
    up = eta > 0
    above, below = np.where(up, large, small), np.where(up, small, large)
    p = np.empty((par.shape[0], par.shape[1], theta.size))
    p[:, 0], p[:, -1] = below[:, 0], above[:, -1]
    if par.shape[1] > 2:  # the difference from whichever side keeps its digits
        p[:, 1:-1] = np.where(up[:, 1:], below[:, 1:] - below[:, :-1], above[:, :-1] - above[:, 1:])
    return np.maximum(p, TINY, out=p), large * small, above


def _gram(d: FloatArray, weight: FloatArray) -> FloatArray:
    """Σ weight·d·dᵀ over categories and nodes of every item."""
    flat = d.reshape(d.shape[0], -1, d.shape[3])
    return np.asarray((flat * weight.reshape(d.shape[0], -1, 1)).transpose(0, 2, 1) @ flat)


def _solve(inner: FloatArray, gradient: FloatArray) -> FloatArray:
    try:
        return np.asarray(np.linalg.solve(inner, gradient[:, :, None])[:, :, 0])
    except np.linalg.LinAlgError:
        return np.asarray((np.linalg.pinv(inner, hermitian=True) @ gradient[:, :, None])[:, :, 0])
