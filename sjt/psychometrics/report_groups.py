"""The report's section on groups of persons and on windows of time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

Number = Callable[..., str]
Table = Callable[..., str]


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.0f} %"


def _signed(value: float | None, digits: int = 2) -> str:
    return "–" if value is None else f"{value:+.{digits}f}".replace("-", "−")


def _between(pair: Sequence[float] | None, digits: int = 2) -> str:
    return "–" if pair is None else f"{_signed(pair[0], digits)} to {_signed(pair[1], digits)}"


def _shares(pair: Sequence[float]) -> str:
    return f"{100 * pair[0]:.0f} to {100 * pair[1]:.0f} %"


def groups(answer: Mapping[str, Any], table: Table) -> str:
    """Adverse impact and DIF of every attribute, and drift."""
    parts = []
    for column, found in answer["groups"].items():
        parts.append(_column(column, found, table))
    if answer["windows"]:
        parts.append(_windows(answer["windows"], table))
    if not parts:
        return ""
    return f'<section id="groups"><h2>Groups and time</h2>{"".join(parts)}</section>'


def _column(column: str, found: Mapping[str, Any], table: Table) -> str:
    reference = escape(found["reference"])
    scores, passes, dif = [], [], []
    for entry in found["compared"]:
        focal = escape(entry["focal"])
        if entry["score"]:
            s = entry["score"]
            scores.append(
                [
                    f"{focal} less {reference}",
                    str(entry["n_focal"]),
                    str(entry["n_reference"]),
                    f"{s['mean_focal']:.1f}",
                    f"{s['mean_reference']:.1f}",
                    _signed(s["g"]),
                    _between(s["interval"]),
                ]
            )
        if entry["impact"]:
            m = entry["impact"]
            verdict = "–" if m["below_four_fifths"] is None else "below" if m["below_four_fifths"] else "not below"
            passes.append(
                [
                    f"{focal} against {reference}",
                    f"{m['passed_focal']} of {entry['n_focal']}: {_shares(m['rate_focal_ci'])}",
                    f"{m['passed_reference']} of {entry['n_reference']}: {_shares(m['rate_reference_ci'])}",
                    "–" if m["ratio"] is None else f"{m['ratio']:.3f}",
                    verdict,
                    f"{m['fisher_p']:.3f}",
                    f"{100 * m['difference_ci'][0]:+.0f} to {100 * m['difference_ci'][1]:+.0f}".replace("-", "−"),
                ]
            )
        if entry["dif"]:
            dif.append(_dif(entry, reference, focal, table))
        else:
            dif.append(f'<p class="note">DIF of {focal} against {reference}: shown from 200 persons, pooled.</p>')
    out = [f"<h3>{escape(column.capitalize())}</h3>"]
    if not found["compared"]:
        return "".join([*out, "<p>No second group is large enough to be shown.</p>"])
    if scores:
        head = ["Groups", "n", "n, reference", "Mean", "Mean, reference", "Difference, SD", "95 % interval"]
        out.append(table("Total scores (Hedges's g)", head, scores))
    if passes:
        head = ["Groups", "Pass (95 %)", "Reference", "Ratio", "Four fifths", "Fisher p", "Difference, points"]
        out.append(table("Pass rates", head, passes))
        if any(row[4] == "below" for row in passes):
            out.append(
                "<p>A ratio below four fifths asks for an explanation, it does not give one: look at the interval and "
                "at Fisher's p, then at the items below, then at who entered.</p>"
            )
    return "".join([*out, *dif])


def _dif(entry: Mapping[str, Any], reference: str, focal: str, table: Table) -> str:
    listed = [row for row in entry["dif"]["items"] if row["flagged"] or row["class"] not in ("A", "AA")]
    tested = len(entry["dif"]["items"])
    if not listed:
        return f"<p>DIF of {focal} against {reference}: all {tested} items tested are of class A.</p>"
    rows = [
        [
            escape(row["item"]),
            escape(row["class"]) + (" <b>flagged</b>" if row["flagged"] else ""),
            _signed(row["smd"]),
            _between(row["smd_ci"]),
            _signed(row["smd_over_sd"]),
            f"{row['p']:.4f}",
        ]
        for row in sorted(listed, key=lambda row: row["p"])
    ]
    head = ["Item", "Class", "Difference, marks", "95 % interval", "In SD of the item", "p"]
    return table(f"Items not of class A among {tested}, {focal} less {reference} of equal total", head, rows, left=2)


def _windows(found: Mapping[str, Any], table: Table) -> str:
    rows = [
        [
            escape(row["item"]) + (" <b>flagged</b>" if row["flagged"] else ""),
            str(row["n_before"]),
            str(row["n_after"]),
            _signed(row["change"]),
            _signed(row["shrunken"]),
            f"{max(row['p_easier'], row['p_harder']):.2f}",
        ]
        for row in found["items"]
        if row["change"] is not None
    ]
    rows.sort(key=lambda row: -float(row[5]))
    head = ["Item", "n before", "n now", "Change", "Shrunken", "P(drift)"]
    more = f'<p class="note">The ten likeliest of {len(rows)}.</p>' if len(rows) > 10 else ""
    return (
        f"<h3>Change over time</h3><p>{escape(found['column'].capitalize())} {escape(found['last'])} against "
        f"{escape(', '.join(found['earlier']))}. All items together changed by {_signed(found['common_change'])}, "
        "which is the candidates; what an item did beyond that is its own.</p>"
        + table("Facility", head, rows[:10])
        + more
    )
