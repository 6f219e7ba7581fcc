"""Solving an assembly: a seeded walk by swaps, HiGHS with node and gap limits, walks again, then neighbourhoods.

Node and step limits stop the work, so that the same seed gives the same forms; the clock is the last resort and
``stopped_by`` says when it was it. The bound is HiGHS's own for the whole problem and holds whatever the
walks do. Several forms bound by nothing but how often a scenario serves are walked before HiGHS is asked: in one or two
processor seconds the walk is within half a per cent of the best known on the larger of the shared instances, where
HiGHS needs five for its first node. To ask HiGHS for nothing worse than what was walked to doubles the time of the
proof on two forms of 25 from 80. On two forms of 20 from 50 it gains on the walk: hence both.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, OptimizeResult, milp

from sjt.authoring.assembly import AssemblyBank, AssemblySpec, broken, check, total
from sjt.authoring.assembly_problem import FloatArray, Problem, build
from sjt.authoring.swaps import BoolArray, Walk, start_of, units_of

Progress = Callable[[str, float], None]
Cancelled = Callable[[], bool]

OPTIMAL_GAP = 1e-4
INFEASIBLE = 2
"""``milp``'s status of a problem proved impossible."""
EDGE = 1e-6
"""HiGHS accepts a row that misses by this much; bands are drawn in by it when a check has found one that did."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How much work a solve may do before the clock is asked."""

    nodes: int
    """Of HiGHS's tree."""
    walks: int
    """Walks by swaps, each with its own stream of chance."""
    steps: int
    """Of each walk."""
    rounds: int
    """Neighbourhoods solved by HiGHS."""
    round_nodes: int = 40

    @classmethod
    def for_width(cls, width: int) -> Effort:
        # Each part about four seconds on the two busy cores the shared instances were measured on; a node of a
        # wider problem costs more in proportion.
        return cls(nodes=max(2, 40_000 // width), walks=3, steps=900, rounds=8)


@dataclass(frozen=True, slots=True)
class Solution:
    """What a solve found, how good it is proved to be, and why it stopped."""

    status: str
    """``optimal``, ``feasible``, ``infeasible``, or ``unknown`` (nothing found, nothing proved)."""
    objective: float | None
    bound: float | None
    gap: float | None
    stopped_by: str | None
    """``gap``, ``nodes``, ``time`` or ``cancel``."""
    forms: tuple[tuple[int, ...], ...]
    rounds: int = 0


def _never() -> bool:
    return False


def _quiet(what: str, share: float) -> None:
    return None


def worth_of(bank: AssemblyBank, spec: AssemblySpec, forms: Sequence[Sequence[int]], problem: str) -> Fraction:
    """Value of a set of forms: the weakest form's total (B), or the largest weighted deviation (A)."""
    if problem == "B":
        return min(total(bank, spec.objective, form) for form in forms)
    off = [
        abs(total(bank, band.attr, form) - band.centre) / band.weight
        for form in forms
        for band in spec.bands
        if band.is_target and band.centre is not None and band.weight
    ]
    return max(off, default=Fraction(0))


def run_milp(
    problem: Problem,
    lower: FloatArray,
    upper: FloatArray,
    *,
    seconds: float,
    nodes: int,
    gap: float,
    relaxed: bool = False,
) -> OptimizeResult:
    """Call HiGHS once."""
    matrix = problem.rows.matrix(len(problem.cost))
    rows = LinearConstraint(matrix, np.array(problem.rows.low), np.array(problem.rows.high))
    return milp(
        problem.cost,
        constraints=rows,
        bounds=Bounds(lower, upper),
        integrality=np.zeros_like(problem.integral) if relaxed else problem.integral,
        options={"time_limit": max(0.05, seconds), "node_limit": nodes, "mip_rel_gap": gap},
    )


def solve(
    bank: AssemblyBank,
    spec: AssemblySpec,
    *,
    problem: str = "B",
    seconds: float = 25.0,
    seed: int = 1,
    gap: float = OPTIMAL_GAP,
    effort: Effort | None = None,
    tolerance: float = 0.005,
    progress: Progress = _quiet,
    cancelled: Cancelled = _never,
) -> Solution:
    """Assemble the forms of ``spec``; see the module's text for how and when it stops."""
    started = time.monotonic()

    def left() -> float:
        return seconds - (time.monotonic() - started)

    made = build(bank, spec, problem, tolerance)
    effort = effort or Effort.for_width(len(made.cost))
    walkable = problem == "B" and (spec.forms == 1 or spec.overlap_max is None)
    opened: list[list[int]] | None = None
    ceiling: float | None = None
    # The walk knows nothing of what binds forms to each other beside their uses: there HiGHS goes first.
    if walkable and spec.forms > 1 and not spec.together and not spec.reserve:
        progress("walking", 0.0)
        relaxed = run_milp(made, made.lower, made.upper, seconds=left() * 0.2, nodes=1, gap=gap, relaxed=True)
        if relaxed.status == INFEASIBLE:
            return Solution("infeasible", None, None, None, None, ())
        if relaxed.status == 0:
            ceiling = -float(relaxed.fun)
            opened = _open(made, ceiling, effort, seed, lambda: left() <= 0 or cancelled())
    progress("searching", 0.0)
    # A small share of the time stays with the neighbourhoods even where the tree would take it all.
    result = run_milp(made, made.lower, made.upper, seconds=left() * 0.7, nodes=effort.nodes, gap=gap)
    if result.status == INFEASIBLE:
        return Solution("infeasible", None, None, None, None, ())
    by_time = result.status == 1 and "ime limit" in str(result.message)
    best, made = _accept(made, result, problem, tolerance, left)
    bound = _bound(result, problem)
    bound = ceiling if bound is None else bound
    if opened is not None and (best is None or worth_of(bank, spec, opened, "B") > worth_of(bank, spec, best, "B")):
        best = opened
    if best is None and not cancelled() and left() > 0:
        best = _first(made, effort, seed, left)
        by_time = by_time or left() <= 0
    if best is None:
        return Solution("unknown", None, bound, None, "time" if by_time else "nodes", ())

    def done(forms: Sequence[Sequence[int]]) -> bool:
        return _gap(forms, bound, bank, spec, problem, tolerance) <= gap

    stopped = "gap" if done(best) else ""
    rounds = 0
    if not stopped and walkable:
        best, walked_out = _walk(made, best, bound, effort, seed, lambda: left() <= 0 or cancelled(), progress)
        by_time = by_time or (walked_out and not cancelled())
        stopped = "gap" if done(best) else ""
    search = _Neighbourhoods(made, problem, effort, np.random.default_rng(seed))
    while not stopped:
        if cancelled():
            stopped = "cancel"
        elif left() <= 0:
            stopped = "time"
        elif rounds >= effort.rounds:
            stopped = "time" if by_time or search.ran_out_of_time else "nodes"
        else:
            rounds += 1
            best = search.improve(best, left())
            progress("improving", rounds / effort.rounds)
            stopped = "gap" if done(best) else ""
    value = float(worth_of(bank, spec, best, problem))
    found = _gap(best, bound, bank, spec, problem, tolerance)
    forms = tuple(tuple(form) for form in best)
    return Solution("optimal" if found <= OPTIMAL_GAP else "feasible", value, bound, found, stopped, forms, rounds)


def _bound(result: OptimizeResult, problem: str) -> float | None:
    bound = getattr(result, "mip_dual_bound", None)
    if bound is None or not np.isfinite(bound):
        return None
    return float(-bound if problem == "B" else bound)


def _gap(
    forms: Sequence[Sequence[int]],
    bound: float | None,
    bank: AssemblyBank,
    spec: AssemblySpec,
    problem: str,
    tolerance: float,
) -> float:
    """Relative distance of the value from its bound; a deviation inside the tolerance has none."""
    value = float(worth_of(bank, spec, forms, problem))
    if problem == "A" and value <= tolerance + EDGE:
        return 0.0
    if bound is None:
        return float("inf")
    return max(0.0, abs(bound - value) / max(abs(value), 1e-9))


def _accept(
    made: Problem, result: OptimizeResult, problem: str, tolerance: float, left: Callable[[], float]
) -> tuple[list[list[int]] | None, Problem]:
    """Take HiGHS's answer if the exact check agrees; else draw the bands in by its own slack and ask again."""
    if result.x is None:
        return None, made
    forms = made.forms_of(result.x)
    spec = made.spec if problem == "B" else _without_targets(made.spec)
    if not broken(check(made.bank, spec, forms)):
        return forms, made
    inner = tuple(
        replace(b, low=b.low + Fraction(EDGE), high=b.high - Fraction(EDGE)) if b.high - b.low > 4 * EDGE else b
        for b in made.spec.bands
    )
    tighter = build(made.bank, replace(made.spec, bands=inner), problem, tolerance)
    again = run_milp(tighter, tighter.lower, tighter.upper, seconds=left(), nodes=50, gap=OPTIMAL_GAP)
    if again.x is None or broken(check(made.bank, spec, tighter.forms_of(again.x))):
        return None, tighter
    return tighter.forms_of(again.x), tighter


def _without_targets(spec: AssemblySpec) -> AssemblySpec:
    return replace(spec, bands=tuple(b for b in spec.bands if not b.is_target))


def _open(made: Problem, target: float, effort: Effort, seed: int, stop: Callable[[], bool]) -> list[list[int]] | None:
    """Walk from forms at random towards the relaxed problem's value; the best that met everything."""
    bank, spec = made.bank, made.spec
    units = units_of(bank, spec)
    start = start_of(units, spec, seed)
    held: list[list[int]] | None = None

    def keep(chosen: BoolArray) -> bool:
        nonlocal held
        forms = [units.form_items(row) for row in chosen]
        if broken(check(bank, spec, forms)):
            return False
        held = forms
        return True

    if start is not None:
        Walk(units, spec, start, target, [seed, 11]).run(effort.steps, float("-inf"), keep, stop)
    return held


def _first(made: Problem, effort: Effort, seed: int, left: Callable[[], float]) -> list[list[int]] | None:
    """Any forms at all, when the search for the best has found none: by walking, then with nothing to maximise."""
    spec = made.spec
    if spec.forms == 1 or spec.overlap_max is None:
        units = units_of(made.bank, spec)
        found: list[list[list[int]]] = []

        def keep(chosen: BoolArray) -> bool:
            forms = [units.form_items(row) for row in chosen]
            if broken(check(made.bank, spec, forms)):
                return False
            found.append(forms)
            return True

        for n in range(effort.walks):
            start = start_of(units, spec, seed + n)
            if start is not None:
                # A target of nothing leaves the price of broken constraints alone to steer.
                Walk(units, spec, start, float("-inf"), seed + n).run(
                    effort.steps, float("-inf"), keep, lambda: bool(found) or left() <= 0
                )
            if found:
                return found[-1]
    plain = replace(made, cost=np.zeros_like(made.cost))
    result = run_milp(plain, made.lower, made.upper, seconds=left() * 0.8, nodes=5000, gap=1.0)
    if result.x is None:
        return None
    forms = made.forms_of(result.x)
    return None if broken(check(made.bank, spec, forms)) else forms


def _walk(
    made: Problem,
    best: list[list[int]],
    bound: float | None,
    effort: Effort,
    seed: int,
    stop: Callable[[], bool],
    progress: Progress,
) -> tuple[list[list[int]], bool]:
    """Improve forms by seeded walks: the first from what there is, the others from forms at random."""
    bank, spec = made.bank, made.spec
    units = units_of(bank, spec)
    level = float(worth_of(bank, spec, best, "B"))
    target = bound if bound is not None else level * 1.05
    held = best

    def keep(chosen: BoolArray) -> bool:
        nonlocal held
        forms = [units.form_items(row) for row in chosen]
        if broken(check(bank, spec, forms)):
            return False
        held = forms
        return True

    out = False
    for n in range(effort.walks):
        start = units.chosen_of(held, spec) if n != 1 else start_of(units, spec, seed + n)
        if start is None:
            continue
        level = Walk(units, spec, start, target, seed + n).run(effort.steps, level, keep, stop)
        progress("walking", (n + 1) / effort.walks)
        if stop():
            out = True
            break
    return held, out


class _Neighbourhoods:
    """Frees a seeded choice of scenarios in every form, keeps the rest as it is, and solves what is left."""

    def __init__(self, made: Problem, problem: str, effort: Effort, random: np.random.Generator) -> None:
        self.made, self.problem, self.effort, self.random = made, problem, effort, random
        self.spec = made.spec if problem == "B" else _without_targets(made.spec)
        self.free = float(min(len(made.bank.scenarios), 24))
        self.scenario_of = np.array(made.bank.scenario_of)
        self.ran_out_of_time = False

    def improve(self, forms: list[list[int]], seconds: float) -> list[list[int]]:
        made = self.made
        chosen = self._choose(forms)
        lower, upper = made.lower.copy(), made.upper.copy()
        at = np.zeros(made.item_column.shape)
        for f, form in enumerate(forms):
            at[f, form] = 1.0
        still = ~np.isin(self.scenario_of, chosen)
        lower[made.item_column[:, still]] = upper[made.item_column[:, still]] = at[:, still]
        value = float(worth_of(made.bank, made.spec, forms, self.problem))
        if self.problem == "B":
            lower[made.level] = value - 1e-9
        else:
            upper[made.level] = max(value, made.lower[made.level]) + 1e-9
        result = run_milp(made, lower, upper, seconds=min(seconds, 6.0), nodes=self.effort.round_nodes, gap=OPTIMAL_GAP)
        spent_all = result.status == 1 and "ime limit" in str(result.message)
        self.ran_out_of_time = self.ran_out_of_time or spent_all
        # Larger neighbourhoods while they are solved to the end, smaller ones while they are not.
        self.free *= 1.04 if result.status == 0 else 0.93
        self.free = float(np.clip(self.free, 8, len(made.bank.scenarios)))
        if result.x is None:
            return forms
        found = made.forms_of(result.x)
        if broken(check(made.bank, self.spec, found)):
            return forms
        new = float(worth_of(made.bank, made.spec, found, self.problem))
        better = new >= value if self.problem == "B" else new <= value
        return found if better else forms

    def _choose(self, forms: list[list[int]]) -> list[int]:
        """Two thirds from the forms, the rest from what no form uses: a swap needs both."""
        used = np.unique([self.scenario_of[i] for form in forms for i in form])
        unused = np.setdiff1d(np.arange(len(self.made.bank.scenarios)), used)
        n = int(self.free)
        inside = min(len(used), max(n - len(unused), round(n * 0.6)))
        return [
            *self.random.permutation(used)[:inside].tolist(),
            *self.random.permutation(unused)[: n - inside].tolist(),
        ]
