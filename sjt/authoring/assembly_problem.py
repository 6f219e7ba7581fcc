"""The matrix of an assembly: columns for scenarios and items of each form, one named row per constraint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from sjt.authoring.assembly import AssemblyBank, AssemblySpec, Together

SLACK = 2e-6
"""Twice what HiGHS forgives a row: sums that must not exceed a bound exactly stay this far inside it."""
STRICT = 1e-3
"""Share of a mark unit by which a cut lies above the multiple below it: room for HiGHS's own slack."""

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass
class Rows:
    """Rows of a matrix as they are written: columns, values, bounds, a name each."""

    names: list[str] = field(default_factory=list)
    columns: list[IntArray] = field(default_factory=list)
    values: list[FloatArray] = field(default_factory=list)
    low: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)

    def add(
        self, name: str, columns: Sequence[int] | IntArray, values: object, low: float, high: float = np.inf
    ) -> None:
        where = np.asarray(columns, dtype=np.int64)
        self.names.append(name)
        self.columns.append(where)
        self.values.append(np.broadcast_to(np.asarray(values, dtype=np.float64), where.shape))
        self.low.append(low)
        self.high.append(high)

    def matrix(self, width: int) -> sparse.csr_array:
        row = np.concatenate([np.full(len(c), k) for k, c in enumerate(self.columns)])
        entries = (np.concatenate(self.values), (row, np.concatenate(self.columns)))
        return sparse.csr_array(entries, shape=(len(self.names), width))


@dataclass
class Problem:
    """A mixed-integer program over forms; ``cost`` is minimised."""

    bank: AssemblyBank
    spec: AssemblySpec
    rows: Rows
    item_column: IntArray
    """Shape (forms, items)."""
    scenario_column: IntArray
    """Shape (forms, scenarios)."""
    lower: FloatArray
    upper: FloatArray
    integral: IntArray
    cost: FloatArray
    level: int
    """Column of the value that every form reaches (B), or of the largest deviation (A)."""

    def forms_of(self, solution: FloatArray) -> list[list[int]]:
        """Read the items of each form, in bank order."""
        picked = solution[self.item_column] > 0.5
        return [[int(i) for i in np.flatnonzero(row)] for row in picked]


def column_of(bank: AssemblyBank, attr: str) -> FloatArray:
    """One number of every item as floats."""
    return np.array([float(v) for v in bank.numbers[attr]])


def _columns(bank: AssemblyBank, forms: int) -> tuple[IntArray, IntArray, int]:
    """Number the columns: a scenario with a single item shares that item's column."""
    n_items, n_scenarios = len(bank.items), len(bank.scenarios)
    sizes = np.bincount(bank.scenario_of, minlength=n_scenarios)
    scenario_of = np.array(bank.scenario_of)
    items = np.empty((forms, n_items), dtype=np.int64)
    scenarios = np.empty((forms, n_scenarios), dtype=np.int64)
    width = 0
    for f in range(forms):
        items[f] = width + np.arange(n_items)
        width += n_items
        for s in range(n_scenarios):
            if sizes[s] == 1:
                scenarios[f, s] = items[f, int(np.flatnonzero(scenario_of == s)[0])]
            else:
                scenarios[f, s] = width
                width += 1
    return items, scenarios, width


def form_rows(
    bank: AssemblyBank,
    spec: AssemblySpec,
    rows: Rows,
    f: int,
    items: IntArray,
    scenarios: IntArray,
    *,
    bands: bool = True,
) -> None:
    """Write what one form must satisfy on its own."""
    tag = f"form{f + 1}:"
    scenario_of = np.array(bank.scenario_of)
    for s in np.flatnonzero(np.bincount(bank.scenario_of, minlength=len(bank.scenarios)) > 1):
        own = items[scenario_of == s]
        rows.add(f"{tag}scenario", [*own, scenarios[s]], [*np.ones(len(own)), -1.0], 0.0)
        for column in own:
            rows.add(f"{tag}scenario", [column, scenarios[s]], [-1.0, 1.0], 0.0)
    rows.add(tag + ("n" if spec.length_of_items else "scenarios"), scenarios, 1.0, spec.length, spec.length)
    if bands:
        for band in spec.bands:
            rows.add(tag + band.name, items, column_of(bank, band.attr), float(band.low), float(band.high))
    for count in spec.counts:
        if count.of_scenarios:
            held = np.array([count.value in tags for tags in bank.scenario_tags(count.attr)])
            where = scenarios[held]
        else:
            held = np.array([count.value in tags for tags in bank.tags[count.attr]])
            where = items[held]
        rows.add(tag + count.name, where, 1.0, count.low, np.inf if count.high is None else count.high)
    for a, b in spec.enemies:
        rows.add(tag + "enemies", scenarios[[a, b]], 1.0, 0.0, 1.0)
    for group in spec.groups:
        rows.add(tag + "families", scenarios[list(group)], 1.0, 0.0, 1.0)
    if spec.overlap_max is not None:
        for n, other in enumerate(spec.earlier):
            shared = sorted(set(other) - set(spec.anchors))
            rows.add(f"{tag}earlier{n + 1}", scenarios[shared], 1.0, 0.0, spec.overlap_max)


def build(bank: AssemblyBank, spec: AssemblySpec, problem: str = "B", tolerance: float = 0.005) -> Problem:
    """Build problem B (largest weakest form inside fixed bands) or A (smallest largest deviation, from a floor)."""
    forms = spec.forms
    items, scenarios, width = _columns(bank, forms)
    rows = Rows()
    for f in range(forms):
        form_rows(bank, spec, rows, f, items[f], scenarios[f], bands=problem == "B")
    free = [s for s in range(len(bank.scenarios)) if s not in set(spec.anchors)]
    if forms > 1 and spec.max_use is not None and spec.max_use < forms:
        for s in free:
            rows.add("forms:use", scenarios[:, s], 1.0, 0.0, spec.max_use)
    n_binary = width
    if spec.overlap_max is not None and spec.max_use != 1:
        for a in range(forms):
            for b in range(a + 1, forms):
                both = np.arange(width, width + len(free))
                width += len(free)
                for k, s in enumerate(free):
                    pair = [scenarios[a, s], scenarios[b, s], both[k]]
                    rows.add(f"form{a + 1}-{b + 1}:shares", pair, [-1.0, -1.0, 1.0], -1.0)
                rows.add(f"form{a + 1}-{b + 1}:use", both, 1.0, 0.0, spec.overlap_max)
    together = width
    width += 2 * len(spec.together)
    level = width
    width += 1
    lower, upper = np.zeros(width), np.ones(width)
    lower[level], upper[level] = (tolerance, np.inf) if problem == "A" else (-np.inf, np.inf)
    lower[scenarios[:, list(spec.anchors)]] = 1.0
    upper[scenarios[:, list(spec.banned)]] = 0.0
    integral = np.zeros(width, dtype=np.int64)
    integral[:n_binary] = 1
    for k, rule in enumerate(spec.together):
        _keep_together(bank, rule, rows, items, together + 2 * k)
        lower[[together + 2 * k, together + 2 * k + 1]] = -np.inf
        upper[[together + 2 * k, together + 2 * k + 1]] = np.inf
        integral[together + 2 * k + 1] = 1 if rule.unit is not None else 0
    cost = np.zeros(width)
    if problem == "B":
        cost[level] = -1.0
        worth = column_of(bank, spec.objective)
        for f in range(forms):
            rows.add(f"form{f + 1}:level", [*items[f], level], [*worth, -1.0], 0.0)
    else:
        cost[level] = 1.0
        _deviations(bank, spec, rows, items, level)
    _break_symmetry(bank, spec, scenarios, upper)
    return Problem(bank, spec, rows, items, scenarios, lower, upper, integral, cost, level)


def _keep_together(bank: AssemblyBank, rule: Together, rows: Rows, items: IntArray, column: int) -> None:
    """One free column is the least of the forms' sums; another counts the multiples that all of them round up to."""
    worth = column_of(bank, rule.attr)
    for f, own in enumerate(items):
        rows.add(f"form{f + 1}:{rule.name}", [*own, column], [*worth, -1.0], 0.0, max(0.0, float(rule.apart) - SLACK))
        if rule.unit is not None:
            unit = float(rule.unit)
            # Strictly above the multiple below, and no higher than its own.
            rows.add(
                f"form{f + 1}:{rule.name}_applied", [*own, column + 1], [*worth, -unit], -unit + unit * STRICT, -SLACK
            )


def _deviations(bank: AssemblyBank, spec: AssemblySpec, rows: Rows, items: IntArray, level: int) -> None:
    for f in range(spec.forms):
        for band in spec.bands:
            worth = column_of(bank, band.attr)
            if not band.is_target or band.centre is None:
                rows.add(f"form{f + 1}:{band.name}", items[f], worth, float(band.low), float(band.high))
                continue
            weight, centre = float(band.weight), float(band.centre)
            rows.add(f"form{f + 1}:{band.name}", [*items[f], level], [*worth, -weight], -np.inf, centre)
            rows.add(f"form{f + 1}:{band.name}", [*items[f], level], [*worth, weight], centre)


def _break_symmetry(bank: AssemblyBank, spec: AssemblySpec, scenarios: IntArray, upper: FloatArray) -> None:
    """Forms of one set are alike, so the dearest scenario stands in the first form that uses it.

    The scenario that contributes most to the objective may be kept out of every form but the first when no
    scenario is used twice: renumbering the forms turns any solution into such a one.
    """
    if spec.forms < 2 or spec.max_use != 1 or spec.earlier:
        return
    worth = np.zeros(len(bank.scenarios))
    np.add.at(worth, np.array(bank.scenario_of), column_of(bank, spec.objective))
    worth[list(spec.anchors)] = -np.inf
    worth[list(spec.banned)] = -np.inf
    best = int(np.argmax(worth))
    upper[scenarios[1:, best]] = 0.0
