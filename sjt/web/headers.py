"""Security headers on every reply."""

from __future__ import annotations

from typing import Final

from flask import Flask, Response, g

_SELF: Final = ("script", "style", "font", "img", "connect", "worker", "frame", "manifest")
POLICY: Final = "; ".join(
    [
        "default-src 'none'",
        *(f"{kind}-src 'self'" for kind in _SELF),
        "form-action 'self'",
        "base-uri 'none'",
    ]
)


def allow_framing_by_self() -> None:
    """Let this one reply (the preview) be shown in a frame of our own page."""
    g.framed = True


_ALWAYS: Final = (
    ("X-Content-Type-Options", "nosniff"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), microphone=(), geolocation=()"),
)


def of_reply(content_type: str) -> list[tuple[str, str]]:
    """Give the headers of a reply that is made without Flask: the same as ``register`` adds, and its kind."""
    return [
        ("Content-Type", content_type),
        ("Content-Security-Policy", f"{POLICY}; frame-ancestors 'none'"),
        *_ALWAYS,
        ("Referrer-Policy", "no-referrer"),
        ("X-Frame-Options", "DENY"),
        ("Cache-Control", "no-store"),
        ("Vary", "Cookie"),
    ]


def register(app: Flask) -> None:
    @app.after_request
    def add_headers(response: Response) -> Response:
        framed = bool(g.get("framed", False))
        ancestors = "'self'" if framed else "'none'"
        response.headers.setdefault("Content-Security-Policy", f"{POLICY}; frame-ancestors {ancestors}")
        for name, value in _ALWAYS:
            response.headers.setdefault(name, value)
        response.headers.setdefault("Referrer-Policy", "no-referrer" if not framed else "same-origin")
        if response.mimetype == "text/html" or response.mimetype == "application/json":
            response.headers.setdefault("Cache-Control", "no-store")
        if not framed:
            response.headers.setdefault("X-Frame-Options", "DENY")
        return response
