"""Every setting the code reads stands in docs/settings.md, and the other way round."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
QUOTED = re.compile(r"[\"'](SJT_[A-Z_]+)[\"']")
VARIABLE = re.compile(r"\bSJT_[A-Z_]+\b")


def read_in(*folders: str) -> set[str]:
    found: set[str] = set()
    for folder in folders:
        for path in (ROOT / folder).rglob("*.py"):
            found |= set(QUOTED.findall(path.read_text("utf-8")))
    return found


def test_settings_and_their_page_name_the_same_variables() -> None:
    page = (ROOT / "docs" / "settings.md").read_text("utf-8")
    rows, for_tests = page.split("For tests:")
    documented = {line.split("`")[1] for line in rows.splitlines() if line.startswith("| `SJT_")}
    assert read_in("sjt") - set(VARIABLE.findall(for_tests)) == documented


def test_what_tests_and_tools_read_is_documented_too() -> None:
    page = (ROOT / "docs" / "settings.md").read_text("utf-8")
    assert read_in("tests", "tools", "benchmarks") <= set(VARIABLE.findall(page))
