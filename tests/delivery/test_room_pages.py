"""The invigilator's and the centre administrator's pages, without scripts."""

from __future__ import annotations

import io
from typing import Any

import pytest

from sjt import db
from sjt.access import Role
from sjt.config import Settings
from sjt.delivery import candidate_page, ledger, service
from sjt.delivery.model import SittingState
from sjt.times import ManualClock
from tests.builders.clients import StrictClient, strict_client
from tests.builders.rooms import (
    ADMIN,
    EVIDENCE,
    INVIGILATOR,
    ARoom,
    BankSource,
    a_room,
    delivery_app,
    entered,
    uln_of,
)

HEAD = "uln,given_name,family_name,date_of_birth,employer,provider,option,start_date,extra_time_percent,notes\n"


@pytest.fixture(scope="module")
def bank_source() -> BankSource:
    return BankSource()


@pytest.fixture
def delivery(settings: Settings, database: db.Database, clock: ManualClock, keeper: ledger.Ledger) -> Any:
    return delivery_app(settings, database, clock)


@pytest.fixture
def room(settings: Settings, keeper: ledger.Ledger, clock: ManualClock) -> ARoom:
    return a_room(settings.secret_key, candidates=3, now=clock.now(), check_in=False)


@pytest.fixture
def invigilator(delivery: Any) -> StrictClient:
    return strict_client(delivery, {Role.INVIGILATOR})


@pytest.fixture
def admin(delivery: Any) -> StrictClient:
    return strict_client(delivery, {Role.CENTRE_ADMIN})


def all_in(room: ARoom, settings: Settings, clock: ManualClock) -> None:
    with db.transaction() as session:
        for slip in room.slips:
            service.check_in(session, slip.booking_id, by=INVIGILATOR, now=clock.now())
    for slip in room.slips:
        entered(room, slip.seat or 0, settings.secret_key, clock.now())


def view_of(room: ARoom) -> service.RoomView:
    with db.session() as session:
        return service.room(session, room.id, at=ledger.current().now())


def states(room: ARoom) -> list[SittingState | None]:
    return [line.state for line in view_of(room).seats]


def test_identity_must_be_confirmed_before_a_candidate_is_checked_in(invigilator: StrictClient, room: ARoom) -> None:
    url = f"/room/{room.id}/check-in/{room.booking(1)}"
    refused = invigilator.post(url, {})
    assert refused.status_code == 422 and "photo identity" in refused.get_data(as_text=True)
    assert invigilator.post(url, {"seen": "yes"}).status_code == 303
    assert "is checked in" in invigilator.get(f"/room/{room.id}/check-in").get_data(as_text=True)


def test_an_incomplete_gateway_is_named_and_refused_at_check_in(
    invigilator: StrictClient, settings: Settings, keeper: ledger.Ledger, clock: ManualClock
) -> None:
    room = a_room(settings.secret_key, candidates=1, now=clock.now(), complete=False)
    booking = view_of(room).seats[0].booking_id
    page = invigilator.get(f"/room/{room.id}/check-in/{booking}")
    assert "maths at level 2 passed" in page.get_data(as_text=True)
    assert not page.soup.select("#seen")
    assert invigilator.post(f"/room/{room.id}/check-in/{booking}", {"seen": "yes"}).status_code == 409


def test_the_room_starts_pauses_goes_on_and_ends_by_pages_alone(
    invigilator: StrictClient, room: ARoom, settings: Settings, clock: ManualClock
) -> None:
    all_in(room, settings, clock)
    base = f"/room/{room.id}/all"
    for name in ("start", "pause", "resume", "extend", "close"):
        assert invigilator.get(f"{base}/{name}").status_code == 200
    invigilator.post(f"{base}/start", {})
    assert states(room) == [SittingState.RUNNING] * 3
    assert invigilator.post(f"{base}/pause", {}).status_code == 422
    invigilator.post(f"{base}/pause", {"reason": "Noise or disturbance"})
    assert states(room) == [SittingState.PAUSED] * 3
    invigilator.post(f"{base}/resume", {"reason": "Disturbance is over"})
    invigilator.post(f"{base}/close", {"reason": "All have finished"})
    assert states(room) == [SittingState.CLOSED] * 3


def test_the_same_form_sent_twice_adds_time_once(
    invigilator: StrictClient, room: ARoom, settings: Settings, clock: ManualClock
) -> None:
    all_in(room, settings, clock)
    service.start_room(room.id, by=INVIGILATOR)
    fields = {"reason": "Technical fault", "minutes": "10", "once": "a1b2"}
    for _ in range(2):
        assert invigilator.post(f"/room/{room.id}/seat/{room.booking(1)}/extend", fields).status_code == 303
        assert invigilator.post(f"/room/{room.id}/all/extend", {**fields, "once": "c3"}).status_code == 303
    minutes = [line.clock.total_ms // 60_000 for line in view_of(room).seats if line.clock]
    assert minutes == [80, 70, 70]


@pytest.mark.parametrize(
    ("deeds", "state"),
    [
        (["pause"], SittingState.PAUSED),
        (["pause", "resume"], SittingState.RUNNING),
        (["break", "end-break"], SittingState.RUNNING),
        (["submit"], SittingState.SUBMITTED),
        (["submit", "reopen"], SittingState.RUNNING),
        (["void"], SittingState.VOID),
        (["move"], SittingState.RUNNING),
    ],
)
def test_each_deed_on_a_seat_has_a_page_and_works(
    invigilator: StrictClient,
    room: ARoom,
    settings: Settings,
    clock: ManualClock,
    deeds: list[str],
    state: SittingState,
) -> None:
    all_in(room, settings, clock)
    service.start_room(room.id, by=INVIGILATOR)
    for deed in deeds:
        url = f"/room/{room.id}/seat/{room.booking(2)}/{deed}"
        assert invigilator.get(url).soup.h1.get_text().endswith("?")
        assert invigilator.post(url, {"reason": "Other", "reason_text": "as agreed"}).status_code == 303
    assert states(room) == [SittingState.RUNNING, state, SittingState.RUNNING]


def test_other_without_words_is_no_reason(
    invigilator: StrictClient, room: ARoom, settings: Settings, clock: ManualClock
) -> None:
    all_in(room, settings, clock)
    service.start_room(room.id, by=INVIGILATOR)
    reply = invigilator.post(f"/room/{room.id}/seat/{room.booking(1)}/void", {"reason": "Other"})
    assert reply.status_code == 422 and states(room)[0] is SittingState.RUNNING


def test_the_console_says_in_sentences_who_needs_somebody(
    invigilator: StrictClient, room: ARoom, settings: Settings, clock: ManualClock
) -> None:
    from datetime import timedelta

    all_in(room, settings, clock)
    service.start_room(room.id, by=INVIGILATOR)
    first, second, third = (line.sitting_id for line in view_of(room).seats)
    assert first and second and third
    service.save(first, 1, b'{"events":[],"unsaved":6}', by=INVIGILATOR)
    clock.advance(timedelta(seconds=100))
    service.save(second, 1, b'{"events":[]}', by=INVIGILATOR)
    with db.transaction() as session:
        candidate_page.call_for_help(session, second, "asked for help", by=INVIGILATOR, now=clock.now())
    page = invigilator.get(f"/room/{room.id}?seat={room.booking(1)}")
    lines = [" ".join(line.get_text(" ", strip=True).split()) for line in page.soup.select(".attention > li")]
    assert "no contact for 1 min 40 s. 6 answers are kept on the computer and not yet here." in lines[0]
    assert "asked for help" in lines[1]
    invigilator.post(f"/room/{room.id}/seen/{room.booking(2)}")
    assert len(invigilator.get(f"/room/{room.id}").soup.select(".attention > li")) == 1
    assert invigilator.get(f"/room/{room.id}?view=list&show=needs").soup.select("tbody tr")


def test_evacuation_takes_two_presses_and_leaves_an_incident(
    invigilator: StrictClient, room: ARoom, settings: Settings, clock: ManualClock
) -> None:
    all_in(room, settings, clock)
    service.start_room(room.id, by=INVIGILATOR)
    assert "Stop all now" in invigilator.get(f"/room/{room.id}/evacuation").get_data(as_text=True)
    for _ in range(2):
        invigilator.post(f"/room/{room.id}/evacuation")
    assert states(room) == [SittingState.PAUSED] * 3
    assert len(view_of(room).incidents) == 1
    assert "Lead everybody out" in invigilator.get(f"/room/{room.id}/evacuation").get_data(as_text=True)


def test_incidents_are_logged_resolved_and_printed(
    invigilator: StrictClient, room: ARoom, settings: Settings, clock: ManualClock
) -> None:
    all_in(room, settings, clock)
    url = f"/room/{room.id}/incidents"
    assert invigilator.post(url, {"category": "technical", "text": ""}).status_code == 422
    invigilator.post(url, {"category": "technical", "text": "The line was down.", "sitting": ""})
    incident = view_of(room).incidents[0]
    invigilator.post(f"{url}/{incident.id}", {"resolution": "It came back."})
    for page in ("incidents", "register", "report"):
        assert invigilator.get(f"/room/{room.id}/{page}").status_code == 200
    assert "It came back." in invigilator.get(f"/room/{room.id}/report").get_data(as_text=True)


def test_a_new_code_is_shown_once_and_the_old_one_is_void(
    invigilator: StrictClient, delivery: Any, room: ARoom, settings: Settings, clock: ManualClock
) -> None:
    with db.transaction() as session:
        service.check_in(session, room.booking(1), by=INVIGILATOR, now=clock.now())
    page = invigilator.post(f"/room/{room.id}/code/{room.booking(1)}")
    new = page.soup.select_one(".slip .code").get_text(strip=True)
    client = StrictClient(delivery.test_client())
    assert client.post("/sit/", {"code": room.code(1), "pin": room.pin}).status_code == 403
    assert client.post("/sit/", {"code": new, "pin": room.pin}).status_code == 303


def test_a_session_is_planned_and_its_pin_shown_once(admin: StrictClient, delivery: Any) -> None:
    assert admin.get("/sessions/new").status_code == 200
    fields = {"centre": "York", "room": "A1", "day": "2026-03-20", "time": "10:00", "plan": "", "seats": "8"}
    assert admin.post("/sessions/new", fields).status_code == 422
    fields |= {"forms": "form-1", "plan": "ap-sjt-portfolio-interview"}
    page = admin.post("/sessions/new", fields)
    assert page.status_code == 201 and page.soup.select_one(".code")
    assert "York" in admin.get("/sessions/").get_data(as_text=True)
    assert "York" in admin.get("/sessions/rooms").get_data(as_text=True)


def test_every_faulty_row_is_listed_and_none_is_loaded(admin: StrictClient, room: ARoom) -> None:
    rows = [
        f"{uln_of(9001)},Ann,Lee,2001-02-03,Home,College,residential,2025-09-01,,",
        "123,Bob,,2001-13-03,Home,College,residential,2025-09-01,,",
        f"{uln_of(9003)},Cat,Fox,2001-02-03,Home,College,gardening,2025-09-01,x,",
    ]
    sent = {"file": (io.BytesIO((HEAD + "\n".join(rows)).encode()), "new.csv")}
    page = admin.post(f"/sessions/{room.id}/candidates", sent, content_type="multipart/form-data")
    assert page.status_code == 422
    places = [(tr.select("td")[1].get_text(), tr.select("td")[2].get_text()) for tr in page.soup.select("tbody tr")]
    for place in [("row 3", "uln"), ("row 3", "family_name"), ("row 3", "date_of_birth"), ("row 4", "option")]:
        assert place in places
    assert len(view_of(room).seats) == 3


def test_a_good_file_is_shown_first_and_loaded_after(admin: StrictClient, room: ARoom) -> None:
    text = HEAD + f"{uln_of(9001)},Ann,O'Neil,2001-02-03,Home,College,residential,2025-09-01,25,\n"
    sent = {"file": (io.BytesIO(text.encode()), "new.csv")}
    page = admin.post(f"/sessions/{room.id}/candidates", sent, content_type="multipart/form-data")
    assert "1 wait for gateway evidence" in page.get_data(as_text=True) and len(view_of(room).seats) == 3
    again = page.soup.select_one("textarea").get_text()
    admin.post(f"/sessions/{room.id}/candidates/load", {"text": again, "name": "new.csv"})
    assert len(view_of(room).seats) == 4


def test_recorded_evidence_gives_a_pending_booking_its_seat(
    admin: StrictClient, settings: Settings, keeper: ledger.Ledger, clock: ManualClock
) -> None:
    room = a_room(settings.secret_key, candidates=1, now=clock.now(), complete=False)
    line = view_of(room).seats[0]
    assert line.seat is None
    url = f"/sessions/candidates/{line.candidate_id}"
    assert "Gateway not complete" in admin.get(url).get_data(as_text=True)
    admin.post(f"{url}/gateway", {"evidence": list(EVIDENCE)})
    assert "Gateway complete" in admin.get(url).get_data(as_text=True)
    assert view_of(room).seats[0].seat == 1
    assert admin.get("/sessions/candidates?q=khan").status_code == 200


def test_adjustments_moves_withdrawals_and_resits_have_their_place(
    admin: StrictClient, room: ARoom, settings: Settings, keeper: ledger.Ledger, clock: ManualClock
) -> None:
    from datetime import timedelta

    with db.transaction() as session:
        plan = view_of(room).session
        other = service.create_session(
            session,
            service_plan(plan.centre, "Room 3", clock.now() + timedelta(days=7), "form-3"),
            by=ADMIN,
            now=clock.now(),
            secret_key=settings.secret_key,
        )
    url = f"/sessions/bookings/{room.booking(1)}"
    assert admin.post(f"{url}/adjustment", {"extra_percent": "-1"}).status_code == 422
    admin.post(
        f"{url}/adjustment",
        {"extra_percent": "33.3", "rest_break_minutes": "10", "rest_break_overrun": "free", "notes": "reader"},
    )
    assert "extra time 33.3 %, rest breaks 10 min, reader" in admin.get(f"/sessions/{room.id}").get_data(as_text=True)
    assert admin.post(f"{url}/withdraw", {"reason": ""}).status_code == 422
    assert admin.post(f"{url}/withdraw", {"reason": "left the job"}).status_code == 303
    moved = f"/sessions/bookings/{room.booking(2)}/move"
    assert admin.post(moved, {"move-to": str(other.id), "move-reason": "ill"}).status_code == 303
    with db.transaction() as session:
        service.check_in(session, room.booking(3), by=INVIGILATOR, now=clock.now())
    sat = entered(room, 3, settings.secret_key, clock.now())
    service.start_room(room.id, by=INVIGILATOR)
    service.force_submit(sat, by=INVIGILATOR, reason="asked")
    assert "Book a resit" in admin.get(f"/sessions/bookings/{room.booking(3)}").get_data(as_text=True)
    resit = f"/sessions/bookings/{room.booking(3)}/resit"
    assert admin.post(resit, {"move-to": str(other.id), "move-reason": "failed"}).status_code == 303
    assert "attempt 2" in admin.get(f"/sessions/{other.id}").get_data(as_text=True)


def service_plan(centre: str, room: str, starts: Any, form: str) -> Any:
    from sjt.delivery.model import SessionPlan

    return SessionPlan(centre, room, starts, (form,), "ap-sjt-portfolio-interview", 10)


def test_an_invigilator_may_not_plan_and_an_administrator_may_not_run_a_room(
    invigilator: StrictClient, admin: StrictClient, room: ARoom
) -> None:
    assert invigilator.get("/sessions/").status_code == 403
    assert admin.get(f"/room/{room.id}").status_code == 403
