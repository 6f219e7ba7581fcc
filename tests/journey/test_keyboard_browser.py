"""A whole sitting by keyboard alone: from the code on the slip to the receipt, and the focus is never out of sight."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.builders.hands import Hands, answer
from tests.journey.conftest import Demonstration

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("demonstration")]


def test_a_whole_sitting_by_keyboard_alone(demonstration: Demonstration, somebody: Callable[..., Page]) -> None:
    seat = demonstration.told["codes"][-1]
    invigilator = somebody("invigilator")
    room = f"/room/{demonstration.told['session']}"
    invigilator.goto(f"{room}/check-in")
    invigilator.get_by_role("link", name=f"Check in {seat['name']}").click()
    invigilator.get_by_label(re.compile("I have seen photo identity")).check()
    invigilator.get_by_role("button", name="Confirm identity").click()

    page = somebody()
    hands = Hands(page)
    page.goto("/sit/")
    expect(page.get_by_label("Access code")).to_be_focused()
    hands.type(seat["code"])
    hands.press("Tab")
    hands.type(demonstration.told["pin"])
    hands.press("Enter")
    expect(page.get_by_role("heading", level=1, name="Is this you?")).to_be_visible()
    hands.tab_to("button.btn-primary")
    hands.press("Enter")
    expect(page.get_by_role("heading", level=1, name="How should the test look?")).to_be_visible()
    hands.tab_to("input[type=radio]")
    hands.press("ArrowRight")
    assert page.evaluate("document.documentElement.dataset.scheme") == "cream"
    hands.press("ArrowLeft")
    hands.tab_to("main button.btn-primary")
    hands.press("Enter")
    expect(page.get_by_role("heading", level=1, name="Before you start")).to_be_visible()
    hands.tab_to("main button.btn-primary")
    hands.press("Enter")
    expect(page.get_by_role("heading", level=1, name="You are ready")).to_be_visible()

    invigilator.goto(room)
    invigilator.get_by_role("link", name="Start the room…").click()
    invigilator.get_by_role("dialog").get_by_role("button", name=re.compile("^Start")).click()
    page.wait_for_selector("[data-item]:visible")

    seen = set()
    questions = page.locator("article[data-question]").count()
    for number in range(1, questions + 1):
        here = f"#question-{number}"
        page.wait_for_selector(f"{here}:not([hidden])")
        assert page.evaluate("(here) => document.querySelector(here).contains(document.activeElement)", here), (
            "the focus goes into each new question"
        )
        seen.add(answer(hands, here))
        if number < questions:
            hands.tab_to("[data-action='next']")
            hands.press("Enter")
    assert seen == {"rank", "choose", "rate", "most_least", "single", "written"}
    expect(page.locator("[data-save-text]")).to_have_text(re.compile("All answers saved"))
    hands.tab_to("[data-action='next'], [data-action='review']")
    hands.press("Enter")
    expect(page.get_by_text(f"{questions} of {questions} questions are complete.")).to_be_visible()
    hands.tab_to("[data-action='submit']")
    hands.press("Enter")
    hands.tab_to("[data-action='submit-now']")
    hands.press("Enter")
    expect(page.get_by_role("heading", level=1, name="Your test is submitted")).to_be_visible()
    expect(page.get_by_text(f"{questions} of {questions}")).to_be_visible()
