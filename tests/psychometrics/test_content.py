"""Content validity against published numbers; a panel's key drawn again and again."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sjt.psychometrics.agreement import single_rater_interval
from sjt.psychometrics.content import content_report, counted, fleiss_kappa, relevance
from sjt.psychometrics.key_bootstrap import bootstrap_keys, key_of_panel
from sjt.psychometrics.panel import PanelItem, examine

REFERENCE = json.loads((Path(__file__).parent / "reference" / "content.json").read_text())


@pytest.mark.parametrize("case", REFERENCE["fleiss"], ids=lambda case: case["id"])
def test_kappa_of_many_raters_meets_the_published_value(case: dict[str, Any]) -> None:
    found = fleiss_kappa(case["counts"])
    for name, want in case["expected"].items():
        assert getattr(found, name) == pytest.approx(want, abs=0.6 * 10.0 ** -case["places"]), name


def test_relevance_without_chance_meets_the_published_table() -> None:
    for case in REFERENCE["i_cvi"]:
        found = relevance([4] * case["relevant"] + [2] * (case["n"] - case["relevant"]))
        assert found.i_cvi == pytest.approx(case["i_cvi"], abs=0.005001)
        assert found.by_chance == pytest.approx(case["by_chance"], abs=0.0006)
        assert found.kappa == pytest.approx(case["kappa"], abs=0.01)  # the table went out from rounded shares


def test_the_single_rater_interval_meets_the_published_one() -> None:
    case = REFERENCE["icc_2_1_interval"]
    assert single_rater_interval(case["ratings"]) == pytest.approx(case["expected"], abs=0.0006)
    assert single_rater_interval([[1, 2, 3, 4]] * 12) == (1.0, 1.0)
    assert all(math.isnan(end) for end in single_rater_interval([[2, 2, 2]] * 5))
    # nobody agrees and every mean is the same: no degrees of freedom are left
    assert all(math.isnan(end) for end in single_rater_interval([[1, 0, 0], [0, 1, 0], [0, 0, 1]]))


names = st.dictionaries(st.sampled_from("abcdefgh"), st.lists(st.sampled_from(["K1", "S2", "B3"]), max_size=7))


@settings(max_examples=25)
@given(names)
def test_kappa_is_one_only_where_everybody_agrees_and_never_above(table: dict[str, list[str]]) -> None:
    found = fleiss_kappa(counted(table))
    if math.isnan(found.kappa):
        twice = [set(given) for given in table.values() if len(given) > 1]
        assert not twice or len({name for given in table.values() for name in given}) == 1
        return
    assert found.kappa <= 1 + 1e-9
    agree = all(len(set(given)) == 1 for given in table.values() if len(given) > 1)
    assert (found.kappa > 1 - 1e-9) == agree
    turned = {key: given[::-1] for key, given in reversed(table.items())}
    assert fleiss_kappa(counted(turned)).kappa == pytest.approx(found.kappa)


def test_a_bank_s_content_is_judged_by_the_profile() -> None:
    said = {"good": [4] * 6, "split": [4, 4, 4, 4, 2, 1], "poor": [1] * 5 + [4], "few": [4, 4, 4]}
    codes = {"good": ["K1"] * 6, "split": ["K1"] * 3 + ["S2"] * 3, "poor": ["B3"] * 6, "few": ["S2"] * 3}
    found = content_report(said, codes)
    assert [one["verdict"] for one in found["scenarios"]] == ["accept", "review", "reject", "review"]
    assert found["s_cvi_ua"] == 0.5
    assert found["mapping"]["low"] < found["mapping"]["kappa"] < 1
    nothing = content_report({}, {})
    assert math.isnan(nothing["s_cvi_ave"]) and nothing["scenarios"] == []


def item(rows: list[list[int]], kind: str = "rank") -> PanelItem:
    raters, options = tuple(f"r{n}" for n in range(len(rows))), tuple("ABCDEFGH"[: len(rows[0])])
    span = {"rank": (1.0, float(len(options))), "rate": (1.0, 4.0), "most_least": (-1.0, 1.0)}.get(kind, (0.0, 1.0))
    return PanelItem("i", kind, raters, options, np.array(rows, dtype=np.float64), span)


@st.composite
def panels(draw: st.DrawFn) -> PanelItem:
    kind = draw(st.sampled_from(["rank", "rate", "choose", "single", "most_least"]))
    n, m = draw(st.integers(3, 6)), draw(st.integers(1, 12))
    picks = {"choose": [1, 1] + [0] * (n - 2), "single": [1] + [0] * (n - 1), "most_least": [1, -1] + [0] * (n - 2)}
    row: st.SearchStrategy[list[int]] = st.permutations(picks.get(kind, range(1, n + 1)))
    if kind == "rate":
        row = st.lists(st.integers(1, 4), min_size=n, max_size=n)
    return item([list(draw(row)) for _ in range(m)], kind)


@settings(max_examples=25)
@given(panels())
def test_drawn_keys_share_out_every_panel_and_a_lone_expert_is_sure(panel: PanelItem) -> None:
    found = bootstrap_keys([panel], replications=60)[0]
    assert sum(share for _, share in found.keys) == pytest.approx(1)
    assert [share for _, share in found.keys] == sorted((share for _, share in found.keys), reverse=True)
    assert all(sum(shares.values()) == pytest.approx(1) for shares in found.places.values())
    assert np.bincount(found.drawn, minlength=len(found.keys)).tolist() == [
        round(share * 60) for _, share in found.keys
    ]
    if len({tuple(row) for row in panel.ratings.tolist()}) == 1:
        assert len(found.keys) == 1
    suggested = examine(panel, replications=100)["suggested_key"] if len(panel.raters) > 1 else None
    if suggested is not None and panel.format != "rank":  # a ranking's suggested key ties what is not sure
        assert key_of_panel(panel) == suggested


def test_a_sure_order_is_drawn_in_most_panels_and_a_doubtful_pair_in_half() -> None:
    rows = [[1, 2, 3, 4, 5], [1, 2, 3, 5, 4]] * 6
    found = bootstrap_keys([item(rows)], replications=2000)[0]
    assert found.places["A"] == {1: 1.0}
    first = found.keys[0][0]
    assert first in ([["A"], ["B"], ["C"], ["D"], ["E"]], [["A"], ["B"], ["C"], ["E"], ["D"]])
    assert 0.35 < found.keys[0][1] < 0.5
    again = bootstrap_keys([item(rows)], replications=2000)[0]
    assert (again.drawn == found.drawn).all()
