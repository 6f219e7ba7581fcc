"""Items of one scenario share more than the common scale: a testlet model by marginal maximum likelihood.

η = θ + τ_d·z_d: everybody has a standing θ ~ N(0, 1) and, for each scenario d, an effect of spread τ_d. Given θ the
scenarios are independent, so that one more dimension is integrated at a time, however many scenarios there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sjt.errors import ShapeError
from sjt.psychometrics._validate import FloatArray
from sjt.psychometrics.irt_likelihood import Prior
from sjt.psychometrics.irt_mml import fit_mml
from sjt.psychometrics.irt_models import Items, Model, code

NODES, TESTLET_NODES = 31, 11
STEP = 1e-5
LEAST_LOG_TAU, MOST_LOG_TAU = -4.0, 1.5
CHUNK = 1024


@dataclass
class TestletFit:
    """A fitted testlet model.

    Attributes
    ----------
    items : Items
        On the scale of θ.
    testlets : list of str
        Those of two items and more, in the order of `tau`.
    tau, tau_se : ndarray
        Spread of each scenario's effect in SDs of θ, and its standard error; one common value if so fitted.
    loglik, loglik_without : float
        With and without scenario effects, on the same nodes.
    p : float
        Of the likelihood ratio; halved, since a spread cannot be below nought.
    converged : bool
    passes : int
    reliability, reliability_without : float
        Of EAP scores, allowing for the scenarios and taking them as independent items.
    """

    items: Items
    columns: list[int]
    testlets: list[str]
    tau: FloatArray
    tau_se: FloatArray
    loglik: float
    loglik_without: float
    p: float
    converged: bool
    passes: int
    reliability: float
    reliability_without: float


class _Problem:
    def __init__(
        self, codes: NDArray[np.int16], items: Items, groups: list[list[int]], common: bool, prior: Prior | None
    ):
        self.codes, self.items, self.groups, self.prior = codes, items, groups, prior
        theta, weight = np.polynomial.hermite_e.hermegauss(NODES)
        self.theta, self.weight = theta, weight / weight.sum()
        z, share = np.polynomial.hermite_e.hermegauss(TESTLET_NODES)
        self.z, self.share = z, share / share.sum()
        self.at = items.offsets
        self.width = int(self.at[-1])
        self.shared = [n for n, group in enumerate(groups) if len(group) > 1]
        self.n_tau = (1 if common else len(self.shared)) if self.shared else 0
        self.tau_of = {n: (0 if common else k) for k, n in enumerate(self.shared)}

    def pack(self, items: Items, log_tau: FloatArray) -> FloatArray:
        return np.concatenate([*(np.concatenate([[a], c]) for a, c in zip(items.slopes, items.intercepts)), log_tau])

    def unpack(self, x: FloatArray) -> tuple[Items, FloatArray]:
        slopes = x[self.at[:-1]].copy()
        cuts = [x[s + 1 : e].copy() for s, e in zip(self.at[:-1], self.at[1:])]
        return Items(self.items.model, self.items.marks, slopes, cuts), np.exp(x[self.width :])

    def nodes(self, group: int, tau: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """η of every pair of nodes, its scenario part, and the scenario's weights."""
        if group not in self.tau_of:
            return self.theta, np.zeros(self.theta.size), np.ones(1)
        effect = tau[self.tau_of[group]] * self.z
        return (self.theta[:, None] + effect).ravel(), np.tile(effect, self.theta.size), self.share

    def evaluate(self, x: FloatArray, *, scores: bool = False) -> tuple[float, FloatArray, FloatArray, FloatArray]:
        """Log-likelihood, its gradient, the persons' scores (if asked), and EAP with its variance."""
        items, tau = self.unpack(x)
        tables, slopes = [], []
        for n, group in enumerate(self.groups):
            eta, effect, _ = self.nodes(n, tau)
            logs, parts = [], []
            for j in group:
                p, d = items.derivatives(j, eta)
                up, down = items.probabilities(j, eta + STEP), items.probabilities(j, eta - STEP)
                logs.append(np.log(p))
                parts.append((d, (np.log(up) - np.log(down)) / (2 * STEP) * effect))
            tables.append(np.vstack(logs))
            slopes.append(parts)
        loglik, gradient = 0.0, np.zeros(x.size)
        rows_of: list[FloatArray] = []
        standing = []
        q = self.theta.size
        for start in range(0, self.codes.shape[0], CHUNK):
            block = self.codes[start : start + CHUNK]
            n_rows = block.shape[0]
            whole = np.tile(np.log(self.weight), (n_rows, 1))
            inner = []
            for n, group in enumerate(self.groups):
                like = np.zeros((n_rows, tables[n].shape[1]))
                row = 0
                for j in group:
                    here = block[:, j] >= 0
                    like[here] += tables[n][row + block[here, j].astype(np.int64)]
                    row += int(self.items.sizes[j])
                share = self.nodes(n, tau)[2]
                top = like.max(axis=1, keepdims=True)
                part = np.exp(like - top).reshape(n_rows, q, share.size) * share
                total = np.maximum(part.sum(axis=2), 1e-300)
                inner.append(part / total[:, :, None])
                whole += np.log(total) + top
            top = whole.max(axis=1, keepdims=True)
            post = np.exp(whole - top)
            total = post.sum(axis=1, keepdims=True)
            loglik += float((np.log(total) + top).sum())
            post /= total
            standing.append(np.column_stack([post @ self.theta, post @ self.theta**2]))
            person = np.zeros((n_rows, x.size))
            index = np.arange(n_rows)
            for n, group in enumerate(self.groups):
                joint = (post[:, :, None] * inner[n]).reshape(n_rows, -1)
                for j, (d, rise) in zip(group, slopes[n]):
                    here = block[:, j] >= 0
                    picked = np.maximum(block[:, j], 0)
                    k = int(self.items.sizes[j])
                    own = (joint @ d.transpose(1, 0, 2).reshape(joint.shape[1], k * k)).reshape(n_rows, k, k)
                    person[:, self.at[j] : self.at[j + 1]] += np.where(here[:, None], own[index, picked], 0.0)
                    if n in self.tau_of:
                        person[:, self.width + self.tau_of[n]] += np.where(here, (joint @ rise.T)[index, picked], 0.0)
            gradient += person.sum(axis=0)
            if scores:
                rows_of.append(person)
        value, pull = self._penalty(x)
        moments = np.vstack(standing)
        return loglik + value, gradient + pull, np.vstack(rows_of) if scores else np.zeros((0, 0)), moments

    def _penalty(self, x: FloatArray) -> tuple[float, FloatArray]:
        pull = np.zeros(x.size)
        if self.prior is None:
            return 0.0, pull
        a = np.maximum(x[self.at[:-1]], 1e-6)
        z = (np.log(a) - self.prior.slope_mean) / self.prior.slope_sd
        value = float(-0.5 * (z**2).sum() - np.log(a).sum())
        pull[self.at[:-1]] = -(z / self.prior.slope_sd + 1) / a
        for s, e in zip(self.at[:-1], self.at[1:]):
            value -= 0.5 * float(((x[s + 1 : e] / self.prior.intercept_sd) ** 2).sum())
            pull[s + 1 : e] = -x[s + 1 : e] / self.prior.intercept_sd**2
        return value, pull


def fit_testlets(
    marks: Any, testlet: Sequence[str], model: Model = "gpcm", *, common: bool | None = None, prior: Prior | None = None
) -> TestletFit:
    """Fit a response model with an effect of every scenario.

    Parameters
    ----------
    marks : array_like, shape (n_persons, n_items)
        NaN where an item was not presented; such gaps are taken to be by design.
    testlet : sequence of str
        Scenario of each item; one of a single item has no effect of its own.
    model : {'2pl', 'gpcm', 'grm'}
    common : bool, optional
        One spread for all scenarios; so below 500 persons if left out.
    prior : Prior, optional
        Of slopes and intercepts, for small samples.

    Raises
    ------
    ShapeError
        No scenario has two items, a scenario for each item is missing, or a model with fixed slopes.

    References
    ----------
    .. [1] Bradlow, E. T., Wainer, H. & Wang, X. (1999). A Bayesian random effects model for testlets.
       Psychometrika, 64.
    .. [2] Gibbons, R. D. & Hedeker, D. R. (1992). Full-information item bi-factor analysis. Psychometrika, 57.
    """
    from scipy.optimize import minimize
    from scipy.special import chdtrc

    x = np.asarray(marks, dtype=np.float64)
    if x.ndim != 2 or len(testlet) != x.shape[1]:
        raise ShapeError(f"{len(testlet)} scenarios for {x.shape[-1]} items; every item belongs to one.")
    if model in ("rasch", "pcm"):
        raise ShapeError("The testlet model takes 2pl, gpcm or grm.")
    start = fit_mml(x, model, prior=prior, errors=False)
    codes, _ = code(x)
    codes = np.ascontiguousarray(codes[:, start.columns])
    names = [str(testlet[j]) for j in start.columns]
    order = list(dict.fromkeys(names))
    groups = [[j for j, name in enumerate(names) if name == one] for one in order]
    if all(len(group) < 2 for group in groups):
        raise ShapeError("No scenario has two items with different marks: there is nothing they could share.")
    shared = x.shape[0] < 500 if common is None else common
    problem = _Problem(codes, start.items, groups, shared, prior)
    flat = _Problem(codes, start.items, [[j] for j in range(len(names))], True, prior)
    first = problem.pack(start.items, np.full(problem.n_tau, np.log(0.4)))
    # every parameter in units of its own error at the start
    opening = problem.evaluate(first, scores=True)[2]
    unit = 1 / np.sqrt(np.maximum((opening**2).sum(axis=0), 1e-3))

    def downhill(u: FloatArray) -> tuple[float, FloatArray]:
        value, gradient, _, _ = problem.evaluate(u * unit)
        return -value, -gradient * unit

    limits: list[tuple[float | None, float | None]] = [(None, None)] * problem.width
    limits += [(LEAST_LOG_TAU / scale, MOST_LOG_TAU / scale) for scale in unit[problem.width :]]
    found = minimize(
        downhill,
        first / unit,
        jac=True,
        method="L-BFGS-B",
        bounds=limits,
        options={"maxiter": 200, "ftol": 1e-10, "gtol": 1e-3},
    )
    at = np.asarray(found.x) * unit
    value, _, rows, moments = problem.evaluate(at, scores=True)
    # without effects the plain fit is the maximum; it is only looked at again on these nodes
    flat_at = flat.pack(start.items, np.zeros(0))
    flat_value, _, _, flat_moments = flat.evaluate(flat_at)
    items, tau = problem.unpack(at)
    information = rows.T @ rows
    values, vectors = np.linalg.eigh(information)
    se = np.full(problem.n_tau, nan)
    if values.min() > 1e-8:
        inverse = (vectors / values) @ vectors.T
        se = tau * np.sqrt(np.diag(inverse)[problem.width :])
    ratio = max(0.0, 2 * (value - flat_value))
    return TestletFit(
        items,
        start.columns,
        [order[n] for n in problem.shared],
        tau,
        se,
        value - problem._penalty(at)[0],
        flat_value - flat._penalty(flat_at)[0],
        float(chdtrc(problem.n_tau, ratio)) / 2,
        bool(found.success),
        int(found.nfev),
        _reliability(moments),
        _reliability(flat_moments),
    )


def _reliability(moments: FloatArray) -> float:
    """Variance of the EAP over itself and the mean error variance."""
    mean, error = moments[:, 0], np.maximum(moments[:, 1] - moments[:, 0] ** 2, 0.0)
    spread = float(mean.var(ddof=1)) if mean.size > 1 else nan
    return spread / (spread + float(error.mean()))
