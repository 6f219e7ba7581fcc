"""Who asks: the browser's cookie to a person."""

from __future__ import annotations

from flask import session as cookie

from sjt import db
from sjt.access import Actor
from sjt.accounts import service
from sjt.web import guards


def load_actor() -> Actor | None:
    """Give the member of staff whose log-in this browser holds."""
    token = cookie.get("login")
    if not isinstance(token, str):
        return None
    with db.session() as session:
        return service.actor_of_login(session, token, at=guards.now())


def organisation_is_simulated() -> bool:
    with db.session() as session:
        found = service.organisation(session)
        return found is not None and found.simulated
