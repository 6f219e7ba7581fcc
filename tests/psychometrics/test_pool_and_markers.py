"""``sjt pool`` and ``sjt markers``: files in and out, the library's values, and every refusal."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from sjt.errors import InputError
from sjt.psychometrics.commands.markers import markers
from sjt.psychometrics.commands.pool import pool
from sjt.psychometrics.flags import Limits
from sjt.psychometrics.pooling import pool as together

HERE = Path(__file__).parent / "reference"
HEAD = "person,item,marker,role,criterion,level\n"


def faults(command: Any, *arguments: str) -> set[tuple[str, str]]:
    error = CliRunner().invoke(command, list(arguments)).exception
    assert isinstance(error, InputError)
    return {(fault.where, fault.field) for fault in error.faults}


def test_double_marks_meet_the_reference_of_weighted_kappa(tmp_path: Path) -> None:
    case = json.loads((HERE / "marking.json").read_text("utf-8"))["cases"][0]
    a, b, top = case["a"], case["b"], case["scale"][1]
    rows = [
        f"p{i},w,{m},{r},all,{v}"
        for i, pair in enumerate(zip(a, b))
        for m, r, v in zip("AB", ("first", "second"), pair)
    ]
    path = tmp_path / "markers.csv"
    path.write_text(HEAD + "\n".join(rows))
    result = CliRunner().invoke(markers, [str(path), "--scale", f"0,{top}", "--json"], catch_exceptions=False)
    answer = json.loads(result.output)
    total = answer["agreement"][-1]
    assert total["qwk"] == pytest.approx(case["expected"]["qwk"], abs=1e-8)
    assert total["qwk_low"] < total["qwk"] < total["qwk_high"]
    assert total["icc_2_1"] == pytest.approx(case["expected"]["pearson"], abs=0.1)
    assert [row["marker"] for row in answer["severity"]] == ["A", "B"]


def test_marks_that_cannot_be_are_named_by_row_and_column(tmp_path: Path) -> None:
    path = tmp_path / "markers.csv"
    path.write_text(
        HEAD + "p1,w,A,first,x,2\np1,w,A,first,x,2\np2,w,A,boss,x,1\np3,w,B,first,x,7\np4,w,B,first,x,1.5\n"
    )
    assert faults(markers, str(path)) == {
        ("row 3", "person, item, marker, role, criterion"),
        ("row 4", "role"),
        ("row 5", "level"),
        ("row 6", "level"),
    }


def test_scripts_marked_once_leave_agreement_undefined_with_the_reason(tmp_path: Path) -> None:
    path = tmp_path / "markers.csv"
    path.write_text(HEAD + "p1,w,A,first,x,2\np2,w,B,first,x,1\n")
    answer = json.loads(CliRunner().invoke(markers, [str(path), "--json"], catch_exceptions=False).output)
    assert "No script" in answer["agreement"][-1]["undefined"]
    assert [row["severity"] for row in answer["severity"]] == [None, None]


def analysis(r: float, n: int, facility: float = 0.6, digest: str = "a") -> dict[str, Any]:
    row = {"item": "q1", "n": n, "min": 0.0, "max": 4.0, "sd": 1.0, "facility": facility, "item_rest": r}
    return {"items": [{**row, "item_rest_n": n, "item_rest_outside_testlet": None}], "data_sha256": digest}


def test_two_equal_cohorts_are_worth_one_of_twice_the_size() -> None:
    answer = together([analysis(0.05, 53), analysis(0.05, 53)], Limits())
    row = answer["items"][0]
    assert (row["n"], row["cohorts"]) == (106, 2)
    assert row["item_rest"] == pytest.approx(0.05)
    half = float(np.arctanh(row["item_rest_ci"][1]) - np.arctanh(row["item_rest_ci"][0])) / 2
    assert half == pytest.approx(1.959964 / 10, abs=1e-6)
    assert row["facility"] == pytest.approx(0.6)
    one = together([analysis(0.05, 53)], Limits())["items"][0]
    assert row["p_item_rest_below_limit"] > one["p_item_rest_below_limit"] > 0.5


def test_cohorts_that_disagree_widen_the_interval() -> None:
    apart = together([analysis(-0.4, 203), analysis(0.4, 203)], Limits())["items"][0]
    assert apart["item_rest"] == pytest.approx(0.0, abs=1e-12)
    assert apart["item_rest_spread"] > 0.3
    assert apart["item_rest_ci"][1] > 0.3


def test_what_is_no_analysis_or_counted_twice_is_refused(tmp_path: Path) -> None:
    for name, text in (("a.json", json.dumps(analysis(0.1, 50))), ("b.json", "{"), ("c.json", "[]")):
        (tmp_path / name).write_text(text)
    paths = [str(tmp_path / name) for name in ("a.json", "a.json", "b.json", "c.json")]
    assert faults(pool, *paths) == {("", "data_sha256"), ("", ""), ("", "items")}
    answer = json.loads(CliRunner().invoke(pool, [paths[0], "--json"], catch_exceptions=False).output)
    assert answer["items"][0]["item_rest_shrunken"] == pytest.approx(0.1)
