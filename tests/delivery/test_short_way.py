"""The short way answers as the routes do, and only when they would have said yes."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from sjt import db
from sjt.config import Settings
from sjt.delivery import ledger, question_page, service, short_way
from sjt.delivery.model import SittingState
from sjt.errors import Unavailable
from sjt.times import ManualClock
from tests.builders.clients import StrictClient
from tests.builders.rooms import INVIGILATOR, ARoom, BankSource, a_room, delivery_app


@pytest.fixture(scope="module")
def bank_source() -> BankSource:
    return BankSource()


@pytest.fixture
def seat(settings: Settings, database: db.Database, clock: ManualClock, keeper: ledger.Ledger) -> Any:
    """One candidate at a computer, and ways to ask by either way."""
    app: Flask = delivery_app(settings, database, clock)
    room: ARoom = a_room(settings.secret_key, candidates=1, now=clock.now())
    client = StrictClient(app.test_client())
    client.post("/sit/", {"code": room.code(1), "pin": room.pin})
    client.post("/sit/you", {"answer": "yes"})
    client.post("/sit/display", {"scheme": "cream", "size": "125"})
    client.post("/sit/instructions")
    with client.client.session_transaction() as cookie:
        sitting_id = UUID(cookie["sitting"])
    taken: list[str] = []
    short = app.wsgi_app
    while not isinstance(short, short_way.ShortWay):
        short = short.app  # type: ignore[attr-defined] # a proxy's middleware
    longer = short._longer

    def counting(environ: Any, start: Any) -> Any:
        taken.append(environ["PATH_INFO"])
        return longer(environ, start)

    short._longer = counting
    return SimpleNamespace(app=app, room=room, client=client.client, id=sitting_id, long=taken, clock=clock)


def start(seat: Any) -> None:
    service.start_room(seat.room.id, by=INVIGILATOR)


def token(seat: Any) -> str:
    page = seat.client.get("/sit/test").get_data(as_text=True)
    found = re.search(r'"csrf": ?"([^"]+)"', page)
    assert found, "the page holds its token"
    return found[1]


def save(seat: Any, csrf: str, *, path: str = "", lease: str = "1", seq: int = 0, **more: Any) -> Any:
    event = {"id": str(uuid4()), "seq": seq, "kind": "blur", "item": None, "response": None}
    event |= {"client_time": None, "prev": None} | more
    headers = {"X-CSRFToken": csrf, "X-Lease": lease, "Accept": "application/json"}
    path = path or f"/sit/{seat.id}/events"
    return seat.client.post(
        path, data=json.dumps({"events": [event]}), content_type="application/json", headers=headers
    )


def both_ways(seat: Any, ask: Callable[[], Any]) -> tuple[Any, Any]:
    """Ask the short way, which must have answered by itself, then the long way."""
    seat.long.clear()
    short = ask()
    assert not seat.long, "the short way did not answer"
    short_way.LONG_WAY.append(lambda sitting_id: True)
    try:
        longer = ask()
    finally:
        short_way.LONG_WAY.pop()
    assert seat.long, "the long way was not taken"
    return short, longer


def same_headers(short: Any, longer: Any) -> None:
    mine, theirs = ({k: v for k, v in one.headers if k != "Content-Length"} for one in (short, longer))
    assert mine == theirs


def test_what_the_short_way_answers_is_what_the_route_answers(seat: Any) -> None:
    state = f"/sit/{seat.id}/state"
    seat.client.get(state)  # the route draws the questions ahead
    waiting, longer = both_ways(seat, lambda: seat.client.get(state))
    assert waiting.json == longer.json
    assert waiting.json["starts"]
    same_headers(waiting, longer)
    seat.long.clear()
    assert seat.client.get("/sit/test").status_code == 200
    assert seat.long, "before the start the short way has no page"
    start(seat)
    csrf = token(seat)  # the first page with this display is drawn by the route
    page, longer_page = both_ways(seat, lambda: seat.client.get("/sit/test"))
    same_headers(page, longer_page)
    changing = re.compile(r'"csrf": ?"[^"]+"')
    shown, beside = (changing.sub("", one.get_data(as_text=True)) for one in (page, longer_page))
    assert shown == beside
    assert "question-1" in shown
    assert 'data-scheme="cream"' in shown
    packed = both_ways(seat, lambda: seat.client.get("/sit/test", headers={"Accept-Encoding": "gzip, deflate, br"}))
    same_headers(*packed)
    for one in packed:
        assert one.headers["Content-Encoding"] == "deflate"
        assert {"Accept-Encoding", "Cookie"} <= one.vary.as_set(preserve_casing=True)
        assert changing.sub("", zlib.decompress(one.data).decode()) == shown
        assert len(one.data) < len(page.data) / 2
    running, longer = both_ways(seat, lambda: seat.client.get(state))
    assert running.json == longer.json
    seq = iter(range(10))
    saved, longer = both_ways(seat, lambda: save(seat, csrf, seq=next(seq)))
    same_headers(saved, longer)
    assert saved.json.keys() == longer.json.keys()
    assert (len(saved.json["acked"]), saved.json["state"]) == (1, "running")
    seat.long.clear()
    again = seat.client.get("/sit/test")
    assert again.status_code == 200
    assert seat.long, "once something is stored the page is the route's"
    seat.clock.advance(timedelta(hours=3))
    over, longer = both_ways(seat, lambda: seat.client.get(state))
    assert over.json == longer.json
    assert over.json["state"] == "closed"
    with seat.app.test_request_context():
        assert question_page.plain_addresses(seat.id) == question_page.addresses(seat.id)


def test_the_short_way_never_says_no_and_never_says_yes_for_the_route(
    seat: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    start(seat)
    csrf = token(seat)
    assert save(seat, csrf).status_code == 200

    def refused(ask: Callable[[], Any], status: int) -> Any:
        seat.long.clear()
        reply = ask()
        assert (reply.status_code, len(seat.long)) == (status, 1)
        return reply

    refused(lambda: save(seat, ""), 403)
    refused(lambda: save(seat, csrf[:-2] + "xx"), 403)
    refused(lambda: save(seat, csrf, lease="2"), 400)
    refused(lambda: save(seat, csrf, path=f"/sit/{uuid4()}/events"), 404)
    refused(lambda: seat.client.get(f"/sit/{uuid4()}/state"), 404)
    headers = {"X-CSRFToken": csrf, "X-Lease": "1", "Content-Type": "application/json"}
    refused(lambda: seat.client.post(f"/sit/{seat.id}/events", data="[", headers=headers), 400)

    def full(*_: Any, **__: Any) -> None:
        raise Unavailable("Too much to write.", retry_after=2)

    with monkeypatch.context() as patched:
        patched.setattr(ledger.Ledger, "save", full)
        assert refused(lambda: save(seat, csrf, seq=1), 503).headers["Retry-After"] == "2"

    def away(sitting_id: UUID) -> bool:
        raise OperationalError("SELECT", {}, Exception("the server closed the connection"))

    short_way.LONG_WAY.append(away)  # the database went while a locked browser was asked for: the route says so
    try:
        seat.long.clear()
        assert save(seat, csrf, seq=1).status_code == 200 and seat.long
    finally:
        short_way.LONG_WAY.pop()
    # a cookie of another hand, and one that is a day old
    good = seat.client.get_cookie("sjt")
    assert good is not None
    seat.client.set_cookie("sjt", good.value[:-2] + "xx")
    refused(lambda: save(seat, csrf, seq=2), 403)
    seat.client.set_cookie("sjt", good.value)
    assert save(seat, csrf, seq=3).status_code == 200
    now = short_way.time.time
    with monkeypatch.context() as patched:
        patched.setattr(short_way.time, "time", lambda: now() + 86_401)
        seat.long.clear()
        save(seat, csrf, seq=4)
        assert seat.long, "what was remembered outlived the cookie"


def test_a_moved_sitting_is_told_so_the_short_way_too(seat: Any) -> None:
    start(seat)
    csrf = token(seat)
    assert save(seat, csrf).json["refused"] == []
    service.move_device(seat.id, by=INVIGILATOR, reason="The screen is dead.")
    assert seat.client.get(f"/sit/{seat.id}/state").json["lease_current"] is False
    assert seat.client.get("/sit/test").status_code == 409
    refused = save(seat, csrf, seq=5).json["refused"]
    assert [one["code"] for one in refused] == ["stale_lease"]


def test_a_pause_hides_the_questions_the_short_way_too(seat: Any) -> None:
    start(seat)
    token(seat)
    assert "question-1" in seat.client.get("/sit/test").get_data(as_text=True)
    service.pause(seat.id, by=INVIGILATOR, reason="Fire alarm.")
    assert "question-1" not in seat.client.get("/sit/test").get_data(as_text=True)
    assert seat.client.get(f"/sit/{seat.id}/state").json["state"] == SittingState.PAUSED
