"""Panels of experts and pairs of markers against the references, and where statistics do not exist."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sjt.errors import ShapeError
from sjt.psychometrics.agreement import (
    content_validity,
    intraclass,
    kendall_w,
    mean_deviations,
    modes,
    order_of,
    rater_with_rest,
    rwg,
    sample_sd,
    tied_groups,
)
from sjt.psychometrics.markers import marker_severity, nominal_kappa, pair_agreement

REFERENCE = Path(__file__).parent / "reference"
PANELS = json.loads((REFERENCE / "concordance.json").read_text())["cases"]
MARKERS = json.loads((REFERENCE / "marking.json").read_text())["cases"]


@pytest.mark.parametrize("case", PANELS, ids=lambda case: case["id"])
def test_panel_statistics_meet_the_reference(case: dict[str, Any]) -> None:
    ratings, want = case["ratings"], case["expected"]
    w, icc = kendall_w(ratings), intraclass(ratings)
    assert (w.w, w.chi2, w.df, w.p) == pytest.approx([want[k] for k in ("kendall_W", "chi2", "df", "p")], abs=1e-8)
    squares = (icc.ms_options, icc.ms_raters, icc.ms_error)
    assert squares == pytest.approx([want[k] for k in ("MSR", "MSC", "MSE")], abs=1e-8)
    found = (icc.icc_2_1, icc.icc_2_k, icc.icc_3_1, icc.icc_3_k)
    assert found == pytest.approx([want[k] for k in ("icc_2_1", "icc_2_k", "icc_3_1", "icc_3_k")], abs=1e-8)
    points = case["scale"][1] - case["scale"][0] + 1
    from_median, from_mean = mean_deviations(ratings)
    for got, name in (
        (rwg(ratings, points), "rwg"),
        (sample_sd(ratings), "sd"),
        (from_median, "mad_median"),
        (from_mean, "ad_mean"),
        (rater_with_rest(ratings), "rater_corr_with_rest_mean"),
    ):
        assert got.tolist() == pytest.approx(want[name], abs=1e-8), name


@pytest.mark.parametrize("case", MARKERS, ids=lambda case: case["id"])
def test_marker_agreement_meets_the_reference(case: dict[str, Any]) -> None:
    found = pair_agreement(case["a"], case["b"], scale=tuple(case["scale"]))
    for name, value in case["expected"].items():
        assert getattr(found, name) == pytest.approx(value, abs=1e-8), name
    assert found.qwk_low < found.qwk < found.qwk_high


tables = st.integers(2, 6).flatmap(
    lambda n: st.lists(st.lists(st.integers(1, 5), min_size=n, max_size=n), min_size=2, max_size=7)
)


@given(tables)
@settings(max_examples=80)
def test_concordance_lies_between_zero_and_one_or_does_not_exist(ratings: list[list[int]]) -> None:
    w = kendall_w(ratings)
    if all(len(set(row)) == 1 for row in ratings):
        assert math.isnan(w.w)
    else:
        assert -1e-12 <= w.w <= 1 + 1e-12
        assert 0 <= w.p <= 1


@given(tables, st.integers(-3, 3))
@settings(max_examples=60)
def test_raising_one_raters_level_leaves_consistency_alone_and_lowers_agreement(
    ratings: list[list[int]], shift: int
) -> None:
    moved = [[value + shift for value in ratings[0]], *ratings[1:]]
    before, after = intraclass(ratings), intraclass(moved)
    assert after.icc_3_1 == pytest.approx(before.icc_3_1, abs=1e-9, nan_ok=True)
    assert kendall_w(moved).w == pytest.approx(kendall_w(ratings).w, abs=1e-12, nan_ok=True)


@given(tables)
@settings(max_examples=60)
def test_renaming_raters_and_options_changes_nothing(ratings: list[list[int]]) -> None:
    table = np.array(ratings)
    turned = table[::-1, ::-1]
    assert kendall_w(turned).w == pytest.approx(kendall_w(table).w, abs=1e-12, nan_ok=True)
    assert intraclass(turned).icc_2_1 == pytest.approx(intraclass(table).icc_2_1, abs=1e-9, nan_ok=True)
    assert rwg(turned, 5)[::-1].tolist() == pytest.approx(rwg(table, 5).tolist(), nan_ok=True)


def test_perfect_agreement() -> None:
    ranks = [[1, 2, 3, 4]] * 5
    assert kendall_w(ranks).w == 1
    assert intraclass(ranks).icc_2_1 == 1
    assert rwg(ranks, 4).tolist() == [1, 1, 1, 1]
    assert modes(ranks)[0] == ([1.0], 1.0)


def test_a_flat_rater_has_no_correlation() -> None:
    assert math.isnan(rater_with_rest([[3, 3, 3], [1, 2, 3], [1, 3, 2]])[0])


@pytest.mark.parametrize("bad", [[[1, 2]], [[1], [2]], [[1, 2], [3]], [[1, math.nan], [1, 2]], [[1, math.inf], [2, 1]]])
def test_a_table_that_cannot_carry_a_statistic_is_refused(bad: Any) -> None:
    with pytest.raises(ShapeError):
        kendall_w(bad)


def test_order_and_its_certainty() -> None:
    clear = [[1, 2, 3]] * 9 + [[1, 3, 2]]
    order = order_of(clear, low_is_best=True)
    assert order.order == [0, 1, 2]
    assert order.probabilities[0] == 1
    assert tied_groups(order, least_gap=0.5, least_probability=0.8) == [[0], [1], [2]]
    split = [[1, 2, 3]] * 5 + [[1, 3, 2]] * 5
    assert tied_groups(order_of(split, low_is_best=True), least_gap=0.5, least_probability=0.8) == [[0], [1, 2]]


def test_the_bootstrap_repeats_with_its_seed() -> None:
    ratings = PANELS[2]["ratings"]
    assert order_of(ratings, low_is_best=False, seed=4) == order_of(ratings, low_is_best=False, seed=4)
    assert order_of(ratings, low_is_best=False, seed=4) != order_of(ratings, low_is_best=False, seed=5)


def test_two_markers_who_always_give_the_same_mark_have_no_kappa() -> None:
    found = pair_agreement([3, 3, 3], [3, 3, 3], scale=(0, 5))
    assert math.isnan(found.qwk)
    assert (found.exact, found.adjacent) == (1, 1)


@pytest.mark.parametrize(("a", "b"), [([1, 2], [1]), ([1, 7], [1, 2]), ([1.5, 2], [1, 2]), ([], [])])
def test_marks_off_the_scale_are_refused(a: list[float], b: list[float]) -> None:
    with pytest.raises(ShapeError):
        pair_agreement(a, b, scale=(0, 5))


def marked(n: int, spread: float, seed: int) -> tuple[list[str], list[str], list[float]]:
    rng = np.random.default_rng(seed)
    severity = {"a": 0.5, "b": -0.5, "c": 0.0}
    scripts, markers, marks = [], [], []
    for script in range(n):
        for marker in rng.choice(list(severity), 2, replace=False):
            scripts.append(f"s{script}")
            markers.append(str(marker))
            marks.append(6 + script % 4 - severity[str(marker)] + spread * float(rng.normal()))
    return scripts, markers, marks


def test_severity_is_found_and_drawn_towards_zero() -> None:
    found = {row.marker: row for row in marker_severity(*marked(300, 0.7, 1))}
    assert found["a"].severity == pytest.approx(0.5, abs=0.15)
    assert found["b"].severity == pytest.approx(-0.5, abs=0.15)
    assert all(abs(row.shrunken) <= abs(row.severity) for row in found.values())
    assert all(row.low <= row.shrunken <= row.high for row in found.values())


def test_severity_without_error_is_exact() -> None:
    found = {row.marker: row.severity for row in marker_severity(*marked(30, 0.0, 2))}
    assert found == pytest.approx({"a": 0.5, "b": -0.5, "c": 0.0}, abs=1e-9)


def test_a_marker_who_shares_no_script_has_no_severity() -> None:
    rows = marker_severity(["s1", "s1", "s2", "s2", "s3"], ["a", "b", "a", "b", "c"], [3, 4, 5, 6, 2])
    assert [math.isnan(row.severity) for row in rows] == [False, False, True]


def test_kappa_of_named_categories() -> None:
    # 2 × 2 table 20, 5, 10, 15 of Cohen's textbook example: .70 observed, .50 by chance
    a = ["yes"] * 25 + ["no"] * 25
    b = ["yes"] * 20 + ["no"] * 5 + ["yes"] * 10 + ["no"] * 15
    assert nominal_kappa(a, b)[0] == pytest.approx(0.4, abs=1e-12)
    assert math.isnan(nominal_kappa(["x"], ["x"])[0])
    with pytest.raises(ShapeError):
        nominal_kappa(["x"], [])


def test_content_validity_is_the_share_who_call_it_relevant() -> None:
    ratings = [[4, 2, math.nan], [3, 4, math.nan], [4, math.nan, math.nan], [1, 1, math.nan]]
    found = content_validity(ratings)
    assert found[:2].tolist() == pytest.approx([0.75, 1 / 3])
    assert math.isnan(found[2])
