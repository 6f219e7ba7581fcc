"""The whole item analysis of one set of responses, as the object that ``sjt analyse`` prints.

Every number has its n and an interval beside it; every number that is undefined is None with its reason
under ``undefined``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

import sjt
from sjt.errors import ShapeError
from sjt.psychometrics import categories, classical, consistency, factor, reliability
from sjt.psychometrics.flags import Flagged, Limits, raise_flags
from sjt.psychometrics.generalizability import d_study, g_study
from sjt.psychometrics.gram import BoolArray, FloatArray, MarkTable, PairSums, pair_sums
from sjt.psychometrics.groups import add_flags, compare_groups, compare_windows
from sjt.psychometrics.profiles import load_profile
from sjt.psychometrics.resampling import Bootstrapped, bootstrap
from sjt.psychometrics.responses import Responses, item_limits
from sjt.psychometrics.smallsample import (
    fisher_interval,
    policy,
    t_interval,
    wilson,
)

MAX_FORMS = 60
WHY_ITEM = (
    *("mean", "sd", "facility", "facility_ci", "facility_corrected", "item_total", "item_rest", "item_rest_ci"),
    *("item_rest_outside_testlet", "alpha_if_deleted", "d27", "d27_fixed", "options"),
)
WHY_TEST = (
    *("mean", "sd", "alpha", "alpha_ci", "testlet_alpha", "stratified_alpha", "lambda2", "lambda4", "lambda6"),
    *("lambda6_cor", "omega_total", "omega_total_minres", "omega_hierarchical", "sem", "g"),
)


@dataclass(frozen=True)
class Core:
    """The arrays every part of the analysis draws on."""

    table: MarkTable
    sums: PairSums
    cov: FloatArray
    low: FloatArray
    high: FloatArray
    means: FloatArray
    scores: classical.Scores
    groups: int
    group: Any
    pair_n: Any
    testlet: list[str] | None
    formats: list[str] | None
    same_testlet: BoolArray


def _number(value: Any) -> float | None:
    number = float(value)
    return number if np.isfinite(number) else None


def _pair(low: Any, high: Any) -> list[float | None] | None:
    if not np.isfinite(float(low)) or not np.isfinite(float(high)):
        return None
    return [float(low), float(high)]


def build_core(responses: Responses) -> tuple[Core, list[str]]:
    """Compute the shared arrays and say, in notes, which limits were taken from the data."""
    low, high, notes = item_limits(responses)
    table = responses.table
    sums = pair_sums(table)
    score = classical.scores(table, low, high)
    known = int(np.isfinite(score.value).sum())
    groups = 5 if known >= 100 else 3 if known >= 30 else 1
    specs = [responses.spec(item) for item in responses.items]
    labels = [spec.testlet for spec in specs]
    testlet: list[str] | None = None
    if any(labels):
        testlet = [label or f"\x00{item}" for label, item in zip(labels, responses.items)]
    formats = [spec.format or "" for spec in specs] if any(spec.format for spec in specs) else None
    k = table.n_items
    same = np.zeros((k, k), dtype=bool)
    if testlet is not None:
        marks = np.array(testlet)
        same = marks[:, None] == marks[None, :]
    core = Core(
        table,
        sums,
        sums.covariance(),
        low,
        high,
        sums.means(),
        score,
        groups,
        classical.score_groups(score.value, groups),
        classical.smallest_pair_count(sums) if k > 1 else sums.n,
        testlet,
        formats,
        same,
    )
    return core, notes


def analyse(
    responses: Responses,
    *,
    raw: Mapping[str, Any] | None = None,
    cut: float | None = None,
    irt: str = "none",
    limits: Limits | None = None,
    seed: int = 1,
    groups: Sequence[str] = (),
    window: str | None = None,
) -> dict[str, Any]:
    """Analyse one set of responses.

    Parameters
    ----------
    responses : Responses
    raw : mapping, optional
        Option analysis by item, from `sjt.psychometrics.options.analyse_options`.
    cut : float, optional
        Pass mark in raw marks; pass if the total is at or above it.
    irt : {'none', 'gpcm', 'grm', 'pcm', 'rasch'}
        Model to fit as well.
    limits : Limits, optional
        Thresholds of the profile.
    seed : int
        Seed of the person bootstrap.
    groups : sequence of str
        Attributes whose groups are compared, beside those that are recognised by name.
    window : str, optional
        Attribute that holds the window of time, for drift.

    Returns
    -------
    dict
        The object documented under ``sjt analyse``.
    """
    limits = limits or Limits.of(load_profile())
    core, notes = build_core(responses)
    notes = [*responses.notes, *notes]
    table = core.table
    boot = bootstrap(table, core.low, core.high, seed=seed)
    if table.n_persons > 1 and boot is None:
        notes.append("Above 2,000 persons the classical intervals stand alone; no bootstrap was run.")
    forms, form_r = _forms(responses, core)
    flagged = _flag(core, responses, raw or {}, limits, form_r)
    compared, dif, said = compare_groups(responses, groups, core.scores.total, core.scores.span, cut, limits)
    windows, drift = compare_windows(responses, window, core.low, core.high, limits)
    add_flags(flagged, responses.items, dif, drift)
    notes += said
    items = _items(core, responses, boot, flagged, raw or {}, form_r)
    test, more = _test(core, boot, cut)
    notes += more
    answer: dict[str, Any] = {
        "n_persons": table.n_persons,
        "n_items": table.n_items,
        "items": items,
        "test": test,
        "pass": _pass(core, cut, test),
        "irt": _irt(core, responses, irt) if irt != "none" else None,
        "forms": forms,
        "groups": compared,
        "windows": windows,
        "notes": notes,
        "policy": policy(int(np.median(core.sums.n)) if table.n_items else 0, limits.steps).words,
        "profile": limits.profile,
        "limits": limits.as_json(),
        "limit_sources": dict(limits.sources),
        "version": sjt.__version__,
        "data_sha256": responses.sha256,
        "seed": seed,
    }
    return answer


def _flag(
    core: Core, responses: Responses, raw: Mapping[str, Any], limits: Limits, form_r: Mapping[str, tuple[float, float]]
) -> Flagged:
    r = classical.item_rest_correlation(core.cov)
    if core.testlet is not None:
        outside = classical.item_rest_outside(core.cov, core.testlet)
        r = np.where(np.isfinite(outside), outside, r)
    r_n = np.asarray(core.pair_n, dtype=np.float64)
    for i, item in enumerate(responses.items):
        if not np.isfinite(r[i]) and item in form_r:
            r[i], r_n[i] = form_r[item]
    span = core.high - core.low
    with np.errstate(invalid="ignore", divide="ignore"):
        sd_share = np.where(np.diag(core.cov) == 0, 0.0, np.sqrt(np.diag(core.cov)) / span)
        facility = (core.means - core.low) / span
        chance = _chance(responses)
        corrected = (core.means - chance) / (core.high - chance)
    residual, mean = _residuals(core)
    doubts = [raw.get(item, {}).get("key_doubt") for item in responses.items]
    rapid = [raw.get(item, {}).get("rapid") for item in responses.items]
    flagged = raise_flags(
        n=core.sums.n,
        facility=facility,
        corrected=corrected,
        sd_share=sd_share,
        r=r,
        r_n=r_n,
        key_doubt=doubts,
        residual=residual,
        residual_mean=mean,
        same_testlet=core.same_testlet,
        names=responses.items,
        limits=limits,
        rapid=rapid,
        formats=[responses.spec(item).format for item in responses.items],
    )
    return flagged


def _chance(responses: Responses) -> FloatArray:
    chances = [responses.spec(item).chance for item in responses.items]
    return np.array([np.nan if chance is None else float(chance) for chance in chances])


def _residuals(core: Core) -> tuple[FloatArray, float]:
    """Correlations left after one minimum-residual factor (a classical Q3); only needed with testlets."""
    k = core.table.n_items
    blank = np.full((k, k), np.nan)
    off = core.same_testlet & ~np.eye(k, dtype=bool)
    matrix = reliability.correlation(core.cov)
    if not off.any() or k < 4 or not np.isfinite(matrix).all():
        return blank, float("nan")
    fit = factor.minres(matrix, 1)
    loading = fit.loadings[:, 0]
    unique = np.maximum(1 - loading**2, 0.005)
    residual = (matrix - np.outer(loading, loading)) / np.sqrt(np.outer(unique, unique))
    return residual, float(residual[~np.eye(k, dtype=bool)].mean())


def _facility_interval(core: Core, responses: Responses) -> tuple[FloatArray, FloatArray, list[str]]:
    """Wilson's interval for 0/1 items (and for items stuck at an end of their range), else Student's t."""
    n, span = core.sums.n, core.high - core.low
    sd = np.sqrt(np.diag(core.cov))
    with np.errstate(invalid="ignore", divide="ignore"):
        facility = (core.means - core.low) / span
        low, high = t_interval(facility, sd / span, n)
    low, high = np.clip(low, 0, 1), np.clip(high, 0, 1)
    kinds = ["t"] * len(n)
    two_valued = _two_valued(core)
    for i in range(len(n)):
        stuck = n[i] > 0 and facility[i] in (0.0, 1.0)
        if (two_valued[i] and span[i] == 1) or stuck:
            a, b = wilson(facility[i] * n[i], n[i])
            low[i], high[i], kinds[i] = float(a), float(b), "wilson"
        elif n[i] > 1 and sd[i] == 0:
            low[i] = high[i] = np.nan
    return low, high, kinds


def _two_valued(core: Core) -> BoolArray:
    """Items on which nothing but the smallest and the largest mark was given."""
    # sum of x² = (low + high)·sum of x − n·low·high exactly when every x is one of the two
    u = core.table.per_unit
    x, xx, n = np.diag(core.sums.sums), np.diag(core.sums.cross), np.diag(core.sums.count)
    low, high = core.low * u, core.high * u
    with np.errstate(invalid="ignore"):
        return np.asarray(np.abs(xx - (low + high) * x + n * low * high) < 1e-9 * np.maximum(1.0, xx))


def _items(
    core: Core,
    responses: Responses,
    boot: Bootstrapped | None,
    flagged: Flagged,
    raw: Mapping[str, Any],
    form_r: Mapping[str, tuple[float, float]],
) -> list[dict[str, Any]]:
    cov, sums = core.cov, core.sums
    total, rest = classical.item_total_correlation(cov), classical.item_rest_correlation(cov)
    outside = classical.item_rest_outside(cov, core.testlet) if core.testlet is not None else np.full(len(cov), np.nan)
    rest_low, rest_high = fisher_interval(rest, core.pair_n)
    deleted = classical.alpha_if_deleted(cov)
    d = classical.upper_lower(core.table, core.scores, core.low, core.high)
    cells = categories.categories(core.table, core.scores, core.low, core.high, core.group, core.groups)
    low, high, kinds = _facility_interval(core, responses)
    chance, span = _chance(responses), core.high - core.low
    sd = np.sqrt(np.diag(cov))
    with np.errstate(invalid="ignore", divide="ignore"):
        facility = (core.means - core.low) / span
        corrected = (core.means - chance) / (core.high - chance)
        best_low, best_high = flagged.discrimination.interval()
    out = []
    for i, item in enumerate(responses.items):
        n = int(sums.n[i])
        spec, flags = responses.spec(item), flagged.items[i]
        pooled = form_r.get(item)
        row: dict[str, Any] = {
            "item": item,
            "n": n,
            "omitted": int(responses.omitted[i]),
            "not_reached": int(responses.not_reached[i]),
            "min": _number(core.low[i]),
            "max": _number(core.high[i]),
            "testlet": spec.testlet,
            "format": spec.format,
            "mean": _number(core.means[i]),
            "sd": _number(sd[i]),
            "facility": _number(facility[i]),
            "facility_ci": _pair(low[i], high[i]),
            "facility_ci_method": kinds[i],
            "facility_ci_bootstrap": _pair(boot.facility[0][i], boot.facility[1][i]) if boot else None,
            "facility_corrected": _number(corrected[i]),
            "item_total": _number(total[i]),
            "item_rest": _number(rest[i]),
            "item_rest_n": int(core.pair_n[i]),
            "item_rest_ci": _pair(rest_low[i], rest_high[i]),
            "item_rest_ci_bootstrap": _pair(boot.item_rest[0][i], boot.item_rest[1][i]) if boot else None,
            "item_rest_outside_testlet": _number(outside[i]),
            "item_rest_pooled": None if pooled is None else _number(pooled[0]),
            "item_rest_shrunken": _number(np.tanh(flagged.discrimination.estimate[i])),
            "item_rest_shrunken_interval": _pair(np.tanh(best_low[i]), np.tanh(best_high[i])),
            "p_item_rest_below_limit": _number(flagged.p_weak[i]),
            "alpha_if_deleted": _number(deleted[i]),
            "d27": _number(d.d_cut[i]),
            "d27_fixed": _number(d.d_fixed[i]),
            "weight_share": None,
            "categories": _categories(cells[i]),
            "options": raw.get(item, {}).get("options") if raw else None,
            "flags": list(flags.reasons),
            "flag_reasons": dict(flags.reasons),
            "flags_are_advice": flags.advisory and bool(flags.reasons),
        }
        if row["options"] is None:
            row["options"] = row["categories"]
        if item in raw:
            row["raw"] = {name: value for name, value in raw[item].items() if name != "options"}
        row["undefined"] = _why_item(row, core, i)
        out.append(row)
    whole = float(cov.sum())
    if np.isfinite(whole) and whole > 0:  # effective weight: the item's share of the total's variance
        for i, row in enumerate(out):
            row["weight_share"] = _number(cov[i].sum() / whole)
    return out


def _categories(cell: categories.Categories | None) -> list[dict[str, Any]] | None:
    if cell is None:
        return None
    return [
        {
            "mark": float(cell.marks[c]),
            "n": int(cell.n[c]),
            "p": float(cell.share[c]),
            "mean_total": _number(cell.mean_score[c]),
            "mean_rest": _number(cell.mean_rest[c]),
            "rpb_rest": _number(cell.r_rest[c]),
            "trace": [_number(value) for value in cell.trace[:, c]],
        }
        for c in range(len(cell.marks))
    ]


def _why_item(row: Mapping[str, Any], core: Core, i: int) -> dict[str, str]:
    n, sd = row["n"], row["sd"]
    reasons: dict[str, str] = {}
    for name in [
        "mean",
        "sd",
        "facility",
        "facility_ci",
        "facility_corrected",
        "item_total",
        "item_rest",
        "item_rest_ci",
        "item_rest_outside_testlet",
        "alpha_if_deleted",
        "d27",
        "d27_fixed",
        "options",
    ]:
        if row[name] is not None:
            continue
        if n == 0:
            why = "Nobody was presented this item."
        elif name in ("facility", "facility_ci", "facility_corrected") and not core.high[i] > core.low[i]:
            why = "The item's largest mark is not above its smallest, so there is no range to divide by."
        elif name == "facility_corrected":
            why = "The item's chance mark is not given."
        elif name == "item_rest_outside_testlet" and core.testlet is None:
            why = "The items' scenarios are not given."
        elif name == "options":
            why = f"The item has more than {categories.MAX_CATEGORIES} different marks."
        elif name == "alpha_if_deleted" and core.table.n_items < 3:
            why = "With fewer than three items, no test of two is left."
        elif name in ("d27", "d27_fixed") and row["max"] == row["min"]:
            why = "The item has no range of marks."
        elif name in ("d27", "d27_fixed"):
            why = "The upper or the lower group is empty."
        elif core.table.n_items < 2 and name.startswith("item_"):
            why = "There is no other item."
        elif n == 1 and name != "alpha_if_deleted":
            why = "One person has no spread."
        elif sd == 0 and name.startswith(("item_", "facility_ci")):
            why = "Every person has the same mark on this item."
        elif name == "item_rest_ci" and row["item_rest"] is not None:
            why = "An interval needs at least four persons."
        elif np.isnan(core.cov).any():
            why = "Some pair of items was never presented to the same two persons; see the values of each form."
        else:
            why = "The other items' total has no variance."
        reasons[name] = why
    return reasons


def _test(core: Core, boot: Bootstrapped | None, cut: float | None) -> tuple[dict[str, Any], list[str]]:
    cov, table, notes = core.cov, core.table, []
    k = table.n_items
    complete_rows = _complete_rows(table)
    if 2 * complete_rows.size >= table.n_persons and complete_rows.size > 0:
        totals = core.scores.total[complete_rows]
        mean = float(totals.mean())
        sd = float(totals.std(ddof=1)) if totals.size > 1 else float("nan")
        if complete_rows.size < table.n_persons:
            notes.append(
                f"Mean and SD of the test are of the {complete_rows.size} complete rows of {table.n_persons}; "
                "reliabilities use every pair of marks present."
            )
    else:
        totals = np.zeros(0)
        mean = float(core.means.sum())
        whole = float(cov.sum())
        sd = float(np.sqrt(whole)) if whole > 0 else float("nan")
        notes.append(
            "Items are missing by design: mean and SD of the test are those of all items together, from the item "
            "means and the pairwise covariances."
        )
    values = reliability.reliabilities(cov, core.testlet, core.formats)
    n_alpha = int(core.pair_n.min()) if k else 0
    interval = reliability.feldt_interval(values["alpha"], n_alpha, k)
    matrix = reliability.correlation(cov)
    fit = factor.one_factor_ml(cov)
    omega = fit.omega if fit is not None and fit.converged else float("nan")
    sem = reliability.sem(sd, values["alpha"])
    reachable = [float(core.low.sum()), float(core.high.sum())]
    out: dict[str, Any] = {
        "n": table.n_persons,
        "n_complete": int(complete_rows.size),
        "min": _number(reachable[0]),
        "max": _number(reachable[1]),
        "mean": _number(mean),
        "sd": _number(sd),
        "alpha": _number(values["alpha"]),
        "alpha_n": n_alpha,
        "alpha_ci": _pair(interval.low, interval.high),
        "alpha_ci_bootstrap": _pair(*boot.alpha) if boot else None,
        **{name: _number(value) for name, value in values.items() if name != "alpha"},
        "stratified_by": _strata(core),
        "omega_total": _number(omega),
        "omega_heywood": bool(fit.heywood) if fit is not None else None,
        "omega_total_minres": _number(factor.omega_minres(matrix)),
        "omega_hierarchical": _number(factor.omega_hierarchical(matrix)),
        "sem": _number(sem),
        "g": _g(core, cut),
        "totals": _totals(totals),
        "conditional_sem": _csem(mean, sd, values["alpha"], reachable),
        "planning": _planning(core, values),
    }
    if np.isfinite(values["lambda4_max"]) and values["lambda4_max"] - values["lambda4"] > 1e-9:
        notes.append(
            "lambda4 is R psych's value, which for an odd number of items looks at half of the splits; "
            "lambda4_max is the true maximum."
        )
    if fit is not None and fit.heywood:
        notes.append("The one-factor model has a residual variance that is not positive (a Heywood case).")
    out["undefined"] = _why_test(core, out, fit)
    return out, notes


def _complete_rows(table: MarkTable) -> Any:
    full = table.patterns.masks.all(axis=1)
    return np.flatnonzero(np.take(full, table.patterns.of_person))


def _strata(core: Core) -> str | None:
    if core.formats is not None and len(set(core.formats)) > 1:
        return "format"
    return "testlet" if core.testlet is not None else None


def _why_test(core: Core, out: Mapping[str, Any], fit: Any) -> dict[str, str]:
    general = reliability.undefined_because(core.cov)
    reasons = {}
    for name in [
        "mean",
        "sd",
        "alpha",
        "alpha_ci",
        "testlet_alpha",
        "stratified_alpha",
        "lambda2",
        "lambda4",
        "lambda6",
        "lambda6_cor",
        "omega_total",
        "omega_total_minres",
        "omega_hierarchical",
        "sem",
        "g",
    ]:
        if out[name] is not None:
            continue
        if (
            name in ("testlet_alpha", "stratified_alpha")
            and core.testlet is None
            and (name == "testlet_alpha" or core.formats is None)
        ):
            why = "The items' scenarios are not given."
        elif general:
            why = general
        elif name == "testlet_alpha":
            why = "All items belong to one scenario, or the scenario scores have no variance."
        elif name in ("sd", "sem"):
            why = "One complete row has no spread."
        elif name == "alpha_ci":
            why = "An interval needs at least two persons and two items."
        elif not np.diag(core.cov).min() > 0:
            why = "An item has no variance, so there is no correlation matrix."
        elif name == "omega_hierarchical" and core.table.n_items < 9:
            why = "Three group factors need at least nine items."
        elif name.startswith("omega") and core.table.n_items < 3:
            why = "One factor needs at least three items."
        else:
            why = "The covariance matrix is singular or not positive definite, or the fit did not converge."
        reasons[name] = why
    return reasons


def _totals(totals: FloatArray) -> dict[str, Any] | None:
    if totals.size == 0:
        return None
    n, mean = totals.size, float(totals.mean())
    sd = float(totals.std(ddof=1)) if n > 1 else 0.0
    with np.errstate(invalid="ignore", divide="ignore"):
        z = (totals - mean) / sd if sd > 0 else np.zeros(n)
    distinct, counts = np.unique(totals, return_counts=True)
    if distinct.size > 400:
        counts, edges = np.histogram(totals, bins=40)
        distinct = edges[:-1]
    return {
        "n": n,
        "min": float(totals.min()),
        "max": float(totals.max()),
        "quantiles_05_25_50_75_95": [float(q) for q in np.quantile(totals, [0.05, 0.25, 0.5, 0.75, 0.95])],
        "skew": float((z**3).mean()) if sd > 0 else None,
        "kurtosis": float((z**4).mean() - 3) if sd > 0 else None,
        "scores": [float(value) for value in distinct],
        "counts": [int(count) for count in counts],
    }


def _csem(mean: float, sd: float, alpha: float, reachable: Sequence[float]) -> list[dict[str, Any]] | None:
    if not np.isfinite([mean, sd, alpha, *reachable]).all() or not reachable[1] > reachable[0]:
        return None
    points = np.linspace(reachable[0], reachable[1], 21)
    values = reliability.conditional_sem(points, mean, sd * sd, alpha, reachable[0], reachable[1])
    if not np.isfinite(values).all():
        return None
    return [{"score": float(x), "sem": float(y)} for x, y in zip(points, values)]


def _planning(core: Core, values: Mapping[str, float]) -> list[dict[str, Any]] | None:
    """Spearman–Brown: reliability at other lengths, from the testlet alpha where scenarios are known."""
    base = values["testlet_alpha"] if np.isfinite(values["testlet_alpha"]) else values["alpha"]
    if not np.isfinite(base) or base <= 0:
        return None
    units = len(set(core.testlet)) if core.testlet is not None else core.table.n_items
    lengths = sorted({10, 20, 25, 30, 40, 50, 60, units})
    return [
        {"units": m, "reliability": reliability.spearman_brown(base, m / units), "present": m == units} for m in lengths
    ]


def _g(core: Core, cut: float | None) -> dict[str, Any] | None:
    study = g_study(core.cov, core.means, core.sums.n, core.testlet) if core.table.n_items > 1 else None
    if study is None:
        return None
    per_item = None if cut is None else cut / core.table.n_items
    phi_lambda = None if per_item is None else _number(study.phi_lambda(per_item))
    base = sorted({5.0, 10.0, 15.0, 20.0, 25.0, 30.0, 40.0, 50.0, study.ns})
    return {
        "design": study.design,
        "var": {name: _number(value) for name, value in study.var.items()},
        "ns": study.ns,
        "ni": study.ni,
        "n_persons": study.n_persons,
        "grand_mean": study.grand_mean,
        "E_rho2": _number(study.coefficient()),
        "phi": _number(study.coefficient(absolute=True)),
        "rel_error_var": _number(study.error(study.ns, study.ni, absolute=False)),
        "abs_error_var": _number(study.error(study.ns, study.ni, absolute=True)),
        "lambda": per_item,
        "phi_lambda": phi_lambda,
        "d_study": d_study(study, base),
    }


def _pass(core: Core, cut: float | None, test: Mapping[str, Any]) -> dict[str, Any] | None:
    if cut is None:
        return None
    spans = core.scores.span[np.isfinite(core.scores.value) & (core.scores.span > 0)]
    out: dict[str, Any] = {"cut": cut, "rate": None, "rate_ci": None, "n": int(spans.size), "undefined": {}}
    if spans.size == 0:
        out["undefined"]["rate"] = "No person has a mark."
        return out
    if not (spans == spans[0]).all():
        out["undefined"]["rate"] = (
            "Persons were presented items worth different totals, so one pass mark in raw marks does not fit all."
        )
        return out
    passed = int(((core.scores.total >= cut - 1e-9) & (core.scores.span > 0)).sum())
    low, high = wilson(passed, spans.size)
    out.update(rate=passed / spans.size, rate_ci=[float(low), float(high)], passed=passed)
    _decisions(core, cut, test, out)
    return out


def _decisions(core: Core, cut: float, test: Mapping[str, Any], out: dict[str, Any]) -> None:
    """Accuracy and consistency at the cut, from the testlet alpha where scenarios are known."""
    name = "testlet_alpha" if test["testlet_alpha"] is not None else "alpha"
    out.update(reliability_used=name, classification=None, by_length=None, k2=None)
    if any(test[part] is None for part in (name, "mean", "sd", "max")):
        out["undefined"]["classification"] = "It needs mean, SD and reliability."
        return
    figures = (test["mean"], test["sd"] ** 2, test[name], cut, test["max"], test["min"])
    out["k2"] = _number(consistency.livingston_k2(*figures[:4]))
    try:
        out["classification"] = asdict(consistency.livingston_lewis(*figures))
    except ShapeError as error:
        out["undefined"]["classification"] = "; ".join([error.message, *map(str, error.faults)])
        return
    units = len(set(core.testlet)) if core.testlet is not None else core.table.n_items
    out["by_length"] = consistency.errors_by_length(*figures, units=units)


def _forms(responses: Responses, core: Core) -> tuple[dict[str, Any], dict[str, tuple[float, float]]]:
    """Values of each form on its own, and item-rest correlations pooled over forms on Fisher's z."""
    groups: list[tuple[str, Any]] = []
    patterns = core.table.patterns
    if "form" in responses.attributes:
        labels = np.array(responses.attributes["form"])
        groups = [(str(name) or "(no form)", np.flatnonzero(labels == name)) for name in np.unique(labels)]
    elif 1 < len(patterns.masks) <= MAX_FORMS and patterns.counts.min() >= 2:
        groups = [
            (f"pattern {index + 1}", np.flatnonzero(patterns.of_person == index))
            for index in range(len(patterns.masks))
        ]
    if len(groups) < 2 or len(groups) > MAX_FORMS:
        return {}, {}
    out: dict[str, Any] = {}
    z_sum, weight = np.zeros(core.table.n_items), np.zeros(core.table.n_items)
    for name, rows in groups:
        mask = patterns.masks[np.unique(patterns.of_person[rows])].any(axis=0)
        columns = np.flatnonzero(mask)
        if columns.size == 0:
            continue
        part = core.table.take(rows, columns.tolist())
        sums = pair_sums(part)
        cov = sums.covariance()
        r = classical.item_rest_correlation(cov)
        smallest = classical.smallest_pair_count(sums) if columns.size > 1 else sums.n
        coefficient = reliability.alpha(cov)
        interval = reliability.feldt_interval(coefficient, int(smallest.min()), columns.size)
        whole = float(cov.sum())
        sd = float(np.sqrt(whole)) if whole > 0 else float("nan")
        span = (core.high - core.low)[columns]
        with np.errstate(invalid="ignore", divide="ignore"):
            facility = (sums.means() - core.low[columns]) / span
        usable = np.isfinite(r) & (smallest > 3)
        z_sum[columns[usable]] += np.arctanh(np.clip(r[usable], -0.999, 0.999)) * (smallest[usable] - 3)
        weight[columns[usable]] += smallest[usable] - 3
        out[name] = {
            "n": len(rows),
            "n_items": int(columns.size),
            "max": _number(core.high[columns].sum()),
            "mean": _number(sums.means().sum()),
            "sd": _number(sd),
            "alpha": _number(coefficient),
            "alpha_ci": _pair(interval.low, interval.high),
            "sem": _number(reliability.sem(sd, coefficient)),
            "items": [
                {
                    "item": responses.items[c],
                    "n": int(sums.n[j]),
                    "facility": _number(facility[j]),
                    "item_rest": _number(r[j]),
                }
                for j, c in enumerate(columns)
            ],
        }
    pooled = {
        responses.items[i]: (float(np.tanh(z_sum[i] / weight[i])), float(weight[i] + 3))
        for i in range(core.table.n_items)
        if weight[i] > 0
    }
    return out, pooled


def _irt(core: Core, responses: Responses, model: str) -> dict[str, Any]:
    """Hand the marks to the IRT module; it returns the object documented under ``irt``."""
    from importlib import import_module

    fit = import_module("sjt.psychometrics.irt").fit
    result: dict[str, Any] = fit(core.table.marks() - core.low, model=model, maxima=core.high - core.low)
    for row, item in zip(result.get("items", []), responses.items):
        row["item"] = item
    for row, person in zip(result.get("persons", []), responses.persons):
        row["person"] = person
    return result
