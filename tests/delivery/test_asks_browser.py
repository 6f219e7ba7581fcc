"""What passes between a seat and the room: a moved start, a call, a break, a line that is back, the end."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from sjt import db
from sjt.access import Role
from sjt.config import Settings
from sjt.delivery import service, start_time
from sjt.delivery.model import Adjustment, Instant
from sjt.times import in_local_zone
from tests.builders.rooms import ADMIN, INVIGILATOR, ARoom, a_room, cookie_for
from tests.builders.seat import Seat, ShiftedClock, answers, close_for_time, until
from tests.builders.server import CHROMIUM_ARGUMENTS

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = pytest.mark.browser

SOON = 30_000
"""Milliseconds for which a busy machine is waited for; how soon it really is, is measured in docs/faults.md."""


@pytest.fixture
def console(player: Any, chromium: str, seat_app: Any, seat_address: str) -> Iterator[Any]:
    browser = player.chromium.launch(executable_path=chromium, args=list(CHROMIUM_ARGUMENTS))
    context = browser.new_context(base_url=seat_address)
    context.add_cookies([{"name": "sjt", "value": cookie_for(seat_app, Role.INVIGILATOR), "url": seat_address}])
    yield context.new_page()
    browser.close()


def test_a_moved_start_is_told_by_the_waiting_screen_itself(
    a_seat: Seat, seat_room: ARoom, shifted: ShiftedClock
) -> None:
    a_seat.waits(seat_room)
    page = a_seat.page
    starts = shifted.now().replace(second=0, microsecond=0) + timedelta(minutes=25)
    with db.transaction() as session:
        start_time.move_start(session, seat_room.id, starts, "The bus is late.", by=ADMIN, now=shifted.now())
    words = f"The start has moved to {in_local_zone(starts):%H:%M}."
    expect(page.locator("[data-waiting-words]")).to_contain_text(words, timeout=SOON)
    assert page.inner_text("[data-starts]") == f"{in_local_zone(starts):%H:%M}"
    assert page.locator("article").count() == 0


def test_a_call_and_a_break_reach_the_console_and_time_up_closes_in_mid_word(
    a_seat: Seat, seat_room: ARoom, console: Any, shifted: ShiftedClock
) -> None:
    with db.transaction() as session:
        granted = Adjustment(rest_break_minutes=10)
        service.set_adjustment(session, seat_room.booking(1), granted, by=ADMIN, now=shifted.now())
    sitting = a_seat.begin(seat_room)
    page = a_seat.page
    console.goto(f"/room/{seat_room.id}")

    page.locator("[data-action=help]").click()
    expect(console.locator("#attention")).to_contain_text("asked for help", timeout=SOON)
    assert "Stay at your seat" in page.inner_text("[data-help-words]")
    console.get_by_role("button", name="Mark the call").click()
    expect(page.locator("[data-help-words]")).to_have_text("The invigilator has seen your call.", timeout=SOON)

    page.click("[data-action=rest]")
    assert "10 min left" in page.inner_text("#rest-dialog")
    page.click("[data-action=rest-now]")
    expect(page.locator("[data-held=break]")).to_be_visible(timeout=SOON)
    for hidden in ("[data-exam]", ".strip-wrap", "[data-action=next]", "[data-action=review]", "[data-action=flag]"):
        assert not page.locator(hidden).first.is_visible(), f"on a break nothing leads to the questions: {hidden}"
    assert page.locator("[data-action=help]").is_visible(), "the invigilator can always be called"
    expect(page.locator("[data-rest-left]")).to_contain_text("Rest break: 10 min left")
    expect(console.locator("#seats")).to_contain_text("break", ignore_case=True, timeout=SOON)
    page.click("[data-action=back-from-break]")
    expect(page.locator("[data-exam]")).to_be_visible(timeout=SOON)

    box = a_seat.go("written").locator("textarea")
    item = a_seat.item("written")
    left = left_of(sitting, shifted)
    shifted.advance(timedelta(milliseconds=left - 4_000))
    for n in range(2_000):  # the candidate types on; the page itself closes
        if page.locator("[data-held=time]").is_visible():
            break
        box.press_sequentially(f"{n} ", delay=20, timeout=SOON) if box.is_visible() else page.wait_for_timeout(50)
    assert not page.locator("[data-exam]").is_visible(), "nothing can be typed any more"
    close_for_time(sitting)
    page.wait_for_url("**/receipt*", timeout=SOON)
    assert "Time is up. All your answers are saved." in page.inner_text("h1")
    assert answers(sitting)[item]["text"].startswith("0 1 2")
    with db.session() as session:
        assert service.held(session, seat_room.id) == (), "what was typed in time is not held for anybody"


def left_of(sitting: UUID, clock: ShiftedClock) -> int:
    with db.session() as session:
        return service.clock_now(session, sitting, at=Instant.of(clock)).left_ms


def test_when_the_line_is_back_the_page_has_the_room_s_time_within_five_seconds_of_its_own(
    a_seat: Seat, seat_room: ARoom
) -> None:
    """The page's clock stands and moves when told, so that a slow machine changes nothing."""
    page = a_seat.page
    page.clock.install()
    sitting = a_seat.begin(seat_room)
    a_seat.saved()
    cut = threading.Event()
    cut.set()
    page.route("**/sit/**", lambda route: route.abort() if cut.is_set() else route.continue_())
    page.clock.fast_forward("00:20")
    page.clock.fast_forward("00:20")
    expect(page.locator("[data-save-text]")).to_contain_text("No connection since", timeout=SOON)
    service.extend(sitting, minutes=30, by=INVIGILATOR, reason="Technical fault")
    page.clock.pause_at(page.evaluate("Date.now()") / 1000 + 1)
    assert page.inner_text("[data-timer-left]") == "60 min left", "the page cannot know of the minutes yet"
    cut.clear()
    page.clock.run_for(4_900)
    expect(page.locator("[data-timer-left]")).to_contain_text("90 min left", timeout=SOON)
    service.pause(sitting, by=INVIGILATOR, reason="Noise")
    page.clock.run_for(4_900)
    expect(page.locator("[data-held=paused]")).to_be_visible(timeout=SOON)
    assert not page.locator("[data-exam]").is_visible()
    service.resume(sitting, by=INVIGILATOR, reason="over")
    page.clock.run_for(4_900)
    expect(page.locator("[data-exam]")).to_be_visible(timeout=SOON)
    page.clock.resume()


def test_sixty_seats_are_never_older_than_five_seconds_unless_the_console_says_so(
    console: Any, seat_keeper: Any, settings: Settings, shifted: ShiftedClock
) -> None:
    hall = a_room(settings.secret_key, candidates=60, now=shifted.now(), check_in=False)
    console.clock.install()
    console.goto(f"/room/{hall.id}")
    assert console.locator("#seats [data-key]").count() == 60
    old = console.locator("[data-stale]")
    seat = console.locator(f"#seats [data-key='{hall.booking(60)}']")
    console.clock.pause_at(console.evaluate("Date.now()") / 1000 + 1)
    with db.transaction() as session:
        service.mark_absent(session, hall.booking(60), "ill", by=INVIGILATOR, now=shifted.now())
    console.clock.run_for(4_900)
    expect(seat).to_contain_text("Absent", timeout=SOON)
    assert not old.is_visible()
    kept: list[Any] = []
    console.route("**/room/**", lambda route: kept.append(route))  # the server takes the question and does not answer
    console.clock.run_for(5_600)
    expect(old).to_be_visible(timeout=SOON)
    heard = console.locator("body > .visually-hidden[role=status]")
    expect(heard).to_contain_text("What you see on this page is old", timeout=SOON)
    until(lambda: console.wait_for_timeout(20) or kept)
    console.unroute("**/room/**")
    console.clock.resume()
    expect(old).to_be_hidden(timeout=SOON)
