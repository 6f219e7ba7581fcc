"""Responses and events as CONTRACT has them: the canonical form, and the code of each refusal."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sjt.delivery.model import ClientEvent, Code, Refused
from sjt.delivery.responses import Fault, check_response, items_of, read_event
from tests.builders.sittings import a_paper

ITEMS = items_of(a_paper())
RANK, CHOOSE, RATE, MOST, SINGLE, WRITTEN = (ITEMS[name] for name in ("s1-a", "s1-b", "s2-a", "s2-b", "s3-a", "s3-b"))


@pytest.mark.parametrize(
    ("item", "response", "canonical"),
    [
        (RANK, {"B": 1, "A": 2}, {"A": 2, "B": 1}),
        (RANK, {}, {}),
        (CHOOSE, ["E", "B"], ["B", "E"]),
        (RATE, {"A": 4, "B": 2}, {"A": 4, "B": 2}),
        (MOST, {"most": "B", "least": None}, {"least": None, "most": "B"}),
        (MOST, {"most": "B"}, {"least": None, "most": "B"}),
        (SINGLE, "C", "C"),
        (WRITTEN, {"text": "e\u0301\r\nb\rc"}, {"text": "é\nb\nc"}),
        (WRITTEN, {"text": "x" * 20_000}, {"text": "x" * 20_000}),
        (WRITTEN, {"text": "word " * 500}, {"text": "word " * 500}),
        (SINGLE, None, None),
    ],
)
def test_a_good_response_takes_its_canonical_form(item: Any, response: Any, canonical: Any) -> None:
    assert check_response(item, response) == canonical
    assert check_response(item, canonical) == canonical


@pytest.mark.parametrize(
    ("item", "response", "code"),
    [
        (RANK, {"A": 1, "B": 1}, Code.TIED),
        (RANK, {"A": 0}, Code.OUT_OF_RANGE),
        (RANK, {"A": 6}, Code.OUT_OF_RANGE),
        (RANK, {"A": True}, Code.BAD_SHAPE),
        (RANK, {"A": 1.0}, Code.BAD_SHAPE),
        (RANK, {"A": "1"}, Code.BAD_SHAPE),
        (RANK, {"Z": 1}, Code.UNKNOWN_OPTION),
        (RANK, ["A", "B"], Code.BAD_SHAPE),
        (CHOOSE, ["A", "B", "C", "D"], Code.OVER_SELECTED),
        (CHOOSE, ["Z"], Code.UNKNOWN_OPTION),
        (CHOOSE, ["A", "A"], Code.BAD_SHAPE),
        (CHOOSE, "A", Code.BAD_SHAPE),
        (CHOOSE, [1], Code.BAD_SHAPE),
        (RATE, {"A": 5}, Code.OUT_OF_RANGE),
        (RATE, {"A": 0}, Code.OUT_OF_RANGE),
        (MOST, {"most": "A", "least": "A"}, Code.TIED),
        (MOST, {"most": "Z", "least": None}, Code.UNKNOWN_OPTION),
        (MOST, {"best": "A"}, Code.BAD_SHAPE),
        (MOST, {"most": 1}, Code.BAD_SHAPE),
        (SINGLE, "Z", Code.UNKNOWN_OPTION),
        (SINGLE, 1, Code.BAD_SHAPE),
        (WRITTEN, {"text": "x" * 20_001}, Code.TOO_LONG),
        (WRITTEN, {"text": 1}, Code.BAD_SHAPE),
        (WRITTEN, "text", Code.BAD_SHAPE),
        (WRITTEN, {"text": "a\ud800"}, Code.BAD_SHAPE),
        (WRITTEN, {"text": "a\x00"}, Code.BAD_SHAPE),
    ],
)
def test_a_bad_response_is_refused_with_its_code(item: Any, response: Any, code: Code) -> None:
    found = check_response(item, response)
    assert isinstance(found, Fault)
    assert found.code is code


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(list(ITEMS.values())), anything)
def test_no_response_breaks_the_check_and_what_it_takes_it_takes_again(item: Any, response: Any) -> None:
    found = check_response(item, response)
    if not isinstance(found, Fault):
        assert check_response(item, found) == found


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from(["id", "seq", "kind", "item", "response", "client_time", "prev"]), anything))
def test_no_event_breaks_the_reader(raw: dict[str, Any]) -> None:
    assert isinstance(read_event(raw, ITEMS), Refused)


def an_event(**changes: Any) -> dict[str, Any]:
    event = {"id": str(uuid4()), "seq": 1, "kind": "answer", "item": "s3-a", "response": "A"}
    return {**event, "client_time": "2026-11-22T09:14:03.120Z", "prev": None, **changes}


def test_a_good_event_is_read() -> None:
    event = read_event(an_event(), ITEMS)
    assert isinstance(event, ClientEvent)
    assert isinstance(event.id, UUID)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"id": "x"}, Code.BAD_SHAPE),
        ({"seq": -1}, Code.BAD_SHAPE),
        ({"seq": True}, Code.BAD_SHAPE),
        ({"seq": 2**60}, Code.BAD_SHAPE),
        ({"kind": "cheat"}, Code.BAD_SHAPE),
        ({"item": None}, Code.BAD_SHAPE),
        ({"item": "s9-a"}, Code.UNKNOWN_ITEM),
        ({"client_time": "2026-11-22T09:14:03"}, Code.BAD_SHAPE),
        ({"client_time": 5}, Code.BAD_SHAPE),
        ({"prev": "ABC"}, Code.BAD_SHAPE),
        ({"kind": "blur", "item": None}, Code.BAD_SHAPE),
        ({"kind": "flag", "response": 1}, Code.BAD_SHAPE),
    ],
)
def test_a_bad_event_is_refused_with_its_code(changes: dict[str, Any], code: Code) -> None:
    found = read_event(an_event(**changes), ITEMS)
    assert isinstance(found, Refused)
    assert found.code is code
