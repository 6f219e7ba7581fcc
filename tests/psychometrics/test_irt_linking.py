"""Linking of two forms against R equateIRT, and polytomous true-score equating against what must hold."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sjt.errors import ShapeError
from sjt.psychometrics import irt_linking
from sjt.psychometrics.irt_models import Items
from tests.psychometrics.test_equate import forms, run

WANT = json.loads((Path(__file__).parent / "reference" / "math14w.json").read_text())["irt_linking"]["values"]


def form(which: str) -> Items:
    table = np.array(WANT[f"form_{which}_slope_intercept"])
    return Items("2pl", [np.array([0.0, 1.0])] * 9, table[:, 0], [np.array([d]) for d in table[:, 1]])


NEW, OLD = form("x"), form("y")
ANCHORS = irt_linking.pick(NEW, range(4, 9)), irt_linking.pick(OLD, range(5))


@pytest.mark.parametrize("criterion", ["stocking_lord", "haebara"])
def test_characteristic_curve_links_meet_equateirt(criterion: Any) -> None:
    found = irt_linking.link(*ANCHORS, criterion)
    assert found.slope == pytest.approx(WANT[criterion]["A"], abs=1e-4)
    assert found.intercept == pytest.approx(WANT[criterion]["B"], abs=1e-4)


@pytest.mark.parametrize(
    ("name", "method"), [("mean_mean", irt_linking.mean_mean), ("mean_sigma", irt_linking.mean_sigma)]
)
def test_moment_links_meet_equateirt(name: str, method: Any) -> None:
    found = method(*ANCHORS)
    assert (found.slope, found.intercept) == pytest.approx((WANT[name]["A"], WANT[name]["B"]), abs=1e-8)


def test_true_scores_meet_equateirt() -> None:
    scale = irt_linking.link(*ANCHORS)
    table = np.array(WANT["true_score"]["table"])[:-1]
    moved = irt_linking.transform(NEW, scale)
    found = irt_linking.true_score(OLD, moved, irt_linking.Link(1.0, 0.0), table[:, 1])
    np.testing.assert_allclose(found, table[:, 2], atol=1e-3)


def test_equating_there_and_back_is_nothing() -> None:
    scale = irt_linking.link(*ANCHORS)
    back = irt_linking.Link(1 / scale.slope, -scale.intercept / scale.slope)
    x = np.arange(1.0, 9.0)
    np.testing.assert_allclose(
        irt_linking.true_score(OLD, NEW, back, irt_linking.true_score(NEW, OLD, scale, x)), x, atol=1e-6
    )


def test_a_known_transformation_is_found_for_ordered_items() -> None:
    rng = np.random.default_rng(1)
    marks = [np.arange(4.0)] * 6
    models: tuple[Any, ...] = ("gpcm", "grm")
    criteria: tuple[Any, ...] = ("stocking_lord", "haebara")
    for model in models:
        steps = [np.sort(rng.normal(size=3))[::-1] for _ in range(6)]
        new = Items(model, marks, rng.uniform(0.6, 1.6, 6), steps)
        truth = irt_linking.Link(1.3, -0.4)
        for criterion in criteria:
            found = irt_linking.link(new, irt_linking.transform(new, truth), criterion)
            assert (found.slope, found.intercept) == pytest.approx((1.3, -0.4), abs=1e-6)


def test_the_command_equates_ordered_items_with_errors(tmp_path: Path) -> None:
    old, new, anchors = forms(tmp_path, 220, 3)
    answer = run(old, new, "--anchors", anchors, "--cut", "31", "--degree", "2")
    for name in ("irt_stocking_lord", "irt_haebara"):
        found = answer["methods"][name]
        assert abs(found["cut_new"] - answer["methods"]["tucker"]["cut_new"]) < 1.5
        assert 0.05 < found["see_at_cut"] < 2
        assert found["slope"] is None and len(found["table"]) == 61


def test_anchors_that_are_not_the_same_are_refused() -> None:
    with pytest.raises(ShapeError, match="same ones"):
        irt_linking.link(NEW, ANCHORS[1])
