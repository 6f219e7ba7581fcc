"""Every test that docs/requirements.md names exists."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "requirements.md"
TEST_ID = re.compile(r"tests/[\w/]+\.py(?:::\w+)*")


@cache
def names_in(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text("utf-8"))
    found = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
            found |= {f"{node.name}::{child.name}" for child in node.body if isinstance(child, ast.FunctionDef)}
    return frozenset(found)


def test_every_named_test_exists() -> None:
    if not PAGE.is_file():
        pytest.skip("docs/requirements.md is not written yet")
    named = TEST_ID.findall(PAGE.read_text("utf-8"))
    assert named, "the page names no test at all"
    lost = []
    for test_id in named:
        file, _, name = test_id.partition("::")
        path = ROOT / file
        if not path.is_file() or (name and name not in names_in(path)):
            lost.append(test_id)
    assert not lost, f"docs/requirements.md names tests that are not there: {lost}"


def test_every_requirement_has_a_state() -> None:
    if not PAGE.is_file():
        pytest.skip("docs/requirements.md is not written yet")
    rows = [line for line in PAGE.read_text("utf-8").splitlines() if re.match(r"\| [A-Z]+\d", line)]
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    assert all(len(row) >= 4 and row[2] for row in cells), "each row: id, what, state, test"
    ids = [row[0] for row in cells]
    assert len(ids) == len(set(ids)), "an id stands twice"
