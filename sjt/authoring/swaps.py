"""A seeded walk by swaps: quick improvement of forms that exist, and the filling of a pool of unique forms.

A *unit* is a scenario with the items it would bring. Each step looks at every swap of a few units of one form
against everything outside it (and, where no scenario may serve twice, at exchanges with the other forms), takes the
cheapest that is not tabu, and pays for broken constraints with a price that rises while they are broken and falls
while they are not (Glover's strategic oscillation). Steps are counted, not timed, so a seed repeats exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sjt.authoring.assembly import AssemblyBank, AssemblySpec
from sjt.authoring.assembly_problem import FloatArray, IntArray, column_of

BoolArray = NDArray[np.bool_]

TENURE = 6
"""Steps for which a unit that moved stays where it is; up to as many again are drawn on top."""
PATIENCE = 300
"""Steps without a better set of forms after which the walk starts again from its best."""
OUTS = 6
"""Units of the form that one step considers taking out."""


@dataclass(frozen=True)
class Units:
    """Scenarios as swappable units with what each adds to a form."""

    items: tuple[tuple[int, ...], ...]
    """Items of the bank in each unit."""
    scenario: IntArray
    adds: FloatArray
    """Shape (units, constraints): what a unit adds to each counted or summed constraint."""
    low: FloatArray
    high: FloatArray
    worth: FloatArray
    clash: BoolArray
    """Shape (units, units): enemies, one family, or two variants of one scenario."""
    anchors: BoolArray
    banned: BoolArray

    def form_items(self, chosen: BoolArray) -> list[int]:
        """Bank positions of a form's items, in bank order."""
        return sorted(item for unit in np.flatnonzero(chosen) for item in self.items[unit])

    def chosen_of(self, forms: Sequence[Sequence[int]], spec: AssemblySpec) -> BoolArray | None:
        """Units of forms given by their items; None where a form takes a part of a scenario that is no unit."""
        place = {unit: n for n, unit in enumerate(self.items)}
        owner = {item: int(s) for unit, s in zip(self.items, self.scenario, strict=True) for item in unit}
        chosen = np.zeros((len(forms), len(self.items)), dtype=bool)
        for f, form in enumerate(forms):
            parts: dict[int, list[int]] = {}
            for item in sorted(form):
                if item not in owner:
                    return None
                parts.setdefault(owner[item], []).append(item)
            for own in parts.values():
                if tuple(own) not in place:
                    return None
                chosen[f, place[tuple(own)]] = True
        return chosen


def units_of(bank: AssemblyBank, spec: AssemblySpec) -> Units:
    """Turn a bank into units: each item of a scenario alone, and all of them together where there are several."""
    items: list[tuple[int, ...]] = []
    owner: list[int] = []
    grouped: list[list[int]] = [[] for _ in bank.scenarios]
    for item, scenario in enumerate(bank.scenario_of):
        grouped[scenario].append(item)
    counted = {c.value for c in spec.counts if c.attr == "format" and (c.high is None or c.high > 0)}
    for scenario, own in enumerate(grouped):
        usable = [i for i in own if "format" not in bank.tags or not counted or bank.tags["format"][i] & counted] or own
        variants = [(i,) for i in usable] + ([tuple(usable)] if len(usable) > 1 and not spec.length_of_items else [])
        items.extend(variants)
        owner.extend([scenario] * len(variants))
    scenario_of = np.array(owner)
    columns = [column_of(bank, band.attr) for band in spec.bands]
    adds = [np.array([column[list(unit)].sum() for unit in items]) for column in columns]
    low, high = [float(b.low) for b in spec.bands], [float(b.high) for b in spec.bands]
    for count in spec.counts:
        if count.of_scenarios:
            held = np.array([count.value in tags for tags in bank.scenario_tags(count.attr)], dtype=float)[scenario_of]
        else:
            one = np.array([count.value in tags for tags in bank.tags[count.attr]], dtype=float)
            held = np.array([one[list(unit)].sum() for unit in items])
        adds.append(held)
        low.append(count.low)
        high.append(np.inf if count.high is None else count.high)
    clash = scenario_of[:, None] == scenario_of[None, :]
    np.fill_diagonal(clash, False)
    for pairs in [*spec.enemies, *((a, b) for group in spec.groups for a in group for b in group if a < b)]:
        first, second = scenario_of == pairs[0], scenario_of == pairs[1]
        clash |= first[:, None] & second[None, :] | second[:, None] & first[None, :]
    worth_items = column_of(bank, spec.objective)
    worth = np.array([worth_items[list(unit)].sum() for unit in items])
    adds_array = np.column_stack(adds) if adds else np.zeros((len(items), 0))
    return Units(
        tuple(items), scenario_of, adds_array, np.array(low), np.array(high), worth, clash,
        np.isin(scenario_of, spec.anchors), np.isin(scenario_of, spec.banned),
    )  # fmt: skip


def start_of(units: Units, spec: AssemblySpec, seed: int) -> BoolArray | None:
    """Forms of the right length at random, anchors in each; None when there are too few scenarios."""
    random = np.random.default_rng([seed, 7])
    chosen = np.zeros((spec.forms, len(units.items)), dtype=bool)
    uses: dict[int, int] = {}
    for f in range(spec.forms):
        taken: set[int] = set()
        order = [*np.flatnonzero(units.anchors), *random.permutation(np.flatnonzero(~units.anchors & ~units.banned))]
        order.sort(key=lambda unit: (not units.anchors[unit], uses.get(int(units.scenario[unit]), 0)))
        for unit in order:
            scenario = int(units.scenario[unit])
            full = spec.max_use is not None and uses.get(scenario, 0) >= spec.max_use and not units.anchors[unit]
            if scenario in taken or full or len(taken) == spec.length:
                continue
            taken.add(scenario)
            chosen[f, unit] = True
            uses[scenario] = uses.get(scenario, 0) + 1
        if len(taken) < spec.length:
            return None
    return chosen


class Walk:
    """Forms on the move; ``run`` returns the best that met every constraint."""

    def __init__(
        self,
        units: Units,
        spec: AssemblySpec,
        chosen: BoolArray,
        target: float,
        seed: int | Sequence[int],
        *,
        toll: FloatArray | None = None,
        most_in: int | None = None,
    ) -> None:
        """``toll`` is paid for a unit's presence; ``most_in`` bounds how many newcomers one step looks at."""
        self.units, self.spec, self.target, self.toll, self.most_in = units, spec, target, toll, most_in
        self.random = np.random.default_rng(seed)
        self.chosen = chosen.copy()
        self.price, self.clash_price = 3.0, 1.0
        self.tabu = np.zeros(len(units.items), dtype=np.int64)
        self.exchanges = spec.max_use == 1 and spec.forms > 1
        self._sum()

    def _sum(self) -> None:
        self.sums = self.chosen.astype(float) @ self.units.adds
        self.levels = self.chosen.astype(float) @ self.units.worth
        self.clashes = self.chosen.astype(float) @ self.units.clash.astype(float)

    def _off(self, sums: FloatArray) -> FloatArray:
        """How far sums lie outside their bounds, added over constraints."""
        below = np.maximum(self.units.low - sums, 0.0)
        above = np.maximum(sums - self.units.high, 0.0)
        return np.asarray((below + above).sum(axis=-1))

    def _short(self, levels: FloatArray) -> FloatArray:
        if not np.isfinite(self.target):
            return np.zeros_like(levels)
        return np.maximum(self.target - levels, 0.0) ** 2

    def _broken(self) -> float:
        clash = sum(float(self.clashes[f, self.chosen[f]].sum()) / 2 for f in range(self.spec.forms))
        return float(self._off(self.sums).sum()) + clash

    def run(self, steps: int, best: float, keep: Callable[[BoolArray], bool], stop: Callable[[], bool]) -> float:
        """Walk; ``keep`` is asked about each set of forms that is better than ``best`` and meets all constraints."""
        home, since = self.chosen.copy(), 0
        for step in range(steps):
            since += 1
            if since > PATIENCE:
                # Lost: go home to the best forms (or a fresh price, when there are none) and leave by another door.
                self.chosen, since, self.price = home.copy(), 0, 3.0
                self.tabu[:] = 0
                self._sum()
            if step % 64 == 0:
                self._sum()
                if stop():
                    break
            form = self._which()
            self._step(form, step)
            broken = self._broken()
            level = float(self.levels.min())
            if broken <= 1e-9:
                self.price = max(0.5, self.price * 0.97)
                if level > best + 1e-9 and keep(self.chosen):
                    best, home, since = level, self.chosen.copy(), 0
            else:
                self.price = min(60.0, self.price * 1.02)
        return best

    def settle(self, steps: int) -> tuple[BoolArray, float]:
        """Walk until nothing is broken, or for so many steps; return the least broken forms and by how much."""
        least, best = self._broken(), self.chosen.copy()
        for step in range(steps):
            if least <= 1e-9:
                break
            if step % 64 == 63:
                self._sum()
            self._step(self._which(), step)
            broken = self._broken()
            self.price = min(60.0, self.price * 1.02)
            if broken < least - 1e-12:
                least, best = broken, self.chosen.copy()
        return best, least

    def _which(self) -> int:
        forms = self.spec.forms
        if forms == 1:
            return 0
        # The weakest form half of the time, any other otherwise.
        if self.random.random() < 0.5:
            return int(np.argmin(self.levels - self.price * self._off(self.sums)))
        return int(self.random.integers(forms))

    def _step(self, f: int, step: int) -> None:
        units, chosen = self.units, self.chosen
        inside = np.flatnonzero(chosen[f] & ~units.anchors)
        outs = self.random.permutation(inside)[:OUTS]
        used = chosen.sum(axis=0)
        free = ~chosen[f] & ~units.banned & ~units.anchors
        if self.spec.max_use is not None and not self.exchanges:
            free &= used < self.spec.max_use
        ins = np.flatnonzero(free)
        if self.most_in is not None and len(ins) > self.most_in:
            ins = self.random.choice(ins, self.most_in, replace=False)
        if not len(outs) or not len(ins):
            return
        change = units.adds[ins][None, :, :] - units.adds[outs][:, None, :]
        gain = units.worth[ins][None, :] - units.worth[outs][:, None]
        cost = self.price * (self._off(self.sums[f] + change) - self._off(self.sums[f]))
        cost += 4.0 * (self._short(self.levels[f] + gain) - self._short(self.levels[f]))
        if self.toll is not None:
            cost += self.toll[ins][None, :] - self.toll[outs][:, None]
        clash = units.clash[np.ix_(outs, ins)]
        cost += self.price * self.clash_price * (self.clashes[f, ins][None, :] - clash - self.clashes[f, outs][:, None])
        if self.exchanges:
            at = np.argmax(chosen[:, ins], axis=0)
            held = used[ins] > 0
            where = np.flatnonzero(held)
            if len(where):
                other = at[where]
                cost[:, where] += self.price * (
                    self._off(self.sums[other][None, :, :] - change[:, where, :]) - self._off(self.sums[other])[None, :]
                )
                cost[:, where] += 4.0 * (
                    self._short(self.levels[other][None, :] - gain[:, where]) - self._short(self.levels[other])[None, :]
                )
                came = self.clashes[np.ix_(other, outs)].T - clash[:, where] - self.clashes[other, ins[where]][None, :]
                cost[:, where] += self.price * self.clash_price * came
        cost[:, self.tabu[ins] > step] += 1e3
        cost += self.random.random(cost.shape) * 1e-7
        o, i = np.unravel_index(int(np.argmin(cost)), cost.shape)
        self._swap(f, int(outs[o]), int(ins[i]), step)

    def _swap(self, f: int, out: int, new: int, step: int) -> None:
        units = self.units
        if self.exchanges and self.chosen[:, new].any():
            g = int(np.argmax(self.chosen[:, new]))
            self._move(g, new, out)
        self._move(f, out, new)
        stay = step + TENURE + int(self.random.integers(TENURE))
        self.tabu[out] = self.tabu[new] = stay
        assert units.anchors[out] == units.anchors[new]

    def _move(self, f: int, out: int, new: int) -> None:
        units = self.units
        self.chosen[f, out], self.chosen[f, new] = False, True
        self.sums[f] += units.adds[new] - units.adds[out]
        self.levels[f] += units.worth[new] - units.worth[out]
        self.clashes[f] += units.clash[new].astype(float) - units.clash[out].astype(float)
