"""From a blueprint and a bank to a set of parallel forms: the blueprint as arithmetic, the solve, the trial items."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from math import floor, gcd, lcm
from typing import TYPE_CHECKING

from sjt.authoring.assembly import AssemblySpec, Band, Count, Together, kin_of
from sjt.authoring.blueprint import Blueprint
from sjt.authoring.form_bank import FormBank
from sjt.errors import Fault, InputError

if TYPE_CHECKING:
    from sjt.authoring.assembly_solve import Solution
    from sjt.authoring.shortfall import Shortfall

FEW_FORMS = 3
"""Up to this many forms the exposure cap says nothing: a third of three forms is one."""
AGREE_FACILITY = Fraction(1, 10)
"""Item-equivalents by which the forms' facility sums may differ when the blueprint sets no target."""
AGREE_BORDERLINE = Fraction(1)
"""Marks by which the forms' banked borderline means may differ, once every item has been answered often enough."""
SIMULTANEOUS = 3
"""More forms than this are built one after the other: all at once, pairwise overlap never closes."""


class Impossible(InputError):
    """No form can be built; ``shortfall`` says what is short."""

    def __init__(self, message: str, faults: Iterable[Fault], shortfall: Shortfall | None) -> None:
        super().__init__(message, faults)
        self.shortfall = shortfall


@dataclass(frozen=True)
class BuiltSet:
    """Forms as positions of items in the form bank, with how they were found."""

    forms: tuple[tuple[int, ...], ...]
    trial: tuple[tuple[int, ...], ...]
    spec: AssemblySpec
    solver: Mapping[str, object]


def mark_unit(bank: FormBank, blueprint: Blueprint) -> Fraction:
    """Smallest step between two totals of a form: the greatest common divisor of all marks its items can give."""
    marks = {
        mark
        for position, (_, item) in enumerate(bank.items)
        for mark in (
            [Fraction(1)] if item.format.value == "written" else [m for m, p in bank.chance(position).items() if p]
        )
        if mark
    }
    if not marks:
        return Fraction(1)
    below = lcm(*(mark.denominator for mark in marks))
    return Fraction(gcd(*(int(mark * below) for mark in marks)), below)


def spec_of(
    bank: FormBank, blueprint: Blueprint, forms: int, *, banned: Iterable[str] = (), exposure_of: int | None = None
) -> AssemblySpec:
    """Write a blueprint as arithmetic over a bank; solvers and ``verify`` both start from here."""
    scenarios = bank.assembly.scenarios
    place = {name: n for n, name in enumerate(scenarios)}
    counts = [Count("format", name, n, n) for name, n in sorted(blueprint.formats().items())]
    for attr, cells in sorted(blueprint.ranges().items()):
        counts += [Count(attr, value, low, high, of_scenarios=True) for value, (low, high) in sorted(cells.items())]
    counts += _cover(bank, blueprint)
    if blueprint.sensitive_share_max < 1:
        most = floor(Fraction(repr(blueprint.sensitive_share_max)) * blueprint.scenarios)
        counts.append(Count("sensitive", "yes", 0, most, of_scenarios=True))
    low, high = (Fraction(repr(end)) for end in blueprint.minutes)
    bands = [Band("minutes", low, high)]
    together: list[Together] = []
    if blueprint.minutes_apart is not None and forms > 1:
        together.append(Together("minutes", Fraction(repr(blueprint.minutes_apart))))
    aimed = set()
    for target in blueprint.target:
        if target.attr not in bank.assembly.numbers:
            known = ", ".join(sorted(bank.assembly.numbers))
            fault = Fault(blueprint.id, "target", target.attr, "The bank has no such number.", f"Use {known}.")
            raise InputError("The blueprint does not fit the bank.", [fault])
        aimed.add(target.attr)
        tolerance = Fraction(repr(target.tolerance))
        if target.value is not None:
            value = Fraction(repr(target.value))
            bands.append(Band(target.attr, value - tolerance, value + tolerance, value, is_target=True))
        elif forms > 1:
            together.append(Together(target.attr, tolerance))
    if "facility" not in aimed and forms > 1:
        together.append(Together("facility", AGREE_FACILITY))
    if bank.is_judged:
        unit = mark_unit(bank, blueprint)
        together.append(Together("angoff", min(Fraction(repr(blueprint.cut.band_marks)), unit), unit))
        if "borderline" in bank.assembly.numbers and forms > 1:
            together.append(Together("borderline", AGREE_BORDERLINE))
    total = exposure_of or forms
    max_use = None
    if blueprint.use.exposure_max is not None and total > FEW_FORMS:
        max_use = max(1, floor(Fraction(repr(blueprint.use.exposure_max)) * total))
    if blueprint.use.overlap_max == 0 and forms > 1:
        max_use = 1  # the same thing, said in one row for each scenario in place of one for each pair of forms
    return AssemblySpec(
        forms=forms, length=blueprint.scenarios, counts=tuple(counts), bands=tuple(bands), enemies=bank.enemies,
        groups=bank.families, anchors=tuple(place[name] for name in blueprint.use.anchors),
        banned=tuple(sorted(place[name] for name in set(banned) if name in place)), max_use=max_use,
        overlap_max=blueprint.use.overlap_max, objective=blueprint.maximise.attr, length_of_items=False,
        together=tuple(together), reserve=min(blueprint.use.reserve, forms),
    )  # fmt: skip


def _cover(bank: FormBank, blueprint: Blueprint) -> list[Count]:
    """At least one scenario for everything that the plan or the blueprint says a form must touch."""
    standard = bank.bank.standard
    plan = bank.bank.plans.get(bank.bank.settings.plan)
    codes: tuple[str, ...] = ()
    outcomes: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    if plan is not None:
        cover = plan.form_cover(blueprint.option, standard)
        codes, outcomes, areas = cover.codes, cover.outcomes, cover.areas
    if blueprint.cover.codes == "all":
        codes = tuple(standard.required_by_option.get(blueprint.option, ()))
    elif blueprint.cover.codes != "plan":
        codes = tuple(blueprint.cover.codes)
    counted = {(attr, value) for attr, cells in blueprint.ranges().items() for value, ends in cells.items() if ends[0]}
    letters = {statement.code: statement.letter for statement in standard.statements}
    wanted = [("behaviour" if letters.get(code) == "B" else "code", code) for code in codes]
    wanted += [("outcome", po) for po in outcomes] + [("area", a) for a in areas]
    return [Count(attr, value, 1, None, of_scenarios=True) for attr, value in wanted if (attr, value) not in counted]


def build_set(
    bank: FormBank,
    blueprint: Blueprint,
    forms: int,
    *,
    seed: int = 1,
    seconds: float = 60.0,
    banned: Iterable[str] = (),
    progress: Callable[[str, float], None] | None = None,
    cancelled: Callable[[], bool] = lambda: False,
) -> BuiltSet:
    """Build parallel forms, and the reserve form beside them; raise Impossible with what is short."""
    import scipy

    from sjt.authoring.assembly import broken, check
    from sjt.authoring.assembly_reserve import solve_with_reserve, without_reserve
    from sjt.authoring.assembly_solve import Effort, solve

    if bank.assembly.numbers.get(blueprint.maximise.attr) is None:
        fault = Fault(blueprint.id, "maximise", "attr", f"The bank has no {blueprint.maximise.attr}.", "Correct it.")
        raise InputError("The blueprint does not fit the bank.", [fault])
    tell = progress or (lambda what, share: None)
    spec = spec_of(bank, blueprint, forms + blueprint.use.reserve, banned=banned)
    if not bank.assembly.items:
        fault = Fault(blueprint.id, "", "option", f"No scenario serves {blueprint.option}.", "Write scenarios for it.")
        raise Impossible("No form can be built.", [fault], None)
    last: list[Solution] = []
    how: list[dict[str, object]] = []

    def forms_of(one: AssemblySpec) -> tuple[tuple[int, ...], ...]:
        if one.forms > SIMULTANEOUS:
            from sjt.authoring.form_sets import build_many

            made, solver = build_many(
                bank, blueprint, one, seed=seed, seconds=seconds, progress=tell, cancelled=cancelled
            )
            how.append(solver)
            return made
        width = len(bank.assembly.items) * one.forms
        # Chains of scenarios and overlap make a node dearer than in a bank of single items.
        effort = replace(Effort.for_width(width), nodes=max(60, 8_000 // width), rounds=3)
        found = solve(
            bank.assembly, one, seconds=seconds, seed=seed, effort=effort, gap=0.01, progress=tell, cancelled=cancelled
        )
        last.append(found)
        how.append({
            "name": "HiGHS by scipy.optimize.milp", "version": scipy.__version__, "stopped_by": found.stopped_by,
            "gap": None if found.gap is None or found.gap == float("inf") else round(found.gap, 9),
        })  # fmt: skip
        return found.forms

    if not spec.reserve:
        chosen = forms_of(spec)
        missed = None if chosen else spec
    else:
        chosen, missed = solve_with_reserve(bank.assembly, spec, forms_of)
    if missed is not None:
        if missed.forms == 1 and spec.reserve and without_reserve(spec) != missed:
            raise _no_reserve(impossible(bank, missed, last[-1], blueprint), blueprint, forms)
        raise impossible(bank, missed, last[-1], blueprint)
    assert not broken(check(bank.assembly, spec, chosen))
    trial = trial_items(bank, blueprint, chosen, seed, reserve=spec.reserve, banned=banned)
    return BuiltSet(chosen, trial, spec, how[0])


def _no_reserve(found: Impossible, blueprint: Blueprint, forms: int) -> Impossible:
    """Say that the forms can be built and the reserve beside them cannot."""
    name = "1 form" if forms == 1 else f"{forms} forms"
    message = f"Beside {name} of blueprint {blueprint.id} no reserve form can be built that shares nothing with them."
    return Impossible(message, found.faults, found.shortfall)


def impossible(bank: FormBank, spec: AssemblySpec, found: Solution, blueprint: Blueprint) -> Impossible:
    """Say in words why there are no forms."""
    from sjt.authoring.shortfall import explain

    reason = explain(bank.assembly, spec, 20.0)
    if reason is None:
        text = "No form was found in the time and none was proved impossible. Give it longer."
        return Impossible(text, [], None)
    faults = [
        Fault(f"{blueprint.id}.toml", "", s.constraint, f"Short by {s.short:g}.", s.message) for s in reason.first
    ]
    for way in reason.alternatives:
        faults += [Fault(f"{blueprint.id}.toml", "", s.constraint, "Or:", s.message) for s in way]
    sure = "No form can be built" if reason.proved else "No form was found"
    return Impossible(f"{sure} from blueprint {blueprint.id}.", faults, reason)


def relatives(bank: FormBank, names: Iterable[str]) -> list[str]:
    """Name the enemies and family members of scenarios, which give away what was seen of them."""
    place = {name: n for n, name in enumerate(bank.assembly.scenarios)}
    own = {place[name] for name in names if name in place}
    rules = AssemblySpec(forms=1, length=1, enemies=bank.enemies, groups=bank.families)
    return sorted(bank.assembly.scenarios[n] for n in kin_of(rules, own) - own)


def trial_formats(blueprint: Blueprint) -> list[str]:
    """Give each trial slot its format, the same in every form: the formats in turn, those counted most often first."""
    counted = {name: n for name, n in blueprint.formats().items() if n}
    left = {name: Fraction(n) for name, n in counted.items()}
    slots = []
    for _ in range(blueprint.trial):
        most = min(left, key=lambda name: (-left[name], name))
        slots.append(most)
        left[most] -= Fraction(sum(counted.values()), max(1, blueprint.trial))
    return sorted(slots)


def trial_items(
    bank: FormBank,
    blueprint: Blueprint,
    forms: Iterable[Iterable[int]],
    seed: int,
    *,
    reserve: int = 0,
    banned: Iterable[str] = (),
) -> tuple[tuple[int, ...], ...]:
    """Choose trial items for each form: scenarios in no live form, enemies of none, least used first, by seed.

    What may not be used (``banned``: seen before, suspended, resting) is tried on nobody either.

    A slot has one format in all forms, so that it stands in the same block of each; where the bank has too few free
    scenarios of a format, another format takes the slot in all of them.
    """
    live = [{bank.assembly.scenario_of[i] for i in form} for form in forms]
    if not blueprint.trial:
        return tuple(() for _ in live)
    closed = frozenset(banned)
    faults: list[Fault] = []
    for slots in _slot_plans(bank, blueprint):
        found = _fill_slots(bank, live, slots, seed, reserve, closed)
        if isinstance(found, Fault):
            faults.append(found)
        else:
            return found
    fault = faults[0]
    raise InputError("The trial slots cannot be filled.", [replace(fault, file=f"{blueprint.id}.toml")])


def _slot_plans(bank: FormBank, blueprint: Blueprint) -> Iterable[list[str]]:
    """Give the formats of the slots as wished for, then all slots of one format each."""
    wished = trial_formats(blueprint)
    yield wished
    for name in sorted({kind for kind, n in blueprint.formats().items() if n}):
        if (one := [name] * blueprint.trial) != wished:
            yield one


def _fill_slots(
    bank: FormBank, live: list[set[int]], slots: list[str], seed: int, reserve: int, banned: frozenset[str]
) -> tuple[tuple[int, ...], ...] | Fault:
    import numpy as np

    random = np.random.default_rng([seed, 11])
    kin = AssemblySpec(forms=1, length=1, enemies=bank.enemies, groups=bank.families)
    everywhere = set().union(*live)
    kept = len(live) - reserve
    apart = kin_of(kin, set().union(*live[kept:])) if reserve else frozenset()
    first: list[frozenset[str]] = []
    for scenario in range(len(bank.assembly.scenarios)):
        first.append(bank.assembly.tags["format"][bank.assembly.items_of(scenario)[0]])
    uses: dict[int, int] = {}
    chosen: list[tuple[int, ...]] = []
    for place, own in enumerate(live):
        order = [
            int(s)
            for s in random.permutation(len(bank.assembly.scenarios))
            if int(s) not in everywhere and bank.assembly.scenarios[int(s)] not in banned
        ]
        order.sort(key=lambda s: uses.get(s, 0))
        closed = set(kin_of(kin, own)) | (set(apart) if place < kept else set(kin_of(kin, everywhere | set(uses))))
        taken: list[int] = []
        for slot in slots:
            free = [s for s in order if slot in first[s] and s not in closed]
            if not free:
                what = f"{len(slots)} trial scenarios are asked for and {len(taken)} are free"
                what += f" in form {place + 1}; none is left of format {slot}."
                return Fault("", "", "trial", what, "Lower trial, or write more scenarios.")
            taken.append(free[0])
            closed |= kin_of(kin, [free[0]])
        for scenario in taken:
            uses[scenario] = uses.get(scenario, 0) + 1
        chosen.append(tuple(sorted(bank.assembly.items_of(scenario)[0] for scenario in taken)))
    return tuple(chosen)
