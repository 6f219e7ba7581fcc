"""What the attributes of the persons tell: DIF and adverse impact between groups, drift between windows of time.

Nothing here decides anything: a flag sends an item to the people who review it. A group of fewer than ten persons is
never shown on its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from sjt.psychometrics import fairness, monitoring
from sjt.psychometrics.dif_analysis import analyse_dif
from sjt.psychometrics.flags import Flagged, Limits
from sjt.psychometrics.gram import FloatArray
from sjt.psychometrics.responses import Responses
from sjt.psychometrics.smallsample import policy, wilson

GROUP_COLUMNS = frozenset({"group", "gender", "sex", "ethnicity", "disability", "language"})
"""Attributes compared without being asked."""
WINDOW_COLUMNS = ("window", "year", "cohort", "session")
"""The first of these with two values or more is the order in time, by the values' own order."""
MOST_GROUPS = 6
"""A column with more different values than this is no grouping."""
MOST_DIF_CELLS = 20_000_000
"""Persons × items × groups up to which DIF is part of the analysis; above it, ``sjt dif`` does one group at a time."""


def compare_groups(
    responses: Responses,
    columns: Sequence[str],
    totals: FloatArray,
    spans: FloatArray,
    cut: float | None,
    limits: Limits,
) -> tuple[dict[str, Any], dict[str, str], list[str]]:
    """Compare each attribute's groups: scores, pass rates, and every item for persons of equal ability.

    Parameters
    ----------
    responses : Responses
    columns : sequence of str
        Attributes asked for; those of `GROUP_COLUMNS` join them.
    totals, spans : ndarray, shape (n_persons,)
        Marks gained and reachable.
    cut : float or None
        Pass mark, in marks.
    limits : Limits

    Returns
    -------
    dict
        Column → reference group and one entry for each group compared with it.
    dict
        Item → why it is flagged for DIF.
    list of str
        Notes.
    """
    asked = [name.lstrip("@") for name in columns]
    wanted = [*dict.fromkeys([*asked, *(name for name in responses.attributes if name.lower() in GROUP_COLUMNS)])]
    out: dict[str, Any] = {}
    reasons: dict[str, str] = {}
    notes: list[str] = []
    same = spans[spans > 0]
    comparable = same.size > 0 and bool((same == same[0]).all())
    score = totals if comparable else np.where(spans > 0, 100.0 * totals / np.where(spans > 0, spans, 1.0), np.nan)
    for column in wanted:
        values = np.array(responses.attributes[column])
        sizes = Counter(value for value in values.tolist() if value)
        if not 2 <= len(sizes) <= MOST_GROUPS:
            if column in asked:
                notes.append(f"{column} has {len(sizes)} groups; two to {MOST_GROUPS} can be compared.")
            continue
        reference = sizes.most_common(1)[0][0]
        hidden = sorted(name for name, size in sizes.items() if size < fairness.SMALLEST_SHOWN)
        shown = [name for name, _ in sizes.most_common() if name != reference and name not in hidden]
        if hidden:
            notes.append(
                f"{column}: {len(hidden)} group{'s' * (len(hidden) > 1)} of fewer than {fairness.SMALLEST_SHOWN} "
                "persons not shown, to protect them."
            )
        entries = [_pair(score, spans, values, reference, focal, cut if comparable else None) for focal in shown]
        for entry in entries:
            entry["dif"] = _dif(responses, column, reference, entry["focal"], limits, reasons)
        out[column] = {"reference": reference, "compared": entries}
        if cut is not None and comparable and entries:
            out[column]["lowest_to_highest"] = _extremes(entries)
    if cut is not None and not comparable and out:
        notes.append("Pass rates of groups are not compared: persons were presented items worth different totals.")
    return out, reasons, notes


def _pair(
    score: FloatArray, spans: FloatArray, values: Any, reference: str, focal: str, cut: float | None
) -> dict[str, Any]:
    have = (spans > 0) & np.isfinite(score)
    first, second = score[have & (values == reference)], score[have & (values == focal)]
    row: dict[str, Any] = {
        "focal": focal,
        "n_reference": int(first.size),
        "n_focal": int(second.size),
        "impact": None,
        "score": None,
    }
    if not (first.size and second.size):
        return row
    gap = fairness.score_difference(first, second)
    row["score"] = {
        "mean_reference": gap.mean_reference,
        "mean_focal": gap.mean_focal,
        "d": gap.d if np.isfinite(gap.d) else None,
        "g": gap.g if np.isfinite(gap.g) else None,
        "interval": None if gap.interval is None else list(gap.interval),
    }
    if cut is None:
        return row
    passed = [int((part >= cut - 1e-9).sum()) for part in (first, second)]
    found = fairness.adverse_impact(passed[0], int(first.size), passed[1], int(second.size))
    rates = [wilson(passed[0], first.size), wilson(passed[1], second.size)]
    row["impact"] = {
        "passed_reference": passed[0],
        "passed_focal": passed[1],
        "rate_reference": passed[0] / first.size,
        "rate_reference_ci": [float(rates[0][0]), float(rates[0][1])],
        "rate_focal": passed[1] / second.size,
        "rate_focal_ci": [float(rates[1][0]), float(rates[1][1])],
        "ratio": None if found.ratio is None else float(found.ratio),
        "ratio_exact": None if found.ratio is None else str(found.ratio),
        "ratio_ci": None if found.ratio_ci is None else list(found.ratio_ci),
        "below_four_fifths": found.below_four_fifths,
        "fisher_p": found.fisher_p,
        "z": found.z,
        "difference": found.difference,
        "difference_ci": list(found.difference_ci),
    }
    return row


def _extremes(entries: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """The four-fifths rule as its authors set it: the lowest rate against the highest, whichever groups they are."""
    rates: dict[str, Fraction] = {}
    for entry in entries:
        impact = entry["impact"]
        if impact is None:
            return None
        rates[""] = Fraction(impact["passed_reference"], entry["n_reference"])
        rates[entry["focal"]] = Fraction(impact["passed_focal"], entry["n_focal"])
    low, high = min(rates.values()), max(rates.values())
    if not high:
        return None
    return {
        "ratio": float(low / high),
        "ratio_exact": str(low / high),
        "below_four_fifths": low / high < fairness.FOUR_FIFTHS,
    }


def _dif(
    responses: Responses, column: str, reference: str, focal: str, limits: Limits, reasons: dict[str, str]
) -> dict[str, Any] | None:
    n = sum(value in (reference, focal) for value in responses.attributes[column])
    if not policy(n, limits.steps).large or n * len(responses.items) > MOST_DIF_CELLS:
        return None
    found = analyse_dif(responses, column, reference=reference, focal=focal, match="total", logistic=False)
    rows = found["items"]
    tested = [row for row in rows if row["mantel"] is not None and row["class"] is not None]
    p = np.array([row["mh"]["p"] if row["mh"] is not None else row["mantel"]["p"] for row in tested])
    surely = _false_discovery(p, limits.dif_false_discovery)
    listed = []
    for row, sure in zip(tested, surely):
        odds = row["eb"]
        likely = odds is not None and 1 - odds["p_a"] >= limits.certainty
        flagged = row["class"] not in ("A", "AA") and bool(sure or likely)
        listed.append(
            {
                "item": row["item"],
                "class": row["class"],
                "smd": row["smd"],
                "smd_ci": row["smd_ci"],
                "smd_over_sd": row["smd_over_sd"],
                "p": row["mh"]["p"] if row["mh"] is not None else row["mantel"]["p"],
                "p_not_a": None if odds is None else 1 - odds["p_a"],
                "flagged": flagged,
            }
        )
        if flagged:
            way = "harder" if row["smd"] < 0 else "easier"
            said = (
                f"{column}: {way} for {focal} than for {reference} of equal total (class {row['class']}, "
                f"{row['smd']:+.2f} marks, {row['smd_over_sd']:+.2f} SD, {n} persons)."
            )
            reasons[row["item"]] = f"{reasons[row['item']]} {said}" if row["item"] in reasons else said
    return {"n": n, "items": listed, "not_tested": len(rows) - len(tested)}


def _false_discovery(p: FloatArray, rate: float) -> Any:
    """Benjamini and Hochberg (1995): which tests stand when so large a share of them may be false."""
    order = np.argsort(p, kind="stable")
    under = p[order] <= rate * np.arange(1, p.size + 1) / max(p.size, 1)
    out = np.zeros(p.size, dtype=bool)
    if under.any():
        out[order[: int(np.flatnonzero(under)[-1]) + 1]] = True
    return out


def compare_windows(
    responses: Responses, column: str | None, low: FloatArray, high: FloatArray, limits: Limits
) -> tuple[dict[str, Any] | None, dict[str, str]]:
    """Compare every item's facility in the last window of time with that in all earlier ones.

    Parameters
    ----------
    responses : Responses
    column : str or None
        The attribute that holds the window; the first of `WINDOW_COLUMNS` that is there if None.
    low, high : ndarray, shape (n_items,)
        Limits of the marks.
    limits : Limits

    Returns
    -------
    dict or None
        None without at least two windows.
    dict
        Item → why it is flagged for drift.
    """
    name = column.lstrip("@") if column else next((c for c in WINDOW_COLUMNS if c in responses.attributes), None)
    if name is None or name not in responses.attributes:
        return None, {}
    values = np.array(responses.attributes[name])
    windows = sorted({value for value in values.tolist() if value})
    if len(windows) < 2 or not (high > low).any():
        return None, {}
    last = windows[-1]
    usable = np.flatnonzero(high > low)
    before = responses.table.take(np.flatnonzero((values != last) & (values != "")), usable.tolist()).marks()
    after = responses.table.take(np.flatnonzero(values == last), usable.tolist()).marks()
    found = monitoring.drift(
        before, after, high[usable], low[usable], size=limits.drift_change, certainty=limits.certainty
    )
    n_before, n_after = np.isfinite(before).sum(axis=0), np.isfinite(after).sum(axis=0)
    rows, reasons = [], {}
    for j, i in enumerate(usable):
        enough = policy(int(min(n_before[j], n_after[j])), limits.steps).statistics
        flagged = bool(found.flagged[j]) and enough
        item = responses.items[int(i)]
        known = bool(np.isfinite(found.change[j]))
        rows.append(
            {
                "item": item,
                "n_before": int(n_before[j]),
                "n_after": int(n_after[j]),
                "change": float(found.change[j]) if known else None,
                "se": float(found.se[j]) if known else None,
                "shrunken": float(found.shrunken[j]) if known else None,
                "p_easier": float(found.probability_easier[j]) if known else None,
                "p_harder": float(found.probability_harder[j]) if known else None,
                "flagged": flagged,
            }
        )
        if flagged:
            way = "rose" if found.change[j] > found.common else "fell"
            reasons[item] = (
                f"Facility {way} by {abs(found.change[j] - found.common):.2f} more than that of all items together in "
                f"{name} {last} ({int(n_before[j])} persons before, {int(n_after[j])} in it)."
            )
    return {
        "column": name,
        "last": last,
        "earlier": windows[:-1],
        "common_change": float(found.common),
        "items": rows,
    }, (reasons)


def add_flags(flagged: Flagged, items: Sequence[str], dif: Mapping[str, str], drift: Mapping[str, str]) -> None:
    """Put the reasons found here among the items' flags."""
    for i, item in enumerate(items):
        for flag, reasons in (("dif", dif), ("drift", drift)):
            if item in reasons:
                flagged.items[i].add(flag, reasons[item])
