"""The page of a set's pass marks."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from sjt import db
from sjt.access import Permission
from sjt.authoring import service as authoring
from sjt.results import set_marks
from sjt.web.guards import actor, now, requires
from sjt.web.paging import shown

bp = Blueprint("set_marks", __name__, url_prefix="/results")


@bp.get("/pass-marks/sets/<uuid:set_id>")
@requires(Permission.SEE_RESULTS)
def marks(set_id: UUID) -> ResponseReturnValue:
    who = actor()
    with db.session() as session:
        held = authoring.form_set(session, set_id)
        rows = set_marks.of_set(session, set_id)
    applied = [cut.applied for row in rows if (cut := row.proposed or row.standing) is not None]
    return render_template(
        "results/set_marks.html",
        held=held,
        rows=shown(rows),
        mark=set_marks.mark_of(rows),
        open=sum(row.is_open for row in rows),
        mine=sum(row.waits_for(who.id) for row in rows),
        proposed=sum(row.proposed is not None for row in rows),
        standing=sum(row.standing is not None for row in rows),
        ends=(min(applied), max(applied)) if applied else None,
    )


@bp.post("/pass-marks/sets/<uuid:set_id>/propose")
@requires(Permission.PROPOSE_PASS_MARK)
def propose(set_id: UUID) -> ResponseReturnValue:
    with db.transaction() as session:
        count = set_marks.propose(session, set_id, by=actor(), now=now())
    words = "A pass mark is" if count == 1 else f"{count} pass marks are"
    flash(f"{words} proposed. Two awarding officers sign, once for all.", "ok")
    return redirect(url_for(".marks", set_id=set_id), 303)


@bp.post("/pass-marks/sets/<uuid:set_id>/adopt")
@requires(Permission.ADOPT_PASS_MARK)
def adopt(set_id: UUID) -> ResponseReturnValue:
    with db.transaction() as session:
        signed, stand = set_marks.adopt(session, set_id, request.form.get("seen", ""), by=actor(), now=now())
    rest = f"{stand} of them stand now." if stand else "They stand with the second officer’s signature."
    flash(f"Signed {signed} {'pass mark' if signed == 1 else 'pass marks'}. {rest}", "ok")
    return redirect(url_for(".marks", set_id=set_id), 303)
