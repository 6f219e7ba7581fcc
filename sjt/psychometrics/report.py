"""The report of an item analysis: one self-contained HTML file that can be sent to a regulator."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from sjt.psychometrics import plots, report_groups
from sjt.psychometrics.report_text import CSS, FLAG_WORDS, GLOSSARY, METHOD, REAL_FLAGS, TO_DO

NONE = "–"


def number(value: Any, digits: int = 2, *, percent: bool = False) -> str:
    """A number as the report shows it; a dash where undefined."""
    if value is None:
        return NONE
    if isinstance(value, int) and not percent:
        return str(value)
    if percent:
        return f"{100 * float(value):.{max(digits - 2, 0)}f} %"
    text = f"{float(value):.{digits}f}"
    if float(text) == 0:
        text = text.lstrip("-")
    return text.replace("-", "−")


def interval(pair: Sequence[float] | None, digits: int = 2, *, percent: bool = False) -> str:
    """An interval in words: ``.12 to .34``."""
    if pair is None:
        return NONE
    return f"{number(pair[0], digits, percent=percent)} to {number(pair[1], digits, percent=percent)}"


def table(
    caption: str, head: Sequence[str], rows: Sequence[Sequence[str]], *, left: int = 1, note: bool = False
) -> str:
    """An HTML table; the first ``left`` columns (and the last, if a ``note``) are words. Cells are HTML already."""
    end = len(head) - 1 if note else len(head)
    classes = ["" if i < left or i >= end else ' class="n"' for i in range(len(head))]
    top = "".join(f'<th scope="col"{c}>{escape(text)}</th>' for c, text in zip(classes, head))
    body = []
    for row in rows:
        first = f'<th scope="row">{row[0]}</th>'
        rest = "".join(f"<td{c}>{cell}</td>" for c, cell in zip(classes[1:], row[1:]))
        body.append(f"<tr>{first}{rest}</tr>")
    return (
        f'<div class="wide"><table><caption>{escape(caption)}</caption><thead><tr>{top}</tr></thead>'
        f"<tbody>{''.join(body)}</tbody></table></div>"
    )


def figure(svg: str, finding: str) -> str:
    """A picture with its finding as its text alternative."""
    words = escape(finding)
    return f'<figure><div role="img" aria-label="{words}">{svg}</div><figcaption>{words}</figcaption></figure>'


SERIOUS_FIRST = (
    *("key_check", "negative", "constant", "dif", "drift", "local_dependence", "weak", "hard", "easy", "rapid"),
    *("cannot_tell", "small_n"),
)


def words(text: str) -> str:
    """Escape a sentence, with true minus signs."""
    return re.sub(r"(?<![\w-])-(?=\d)", "−", escape(text))


def flag_badges(row: Mapping[str, Any]) -> str:
    """The flags of an item as badges; dashed where they are only advice."""
    extra = " advice" if row["flags_are_advice"] else ""
    return " ".join(f'<span class="flag{extra}">{FLAG_WORDS[flag]}</span>' for flag in row["flags"])


def _anchor(item: str) -> str:
    return "item-" + "".join(c if c.isalnum() else f"_{ord(c):x}_" for c in item)


def best_r(row: Mapping[str, Any]) -> tuple[float | None, str]:
    """The correlation to judge an item by, and which it is."""
    if row["item_rest_outside_testlet"] is not None:
        return row["item_rest_outside_testlet"], "outside its scenario"
    if row["item_rest"] is not None:
        return row["item_rest"], "with all other items"
    return row["item_rest_pooled"], "pooled over forms"


def render(answer: Mapping[str, Any], *, title: str = "", texts: Mapping[str, str] | None = None) -> str:
    """Write the report.

    Parameters
    ----------
    answer : mapping
        From `sjt.psychometrics.item_analysis.analyse`.
    title : str
        Title; "Item analysis" if empty.
    texts : mapping, optional
        Item → its text, printed on the item's page.

    Returns
    -------
    str
        A complete HTML document without scripts or anything to fetch.
    """
    name = title or "Item analysis"
    parts = [
        "<!doctype html>",
        (
            f'<html lang="en-GB"><head><meta charset="utf-8"><title>{escape(name)}</title>'
            f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{CSS}</style></head><body>'
        ),
        (
            f"<header><h1>{escape(name)}</h1>"
            f"<p>{answer['n_persons']} candidates, {answer['n_items']} items.</p>"
            f'<p class="stamp">sjt {escape(str(answer["version"]))} · profile {escape(str(answer["profile"]))} · '
            f"data SHA-256 {escape(str(answer['data_sha256']))}</p></header><main>"
        ),
        _summary(answer),
        _test_level(answer),
        report_groups.groups(answer, table),
        _items_table(answer),
        *(_item_page(answer, row, (texts or {}).get(row["item"])) for row in answer["items"]),
        _endnotes(answer),
        (
            "</main><footer>"
            f'<p class="stamp">Made by sjt {escape(str(answer["version"]))} from data with SHA-256 '
            f"{escape(str(answer['data_sha256']))}, profile {escape(str(answer['profile']))}, bootstrap seed "
            f"{answer['seed']}. The same data give the same figures.</p></footer></body></html>"
        ),
    ]
    return "\n".join(parts) + "\n"


def _headline(test: Mapping[str, Any]) -> tuple[str, float | None]:
    return ("Testlet alpha", test["testlet_alpha"]) if test["testlet_alpha"] is not None else ("Alpha", test["alpha"])


def _summary(answer: Mapping[str, Any]) -> str:
    test, items = answer["test"], answer["items"]
    label, reliability = _headline(test)
    tiles = [
        (number(answer["n_persons"]), "candidates"),
        (f"{number(test['mean'], 1)} of {number(test['max'], 0)}", f"mean total, SD {number(test['sd'], 1)}"),
        (
            number(reliability),
            label.lower() + (f", interval of alpha {interval(test['alpha_ci'])}" if test["alpha_ci"] else ""),
        ),
        (number(test["sem"], 1), "marks: standard error of measurement"),
    ]
    passing = answer["pass"]
    if passing and passing["rate"] is not None:
        tiles.append(
            (
                number(passing["rate"], 2, percent=True),
                f"pass at {passing['cut']:g}, interval {interval(passing['rate_ci'], 2, percent=True)}",
            )
        )
    if passing and passing.get("classification"):
        c = passing["classification"]
        tiles.append((f"{100 * c['FP']:.1f} / {100 * c['FN']:.1f}", "false passes and false fails per hundred"))
    key = "".join(f"<li><b>{escape(a)}</b><span>{escape(b)}</span></li>" for a, b in tiles)
    flagged = [row for row in items if REAL_FLAGS & set(row["flags"])]
    unsure = [row for row in items if "cannot_tell" in row["flags"]]
    said = [escape(answer["policy"])]
    if flagged:
        said.append(f"{len(flagged)} of {len(items)} items should be looked at; each is listed below with its reason.")
    else:
        said.append("No item is flagged. That is not proof that all are sound: see the policy for the sample's size.")
    if unsure:
        said.append(f"For {len(unsure)} the sample is too small to tell.")
    out = [f'<section id="summary"><h2>Summary</h2><ul class="key">{key}</ul><p>{" ".join(said)}</p>']
    if flagged:
        rows = [
            [
                f'<a href="#{_anchor(row["item"])}">{escape(row["item"])}</a>',
                flag_badges({**row, "flags": [flag for flag in row["flags"] if flag in REAL_FLAGS]}),
                "<br>".join(words(row["flag_reasons"][flag]) for flag in row["flags"] if flag in REAL_FLAGS),
                escape(TO_DO[next(flag for flag in SERIOUS_FIRST if flag in row["flags"])]),
            ]
            for row in flagged
        ]
        out.append(table("Items to look at", ["Item", "Flags", "Why", "What to do"], rows, left=4))
    return "".join(out) + "</section>"


def _test_level(answer: Mapping[str, Any]) -> str:
    test, passing = answer["test"], answer["pass"]
    why = test["undefined"]

    def row(name: str, key: str, note: str, pair: Any = None) -> list[str]:
        return [
            name,
            number(test[key], 3),
            interval(pair, 3),
            escape(note if test[key] is not None else why.get(key, "")),
        ]

    strata = {"format": "formats", "testlet": "scenarios"}.get(test["stratified_by"] or "", "strata")
    rows = [
        row(
            "Alpha",
            "alpha",
            f"Feldt, from {test['alpha_n']} persons; bootstrap {interval(test['alpha_ci_bootstrap'], 3)}",
            test["alpha_ci"],
        ),
        row("Testlet alpha", "testlet_alpha", "of the scenario scores"),
        row("Stratified alpha", "stratified_alpha", f"within {strata}"),
        row("Lambda-2", "lambda2", ""),
        row("Lambda-4", "lambda4", "best split into halves; runs high in small samples"),
        row("Lambda-6", "lambda6", ""),
    ]
    if answer["n_persons"] >= 200:
        rows += [
            row("Omega total", "omega_total", "one factor, maximum likelihood"),
            row("Omega hierarchical", "omega_hierarchical", "general factor of three (Schmid and Leiman)"),
        ]
    out = ['<section id="test"><h2>The test as a whole</h2>']
    out.append(
        table("Reliability", ["Coefficient", "Value", "95 % interval", "Note"], rows, note=True).replace(
            '<td class="n">', '<td class="n">'
        )
    )
    if answer["n_persons"] < 200:
        out.append('<p class="note">Omega is shown from 200 persons.</p>')
    totals = test["totals"]
    if totals:
        cut = passing["cut"] if passing else None
        finding = f"Totals run from {totals['min']:g} to {totals['max']:g} with mean {test['mean']:.1f}"
        svg = plots.histogram("totals", finding, totals["scores"], totals["counts"], cut)
        out.append(
            figure(
                svg,
                f"{finding} and median {totals['quantiles_05_25_50_75_95'][2]:g}; reachable are "
                f"{number(test['min'], 0)} to {number(test['max'], 0)} marks.",
            )
        )
    if passing:
        out.append(_decisions(passing))
    out.append(_map(answer))
    out.append(_generalisability(test["g"]))
    if test["conditional_sem"]:
        x = [point["score"] for point in test["conditional_sem"]]
        y = [point["sem"] for point in test["conditional_sem"]]
        finding = f"A total is uncertain by up to {max(y):.1f} marks (one standard error)"
        out.append(
            figure(
                plots.line("csem", finding, x, y, ("Total, marks", "Conditional SEM, marks")),
                finding + "; least at the ends of the scale.",
            )
        )
    if answer["forms"]:
        rows = [
            [
                escape(name),
                number(form["n"]),
                number(form["n_items"]),
                number(form["max"], 0),
                number(form["mean"], 1),
                number(form["sd"], 1),
                number(form["alpha"]),
                interval(form["alpha_ci"]),
                number(form["sem"], 1),
            ]
            for name, form in answer["forms"].items()
        ]
        head = ["Form", "n", "Items", "Max", "Mean", "SD", "Alpha", "Interval", "SEM"]
        out.append(table("Each form on its own", head, rows))
    return "".join(out) + "</section>"


def _decisions(passing: Mapping[str, Any]) -> str:
    out = [f"<h3>Decisions at {passing['cut']:g} marks</h3>"]
    for reason in passing["undefined"].values():
        out.append(f"<p>{escape(reason)}</p>")
    c = passing.get("classification")
    if c:
        out.append(
            f"<p>By Livingston and Lewis's method, of 100 candidates {100 * c['FP']:.1f} pass who should not and "
            f"{100 * c['FN']:.1f} fail who should not. Accuracy {c['accuracy']:.3f}; two sittings would agree for "
            f"{100 * c['consistency']:.1f} of 100 (κ {number(c['kappa'])}); k² {number(passing['k2'], 3)}. "
            f"Effective cut: {c['cut_effective']} of {c['n']}, rule {escape(c['cut_rule'])}; reliability: "
            f"{escape(passing['reliability_used'].replace('_', ' '))}.</p>"
        )
    if passing.get("by_length"):
        rows = [
            [
                f"{row['units']}{' (this test)' if row['present'] else ''}",
                number(row["reliability"]),
                number(row["false_passes_per_hundred"], 1),
                number(row["false_fails_per_hundred"], 1),
                number(row["consistency"]),
            ]
            for row in passing["by_length"]
        ]
        head = ["Scenarios or items", "Reliability", "False passes per 100", "False fails per 100", "Consistency"]
        out.append(table("The same decision with a shorter or longer test", head, rows))
        out.append(
            '<p class="note">True scores are taken to keep their distribution. Small steps up and down come from '
            "rounding the effective length and its cut to whole numbers.</p>"
        )
    return "".join(out)


def _map(answer: Mapping[str, Any]) -> str:
    rows = [
        {
            "item": row["item"],
            "facility": row["facility"],
            "r": best_r(row)[0],
            "flagged": bool(REAL_FLAGS & set(row["flags"])),
        }
        for row in answer["items"]
    ]
    known = [row for row in rows if row["facility"] is not None and row["r"] is not None]
    if len(known) < 2 or answer["n_persons"] < 30:
        return '<p class="note">Under 30 persons discrimination is not pictured.</p>' if len(known) > 1 else ""
    low, high = min(row["facility"] for row in known), max(row["facility"] for row in known)
    below = sum(row["r"] < answer["limits"]["item_rest"] for row in known)
    finding = (
        f"Facility {100 * low:.0f} to {100 * high:.0f} %; {below} of {len(known)} items discriminate below the limit"
    )
    return figure(
        plots.item_map("map", finding, rows, answer["limits"]),
        finding + " before the sample's size is considered; squares are flagged items.",
    )


def _generalisability(g: Mapping[str, Any] | None) -> str:
    if g is None:
        return ""
    names = {
        "p": "person",
        "i": "item",
        "res": "person × item and error",
        "s": "scenario",
        "i_in_s": "item within scenario",
        "ps": "person × scenario",
        "pi_s": "person × item within scenario and error",
    }
    whole = sum(max(value, 0.0) for value in g["var"].values()) or 1.0
    rows = [
        [names[key], number(value, 4), number(max(value, 0.0) / whole, 2, percent=True)]
        for key, value in g["var"].items()
    ]
    words = f"Eρ² {number(g['E_rho2'], 3)}, Φ {number(g['phi'], 3)}"
    if g["phi_lambda"] is not None:
        words += f", Φ(λ) at the pass mark {number(g['phi_lambda'], 3)}"
    plan = [[f"{row['ns']:g}", number(row["E_rho2"]), number(row["phi"])] for row in g["d_study"]]
    unit = "Items" if g["design"] == "p x i" else "Scenarios"
    return (
        f"<h3>Where the marks' variance comes from</h3><p>Design {escape(g['design'].replace('x', '×'))}. {words}.</p>"
        '<div class="pair">'
        + table("Variance of one item's mark", ["Source", "Component", "Share"], rows)
        + table("Planning: other lengths", [unit, "Eρ²", "Φ"], plan)
        + "</div>"
    )


def _items_table(answer: Mapping[str, Any]) -> str:
    rows = [
        [
            f'<a href="#{_anchor(row["item"])}">{escape(row["item"])}</a>',
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


def _item_page(answer: Mapping[str, Any], row: Mapping[str, Any], text: str | None) -> str:
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
            f'<section class="item" id="{_anchor(row["item"])}"><h2>{escape(row["item"])}</h2><p '
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
        line("Mean mark", "mean"),
        line("SD", "sd"),
        line("Facility", "facility", row["facility_ci"]),
        line("Facility, chance-corrected", "facility_corrected"),
    ]
    if n >= 30:
        pairs = row["item_rest_n"]
        lines += [
            line("Item-rest correlation", "item_rest", row["item_rest_ci"], size=pairs),
            line("… outside its scenario", "item_rest_outside_testlet", size=pairs),
            line("… shrunken", "item_rest_shrunken", row["item_rest_shrunken_interval"], size=pairs),
            line("D (27 %)", "d27"),
            line("Alpha if deleted", "alpha_if_deleted"),
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
        svg = plots.trace(_anchor(row["item"]), finding, names, series, unit=unit, limits=limits)
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
        keyed = [entry for entry in options if entry.get("key")]
        if (
            keyed
            and keyed[0]["trace"][0] is not None
            and keyed[0]["trace"][-1] is not None
            and options[0].get("measure", "share") == "share"
        ):
            first, last = keyed[0]["trace"][0], keyed[0]["trace"][-1]
            return (
                f"The key {keyed[0]['option']} is chosen by {100 * first:.0f} % of the lowest "
                f"group, {100 * last:.0f} % of the highest"
            )
        return "How each option fares from the lowest to the highest group"
    groups = len(options[0]["trace"])
    ends = [sum(entry["mark"] * (entry["trace"][g] or 0.0) for entry in options) for g in (0, groups - 1)]
    verb = "rises" if ends[1] > ends[0] else "falls"
    return f"The mean mark {verb} from {ends[0]:.2f} in the lowest group to {ends[1]:.2f} in the highest"


def _source(sources: Mapping[str, str], name: str) -> str:
    return sources.get(name) or sources.get(name.split(",")[0], "")


def _endnotes(answer: Mapping[str, Any]) -> str:
    notes = "".join(f"<li>{escape(note)}</li>" for note in answer["notes"])
    terms = "".join(f"<dt>{escape(term)}</dt><dd>{escape(words)}</dd>" for term, words in GLOSSARY)
    method = "".join(f"<p>{escape(words)}</p>" for words in METHOD)
    limits = table(
        "Limits of the profile " + str(answer["profile"]),
        ["Limit", "Value", "Source"],
        [
            [escape(name.replace("_", " ")), number(value, 2), escape(_source(answer["limit_sources"], name))]
            for name, value in answer["limits"].items()
        ],
        note=True,
    )
    noted = f"<h3>Notes on these data</h3><ul>{notes}</ul>" if notes else ""
    return (
        f'<section class="item" id="method"><h2>Method and '
        f"glossary</h2>{noted}{method}{limits}<dl>{terms}</dl></section>"
    )
