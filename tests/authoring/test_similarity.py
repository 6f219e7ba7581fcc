"""Likeness of texts, and the small tests the lint uses, against values worked out elsewhere."""

from __future__ import annotations

import itertools
import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sjt.authoring.similarity import alike, cosine, tfidf
from sjt.authoring.small_statistics import binomial_two_sided, binomial_upper, chi_square_upper, spearman


def test_cosine_by_hand() -> None:
    # n = 2: "cat" stands in both (weight ln(3/3)+1 = 1), "dog" and "bird" in one (ln(3/2)+1).
    rare = math.log(1.5) + 1
    first, second = tfidf(["cat dog dog", "cat bird"])
    expected = 1 / (math.hypot(1, 2 * rare) * math.hypot(1, rare))
    assert cosine(first, second) == pytest.approx(expected, abs=1e-12)


def test_a_text_is_like_itself_and_unlike_strangers() -> None:
    vectors = tfidf(["a red kettle boils", "kettles boiled red", "the tall gate", ""])
    assert cosine(vectors[0], vectors[1]) == pytest.approx(1)
    assert cosine(vectors[0], vectors[2]) == 0
    assert vectors[3] == {}
    assert cosine(vectors[0], vectors[3]) == 0


def test_pairs_through_the_index_equal_all_pairs() -> None:
    chance = random.Random(4)
    vocabulary = [f"word{n}x" for n in range(60)]
    vectors = tfidf([" ".join(chance.choices(vocabulary, k=25)) for _ in range(40)])
    by_hand = {
        (i, j): cosine(vectors[i], vectors[j])
        for i, j in itertools.combinations(range(40), 2)
        if cosine(vectors[i], vectors[j]) >= 0.3
    }
    found = {(i, j): value for i, j, value in alike(vectors, 0.3)}
    assert found.keys() == by_hand.keys()
    assert all(found[pair] == pytest.approx(by_hand[pair]) for pair in found)
    assert found  # at least one pair, or the test says nothing


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=3, max_size=12))
def test_spearman_equals_scipy(pairs: list[tuple[int, int]]) -> None:
    x, y = [float(a) for a, _ in pairs], [float(b) for _, b in pairs]
    found = spearman(x, y)
    if len(set(x)) == 1 or len(set(y)) == 1:
        assert found is None
    else:
        assert found == pytest.approx(stats.spearmanr(x, y).statistic, abs=1e-12)


@given(st.integers(1, 60), st.data(), st.floats(0.02, 0.98))
def test_binomial_equals_scipy(n: int, data: st.DataObject, p: float) -> None:
    k = data.draw(st.integers(0, n))
    assert binomial_upper(k, n, p) == pytest.approx(stats.binom.sf(k - 1, n, p), abs=1e-10)
    assert binomial_two_sided(k, n, p) == pytest.approx(stats.binomtest(k, n, p).pvalue, abs=1e-9)


@given(st.floats(0, 80), st.integers(1, 12))
def test_chi_square_equals_scipy(x: float, df: int) -> None:
    assert chi_square_upper(x, df) == pytest.approx(stats.chi2.sf(x, df), abs=1e-12)
