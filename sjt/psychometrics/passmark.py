"""The answers of `sjt passmark`: what is common to every method, and Angoff with its rounds, judges and panels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from sjt.errors import ShapeError
from sjt.psychometrics.cuts import BankedItem, form_cut
from sjt.psychometrics.linking import PanelRatings, link_panels
from sjt.psychometrics.passmark_file import NOTHING_KNOWN, ItemFacts, Judgements
from sjt.psychometrics.profiles import Profile
from sjt.psychometrics.scoring import cut_applied
from sjt.psychometrics.standard_setting import AngoffRound, Cut, angoff

SAME = 9
"""Decimals to which a computed cut is taken before rounding up, so that 61.26 written in binary stays 61.26."""


def answer(
    method: str, n: int, maximum: float | None, found: Cut, *, unit: Fraction, exact: Fraction | None = None
) -> dict[str, Any]:
    """The keys every method has, and what the method gives beside them."""
    cut = exact if exact is not None else Fraction(repr(round(found.cut, SAME)))
    notes = list(found.notes)
    percent: float | None = None
    if maximum is None:
        notes.append("cut_percent is null: the maximum is not known. Give --max.")
    else:
        percent = 100 * float(cut) / maximum
        if not 0 <= cut <= maximum:
            notes.append(f"The cut {float(cut):g} lies outside 0 to {maximum:g}.")
    if math.isnan(found.se):
        notes.append("se_cut is null: it needs at least two judges or persons who differ.")
    return {
        "method": method,
        "n": n,
        "max": maximum,
        "cut": float(cut),
        "cut_percent": percent,
        "cut_applied": cut_applied(cut, unit),
        "se_cut": found.se,
        "notes": notes,
        **found.beside,
    }


def round_entry(judged: Judgements, found: AngoffRound) -> dict[str, Any]:
    """One round of the answer."""
    return {
        "round": judged.round,
        "judges": [
            {"judge": name, "panel": panel, "cut": cut, "r_facility": with_facility, "r_rest": with_rest}
            for name, panel, cut, with_facility, with_rest in zip(
                judged.judges, judged.panels, found.judge_cuts, found.r_facility, found.r_rest, strict=True
            )
        ],
        "items": [
            {"item": item, "max": top, "mean": mean, "sd": sd, "n": int(n), "se": se}
            for item, top, mean, sd, n, se in zip(
                judged.items, judged.maxima, found.item_mean, found.item_sd, found.item_n, found.item_se, strict=True
            )
        ],
        "max": found.max,
        "cut": found.cut,
        "median_cut": found.median_cut,
        "sd_judges": found.sd_judges,
        "se_judges": found.se_judges,
        "var_judge": found.var_judge,
        "var_item": found.var_item,
        "var_res": found.var_res,
        "se_mean_item_fixed": found.se_mean_item_fixed,
        "se_mean_item_random": found.se_mean_item_random,
        "icc_2_k": found.icc_2_k,
    }


def angoff_answer(
    rounds: Sequence[Judgements],
    *,
    method: str,
    profile: Profile,
    facts: ItemFacts = NOTHING_KNOWN,
    unit: Fraction = Fraction(1),
) -> dict[str, Any]:
    """Every round, and the cut of the last one.

    With several panels the standard error carries the drift between them, and ``panels`` shows it.
    """
    computed = []
    for judged in rounds:
        facility = np.array([facts.facility.get(item, math.nan) for item in judged.items])
        known = int((~np.isnan(facility)).sum())
        computed.append(angoff(judged.ratings, judged.maxima, facility if known >= 3 else None))
    last, found = rounds[-1], computed[-1]
    exact = sum(last.exact_means(), Fraction(0))
    notes = judge_notes(last, found, profile)
    if not facts.facility:
        notes.append("r_facility is null: no facility was given (--items).")
    se = found.se_judges
    beside: dict[str, Any] = {
        "cut_exact": str(exact),
        "rounds": [round_entry(judged, result) for judged, result in zip(rounds, computed, strict=True)],
    }
    if len(set(last.panels)) > 1:
        joined, se = _panels(last, notes, profile)
        beside.update(joined)
    if len(rounds) > 1:
        beside["moved"] = found.cut - computed[0].cut
    beside["profile"] = profile.stamp
    out = answer(method, len(last.judges), found.max, Cut(float(exact), se, beside, notes), unit=unit, exact=exact)
    out["n_items"] = len(last.items)
    return out


def judge_notes(judged: Judgements, found: AngoffRound, profile: Profile) -> list[str]:
    """What a panel's chair should look at, by the profile's thresholds."""
    notes = []
    n = len(judged.judges)
    least = int(profile.value("judges.number", "least"))
    if n < least:
        notes.append(f"{n} judges; at least {least} are needed before a cut goes live.")
    missing = int(np.isnan(found.judge_cuts).sum())
    if missing and len(set(judged.panels)) == 1:
        notes.append(f"{missing} judges left items out: item means use who is there, judges' cuts and their SE do not.")
    if math.isnan(found.var_judge):
        notes.append("Variance components and icc_2_k are null: they need two judges who rated all of two items.")
    far = profile.value("judges.distance_sd", "most")
    cuts = found.judge_cuts
    if found.sd_judges > 0:
        centre = float(np.nanmean(cuts))
        for name, cut in zip(judged.judges, cuts, strict=True):
            if abs(cut - centre) > far * found.sd_judges:
                notes.append(f"Judge {name}'s cut {cut:g} is more than {far:g} SD from the panel's.")
    share = profile.value("judges.item_sd_share", "most")
    wide = [item for item, sd, top in zip(judged.items, found.item_sd, judged.maxima, strict=True) if sd > share * top]
    if wide:
        notes.append(f"Judges differ by more than {share:.0%} of the maximum on {', '.join(wide)}: discuss these.")
    low = profile.value("judges.r_facility", "least")
    for name, r in zip(judged.judges, found.r_facility, strict=True):
        if r < low:
            notes.append(f"Judge {name}'s ratings correlate {r:.2f} with the items' facility, below {low:.2f}.")
    limit = profile.value("judges.se_share", "most")
    if found.se_judges > limit * found.max:
        notes.append(f"The standard error {found.se_judges:.2f} is above {limit:.0%} of the maximum: add judges.")
    return notes


def _panels(judged: Judgements, notes: list[str], profile: Profile) -> tuple[dict[str, Any], float]:
    tables = []
    for panel in dict.fromkeys(judged.panels):
        own = judged.ratings[[name == panel for name in judged.panels]]
        rated: npt.NDArray[np.bool_] = np.asarray(~np.isnan(own).all(axis=0))
        names = tuple(item for item, there in zip(judged.items, rated, strict=True) if there)
        tables.append(PanelRatings(panel, names, judged.maxima[rated], own[:, rated]))
    try:
        linked = link_panels(tables, least_links=int(profile.value("judges.linking_items", "least")))
    except ShapeError as error:
        notes.append(f"se_cut is null: the panels cannot be linked. {error.message}")
        return {"panels": None}, math.nan
    notes.extend(linked.notes)
    if np.isnan(judged.ratings).any():
        notes.append("Judges' cuts are null where a judge did not rate every item; se_cut is composed from the panels.")
    home = {}
    for table in sorted(tables, key=lambda one: one.ratings.shape[0]):
        home.update(dict.fromkeys(table.items, table.panel))
    tops = dict(zip(judged.items, judged.maxima.tolist(), strict=True))
    items = [
        BankedItem(item, Fraction(repr(tops[item])), mean, home[item])
        for item, mean in zip(judged.items, judged.exact_means(), strict=True)
    ]
    composed = form_cut(items, errors=linked.errors, var_panel=linked.var_panel)
    notes.extend(composed.notes)
    out = {
        "panels": linked.drifts,
        "var_panel": linked.var_panel,
        "se_parts": composed.se_parts,
        "cut_linked": sum(linked.item_means[item] * tops[item] for item in judged.items),
    }
    return out, composed.se if composed.se is not None else math.nan
