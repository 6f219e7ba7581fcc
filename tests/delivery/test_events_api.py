"""``POST /sit/<sitting>/events`` as CONTRACT has it: statuses, codes, limits, keys."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_wtf.csrf import CSRFProtect, generate_csrf

from sjt import db
from sjt.config import Settings
from sjt.delivery import candidate_session, codes, ledger, short_way, sources
from sjt.delivery.model import ActKind
from sjt.delivery.routes import events
from sjt.errors import Unavailable
from sjt.times import ManualClock
from sjt.web import errors, guards
from tests.builders.sittings import Sat, a_paper, a_sitting

KEY = "for-tests-only-" + "k" * 32


class Papers:
    """Stands for authoring's service."""

    def paper(self, session: Any, form_id: str) -> Any:
        return a_paper(form_id)

    def form_facts(self, session: Any, form_id: str) -> Any:
        raise NotImplementedError

    def plan(self, session: Any, plan_id: str) -> Any:
        raise NotImplementedError


class Browser:
    """A candidate's browser: cookie, CSRF token, lease."""

    def __init__(self, client: FlaskClient, sat: Sat) -> None:
        self.client, self.sat = client, sat
        with client.session_transaction() as cookie:
            cookie["sitting"], cookie["lease"] = str(sat.id), 1
            cookie["lease_token"] = codes.lease_token(KEY, sat.id, 1)
        self.csrf = client.get("/csrf").get_data(as_text=True)

    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.client.get(f"/sit/{self.sat.id}/state").get_data())
        return found

    def post(self, body: Any, *, lease: str = "1", sitting: UUID | None = None, csrf: str | None = None) -> Any:
        data = body if isinstance(body, bytes | str) else json.dumps(body)
        token = self.csrf if csrf is None else csrf
        headers = {"X-CSRFToken": token, "X-Lease": lease}
        url = f"/sit/{sitting or self.sat.id}/events"
        return self.client.post(url, data=data, headers=headers, content_type="application/json")


def an_event(seq: int = 1, **changes: Any) -> dict[str, Any]:
    event = {"id": str(uuid4()), "seq": seq, "kind": "answer", "item": "s3-a", "response": "A", "prev": None}
    return {**event, "client_time": "2026-03-14T09:00:01.000Z", **changes}


@pytest.fixture
def keeper(sqlite_file: db.Database, manual: ManualClock) -> Iterator[ledger.Ledger]:
    sources.use(Papers())
    found = ledger.bind(ledger.Ledger(sqlite_file, manual).start())
    yield found
    found.stop()
    sources.use(None)


@pytest.fixture
def site(keeper: ledger.Ledger, tmp_path: Any) -> Flask:
    """Give an application with this one blueprint."""
    app = Flask("sjt")
    app.config.update(SECRET_KEY=KEY, TESTING=True)
    url = keeper.database.url.render_as_string(hide_password=False)
    app.extensions[guards.SETTINGS] = Settings(url, tmp_path, KEY, tmp_path / "anchor.pem", testing=True)
    app.extensions[guards.CLOCK] = keeper.clock
    app.extensions[guards.ACTOR_LOADER] = candidate_session.load_actor
    CSRFProtect(app)
    errors.register(app)
    app.register_blueprint(events.bp)
    app.add_url_rule("/csrf", view_func=generate_csrf)
    return app


@pytest.fixture
def browser(site: Flask, keeper: ledger.Ledger) -> Browser:
    return Browser(site.test_client(), a_sitting(keeper))


def test_a_batch_is_acknowledged_with_the_keys_of_the_contract(browser: Browser) -> None:
    good, bad = an_event(1), an_event(2, item="s9-z")
    reply = browser.post({"events": [good, bad]})
    assert reply.status_code == 200
    assert set(reply.json) == {
        "acked",
        "refused",
        "remaining_ms",
        "ends_at",
        "server_time",
        "state",
        "content_head",
    }
    assert reply.json["acked"] == [good["id"]]
    assert [set(one) for one in reply.json["refused"]] == [{"id", "code", "message", "kept"}]
    assert (reply.json["refused"][0]["id"], reply.json["refused"][0]["code"]) == (bad["id"], "unknown_item")
    assert reply.json["remaining_ms"] == 3_600_000
    assert reply.json["ends_at"] == "2026-03-14T10:00:00.000Z"
    assert len(reply.json["content_head"]) == 64


def test_submitting_twice_gives_one_receipt(browser: Browser) -> None:
    submit = an_event(2, kind="submit", item=None, response=None)
    first = browser.post({"events": [an_event(1), submit]})
    assert first.json["state"] == "submitted"
    assert first.json["remaining_ms"] is None
    again = browser.post({"events": [submit]})
    assert again.json["acked"] == [submit["id"]]
    assert again.json["receipt"] == first.json["receipt"]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"events": 1}', b"\xff"])
def test_what_is_not_json_of_the_shape_is_400(browser: Browser, body: bytes) -> None:
    assert browser.post(body).status_code == 400


@pytest.mark.parametrize("lease", ["", "x", "0", "2", "1.0", "-1"])
def test_a_lease_that_was_never_given_is_400(browser: Browser, lease: str) -> None:
    assert browser.post({"events": []}, lease=lease).status_code == 400


def test_too_many_events_and_too_many_bytes_are_refused_whole(browser: Browser) -> None:
    assert browser.post({"events": [an_event(n) for n in range(256)]}).status_code == 200
    assert browser.post({"events": [an_event(300 + n) for n in range(257)]}).status_code == 413
    assert browser.post(json.dumps({"events": []}) + " " * 256 * 1024).status_code == 413


def test_a_stranger_is_401_another_s_sitting_404_and_a_missing_token_403(
    site: Flask, browser: Browser, keeper: ledger.Ledger
) -> None:
    other = a_sitting(keeper)
    assert browser.post({"events": []}, sitting=other.id).status_code == 404
    assert browser.post({"events": []}, csrf="").status_code == 403
    with browser.client.session_transaction() as cookie:
        cookie["lease_token"] = codes.lease_token(KEY, browser.sat.id, 2)
    assert browser.post({"events": []}).status_code == 401
    with browser.client.session_transaction() as cookie:
        del cookie["sitting"]
    assert browser.post({"events": []}).status_code == 401


def test_a_stale_browser_is_told_and_its_answer_is_kept(browser: Browser) -> None:
    browser.sat.act(ActKind.RELEASED)
    reply = browser.post({"events": [an_event(1)]})
    assert reply.status_code == 200
    assert [(one["code"], one["kept"]) for one in reply.json["refused"]] == [("stale_lease", True)]
    state = browser.state()
    assert state["lease_current"] is False


def test_no_room_in_the_queue_is_503_with_retry_after(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise Unavailable("Too much to write.", retry_after=2)

    monkeypatch.setattr(ledger.Ledger, "save", full)
    reply = browser.post({"events": [an_event(1)]})
    assert reply.status_code == 503
    assert reply.headers["Retry-After"] == "2"


def test_a_flood_is_429_with_retry_after(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(short_way.THROTTLE, "tries", 3)
    replies = [browser.post({"events": []}) for _ in range(4)]
    assert [reply.status_code for reply in replies] == [200, 200, 200, 429]
    assert int(replies[-1].headers["Retry-After"]) >= 1


def test_the_state_says_what_the_clock_says(browser: Browser, manual: ManualClock) -> None:
    browser.sat.act(ActKind.PAUSED)
    state = browser.state()
    assert (state["state"], state["remaining_ms"], state["ends_at"]) == ("paused", 3_600_000, None)
    assert state["lease_current"] is True


def test_half_a_sign_in_one_text_does_not_hold_up_the_other_answers(browser: Browser) -> None:
    good, odd = an_event(1), an_event(2, item="s3-b", response={"text": "half \ud83d"})
    reply = browser.post(json.dumps({"events": [good, odd]}))
    body = json.loads(reply.get_data())
    assert body["acked"] == [good["id"]]
    assert [(one["id"], one["code"]) for one in body["refused"]] == [(odd["id"], "bad_shape")]
