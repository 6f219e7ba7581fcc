"""What a candidate asks for from the page: a rest break, the invigilator; and a start that moves."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import col, select

from sjt import db
from sjt.access import Role
from sjt.audit.tables import AuditEntry
from sjt.config import Settings
from sjt.delivery import ledger, service
from sjt.delivery.model import Adjustment, SittingState
from sjt.times import ManualClock
from tests.builders.clients import StrictClient, strict_client
from tests.builders.rooms import ADMIN, INVIGILATOR, ARoom, a_room, delivery_app


@pytest.fixture
def delivery(settings: Settings, database: db.Database, clock: ManualClock, keeper: ledger.Ledger) -> Any:
    return delivery_app(settings, database, clock)


@pytest.fixture
def room(settings: Settings, keeper: ledger.Ledger, clock: ManualClock) -> ARoom:
    return a_room(settings.secret_key, candidates=1, now=clock.now())


def waits(app: Any, room: ARoom) -> tuple[StrictClient, UUID]:
    client = StrictClient(app.test_client())
    client.post("/sit/", {"code": room.code(1), "pin": room.pin})
    client.post("/sit/you", {"answer": "yes"})
    client.post("/sit/display", {"scheme": "white"})
    client.post("/sit/instructions")
    with client.client.session_transaction() as cookie:
        return client, UUID(cookie["sitting"])


def state(client: StrictClient, sitting: UUID) -> dict[str, Any]:
    found: dict[str, Any] = client.client.get(f"/sit/{sitting}/state").get_json()
    return found


def asked(client: StrictClient, url: str) -> Any:
    return client.client.post(url, headers={"X-CSRFToken": client.csrf_token(), "Accept": "application/json"})


def test_a_rest_break_stops_the_clock_hides_the_paper_and_comes_out_of_the_budget(
    delivery: Any, room: ARoom, clock: ManualClock
) -> None:
    granted = Adjustment(Fraction(0), 0, rest_break_minutes=12)
    with db.transaction() as session:
        service.set_adjustment(session, room.booking(1), granted, by=ADMIN, now=clock.now())
    client, sitting = waits(delivery, room)
    service.start_room(room.id, by=INVIGILATOR)
    page = client.get("/sit/test").get_data(as_text=True)
    assert 'data-action="rest"' in page and '"break_left_ms":720000' in page.replace(" ", "")
    clock.advance(timedelta(minutes=10))
    assert asked(client, "/sit/break").get_json() == {"break_left_ms": 720_000}
    assert asked(client, "/sit/break").status_code == 200, "a second press changes nothing"
    clock.advance(timedelta(minutes=5))
    now = state(client, sitting)
    assert (now["state"], now["remaining_ms"]) == ("break", 50 * 60_000)
    hidden = client.get("/sit/test").get_data(as_text=True)
    assert "data-question" not in hidden and "Rest breaks left: 7" in hidden
    asked(client, "/sit/back")
    assert (state(client, sitting)["state"], state(client, sitting)["remaining_ms"]) == ("running", 50 * 60_000)
    asked(client, "/sit/break")
    clock.advance(timedelta(minutes=7))
    asked(client, "/sit/back")
    refused = asked(client, "/sit/break")
    assert refused.status_code == 409 and "no rest-break time left" in refused.get_json()["message"]
    assert 'data-action="rest"' not in client.get("/sit/test").get_data(as_text=True)


def test_without_granted_breaks_there_is_no_button_and_no_break(delivery: Any, room: ARoom) -> None:
    client, sitting = waits(delivery, room)
    service.start_room(room.id, by=INVIGILATOR)
    assert 'data-action="rest"' not in client.get("/sit/test").get_data(as_text=True)
    assert asked(client, "/sit/break").status_code == 409
    assert state(client, sitting)["state"] == SittingState.RUNNING


def test_a_call_is_on_the_console_can_be_taken_back_and_is_answered_on_the_record(delivery: Any, room: ARoom) -> None:
    client, sitting = waits(delivery, room)
    service.start_room(room.id, by=INVIGILATOR)
    invigilator = strict_client(delivery, [Role.INVIGILATOR])
    console = f"/room/{room.id}"
    assert state(client, sitting)["help"] == ""
    asked(client, "/sit/help")
    asked(client, "/sit/help")
    assert state(client, sitting)["help"] == "waiting"
    assert "asked for help" in invigilator.get(console).soup.select_one("#attention").get_text()
    asked(client, "/sit/help/cancel")
    asked(client, "/sit/help/cancel")
    assert state(client, sitting)["help"] == ""
    assert "Nobody needs you" in invigilator.get(console).get_data(as_text=True)
    asked(client, "/sit/help")
    invigilator.post(f"/room/{room.id}/seen/{room.booking(1)}")
    assert state(client, sitting)["help"] == "seen"
    asked(client, "/sit/help/cancel")
    assert state(client, sitting)["help"] == "seen", "what was seen cannot be taken back"
    with db.session() as session:
        query = select(AuditEntry).where(col(AuditEntry.did).startswith("seat.help")).order_by(col(AuditEntry.n))
        told = [(one.did, one.by.split(":")[0]) for one in session.exec(query)]
    assert [did for did, _ in told] == ["seat.help_asked", "seat.help_cancelled", "seat.help_asked", "seat.help_seen"]
    assert [by for _, by in told[:3]] == ["candidate"] * 3 and told[3][1] != "candidate"


def test_a_moved_start_is_told_to_waiting_screens_and_sends_no_paper(
    delivery: Any, room: ARoom, clock: ManualClock
) -> None:
    client, sitting = waits(delivery, room)
    admin = strict_client(delivery, [Role.CENTRE_ADMIN])
    before = state(client, sitting)["starts"]
    url = f"/sessions/{room.id}/start"
    assert admin.post(url, {"time": "10:15", "reason": ""}).status_code == 422
    assert admin.post(url, {"time": "10:15", "reason": "The bus is late."}).status_code == 303
    now = state(client, sitting)
    assert now["starts"] != before and now["starts"].startswith("2026-03-14T10:15")
    clock.advance(timedelta(hours=3))
    assert state(client, sitting)["state"] == "waiting", "the planned time alone starts nothing"
    page = client.get("/sit/test").get_data(as_text=True)
    assert "10:15" in page and "data-question" not in page
    service.start_room(room.id, by=INVIGILATOR)
    assert "starts" not in state(client, sitting)
    assert admin.post(url, {"time": "11:00", "reason": "Again."}).status_code == 409
