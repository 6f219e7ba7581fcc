"""What was refused: one audit line per refused request, which names the address and never its content."""

from __future__ import annotations

import logging
import threading
import time
from typing import Final

from flask import request

from sjt import db
from sjt.access import Actor
from sjt.audit import service
from sjt.times import utc_now
from sjt.web import guards

log = logging.getLogger("sjt.audit")
STRANGER: Final = Actor(id="stranger", name="a stranger", roles=frozenset())
PER_MINUTE: Final = 120
"""A scanner must not fill the disk: past this many a minute, refusals are counted and the count recorded."""

_lock = threading.Lock()
_window = {"minute": 0, "seen": 0, "dropped": 0}


def record(status: int, method: str, path: str, reference: str) -> None:
    """Write the line, unless a deed is under way in this thread (its own rollback must not take it along)."""
    if path.startswith("/static/") or path == "/favicon.ico" or db.transaction_is_open():
        return
    minute = int(time.monotonic() // 60)
    with _lock:
        if _window["minute"] != minute:
            dropped = _window["dropped"]
            _window.update(minute=minute, seen=0, dropped=0)
        else:
            dropped = 0
        _window["seen"] += 1
        if _window["seen"] > PER_MINUTE:
            _window["dropped"] += 1
            return
    person = guards.me() or STRANGER
    body = {"status": status, "method": method, "path": path[:200], "reference": reference}
    if request.remote_addr:
        body["address"] = request.remote_addr
    if dropped:
        body["also_refused_before"] = dropped
    try:
        with db.transaction() as session:
            service.record(
                session, by=person, did="refusal.recorded", on=utc_now().date().isoformat(), at=utc_now(), body=body
            )
    except Exception:  # a refusal stands whether or not it could be written down
        log.exception("a refusal could not be recorded, reference %s", reference)
