"""Ebel's method from a file of judges' cells."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

from sjt.psychometrics.csvtable import first_seen, read_csv
from sjt.psychometrics.standard_setting import Cut


def read_ebel(path: str) -> tuple[Fraction, float, int, Cut]:
    """Read ``judge,relevance,difficulty,weight,marks`` and compute the cut.

    Returns
    -------
    exact cut, maximum, number of judges, Cut
        Cut = mean over judges of Σ weight × marks; SE = SD of the judges' cuts over √judges; ``cells`` hold each
        cell's mean weight and mean marks.

    Raises
    ------
    InputError
        Every fault of the file; among them judges whose marks do not add up to the same total.
    """
    table = read_csv(path, ("judge", "relevance", "difficulty", "weight", "marks"))
    table.refuse_if_any()
    judges, relevance, difficulty = (table.texts(name) for name in ("judge", "relevance", "difficulty"))
    weights, marks = table.numbers("weight", low=0, high=1), table.numbers("marks", low=0)
    table.unique("judge", "relevance", "difficulty")
    table.refuse_if_any()
    exact = [(Fraction(repr(w)), Fraction(repr(m))) for w, m in zip(weights, marks, strict=True)]
    names = first_seen(judges)
    totals = {
        name: sum((m for judge, (_, m) in zip(judges, exact, strict=True) if judge == name), Fraction(0))
        for name in names
    }
    top = totals[names[0]]
    for name in names[1:]:
        if totals[name] != top:
            row = table.numbered()[judges.index(name)]
            what = f"judge {name} places {float(totals[name]):g} marks, judge {names[0]} {float(top):g}."
            table.add(row, "marks", what, "Every judge places all marks of the test.")
    if top <= 0:
        table.add(None, "marks", "they add up to nothing.", "Give the marks of each cell.")
    table.refuse_if_any()
    cuts = [
        sum((w * m for judge, (w, m) in zip(judges, exact, strict=True) if judge == name), Fraction(0))
        for name in names
    ]
    cut = sum(cuts, Fraction(0)) / len(cuts)
    spread = float(np.std([float(value) for value in cuts], ddof=1)) if len(cuts) > 1 else math.nan
    places = list(dict.fromkeys(zip(relevance, difficulty, strict=True)))
    cells = []
    for place in places:
        own = [pair for at, pair in zip(zip(relevance, difficulty, strict=True), exact, strict=True) if at == place]
        cells.append(
            {
                "relevance": place[0],
                "difficulty": place[1],
                "weight": sum((w for w, _ in own), Fraction(0)) / len(own),
                "marks": sum((m for _, m in own), Fraction(0)) / len(own),
                "judges": len(own),
            }
        )
    se = spread / math.sqrt(len(cuts)) if len(cuts) > 1 else math.nan
    judged = [{"judge": name, "cut": value} for name, value in zip(names, cuts, strict=True)]
    return cut, float(top), len(names), Cut(float(cut), se, {"cells": cells, "judges": judged})
