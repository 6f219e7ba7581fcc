"""Every small bank in tests/banks raises the finding it was broken for, on its line, and no other."""

from __future__ import annotations

import importlib.util
import json
import sys
from datetime import date
from pathlib import Path
from types import ModuleType

import pytest

from sjt.authoring import checks
from sjt.authoring.bank import load
from sjt.authoring.desk import RULES

BANKS = Path(__file__).parents[1] / "banks"
TODAY = date(2026, 3, 1)
NAMES = sorted(path.parent.name for path in BANKS.glob("*/expected.json"))


@pytest.fixture(scope="module")
def made() -> dict[str, tuple[dict[str, str], list[dict[str, object]]]]:
    modules: dict[str, ModuleType] = {}
    for name in ("make", "faults"):
        spec = importlib.util.spec_from_file_location(name, BANKS / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        modules[name] = importlib.util.module_from_spec(spec)
        sys.modules[name] = modules[name]
        spec.loader.exec_module(modules[name])
    banks: dict[str, tuple[dict[str, str], list[dict[str, object]]]] = modules["make"].built()
    for name in modules:
        del sys.modules[name]
    return banks


@pytest.mark.parametrize("name", NAMES)
def test_bank_raises_its_finding_and_no_other(name: str) -> None:
    expected = json.loads((BANKS / name / "expected.json").read_text())["findings"]
    report = checks.check(load(BANKS / name), today=TODAY)
    found = [(f.file, f.line, f.rule, f.severity.value) for f in report.findings]
    assert sorted(found) == sorted((e["file"], e["line"], e["rule"], e["severity"]) for e in expected)
    for finding in report.findings:  # each says what is so and what to do next
        assert len(finding.message.split()) >= 3
        assert len(finding.remedy.split()) >= 2
        assert "None" not in str(finding)


def test_every_rule_has_a_bank_that_breaks_it() -> None:
    broken = {name.partition("-")[0] for name in NAMES}
    assert {rule.id for rule in RULES} <= broken
    lint = {f"L{number:02}" for number in range(1, 33)} - {"L30"}  # L30 is about people the files do not know
    assert lint <= broken


def test_banks_are_as_their_maker_writes_them(
    made: dict[str, tuple[dict[str, str], list[dict[str, object]]]],
) -> None:
    assert sorted(made) == NAMES
    for name, (files, expected) in made.items():
        there = {
            p.relative_to(BANKS / name).as_posix(): p.read_text() for p in (BANKS / name).rglob("*") if p.is_file()
        }
        assert json.loads(there.pop("expected.json"))["findings"] == expected, name
        assert there == files, f"{name}: run python tests/banks/make.py"
