"""A reserve form shares nothing with the forms beside it; a resit form holds nothing that was seen."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from sjt.authoring.assembly import AssemblyBank, AssemblySpec, Count, broken, check, kin_of
from sjt.authoring.assembly_reserve import solve_with_reserve
from sjt.authoring.bank import load
from sjt.authoring.blueprint import Blueprint, parse
from sjt.authoring.form_bank import FormBank, form_bank
from sjt.authoring.forms import Impossible, build_set, relatives, trial_formats
from sjt.authoring.forms_commands import assemble, build
from sjt.authoring.freezing import freeze
from sjt.authoring.proof import make_proof, proof_sha256
from sjt.authoring.proof import verify as verify_proof
from tests.builders.banks import blueprint_text, write_bank

SHORT = {"rank": 4, "choose": 3, "rate": 3}
PLAN = blueprint_text(
    scenarios=10, formats=SHORT, overlap=4, exposure=None, minutes=(20, 40), extra="trial = 2\nminutes_apart = 2"
).replace("overlap_max = 4", "overlap_max = 4\nreserve = 1")


def loaded(folder: Path) -> Callable[[Blueprint], FormBank]:
    reading = load(folder)
    assert reading.bank is not None, reading.findings
    bank, files = reading.bank, reading.files
    return lambda plan: form_bank(bank, files, plan)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    # Forty-eight scenarios bear two forms of ten, a reserve of ten, and trial scenarios of each.
    made = write_bank(tmp_path_factory.mktemp("bank"), core=34, residential=14, seed=5, mix=SHORT)
    plan = made.folder / "plans" / "ap-sjt-portfolio-interview.json"
    data = json.loads(plan.read_text(encoding="utf-8"))
    data.pop("formCover", None)
    plan.write_text(json.dumps(data), encoding="utf-8")
    return made.folder


@pytest.fixture(scope="module")
def plan() -> Blueprint:
    return parse(PLAN.replace("[maximise]", '[cover]\ncodes = ["K1"]\n[maximise]'))


@pytest.fixture(scope="module")
def source(folder: Path, plan: Blueprint) -> FormBank:
    return loaded(folder)(plan)


@pytest.fixture(scope="module")
def proof(source: FormBank, plan: Blueprint) -> Any:
    return make_proof(source, plan, build_set(source, plan, 2, seed=3), 3)


def shown(source: FormBank, form: Any) -> set[str]:
    return {source.items[source.position(item)][0].id for item in [*form["items"], *form["trial"]]}


def test_the_reserve_shares_no_scenario_enemy_or_relative_with_any_other_form(source: FormBank, proof: Any) -> None:
    assert [form.get("role", "") for form in proof["forms"]] == ["", "", "reserve"]
    reserve = shown(source, proof["forms"][2])
    for other in proof["forms"][:2]:
        assert not reserve & (shown(source, other) | set(relatives(source, shown(source, other))))


def test_the_reserve_is_parallel_to_the_others(proof: Any) -> None:
    assert len({str(form["max"]) for form in proof["forms"]}) == 1
    assert len({str(form["cut"]["applied"]) for form in proof["forms"]}) == 1
    assert max(form["minutes"] for form in proof["forms"]) - min(form["minutes"] for form in proof["forms"]) <= 2


def test_the_proof_states_it_and_verifies(proof: Any, folder: Path) -> None:
    names = {row["name"] for row in proof["constraints"]}
    assert {"form1-3:apart", "form2-3:apart"} <= names
    assert verify_proof(proof, loaded(folder)) == []


def test_a_scenario_carried_over_into_the_reserve_is_found_by_name(proof: Any, folder: Path) -> None:
    changed = copy.deepcopy(proof)
    first, reserve = changed["forms"][0], changed["forms"][2]
    reserve["items"] = sorted([*reserve["items"][1:], first["items"][0]])
    reserve["scenarios"] = sorted(item[:-2] for item in reserve["items"])
    changed["sha256"] = proof_sha256(changed)
    assert "apart" in {fault.field for fault in verify_proof(changed, loaded(folder))}


def test_trial_slots_are_matched_by_format_across_forms(source: FormBank, plan: Blueprint, proof: Any) -> None:
    kind = source.assembly.tags["format"]
    slots = [sorted(min(kind[source.position(item)]) for item in form["trial"]) for form in proof["forms"]]
    assert slots == [trial_formats(plan)] * 3


def test_a_trial_slot_of_another_format_in_one_form_is_found(
    source: FormBank, plan: Blueprint, proof: Any, folder: Path
) -> None:
    kind = source.assembly.tags["format"]
    held = {item for form in proof["forms"] for item in [*form["items"], *form["trial"]]}
    strange = next(k for k in ("rate", "choose", "rank") if k not in trial_formats(plan))
    other = next(i for i, tags in zip(source.assembly.items, kind, strict=True) if strange in tags and i not in held)
    changed = copy.deepcopy(proof)
    changed["forms"][1]["trial"] = sorted([changed["forms"][1]["trial"][0], other])
    changed["sha256"] = proof_sha256(changed)
    faults = verify_proof(changed, loaded(folder))
    assert (proof["forms"][1]["id"], "trial") in {(fault.where, fault.field) for fault in faults}


def test_a_trial_scenario_stands_in_the_same_block_of_every_form_and_the_paper_does_not_tell(
    source: FormBank, plan: Blueprint, proof: Any
) -> None:
    papers = []
    for n, form in enumerate(proof["forms"]):
        frozen = freeze(
            source, plan, form, form_id=f"f{n}", minutes=40, mark_unit=Fraction(1), proof_sha256="", key_versions={}
        )
        papers.append([scenario.items[0].format.value for scenario in frozen.paper.scenarios])
        swapped = dict(form, items=[*form["items"][1:], *form["trial"]], trial=form["items"][:1])
        other = freeze(
            source, plan, swapped, form_id=f"f{n}", minutes=40, mark_unit=Fraction(1), proof_sha256="", key_versions={}
        )
        assert other.paper == frozen.paper, "which item is on trial changes nothing that a candidate may see"
    assert papers[0] == papers[1] == papers[2]


def test_a_bank_too_small_for_a_reserve_says_that_the_forms_alone_are_possible(tmp_path: Path) -> None:
    folder = write_bank(tmp_path / "small", core=11, residential=5, seed=2, mix=SHORT).folder
    text = blueprint_text(scenarios=10, formats=SHORT, overlap=None, exposure=None, minutes=(20, 40))
    plan = parse(text.replace("[use]", "[use]\nreserve = 1").replace("[maximise]", "[cover]\ncodes = []\n[maximise]"))
    source = loaded(folder)(plan)
    with pytest.raises(Impossible) as caught:
        build_set(source, plan, 1)
    assert "no reserve form can be built" in str(caught.value)
    assert "Write" in str(caught.value)


def test_a_blueprint_without_a_reserve_keeps_the_hash_it_had() -> None:
    plain = parse(PLAN.replace("reserve = 1", "reserve = 0"))
    assert "reserve" not in plain.as_json()["use"]
    assert plain.sha256() == parse(PLAN.replace("\nreserve = 1", "")).sha256()


def test_kin_are_enemies_on_either_side_and_the_family() -> None:
    spec = AssemblySpec(forms=1, length=1, enemies=((0, 1), (2, 0)), groups=((3, 4, 5),))
    assert kin_of(spec, [0]) == {0, 1, 2}
    assert kin_of(spec, [4]) == {3, 4, 5}
    assert kin_of(spec, []) == frozenset()


def test_where_the_others_would_take_what_the_reserve_needs_the_reserve_is_built_first() -> None:
    # Four scenarios of format x: the strongest form takes two, and the two left are enemies of each other's rivals.
    bank = AssemblyBank(
        items=tuple(f"i{n}" for n in range(4)),
        scenarios=tuple(f"s{n}" for n in range(4)),
        scenario_of=(0, 1, 2, 3),
        numbers={"disc": tuple(Fraction(n) for n in (9, 8, 2, 1))},
        tags={"format": (frozenset({"x"}), frozenset({"y"}), frozenset({"x"}), frozenset({"y"}))},
    )
    counts = (Count("format", "x", 1, 1), Count("format", "y", 1, 1))
    spec = AssemblySpec(forms=2, length=2, counts=counts, enemies=((1, 2),), reserve=1)
    tried: list[AssemblySpec] = []

    def solve(one: AssemblySpec) -> tuple[tuple[int, ...], ...]:
        tried.append(one)
        pairs = [(a, b) for a in (0, 2) for b in (1, 3) if (a, b) != (2, 1)]
        fit = [p for p in pairs if not set(p) & set(one.banned) and not broken(check(bank, one, [p]))]
        return (max(fit, key=lambda p: sum(bank.numbers["disc"][i] for i in p)),) if fit else ()

    forms, missed = solve_with_reserve(bank, spec, solve)
    # s0 with s1 leaves s2 and s3, but s2 is an enemy of s1; s0 with s3 leaves nothing for s1 and s2, who never meet.
    assert forms == ()
    assert missed is not None
    forms, missed = solve_with_reserve(bank, AssemblySpec(forms=2, length=2, counts=counts, reserve=1), solve)
    assert forms == ((0, 1), (2, 3)) and missed is None


def test_sjt_assemble_gives_the_reserve_last(tmp_path: Path) -> None:
    rows = [
        {"id": f"i{n}", "disc": 0.2 + n / 100, "minutes": 2.0, "format": "rank" if n % 2 else "choose"}
        for n in range(14)
    ]
    spec = {
        "forms": 2, "n": 4, "minutes": [8, 8], "blueprint": {"format": {"rank": [2, 2], "choose": [2, 2]}},
        "enemies": [["i12", "i13"]], "anchors": ["i0"], "max_use": 1,
    }  # fmt: skip
    file = tmp_path / "x.json"
    file.write_text(json.dumps({"bank": rows, "spec": spec}), encoding="utf-8")
    result = CliRunner().invoke(assemble, [str(file), "--reserve", "--seconds", "60"])
    assert result.exit_code == 0, result.output
    answer = json.loads(result.stdout)
    first, second, reserve = (set(form) for form in answer["forms"])
    assert not reserve & (first | second)
    assert "i0" in first & second
    assert {"form1-3:apart", "form2-3:apart"} <= {row["name"] for row in answer["constraints"]}


def test_sjt_forms_build_takes_the_reserve_as_an_option(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "b.toml"
    text = PLAN.replace("\nreserve = 1", "").replace("trial = 2\n", "")
    file.write_text(text.replace("[maximise]", '[cover]\ncodes = ["K1"]\n[maximise]'), encoding="utf-8")
    arguments = [str(file), "--bank", str(folder), "--forms", "1", "--reserve", "--out", str(tmp_path / "out")]
    result = CliRunner().invoke(build, arguments)
    assert result.exit_code == 0, result.output
    assert [form.get("role") for form in json.loads(result.stdout)["forms"]] == [None, "reserve"]
