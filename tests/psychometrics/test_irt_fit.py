"""Fit of items and persons against mirt."""

from typing import Any

import numpy as np
import pytest

from sjt.psychometrics import irt_fit, irt_scores
from tests.psychometrics.test_irt import BLOCKS, SETS, fitted, marks


def eap(name: str, model: Any) -> Any:
    found = fitted(name, model)
    weights = irt_scores.normal_weights(found.theta, found.means[0], found.sds[0])
    return found, irt_scores.eap(found.items, found.codes, found.theta, weights).theta


@pytest.mark.parametrize(("name", "block", "model"), BLOCKS)
def test_mean_squares_q3_and_person_fit_meet_mirt(name: str, block: str, model: str) -> None:
    found, theta = eap(name, model)
    want = SETS[name]["mml"][block]["values"]
    items = irt_fit.mean_squares(found.items, found.codes, theta)
    np.testing.assert_allclose(items.infit, want["infit_eap"]["infit"], atol=0.005)
    np.testing.assert_allclose(items.outfit, want["infit_eap"]["outfit"], atol=0.005)
    persons = irt_fit.mean_squares(found.items, found.codes[:20], theta[:20], axis=1)
    np.testing.assert_allclose(persons.infit, want["person_fit_first20"]["infit"], atol=0.005)
    zh = irt_fit.standardised_log_likelihood(found.items, found.codes[:20], theta[:20])
    np.testing.assert_allclose(zh, want["person_fit_first20"]["zh"], atol=0.01)
    np.testing.assert_allclose(irt_fit.q3(found.items, found.codes, theta), want["q3"]["matrix"], atol=0.005)


def test_guttman_errors_are_none_for_a_perfect_order_and_one_for_its_reverse() -> None:
    x = np.tril(np.ones((6, 6)))[:, :5]
    errors = irt_fit.guttman_errors(np.vstack([x, x, [[0, 0, 0, 0, 1]]]))
    assert errors[:12].max() == 0 and errors[12] == 1
    assert np.nanmax(irt_fit.guttman_errors(marks("verbal_aggression"))) <= 1
