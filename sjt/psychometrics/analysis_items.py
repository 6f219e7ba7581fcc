"""The lines of an item analysis that speak of one item each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from sjt.psychometrics import categories, classical
from sjt.psychometrics.analysis_core import Core, chance_marks, number, pair
from sjt.psychometrics.analysis_intervals import Drawn
from sjt.psychometrics.flags import Flagged
from sjt.psychometrics.gram import BoolArray, FloatArray
from sjt.psychometrics.responses import Responses
from sjt.psychometrics.smallsample import fisher_interval, t_interval, wilson


def item_rows(
    core: Core,
    responses: Responses,
    drawn: Drawn,
    flagged: Flagged,
    raw: Mapping[str, Any],
    form_r: Mapping[str, tuple[float, float]],
) -> list[dict[str, Any]]:
    cov, sums = core.cov, core.sums
    total, rest = classical.item_total_correlation(cov), classical.item_rest_correlation(cov)
    outside = classical.item_rest_outside(cov, core.testlet) if core.testlet is not None else np.full(len(cov), np.nan)
    rest_low, rest_high = fisher_interval(rest, core.pair_n)
    total_low, total_high = fisher_interval(total, core.pair_n)
    outside_low, outside_high = fisher_interval(outside, core.pair_n)
    deleted = classical.alpha_if_deleted(cov)
    d = classical.upper_lower(core.table, core.scores, core.low, core.high)
    cells = categories.categories(core.table, core.scores, core.low, core.high, core.group, core.groups)
    low, high, kinds = _facility_interval(core, responses)
    chance, span = chance_marks(responses), core.high - core.low
    sd = np.sqrt(np.diag(cov))
    with np.errstate(invalid="ignore", divide="ignore"):
        facility = (core.means - core.low) / span
        corrected = (core.means - chance) / (core.high - chance)
        best_low, best_high = flagged.discrimination.interval()

    def resampled(name: str, i: int) -> list[float | None] | None:
        return pair(*drawn.boot.item(name, i)) if drawn.boot is not None else None

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
            "min": number(core.low[i]),
            "max": number(core.high[i]),
            "testlet": spec.testlet,
            "format": spec.format,
            "mean": number(core.means[i]),
            "mean_ci": pair(core.low[i] + low[i] * span[i], core.low[i] + high[i] * span[i]),
            "sd": number(sd[i]),
            "sd_ci": drawn.of_item("sd", i),
            "sd_ci_bootstrap": resampled("sd", i),
            "facility": number(facility[i]),
            "facility_ci": pair(low[i], high[i]),
            "facility_ci_method": kinds[i],
            "facility_ci_bootstrap": resampled("facility", i),
            "facility_corrected": number(corrected[i]),
            "facility_corrected_ci": pair(*(_corrected(end, i, core, chance) for end in (low[i], high[i]))),
            "item_total": number(total[i]),
            "item_total_ci": pair(total_low[i], total_high[i]),
            "item_rest": number(rest[i]),
            "item_rest_n": int(core.pair_n[i]),
            "item_rest_ci": pair(rest_low[i], rest_high[i]),
            "item_rest_ci_bootstrap": resampled("item_rest", i),
            "item_rest_outside_testlet": number(outside[i]),
            "item_rest_outside_testlet_ci": pair(outside_low[i], outside_high[i]),
            "item_rest_outside_testlet_ci_bootstrap": resampled("item_rest_outside_testlet", i),
            "item_rest_pooled": None if pooled is None else number(pooled[0]),
            "item_rest_shrunken": number(np.tanh(flagged.discrimination.estimate[i])),
            "item_rest_shrunken_interval": pair(np.tanh(best_low[i]), np.tanh(best_high[i])),
            "p_item_rest_below_limit": number(flagged.p_weak[i]),
            "alpha_if_deleted": number(deleted[i]),
            "alpha_if_deleted_ci": drawn.of_item("alpha_if_deleted", i),
            "alpha_if_deleted_ci_bootstrap": resampled("alpha_if_deleted", i),
            "d27": number(d.d_cut[i]),
            "d27_ci": drawn.of_item("d27", i),
            "d27_fixed": number(d.d_fixed[i]),
            "d27_fixed_ci": drawn.of_item("d27_fixed", i),
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
            row["weight_share"] = number(cov[i].sum() / whole)
    return out


def _corrected(facility: float, i: int, core: Core, chance: FloatArray) -> float:
    """Facility put on the scale on which answering at random is 0."""
    span = core.high[i] - chance[i]
    mark = core.low[i] + facility * (core.high[i] - core.low[i])
    return float((mark - chance[i]) / span) if span > 0 else float("nan")


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


def _categories(cell: categories.Categories | None) -> list[dict[str, Any]] | None:
    if cell is None:
        return None
    return [
        {
            "mark": float(cell.marks[c]),
            "n": int(cell.n[c]),
            "p": float(cell.share[c]),
            "mean_total": number(cell.mean_score[c]),
            "mean_rest": number(cell.mean_rest[c]),
            "rpb_rest": number(cell.r_rest[c]),
            "trace": [number(value) for value in cell.trace[:, c]],
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
