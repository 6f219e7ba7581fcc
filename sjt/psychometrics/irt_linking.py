"""Put two separately fitted forms on one scale by their anchors, and equate true scores; any model and any maxima.

θ_old = A·θ_new + B. Stocking and Lord make the anchors' expected totals agree, Haebara each category probability.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import nan
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from sjt.errors import ShapeError
from sjt.psychometrics._validate import FloatArray
from sjt.psychometrics.irt_models import Items
from sjt.psychometrics.irt_scores import expected_total

NODES = 30
REACH = 30.0
STEP = 1e-4
STEPS = 100
Criterion = Literal["stocking_lord", "haebara"]


@dataclass(frozen=True)
class Link:
    """Slope A and intercept B of the transformation, and whether the search ended."""

    slope: float
    intercept: float
    converged: bool = True


def transform(items: Items, link: Link) -> Items:
    """Item parameters of the new form on the old form's scale."""
    slopes = items.slopes / link.slope
    intercepts = []
    for j, c in enumerate(items.intercepts):
        weight = np.ones(c.size) if items.graded else items.weights(j)[1:]
        intercepts.append(c - slopes[j] * weight * link.intercept)
    return Items(items.model, items.marks, slopes, intercepts)


def pick(items: Items, columns: Sequence[int]) -> Items:
    """Some of the items."""
    return Items(
        items.model,
        [items.marks[j] for j in columns],
        items.slopes[list(columns)],
        [items.intercepts[j] for j in columns],
    )


def mean_sigma(new: Items, old: Items) -> Link:
    """Link by means and spreads of the anchors' difficulties (a start for the others)."""
    b = [np.concatenate([_difficulties(items, j) for j in range(items.slopes.size)]) for items in (new, old)]
    if b[0].size != b[1].size or b[0].size < 2 or not b[0].std() > 0:
        return Link(1.0, 0.0)
    slope = float(b[1].std() / b[0].std())
    return Link(slope, float(b[1].mean() - slope * b[0].mean())) if 0.2 < slope < 5 else Link(1.0, 0.0)


def mean_mean(new: Items, old: Items) -> Link:
    """Link by the means of slopes and difficulties."""
    b = [np.concatenate([_difficulties(items, j) for j in range(items.slopes.size)]) for items in (new, old)]
    slope = float(new.slopes.mean() / old.slopes.mean())
    return Link(slope, float(b[1].mean() - slope * b[0].mean()))


def _difficulties(items: Items, item: int) -> FloatArray:
    c = items.intercepts[item]
    steps = c if items.graded else np.diff(np.concatenate([[0.0], c])) / np.diff(items.weights(item))
    return np.asarray(-steps / items.slopes[item])


def link(new: Items, old: Items, criterion: Criterion = "stocking_lord", start: Link | None = None) -> Link:
    """Find A and B from the anchors' parameters on both forms.

    Parameters
    ----------
    new, old : Items
        The same anchors in the same order.
    criterion : {'stocking_lord', 'haebara'}
    start : Link, optional

    Raises
    ------
    ShapeError
        Not the same anchors, or none.

    Notes
    -----
    Differences are weighted by N(0, 1) on the old form's scale, 30 Gauss–Hermite nodes, as R equateIRT does.

    References
    ----------
    .. [1] Stocking, M. L. & Lord, F. M. (1983). Developing a common metric in item response theory. Applied
       Psychological Measurement, 7.
    .. [2] Haebara, T. (1980). Equating logistic ability scales by a weighted least squares method.
    """
    if new.slopes.size != old.slopes.size or not new.slopes.size:
        raise ShapeError(f"{new.slopes.size} and {old.slopes.size} anchors; linking needs the same ones on both forms.")
    theta, root = _nodes()
    same = all(np.array_equal(a, b) for a, b in zip(new.marks, old.marks))
    target = _features(old, criterion, theta, root, same)

    def residual(at: FloatArray) -> FloatArray:
        moved = Link(float(np.exp(at[0])), float(at[1]))
        return np.asarray(_features(transform(new, moved), criterion, theta, root, same) - target)

    first = start or mean_sigma(new, old)
    at = np.array([np.log(first.slope), first.intercept])
    value = residual(at)
    damping, settled = 1e-6, False
    for _ in range(STEPS):
        jacobian = np.column_stack(
            [(residual(at + STEP * e) - residual(at - STEP * e)) / (2 * STEP) for e in np.eye(2)]
        )
        normal, slope = jacobian.T @ jacobian, jacobian.T @ value
        step = np.linalg.solve(normal + damping * np.diag(np.diag(normal)) + 1e-300 * np.eye(2), slope)
        trial = residual(at - step)
        if trial @ trial <= value @ value:
            at, value, damping = at - step, trial, damping / 10
            if np.abs(step).max() < 1e-10:
                settled = True
                break
        else:
            damping *= 10
            if damping > 1e8:
                settled = bool(np.abs(slope).max() < 1e-6)
                break
    return Link(float(np.exp(at[0])), float(at[1]), settled)


def _nodes() -> tuple[FloatArray, FloatArray]:
    theta, weight = np.polynomial.hermite_e.hermegauss(NODES)
    return theta, np.sqrt(weight / weight.sum())


def _features(items: Items, criterion: Criterion, theta: FloatArray, root: FloatArray, same: bool) -> FloatArray:
    """What the criterion compares; where a form lacks a category, Haebara compares the expected marks."""
    if criterion == "stocking_lord":
        return np.asarray(expected_total(items, theta) * root)
    each = range(items.slopes.size)
    if same:
        return np.concatenate([(items.probabilities(j, theta) * root).ravel() for j in each])
    return np.concatenate([items.expected(j, theta) * root for j in each])


def _theta_at(items: Items, total: FloatArray) -> FloatArray:
    """θ at which the expected total is this; the ends where it is never reached."""
    begin, end = np.full(total.shape, -REACH), np.full(total.shape, REACH)
    for _ in range(60):
        middle = (begin + end) / 2
        up = expected_total(items, middle) < total
        begin, end = np.where(up, middle, begin), np.where(up, end, middle)
    return np.asarray((begin + end) / 2)


def true_score(new: Items, old: Items, scale: Link, x: ArrayLike) -> FloatArray:
    """Expected total on the old form of the θ at which x is the expected total on the new form.

    Parameters
    ----------
    new, old : Items
        Whole forms, each on its own scale.
    scale : Link
    x : array_like
        Scores on the new form; its lowest and highest go to the old form's.

    Returns
    -------
    ndarray
    """
    at = np.asarray(x, dtype=np.float64)
    moved = transform(new, scale)
    ends = [(sum(float(m[0]) for m in f.marks), sum(float(m[-1]) for m in f.marks)) for f in (new, old)]
    (low, high), (old_low, old_high) = ends
    inside = (at > low) & (at < high)
    out = expected_total(old, _theta_at(moved, at.ravel())).reshape(at.shape)
    below = old_low + (at - low)
    above = old_high + (at - high)
    return np.asarray(np.where(inside, out, np.where(at <= low, below, above)))


def carried_cut(new: Items, old: Items, scale: Link, cut: float) -> float | None:
    """Score on the new form whose true-score equivalent is the cut; None at or beyond the old form's ends."""
    low, high = sum(float(m[0]) for m in old.marks), sum(float(m[-1]) for m in old.marks)
    if not low < cut < high:
        return None
    return float(expected_total(transform(new, scale), _theta_at(old, np.array([cut])))[0])


def standard_error(
    new: Items,
    old: Items,
    pairs: Sequence[tuple[int, int]],
    criterion: Criterion,
    scale: Link,
    covariances: tuple[FloatArray, FloatArray],
    x: float,
) -> float:
    """Delta-method error of the equated score at x from both forms' parameter errors.

    Parameters
    ----------
    new, old : Items
    pairs : sequence of (int, int)
        Anchors' columns on the new and the old form.
    criterion : {'stocking_lord', 'haebara'}
    scale : Link
        The solution.
    covariances : (ndarray, ndarray)
        Of slope and intercepts item by item, new and old.
    x : float

    Returns
    -------
    float
        NaN where a covariance is not defined.
    """
    if not all(np.isfinite(c).all() for c in covariances):
        return nan
    theta, root = _nodes()
    base = np.array([np.log(scale.slope), scale.intercept])

    def gap(forms: Sequence[Items], at: FloatArray) -> FloatArray:
        moved = transform(pick(forms[0], [a for a, _ in pairs]), Link(float(np.exp(at[0])), float(at[1])))
        other = pick(forms[1], [b for _, b in pairs])
        return _features(moved, criterion, theta, root, same) - _features(other, criterion, theta, root, same)

    forms = [new, old]
    same = all(np.array_equal(new.marks[a], old.marks[b]) for a, b in pairs)
    at_solution = gap(forms, base)
    jacobian = np.column_stack([(gap(forms, base + STEP * unit) - at_solution) / STEP for unit in np.eye(2)])
    solve = np.linalg.pinv(jacobian)
    person = _theta_at(transform(new, scale), np.array([x]))
    ends = np.array([person[0] - STEP, person[0], person[0] + STEP])
    curve_new, curve_old = expected_total(transform(new, scale), ends), expected_total(old, ends)
    ratio = (curve_old[2] - curve_old[0]) / max(curve_new[2] - curve_new[0], 1e-12)
    total = 0.0
    for side in (0, 1):
        packed = np.concatenate([np.concatenate([[a], c]) for a, c in zip(forms[side].slopes, forms[side].intercepts)])
        gradient = np.zeros(packed.size)
        for m in range(packed.size):
            moved = packed.copy()
            moved[m] += STEP
            changed = list(forms)
            changed[side] = _unpack(forms[side], moved)
            shift = base - solve @ (gap(changed, base) - at_solution)
            again = transform(changed[0], Link(float(np.exp(shift[0])), float(shift[1])))
            rise_new = expected_total(again, person)[0] - curve_new[1]
            rise_old = expected_total(changed[1], person)[0] - curve_old[1]
            gradient[m] = (rise_old - ratio * rise_new) / STEP
        total += float(gradient @ covariances[side] @ gradient)
    return float(np.sqrt(max(total, 0.0)))


def _unpack(items: Items, packed: FloatArray) -> Items:
    offsets = items.offsets
    return Items(
        items.model,
        items.marks,
        packed[offsets[:-1]],
        [packed[s + 1 : e] for s, e in pairwise(offsets)],
    )
