"""The short way for what candidates' pages ask all the time: saving, asking for the time, opening the questions.

It stands before Flask and answers only when everything is as it should be; it never refuses. Whatever it does not know
or does not like (a cookie, a token, a header, a state, a fault of the database) it leaves untouched to the route of the
same address, which decides, words the refusal and leaves the audit line. So there is one place that says no, and what
is asked a hundred times a second costs a tenth of a request through everything.

What it remembers is what cannot change: that a cookie's signature, a form's token and a lease's token held, each by its
exact text, as long as the cookie itself may live. Lease, state, clock and head are read in every request, the writing
ones inside the ledger's transaction.
"""

from __future__ import annotations

import hmac
import io
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import orjson
import sqlalchemy.exc
from flask import Flask
from itsdangerous import BadData, URLSafeTimedSerializer

from sjt.access import Actor, Permission, may
from sjt.accounts.throttle import Throttle
from sjt.delivery import (
    candidate_page,
    deflated,
    drawing,
    emergency_keys,
    entering,
    ledger,
    question_page,
    quick_reads,
    running,
    views,
)
from sjt.delivery.model import ENDED_STATES, MAX_BYTES, Reply, SittingState
from sjt.errors import SjtError, Throttled
from sjt.times import iso
from sjt.web import assets, guards, headers
from sjt.web.filters import local_time

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

ERROR: Final = "sjt.delivery.error"
"""What a save was refused with, in the request's environment: the route raises it, and it becomes words."""
CONFIRMED: Final = "is_me"
"""Key of the browser's cookie: the sitting whose name this person has said is theirs."""
THROTTLE: Final = Throttle(tries=1_200, seconds=60.0)
"""A page sends every two seconds; twenty a second for a minute is no page."""
MOST: Final = 10_000
"""Browsers that are remembered in one process."""

LONG_WAY: Final[list[Callable[[UUID], bool]]] = []
"""Asked before each answer; who must look at every request of some sittings (a locked browser) says so here."""

_Answer = tuple[bytes, list[tuple[str, str]]]


@dataclass(slots=True)
class _Browser:
    """What one cookie says, its signature and its lease's token having held."""

    sitting_id: UUID
    lease: int
    by: Actor
    expires: float
    seed: str
    """What forms' tokens of this browser are made of."""
    confirmed: bool
    events: str
    state: str
    token: str = ""
    """The form token that was last found to be good."""
    page_token: str = ""
    """The form token that its pages are given."""
    emergency: tuple[bytes, Mapping[str, Any]] | None = None
    """The session's public key, and what the page needs of it."""


class ShortWay:
    """A WSGI application before another."""

    def __init__(self, app: Flask, longer: WSGIApplication) -> None:
        self._app, self._longer = app, longer
        self._known: OrderedDict[str, _Browser] = OrderedDict()
        self._lock = threading.Lock()
        sealing = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined] # Flask's default has it
        assert isinstance(sealing, URLSafeTimedSerializer)
        self._sealing = sealing
        self._tokens = URLSafeTimedSerializer(str(app.secret_key), salt="wtf-csrf-token")
        self._lives = app.permanent_session_lifetime.total_seconds()
        self._cookie = f"{app.config['SESSION_COOKIE_NAME']}="
        self._static = Path(app.static_folder or "")
        self._json = headers.of_reply("application/json")
        self._html = headers.of_reply("text/html; charset=utf-8")
        varies = ("Vary", "Accept-Encoding, Cookie")
        self._packed = [*(one for one in self._html if one[0] != "Vary"), deflated.HEADERS[0], varies]

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path.startswith("/sit/") and not environ.get("QUERY_STRING") and not environ.get("SCRIPT_NAME"):
            found = self._answer(environ, path)
            if found is not None:
                body, said = found
                start_response("200 OK", [*said, ("Content-Length", str(len(body)))])
                return [body]
        return self._longer(environ, start_response)

    def _answer(self, environ: WSGIEnvironment, path: str) -> _Answer | None:
        method = environ["REQUEST_METHOD"]
        if not (method == "POST" and path.endswith("/events")) and not (
            method == "GET" and (path.endswith("/state") or path == "/sit/test")
        ):
            return None
        try:
            browser = self._browser(environ)
            if browser is None or any(asks(browser.sitting_id) for asks in LONG_WAY):
                return None
            if path == browser.events and method == "POST":
                return self._save(environ, browser)
            if path == browser.state and method == "GET":
                return self._state(browser)
            if path == "/sit/test" and browser.confirmed:
                return self._page(browser, packed=deflated.accepted(environ.get("HTTP_ACCEPT_ENCODING", "")))
        except Exception:  # whatever went wrong here: the route does it again, and says what it was
            return None
        return None

    # -- who asks --

    def _browser(self, environ: WSGIEnvironment) -> _Browser | None:
        held = [
            part[len(self._cookie) :]
            for part in environ.get("HTTP_COOKIE", "").split("; ")
            if part.startswith(self._cookie)
        ]
        if len(held) != 1:
            return None
        found = self._known.get(held[0])
        if found is None:
            found = self._look(held[0])
        return found if found is not None and time.time() < found.expires else None

    def _look(self, cookie: str) -> _Browser | None:
        """Open a cookie that was not seen before, as Flask and the guard of the routes would."""
        try:
            data, signed = self._sealing.loads(cookie, max_age=int(self._lives), return_timestamp=True)
            sitting_id = UUID(data["sitting"])
        except (BadData, KeyError, TypeError, ValueError, AttributeError):
            return None
        lease, lease_token, seed = data.get("lease"), data.get("lease_token"), data.get("csrf_token")
        if type(lease) is not int or not isinstance(lease_token, str) or not isinstance(seed, str):
            return None
        settings = self._app.extensions[guards.SETTINGS]
        try:
            by = entering.browser_actor(sitting_id, lease, lease_token, secret_key=settings.secret_key)
        except (SjtError, sqlalchemy.exc.SQLAlchemyError):
            return None
        if by is None or not may(by, Permission.SIT):
            return None
        name = str(sitting_id)
        made = _Browser(
            sitting_id, lease, by, signed.timestamp() + self._lives, seed, data.get(CONFIRMED) == name,
            f"/sit/{name}/events", f"/sit/{name}/state",
        )  # fmt: skip
        with self._lock:
            self._known[cookie] = made
            while len(self._known) > MOST:
                self._known.popitem(last=False)
        return made

    def _token_holds(self, browser: _Browser, token: str) -> bool:
        if token and token == browser.token:
            return True
        config = self._app.config
        if not config["WTF_CSRF_ENABLED"] or config["WTF_CSRF_TIME_LIMIT"] is not None or config["WTF_CSRF_SSL_STRICT"]:
            return False  # rules that only the long way knows
        try:
            said = self._tokens.loads(token)
        except BadData:
            return False
        if not isinstance(said, str) or not hmac.compare_digest(said.encode(), browser.seed.encode()):
            return False
        browser.token = token
        return True

    # -- what is asked --

    def _save(self, environ: WSGIEnvironment, browser: _Browser) -> _Answer | None:
        lease, length = environ.get("HTTP_X_LEASE", ""), environ.get("CONTENT_LENGTH", "")
        if (
            not environ.get("CONTENT_TYPE", "").startswith("application/json")
            or not _whole(lease)
            or not _whole(length)
        ):
            return None
        if not 1 <= int(lease) <= browser.lease or int(length) > MAX_BYTES:
            return None
        if not self._token_holds(browser, environ.get("HTTP_X_CSRFTOKEN", "")):
            return None
        try:
            THROTTLE.check(str(browser.sitting_id))
        except Throttled:
            return None  # refused there too: a refusal counts no try
        body = environ["wsgi.input"].read(int(length))
        environ["wsgi.input"] = io.BytesIO(body)  # read once: the route would find nothing
        if len(body) < int(length):
            return None
        try:
            reply = running.save(browser.sitting_id, int(lease), body, by=browser.by)
        except SjtError as error:
            environ[ERROR] = error
            return None
        return orjson.dumps(reply_json(reply)), self._json

    def _state(self, browser: _Browser) -> _Answer | None:
        reader = quick_reads.reader()
        at = ledger.current().now()
        row = reader.polled(browser.sitting_id) if reader is not None else None
        if row is None:
            return None
        clock = views.clock_of(row, at)
        waits = clock.state is SittingState.WAITING
        if waits and not drawing.is_drawn(browser.sitting_id, views.deal_mark(row)):
            return None  # the route draws the questions ahead
        ended = clock.state in ENDED_STATES
        said: dict[str, Any] = {
            "acked": (),
            "refused": (),
            "remaining_ms": None if ended else clock.left_ms,
            "ends_at": iso(clock.ends_at) if clock.ends_at is not None else None,
            "server_time": iso(at.at),
            "state": clock.state.value,
            "content_head": row.content_head,
            "help": candidate_page.state_of(row),
            "lease_current": row.lease == browser.lease,
        }
        if ended:
            said["receipt"] = row.receipt
        if waits:
            said["starts"] = iso(row.starts)
        return orjson.dumps(said), self._json

    def _page(self, browser: _Browser, *, packed: bool) -> _Answer | None:
        """Give the questions of a sitting that runs and of which nothing is stored yet: a hall opens them at once."""
        reader = quick_reads.reader()
        at = ledger.current().now()
        read = reader.fresh(browser.sitting_id) if reader is not None else None
        if read is None or read[0].lease != browser.lease:
            return None
        row, fresh = read
        clock = views.clock_of(row, at)
        if clock.state is not SittingState.RUNNING:
            return None
        adjustment = _read(fresh.adjustment)
        if adjustment.get("rest_break_minutes"):
            return None
        questions = drawing.kept(browser.sitting_id, views.deal_mark(row))
        paper = entering.kept_paper(row.form_id)
        if questions is None or paper is None:
            return None
        display = candidate_page.shown_display(_read(row.display)) if row.display is not None else {}
        key = question_page.key_of(
            assets.version_now(self._static), paper.title, paper.subtitle, display,
            rest=False, overrun=views.overrun_counts(adjustment), number=len(questions.places),
        )  # fmt: skip
        shell = question_page.shell(key)
        if shell is None:
            return None
        data = question_page.data_of(
            question_page.FreshView(browser.sitting_id, row.lease, row.content_head, clock),
            at,
            csrf=self._page_token(browser),
            emergency=self._emergency(browser, row.session_id, fresh.public),
            help_state=candidate_page.state_of(row),
            break_left_ms=0,
            place=1,
            urls=question_page.plain_addresses(browser.sitting_id),
        )
        body = question_page.body(shell, questions, local_time(clock.ends_at), data, packed=packed)
        return body, self._packed if packed else self._html

    def _page_token(self, browser: _Browser) -> str:
        if not browser.page_token:
            made = self._tokens.dumps(browser.seed)
            browser.page_token = made if isinstance(made, str) else made.decode()
        return browser.page_token

    def _emergency(self, browser: _Browser, session_id: UUID, public: bytes | None) -> Mapping[str, Any]:
        if public is None:
            return {}
        if browser.emergency is None or browser.emergency[0] != public:
            secret_key = self._app.extensions[guards.SETTINGS].secret_key
            of_public = emergency_keys.of_public(
                bytes(public), session_id, browser.sitting_id, browser.lease, secret_key=secret_key
            )
            browser.emergency = public, of_public
        return browser.emergency[1]


def _whole(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10


def _read(value: Any) -> Mapping[str, Any]:
    """Read a column of JSON: one driver gives text, the other what stands in it."""
    found = orjson.loads(value) if isinstance(value, str | bytes) else value
    return found if isinstance(found, dict) else {}


def reply_json(reply: Reply | views.StateView) -> dict[str, Any]:
    """Write a reply with the keys of CONTRACT; the receipt stands beside them once the sitting has ended."""
    refused = [
        {"id": one.id, "code": one.code.value, "message": one.message, "kept": one.kept} for one in reply.refused
    ]
    body: dict[str, Any] = {
        "acked": reply.acked,
        "refused": refused,
        "remaining_ms": reply.remaining_ms,
        "ends_at": iso(reply.ends_at) if reply.ends_at is not None else None,
        "server_time": iso(reply.server_time),
        "state": reply.state.value,
        "content_head": reply.content_head,
    }
    if reply.state in ENDED_STATES:
        body["receipt"] = reply.receipt
    return body
