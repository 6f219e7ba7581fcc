"""The testlet model against brute force, against the plain model, and against simulated truth."""

from itertools import product
from typing import Any

import numpy as np
import pytest

from sjt.errors import ShapeError
from sjt.psychometrics.irt_mml import fit_mml
from sjt.psychometrics.irt_models import Items
from sjt.psychometrics.irt_testlet import _Problem, fit_testlets


def simulated(n: int, tau: float, seed: int, scenarios: int = 8, each: int = 3) -> tuple[Any, list[str]]:
    rng = np.random.default_rng(seed)
    names = [f"s{d}" for d in range(scenarios) for _ in range(each)]
    eta = rng.normal(size=(n, 1)) + np.repeat(tau * rng.normal(size=(n, scenarios)), each, axis=1)
    marks = (1.2 * eta + rng.logistic(size=eta.shape) > rng.normal(0, 0.7, len(names))).astype(float)
    return marks, names


def test_likelihood_and_gradient_are_those_of_brute_force() -> None:
    rng = np.random.default_rng(1)
    marks = [np.array([0.0, 1, 2]), np.array([0.0, 1]), np.array([0.0, 1, 2]), np.array([0.0, 1])]
    items = Items("gpcm", marks, rng.uniform(0.6, 1.4, 4), [rng.normal(size=m.size - 1) for m in marks])
    codes = np.array([[2, 1, 0, 1], [0, 0, -1, 1], [1, 1, 2, 0]], dtype=np.int16)
    problem = _Problem(codes, items, [[0, 1], [2, 3]], False, None)
    problem.theta, problem.weight = np.linspace(-2, 2, 5), np.array([0.1, 0.2, 0.4, 0.2, 0.1])
    problem.z, problem.share = np.array([-1.2, 0.1, 1.0]), np.array([0.3, 0.4, 0.3])
    at = problem.pack(items, np.log([0.5, 0.9]))
    value, gradient, rows, _ = problem.evaluate(at, scores=True)
    want = 0.0
    for row in codes:
        total = 0.0
        for (t, a), (z1, b), (z2, c) in product(
            zip(problem.theta, problem.weight), *(zip(problem.z, problem.share) for _ in range(2))
        ):
            chance = a * b * c
            for j, k in enumerate(row):
                if k >= 0:
                    eta = np.array([t + (0.5 * z1 if j < 2 else 0.9 * z2)])
                    chance *= float(items.probabilities(j, eta)[k, 0])
            total += chance
        want += np.log(total)
    assert value == pytest.approx(want, abs=1e-9)
    np.testing.assert_allclose(rows.sum(axis=0), gradient)
    for m in range(at.size):
        up, down = at.copy(), at.copy()
        up[m] += 1e-5
        down[m] -= 1e-5
        slope = (problem.evaluate(up)[0] - problem.evaluate(down)[0]) / 2e-5
        assert gradient[m] == pytest.approx(slope, abs=1e-5)


def test_the_spread_of_scenarios_is_found_and_the_reliability_comes_down() -> None:
    marks, names = simulated(500, 0.8, 2, scenarios=6)
    found = fit_testlets(marks, names, "2pl", common=True)
    assert found.converged and abs(found.tau[0] - 0.8) < 3 * found.tau_se[0] < 0.5
    assert found.p < 1e-6 and found.loglik > found.loglik_without
    assert found.loglik_without == pytest.approx(fit_mml(marks, "2pl", errors=False).loglik, abs=0.1)
    assert found.reliability < found.reliability_without - 0.03


def test_without_an_effect_none_is_claimed() -> None:
    marks, names = simulated(300, 0.0, 3, scenarios=4)
    found = fit_testlets(marks, names, "2pl")
    assert found.tau[0] < 0.45 and found.p > 0.001
    with pytest.raises(ShapeError, match="nothing they could share"):
        fit_testlets(marks, [str(j) for j in range(12)], "2pl")
    with pytest.raises(ShapeError, match="every item"):
        fit_testlets(marks, ["a"], "2pl")
