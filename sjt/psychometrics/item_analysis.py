"""The whole item analysis of one set of responses, as the object that ``sjt analyse`` prints.

Every number has its n and an interval beside it; every number that is undefined is None with its reason
under ``undefined``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

import sjt
from sjt.psychometrics import classical, factor, reliability
from sjt.psychometrics.analysis_core import Core, build_core, chance_marks, strata_of
from sjt.psychometrics.analysis_decisions import decisions_at, each_form
from sjt.psychometrics.analysis_items import item_rows
from sjt.psychometrics.analysis_whole import whole_test
from sjt.psychometrics.flags import Flagged, Limits, raise_flags
from sjt.psychometrics.gram import FloatArray
from sjt.psychometrics.groups import add_flags, compare_groups, compare_windows
from sjt.psychometrics.profiles import load_profile
from sjt.psychometrics.resampling import BOOTSTRAP_PERSONS, bootstrap
from sjt.psychometrics.responses import Responses
from sjt.psychometrics.smallsample import policy


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
    replications: int = 1000,
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
    replications : int
        Resamples of the person bootstrap; 0 leaves it out.

    Returns
    -------
    dict
        The object documented under ``sjt analyse``.
    """
    limits = limits or Limits.of(load_profile())
    core, notes = build_core(responses)
    notes = [*responses.notes, *notes]
    table = core.table
    boot = None
    if replications:
        strata = strata_of(core)[1]
        boot = bootstrap(
            *(table, core.low, core.high), testlet=core.testlet, strata=strata, seed=seed, replications=replications
        )
    if table.n_persons > BOOTSTRAP_PERSONS:
        notes.append("Above 2,000 persons the classical intervals stand alone; no bootstrap was run.")
    forms, form_r = each_form(responses, core)
    flagged = _flag(core, responses, raw or {}, limits, form_r)
    compared, dif, said = compare_groups(responses, groups, core.scores.total, core.scores.span, cut, limits)
    windows, drift = compare_windows(responses, window, core.low, core.high, limits)
    add_flags(flagged, responses.items, dif, drift)
    notes += said
    items = item_rows(core, responses, boot, flagged, raw or {}, form_r)
    test, more = whole_test(core, boot, cut)
    notes += more
    if cut is not None and test["max"] is not None and not test["min"] <= cut <= test["max"]:
        notes.append(f"The pass mark {cut:g} lies outside the {test['min']:g} to {test['max']:g} marks reachable.")
    answer: dict[str, Any] = {
        "n_persons": table.n_persons,
        "n_items": table.n_items,
        "items": items,
        "test": test,
        "pass": decisions_at(core, cut, test),
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
        chance = chance_marks(responses)
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


def _irt(core: Core, responses: Responses, model: str) -> dict[str, Any]:
    """Hand the marks to the IRT module; it returns the object documented under ``irt``."""
    from importlib import import_module

    fit = import_module("sjt.psychometrics.irt").fit
    result: dict[str, Any] = fit(core.table.marks() - core.low, model=model, maxima=core.high - core.low)
    for row, item in zip(result.get("items", []), responses.items):
        row["item"] = item
    for row, person in zip(result.get("persons", []), responses.persons):
        row["person"] = person
    conditional = result.get("conditional") or {}
    for row, item in zip(conditional.get("items", []), responses.items):
        row["item"] = item
    test = conditional.get("andersen")
    if test is not None and "items_left_out" in test:
        test["items_left_out"] = [responses.items[j] for j in test["items_left_out"]]
    return result
