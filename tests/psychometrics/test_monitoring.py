"""Monitoring and security against the worked cases, and against planted leaks, rapid guessers and copying pairs."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sjt.errors import ShapeError
from sjt.psychometrics import monitoring, similarity
from sjt.psychometrics.leaks import leaks

WANT = json.loads((Path(__file__).parent / "reference" / "monitoring.json").read_text())


def test_the_cusum_meets_the_worked_case() -> None:
    case = WANT["cusum"]
    found = monitoring.cusum(case["facility"], case["mu"], case["sd"], case["k"], case["h"])
    np.testing.assert_allclose(np.column_stack([found.upper, found.lower]), case["expected"]["path"], atol=1e-8)
    assert found.first_signal == case["expected"]["first_signal_index"]


def test_the_k_index_and_rapid_thresholds_meet_the_worked_cases() -> None:
    case = WANT["k_index"]
    assert similarity.k_index(case["n"], case["p"], case["m"]) == pytest.approx(case["expected"], abs=5e-8)
    case = WANT["rapid_guess"]
    np.testing.assert_allclose(monitoring.rapid_thresholds(case["mean_times"]), case["expected"])


def test_a_leak_is_found_and_a_better_cohort_is_not_a_leak() -> None:
    rng = np.random.default_rng(3)
    found = false = 0
    for _ in range(10):
        hard = rng.normal(0.3, 0.6, 30)
        before = (rng.normal(0, 1, (200, 1)) + rng.logistic(size=(200, 30)) > hard).astype(float)
        after = (rng.normal(0.2, 1, (200, 1)) + rng.logistic(size=(200, 30)) > hard).astype(float)
        knew = rng.uniform(size=200) < 0.9
        after[knew, 0] = 1.0
        flags = monitoring.drift(before, after, np.ones(30)).flagged
        found += bool(flags[0])
        false += int(flags[1:].sum())
    assert found >= 8
    assert false <= 0.05 * 290


def times(n: int, seed: int) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    seconds = np.exp(rng.normal(4.5, 0.3, 24) - rng.normal(0, 0.25, (n, 1)) + rng.normal(0, 0.35, (n, 24)))
    rapid = np.arange(n) < n // 10
    columns = rng.permuted(np.tile(np.arange(24) < 6, (n, 1)), axis=1) & rapid[:, None]
    seconds[columns] = rng.uniform(1, 6, int(columns.sum()))
    return seconds, rapid


@pytest.mark.parametrize("n", [20, 60, 200])
def test_rapid_guessers_are_found_and_nobody_else(n: int) -> None:
    seconds, rapid = times(n, n)
    effort = monitoring.rapid_guessing(seconds)
    model = monitoring.lognormal_times(seconds)
    assert effort.flagged[rapid].mean() >= 0.8 and effort.flagged[~rapid].mean() <= 0.05
    assert model.flagged[rapid].mean() >= 0.8 and model.flagged[~rapid].mean() <= 0.05
    assert np.nanmedian(model.residual[effort.rapid]) < -2


def answers(n: int, copies: int, seed: int) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    theta = rng.normal(size=n)
    pull = rng.normal(0, 0.8, (60, 4))
    pull[:, 0] += 0.6
    z = pull[None] + np.where(np.arange(4) == 0, 0.8, 0.0) * theta[:, None, None] + rng.gumbel(size=(n, 60, 4))
    choice = z.argmax(axis=2).astype(float)
    for pair in range(copies):
        copied = rng.permutation(60)[:36]
        choice[2 * pair + 1, copied] = choice[2 * pair, copied]
    return choice, (choice == 0).sum(axis=1).astype(float)


@pytest.mark.parametrize("n", [60, 200])
def test_copying_pairs_are_found_and_honest_ones_left_alone(n: int) -> None:
    found = false = 0
    for seed in range(2):
        choice, total = answers(n, 3, seed)
        pairs = similarity.similar_choices(choice, total, rooms=np.arange(n) // 20, shuffles=5)
        planted = {(0, 1), (2, 3), (4, 5)}
        hit = {(pair.first, pair.second) for pair in pairs}
        found += len(hit & planted)
        false += len(hit - planted)
        assert all("evidence" in pair.notice for pair in pairs)
    assert found >= 5
    assert false <= 1


def test_copied_rankings_are_found() -> None:
    rng = np.random.default_rng(4)
    worth = np.linspace(2, -2, 5)
    noise = rng.gumbel(size=(80, 20, 5)) * 1.6
    ranks = (-(worth + noise)).argsort(axis=2).argsort(axis=2) + 1.0
    ranks[1, :12] = ranks[0, :12]
    pairs = similarity.similar_rankings(ranks, np.tile(np.arange(1.0, 6.0), (20, 1)), shuffles=5)
    assert [(pair.first, pair.second) for pair in pairs] == [(0, 1)]
    rooms = ["x" if i else "y" for i in range(80)]
    key = np.tile(np.arange(1.0, 6.0), (20, 1))
    assert not similarity.similar_rankings(ranks, key, rooms=rooms, shuffles=5)


def test_odd_input_gets_an_answer_or_a_refusal() -> None:
    assert similarity.similar_choices([[1.0], [1.0]], [1, 1]) == []
    with pytest.raises(ShapeError, match="SD above 0"):
        monitoring.cusum([1.0], 0.5, 0.0)
    with pytest.raises(ShapeError, match="negative"):
        monitoring.rapid_guessing([[-1.0]])
    with pytest.raises(ShapeError, match="3 persons"):
        monitoring.lognormal_times([[1.0, 2.0]])


def test_a_leak_to_some_is_found_by_marks_and_times_together() -> None:
    rng = np.random.default_rng(8)
    found = false = 0
    for _ in range(8):
        hard, long = rng.normal(-0.2, 0.6, 30), rng.normal(4.3, 0.3, 30)
        windows = []
        for mean in (0.0, 0.3):  # the second cohort is better and quicker, and that is no leak
            shares = rng.normal(mean, 1, (200, 1)) + rng.logistic(size=(200, 30)) - hard
            x = (shares[:, :, None] > np.array([-1.2, 0.0, 1.2])).sum(axis=2).astype(float)
            t = np.exp(long - rng.normal(0.3 * mean, 0.25, (200, 1)) + rng.normal(0, 0.4, (200, 30)))
            windows.append((x, t))
        (old, before), (new, after) = windows
        knew = rng.uniform(size=200) < 0.3
        new[knew, 4] = np.minimum(new[knew, 4] + 1, 3)
        after[knew, 4] *= 0.6
        told = leaks(old, new, np.full(30, 3.0), before, after)
        found += bool(told.flagged[4])
        false += int(told.flagged.sum()) - int(told.flagged[4])
    assert found >= 7 and false <= 0.05 * 8 * 29
    p = np.sort(told.p)  # Benjamini and Hochberg's step-up, written out
    stepped = [min(p[j] * 30 / (j + 1) for j in range(i, 30)) for i in range(30)]
    np.testing.assert_allclose(np.sort(told.q), stepped)
    assert np.isnan(leaks(old[:5], new[:5], np.ones(30)).p).all()
