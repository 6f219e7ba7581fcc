"""Persons' scores under a fitted model: EAP, MAP, ML and Warm's weighted likelihood; information; sum-score tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sjt.psychometrics._validate import FloatArray
from sjt.psychometrics.irt_models import Items

CHUNK = 4096
GRID = 801
REACH = 8.0
GOLDEN = 60


@dataclass(frozen=True)
class Scores:
    """θ and its standard error for every person; NaN where neither is defined."""

    theta: FloatArray
    se: FloatArray


def log_table(items: Items, theta: FloatArray) -> FloatArray:
    """Log probability of every category of every item at each θ, stacked."""
    return np.vstack([np.log(items.probabilities(j, theta)) for j in range(len(items.marks))])


def log_likelihood(items: Items, codes: NDArray[np.int16], theta: FloatArray) -> FloatArray:
    """Persons × θ; items not presented say nothing."""
    table = log_table(items, theta)
    offsets = items.offsets[:-1]
    out = np.zeros((codes.shape[0], theta.size))
    for j, s in enumerate(offsets):
        here = codes[:, j] >= 0
        out[here] += table[s + codes[here, j].astype(np.int64)]
    return out


def eap(items: Items, codes: NDArray[np.int16], theta: FloatArray, weights: FloatArray) -> Scores:
    """Posterior mean and SD.

    Parameters
    ----------
    items : Items
    codes : ndarray of int16, shape (n_persons, n_items)
        Category of each answer; −1 where not presented.
    theta, weights : ndarray, shape (n_nodes,) and (n_nodes,) or (n_persons, n_nodes)
        Prior.

    Returns
    -------
    Scores
        NaN for a person who was presented nothing.
    """
    mean, sd = np.empty(codes.shape[0]), np.empty(codes.shape[0])
    for start in range(0, codes.shape[0], CHUNK):
        rows = slice(start, start + CHUNK)
        like = log_likelihood(items, codes[rows], theta)
        prior = weights if weights.ndim == 1 else weights[rows]
        post = np.exp(like - like.max(axis=1, keepdims=True)) * prior
        post /= post.sum(axis=1, keepdims=True)
        mean[rows] = post @ theta
        sd[rows] = np.sqrt(np.maximum(post @ theta**2 - mean[rows] ** 2, 0.0))
    nothing = (codes < 0).all(axis=1)
    return Scores(np.where(nothing, np.nan, mean), np.where(nothing, np.nan, sd))


def normal_weights(theta: FloatArray, mean: ArrayLike = 0.0, sd: ArrayLike = 1.0) -> FloatArray:
    """Normal density at the nodes, made to sum to one; one row for each mean and SD given."""
    m, s = np.asarray(mean, dtype=np.float64), np.asarray(sd, dtype=np.float64)
    z = -0.5 * ((theta - m[..., None]) / s[..., None]) ** 2
    w = np.exp(z - z.max(axis=-1, keepdims=True))
    return np.asarray(w / w.sum(axis=-1, keepdims=True))


def score(
    items: Items,
    codes: NDArray[np.int16],
    method: Literal["ml", "wle", "map"] = "ml",
    *,
    mean: float = 0.0,
    sd: float = 1.0,
) -> Scores:
    """θ by maximum likelihood, Warm's weighted likelihood, or the posterior mode.

    Parameters
    ----------
    items : Items
    codes : ndarray of int16, shape (n_persons, n_items)
    method : {'ml', 'wle', 'map'}
    mean, sd : float
        Prior of ``map``.

    Returns
    -------
    Scores
        ML is NaN for a person at the top or bottom of every item: no finite θ is the most likely.

    References
    ----------
    .. [1] Warm, T. A. (1989). Weighted likelihood estimation of ability in item response theory. Psychometrika, 54.
    """
    patterns, back = np.unique(codes, axis=0, return_inverse=True)
    grid = np.linspace(-REACH, REACH, GRID)
    mask = patterns >= 0

    like = log_likelihood(items, patterns, grid)
    if method == "map":
        like = like - 0.5 * ((grid - mean) / sd) ** 2
    if method == "wle":
        like = like + _weight(items, mask, grid)
    best = like.argmax(axis=1)
    theta = grid[best].copy()
    low, high = grid[np.maximum(best - 1, 0)], grid[np.minimum(best + 1, GRID - 1)]
    # the maximum lies between two neighbouring nodes: bisection on the slope, every pattern at once
    for _ in range(GOLDEN):
        theta = (low + high) / 2
        up = _slope(items, patterns, mask, theta, method, mean, sd) > 0
        low, high = np.where(up, theta, low), np.where(up, high, theta)
        if float((high - low).max()) < 1e-9:
            break
    theta = (low + high) / 2
    information = np.zeros(theta.size)
    for j in range(len(items.marks)):
        information += np.where(mask[:, j], items.information(j, theta), 0.0)
    if method == "map":
        information += 1 / sd**2
    with np.errstate(divide="ignore", invalid="ignore"):
        se = 1 / np.sqrt(information)
    gone = ~mask.any(axis=1) | (~np.isfinite(se))
    if method == "ml":
        gone |= (best == 0) | (best == GRID - 1)
    theta, se = np.where(gone, np.nan, theta), np.where(gone, np.nan, se)
    return Scores(theta[back.ravel()], se[back.ravel()])


def _weight(items: Items, mask: NDArray[np.bool_], theta: FloatArray) -> FloatArray:
    """Integral of Warm's bias term J / 2I, by pattern of presented items, so that it adds to the log-likelihood."""
    kinds, back = np.unique(mask, axis=0, return_inverse=True)
    out = np.empty((kinds.shape[0], theta.size))
    parts = [_bias_parts(items, j, theta) for j in range(len(items.marks))]
    for row, kind in enumerate(kinds):
        information = sum((parts[j][0] for j in np.flatnonzero(kind)), np.zeros(theta.size))
        lean = sum((parts[j][1] for j in np.flatnonzero(kind)), np.zeros(theta.size))
        slope = lean / np.maximum(2 * information, 1e-300)
        out[row] = np.concatenate([[0.0], np.cumsum((slope[1:] + slope[:-1]) / 2 * np.diff(theta))])
    return out[back.ravel()]


def _bias_parts(items: Items, item: int, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Information, and Σ P' P'' / P."""
    h = 1e-4
    p = items.probabilities(item, theta)
    up, down = items.probabilities(item, theta + h), items.probabilities(item, theta - h)
    first, second = (up - down) / (2 * h), (up - 2 * p + down) / h**2
    return items.information(item, theta), np.asarray((first * second / p).sum(axis=0))


def _slope(
    items: Items,
    patterns: NDArray[np.int16],
    mask: NDArray[np.bool_],
    theta: FloatArray,
    method: str,
    mean: float,
    sd: float,
) -> FloatArray:
    """Derivative of each pattern's criterion at its own θ."""
    out = np.zeros(theta.size)
    information, lean = np.zeros(theta.size), np.zeros(theta.size)
    h = 1e-5
    index = np.arange(theta.size)
    for j in range(len(items.marks)):
        chosen = np.maximum(patterns[:, j], 0)
        up = np.log(items.probabilities(j, theta + h)[chosen, index])
        down = np.log(items.probabilities(j, theta - h)[chosen, index])
        out += np.where(mask[:, j], (up - down) / (2 * h), 0.0)
        if method == "wle":
            one, two = _bias_parts(items, j, theta)
            information += np.where(mask[:, j], one, 0.0)
            lean += np.where(mask[:, j], two, 0.0)
    if method == "map":
        out -= (theta - mean) / sd**2
    if method == "wle":
        out += lean / np.maximum(2 * information, 1e-300)
    return out


def test_information(items: Items, theta: ArrayLike) -> FloatArray:
    """Sum of the items' information at each θ."""
    at = np.asarray(theta, dtype=np.float64)
    return np.asarray(sum(items.information(j, at) for j in range(len(items.marks))))


def expected_total(items: Items, theta: ArrayLike) -> FloatArray:
    """Expected total mark at each θ."""
    at = np.asarray(theta, dtype=np.float64)
    return np.asarray(sum(items.expected(j, at) for j in range(len(items.marks))))


def total_distribution(items: Items, theta: FloatArray, unit: float = 1.0) -> tuple[FloatArray, FloatArray]:
    """Distribution of the total at each θ, by the recursion of Lord and Wingersky.

    Parameters
    ----------
    items : Items
    theta : ndarray
    unit : float
        Smallest step between marks.

    Returns
    -------
    totals : ndarray, shape (n_totals,)
    probabilities : ndarray, shape (n_totals, n_theta)
    """
    low = sum(float(m[0]) for m in items.marks)
    out = np.ones((1, theta.size))
    for j, marks in enumerate(items.marks):
        p = items.probabilities(j, theta)
        at = np.round((marks - marks[0]) / unit).astype(np.int64)
        new = np.zeros((out.shape[0] + int(at[-1]), theta.size))
        for k, shift in enumerate(at):
            new[shift : shift + out.shape[0]] += out * p[k]
        out = new
    return np.asarray(low + unit * np.arange(out.shape[0]), dtype=np.float64), out
