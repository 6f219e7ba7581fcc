"""A scenario's whole life in a browser: written, read by three, live, edited, suspended under a signature, retired."""

from __future__ import annotations

from typing import Any

import pytest

from sjt import db
from sjt.access import Role
from sjt.accounts import passwords
from sjt.accounts import service as accounts
from sjt.authoring import service, store
from sjt.authoring.states import ScenarioState
from tests.builders.rooms import cookie_for, served
from tests.builders.server import CHROMIUM_ARGUMENTS

sync_api = pytest.importorskip("playwright.sync_api")
pytestmark = pytest.mark.browser
SCENARIO = "cypf-0001"
AT = f"/bank/scenarios/{SCENARIO}"
PASSWORD = "three plain words to sign"
PATIENCE = 60_000


def state() -> ScenarioState:
    with db.session() as session:
        return service.scenario_line(session, SCENARIO).state


def press(page: Any, name: str) -> None:
    """Press a button with the keyboard."""
    page.get_by_role("button", name=name, exact=True).first.focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")


def test_six_people_take_a_scenario_from_a_draft_to_live_and_out_of_use(
    app: Any, few: db.Database, chromium: str, player: Any
) -> None:
    with served(app) as base:
        browser = player.chromium.launch(executable_path=chromium, args=list(CHROMIUM_ARGUMENTS))
        roles = {
            "wanda": Role.WRITER, "rashid": Role.REVIEWER, "ruth": Role.REVIEWER,
            "femi": Role.FAIRNESS, "dina": Role.TEST_DEVELOPER,
        }  # fmt: skip
        pages: dict[str, Any] = {}
        for login, role in roles.items():
            context = browser.new_context(viewport={"width": 1280, "height": 900}, base_url=base)
            context.set_default_timeout(PATIENCE)
            context.add_cookies([{"name": "sjt", "value": cookie_for(app, role, login=login), "url": base}])
            pages[login] = context.new_page()
        wanda, dina = pages["wanda"], pages["dina"]
        wanda.goto(AT)
        press(wanda, "Edit")
        wanda.fill("#title", "Three small things")
        press(wanda, "Save")
        wanda.goto(wanda.url.partition("#")[0].partition("?")[0] + "/send-to-review")
        for name in ("Rashid", "Ruth", "Femi"):
            wanda.get_by_label(name).focus()
            wanda.keyboard.press("Space")
        press(wanda, "Send to review")
        wanda.wait_for_url(f"**{AT}/history")
        assert "From blank to review" in wanda.inner_text("main") and state() is ScenarioState.REVIEW
        dina.goto(f"{AT}/history")
        told = dina.inner_text("main")
        assert "2 reviews of this version are missing." in told and "Rashid, Ruth" in told and "Femi" in told
        pages["femi"].goto(f"{AT}/comments")
        pages["femi"].get_by_label("About").select_option("story")
        pages["femi"].get_by_label("Comment", exact=True).fill("Say who the girl is before what she lacks.")
        press(pages["femi"], "Comment")
        for login, verdict, button in (
            ("rashid", "Approve this version", "Give the review"),
            ("ruth", "Approve this version", "Give the review"),
            ("femi", "Sign off: fair to everybody who may sit it", "Give the finding"),
        ):
            page = pages[login]
            page.goto("/desk")
            page.get_by_role("link", name="scenarios", exact=False).filter(has_text=SCENARIO).click()
            page.get_by_role("link", name="Review").first.click()
            if login != "femi":
                assert "of 4," not in page.inner_text("main"), "who has not answered sees no key"
                for field in page.get_by_label("Your answer to item").all():
                    field.fill("C A E B D")
                press(page, "Show the key")
                page.get_by_text("You answered before the key:").wait_for()
            text = page.inner_text("main")
            assert "Say who the girl is" in text
            assert ("of 4," in text) is (login != "femi"), "nobody who judges fairness sees the key"
            page.get_by_label(verdict).check()
            press(page, button)
            page.wait_for_url("**/bank/tasks")
            assert "Nothing is asked." in page.inner_text("main")
        dina.goto(f"{AT}/history")
        press(dina, "Approve for trial")
        assert state() is ScenarioState.APPROVED_FOR_TRIAL
        press(dina, "Make live")
        assert "No key panel has judged the key of this version." in dina.inner_text("[role=alert]")
        for box in ("panel", "statistics"):
            dina.locator(f"#w-live-{box}").check()
        dina.locator("#reason-live").fill("Used on paper since 2019, panel minutes of 3 May 2019.")
        press(dina, "Make live")
        assert "Passed over: key panel, trial statistics" in dina.inner_text("main") and state() is ScenarioState.LIVE
        # a later version carries the open comment; the two differ in one field
        wanda.goto(AT)
        press(wanda, "Edit")
        wanda.fill("#title", "Three things she said")
        assert state() is ScenarioState.LIVE, "a draft moves nothing"
        press(wanda, "Send to review…")
        press(wanda, "Put into the bank")
        wanda.goto(f"{AT}/comments")
        assert "Carried from version 2" in wanda.inner_text("main")
        wanda.goto(f"{AT}/history")
        press(wanda, "Compare")
        assert "1 field differs from version 2" in wanda.inner_text("main")
        # law changes: one search, one signature
        with db.transaction() as session:
            person = accounts.find_by_login(session, "dina")
            assert person is not None
            person.password_hash = passwords.hashed(PASSWORD)
            session.add(person)
        dina.goto("/bank/suspend?all_states=yes&words=care+review")
        dina.get_by_label("Reason").fill("The guidance was withdrawn this week.")
        dina.get_by_label("Your password").fill(PASSWORD)
        press(dina, "Suspend what is ticked")
        dina.wait_for_url("**/bank/suspensions/*")
        assert state() is ScenarioState.SUSPENDED
        dina.goto(f"{AT}/history")
        dina.locator("#reason-retire").fill("Its incident is too well known by now.")
        press(dina, "Retire")
        assert state() is ScenarioState.RETIRED
        for width in (320, 390):
            for page, address in ((dina, f"{AT}/history"), (wanda, f"{AT}/comments"), (dina, "/bank/suspend"),
                                  (pages["ruth"], "/bank/tasks?show=done")):  # fmt: skip
                page.set_viewport_size({"width": width, "height": 900})
                page.goto(address)
                beyond = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
                assert beyond <= 0, f"{address} goes {beyond} px beyond {width}"
        browser.close()
    with db.session() as session:
        deeds = [one.did for one in store.moves(session, SCENARIO)]
    assert deeds == ["illustration", "write", "send", "approve", "live", "write", "suspend", "retire"]
