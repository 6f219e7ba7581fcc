"""Whose browser this is: a candidate's cookie to a candidate.

The cookie holds ``sitting``, ``lease`` and ``lease_token``. A browser whose sitting has moved on is still known, so
that what it kept can be stored aside; whether it may go on is for ``require_lease``.
"""

from __future__ import annotations

from uuid import UUID

from flask import session as cookie

from sjt.access import Actor
from sjt.delivery import entering
from sjt.delivery.entering import Entered
from sjt.web import guards


def cookie_sitting() -> UUID | None:
    """Give the sitting that this browser's cookie names."""
    try:
        return UUID(str(cookie.get("sitting")))
    except ValueError:
        return None


def cookie_lease() -> int:
    found = cookie.get("lease")
    return found if isinstance(found, int) else 0


def remember(entered: Entered) -> None:
    """Put a sitting into this browser's cookie; it lasts a day, so a killed browser finds its way back."""
    cookie["sitting"] = str(entered.sitting_id)
    cookie["lease"] = entered.lease
    cookie["lease_token"] = entered.token
    cookie.permanent = True


def forget() -> None:
    for name in ("sitting", "lease", "lease_token"):
        cookie.pop(name, None)


def load_actor() -> Actor | None:
    """Give the candidate whose sitting this browser holds, or held."""
    sitting_id, token = cookie_sitting(), cookie.get("lease_token")
    if sitting_id is None or not isinstance(token, str):
        return None
    secret_key = guards.settings().secret_key
    return entering.browser_actor(sitting_id, cookie_lease(), token, secret_key=secret_key)
