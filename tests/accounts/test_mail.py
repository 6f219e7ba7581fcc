"""Invitations and resets by mail, against a small SMTP server in this process."""

from __future__ import annotations

import email
import email.policy
import socketserver
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from email.message import EmailMessage
from typing import Any

import pytest
from flask import Flask

from sjt.access import Role
from sjt.accounts import mail
from sjt.accounts.model import LinkPurpose
from sjt.config import Settings
from sjt.errors import Unavailable
from sjt.web import guards
from tests.builders.clients import StrictClient


class Sink(socketserver.ThreadingTCPServer):
    """Takes mail and keeps it."""

    daemon_threads = True

    def __init__(self) -> None:
        self.taken: list[EmailMessage] = []
        self.rejects = False
        super().__init__(("127.0.0.1", 0), Talk)

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.server_address[1]}/?from=sjt@example.org"


class Talk(socketserver.StreamRequestHandler):
    server: Sink

    def say(self, line: str) -> None:
        self.wfile.write(line.encode() + b"\r\n")

    def handle(self) -> None:
        self.say("220 sink")
        while line := self.rfile.readline():
            word = line[:4].upper()
            if word == b"DATA":
                self.say("354 go on")
                lines = []
                while (part := self.rfile.readline()) not in (b".\r\n", b""):
                    lines.append(part)
                self.server.taken.append(email.message_from_bytes(b"".join(lines), policy=email.policy.default))
                self.say("250 taken")
            elif word == b"QUIT":
                self.say("221 bye")
                return
            elif word == b"RCPT" and self.server.rejects:
                self.say("550 nobody of that name")
            else:
                self.say("250 ok")


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def admin(app: Flask, sink: Sink, settings: Settings, client_as: Callable[..., StrictClient]) -> StrictClient:
    app.extensions[guards.SETTINGS] = replace(settings, mail_url=sink.url, base_url="https://sjt.example.org")
    return client_as(Role.ADMINISTRATOR)


def fields(address: str = "sam@example.org") -> dict[str, Any]:
    return {"name": "Sam Ó Briain", "login": "sam", "email": address, "roles": ["writer"]}


def test_an_invitation_is_mailed_and_its_link_not_shown(admin: StrictClient, sink: Sink, app: Flask) -> None:
    answer = admin.post("/people/new", fields())
    assert answer.status_code == 303
    page = admin.get(answer.location)
    assert "on its way to sam@example.org" in page.soup.get_text() and "/link/" not in page.soup.main.get_text()
    (taken,) = sink.taken
    assert (taken["To"], taken["From"]) == ("sam@example.org", "sjt@example.org")
    text = taken.get_content()
    link = next(line for line in text.splitlines() if line.startswith("https://"))
    assert link.startswith("https://sjt.example.org/link/") and "Dear Sam Ó Briain" in text and "sam" in text
    path = link.removeprefix("https://sjt.example.org")
    assert StrictClient(app.test_client()).get(path).status_code == 200


def test_a_person_without_an_address_gets_the_link_by_hand(admin: StrictClient, sink: Sink) -> None:
    answer = admin.post("/people/new", fields(""))
    assert answer.status_code == 200 and "/link/" in answer.soup.code.get_text() and not sink.taken


def test_a_mail_that_is_refused_leaves_the_link_to_pass_on(admin: StrictClient, sink: Sink) -> None:
    sink.rejects = True
    answer = admin.post("/people/new", fields())
    assert answer.status_code == 200 and "/link/" in answer.soup.code.get_text()
    assert "did not take the mail" in answer.soup.get_text()


def test_a_reset_says_so(admin: StrictClient, sink: Sink, app: Flask) -> None:
    person = admin.post("/people/new", fields()).location
    path = next(line for line in sink.taken[0].get_content().splitlines() if "/link/" in line).split(".org", 1)[1]
    swans = {"password": "four quiet swans", "again": "four quiet swans"}
    assert StrictClient(app.test_client()).post(path, swans).status_code == 303
    admin.post(f"{person}/link")
    assert sink.taken[1]["Subject"].startswith("Set a new password")


def test_a_server_that_is_away_is_told_as_such(sink: Sink) -> None:
    url = sink.url
    sink.shutdown()
    sink.server_close()
    message = mail.link_message(
        "a@b.org", to="c@d.org", name="C", login="c", organisation="O", address="x", purpose=LinkPurpose.RESET
    )
    with pytest.raises(Unavailable, match=r"127\.0\.0\.1"):
        mail.send(url, message)


def test_a_name_cannot_add_headers() -> None:
    with pytest.raises(ValueError):
        mail.link_message(
            "a@b.org",
            to="c@d.org\nBcc: e@f.org",
            name="C",
            login="c",
            organisation="O",
            address="x",
            purpose=LinkPurpose.RESET,
        )


@pytest.mark.parametrize(
    ("url", "port", "plain", "at_once"),
    [
        ("smtp://mail.example.org", 587, False, False),
        ("smtps://u:p%40ss@mail.example.org/?from=a@b.org", 465, False, True),
        ("smtp://localhost:25", 25, True, False),
    ],
)
def test_a_server_elsewhere_is_spoken_to_under_tls(url: str, port: int, plain: bool, at_once: bool) -> None:
    server = mail.MailServer.from_url(url)
    assert (server.port, server.plain, server.tls_at_once) == (port, plain, at_once)
    assert not server.password or server.password == "p@ss"
