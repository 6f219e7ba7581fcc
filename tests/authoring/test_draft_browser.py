"""A writer at the keyboard: from an empty draft to a scenario that no rule finds fault with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sjt import db
from sjt.access import Role
from sjt.authoring import bank as files
from sjt.authoring.draft import from_scenario
from sjt.paths import bank_dir
from tests.builders.rooms import cookie_for, served
from tests.builders.server import CHROMIUM_ARGUMENTS

sync_api = pytest.importorskip("playwright.sync_api")
pytestmark = pytest.mark.browser
PATIENCE = 60_000


@pytest.fixture
def desk(app: Any, few: db.Database, chromium: str, player: Any) -> Iterator[tuple[Any, dict[str, str]]]:
    with served(app) as base:
        browser = player.chromium.launch(executable_path=chromium, args=list(CHROMIUM_ARGUMENTS))
        context = browser.new_context(viewport={"width": 1280, "height": 900}, base_url=base)
        cookie = {"name": "sjt", "value": cookie_for(app, Role.WRITER), "url": base}
        context.add_cookies([cookie])
        yield context.new_page(), cookie
        browser.close()


def go_to(page: Any, field: str) -> None:
    """Press Tab until a field has the focus."""
    for _ in range(90):
        if page.evaluate("document.activeElement.id || document.activeElement.value") == field:
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not lead to {field}")


def write(page: Any, field: str, text: str) -> None:
    go_to(page, field)
    if page.evaluate("document.activeElement.tagName") == "SELECT":
        page.keyboard.type(text)
    else:
        page.keyboard.press("Control+A")
        page.keyboard.insert_text(text)


def open_part(page: Any, part: str) -> None:
    """Open another part of the editor from its tab."""
    page.locator(f"[data-tab={part}]").focus()
    page.keyboard.press("Enter")
    sync_api.expect(page.locator(f"[data-part={part}]")).to_be_visible()


def shown_scenario() -> dict[str, str]:
    """Give the fields of a scenario of the shipped bank that the test's bank does not hold."""
    folder = next(bank_dir().glob("scenarios/cypf-0012*")).name
    both = {name: (bank_dir() / name).read_bytes() for name in (files.scenario_file(folder), files.key_file(folder))}
    return from_scenario(*files.load_pair(both))


def test_a_ranking_is_written_by_keyboard_until_nothing_is_found_and_no_word_is_lost(
    desk: tuple[Any, dict[str, str]],
) -> None:
    page, cookie = desk
    told = shown_scenario()
    page.goto(f"/bank/drafts/new?format=rank&outcome={told['outcomes'].split()[0]}")
    page.locator("#format").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("#draft")
    for name in ("title", "story"):
        write(page, name, told[name])
    for option in "ABCDE":
        head = f"i.a.o.{option}"
        write(page, f"{head}.text", told[f"{head}.text"])
        write(page, f"{head}.why", told[f"{head}.why"])
        write(page, f"{head}.place", told[f"{head}.place"])
        write(page, f"{head}.level", told[f"{head}.level"])
    open_part(page, "mapping")
    for code in told["ksbs"].split():
        statement = page.locator(f"label[for=ksbs-{code}]").inner_text().removeprefix(code).strip()
        page.locator("#ksbs-search").focus()
        write(page, "ksbs-search", " ".join(statement.split()[:6]))
        go_to(page, f"ksbs-{code}")
        page.keyboard.press("Space")
        write(page, f"ksb.{code}.role", told[f"ksb.{code}.role"].capitalize())
        write(page, f"ksb.{code}.shows", told[f"ksb.{code}.shows"])
    open_part(page, "background")
    write(page, "source", told["source"])
    go_to(page, "add-row:person")
    page.keyboard.press("Enter")
    page.wait_for_selector("[id='person.1.name']:focus", timeout=PATIENCE)
    for part in ("name", "role", "gender", "age"):
        write(page, f"person.1.{part}", told[f"person.1.{part}"].capitalize())
    open_part(page, "mapping")
    for part in ("setting", "age", "relation", "pressure", "dilemma", "law"):
        write(page, f"features.{part}", told[f"features.{part}"])
    sync_api.expect(page.locator("#found-count")).to_have_text("Nothing found", timeout=PATIENCE)
    seen = page.frame_locator("[data-preview]")
    sync_api.expect(seen.locator("h1, h2").filter(has_text=told["title"]).first).to_be_visible(timeout=PATIENCE)
    sync_api.expect(seen.get_by_text(told["i.a.o.A.text"]).first).to_be_attached()
    assert page.evaluate("document.activeElement.id") == "features.law"

    open_part(page, "write")
    whole = page.locator("#story").input_value()
    page.locator("#story").fill(f"{whole}\nOf course he was rude.")
    marks = page.locator("[data-marks] mark")
    sync_api.expect(marks).to_have_text(["Of course", "was rude"], timeout=PATIENCE)
    note = page.locator("#story-found .note").first
    line = page.locator("[data-marks] > div").last
    assert abs(note.bounding_box()["y"] - line.bounding_box()["y"]) < 6, "the finding stands beside its line"
    page.get_by_role("link", name="hints at the answer").click()
    assert page.evaluate("document.activeElement.id") == "story"
    page.locator("#story").fill(whole)
    sync_api.expect(page.locator("#found-count")).to_have_text("Nothing found", timeout=PATIENCE)
    sync_api.expect(marks).to_have_count(0)

    page.locator("[data-grip]").first.hover()
    page.mouse.down()
    third = page.locator("[data-option=C]").bounding_box()
    page.mouse.move(400, third["y"] + third["height"] / 2 + 9, steps=12)
    page.mouse.up()
    order = page.locator("[name='i.a.options']")
    sync_api.expect(order).to_have_value("B C A D E")
    page.get_by_role("button", name="Move response A up").focus()
    page.keyboard.press("Enter")
    sync_api.expect(order).to_have_value("B A C D E")
    sync_api.expect(page.locator("[data-said]")).to_have_text("Response A is at place 2 of 5.")
    sync_api.expect(page.locator("[data-save-text]")).to_contain_text("Saved", timeout=PATIENCE)
    sync_api.expect(seen.get_by_text(told["i.a.o.B.text"]).first).to_be_attached(timeout=PATIENCE)
    phone = seen.locator("body").evaluate("document.documentElement.clientWidth")
    page.locator("#seen-phone").focus()
    page.keyboard.press("ArrowRight")
    assert seen.locator("body").evaluate("document.documentElement.clientWidth") > 2 * phone

    page.get_by_role("button", name="Send to review").click()
    page.wait_for_selector("h1:has-text('Send to review')", timeout=PATIENCE)
    page.go_back()
    open_part(page, "mapping")
    page.context.clear_cookies()
    write(page, "features.law", "typed while signed out")
    page.keyboard.press("Control+S")
    sync_api.expect(page.locator("[data-save-text]")).to_contain_text("kept in this tab", timeout=PATIENCE)
    page.context.add_cookies([cookie])
    page.once("dialog", lambda asked: asked.accept())
    page.reload()
    sync_api.expect(page.locator("[id='features.law']")).to_have_value("typed while signed out", timeout=PATIENCE)
