"""Marginal maximum likelihood: EM with SQUAREM steps, a Newton finish on the observed information, standard errors.

Persons are one-hot rows over all categories of all items and over the groups, so that one matrix product with the
log probabilities gives every person's likelihood at every node, and one more with the posteriors gives the counts the
M-step needs. Missing answers are zeros.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sjt.errors import ShapeError
from sjt.psychometrics._validate import FloatArray
from sjt.psychometrics.irt_models import Items, Model, code, starting_values

NODES, REACH = 61, 6.0
CHUNK = 4096
SINGLE_FROM = 5000
"""From so many persons the products run in single precision; the last log-likelihood is always in double."""
EXACT_INFORMATION_TO = 3000
"""Above it the information for the errors is the cross product of the persons' scores: the same in the limit."""
EM_PASSES = 18
NEWTON_STEPS = 40
DECREMENT = 1e-9
FAINT = -60.0
"""Log of the faintest posterior kept: smaller ones become denormal numbers, which slow a product tenfold."""


@dataclass(frozen=True)
class Prior:
    """Normal priors of log slope and intercepts, for small samples."""

    slope_mean: float = 0.0
    slope_sd: float = 0.5
    intercept_sd: float = 3.0


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


class _Problem:
    def __init__(
        self,
        codes: NDArray[np.int16],
        items: Items,
        group: NDArray[np.int64],
        n_groups: int,
        fixed: Mapping[int, tuple[float, FloatArray]],
        prior: Prior | None,
        free_variance: bool,
        free_slopes: bool,
        nodes: int,
        reach: float,
    ) -> None:
        self.codes, self.items, self.group, self.n_groups = codes, items, group, n_groups
        self.theta = np.linspace(-reach, reach, nodes)
        self.prior = prior
        self.offsets = items.offsets
        self.width = int(self.offsets[-1]) + n_groups
        self.single = codes.shape[0] >= SINGLE_FROM
        sizes = items.sizes
        self.starts = self.offsets[:-1]  # item j has sizes[j] parameters: slope, then intercepts
        self.n_items_parameters = int(sizes.sum())
        total = self.n_items_parameters + 2 * n_groups
        self.free = np.ones(total, dtype=bool)
        if not free_slopes:
            self.free[self.starts] = False
        for j in fixed:
            self.free[self.starts[j] : self.starts[j] + sizes[j]] = False
        anchored = bool(fixed)
        for g in range(n_groups):
            self.free[self.n_items_parameters + 2 * g] = g > 0 or anchored
            self.free[self.n_items_parameters + 2 * g + 1] = g > 0 or free_variance or anchored
        self.rows = self._rows()

    def _rows(self) -> list[NDArray[Any]]:
        """One-hot rows in chunks; int8 would be smaller, but the product wants floats."""
        kind = np.float32 if self.single else np.float64
        n = self.codes.shape[0]
        keep = n * self.width * np.dtype(kind).itemsize <= 250_000_000
        return [self._chunk(s) for s in range(0, n, CHUNK)] if keep else []

    def _chunk(self, start: int) -> NDArray[Any]:
        block = self.codes[start : start + CHUNK]
        out = np.zeros((block.shape[0], self.width), dtype=np.float32 if self.single else np.float64)
        row, column = np.nonzero(block >= 0)
        out[row, self.starts[column] + block[row, column]] = 1.0
        out[np.arange(block.shape[0]), int(self.offsets[-1]) + self.group[start : start + CHUNK]] = 1.0
        return out

    def chunks(self) -> Iterator[tuple[int, NDArray[Any]]]:
        for number, start in enumerate(range(0, self.codes.shape[0], CHUNK)):
            yield start, self.rows[number] if self.rows else self._chunk(start)

    def pack(self, items: Items, means: FloatArray, sds: FloatArray) -> FloatArray:
        parts = [np.concatenate([[a], c]) for a, c in zip(items.slopes, items.intercepts)]
        return np.concatenate([*parts, np.column_stack([means, np.log(sds)]).ravel()])

    def unpack(self, x: FloatArray) -> tuple[Items, FloatArray, FloatArray]:
        sizes = self.items.sizes
        slopes = x[self.starts].copy()
        intercepts = [x[s + 1 : s + k].copy() for s, k in zip(self.starts, sizes)]
        tail = x[self.n_items_parameters :].reshape(-1, 2)
        return Items(self.items.model, self.items.marks, slopes, intercepts), tail[:, 0], np.exp(tail[:, 1])

    def log_prior(self, mean: float, log_sd: float) -> FloatArray:
        z = -0.5 * ((self.theta - mean) / np.exp(log_sd)) ** 2
        top = z.max()
        return np.asarray(z - top - np.log(np.exp(z - top).sum()))

    def table(self, x: FloatArray) -> FloatArray:
        items, _, _ = self.unpack(x)
        out = np.empty((self.width, self.theta.size))
        for j, s in enumerate(self.starts):
            out[s : s + items.sizes[j]] = np.log(items.probabilities(j, self.theta))
        tail = x[self.n_items_parameters :].reshape(-1, 2)
        for g, (mean, log_sd) in enumerate(tail):
            out[int(self.offsets[-1]) + g] = self.log_prior(mean, log_sd)
        return out

    def penalty(self, x: FloatArray) -> float:
        if self.prior is None:
            return 0.0
        items, _, _ = self.unpack(x)
        free = self.free[self.starts]
        a = np.maximum(items.slopes[free], 1e-6)
        out = -0.5 * (((np.log(a) - self.prior.slope_mean) / self.prior.slope_sd) ** 2).sum() - np.log(a).sum()
        for j, c in enumerate(items.intercepts):
            if self.free[self.starts[j] + 1]:
                out -= 0.5 * ((c / self.prior.intercept_sd) ** 2).sum()
        return float(out)

    def penalty_derivatives(self, x: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Gradient, and the diagonal of the negative Hessian."""
        g, h = np.zeros(x.size), np.zeros(x.size)
        if self.prior is None:
            return g, h
        for s, k in zip(self.starts, self.items.sizes):
            if self.free[s]:
                a = max(float(x[s]), 1e-6)
                z = (np.log(a) - self.prior.slope_mean) / self.prior.slope_sd**2
                g[s] = -(z + 1) / a
                h[s] = max(0.0, (1 / self.prior.slope_sd**2 - z - 1) / a**2)
            if self.free[s + 1]:
                g[s + 1 : s + k] = -x[s + 1 : s + k] / self.prior.intercept_sd**2
                h[s + 1 : s + k] = 1 / self.prior.intercept_sd**2
        return g, h

    def expect(self, x: FloatArray, *, double: bool = False) -> tuple[float, FloatArray]:
        """Log-likelihood (with the prior's part) and expected counts, categories and groups × nodes."""
        table = self.table(x)
        table_used = table if double or not self.single else table.astype(np.float32)
        counts = np.zeros((self.width, self.theta.size))
        loglik = 0.0
        for _, rows in self.chunks():
            r = rows.astype(np.float64) if double and self.single else rows
            like = r @ table_used
            top = like.max(axis=1, keepdims=True)
            like -= top
            np.maximum(like, FAINT, out=like)
            np.exp(like, out=like)
            total = like.sum(axis=1, keepdims=True)
            loglik += float(np.log(total.astype(np.float64)).sum() + top.astype(np.float64).sum())
            like /= total
            counts += r.T @ like
        return loglik + self.penalty(x), counts

    def gradient(self, x: FloatArray, counts: FloatArray) -> FloatArray:
        items, _, _ = self.unpack(x)
        out = np.zeros(x.size)
        for j, s in enumerate(self.starts):
            k = int(items.sizes[j])
            _, d = items.derivatives(j, self.theta)
            out[s : s + k] = np.einsum("kq,kqa->a", counts[s : s + k], d, optimize=True)
        for g in range(self.n_groups):
            at = self.n_items_parameters + 2 * g
            first, _ = self._prior_derivatives(x[at], x[at + 1])
            out[at : at + 2] = first @ counts[int(self.offsets[-1]) + g]
        return out + self.penalty_derivatives(x)[0]

    def _prior_derivatives(self, mean: float, log_sd: float) -> tuple[FloatArray, FloatArray]:
        """First (2 × Q) and second (2 × 2 × Q) derivatives of the log weights of the nodes."""
        weight = np.exp(self.log_prior(mean, log_sd))
        z = (self.theta - mean) / np.exp(log_sd)
        one = np.vstack([z / np.exp(log_sd), z * z])
        two = np.empty((2, 2, z.size))
        two[0, 0] = -1 / np.exp(2 * log_sd)
        two[0, 1] = two[1, 0] = -2 * z / np.exp(log_sd)
        two[1, 1] = -2 * z * z
        middle = one @ weight
        first = one - middle[:, None]
        spread = (one * weight) @ one.T - np.outer(middle, middle)
        return first, two - (two @ weight)[:, :, None] - spread[:, :, None]

    def complete_information(self, x: FloatArray, counts: FloatArray) -> FloatArray:
        items, _, _ = self.unpack(x)
        out = np.zeros((x.size, x.size))
        for j, s in enumerate(self.starts):
            k = int(items.sizes[j])
            out[s : s + k, s : s + k] = items.information_of_counts(j, self.theta, counts[s : s + k])
        for g in range(self.n_groups):
            at = self.n_items_parameters + 2 * g
            _, second = self._prior_derivatives(x[at], x[at + 1])
            out[at : at + 2, at : at + 2] = -second @ counts[int(self.offsets[-1]) + g]
        out[np.diag_indices(x.size)] += self.penalty_derivatives(x)[1]
        return out

    def m_step(self, x: FloatArray, counts: FloatArray) -> FloatArray:
        """One or two guarded Newton steps for every item on its expected counts; closed form for the groups."""
        items, _, _ = self.unpack(x)
        out = x.copy()
        slope_g, slope_h = self.penalty_derivatives(x)
        for j, s in enumerate(self.starts):
            k = int(items.sizes[j])
            free = self.free[s : s + k]
            if not free.any():
                continue
            r = counts[s : s + k]
            n = r.sum(axis=0)
            p, d = items.derivatives(j, self.theta)
            value = float((r * np.log(p)).sum())
            gradient = np.einsum("kq,kqa->a", r, d, optimize=True) + slope_g[s : s + k]
            flat = (d * np.sqrt(n[None, :] * p)[:, :, None]).reshape(-1, k)
            information = flat.T @ flat
            information[np.diag_indices(k)] += slope_h[s : s + k] + 1e-9
            step = np.zeros(k)
            step[free] = np.linalg.lstsq(information[np.ix_(free, free)], gradient[free], rcond=None)[0]
            largest = float(np.abs(step).max())
            size = min(1.0, 3.0 / largest) if largest > 0 else 1.0
            for _ in range(12):
                trial = out[s : s + k] + size * step
                if not self.items.graded or (np.diff(trial[1:]) < 0).all():
                    items.slopes[j], items.intercepts[j] = trial[0], trial[1:]
                    new = float((r * np.log(items.probabilities(j, self.theta))).sum())
                    if new >= value - 1e-6 * abs(value) or self.prior is not None:
                        out[s : s + k] = trial
                        break
                size /= 2
        for g in range(self.n_groups):
            at = self.n_items_parameters + 2 * g
            n = counts[int(self.offsets[-1]) + g]
            if n.sum() <= 0:
                continue
            mean = float(n @ self.theta / n.sum()) if self.free[at] else float(out[at])
            if self.free[at + 1]:
                out[at + 1] = 0.5 * np.log(max(1e-4, float(n @ (self.theta - mean) ** 2 / n.sum())))
            out[at] = mean
        return out

    def allowed(self, x: FloatArray) -> bool:
        if not np.isfinite(x).all() or np.abs(x).max() > 200:
            return False
        if (np.abs(x[self.n_items_parameters + 1 :: 2]) > 3).any():
            return False
        if self.prior is not None and (x[self.starts] <= 0).any():
            return False
        if self.items.graded:
            return all((np.diff(x[s + 1 : s + k]) < 0).all() for s, k in zip(self.starts, self.items.sizes))
        return True

    def scores(self, x: FloatArray) -> Iterator[tuple[NDArray[Any], NDArray[Any], FloatArray]]:
        """Chunk by chunk: one-hot rows, posteriors, and each person's gradient."""
        items, _, _ = self.unpack(x)
        table = self.table(x)
        kind = np.float32 if self.single else np.float64
        parts = []
        for j in range(items.sizes.size):
            k = int(items.sizes[j])
            _, d = items.derivatives(j, self.theta)
            parts.append(d.transpose(1, 0, 2).reshape(self.theta.size, k * k).astype(kind))
        firsts = [self._prior_derivatives(x[at], x[at + 1])[0].T for at in range(self.n_items_parameters, x.size, 2)]
        for start, rows in self.chunks():
            like = rows @ table.astype(kind)
            like -= like.max(axis=1, keepdims=True)
            np.maximum(like, FAINT, out=like)
            np.exp(like, out=like)
            like /= like.sum(axis=1, keepdims=True)
            out = np.zeros((rows.shape[0], x.size), dtype=kind)
            block = self.codes[start : start + CHUNK]
            index = np.arange(rows.shape[0])
            for j, s in enumerate(self.starts):
                k = int(items.sizes[j])
                here = block[:, j] >= 0
                picked = (like @ parts[j]).reshape(-1, k, k)[index, np.maximum(block[:, j], 0)]
                out[:, s : s + k] = np.where(here[:, None], picked, 0)
            for g, first in enumerate(firsts):
                at = self.n_items_parameters + 2 * g
                mine = self.group[start : start + CHUNK] == g
                out[mine, at : at + 2] = like[mine] @ first
            yield rows, like, out

    def observed_information(self, x: FloatArray, counts: FloatArray, *, exact: bool) -> FloatArray:
        """Louis's observed information, or the cross product of the scores."""
        cross = np.zeros((x.size, x.size))
        grams = np.zeros((self.theta.size, self.width, self.width)) if exact else None
        for rows, post, score in self.scores(x):
            cross += score.T @ score
            if grams is not None:
                for q in np.flatnonzero(post.sum(axis=0) > 1e-7):
                    weighted = rows * np.sqrt(post[:, q : q + 1])
                    grams[q] += weighted.T @ weighted
        if grams is None:
            cross[np.diag_indices(x.size)] += self.penalty_derivatives(x)[1]
            return cross
        items, _, _ = self.unpack(x)
        out = self.complete_information(x, counts) + cross
        derivative = np.zeros((self.theta.size, self.width, x.size))
        for j, s in enumerate(self.starts):
            k = int(items.sizes[j])
            derivative[:, s : s + k, s : s + k] = items.derivatives(j, self.theta)[1].transpose(1, 0, 2)
        for g in range(self.n_groups):
            at = self.n_items_parameters + 2 * g
            derivative[:, int(self.offsets[-1]) + g, at : at + 2] = self._prior_derivatives(x[at], x[at + 1])[0].T
        for node in range(self.theta.size):
            out -= derivative[node].T @ grams[node] @ derivative[node]
        return out


def _em(problem: _Problem, x: FloatArray, passes: int) -> tuple[FloatArray, int]:
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


def _newton(problem: _Problem, x: FloatArray, *, exact: bool) -> tuple[FloatArray, int, bool, FloatArray]:
    """Newton steps with halving on the observed information until the decrement vanishes."""
    value, counts = problem.expect(x)
    passes = 1
    information = problem.observed_information(x, counts, exact=exact)
    free = problem.free
    converged = False
    age = 0
    limit = DECREMENT if not problem.single else 1e-4
    for _ in range(NEWTON_STEPS):
        gradient = problem.gradient(x, counts)[free]
        inner = information[np.ix_(free, free)]
        scale = np.sqrt(np.maximum(np.diag(inner), 1e-8))
        values, vectors = np.linalg.eigh(inner / np.outer(scale, scale))
        values = np.maximum(np.abs(values), 1e-6)
        step = vectors @ ((vectors.T @ (gradient / scale)) / values) / scale
        gain = float(gradient @ step)
        if gain < limit:
            converged = True
            break
        size = min(1.0, 2.0 / float(np.abs(step).max()))
        for _ in range(10):
            trial = x.copy()
            trial[free] += size * step
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
    problem = _Problem(codes, items, group, n_groups, known, prior, rasch, not rasch, nodes, reach)
    x = problem.pack(items, np.zeros(n_groups), np.ones(n_groups))
    exact = codes.shape[0] <= EXACT_INFORMATION_TO
    x, passes = _em(problem, x, EM_PASSES)
    x, more, converged, information = _newton(problem, x, exact=exact)
    loglik, _ = problem.expect(x, double=True)
    loglik -= problem.penalty(x)
    free = problem.free
    inner = information[np.ix_(free, free)]
    se = np.full(x.size, np.nan)
    covariance = np.full(inner.shape, np.nan)
    notes = []
    if errors:
        scale = np.sqrt(np.maximum(np.abs(np.diag(inner)), 1e-12))
        values, vectors = np.linalg.eigh(inner / np.outer(scale, scale))
        if values.min() > 1e-9:
            covariance = (vectors / values) @ vectors.T / np.outer(scale, scale)
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
