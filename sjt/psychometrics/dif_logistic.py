"""Uniform and non-uniform DIF by logistic regression: ordinal with proportional odds, binary as its two-category case.

The persons are counted by matching value, group and category first, so a model costs the same for 300 persons and
for 100,000.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, nan

import numpy as np
from numpy.typing import ArrayLike

from sjt.psychometrics._validate import FloatArray
from sjt.psychometrics.dif import chi2_tail

MOST_STEPS = 100
HALVINGS = 30
FLAT = 1e-10
TINY = 1e-300


@dataclass(frozen=True)
class OrdinalFit:
    """Log-likelihood and coefficients: thresholds of P(Y ≤ c), then slopes; not converged where they run away."""

    loglik: float
    thresholds: FloatArray
    slopes: FloatArray
    converged: bool


@dataclass(frozen=True)
class LogisticDif:
    """Likelihood-ratio tests and changes of Nagelkerke's R² between the models match, + group, + interaction."""

    lr_uniform: float
    lr_nonuniform: float
    lr_both: float
    p_uniform: float
    p_nonuniform: float
    p_both: float
    r2: tuple[float, float, float]
    converged: bool

    @property
    def delta_r2(self) -> float:
        """R² gained by group and interaction together."""
        return self.r2[2] - self.r2[0]


def proportional_odds(counts: ArrayLike, design: ArrayLike) -> OrdinalFit:
    """Fit P(Y ≤ c) = logistic(threshold_c − x·slope) by Fisher scoring with step halving.

    Parameters
    ----------
    counts : array_like, shape (n_rows, n_categories)
        Persons by row of the design and category; every category must occur.
    design : array_like, shape (n_rows, n_slopes)
        No constant column.
    """
    n = np.asarray(counts, dtype=np.float64)
    x = np.asarray(design, dtype=np.float64)
    rows, categories = n.shape
    cuts, slopes = categories - 1, x.shape[1]
    scale = np.maximum(np.abs(x).max(axis=0), TINY) if slopes else np.zeros(0)
    x = x / scale
    total = n.sum(axis=1)
    below = np.cumsum(n.sum(axis=0))[:-1] / total.sum()
    beta = np.concatenate([np.log(below / (1 - below)), np.zeros(slopes)])
    value, p, slope = _likelihood(n, x, beta, cuts)
    converged = False
    for _ in range(MOST_STEPS):
        padded = np.concatenate([np.zeros((rows, 1)), slope, np.zeros((rows, 1))], axis=1)
        jacobian = np.zeros((rows, categories, cuts + slopes))
        for c in range(cuts):
            jacobian[:, c, c] += slope[:, c]
            jacobian[:, c + 1, c] -= slope[:, c]
        if slopes:
            jacobian[:, :, cuts:] = -(padded[:, 1:] - padded[:, :-1])[:, :, None] * x[:, None, :]
        gradient = np.einsum("rc,rcq->q", n / p, jacobian)
        flat = (jacobian * np.sqrt(total[:, None] / p)[:, :, None]).reshape(rows * categories, -1)
        information = flat.T @ flat
        step = np.linalg.lstsq(information, gradient, rcond=1e-12)[0]
        gain = float(gradient @ step)
        if gain < FLAT:
            converged = True
            break
        for halving in range(HALVINGS):
            trial = beta + step * 0.5**halving
            if (np.diff(trial[:cuts]) > 0).all():
                new, new_p, new_slope = _likelihood(n, x, trial, cuts)
                if new >= value:
                    break
        else:
            break
        beta, value, p, slope = trial, new, new_p, new_slope
    runaway = bool(np.abs(beta).max() > 40)
    return OrdinalFit(value, beta[:cuts], beta[cuts:] / scale, converged and not runaway)


def _likelihood(n: FloatArray, x: FloatArray, beta: FloatArray, cuts: int) -> tuple[float, FloatArray, FloatArray]:
    """Log-likelihood, category probabilities, and the logistic density at every threshold."""
    eta = beta[None, :cuts] - (x @ beta[cuts:])[:, None]
    low = 1 / (1 + np.exp(np.clip(-eta, -500, 500)))
    high = 1 / (1 + np.exp(np.clip(eta, -500, 500)))
    p = np.empty((x.shape[0], cuts + 1))
    p[:, 0], p[:, -1] = low[:, 0], high[:, -1]
    if cuts > 1:  # the difference from whichever side keeps its digits
        p[:, 1:-1] = np.where(eta[:, 1:] > 0, high[:, :-1] - high[:, 1:], low[:, 1:] - low[:, :-1])
    p = np.maximum(p, TINY)
    return float((n * np.log(p)).sum()), p, low * high


def logistic_dif(match: ArrayLike, group: ArrayLike, category: ArrayLike) -> LogisticDif | None:
    """Compare the three nested models of one item.

    Parameters
    ----------
    match : array_like, shape (n,)
        Matching score; its unit does not matter.
    group : array_like, shape (n,)
        0 reference, 1 focal.
    category : array_like, shape (n,)
        Whole numbers from 0 in the order of the marks.

    Returns
    -------
    LogisticDif or None
        None when the item has one category, one group or one matching value. ``converged`` is false when a group or
        the match separates the categories wholly: the likelihood ratios stand, the coefficients have no finite value.

    References
    ----------
    .. [1] Swaminathan, H. & Rogers, H. J. (1990). Detecting differential item functioning using logistic regression
       procedures. Journal of Educational Measurement, 27.
    .. [2] Zumbo, B. D. (1999). A handbook on the theory and methods of differential item functioning.
    """
    z, g = np.asarray(match, dtype=np.float64), np.asarray(group)
    kinds, y = np.unique(np.asarray(category), return_inverse=True)
    values, at = np.unique(z, return_inverse=True)
    if kinds.size < 2 or values.size < 2 or np.unique(g).size < 2:
        return None
    spread = float(z.std())
    row = at * 2 + g
    counts = np.bincount(row * kinds.size + y, minlength=values.size * 2 * kinds.size).reshape(-1, kinds.size)
    standard = np.repeat((values - float(z.mean())) / spread, 2)
    focal = np.tile([0.0, 1.0], values.size)
    used = counts.sum(axis=1) > 0
    n, standard, focal = counts[used].astype(np.float64), standard[used], focal[used]
    designs = (
        np.column_stack([standard]),
        np.column_stack([standard, focal]),
        np.column_stack([standard, focal, standard * focal]),
    )
    fits = [proportional_odds(n, design) for design in designs]
    share = n.sum(axis=0) / n.sum()
    null = float((n.sum(axis=0) * np.log(share)).sum())
    one, two, three = (fit.loglik for fit in fits)
    uniform, nonuniform, both = (max(0.0, 2 * (b - a)) for a, b in ((one, two), (two, three), (one, three)))
    size = float(n.sum())
    most = 1 - exp(2 / size * null)
    r2 = tuple((1 - exp(-2 / size * (fit.loglik - null))) / most if most > 0 else nan for fit in fits)
    return LogisticDif(
        uniform,
        nonuniform,
        both,
        chi2_tail(uniform),
        chi2_tail(nonuniform),
        exp(-both / 2),
        (r2[0], r2[1], r2[2]),
        all(fit.converged for fit in fits),
    )
