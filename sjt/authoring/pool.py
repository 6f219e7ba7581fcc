"""Many forms inside fixed bands: sets under overlap and exposure caps, and a pool of unique forms to draw from.

Each form starts as a shaken copy of an earlier one and is walked until it meets every constraint; used scenarios
cost a toll, so that use stays even. Under an overlap cap the forms are then taken in turn, worst first, and walked
again with a row for each of the others. Every form is checked exactly before it is kept.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from sjt.authoring.assembly import AssemblyBank, AssemblySpec, broken, check
from sjt.authoring.assembly_problem import IntArray
from sjt.authoring.swaps import BoolArray, Units, Walk, units_of

SHAKEN = 0.45
"""Share of a form's scenarios that are replaced at random before it is walked to rights."""
TRIES = 14
STEPS = 260
NEWCOMERS = 120


@dataclass(frozen=True, slots=True)
class Cap:
    """Limits on a set of so many forms."""

    forms: int
    max_use: int | None = None
    overlap_max: int | None = None


@dataclass(frozen=True, slots=True)
class Filled:
    """Forms as item positions; why there are no more, when there are fewer than asked for."""

    forms: tuple[tuple[int, ...], ...]
    stopped_by: str
    """``enough``, ``nodes``, ``time`` or ``cancel``."""
    why: str = ""


def _never() -> bool:
    return False


def _quiet(what: str, share: float) -> None:
    return None


def fill(
    bank: AssemblyBank,
    spec: AssemblySpec,
    n: int,
    *,
    seed: int,
    first: Sequence[int],
    cap: Cap | None = None,
    seconds: float = 600.0,
    progress: Callable[[str, float], None] = _quiet,
    cancelled: Callable[[], bool] = _never,
) -> Filled:
    """Fill a pool with ``n`` forms that each meet ``spec`` (one form, fixed bands), all different."""
    started = time.monotonic()
    one = replace(spec, forms=1, together=(), overlap_max=None, earlier=(), max_use=None)
    cap = cap or Cap(n)
    makers = _Maker(bank, one, cap, seed)
    start = makers.units.chosen_of([list(first)], one)
    if start is None:
        raise ValueError("The first form takes a part of a scenario that is no unit.")
    makers.keep(start[0])
    stopped = "enough"
    while len(makers.forms) < n:
        if cancelled():
            stopped = "cancel"
            break
        if time.monotonic() - started > seconds:
            stopped = "time"
            break
        if not makers.another():
            stopped = "nodes"
            break
        progress("filling", len(makers.forms) / n)
    if cap.overlap_max is not None:
        makers.part(lambda: cancelled() or time.monotonic() - started > seconds, progress)
    forms = tuple(tuple(makers.units.form_items(row)) for row in makers.forms)
    if len(forms) < n and stopped == "enough":
        stopped = "time" if time.monotonic() - started > seconds else "nodes"
    return Filled(forms, stopped, makers.why)


class _Maker:
    """The forms so far, how often each scenario stands in them, and the walking of new ones."""

    def __init__(self, bank: AssemblyBank, one: AssemblySpec, cap: Cap, seed: int) -> None:
        self.bank, self.one, self.cap, self.seed = bank, one, cap, seed
        self.units = units_of(bank, one)
        self.random = np.random.default_rng([seed, 3])
        self.forms: list[BoolArray] = []
        self.uses: IntArray = np.zeros(len(bank.scenarios), dtype=np.int64)
        self.seen: set[bytes] = set()
        self.why = ""
        self.walks = 0

    def keep(self, chosen: BoolArray) -> None:
        self.forms.append(chosen.copy())
        self.seen.add(chosen.tobytes())
        self.uses[self.units.scenario[chosen]] += 1

    def is_right(self, chosen: BoolArray) -> bool:
        return not broken(check(self.bank, self.one, [self.units.form_items(chosen)]))

    def another(self) -> bool:
        """Add one form; False when none of the tries came right."""
        names: dict[str, int] = {}
        for _ in range(TRIES):
            chosen = self.shaken(self.forms[int(self.random.integers(len(self.forms)))])
            self.walks += 1
            walk = Walk(
                self._open(self.uses), self.one, chosen[None, :], float("-inf"), [self.seed, self.walks],
                toll=self._toll(), most_in=NEWCOMERS,
            )  # fmt: skip
            best, least = walk.settle(STEPS)
            if least <= 1e-9 and best[0].tobytes() not in self.seen and self.is_right(best[0]):
                self.keep(best[0])
                return True
            for miss in broken(check(self.bank, self.one, [self.units.form_items(best[0])])):
                names[miss.name.partition(":")[2]] = names.get(miss.name.partition(":")[2], 0) + 1
        worst = sorted(names, key=lambda name: (-names[name], name))[:3]
        self.why = f"What could not be met together with the caps: {', '.join(worst) or 'a form unlike the others'}."
        return False

    def _toll(self) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        """Use above the average costs; what a form pays stays well under the price of a broken constraint."""
        mean = max(1.0, float(self.uses.mean()))
        return 0.6 * (self.uses[self.units.scenario] / mean)

    def _open(self, uses: IntArray) -> Units:
        """Units that are still free under the exposure cap."""
        if self.cap.max_use is None:
            return self.units
        worn = (uses >= self.cap.max_use)[self.units.scenario] & ~self.units.anchors
        return replace(self.units, banned=self.units.banned | worn)

    def shaken(self, form: BoolArray) -> BoolArray:
        """Replace a share of a form's scenarios at random, each by one that adds the same counts if there is one."""
        units, chosen = self.units, form.copy()
        free = self._open(self.uses)
        worn = np.flatnonzero(chosen & free.banned)
        inside = np.flatnonzero(chosen & ~units.anchors & ~free.banned)
        out = self.random.permutation(inside)[: max(1, round(SHAKEN * len(inside)))]
        for unit in [*worn, *out]:
            taken = np.isin(units.scenario, units.scenario[chosen])
            others = np.flatnonzero(~taken & ~free.banned & ~units.anchors)
            if not len(others):
                continue
            weights = 1.0 / (1.0 + self.uses[units.scenario[others]]) ** 2
            new = int(self.random.choice(others, p=weights / weights.sum()))
            chosen[unit], chosen[new] = False, True
        return chosen

    def part(self, stop: Callable[[], bool], progress: Callable[[str, float], None]) -> None:
        """Walk forms that share too much with others until no pair does, or the rounds are spent."""
        limit = self.cap.overlap_max or 0
        rounds = 60 * len(self.forms)
        lately: dict[int, int] = {}
        for turn in range(rounds):
            excess = self._excess(limit)
            if not excess.any() or stop():
                break
            progress("parting", 1.0 - min(1.0, float((excess > 0).mean())))
            order = [f for f in np.argsort(-excess, kind="stable") if excess[f] and lately.get(int(f), -9) < turn - 3]
            f = int(order[0]) if order else int(np.argmax(excess))
            lately[f] = turn
            self._rework(f, limit)
        # What still shares too much goes, the worst first.
        while len(self.forms) > 1 and (excess := self._excess(limit)).any():
            gone = int(np.argmax(excess))
            self.uses[self.units.scenario[self.forms[gone]]] -= 1
            del self.forms[gone]
            self.why = f"Pairs of forms would share more than {limit} scenarios."

    def _presence(self) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
        """Shape (forms, scenarios): which scenarios, anchors aside, each form holds."""
        held = np.zeros((len(self.forms), len(self.bank.scenarios)))
        for n, form in enumerate(self.forms):
            held[n, self.units.scenario[form & ~self.units.anchors]] = 1.0
        return held

    def _excess(self, limit: int) -> IntArray:
        held = self._presence()
        shared = held @ held.T
        np.fill_diagonal(shared, 0)
        return np.asarray(np.maximum(shared - limit, 0).sum(axis=1), dtype=np.int64)

    def _rework(self, f: int, limit: int) -> None:
        held = self._presence()
        others = np.delete(held, f, axis=0)
        uses = self.uses.copy()
        uses[self.units.scenario[self.forms[f]]] -= 1
        wide = replace(
            self._open(uses),
            adds=np.hstack([self.units.adds, others[:, self.units.scenario].T]),
            low=np.concatenate([self.units.low, np.zeros(len(others))]),
            high=np.concatenate([self.units.high, np.full(len(others), float(limit))]),
        )
        self.walks += 1
        before = float(np.maximum(others @ held[f] - limit, 0).sum())
        start = self.forms[f]
        for shake in (False, True):
            walk = Walk(
                wide, self.one, (self.shaken(start) if shake else start)[None, :], float("-inf"),
                [self.seed, self.walks, int(shake)], most_in=NEWCOMERS,
            )  # fmt: skip
            best, _ = walk.settle(STEPS)
            new = np.zeros(len(self.bank.scenarios))
            new[self.units.scenario[best[0] & ~self.units.anchors]] = 1.0
            after = float(np.maximum(others @ new - limit, 0).sum())
            fits = bool((wide.banned & best[0]).sum() == 0)
            # As good is good enough: standing still never leads out.
            if fits and after <= before and self.is_right(best[0]) and best[0].tobytes() not in self.seen:
                self.seen.discard(start.tobytes())
                self.seen.add(best[0].tobytes())
                self.forms[f] = best[0].copy()
                self.uses = uses
                self.uses[self.units.scenario[best[0]]] += 1
                return


def draw(pool: Sequence[str], seed: str, candidate: str, taken: frozenset[str] = frozenset()) -> str | None:
    """Draw a form for one candidate by seeded hash; the next free one from there when it is taken.

    The pool's order is its own; the hash only says where to begin, so a draw costs microseconds.
    """
    if not pool:
        return None
    place = int.from_bytes(hashlib.sha256(f"sjt.pool/1|{seed}|{candidate}".encode()).digest(), "big") % len(pool)
    for step in range(len(pool)):
        name = pool[(place + step) % len(pool)]
        if name not in taken:
            return name
    return None
