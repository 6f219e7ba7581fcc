"""Which scenarios have been met how often, and which keys have changed since candidates sat on them."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from sjt import db
from sjt.access import Permission
from sjt.delivery import changed_keys, exposure
from sjt.web.guards import now, requires

bp = Blueprint("exposure", __name__, url_prefix="/exposure")
SHOWS = ("all", "met", "over", "resting")


@bp.get("/")
@requires(Permission.SEE_FORMS)
def report() -> ResponseReturnValue:
    """List every scenario of the published forms, the most often met first."""
    with db.session() as session:
        lines = exposure.exposures(session)
    at = now()
    groups = {
        "all": lines,
        "met": [line for line in lines if line.dealt],
        "over": [line for line in lines if line.is_over],
        "resting": [line for line in lines if line.rests_until is not None and line.rests_until > at],
    }
    show = request.args.get("show", "all")
    show = show if show in SHOWS else "all"
    return render_template("delivery/exposure.html", lines=groups[show], groups=groups, show=show, at=at)


@bp.get("/keys")
@requires(Permission.SEE_FORMS)
def keys() -> ResponseReturnValue:
    """List the keys that changed after a form was frozen, with who sat on them; marks stand until somebody decides."""
    with db.session() as session:
        lines = changed_keys.changed_keys(session)
    return render_template("delivery/changed_keys.html", lines=lines)
