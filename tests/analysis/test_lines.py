"""Lines of the analysis that no page test would miss: pooled discriminations, and what puts a key in doubt."""

from __future__ import annotations

from typing import Any

import pytest

from sjt.analysis import choices, jobs, service, views

GAP = {"key": "C", "rival": "D", "gap": 0.31, "ci": [0.04, 0.55], "low99": 0.01}


def row(**known: Any) -> dict[str, Any]:
    rest = {"item": "i1", "n": 84, "max": 4.0, "facility": 0.6, "sd": 1.0, "flags": [], "item_rest_ci": None}
    return {**rest, "item_rest": None, "item_rest_pooled": None, **known}


@pytest.mark.parametrize(
    ("known", "wanted"), [({"item_rest_pooled": 0.25}, 0.25), ({"item_rest": 0.5, "item_rest_pooled": 0.25}, 0.5)]
)
def test_an_item_that_forms_alone_tell_of_has_their_pooled_discrimination(known: Any, wanted: float) -> None:
    assert views._dressed(row(**known))["r"] == wanted
    found = {"parts": {"form-1": {"items": [row(**known)]}}, "versions": {"i1": "1" * 64}}
    told = {one.name: one for one in service.statistics(found, source="x", date="2026-01-01")}
    assert told["discrimination"].value == wanted
    assert told["discrimination"].se == pytest.approx((1 - wanted**2) / 9)


def test_a_key_is_in_doubt_only_beyond_ninety_nine_in_a_hundred_and_says_why() -> None:
    said = choices._doubt(GAP, 84, "Best answer")
    assert said is not None and said.startswith("Option D (best answer) draws stronger candidates than the keyed")
    assert "option C does" in said and "0.31 (95 % interval 0.04 to 0.55, n = 84)" in said
    assert choices._doubt({**GAP, "low99": 0.0}, 84, "Best answer") is None  # its 95 % interval alone is above nought
    assert choices._doubt(None, 84, "Best answer") is None
    sections = [{"what": "Best answer"}]
    title = jobs._finding("i1", {"key_doubt": said, "gap": GAP, "sections": sections})
    assert title == "D draws stronger candidates than the key C"
    assert jobs._finding("i1", {"key_doubt": None, "gap": GAP, "sections": sections}) == "i1: best answer"
