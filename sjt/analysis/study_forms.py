"""Drift against earlier sessions, and equating of the forms of one session."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from sjt.analysis import matrix
from sjt.analysis.sections import counted, number, per_cent, section
from sjt.analysis.study_data import Data
from sjt.analysis.study_pictures import changes
from sjt.errors import InputError
from sjt.psychometrics.equating import equate
from sjt.psychometrics.monitoring import cusum, drift

MOST_PAIRS = 6
NAMES = {
    "identity": "No change",
    "mean": "Mean",
    "linear": "Linear",
    "tucker": "Tucker",
    "tucker_mean": "Tucker, means only",
    "levine": "Levine",
    "chained_linear": "Chained linear",
    "chained_mean": "Chained mean",
    "nominal_weights_mean": "Nominal weights, means only",
    "circle_arc": "Circle arc",
    "equipercentile": "Equipercentile",
    "equipercentile_smoothed": "Equipercentile, smoothed",
    "equipercentile_chained": "Equipercentile, chained",
    "irt_stocking_lord": "IRT, Stocking–Lord",
    "irt_haebara": "IRT, Haebara",
}


def drifting(data: Data, earlier: Mapping[str, Sequence[float]], by_day: Mapping[str, Any]) -> dict[str, Any]:
    """Compare items with the same items under the same key in earlier sessions.

    Parameters
    ----------
    data : Data
    earlier : mapping
        Item → marks it got before.
    by_day : mapping
        Item → list of (day, mean share, n) in order of time, this session last.
    """
    shared = [item for item in data.items if len(earlier.get(item, ())) > 1]
    if len(shared) < 2:
        return {
            "verdict": [
                (
                    "No two items of this data were marked under the same key in an earlier session: there is no "
                    "drift to see."
                )
            ],
            "sections": [],
            "notes": [],
            "pictures": {},
        }
    column = {item: n for n, item in enumerate(data.items)}
    longest = max(len(earlier[item]) for item in shared)
    before = np.full((longest, len(shared)), np.nan)
    for n, item in enumerate(shared):
        before[: len(earlier[item]), n] = earlier[item]
    at = [column[item] for item in shared]
    after, high = data.marks[:, at], data.maxima[at]
    found = drift(before, after, high)
    rows, drawn = [], []
    for n, item in enumerate(shared):
        beyond = float(found.change[n] - found.common)
        days = by_day.get(item, [])
        signal = _signal(days)
        rows.append(
            (
                -abs(beyond),
                [
                    item,
                    data.titles.get(item, ""),
                    len(earlier[item]),
                    int(np.isfinite(after[:, n]).sum()),
                    number(float(np.nanmean(before[:, n]) / high[n])),
                    number(float(np.nanmean(after[:, n]) / high[n])),
                    number(beyond, sign=True),
                    per_cent(float(found.probability_easier[n])),
                    per_cent(float(found.probability_harder[n])),
                    signal,
                    "Look" if found.flagged[n] else "Steady",
                ],
            )
        )
        drawn.append((item, beyond, float(found.se[n]), bool(found.flagged[n])))
    rows.sort(key=lambda pair: pair[0])
    drawn.sort(key=lambda one: -abs(one[1]))
    flagged = int(found.flagged.sum())
    return {
        "verdict": [
            (
                f"{str(flagged) if flagged else 'None'} of {counted(len(shared), 'item')} seen before moved by "
                "more than .10 beyond what all "
                "items share."
            ),
            f"All of them together moved by {number(found.common, sign=True)}: that is the cohort, not the items.",
        ],
        "sections": [
            section(
                "Items seen before",
                [
                    "Item",
                    "Scenario",
                    "n before",
                    "n now",
                    "Facility before",
                    "Now",
                    "Beyond the cohort",
                    "P(easier)",
                    "P(harder)",
                    "CUSUM",
                    "What we can say",
                ],
                [cells for _, cells in rows],
                numbers=(2, 3, 4, 5, 6, 7, 8),
                picture="drift",
                says="Change of each item's facility beyond the change that all share, with 95 % intervals.",
                lead="P(easier) and P(harder): probability of a change of more than .10 beyond the cohort's, after "
                "shrinkage. An item that became easier may have leaked, or be taught; times and likeness tell more.",
            )
        ],
        "notes": [],
        "pictures": {"drift": changes("Change beyond the cohort's", drawn[:24], "Facility now less before")},
    }


def _signal(days: Sequence[tuple[str, float, int]]) -> str:
    """Where the CUSUM of an item's daily facility first signals, against its first day."""
    if len(days) < 3:
        return "–"
    mean, n = days[0][1], days[0][2]
    se = max(0.02, float(np.sqrt(max(mean * (1 - mean), 0.05) / max(n, 1))))
    found = cusum([share for _, share, _ in days[1:]], mean, se)
    return "no signal" if found.first_signal is None else days[1 + found.first_signal][0]


def equating(data: Data) -> dict[str, Any]:
    """Every pair of forms by every method, on their common live items."""
    forms = sorted(set(data.cohort.form_of))
    sections, verdict, notes = [], [], []
    if data.own_forms:
        return {
            "verdict": [
                (
                    f"Each of {data.n} candidates sat a form of their own: no form has answers enough to be equated. "
                    "Such forms are built alike and proved so; which items moved since earlier sessions, the study of "
                    "drift says."
                )
            ],
            "sections": [],
            "notes": [],
            "pictures": {},
        }
    if len(forms) < 2:
        return {
            "verdict": ["One form only was sat here; equating needs two."],
            "sections": [],
            "notes": [],
            "pictures": {},
        }
    for old, new in list(combinations(forms, 2))[:MOST_PAIRS]:
        first, second = (matrix.take_form(data.cohort, form).responses for form in (old, new))
        anchors = [item for item in first.items if item in set(second.items)]
        names = [data.name_of(form) for form in (old, new)]
        cut = data.cuts.get(old)
        try:
            found = equate(first, second, anchors, cut=cut)
        except InputError as error:
            notes.append(f"{names[1]} on {names[0]}: {error} {' '.join(f.what for f in error.faults)}")
            continue
        sections.append(_methods(found, names, cut, data.cuts.get(new)))
        if found["anchors"]:
            sections.append(_anchors(found, names, data))
        verdict.append(
            f"{names[1]} on to {names[0]}: {NAMES.get(found['recommended'], found['recommended'])}. {found['because']}"
        )
        notes += [note for note in found["notes"] if note not in notes]
    return {
        "verdict": verdict or ["No pair of forms could be equated."],
        "sections": sections,
        "notes": notes,
        "pictures": {},
    }


def _methods(found: Mapping[str, Any], names: Sequence[str], cut: float | None, own: float | None) -> dict[str, Any]:
    rows = []
    for name, one in found["methods"].items():
        if one["table"] is None:
            continue
        rows.append(
            [
                NAMES.get(name, name) + (" (recommended)" if name == found["recommended"] else ""),
                number(one["slope"], 3),
                number(one["intercept"], 2),
                number(one["cut_new"], 2),
                number(one["see_at_cut"], 2),
            ]
        )
    lead = f"{found['n_old']} sat {names[0]}, {found['n_new']} sat {names[1]}; {len(found['anchors'])} common items."
    if cut is not None:
        lead += f" Pass mark {cut:g} on {names[0]}" + (
            f"; in force on {names[1]}: {own:g}." if own is not None else "."
        )
    return section(
        f"{names[1]} on to {names[0]}",
        ["Method", "Slope", "Intercept", "Pass mark carried over", "Its error"],
        rows,
        numbers=(1, 2, 3, 4),
        lead=lead,
        foot="Forms are built to one pass mark. A carried-over mark that differs by less than twice its error is no "
        "reason to change one.",
    )


def _anchors(found: Mapping[str, Any], names: Sequence[str], data: Data) -> dict[str, Any]:
    return section(
        f"Common items of {names[0]} and {names[1]}: delta plot",
        ["Item", "Scenario", f"Facility, {names[0]}", f"Facility, {names[1]}", "Off the line", "Its error", "Used"],
        [
            [
                row["item"],
                data.titles.get(row["item"], ""),
                number(row["facility_old"]),
                number(row["facility_new"]),
                number(row["distance"], sign=True),
                number(row["se_distance"]),
                "No, drifted" if row["dropped"] else "Yes",
            ]
            for row in sorted(found["anchors"], key=lambda row: -abs(row["distance"] or 0.0))
        ],
        numbers=(2, 3, 4, 5),
        lead="Distance from the line of all common items, in delta units; negative: easier on the second form.",
    )


def shares_by_day(rows: Sequence[tuple[str, str, float]]) -> dict[str, list[tuple[str, float, int]]]:
    """Item → (day, mean share, n) in order of time, from (day, item, share)."""
    held: dict[str, dict[str, list[float]]] = {}
    for day, item, share in rows:
        held.setdefault(item, {}).setdefault(day, []).append(share)
    out: dict[str, list[tuple[str, float, int]]] = {}
    for item, days in held.items():
        out[item] = [(day, float(np.mean(values)), len(values)) for day, values in sorted(days.items())]
    return out
