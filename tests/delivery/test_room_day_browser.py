"""The room's day in Chromium: a computer of the centre checks itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sjt import db
from sjt.config import Settings
from sjt.delivery import preflight, service
from sjt.times import SystemClock, utc_now
from tests.builders.rooms import (
    INVIGILATOR,
    ARoom,
    BankSource,
    a_room,
    entered,
    ledger_on,
    papers_from,
)

sync_api = pytest.importorskip("playwright.sync_api")
pytestmark = pytest.mark.browser
SEATS = 4


@pytest.fixture
def room(settings: Settings, database: db.Database) -> Iterator[ARoom]:
    with papers_from(BankSource(scenarios=3)), ledger_on(database, SystemClock()):
        found = a_room(settings.secret_key, candidates=SEATS, now=utc_now())
        for slip in found.slips:
            entered(found, slip.seat or 0, settings.secret_key, utc_now())
        service.start_room(found.id, by=INVIGILATOR)
        yield found


def test_a_computer_checks_itself_and_the_room_s_list_knows(page: Any, room: ARoom) -> None:
    with db.session() as session:
        room_id = preflight.room_of(session, room.id)
    page.goto(f"/preflight/{room_id}")
    page.wait_for_selector("[data-sum][data-serves]", timeout=60_000)
    states = page.eval_on_selector_all(
        "[data-check]", "all => Object.fromEntries(all.map((one) => [one.dataset.check, one.dataset.serves]))"
    )
    assert {states[name] for name in ("browser", "secure", "storage", "worker", "screen")} == {"yes"}
    assert "trial answers stored" in page.locator("[data-check=line] [data-found]").inner_text()
    page.get_by_label("Seat number or name").fill("14")
    page.get_by_role("button", name="Send the result").click()
    sync_api.expect(page.locator("[data-sent]")).to_contain_text("shows 14 as serving", timeout=60_000)
    with db.session() as session:
        assert preflight.seats_checked(session, room.id) == (1, 24)
        (machine,) = preflight.machines(session, room.id)
    assert machine.seat == "14" and len(machine.findings) >= 8
