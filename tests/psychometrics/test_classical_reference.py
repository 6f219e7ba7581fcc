"""Classical statistics against R (psych, lavaan, base R) and against worked cases; see reference/SOURCES.md."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sjt.psychometrics import categories, classical, factor, generalizability, reliability
from sjt.psychometrics.gram import MarkTable, pair_sums

HERE = Path(__file__).parent / "reference"
SETS = ("math14w", "verbal_aggression")


def data_set(name: str) -> tuple[np.ndarray, dict[str, Any]]:
    reference = json.loads((HERE / f"{name}.json").read_text("utf-8"))
    rows = list(csv.reader((HERE / f"{name}.csv").read_text("utf-8").splitlines()))
    return np.array([row[: reference["meta"]["items"]] for row in rows[1:]], float), reference["ctt"]


@pytest.fixture(scope="module", params=SETS)
def case(request: pytest.FixtureRequest) -> tuple[np.ndarray, np.ndarray, dict[str, Any]]:
    marks, reference = data_set(request.param)
    return marks, pair_sums(MarkTable.of(marks)).covariance(), reference


def close(got: Any, expected: Any, tolerance: float = 1e-8) -> None:
    np.testing.assert_allclose(np.asarray(got, float), np.asarray(expected, float), rtol=0, atol=tolerance)


def test_items_agree_with_r(case: Any) -> None:
    marks, _, reference = case
    got, expected = classical.item_statistics(marks), reference["items"]["values"]
    for name in ("n", "mean", "sd", "facility", "item_total", "item_rest"):
        close(got[name], expected[name])
    close(got["item_rest"], reference["alpha"]["values"]["r_drop"])
    close(got["alpha_if_deleted"], reference["alpha"]["values"]["alpha_if_deleted"])


def test_upper_lower_groups_agree_with_r(case: Any) -> None:
    marks, _, reference = case
    got, expected = classical.item_statistics(marks), reference["upper_lower"]["values"]
    close(got["d27"], expected["d_cut27"])
    close(got["d27_fixed"], expected["d_fixed27"])


def test_alpha_and_its_interval_agree_with_psych(case: Any) -> None:
    marks, cov, reference = case
    expected = reference["alpha"]["values"]
    close(reliability.alpha(cov), expected["raw_alpha"])
    close(reliability.standardised_alpha(cov), expected["std_alpha"])
    interval = reliability.feldt_interval(reliability.alpha(cov), *marks.shape)
    close([interval.low, interval.high], expected["feldt_ci_95"])
    sd = float(marks.sum(axis=1).std(ddof=1))
    close(reliability.sem(sd, reliability.alpha(cov)), expected["sem_from_raw_alpha"])


def test_guttman_coefficients_agree_with_r(case: Any) -> None:
    _, cov, reference = case
    close(reliability.lambda2(cov), reference["guttman_cov"]["values"]["lambda2"])
    close(reliability.lambda6(cov), reference["guttman_cov"]["values"]["lambda6"])
    matrix = reliability.correlation(cov)
    close(reliability.lambda2(matrix), reference["guttman_cor"]["values"]["lambda2"])
    close(reliability.lambda6(matrix), reference["alpha"]["values"]["lambda6_smc"])
    if "split_half" in reference:
        close(reliability.lambda4(matrix, as_psych=True), reference["split_half"]["values"]["max_lambda4"])


def test_lambda4_is_never_below_the_one_of_psych(case: Any) -> None:
    _, cov, _ = case
    matrix = reliability.correlation(cov)
    assert reliability.lambda4(matrix) >= reliability.lambda4(matrix, as_psych=True) - 1e-12


def test_omegas_agree_with_lavaan_and_psych(case: Any) -> None:
    marks, cov, reference = case
    fit = factor.one_factor_ml(cov)
    assert fit is not None
    assert fit.converged
    assert not fit.heywood
    expected = reference["omega_cfa"]["values"]
    close(fit.omega, expected["omega_total"], 1e-6)
    shrink = np.sqrt((len(marks) - 1) / len(marks))  # lavaan's maximum likelihood divides by n
    close(fit.loadings * shrink, expected["loadings"], 1e-5)
    matrix = reliability.correlation(cov)
    psych = reference["omega_psych"]["values"]
    close(factor.omega_minres(matrix), psych["omega_total_1f"], 1e-6)
    close(factor.omega_hierarchical(matrix), psych["omega_hierarchical_3f"], 1e-5)


def test_generalisability_agrees_with_the_analysis_of_variance(case: Any) -> None:
    marks, cov, reference = case
    expected = reference["generalizability"]["values"]
    study = generalizability.g_study(cov, marks.mean(axis=0), np.full(marks.shape[1], len(marks)))
    assert study is not None
    close([study.var["p"], study.var["i"], study.var["res"]], [expected[f"var_{part}"] for part in ("p", "i", "res")])
    close([study.coefficient(), study.coefficient(absolute=True)], [expected["g_coefficient"], expected["phi"]])
    close([study.phi_lambda(cut) for cut in expected["lambda"]], expected["phi_lambda"])


def test_every_category_agrees_with_r(case: Any) -> None:
    marks, _, reference = case
    table = MarkTable.of(marks)
    low, high = np.zeros(marks.shape[1]), marks.max(axis=0)
    score = classical.scores(table, low, high)
    group = classical.score_groups(score.value, 5)
    for packed in (table, MarkTable(marks.copy(), 1)):  # whole-number codes and floats must say the same
        cells = categories.categories(packed, score, low, high, group, 5)
        for got, expected in zip(cells, reference["options"]["values"], strict=True):
            assert got is not None
            close(got.marks, expected["category"])
            close(got.n, expected["n"])
            close(got.share, expected["p"])
            close(got.mean_score, expected["mean_total"])
            close(got.mean_rest, expected["mean_rest"])
            close(got.r_rest, expected["rpb_rest"])
            close(got.trace.sum(axis=1), np.ones(5))


@pytest.mark.parametrize("worked", json.loads((HERE / "ctt.json").read_text("utf-8"))["cases"], ids=lambda c: c["id"])
def test_worked_cases_with_scenarios(worked: dict[str, Any]) -> None:
    marks, testlet, expected = np.array(worked["X"], float), worked["scen"], worked["expected"]
    sums = pair_sums(MarkTable.of(marks))
    cov = sums.covariance()
    got = classical.item_statistics(marks)
    close(got["mean"] / worked["max"], expected["facility"], 6e-9)
    close(got["sd"], expected["sd"], 6e-9)
    close(got["item_rest"], expected["item_rest_r"], 6e-9)
    outside = classical.item_rest_outside(cov, testlet)
    close(outside, expected["item_rest_of_test_excluding_own_scenario_r"], 6e-9)
    close(got["alpha_if_deleted"], expected["alpha_if_deleted"], 6e-9)
    table = MarkTable.of(marks)
    low, high = np.zeros(marks.shape[1]), np.full(marks.shape[1], float(worked["max"]))
    d = classical.upper_lower(table, classical.scores(table, low, high), low, high)
    close(d.d_fixed, expected["discrimination_27"], 6e-9)
    coefficients = reliability.reliabilities(cov, testlet, None)
    close(coefficients["alpha"], expected["alpha_items"], 6e-9)
    close(coefficients["testlet_alpha"], expected["alpha_testlets"], 6e-9)
    close(coefficients["stratified_alpha"], expected["stratified_alpha"], 6e-9)
    close(coefficients["lambda2"], expected["guttman_lambda2"], 6e-9)
    interval = reliability.feldt_interval(coefficients["alpha"], *marks.shape)
    close([interval.low, interval.high], expected["feldt_ci95"], 6e-9)
    close(reliability.sem(expected["total_sd"], coefficients["alpha"]), expected["sem_alpha"], 2e-8)
    study = generalizability.g_study(cov, sums.means(), sums.n, testlet)
    assert study is not None
    expected_g = expected["g_p_x_i_in_s"]
    for name, value in expected_g["var"].items():
        close(study.var[name], value, 6e-9)
    close(study.coefficient(), expected_g["E_rho2"], 6e-9)
    close(study.coefficient(absolute=True), expected_g["phi"], 6e-9)
    close(study.error(study.ns, study.ni, absolute=False), expected_g["rel_error_var"], 6e-9)
    close(study.error(study.ns, study.ni, absolute=True), expected_g["abs_error_var"], 6e-9)


@pytest.mark.parametrize("missing", [0.0, 0.3])
def test_counting_by_mark_and_by_cell_give_one_table(missing: float, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(5)
    marks = rng.integers(-2, 5, (300, 6)) / 2.0
    marks[:, 3] = np.abs(marks[:, 3]) + 1
    if missing:
        marks[np.ix_(rng.random(300) < 0.5, [0, 1])] = np.nan
    packed = MarkTable.of(marks)
    low, high = packed.range()
    score = classical.scores(packed, low, high)
    group = classical.score_groups(score.value, 5)
    by_mark = categories.categories(packed, score, low, high, group, 5)
    monkeypatch.setattr(categories, "FEW_MARKS", 0)
    by_cell = categories.categories(packed, score, low, high, group, 5)
    for one, other in zip(by_mark, by_cell, strict=True):
        assert one is not None
        assert other is not None
        for name in ("marks", "n", "share", "mean_score", "mean_rest", "r_rest", "trace"):
            np.testing.assert_allclose(getattr(one, name), getattr(other, name), atol=1e-10)


def test_smallest_and_largest_marks_leave_out_what_was_not_presented() -> None:
    marks = np.random.default_rng(6).integers(-3, 6, (1000, 5)).astype(float)
    marks[:, 2] = np.nan
    marks[::3, 1] = np.nan
    for scale in (1, 200):  # one byte and two bytes a mark
        low, high = MarkTable.of(marks * scale).range()
        keep = [0, 1, 3, 4]
        np.testing.assert_array_equal(low[keep], np.nanmin(marks[:, keep], axis=0) * scale)
        np.testing.assert_array_equal(high[keep], np.nanmax(marks[:, keep], axis=0) * scale)
        assert np.isnan([low[2], high[2]]).all()


def test_a_heywood_case_and_a_faint_rotation_end_quickly() -> None:
    phi = np.array([[1, 0.0971, 0.3260], [0.0971, 1, -0.0440], [0.3260, -0.0440, 1]])
    assert factor.minres(phi, 1, iterations=200).converged
    rng = np.random.default_rng(1)
    matrix = np.corrcoef(0.7 * rng.standard_normal((5000, 1)) + rng.standard_normal((5000, 30)), rowvar=False)
    _, phi, converged = factor.oblimin(factor.minres(matrix, 3).loadings, iterations=200)
    assert converged
    np.testing.assert_allclose(np.diag(phi), 1, atol=1e-12)
