"""The front door and the two health checks."""

from __future__ import annotations

from flask import Blueprint, redirect, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import text

from sjt import __version__, db
from sjt.access import Role
from sjt.errors import NotFound
from sjt.web.guards import me, public, settings
from sjt.web.styleguide import page as styleguide_page

bp = Blueprint("web", __name__)


@bp.get("/")
@public
def front_door() -> ResponseReturnValue:
    """Send each role to its desk, and a stranger to the candidate's code page."""
    person = me()
    if person is None:
        return redirect(url_for("candidate.enter"), 303)
    if person.has(Role.CANDIDATE):
        return redirect(url_for("candidate.sitting"), 303)
    return redirect(url_for("accounts.desk"), 303)


@bp.get("/healthz")
@public
def healthz() -> ResponseReturnValue:
    return {"ok": True, "version": __version__}


@bp.get("/readyz")
@public
def readyz() -> ResponseReturnValue:
    """Say whether the database answers and is at the newest migration."""
    from sjt.migrations import runner

    with db.session() as session:
        session.execute(text("SELECT 1"))
    at, newest = runner.revision_of(db.current()), runner.newest()
    ready = at == newest
    return {"ok": ready, "revision": at, "newest": newest}, 200 if ready else 503


@bp.get("/styleguide")
@public
def styleguide() -> ResponseReturnValue:
    """Show every part in every state; only where testing or debugging."""
    from flask import current_app

    if not (settings().testing or current_app.debug):
        raise NotFound("There is no page at this address.")
    return styleguide_page()
