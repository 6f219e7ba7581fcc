"""More than three forms, walked together inside the bands of a first one; and pools of forms that are dealt once."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from fractions import Fraction
from math import ceil

import numpy as np
import scipy

from sjt.authoring.assembly import AssemblySpec, Band, broken, check, total
from sjt.authoring.blueprint import Blueprint
from sjt.authoring.form_bank import FormBank
from sjt.authoring.forms import BuiltSet, Impossible, impossible, spec_of, trial_formats, trial_items
from sjt.authoring.pool import Cap, Filled, fill
from sjt.errors import Fault, InputError


def build_many(
    bank: FormBank,
    blueprint: Blueprint,
    spec: AssemblySpec,
    *,
    seed: int,
    seconds: float,
    progress: Callable[[str, float], None],
    cancelled: Callable[[], bool],
) -> tuple[tuple[tuple[int, ...], ...], dict[str, object]]:
    """Build ``spec.forms`` forms: one by HiGHS to fix the bands, the others by walking inside them.

    Fixed bands around the first form keep every pair as close as the blueprint asks; the walk pays for scenarios
    that earlier forms used, so that overlap and exposure stay under their caps.
    """
    _refuse_exposure(bank, blueprint, spec)
    middle, first = _first(bank, blueprint, spec, seed=seed, seconds=seconds / 4, cancelled=cancelled)
    cap = Cap(spec.forms, spec.max_use, spec.overlap_max)
    made = fill(
        bank.assembly, middle, spec.forms, seed=seed, cap=cap, first=first, seconds=seconds, progress=progress,
        cancelled=cancelled,
    )  # fmt: skip
    if len(made.forms) < spec.forms:
        raise InputError(
            f"{len(made.forms)} of {spec.forms} forms were found; the work stopped by {made.stopped_by}. {made.why} "
            "Ask for fewer forms, allow more overlap or exposure, or write more scenarios."
        )
    assert not broken(check(bank.assembly, spec, made.forms))
    return made.forms, _solver(made)


def _first(
    bank: FormBank,
    blueprint: Blueprint,
    spec: AssemblySpec,
    *,
    seed: int,
    seconds: float,
    cancelled: Callable[[], bool],
) -> tuple[AssemblySpec, tuple[int, ...]]:
    """Solve one form and the bands around it that all others keep."""
    from sjt.authoring.assembly_solve import Effort, solve

    alone = replace(spec, forms=1, together=(), max_use=None)
    middle = _centred(bank, alone, spec)
    effort = replace(Effort.for_width(len(bank.assembly.items)), walks=2, steps=400, rounds=0, nodes=400)
    first = solve(bank.assembly, middle, seconds=seconds, seed=seed, effort=effort, gap=0.02, cancelled=cancelled)
    if not first.forms:
        raise impossible(bank, alone, first, blueprint)
    return middle, first.forms[0]


def _solver(made: Filled) -> dict[str, object]:
    return {
        "name": "HiGHS by scipy.optimize.milp, then walk and repair", "version": scipy.__version__,
        "stopped_by": "nodes" if made.stopped_by == "enough" else made.stopped_by, "gap": None,
    }  # fmt: skip


def build_pool(
    bank: FormBank,
    blueprint: Blueprint,
    forms: int,
    *,
    seed: int,
    seconds: float,
    banned: Collection[str] = (),
    known: Collection[frozenset[str]] = (),
    progress: Callable[[str, float], None] = lambda what, share: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> BuiltSet:
    """Build forms that are each dealt once: all meet the blueprint, none is another nor one of ``known``.

    Trial scenarios are set apart first, since a form's trial items may count in no form of the pool.
    """
    apart = _apart_for_trial(bank, blueprint, seed, frozenset(banned))
    spec = spec_of(bank, blueprint, forms, banned={*banned, *apart})
    middle, first = _first(bank, blueprint, spec, seed=seed, seconds=seconds / 4, cancelled=cancelled)
    place = {name: n for n, name in enumerate(bank.assembly.scenarios)}
    held = {frozenset(place[name] for name in form) for form in known if form <= place.keys()}
    made = fill(
        bank.assembly, middle, forms, seed=seed, first=first, known=held, seconds=seconds, progress=progress,
        cancelled=cancelled,
    )  # fmt: skip
    if len(made.forms) < forms:
        raise InputError(
            f"{len(made.forms)} of {forms} forms were found; the work stopped by {made.stopped_by}. {made.why} "
            "Ask for fewer forms, widen what the blueprint asks, or write more scenarios."
        )
    assert not broken(check(bank.assembly, spec, made.forms))
    trial = trial_items(bank, blueprint, made.forms, seed, banned=banned)
    return BuiltSet(made.forms, trial, spec_of(bank, blueprint, forms, banned=banned), _solver(made))


TRIAL_SPARE = 3
"""Scenarios kept for each trial slot of a pool: a form whose own scenarios bar one still finds another."""


def _apart_for_trial(bank: FormBank, blueprint: Blueprint, seed: int, banned: frozenset[str]) -> list[str]:
    """Set scenarios apart for the trial slots, those without enemies and families first."""
    kin = {scenario for pair in (*bank.enemies, *bank.families) for scenario in pair}
    names = bank.assembly.scenarios
    order = [int(s) for s in np.random.default_rng([seed, 13]).permutation(len(names)) if names[int(s)] not in banned]
    order.sort(key=lambda s: s in kin)
    kept: list[int] = []
    for slot in trial_formats(blueprint):
        free = [
            s for s in order
            if s not in kept and slot in bank.assembly.tags["format"][bank.assembly.items_of(s)[0]]
        ]  # fmt: skip
        kept += free[:TRIAL_SPARE]
    return [names[s] for s in kept]


def _refuse_exposure(bank: FormBank, blueprint: Blueprint, spec: AssemblySpec) -> None:
    """Name the cap when plain counting shows that it cannot be kept."""
    if spec.max_use is None:
        return
    faults = []
    for count in [None, *(c for c in spec.counts if c.attr == "format" or c.of_scenarios)]:
        if count is None:
            name, each = "scenarios", spec.length
            held = set(range(len(bank.assembly.scenarios)))
        else:
            name, each = count.name, count.low
            tags = bank.assembly.tags[count.attr]
            held = {s for i, s in enumerate(bank.assembly.scenario_of) if count.value in tags[i]}
        anchored = len(held & set(spec.anchors))
        room = (len(held - set(spec.banned)) - anchored) * spec.max_use
        need = spec.forms * max(0, each - anchored)
        if need > room:
            least = ceil(Fraction(need, spec.max_use)) - (len(held - set(spec.banned)) - anchored)
            what = (
                f"{spec.forms} forms need {need} uses of {name}; exposure_max lets {len(held)} scenarios serve in "
                f"{spec.max_use} each, {room} uses."
            )
            remedy = f"Write {least} more, raise use.exposure_max, or build fewer forms."
            faults.append(Fault(f"{blueprint.id}.toml", "use", "exposure_max", what, remedy))
    if faults:
        raise Impossible(f"No {spec.forms} forms can be built from blueprint {blueprint.id}.", faults, None)


def _centred(bank: FormBank, alone: AssemblySpec, spec: AssemblySpec) -> AssemblySpec:
    """Start where the bank is dense: bands around what an average form of this make-up would have."""
    need = {c.value: c.low for c in spec.counts if c.attr == "format"}
    bands = list(alone.bands)
    for rule in spec.together:
        expected = Fraction(0)
        for kind, n in need.items():
            own = [i for i, tags in enumerate(bank.assembly.tags["format"]) if kind in tags]
            if own:
                expected += n * total(bank.assembly, rule.attr, own) / len(own)
        width = rule.apart if rule.unit is None else min(rule.apart, rule.unit)
        if rule.unit is not None:
            top = ceil(expected / rule.unit) * rule.unit
            expected = min(max(expected, top - rule.unit + width / 2 + rule.unit / 1000), top - width / 2)
        room = max(width / 2, Fraction(1, 1000))
        bands.append(Band(rule.attr, expected - room, expected + room, expected))
    return replace(alone, bands=tuple(bands), together=())
