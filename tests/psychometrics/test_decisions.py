"""Decision accuracy and adverse impact against worked cases, R betafunctions and a Monte-Carlo replication."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from sjt.errors import InputError, ShapeError
from sjt.psychometrics import consistency, fairness
from sjt.psychometrics.commands.classify import classify
from sjt.psychometrics.reliability import effective_length
from sjt.psychometrics.smallsample import shrink, wilson

HERE = Path(__file__).parent / "reference"
WORKED = json.loads((HERE / "classification.json").read_text("utf-8"))["livingston_lewis"]
MONITORING = json.loads((HERE / "monitoring.json").read_text("utf-8"))


@pytest.mark.parametrize("case", WORKED, ids=lambda case: case["id"])
def test_worked_cases_with_the_cut_rounded_up(case: dict[str, Any]) -> None:
    got = consistency.livingston_lewis(
        case["mean"], case["variance"], case["reliability"], case["cut"], case["max"], case["min"], "ceil"
    )
    for name, value in case["expected"].items():
        assert getattr(got, name) == pytest.approx(value, abs=6e-9 if name != "etl" else 6e-8), name


@pytest.mark.parametrize("name", ["math14w", "verbal_aggression"])
def test_betafunctions_departs_by_its_divisor_and_its_treatment_of_low_scores_alone(
    name: str,
) -> None:
    data = json.loads((HERE / f"{name}.json").read_text("utf-8"))
    rows = list(csv.reader((HERE / f"{name}.csv").read_text("utf-8").splitlines()))
    totals = np.array([row[: data["meta"]["items"]] for row in rows[1:]], float).sum(axis=1)
    reliability = data["classification"]["livingston_lewis_2P"]["values"]["reliability"]
    high, mean, variance = data["ctt"]["total"]["values"]["max_possible"], totals.mean(), totals.var(ddof=1)
    length = effective_length(float(mean), float(variance), reliability, 0, high)
    x = totals / high * length
    theirs = consistency.true_variance_of_scores(totals, reliability, high)
    low_scores = float(np.where(x < 2, x * (x - 1), 0.0).mean()) / (length * (length - 1))
    divisor = float(variance) / len(x) * (length / high) ** 2 / (length * (length - 1))
    assert theirs + low_scores + divisor == pytest.approx(reliability * variance / high**2, abs=1e-15)


@pytest.mark.parametrize("name", ["math14w", "verbal_aggression"])
def test_real_sets_agree_with_betafunctions_at_the_nearest_cut(name: str) -> None:
    data = json.loads((HERE / f"{name}.json").read_text("utf-8"))
    rows = list(csv.reader((HERE / f"{name}.csv").read_text("utf-8").splitlines()))
    totals = np.array([row[: data["meta"]["items"]] for row in rows[1:]], float).sum(axis=1)
    block, total = data["classification"], data["ctt"]["total"]["values"]
    expected, high = block["livingston_lewis_2P"]["values"], total["max_possible"]
    got = consistency.livingston_lewis(
        total["mean"],
        total["variance"],
        expected["reliability"],
        block["cut"],
        high,
        true_variance=consistency.true_variance_of_scores(totals, expected["reliability"], high),
    )
    assert got.accuracy == pytest.approx(expected["accuracy"]["Accuracy"], abs=1e-6)
    assert pytest.approx(expected["confusion"][0][0], abs=1e-6) == got.TN
    assert pytest.approx(expected["confusion"][0][1], abs=1e-6) == got.TP
    assert got.etl == pytest.approx(expected["parameters"]["etl"], abs=1e-8)
    assert got.n == expected["parameters"]["etl_rounded"]
    assert got.alpha == pytest.approx(expected["parameters"]["alpha"], abs=1e-6)
    assert got.beta == pytest.approx(expected["parameters"]["beta"], abs=1e-6)
    plain = consistency.livingston_lewis(total["mean"], total["variance"], expected["reliability"], block["cut"], high)
    assert plain.accuracy == pytest.approx(expected["accuracy"]["Accuracy"], abs=1e-3)
    k2 = consistency.livingston_k2(total["mean"], total["variance"], expected["reliability"], block["cut"])
    assert k2 == pytest.approx(block["livingston_k2"]["values"]["k2"], abs=1e-8)


def test_consistency_is_that_of_two_independent_sittings() -> None:
    got = consistency.livingston_lewis(68, 81, 0.72, 60, 100, cut_rule="ceil")
    rng = np.random.default_rng(1)
    true = rng.beta(got.alpha, got.beta, 400_000)
    first, second = (rng.binomial(got.n, true) >= got.cut_effective for _ in range(2))
    assert float((first == second).mean()) == pytest.approx(got.consistency, abs=0.002)
    assert float((first == (true >= 0.6)).mean()) == pytest.approx(got.accuracy, abs=0.002)


@settings(max_examples=80, deadline=None)
@given(
    mean=st.floats(0.05, 0.95),
    spread=st.floats(0.02, 0.9),
    reliability=st.floats(0.05, 0.98),
    cut=st.floats(0, 1),
    rule=st.sampled_from(["nearest", "ceil"]),
)
def test_shares_add_up_and_stay_in_range(
    mean: float, spread: float, reliability: float, cut: float, rule: consistency.CutRule
) -> None:
    variance = spread * mean * (1 - mean)
    try:
        got = consistency.livingston_lewis(mean * 40, variance * 1600, reliability, cut * 40, 40, cut_rule=rule)
    except ShapeError:
        return
    parts = [got.TP, got.FP, got.TN, got.FN]
    assert sum(parts) == pytest.approx(1)
    assert all(-1e-9 <= part <= 1 + 1e-9 for part in parts)
    assert got.accuracy <= 1 + 1e-9
    assert got.consistency >= 0.5 - 1e-9


def test_longer_tests_make_fewer_errors() -> None:
    rows = consistency.errors_by_length(313, 460, 0.45, 300, 460, units=25)
    wrong = [row["false_passes_per_hundred"] + row["false_fails_per_hundred"] for row in rows]
    assert wrong == sorted(wrong, reverse=True)
    assert [row["units"] for row in rows if row["present"]] == [25]


def test_impossible_figures_are_refused_all_at_once() -> None:
    with pytest.raises(ShapeError) as caught:
        consistency.livingston_lewis(50, -4, 1.2, 200, 100)
    assert {fault.field for fault in caught.value.faults} == {"variance", "reliability", "cut"}


def test_the_command_names_its_cut_rule() -> None:
    figures = "--mean 68 --variance 81 --reliability .72 --cut 60 --max 100"
    run = [*figures.split(), "--units", "25", "--json"]
    answer = json.loads(CliRunner().invoke(classify, run, catch_exceptions=False).output)
    assert answer["livingston_lewis"]["cut_rule"] == "nearest"
    assert answer["k2"] == pytest.approx((0.72 * 81 + 64) / (81 + 64), abs=1e-12)
    assert len(answer["by_length"]) == 8


@pytest.mark.parametrize("name", ["math14w", "verbal_aggression"])
def test_the_command_meets_betafunctions_on_the_scores_it_was_given(name: str, tmp_path: Path) -> None:
    data = json.loads((HERE / f"{name}.json").read_text("utf-8"))
    rows = list(csv.reader((HERE / f"{name}.csv").read_text("utf-8").splitlines()))
    totals = [sum(map(float, row[: data["meta"]["items"]])) for row in rows[1:]]
    path = tmp_path / "scores.csv"
    path.write_text("person,score\n" + "".join(f"p{i},{total:g}\n" for i, total in enumerate(totals)))
    expected = data["classification"]["livingston_lewis_2P"]["values"]
    figures = ["--reliability", str(expected["reliability"]), "--cut", str(data["classification"]["cut"])]
    figures += ["--max", str(data["ctt"]["total"]["values"]["max_possible"]), "--scores", str(path), "--json"]
    answer = json.loads(CliRunner().invoke(classify, figures, catch_exceptions=False).output)
    got = answer["livingston_lewis_scores"]
    assert got["accuracy"] == pytest.approx(expected["accuracy"]["Accuracy"], abs=1e-7)
    assert got["consistency"] == pytest.approx(expected["consistency"]["p"], abs=1e-6)
    assert got["kappa"] == pytest.approx(expected["consistency"]["Kappa"], abs=1e-6)


def test_scores_that_cannot_be_are_named_with_row_and_column(tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    path.write_bytes(b"\xef\xbb\xbfperson;score\r\na;12,5\r\nb;x\r\na;99\r\nc;nan\r\n")
    figures = ["--scores", str(path), "--reliability", ".7", "--cut", "10", "--max", "20"]
    error = CliRunner().invoke(classify, figures).exception
    assert isinstance(error, InputError)
    assert {(fault.where, fault.field) for fault in error.faults} == {
        ("row 3", "score"),
        ("row 4", "score"),
        ("row 4", "person"),
        ("row 5", "score"),
    }


@pytest.mark.parametrize("case", MONITORING["adverse_impact"])
def test_adverse_impact_agrees_with_the_worked_cases(case: dict[str, Any]) -> None:
    got, expected = fairness.adverse_impact(*case["ref"], *case["focal"]), case["expected"]
    assert float(got.ratio or 0) == expected["ratio"]
    assert got.below_four_fifths == expected["below_four_fifths"]
    assert got.z == pytest.approx(expected["z"], abs=6e-9)
    assert got.fisher_p == pytest.approx(expected["fisher_p"], abs=6e-8)
    assert got.ratio_ci == pytest.approx(expected["ratio_ci95"], abs=1e-8)


def test_four_fifths_is_exact_where_floats_are_not() -> None:
    assert 18 / 30 / (45 / 60) < 0.8  # the trap
    assert fairness.adverse_impact(45, 60, 18, 30).below_four_fifths is False
    assert fairness.adverse_impact(45_000_000, 60_000_000, 17_999_999, 30_000_000).below_four_fifths is True


def test_fisher_by_logarithms_agrees_with_counting() -> None:
    for table in ((45, 60, 18, 30), (160, 200, 30, 50), (3, 40, 9, 30), (0, 10, 8, 9)):
        k1, n1, k2, n2 = table
        passed = k1 + k2
        logs = fairness._fisher_by_logs(k1, n1, n2, passed, max(0, passed - n2), min(passed, n1))
        assert logs == pytest.approx(fairness.fisher_exact(*table), rel=1e-9)


def test_nobody_of_the_reference_group_passing_leaves_the_ratio_open() -> None:
    got = fairness.adverse_impact(0, 10, 3, 8)
    assert got.ratio is None
    assert got.below_four_fifths is None
    assert got.ratio_ci is None
    assert 0 < got.fisher_p <= 1


@given(st.integers(1, 60), st.integers(1, 60), st.data())
def test_groups_can_be_exchanged(n1: int, n2: int, data: st.DataObject) -> None:
    k1, k2 = data.draw(st.integers(0, n1)), data.draw(st.integers(0, n2))
    one, other = fairness.adverse_impact(k1, n1, k2, n2), fairness.adverse_impact(k2, n2, k1, n1)
    assert one.fisher_p == other.fisher_p
    assert one.z == pytest.approx(-other.z)
    low, high = one.difference_ci
    assert -1 - 1e-9 <= low <= one.difference + 1e-12 <= high + 2e-12 <= 1 + 1e-9


def test_score_difference_has_an_interval_that_covers() -> None:
    rng = np.random.default_rng(2)
    inside = 0
    for _ in range(400):
        got = fairness.score_difference(rng.normal(0, 1, 40), rng.normal(-0.3, 1, 25))
        assert got.interval is not None
        inside += got.interval[0] <= -0.3 <= got.interval[1]
    assert 0.92 <= inside / 400 <= 0.98


def test_score_difference_without_spread_is_undefined() -> None:
    got = fairness.score_difference([3, 3], [3])
    assert np.isnan(got.d)
    assert got.interval is None


@pytest.mark.parametrize("case", MONITORING["wilson"])
def test_wilson_agrees_with_the_worked_cases(case: dict[str, Any]) -> None:
    low, high = wilson(case["k"], case["n"])
    assert [float(low), float(high)] == pytest.approx(case["expected"], abs=6e-9)


def test_shrinkage_agrees_with_the_worked_case() -> None:
    case = MONITORING["eb_shrinkage"]
    got, expected = shrink(case["est"], case["se"]), case["expected"]
    assert got.tau2 == pytest.approx(expected["tau2"], abs=6e-9)
    assert got.mean == pytest.approx(expected["mu"], abs=6e-9)
    assert got.estimate.tolist() == pytest.approx(expected["shrunk"], abs=6e-9)
    assert got.sd.tolist() == pytest.approx(expected["post_sd"], abs=6e-9)
