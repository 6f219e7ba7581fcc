"""A blueprint is read whole, and its faults are all named at once."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from sjt.authoring.blueprint import parse, parse_data
from sjt.errors import InputError
from sjt.paths import resource_root
from tests.builders.banks import blueprint_text

SHIPPED = sorted((resource_root() / "scenario_bank" / "cypf" / "blueprints").glob("*-14.toml"))


def test_defaults_are_those_of_the_contract() -> None:
    plan = parse(blueprint_text())
    assert (plan.max_random_pass, plan.max_strategy_pass, plan.cut.band_marks) == (0.01, 0.05, 0.5)
    assert plan.cover.codes == "plan"
    assert plan.max_marks() == Fraction(7 * 20 + 5 * 12 + 6 * 20 + 2 * 12)


def test_a_blueprint_survives_its_own_json_with_the_same_hash() -> None:
    plan = parse(blueprint_text(extra="trial = 2\nsensitive_share_max = 0.25"))
    again = parse_data(plan.as_json())
    assert again == plan
    assert again.sha256() == plan.sha256()


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_blueprints_load_and_walk_all_six_formats(path: Path) -> None:
    plan = parse(path.read_text(encoding="utf-8"), path.name)
    assert sum(plan.formats().values()) == plan.scenarios == 14
    assert len(plan.formats()) == 6
    assert plan.max_marks() == 200


def test_every_fault_is_named_at_once() -> None:
    text = blueprint_text().replace("scenarios = 20", "scenarios = 0").replace('option = "residential"\n', "")
    text = text.replace("[use]", "colour = 1\n[use]").replace("overlap_max = 6", 'overlap_max = "six"')
    with pytest.raises(InputError) as caught:
        parse(text, "b.toml")
    assert {fault.field for fault in caught.value.faults} >= {"scenarios", "option", "colour", "overlap_max"}
    assert all(fault.file == "b.toml" and fault.remedy for fault in caught.value.faults)


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("written = 2\n[max", "writen = 2\n[max", "writen"),
        ("minutes = [50, 68]", "minutes = [68, 50]", "minutes"),
        ("rank = 7", "rank = [6, 8]", "rank"),
        ("rank = 7", "rank = 1", "format"),
        ("[maximise]", "[counts.option]\ncore = [15, 12]\n[maximise]", "core"),
        ("[maximise]", "[counts.colour]\nred = 1\n[maximise]", "colour"),
        ("[use]\n", '[use]\nanchors = ["cypf-0001", "cypf-0001"]\n', "anchors"),
    ],
)
def test_a_contradiction_is_named(old: str, new: str, field: str) -> None:
    text = blueprint_text()
    assert old in text
    with pytest.raises(InputError) as caught:
        parse(text.replace(old, new, 1), "b.toml")
    assert field in {fault.field for fault in caught.value.faults}


def test_text_that_is_not_toml_is_refused_with_its_line() -> None:
    with pytest.raises(InputError, match="line 1"):
        parse("scenarios = = 3", "b.toml")
