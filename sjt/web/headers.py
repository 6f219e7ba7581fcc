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


def register(app: Flask) -> None:
    @app.after_request
    def add_headers(response: Response) -> Response:
        framed = bool(g.get("framed", False))
        ancestors = "'self'" if framed else "'none'"
        response.headers.setdefault("Content-Security-Policy", f"{POLICY}; frame-ancestors {ancestors}")
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Referrer-Policy", "no-referrer" if not framed else "same-origin")
        response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        response.headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
        if response.mimetype == "text/html" or response.mimetype == "application/json":
            response.headers.setdefault("Cache-Control", "no-store")
        if not framed:
            response.headers.setdefault("X-Frame-Options", "DENY")
        return response
