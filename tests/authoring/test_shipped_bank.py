"""The example bank is clean and covers what the issue asks of it."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest

from sjt.authoring import checks
from sjt.authoring.bank import Reading, load
from sjt.authoring.coverage import coverage
from sjt.authoring.model import Bank
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


def test_the_bank_has_its_scenarios_and_formats(bank: Bank) -> None:
    options = Counter(scenario.option for scenario in bank.scenarios)
    assert options["core"] >= 20
    assert options["residential"] >= 8
    assert options["community"] >= 8
    formats = Counter(item.format for scenario in bank.scenarios for item in scenario.items)
    assert all(formats[format_] >= 6 for format_ in Format), formats


@pytest.mark.parametrize("option", ["residential", "community"])
def test_every_code_outcome_and_area_of_an_option_is_carried(bank: Bank, option: str) -> None:
    assert [gap.message for gap in coverage(bank, option).gaps] == []


def test_keys_are_illustrative_and_the_bank_says_so(bank: Bank) -> None:
    assert bank.settings.keys == "illustrative"
    assert "no result may be released" in bank.settings.note
    assert {keys.status for keys in bank.keys.values()} == {"illustrative"}
