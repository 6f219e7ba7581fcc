"""What an item analysis says of decisions at the pass mark, and of each form on its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from sjt.errors import ShapeError
from sjt.psychometrics import classical, consistency, reliability
from sjt.psychometrics.analysis_core import Core, number, pair
from sjt.psychometrics.gram import pair_sums
from sjt.psychometrics.responses import Responses
from sjt.psychometrics.smallsample import wilson

MAX_FORMS = 60


def decisions_at(core: Core, cut: float | None, test: Mapping[str, Any]) -> dict[str, Any] | None:
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
    _classified(core, cut, test, out)
    return out


def _classified(core: Core, cut: float, test: Mapping[str, Any], out: dict[str, Any]) -> None:
    """Accuracy and consistency at the cut, from the testlet alpha where scenarios are known."""
    name = "testlet_alpha" if test["testlet_alpha"] is not None else "alpha"
    out.update(reliability_used=name, classification=None, classification_range=None, by_length=None, k2=None)
    if any(test[part] is None for part in (name, "mean", "sd", "max")):
        out["undefined"]["classification"] = "It needs mean, SD and reliability."
        return
    figures = (test["mean"], test["sd"] ** 2, test[name], cut, test["max"], test["min"])
    out["k2"] = number(consistency.livingston_k2(*figures[:4]))
    try:
        out["classification"] = asdict(consistency.livingston_lewis(*figures))
    except ShapeError as error:
        out["undefined"]["classification"] = "; ".join([error.message, *map(str, error.faults)])
        return
    out["classification_range"] = _range(figures, test[f"{name}_ci"])
    units = len(set(core.testlet)) if core.testlet is not None else core.table.n_items
    out["by_length"] = consistency.errors_by_length(*figures, units=units)


def _range(
    figures: tuple[float, float, float, float, float, float], ends: list[float | None] | None
) -> dict[str, list[float]] | None:
    """The decisions' figures at the two ends of the reliability's interval; None where an end allows none."""
    if ends is None or any(end is None or not 0 < end < 1 for end in ends):
        return None
    found = []
    for end in ends:
        assert end is not None
        try:
            found.append(consistency.livingston_lewis(*figures[:2], end, *figures[3:]))
        except ShapeError:
            return None
    return {key: [getattr(one, key) for one in found] for key in ("accuracy", "consistency", "kappa", "FP", "FN")}


def each_form(responses: Responses, core: Core) -> tuple[dict[str, Any], dict[str, tuple[float, float]]]:
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
            "max": number(core.high[columns].sum()),
            "mean": number(sums.means().sum()),
            "sd": number(sd),
            "alpha": number(coefficient),
            "alpha_ci": pair(interval.low, interval.high),
            "sem": number(reliability.sem(sd, coefficient)),
            "items": [
                {
                    "item": responses.items[c],
                    "n": int(sums.n[j]),
                    "facility": number(facility[j]),
                    "item_rest": number(r[j]),
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
