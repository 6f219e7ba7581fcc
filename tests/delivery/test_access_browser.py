"""The pages of a sitting at 400 % zoom, in system colours, by keyboard, as the accessibility tree has them, read aloud.

The practice test is the page of a sitting with nothing behind it, so it is walked here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sjt import db
from sjt.config import Settings
from sjt.times import SystemClock
from tests.builders.hands import Hands, answer
from tests.builders.rooms import delivery_app, served
from tests.builders.seat import until
from tests.builders.server import CHROMIUM_ARGUMENTS
from tests.builders.targets import CANDIDATE, STAFF, targets
from tests.builders.tour import beyond_the_edge

pytest.importorskip("playwright.sync_api")
pytestmark = pytest.mark.browser

# A computer with one voice of its own and one on somebody's server; every utterance is kept and ends at once.
VOICES = """(() => {
    const said = (window.said = []);
    let going = 0;
    const synth = {
        getVoices: () => window.voices ?? [{name: "far", lang: "en-GB", localService: false},
                                           {name: "own", lang: "en-GB", localService: true}],
        speak(one) {
            said.push({text: one.text, voice: one.voice.name, rate: one.rate});
            const mine = going;
            setTimeout(() => (mine === going ? one.onend?.({}) : one.onerror?.({})), window.slowly ?? 0);
        },
        cancel() { going += 1; },
    };
    Object.defineProperty(window, "speechSynthesis", {value: synth});
    window.SpeechSynthesisUtterance = function (text) { this.text = text; };
})()"""

MOVING = """[...document.querySelectorAll("body *")].map(getComputedStyle)
    .filter((one) => parseFloat(one.transitionDuration) > .01 || parseFloat(one.animationDuration) > .01).length"""


@pytest.fixture
def context(settings: Settings, database: db.Database, player: Any, chromium: str) -> Iterator[Any]:
    with served(delivery_app(settings, database, SystemClock())) as base:
        browser = player.chromium.launch(executable_path=chromium, args=list(CHROMIUM_ARGUMENTS))
        found = browser.new_context(
            base_url=base,
            viewport={"width": 320, "height": 640},
            forced_colors="active",
            color_scheme="dark",
            reduced_motion="reduce",
        )
        found.add_init_script(VOICES)
        yield found
        browser.close()


def looks(page: Any, selector: str) -> tuple[str, ...]:
    found: list[str] = page.eval_on_selector(
        selector,
        "one => { const s = getComputedStyle(one); return [s.color, s.borderColor, s.borderWidth, s.outlineStyle] }",
    )
    return tuple(found)


def check(page: Any, where: str) -> None:
    """Hold the page that shows to 320 px, and its controls to their size and a name in the accessibility tree."""
    assert beyond_the_edge(page) == [], where
    measured = targets(page, CANDIDATE)
    assert measured["count"] > 0 and measured["small"] == [], where
    tree = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")
    roles = {"button", "link", "radio", "checkbox", "textbox"}
    controls = [one for one in tree["nodes"] if not one["ignored"] and one["role"]["value"] in roles]
    assert controls and all(one["name"]["value"].strip() for one in controls), where


def test_the_practice_test_by_keyboard_at_400_per_cent_in_system_colours(context: Any) -> None:
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    sent: list[str] = []
    hands = Hands(page)
    page.goto("/practice/")
    check(page, "start")
    hands.tab_to("a.btn-primary")
    hands.press("Enter")
    page.wait_for_selector("html[data-ready]")
    page.on("request", lambda one: sent.append(one.url))
    assert page.evaluate("getComputedStyle(document.querySelector('.strip-flag')).color") == "rgb(255, 255, 255)"
    plain = looks(page, "[data-action='flag']")
    seen = set()
    for number in range(1, 7):
        here = f"#question-{number}"
        page.wait_for_selector(f"{here}:not([hidden])")
        check(page, here)
        seen.add(answer(hands, here))
        hands.tab_to("[data-action='check-answer']")
        hands.press("Enter")
        assert page.evaluate("document.activeElement.textContent") == "What the key says"
        assert page.locator(f"{here} [data-feedback-sum]").count() == (0 if number == 6 else 1)
        check(page, f"{here} with its key")
        if number == 1:
            hands.tab_to("[data-action='flag']")
            focused = looks(page, "[data-action='flag']")
            hands.press("Enter")
            assert focused[3] == "solid" and looks(page, "[data-action='flag']")[1:3] != plain[1:3], "pressed shows"
        hands.tab_to("[data-action='next']")
        hands.press("Enter")
    assert seen == {"rank", "choose", "rate", "most_least", "single", "written"}
    chosen, left = ".choice-card:has(:checked)", ".choice-card:not(:has(:checked))"
    assert looks(page, f"#question-2 {chosen}") != looks(page, f"#question-2 {left}"), "what is chosen shows"
    page.wait_for_selector("#check:not([hidden])")
    check(page, "check")
    assert page.evaluate(MOVING) == 0, "nothing moves where less motion is asked for"
    hands.tab_to("[data-action='submit']")
    hands.press("Enter")
    check(page, "submit")
    hands.tab_to("[data-action='submit-now']")
    hands.press("Enter")
    page.wait_for_url("**/practice/end")
    check(page, "end")
    assert [one for one in sent if "/static/" not in one and not one.endswith("/practice/end")] == []
    assert context.cookies() == [] and faults == []


def test_a_question_is_read_aloud_by_a_voice_of_this_computer_alone(context: Any) -> None:
    page = context.new_page()
    page.goto("/practice/test#question-4")
    page.wait_for_selector("html[data-ready]")
    button = page.locator(".exam-foot [data-action='aloud']")
    assert button.is_hidden(), "off unless it is chosen"
    page.click("[data-action='display']")
    check(page, "display")
    page.check("#display-aloud-slow")
    page.keyboard.press("Escape")
    page.locator("#question-4 input[data-end='most']").first.check()
    button.click()
    until(lambda: page.evaluate("said.length > 0 && !document.querySelector('.being-read')"), 20)
    said = page.evaluate("window.said")
    text = " ".join(one["text"] for one in said)
    assert text.startswith("Practice: The wrong coat You come home")
    assert "Response A: Ring the café at once, tell them, and go back with the coat." in text
    assert text.count("Your answer: Most appropriate.") == 1
    assert "What the key says" not in text and "locked out tonight" not in text, "the key is not read"
    assert {(one["voice"], one["rate"]) for one in said} == {("own", 0.75)}

    page.evaluate("window.slowly = 60_000")
    button.click()
    page.wait_for_selector(".being-read")
    assert button.inner_text().strip() == "Stop reading"
    page.evaluate("document.querySelector('[data-exam]').hidden = true")  # as a pause does
    page.wait_for_selector(".being-read", state="detached")
    page.evaluate("document.querySelector('[data-exam]').hidden = false")

    page.evaluate("window.voices = [{name: 'far', lang: 'en-GB', localService: false}]; window.said.length = 0")
    button.click()
    page.get_by_text("This computer has no voice of its own.").wait_for()
    assert page.evaluate("window.said") == []


def test_every_part_of_the_staffs_pages_is_large_enough_to_press(context: Any) -> None:
    page = context.new_page()
    for width in (1280, 320):
        page.set_viewport_size({"width": width, "height": 900})
        page.goto("/styleguide")
        measured = targets(page, STAFF)
        assert measured["count"] > 60 and measured["small"] == [], f"every part of the staff's pages at {width} px"
