"""Does the model fit as a whole? M2 from the first and second margins, C2 where items have ordered marks."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan, sqrt

import numpy as np
from numpy.typing import NDArray

from sjt.errors import ShapeError
from sjt.psychometrics._validate import FloatArray
from sjt.psychometrics.irt_mml import Fit
from sjt.psychometrics.irt_scores import normal_weights

MOST_MARGINS = 4000
"""Moments compared at most: the matrix of their covariances grows with the square."""


@dataclass(frozen=True)
class Overall:
    """Limited-information fit.

    Attributes
    ----------
    kind : {'M2', 'C2'}
    statistic, p : float
    df : int
    rmsea, rmsea_low, rmsea_high : float
        With the 90 % interval; NaN without degrees of freedom.
    srmsr : float
        Root mean square of the residual correlations.
    cfi, tli : float
        Against items that have nothing to do with each other.
    n : int
        Complete persons.
    """

    kind: str
    statistic: float
    df: int
    p: float
    rmsea: float
    rmsea_low: float
    rmsea_high: float
    srmsr: float
    cfi: float
    tli: float
    n: int


@dataclass
class _Tables:
    """Category chances of the items at the nodes, with what the margins are made of."""

    p: list[FloatArray]
    scores: list[FloatArray]
    weight: FloatArray


def overall_fit(fit: Fit) -> Overall:
    """M2 of right/wrong items, C2 of items with more marks.

    Parameters
    ----------
    fit : Fit
        One group, from `fit_mml`.

    Returns
    -------
    Overall

    Raises
    ------
    ShapeError
        Several groups, fewer than three items, no complete persons, no degrees of freedom, or too many margins.

    Notes
    -----
    First margins are the shares of every category, second margins the mean product of two items' category numbers; for
    right/wrong items these are the shares of both right, and C2 is M2. R's mirt 1.45.1 leaves a free variance out of
    the margins' derivatives while it counts it in the degrees of freedom; here it is in both.

    References
    ----------
    .. [1] Maydeu-Olivares, A. & Joe, H. (2006). Limited information goodness-of-fit testing in multidimensional
       contingency tables. Psychometrika, 71.
    .. [2] Cai, L. & Monroe, S. (2014). A new statistic for evaluating item response theory models for ordinal data.
       CRESST Report 839.
    """
    if fit.means.size != 1:
        raise ShapeError("The overall fit is defined for one group; fit each group by itself.")
    codes = fit.codes[(fit.codes >= 0).all(axis=1)]
    n, k = codes.shape
    sizes = fit.items.sizes
    margins = int((sizes - 1).sum()) + k * (k - 1) // 2
    if k < 3 or n < 3:
        raise ShapeError(f"The overall fit needs three items and complete persons; here {k} items and {n} persons.")
    if margins > MOST_MARGINS:
        raise ShapeError(f"{margins} margins are too many to compare; take the scenarios in parts.")
    items = fit.items
    theta = fit.theta
    weight = normal_weights(theta, fit.means[0], fit.sds[0])
    tables = _Tables([], [np.arange(m.size, dtype=np.float64) for m in items.marks], weight)
    slopes_of: list[FloatArray] = []
    for j in range(k):
        p, d = items.derivatives(j, theta)
        tables.p.append(p)
        slopes_of.append(d * p[:, :, None])
    observed = _observed(codes, tables.scores)
    expected = _expected(tables)
    jacobian = _jacobian(fit, tables, slopes_of, margins)
    df = margins - jacobian.shape[1]
    if df <= 0:
        raise ShapeError("The model has as many parameters as there are margins; its fit cannot be tested.")
    statistic = _quadratic(tables, observed - expected, jacobian, n)
    null = _Tables(
        [np.bincount(codes[:, j], minlength=s)[:, None] / n for j, s in enumerate(sizes)], tables.scores, _ONE
    )
    rows = int((sizes - 1).sum())
    blank = np.zeros((margins, rows))
    blank[:rows] = np.eye(rows)
    _null_pairs(null, blank, rows)
    null_df = margins - rows
    null_statistic = _quadratic(null, observed - _expected(null), blank, n)
    from scipy.special import chdtrc

    excess, null_excess = statistic - df, null_statistic - null_df
    low, high = _noncentrality(statistic, df)
    ratio, null_ratio = statistic / df, null_statistic / null_df
    return Overall(
        "M2" if sizes.max() == 2 else "C2",
        statistic,
        df,
        float(chdtrc(df, statistic)),
        sqrt(max(excess, 0.0) / (df * (n - 1))),
        sqrt(low / (df * (n - 1))),
        sqrt(high / (df * (n - 1))),
        _srmsr(codes, tables),
        float(np.clip(1 - excess / null_excess, 0.0, 1.0)) if null_excess > 0 else nan,
        float((null_ratio - ratio) / (null_ratio - 1)) if null_ratio > 1 else nan,
        n,
    )


_ONE = np.ones(1)


def _observed(codes: NDArray[np.int16], scores: list[FloatArray]) -> FloatArray:
    n, k = codes.shape
    first = [np.bincount(codes[:, j], minlength=s.size)[1:] / n for j, s in enumerate(scores)]
    x = codes.astype(np.float64)
    product = x.T @ x / n
    return np.concatenate([*first, product[np.triu_indices(k, 1)]])


def _moments(tables: _Tables, power: int) -> FloatArray:
    return np.array([(s**power) @ p for s, p in zip(tables.scores, tables.p)])


def _expected(tables: _Tables) -> FloatArray:
    first = [p[1:] @ tables.weight for p in tables.p]
    mean = _moments(tables, 1)
    product = (mean * tables.weight) @ mean.T
    return np.concatenate([*first, product[np.triu_indices(len(tables.p), 1)]])


def _jacobian(fit: Fit, tables: _Tables, slopes_of: list[FloatArray], margins: int) -> FloatArray:
    """Change of every margin with every free parameter."""
    k = len(tables.p)
    sizes, mean = fit.items.sizes, _moments(tables, 1)
    one, two = np.triu_indices(k, 1)
    first_at = np.concatenate([[0], np.cumsum(sizes - 1)])
    rows = int(first_at[-1])
    out = np.zeros((margins, fit.free.size))
    start = 0
    for j in range(k):
        d = slopes_of[j]
        width = int(sizes[j])
        own = slice(start, start + width)
        out[first_at[j] : first_at[j + 1], own] = np.einsum("kqa,q->ka", d[1:], tables.weight)
        rise = np.einsum("k,kqa->qa", tables.scores[j], d)
        pairs = np.flatnonzero((one == j) | (two == j))
        other = np.where(one[pairs] == j, two[pairs], one[pairs])
        out[rows + pairs, own] = (mean[other] * tables.weight) @ rise
        start += width
    z = (fit.theta - fit.means[0]) / fit.sds[0]
    for place, score in ((start, z / fit.sds[0]), (start + 1, z * z)):  # mean and log SD, nodes made to sum to one
        change = tables.weight * (score - float(score @ tables.weight))
        out[:rows, place] = np.concatenate([p[1:] @ change for p in tables.p])
        out[rows:, place] = ((mean * change) @ mean.T)[one, two]
    return out[:, fit.free]


def _null_pairs(null: _Tables, jacobian: FloatArray, rows: int) -> None:
    """Second margins of unrelated items follow from the first."""
    mean = _moments(null, 1)[:, 0]
    one, two = np.triu_indices(mean.size, 1)
    at = 0
    for j, scores in enumerate(null.scores):
        for value in scores[1:]:
            pairs = np.flatnonzero((one == j) | (two == j))
            other = np.where(one[pairs] == j, two[pairs], one[pairs])
            jacobian[rows + pairs, at] = value * mean[other]
            at += 1


def _quadratic(tables: _Tables, gap: FloatArray, jacobian: FloatArray, n: int) -> float:
    """n·e'(Ξ⁻¹ − Ξ⁻¹Δ(Δ'Ξ⁻¹Δ)⁻¹Δ'Ξ⁻¹)e."""
    from scipy.linalg import lstsq, solve_triangular

    xi = _covariance(tables)
    scale = np.sqrt(np.maximum(np.diag(xi), 1e-14))
    lower = np.linalg.cholesky(xi / np.outer(scale, scale) + 1e-12 * np.eye(scale.size))
    white = solve_triangular(lower, gap / scale, lower=True)
    design = solve_triangular(lower, jacobian / scale[:, None], lower=True)
    fitted = design @ lstsq(design, white)[0]
    return float(n * ((white - fitted) ** 2).sum())


def _covariance(tables: _Tables) -> FloatArray:
    """Covariance of one person's margins under the model."""
    k, w = len(tables.p), tables.weight
    one, two = np.triu_indices(k, 1)
    mean, square = _moments(tables, 1), _moments(tables, 2)
    flat = np.vstack([p[1:] for p in tables.p])
    owner = np.concatenate([np.full(p.shape[0] - 1, j) for j, p in enumerate(tables.p)])
    value = np.concatenate([s[1:] for s in tables.scores])
    expected = _expected(tables)
    rows = flat.shape[0]
    pair = mean[one] * mean[two]  # E[x_i x_j | θ]
    xi = np.empty((expected.size, expected.size))
    # category with category: the same item's exclude each other
    xi[:rows, :rows] = (flat * w) @ flat.T
    same = owner[:, None] == owner[None, :]
    xi[:rows, :rows][same] = 0.0
    xi[np.arange(rows), np.arange(rows)] = flat @ w
    # category with pair: if the item is one of the pair, its value is known
    cross = (flat * w) @ pair.T
    for j in range(k):
        mine = np.flatnonzero(owner == j)
        pairs = np.flatnonzero((one == j) | (two == j))
        other = np.where(one[pairs] == j, two[pairs], one[pairs])
        cross[np.ix_(mine, pairs)] = value[mine][:, None] * ((flat[mine] * w) @ mean[other].T)
    xi[:rows, rows:] = cross
    xi[rows:, :rows] = cross.T
    # pair with pair: a shared item counts by its square
    block = (pair * w) @ pair.T
    for j in range(k):
        pairs = np.flatnonzero((one == j) | (two == j))
        other = np.where(one[pairs] == j, two[pairs], one[pairs])
        block[np.ix_(pairs, pairs)] = (mean[other] * square[j] * w) @ mean[other].T
    block[np.diag_indices(one.size)] = (square[one] * square[two]) @ w
    xi[rows:, rows:] = block
    return np.asarray(xi - np.outer(expected, expected))


def _noncentrality(statistic: float, df: int) -> tuple[float, float]:
    """90 % interval of the noncentrality."""
    from scipy.optimize import brentq
    from scipy.special import chndtr

    out = []
    for level in (0.95, 0.05):
        if float(chndtr(statistic, df, 0.0)) <= level:
            out.append(0.0)
            continue
        top = max(statistic, 1.0)
        while float(chndtr(statistic, df, top)) > level:
            top *= 2
        out.append(float(brentq(lambda nc, level=level: float(chndtr(statistic, df, nc)) - level, 0.0, top)))
    return out[0], out[1]


def _srmsr(codes: NDArray[np.int16], tables: _Tables) -> float:
    w = tables.weight
    mean, square = _moments(tables, 1), _moments(tables, 2)
    first = mean @ w
    covariance = (mean * w) @ mean.T - np.outer(first, first)
    covariance[np.diag_indices(first.size)] = square @ w - first**2
    sd = np.sqrt(np.diag(covariance))
    with np.errstate(invalid="ignore", divide="ignore"):
        gap = np.corrcoef(codes.astype(np.float64), rowvar=False) - covariance / np.outer(sd, sd)
    off = gap[np.triu_indices(first.size, 1)]
    off = off[np.isfinite(off)]
    return float(np.sqrt((off**2).mean())) if off.size else nan
