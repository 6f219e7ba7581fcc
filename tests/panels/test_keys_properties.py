"""A panel's key in a writer's place: whatever the key, it is then the panel's and nothing of its worth is made up."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sjt.authoring.model import Format
from sjt.panels.keys import contradictions, is_same, with_key, written_key

OPTIONS = "ABCDE"


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Format, dict[str, Any], Any]:
    """Draw a format, a writer's table and a panel's key."""
    kind = draw(st.sampled_from([Format.RANK, Format.RATE, Format.CHOOSE, Format.SINGLE, Format.MOST_LEAST]))
    levels = dict(zip(OPTIONS, draw(st.permutations([0, 1, 2, 3, 4])), strict=True))
    order, other = draw(st.permutations(OPTIONS)), draw(st.permutations(OPTIONS))
    if kind is Format.RANK:
        cut = draw(st.integers(1, 4))
        groups = [[one] for one in other[:cut]] + [list(other[cut:])]
        return kind, {"order": [[one] for one in order], "effectiveness": levels}, groups
    if kind is Format.RATE:
        points = st.fixed_dictionaries({one: st.integers(1, 4) for one in OPTIONS})
        return kind, {"key": draw(points), "effectiveness": levels}, draw(points)
    if kind is Format.CHOOSE:
        return kind, {"key": sorted(order[:2]), "effectiveness": levels}, sorted(other[:2])
    panel = other[0] if kind is Format.SINGLE else {"best": other[0], "worst": other[1]}
    return kind, {"effectiveness": levels}, panel


@settings(max_examples=80)
@given(pairs())
def test_a_key_put_in_place_is_the_panels_and_deals_the_same_levels(pair: tuple[Format, dict[str, Any], Any]) -> None:
    kind, table, panel = pair
    made = with_key(kind, table, panel)
    assert is_same(kind, made, panel)
    assert not contradictions(kind, made, panel)
    if kind is not Format.RANK:  # responses the panel ties share one level
        assert sorted(made["effectiveness"].values()) == sorted(table["effectiveness"].values())
    assert list(made["effectiveness"]) == list(table["effectiveness"])
    assert with_key(kind, made, panel) == made
    own = written_key(kind, table)
    assert not contradictions(kind, table, own)
    if kind in (Format.RATE, Format.CHOOSE):
        assert bool(contradictions(kind, table, panel)) == (own != panel)
