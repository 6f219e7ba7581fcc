"""The report on items: the table of all of them, and a page for each with its traces and flags."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from sjt.psychometrics import plots
from sjt.psychometrics.report_parts import (
    NONE,
    anchor,
    best_r,
    figure,
    flag_badges,
    interval,
    listed,
    number,
    table,
    words,
)
from sjt.psychometrics.report_text import TO_DO


def items_table(answer: Mapping[str, Any]) -> str:
    rows = [
        [
            f'<a href="#{anchor(row["item"])}">{escape(row["item"])}</a>',
            number(row["n"]),
            number(row["facility"]),
            number(row["facility_corrected"]),
            number(row["sd"]),
            number(best_r(row)[0]) if row["n"] >= 30 else NONE,
            number(row["item_rest_shrunken"]) if row["n"] >= 30 else NONE,
            number(row["d27"]) if row["n"] >= 30 else NONE,
            number(row["omitted"] + row["not_reached"]),
            flag_badges(row),
        ]
        for row in answer["items"]
    ]
    head = ["Item", "n", "Facility", "Corrected", "SD", "Item-rest r", "Shrunken", "D (27 %)", "Unanswered", "Flags"]
    return (
        '<section id="items"><h2>All items</h2>'
        '<p class="note">Corrected: facility on a scale where 0 is answering at random. Item-rest r '
        "leaves out the item’s "
        "own scenario where scenarios are known. Each item has a page below.</p>"
        + table("Items in the order of the data", head, rows, note=True)
        + "</section>"
    )


def item_page(answer: Mapping[str, Any], row: Mapping[str, Any], text: str | None) -> str:
    why, n = row["undefined"], row["n"]
    about = [
        part
        for part in (
            row["format"],
            f"scenario {row['testlet']}" if row["testlet"] else "",
            f"{number(row['min'], 0)} to {number(row['max'], 0)} marks",
        )
        if part
    ]
    out = [
        (
            f'<section class="item" id="{anchor(row["item"])}"><h2>{escape(row["item"])}</h2><p '
            f'class="note">{escape(" · ".join(about))}</p>'
        )
    ]
    if text:
        out.append(f"<blockquote>{escape(text)}</blockquote>")
    if row["flags"]:
        flag_lines = "".join(
            f"<tr><th scope='row'>{flag_badges({**row, 'flags': [flag]})}</th>"
            f"<td>{words(reason)}</td><td>{escape(TO_DO[flag])}</td></tr>"
            for flag, reason in row["flag_reasons"].items()
        )
        advice = "<p>With this many candidates flags are advice, not findings.</p>" if row["flags_are_advice"] else ""
        out.append(
            "<table><thead><tr><th scope='col'>Flag</th><th scope='col'>Why</th><th scope='col'>What to do</th>"
            f"</tr></thead><tbody>{flag_lines}</tbody></table>{advice}"
        )

    def line(name: str, key: str, pair: Any = None, digits: int = 3, size: int = n) -> list[str]:
        note = "" if row[key] is not None else f'<span class="note">{escape(why.get(key, ""))}</span>'
        return [name + (f" {note}" if note else ""), number(size), number(row[key], digits), interval(pair, digits)]

    lines = [
        line("Mean mark", "mean", row["mean_ci"]),
        line("SD", "sd", row["sd_ci"]),
        line("Facility", "facility", row["facility_ci"]),
        line("Facility, chance-corrected", "facility_corrected", row["facility_corrected_ci"]),
    ]
    if n >= 30:
        pairs = row["item_rest_n"]
        lines += [
            line("Item-rest correlation", "item_rest", row["item_rest_ci"], size=pairs),
            line(
                "… outside its scenario", "item_rest_outside_testlet", row["item_rest_outside_testlet_ci"], size=pairs
            ),
            line("… shrunken", "item_rest_shrunken", row["item_rest_shrunken_interval"], size=pairs),
            line("D (27 %)", "d27", row["d27_ci"]),
            line("Alpha if deleted", "alpha_if_deleted", row["alpha_if_deleted_ci"]),
        ]
        if row["testlet"] is None:
            lines = [entry for entry in lines if "outside its scenario" not in entry[0]]
    stats = table("Statistics", ["Statistic", "n", "Value", "95 % interval"], lines)
    if n < 30:
        stats += (
            '<p class="note">Under 30 persons no figure of discrimination is shown: at 20, a good item shows a '
            "negative correlation in one sample of five.</p>"
        )
    p = row["p_item_rest_below_limit"]
    if n >= 30 and p is not None:
        stats += (
            f'<p class="note">Probability that the true discrimination is below '
            f"{answer['limits']['item_rest']:.2f}: {p:.2f}. Omitted {row['omitted']}, "
            f"not reached {row['not_reached']}.</p>"
        )
    picture, cells = _options(row)
    out.append(f'<div class="pair"><div>{stats}</div><div>{picture}</div></div>{cells}')
    return "".join(out) + "</section>"


def _options(row: Mapping[str, Any]) -> tuple[str, str]:
    options = row["options"]
    if not options:
        return "", ""
    by_option = "option" in options[0]
    labels = [str(entry["option"]) if by_option else f"{entry['mark']:g}" for entry in options]
    measure = options[0].get("measure", "share")
    unit = "%" if measure == "share" else measure.capitalize()
    shown = list(zip(labels, options))
    limits: tuple[float, float] | None = None
    names: list[str]
    series: list[list[float | None]]
    if not by_option and len(shown) > 5:  # many marks: lines would cross; the mean mark per group says it
        groups = len(options[0]["trace"])
        means = [
            sum(entry["mark"] * (entry["trace"][g] or 0.0) for entry in options)
            if options[0]["trace"][g] is not None
            else None
            for g in range(groups)
        ]
        series, names, unit = [means], ["mean mark"], "Mean mark"
        limits = (float(row["min"] or 0), float(row["max"] or 1))
    else:
        names = [
            f"{label}{' (key)' if entry.get('key') else ''}" if by_option else f"{label} marks"
            for label, entry in shown
        ]
        series = [entry["trace"] for _, entry in shown]
    picture = ""
    if len(series[0]) > 1:
        finding = _finding(row, options, by_option)
        svg = plots.trace(anchor(row["item"]), names, series, unit=unit, limits=limits)
        picture = figure(svg, f"{finding}. The numbers are in the table below.")
    what = "Option" if by_option else "Mark"
    head = [what, "n", "Share", "Mean total", "Mean of the rest", "r with the rest"]
    rows = []
    for label, entry in shown:
        name = escape(label) + (" <b>key</b>" if entry.get("key") else "")
        rows.append(
            [
                name,
                number(entry["n"]),
                number(entry["p"], 3, percent=True),
                number(entry["mean_total"], 1),
                number(entry["mean_rest"], 1),
                number(entry["rpb_rest"]),
            ]
        )
        if measure != "share":
            rows[-1].insert(3, number(entry["mean"], 2))
    if measure != "share":
        head.insert(3, f"Mean {measure}")
    groups = len(options[0]["trace"])
    if groups > 1:
        head += [f"Group {g + 1}" for g in range(groups)]
        for cells, (_, entry) in zip(rows, shown):
            cells += [number(value, 2, percent=measure == "share") for value in entry["trace"]]
    return picture, table("Who chose what" if by_option else "Who got which mark", head, rows)


def _finding(row: Mapping[str, Any], options: Sequence[Mapping[str, Any]], by_option: bool) -> str:
    if by_option:
        keyed = [
            entry
            for entry in options
            if entry.get("key") and entry["trace"][0] is not None and entry["trace"][-1] is not None
        ]
        if not keyed:
            return "How each option fares from the lowest to the highest group"
        measure = options[0].get("measure", "share")
        names = listed([str(entry["option"]) for entry in keyed])
        kind = "keys" if len(keyed) > 1 else "key"
        ends = [[entry["trace"][end] for entry in keyed] for end in (0, -1)]
        if measure == "share":
            low, high = (listed([f"{100 * value:.0f}" for value in values]) for values in ends)
            verb = "are" if len(keyed) > 1 else "is"
            return f"The {kind} {names} {verb} chosen by {low} % of the lowest group, by {high} % of the highest"
        low, high = (listed([f"{value:.2f}" for value in values]) for values in ends)
        have = "have" if len(keyed) > 1 else "has"
        return f"The {kind} {names} {have} mean {measure} {low} in the lowest group, {high} in the highest"
    groups = len(options[0]["trace"])
    ends = [sum(entry["mark"] * (entry["trace"][g] or 0.0) for entry in options) for g in (0, groups - 1)]
    verb = "rises" if ends[1] > ends[0] else "falls"
    return f"The mean mark {verb} from {ends[0]:.2f} in the lowest group to {ends[1]:.2f} in the highest"
