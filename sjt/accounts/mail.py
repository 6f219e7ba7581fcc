"""Mail: an invitation or a reset goes to the person's own address, where the installation has a mail server."""

from __future__ import annotations

import logging
import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

from sjt.accounts.model import LINK_LASTS, LinkPurpose
from sjt.errors import Unavailable

log = logging.getLogger("sjt.accounts.mail")
SECONDS: Final = 15
"""A mail server that says nothing for so long is given up; the link is then shown instead."""

SUBJECTS: Final = {
    LinkPurpose.INVITATION: "Your invitation to {organisation}",
    LinkPurpose.RESET: "Set a new password at {organisation}",
}
TEXTS: Final = {
    LinkPurpose.INVITATION: (
        "Dear {name},\n\nyou are invited to {organisation}. Your log-in name is {login}.\n"
        "Open this link once, within {days} days, and set your password:\n\n{address}\n\n"
        "If you did not expect this, leave it: nothing happens unless the link is opened.\n"
    ),
    LinkPurpose.RESET: (
        "Dear {name},\n\nan administrator of {organisation} made a link with which you can set a new password. "
        "Your log-in name is {login}.\nOpen it once, within {days} days:\n\n{address}\n\n"
        "If you did not ask for this, tell the administrator. Your old password works until the link is used.\n"
    ),
}


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed in: ``smtp://user:password@host:port/?from=address``; ``smtps`` speaks TLS at once."""

    host: str
    port: int
    user: str
    password: str
    sender: str
    tls_at_once: bool
    plain: bool
    """Without TLS: for a server on this machine alone."""

    @classmethod
    def from_url(cls, url: str) -> MailServer:
        parts = urlsplit(url)
        wishes = parse_qs(parts.query)
        host = parts.hostname or "localhost"
        at_once = parts.scheme == "smtps"
        return cls(
            host=host,
            port=parts.port or (465 if at_once else 587),
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            sender=wishes.get("from", [f"sjt@{host}"])[0],
            tls_at_once=at_once,
            plain=not at_once and host in ("localhost", "127.0.0.1", "::1"),
        )


def link_message(
    sender: str, *, to: str, name: str, login: str, organisation: str, address: str, purpose: LinkPurpose
) -> EmailMessage:
    """Write the mail that carries a one-time link."""
    said = {
        "name": name,
        "login": login,
        "organisation": organisation,
        "address": address,
        "days": str(LINK_LASTS.days),
    }
    message = EmailMessage()
    message["From"] = sender
    message["To"] = to
    message["Subject"] = SUBJECTS[purpose].format(**said)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(TEXTS[purpose].format(**said))
    return message


def send(url: str, message: EmailMessage) -> None:
    """Hand a mail to the server; ``Unavailable`` says that it was not taken. Call outside a transaction."""
    server = MailServer.from_url(url)
    context = ssl.create_default_context()
    try:
        if server.tls_at_once:
            with smtplib.SMTP_SSL(server.host, server.port, timeout=SECONDS, context=context) as client:
                _hand_over(client, server, message)
        else:
            with smtplib.SMTP(server.host, server.port, timeout=SECONDS) as client:
                if not server.plain:
                    client.starttls(context=context)
                _hand_over(client, server, message)
    except (OSError, smtplib.SMTPException) as error:
        # neither the address nor the link belongs in a log
        log.warning("a mail was not taken by %s:%d: %s", server.host, server.port, type(error).__name__)
        raise Unavailable(f"The mail server {server.host} did not take the mail.", retry_after=60) from error


def _hand_over(client: smtplib.SMTP, server: MailServer, message: EmailMessage) -> None:
    if server.user:
        client.login(server.user, server.password)
    client.send_message(message)
