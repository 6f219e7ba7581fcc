"""A sitting in Chromium: by keyboard alone, through a cut line, a killed browser and a stopped clock."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sjt import db
from sjt.config import Settings
from sjt.delivery import ledger, service
from sjt.delivery.model import EventKind, SittingState
from sjt.times import SystemClock, utc_now
from tests.builders.rooms import ARoom, BankSource, a_room, delivery_app, ledger_on, papers_from, served
from tests.builders.seat import Seat, answers, until
from tests.builders.walker import axe_faults

sync_api = pytest.importorskip("playwright.sync_api")
pytestmark = pytest.mark.browser


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    return tmp_path / "profile"


@pytest.fixture
def keeper(database: db.Database, bank_source: BankSource) -> Iterator[ledger.Ledger]:
    with papers_from(bank_source), ledger_on(database, SystemClock()) as running:
        yield running


@pytest.fixture
def address(settings: Settings, database: db.Database, keeper: ledger.Ledger) -> Iterator[str]:
    with served(delivery_app(settings, database, SystemClock())) as base:
        yield base


@pytest.fixture
def room(settings: Settings, keeper: ledger.Ledger) -> ARoom:
    return a_room(settings.secret_key, candidates=1, now=utc_now())


@pytest.fixture
def seat(player: Any, chromium: str, profile: Path, address: str) -> Iterator[Seat]:
    found = Seat(player, chromium, profile, address)
    yield found
    found.context.close()
    assert found.faults == []


def test_a_ranking_is_made_moved_and_undone_by_keyboard_alone(seat: Seat, room: ARoom) -> None:
    sitting = seat.begin(room)
    question, page = seat.go("rank"), seat.page
    item = question.locator(".item").get_attribute("data-item")
    order = str(question.locator(".item").get_attribute("data-order")).split(",")
    for place, option in enumerate(order, start=1):
        question.locator(f".resp[data-option='{option}'] .to-places button:not([hidden])").first.focus()
        page.keyboard.press(str(place))
    page.keyboard.press("Alt+ArrowUp")
    assert question.locator("[data-say]").inner_text() == "E moved to place 4 of 5"
    page.keyboard.press("1")
    seat.saved()
    wanted = [order[4], order[0], order[1], order[2], order[3]]
    until(lambda: answers(sitting).get(item) == {option: n for n, option in enumerate(wanted, start=1)})
    page.keyboard.press("Delete")
    until(lambda: order[4] not in answers(sitting)[item])
    assert page.evaluate("document.activeElement.closest('.resp').dataset.letter") == "E"


def test_a_fourth_choice_and_one_response_at_both_ends_are_refused_with_words(seat: Seat, room: ARoom) -> None:
    sitting = seat.begin(room)
    question = seat.go("choose")
    boxes = question.locator("input")
    for n in range(4):
        boxes.nth(n).click()
    assert "Take one out first" in question.locator("[data-refusal]").inner_text()
    assert question.locator("input:checked").count() == 3
    ends = seat.go("most_least")
    ends.locator("input[data-end=most]").nth(1).click()
    ends.locator("input[data-end=least]").nth(1).click()
    assert "cannot be both" in ends.locator("[data-refusal]").inner_text()
    assert ends.locator("input:checked").count() == 1
    seat.saved()
    item = ends.locator(".item").get_attribute("data-item")
    until(lambda: answers(sitting)[item]["least"] is None)


def test_words_typed_are_on_disk_two_seconds_after_the_last_key(seat: Seat, room: ARoom) -> None:
    sitting = seat.begin(room)
    question = seat.go("written")
    item = question.locator(".item").get_attribute("data-item")
    question.locator("textarea").press_sequentially("I would listen first.", delay=10)
    until(lambda: (answers(sitting).get(item) or {}).get("text") == "I would listen first.", 2.0)
    assert question.locator("[data-words]").inner_text().startswith("4 of about")


def test_a_killed_browser_comes_back_with_answers_flag_place_and_time(seat: Seat, room: ARoom) -> None:
    sitting = seat.begin(room)
    question = seat.go("single")
    question.locator("input").nth(1).click()
    seat.page.click("[data-action=flag]")
    seat.saved()
    place = question.get_attribute("data-question")
    seat.reopen()
    again = seat.page.locator(f"#question-{place}")
    assert again.is_visible() and again.locator("input").nth(1).is_checked()
    assert seat.page.locator("[data-action=flag]").get_attribute("aria-pressed") == "true"
    with db.session() as session:
        view = service.sitting_of(session, sitting, at=ledger.current().now())
    minutes = -(-view.clock.left_ms // 60_000)
    assert seat.page.locator("[data-timer-left]").inner_text() == f"{minutes} min left"


def test_a_cut_line_loses_nothing_even_through_a_reload(seat: Seat, room: ARoom) -> None:
    sitting = seat.begin(room)
    seat.go("single").locator("input").nth(0).click()
    seat.saved()
    seat.page.reload()  # now the service worker holds the page
    seat.ready()
    seat.context.set_offline(True)
    question = seat.go("choose")
    item = question.locator(".item").get_attribute("data-item")
    question.locator("input").nth(2).click()
    seat.page.wait_for_selector("[data-save][data-state=offline]", timeout=60_000)
    assert "your answers are kept on this computer" in seat.page.locator("[data-save-text]").inner_text()
    assert item not in answers(sitting)
    seat.page.reload()
    seat.ready()
    assert seat.page.locator("article:not([hidden]) input").nth(2).is_checked()
    seat.context.set_offline(False)
    seat.saved()
    until(lambda: len(answers(sitting)[item]) == 1)


def test_submitting_names_what_is_missing_and_gives_one_receipt(seat: Seat, room: ARoom) -> None:
    sitting = seat.begin(room)
    page = seat.page
    page.keyboard.press("Tab")
    page.evaluate("location.hash = '#check'")
    page.click("[data-action=submit]")
    assert "are not complete" in page.locator("[data-submit-missing]").inner_text()
    page.locator("[data-action=submit-now]").dblclick()
    page.wait_for_url("**/receipt*", timeout=60_000)
    with db.session() as session:
        view = service.sitting_of(session, sitting, at=ledger.current().now())
        submits = [one for one in service.entries(session, sitting) if one.kind is EventKind.SUBMIT]
    assert view.state is SittingState.SUBMITTED and len(submits) == 1
    assert page.locator(".code").inner_text() == view.receipt
    kept = page.evaluate(
        "new Promise(done => { const o = indexedDB.open('sjt-sitting'); o.onsuccess = () => {"
        " const g = o.result.transaction('answers').objectStore('answers').count();"
        " g.onsuccess = () => done(g.result) } })"
    )
    assert kept == 0


def test_a_rank_five_item_shows_story_responses_and_foot_without_scrolling(seat: Seat, room: ARoom) -> None:
    seat.begin(room)
    page = seat.page
    ranks = page.locator("article:has([data-format='rank'])")
    for n in range(ranks.count()):
        number = ranks.nth(n).get_attribute("data-question")
        page.evaluate(f"location.hash = '#question-{number}'")
        page.wait_for_selector(f"#question-{number}:not([hidden])")
        foot = page.locator(".exam-foot").bounding_box()["y"]
        for part in (".story", ".tray > li:last-child"):
            box = page.locator(f"#question-{number} {part}").bounding_box()
            assert box["y"] + box["height"] <= foot, f"question {number}: {part} lies under the foot"


def test_axe_finds_nothing_on_any_question_or_the_check_page(seat: Seat, room: ARoom) -> None:
    pytest.importorskip("axe_playwright_python")
    seat.begin(room)
    page = seat.page
    seat.axe_at_work = True
    for kind in ("rank", "choose", "rate", "most_least", "single", "written"):
        seat.go(kind)
        assert not axe_faults(page), kind
    page.evaluate("location.hash = '#check'")
    assert not axe_faults(page)
