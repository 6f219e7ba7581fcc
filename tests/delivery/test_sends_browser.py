"""A browser that dies at each step of a send loses nothing and doubles nothing; a page that goes away has sent."""

from __future__ import annotations

from typing import Any

import pytest

from sjt import db
from sjt.delivery import service
from sjt.delivery.folding import content_sha256
from sjt.delivery.model import ClientEvent
from tests.builders.rooms import ARoom
from tests.builders.seat import Seat, answer_events, answers, until

pytest.importorskip("playwright.sync_api")
pytestmark = pytest.mark.browser

NEVER_DELETES = "IDBObjectStore.prototype.delete = () => { throw new Error('the browser dies here') }"


def test_killed_before_the_request_leaves_the_answer_is_on_disk_and_sent_on_return(
    a_seat: Seat, seat_room: ARoom
) -> None:
    sitting = a_seat.begin(seat_room)
    a_seat.saved()
    a_seat.context.route("**/events", lambda route: None)  # it never leaves the computer
    a_seat.go("single").locator("input").nth(1).click()
    item = a_seat.item("single")
    until(lambda: a_seat.kept_events() >= 2)
    assert item not in answers(sitting)
    a_seat.kill()
    a_seat.reopen()
    a_seat.saved()
    until(lambda: item in answers(sitting))
    assert a_seat.page.locator(f".item[data-item='{item}'] input").nth(1).is_checked()
    assert set(answer_events(sitting).values()) == {1}


def test_killed_after_the_request_and_before_the_acknowledgement_it_is_stored_once(
    a_seat: Seat, seat_room: ARoom
) -> None:
    sitting = a_seat.begin(seat_room)
    a_seat.saved()
    reached: list[int] = []

    def swallow(route: Any) -> None:
        reached.append(route.fetch().status)  # the server has it; the browser never hears

    a_seat.context.route("**/events", swallow)
    a_seat.go("single").locator("input").nth(0).click()
    item = a_seat.item("single")
    a_seat.page.wait_for_timeout(600)
    until(lambda: a_seat.page.wait_for_timeout(50) or item in answers(sitting))
    assert reached and a_seat.kept_events() >= 1
    a_seat.kill()
    a_seat.reopen()
    a_seat.saved()
    until(lambda: a_seat.page.wait_for_timeout(50) or a_seat.kept_events() == 0)
    assert set(answer_events(sitting).values()) == {1}


def test_killed_after_the_acknowledgement_and_before_the_delete_it_is_stored_once(
    a_seat: Seat, seat_room: ARoom
) -> None:
    a_seat.context.add_init_script(NEVER_DELETES)
    sitting = a_seat.begin(seat_room)
    a_seat.go("single").locator("input").nth(2).click()
    item = a_seat.item("single")
    until(lambda: a_seat.page.wait_for_timeout(50) or item in answers(sitting))
    a_seat.saved()
    assert a_seat.kept_events() >= 1, "acknowledged, and still on the browser's disk"
    a_seat.kill()
    a_seat.reopen()
    a_seat.saved()
    until(lambda: a_seat.page.wait_for_timeout(50) or a_seat.kept_events() == 0)
    assert set(answer_events(sitting).values()) == {1}


def test_a_page_that_goes_away_in_mid_word_has_sent_what_was_typed(a_seat: Seat, seat_room: ARoom) -> None:
    sitting = a_seat.begin(seat_room)
    a_seat.saved()
    area = a_seat.go("written").locator("textarea")
    item = a_seat.item("written")
    area.press_sequentially("Half a wor", delay=5)
    a_seat.page.goto("about:blank")
    # nobody is left to try again: only the request that went with the page can bring it
    until(lambda: (answers(sitting).get(item) or {}).get("text") == "Half a wor", 30.0)


def test_a_page_that_is_hidden_has_sent_what_was_typed(a_seat: Seat, seat_room: ARoom) -> None:
    sitting = a_seat.begin(seat_room)
    a_seat.saved()
    area = a_seat.go("written").locator("textarea")
    item = a_seat.item("written")
    area.press_sequentially("Another window cov", delay=5)
    a_seat.page.evaluate(
        "Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true });"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )
    until(lambda: (answers(sitting).get(item) or {}).get("text") == "Another window cov", 30.0)


def test_every_event_of_a_page_hangs_on_the_one_before_in_the_server_s_own_hash(a_seat: Seat, seat_room: ARoom) -> None:
    sitting = a_seat.begin(seat_room)
    a_seat.go("most_least").locator("input[data-end=most]").nth(1).click()
    a_seat.go("rate").locator("input").nth(1).click()
    a_seat.go("choose").locator("input").nth(1).click()
    # composed of letter and accent, a quotation mark, a line end, a sign beyond the first plane, half of one
    a_seat.go("written").locator("textarea").evaluate(
        "(area) => { area.value = 'cafe\\u0301 \"\\u2028\\n\\u{1F600}\\ud800 \\\\ \\u0001'; "
        "area.dispatchEvent(new Event('input')); }"
    )
    a_seat.go("rank").locator(".resp .to-places button:not([hidden])").first.click()
    a_seat.page.click("[data-action=flag]")
    a_seat.saved()
    a_seat.page.reload()
    a_seat.ready()
    a_seat.go("single").locator("input").nth(0).click()
    a_seat.saved()
    with db.session() as session:
        events = [one.body["event"] for one in service.entries(session, sitting) if "event" in one.body]
    kinds = {event["kind"] for event in events}
    assert {"view", "answer", "flag"} <= kinds and len(events) > 12
    before = None
    for event in sorted(events, key=lambda one: one["seq"]):
        assert event["prev"] == before, f"event {event['seq']} ({event['kind']}) does not hang on the one before"
        before = content_sha256(ClientEvent.from_content(event), event["lease"])
        assert set(event["clock"]) == {"page", "ms", "seen"} and event["clock"]["seen"] is not None
    assert len({event["clock"]["page"] for event in events}) == 2
    assert any(
        (event["response"] or {}).get("text", "").startswith("café")
        for event in events
        if event["kind"] == "answer" and isinstance(event["response"], dict)
    )
