"""Two features short together: the smallest relaxation names the joint cell, and leaves out what may be anything."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from sjt.authoring.assembly_instance import read_instance
from sjt.authoring.assembly_solve import solve
from sjt.authoring.shortfall import Shortfall, explain
from sjt.authoring.shortfall_joint import spread

REFERENCE = Path(__file__).parent / "reference" / "ata"


def a_bank(cells: dict[tuple[str, str, str], int], counts: dict[str, dict[str, list[int]]], n: int) -> dict[str, Any]:
    """Make an instance of single items from how many there are of each (format, outcome, option)."""
    rows: list[dict[str, Any]] = []
    for (kind, outcome, option), many in cells.items():
        for _ in range(many):
            rows.append(
                {"id": f"i{len(rows):02d}", "format": kind, "outcome": outcome, "option": option, "minutes": 2.0,
                 "facility": 0.6, "angoff": 0.5, "disc": 0.2}
            )  # fmt: skip
    spec = {
        "forms": 1, "n": n, "minutes": [1.9 * n, 2.1 * n], "blueprint": counts, "enemies": [], "anchors": [],
        "max_use": 1, "targets": [], "delta": 0.05,
    }  # fmt: skip
    return {"name": "made", "spec": spec, "bank": rows}


def explained(data: dict[str, Any]) -> Shortfall:
    bank, spec = read_instance(data)
    assert solve(bank, spec, seconds=5).forms == ()
    found = explain(bank, spec)
    assert found is not None and found.proved
    return found


PLENTY = {("rank", "PO1", "core"): 6, ("rate", "PO1", "core"): 6, ("choose", "PO1", "core"): 4}
FORMATS = {"rank": [4, 4], "rate": [3, 3], "choose": [1, 1]}


def test_rank_items_for_outcome_4_in_residential_are_named_as_one_cell() -> None:
    # PO4 stands only in choose items, of which a form takes one; the residential ones are of PO1
    cells = PLENTY | {("choose", "PO4", "residential"): 3, ("rank", "PO1", "residential"): 2}
    counts = {"format": FORMATS, "outcome": {"PO4": [4, 8]}, "option": {"residential": [4, 4], "core": [4, 4]}}
    counts["format"] = {"rank": [7, 7], "choose": [1, 1]}
    found = explained(a_bank(cells, counts, 8))
    (first,) = found.first
    assert first.constraint == "format=rank and outcome=PO4 and option=residential"
    assert (first.need, first.have, first.short) == (3, 0, 3)
    assert first.message == (
        "Write 3 more items with format rank, outcome PO4 and option residential together: the bank holds none of that "
        "kind that may be used, which is too few for these forms."
    )
    assert "PO4" in found.alternatives[0][0].message or "choose" in found.alternatives[0][0].message


def test_a_feature_that_may_be_anything_is_not_named() -> None:
    counts = {"format": FORMATS, "outcome": {"PO4": [2, 8]}}
    found = explained(a_bank(PLENTY | {("rank", "PO4", "core"): 1}, counts, 8))
    (first,) = found.first
    assert (first.constraint, first.need, first.have, first.short) == ("outcome=PO4", 2, 1, 1)
    assert found.alternatives[0][0].message == "Let a form hold at least 1 with outcome PO4 in place of 2."


def test_what_may_stand_for_a_format_is_told() -> None:
    # both PO4 items are written, a form takes one; the missing one may be rank or rate, and no other
    cells = {("rank", "PO1", "core"): 6, ("rate", "PO1", "core"): 6, ("written", "PO4", "core"): 2}
    counts = {"format": {"rank": [4, 4], "rate": [3, 3], "written": [1, 1]}, "outcome": {"PO4": [2, 8]}}
    found = explained(a_bank(cells, counts, 8))
    (first,) = found.first
    assert first.short == 1 and first.have == 0
    assert "with format rank or rate and outcome PO4 together" in first.message


@pytest.mark.parametrize("name", ["sjt_2x20_from50", "sjt_2x25_from80"])
def test_a_shared_instance_without_its_joint_cell_is_explained_by_it(name: str) -> None:
    data = copy.deepcopy(json.loads((REFERENCE / f"{name}.json").read_text(encoding="utf-8")))
    data["spec"] |= {"targets": [], "anchors": [], "forms": 1, "enemies": []}
    low = data["spec"]["blueprint"]["area"]["A1"][0]
    n, formats = data["spec"]["n"], data["spec"]["blueprint"]["format"]
    for row in data["bank"]:
        if row["area"] == "A1":
            row["format"] = "rate"  # of each area and each format there are enough, of the two together too few
    formats |= {"rate": [0, low - 1], "rank5": [0, n], "pick3of8": [0, n]}
    found = explained(data)
    assert sum(one.short for one in found.first) == 1
    assert "area=A1" in found.first[0].constraint and "format=" in found.first[0].constraint
    assert "rank5 or pick3of8" in found.first[0].message or "pick3of8 or rank5" in found.first[0].message
    assert any("rate" in one.message or "A1" in one.message for way in found.alternatives for one in way)


def test_needs_are_joined_only_where_there_are_more_of_them_than_scenarios() -> None:
    rank, po4 = ("format", "rank"), ("outcome", "PO4")
    assert spread({rank: 3, po4: 2}, 5, ["format"]) == {(rank,): 3, (po4,): 2}
    assert spread({rank: 3, po4: 3}, 3, ["format"]) == {(rank, po4): 3}
    assert spread({rank: 3, po4: 2}, 4, ["format"]) == {(rank,): 2, (rank, po4): 1, (po4,): 1}
