"""A client that reads pages as strictly as a person's browser would not."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Any

import html5lib
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from html5lib import html5parser

from sjt import db
from sjt.access import SYSTEM, Role
from sjt.times import utc_now

# html5lib writes its two dozen classes anew for every page that it reads
html5parser.getPhases = cache(html5parser.getPhases)
STYLE_ATTRIBUTE = re.compile(r"<[^>]+\sstyle\s*=", re.IGNORECASE)


class StrictClient:
    """Parses every HTML reply with html5lib, wants a title and a heading, and refuses inline style."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def get(self, url: str, **kwargs: Any) -> Any:
        return self._read(self.client.get(url, **kwargs))

    def post(self, url: str, data: dict[str, Any] | None = None, *, token: str | None = None, **kwargs: Any) -> Any:
        """Post a form with the session's CSRF token, as the page that holds the form would."""
        fields = dict(data or {})
        if "json" not in kwargs:
            fields.setdefault("csrf_token", token or self.csrf_token())
            kwargs["data"] = fields
        return self._read(self.client.post(url, **kwargs))

    def csrf_token(self) -> str:
        from flask_wtf.csrf import generate_csrf

        with self.client.session_transaction() as session:
            held = dict(session)
        with self.client.application.test_request_context("/"):
            from flask import session as flask_session

            flask_session.update(held)
            token: str = generate_csrf()
            raw = flask_session["csrf_token"]
        with self.client.session_transaction() as session:
            session["csrf_token"] = raw
        return token

    def _read(self, response: Any) -> Any:
        if response.mimetype == "text/html" and response.status_code not in (301, 302, 303, 304):
            text = response.get_data(as_text=True)
            parser = html5lib.HTMLParser(namespaceHTMLElements=False)
            parser.parse(text)
            faults = [f"{place}: {code} {details}" for place, code, details in parser.errors]
            assert not faults, f"{response.request.path} is not valid HTML: {faults[:5]}"
            soup = BeautifulSoup(text, "html5lib")
            leaked = [mark for mark in ("Markup(", " object at 0x", "<built-in", "&lt;bound") if mark in text]
            assert not leaked, f"{response.request.path} shows a value of Python: {leaked}"
            assert soup.title and soup.title.get_text(strip=True), f"{response.request.path} has no title"
            shown = [head for head in soup.find_all("h1") if head.find_parent(hidden=True) is None]
            assert len(shown) == 1, f"{response.request.path} must have one main heading"
            assert not STYLE_ATTRIBUTE.search(text), f"{response.request.path} has a style attribute"
            response.soup = soup
        return response


def strict_client(app: Flask, roles: Iterable[Role], *, login: str = "") -> StrictClient:
    """Make a person with these roles and a client that is signed in as them; no roles: a stranger."""
    from sjt.accounts import service

    held = frozenset(roles)
    client = StrictClient(app.test_client())
    if not held:
        return client
    name = login or "-".join(sorted(role.value for role in held))
    with db.transaction() as session:
        person = service.find_by_login(session, name)
        user_id = (
            person.id
            if person
            else service.add_person(
                session, login=name, name=name.title(), email="", roles=held, by=SYSTEM, now=utc_now()
            )
        )
        token = service.open_login(session, user_id, at=utc_now())
    with client.client.session_transaction() as session:
        session["login"] = token
    return client
