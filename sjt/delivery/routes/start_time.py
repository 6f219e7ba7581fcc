"""The page that moves a session's planned start."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from sjt import db
from sjt.access import Permission, may
from sjt.delivery import ledger, service, start_time
from sjt.delivery.webforms import StartForm
from sjt.times import in_local_zone
from sjt.web.guards import actor, now, requires

bp = Blueprint("start_time", __name__, url_prefix="/sessions")


@bp.get("/<uuid:session_id>/start")
@requires(Permission.SCHEDULE, Permission.INVIGILATE)
def start(session_id: UUID) -> ResponseReturnValue:
    return _page(session_id, None)


def _page(session_id: UUID, form: StartForm | None, status: int = 200) -> ResponseReturnValue:
    with db.session() as session:
        view = service.room(session, session_id, at=ledger.current().now())
    form = form or StartForm(time=in_local_zone(view.session.starts).time())
    return render_template("delivery/start_time.html", view=view, form=form), status


@bp.post("/<uuid:session_id>/start")
@requires(Permission.SCHEDULE, Permission.INVIGILATE)
def start_post(session_id: UUID) -> ResponseReturnValue:
    form = StartForm()
    if not form.validate_on_submit():
        return _page(session_id, form, 422)
    assert form.time.data is not None, "the form was valid"
    with db.transaction() as session:
        starts = service.room(session, session_id, at=ledger.current().now()).session.starts
        moved = start_time.at_time(starts, form.time.data)
        start_time.move_start(session, session_id, moved, str(form.reason.data), by=actor(), now=now())
    flash(f"The start is planned for {form.time.data:%H:%M}. Waiting screens show it within five seconds.", "ok")
    to = "invigilator.console" if may(actor(), Permission.INVIGILATE) else "scheduling.session_page"
    return redirect(url_for(to, session_id=session_id), 303)
