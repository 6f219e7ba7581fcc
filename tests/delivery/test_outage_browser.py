"""Half an hour without a line, the end without one, a computer an hour off: what a candidate sees is true."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from sjt import db
from sjt.config import Settings
from sjt.delivery import emergency_import, ledger, service
from sjt.delivery.model import Instant
from sjt.times import in_local_zone, utc_now
from tests.builders.rooms import INVIGILATOR, ARoom
from tests.builders.seat import Seat, ShiftedClock, answer_events, answers, until

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = pytest.mark.browser

HOUR_OFF = """{
  const True = Date;
  globalThis.Date = class extends True {
    constructor(...given) { if (given.length) super(...given); else super(True.now() + 3_600_000); }
    static now() { return True.now() + 3_600_000; }
  };
}"""
HEARD = """
  globalThis.heard = [];
  addEventListener('DOMContentLoaded', () => {
    const part = document.querySelector('[data-timer-say]');
    if (part) new MutationObserver(() => heard.push(part.textContent)).observe(part, { childList: true });
  });
"""


def minutes_left(seat: Seat) -> int:
    found = re.match(r"(\d+) min left", seat.page.locator("[data-timer-left]").inner_text())
    assert found is not None
    return int(found.group(1))


def offer(seat: Seat) -> Any:
    return seat.page.locator("[data-file-offer]:visible").first


def test_thirty_minutes_without_a_line_lose_nothing_and_trap_nobody(
    a_seat: Seat, seat_room: ARoom, settings: Settings, tmp_path: Path
) -> None:
    page = a_seat.page
    page.clock.install()
    sitting = a_seat.begin(seat_room)
    a_seat.saved()
    page.reload()  # now the service worker holds the page
    a_seat.ready()
    a_seat.saved()
    a_seat.context.set_offline(True)
    a_seat.go("single").locator("input").nth(1).click()
    page.wait_for_selector("[data-save][data-state=offline]", timeout=60_000)
    assert offer(a_seat).count() == 0, "a short cut needs no file"
    page.clock.fast_forward("12:00")
    a_seat.go("written").locator("textarea").fill("I would tell my manager at once.")
    page.reload()
    a_seat.ready()
    assert minutes_left(a_seat) in (47, 48), "the time goes on over a reload without a line"
    assert a_seat.page.locator(f".item[data-item='{a_seat.item('single')}'] input").nth(1).is_checked()
    for n in range(1, page.locator("article[data-question]").count() + 1):
        page.evaluate(f"location.hash = '#question-{n}'")
        assert page.locator(f"#question-{n} .story").is_visible()
    page.clock.fast_forward("18:01")
    a_seat.go("choose").locator("input").nth(2).click()
    page.wait_for_timeout(500)
    assert minutes_left(a_seat) in (29, 30)
    # a request that left with the reload may outlive its page and the cut that the browser plays: then nothing waited
    # until now, and only from now on does the page count the two minutes after which it offers the file
    page.wait_for_selector("[data-save][data-state=offline]", timeout=60_000)
    page.clock.fast_forward("02:15")
    page.wait_for_selector("[data-file-offer]:not([hidden])", timeout=60_000)
    assert "Keep working" in page.locator("[data-save-text]").inner_text()
    with page.expect_download() as waiting:
        offer(a_seat).locator("button").click()
    saved = tmp_path / "a.sjt-answers"
    waiting.value.save_as(saved)
    assert waiting.value.suggested_filename.endswith(".sjt-answers")
    assert b"manager" not in saved.read_bytes(), "nobody reads it on the way"
    choose = a_seat.item("choose")
    assert choose not in answers(sitting)

    done = emergency_import.import_file(
        seat_room.id, saved.read_bytes(), by=INVIGILATOR, secret_key=settings.secret_key, now=utc_now()
    )
    # the same request: what it brought is known, the rest is added
    assert (done.added + done.known, done.held, done.refused) == (3, 0, 0) and done.added >= 1
    brought = answers(sitting)
    assert brought[a_seat.item("written")] == {"text": "I would tell my manager at once."}
    a_seat.context.set_offline(False)
    a_seat.saved()
    until(lambda: page.wait_for_timeout(50) or a_seat.kept_events() == 0)
    assert answers(sitting) == brought
    assert set(answer_events(sitting).values()) == {1}
    page.wait_for_timeout(300)
    assert minutes_left(a_seat) >= 58, "the server's clock never believed the page's"
    with db.session() as session:
        events = [one for one in service.entries(session, sitting) if one.seq is not None and one.lease == 1]
    assert sorted(one.seq or 0 for one in events) == list(range(len(events)))


def left(sitting: UUID, clock: ShiftedClock) -> int:
    with db.session() as session:
        return service.clock_now(session, sitting, at=Instant.of(clock)).left_ms


@pytest.fixture
def hour_off(player: Any, chromium: str, tmp_path: Path, seat_address: str) -> Any:
    found = Seat(player, chromium, tmp_path / "profile", seat_address, script=HOUR_OFF)
    yield found
    found.context.close()
    assert found.faults == []


def test_a_computer_an_hour_off_shows_the_right_times(hour_off: Seat, seat_room: ARoom, shifted: ShiftedClock) -> None:
    page = hour_off.page
    sitting = hour_off.begin(seat_room)
    hour_off.saved()
    with db.session() as session:
        view = service.sitting_of(session, sitting, at=ledger.current().now())
    assert view.clock.ends_at is not None
    assert page.inner_text("[data-timer-end]") == f"{in_local_zone(view.clock.ends_at):%H:%M}"
    assert minutes_left(hour_off) in (59, 60)
    now = {f"{in_local_zone(shifted.now() + timedelta(minutes=n)):%H:%M}" for n in (-1, 0)}
    assert page.inner_text("[data-save-text]").removeprefix("All answers saved at ") in now
    page.click("[data-action=time-toggle]")
    assert not page.locator("[data-timer-left]").is_visible()
    assert page.locator("[data-timer-end]").is_visible(), "the finish time stays"
    page.wait_for_timeout(300)
    page.reload()
    hour_off.ready()
    assert not page.locator("[data-timer-left]").is_visible(), "hidden is hidden after a reload too"
    page.click("[data-action=time-toggle]")
    hour_off.context.set_offline(True)
    page.wait_for_selector("[data-save][data-state=offline]", timeout=60_000)
    since = re.search(r"since (\d\d:\d\d)", page.inner_text("[data-save-text]"))
    now = {f"{in_local_zone(shifted.now() + timedelta(minutes=n)):%H:%M}" for n in (-1, 0)}
    assert since is not None and since.group(1) in now
    hour_off.context.set_offline(False)


def test_half_ten_five_and_one_minute_are_spoken_once_each(
    a_seat: Seat, seat_room: ARoom, shifted: ShiftedClock
) -> None:
    page = a_seat.page
    page.clock.install()
    page.add_init_script(HEARD)
    sitting = a_seat.begin(seat_room)
    a_seat.saved()
    gone = 0  # what the page's count was moved on by, beyond the time that passed
    a_seat.context.set_offline(True)  # so that the page's own count runs undisturbed
    for mark in (30, 10, 5, 1):
        page.clock.fast_forward(left(sitting, shifted) - gone - mark * 60_000 + 700)
        gone = left(sitting, shifted) - mark * 60_000
        page.wait_for_timeout(600)
    heard = page.evaluate("heard")
    wanted = ["Half of your time is left. 30 minutes left.", "10 minutes left.", "5 minutes left.", "1 minute left."]
    assert [words for words in heard if words in wanted] == wanted, heard
    a_seat.context.set_offline(False)
