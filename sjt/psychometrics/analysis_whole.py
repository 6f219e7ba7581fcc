"""What an item analysis says of the whole test: totals, reliabilities, planning, generalisability."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sjt.psychometrics import factor, reliability
from sjt.psychometrics.analysis_core import Core, number, pair, strata_of
from sjt.psychometrics.analysis_intervals import Drawn, intervals_of_test
from sjt.psychometrics.generalizability import d_study, g_study
from sjt.psychometrics.gram import FloatArray, MarkTable
from sjt.psychometrics.resampling import Bootstrapped
from sjt.psychometrics.smallsample import t_interval


def whole_test(core: Core, drawn: Drawn, cut: float | None) -> tuple[dict[str, Any], list[str]]:
    cov, table, notes, boot = core.cov, core.table, [], drawn.boot
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
    testlets = len(set(core.testlet)) if core.testlet is not None else 0
    of_testlets = reliability.feldt_interval(values["testlet_alpha"], n_alpha, testlets)
    matrix = reliability.correlation(cov)
    fit = factor.one_factor_ml(cov)
    omega = fit.omega if fit is not None and fit.converged else float("nan")
    sem = reliability.sem(sd, values["alpha"])
    reachable = [float(core.low.sum()), float(core.high.sum())]
    out: dict[str, Any] = {
        "n": table.n_persons,
        "n_complete": int(complete_rows.size),
        "min": number(reachable[0]),
        "max": number(reachable[1]),
        "mean": number(mean),
        "mean_ci": _mean_interval(mean, totals),
        "sd": number(sd),
        "sd_ci_bootstrap": _resampled(boot, "sd"),
        "alpha": number(values["alpha"]),
        "alpha_n": n_alpha,
        "alpha_ci": pair(interval.low, interval.high),
        "alpha_ci_bootstrap": _resampled(boot, "alpha"),
        **{name: number(value) for name, value in values.items() if name != "alpha"},
        "testlet_alpha_ci": pair(of_testlets.low, of_testlets.high),
        **{
            f"{name}_ci_bootstrap": _resampled(boot, name)
            for name in ("testlet_alpha", "stratified_alpha", "lambda2", "sem")
        },
        "stratified_by": strata_of(core)[0],
        "omega_total": number(omega),
        "omega_heywood": bool(fit.heywood) if fit is not None else None,
        "omega_total_minres": number(factor.omega_minres(matrix)),
        "omega_hierarchical": number(factor.omega_hierarchical(matrix)),
        "sem": number(sem),
        "g": _g(core, cut, drawn),
        "totals": _totals(totals),
        "conditional_sem": _csem(mean, sd, values["alpha"], reachable),
        "planning": _planning(core, values, interval, of_testlets),
    }
    out |= intervals_of_test(drawn, out, table.n_persons)
    if np.isfinite(values["lambda4_max"]) and values["lambda4_max"] - values["lambda4"] > 1e-9:
        notes.append(
            "lambda4 is R psych's value, which for an odd number of items looks at half of the splits; "
            "lambda4_max is the true maximum."
        )
    if fit is not None and fit.heywood:
        notes.append("The one-factor model has a residual variance that is not positive (a Heywood case).")
    out["undefined"] = _why_test(core, out, fit)
    return out, notes


def _resampled(boot: Bootstrapped | None, name: str) -> list[float | None] | None:
    return pair(*boot.test[name]) if boot is not None and name in boot.test else None


def _mean_interval(mean: float, totals: FloatArray) -> list[float | None] | None:
    """Student's interval of the mean total, of the complete rows."""
    if totals.size < 2:
        return None
    low, high = t_interval(np.array([mean]), np.array([totals.std(ddof=1)]), np.array([totals.size]))
    return pair(low[0], high[0])


def _complete_rows(table: MarkTable) -> Any:
    full = table.patterns.masks.all(axis=1)
    return np.flatnonzero(np.take(full, table.patterns.of_person))


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


def _planning(
    core: Core, values: Mapping[str, float], of_items: reliability.Interval, of_testlets: reliability.Interval
) -> list[dict[str, Any]] | None:
    """Spearman–Brown: reliability at other lengths, from the testlet alpha where scenarios are known.

    The interval is that of the reliability at the present length, its ends lengthened in the same way.
    """
    with_testlets = bool(np.isfinite(values["testlet_alpha"]))
    base, known = (values["testlet_alpha"], of_testlets) if with_testlets else (values["alpha"], of_items)
    if not np.isfinite(base) or base <= 0:
        return None
    units = len(set(core.testlet)) if core.testlet is not None else core.table.n_items
    lengths = sorted({10, 20, 25, 30, 40, 50, 60, units})

    def lengthened(value: float, factor: float) -> float:
        """The lower end may lie below 0, where no length helps: it stays 0."""
        return reliability.spearman_brown(max(value, 0.0), factor) if np.isfinite(value) else float("nan")

    return [
        {
            "units": m,
            "reliability": reliability.spearman_brown(base, m / units),
            "reliability_ci": pair(lengthened(known.low, m / units), lengthened(known.high, m / units)),
            "present": m == units,
        }
        for m in lengths
    ]


def _g_of_shares(core: Core, cut: float | None, drawn: Drawn) -> dict[str, Any] | None:
    """The coefficients of marks as shares of each item's range, where items are worth different marks.

    Absolute error counts differences between items' means; in marks those are mostly differences of worth.
    """
    span = core.high - core.low
    if not (span > 0).all() or (span == span[0]).all():
        return None
    cov, shares = core.cov / span[:, None] / span[None, :], (core.means - core.low) / span
    study = g_study(cov, shares, core.sums.n, core.testlet)
    if study is None:
        return None
    at = None if cut is None else float((cut - core.low.sum()) / span.sum())
    return {
        "E_rho2": number(study.coefficient()),
        "E_rho2_ci": drawn.ends("share_E_rho2")[0],
        "phi": number(study.coefficient(absolute=True)),
        "phi_ci": drawn.ends("share_phi")[0],
        "lambda": at,
        "phi_lambda": None if at is None else number(study.phi_lambda(at)),
        "phi_lambda_ci": drawn.ends("share_phi_lambda")[0],
    }


def _g(core: Core, cut: float | None, drawn: Drawn) -> dict[str, Any] | None:
    study = g_study(core.cov, core.means, core.sums.n, core.testlet) if core.table.n_items > 1 else None
    if study is None:
        return None
    per_item = None if cut is None else cut / core.table.n_items
    phi_lambda = None if per_item is None else number(study.phi_lambda(per_item))
    base = sorted({5.0, 10.0, 15.0, 20.0, 25.0, 30.0, 40.0, 50.0, study.ns})
    return {
        "design": study.design,
        "var": {name: number(value) for name, value in study.var.items()},
        "ns": study.ns,
        "ni": study.ni,
        "n_persons": study.n_persons,
        "grand_mean": study.grand_mean,
        "E_rho2": number(study.coefficient()),
        "E_rho2_ci": drawn.ends("E_rho2")[0],
        "E_rho2_ci_bootstrap": _resampled(drawn.boot, "E_rho2"),
        "phi": number(study.coefficient(absolute=True)),
        "phi_ci": drawn.ends("phi")[0],
        "rel_error_var": number(study.error(study.ns, study.ni, absolute=False)),
        "abs_error_var": number(study.error(study.ns, study.ni, absolute=True)),
        "lambda": per_item,
        "phi_lambda": phi_lambda,
        "phi_lambda_ci": drawn.ends("phi_lambda")[0],
        "d_study": d_study(study, base),
        "on_shares": _g_of_shares(core, cut, drawn),
    }
