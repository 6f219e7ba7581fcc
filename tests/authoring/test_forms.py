"""Forms from a generated bank: built, written down, verified, and every tampering found by name."""

from __future__ import annotations

import copy
import json
import re
import shutil
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from sjt.authoring.bank import load
from sjt.authoring.blueprint import Blueprint, parse
from sjt.authoring.form_bank import FormBank, form_bank
from sjt.authoring.forms import Impossible, build_set, mark_unit
from sjt.authoring.forms_commands import build, verify
from sjt.authoring.proof import make_proof, proof_bytes, proof_sha256, reasons_needed, refusals
from sjt.authoring.proof import verify as verify_proof
from sjt.errors import Fault
from tests.builders.banks import blueprint_text, write_bank

PLAN = blueprint_text(exposure=None, extra="trial = 1\nminutes_apart = 2")


def loaded(folder: Path) -> Callable[[Blueprint], FormBank]:
    reading = load(folder)
    assert reading.bank is not None, reading.findings
    bank, files = reading.bank, reading.files
    return lambda plan: form_bank(bank, files, plan)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_bank(tmp_path_factory.mktemp("bank"), core=34, residential=14, seed=5).folder


@pytest.fixture(scope="module")
def plan() -> Blueprint:
    return parse(PLAN)


@pytest.fixture(scope="module")
def source(folder: Path, plan: Blueprint) -> FormBank:
    return loaded(folder)(plan)


@pytest.fixture(scope="module")
def proof(source: FormBank, plan: Blueprint) -> Any:
    return make_proof(source, plan, build_set(source, plan, 2, seed=3), 3)


def faults_of(proof: Any, folder: Path) -> list[Fault]:
    return verify_proof(proof, loaded(folder))


def rehashed(proof: Any) -> Any:
    proof["sha256"] = proof_sha256(proof)
    return proof


def test_a_built_set_verifies(proof: Any, folder: Path) -> None:
    assert faults_of(proof, folder) == []
    assert faults_of(json.loads(proof_bytes(proof)), folder) == []


def test_both_forms_have_one_maximum_and_one_applied_cut(proof: Any) -> None:
    assert {form["max"] for form in proof["forms"]} == {344}
    exact = [Fraction(str(form["cut"]["exact"])) for form in proof["forms"]]
    assert max(exact) - min(exact) <= Fraction(1, 2)
    assert len({form["cut"]["applied"] for form in proof["forms"]}) == 1
    assert proof["overlap"]["max"] <= 6
    assert abs(proof["forms"][0]["minutes"] - proof["forms"][1]["minutes"]) <= 2


def test_the_same_seed_gives_the_same_bytes(proof: Any, source: FormBank, plan: Blueprint) -> None:
    again = make_proof(source, plan, build_set(source, plan, 2, seed=3), 3)
    assert proof["solver"]["stopped_by"] in {"gap", "nodes"}
    assert proof_bytes(again) == proof_bytes(proof)


def test_trial_items_stand_in_no_live_form(proof: Any) -> None:
    live = {item for form in proof["forms"] for item in form["items"]}
    for form in proof["forms"]:
        assert len(form["trial"]) == 1
        assert not live & set(form["trial"])


def test_guessing_is_refused_above_its_limit_and_cunning_asks_for_a_reason(proof: Any) -> None:
    assert refusals(proof) == []
    loud = copy.deepcopy(proof)
    loud["forms"][1]["p_random_pass"] = 0.02
    loud["forms"][0]["p_strategy_pass"]["spot_the_worst"] = 0.06
    assert [fault.where for fault in refusals(loud)] == [proof["forms"][1]["id"]]
    assert [fault.field for fault in reasons_needed(loud)] == ["spot_the_worst"]


def test_a_swapped_item_is_found_by_form_and_constraint(proof: Any, folder: Path, source: FormBank) -> None:
    for other in ("cypf-0003-a", "cypf-0009-a", "cypf-0105-a"):
        changed = copy.deepcopy(proof)
        form = changed["forms"][1]
        if other in form["items"]:
            continue
        form["items"] = sorted([*form["items"][1:], other])
        form["scenarios"] = sorted(item[:-2] for item in form["items"])
        found = faults_of(rehashed(changed), folder)
        assert proof["forms"][1]["id"] in {fault.where for fault in found}
        assert any("cut" in f.field or "angoff" in f.field or "format" in f.field for f in found)


def test_a_changed_bound_is_found_by_name(proof: Any, folder: Path) -> None:
    changed = copy.deepcopy(proof)
    row = next(c for c in changed["forms"][0]["constraints"] if c["name"] == "minutes")
    row["high"] = 90
    found = faults_of(rehashed(changed), folder)
    assert [(f.where, f.field) for f in found] == [(proof["forms"][0]["id"], "constraints.minutes.high")]


def test_a_changed_blueprint_in_the_proof_is_found(proof: Any, folder: Path) -> None:
    changed = copy.deepcopy(proof)
    changed["blueprint"]["use"]["overlap_max"] = 9
    found = faults_of(rehashed(changed), folder)
    assert "blueprint_sha256" in {fault.field for fault in found}


def test_a_byte_changed_in_the_proof_is_found_by_its_own_hash(proof: Any, folder: Path) -> None:
    changed = copy.deepcopy(proof)
    changed["seed"] = 4
    assert [fault.field for fault in faults_of(changed, folder)] == ["sha256"]


@pytest.mark.parametrize(
    ("pattern", "old", "new"),
    [
        ("scenarios/*/key.toml", "illustrative", "panelled"),
        ("scenarios/*/scenario.md", "A story", "Another story"),
        ("judgements/*.csv", ",20,14.5", ",20,15.0"),
    ],
)
def test_a_changed_bank_is_found_by_file(
    pattern: str, old: str, new: str, proof: Any, folder: Path, tmp_path: Path
) -> None:
    copied = tmp_path / "bank"
    shutil.copytree(folder, copied)
    path = sorted(copied.glob(pattern))[0]
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    found = faults_of(proof, copied)
    assert str(path.relative_to(copied)) in {fault.file for fault in found}


def test_a_changed_probability_is_found(proof: Any, folder: Path) -> None:
    changed = copy.deepcopy(proof)
    changed["forms"][0]["p_random_pass"] *= 0.5
    changed["fairness"]["p_pass_borderline"][1] += 0.001
    found = faults_of(rehashed(changed), folder)
    assert {(f.where, f.field) for f in found} == {
        (proof["forms"][0]["id"], "p_random_pass"),
        ("fairness", "p_pass_borderline.1"),
    }


def test_without_judgements_there_is_no_cut_and_the_forms_say_trial_only(tmp_path: Path) -> None:
    folder = write_bank(tmp_path / "b", core=34, residential=14, judges=0).folder
    plan = parse(blueprint_text(exposure=None))
    source = loaded(folder)(plan)
    made = make_proof(source, plan, build_set(source, plan, 1), 1)
    assert made["forms"][0]["cut"] is None
    assert any("trial only" in note for note in made["notes"])
    assert faults_of(made, folder) == []


def test_an_impossible_blueprint_says_what_to_write(folder: Path) -> None:
    plan = parse(PLAN.replace("written = 2\n[max", "written = 4\n[max").replace("rank = 7", "rank = 5"))
    source = loaded(folder)(plan)
    with pytest.raises(Impossible) as caught:
        build_set(source, parse(PLAN.replace("overlap_max = 6", "overlap_max = 0")), 3)
    text = str(caught.value)
    assert re.search(r"Write \d+ more scenarios? with", text)
    assert "Or:" in text
    assert caught.value.shortfall is not None
    assert caught.value.shortfall.proved


def test_excluded_scenarios_and_their_enemies_are_not_used(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "b.toml"
    file.write_text(blueprint_text(exposure=None), encoding="utf-8")
    arguments = [str(file), "--bank", str(folder), "--forms", "1", "--without", "cypf-0002", "--out", str(tmp_path)]
    result = CliRunner().invoke(build, arguments)
    assert result.exit_code == 0, result.output
    made = json.loads((tmp_path / "PROOF.json").read_text(encoding="utf-8"))
    # cypf-0002 names cypf-0001 as its enemy, and cypf-0003 names cypf-0002.
    assert made["excluded"] == ["cypf-0001", "cypf-0002", "cypf-0003"]
    assert not {"cypf-0001", "cypf-0002", "cypf-0003"} & set(made["forms"][0]["scenarios"])
    checked = CliRunner().invoke(verify, [str(tmp_path / "PROOF.json"), "--bank", str(folder)])
    assert checked.exit_code == 0
    assert json.loads(checked.stdout)["verified"] is True
    made["forms"][0]["minutes"] = 3
    (tmp_path / "PROOF.json").write_text(json.dumps(made), encoding="utf-8")
    checked = CliRunner().invoke(verify, [str(tmp_path / "PROOF.json"), "--bank", str(folder)])
    assert checked.exit_code == 1
    assert "minutes" in checked.stderr


def test_the_mark_unit_is_the_step_between_totals(source: FormBank, plan: Blueprint) -> None:
    assert mark_unit(source, plan) == 1
