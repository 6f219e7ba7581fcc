"""Why no form exists, in words: the fewest items to write, or else the smallest change to the blueprint.

Two elastic programs. In the first the bank may be given new items: each carries one value of every counted
attribute and any minutes and targets that items of this bank have; the fewest such items are sought, and among
those the ones that must be of least particular kinds. In the second the bank stays and the blueprint's bounds give
way: the fewest constraints first, then the smallest change.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, OptimizeResult, milp

from sjt.authoring.assembly import AssemblyBank, AssemblySpec, Band, Count, Together
from sjt.authoring.assembly_problem import Problem, Rows, build, column_of
from sjt.authoring.shortfall_joint import Kind, spread, what_matters
from sjt.authoring.shortfall_words import plural, write_together, write_words


@dataclass(frozen=True, slots=True)
class Short:
    """One thing that is short: what is needed, what there is, the difference, and a sentence."""

    constraint: str
    need: float
    have: float
    short: float
    message: str

    def as_json(self) -> dict[str, object]:
        return {
            "constraint": self.constraint,
            "need": _number(self.need),
            "have": _number(self.have),
            "short": _number(self.short),
            "message": self.message,
        }


@dataclass(frozen=True, slots=True)
class Shortfall:
    """The smallest relaxation and its alternatives; ``proved`` when no form can exist without one."""

    first: tuple[Short, ...]
    alternatives: tuple[tuple[Short, ...], ...]
    proved: bool

    def as_json(self) -> list[dict[str, object]]:
        out = [short.as_json() for short in self.first]
        others = [[short.as_json() for short in way] for way in self.alternatives]
        for n, row in enumerate(out):
            row["or"] = others if n == 0 else []
        return out


def _number(value: float) -> float | int:
    rounded = round(value, 6)
    return int(rounded) if rounded == int(rounded) else rounded


def explain(bank: AssemblyBank, spec: AssemblySpec, seconds: float = 24.0) -> Shortfall | None:
    """Return what is short, or None when nothing is (or nothing could be found in time).

    Node limits stop first. What to write comes first in the answer and gets three quarters of the time, so that a
    slow machine says the same as a fast one.
    """
    made = build(bank, spec)
    write, proved_write = _items_to_write(made, seconds * 0.75)
    change, proved_change = _bounds_to_change(made, seconds * 0.25)
    ways = [way for way in (write, change) if way]
    if not ways:
        return None
    return Shortfall(ways[0], tuple(ways[1:]), proved_write or proved_change)


class _Elastic:
    """A problem's rows with extra columns that let them give."""

    def __init__(self, made: Problem) -> None:
        keep = [k for k, name in enumerate(made.rows.names) if not name.endswith(":level")]
        rows = made.rows
        self.names = [rows.names[k] for k in keep]
        self.columns = [list(map(int, rows.columns[k])) for k in keep]
        self.values = [list(map(float, rows.values[k])) for k in keep]
        self.low, self.high = [rows.low[k] for k in keep], [rows.high[k] for k in keep]
        self.lower, self.upper = made.lower.tolist(), made.upper.tolist()
        self.lower[made.level] = self.upper[made.level] = 0.0
        # A set of columns kept out of later forms only breaks symmetry; an explanation must not rest on it.
        self.upper = [1.0 if u == 0.0 and k != made.level else u for k, u in enumerate(self.upper)]
        for column in made.scenario_column[:, list(made.spec.banned)].ravel():
            self.upper[int(column)] = 0.0
        self.integral = made.integral.tolist()
        self.cost = [0.0] * len(self.lower)

    def column(self, cost: float, high: float = np.inf, *, whole: bool = True) -> int:
        self.lower.append(0.0)
        self.upper.append(high)
        self.integral.append(1 if whole else 0)
        self.cost.append(cost)
        return len(self.lower) - 1

    def row(self, name: str, columns: list[int], values: list[float], low: float, high: float = np.inf) -> None:
        self.names.append(name)
        self.columns.append(columns)
        self.values.append(values)
        self.low.append(low)
        self.high.append(high)

    def give(self, row: int, column: int, value: float) -> None:
        self.columns[row].append(column)
        self.values[row].append(value)

    def solve(self, seconds: float, without: Sequence[int] = ()) -> OptimizeResult:
        """Solve it; the columns ``without`` are held at nothing."""
        upper = np.array(self.upper)
        upper[list(without)] = 0.0
        rows = Rows(
            self.names, [np.array(c) for c in self.columns], [np.array(v) for v in self.values], self.low, self.high
        )
        return milp(
            np.array(self.cost),
            constraints=LinearConstraint(rows.matrix(len(self.lower)), np.array(self.low), np.array(self.high)),
            bounds=Bounds(np.array(self.lower), upper),
            integrality=np.array(self.integral),
            options={"time_limit": seconds, "node_limit": 4000, "mip_rel_gap": 1e-6},
        )


def _items_to_write(made: Problem, seconds: float) -> tuple[tuple[Short, ...], bool]:
    bank, spec = made.bank, made.spec
    elastic = _Elastic(made)
    index = {name: k for k, name in enumerate(elastic.names)}
    summed: tuple[Band | Together, ...] = (*spec.bands, *spec.together)
    attrs: dict[str, list[Count]] = {}
    for count in spec.counts:
        attrs.setdefault(count.attr, []).append(count)
    most = spec.length
    new: list[int] = []
    of_kind: dict[str, list[int]] = {count.name: [] for count in spec.counts}
    any_value: dict[str, list[int]] = {}
    for f in range(spec.forms):
        tag = f"form{f + 1}:"
        added = elastic.column(1000.0, most)
        new.append(added)
        elastic.give(index[tag + ("n" if spec.length_of_items else "scenarios")], added, 1.0)
        for attr, counts in attrs.items():
            kinds = [elastic.column(1.0, most) for _ in counts]
            for count, kind in zip(counts, kinds, strict=True):
                elastic.give(index[tag + count.name], kind, 1.0)
                of_kind[count.name].append(kind)
            if not _is_partition(bank, counts):
                # A new scenario may carry several of these (codes, outcomes): each kind is bounded on its own.
                for kind in kinds:
                    elastic.row(tag + attr, [kind, added], [1.0, -1.0], -np.inf, 0.0)
                continue
            # What is left over is an item whose value of this attribute does not matter, as long as some cell
            # still has room for it.
            rest = elastic.column(0.0, most)
            any_value.setdefault(attr, []).append(rest)
            elastic.row(tag + attr, [*kinds, rest, added], [1.0] * (len(kinds) + 1) + [-1.0], 0.0, 0.0)
            if all(c.high is not None for c in counts):
                room = [index[tag + c.name] for c in counts]
                columns = [column for r in room for column in elastic.columns[r]]
                weights = [value for r in room for value in elastic.values[r]]
                elastic.row(tag + attr, [*columns, rest], [*weights, 1.0], -np.inf, sum(c.high or 0 for c in counts))
        for band in summed:
            held = column_of(bank, band.attr)
            worth = elastic.column(0.0, whole=False)
            elastic.give(index[tag + band.name], worth, 1.0)
            if (applied := f"{tag}{band.name}_applied") in index:
                elastic.give(index[applied], worth, 1.0)
            elastic.row(tag + band.name, [worth, added], [1.0, -float(held.min())], 0.0)
            elastic.row(tag + band.name, [worth, added], [1.0, -float(held.max())], -np.inf, 0.0)
    result = elastic.solve(seconds)
    if result.x is None:
        return (), False
    per_item = max(1, min(spec.max_use or spec.forms, spec.forms))
    written = math.ceil(round(sum(result.x[c] for c in new)) / per_item)
    if written == 0:
        return (), False
    proved = result.mip_dual_bound is not None and result.mip_dual_bound > 1.0
    noun = "item" if spec.length_of_items else "scenario"
    needs = {
        (count.attr, count.value): math.ceil(round(sum(result.x[c] for c in of_kind[count.name])) / per_item)
        for count in spec.counts
    }
    cells = spread({kind: n for kind, n in needs.items() if n}, written, any_value)
    instead: Mapping[str, tuple[str, ...]] = {}
    if written in needs.values():  # every new one must have it, so that other features may go with it
        elastic.row("new", new, [1.0] * len(new), 0.0, float(round(sum(result.x[c] for c in new))))
        known = {attr: [c.value for c in attrs[attr] if c.high != 0] for attr in any_value}
        until = time.monotonic() + seconds

        def would_do(only: Mapping[str, Sequence[str]]) -> bool:
            shut = [column for attr in only for column in any_value[attr]]
            shut += [
                k for attr, good in only.items() for c in attrs[attr] if c.value not in good for k in of_kind[c.name]
            ]
            return elastic.solve(max(0.1, until - time.monotonic()), without=shut).x is not None

        cells, instead = what_matters(cells, known, would_do)
    out = [_to_write(made, noun, kinds, short, instead) for kinds, short in cells.items() if kinds]
    usable = len(bank.scenarios) - len(spec.banned)
    if not out:
        fits = (
            ""
            if not spec.bands
            else ", with " + " and ".join(_wanted(made, elastic, index, result, b) for b in spec.bands)
        )
        text = f"Write {plural(written, f'more {noun}')} of any kind{fits}: the bank holds {usable} that may be used."
        out.append(Short("n" if spec.length_of_items else "scenarios", usable + written, usable, written, text))
    return tuple(sorted(out, key=lambda s: (s.short, s.constraint))), proved


def _to_write(
    made: Problem, noun: str, kinds: tuple[Kind, ...], short: int, instead: Mapping[str, tuple[str, ...]]
) -> Short:
    """Say how many of a kind are missing; of a joint kind, what must come together."""
    bank, spec = made.bank, made.spec
    counts = [count for count in spec.counts if (count.attr, count.value) in kinds]
    held = [set(_scenarios_with(bank, count, spec)) for count in counts]
    name = " and ".join(count.name for count in counts)
    if len(counts) == 1:
        have = len(_holding(bank, counts[0], spec))
        text = write_words(noun, counts[0].attr, counts[0].value, have + short, have)
    else:
        have = len(set.intersection(*held))
        text = write_together(noun, [(c.attr, instead.get(c.attr, (c.value,))) for c in counts], short, have)
    return Short(name, have + short, have, short, text)


def _scenarios_with(bank: AssemblyBank, count: Count, spec: AssemblySpec) -> list[int]:
    found = _holding(bank, count, spec)
    return found if count.of_scenarios else [bank.scenario_of[i] for i in found]


def _wanted(made: Problem, elastic: _Elastic, index: Mapping[str, int], result: OptimizeResult, band: Band) -> str:
    """What the new items must bring of one number, on average."""
    total, count = 0.0, 0.0
    for f in range(made.spec.forms):
        row = index[f"form{f + 1}:{band.name}"]
        total += float(result.x[elastic.columns[row][-1]])
        length = index[f"form{f + 1}:" + ("n" if made.spec.length_of_items else "scenarios")]
        count += float(result.x[elastic.columns[length][-1]])
    return f"{band.attr} about {total / max(count, 1.0):.2f} each"


def _is_partition(bank: AssemblyBank, counts: list[Count]) -> bool:
    """Each item has exactly one of the counted values, so cells cannot be dodged."""
    attr = counts[0].attr
    values = {c.value for c in counts}
    return all(len(tags) == 1 and tags <= values for tags in bank.tags[attr])


def _holding(bank: AssemblyBank, count: Count, spec: AssemblySpec) -> list[int]:
    banned = set(spec.banned)
    if count.of_scenarios:
        tags = bank.scenario_tags(count.attr)
        return [s for s, held in enumerate(tags) if count.value in held and s not in banned]
    held = bank.tags[count.attr]
    return [i for i, s in enumerate(bank.scenario_of) if count.value in held[i] and s not in banned]


def _bounds_to_change(made: Problem, seconds: float) -> tuple[tuple[Short, ...], bool]:
    bank, spec = made.bank, made.spec
    elastic = _Elastic(made)
    index: dict[str, list[int]] = {}
    for k, name in enumerate(elastic.names):
        index.setdefault(name, []).append(k)
    gives: dict[tuple[str, str], list[int]] = {}
    scales = {c.name: 1.0 for c in spec.counts}
    scales |= {b.name: max(float(b.high - b.low), 0.1) for b in spec.bands}
    scales |= {"enemies": 1.0}
    scales |= {rule.name: max(float(rule.apart), 0.1) for rule in spec.together}
    sums = {band.name for band in spec.bands} | {rule.name for rule in spec.together}
    for name, scale in scales.items():
        whole = name not in sums
        for side in ("low", "high"):
            if side == "low" and (name == "enemies" or name.startswith("forms:")):
                continue
            touched = [row for f in range(spec.forms) for row in index.get(f"form{f + 1}:{name}", [])]
            if not touched or not all(
                np.isfinite((elastic.low if side == "low" else elastic.high)[r]) for r in touched
            ):
                continue
            # One bound serves every form, so one column moves it in all of them.
            changed, give = elastic.column(100.0, 1.0), elastic.column(1.0 / scale, whole=whole)
            for row in touched:
                elastic.give(row, give, 1.0 if side == "low" else -1.0)
            elastic.row("changed", [give, changed], [1.0, -_reach(bank, spec, name)], -np.inf, 0.0)
            gives[name, side] = [give]
    _free_anchors(made, elastic, gives)
    _free_use(made, elastic, index, gives)
    result = elastic.solve(seconds)
    if result.x is None:
        return (), False
    proved = result.mip_dual_bound is not None and result.mip_dual_bound > 1.0
    out: list[Short] = []
    for (name, side), columns in gives.items():
        by_row = [float(result.x[c]) for c in columns]
        change = sum(by_row) if name == "anchors" else max(by_row)
        if change > 1e-6:
            out.append(_change(spec, name, side, change))
    return tuple(sorted(out, key=lambda s: (s.short, s.constraint))), proved


def _reach(bank: AssemblyBank, spec: AssemblySpec, name: str) -> float:
    """How far one bound could ever have to move: the multiplier that ties the move to its being counted."""
    summed: tuple[Band | Together, ...] = (*spec.bands, *spec.together)
    for band in summed:
        if band.name == name:
            largest = float(np.abs(column_of(bank, band.attr)).max())
            per_form = len(bank.items) if not spec.length_of_items else spec.length
            ends = [abs(float(band.low)), abs(float(band.high))] if isinstance(band, Band) else [0.0]
            return max(ends) + largest * per_form
    return float(min(len(bank.items), spec.length + 1 if spec.length_of_items else len(bank.items)))


def _free_anchors(made: Problem, elastic: _Elastic, gives: dict[tuple[str, str], list[int]]) -> None:
    """An anchor may be left out, at the price of a changed constraint each."""
    for column in made.scenario_column[:, list(made.spec.anchors)].ravel():
        elastic.lower[int(column)] = 0.0
        out = elastic.column(100.0, 1.0)
        elastic.row("anchor", [int(column), out], [1.0, 1.0], 1.0)
        gives.setdefault(("anchors", "low"), []).append(out)


def _free_use(
    made: Problem, elastic: _Elastic, index: Mapping[str, list[int]], gives: dict[tuple[str, str], list[int]]
) -> None:
    """Scenarios may be used oftener, and pairs of forms share more."""
    rows = [*index.get("forms:use", [])]
    if rows:
        more = elastic.column(101.0, float(made.spec.forms))
        for row in rows:
            elastic.give(row, more, -1.0)
        gives[("use", "high")] = [more]
    pairs = [k for name, ks in index.items() if name != "forms:use" and name.endswith((":use",)) for k in ks] + [
        k for name, ks in index.items() if ":earlier" in name for k in ks
    ]
    if pairs:
        more = elastic.column(101.0, float(made.spec.length))
        for row in pairs:
            elastic.give(row, more, -1.0)
        gives[("overlap_max", "high")] = [more]


def _change(spec: AssemblySpec, name: str, side: str, change: float) -> Short:
    """Put one moved bound in words."""
    for count in spec.counts:
        if count.name == name:
            was = count.low if side == "low" else (count.high or 0)
            now = was - change if side == "low" else was + change
            end = "at least" if side == "low" else "at most"
            text = f"Let a form hold {end} {_number(now)} with {count.attr} {count.value} in place of {was}."
            return Short(name, was, now, abs(change), text)
    for band in spec.bands:
        if band.name == name:
            edge = float(band.low if side == "low" else band.high)
            now = edge - change if side == "low" else edge + change
            end = "from" if side == "low" else "up to"
            text = f"Let the {name} of a form run {end} {_number(round(now, 3))} in place of {_number(round(edge, 3))}."
            return Short(name, edge, now, abs(change), text)
    for rule in spec.together:
        if rule.name == name:
            edge = float(rule.apart)
            now = _number(round(edge + change, 3))
            text = f"Let the forms differ by {now} {rule.attr} in place of {_number(edge)}."
            return Short(name, edge, edge + change, change, text)
    if name == "use":
        was_use = spec.max_use or 1
        text = f"Let an item stand in {_number(was_use + change)} forms in place of {was_use}, or build fewer forms."
        return Short("use", was_use + change, was_use, change, text)
    if name == "overlap_max":
        was_shared = spec.overlap_max or 0
        now_shared = _number(was_shared + change)
        text = f"Let two forms share {now_shared} scenarios in place of {was_shared}, or build fewer forms."
        return Short("use.overlap_max", was_shared + change, was_shared, change, text)
    if name == "anchors":
        text = f"Take {plural(round(change / spec.forms) or 1, 'anchor')} out: the anchors alone already clash."
        return Short("anchors", len(spec.anchors), len(spec.anchors) - change, change, text)
    text = "Let both of a pair of enemies stand in one form: anchors or scarce items are enemies of each other."
    return Short(name, 0, change, change, text)


def forms_possible(bank: AssemblyBank, spec: AssemblySpec) -> int:
    """How many forms without shared scenarios the counts allow at most: the scarcest cell decides."""
    free = [s for s in range(len(bank.scenarios)) if s not in set(spec.anchors) and s not in set(spec.banned)]
    need = spec.length - len(spec.anchors)
    best = len(free) // need if need > 0 else 10**6
    for count in spec.counts:
        held = _holding(bank, replace(count), spec)
        scenarios = set(held) if count.of_scenarios else {bank.scenario_of[i] for i in held}
        anchored = len(scenarios & set(spec.anchors))
        wanted = count.low - anchored
        if wanted > 0:
            best = min(best, (len(scenarios) - anchored) // wanted)
    return best
