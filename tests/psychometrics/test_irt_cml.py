"""Conditional likelihood against eRm and psychotools, against enumeration, and on marks that break other programs."""

from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sjt.errors import ShapeError
from sjt.psychometrics import irt, irt_fit, irt_scores
from sjt.psychometrics.irt_cml import _Conditional, andersen, fit_cml
from sjt.psychometrics.irt_models import code
from tests.psychometrics.test_irt import SETS, marks

HERE = Path(__file__).parent / "reference"
NAMES = ("math14w", "verbal_aggression")


@pytest.mark.parametrize("name", NAMES)
def test_items_and_errors_meet_r(name: str) -> None:
    found, want = fit_cml(marks(name)), SETS[name]["cml"]
    assert found.converged
    erm, other = want["cml"]["values"], want["cml_psychotools"]["values"]
    assert found.loglik == pytest.approx(erm["conditional_loglik"], abs=1e-4)
    assert found.loglik >= other["conditional_loglik"] - 1e-6 and found.n_parameters == erm["n_parameters"]
    difficulty = -np.concatenate(found.items.intercepts)
    steps = np.concatenate([found.items.weights(j)[1:] for j in range(len(found.columns))])
    np.testing.assert_allclose((difficulty - steps * difficulty[0])[1:], other["coefficients"], atol=1e-4)
    np.testing.assert_allclose(np.concatenate(found.intercept_se), erm["se"], atol=1e-4)
    # eRm stops 5e-7 of log-likelihood short on the partial credit set, which is 2e-4 in its most extreme step
    np.testing.assert_allclose(difficulty, erm["cumulative_difficulty"], atol=1e-4 if name == "math14w" else 3e-4)


@pytest.mark.parametrize("name", NAMES)
def test_andersens_test_meets_erm(name: str) -> None:
    test, want = andersen(marks(name)), SETS[name]["cml"]["andersen"]["values"]
    assert test.df == want["df"] and test.chi2 == pytest.approx(want["lr"], abs=1e-4)
    assert test.p == pytest.approx(want["p"], rel=1e-3)


@pytest.mark.parametrize("name", NAMES)
def test_mean_squares_at_conditional_items_meet_erm(name: str) -> None:
    found, want = fit_cml(marks(name)), SETS[name]["cml"]["cml_persons"]["values"]
    persons = irt_scores.score(found.items, found.codes, "ml")
    known = np.isfinite(persons.theta)
    fit = irt_fit.mean_squares(found.items, found.codes[known], persons.theta[known])
    np.testing.assert_allclose(fit.infit, want["infit_msq"], atol=2e-4)
    np.testing.assert_allclose(fit.outfit, want["outfit_msq"], atol=2e-4)
    assert persons.theta[0] == pytest.approx(want["theta_ml"], abs=1e-4)


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 2**31), st.booleans())
def test_likelihood_and_derivatives_are_those_of_enumeration(seed: int, gaps: bool) -> None:
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 3, (25, 4)).astype(float)
    x[:3] = [[0, 0, 0, 0], [1, 1, 1, 1], [2, 2, 2, 2]]
    x[:, 3] = np.where(x[:, 3] == 1, 0, x[:, 3])  # a mark that never occurs
    if gaps:
        x[10:, 1] = np.nan
    codes, kinds = code(x)
    problem = _Conditional(codes, kinds)
    c = rng.normal(size=problem.width)
    value, gradient, information = problem.evaluate(c)
    steps = [kinds[j] - kinds[j][0] for j in range(4)]
    if len(kinds[3]) == 2:
        steps[3] = np.arange(2.0)
    at = np.concatenate([[0], np.cumsum([k.size - 1 for k in kinds])])
    log = [np.concatenate([[0.0], c[at[j] : at[j + 1]]]) for j in range(4)]
    want = 0.0
    for row in codes:
        seen = np.flatnonzero(row >= 0)
        total = sum(steps[j][row[j]] for j in seen)
        every = [
            sum(log[j][k] for j, k in zip(seen, way))
            for way in product(*(range(kinds[j].size) for j in seen))
            if sum(steps[j][k] for j, k in zip(seen, way)) == total
        ]
        want += sum(log[j][row[j]] for j in seen) - float(np.log(np.sum(np.exp(every))))
    assert value == pytest.approx(want, abs=1e-9)
    for unit in np.eye(c.size):
        up, down = (problem.evaluate(c + sign * 1e-5 * unit) for sign in (1, -1))
        assert float(gradient @ unit) == pytest.approx((up[0] - down[0]) / 2e-5, abs=1e-5)
        np.testing.assert_allclose(information @ unit, (down[1] - up[1]) / 2e-5, atol=1e-4)


def test_gaps_by_design_do_not_move_the_truth() -> None:
    rng = np.random.default_rng(5)
    b = np.linspace(-1.5, 1.5, 12)
    x = (rng.random((1500, 12)) < 1 / (1 + np.exp(-(rng.normal(0, 1.2, (1500, 1)) - b)))).astype(float)
    x[:500, :4], x[500:1000, 4:8], x[1000:, 8:] = np.nan, np.nan, np.nan
    found = fit_cml(x)
    z = (np.concatenate(found.items.intercepts) + (b - b.mean())) / np.concatenate(found.intercept_se)
    assert found.converged and np.abs(z).max() < 3.5 and 0.5 < (z**2).mean() < 2


def test_a_hundred_and_fifty_long_items_keep_their_digits() -> None:
    rng = np.random.default_rng(6)
    x = rng.binomial(4, 1 / (1 + np.exp(-(rng.normal(0, 3, (40, 1)) - rng.normal(0, 2, 150)))))
    codes, kinds = code(x.astype(float))
    problem = _Conditional(codes, kinds)
    value, gradient, _ = problem.evaluate(rng.normal(size=problem.width), second=False)
    assert np.isfinite(value) and np.isfinite(gradient).all() and abs(gradient @ problem.direction) < 1e-6


def test_what_cannot_be_fitted_is_said() -> None:
    apart = np.full((20, 4), np.nan)
    apart[:10, :2], apart[10:, 2:] = [[0, 1], [1, 0]] * 5, [[1, 0], [0, 1]] * 5
    for x, words in (
        (np.ones((5, 3)), "two different marks"),
        (np.array([[0.0, 0], [1, 1]]), "lowest or the highest"),
        (apart, "fall into sets"),
    ):
        with pytest.raises(ShapeError, match=words):
            fit_cml(x)
    perfect = np.tril(np.ones((6, 6)))[:, :4]
    assert not fit_cml(perfect).converged
    found = irt.fit(np.array([[0.0, 1], [1, 0], [1, 1], [0, 0], [1, 0]]), "rasch")
    assert found["conditional"]["loglik"] is not None and found["overall"]["statistic"] is None
