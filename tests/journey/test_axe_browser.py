"""Axe finds nothing on any page of the staff, and none scrolls sideways at 320 px (400 % zoom of 1280)."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from sjt.demo.people import PASSWORD, STAFF
from tests.builders.tour import beyond_the_edge, pages_of, shape
from tests.journey.conftest import Demonstration

axe_playwright = pytest.importorskip("axe_playwright_python.sync_playwright")
pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("demonstration")]
LOGINS = [person.login for person in STAFF if not person.login.endswith("2")]


@pytest.fixture(scope="module")
def looked_at() -> set[str]:
    """Remember the kinds of page that were looked at as somebody else."""
    return set()


@pytest.mark.parametrize("login", LOGINS)
def test_axe_finds_nothing_and_nothing_scrolls_sideways(
    login: str, browser: Browser, demonstration: Demonstration, looked_at: set[str]
) -> None:
    axe = axe_playwright.Axe()
    # axe puts inline style into the page, which the policy would stop
    context = browser.new_context(base_url=demonstration.address, bypass_csp=True)
    page = context.new_page()
    page.goto("/sign-in")
    page.get_by_label("Log-in name").fill(login)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/desk")
    finished = demonstration.told["finished"][-1]
    starts = {
        "psychometrician": (f"/analysis/sessions/{finished}", f"/results/sessions/{finished}"),
        "officer": (f"/results/sessions/{finished}",),
    }
    faults: list[str] = []
    for address in pages_of(page, ("/desk", *starts.get(login, ())), known=looked_at):
        looked_at.add(shape(address.partition("?")[0]))
        for width in (1280, 320):
            page.set_viewport_size({"width": width, "height": 900})
            found = axe.run(page)
            if found.violations_count:
                faults.append(f"{address} at {width} px: {found.generate_report()}")
            faults += [f"{address} at {width} px: beyond the edge: {one}" for one in beyond_the_edge(page)]
        page.set_viewport_size({"width": 1280, "height": 900})
    context.close()
    assert not faults, "\n".join(faults)
