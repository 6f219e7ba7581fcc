"""Addresses as the browser sees them: also behind a proxy, also where they hold escaped signs."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from flask import request

from sjt.web.guards import settings


def outside_root() -> str:
    """Give the address under which sjt is reached, without a slash at its end."""
    return settings().base_url or request.root_url.rstrip("/")


def asked_url() -> str:
    """Give the address of this request as the browser wrote it.

    The server's raw line is taken where it gives one: escaping is not undone and done again, since two escapings of one
    address are two texts.
    """
    raw = str(request.environ.get("RAW_URI") or request.environ.get("REQUEST_URI") or "")
    if raw.startswith(("http://", "https://")):
        parts = urlsplit(raw)
        raw = parts.path + (f"?{parts.query}" if parts.query else "")
    if not raw:
        raw = quote(
            request.environ.get("SCRIPT_NAME", "") + request.environ.get("PATH_INFO", "/"), safe="/:@!$&'()*+,;=~-._"
        )
        query = request.query_string.decode("ascii", "replace")
        raw += f"?{query}" if query else ""
    base = urlsplit(outside_root())
    return f"{base.scheme}://{base.netloc}{raw}"
