"""Intervals by leaving out groups of persons: for coefficients that a bootstrap cannot carry, and for large cohorts.

Sums over persons can be subtracted, so forty leave-outs cost one more pass over the marks whatever their number, with
data missing by design too. Lambda-6 and the omegas are fitted anew in each. The bootstrap serves them badly: a resample
holds two thirds of the persons only, and what these coefficients gain by chance grows as persons get fewer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sjt.psychometrics import factor, reliability
from sjt.psychometrics.classical import Scores, alpha_if_deleted, upper_lower
from sjt.psychometrics.generalizability import GStudy, g_study
from sjt.psychometrics.gram import FloatArray, MarkTable, PairSums, pair_sums

GROUPS, GROUPS_OF_MANY = 40, 20
"""Leave-outs (as many as there are persons where these are fewer), and in cohorts too large for a bootstrap."""
LEAST = 10
"""Persons below which nothing is said."""
SPREADS = ("sd", "sem")
NAN = float("nan")


@dataclass(frozen=True)
class Design:
    """What the coefficients need beside the covariances.

    Attributes
    ----------
    testlet, strata : sequence of str or None
        Scenario and stratum of each item.
    low, span : ndarray, shape (n_items,)
        Smallest mark of each item, and largest less smallest.
    cut : float or None
        Pass mark in raw marks.
    omegas : bool
        Whether to fit the omegas anew in each leave-out.
    """

    testlet: Sequence[str] | None
    strata: Sequence[str] | None
    low: FloatArray
    span: FloatArray
    cut: float | None = None
    omegas: bool = True


@dataclass(frozen=True)
class Jackknifed:
    """Ends of 95 % intervals by name; a name is missing where a coefficient or a leave-out is undefined.

    ``items`` holds those of each item's ``sd`` and ``alpha_if_deleted``, NaN where undefined.
    """

    groups: int
    ends: Mapping[str, tuple[float, float]]
    items: Mapping[str, tuple[FloatArray, FloatArray]]


def leave_outs(table: MarkTable, sums: PairSums, *, seed: int, groups: int = GROUPS) -> Iterator[PairSums]:
    """Sums over all persons but one group after the other, the groups drawn at random and of about equal size."""
    groups = min(groups, table.n_persons)
    order = np.random.default_rng([seed, groups]).permutation(table.n_persons)
    for group in range(groups):
        part = pair_sums(table.take(np.sort(order[group::groups])))
        yield PairSums(
            sums.count - part.count, sums.sums - part.sums, sums.cross - part.cross, sums.per_unit, sums.exact
        )


def jackknife(
    table: MarkTable, sums: PairSums, design: Design, *, seed: int = 1, groups: int = GROUPS
) -> Jackknifed | None:
    """Give intervals of the reliabilities, the omegas, Eρ², Φ and Φ(λ).

    Parameters
    ----------
    table : MarkTable
    sums : PairSums
        Of the whole table.
    design : Design
    seed : int
        Seed of the groups.
    groups : int

    Returns
    -------
    Jackknifed or None
        None under ten persons.

    Notes
    -----
    Coefficients are taken as log(1 − ρ), standard deviations as logarithms, with Student's t on groups − 1. What
    lambda-6 gains by chance, (n − k)/(n − 1) of the unexplained variance under normality, is put right; its interval
    may lie below the coefficient itself.
    """
    if table.n_persons < LEAST or table.n_items < 2:
        return None
    at = _Fits(sums.covariance() if design.omegas else np.full((1, 1), NAN))
    whole = _values(sums, design, at)
    left: dict[str, list[float]] = {name: [] for name in whole}
    of_items = [_of_items(sums)]
    for without in leave_outs(table, sums, seed=seed, groups=groups):
        of_items.append(_of_items(without))
        values = _values(without, design, at)
        for name in left:
            left[name].append(values.get(name, NAN))
    ends = {}
    for name, point in whole.items():
        found = _ends(point, np.array(left[name]))
        if found is not None:
            back: Callable[[float], float] = np.exp if name in SPREADS else _from_log
            low, high = sorted((float(back(found[0])), float(back(found[1]))))
            ends[name] = (max(low, 0.0), high) if name == "omega_hierarchical" else (low, high)
    items = {}
    for row, name in enumerate(("sd", "alpha_if_deleted")):
        first, last = _ends_of_items(np.array([one[row] for one in of_items]))
        items[name] = (np.exp(first), np.exp(last)) if name in SPREADS else (1 - np.exp(last), 1 - np.exp(first))
    return Jackknifed(min(groups, table.n_persons), ends, items)


def _of_items(sums: PairSums) -> FloatArray:
    """Logarithms of each item's SD and of 1 − alpha without it."""
    cov = sums.covariance()
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.log([np.sqrt(np.diag(cov)), 1 - alpha_if_deleted(cov)]))


def _ends_of_items(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Ends of each column's interval; the first row is of everyone, the others of the leave-outs."""
    from scipy.special import stdtrit

    left, count = values[1:], len(values) - 1
    with np.errstate(invalid="ignore"):
        error = np.sqrt((count - 1) / count * ((left - left.mean(axis=0)) ** 2).sum(axis=0))
    reach = float(stdtrit(count - 1, 0.975)) * np.where(error > 0, error, np.nan)
    return values[0] - reach, values[0] + reach


def _from_log(value: float) -> float:
    return float(1 - np.exp(value))


def _ends(point: float, left: FloatArray) -> tuple[float, float] | None:
    from scipy.special import stdtrit

    if not np.isfinite(point) or not np.isfinite(left).all():
        return None
    count = len(left)
    error = float(np.sqrt((count - 1) / count * ((left - left.mean()) ** 2).sum()))
    if not error > 0:  # every leave-out the same: a coefficient held at a bound, which says nothing of its error
        return None
    reach = float(stdtrit(count - 1, 0.975)) * error
    return point - reach, point + reach


class _Fits:
    """Factor solutions of everyone's marks, from which the leave-outs are a few steps away."""

    def __init__(self, cov: FloatArray) -> None:
        matrix = reliability.correlation(cov)
        defined = reliability.undefined_because(cov) is None and bool(np.isfinite(matrix).all())
        self.ml = factor.one_factor_ml(cov) if defined else None
        self.minres = factor.minres(matrix, 1) if defined and len(cov) >= 3 else None
        self.general = factor.general_factor(matrix) if defined else None


def _values(sums: PairSums, design: Design, at: _Fits) -> dict[str, float]:
    """Every coefficient on the scale on which its interval is symmetric."""
    cov, k = sums.covariance(), len(sums.count)
    if reliability.undefined_because(cov):
        return {}
    matrix = reliability.correlation(cov)
    alpha, total = reliability.alpha(cov), float(cov.sum())
    pairs = float(sums.count.min())
    plain = {
        "lambda2": reliability.lambda2(cov),
        "standardised_alpha": reliability.alpha(matrix),
        "lambda6": _lambda6(cov, pairs),
        "lambda6_cor": _lambda6(matrix, pairs),
    }
    if design.strata is not None:
        plain["stratified_alpha"] = reliability.stratified_alpha(cov, design.strata)
    if design.testlet is not None:
        plain["stratified_alpha_testlet"] = reliability.stratified_alpha(cov, design.testlet)
    if at.ml is not None and at.ml.converged and not at.ml.heywood and pairs > k:
        plain["omega_total"] = factor.one_factor_near(cov, at.ml)
    if np.isfinite(matrix).all():
        if at.minres is not None and at.minres.converged:
            plain["omega_total_minres"] = factor.omega_minres_near(matrix, at.minres)
        if at.general is not None:
            plain["omega_hierarchical"] = factor.omega_hierarchical_near(matrix, at.general)
    plain |= _generalisability(sums, cov, design)
    with np.errstate(invalid="ignore", divide="ignore"):
        out = {name: float(np.log(1 - value)) for name, value in plain.items()}
        out["sd"] = float(np.log(np.sqrt(total)))
        out["sem"] = float(np.log(np.sqrt(total * (1 - alpha))))
    return out


def _lambda6(matrix: FloatArray, n: float) -> float:
    """Lambda-6 without what it gains by chance; NaN where persons are not clearly more than items."""
    k = len(matrix)
    if n < k + 2 or not np.isfinite(matrix).all():
        return NAN
    try:
        np.linalg.cholesky(matrix)
        inverse = np.linalg.inv(matrix)
    except np.linalg.LinAlgError:
        return NAN
    return float(1 - (1 / np.diag(inverse)).sum() / matrix.sum() * (n - 1) / (n - k))


def _generalisability(sums: PairSums, cov: FloatArray, design: Design) -> dict[str, float]:
    means, k = sums.means(), len(cov)
    out: dict[str, float] = {}
    studies: list[tuple[str, GStudy | None, float | None]] = [
        ("", g_study(cov, means, sums.n, design.testlet), None if design.cut is None else design.cut / k)
    ]
    if (design.span > 0).all() and not (design.span == design.span[0]).all():
        shares = (means - design.low) / design.span
        scaled = cov / design.span[:, None] / design.span[None, :]
        at = None if design.cut is None else float((design.cut - design.low.sum()) / design.span.sum())
        studies.append(("share_", g_study(scaled, shares, sums.n, design.testlet), at))
    for start, study, cut in studies:
        if study is None:
            continue
        out[f"{start}E_rho2"] = study.coefficient()
        out[f"{start}phi"] = study.coefficient(absolute=True)
        if cut is not None:
            out[f"{start}phi_lambda"] = study.phi_lambda(cut)
    return out


def d27_of_groups(
    table: MarkTable, score: Scores, low: FloatArray, high: FloatArray, *, seed: int = 1, groups: int = GROUPS
) -> tuple[FloatArray, FloatArray]:
    """Ends of the interval of each item's upper–lower index in a large cohort, from its values in random groups.

    Parameters
    ----------
    table : MarkTable
        At least 50 persons to a group.
    score : Scores
    low, high : ndarray, shape (n_items,)
    seed, groups : int

    Returns
    -------
    low, high : ndarray, shape (n_items,)
        NaN where a group leaves the index undefined.
    """
    from scipy.special import stdtrit

    order = np.random.default_rng([seed, groups]).permutation(table.n_persons)
    point = upper_lower(table, score, low, high).d_cut
    parts = []
    for group in range(groups):
        rows = np.sort(order[group::groups])
        part = Scores(score.total[rows], score.span[rows], score.value[rows], score.percent)
        parts.append(upper_lower(table.take(rows), part, low, high).d_cut)
    reach = float(stdtrit(groups - 1, 0.975)) * np.std(parts, axis=0, ddof=1) / np.sqrt(groups)
    return np.maximum(point - reach, -1.0), np.minimum(point + reach, 1.0)
