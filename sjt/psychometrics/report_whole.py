"""The report's section on the test as a whole: reliability, totals, decisions, generalisability, forms."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from sjt.psychometrics import plots
from sjt.psychometrics.report_parts import best_r, figure, interval, number, table
from sjt.psychometrics.report_text import REAL_FLAGS


def whole_test(answer: Mapping[str, Any]) -> str:
    test, passing = answer["test"], answer["pass"]
    why = test["undefined"]

    def row(name: str, key: str, note: str, pair: Any = None) -> list[str]:
        return [
            name,
            number(test[key], 3),
            interval(pair or test.get(f"{key}_ci"), 3),
            escape(note + how(key) if test[key] is not None else why.get(key, "")),
        ]

    def how(key: str) -> str:
        """How the interval came about, or why there is none."""
        said = test["interval_methods"].get(key, "")
        if key in test["no_interval"]:
            said = test["no_interval"][key]
        return f"; {said}" if said else ""

    strata = {"format": "formats", "testlet": "scenarios"}.get(test["stratified_by"] or "", "strata")
    rows = [
        row(
            "Alpha",
            "alpha",
            f"Feldt, from {test['alpha_n']} persons; bootstrap {interval(test['alpha_ci_bootstrap'], 3)}",
            test["alpha_ci"],
        ),
        row(
            "Testlet alpha",
            "testlet_alpha",
            f"of the scenario scores; Feldt; bootstrap {interval(test['testlet_alpha_ci_bootstrap'], 3)}",
            test["testlet_alpha_ci"],
        ),
        row("Stratified alpha", "stratified_alpha", f"within {strata}"),
        row("Lambda-2", "lambda2", "Guttman's lower bound"),
        row("Lambda-4", "lambda4", "best split into halves"),
        row("Lambda-6", "lambda6", "Guttman's lower bound; what it gains by chance is taken out of the interval"),
    ]
    if answer["n_persons"] >= 200:
        rows += [
            row("Omega total", "omega_total", "one factor, maximum likelihood"),
            row("Omega hierarchical", "omega_hierarchical", "general factor of three (Schmid and Leiman)"),
        ]
    out = ['<section id="test"><h2>The test as a whole</h2>']
    rows.append(
        [
            "SEM, marks",
            number(test["sem"], 2),
            interval(test["sem_ci"], 2),
            escape(why.get("sem", "standard error of measurement" + how("sem"))),
        ]
    )
    out.append(table("Reliability", ["Coefficient", "Value", "95 % interval", "Note"], rows, note=True))
    if answer["n_persons"] < 200:
        out.append('<p class="note">Omega is shown from 200 persons.</p>')
    totals = test["totals"]
    if totals:
        cut = passing["cut"] if passing else None
        finding = f"Totals run from {totals['min']:g} to {totals['max']:g} with mean {test['mean']:.1f}"
        svg = plots.histogram("totals", totals["scores"], totals["counts"], cut)
        out.append(
            figure(
                svg,
                f"{finding} and median {totals['quantiles_05_25_50_75_95'][2]:g}. Reachable are "
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
                plots.line("csem", x, y, ("Total, marks", "Conditional SEM, marks")),
                finding + ". Least at the ends of the scale, by the binomial model on the effective length.",
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
            f"{escape(passing['reliability_used'].replace('_', ' '))}.{_range(passing)}</p>"
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


def _range(passing: Mapping[str, Any]) -> str:
    """The decisions' figures at both ends of the reliability's interval."""
    span = passing.get("classification_range")
    if not span:
        return ""
    wrong = ", ".join(
        f"{words} {100 * min(span[key]):.1f} to {100 * max(span[key]):.1f}"
        for words, key in (("false passes", "FP"), ("false fails", "FN"))
    )
    return (
        f" At the ends of the reliability's 95 % interval: {wrong} of 100, accuracy {min(span['accuracy']):.3f} to "
        f"{max(span['accuracy']):.3f}."
    )


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
        plots.item_map("map", rows, answer["limits"]),
        finding + ", before the sample's size is considered. Squares are flagged items, named where there is room.",
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

    def with_interval(of: Mapping[str, Any], key: str) -> str:
        ends = of[f"{key}_ci"]
        return number(of[key], 3) + (f" ({interval(ends, 3)})" if ends else "")

    absolute = g["on_shares"] or g
    words = f"Eρ² {with_interval(g, 'E_rho2')}, Φ {with_interval(absolute, 'phi')}"
    if absolute["phi_lambda"] is not None:
        words += f", Φ(λ) at the pass mark {with_interval(absolute, 'phi_lambda')}"
    words += ". Intervals are over persons, of these items"
    unequal = ""
    if g["on_shares"]:
        unequal = (
            '<p class="note">Items are worth different marks, which Φ in marks would count as differences of '
            "difficulty: Φ and Φ(λ) above are of marks as shares of each item's range. The tables are in marks.</p>"
        )
    plan = [[f"{row['ns']:g}", number(row["E_rho2"]), number(row["phi"])] for row in g["d_study"]]
    unit = "Items" if g["design"] == "p x i" else "Scenarios"
    return (
        "<h3>Where the marks' variance comes from</h3>"
        f"<p>Design {escape(g['design'].replace('x', '×'))}. {words}.</p>{unequal}"
        '<div class="pair">'
        + table("Variance of one item's mark", ["Source", "Component", "Share"], rows)
        + table("Planning: other lengths", [unit, "Eρ²", "Φ"], plan)
        + "</div>"
    )
