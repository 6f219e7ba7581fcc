"""A whole set of forms walked at once, until no two share too much and no scenario serves too often.

Built one after the other, the last forms of a large set find every scenario worn and every pair taken. Here all forms
stand from the beginning. Each is first mended until it meets its own constraints, and from then on it only changes
into forms that meet them too. Bands as narrow as half a mark leave hardly a form one swap away that does; two swaps
at once leave dozens. A step looks at the forms two swaps away from one form, and takes one by chance, the likelier
the less it shares with the others (a heat bath); the chance is cooled until nothing but the least sharing is taken.
Steps are counted, so a seed repeats exactly; the clock is the last resort.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sjt.authoring.assembly_problem import FloatArray, IntArray
from sjt.authoring.swaps import BoolArray, Units

SWAPS = 1200
"""Swaps of one unit that a step looks at; of more, so many at random. Sixty of 600 units make 32,000 of them."""
PAIRS = 3000
"""Pairs of swaps, all inside the narrowest band, that a step looks at; of more, so many at random."""
LOOKED_AT = 80
"""Pairs of swaps that keep every constraint and of which one is taken; of more, so many at random."""
HOT, COLD = 0.45, 0.15
"""Temperatures between which the walk cools, in pairs of forms that share one scenario too many."""
MENDING = 60
"""Steps to mend one form before it is left as it is and taken up again later."""
TOLD = 20
"""Steps between two counts of what is wrong."""
WORN = 3.0
"""Cost of one use above the cap."""
EDGE = 1e-10
"""What a sum of floats may miss a bound by that it meets exactly; a tenth of the exact check's own tolerance."""

Tell = Callable[["Standing"], None]


@dataclass(frozen=True, slots=True)
class Standing:
    """What is still wrong with a set: forms that break a constraint, scenarios shared or used beyond the caps."""

    broken: int
    shared: int
    worn: int

    @property
    def is_right(self) -> bool:
        return not (self.broken or self.shared or self.worn)


class Apart:
    """Forms on the move together; ``chosen`` has a row of units for each."""

    def __init__(
        self, units: Units, first: BoolArray, forms: int, *, overlap_max: int | None, max_use: int | None, seed: int
    ) -> None:
        """Start all forms with the make-up of ``first``, a form that has the right counts."""
        self.units, self.n = units, forms
        self.random = np.random.default_rng([seed, 5])
        length = int(first.sum())
        self.limit = length if overlap_max is None else overlap_max
        self.most = forms if max_use is None else max_use
        over = np.arange(3 * length + 2) - self.limit
        # A pair at the limit costs a little, so that pairs do not crowd there; beyond it, each more than the last.
        self.price: FloatArray = np.where(over > 0, over + 0.2 * over * (over - 1), np.where(over == 0, 0.05, 0.0))
        self.kind = _kinds(units)
        self.free = ~units.anchors & ~units.banned
        self.scale = _scales(units, self.kind)
        self.low, self.high = units.low - EDGE, units.high + EDGE
        self.narrow = self._narrowest()
        self.chosen = np.tile(first, (forms, 1))
        self.held = np.zeros((int(units.scenario.max()) + 1, forms), dtype=np.int64)
        self.met = np.zeros(forms, dtype=bool)
        self._scatter()
        self._sum()

    def _narrowest(self) -> IntArray:
        """Sums that a swap can change, the hardest to keep first: by width of the band in typical swaps."""
        width = (self.high - self.low) * self.scale
        order = np.argsort(width, kind="stable")
        return np.asarray(order[width[order] > 4 * EDGE * self.scale[order]], dtype=np.int64)

    def _scatter(self) -> None:
        """Give every form the first one's make-up, out of the scenarios used least so far, by chance."""
        units = self.units
        uses = np.zeros(len(self.held), dtype=np.int64)
        need = np.bincount(self.kind[self.chosen[0] & ~units.anchors], minlength=int(self.kind.max()) + 1)
        # The scarcest first: where a scenario could serve as two kinds, the commoner takes it too easily.
        order = np.argsort(np.bincount(self.kind[self.free], minlength=len(need)) - need, kind="stable")
        for f in range(self.n):
            row = self.chosen[f] & units.anchors
            for kind in order:
                for _ in range(need[kind]):
                    fitting = self.free & (self.kind == kind) & ~row
                    clear = fitting & ~units.clash[row].any(axis=0)
                    open_ = np.flatnonzero(clear if clear.any() else fitting)
                    row[open_[int(np.argmin(uses[units.scenario[open_]] + self.random.random(len(open_))))]] = True
            self.chosen[f] = row
            uses[units.scenario[row]] += 1

    def _sum(self) -> None:
        units = self.units
        self.sums = self.chosen.astype(float) @ units.adds
        self.held[:] = 0
        for f in range(self.n):
            self.held[units.scenario[self.chosen[f] & ~units.anchors], f] = 1
            self.met[f] = self.is_met(f)
        self.shared = self.held.T @ self.held
        np.fill_diagonal(self.shared, 0)
        self.uses = self.held.sum(axis=1)

    def _off(self, sums: FloatArray) -> FloatArray:
        """Distance of sums from their bounds, in typical swaps."""
        return np.asarray((np.maximum(self.low - sums, 0.0) + np.maximum(sums - self.high, 0.0)) * self.scale)

    def _clashes(self, chosen: BoolArray) -> float:
        return float(self.units.clash[np.ix_(chosen, chosen)].sum()) / 2

    def is_met(self, f: int) -> bool:
        """Say whether a form meets its own constraints."""
        return not self._off(self.sums[f]).any() and not self._clashes(self.chosen[f])

    def standing(self) -> Standing:
        """Count what is wrong now."""
        over = np.maximum(self.shared - self.limit, 0)
        return Standing(int((~self.met).sum()), int(over.sum()) // 2, int(np.maximum(self.uses - self.most, 0).sum()))

    def run(self, steps: int, stop: Callable[[], bool], tell: Tell = lambda standing: None) -> Standing:
        """Mend every form, then part them for so many steps; ends early when nothing is wrong."""
        for f in range(self.n):
            self._mend(f, stop)
        standing = self.standing()
        for step in range(steps):
            if standing.is_right or stop():
                break
            f = self._which()
            if not self.met[f]:
                self._mend(f, stop)
            else:
                self._part(f, HOT * (COLD / HOT) ** (step / steps))
            if step % TOLD == TOLD - 1:
                standing = self.standing()
                tell(standing)
        self._sum()
        return self.standing()

    def without_the_worst(self, forms: list[int]) -> list[int]:
        """Leave out forms, one at a time the worst, until those that stay share and use no more than the caps."""
        kept = list(forms)
        while len(kept) > 1:
            over = np.maximum(self.shared[np.ix_(kept, kept)] - self.limit, 0).sum(axis=1)
            uses = self.held[:, kept].sum(axis=1)
            over += np.maximum(uses - self.most, 0) @ self.held[:, kept]
            if not over.any():
                break
            del kept[int(np.argmax(over))]
        return kept

    def _which(self) -> int:
        """Pick a form that shares too much, is broken or holds what is worn; one in four times any form."""
        if self.random.random() < 0.75:
            over = (self.shared > self.limit).any(axis=1) | ~self.met
            over |= self.held[self.uses > self.most].any(axis=0)
            if over.any():
                return int(self.random.choice(np.flatnonzero(over)))
        return int(self.random.integers(self.n))

    def _swaps(self, f: int) -> tuple[IntArray, IntArray]:
        """Swaps of a unit of a form against one of its kind outside: every one, or a sample of many."""
        outs = np.flatnonzero(self.chosen[f] & self.free)
        ins = np.flatnonzero(~self.chosen[f] & self.free)
        o, i = np.nonzero(self.kind[outs][:, None] == self.kind[ins][None, :])
        if len(o) > SWAPS:
            some = self.random.choice(len(o), SWAPS, replace=False)
            o, i = o[some], i[some]
        return outs[o], ins[i]

    def _mend(self, f: int, stop: Callable[[], bool]) -> None:
        """Swap, two at a time where one does not do, until the form meets its own constraints."""
        units = self.units
        for _ in range(MENDING):
            if self.met[f] or stop():
                return
            out, new = self._swaps(f)
            if not len(out):
                return
            adds = units.adds[new] - units.adds[out]
            crowd = units.clash[self.chosen[f]].sum(axis=0)
            crowded = crowd[new].astype(float) - units.clash[out, new] - crowd[out]
            one = self._off(self.sums[f] + adds).sum(axis=1) + crowded
            k = int(np.argmin(one + 0.2 * self.random.random(len(one))))
            a, b = self._paired(f, self.random.permutation(len(out)), out, new, adds)
            taken = [k]
            if len(a):
                two = self._off(self.sums[f] + adds[a] + adds[b]).sum(axis=1) + crowded[a] + crowded[b]
                best = int(np.argmin(two + (two > 0) * 0.2 * self.random.random(len(two))))
                taken = [int(a[best]), int(b[best])] if two[best] < one[k] else taken
            self._swap(f, [int(out[t]) for t in taken], [int(new[t]) for t in taken])

    def _paired(
        self, f: int, some: IntArray, out: IntArray, new: IntArray, adds: FloatArray
    ) -> tuple[IntArray, IntArray]:
        """Pairs of swaps that keep the narrowest band: four different units, the new ones no enemies.

        Sorted by what they add to that band, the partners of a swap stand side by side.
        """
        column = self.narrow[0] if len(self.narrow) else 0
        low, high = (end[column] - self.sums[f, column] for end in (self.low, self.high))
        worth = adds[some, column]
        order = np.argsort(worth, kind="stable")
        ranked = worth[order]
        start = np.searchsorted(ranked, low - worth, side="left")
        count = np.searchsorted(ranked, high - worth, side="right") - start
        # ``some`` comes in an order of chance: what fits into the number looked at is a sample.
        fit = int(np.searchsorted(np.cumsum(count), PAIRS, side="right"))
        start, count = start[: max(1, fit)], count[: max(1, fit)]
        a = np.repeat(np.arange(len(count)), count)
        within = np.arange(len(a)) - np.repeat(np.cumsum(count) - count, count)
        a, b = some[a], some[order[start[a] + within]]
        good = (out[a] != out[b]) & (new[a] != new[b]) & ~self.units.clash[new[a], new[b]]
        return a[good], b[good]

    def _part(self, f: int, heat: float) -> None:
        """Change a form into one that meets its constraints too, the likelier the less it shares."""
        out, new = self._swaps(f)
        if not len(out):
            return
        units = self.units
        adds = units.adds[new] - units.adds[out]
        crowd = units.clash[self.chosen[f]].sum(axis=0)
        clear = self.random.permutation(np.flatnonzero(crowd[new] - units.clash[out, new] == 0))
        if not len(clear):
            return
        a, b = self._paired(f, clear, out, new, adds)
        for column in self.narrow[1:4]:
            sums = self.sums[f, column] + adds[a, column] + adds[b, column]
            good = (sums >= self.low[column]) & (sums <= self.high[column])
            a, b = a[good], b[good]
        whole = self.sums[f] + adds[a] + adds[b]
        good = ((whole >= self.low) & (whole <= self.high)).all(axis=1)
        a, b = a[good], b[good]
        if len(a) > LOOKED_AT:
            some = self.random.choice(len(a), LOOKED_AT, replace=False)
            a, b = a[some], b[some]
        # A single swap is a pair whose second half stays at home.
        whole = self.sums[f] + adds[clear]
        alone = clear[((whole >= self.low) & (whole <= self.high)).all(axis=1)]
        where = units.scenario
        change = self.held[where[new]] - self.held[where[out]]
        shares = self.shared[f] + np.concatenate([change[a] + change[b], change[alone]])
        prices = self.price[shares]
        prices[:, f] = 0.0
        cost = prices.sum(axis=1) - (self.price[self.shared[f]].sum() - self.price[0])
        worn = WORN * (self.uses >= self.most)[where[new]] - WORN * (self.uses > self.most)[where[out]]
        worn = worn * (where[new] != where[out])
        cost += np.concatenate([worn[a] + worn[b], worn[alone]])
        chance = np.append(-cost / heat, 0.0) + self.random.gumbel(size=len(cost) + 1)
        best = int(np.argmax(chance))
        if best == len(cost):
            return
        taken = [int(a[best]), int(b[best])] if best < len(a) else [int(alone[best - len(a)])]
        self._swap(f, [int(out[k]) for k in taken], [int(new[k]) for k in taken])

    def _swap(self, f: int, out: list[int], new: list[int]) -> None:
        units = self.units
        gone, come = units.scenario[out], units.scenario[new]
        self.chosen[f, out], self.chosen[f, new] = False, True
        self.sums[f] = units.adds[self.chosen[f]].sum(axis=0)
        self.met[f] = self.is_met(f)
        self.held[gone, f] = 0
        self.held[come, f] = 1
        self.shared[f] = self.shared[:, f] = self.held[:, f] @ self.held
        self.shared[f, f] = 0
        np.subtract.at(self.uses, gone, 1)
        np.add.at(self.uses, come, 1)


def _kinds(units: Units) -> IntArray:
    """Number the units by what they add to constraints that are exact: a swap inside a kind keeps all of those."""
    exact = units.low == units.high
    _, kinds = np.unique(units.adds[:, exact], axis=0, return_inverse=True)
    return np.asarray(kinds, dtype=np.int64).reshape(-1)


def _scales(units: Units, kind: IntArray) -> NDArray[np.float64]:
    """One over the change that a typical swap brings to each sum; a count is its own measure."""
    scales = np.ones(units.adds.shape[1])
    for column in range(units.adds.shape[1]):
        worth = units.adds[:, column]
        if np.all(worth == np.rint(worth)):
            continue
        spread = [float(np.ptp(worth[kind == k])) for k in np.unique(kind) if (kind == k).sum() > 1]
        typical = float(np.mean(spread)) / 3 if spread else 0.0
        scales[column] = 1 / typical if typical > 0 else 1.0
    return scales
