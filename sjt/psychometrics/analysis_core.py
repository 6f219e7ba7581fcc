"""The arrays that every part of an item analysis draws on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sjt.psychometrics import classical
from sjt.psychometrics.gram import BoolArray, FloatArray, MarkTable, PairSums, pair_sums
from sjt.psychometrics.responses import Responses, item_limits


@dataclass(frozen=True)
class Core:
    """The arrays every part of the analysis draws on."""

    table: MarkTable
    sums: PairSums
    cov: FloatArray
    low: FloatArray
    high: FloatArray
    means: FloatArray
    scores: classical.Scores
    groups: int
    group: Any
    pair_n: Any
    testlet: list[str] | None
    formats: list[str] | None
    same_testlet: BoolArray


def number(value: Any) -> float | None:
    number = float(value)
    return number if np.isfinite(number) else None


def pair(low: Any, high: Any) -> list[float | None] | None:
    if not np.isfinite(float(low)) or not np.isfinite(float(high)):
        return None
    return [float(low), float(high)]


def strata_of(core: Core) -> tuple[str | None, list[str] | None]:
    """What stratified alpha is stratified by, and the stratum of each item."""
    if core.formats is not None and len(set(core.formats)) > 1:
        return "format", core.formats
    return ("testlet", core.testlet) if core.testlet is not None else (None, None)


def build_core(responses: Responses) -> tuple[Core, list[str]]:
    """Compute the shared arrays and say, in notes, which limits were taken from the data."""
    low, high, notes = item_limits(responses)
    table = responses.table
    sums = pair_sums(table)
    score = classical.scores(table, low, high)
    known = int(np.isfinite(score.value).sum())
    groups = 5 if known >= 100 else 3 if known >= 30 else 1
    specs = [responses.spec(item) for item in responses.items]
    labels = [spec.testlet for spec in specs]
    testlet: list[str] | None = None
    if any(labels):
        testlet = [label or f"\x00{item}" for label, item in zip(labels, responses.items)]
    formats = [spec.format or "" for spec in specs] if any(spec.format for spec in specs) else None
    k = table.n_items
    same = np.zeros((k, k), dtype=bool)
    if testlet is not None:
        marks = np.array(testlet)
        same = marks[:, None] == marks[None, :]
    core = Core(
        table,
        sums,
        sums.covariance(),
        low,
        high,
        sums.means(),
        score,
        groups,
        classical.score_groups(score.value, groups),
        classical.smallest_pair_count(sums) if k > 1 else sums.n,
        testlet,
        formats,
        same,
    )
    return core, notes


def chance_marks(responses: Responses) -> FloatArray:
    chances = [responses.spec(item).chance for item in responses.items]
    return np.array([np.nan if chance is None else float(chance) for chance in chances])
