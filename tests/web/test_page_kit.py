"""What every page has: headers, a token that outlives a sitting, error pages that give nothing away, limits."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import itsdangerous
import pytest
from flask import Flask
from sqlmodel import select

from sjt import db, errors
from sjt.access import Permission, Role
from sjt.audit.tables import AuditEntry
from sjt.config import Settings
from sjt.times import ManualClock
from sjt.web import headers
from sjt.web.guards import public, requires
from tests.builders.clients import StrictClient

Clients = Callable[..., StrictClient]
SECRET = "canary-4711"


@pytest.fixture
def stranger(app: Flask) -> StrictClient:
    return StrictClient(app.test_client())


def add(app: Flask, path: str, view: Callable[..., Any], *, post: bool = False) -> None:
    app.add_url_rule(path, f"test_{path.strip('/')}", view, methods=["POST" if post else "GET"])


def entries() -> list[str]:
    with db.session() as session:
        return [row.did for row in session.exec(select(AuditEntry)).all()]


def test_every_kind_of_reply_carries_the_policy(app: Flask, client_as: Clients) -> None:
    client = client_as(Role.ADMINISTRATOR)
    replies = [
        client.get("/desk"),
        client.get("/people"),
        client.get("/healthz"),
        client.get("/static/css/base.css"),
        client.get("/no-such-page"),
        client.get("/marking/"),
        client.client.post("/sign-out"),
        client.client.put("/desk"),
        client.post("/sign-out"),
    ]
    assert {reply.status_code for reply in replies} == {200, 303, 400, 403, 404, 405}
    for reply in replies:
        policy = reply.headers["Content-Security-Policy"]
        assert policy == f"{headers.POLICY}; frame-ancestors 'none'", reply.request.path
        assert policy.startswith("default-src 'none'; ") and "unsafe" not in policy and "base-uri 'none'" in policy
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
        assert reply.headers["X-Frame-Options"] == "DENY" and reply.headers["Referrer-Policy"] == "no-referrer"
        if reply.mimetype in ("text/html", "application/json"):
            assert reply.headers["Cache-Control"] == "no-store", reply.request.path
        reply.close()  # a static file stays open until then


def test_a_token_outlives_the_longest_sitting(app: Flask, client_as: Clients, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as earlier:
        then = int(time.time()) - int(timedelta(hours=9).total_seconds())
        earlier.setattr(itsdangerous.TimestampSigner, "get_timestamp", lambda self: then)
        client = client_as(Role.ADMINISTRATOR)
        token = client.csrf_token()
    fields = {"name": "", "csrf_token": token}
    assert client.client.post("/people/new", data=fields).status_code == 422, "the form was read: the token holds"
    app.config["WTF_CSRF_TIME_LIMIT"] = 3600
    assert client.client.post("/people/new", data=fields).status_code == 400, "Flask-WTF's own hour would end it"


def test_no_token_and_anothers_token_are_refused_in_words(app: Flask, client_as: Clients) -> None:
    client, other = client_as(Role.ADMINISTRATOR), client_as(Role.WRITER)
    for fields in ({"name": "Eve"}, {"name": "Eve", "csrf_token": other.csrf_token()}, {"csrf_token": "x"}):
        refused = client._read(client.client.post("/people/new", data=fields))
        assert refused.status_code == 400 and "reload it" in refused.soup.main.get_text()
    as_json = client.client.post("/people/new", json={"name": "Eve"})
    assert as_json.status_code == 403 and as_json.json["error"] == 403
    assert [did for did in entries() if did.startswith("person.added")] == ["person.added"] * 2, "only the two of us"


@pytest.fixture
def failing(settings: Settings, database: db.Database, clock: ManualClock) -> Flask:
    """Make the app as it runs for people: an error nobody foresaw is answered, not raised."""
    import dataclasses

    from sjt.app import create_app

    made = create_app(dataclasses.replace(settings, testing=False), database=database, clock=clock)
    made.config["PROPAGATE_EXCEPTIONS"] = False
    return made


@pytest.mark.parametrize("as_json", [False, True])
def test_an_error_nobody_foresaw_gives_nothing_away(
    failing: Flask, as_json: bool, caplog: pytest.LogCaptureFixture
) -> None:
    @public
    def breaks() -> str:
        raise ValueError(f"the key of item s1-a is {SECRET}")

    add(failing, "/breaks", breaks)
    client = StrictClient(failing.test_client())
    reply = client.get("/breaks", headers={"Accept": "application/json" if as_json else "text/html"})
    assert reply.status_code == 500
    text = reply.get_data(as_text=True)
    assert SECRET not in text and "Traceback" not in text and "ValueError" not in text
    found = re.search(r"reference ([0-9a-f]{8})", caplog.text)
    assert found and found[1] in text and SECRET in caplog.text, "the log has it, under the number that the page shows"


def test_a_strangers_address_is_not_repeated_and_leaves_an_audit_line(stranger: StrictClient) -> None:
    for path in (f"/{SECRET}", f"/audit/chain/{SECRET}", f"/results/sessions/{SECRET}"):
        before = len(entries())
        reply = stranger.get(path)
        if reply.status_code == 303:
            assert reply.location.startswith("/sign-in")
            continue
        assert reply.status_code == 404 and SECRET not in reply.soup.main.get_text()
        assert len(entries()) == before + 1


@pytest.mark.parametrize(
    ("raised", "status", "words"),
    [
        (errors.NotFound("There is no such form."), 404, "There is no such form."),
        (errors.Forbidden("That is not yours."), 403, "That is not yours."),
        (errors.MoveRefused("It is closed."), 409, "It is closed."),
        (errors.Conflict("Somebody was first."), 409, "Somebody was first."),
        (errors.Unavailable("Wait a little."), 503, "Wait a little."),
        (
            errors.InputError("Not saved.", [errors.Fault("a.csv", "line 2", "uln", "is short.", "Give ten figures.")]),
            422,
            "Give ten figures.",
        ),
    ],
)
def test_what_is_refused_on_purpose_is_said(
    app: Flask, stranger: StrictClient, raised: errors.SjtError, status: int, words: str
) -> None:
    @public
    def refuses() -> str:
        raise raised

    add(app, "/refuses", refuses)
    page = stranger.get("/refuses")
    assert page.status_code == status and words in page.soup.main.get_text()
    told = stranger.get("/refuses", headers={"Accept": "application/json"})
    assert told.status_code == status and words in str(told.json)


def test_a_throttled_reply_says_when_to_come_again(app: Flask, stranger: StrictClient) -> None:
    @public
    def hurried() -> str:
        raise errors.Throttled("Too many tries.", retry_after=17)

    add(app, "/hurried", hurried)
    page = stranger.get("/hurried")
    assert page.status_code == 429 and page.headers["Retry-After"] == "17"
    assert "Too many tries." in page.soup.main.get_text()


def test_what_is_too_large_or_holds_a_nul_is_refused_before_any_deed(app: Flask, client_as: Clients) -> None:
    app.config["MAX_CONTENT_LENGTH"] = 1000
    client = client_as(Role.ADMINISTRATOR)
    large = client.post("/people/new", {"name": "x" * 2000})
    assert large.status_code == 413 and "too large" in large.soup.main.get_text()
    assert client.post("/people/new", {"name": "a\x00b"}).status_code == 400
    assert client.get("/people?q=%00").status_code == 400


def test_a_guard_sends_strangers_to_sign_in_and_others_away(app: Flask, client_as: Clients) -> None:
    @requires(Permission.SEE_AUDIT)
    def guarded() -> str:
        return SECRET

    add(app, "/guarded", guarded)
    add(app, "/guarded-deed", guarded, post=True)
    stranger = client_as()
    away = stranger.get("/guarded?x=1")
    assert away.status_code == 303 and away.location == "/sign-in?next=/guarded?x%3D1"
    assert stranger.post("/guarded-deed").location == "/sign-in"
    refused = client_as(Role.WRITER).get("/guarded")
    assert refused.status_code == 403 and SECRET not in refused.text
    assert client_as(Role.AUDITOR).client.get("/guarded").text == SECRET
