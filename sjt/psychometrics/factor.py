"""Omega: one-factor maximum likelihood, minimum residuals, and the Schmid–Leiman general factor.

Small dense fits written here because they must not need an optimiser's start-up time, must not depend on
a random start, and must say when they did not converge.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sjt.psychometrics.gram import BoolArray, FloatArray
from sjt.psychometrics.reliability import NAN, correlation, undefined_because

LEVEL = 1e-14
"""Criteria this close are one value in double precision."""


@dataclass(frozen=True)
class OneFactor:
    """A one-factor solution.

    Attributes
    ----------
    loadings, residuals : ndarray, shape (k,)
        In the units of the matrix fitted.
    converged : bool
    heywood : bool
        Some residual variance is not positive: the solution is improper.
    """

    loadings: FloatArray
    residuals: FloatArray
    converged: bool
    heywood: bool
    iterations: int

    @property
    def omega(self) -> float:
        """``(Σλ)² / ((Σλ)² + Σθ)``."""
        common = float(self.loadings.sum()) ** 2
        return common / (common + float(self.residuals.sum()))


def one_factor_ml(cov: FloatArray, iterations: int = 500, near: OneFactor | None = None) -> OneFactor | None:
    """Fit one factor to a covariance matrix by maximum likelihood.

    Parameters
    ----------
    cov : ndarray, shape (k, k)
        Positive definite covariance matrix, k at least 3.
    iterations : int
        Largest number of scoring steps.
    near : OneFactor, optional
        The solution of a matrix nearby, to start from.

    Returns
    -------
    OneFactor or None
        None when the matrix is not positive definite, an item has no variance, or k is below 3.

    Notes
    -----
    Fisher scoring on loadings and residual variances with step halving, started at the minimum-residual
    solution; residual variances may become negative (Heywood), as in lavaan, and are then reported so.
    """
    k = len(cov)
    if k < 3 or undefined_because(cov) or not np.all(np.diag(cov) > 0):
        return None
    sd = np.sqrt(np.diag(cov))
    matrix = correlation(cov)
    if np.linalg.eigvalsh(matrix)[0] < 1e-10:
        return None
    if near is None:
        loading = minres(matrix, 1).loadings[:, 0]
        residual = np.clip(1 - loading**2, 0.05, 1.0)
    else:
        loading, residual = near.loadings / sd, near.residuals / sd**2
    value = _discrepancy(matrix, loading, residual)
    converged, steps = False, 0
    while steps < iterations and not converged:
        steps += 1
        gradient, hessian, information = _derivatives(matrix, loading, residual)
        if float(np.abs(gradient).max()) < 1e-11:
            converged = True
            break
        move = _descent(gradient, hessian, information)
        if move is None:
            break
        size, new_value = 1.0, float("inf")
        while size > 1e-6:
            new_value = _discrepancy(matrix, loading + size * move[:k], residual + size * move[k:])
            if new_value <= value + 1e-13:
                break
            size /= 2
        else:
            converged = float(np.abs(gradient).max()) < 1e-7
            break
        loading, residual, value = loading + size * move[:k], residual + size * move[k:], new_value
        converged = float(np.abs(size * move).max()) < 1e-12
    if loading.sum() < 0:
        loading = -loading
    return OneFactor(loading * sd, residual * sd**2, converged, bool((residual <= 0).any()), steps)


def _inverse(loading: FloatArray, residual: FloatArray) -> FloatArray:
    """Inverse of ``λλ' + diag(θ)`` by Sherman and Morrison."""
    scaled = loading / residual
    return np.asarray(np.diag(1 / residual) - np.outer(scaled, scaled) / (1 + float(loading @ scaled)))


def _discrepancy(matrix: FloatArray, loading: FloatArray, residual: FloatArray) -> float:
    """``log|Σ| + tr(S Σ⁻¹)``, infinite where Σ is not positive definite."""
    if (residual == 0).any():
        return float("inf")
    one = 1 + float((loading**2 / residual).sum())
    negative = int((residual < 0).sum())
    if negative > 1 or (negative == 1) != (one < 0) or one == 0:
        return float("inf")
    return float(np.log(np.abs(residual)).sum() + np.log(abs(one)) + (matrix * _inverse(loading, residual)).sum())


def _derivatives(
    matrix: FloatArray, loading: FloatArray, residual: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Gradient, Hessian and expected Hessian of the discrepancy in (loadings, residual variances)."""
    w = _inverse(loading, residual)
    a = w @ matrix @ w
    u, v = w @ loading, a @ loading
    q, s = float(loading @ u), float(loading @ v)
    gradient = np.concatenate([2 * (u - v), np.diag(w - a)])
    expected_ll = 2 * (q * w + np.outer(u, u))
    expected_lp = 2 * w * u[None, :]
    expected = np.block([[expected_ll, expected_lp], [expected_lp.T, w**2]])
    crossed = np.outer(u, v)
    ll = 2 * (w - a) - expected_ll + 2 * (crossed + crossed.T + q * a + s * w)
    lp = 2 * (a * u[None, :] + w * v[None, :]) - expected_lp
    return gradient, np.block([[ll, lp], [lp.T, 2 * w * a - w**2]]), expected


def _descent(gradient: FloatArray, hessian: FloatArray, information: FloatArray) -> FloatArray | None:
    """Newton's step where the Hessian is positive definite, else Fisher's; None where neither exists."""
    for second in (hessian, information):
        try:
            np.linalg.cholesky(second)
            return np.asarray(-np.linalg.solve(second, gradient))
        except np.linalg.LinAlgError:
            continue
    return None


@dataclass(frozen=True)
class MinRes:
    """Minimum-residual factors of a correlation matrix, unrotated: loadings of shape (k, factors).

    ``curvature`` is what the steps learnt of the inverse Hessian, from which a matrix nearby is solved in a few.
    """

    loadings: FloatArray
    converged: bool
    curvature: FloatArray


def minres(matrix: FloatArray, factors: int, iterations: int = 1000, near: MinRes | None = None) -> MinRes:
    """Fit factors by minimising the squared off-diagonal residuals of a correlation matrix.

    Parameters
    ----------
    matrix : ndarray, shape (k, k)
        Correlation matrix.
    factors : int
        Number of factors, below k.
    iterations : int
        Largest number of steps.
    near : MinRes, optional
        The solution of a matrix nearby, to start from.

    Notes
    -----
    Communalities between .005 and 1 by quasi-Newton steps on the uniquenesses (the loadings given the
    uniquenesses are an eigenproblem), which is Harman's minres.
    """
    k = len(matrix)

    def loadings_of(unique: FloatArray) -> FloatArray:
        values, vectors = np.linalg.eigh(matrix - np.diag(unique))
        top = np.argsort(values)[::-1][:factors]
        return np.asarray(vectors[:, top] * np.sqrt(np.maximum(values[top], 0.0)))

    def value_of(unique: FloatArray) -> tuple[float, FloatArray]:
        part = loadings_of(unique)
        residual = matrix - part @ part.T - np.diag(unique)
        return 0.5 * float((residual**2).sum()), -np.diag(residual).copy()

    unique = np.clip(1 - (_first_guess(matrix) if near is None else (near.loadings**2).sum(axis=1)), 0.005, 1.0)
    value, gradient = value_of(unique)
    inverse_hessian = np.eye(k) if near is None else near.curvature.copy()
    converged = False
    before: BoolArray | None = None
    for _ in range(iterations):
        free = ~(((unique <= 0.005) & (gradient > 0)) | ((unique >= 1.0) & (gradient < 0)))
        if before is not None and not np.array_equal(free, before):
            inverse_hessian = np.eye(k)  # what was learnt with a uniqueness at its bound misleads without it
        before = free
        if not free.any() or float(np.abs(gradient[free]).max()) < 1e-10:
            converged = True
            break
        masked = np.where(free, gradient, 0.0)
        move = -(inverse_hessian @ masked)
        move[~free] = 0.0
        if float(move @ masked) >= 0:
            inverse_hessian, move = np.eye(k), -masked
        size = 1.0
        while size > 1e-12:
            trial = np.clip(unique + size * move, 0.005, 1.0)
            new_value, new_gradient = value_of(trial)
            if new_value <= value + 1e-4 * float(masked @ (trial - unique)):
                break
            if new_value <= value + LEVEL and _largest(new_gradient, free) < _largest(gradient, free) / 2:
                break  # level in double precision, but the slope still tells the way: the last digits need it
            size /= 2
        else:
            converged = float(np.abs(masked).max()) < 1e-6
            break
        moved, turned = np.where(free, trial - unique, 0.0), np.where(free, new_gradient - gradient, 0.0)
        curvature = float(moved @ turned)
        if curvature > 1e-14:
            carried = inverse_hessian @ turned
            inverse_hessian += (1 + float(turned @ carried) / curvature) * np.outer(moved, moved) / curvature
            inverse_hessian -= (np.outer(carried, moved) + np.outer(moved, carried)) / curvature
        still = not new_value < value and _largest(new_gradient, free) > _largest(gradient, free) / 2
        if still and float(np.abs(masked).max()) < 1e-7:
            converged = True  # neither value nor slope falls any more in double precision
            break
        unique, value, gradient = trial, new_value, new_gradient
    part = loadings_of(unique)
    signs = np.where(part.sum(axis=0) < 0, -1.0, 1.0)
    return MinRes(part * signs, converged, inverse_hessian)


def _largest(slope: FloatArray, free: BoolArray) -> float:
    return float(np.abs(slope[free]).max(initial=0.0))


def _first_guess(matrix: FloatArray) -> FloatArray:
    """Squared multiple correlations, or the largest correlation of each item where there are none."""
    try:
        own = np.diag(np.linalg.inv(matrix))
    except np.linalg.LinAlgError:
        own = np.full(len(matrix), np.nan)
    if (own > 1).all():
        return np.asarray(1 - 1 / own)
    # singular, or not positive definite with data missing by design
    return np.asarray(np.minimum(np.max(np.abs(matrix - np.eye(len(matrix))), axis=1), 1.0))


def oblimin(
    loadings: FloatArray, iterations: int = 1000, start: FloatArray | None = None
) -> tuple[FloatArray, FloatArray, bool]:
    """Rotate loadings obliquely by quartimin (direct oblimin, gamma 0), started unrotated.

    Parameters
    ----------
    loadings : ndarray, shape (k, factors)
    iterations : int
        Largest number of steps.
    start : ndarray, shape (factors, factors), optional
        Directions of the factors to start from.

    Returns
    -------
    pattern : ndarray, shape (k, factors)
    phi : ndarray, shape (factors, factors)
        Correlations of the factors.
    converged : bool

    Notes
    -----
    Jennrich's gradient, followed by quasi-Newton (BFGS) steps on the free columns whose directions are the factors:
    where the group factors are faint, steepest descent takes ten thousand steps to the same place.

    References
    ----------
    .. [1] Jennrich, R. I. (2002). A simple general method for oblique rotation. Psychometrika, 67(1).
    """
    m = loadings.shape[1]
    others = np.ones((m, m)) - np.eye(m)

    def at(free: FloatArray) -> tuple[float, FloatArray, FloatArray, FloatArray]:
        """Criterion, its slope in the free columns, the factors, the pattern."""
        norm = np.sqrt((free**2).sum(axis=0))
        turn = free / norm
        try:
            inverse = np.linalg.inv(turn)
        except np.linalg.LinAlgError:  # two factors fell together; a shorter step is taken
            return float("inf"), free, turn, loadings
        pattern = loadings @ inverse.T
        squares = pattern**2
        crossed = squares @ others
        gradient = -(pattern.T @ (pattern * crossed) @ inverse).T
        slope = (gradient - turn * (turn * gradient).sum(axis=0)) / norm
        return float((squares * crossed).sum()) / 4, slope, turn, pattern

    free = np.eye(m) if start is None else start
    value, slope, turn, pattern = at(free)
    inverse_hessian, converged = np.eye(m * m), False
    for _ in range(iterations):
        length = float(np.abs(slope).max())
        if length < 1e-10:
            converged = True
            break
        flat = slope.reshape(-1)
        move = -(inverse_hessian @ flat)
        if not float(move @ flat) < 0:
            inverse_hessian, move = np.eye(m * m), -flat
        size = min(1.0, 0.5 / float(np.abs(move).max()))
        while size > 1e-12:
            trial = free + size * move.reshape(m, m)
            new_value, new_slope, new_turn, new_pattern = at(trial)
            if new_value <= value + 1e-4 * size * float(move @ flat):
                break
            if new_value <= value + LEVEL and float(np.abs(new_slope).max()) < length / 2:
                break  # as in `minres`
            size /= 2
        else:
            converged = length < 1e-6  # no lower value in double precision
            break
        if not new_value < value and length < 1e-7 and float(np.abs(new_slope).max()) > length / 2:
            converged = True  # neither value nor slope falls any more in double precision
            break
        moved, turned = size * move, new_slope.reshape(-1) - flat
        curvature = float(moved @ turned)
        if curvature > 1e-18:
            carried = inverse_hessian @ turned
            inverse_hessian += (1 + float(turned @ carried) / curvature) * np.outer(moved, moved) / curvature
            inverse_hessian -= (np.outer(carried, moved) + np.outer(moved, carried)) / curvature
        free, value, slope, turn, pattern = trial, new_value, new_slope, new_turn, new_pattern
    return pattern, turn.T @ turn, converged


def omega_minres(matrix: FloatArray) -> float:
    """Omega total of one minimum-residual factor of a correlation matrix: ``1 − Σu² / ΣR``; NaN if undefined."""
    if len(matrix) < 3 or undefined_because(matrix):
        return NAN
    part = minres(matrix, 1)
    if not part.converged:
        return NAN
    return float(1 - (1 - (part.loadings**2).sum(axis=1)).sum() / matrix.sum())


@dataclass(frozen=True)
class General:
    """A Schmid–Leiman solution: the unrotated group factors, their pattern, and the general factor's loadings."""

    minres: MinRes
    pattern: FloatArray
    loadings: FloatArray


def general_factor(matrix: FloatArray, factors: int = 3, near: General | None = None) -> General | None:
    """Take a general factor out of rotated group factors; None with too few items or if a step did not converge.

    Parameters
    ----------
    matrix : ndarray, shape (k, k)
        Correlation matrix, k at least three times ``factors``.
    factors : int
    near : General, optional
        The solution of a matrix nearby, from which fit and rotation then start.
    """
    if len(matrix) < 3 * factors or undefined_because(matrix):
        return None
    part = minres(matrix, factors, near=None if near is None else near.minres)
    if not part.converged:
        return None
    turn = None if near is None else np.asarray(np.linalg.lstsq(near.pattern, part.loadings, rcond=None)[0].T, float)
    pattern, phi, converged = oblimin(part.loadings, start=turn)
    if not converged:
        return None
    signs = np.where(pattern.sum(axis=0) < 0, -1.0, 1.0)
    turned, among = pattern * signs, phi * signs[:, None] * signs[None, :]
    return General(part, pattern, turned @ minres(among, 1).loadings[:, 0])


def omega_hierarchical(matrix: FloatArray, factors: int = 3) -> float:
    """Share of the total's variance due to one general factor, by Schmid and Leiman.

    Parameters
    ----------
    matrix : ndarray, shape (k, k)
        Correlation matrix, k at least three times ``factors``.
    factors : int
        Group factors; 3, since the general factor of fewer is not determined.

    Returns
    -------
    float
        NaN when undefined, with too few items, or if a step did not converge.
    """
    found = general_factor(matrix, factors)
    return NAN if found is None else float(found.loadings.sum() ** 2 / matrix.sum())


def omega_hierarchical_near(matrix: FloatArray, near: General) -> float:
    """Hierarchical omega of a matrix near one that was solved; NaN if a step did not converge."""
    found = general_factor(matrix, near.pattern.shape[1], near)
    return NAN if found is None else float(found.loadings.sum() ** 2 / matrix.sum())


def omega_minres_near(matrix: FloatArray, near: MinRes) -> float:
    """Omega total of one minimum-residual factor of a matrix near one that was solved."""
    part = minres(matrix, 1, near=near)
    return float(1 - (1 - (part.loadings**2).sum(axis=1)).sum() / matrix.sum()) if part.converged else NAN


def one_factor_near(cov: FloatArray, near: OneFactor) -> float:
    """Omega total by maximum likelihood of a matrix near one that was solved; NaN if it does not converge."""
    fit = one_factor_ml(cov, near=near)
    return fit.omega if fit is not None and fit.converged else NAN
