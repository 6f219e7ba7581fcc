"""P(pass) of candidates of known standing: exact where few items, close to exact where many."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from math import sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sjt.authoring.lengths import by_length, false_fails, false_passes, spearman_brown
from sjt.authoring.parallel import MarkDistribution, p_reach, support, tilted

RANK = {Fraction(m): Fraction(1, 7) for m in (8, 10, 12, 14, 16, 18, 20)}


@given(st.floats(8.1, 19.9))
def test_a_tilt_meets_its_mean(mean: float) -> None:
    marks, base = support(RANK, Fraction(20), "rank")
    assert tilted(marks, base, mean).mean == pytest.approx(mean, abs=1e-6)


def test_a_tilt_meets_its_spread_where_one_is_banked() -> None:
    marks, base = support(RANK, Fraction(20), "rank")
    for sd in (1.5, 2.5, 3.5):
        found = tilted(marks, base, 15.0, sd)
        assert (found.mean, found.sd) == pytest.approx((15.0, sd), abs=1e-4)


def test_a_tilt_to_the_mean_of_chance_is_chance() -> None:
    marks, base = support(RANK, Fraction(20), "rank")
    assert tilted(marks, base, 14.0).p == pytest.approx(base, abs=1e-9)


def test_few_items_are_convolved_exactly() -> None:
    one = MarkDistribution(np.array([0.0, 1.5, 4.0]), np.array([0.2, 0.5, 0.3]))
    two = MarkDistribution(np.array([0.0, 2.0]), np.array([0.4, 0.6]))
    by_hand = sum(
        p * q * r
        for (a, p), (b, q), (c, r) in product(
            zip(one.marks, one.p, strict=True), zip(one.marks, one.p, strict=True), zip(two.marks, two.p, strict=True)
        )
        if a + b + c >= 5.5
    )
    assert p_reach([one, one, two], 5.5, 0.5) == pytest.approx(by_hand, abs=1e-12)


def test_the_normal_sum_lies_within_half_a_point_of_the_exact_one() -> None:
    marks, base = support(RANK, Fraction(20), "rank")
    items = [tilted(marks, base, 14 + n / 10) for n in range(20)]
    total = np.array([1.0])
    for item in items:
        one = np.zeros(21)
        one[item.marks.astype(int)] = item.p
        total = np.convolve(total, one)
    for cut in (290, 300, 310):
        assert p_reach(items, cut, 2.0) == pytest.approx(float(total[cut:].sum()), abs=0.005)


def test_reliability_follows_spearman_and_brown() -> None:
    rows = by_length(0.0466, (20, 25, 50))
    assert [round(row["reliability"], 2) for row in rows] == [0.49, 0.55, 0.71]
    assert spearman_brown(0.5, 2) == pytest.approx(2 / 3)


def test_false_fails_agree_with_a_large_sample_and_shrink_with_reliability() -> None:
    chance = np.random.default_rng(5)
    true = chance.standard_normal(400_000)
    seen = sqrt(0.6) * true + sqrt(0.4) * chance.standard_normal(400_000)
    cut = float(np.quantile(true, 0.2))
    assert false_fails(0.6, 0.8) == pytest.approx(float(((true >= cut) & (seen < cut)).mean()), abs=0.003)
    assert false_passes(0.6, 0.8) == pytest.approx(float(((true < cut) & (seen >= cut)).mean()), abs=0.003)
    assert false_fails(0.9) < false_fails(0.6) < false_fails(0.3)
