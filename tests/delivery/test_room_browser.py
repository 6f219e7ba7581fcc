"""The console in Chromium: renewed in place, heard by a screen reader, worked by keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sjt import db
from sjt.config import Settings
from sjt.delivery import candidate_page, ledger, service
from sjt.delivery.model import SittingState
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
from tests.builders.walker import axe_faults

sync_api = pytest.importorskip("playwright.sync_api")
pytestmark = pytest.mark.browser


@pytest.fixture
def room(settings: Settings, database: db.Database) -> Iterator[ARoom]:
    with papers_from(BankSource(scenarios=7)), ledger_on(database, SystemClock()):
        found = a_room(settings.secret_key, candidates=4, now=utc_now(), extra={2: "25"})
        for seat in (1, 2, 3):
            entered(found, seat, settings.secret_key, utc_now())
        service.start_room(found.id, by=INVIGILATOR)
        yield found


def test_a_seat_is_paused_by_keyboard_and_the_list_renews_with_the_focus_in_place(page: Any, room: ARoom) -> None:
    page.goto(f"/room/{room.id}?seat={room.booking(1)}")
    page.locator("[data-dialog=act-pause]").focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "act-pause-title"
    page.keyboard.press("Tab")
    page.keyboard.press("N")
    page.keyboard.press("Tab")
    page.keyboard.type("drilling next door")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector(f"#seats [data-key='{room.booking(1)}'] >> text=Paused")
    with db.session() as session:
        view = service.room(session, room.id, at=ledger.current().now())
    assert next(line.state for line in view.seats if line.seat == 1) is SittingState.PAUSED

    name = page.locator(f"#seats [data-key='{room.booking(2)}'] a.name")
    name.focus()
    sitting = next(line.sitting_id for line in view.seats if line.seat == 2)
    assert sitting is not None
    with db.transaction() as session:
        candidate_page.call_for_help(session, sitting, "asked for help", by=INVIGILATOR, now=utc_now())
    page.wait_for_selector("#attention >> text=asked for help", timeout=60_000)
    page.wait_for_selector(f"#seats [data-key='{room.booking(2)}'] >> text=Asked for help", timeout=60_000)
    assert name.evaluate("one => one === document.activeElement")
    said = page.locator("body > .visually-hidden[role=status]").inner_text()
    assert "Seat 2" in said and "asked for help" in said


def test_axe_finds_nothing_on_the_rooms_pages(page: Any, room: ARoom) -> None:
    pytest.importorskip("axe_playwright_python")
    base = f"/room/{room.id}"
    inside = ("view=list", f"seat={room.booking(1)}")
    papers = ("check-in", "incidents", "evacuation", "all/pause", "register", "report")
    for url in ("/room/", *(f"{base}?{one}" for one in inside), *(f"{base}/{one}" for one in papers)):
        page.goto(url)
        assert not axe_faults(page), url
