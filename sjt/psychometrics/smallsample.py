"""What small cohorts can carry: intervals, shrinkage, and the policy that says what may be shown and flagged.

Cohorts of an end-point assessment are 10 to 200 people. An item-rest correlation from 20 people has a
standard error of .22, so a point estimate alone would condemn a third of the good items.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from sjt.errors import ShapeError
from sjt.psychometrics.gram import FloatArray

NAN = float("nan")
Z95 = 1.959963984540054


@dataclass(frozen=True)
class Policy:
    """What the number of persons allows, by the small-N policy."""

    name: str
    statistics: bool
    """Discrimination may be shown at all."""
    shrunken: bool
    """Discrimination is shown shrunken towards the other items' mean."""
    flags: str
    """``none``, ``advisory`` or ``full``."""
    large: bool
    """Omega, DIF and linear equating may be shown."""
    words: str


STEPS = (10, 30, 100, 200)
"""Persons from which facility, shrunken discrimination, flags and every statistic are given; a profile may differ."""


def policy(n: int, steps: tuple[int, int, int, int] = STEPS) -> Policy:
    """Say what a sample of n persons can carry.

    Parameters
    ----------
    n : int
        Persons presented the item (or the test).
    steps : tuple of int
        Where each tier begins, from the profile.

    Returns
    -------
    Policy

    Notes
    -----
    By default, under 10 counts only; 10–29 facility with its interval; 30–99 shrunken statistics and advisory flags;
    100–199 flags; from 200 also DIF, omega and linear equating.
    """
    one, two, three, four = steps
    if n < one:
        return Policy("counts", False, False, "none", False, f"Fewer than {one} persons: counts only.")
    if n < two:
        words = f"{one} to {two - 1} persons: facility with its interval; no verdict on discrimination."
        return Policy("facility", False, False, "none", False, words)
    if n < three:
        words = f"{two} to {three - 1} persons: discrimination shrunken towards the other items; flags are advice."
        return Policy("shrunken", True, True, "advisory", False, words)
    if n < four:
        words = f"{three} to {four - 1} persons: flags stand; too few for omega, DIF and linear equating."
        return Policy("flags", True, True, "full", False, words)
    return Policy("full", True, True, "full", True, f"{four} persons or more: every statistic is shown.")


def wilson(successes: ArrayLike, n: ArrayLike, z: float = Z95) -> tuple[FloatArray, FloatArray]:
    """Wilson's interval for a proportion.

    Parameters
    ----------
    successes, n : array_like
        Counts; NaN comes out where n is 0.
    z : float
        Normal quantile; 95 % by default.

    Returns
    -------
    low, high : ndarray

    References
    ----------
    .. [1] Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference. JASA, 22.
    """
    k, total = np.asarray(successes, dtype=np.float64), np.asarray(n, dtype=np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        p = k / total
        centre = (p + z * z / (2 * total)) / (1 + z * z / total)
        half = z / (1 + z * z / total) * np.sqrt(p * (1 - p) / total + z * z / (4 * total * total))
        low = np.where(k == 0, 0.0, np.maximum(centre - half, 0.0))
        high = np.where(k == total, 1.0, np.minimum(centre + half, 1.0))
    nothing = total <= 0
    return np.where(nothing, np.nan, low), np.where(nothing, np.nan, high)


def fisher_interval(r: ArrayLike, n: ArrayLike, z: float = Z95) -> tuple[FloatArray, FloatArray]:
    """Interval of a correlation by Fisher's z.

    Parameters
    ----------
    r, n : array_like
        Correlations and the number of persons behind each.

    Returns
    -------
    low, high : ndarray
        NaN with fewer than four persons; a correlation of ±1 has both ends there.
    """
    value, size = np.asarray(r, dtype=np.float64), np.asarray(n, dtype=np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        centre, half = np.arctanh(np.clip(value, -1.0, 1.0)), z / np.sqrt(size - 3)
        low, high = np.tanh(centre - half), np.tanh(centre + half)
    undefined = ~(size > 3) | ~np.isfinite(value)
    return np.where(undefined, np.nan, low), np.where(undefined, np.nan, high)


def t_interval(mean: ArrayLike, sd: ArrayLike, n: ArrayLike, level: float = 0.95) -> tuple[FloatArray, FloatArray]:
    """Student's interval of a mean; NaN with fewer than two persons."""
    from scipy.special import stdtrit

    centre, spread, size = (np.asarray(part, dtype=np.float64) for part in (mean, sd, n))
    with np.errstate(invalid="ignore", divide="ignore"):
        half = stdtrit(np.maximum(size - 1, 1), 0.5 + level / 2) * spread / np.sqrt(size)
    undefined = size < 2
    return np.where(undefined, np.nan, centre - half), np.where(undefined, np.nan, centre + half)


@dataclass(frozen=True)
class Shrunken:
    """Estimates pulled towards their common mean, as far as their standard errors say they should be."""

    mean: float
    tau2: float
    """Variance between the true values (DerSimonian and Laird)."""
    estimate: FloatArray
    sd: FloatArray
    """Posterior SD were mean and τ² known, ``√(τ² se²/(τ² + se²))``: 0 where τ² is estimated as 0."""
    spread: FloatArray
    """SD about the estimate with mean and τ² as uncertain as they are; intervals and probabilities use this one."""

    def below(self, threshold: float) -> FloatArray:
        """Posterior probability that each true value lies below a threshold."""
        from scipy.special import ndtr

        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(ndtr((threshold - self.estimate) / self.spread))

    def interval(self, z: float = Z95) -> tuple[FloatArray, FloatArray]:
        """Posterior interval of each true value."""
        return self.estimate - z * self.spread, self.estimate + z * self.spread


def shrink(estimate: ArrayLike, se: ArrayLike) -> Shrunken:
    """Shrink estimates of one kind (items, markers, forms) towards their weighted mean.

    Parameters
    ----------
    estimate, se : array_like, shape (m,)
        Estimates and their standard errors; NaN entries stay NaN and take no part.

    Returns
    -------
    Shrunken
        With a single usable estimate nothing is known of the spread, and it is left as it is.

    Notes
    -----
    ``μ + τ²/(τ² + se²) · (estimate − μ)`` with DerSimonian and Laird's τ²; ``sd²`` is ``τ² se²/(τ² + se²)``. Few
    estimates say little of τ², and where it comes out as 0 that sd would claim to know every value exactly. So
    ``spread`` integrates mean and τ out (flat priors, the normal hierarchical model) and adds the squared distance
    between that posterior mean and the estimate.

    References
    ----------
    .. [1] DerSimonian, R. & Laird, N. (1986). Meta-analysis in clinical trials. Controlled Clinical Trials, 7.
    """
    values, errors = np.asarray(estimate, dtype=np.float64), np.asarray(se, dtype=np.float64)
    if values.shape != errors.shape:
        raise ShapeError(f"Estimates and standard errors differ in shape: {values.shape} and {errors.shape}.")
    use = np.isfinite(values) & np.isfinite(errors) & (errors > 0)
    blank = np.full(values.shape, np.nan)
    if not use.any():
        return Shrunken(NAN, NAN, blank, blank.copy(), blank.copy())
    y, variance = values[use], errors[use] ** 2
    weight = 1 / variance
    fixed = float((weight * y).sum() / weight.sum())
    spread = float((weight * (y - fixed) ** 2).sum())
    room = float(weight.sum() - (weight**2).sum() / weight.sum())
    tau2 = max(0.0, (spread - (len(y) - 1)) / room) if room > 0 else 0.0
    weight = 1 / (variance + tau2)
    centre = float((weight * y).sum() / weight.sum())
    out, sd = blank, blank.copy()
    if len(y) == 1:
        out[use], sd[use] = y, errors[use]
        return Shrunken(centre, NAN, out, sd, sd.copy())
    keep = tau2 / (tau2 + variance)
    out[use] = centre + keep * (y - centre)
    sd[use] = np.sqrt(keep * variance)
    spread_of = blank.copy()
    spread_of[use] = _spread(y, variance, out[use])
    return Shrunken(centre, tau2, out, sd, spread_of)


TAU_POINTS = 80


def _spread(y: FloatArray, variance: FloatArray, about: FloatArray) -> FloatArray:
    """Root of the mean squared distance of the true values from ``about``, mean and τ integrated out."""
    top = 3 * float(np.sqrt(max(float(y.var()), float(variance.max()))))
    tau = (np.arange(TAU_POINTS) + 0.5) / TAU_POINTS * top
    whole = variance + tau[:, None] ** 2
    weight = 1 / whole
    of_mean = 1 / weight.sum(axis=1)
    centre = (weight * y).sum(axis=1) * of_mean
    log = 0.5 * np.log(of_mean) - 0.5 * (np.log(whole) + weight * (y - centre[:, None]) ** 2).sum(axis=1)
    share = np.exp(log - log.max())
    share /= share.sum()
    keep = tau[:, None] ** 2 * weight
    mean = centre[:, None] + keep * (y - centre[:, None])
    inner = keep * variance + (1 - keep) ** 2 * of_mean[:, None]
    return np.asarray(np.sqrt(share @ (inner + (mean - about) ** 2)))


def shrink_correlations(r: ArrayLike, n: ArrayLike) -> Shrunken:
    """Shrink correlations on Fisher's z; the result is on the z scale (``np.tanh`` brings it back)."""
    value, size = np.asarray(r, dtype=np.float64), np.asarray(n, dtype=np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        return shrink(np.arctanh(np.clip(value, -0.999, 0.999)), np.where(size > 3, 1 / np.sqrt(size - 3), np.nan))


def shrink_facilities(facility: ArrayLike, sd: ArrayLike, n: ArrayLike) -> Shrunken:
    """Shrink facilities on the logit; ``sd`` is the items' mark SD as a share of the maximum.

    Notes
    -----
    A facility of 0 or 1 is moved in by half a mark in n, and an SD of 0 is replaced by the binomial one
    at that point, so that no item is taken as known without error.
    """
    size = np.asarray(n, dtype=np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        p = np.clip(np.asarray(facility, dtype=np.float64), 0.5 / size, 1 - 0.5 / size)
        spread = np.asarray(sd, dtype=np.float64)
        spread = np.where(spread > 0, spread, np.sqrt(p * (1 - p)))
        return shrink(np.log(p / (1 - p)), np.where(size > 1, spread / np.sqrt(size) / (p * (1 - p)), np.nan))
