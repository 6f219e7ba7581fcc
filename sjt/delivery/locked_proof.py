"""What a browser shows of its locked browser's key, read from a request: in headers, or told by the page itself."""

from __future__ import annotations

import hashlib
import time
from typing import Final
from urllib.parse import urlsplit

from flask import request
from flask import session as cookie

from sjt.delivery.locked import Shown
from sjt.web.addresses import asked_url, outside_root

PROVED: Final = "locked"
"""In the cookie: under which lease and when the page last proved itself."""
PROVED_SECONDS: Final = 120
"""How long a proof told by the page lets the next page open: one without headers cannot prove itself before."""
RENEW_SECONDS: Final = 20
_MOST: Final = 200


def shown() -> list[Shown]:
    """Give every proof of this request; the page's own counts for addresses of the candidate's pages alone."""
    headers = request.headers
    found = [
        Shown(
            asked_url(),
            headers.get("X-SafeExamBrowser-ConfigKeyHash", "")[:_MOST],
            headers.get("X-SafeExamBrowser-RequestHash", "")[:_MOST],
        )
    ]
    form = request.form if request.mimetype in ("application/x-www-form-urlencoded", "multipart/form-data") else {}
    page = headers.get("X-Locked-Page") or form.get("locked_page", "")
    if page and _is_ours(page):
        config = headers.get("X-Locked-Config") or form.get("locked_config", "")
        exam = headers.get("X-Locked-Exam") or form.get("locked_exam", "")
        found.append(Shown(page, config[:_MOST], exam[:_MOST]))
    return [one for one in found if one.config or one.exam]


def _is_ours(page: str) -> bool:
    asked, ours = urlsplit(page[:2_000]), urlsplit(outside_root())
    inside = asked.path.startswith(f"{ours.path.rstrip('/')}/sit/")
    return (asked.scheme, asked.netloc) == (ours.scheme, ours.netloc) and inside


def remember(lease: int) -> None:
    """Note in the cookie that this browser has just proved itself."""
    if _age(lease) >= RENEW_SECONDS:
        cookie[PROVED] = [lease, int(time.time()), _agent()]


def proved_lately(lease: int) -> bool:
    return _age(lease) < PROVED_SECONDS


def _age(lease: int) -> float:
    """Give the seconds since this browser, by its own name, proved itself under a lease."""
    kept = cookie.get(PROVED)
    if not isinstance(kept, list) or len(kept) != 3 or kept[0] != lease or kept[2] != _agent():
        return float("inf")
    return max(0.0, time.time() - float(kept[1]))


def _agent() -> str:
    return hashlib.sha256(request.user_agent.string.encode()).hexdigest()[:16]
