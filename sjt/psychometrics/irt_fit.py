"""How well a response model fits: infit and outfit, Q3, l_z of persons, Guttman errors, S-X²."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sjt.psychometrics._validate import FloatArray
from sjt.psychometrics.irt_models import Items
from sjt.psychometrics.irt_scores import normal_weights, total_distribution

LEAST_EXPECTED = 1.0


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


@dataclass(frozen=True)
class ItemFit:
    """S-X² of one item."""

    chi2: float
    df: int
    p: float


def s_x2(items: Items, codes: NDArray[np.int16], theta: FloatArray, sd: float, item: int, n_parameters: int) -> ItemFit:
    """Orlando and Thissen's S-X² from complete persons: shares of each category among persons of the same total.

    Cells expected below 1 are joined with their neighbours, first within a total, then totals with each other.

    Notes
    -----
    The rule by which sparse cells are joined decides the value where answers are sparse; packages differ there.
    """
    from scipy.special import chdtrc

    complete = (codes >= 0).all(axis=1)
    rest = [j for j in range(len(items.marks)) if j != item]
    steps = [np.arange(m.size, dtype=np.float64) for m in items.marks]
    counted = Items(items.model, steps, items.slopes, items.intercepts)
    without = Items(items.model, [steps[j] for j in rest], items.slopes[rest], [items.intercepts[j] for j in rest])
    share = normal_weights(theta, 0.0, sd)
    every, _ = total_distribution(without, theta)
    _, others = total_distribution(without, theta)
    p = counted.probabilities(item, theta)
    categories = p.shape[0]
    top = int(every[-1]) + categories - 1
    joint = np.zeros((top + 1, categories))
    for k in range(categories):
        joint[k : k + others.shape[0], k] = (others * p[k]) @ share
    total = codes[complete].sum(axis=1)
    observed = np.zeros((top + 1, categories))
    np.add.at(observed, (total, codes[complete, item]), 1.0)
    n = observed.sum(axis=1, keepdims=True)
    expected = n * joint / np.maximum(joint.sum(axis=1, keepdims=True), 1e-300)
    chi2, df = 0.0, 0
    middle = (top + 1) // 2
    for order in (range(1, middle), range(top - 1, middle, -1)):
        for t in order:  # sparse totals are joined towards the middle
            if expected[t].min() < LEAST_EXPECTED and _join(observed[t], expected[t])[1].size < 2:
                to = t + 1 if t < middle else t - 1
                observed[to] += observed[t]
                expected[to] += expected[t]
                observed[t] = expected[t] = 0.0
    for t in range(1, top):
        o, e = _join(observed[t], expected[t])
        if e.size > 1:
            chi2 += float(((o - e) ** 2 / e).sum())
            df += e.size - 1
    df -= n_parameters
    return ItemFit(chi2, df, float(chdtrc(df, chi2)) if df > 0 else nan)


def _join(observed: FloatArray, expected: FloatArray) -> tuple[FloatArray, FloatArray]:
    o, e = list(observed), list(expected)
    while len(e) > 1 and min(e) < LEAST_EXPECTED:
        at = int(np.argmin(e))
        to = at - 1 if at > 0 and (at == len(e) - 1 or e[at - 1] <= e[at + 1]) else at + 1
        e[to] += e[at]
        o[to] += o[at]
        del e[at], o[at]
    return np.array(o), np.array(e)
