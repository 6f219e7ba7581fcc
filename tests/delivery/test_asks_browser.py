"""What passes between a seat and the room, within five seconds: a moved start."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sjt import db
from sjt.delivery import start_time
from sjt.times import in_local_zone
from tests.builders.rooms import ADMIN, ARoom
from tests.builders.seat import Seat, ShiftedClock

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = pytest.mark.browser

FIVE_SECONDS = 5_000


def test_a_moved_start_is_on_the_waiting_screen_within_five_seconds(
    a_seat: Seat, seat_room: ARoom, shifted: ShiftedClock
) -> None:
    a_seat.waits(seat_room)
    page = a_seat.page
    starts = shifted.now().replace(second=0, microsecond=0) + timedelta(minutes=25)
    with db.transaction() as session:
        start_time.move_start(session, seat_room.id, starts, "The bus is late.", by=ADMIN, now=shifted.now())
    words = f"The start has moved to {in_local_zone(starts):%H:%M}."
    expect(page.locator("[data-waiting-words]")).to_contain_text(words, timeout=FIVE_SECONDS)
    assert page.inner_text("[data-starts]") == f"{in_local_zone(starts):%H:%M}"
    assert page.locator("article").count() == 0
