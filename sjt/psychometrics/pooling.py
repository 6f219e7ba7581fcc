"""Items over several cohorts and forms: one pooled, shrunken estimate each, and how likely it is below a limit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.special import ndtr

from sjt.psychometrics.flags import Limits
from sjt.psychometrics.smallsample import Z95, shrink


def pool(analyses: Sequence[Mapping[str, Any]], limits: Limits) -> dict[str, Any]:
    """Pool what ``sjt analyse`` found in several cohorts.

    Parameters
    ----------
    analyses : sequence of mapping
        Objects that ``sjt analyse --json`` wrote; an item is known by its name.
    limits : Limits
        Limits that the probabilities are about.

    Returns
    -------
    dict
        For each item its persons and cohorts, pooled facility and item-rest correlation with interval, the spread
        between cohorts, the shrunken correlation and ``p_item_rest_below_limit`` and ``p_facility_below_limit``.

    Notes
    -----
    Within an item the cohorts are weighted by 1 / (se² + τ²), τ² the spread between cohorts (DerSimonian and Laird);
    item-rest correlations on Fisher's z with se 1/√(n − 3), facilities on their own scale with the standard error of
    the mean. The items' pooled values are then shrunken towards each other in the same way.
    """
    items = list(dict.fromkeys(row["item"] for answer in analyses for row in answer["items"]))
    rows = []
    for item in items:
        found = [row for answer in analyses for row in answer["items"] if row["item"] == item and row["n"]]
        z = [_z(row) for row in found]
        facility = [_facility(row) for row in found]
        rows.append(
            {
                "item": item,
                "cohorts": len(found),
                "n": sum(row["n"] for row in found),
                "facility": _combine([part for part in facility if part is not None]),
                "z": _combine([part for part in z if part is not None]),
            }
        )
    value, se = (np.array([np.nan if row["z"] is None else row["z"][i] for row in rows]) for i in (0, 1))
    shrunken = shrink(value, se)
    weak = np.fmax(
        shrunken.below(float(np.arctanh(limits.item_rest))),
        ndtr((float(np.arctanh(limits.item_rest)) - value) / np.where(se > 0, se, np.nan)),
    )
    out = []
    for i, row in enumerate(rows):
        known, fac = row["z"], row["facility"]
        out.append(
            {
                "item": row["item"],
                "cohorts": row["cohorts"],
                "n": row["n"],
                "facility": None if fac is None else fac[0],
                "facility_ci": None if fac is None else [fac[0] - Z95 * fac[1], fac[0] + Z95 * fac[1]],
                "facility_spread": None if fac is None else fac[2],
                "p_facility_below_limit": None if fac is None else float(ndtr((limits.facility_low - fac[0]) / fac[1])),
                "item_rest": None if known is None else float(np.tanh(known[0])),
                "item_rest_ci": None
                if known is None
                else [float(np.tanh(known[0] + s * Z95 * known[1])) for s in (-1, 1)],
                "item_rest_spread": None if known is None else known[2],
                "item_rest_shrunken": None if known is None else float(np.tanh(shrunken.estimate[i])),
                "p_item_rest_below_limit": None if known is None else float(weak[i]),
            }
        )
    return {"cohorts": len(analyses), "items": out, "limits": limits.as_json(), "profile": limits.profile}


def _z(row: Mapping[str, Any]) -> tuple[float, float] | None:
    for name in ("item_rest_outside_testlet", "item_rest", "item_rest_pooled"):
        if row.get(name) is not None and row["item_rest_n"] > 3:
            return float(np.arctanh(np.clip(row[name], -0.999, 0.999))), float(1 / np.sqrt(row["item_rest_n"] - 3))
    return None


def _facility(row: Mapping[str, Any]) -> tuple[float, float] | None:
    span = None if row["max"] is None or row["min"] is None else row["max"] - row["min"]
    if row["facility"] is None or row["sd"] is None or not span:
        return None
    # an item on which everybody has one mark is not known without error: half a mark of doubt
    spread = max(row["sd"] / span, 0.5 / row["n"])
    return row["facility"], spread / row["n"] ** 0.5


def _combine(parts: Sequence[tuple[float, float]]) -> tuple[float, float, float] | None:
    """Pooled value, its standard error, and the SD between cohorts."""
    if not parts:
        return None
    value, se = np.array(parts).T
    if len(parts) == 1:
        return float(value[0]), float(se[0]), 0.0
    found = shrink(value, se)
    return found.mean, float(1 / np.sqrt((1 / (se**2 + found.tau2)).sum())), float(np.sqrt(found.tau2))
