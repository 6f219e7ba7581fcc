"""A session in its locked browser: the way in, a lost lock in mid-sitting, start links, the pages of the staff."""

from __future__ import annotations

import io
import json
import plistlib
import zipfile
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest

from sjt import db
from sjt.access import Role
from sjt.config import Settings
from sjt.delivery import ledger, locked, locked_settings, locked_setup, running, service
from sjt.delivery.model import SittingState
from sjt.errors import MoveRefused
from sjt.times import ManualClock
from tests.builders.clients import StrictClient, strict_client
from tests.builders.rooms import ADMIN, INVIGILATOR, ARoom, BankSource, a_room, cookie_for, delivery_app
from tests.builders.seat import Seat, ShiftedClock, answers
from tests.builders.server import CHROMIUM_ARGUMENTS

BASE = "http://localhost"


@pytest.fixture(scope="module")
def bank_source() -> BankSource:
    return BankSource(scenarios=7)


@pytest.fixture
def delivery(settings: Settings, database: db.Database, clock: ManualClock, keeper: ledger.Ledger) -> Any:
    return delivery_app(settings, database, clock)


@pytest.fixture
def room(settings: Settings, keeper: ledger.Ledger, clock: ManualClock) -> ARoom:
    return a_room(settings.secret_key, candidates=2, now=clock.now())


def lock(room: ARoom, clock: Any, mode: str = "session", base: str = BASE) -> str:
    with db.transaction() as session:
        made = locked_setup.put(
            session, room.id, mode, base=base, assistive=False, may_quit=True, by=ADMIN, now=clock.now()
        )
    assert made is not None
    return made.config_key


def proof(url: str, key: str) -> dict[str, str]:
    return {"X-SafeExamBrowser-ConfigKeyHash": locked_settings.shown_hash(BASE + url, key)}


def told(page: str, key: str) -> dict[str, str]:
    return {"X-Locked-Page": BASE + page, "X-Locked-Config": locked_settings.shown_hash(BASE + page, key)}


def comes_in(app: Any, room: ARoom, headers: dict[str, str]) -> tuple[StrictClient, Any]:
    client = StrictClient(app.test_client())
    reply = client.post("/sit/", {"code": room.code(1), "pin": room.pin}, headers=headers)
    return client, reply


def begins(client: StrictClient, room: ARoom) -> UUID:
    client.post("/sit/you", {"answer": "yes"})
    client.post("/sit/display", {"scheme": "white"})
    client.post("/sit/instructions")
    (sitting,) = service.start_room(room.id, by=INVIGILATOR)
    return sitting


def sends(client: StrictClient, sitting: UUID, headers: dict[str, str], seq: int = 1) -> Any:
    item = next(name for name, one in running.items_of(sitting).items() if one.format == "written")
    event = {"id": str(uuid4()), "seq": seq, "kind": "answer", "item": item, "response": {"text": f"Words {seq}."}}
    return client.client.post(
        f"/sit/{sitting}/events",
        data=json.dumps({"events": [event]}),
        headers={"X-CSRFToken": client.csrf_token(), "X-Lease": "1", "Content-Type": "application/json", **headers},
    )


def state_of(sitting: UUID) -> SittingState:
    with db.session() as session:
        return service.sitting_state(session, sitting, at=ledger.current().now()).state


def test_another_browser_is_refused_at_the_start_with_the_remedy(
    delivery: Any, room: ARoom, clock: ManualClock
) -> None:
    key = lock(room, clock)
    for headers, words in (
        ({}, "this is another browser"),
        (proof("/sit/", "0" * 64), "other settings"),
        (proof("/sit/test", key), "other settings"),  # a proof of another page is none
        (told("/elsewhere/", key), "this is another browser"),
    ):
        client, reply = comes_in(delivery, room, headers)
        assert reply.status_code == 403
        text = reply.soup.get_text(" ")
        assert words in text and "not used up" in text and "Open the file" in text
        assert reply.soup.find("a", href=f"seb://localhost/sit/locked/{room.id}.seb")
        assert client.get("/sit/test").status_code == 303
    file = delivery.test_client().get(f"/sit/locked/{room.id}.seb")
    assert locked_settings.config_key(locked_settings.read(file.data)) == key
    for headers in (proof("/sit/", key), told("/sit/", key)):
        client, reply = comes_in(delivery, room, headers)
        assert (reply.status_code, reply.location) in ((303, "/sit/you"), (403, None)), "the second finds it in use"
    assert "in use on another device" in reply.soup.get_text()


def test_the_address_is_the_one_outside_a_proxy(
    settings: Settings, database: db.Database, keeper: ledger.Ledger, room: ARoom, clock: ManualClock
) -> None:
    app = delivery_app(replace(settings, base_url="https://exam.example.org"), database, clock)
    key = lock(room, clock, base="https://exam.example.org")
    shown = locked_settings.shown_hash("https://exam.example.org/sit/?x=%C3%BC", key)
    client = StrictClient(app.test_client())
    entry = {"code": room.code(1), "pin": room.pin}
    refused = client.post("/sit/?x=ü", entry, headers={"X-SafeExamBrowser-ConfigKeyHash": shown[::-1]})
    assert refused.status_code == 403 and "sebs://exam.example.org" in refused.get_data(as_text=True)
    asked = client.client.post(
        "/sit/?x=%C3%BC",
        data={**entry, "csrf_token": client.csrf_token()},
        headers={"X-SafeExamBrowser-ConfigKeyHash": shown},
        environ_overrides={"RAW_URI": "/sit/?x=%C3%BC"},
    )
    assert asked.status_code == 303


def test_a_lock_lost_in_mid_sitting_saves_then_stops_and_waits_for_release(
    delivery: Any, room: ARoom, clock: ManualClock
) -> None:
    key = lock(room, clock)
    client, _ = comes_in(delivery, room, proof("/sit/", key))
    sitting = begins(client, room)
    good = proof(f"/sit/{sitting}/events", key)
    assert "data-question" in client.get("/sit/test", headers=proof("/sit/test", key)).get_data(as_text=True)
    assert sends(client, sitting, good).json["state"] == "running"

    wrong = sends(client, sitting, {}, seq=2)
    assert wrong.status_code == 200 and len(wrong.json["acked"]) == 1 and wrong.json["state"] == "paused"
    assert [one["text"] for one in answers(sitting).values()] == ["Words 2."], "what came was stored first"
    assert state_of(sitting) is SittingState.PAUSED
    held = client.get("/sit/test")
    assert "not the locked browser" in held.soup.get_text() and "data-question" not in held.get_data(as_text=True)
    sends(client, sitting, {}, seq=3)
    with db.session() as session:
        view = service.room(session, room.id, at=ledger.current().now())
        assert len(locked.open_holds(session, room.id)) == 1 and len(view.incidents) == 1
        assert any("incident" in words for words in service.open_questions(session, room.id)), "results wait for it"

    staff = strict_client(delivery, [Role.INVIGILATOR])
    console = staff.get(f"/room/{room.id}?seat={room.booking(1)}")
    assert "Safe Exam Browser only" in console.soup.select_one("#attention").get_text()
    seat = f"/room/{room.id}/seat/{room.booking(1)}"
    staff.post(f"{seat}/resume", {"reason": "Fault is mended"})
    assert state_of(sitting) is SittingState.RUNNING
    assert client.client.get(f"/sit/{sitting}/state").json["state"] == "paused", (
        "asked again, and still without the key"
    )
    staff.post(f"{seat}/unlock", {"reason": "Assistive program needs another browser"})
    assert client.client.get(f"/sit/{sitting}/state").json["state"] == "running"
    assert sends(client, sitting, {}, seq=4).json["state"] == "running", "this browser may go on as it is"
    service.force_submit(sitting, by=INVIGILATOR, reason="The end.")
    assert "close Safe Exam Browser" in client.get("/sit/receipt").soup.get_text()
    assert client.post("/sit/finish").location.startswith("/sit/quit/")
    assert "Go on without" not in staff.get(f"/room/{room.id}?seat={room.booking(1)}").soup.get_text()


def test_a_browser_that_shows_its_key_to_the_page_alone_proves_itself_before_the_questions(
    delivery: Any, room: ARoom, clock: ManualClock
) -> None:
    key = lock(room, clock)
    client, _ = comes_in(delivery, room, told("/sit/", key))
    sitting = begins(client, room)
    with client.client.session_transaction() as cookie:
        cookie.pop("locked")
    asked = client.get("/sit/test")
    assert asked.status_code == 403 and "data-question" not in asked.get_data(as_text=True)
    assert state_of(sitting) is SittingState.RUNNING, "it has shown nothing wrong yet"
    address = asked.soup.select_one("[data-locked-proof]")["data-locked-proof"]
    told_so = client.client.post(
        address, headers={"X-CSRFToken": client.csrf_token(), "Accept": "application/json", **told("/sit/test", key)}
    )
    assert told_so.json == {"proved": True}
    assert "data-question" in client.get("/sit/test").get_data(as_text=True)
    assert sends(client, sitting, told("/sit/test", key)).json["state"] == "running"


def test_a_start_link_opens_one_sitting_once(delivery: Any, room: ARoom, clock: ManualClock) -> None:
    lock(room, clock, "sitting")
    admin = strict_client(delivery, [Role.CENTRE_ADMIN])
    packed = admin.client.post(f"/sessions/{room.id}/locked/files", data={"csrf_token": admin.csrf_token()})
    files = zipfile.ZipFile(io.BytesIO(packed.data))
    assert files.namelist() == ["seat-001.seb", "seat-002.seb"]
    first, second = (locked_settings.read(files.read(name)) for name in files.namelist())
    address, _, token = first["startURL"].partition("#")
    assert address == f"{BASE}/sit/link" and len(token) >= 22 and first["startURL"] != second["startURL"]
    key = locked_settings.config_key(first)

    def opens(headers: dict[str, str], what: str = token) -> Any:
        client = StrictClient(delivery.test_client())
        client.get("/sit/link")
        return client.post("/sit/link", {"token": what}, headers=headers)

    assert opens({}).status_code == 403
    assert "used or replaced" in opens(proof("/sit/link", key), "x" * 22).get_data(as_text=True)
    assert opens(proof("/sit/link", key)).location == "/sit/you"
    assert "used or replaced" in opens(proof("/sit/link", key)).get_data(as_text=True)

    one = admin.client.post(
        f"/sessions/{room.id}/locked/files", data={"csrf_token": admin.csrf_token(), "booking": room.booking(2)}
    )
    renewed = locked_settings.read(one.data)
    old, new = second["startURL"].partition("#")[2], renewed["startURL"].partition("#")[2]
    assert opens(proof("/sit/link", locked_settings.config_key(second)), old).status_code == 403
    assert opens(proof("/sit/link", locked_settings.config_key(renewed)), new).location == "/sit/you"
    page = admin.get(f"/sessions/{room.id}/locked")
    assert page.soup.get_text().count("used ") >= 2
    with db.session() as session:
        assert new not in json.dumps([row.model_dump(mode="json") for row in locked.links(session, room.id).values()])


def test_other_files_are_accepted_and_the_room_s_start_fixes_the_rule(
    delivery: Any, room: ARoom, clock: ManualClock
) -> None:
    admin = strict_client(delivery, [Role.CENTRE_ADMIN])
    page = f"/sessions/{room.id}/locked"
    shown = admin.post(page, {"mode": "session", "may_quit": "y"}).soup
    password = shown.select_one(".code").get_text()
    assert len(password) == 12 and password not in admin.get(page).get_data(as_text=True)
    other = {"startURL": f"{BASE}/sit/", "zoom": 1.5}
    reply = admin.client.post(
        f"{page}/keys",
        data={
            "csrf_token": admin.csrf_token(),
            "kind": "config",
            "file": (io.BytesIO(plistlib.dumps(other)), "centre.seb"),
        },
        follow_redirects=True,
    )
    assert "zoom is a number with a fraction" in reply.get_data(as_text=True)
    exam = "ab" * 32
    assert admin.post(f"{page}/keys", {"kind": "exam", "key": "no key"}).status_code == 422
    admin.post(f"{page}/keys", {"kind": "exam", "key": exam, "note": "Windows 3.9"})
    client, reply = comes_in(
        delivery, room, {"X-SafeExamBrowser-RequestHash": locked_settings.shown_hash(f"{BASE}/sit/", exam)}
    )
    assert reply.status_code == 303
    begins(client, room)
    admin.post(f"{page}/keys/{exam}")
    assert exam[:16] not in admin.get(page).get_data(as_text=True)
    with pytest.raises(MoveRefused), db.transaction() as session:
        locked_setup.put(session, room.id, "", base=BASE, assistive=False, may_quit=True, by=ADMIN, now=clock.now())


_API = """
(() => {
  const hash = async (text) => {
    const bytes = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
    return [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  };
  const security = { configKey: "", browserExamKey: "" };
  security.updateKeys = async (done) => {
    security.configKey = await hash(location.href.split("#")[0] + "KEY");
    done();
  };
  window.SafeExamBrowser = { version: "3.7", security };
})();
"""


@pytest.mark.browser
def test_a_sitting_runs_in_the_locked_browser_and_stops_outside_it(
    player: Any,
    chromium: str,
    tmp_path: Any,
    seat_app: Any,
    seat_address: str,
    settings: Settings,
    seat_keeper: ledger.Ledger,
    shifted: ShiftedClock,
) -> None:
    room = a_room(settings.secret_key, candidates=1, now=shifted.now())
    key = lock(room, shifted, "sitting", base=seat_address)
    with db.transaction() as session:
        (file,) = locked_setup.make_links(session, room.id, secret_key=settings.secret_key, by=ADMIN, now=shifted.now())
    start = locked_settings.read(file.data)
    own = locked_settings.config_key(start)
    assert own != key
    seat = Seat(player, chromium, tmp_path / "profile", seat_address, script=_API.replace("KEY", own))
    page = seat.page
    page.goto(start["startURL"])
    page.click("text=Yes, this is me")
    page.click("text=Keep these settings")
    page.click("text=I am ready")
    page.wait_for_selector("[data-waiting]")
    (sitting,) = service.start_room(room.id, by=INVIGILATOR)
    page.wait_for_url("**/test#question-*", timeout=60_000)
    seat.ready()
    seat.go("written").locator("textarea").fill("In the locked browser.")
    seat.saved()
    page.reload()
    seat.ready()
    assert state_of(sitting) is SittingState.RUNNING
    cookies = seat.context.cookies()
    seat.context.close()

    browser = player.chromium.launch(executable_path=chromium, args=list(CHROMIUM_ARGUMENTS))
    outside = browser.new_context(base_url=seat_address)
    outside.add_cookies(cookies)
    taken = outside.new_page()
    taken.goto("/sit/test")
    staff = browser.new_context(base_url=seat_address)
    staff.add_cookies([{"name": "sjt", "value": cookie_for(seat_app, Role.INVIGILATOR), "url": seat_address}])
    console = staff.new_page()
    console.goto(f"/room/{room.id}")
    console.wait_for_selector("#attention :text('Safe Exam Browser only')", timeout=60_000)
    taken.goto("/sit/test")
    assert "not the locked browser" in taken.inner_text("main") and taken.locator("article").count() == 0
    browser.close()
    assert list(answers(sitting).values()) == [{"text": "In the locked browser."}]
    assert seat.faults == []
