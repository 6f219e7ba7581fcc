"""The room's page for answer files that a candidate's computer saved while it had no line."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from sjt import db
from sjt.access import Permission
from sjt.delivery import emergency_import, ledger, service
from sjt.delivery.emergency import MAX_FILE_BYTES, FileRefused
from sjt.web.guards import actor, now, requires, settings

bp = Blueprint("emergency", __name__, url_prefix="/room")


@bp.get("/<uuid:session_id>/emergency")
@requires(Permission.INVIGILATE)
def files(session_id: UUID) -> ResponseReturnValue:
    return _page(session_id)


@bp.post("/<uuid:session_id>/emergency")
@requires(Permission.INVIGILATE)
def import_post(session_id: UUID) -> ResponseReturnValue:
    """Import one file; a refusal is said on the page and stands in the record."""
    sent = request.files.get("file")
    raw = sent.stream.read(MAX_FILE_BYTES + 1) if sent is not None else b""
    if not raw:
        return _page(session_id, "Choose the file that the candidate's computer saved.")
    try:
        done = emergency_import.import_file(session_id, raw, by=actor(), secret_key=settings().secret_key, now=now())
    except FileRefused as refusal:
        return _page(session_id, refusal.message)
    return redirect(url_for(".files", session_id=session_id, done=done.id), 303)


def _page(session_id: UUID, error: str = "") -> ResponseReturnValue:
    with db.session() as session:
        view = service.room(session, session_id, at=ledger.current().now())
        lines = emergency_import.imports(session, session_id)
    asked = request.args.get("done", "")
    done = next((line for line in lines if str(line.id) == asked), None)
    shown = {"view": view, "lines": lines, "done": done, "error": error}
    return render_template("delivery/emergency.html", **shown), 422 if error else 200
