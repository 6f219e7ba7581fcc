"""Watching a live test: CUSUM of facilities, drift with shrinkage, response times. Evidence, never a verdict."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sjt.errors import ShapeError
from sjt.psychometrics._validate import FloatArray, as_matrix, as_vector
from sjt.psychometrics.smallsample import shrink

BoolArray = NDArray[np.bool_]
RAPID_SHARE, RAPID_SECONDS = 0.10, 10.0
"""Normative threshold NT10: a tenth of the item's mean time, ten seconds at most (Wise & Ma 2012)."""
READING_WORDS_PER_SECOND = 8.0
EFFORT = 0.90
TIME_Z = 3.0
DRIFT_SIZE, DRIFT_PROBABILITY = 0.10, 0.95


@dataclass(frozen=True)
class Cusum:
    """Upper and lower sums after each value, and the index of the first signal (None if none)."""

    upper: FloatArray
    lower: FloatArray
    first_signal: int | None


def cusum(values: ArrayLike, mean: float, sd: float, k: float = 0.5, h: float = 4.0) -> Cusum:
    """Two-sided CUSUM of standardised values.

    Parameters
    ----------
    values : array_like
        An item's facility (say) sitting by sitting; NaN leaves the sums where they are.
    mean, sd : float
        What it should be, and its standard error; sd above 0.
    k, h : float
        Slack and limit, in SDs.

    References
    ----------
    .. [1] Page, E. S. (1954). Continuous inspection schemes. Biometrika, 41.
    """
    x = as_vector(values, name="Values", missing=True)
    if not (np.isfinite(sd) and sd > 0 and np.isfinite(mean)):
        raise ShapeError(f"A CUSUM needs a finite mean and an SD above 0; here {mean} and {sd}.")
    upper, lower = np.zeros(x.size), np.zeros(x.size)
    up = down = 0.0
    signal: int | None = None
    for i, value in enumerate(x):
        if np.isfinite(value):
            z = (float(value) - mean) / sd
            up, down = max(0.0, up + z - k), max(0.0, down - z - k)
        upper[i], lower[i] = up, down
        if signal is None and (up > h or down > h):
            signal = i
    return Cusum(upper, lower, signal)


@dataclass(frozen=True)
class Drift:
    """Change of every item's facility from one window to another.

    Attributes
    ----------
    change, se : ndarray
        Raw change and its standard error.
    shrunken, sd : ndarray
        Pulled towards the mean change of all items, which is the cohorts' difference and no drift.
    common : float
        That mean change.
    probability_easier, probability_harder : ndarray
        Posterior probability of a change of more than .10 beyond the common one.
    flagged : ndarray of bool
    """

    change: FloatArray
    se: FloatArray
    shrunken: FloatArray
    sd: FloatArray
    common: float
    probability_easier: FloatArray
    probability_harder: FloatArray
    flagged: BoolArray


def drift(
    before: ArrayLike,
    after: ArrayLike,
    high: ArrayLike,
    low: ArrayLike | float = 0.0,
    *,
    size: float = DRIFT_SIZE,
    certainty: float = DRIFT_PROBABILITY,
) -> Drift:
    """Compare the facilities of two windows, shrunken towards the change all items share.

    Parameters
    ----------
    before, after : array_like, shape (n_persons, n_items)
        Marks; NaN where not presented.
    high, low : array_like
        Limits of each item's marks.
    size, certainty : float
        Change of facility that matters, and how likely it must be.

    Returns
    -------
    Drift
        NaN for an item with fewer than two persons in a window.
    """
    parts = []
    span = np.asarray(high, dtype=np.float64) - np.asarray(low, dtype=np.float64)
    for values, name in ((before, "Before"), (after, "After")):
        x = (as_matrix(values, name=name, rows="person", columns="item", missing=True) - np.asarray(low)) / span
        n = np.isfinite(x).sum(axis=0)
        filled = np.where(np.isfinite(x), x, 0.0)
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = filled.sum(axis=0) / n
            squares = np.where(np.isfinite(x), (x - mean) ** 2, 0.0).sum(axis=0)
            variance = (squares + 0.25) / (n + 1) / n  # a quarter mark of doubt: nobody wrong is not a zero error
        parts.append((np.where(n > 1, mean, nan), np.where(n > 1, variance, nan)))
    change = parts[1][0] - parts[0][0]
    se = np.sqrt(parts[0][1] + parts[1][1])
    found = shrink(change, se)
    common = found.mean
    if not found.tau2 > 0:  # nothing beyond chance: the posterior is the common change itself
        estimate = np.where(np.isfinite(change), common, nan)
        sd = np.where(np.isfinite(change), 0.0, nan)
    else:
        estimate, sd = found.estimate, found.sd
    from scipy.special import ndtr

    with np.errstate(invalid="ignore", divide="ignore"):
        width = np.maximum(sd, 1e-12)
        easier = ndtr((estimate - common - size) / width)
        harder = ndtr((common - estimate - size) / width)
        flagged = (np.maximum(easier, harder) > certainty) | (
            (np.abs(change - common) > size) & (np.abs(change - common) > 3.3 * se)
        )
    return Drift(change, se, estimate, sd, common, easier, harder, np.asarray(flagged & np.isfinite(change)))


def rapid_thresholds(mean_seconds: ArrayLike, words: ArrayLike | None = None) -> FloatArray:
    """Seconds under which a response is too rapid: a tenth of the mean time, ten seconds at most.

    Parameters
    ----------
    mean_seconds : array_like
    words : array_like, optional
        Words of each item with its scenario: a response faster than words ÷ 8 seconds was not read either.
    """
    mean = as_vector(mean_seconds, name="Mean times", missing=True)
    limit = np.minimum(RAPID_SHARE * mean, RAPID_SECONDS)
    if words is not None:
        limit = np.maximum(limit, as_vector(words, name="Words", missing=True) / READING_WORDS_PER_SECOND)
    return np.asarray(limit)


@dataclass(frozen=True)
class Effort:
    """Rapid responses (persons × items), share of responses that were not rapid, and who falls below .90."""

    thresholds: FloatArray
    rapid: BoolArray
    effort: FloatArray
    flagged: BoolArray
    item_share: FloatArray


def rapid_guessing(seconds: ArrayLike, words: ArrayLike | None = None) -> Effort:
    """Find responses too fast to have been considered, and response-time effort.

    Parameters
    ----------
    seconds : array_like, shape (n_persons, n_items)
        Time on each item; NaN where not presented.
    words : array_like, optional

    References
    ----------
    .. [1] Wise, S. L. & Kong, X. (2005). Response time effort: a new measure of examinee motivation in computer-based
       tests. Applied Measurement in Education, 18.
    """
    t = _times(seconds)
    seen = np.isfinite(t)
    with np.errstate(invalid="ignore", divide="ignore"):
        limit = rapid_thresholds(np.where(seen, t, 0.0).sum(axis=0) / seen.sum(axis=0), words)
        rapid = np.asarray(seen & (t < limit))
        effort = 1 - rapid.sum(axis=1) / seen.sum(axis=1)
        share = rapid.sum(axis=0) / seen.sum(axis=0)
        return Effort(limit, rapid, effort, np.asarray(effort < EFFORT), share)


def _times(seconds: ArrayLike) -> FloatArray:
    t = as_matrix(seconds, name="Times", rows="person", columns="item", missing=True)
    if (t < 0).any():
        raise ShapeError("Times must not be negative.")
    return t


@dataclass(frozen=True)
class TimeModel:
    """Log-normal response times: log t = intensity of the item − speed of the person + error.

    Attributes
    ----------
    intensity, discrimination : ndarray, shape (n_items,)
    speed : ndarray, shape (n_persons,)
    residual : ndarray, shape (n_persons, n_items)
        Standardised; large negative: much faster than this person on this item should be.
    person_z : ndarray
        How odd the person's whole pattern of times is; above 3 is worth a look.
    flagged : ndarray of bool
    """

    intensity: FloatArray
    discrimination: FloatArray
    speed: FloatArray
    residual: FloatArray
    person_z: FloatArray
    flagged: BoolArray


def lognormal_times(seconds: ArrayLike, passes: int = 30) -> TimeModel:
    """Fit van der Linden's log-normal model by alternating weighted means.

    Parameters
    ----------
    seconds : array_like, shape (n_persons, n_items)
        NaN where not presented; at least 3 persons and 2 items.
    passes : int

    References
    ----------
    .. [1] van der Linden, W. J. (2006). A lognormal model for response times on test items. Journal of Educational
       and Behavioral Statistics, 31.
    """
    t = _times(seconds)
    if t.shape[0] < 3 or t.shape[1] < 2:
        raise ShapeError(f"The time model needs 3 persons and 2 items; here {t.shape[0]} and {t.shape[1]}.")
    seen = np.isfinite(t)
    logs = np.where(seen, np.log(np.maximum(np.where(seen, t, 1.0), 0.05)), 0.0)
    count_item, count_person = np.maximum(seen.sum(axis=0), 1), np.maximum(seen.sum(axis=1), 1)
    intensity, speed = logs.sum(axis=0) / count_item, np.zeros(t.shape[0])
    weight = np.ones(t.shape[1])
    for _ in range(passes):
        pull = (seen * weight).sum(axis=1)
        speed = ((intensity - logs) * seen * weight).sum(axis=1) / np.maximum(pull, 1e-12)
        speed -= speed.mean()
        intensity = ((logs + speed[:, None]) * seen).sum(axis=0) / count_item
        error = np.where(seen, logs - intensity + speed[:, None], 0.0)
        variance = (error**2).sum(axis=0) / count_item
        weight = 1 / np.maximum(variance, 1e-4)
    residual = np.where(seen, (logs - intensity + speed[:, None]) * np.sqrt(weight), nan)
    squares = np.where(seen, residual**2, 0.0).sum(axis=1)
    freedom = np.maximum(count_person - 1, 1)
    # Wilson and Hilferty: a χ² per degree of freedom to the third root is nearly normal
    person_z = (np.cbrt(squares / freedom) - (1 - 2 / (9 * freedom))) / np.sqrt(2 / (9 * freedom))
    person_z = np.where(seen.sum(axis=1) > 1, person_z, nan)
    return TimeModel(
        intensity, np.sqrt(weight), speed, residual, person_z, np.asarray(np.nan_to_num(person_z) > TIME_Z)
    )


def preknowledge(exposed: ArrayLike, secure: ArrayLike) -> FloatArray:
    """Standardised gap between each person's share on exposed and on secure items, shrunken towards the cohort's.

    Parameters
    ----------
    exposed, secure : array_like, shape (n_persons, n_items)
        Shares of the maximum, NaN where not presented.

    Returns
    -------
    ndarray
        z of the gap beyond the cohort's mean gap; NaN without two items of each kind.
    """
    parts = []
    for values, name in ((exposed, "Exposed"), (secure, "Secure")):
        x = as_matrix(values, name=name, rows="person", columns="item", missing=True)
        x = x - np.nanmean(x, axis=0)
        n = np.isfinite(x).sum(axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = np.where(np.isfinite(x), x, 0.0).sum(axis=1) / n
            spread = float(np.nanmean(np.nanvar(x, axis=0, ddof=1)))
            parts.append((np.where(n > 1, mean, nan), spread / n))
    gap = parts[0][0] - parts[1][0]
    se = np.sqrt(parts[0][1] + parts[1][1])
    return np.asarray((gap - np.nanmedian(gap)) / se)
