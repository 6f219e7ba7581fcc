"""How well a response model fits: infit and outfit, Q3, l_z of persons, Guttman errors."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sjt.psychometrics._validate import FloatArray
from sjt.psychometrics.irt_models import Items


@dataclass(frozen=True)
class MeanSquares:
    """Unweighted and information-weighted mean square residuals."""

    outfit: FloatArray
    infit: FloatArray


def residuals(items: Items, codes: NDArray[np.int16], theta: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Score residual, variance and fourth central moment of each answer, in the item's steps; NaN where none."""
    shape = (codes.shape[0], len(items.marks))
    residual, variance, fourth = np.full(shape, nan), np.full(shape, nan), np.full(shape, nan)
    for j in range(shape[1]):
        here = (codes[:, j] >= 0) & np.isfinite(theta)
        if not here.any():
            continue
        p, w = items.probabilities(j, theta[here]), items.weights(j)
        mean = w @ p
        gap = w[:, None] - mean
        residual[here, j] = w[codes[here, j]] - mean
        variance[here, j] = (gap**2 * p).sum(axis=0)
        fourth[here, j] = (gap**4 * p).sum(axis=0)
    return residual, variance, fourth


def mean_squares(items: Items, codes: NDArray[np.int16], theta: FloatArray, axis: int = 0) -> MeanSquares:
    """Infit and outfit of items (axis 0) or persons (axis 1) at these θ."""
    residual, variance, _ = residuals(items, codes, theta)
    with np.errstate(invalid="ignore", divide="ignore"):
        count = np.isfinite(residual).sum(axis=axis)
        outfit = np.nansum(residual**2 / variance, axis=axis) / count
        infit = np.nansum(residual**2, axis=axis) / np.nansum(variance, axis=axis)
    return MeanSquares(outfit, infit)


def q3(items: Items, codes: NDArray[np.int16], theta: FloatArray) -> FloatArray:
    """Yen's Q3: correlations of the items' residuals over persons presented both; NaN under 3 persons."""
    residual = residuals(items, codes, theta)[0]
    k = residual.shape[1]
    out = np.eye(k)
    for i in range(k):
        for j in range(i):
            both = np.isfinite(residual[:, i]) & np.isfinite(residual[:, j])
            a, b = residual[both, i], residual[both, j]
            known = both.sum() > 2 and a.std() > 0 and b.std() > 0
            out[i, j] = out[j, i] = float(np.corrcoef(a, b)[0, 1]) if known else nan
    return out


def standardised_log_likelihood(items: Items, codes: NDArray[np.int16], theta: FloatArray) -> FloatArray:
    """Person fit l_z (Drasgow, Levine & Williams 1985): strongly negative for answers the model finds unlikely."""
    observed, mean, variance = (np.zeros(codes.shape[0]) for _ in range(3))
    for j in range(len(items.marks)):
        here = (codes[:, j] >= 0) & np.isfinite(theta)
        if not here.any():
            continue
        p = items.probabilities(j, theta[here])
        logs = np.log(p)
        expected = (p * logs).sum(axis=0)
        observed[here] += logs[codes[here, j], np.arange(p.shape[1])]
        mean[here] += expected
        variance[here] += (p * logs**2).sum(axis=0) - expected**2
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(variance > 0, (observed - mean) / np.sqrt(variance), nan))


def guttman_errors(marks: ArrayLike) -> FloatArray:
    """Polytomous Guttman errors of each person as a share of the most possible: harder steps taken, easier ones not.

    Steps are ordered by how many persons took them; a person's errors count the pairs in the wrong order.
    """
    x = np.asarray(marks, dtype=np.float64)
    taken, popular = [], []
    for j in range(x.shape[1]):
        for step in np.unique(x[np.isfinite(x[:, j]), j])[1:]:
            column = np.where(np.isfinite(x[:, j]), (x[:, j] >= step) * 1.0, nan)
            taken.append(column)
            popular.append(float(np.nanmean(column)))
    if not taken:
        return np.full(x.shape[0], nan)
    steps = np.array(taken).T[:, np.argsort(-np.array(popular), kind="stable")]
    seen = np.isfinite(steps)
    missed = np.cumsum(np.where(seen, 1.0 - np.nan_to_num(steps), 0.0), axis=1)
    errors = (np.where(seen, np.nan_to_num(steps), 0.0) * missed).sum(axis=1)
    passed = np.nansum(steps, axis=1)
    most = passed * (seen.sum(axis=1) - passed)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(most > 0, errors / most, np.where(seen.any(axis=1), 0.0, nan)))
