"""Read a key panel's ratings from a CSV file into items."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from sjt.psychometrics.csvtable import CsvTable, first_seen, read_csv
from sjt.psychometrics.panel import FORMATS, PanelItem

COLUMNS = ("rater", "item", "option", "response")
MOST_RATERS = 0.8
"""Share of raters whose answers must be 1 to n, each once, for an item to be taken as a ranking."""
Row = tuple[int, str, str, str]
"""(row number, rater, option, response)."""


def read_panel(path: str, *, format: str | None = None, scale: tuple[float, float] | None = None) -> list[PanelItem]:
    """Read ``rater,item,option,response``.

    Parameters
    ----------
    path : str
    format : str, optional
        One of ``FORMATS`` for every item; otherwise a ``format`` column, or else known from the responses.
    scale : (low, high), optional
        Of ratings; otherwise the lowest and highest rating of the file.

    Returns
    -------
    list of PanelItem
        Items, options and raters in the order they first appear.

    Raises
    ------
    InputError
        Every fault of the file.
    """
    table = read_csv(path, COLUMNS)
    table.refuse_if_any()
    raters, items = table.texts("rater"), table.texts("item")
    options, responses = table.texts("option"), table.texts("response", empty=True)
    said = table.texts("format") if "format" in table.columns else [""] * len(table)
    table.unique("rater", "item", "option")
    groups: dict[str, list[Row]] = {}
    formats: dict[str, set[str]] = {}
    for row, rater, item, option, response, kind in zip(
        table.numbered(), raters, items, options, responses, said, strict=True
    ):
        groups.setdefault(item, []).append((row, rater, option, response))
        formats.setdefault(item, set()).add(kind)
    kinds: dict[str, str] = {}
    for item, rows in groups.items():
        found = {kind for kind in formats[item] if kind}
        if len(found) > 1 or not found <= set(FORMATS):
            table.add(
                rows[0][0], "format", f"item {item} is {' and '.join(sorted(found))}.", f"Use {', '.join(FORMATS)}."
            )
        kinds[item] = format or (found.pop() if len(found) == 1 else guess_format(rows))
    values = {item: read_values(table, item, kinds[item], rows, scale) for item, rows in groups.items()}
    for item, answers in values.items():
        if not answers:
            table.add(
                groups[item][0][0], "response", f"item {item} has no answer at all.", "Leave it out or ask again."
            )
    table.refuse_if_any()
    rated = [value for item, answers in values.items() if kinds[item] == "rate" for value in answers.values()]
    span = scale or ((min(rated), max(rated)) if rated else (0.0, 1.0))
    return [build(item, kinds[item], groups[item], values[item], span) for item in groups]


def guess_format(rows: Sequence[Row]) -> str:
    """Know an item's format from its responses; ratings unless they can only be something else."""
    words = {response.casefold() for _, _, _, response in rows if response}
    if words & {"most", "least"}:
        return "most_least"
    if words <= {"0", "1"}:
        return "choose"
    by_rater: dict[str, list[str]] = {}
    options = {option for _, _, option, _ in rows}
    for _, rater, _, response in rows:
        by_rater.setdefault(rater, []).append(response)
    ranks = sorted(str(rank) for rank in range(1, len(options) + 1))
    # A rater may slip in a ranking; five ratings that happen to be 1 to 5 may also occur. Most raters decide.
    permuted = sum(sorted(given) == ranks for given in by_rater.values())
    return "rank" if permuted >= MOST_RATERS * len(by_rater) else "rate"


def read_values(
    table: CsvTable, item: str, kind: str, rows: Sequence[Row], scale: tuple[float, float] | None
) -> dict[tuple[str, str], float]:
    """Read one item's responses as numbers, noting faults."""
    out: dict[tuple[str, str], float] = {}
    n = len({option for _, _, option, _ in rows})
    low, high = {"rank": (1.0, float(n)), "choose": (0.0, 1.0), "single": (0.0, 1.0)}.get(
        kind, scale or (-math.inf, math.inf)
    )
    picked: dict[tuple[str, str], int] = {}
    for row, rater, option, response in rows:
        if not response:
            continue
        if kind == "most_least":
            word = response.casefold()
            if word not in ("most", "least", "0"):
                table.add(row, "response", f"{response!r} is not a pick.", "Write most or least, or leave it empty.")
                continue
            if word != "0" and (rater, word) in picked:
                what = f"rater {rater} picked {word} of item {item} in row {picked[rater, word]} already."
                table.add(row, "response", what, "Keep one.")
            picked.setdefault((rater, word), row)
            out[rater, option] = {"most": 1.0, "least": -1.0, "0": 0.0}[word]
            continue
        value = table.number(row, "response", response, low=low, high=high)
        if not math.isnan(value):
            if kind in ("choose", "single", "rank") and not value.is_integer():
                table.add(row, "response", f"{response} is not a whole number.", "Correct it.")
            out[rater, option] = value
    return out


def build(
    item: str, kind: str, rows: Sequence[Row], values: Mapping[tuple[str, str], float], scale: tuple[float, float]
) -> PanelItem:
    """Put one item's answers in a table; in picks and choices an option not mentioned was not chosen."""
    raters = first_seen(rater for _, rater, _, _ in rows)
    options = first_seen(option for _, _, option, _ in rows)
    fill = 0.0 if kind in ("choose", "single", "most_least") else math.nan
    table = np.full((len(raters), len(options)), fill)
    for i, rater in enumerate(raters):
        for j, option in enumerate(options):
            table[i, j] = values.get((rater, option), fill)
    answered = ~np.isnan(table).all(axis=1)
    kept = ~np.isnan(table).all(axis=0)
    span = {"rank": (1.0, float(len(options))), "rate": scale, "most_least": (-1.0, 1.0)}.get(kind, (0.0, 1.0))
    return PanelItem(
        item,
        kind,
        tuple(name for name, there in zip(raters, answered, strict=True) if there),
        tuple(name for name, there in zip(options, kept, strict=True) if there),
        table[answered][:, kept],
        span,
    )
