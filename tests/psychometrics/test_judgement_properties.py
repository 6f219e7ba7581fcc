"""Whatever a panel or judges write: an answer without NaN, or faults; and errors that mean what they say."""

import json
import math
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sjt.errors import InputError
from sjt.psychometrics.commands._io import plain_value
from sjt.psychometrics.cuts import BankedItem, PanelErrors, form_cut
from sjt.psychometrics.panel import examine_all
from sjt.psychometrics.panel_file import read_panel
from sjt.psychometrics.passmark import angoff_answer
from sjt.psychometrics.passmark_file import read_judgements
from sjt.psychometrics.profiles import load_profile
from sjt.psychometrics.standard_setting import angoff, beuk, borderline_regression, cohen, contrasting_groups, hofstee

QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
cells = st.sampled_from(["1", "2", "3", "4", "0", "", "most", "least", "2.5", "x", "-1"])
whole = st.sampled_from(["1", "2", "3"])


def rows(cell: st.SearchStrategy[str]) -> st.SearchStrategy[list[tuple[str, str, str, str]]]:
    return st.lists(
        st.tuples(st.sampled_from("abcd"), st.sampled_from("pq"), st.sampled_from("ABC"), cell),
        min_size=1,
        max_size=24,
        unique_by=lambda row: row[:3],
    )


@given(rows(cells) | rows(whole) | rows(st.sampled_from(["0", "1"])) | rows(st.sampled_from(["most", "least", ""])))
@QUICK
def test_any_panel_file_gets_an_answer_or_faults(tmp_path: Path, table: list[tuple[str, str, str, str]]) -> None:
    path = tmp_path / "p.csv"
    path.write_text("rater,item,option,response\n" + "".join(",".join(row) + "\n" for row in table))
    try:
        items = read_panel(str(path))
    except InputError as error:
        refusal = error
    else:
        answer = plain_value(examine_all(items, replications=50))
        json.dumps(answer, allow_nan=False)
        assert {item["verdict"] for item in answer["items"]} <= {"accept", "review", "reject"}
        return
    assert refusal.faults


@given(
    st.lists(
        st.tuples(*map(st.sampled_from, ("abc", "12", "pqr", ["0", "1", "2.5", "4"]))),
        min_size=1,
        max_size=18,
        unique_by=lambda row: row[:3],
    )
)
@QUICK
def test_any_judgements_get_a_cut_inside_the_marks(tmp_path: Path, table: list[tuple[str, str, str, str]]) -> None:
    path = tmp_path / "j.csv"
    path.write_text("judge,round,item,max,rating\n" + "".join(f"{j},{r},{i},4,{x}\n" for j, r, i, x in table))
    answer: dict[str, Any] = plain_value(
        angoff_answer(read_judgements(str(path)), method="angoff", profile=load_profile())
    )
    json.dumps(answer, allow_nan=False)
    assert 0 <= answer["cut"] <= answer["cut_applied"] <= answer["max"]
    last = answer["rounds"][-1]
    assert answer["cut"] == pytest.approx(sum(item["mean"] for item in last["items"]))
    assert (answer["se_cut"] is None) == any(note.startswith("se_cut") for note in answer["notes"])


scores = st.lists(st.integers(0, 40).map(float), min_size=3, max_size=30)


@given(scores, st.floats(0, 20), st.floats(20, 40), st.floats(0, 30), st.floats(30, 100))
@QUICK
def test_hofstee_stays_between_the_judges_limits(
    values: list[float], low: float, high: float, few: float, many: float
) -> None:
    found = hofstee([[low, high, few, many]], values, replications=20)
    assert low - 1e-9 <= found.cut <= high + 1e-9


@given(scores)
@QUICK
def test_cohen_lies_between_chance_and_the_best_score(values: list[float]) -> None:
    assert -1e-9 <= cohen(values, replications=20).cut <= max(values) + 1e-9


@given(scores, st.data())
@QUICK
def test_methods_move_with_the_scores(values: list[float], data: st.DataObject) -> None:
    shift = data.draw(st.integers(-5, 5))
    moved = [value + shift for value in values]
    group = [i % 2 == 0 for i in range(len(values))]
    before = contrasting_groups(values, group, replications=20)
    after = contrasting_groups(moved, group, replications=20)
    assert after.cut == pytest.approx(before.cut + shift)
    grades = [float(i % 3) for i in range(len(values))]
    line = borderline_regression(values, grades, 1.0)
    assert borderline_regression(moved, grades, 1.0).cut == pytest.approx(line.cut + shift, abs=1e-9)


@given(st.lists(st.integers(10, 30), min_size=2, max_size=6), scores)
@QUICK
def test_beuk_gives_a_whole_mark(cuts: list[int], values: list[float]) -> None:
    found = beuk(cuts, [60 + 3 * i for i in range(len(cuts))], values, replications=20)
    assert found.cut == int(found.cut)


def test_a_ratings_table_with_one_judge_has_a_cut_and_no_error() -> None:
    found = angoff([[2, 3]], [4, 4])
    assert found.cut == 5
    assert math.isnan(found.se_judges)


def test_the_composed_error_is_the_spread_of_cuts_over_repeated_panels() -> None:
    # 3 panels of 8 judges, each judging 7 of a form's 21 items; drift, judges and residuals drawn anew each time.
    rng = np.random.default_rng(7)
    panels, judges, each, top, replications = 3, 8, 7, 20.0, 4000
    sd_panel, sd_judge, sd_residual = 0.03, 0.05, 0.12
    drift = rng.normal(0, sd_panel, (replications, panels, 1, 1))
    leniency = rng.normal(0, sd_judge, (replications, panels, judges, 1))
    residual = rng.normal(0, sd_residual, (replications, panels, judges, each))
    cuts = top * (drift + leniency + residual).mean(axis=2).sum(axis=(1, 2))
    items = [BankedItem(f"{p}-{i}", Fraction(20), Fraction(12), str(p)) for p in range(panels) for i in range(each)]
    errors = {str(p): PanelErrors(judges, sd_judge**2, sd_residual**2) for p in range(panels)}
    composed = form_cut(items, errors=errors, var_panel=sd_panel**2)
    assert composed.se == pytest.approx(float(cuts.std(ddof=1)), rel=0.04)
