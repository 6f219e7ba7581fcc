"""What the scenarios of an option carry, and the schemas made from the types."""

from __future__ import annotations

import json
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from sjt.authoring.bank import load
from sjt.authoring.coverage import coverage
from sjt.authoring.model import Bank
from sjt.authoring.scenario_files import split_scenario
from sjt.authoring.schema import schema_texts, schemas
from sjt.errors import InputError

ROOT = Path(__file__).parents[2]
BANKS = ROOT / "tests" / "banks"


@pytest.fixture
def bank() -> Bank:
    found = load(BANKS / "sound").bank
    assert found is not None
    return found


def test_gaps_name_what_no_scenario_carries(bank: Bank) -> None:
    found = coverage(bank, "day")
    assert found.codes == {
        "K1": {"primary": 0, "secondary": 0},
        "S1": {"primary": 1, "secondary": 0},
        "B1": {"primary": 0, "secondary": 1},
        "S2": {"primary": 0, "secondary": 0},
    }
    assert found.outcomes == {"PO1": 1}
    assert found.formats["rank"] == 1
    gaps = {(gap.kind, gap.id) for gap in found.gaps}
    assert gaps >= {("code", "K1"), ("code", "S2"), ("area", "DA-1"), ("format", "rank")}
    assert ("code", "B1") not in gaps  # a behaviour is carried by any tag
    assert ("code", "S1") not in gaps


def test_scenarios_of_another_option_do_not_count(bank: Bank) -> None:
    other = replace(bank, scenarios=(replace(bank.scenarios[0], option="day", areas=("DA-1",)),))
    assert coverage(other, "night").scenarios == 0
    assert coverage(other, "day").areas == {"DA-1": 1}


def test_an_unknown_option_is_refused(bank: Bank) -> None:
    with pytest.raises(InputError, match="no option evening"):
        coverage(bank, "evening")


def test_json_has_the_agreed_keys(bank: Bank) -> None:
    assert set(coverage(bank, "day").as_json()) >= {"codes", "outcomes", "formats", "gaps"}


def test_schemas_on_disk_are_current() -> None:
    there = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "docs" / "schemas").glob("*.schema.json")}
    assert there == schema_texts()


def test_schemas_know_every_key_the_bank_uses() -> None:
    made = schemas()
    scenario = (BANKS / "sound" / "scenarios" / "tn-0001-scene" / "scenario.md").read_text(encoding="utf-8")
    parts = split_scenario(scenario)
    assert parts is not None
    assert set(tomllib.loads(parts[0])) <= set(made["scenario.schema.json"]["properties"])
    assert made["scenario.schema.json"]["additionalProperties"] is False
    key = made["key.schema.json"]
    assert set(key["properties"]) == {"schema", "scenario", "status", "set_on"}
    plan = json.loads((BANKS / "sound" / "plans" / "tiny-plan.json").read_text(encoding="utf-8"))
    assert set(plan) <= set(made["plan.schema.json"]["properties"])
