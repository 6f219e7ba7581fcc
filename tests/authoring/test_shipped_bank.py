"""The example bank is clean and covers what the issue asks of it."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from dataclasses import asdict
from datetime import date

import pytest

from sjt.authoring import blueprint, checks
from sjt.authoring.bank import Reading, load
from sjt.authoring.coverage import coverage
from sjt.authoring.model import Bank, RubricKey
from sjt.authoring.snapshot import Format
from sjt.paths import resource_root

READ_ON = date(2026, 11, 22)
"""Fixed, so that the test does not fail on the day a law falls due for reading; `sjt bank check` says that then."""


@pytest.fixture(scope="module")
def reading() -> Reading:
    return load(resource_root() / "scenario_bank" / "cypf")


@pytest.fixture(scope="module")
def bank(reading: Reading) -> Bank:
    assert reading.bank is not None
    return reading.bank


def test_the_bank_has_no_finding(reading: Reading) -> None:
    assert [str(finding) for finding in checks.check(reading, today=READ_ON).findings] == []


def test_the_bank_has_its_hundred_scenarios_by_option_and_main_item(bank: Bank) -> None:
    """The counts that three disjoint forms of rank 7, choose 5, rate 6, written 2 need (issue 7)."""
    found = {
        kind: Counter(scenario.items[0].format for scenario in bank.scenarios if scenario.option == kind)
        for kind in ("core", "residential", "community")
    }
    ordered = (Format.RANK, Format.CHOOSE, Format.RATE, Format.MOST_LEAST, Format.SINGLE, Format.WRITTEN)
    assert {kind: tuple(counts[format_] for format_ in ordered) for kind, counts in found.items()} == {
        "core": (19, 14, 14, 4, 3, 6),
        "residential": (6, 5, 5, 1, 1, 2),
        "community": (6, 5, 5, 1, 1, 2),
    }


@pytest.mark.parametrize(("option", "least"), [("core", 10), ("residential", 4), ("community", 4)])
def test_enough_scenarios_carry_a_second_item(bank: Bank, option: str, least: int) -> None:
    second = [s.items[1].format for s in bank.scenarios if s.option == option and len(s.items) > 1]
    assert len(second) >= least
    assert {Format.MOST_LEAST, Format.SINGLE} <= set(second)


@pytest.mark.parametrize("option", ["residential", "community"])
def test_every_knowledge_and_skill_is_primary_three_times_in_different_settings(bank: Bank, option: str) -> None:
    for code in bank.standard.required_by_option[option]:
        if not code.startswith("B"):
            settings = [s.features.setting for s in bank.for_option(option) if code in s.primary_codes()]
            assert len(set(settings)) >= 3, code


@pytest.mark.parametrize("option", ["residential", "community"])
def test_every_behaviour_shows_in_four_outcomes(bank: Bank, option: str) -> None:
    for code in bank.standard.required_by_option[option]:
        if code.startswith("B"):
            held = [s for s in bank.for_option(option) if code in {tag.code for tag in s.ksbs}]
            assert len({outcome for s in held for outcome in s.outcomes}) >= 4, code


def test_no_two_scenarios_have_the_same_six_features(bank: Bank) -> None:
    features = Counter(scenario.features for scenario in bank.scenarios)
    assert max(features.values()) == 1
    assert all(all(asdict(one).values()) for one in features)


def test_every_option_has_effectiveness_and_a_reason_and_every_written_item_two_exemplars_a_level(bank: Bank) -> None:
    for scenario in bank.scenarios:
        for item in scenario.items:
            key = bank.key_of(scenario, item)
            if isinstance(key, RubricKey):
                assert Counter(exemplar.level for exemplar in key.exemplars) == {0: 2, 1: 2, 2: 2, 3: 2}, item.id
            else:
                assert key is not None
                assert set(key.effectiveness) == set(key.why) == set(item.option_ids), item.id
                assert len(set(key.why.values())) == len(item.options), item.id


@pytest.mark.parametrize("name", ["residential-14", "residential-20", "community-14", "community-20"])
def test_the_blueprints_ask_for_nothing_the_bank_is_short_of(bank: Bank, name: str) -> None:
    """Building is proved in docs/bank.md; here only that three disjoint forms are not ruled out by counting."""
    text = (resource_root() / "scenario_bank" / "cypf" / "blueprints" / f"{name}.toml").read_text(encoding="utf-8")
    plan = blueprint.parse(text, name)
    kinds = Counter(item.format.value for s in bank.for_option(plan.option) for item in s.items)
    forms = 3 if plan.use.overlap_max == 0 else 1
    assert {kind: n for kind, n in plan.formats().items() if kinds[kind] < forms * n} == {}


def test_the_page_about_the_bank_says_what_the_bank_holds() -> None:
    tool = resource_root() / "tools" / "bank_page.py"
    if not tool.exists():
        pytest.skip("tools/ is part of a checkout only")
    done = subprocess.run([sys.executable, str(tool), "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("option", ["residential", "community"])
def test_every_code_outcome_and_area_of_an_option_is_carried(bank: Bank, option: str) -> None:
    assert [gap.message for gap in coverage(bank, option).gaps] == []


def test_keys_are_illustrative_and_the_bank_says_so(bank: Bank) -> None:
    assert bank.settings.keys == "illustrative"
    assert "no result may be released" in bank.settings.note
    assert {keys.status for keys in bank.keys.values()} == {"illustrative"}
