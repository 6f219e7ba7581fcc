"""A plan is data: what it asks, in which order, and which grade it gives; a plan with a hole is refused."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from sjt.authoring.plan import Plan
from sjt.authoring.plan_faults import parse_plan
from sjt.authoring.standard import Standard
from sjt.errors import InputError
from sjt.paths import resource_root

BANK = resource_root() / "scenario_bank" / "cypf"
DEFAULT = "ap-sjt-portfolio-interview"
OTHER = "ap-observation-interview"


@pytest.fixture(scope="module")
def standard() -> Standard:
    return TypeAdapter(Standard).validate_json((BANK / "standard.json").read_bytes())


def read(plan_id: str, standard: Standard | None = None) -> Plan:
    plan, faults = parse_plan((BANK / "plans" / f"{plan_id}.json").read_text(encoding="utf-8"), plan_id, standard)
    assert faults == []
    assert plan is not None
    return plan


def broken(edit: Callable[[dict[str, Any]], object], standard: Standard | None = None) -> list[str]:
    raw = json.loads((BANK / "plans" / f"{DEFAULT}.json").read_text(encoding="utf-8"))
    edit(raw)
    _, faults = parse_plan(json.dumps(raw), "plan.json", standard)
    return [f"{fault.where}: {fault.what}" for fault in faults]


def test_both_plans_of_the_bank_hold_together(standard: Standard) -> None:
    assert read(DEFAULT, standard).default
    assert not read(OTHER, standard).default


def test_distinction_needs_portfolio_and_interview_at_distinction() -> None:
    plan = read(DEFAULT)
    for sjt, portfolio, interview in itertools.product(("fail", "pass"), *[("fail", "pass", "distinction")] * 2):
        grade = plan.award({"sjt": sjt, "portfolio": portfolio, "interview": interview})
        if "fail" in (sjt, portfolio, interview):
            assert grade == "fail"
        elif portfolio == interview == "distinction":
            assert grade == "distinction"
        else:
            assert grade == "pass"


def test_grade_waits_for_every_outcome_but_a_fail_decides_at_once() -> None:
    plan = read(DEFAULT)
    assert plan.award({}) is None
    assert plan.award({"sjt": "pass", "portfolio": "distinction"}) is None
    assert plan.award({"sjt": "pass", "portfolio": "distinction", "interview": None}) is None
    assert plan.award({"sjt": "fail", "portfolio": None}) == "fail"


def test_an_outcome_the_component_cannot_have_is_refused() -> None:
    plan = read(DEFAULT)
    with pytest.raises(InputError, match="sjt cannot have the outcome distinction"):
        plan.award({"sjt": "distinction"})
    with pytest.raises(InputError, match="no component essay"):
        plan.award({"essay": "pass"})


def test_a_plan_with_open_components_awards_nothing_and_says_why() -> None:
    plan = read(OTHER)
    assert plan.award({}) is None
    assert plan.why_no_award is not None
    assert "a real plan must supply them" in plan.why_no_award
    assert read(DEFAULT).why_no_award is None
    with pytest.raises(InputError, match="none yet"):
        plan.award({"observation": "pass"})


def test_gateway_evidence_is_worded_for_the_option() -> None:
    plan = read(DEFAULT)
    details = {
        option: {e.id: e.detail for e in plan.evidence_required(option)} for option in ("residential", "community")
    }
    assert list(details["residential"]) == ["G1", "G2", "G3", "G4", "G5", "G6", "G7", "G8"]
    assert details["residential"]["G7"].endswith("Level 3 Diploma for Residential Childcare")
    assert "Certificate in Higher Education" in details["community"]["G7"]
    assert {e for e in details["residential"] if details["residential"][e] != details["community"][e]} == {"G7"}


def test_an_option_the_plan_does_not_speak_of_is_refused() -> None:
    assert read(OTHER).evidence_required("residential")
    with pytest.raises(InputError, match="does not say what the gateway asks for option community"):
        read(OTHER).evidence_required("community")


def test_interview_waits_for_a_passed_test_and_a_marked_portfolio() -> None:
    plan = read(DEFAULT)
    assert plan.prerequisites("interview") == ("gateway", "sjt:pass", "portfolio:marked")
    assert plan.prerequisites("sjt") == ("gateway",)
    with pytest.raises(InputError, match="no component viva"):
        plan.prerequisites("viva")


def test_form_covers_core_outcomes_option_areas_and_behaviours(standard: Standard) -> None:
    plan = read(DEFAULT)
    cover = plan.form_cover("community", standard)
    assert cover.outcomes == tuple(f"PO{n}" for n in range(1, 9))
    assert cover.areas == ("CM-2a", "CM-2b")
    assert cover.codes == plan.codes_form_must_cover("community", standard) == tuple(f"B{n}" for n in range(1, 7))


def test_a_code_only_the_test_may_cover_must_be_on_its_forms(standard: Standard) -> None:
    raw = json.loads((BANK / "plans" / f"{DEFAULT}.json").read_text(encoding="utf-8"))
    raw["assessedBy"]["byCode"] = {"K4": ["sjt"], "K17": ["sjt"], "S1": ["portfolio"], "K5": ["sjt", "interview"]}
    plan, faults = parse_plan(json.dumps(raw), "plan.json", standard)
    assert plan is not None
    assert faults == []
    assert plan.components_covering("S1") == ("portfolio",)
    only = set(plan.codes_form_must_cover("residential", standard)) - {f"B{n}" for n in range(1, 7)}
    assert only == {"K4", "K17"}
    assert "K17" not in plan.codes_form_must_cover("community", standard)


def test_every_fault_of_a_plan_is_told_at_once(standard: Standard) -> None:
    def edit(raw: dict[str, Any]) -> None:
        raw["components"][2]["prerequisites"] = ["gateway", "essay:pass", "portfolio:merit", "interview"]
        raw["weightGroups"][0]["weightPercent"] = 40
        raw["gradeCalculator"]["rows"][1]["award"] = "merit"
        raw["assessedBy"]["byCode"] = {"K99": ["sjt"], "K1": ["essay"]}
        raw["gateway"]["evidence"][0]["id"] = "G2"

    told = "\n".join(broken(edit, standard))
    for words in (
        "essay:pass names no component",
        "portfolio never has the outcome merit",
        "interview waits for itself",
        "weights add up to 110",
        "merit is no overall grade",
        "The standard has no such code",
        "essay is no component",
        "Evidence G2 stands twice",
        "interview does not list sjt:pass",
    ):
        assert words in told


def test_a_grade_table_with_a_hole_or_a_dead_row_is_refused() -> None:
    assert broken(lambda raw: raw["gradeCalculator"]["rows"].pop(2)) == [
        "gradeCalculator.rows: No row says what sjt pass, portfolio distinction, interview pass gives."
    ]
    told = broken(lambda raw: raw["gradeCalculator"]["rows"].insert(1, raw["gradeCalculator"]["rows"][0]))
    assert told == ["gradeCalculator.rows[2]: This row is never reached."]


def test_components_that_wait_for_each_other_are_refused() -> None:
    told = broken(lambda raw: raw["components"][1].update(prerequisites=["gateway", "interview:pass"]))
    assert any("portfolio waits for itself through other components" in fault for fault in told)


def test_a_misspelt_key_is_refused() -> None:
    def edit(raw: dict[str, Any]) -> None:
        raw["components"][0]["prerequisties"] = raw["components"][0].pop("prerequisites")

    assert any("components.0.prerequisties" in fault for fault in broken(edit))


def test_text_that_is_not_json_names_its_line() -> None:
    _, faults = parse_plan('{\n "id": "x"\n "title": "y"\n}', "plan.json")
    assert [fault.where for fault in faults] == ["line 3"]


@pytest.mark.shared
def test_shipped_standard_and_plans_equal_the_shared_data(shared: Path) -> None:
    source = json.loads((shared / "standards" / "cypf-practitioner.json").read_text(encoding="utf-8"))
    plans = source.pop("assessmentPlans")
    assert json.loads((BANK / "standard.json").read_text(encoding="utf-8")) == source
    files = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in (BANK / "plans").glob("*.json")}
    assert files == {plan["id"]: plan for plan in plans}
    framework = json.loads((shared / "standards" / "pcf-wider-childrens-workforce.json").read_text(encoding="utf-8"))
    assert json.loads((BANK / "framework.json").read_text(encoding="utf-8")) == framework
