"""A whole sitting by keyboard alone: from the code on the slip to the receipt, and the focus is never out of sight."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.journey.conftest import Demonstration

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("demonstration")]

IN_SIGHT = """() => {
    const one = document.activeElement;
    if (!one || one === document.body) return "nothing has the focus";
    const shown = one.matches("input") && one.closest("label") ? one.closest("label") : one;
    const box = shown.getBoundingClientRect();
    const points = [[.5, .5], [.1, .2], [.9, .8], [.1, .8], [.9, .2]];
    const seen = points.some(([x, y]) => {
        const hit = document.elementFromPoint(box.left + box.width * x, box.top + box.height * y);
        return hit && (shown.contains(hit) || hit.contains(shown));
    });
    return seen ? "" : `${one.outerHTML.slice(0, 120)} is covered or out of the window`;
}"""


class Hands:
    """Somebody who has no mouse."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def type(self, words: str) -> None:
        self.page.keyboard.type(words)

    def tab_to(self, selector: str) -> None:
        """Press Tab until what fits the selector has the focus; every stop on the way must be in sight."""
        for _ in range(120):
            self.press("Tab")
            if self.page.evaluate("document.activeElement === document.body"):
                continue  # the browser's own bar, then round again
            fault = self.page.evaluate(IN_SIGHT)
            assert not fault, fault
            if self.page.evaluate("(fits) => document.activeElement.matches(fits)", selector):
                return
        raise AssertionError(f"Tab never came to {selector} on {self.page.url}")


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


def answer(hands: Hands, here: str) -> str:
    """Answer the question in full and give its format."""
    kind = hands.page.locator(f"{here} [data-item]").get_attribute("data-format") or ""
    if kind == "rank":
        for place in "12345":
            hands.tab_to("[data-tray] [data-action='place']")
            hands.press(place)
        hands.press("Alt+ArrowUp")
    elif kind == "choose":
        for _ in range(3):
            hands.tab_to("input[type=checkbox]:not(:checked)")
            hands.press("Space")
    elif kind == "rate":
        for at in range(hands.page.locator(f"{here} fieldset.rate-row").count()):
            hands.tab_to("fieldset.rate-row input")
            hands.press("Space", *["ArrowRight"] * (at % 4))
    elif kind == "most_least":
        hands.tab_to("input[data-end='most']")
        hands.press("Space")
        hands.tab_to("input[data-end='least']")
        hands.press("ArrowDown")
    elif kind == "single":
        hands.tab_to("input[type=radio]")
        hands.press("Space", "ArrowDown")
    else:
        hands.tab_to("textarea")
        hands.type("I would listen first, then tell my manager.")
    return kind
