"""Sets under caps and pools of unique forms: every form is checked again by plain counting."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from fractions import Fraction
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from sjt.authoring.assembly import AssemblyBank, AssemblySpec, Band, Count, broken, check
from sjt.authoring.assembly_apart import Apart
from sjt.authoring.bank import load
from sjt.authoring.blueprint import Blueprint, parse
from sjt.authoring.form_bank import FormBank, form_bank
from sjt.authoring.form_sets import build_many
from sjt.authoring.forms import Impossible, build_set, spec_of
from sjt.authoring.pool import fill
from sjt.authoring.swaps import units_of
from sjt.delivery.dealing import draw
from tests.builders.banks import blueprint_text, write_bank


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_bank(tmp_path_factory.mktemp("bank80"), core=60, residential=20, seed=1).folder


@pytest.fixture(scope="module")
def plan() -> Blueprint:
    return parse(blueprint_text())


@pytest.fixture(scope="module")
def source(folder: Path, plan: Blueprint) -> FormBank:
    reading = load(folder)
    assert reading.bank is not None
    return form_bank(reading.bank, reading.files, plan)


def test_forty_forms_of_twenty_from_eighty_keep_overlap_and_exposure(source: FormBank, plan: Blueprint) -> None:
    built = build_set(source, plan, 40, seed=1)
    assert len(built.forms) == 40
    assert broken(check(source.assembly, built.spec, built.forms)) == []
    scenarios = [{source.assembly.scenario_of[i] for i in form} for form in built.forms]
    assert max(len(a & b) for a, b in combinations(scenarios, 2)) <= 6
    assert max(Counter(s for form in scenarios for s in form).values()) <= 0.33 * 40
    kinds = [Counter(source.items[i][1].format.value for i in form) for form in built.forms]
    assert all(kind == {"rank": 7, "choose": 5, "rate": 6, "written": 2} for kind in kinds)
    cuts = [sum(source.assembly.numbers["angoff"][i] for i in form) for form in built.forms]
    assert max(cuts) - min(cuts) <= 0.5
    assert build_set(source, plan, 40, seed=1).forms == built.forms


def test_a_cap_that_counting_refutes_is_named_with_its_numbers(source: FormBank, plan: Blueprint) -> None:
    with pytest.raises(Impossible) as caught:
        build_set(source, plan, 6, seed=1)
    first = caught.value.faults[0]
    assert first.field == "exposure_max"
    assert "6 forms need 120 uses of scenarios" in first.what


def test_a_set_may_be_cancelled(source: FormBank, plan: Blueprint) -> None:
    from sjt.errors import InputError

    spec = spec_of(source, plan, 12)
    with pytest.raises(InputError, match="stopped by cancel"):
        build_many(
            source, plan, spec, seed=1, seconds=60, progress=lambda what, share: None, cancelled=lambda: True
        )  # fmt: skip


def test_a_pool_holds_different_forms_that_all_meet_the_blueprint(source: FormBank, plan: Blueprint) -> None:
    spec = replace(spec_of(source, plan, 1), overlap_max=None)
    first = build_set(source, plan, 1).forms[0]
    made = fill(source.assembly, spec, 60, seed=2, first=first)
    assert made.stopped_by == "enough"
    assert len(set(made.forms)) == 60
    assert all(broken(check(source.assembly, spec, [form])) == [] for form in made.forms)
    uses = Counter(source.assembly.scenario_of[i] for form in made.forms for i in form)
    shared = [
        len({source.assembly.scenario_of[i] for i in a} & {source.assembly.scenario_of[i] for i in b})
        for a, b in combinations(made.forms, 2)
    ]
    assert len(uses) == 80
    assert sum(shared) / len(shared) <= 1.5 * 20 * 20 / 80


def test_a_draw_repeats_and_passes_over_what_is_taken() -> None:
    pool = [f"f{n}" for n in range(7)]
    name = draw(pool, "s", "candidate-1")
    assert name == draw(pool, "s", "candidate-1")
    assert name is not None and name.steps == 0
    after = draw(pool, "s", "candidate-1", frozenset({name.form_id}))
    assert after is not None and after.steps == 1
    assert after.form_id == pool[(pool.index(name.form_id) + 1) % 7]
    assert draw(pool, "s", "x", frozenset(pool)) is None
    assert draw([], "s", "x") is None


def test_a_form_that_meets_its_bounds_exactly_needs_no_mending() -> None:
    # Sums of three decimals lie on a bound more often than not: one held off its bounds is never met.
    tenths = tuple(Fraction(n, 10) for n in range(4))
    names = tuple(f"s{n}" for n in range(4))
    tags = {"sort": tuple(frozenset({"a" if n < 2 else "b"}) for n in range(4))}
    bank = AssemblyBank(names, names, tuple(range(4)), {"minutes": tenths, "disc": tenths}, tags)
    for low, high, most in (("0.5", "0.6", 3), ("0.6", "0.7", 2), ("0.7", "0.8", 2), ("0.6", "0.7", 1)):
        spec = AssemblySpec(
            forms=1, length=4, counts=(Count("sort", "a", 0, most), Count("sort", "b", 0, 2)),
            bands=(Band("minutes", Fraction(low), Fraction(high)),),
        )  # fmt: skip
        units = units_of(bank, spec)
        whole = Apart(units, np.ones(4, dtype=bool), 1, overlap_max=None, max_use=None, seed=1)
        assert whole.is_met(0) == (not broken(check(bank, spec, [[0, 1, 2, 3]])))
