"""docs/requirements.md is whole: every number has its row, every state its reason, and the summary counts them."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "requirements.md"
FAMILIES = {"D": (40, "D{}"), "E": (38, "E{}"), "L": (32, "L{:02}"), "G": (15, "G{}"), "X": (30, "X{}")}
STATES = ("proven", "partly", "later")


def rows() -> list[list[str]]:
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    cells = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in lines]
    return [row for row in cells if len(row) == 5 and re.fullmatch(r"[DEGLX]\d+", row[0])]


def test_every_requirement_has_exactly_one_row() -> None:
    expected = [pattern.format(n) for last, pattern in FAMILIES.values() for n in range(1, last + 1)]
    assert [row[0] for row in rows()] == expected


def test_a_state_has_what_it_needs() -> None:
    for name, what, state, tests, note in rows():
        assert what, name
        assert state in STATES, name
        if state == "proven":
            assert tests, f"{name} is called proven by no test"
        if state == "partly":
            assert tests, f"{name} is proven in part: by what?"
            assert note, f"{name} is proven in part: what is missing?"
        if state == "later":
            assert not tests, f"{name} has a test and is called later"


def test_every_named_benchmark_exists() -> None:
    named = {one for row in rows() for one in row[3].split() if one.startswith("benchmarks/")}
    assert named
    assert [one for one in sorted(named) if not (ROOT / one).is_file()] == []


def test_every_cell_of_tests_names_nothing_else() -> None:
    shape = re.compile(r"tests/\w+/test_\w+\.py::test_\w+|benchmarks/\w+\.py")
    assert [f"{row[0]}: {one}" for row in rows() for one in row[3].split() if not shape.fullmatch(one)] == []


def test_the_summary_counts_the_rows() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for family in FAMILIES:
        here = [row[2] for row in rows() if row[0].startswith(family)]
        told = re.search(rf"^\|[^|]*\({family}\) \| (\d+) \| (\d+) \| (\d+) \|$", text, re.MULTILINE)
        assert told is not None, family
        assert [int(n) for n in told.groups()] == [here.count(state) for state in STATES], family
