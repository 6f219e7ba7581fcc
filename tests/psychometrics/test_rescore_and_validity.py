"""What a change does, how firm decisions are, and validity against simulated truth."""

import numpy as np
import pytest

from sjt.errors import ShapeError
from sjt.psychometrics import rescore, validity


def test_a_change_is_told_person_by_person() -> None:
    marks = np.array([[4.0, 2], [1, 2], [3, 3], [0, 1]])
    before = rescore.Scored(marks, np.array([4.0, 4]), 5.0)
    other = marks.copy()
    other[:, 1] = [0, 4, 3, 1]
    found = rescore.compare(before, rescore.Scored(other, np.array([4.0, 4]), 5.0), ["a", "b"])
    made = found["decisions"]
    assert [made[name] for name in ("pass_pass", "pass_fail", "fail_pass", "fail_fail")] == [1, 1, 1, 1]
    assert [(one["row"], one["totals"]) for one in made["changed"]] == [(0, [6.0, 4.0]), (1, [3.0, 5.0])]
    assert found["items"][0]["item"] == "b" and found["items"][0]["facility"] == [0.5, 0.5]
    assert not found["items"][1]["changed"] and found["moved"] == 2
    gone = marks.copy()
    gone[:, 1] = np.nan
    left = rescore.compare(before, rescore.Scored(gone, np.array([4.0, 0]), 3.0), ["a", "b"])
    assert left["test"][1]["max"] == 4 and left["items"][0]["facility"] == [0.5, None]
    with pytest.raises(ShapeError):
        rescore.compare(before, before, ["a"])


def test_rules_are_compared_with_the_one_in_force() -> None:
    def way(*totals: float) -> rescore.Scored:
        return rescore.Scored(np.array([[t] for t in totals]), np.array([10.0]), 5.0)

    found = rescore.multiverse({"now": way(6, 4, 8), "strict": way(4, 4, 8), "mild": way(6, 6, 8)})
    assert [(one["now_fail"], one["now_pass"]) for one in found["ways"]] == [(0, 0), (1, 0), (0, 1)]
    assert found["unanimous"] == 1 and found["share"] == pytest.approx([2 / 3, 1 / 3, 1])


def test_firmness_is_the_chance_over_panels_and_keys() -> None:
    totals = np.array([10.0, 20.0, 30.0])
    ratings = np.array([[5.0, 5], [5, 15], [15, 5], [15, 15]])
    found = rescore.firmness(totals, 20.0, rescore.judges_drawn(totals, ratings), replications=4000)
    assert found.p_pass[0] < 0.02 and found.p_pass[2] > 0.98
    # four judges, each item's mean over them is 5, 7.5, ... 15: the cut is at most 20 in .64 of the draws
    exact = sum(np.prod([1 / 4] * 4) for draw in np.ndindex(4, 4, 4, 4) if ratings[list(draw)].mean(axis=0).sum() <= 20)
    assert found.p_pass[1] == pytest.approx(exact, abs=0.03) and 1 in found.unsure
    fixed = rescore.firmness(totals, 20.0, rescore.cut_drawn(totals, 20.0, 0.0), replications=3)
    assert fixed.flips == 0 and not fixed.unsure.size
    keyed = rescore.panel_drawn(5, lambda experts: totals + experts.mean() - 2, 20.0)
    assert 0.2 < rescore.firmness(totals, 20.0, keyed, replications=500).p_pass[1] < 0.8


def test_the_correction_finds_the_correlation_among_all() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=40_000)
    y = 0.5 * x + np.sqrt(0.75) * rng.normal(size=x.size)
    found = validity.against_criterion(x, np.where(x > 0.3, y, np.nan), reliability=0.6)
    assert found.r < 0.35 and found.corrected == pytest.approx(0.5, abs=0.02) and found.ratio > 1.5
    assert any("0.77" in words for words in found.cannot)
    few = validity.against_criterion(x[:40], np.where(np.arange(40) < 12, y[:40], np.nan))
    assert np.isnan(few.r) and "12 persons" in few.cannot[0]


def test_known_groups_and_gain_are_not_oversold() -> None:
    rng = np.random.default_rng(2)
    g = np.repeat([0, 1, 2], [40, 60, 6])
    found = validity.known_groups(rng.normal(0.6 * g, 1), g, ["new", "some", "long"])
    assert np.isnan(found.steps[2].mean) and found.interval[0] < 0.6 < found.interval[1]
    true = rng.normal(size=4000)
    first, second = (true + rng.normal(size=4000) for _ in range(2))
    low = first < -1
    gain = validity.retest_gain(first[low], second[low], first, reliability=0.5)
    assert gain.mean > 0.8 and gain.by_chance == pytest.approx(gain.mean, abs=0.1)
    assert validity.retest_gain(first[:3], second[:3], first).cannot
