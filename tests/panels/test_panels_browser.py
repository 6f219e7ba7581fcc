"""One walk: a chair asks, two experts answer by page, ten others have; agreement, key meeting, settled key."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sjt import db
from sjt.access import Role
from sjt.authoring import gates
from sjt.panels import jobs, service
from tests.authoring.conftest import NOW
from tests.builders.rooms import served
from tests.builders.server import CHROMIUM_ARGUMENTS
from tests.panels.conftest import Asked, Worker, answer_all, experts, keyed

sync_api = pytest.importorskip("playwright.sync_api")
pytestmark = pytest.mark.browser
PATIENCE = 60_000


@pytest.fixture
def rooms(app: Any, few: db.Database, chromium: str, player: Any, client_as: Any) -> Iterator[Any]:
    """Give a maker of pages: each signed in as somebody else."""
    with served(app) as base:
        browser = player.chromium.launch(executable_path=chromium, args=list(CHROMIUM_ARGUMENTS))

        def page(role: Role, login: str) -> Any:
            held = client_as(role, login=login).client.get_cookie("sjt")
            context = browser.new_context(viewport={"width": 1280, "height": 900}, base_url=base)
            context.set_default_timeout(PATIENCE)
            context.add_cookies([{"name": "sjt", "value": held.value, "url": base}])
            return context.new_page()

        yield page
        browser.close()


def answer(page: Any, best: dict[str, Any]) -> None:
    """Answer every question as the page lets one: place by place, rating by rating, pick by pick."""
    while "/answer/" in page.url:
        item = page.url.rpartition("/")[2]
        section = page.locator(f'[data-item="{item}"]')
        kind = section.get_attribute("data-format")
        for option, value in best[item].items():
            if kind == "rank":
                section.locator(f'[data-option="{option}"] .to-places [data-place="{value}"]').click()
            elif kind == "rate":
                section.locator(f'[data-option="{option}"] input[value="{value}"]').check(force=True)
            else:
                section.locator(f'input[data-end="{option}"][value="{value}"]').check(force=True)
        before = page.url
        page.locator("button[name=go][value=next]").click()
        page.wait_for_function("before => location.href !== before", arg=before)


def test_a_panel_goes_from_the_asking_to_a_settled_key(rooms: Any, worker: Worker) -> None:
    with db.transaction() as session:
        people = experts(session, 12)
    chair = rooms(Role.PSYCHOMETRICIAN, "chair")
    chair.goto("/panels/new?scenario=cypf-0001")
    chair.get_by_label("Name of the panel").fill("Spring panel")
    chair.get_by_label("Answers are due by").fill("2036-03-28")
    for box in chair.locator("input[name=people]").all():
        box.check(force=True)
    chair.get_by_role("button", name="Make the panel").click()
    chair.wait_for_url("**/panels/*-*")
    address = chair.url
    with db.session() as session:
        panel_id = next(one.panel.id for one in views_of(session))
        best = keyed(session, panel_id)
    for number in (1, 2):
        expert = rooms(Role.EXPERT, f"expert{number}")
        expert.goto("/panels/mine/")
        expert.get_by_role("link", name="Spring panel").click()
        expert.get_by_role("link", name="Begin").click()
        expert.wait_for_url("**/answer/**")
        answer(expert, best)
        sync_api.expect(expert.get_by_text("2 of 2 answered")).to_be_visible()
    answer_all(Asked(panel_id, people, best), often=0.0, but=2)
    chair.reload()
    sync_api.expect(chair.get_by_text("Everybody has answered everything.")).to_be_visible()
    chair.get_by_role("button", name="Close the panel").click()
    chair.wait_for_url("**/jobs/**")
    jobs.compute({"panel": str(panel_id)}, worker)
    chair.goto(address)
    chair.get_by_label("Who was there").fill("P. Lang, chair")
    chair.get_by_role("button", name="Record the meeting").click()
    chair.get_by_role("link", name="Three things on paper, item 1").click()
    for _ in range(2):
        sync_api.expect(chair.get_by_role("heading", name="Decision of the key meeting")).to_be_visible()
        chair.get_by_label("The key stands as it was written").check(force=True)
        chair.get_by_label("What changed and why").fill("All twelve experts gave this key.")
        chair.get_by_role("button", name="Record the decision").click()
        chair.wait_for_load_state()
    chair.goto(address)
    chair.get_by_role("link", name="Settle the key of Three things on paper").click()
    chair.get_by_role("button", name="Write the panel’s key").click()
    sync_api.expect(chair.get_by_text("Panelled")).to_be_visible()
    with db.session() as session:
        assert gates.panel_passed(session, "cypf-0001", 2)
        assert service.finding(session, panel_id, "cypf-0001-a").found["n_complete"] == 12


def views_of(session: Any) -> Any:
    from sjt.panels import views

    return views.panel_lines(session, NOW.date())
