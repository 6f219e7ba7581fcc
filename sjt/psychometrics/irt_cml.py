"""Conditional maximum likelihood for the Rasch and the partial credit model: no assumption about the candidates.

Given a person's total, the likelihood of the answers depends on the items alone. The totals' weights (elementary
symmetric functions) are built as products of positive polynomials from the left and from the right, so that leaving
items out needs no division and no subtraction, and no digit is lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import nan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sjt.errors import ShapeError
from sjt.psychometrics._validate import FloatArray
from sjt.psychometrics.irt_models import Items, code, starting_values, steps_of

STEPS = 60
FLAT = 1e-10
"""Newton decrement at which the search ends."""
MOST_PATTERNS = 200
"""Sets of items presented; each needs its own table of totals."""
FAINTEST = 1e-280
RUNAWAY = 25.0
LEAST_INFORMATION = 1e-4
"""Of a parameter: less means that its likelihood has no maximum within reach."""


@dataclass
class CmlFit:
    """Items fitted given the totals.

    Attributes
    ----------
    items : Items
        Slopes 1; intercepts sum to nought over all items (the scale's origin).
    columns, skipped : list of int
        Columns fitted, and those without two different marks.
    loglik : float
        Conditional log-likelihood.
    n_parameters : int
        Free ones: all intercepts less one.
    n_used : int
        Persons whose total says something; lowest and highest totals do not.
    intercept_se : list of ndarray
        Under the same origin; NaN where the data do not determine them.
    covariance : ndarray
        Of all intercepts in the items' order.
    """

    items: Items
    columns: list[int]
    skipped: list[int]
    loglik: float
    converged: bool
    steps: int
    n_parameters: int
    n_used: int
    intercept_se: list[FloatArray]
    covariance: FloatArray
    codes: NDArray[np.int16]
    notes: list[str] = field(default_factory=list)


@dataclass
class _Pattern:
    """Persons presented the same items: their category counts, and how many had each total."""

    present: NDArray[np.int64]
    counts: FloatArray
    totals: FloatArray


class _Conditional:
    def __init__(self, codes: NDArray[np.int16], kinds: list[FloatArray]) -> None:
        self.steps = [steps_of(values).astype(np.int64) for values in kinds]
        sizes = np.array([values.size - 1 for values in kinds])
        self.at = np.concatenate([[0], np.cumsum(sizes)])
        self.width = int(self.at[-1])
        self.direction = np.concatenate([w[1:] for w in self.steps]).astype(np.float64)
        self.patterns: list[_Pattern] = []
        self.used = 0
        present = codes >= 0
        rows = np.flatnonzero(present.sum(axis=1) > 1)
        masks, back = np.unique(present[rows], axis=0, return_inverse=True)
        if masks.shape[0] > MOST_PATTERNS:
            raise ShapeError(
                f"{masks.shape[0]} different sets of items were presented; conditional likelihood takes {MOST_PATTERNS}"
                " at most. Use the marginal likelihood."
            )
        for number, mask in enumerate(masks):
            who = rows[back.ravel() == number]
            items = np.flatnonzero(mask)
            chosen = codes[np.ix_(who, items)]
            total = np.zeros(who.size, dtype=np.int64)
            for place, j in enumerate(items):
                total += self.steps[j][chosen[:, place]]
            top = int(sum(self.steps[j][-1] for j in items))
            keep = (total > 0) & (total < top)
            if not keep.any():
                continue
            counts = np.zeros(self.width)
            for place, j in enumerate(items):
                n = np.bincount(chosen[keep, place], minlength=self.steps[j].size)
                counts[self.at[j] : self.at[j + 1]] = n[1:]
            totals = np.bincount(total[keep], minlength=top + 1).astype(np.float64)
            self.patterns.append(_Pattern(items, counts, totals))
            self.used += int(keep.sum())

    def _polynomials(self, c: FloatArray, items: NDArray[np.int64], tilt: float) -> tuple[list[Any], float]:
        """Each item's category weights laid out by step, made to sum to one, and the log of what was divided out."""
        out, scale = [], 0.0
        for j in items:
            w = self.steps[j]
            z = np.concatenate([[0.0], c[self.at[j] : self.at[j + 1]]]) + tilt * w
            top = float(z.max())
            e = np.exp(z - top)
            total = float(e.sum())
            p = np.zeros(int(w[-1]) + 1)
            p[w] = e / total
            out.append(p)
            scale += top + float(np.log(total))
        return out, scale

    def evaluate(self, c: FloatArray, *, second: bool = True) -> tuple[float, FloatArray, FloatArray]:
        """Conditional log-likelihood, its gradient, and the negative Hessian."""
        loglik, gradient = 0.0, np.zeros(self.width)
        information = np.zeros((self.width, self.width))
        for pattern in self.patterns:
            value, g, h = self._of(pattern, c, second)
            loglik += value
            gradient += g
            information += h
        return loglik, gradient, information

    def _of(self, pattern: _Pattern, c: FloatArray, second: bool) -> tuple[float, FloatArray, FloatArray]:
        items, n = pattern.present, pattern.totals
        tilt = self._tilt(c, pattern)
        polynomials, scale = self._polynomials(c, items, tilt)
        left, right = _products(polynomials)
        gamma = left[-1]
        held = n > 0
        if float(gamma[held].min()) < FAINTEST:  # a very long test: more exponent, the same digits
            polynomials = [p.astype(np.longdouble) for p in polynomials]
            left, right = _products(polynomials)
            gamma = left[-1]
        total = np.arange(n.size)
        value = float(pattern.counts @ c) - float((n[held] * np.log(gamma[held])).sum())
        value += tilt * float(n @ total) - float(n.sum()) * scale
        share = np.zeros(n.size, dtype=gamma.dtype)
        share[held] = n[held] / gamma[held]
        gradient, information = pattern.counts.copy(), np.zeros((self.width, self.width))
        given: list[Any] = []  # P(category | total), categories × totals, of each item
        for place, j in enumerate(items):
            rest = np.convolve(left[place], right[place + 1])
            w, p = self.steps[j][1:], polynomials[place]
            chance = np.zeros((w.size, n.size))
            for k, step in enumerate(w):
                chance[k, step : step + rest.size] = (p[step] * rest) * (share[step : step + rest.size])
            gradient[self.at[j] : self.at[j + 1]] -= chance.sum(axis=1)
            given.append(chance)  # already times the number of persons
        if not second:
            return value, gradient, information
        root = np.where(held, 1 / np.sqrt(np.where(held, n, 1.0)), 0.0)
        stacked = np.vstack(given) * root
        at = np.concatenate([np.arange(self.at[j], self.at[j + 1]) for j in items])
        information[np.ix_(at, at)] -= stacked @ stacked.T
        for place, j in enumerate(items):
            own = np.arange(self.at[j], self.at[j + 1])
            information[own, own] += given[place].sum(axis=1)
            # products of the items after this one, without this one and one more
            middle = left[place]
            for other in range(place + 1, items.size):
                i = items[other]
                rest = np.convolve(middle, right[other + 1])
                joint = np.correlate(share, rest, mode="valid")
                a, b = self.steps[j][1:], self.steps[i][1:]
                block = (
                    polynomials[place][a][:, None] * polynomials[other][b][None, :] * joint[a[:, None] + b[None, :]]
                ).astype(np.float64)
                there = np.arange(self.at[i], self.at[i + 1])
                information[np.ix_(own, there)] += block
                information[np.ix_(there, own)] += block.T
                middle = np.convolve(middle, polynomials[other])
        return value, gradient, information

    def _tilt(self, c: FloatArray, pattern: _Pattern) -> float:
        """θ whose expected total is the mean total: the likelihood does not know it, the digits do."""
        mean = float(pattern.totals @ np.arange(pattern.totals.size)) / float(pattern.totals.sum())
        low, high = -30.0, 30.0
        for _ in range(30):
            middle = (low + high) / 2
            polynomials, _ = self._polynomials(c, pattern.present, middle)
            if sum(float(p @ np.arange(p.size)) for p in polynomials) < mean:
                low = middle
            else:
                high = middle
        return (low + high) / 2

    def connected(self) -> bool:
        """Whether persons tie all items together."""
        seen: set[int] = set()
        waiting = [set(map(int, pattern.present)) for pattern in self.patterns]
        if not waiting:
            return False
        seen |= waiting.pop(0)
        while any(seen & one for one in waiting):
            for one in [one for one in waiting if seen & one]:
                seen |= one
                waiting.remove(one)
        return not waiting and len(seen) == len(self.steps)


def _products(polynomials: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    """Products of the first k and of the last k polynomials, for every k."""
    kind = polynomials[0].dtype
    left, right = [np.ones(1, dtype=kind)], [np.ones(1, dtype=kind)]
    for p in polynomials:
        left.append(np.convolve(left[-1], p))
    for p in reversed(polynomials):
        right.append(np.convolve(right[-1], p))
    return left, right[::-1]


def fit_cml(marks: Any) -> CmlFit:
    """Fit the partial credit model (right/wrong items: the Rasch model) by conditional maximum likelihood.

    Parameters
    ----------
    marks : array_like, shape (n_persons, n_items)
        NaN where an item was not presented; such gaps are taken to be by design.

    Returns
    -------
    CmlFit

    Raises
    ------
    ShapeError
        Fewer than two items with two different marks; nobody between the lowest and the highest total; items that no
        chain of persons ties together; more than 200 sets of items presented.

    References
    ----------
    .. [1] Andersen, E. B. (1972). The numerical solution of a set of conditional estimation equations. JRSS B, 34.
    .. [2] Fischer, G. H. & Ponocny, I. (1994). An extension of the partial credit model with an application to the
       measurement of change. Psychometrika, 59.
    """
    codes, kinds = code(marks)
    columns = [j for j, values in enumerate(kinds) if values.size >= 2]
    skipped = [j for j in range(len(kinds)) if j not in columns]
    if len(columns) < 2:
        raise ShapeError("Conditional likelihood needs two items with two different marks each.")
    codes = np.ascontiguousarray(codes[:, columns])
    kinds = [kinds[j] for j in columns]
    problem = _Conditional(codes, kinds)
    if not problem.patterns:
        raise ShapeError("Everybody has the lowest or the highest total: the items cannot be told apart.")
    if not problem.connected():
        raise ShapeError("The items fall into sets that nobody answered together; fit each set by itself.")
    start = starting_values("pcm", codes, kinds)
    c = np.concatenate(start.intercepts)
    w = problem.direction
    c = c - w * (c.sum() / w.sum())
    value, gradient, information = problem.evaluate(c)
    converged, taken = False, 0
    for _ in range(STEPS):
        step = _solve(information, gradient, w)
        gain = float(gradient @ step)
        if gain < FLAT:
            converged = True
            break
        largest = float(np.abs(step).max())
        size = min(1.0, 4.0 / largest)
        for _ in range(20):
            trial = c + size * step
            new = problem.evaluate(trial, second=False)[0]
            if new >= value - 1e-12 * abs(value):
                break
            size /= 2
        else:
            break
        taken += 1
        c = trial - w * (trial.sum() / w.sum())
        value, gradient, information = problem.evaluate(c)
        if np.abs(c).max() > RUNAWAY:
            break
    notes = []
    covariance = np.full((c.size, c.size), nan)
    inner = information + np.outer(w, w) * (np.trace(information) / c.size / float(w @ w))
    scale = np.sqrt(np.maximum(np.diag(inner), 1e-12))
    values, vectors = np.linalg.eigh(inner / np.outer(scale, scale))
    if np.abs(c).max() > RUNAWAY or values.min() < 1e-9 or np.diag(information).min() < LEAST_INFORMATION:
        converged = False
        notes.append(
            "An item separates the persons completely: its conditional likelihood has no maximum. Use the marginal "
            "likelihood with a prior."
        )
    else:
        inverse = (vectors / values) @ vectors.T / np.outer(scale, scale)
        origin = np.eye(c.size) - np.outer(w, np.ones(c.size)) / w.sum()
        covariance = origin @ inverse @ origin.T
    se = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    parts = [slice(problem.at[j], problem.at[j + 1]) for j in range(len(kinds))]
    items = Items("pcm", kinds, np.ones(len(kinds)), [c[part] for part in parts])
    return CmlFit(
        items,
        columns,
        skipped,
        value,
        converged,
        taken,
        c.size - 1,
        problem.used,
        [se[part] for part in parts],
        covariance,
        codes,
        notes,
    )


def _solve(information: FloatArray, gradient: FloatArray, w: FloatArray) -> FloatArray:
    """Newton step; the direction that moves the origin alone is taken out."""
    inner = information + np.outer(w, w) * (np.trace(information) / w.size / float(w @ w))
    scale = np.sqrt(np.maximum(np.diag(inner), 1e-9))
    values, vectors = np.linalg.eigh(inner / np.outer(scale, scale))
    values = np.maximum(np.abs(values), 1e-8)
    return np.asarray(vectors @ ((vectors.T @ (gradient / scale)) / values) / scale)


@dataclass(frozen=True)
class Andersen:
    """Likelihood-ratio test that the items are the same in every part of the sample.

    Attributes
    ----------
    chi2, p : float
    df : int
    left_out : list of int
        Columns whose categories do not all occur in every part.
    parts : list of CmlFit
    """

    chi2: float
    df: int
    p: float
    left_out: list[int]
    parts: list[CmlFit]


def andersen(marks: Any, part: Any = None) -> Andersen:
    """Compare the items' parameters between parts of the sample: Andersen's test of the Rasch model.

    Parameters
    ----------
    marks : array_like, shape (n_persons, n_items)
    part : array_like, optional
        Part of each person; by the median of the totals (at or below, above) if left out, for complete persons.

    Returns
    -------
    Andersen
        An item that lacks a category in a part is left out of all, as R's eRm does.

    References
    ----------
    .. [1] Andersen, E. B. (1973). A goodness of fit test for the Rasch model. Psychometrika, 38.
    """
    from scipy.special import chdtrc

    x = np.asarray(marks, dtype=np.float64)
    if part is None:
        complete = np.isfinite(x).all(axis=1)
        x = x[complete]
        total = x.sum(axis=1)
        label = (total > np.median(total)).astype(np.int64) if total.size else np.zeros(0, dtype=np.int64)
    else:
        _, label = np.unique(np.asarray(part), return_inverse=True)
        if label.shape != (x.shape[0],):
            raise ShapeError(f"{label.size} parts for {x.shape[0]} persons.")
    number = int(label.max()) + 1 if label.size else 0
    if number < 2:
        raise ShapeError("The test needs two parts of the sample; everybody is in one.")
    _, whole = code(x)
    pieces = [code(x[label == g])[1] for g in range(number)]
    kept = [
        j for j in range(x.shape[1]) if whole[j].size > 1 and all(piece[j].size == whole[j].size for piece in pieces)
    ]
    left_out = [j for j in range(x.shape[1]) if j not in kept]
    if len(kept) < 2:
        raise ShapeError("Fewer than two items have all their marks in every part of the sample.")
    x = x[:, kept]
    together = fit_cml(x)
    parts = [fit_cml(x[label == g]) for g in range(number)]
    chi2 = 2 * (sum(one.loglik for one in parts) - together.loglik)
    df = sum(one.n_parameters for one in parts) - together.n_parameters
    return Andersen(chi2, df, float(chdtrc(df, max(chi2, 0.0))), left_out, parts)
