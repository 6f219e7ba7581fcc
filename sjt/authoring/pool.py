"""Many forms inside fixed bands: sets under overlap and exposure caps, and a pool of unique forms to draw from.

In a pool each form starts as a shaken copy of an earlier one and is walked until it meets every constraint; used
scenarios cost a toll, so that use stays even. Under a cap on overlap or exposure all forms are walked at once
(``assembly_apart``). Every form is checked exactly before it is kept.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from sjt.authoring.assembly import AssemblyBank, AssemblySpec, broken, check
from sjt.authoring.assembly_apart import TOLD, Apart, Standing
from sjt.authoring.assembly_problem import IntArray
from sjt.authoring.swaps import BoolArray, Walk, units_of

SHAKEN = 0.45
"""Share of a form's scenarios that are replaced at random before it is walked to rights."""
TRIES = 14
STEPS = 260
NEWCOMERS = 120
STEPS_A_FORM = 900
"""Steps, each a change of one form, that a set under caps is walked for, times its forms."""


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
    known: Collection[frozenset[int]] = (),
    seconds: float = 600.0,
    progress: Callable[[str, float], None] = _quiet,
    cancelled: Callable[[], bool] = _never,
) -> Filled:
    """Fill a pool with ``n`` forms that each meet ``spec`` (one form, fixed bands), all different.

    ``known`` holds forms, as positions of scenarios, that exist already and must not come again; where ``first`` is
    one of them it is left out.
    """
    started = time.monotonic()
    one = replace(spec, forms=1, together=(), overlap_max=None, earlier=(), max_use=None)
    makers = _Maker(bank, one, seed)
    start = makers.units.chosen_of([list(first)], one)
    if start is None:
        raise ValueError("The first form takes a part of a scenario that is no unit.")
    if cap is not None and (cap.overlap_max is not None or cap.max_use is not None):
        return _capped(
            makers, start[0], n, cap, lambda: time.monotonic() - started > seconds, cancelled, progress, seed
        )  # fmt: skip
    makers.keep(start[0])
    makers.known = frozenset(known)
    stopped, skip = "enough", int(makers.is_known(start[0]))
    n += skip
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
    return Filled(tuple(tuple(makers.units.form_items(row)) for row in makers.forms[skip:]), stopped, makers.why)


def _capped(
    makers: _Maker,
    first: BoolArray,
    n: int,
    cap: Cap,
    late: Callable[[], bool],
    cancelled: Callable[[], bool],
    progress: Callable[[str, float], None],
    seed: int,
) -> Filled:
    """Walk a whole set apart; what still breaks a cap when the steps are spent is left out, the worst first."""
    walk = Apart(makers.units, first, n, overlap_max=cap.overlap_max, max_use=cap.max_use, seed=seed)
    done = 0

    def tell(standing: Standing) -> None:
        nonlocal done
        done += 1
        if done % 50 == 0:
            progress("parting", min(1.0, done * TOLD / (STEPS_A_FORM * n)))

    standing = walk.run(STEPS_A_FORM * n, lambda: late() or cancelled(), tell)
    stopped = "enough" if standing.is_right else "cancel" if cancelled() else "time" if late() else "nodes"
    kept = [f for f in range(n) if makers.is_right(walk.chosen[f])] if standing.broken else list(range(n))
    forms = [walk.chosen[f] for f in walk.without_the_worst(kept)]
    # The exact check has the last word.
    forms = [row for row in forms if makers.is_right(row)]
    why = "" if len(forms) == n else f"{_wrong_words(standing, cap)} when the work stopped."
    return Filled(tuple(tuple(makers.units.form_items(row)) for row in forms), stopped, why)


def _wrong_words(standing: Standing, cap: Cap) -> str:
    """Say what a set still lacks."""
    parts = []
    if standing.shared:
        parts.append(f"pairs of forms shared {standing.shared} scenarios more than the {cap.overlap_max} allowed")
    if standing.worn:
        parts.append(f"scenarios stood {standing.worn} times more than {cap.max_use} forms allow")
    if standing.broken:
        parts.append(f"{standing.broken} forms did not meet their own constraints")
    return (", ".join(parts) or "the forms were incomplete").capitalize()


class _Maker:
    """The forms so far, how often each scenario stands in them, and the walking of new ones."""

    def __init__(self, bank: AssemblyBank, one: AssemblySpec, seed: int) -> None:
        self.bank, self.one, self.seed = bank, one, seed
        self.units = units_of(bank, one)
        self.random = np.random.default_rng([seed, 3])
        self.forms: list[BoolArray] = []
        self.uses: IntArray = np.zeros(len(bank.scenarios), dtype=np.int64)
        self.seen: set[bytes] = set()
        self.known: frozenset[frozenset[int]] = frozenset()
        self.why = ""
        self.walks = 0

    def keep(self, chosen: BoolArray) -> None:
        self.forms.append(chosen.copy())
        self.seen.add(chosen.tobytes())
        self.uses[self.units.scenario[chosen]] += 1

    def is_known(self, chosen: BoolArray) -> bool:
        return bool(self.known) and frozenset(map(int, self.units.scenario[chosen])) in self.known

    def is_right(self, chosen: BoolArray) -> bool:
        return not broken(check(self.bank, self.one, [self.units.form_items(chosen)]))

    def another(self) -> bool:
        """Add one form; False when none of the tries came right."""
        names: dict[str, int] = {}
        for _ in range(TRIES):
            chosen = self.shaken(self.forms[int(self.random.integers(len(self.forms)))])
            self.walks += 1
            walk = Walk(
                self.units, self.one, chosen[None, :], float("-inf"), [self.seed, self.walks],
                toll=self._toll(), most_in=NEWCOMERS,
            )  # fmt: skip
            best, least = walk.settle(STEPS)
            is_new = best[0].tobytes() not in self.seen and not self.is_known(best[0])
            if least <= 1e-9 and is_new and self.is_right(best[0]):
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

    def shaken(self, form: BoolArray) -> BoolArray:
        """Replace a share of a form's scenarios at random, each by one that adds the same counts if there is one."""
        units, chosen = self.units, form.copy()
        inside = np.flatnonzero(chosen & ~units.anchors)
        for unit in self.random.permutation(inside)[: max(1, round(SHAKEN * len(inside)))]:
            taken = np.isin(units.scenario, units.scenario[chosen])
            others = np.flatnonzero(~taken & ~units.banned & ~units.anchors)
            if not len(others):
                continue
            weights = 1.0 / (1.0 + self.uses[units.scenario[others]]) ** 2
            new = int(self.random.choice(others, p=weights / weights.sum()))
            chosen[unit], chosen[new] = False, True
        return chosen
