"""One question as a candidate will see it: the parts of a sitting's own page, nothing of the key."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

from flask import render_template

from sjt.authoring.freezing import TEST_TITLE, paper_scenario
from sjt.authoring.model import Bank, Scenario
from sjt.errors import NotFound
from sjt.web.headers import allow_framing_by_self


def preview_page(bank: Bank, scenario: Scenario, wanted: str | None, address: Callable[[str], str]) -> str:
    """Render an item of a scenario, the first if none is named; ``address`` gives the page of another item."""
    allow_framing_by_self()
    shown = paper_scenario(bank, scenario, scenario.items)
    numbers = {item.id: number for number, item in enumerate(shown.items, start=1)}
    item_id = wanted or shown.items[0].id
    if item_id not in numbers:
        raise NotFound(f"Scenario {scenario.id} has no item {item_id}.")
    number = numbers[item_id]

    def link(at: int) -> tuple[str, str] | None:
        return (f"Question {at}", address(shown.items[at - 1].id)) if 1 <= at <= len(shown.items) else None

    question = SimpleNamespace(
        number=number,
        title=shown.title,
        scenario=shown,
        item=shown.items[number - 1],
        order=[option.id for option in shown.items[number - 1].options],
    )
    return render_template(
        "authoring/scenario_preview.html",
        q=question,
        total=len(shown.items),
        previous=link(number - 1),
        following=link(number + 1),
        test_name=TEST_TITLE,
        test_part="Preview",
        display={},
    )
