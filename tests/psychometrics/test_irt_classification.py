"""Lee's and Rudner's classification against R (cacIRT and published formulas), and on mixed maxima."""

from typing import Any

import numpy as np
import pytest

from sjt.errors import ShapeError
from sjt.psychometrics.irt_classification import classify
from sjt.psychometrics.irt_models import Items
from tests.psychometrics.test_irt import SETS, fitted


@pytest.mark.parametrize(("name", "model"), [("math14w", "2pl"), ("verbal_aggression", "grm")])
def test_decisions_meet_r(name: str, model: Any) -> None:
    want = SETS[name]["classification"]
    found = classify(fitted(name, model).items, want["cut"])
    own = want["lee_own"]["values"]
    for field in ("lee_accuracy", "lee_consistency", "rudner_accuracy", "rudner_consistency"):
        assert getattr(found, field) == pytest.approx(own[field], abs=1e-4), field
    assert found.theta_cut == pytest.approx(want["lee"]["values"]["theta_cut"], abs=1e-4)
    assert found.false_pass + found.false_fail == pytest.approx(1 - found.lee_accuracy)


def test_mixed_maxima_and_half_marks_agree_with_simulation() -> None:
    marks = [np.array([0.0, 0.5, 1.0]), np.arange(5.0), np.array([0.0, 2.0, 4.0, 8.0])] * 4
    items = Items("gpcm", marks, np.full(12, 0.8), [np.zeros(m.size - 1) for m in marks])
    rng = np.random.default_rng(1)
    theta = rng.normal(size=40_000)
    totals = []
    for _ in range(2):
        total = np.zeros(theta.size)
        for j, values in enumerate(marks):
            p = np.cumsum(items.probabilities(j, theta), axis=0)
            total += values[np.minimum((rng.uniform(size=theta.size) > p).sum(axis=0), values.size - 1)]
        totals.append(total >= 28)
    found = classify(items, 28)
    assert found.lee_consistency == pytest.approx(float((totals[0] == totals[1]).mean()), abs=0.012)


def test_a_cut_nobody_can_reach_is_refused() -> None:
    with pytest.raises(ShapeError, match="outside the totals"):
        classify(fitted("math14w", "2pl").items, 14)
