"""The practice test: for anybody, marked by the real rules, of scenarios that no form can hold, and nothing kept."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from flask import Flask
from pydantic import TypeAdapter

from sjt.authoring.import_export import refuse_practice
from sjt.authoring.model import RubricKey
from sjt.authoring.snapshot import Format, PaperItem
from sjt.delivery import familiarisation
from sjt.errors import InputError
from sjt.psychometrics import scoring
from tests.builders.clients import StrictClient


def test_anybody_takes_it_and_nothing_is_kept(app: Flask) -> None:
    stranger = StrictClient(app.test_client())
    for path in ("/practice/", "/practice/test", "/practice/test?clock=yes", "/practice/end"):
        reply = stranger.get(path)
        assert reply.status_code == 200, path
        assert "Set-Cookie" not in reply.headers, f"{path} knows nobody"
        assert "csrf_token" not in reply.get_data(as_text=True)
    page = stranger.get("/practice/test").soup
    formats = [item["data-format"] for item in page.select("article .item")]
    assert sorted(formats) == sorted(one.value for one in Format)
    assert all(title.get_text().startswith("Practice: ") for title in page.select("article header h1"))
    assert page.select_one("[data-timer-left]").get_text() == "No time limit"
    assert len(page.select("[data-feedback]")) == 6
    for start in ("/sit/", "/sign-in"):
        assert stranger.get(start).soup.select("a[href='/practice/']"), start


def responses(item: PaperItem) -> Iterator[Any]:
    ids = item.option_ids()
    if item.format is Format.RANK:
        for order in itertools.permutations(range(1, len(ids) + 1)):
            yield dict(zip(ids, order, strict=True))
    elif item.format is Format.RATE:
        for points in itertools.product(range(1, familiarisation.POINTS + 1), repeat=len(ids)):
            yield dict(zip(ids, points, strict=True))
    elif item.format is Format.CHOOSE:
        assert item.choose is not None
        yield from (list(chosen) for chosen in itertools.combinations(ids, item.choose))
    elif item.format is Format.MOST_LEAST:
        yield from ({"most": most, "least": least} for most, least in itertools.permutations(ids, 2))
    else:
        yield from ids


def answer_of(kind: Format, option: str, response: Any) -> str:
    """Do as rehearsal.js does."""
    if kind in (Format.RANK, Format.RATE):
        return str(response[option])
    if kind is Format.CHOOSE:
        return "yes" if option in response else ""
    if kind is Format.SINGLE:
        return "yes" if response == option else ""
    return "most" if response["most"] == option else "least" if response["least"] == option else ""


def test_marks_shown_are_those_of_the_real_rules_for_every_response() -> None:
    bank, paper = familiarisation.bank(), familiarisation.paper()
    said = {one.item: one for one in familiarisation.feedback()}
    asked = 0
    for scenario in paper.scenarios:
        (item,) = scenario.items
        key, shown = bank.keys[scenario.id].items[item.id], said[item.id]
        if isinstance(key, RubricKey):
            assert shown.look_for and shown.exemplars
            continue
        assert shown.marks is not None and all(line.why for line in shown.lines)
        matrices = TypeAdapter(dict[str, Any]).dump_python(dict(bank.settings.matrices), mode="json")
        settings = {"matrices": matrices, "choose": item.choose, "scale_points": familiarisation.POINTS}
        raw = TypeAdapter(type(key)).dump_python(key, mode="json")
        rule = scoring.bind(key.rule, raw, options=item.option_ids(), settings=settings)
        for response in responses(item):
            marks = [Fraction(shown.marks[one][answer_of(item.format, one, response)]) for one in item.option_ids()]
            assert sum(marks) == rule.mark(response).total, (item.id, response)
            asked += 1
        assert shown.most == str(rule.mark(next(responses(item))).max)
    assert asked == 120 + 1024 + 20 + 12 + 4


def test_practice_scenarios_never_enter_the_bank_of_forms() -> None:
    bank = familiarisation.bank()
    with pytest.raises(InputError, match="never enter") as refused:
        refuse_practice(bank)
    assert refused.value.faults[0].file == "bank.toml" and len(refused.value.faults) == 7
    relabelled = replace(bank, settings=replace(bank.settings, practice=False))
    with pytest.raises(InputError) as refused:
        refuse_practice(relabelled)
    assert len(refused.value.faults) == 6, "their ids alone are enough"
