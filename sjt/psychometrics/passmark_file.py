"""Read judgements and scores from CSV files for `sjt passmark`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from sjt.errors import InputError
from sjt.psychometrics._validate import FloatArray
from sjt.psychometrics.csvtable import CsvTable, first_seen, read_csv
from sjt.psychometrics.cuts import mark_of_borderline

YES_NO = {"yes": 1.0, "no": 0.0, "1": 1.0, "0": 0.0}


@dataclass(frozen=True)
class Judgements:
    """One round: judges × items in marks, NaN where a judge gave none."""

    round: int
    judges: tuple[str, ...]
    items: tuple[str, ...]
    panels: tuple[str, ...]
    """Panel of each judge."""
    maxima: FloatArray
    ratings: FloatArray

    def exact_means(self) -> list[Fraction]:
        """Exact mean rating of each item, from the decimals that were written."""
        out = []
        for column in self.ratings.T:
            known = [Fraction(repr(float(value))) for value in column if not math.isnan(value)]
            out.append(sum(known, Fraction(0)) / len(known))
        return out


@dataclass(frozen=True)
class ItemFacts:
    """What is known of items beside the judgements; NaN where it is not."""

    chance: Mapping[str, float]
    facility: Mapping[str, float]


NOTHING_KNOWN = ItemFacts({}, {})


def read_item_facts(path: str) -> ItemFacts:
    """Read ``item`` with ``chance`` (marks) and ``facility`` (0 to 1), as far as the columns are there."""
    table = read_csv(path, ("item",))
    table.refuse_if_any()
    items = table.texts("item")
    table.unique("item")
    chance = table.numbers("chance", low=0, empty=True)
    facility = table.numbers("facility", low=0, high=1, empty=True)
    table.refuse_if_any()
    return ItemFacts(dict(zip(items, chance, strict=True)), dict(zip(items, facility, strict=True)))


def parse_order(text: str) -> list[list[str]]:
    """Read ``B>A=C>D`` into tied groups, best first."""
    return [[name.strip() for name in group.split("=")] for group in text.split(">")]


def mark_of_order(response: str, key: str, worth: float) -> float:
    """The mark of a borderline candidate's expected order against a key, both written ``B>A=C>D``.

    Raises
    ------
    InputError
        The order is not a full ranking of the key's options.
    """
    groups = parse_order(key)
    options = sorted(name for group in groups for name in group)
    ranks = {name: rank for rank, group in enumerate(parse_order(response), 1) for name in group}
    table = {"order": groups}
    mark = mark_of_borderline("rank_distance@1", table, ranks, options=options, worth=Fraction(repr(worth)))
    return float(mark)


def read_judgements(
    path: str, *, yes_no: bool = False, percent: bool = False, facts: ItemFacts = NOTHING_KNOWN
) -> list[Judgements]:
    """Read ``judge,round,item,max,rating`` (and ``panel``, ``response`` with ``key``), one table for each round.

    A rating below the item's chance mark is refused with the chance mark named. An empty rating with a ``response``
    such as ``B>A>C`` and a ``key`` gets the mark that order earns.

    Raises
    ------
    InputError
        Every fault of the file.
    """
    table = read_csv(path, ("judge", "item", "max", "rating"))
    table.refuse_if_any()
    judges, items = table.texts("judge"), table.texts("item")
    rounds = table.numbers("round", low=1) if "round" in table.columns else [1.0] * len(table)
    maxima = table.numbers("max", low=0)
    panels = table.texts("panel") if "panel" in table.columns else ["1"] * len(table)
    ratings = _ratings(table, items, maxima, yes_no=yes_no, percent=percent, facts=facts)
    table.unique(*(name for name in ("judge", "round", "item") if name in table.columns))
    top: dict[str, float] = {}
    panel_of: dict[str, str] = {}
    for row, judge, item, maximum, number, panel in zip(
        table.numbered(), judges, items, maxima, rounds, panels, strict=True
    ):
        if maximum == 0:
            table.add(row, "max", "an item worth nothing cannot be judged.", "Give its marks.")
        if not math.isnan(maximum) and top.setdefault(item, maximum) != maximum:
            table.add(row, "max", f"item {item} had {top[item]:g} above.", "Give an item one maximum.")
        if not math.isnan(number) and not number.is_integer():
            table.add(row, "round", f"{number:g} is not a whole number.", "Count rounds 1, 2, …")
        if panel_of.setdefault(judge, panel) != panel:
            table.add(row, "panel", f"judge {judge} was in panel {panel_of[judge]} above.", "Give a judge one panel.")
    table.refuse_if_any()
    out = []
    for number in sorted(set(rounds)):
        at = [i for i, value in enumerate(rounds) if value == number]
        names, listed = first_seen(judges[i] for i in at), first_seen(items[i] for i in at)
        values = np.full((len(names), len(listed)), np.nan)
        for i in at:
            values[names.index(judges[i]), listed.index(items[i])] = ratings[i]
        tops = np.array([top[item] for item in listed])
        out.append(
            Judgements(int(number), tuple(names), tuple(listed), tuple(panel_of[name] for name in names), tops, values)
        )
    return out


def _ratings(
    table: CsvTable, items: list[str], maxima: list[float], *, yes_no: bool, percent: bool, facts: ItemFacts
) -> list[float]:
    cells = table.texts("rating", empty=True)
    responses = table.texts("response", empty=True)
    keys = table.texts("key", empty=True)
    out = []
    for row, item, maximum, cell, response, key in zip(
        table.numbered(), items, maxima, cells, responses, keys, strict=True
    ):
        if math.isnan(maximum):
            out.append(math.nan)
            continue
        if not cell and response:
            try:
                value = mark_of_order(response, key, maximum)
            except InputError as error:
                what = error.faults[0].what if error.faults else error.message
                table.add(row, "response", f"{response!r} gives no mark: {what}", "Rank every option of the key once.")
                value = math.nan
        elif yes_no:
            word = cell.casefold()
            if word not in YES_NO:
                table.add(row, "rating", f"{cell!r} is neither yes nor no.", "Write yes or no, or 1 or 0.")
            value = YES_NO.get(word, math.nan) * maximum
        else:
            value = table.number(row, "rating", cell, low=0, high=100 if percent else maximum)
            value = (
                float(Fraction(repr(value)) * Fraction(repr(maximum)) / 100) if percent and value == value else value
            )
        chance = facts.chance.get(item, math.nan)
        if not yes_no and value < chance:
            what = f"{value:g} is below the chance mark {chance:g} of {maximum:g}."
            table.add(row, "rating", what, "A borderline candidate does at least as well as chance.")
        out.append(value)
    return out


def read_scores(path: str) -> FloatArray:
    """Read ``person,score``."""
    table = read_csv(path, ("person", "score"))
    table.refuse_if_any()
    table.texts("person")
    table.unique("person")
    scores = table.numbers("score")
    table.refuse_if_any()
    return np.array(scores)


def read_columns(path: str, texts: tuple[str, ...], **numbers: tuple[float | None, float | None]) -> CsvTable:
    """Read a file with text columns and number columns in ranges; every fault at once."""
    table = read_csv(path, (*texts, *numbers))
    table.refuse_if_any()
    for name in texts:
        table.texts(name)
    for name, (low, high) in numbers.items():
        table.numbers(name, low=low, high=high)
    return table
