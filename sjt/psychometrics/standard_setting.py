"""Pass marks from judgements and from scores: Angoff and its kin, Ebel, Hofstee, Beuk, borderline, groups, Cohen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import sqrt

import numpy as np
import numpy.typing as npt

from sjt.errors import ShapeError
from sjt.psychometrics._validate import FloatArray, as_matrix, as_vector, check_range
from sjt.psychometrics.agreement import NAN, intraclass

GRID = 0.01
"""Hofstee's line is met on a grid of hundredths of a mark."""


@dataclass(frozen=True)
class AngoffRound:
    """One round of item judgements.

    Attributes
    ----------
    judge_cuts : ndarray
        Σ of each judge's ratings; NaN for a judge who left an item out.
    cut, median_cut : float
        Σ of item means; median of the judges' cuts.
    sd_judges, se_judges : float
        Spread of the judges' cuts; SD/√J.
    item_mean, item_sd, item_n, item_se : ndarray
    var_judge, var_item, var_res : float
        Components of judge × item in squared marks per item (negative estimates are 0); NaN without two complete
        judges and two items.
    se_mean_item_fixed, se_mean_item_random : float
        Standard error of the mean rating for these items, and for items drawn from a bank.
    icc_2_k : float
        Reliability of the item means.
    r_facility, r_rest : ndarray
        Each judge's correlation with the items' facility (NaN if not known) and with the other judges' item means.
    """

    judge_cuts: FloatArray
    cut: float
    median_cut: float
    max: float
    sd_judges: float
    se_judges: float
    item_mean: FloatArray
    item_sd: FloatArray
    item_n: npt.NDArray[np.int64]
    item_se: FloatArray
    var_judge: float
    var_item: float
    var_res: float
    se_mean_item_fixed: float
    se_mean_item_random: float
    icc_2_k: float
    r_facility: FloatArray
    r_rest: FloatArray


def _correlation(a: FloatArray, b: FloatArray) -> float:
    known = ~np.isnan(a) & ~np.isnan(b)
    if known.sum() < 3:
        return NAN
    x, y = a[known] - a[known].mean(), b[known] - b[known].mean()
    below = float(np.sqrt(x @ x) * np.sqrt(y @ y))
    return float(x @ y) / below if below > 1e-12 else NAN


def _spread(values: FloatArray) -> float:
    return float(values.std(ddof=1)) if values.size > 1 else NAN


def angoff(ratings: npt.ArrayLike, maxima: npt.ArrayLike, facility: npt.ArrayLike | None = None) -> AngoffRound:
    """Extended Angoff: each judge gives the mark expected of the borderline candidate on each item.

    Parameters
    ----------
    ratings : array-like, shape (n_judges, n_items)
        Marks in [0, max]; NaN where a judge gave none. Proportions with max 1, percentages times max/100, and yes/no
        as 0 or max are the same computation.
    maxima : array-like, shape (n_items,)
    facility : array-like, shape (n_items,), optional
        Mean mark ÷ maximum of candidates, to check the judges against.

    Returns
    -------
    AngoffRound

    Raises
    ------
    ShapeError
        No judge, an item nobody judged, or a rating outside its range.
    """
    table = as_matrix(ratings, name="Ratings", rows="judge", columns="item", missing=True)
    tops = as_vector(maxima, name="Maxima")
    if tops.size != table.shape[1]:
        raise ShapeError(f"{tops.size} maxima for {table.shape[1]} items. Give one for each.")
    check_range(table, 0.0, tops, name="Ratings")
    known = ~np.isnan(table)
    item_n = known.sum(axis=0)
    if not item_n.all():
        empty = ", ".join(str(i + 1) for i in np.flatnonzero(item_n == 0))
        raise ShapeError(f"Nobody judged item {empty}. Have it judged or leave it out.")
    item_mean = np.nanmean(table, axis=0)
    item_sd = np.array([_spread(column[~np.isnan(column)]) for column in table.T])
    complete = table[known.all(axis=1)]
    cuts = np.where(known.all(axis=1), np.where(known, table, 0.0).sum(axis=1), np.nan)
    full_cuts = cuts[~np.isnan(cuts)]
    sd = _spread(full_cuts)
    judges, items = complete.shape
    var_judge = var_item = var_res = fixed = random = icc = NAN
    if judges > 1 and items > 1:
        squares = intraclass(complete)
        var_res = squares.ms_error
        var_judge = max(0.0, (squares.ms_raters - squares.ms_error) / items)
        var_item = max(0.0, (squares.ms_options - squares.ms_error) / judges)
        error = var_judge / judges + var_res / (judges * items)
        fixed, random, icc = sqrt(error), sqrt(error + var_item / items), squares.icc_2_k
    r_facility = np.full(table.shape[0], np.nan)
    if facility is not None:
        known_facility = as_vector(facility, name="Facility", missing=True)
        if known_facility.size != table.shape[1]:
            raise ShapeError(f"{known_facility.size} facilities for {table.shape[1]} items. Give one for each.")
        r_facility = np.array([_correlation(row / tops, known_facility) for row in table])
    r_rest = np.full(table.shape[0], np.nan)
    for judge in range(table.shape[0]):
        others = np.delete(table, judge, axis=0)
        counts = (~np.isnan(others)).sum(axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            means = np.where(counts > 0, np.nansum(others, axis=0) / counts, np.nan)
        r_rest[judge] = _correlation(table[judge] / tops, means / tops)
    return AngoffRound(
        cuts,
        float(item_mean.sum()),
        float(np.median(full_cuts)) if full_cuts.size else NAN,
        float(tops.sum()),
        sd,
        sd / sqrt(full_cuts.size) if full_cuts.size > 1 else NAN,
        item_mean,
        item_sd,
        item_n.astype(np.int64),
        item_sd / np.sqrt(item_n),
        var_judge,
        var_item,
        var_res,
        fixed,
        random,
        icc,
        r_facility,
        r_rest,
    )


@dataclass(frozen=True)
class Cut:
    """A pass mark with what a method says beside it."""

    cut: float
    se: float = NAN
    beside: dict[str, object] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def bootstrap_se(
    compute: Callable[[list[npt.NDArray[np.intp]]], float],
    sizes: Sequence[int],
    *,
    replications: int = 1000,
    seed: int = 1,
) -> float:
    """Standard error of a cut by drawing persons and judges again, each with replacement.

    ``compute`` gets one array of drawn positions for each size; NaN results are left out, and fewer than half usable
    results give NaN.
    """
    draw = np.random.default_rng(seed)
    found = np.array([compute([draw.integers(0, size, size) for size in sizes]) for _ in range(replications)])
    found = found[np.isfinite(found)]
    return float(found.std(ddof=1)) if found.size >= replications / 2 else NAN


def _hofstee_cut(
    scores: FloatArray, cmin: float, cmax: float, fmin: float, fmax: float
) -> tuple[float, float, float, bool]:
    steps = int(np.floor((cmax - cmin) / GRID + 1e-9))
    grid = np.round(cmin + GRID * np.arange(steps + 1), 10)
    fail = 100 * np.searchsorted(scores, grid, side="left") / scores.size
    line = fmax + (fmin - fmax) * ((grid - cmin) / (cmax - cmin) if cmax > cmin else np.zeros_like(grid))
    met = np.flatnonzero(fail >= line - 1e-9)
    at = int(met[0]) if met.size else steps
    return float(grid[at]), float(fail[at]), float(line[at]), bool(met.size)


def hofstee(limits: npt.ArrayLike, scores: npt.ArrayLike, *, replications: int = 1000, seed: int = 1) -> Cut:
    """Hofstee's compromise: where the fail curve first meets the line from (cmin, fmax) to (cmax, fmin).

    Parameters
    ----------
    limits : array-like, shape (n_judges, 4)
        Lowest and highest acceptable cut, lowest and highest acceptable fail rate in percent; the means are used.
    scores : array-like, shape (n_persons,)

    Returns
    -------
    Cut
        The first c on a grid of .01 with percent(score < c) at or above the line. If the curve never meets it the
        cut is cmax and ``reached`` is False. SE by bootstrap of persons and judges.
    """
    table = as_matrix(limits, name="Limits", rows="judge", columns="limit")
    if table.shape[1] != 4:
        raise ShapeError("Limits need four columns: cut_min, cut_max, fail_min, fail_max.")
    values = np.sort(as_vector(scores, name="Scores"))
    cmin, cmax, fmin, fmax = table.mean(axis=0).tolist()
    if cmin > cmax or fmin > fmax:
        raise ShapeError(
            f"The lowest limits are above the highest: cut {cmin:g} to {cmax:g}, fail {fmin:g} to {fmax:g}."
        )
    cut, fail, line, reached = _hofstee_cut(values, cmin, cmax, fmin, fmax)

    def again(draws: list[npt.NDArray[np.intp]]) -> float:
        return _hofstee_cut(np.sort(values[draws[0]]), *table[draws[1]].mean(axis=0).tolist())[0]

    notes = []
    if not reached:
        notes.append("The fail curve stays below the line: limits and scores do not meet; cut_max is shown.")
    elif cut <= cmin:
        notes.append("The fail curve is above the line at cut_min already: the limits do not bracket the scores.")
    beside: dict[str, object] = {
        "cmin": cmin,
        "cmax": cmax,
        "fmin": fmin,
        "fmax": fmax,
        "fail_percent": fail,
        "line": line,
        "reached": reached,
    }
    se = bootstrap_se(again, (values.size, table.shape[0]), replications=replications, seed=seed)
    return Cut(cut, se, beside, notes)


def _beuk_cut(scores: FloatArray, cuts: FloatArray, passes: FloatArray) -> tuple[float, float]:
    spread = _spread(cuts)
    if not spread > 0:
        return float(np.ceil(cuts.mean() - 1e-9)), NAN
    slope = _spread(passes) / spread
    top = int(np.ceil(max(float(scores.max()), float(cuts.max())))) + 1
    grid = np.arange(min(0, int(np.floor(scores.min()))), top + 1)
    passing = 100 * (scores.size - np.searchsorted(scores, grid, side="left")) / scores.size
    met = np.flatnonzero(passes.mean() + slope * (grid - cuts.mean()) >= passing - 1e-9)
    return (float(grid[met[0]]) if met.size else float(top)), slope


def beuk(
    cuts: npt.ArrayLike, pass_percents: npt.ArrayLike, scores: npt.ArrayLike, *, replications: int = 1000, seed: int = 1
) -> Cut:
    """Beuk's compromise: the line through (mean cut, mean pass rate) with slope SDpass/SDcut meets the pass curve.

    Parameters
    ----------
    cuts, pass_percents : array-like, shape (n_judges,)
        At least two judges.
    scores : array-like, shape (n_persons,)

    Returns
    -------
    Cut
        The smallest whole c with line(c) at or above percent(score ≥ c); the mean cut, rounded up, if all judges give
        the same one (no slope then).
    """
    judged, passed = as_vector(cuts, name="Cuts", least=2), as_vector(pass_percents, name="Pass rates", least=2)
    values = np.sort(as_vector(scores, name="Scores"))
    if judged.size != passed.size:
        raise ShapeError(f"{judged.size} cuts and {passed.size} pass rates. Give one of each for every judge.")
    cut, slope = _beuk_cut(values, judged, passed)

    def again(draws: list[npt.NDArray[np.intp]]) -> float:
        return _beuk_cut(np.sort(values[draws[0]]), judged[draws[1]], passed[draws[1]])[0]

    notes = ["All judges give the same cut: it stands, and there is no slope."] if np.isnan(slope) else []
    beside: dict[str, object] = {"mean_cut": float(judged.mean()), "mean_pass": float(passed.mean()), "slope": slope}
    return Cut(
        cut, bootstrap_se(again, (values.size, judged.size), replications=replications, seed=seed), beside, notes
    )


def borderline_regression(scores: npt.ArrayLike, grades: npt.ArrayLike, border: float) -> Cut:
    """Regress scores on an outside judgement of the person; the cut is the line at the borderline grade.

    Parameters
    ----------
    scores, grades : array-like, shape (n_persons,)
        At least 3 persons and 2 different grades.
    border : float
        The borderline grade.

    Returns
    -------
    Cut
        SE = RMSE·√(1/n + (border − x̄)²/Sxx), RMSE on n − 2.
    """
    y, x = as_vector(scores, name="Scores", least=3), as_vector(grades, name="Grades", least=3)
    if y.size != x.size:
        raise ShapeError(f"{y.size} scores and {x.size} grades. Give one of each for every person.")
    sxx = float(np.sum((x - x.mean()) ** 2))
    if sxx <= 0:
        raise ShapeError("Every person has the same grade: no line can be drawn. Use at least two grades.")
    slope = float(np.sum((x - x.mean()) * (y - y.mean()))) / sxx
    intercept = float(y.mean() - slope * x.mean())
    residual = y - intercept - slope * x
    total = float(np.sum((y - y.mean()) ** 2))
    rmse = sqrt(float(residual @ residual) / (y.size - 2))
    r2 = 1 - float(residual @ residual) / total if total > 0 else NAN
    se = rmse * sqrt(1 / y.size + (border - float(x.mean())) ** 2 / sxx)
    notes = []
    if not x.min() <= border <= x.max():
        notes.append(f"The border {border:g} lies outside the grades given ({x.min():g} to {x.max():g}).")
    if total <= 0:
        notes.append("r2 is null: every person has the same score.")
    if slope <= 0:
        notes.append("Scores do not rise with the grade: this cut says nothing.")
    return Cut(intercept + slope * border, se, {"slope": slope, "intercept": intercept, "r2": r2, "rmse": rmse}, notes)


def _contrast(competent: FloatArray, others: FloatArray, grid: FloatArray) -> tuple[float, FloatArray, FloatArray]:
    false_fail = np.searchsorted(competent, grid, side="left") / competent.size
    false_pass = (others.size - np.searchsorted(others, grid, side="left")) / others.size
    errors = false_fail + false_pass
    best = np.flatnonzero(errors <= errors.min() + 1e-12)
    return float(grid[best[(best.size - 1) // 2]]), false_pass, false_fail


def contrasting_groups(
    scores: npt.ArrayLike,
    competent: npt.ArrayLike,
    *,
    unit: float = 1.0,
    replications: int = 1000,
    seed: int = 1,
) -> Cut:
    """Contrasting groups: the cut that parts competent from other persons with the fewest errors.

    Parameters
    ----------
    scores : array-like, shape (n_persons,)
    competent : array-like of bool, shape (n_persons,)
        An outside judgement; both groups need a member.
    unit : float
        Cuts tried are multiples of it.

    Returns
    -------
    Cut
        The middle of the cuts with the smallest (share of competent who fail + share of others who pass); the
        ``curve`` gives both shares for every cut.
    """
    values = as_vector(scores, name="Scores", least=2)
    group = np.asarray(competent, dtype=np.bool_)
    if group.shape != values.shape:
        raise ShapeError(f"{values.size} scores and {group.size} groups. Give one of each for every person.")
    yes, no = np.sort(values[group]), np.sort(values[~group])
    if not yes.size or not no.size:
        raise ShapeError("One of the two groups is empty. Both are needed.")
    grid = unit * np.arange(np.floor(values.min() / unit), np.ceil(values.max() / unit) + 2)
    cut, false_pass, false_fail = _contrast(yes, no, grid)

    def again(draws: list[npt.NDArray[np.intp]]) -> float:
        return _contrast(np.sort(yes[draws[0]]), np.sort(no[draws[1]]), grid)[0]

    at = int(np.argmin(np.abs(grid - cut)))
    curve = [
        {"cut": float(c), "false_pass": float(p), "false_fail": float(f)}
        for c, p, f in zip(grid, false_pass, false_fail, strict=True)
    ]
    notes = []
    if yes.mean() <= no.mean():
        notes.append("The competent group does not score higher: this cut says nothing.")
    beside: dict[str, object] = {
        "false_pass": float(false_pass[at]),
        "false_fail": float(false_fail[at]),
        "n_competent": int(yes.size),
        "n_not": int(no.size),
        "curve": curve,
    }
    return Cut(cut, bootstrap_se(again, (yes.size, no.size), replications=replications, seed=seed), beside, notes)


def cohen(
    scores: npt.ArrayLike,
    *,
    chance: float = 0.0,
    mult: float = 0.6,
    percentile: float = 95.0,
    replications: int = 1000,
    seed: int = 1,
) -> Cut:
    """Cohen's method: chance + mult × (the score at a percentile − chance). Norm-based: a sanity band only.

    Parameters
    ----------
    scores : array-like, shape (n_persons,)
    chance : float
        Mean mark of random answers.
    mult, percentile : float
        Usually .60 and the 95th percentile (linear interpolation).
    """
    values = as_vector(scores, name="Scores")
    if not 0 <= percentile <= 100 or not 0 <= mult <= 1:
        raise ShapeError(f"Percentile {percentile:g} must be 0 to 100 and the multiplier {mult:g} 0 to 1.")
    reference = float(np.percentile(values, percentile))

    def again(draws: list[npt.NDArray[np.intp]]) -> float:
        return chance + mult * (float(np.percentile(values[draws[0]], percentile)) - chance)

    se = bootstrap_se(again, (values.size,), replications=replications, seed=seed)
    note = "Norm-based: it follows the cohort's best and cannot carry a pass mark alone."
    return Cut(chance + mult * (reference - chance), se, {"reference": reference}, [note])
