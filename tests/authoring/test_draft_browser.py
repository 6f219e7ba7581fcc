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
PATIENCE = 20_000


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
    for code in told["ksbs"].split():
        statement = page.locator(f"label[for=ksbs-{code}]").inner_text().removeprefix(code).strip()
        page.locator("#ksbs-search").focus()
        write(page, "ksbs-search", " ".join(statement.split()[:6]))
        go_to(page, f"ksbs-{code}")
        page.keyboard.press("Space")
        write(page, f"ksb.{code}.role", told[f"ksb.{code}.role"].capitalize())
        write(page, f"ksb.{code}.shows", told[f"ksb.{code}.shows"])
    page.locator("#source").focus()
    write(page, "source", told["source"])
    go_to(page, "add-row:person")
    page.keyboard.press("Enter")
    page.wait_for_selector("[id='person.1.name']:focus", timeout=PATIENCE)
    for part in ("name", "role", "gender", "age"):
        write(page, f"person.1.{part}", told[f"person.1.{part}"].capitalize())
    for part in ("setting", "age", "relation", "pressure", "dilemma", "law"):
        write(page, f"features.{part}", told[f"features.{part}"])
    sync_api.expect(page.locator("#found-count")).to_have_text("Nothing found", timeout=PATIENCE)
    seen = page.frame_locator("[data-preview]")
    sync_api.expect(seen.locator("h1, h2").filter(has_text=told["title"]).first).to_be_visible(timeout=PATIENCE)
    sync_api.expect(seen.get_by_text(told["i.a.o.A.text"]).first).to_be_attached()
    assert page.evaluate("document.activeElement.id") == "features.law"

    page.context.clear_cookies()
    write(page, "features.law", "typed while signed out")
    page.keyboard.press("Control+S")
    sync_api.expect(page.locator("[data-save-text]")).to_contain_text("kept in this tab", timeout=PATIENCE)
    page.context.add_cookies([cookie])
    page.once("dialog", lambda asked: asked.accept())
    page.reload()
    sync_api.expect(page.locator("[id='features.law']")).to_have_value("typed while signed out", timeout=PATIENCE)
