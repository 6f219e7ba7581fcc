"""Two markers on the same scripts, and the severity of many markers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
import numpy.typing as npt
from scipy import stats

from sjt.errors import ShapeError
from sjt.psychometrics._validate import FloatArray, as_vector
from sjt.psychometrics.agreement import NAN


@dataclass(frozen=True, slots=True)
class PairAgreement:
    """Agreement of two markers on the same scripts.

    Attributes
    ----------
    kappa, kappa_se : float
        Cohen's kappa and its large-sample standard error.
    qwk, qwk_se, qwk_low, qwk_high : float
        Quadratic weighted kappa, its standard error and interval.
    exact, adjacent : float
        Share with the same mark, and with marks at most one apart (exact ones included).
    mean_diff, smd : float
        Mean of a − b, and that over the root of the mean of the two variances (divisor n − 1).
    pearson : float
    """

    n: int
    kappa: float
    kappa_se: float
    qwk: float
    qwk_se: float
    qwk_low: float
    qwk_high: float
    exact: float
    adjacent: float
    mean_diff: float
    smd: float
    pearson: float


def weighted_kappa(table: npt.ArrayLike, weights: npt.ArrayLike) -> tuple[float, float]:
    """Weighted kappa of a square table of counts and its large-sample standard error.

    Parameters
    ----------
    table : array-like, shape (c, c)
        Counts, first marker in rows.
    weights : array-like, shape (c, c)
        Agreement weights, 1 on the diagonal, 0 at the largest disagreement.

    Returns
    -------
    (kappa, se)
        NaN where chance agreement is complete.

    References
    ----------
    .. [1] Fleiss, J. L., Cohen, J., & Everitt, B. S. (1969). Psychological Bulletin, 72(5).
    """
    counts = np.asarray(table, dtype=np.float64)
    agree = np.asarray(weights, dtype=np.float64)
    n = counts.sum()
    p = counts / n
    rows, columns = p.sum(axis=1), p.sum(axis=0)
    observed = float(np.sum(agree * p))
    expected = float(rows @ agree @ columns)
    if 1 - expected < 1e-12:
        return NAN, NAN
    kappa = (observed - expected) / (1 - expected)
    row_mean, column_mean = agree @ columns, rows @ agree
    term = agree - (row_mean[:, None] + column_mean[None, :]) * (1 - kappa)
    variance = float(np.sum(p * term**2)) - (kappa - expected * (1 - kappa)) ** 2
    return kappa, sqrt(max(0.0, variance) / n) / (1 - expected)


def pair_agreement(
    a: npt.ArrayLike, b: npt.ArrayLike, *, scale: tuple[int, int], confidence: float = 0.95
) -> PairAgreement:
    """Agreement of two markers.

    Parameters
    ----------
    a, b : array-like of int, shape (n_scripts,)
    scale : (lowest, highest)
        Every mark between counts as a category, used or not.
    confidence : float
        Of the interval of weighted kappa.

    Raises
    ------
    ShapeError
        No scripts, lists of unequal length, or a mark that is not a whole number on the scale.
    """
    first, second = as_vector(a, name="First marker"), as_vector(b, name="Second marker")
    low, high = scale
    if first.size != second.size:
        raise ShapeError(f"{first.size} marks and {second.size} marks. Give both markers' mark of every script.")
    for name, marks in (("First", first), ("Second", second)):
        bad = (marks != np.round(marks)) | (marks < low) | (marks > high)
        if bad.any():
            where = ", ".join(str(i + 1) for i in np.flatnonzero(bad)[:20])
            raise ShapeError(f"{name} marker: places {where} are not whole marks from {low} to {high}. Correct them.")
    size = high - low + 1
    table = np.zeros((size, size))
    np.add.at(table, ((first - low).astype(np.intp), (second - low).astype(np.intp)), 1.0)
    apart = np.abs(np.arange(size)[:, None] - np.arange(size)[None, :])
    kappa, kappa_se = weighted_kappa(table, (apart == 0).astype(np.float64))
    qwk, qwk_se = weighted_kappa(table, 1 - (apart / max(1, size - 1)) ** 2)
    reach = float(stats.norm.ppf(0.5 + confidence / 2)) * qwk_se
    difference = first - second
    spread = NAN
    pearson = NAN
    if first.size > 1:
        pooled = sqrt((first.var(ddof=1) + second.var(ddof=1)) / 2)
        spread = float(difference.mean()) / pooled if pooled > 0 else NAN
        x, y = first - first.mean(), second - second.mean()
        below = float(np.sqrt(x @ x) * np.sqrt(y @ y))
        pearson = float(x @ y) / below if below > 0 else NAN
    return PairAgreement(
        int(first.size),
        kappa,
        kappa_se,
        qwk,
        qwk_se,
        max(-1.0, qwk - reach),
        min(1.0, qwk + reach),
        float(np.mean(difference == 0)),
        float(np.mean(np.abs(difference) <= 1)),
        float(difference.mean()),
        spread,
        pearson,
    )


def nominal_kappa(a: Sequence[str], b: Sequence[str]) -> tuple[float, float]:
    """Cohen's kappa of two raters who name categories, such as the code each option or scenario shows.

    Parameters
    ----------
    a, b : sequence of str
        One category for each thing rated, in the same order.

    Returns
    -------
    (kappa, se)
        NaN where both use one category only.

    Raises
    ------
    ShapeError
        No ratings, or lists of unequal length.
    """
    if not a or len(a) != len(b):
        raise ShapeError(f"{len(a)} and {len(b)} categories. Give both raters' category of everything rated.")
    names = sorted({*a, *b})
    table = np.zeros((len(names), len(names)))
    for first, second in zip(a, b, strict=True):
        table[names.index(first), names.index(second)] += 1
    return weighted_kappa(table, np.eye(len(names)))


@dataclass(frozen=True, slots=True)
class Severity:
    """How much a marker gives below (+) or above (−) the others on the same scripts, in marks.

    ``severity`` is the least-squares estimate, ``shrunken`` the estimate drawn towards zero by its own uncertainty,
    ``low`` and ``high`` the interval of the shrunken one.
    """

    marker: str
    n: int
    severity: float
    se: float
    shrunken: float
    low: float
    high: float


def marker_severity(
    scripts: Sequence[str], markers: Sequence[str], marks: npt.ArrayLike, *, confidence: float = 0.95
) -> list[Severity]:
    """Additive severity of markers, mark = script − severity + error, shrunken by DerSimonian–Laird.

    Parameters
    ----------
    scripts, markers : sequence of str, length n
    marks : array-like, shape (n,)
        One mark for each script and marker.

    Returns
    -------
    list of Severity
        In the order markers first appear; NaN for a marker who shares no script with anybody. Severities sum to zero
        within each group of markers joined by shared scripts.

    Raises
    ------
    ShapeError
        Lists of unequal length.
    """
    values = as_vector(marks, name="Marks")
    if not len(scripts) == len(markers) == values.size:
        raise ShapeError("Scripts, markers and marks differ in length. Give one of each in every row.")
    script_names, marker_names = list(dict.fromkeys(scripts)), list(dict.fromkeys(markers))
    i = np.array([script_names.index(name) for name in scripts], dtype=np.intp)
    j = np.array([marker_names.index(name) for name in markers], dtype=np.intp)
    incidence = np.zeros((len(script_names), len(marker_names)))
    sums = np.zeros(len(script_names))
    np.add.at(incidence, (i, j), 1.0)
    np.add.at(sums, i, values)
    per_script = incidence.sum(axis=1)
    script_mean = sums / per_script
    # Normal equations with the scripts swept out: Laplacian of the markers' shared scripts.
    laplacian = np.diag(incidence.sum(axis=0)) - (incidence / per_script[:, None]).T @ incidence
    right = np.zeros(len(marker_names))
    np.add.at(right, j, script_mean[i] - values)
    inverse = np.linalg.pinv(laplacian, rcond=1e-9, hermitian=True)
    severity: FloatArray = inverse @ right
    fitted_shift = -severity[j] + (incidence @ severity / per_script)[i]
    residual = values - script_mean[i] - fitted_shift
    rank = int(np.linalg.matrix_rank(laplacian, tol=1e-9, hermitian=True))
    free = values.size - len(script_names) - rank
    sigma2 = float(residual @ residual) / free if free > 0 else NAN
    linked = np.diag(laplacian) > 1e-9
    se = np.where(linked, np.sqrt(np.maximum(0.0, np.diag(inverse)) * sigma2), np.nan)
    estimate = np.where(linked, severity, np.nan)
    tau2 = _tau2(estimate[linked], se[linked])
    reach = float(stats.norm.ppf(0.5 + confidence / 2))
    out = []
    for number, name in enumerate(marker_names):
        own = float(se[number]) ** 2
        total = tau2 + own
        keep = NAN if np.isnan(total) else (tau2 / total if total > 0 else 0.0)
        centre = keep * float(estimate[number])
        half = reach * sqrt(keep * own) if not np.isnan(keep) else NAN
        n = int(incidence[:, number].sum())
        out.append(Severity(name, n, float(estimate[number]), float(se[number]), centre, centre - half, centre + half))
    return out


def _tau2(estimates: FloatArray, errors: FloatArray) -> float:
    # DerSimonian and Laird (1986): between-marker variance, never below zero.
    if estimates.size < 2 or np.isnan(errors).any():
        return NAN
    if (errors <= 0).any():
        return float(estimates.var(ddof=1))
    w = 1 / errors**2
    centre = float(w @ estimates / w.sum())
    q = float(w @ (estimates - centre) ** 2)
    below = float(w.sum() - (w @ w) / w.sum())
    return max(0.0, (q - (estimates.size - 1)) / below) if below > 0 else 0.0
