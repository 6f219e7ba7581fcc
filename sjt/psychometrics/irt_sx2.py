"""S-X² of an item: do persons of one total take its categories as often as the model says?

Sparse cells are joined as R's mirt 1.45 joins them, so that values and degrees of freedom are the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, nan

import numpy as np
from numpy.typing import NDArray

from sjt.psychometrics._validate import FloatArray
from sjt.psychometrics.irt_models import Items
from sjt.psychometrics.irt_scores import normal_weights

LEAST_EXPECTED = 1.0
RARE_COLUMN = 0.05
"""A category left in fewer of the totals than this is joined with the one below."""


@dataclass(frozen=True)
class ItemFit:
    """S-X² of one item; p is NaN without degrees of freedom."""

    chi2: float
    df: int
    p: float


def s_x2(items: Items, codes: NDArray[np.int16], theta: FloatArray, sd: float, item: int, n_parameters: int) -> ItemFit:
    """Orlando and Thissen's S-X² from complete persons: shares of each category among persons of the same total.

    Parameters
    ----------
    items : Items
    codes : ndarray of int16, shape (n_persons, n_items)
        Category of each answer; persons with a gap are left out.
    theta : ndarray
        Nodes of the normal distribution.
    sd : float
        Of θ.
    item : int
    n_parameters : int
        Of the item, a free variance counted as one of each; they come off the degrees of freedom.

    Returns
    -------
    ItemFit

    Notes
    -----
    Totals are of category numbers. Totals that rule out a category join their inner neighbour; a total that one person
    has joins the next; then categories expected below 1 join their smaller neighbour, and totals that still have such a
    cell the neighbour with fewer persons.

    References
    ----------
    .. [1] Orlando, M. & Thissen, D. (2000). Likelihood-based item-fit indices for dichotomous item response theory
       models. Applied Psychological Measurement, 24.
    .. [2] Kang, T. & Chen, T. T. (2008). Performance of the generalized S-X² item fit index for polytomous IRT models.
       Journal of Educational Measurement, 45.
    """
    from scipy.special import chdtrc

    complete = (codes >= 0).all(axis=1)
    rest = [j for j in range(len(items.marks)) if j != item]
    if not rest or not complete.any():
        return ItemFit(nan, 0, nan)
    p = items.probabilities(item, theta)
    others = _totals(items, rest, theta)
    share = normal_weights(theta, 0.0, sd)
    categories = p.shape[0]
    top = others.shape[0] - 1 + categories - 1
    joint = np.zeros((top + 1, categories))
    for k in range(categories):
        joint[k : k + others.shape[0], k] = (others * p[k]) @ share
    total = codes[complete].astype(np.int64).sum(axis=1)
    observed = np.zeros((top + 1, categories))
    np.add.at(observed, (total, codes[complete, item]), 1.0)
    expected = observed.sum(axis=1, keepdims=True) * joint / np.maximum(joint.sum(axis=1, keepdims=True), 1e-300)
    o, e = _join(observed[1:top], expected[1:top], categories)
    cells = e > 0
    chi2 = float(((o[cells] - e[cells]) ** 2 / e[cells]).sum())
    df = int(cells.sum()) - e.shape[0] - n_parameters
    return ItemFit(chi2, df, float(chdtrc(df, chi2)) if df > 0 else nan)


def _totals(items: Items, rest: list[int], theta: FloatArray) -> FloatArray:
    """Chance of every sum of the other items' category numbers at each θ."""
    out = np.ones((1, theta.size))
    for j in rest:
        p = items.probabilities(j, theta)
        new = np.zeros((out.shape[0] + p.shape[0] - 1, theta.size))
        for k in range(p.shape[0]):
            new[k : k + out.shape[0]] += out * p[k]
        out = new
    return out


def _join(observed: FloatArray, expected: FloatArray, categories: int) -> tuple[FloatArray, FloatArray]:
    """Join sparse totals and categories; what is left out is nought in both tables."""
    o, e = observed.copy(), expected.copy()
    ends = categories - 2  # totals at either end that rule out a category
    if ends > 0 and o.shape[0] > 2 * ends + 1:
        for table in (o, e):
            table[ends] += table[:ends].sum(axis=0)
            table[-1 - ends] += table[-ends:].sum(axis=0)
        o, e = o[ends:-ends], e[ends:-ends]
    o, e, sparse = _join_single(o, e)
    if categories > 2:
        for row in range(o.shape[0]):
            if sparse[row]:
                o[row], e[row] = _join_across(o[row], e[row])
        o, e = _join_columns(o, e)
    return _join_rows(o, e)


def _join_single(o: FloatArray, e: FloatArray) -> tuple[FloatArray, FloatArray, NDArray[np.bool_]]:
    """Leave out totals nobody has, and join those of one person with the next."""
    held = o.sum(axis=1) > 0
    o, e = o[held], e[held]
    # which totals have a sparse cell is settled here, by place, as mirt does
    sparse = np.asarray((e < LEAST_EXPECTED).any(axis=1))
    gone = []
    for row in range(o.shape[0] - 1):
        if o[row].sum() == 1:
            gone.append(row)
            o[row + 1] += o[row]
            e[row + 1] += e[row]
    o, e = np.delete(o, gone, axis=0), np.delete(e, gone, axis=0)
    if o.shape[0] > 1 and o[-1].sum() == 1:
        o[-2] += o[-1]
        e[-2] += e[-1]
        o, e = o[:-1], e[:-1]
    return o, e, sparse


def _join_across(o: FloatArray, e: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Join the smallest category with its smaller neighbour until all are expected at least once, or two are left."""
    left_o, left_e = list(o), list(e)
    while len(left_e) > 2:
        smallest = min(left_e)
        at = max(k for k, value in enumerate(left_e) if value == smallest)
        if at == 0:
            to = 1
        elif at == len(left_e) - 1 or left_e[at - 1] <= left_e[at + 1]:
            to = at - 1
        else:
            to = at + 1
        left_e[to] += left_e[at]
        left_o[to] += left_o[at]
        del left_e[at], left_o[at]
        if min(left_e) >= LEAST_EXPECTED:
            break
    blank = [0.0] * (o.size - len(left_e))
    return np.array(left_o + blank), np.array(left_e + blank)


def _join_columns(o: FloatArray, e: FloatArray) -> tuple[FloatArray, FloatArray]:
    while e.shape[1] > 2 and e[:, -1].sum() < LEAST_EXPECTED * ceil(e.shape[0] * 0.1):
        for table in (o, e):
            table[:, -2] += table[:, -1]
        o, e = o[:, :-1], e[:, :-1]
    keep = np.ones(e.shape[1], dtype=bool)
    for column in range(e.shape[1] - 1, 0, -1):
        if (e[:, column] > 0).sum() / e.shape[0] < RARE_COLUMN:
            keep[column] = False
            for table in (o, e):
                table[:, column - 1] += table[:, column]
    return o[:, keep], e[:, keep]


def _join_rows(o: FloatArray, e: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Join totals with a sparse cell with the neighbour of fewer persons."""
    while o.shape[0] > 1:
        sparse = np.flatnonzero(((e < LEAST_EXPECTED) & (e != 0)).any(axis=1))
        if not sparse.size:
            break
        at = int(sparse[0])
        if at == 0:
            to = 1
        elif at == o.shape[0] - 1 or o[at - 1].sum() <= o[at + 1].sum():
            to = at - 1
        else:
            to = at + 1
        for table in (o, e):
            table[to] += table[at]
        o, e = np.delete(o, at, axis=0), np.delete(e, at, axis=0)
    return o, e
