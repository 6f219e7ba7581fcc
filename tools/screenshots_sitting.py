"""One sitting from check-in to receipt: the candidate's pages and the room's, a lost line and an evacuation."""

from __future__ import annotations

import re
from typing import Any, Final

from playwright.sync_api import Page, expect

from tools.screenshots_drawing import DESKTOP, NARROW, Artist, Cast

SEATS: Final = 4
"""So many are checked in; the first is followed with pictures."""
WRITTEN: Final = (
    "I would stay with Ellie, listen, and say honestly what I must pass on and to whom. "
    "I would write down her words and tell my manager today."
)


def sitting(cast: Cast, artist: Artist, told: dict[str, Any]) -> None:
    """Let one candidate sit the session that waits, with an invigilator beside."""
    seat, invigilator, candidate = told["codes"][0], cast["invigilator"], cast["candidate"]
    room = f"/room/{told['session']}"
    checking_in(artist, invigilator, told)
    coming_in(artist, candidate, seat, told["pin"])
    others_come_in(cast, told)
    invigilator.goto(room)
    artist.draw(invigilator, "console-before", zoomed=True)
    invigilator.get_by_role("link", name="Start the room…").click()
    dialog = invigilator.get_by_role("dialog")
    artist.draw(invigilator, "console-start", narrow=False)
    dialog.get_by_role("button", name=re.compile("^Start")).click()
    expect(dialog).not_to_be_visible()
    candidate.wait_for_selector("[data-item]:visible")
    questions(artist, candidate)
    candidate.locator('[data-action="review"]:visible').first.click()
    candidate.locator(".review-list a").first.click()
    artist.shot(candidate, "sitting-3-question", *DESKTOP)
    artist.shot(candidate, "sitting-3-question-phone", 390, 844)
    artist.shot(candidate, "sitting-4-question-320", NARROW)
    without_a_line(artist, candidate)
    for act in ("all/pause", "all/extend"):
        invigilator.goto(f"{room}/{act}")
        artist.draw(invigilator, f"act-{act.replace('/', '-')}")
    invigilator.goto(room)
    artist.draw(invigilator, "console", zoomed=True)
    invigilator.goto(f"{room}?view=list")
    artist.draw(invigilator, "console-list", zoomed=True)
    invigilator.goto(room)
    invigilator.get_by_role("link", name=seat["name"]).first.click()
    artist.draw(invigilator, "console-seat", zoomed=True)
    opener = invigilator.locator("#panel").get_by_role("link", name=re.compile("^Add time…"))
    as_page = opener.get_attribute("href") or ""
    opener.click()
    artist.draw(invigilator, "console-deed", narrow=False)
    invigilator.goto(as_page)
    artist.draw(invigilator, "act-seat")
    invigilator.goto(f"{room}/incidents")
    artist.draw(invigilator, "incidents", zoomed=True)
    evacuation(artist, invigilator, candidate, room)
    candidate.wait_for_selector("[data-item]:visible")
    candidate.locator('[data-action="review"]:visible').first.click()
    artist.draw(candidate, "candidate-check", zoomed=True)
    artist.shot(candidate, "sitting-7-check", *DESKTOP)
    candidate.get_by_role("button", name=re.compile("Submit my test")).click()
    artist.draw(candidate, "candidate-submit", narrow=False, zoomed=True)
    candidate.get_by_role("dialog").get_by_role("button", name=re.compile("Submit")).click()
    candidate.wait_for_selector(".receipt .code")
    artist.draw(candidate, "candidate-receipt", zoomed=True)
    artist.shot(candidate, "sitting-8-receipt", *DESKTOP)
    candidate.get_by_role("link", name="Comment on the test").click()
    artist.draw(candidate, "candidate-comments", zoomed=True)


def checking_in(artist: Artist, invigilator: Page, told: dict[str, Any]) -> None:
    check_in = f"/room/{told['session']}/check-in"
    invigilator.goto(check_in)
    artist.draw(invigilator, "check-in", zoomed=True)
    for at, one in enumerate(told["codes"][:SEATS]):
        identity(invigilator, check_in, one["name"])
        if at == 0:
            artist.draw(invigilator, "identity", zoomed=True)
        confirm(invigilator)
    invigilator.goto(check_in)
    invigilator.get_by_role("link", name=re.compile("^Undo the check-in of")).first.click()
    artist.draw(invigilator, "check-in-undo")


def identity(invigilator: Page, check_in: str, name: str) -> None:
    invigilator.goto(check_in)
    invigilator.get_by_role("link", name=f"Check in {name}").click()


def confirm(invigilator: Page) -> None:
    invigilator.get_by_label(re.compile("I have seen photo identity")).check()
    invigilator.get_by_role("button", name="Confirm identity").click()


def coming_in(artist: Artist, candidate: Page, seat: dict[str, str], pin: str) -> None:
    candidate.clock.install()
    candidate.goto("/sit/not-me")
    artist.draw(candidate, "candidate-not-me", zoomed=True)
    candidate.goto("/sit/link")
    artist.draw(candidate, "candidate-start-link", zoomed=True)
    candidate.goto("/sit/quit/done")
    artist.draw(candidate, "candidate-leave", zoomed=True)
    candidate.goto("/sit/")
    artist.draw(candidate, "candidate-enter", zoomed=True)
    artist.shot(candidate, "sitting-1-code", *DESKTOP)
    with_code(candidate, seat, pin)
    artist.draw(candidate, "candidate-you", zoomed=True)
    candidate.get_by_role("button", name="Yes, this is me").click()
    artist.draw(candidate, "candidate-display", zoomed=True)
    candidate.get_by_role("button", name="Keep these settings").click()
    artist.draw(candidate, "candidate-instructions", zoomed=True)
    candidate.get_by_role("button", name="I am ready").click()
    artist.draw(candidate, "candidate-waiting", zoomed=True)
    artist.shot(candidate, "sitting-2-waiting-320", NARROW)


def others_come_in(cast: Cast, told: dict[str, Any]) -> None:
    """Let the neighbours enter their codes, so that the console has more than one test to show."""
    for one in told["codes"][1 : SEATS - 1]:
        context = cast.browser.new_context(base_url=cast.address)
        page = context.new_page()
        page.goto("/sit/")
        with_code(page, one, told["pin"])
        for button in ("Yes, this is me", "Keep these settings", "I am ready"):
            page.get_by_role("button", name=button).click()
        page.wait_for_selector("[data-waiting]")


def with_code(page: Page, seat: dict[str, str], pin: str) -> None:
    page.get_by_label("Access code").fill(seat["code"])
    page.get_by_label("Room PIN").fill(pin)
    page.get_by_role("button", name="Continue").click()


def questions(artist: Artist, candidate: Page) -> None:
    """Answer until each format was seen once."""
    seen: set[str] = set()
    for _ in range(40):
        kind = answer(candidate)
        if kind not in seen:
            seen.add(kind)
            expect(candidate.locator("[data-save-text]")).to_have_text(re.compile("All answers saved"), timeout=30_000)
            name = "candidate-question" if kind == "rank" else f"candidate-{kind.replace('_', '-')}"
            artist.draw(candidate, name, zoomed=True)
        following = candidate.locator('[data-action="next"]:visible')
        if len(seen) == 6 or not following.count():
            break
        following.first.click()


def evacuation(artist: Artist, invigilator: Page, candidate: Page, room: str) -> None:
    """Stop every test in two presses, count the people, and go on for all."""
    invigilator.goto(room)
    invigilator.get_by_role("link", name="Evacuate…").click()
    dialog = invigilator.get_by_role("dialog")
    artist.draw(invigilator, "console-stop", narrow=False)
    artist.shot(invigilator, "evacuation-1-press", *DESKTOP)
    dialog.get_by_role("button", name="Stop all now").click()
    invigilator.wait_for_url("**/evacuation")
    artist.draw(invigilator, "evacuation", zoomed=True)
    artist.shot(invigilator, "evacuation-2-register", *DESKTOP)
    expect(candidate.get_by_role("heading", name="Your test is paused")).to_be_visible(timeout=30_000)
    artist.draw(candidate, "candidate-paused", zoomed=True)
    artist.shot(candidate, "sitting-6-paused-phone", 390, 844)
    invigilator.goto(room)
    artist.draw(invigilator, "console-evacuated", zoomed=True)
    artist.shot(invigilator, "evacuation-3-console", *DESKTOP)
    artist.shot(invigilator, "evacuation-3-console-320", NARROW)
    invigilator.goto(f"{room}/evacuation")
    invigilator.get_by_label("What happened, for the report").fill("A false alarm. All are back in their seats.")
    invigilator.get_by_role("button", name="Go on for all").click()
    invigilator.wait_for_url(re.compile(f"{room}$"))
    artist.draw(invigilator, "console-went-on")


def without_a_line(artist: Artist, candidate: Page) -> None:
    """Cut the candidate's line for three minutes of the page's time, then to the end and back."""
    candidate.context.set_offline(True)
    candidate.locator("[data-action=flag]").click()
    expect(candidate.locator("[data-save][data-state=offline]")).to_be_visible(timeout=30_000)
    candidate.clock.fast_forward("03:00")
    expect(candidate.locator("[data-exam] [data-file-offer]")).to_be_visible()
    artist.shot(candidate, "sitting-5-no-line", DESKTOP[0], DESKTOP[1])
    artist.shot(candidate, "sitting-5-no-line-320", NARROW)
    candidate.clock.fast_forward("02:00:00")
    expect(candidate.locator("[data-held=time]")).to_be_visible()
    candidate.clock.fast_forward("01:00")
    expect(candidate.locator("[data-held=time] [data-file-offer]")).to_be_visible()
    artist.shot(candidate, "sitting-6-time-up-no-line", 390)
    candidate.context.set_offline(False)
    expect(candidate.locator("[data-exam]")).to_be_visible(timeout=30_000)
    expect(candidate.locator("[data-save-text]")).to_have_text(re.compile("All answers saved"), timeout=30_000)


def answer(page: Page) -> str:
    """Answer what shows, leaving something open, and give its format."""
    item = page.locator("[data-item]:visible").first
    kind = item.get_attribute("data-format") or ""
    if kind == "rank":
        for place in (1, 2, 3):
            item.locator(f'[data-tray] [data-action="place"][data-place="{place}"]:visible').first.click()
    elif kind == "choose":
        for at in (0, 3):
            item.locator("label:has(input[type=checkbox])").nth(at).click()
    elif kind == "rate":
        for at, row in enumerate(item.locator("fieldset.rate-row").all()[:3]):
            row.locator("label:has(input[type=radio])").nth(at).click()
    elif kind == "most_least":
        item.locator('label:has(input[data-end="most"])').nth(0).click()
    elif kind == "single":
        item.locator("label:has(input[type=radio])").nth(1).click()
    else:
        item.get_by_role("textbox").fill(WRITTEN)
    page.mouse.move(2, 2)
    page.evaluate("document.activeElement?.blur(); scrollTo(0, 0)")
    return kind
