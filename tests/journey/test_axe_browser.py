"""Every page of the staff, as each role that may open it: axe, all of it by Tab, and nothing sideways at 320 px."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from sjt.demo.people import PASSWORD, STAFF
from tests.builders.tour import pages_of
from tests.builders.walker import WIDE, Walker, report
from tests.journey.conftest import Demonstration

pytest.importorskip("axe_playwright_python")
pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("demonstration")]
LOGINS = [person.login for person in STAFF if not person.login.endswith("2")]


@pytest.fixture(scope="module")
def walker() -> Walker:
    """Remember over all roles what was looked at: a page that holds nothing new is not asked twice."""
    return Walker()


@pytest.mark.parametrize("login", LOGINS)
def test_axe_and_the_keyboard_find_nothing_wrong(
    login: str, browser: Browser, demonstration: Demonstration, walker: Walker
) -> None:
    # axe puts inline style into the page, which the policy would stop
    context = browser.new_context(base_url=demonstration.address, bypass_csp=True, viewport=WIDE)
    page = context.new_page()
    page.goto("/sign-in")
    faults = [("/sign-in", fault) for fault in walker.faults_of(page)]
    page.get_by_label("Log-in name").fill(login)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/desk")
    finished = demonstration.told["finished"][-1]
    starts = {
        "psychometrician": (f"/analysis/sessions/{finished}", f"/results/sessions/{finished}", "/results/corrections"),
        "officer": (f"/results/sessions/{finished}", f"/results/sessions/{finished}/re-award"),
    }
    visited = 0
    for address in pages_of(page, ("/desk", *starts.get(login, ()))):
        visited += 1
        faults += [(address, fault) for fault in walker.faults_of(page)]
    context.close()
    print(f"{login}: {visited} pages, {walker.looked_at} looked at so far, {walker.stops} stops of the Tab key")
    assert not faults, report(faults)
