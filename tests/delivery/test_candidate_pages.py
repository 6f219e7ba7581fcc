"""The candidate's pages as a strict reader sees them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from sjt import db
from sjt.access import SYSTEM, Role
from sjt.accounts import service as accounts
from sjt.config import Settings
from sjt.delivery import ledger, service
from sjt.times import ManualClock, utc_now
from tests.builders.clients import StrictClient, strict_client
from tests.builders.rooms import INVIGILATOR, ARoom, BankSource, a_room, delivery_app


@pytest.fixture(scope="module")
def bank_source() -> BankSource:
    return BankSource()


@pytest.fixture
def delivery(settings: Settings, database: db.Database, clock: ManualClock, keeper: ledger.Ledger) -> Any:
    return delivery_app(settings, database, clock)


@pytest.fixture
def room(settings: Settings, keeper: ledger.Ledger, clock: ManualClock) -> ARoom:
    return a_room(settings.secret_key, candidates=2, now=clock.now())


def browser(app: Any) -> StrictClient:
    return StrictClient(app.test_client())


def enters(app: Any, room: ARoom, seat: int = 1, **changes: str) -> StrictClient:
    client = browser(app)
    client.post("/sit/", {"code": room.code(seat), "pin": room.pin, **changes})
    return client


def walks_to_the_wait(app: Any, room: ARoom, seat: int = 1) -> StrictClient:
    client = enters(app, room, seat)
    client.post("/sit/you", {"answer": "yes"})
    client.post("/sit/display", {"scheme": "cream", "size": "125"})
    client.post("/sit/instructions")
    return client


def sitting_id(client: StrictClient) -> UUID:
    with client.client.session_transaction() as cookie:
        return UUID(cookie["sitting"])


def test_case_spaces_and_dash_of_the_code_are_forgiven(delivery: Any, room: ARoom) -> None:
    typed = " ".join(room.code(1).lower().replace("-", ""))
    reply = browser(delivery).post("/sit/", {"code": typed, "pin": f" {room.pin[:3]} {room.pin[3:]} "})
    assert (reply.status_code, reply.location) == (303, "/sit/you")


def test_a_wrong_code_is_refused_in_words_on_the_same_page(delivery: Any, room: ARoom) -> None:
    reply = browser(delivery).post("/sit/", {"code": "ABCD-EFGH", "pin": room.pin})
    assert reply.status_code == 403
    assert "do not open a sitting" in reply.soup.select_one(".field-error").get_text()
    assert reply.soup.select_one("#code")["value"] == "ABCD-EFGH"


def test_a_blank_code_names_both_fields(delivery: Any, room: ARoom) -> None:
    reply = browser(delivery).post("/sit/", {"code": "", "pin": ""})
    assert reply.status_code == 422
    assert len(reply.soup.select(".error-summary li")) == 2


def test_the_eleventh_try_in_a_minute_is_throttled(delivery: Any, room: ARoom) -> None:
    client = browser(delivery)
    codes = [client.post("/sit/", {"code": "ABCD-EFGH", "pin": room.pin}).status_code for _ in range(11)]
    assert codes == [403] * 10 + [429]


def test_a_second_browser_on_one_code_is_refused_in_words(delivery: Any, room: ARoom) -> None:
    enters(delivery, room)
    reply = browser(delivery).post("/sit/", {"code": room.code(1), "pin": room.pin})
    assert reply.status_code == 403
    assert "in use on another device" in reply.get_data(as_text=True)


def test_who_says_that_the_name_is_not_theirs_frees_the_code_and_calls_the_invigilator(
    delivery: Any, room: ARoom, keeper: ledger.Ledger
) -> None:
    client = enters(delivery, room)
    assert client.post("/sit/you", {"answer": "no"}).location == "/sit/not-me"
    assert client.get("/sit/test").status_code == 303
    assert browser(delivery).post("/sit/", {"code": room.code(1), "pin": room.pin}).status_code == 303


def test_display_choices_are_kept_with_the_sitting_and_unknown_ones_left_out(delivery: Any, room: ARoom) -> None:
    client = enters(delivery, room)
    client.post("/sit/you", {"answer": "yes"})
    client.post("/sit/display", {"scheme": "yellow-on-black", "size": "999", "font": "dyslexia"})
    page = client.get("/sit/instructions").soup.html
    assert (page["data-scheme"], page["data-size"], page["data-font"]) == ("yellow-on-black", "100", "dyslexia")


def test_display_choices_follow_to_another_device_and_reach_no_report(
    delivery: Any, room: ARoom, keeper: ledger.Ledger
) -> None:
    client = walks_to_the_wait(delivery, room)
    chosen = {"scheme": "yellow-on-black", "size": "150", "font": "serif", "spacing": "wide", "focus": "on"}
    client.post("/sit/display", {**chosen, "aloud": "slow"})
    service.start_room(room.id, by=INVIGILATOR)
    old = sitting_id(client)
    service.move_device(old, by=INVIGILATOR, reason="The screen went dark.")
    other = enters(delivery, room)
    assert sitting_id(other) == old
    other.post("/sit/you", {"answer": "yes"})
    for path in ("/sit/you", "/sit/test"):
        page = other.get(path).soup.html
        shown = {name.removeprefix("data-"): page[name] for name in page.attrs if name.startswith("data-")}
        assert {**chosen, "aloud": "slow", "line-focus": "on"}.items() - shown.items() == {("focus", "on")}, path
    assert other.get("/sit/test").soup.select_one("#display-aloud-slow").has_attr("checked")
    staff = strict_client(delivery, {Role.INVIGILATOR, Role.CENTRE_ADMIN, Role.ASSESSOR, Role.AUDITOR}, login="staff")
    for path in ("", "/report", "/pack", "/incidents", "/register", f"/{old}"):
        reply = staff.get(f"/room/{room.id}{path}")
        assert "yellow-on-black" not in reply.get_data(as_text=True), path


def test_an_organisation_says_in_its_own_words_who_listens(delivery: Any, room: ARoom) -> None:
    admin = strict_client(delivery, {Role.ADMINISTRATOR})
    with db.transaction() as session:
        if accounts.organisation(session) is None:
            accounts.found_organisation(session, "Northern EPA", simulated=False, by=SYSTEM, now=utc_now())
    client = enters(delivery, room)
    said = {"content": "Two stories are about **loss**.", "support": "Ring Kim, 0113 496 0000."}
    assert admin.post("/people/words", {"support": "x" * 2001}).status_code == 422
    assert admin.post("/people/words", said).status_code == 303
    assert "Two stories are about <strong>loss</strong>." in client.get("/sit/instructions").get_data(as_text=True)
    service.start_room(room.id, by=INVIGILATOR)
    service.close_session(room.id, by=INVIGILATOR, reason="The session has ended.")
    assert "0113 496 0000" in client.get("/sit/receipt").get_data(as_text=True)
    gone = client.post("/sit/finish")
    assert "0113 496 0000" in client.get(gone.location).get_data(as_text=True), "on the way out"
    assert "0113 496 0000" not in client.get("/sit/").get_data(as_text=True), "the next candidate begins"


def test_nothing_of_the_paper_is_on_any_page_before_the_start(
    delivery: Any, room: ARoom, bank_source: BankSource
) -> None:
    client = walks_to_the_wait(delivery, room)
    paper = bank_source.paper(None, "form-1")  # type: ignore[arg-type] # this source asks no database
    seen = "".join(
        client.get(url).get_data(as_text=True) for url in ("/sit/you", "/sit/display", "/sit/instructions", "/sit/test")
    )
    assert "opens by itself" in seen
    for scenario in paper.scenarios:
        assert scenario.title not in seen and scenario.id not in seen
        assert all(option.text not in seen for item in scenario.items for option in item.options)


def test_after_the_start_every_question_is_in_the_page(
    delivery: Any, room: ARoom, keeper: ledger.Ledger, bank_source: BankSource
) -> None:
    client = walks_to_the_wait(delivery, room)
    service.start_room(room.id, by=INVIGILATOR)
    soup = client.get("/sit/test").soup
    paper = bank_source.paper(None, "form-1")  # type: ignore[arg-type] # this source asks no database
    assert {section["data-item"] for section in soup.select(".item")} == {item.id for item in paper.items()}
    ids = [tag["id"] for tag in soup.select("[id]")]
    assert len(ids) == len(set(ids))


def test_paused_and_break_hide_the_paper_also_after_a_reload(delivery: Any, room: ARoom, keeper: ledger.Ledger) -> None:
    client = walks_to_the_wait(delivery, room)
    service.start_room(room.id, by=INVIGILATOR)
    service.pause(sitting_id(client), by=INVIGILATOR, reason="Noise")
    page = client.get("/sit/test")
    assert "is paused" in page.soup.h1.get_text() and not page.soup.select(".item")
    service.resume(sitting_id(client), by=INVIGILATOR, reason="over")
    service.start_break(sitting_id(client), by=INVIGILATOR)
    assert "rest break" in client.get("/sit/test").soup.h1.get_text()
    client.post("/sit/back")
    assert client.get("/sit/test").soup.select(".item")


def test_a_browser_whose_sitting_moved_is_told_so_and_sees_no_paper(
    delivery: Any, room: ARoom, keeper: ledger.Ledger
) -> None:
    client = walks_to_the_wait(delivery, room)
    service.start_room(room.id, by=INVIGILATOR)
    service.move_device(sitting_id(client), by=INVIGILATOR, reason="frozen")
    page = client.get("/sit/test")
    assert page.status_code == 409 and not page.soup.select(".item")
    again = enters(delivery, room)
    again.post("/sit/you", {"answer": "yes"})
    assert again.get("/sit/test").soup.select(".item")


def test_time_out_leads_to_a_receipt_with_its_number(
    delivery: Any, room: ARoom, keeper: ledger.Ledger, clock: ManualClock
) -> None:
    client = walks_to_the_wait(delivery, room)
    service.start_room(room.id, by=INVIGILATOR)
    clock.advance(timedelta(minutes=61))
    service.save(sitting_id(client), 1, b'{"events":[]}', by=INVIGILATOR)
    service.close_session(room.id, by=INVIGILATOR)
    assert client.get("/sit/test").location == "/sit/receipt"
    page = client.get("/sit/receipt")
    assert "Time is up" in page.soup.h1.get_text()
    assert page.soup.select_one(".code").get_text(strip=True)


def test_a_strangers_url_shows_no_sitting(delivery: Any, room: ARoom, keeper: ledger.Ledger) -> None:
    mine, other = walks_to_the_wait(delivery, room, 1), walks_to_the_wait(delivery, room, 2)
    reply = other.client.get(f"/sit/{sitting_id(mine)}/state", headers={"Accept": "application/json"})
    assert reply.status_code == 404
    assert browser(delivery).get("/sit/test").location == "/sit/"
