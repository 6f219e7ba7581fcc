"""Marginal maximum likelihood: EM with SQUAREM steps, a Newton finish on the observed information, standard errors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sjt.errors import ShapeError
from sjt.psychometrics._validate import FloatArray
from sjt.psychometrics.irt_likelihood import Prior, Problem
from sjt.psychometrics.irt_models import Items, Model, code, starting_values

NODES, REACH = 61, 6.0
EXACT_INFORMATION_TO = 3000
"""Above it the information for the errors is the cross product of the persons' scores: the same in the limit."""
EM_PASSES = 18
NEWTON_STEPS = 40
DECREMENT = 1e-9
LEAST_PIVOT = 1e-2
"""Smallest pivot, of a matrix scaled to ones on its diagonal, at which the quick way is as good as the eigenvalues."""


@dataclass
class Fit:
    """A fitted test.

    Attributes
    ----------
    items : Items
        Parameters; items in `skipped` have none.
    means, sds : ndarray
        Of θ in each group.
    loglik : float
    converged : bool
    passes : int
        E-steps altogether.
    slope_se : ndarray, intercept_se : list of ndarray
        NaN where a parameter is fixed or its error is not defined.
    covariance : ndarray
        Of the free parameters, in the order of `names`.
    """

    items: Items
    columns: list[int]
    skipped: list[int]
    means: FloatArray
    sds: FloatArray
    loglik: float
    converged: bool
    passes: int
    n_parameters: int
    slope_se: FloatArray
    intercept_se: list[FloatArray]
    sd_se: FloatArray
    covariance: FloatArray
    free: NDArray[np.bool_]
    codes: NDArray[np.int16]
    group: NDArray[np.int64]
    theta: FloatArray
    notes: list[str] = field(default_factory=list)


def _em(problem: Problem, x: FloatArray, passes: int) -> tuple[FloatArray, int]:
    """EM passes with SQUAREM extrapolation in threes; never ends on a worse point than it began with."""
    used = 0
    last = -np.inf
    while used + 3 <= passes:
        value, counts = problem.expect(x)
        one = problem.m_step(x, counts)
        _, counts = problem.expect(one)
        two = problem.m_step(one, counts)
        used += 2
        r, v = one - x, (two - one) - (one - x)
        size = float(np.sqrt(v @ v))
        alpha = max(-16.0, min(-1.0, -float(np.sqrt(r @ r)) / size)) if size > 0 else -1.0
        jumped = x - 2 * alpha * r + alpha**2 * v
        x = two
        if alpha < -1 and problem.allowed(jumped):
            base, counts = problem.expect(jumped)
            used += 1
            if base >= value:
                x = problem.m_step(jumped, counts)
        if value - last < 0.05 and np.isfinite(last):
            break
        last = value
    return x, used


def _towards(curvature: FloatArray, gradient: FloatArray) -> FloatArray:
    """Newton's step; where the curvature is not that of a maximum, along its directions made positive."""
    try:
        root = np.linalg.cholesky(curvature)
        if np.diag(root).min() > LEAST_PIVOT:
            return np.asarray(np.linalg.solve(curvature, gradient))
    except np.linalg.LinAlgError:
        pass  # not positive definite: the slower way below
    values, vectors = np.linalg.eigh(curvature)
    return np.asarray(vectors @ ((vectors.T @ gradient) / np.maximum(np.abs(values), 1e-6)))


def _inverse(information: FloatArray) -> FloatArray | None:
    """Inverse of a scaled information matrix; None where the data do not determine every parameter."""
    try:
        root = np.linalg.cholesky(information)
        if np.diag(root).min() > LEAST_PIVOT:
            out = np.linalg.inv(information)
            return np.asarray((out + out.T) / 2)
    except np.linalg.LinAlgError:
        pass  # not positive definite: the slower way below says by how much
    values, vectors = np.linalg.eigh(information)
    return np.asarray((vectors / values) @ vectors.T) if values.min() > 1e-9 else None


def newton(
    problem: Problem,
    x: FloatArray,
    *,
    exact: bool,
    basis: FloatArray | None = None,
    information_after: bool = True,
) -> tuple[FloatArray, int, bool, FloatArray]:
    """Newton steps with halving on the observed information until the decrement vanishes.

    Parameters
    ----------
    problem : Problem
    x : ndarray
        Where to begin.
    exact : bool
        Louis's information; otherwise the cross product of the scores.
    basis : ndarray, shape (n_all, n_free), optional
        Directions in which the parameters may move, to hold some equal; the free ones by themselves if left out.
    information_after : bool
        Whether the information is wanted where the search ends.
    """
    value, counts = problem.expect(x)
    passes = 1
    information = problem.observed_information(x, counts, exact=exact)
    free = problem.free
    converged = False
    age = 0
    limit = DECREMENT if not problem.single else 1e-4
    for _ in range(NEWTON_STEPS):
        gradient = problem.gradient(x, counts)
        gradient = gradient[free] if basis is None else basis.T @ gradient
        inner = information[np.ix_(free, free)] if basis is None else basis.T @ information @ basis
        scale = np.sqrt(np.maximum(np.diag(inner), 1e-8))
        step = _towards(inner / np.outer(scale, scale), gradient / scale) / scale
        gain = float(gradient @ step)
        if gain < limit:
            converged = True
            break
        size = min(1.0, 2.0 / float(np.abs(step).max()))
        for _ in range(10):
            trial = x.copy()
            if basis is None:
                trial[free] += size * step
            else:
                trial += basis @ (size * step)
            if problem.allowed(trial):
                new, new_counts = problem.expect(trial)
                passes += 1
                if new >= value - 1e-7 * (abs(value) if problem.single else 1e-3):
                    break
            size /= 2
        else:
            break
        slow = new - value < 0.4 * gain * size
        x, value, counts = trial, new, new_counts
        age += 1
        if (slow or size < 1) and age >= 1:
            information = problem.observed_information(x, counts, exact=exact)
            age = 0
    if information_after:
        information = problem.observed_information(x, counts, exact=exact)
    return x, passes, converged, information


def fit_mml(
    marks: Any,
    model: Model = "gpcm",
    *,
    groups: Any = None,
    fixed: Mapping[int, tuple[float, FloatArray]] | None = None,
    prior: Prior | None = None,
    nodes: int = NODES,
    reach: float = REACH,
    errors: bool = True,
) -> Fit:
    """Fit a response model by marginal maximum likelihood.

    Parameters
    ----------
    marks : array_like, shape (n_persons, n_items)
        NaN where an item was not presented; such gaps are taken to be by design.
    model : {'rasch', '2pl', 'pcm', 'gpcm', 'grm'}
        ``rasch`` and ``pcm``: slope 1 and free variance; the others θ ~ N(0, 1) in the first group.
    groups : array_like of int, optional
        Group of each person; the first group fixes the scale, the others have their own mean and SD.
    fixed : mapping, optional
        Column → (slope, intercepts) of anchors that are not estimated; mean and SD of every group are then free.
    prior : Prior, optional
        For small samples.
    nodes, reach : int, float
        Equally spaced nodes from −reach to reach.
    errors : bool
        Compute standard errors.

    Returns
    -------
    Fit

    Raises
    ------
    ShapeError
        No item with two different marks, or groups of the wrong length.

    References
    ----------
    .. [1] Bock, R. D. & Aitkin, M. (1981). Marginal maximum likelihood estimation of item parameters.
       Psychometrika, 46.
    .. [2] Varadhan, R. & Roland, C. (2008). Simple and globally convergent methods for accelerating the convergence of
       any EM algorithm. Scandinavian Journal of Statistics, 35.
    .. [3] Louis, T. A. (1982). Finding the observed information matrix when using the EM algorithm. JRSS B, 44.
    """
    codes, kinds = code(marks)
    columns = [j for j, values in enumerate(kinds) if values.size >= 2]
    skipped = [j for j in range(len(kinds)) if j not in columns]
    if not columns:
        raise ShapeError("No item has two different marks: there is nothing to fit.")
    codes = np.ascontiguousarray(codes[:, columns])
    kinds = [kinds[j] for j in columns]
    group = np.zeros(codes.shape[0], dtype=np.int64)
    if groups is not None:
        _, group = np.unique(np.asarray(groups), return_inverse=True)
        if group.shape != (codes.shape[0],):
            raise ShapeError(f"{group.size} groups for {codes.shape[0]} persons.")
    n_groups = int(group.max()) + 1 if group.size else 1
    items = starting_values(model, codes, kinds)
    known = {columns.index(j): value for j, value in (fixed or {}).items() if j in columns}
    for j, (slope, intercepts) in known.items():
        items.slopes[j], items.intercepts[j] = slope, np.asarray(intercepts, dtype=np.float64)
        if items.intercepts[j].size != kinds[j].size - 1:
            raise ShapeError(
                f"Fixed item {columns[j] + 1} has {items.intercepts[j].size} intercepts for {kinds[j].size} marks."
            )
    rasch = model in ("rasch", "pcm")
    problem = Problem(codes, items, group, n_groups, known, prior, rasch, not rasch, nodes, reach)
    x = problem.pack(items, np.zeros(n_groups), np.ones(n_groups))
    exact = codes.shape[0] <= EXACT_INFORMATION_TO
    x, passes = _em(problem, x, EM_PASSES)
    x, more, converged, information = newton(problem, x, exact=exact, information_after=errors)
    loglik, _ = problem.expect(x, double=True)
    loglik -= problem.penalty(x)
    free = problem.free
    inner = information[np.ix_(free, free)]
    se = np.full(x.size, np.nan)
    covariance = np.full(inner.shape, np.nan)
    notes = []
    if errors:
        scale = np.sqrt(np.maximum(np.abs(np.diag(inner)), 1e-12))
        inverse = _inverse(inner / np.outer(scale, scale))
        if inverse is not None:
            covariance = inverse / np.outer(scale, scale)
            se[free] = np.sqrt(np.diag(covariance))
        else:
            notes.append("The information matrix is singular: the data do not determine every parameter; no errors.")
    final, means, sds = problem.unpack(x)
    if np.abs(x[: problem.n_items_parameters]).max() > 30:
        notes.append("A parameter ran away: an item separates the persons completely. Use a prior.")
    sizes = final.sizes
    tail = se[problem.n_items_parameters :].reshape(-1, 2)
    return Fit(
        final,
        columns,
        skipped,
        means,
        sds,
        loglik,
        converged,
        passes + more,
        int(free.sum()),
        se[problem.starts],
        [se[s + 1 : s + k] for s, k in zip(problem.starts, sizes)],
        tail[:, 1] * sds,
        covariance,
        free,
        codes,
        group,
        problem.theta,
        notes,
    )
