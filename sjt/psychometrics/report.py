"""The report of an item analysis: one self-contained HTML file that can be sent to a regulator."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

from sjt.psychometrics import report_groups
from sjt.psychometrics.report_items import item_page, items_table
from sjt.psychometrics.report_parts import anchor, flag_badges, interval, number, table, words
from sjt.psychometrics.report_text import CSS, GLOSSARY, METHOD, REAL_FLAGS, TO_DO
from sjt.psychometrics.report_whole import whole_test

FONT = Path(__file__).parents[1] / "static" / "fonts" / "atkinson-hyperlegible-next-latin-wght-normal.woff2"
SERIOUS_FIRST = (
    *("key_check", "negative", "constant", "dif", "drift", "local_dependence", "weak", "hard", "easy", "rapid"),
    *("cannot_tell", "small_n"),
)


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
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<style>{_font()}{CSS}</style></head><body>"
        ),
        (
            f"<header><h1>{escape(name)}</h1>"
            f"<p>{answer['n_persons']} candidates, {answer['n_items']} items.</p>"
            f'<p class="stamp">sjt {escape(str(answer["version"]))} · profile {escape(str(answer["profile"]))} · '
            f"data SHA-256 {escape(str(answer['data_sha256']))}</p></header><main>"
        ),
        _summary(answer),
        whole_test(answer),
        report_groups.groups(answer, table),
        items_table(answer),
        *(item_page(answer, row, (texts or {}).get(row["item"])) for row in answer["items"]),
        _endnotes(answer),
        (
            "</main><footer>"
            f'<p class="stamp">Made by sjt {escape(str(answer["version"]))} from data with SHA-256 '
            f"{escape(str(answer['data_sha256']))}, profile {escape(str(answer['profile']))}, bootstrap seed "
            f"{answer['seed']}. The same data give the same figures.</p></footer></body></html>"
        ),
    ]
    return "\n".join(parts) + "\n"


def _font() -> str:
    """Embed the house font, so that the page looks the same wherever it is sent."""
    data = base64.b64encode(FONT.read_bytes()).decode("ascii")
    return (
        '@font-face{font-family:"Atkinson Hyperlegible Next";font-weight:200 800;'
        f'src:url(data:font/woff2;base64,{data}) format("woff2")}}'
    )


def _headline(test: Mapping[str, Any]) -> tuple[str, float | None, Any]:
    """The reliability to lead with, and its interval: the bootstrap's where there is one."""
    name = "testlet_alpha" if test["testlet_alpha"] is not None else "alpha"
    return name.replace("_", " ").capitalize(), test[name], test[f"{name}_ci_bootstrap"] or test[f"{name}_ci"]


def _summary(answer: Mapping[str, Any]) -> str:
    test, items = answer["test"], answer["items"]
    label, reliability, around = _headline(test)
    tiles = [
        (number(answer["n_persons"]), "candidates"),
        (f"{number(test['mean'], 1)} of {number(test['max'], 0)}", f"mean total, SD {number(test['sd'], 1)}"),
        (
            number(reliability),
            label.lower() + (f", interval {interval(around)}" if around else ""),
        ),
        (
            number(test["sem"], 1),
            "marks: standard error of measurement"
            + (f", interval {interval(test['sem_ci_bootstrap'], 1)}" if test["sem_ci_bootstrap"] else ""),
        ),
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
                f'<a href="#{anchor(row["item"])}">{escape(row["item"])}</a>',
                flag_badges({**row, "flags": [flag for flag in row["flags"] if flag in REAL_FLAGS]}),
                "<br>".join(words(row["flag_reasons"][flag]) for flag in row["flags"] if flag in REAL_FLAGS),
                escape(TO_DO[next(flag for flag in SERIOUS_FIRST if flag in row["flags"])]),
            ]
            for row in flagged
        ]
        out.append(table("Items to look at", ["Item", "Flags", "Why", "What to do"], rows, left=4))
    return "".join(out) + "</section>"


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
