"""Small parts of the report's HTML: numbers, intervals, tables, figures, badges."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from sjt.psychometrics.report_text import FLAG_WORDS

NONE = "–"
TOGETHER = 14
"""A table of figures of so many rows or fewer is printed on one page."""


def number(value: Any, digits: int = 2, *, percent: bool = False) -> str:
    """A number as the report shows it; a dash where undefined."""
    if value is None:
        return NONE
    if isinstance(value, int) and not percent:
        return str(value)
    if percent:
        return f"{100 * float(value):.{max(digits - 2, 0)}f}\N{NO-BREAK SPACE}%"
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
    short = " short" if len(rows) <= TOGETHER and left == 1 else ""
    return (
        f'<div class="wide{short}"><table><caption>{escape(caption)}</caption><thead><tr>{top}</tr></thead>'
        f"<tbody>{''.join(body)}</tbody></table></div>"
    )


def figure(svg: str, finding: str) -> str:
    """A picture under its finding, which is its text alternative too; what follows a full stop stands below it."""
    first, _, more = finding.partition(". ")
    below = f'<p class="note">{escape(more)}</p>' if more else ""
    return (
        f"<figure><figcaption>{escape(first.rstrip('.'))}</figcaption>"
        f'<div role="img" aria-label="{escape(finding)}">{svg}</div>{below}</figure>'
    )


def listed(parts: Sequence[str]) -> str:
    """Words in a row: ``A, B and C``."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def words(text: str) -> str:
    """Escape a sentence, with true minus signs."""
    return re.sub(r"(?<![\w-])-(?=\d)", "−", escape(text))


def flag_badges(row: Mapping[str, Any]) -> str:
    """The flags of an item as badges; dashed where they are only advice."""
    extra = " advice" if row["flags_are_advice"] else ""
    return " ".join(f'<span class="flag{extra}">{FLAG_WORDS[flag]}</span>' for flag in row["flags"])


def anchor(item: str) -> str:
    return "item-" + "".join(c if c.isalnum() else f"_{ord(c):x}_" for c in item)


def best_r(row: Mapping[str, Any]) -> tuple[float | None, str]:
    """The correlation to judge an item by, and which it is."""
    if row["item_rest_outside_testlet"] is not None:
        return row["item_rest_outside_testlet"], "outside its scenario"
    if row["item_rest"] is not None:
        return row["item_rest"], "with all other items"
    return row["item_rest_pooled"], "pooled over forms"
