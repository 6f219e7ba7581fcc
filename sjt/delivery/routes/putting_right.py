"""The room put right: a check-in undone, an outage decided, the way back from an evacuation."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from sjt import db
from sjt.access import Permission
from sjt.delivery import ledger, service
from sjt.delivery.room_acts import ActWords
from sjt.delivery.webforms import ActForm
from sjt.errors import NotFound
from sjt.times import in_local_zone
from sjt.web.filters import duration
from sjt.web.guards import actor, now, requires

bp = Blueprint("putting_right", __name__, url_prefix="/room")

UNDO = ActWords(
    "undo",
    "Undo check-in",
    "The candidate is expected again and the code opens nothing until somebody checks them in. A computer on which "
    "the code was entered lets go of it.",
    ("Other person", "Confirmed by mistake", "Other"),
)


@bp.route("/<uuid:session_id>/check-in/<uuid:booking_id>/undo", methods=["GET", "POST"])
@requires(Permission.INVIGILATE)
def undo_check_in(session_id: UUID, booking_id: UUID) -> ResponseReturnValue:
    with db.session() as session:
        view = service.room(session, session_id, at=ledger.current().now())
    line = next((one for one in view.seats if one.booking_id == booking_id), None)
    if line is None:
        raise NotFound("There is no such seat in this session.")
    form = ActForm()
    why = form.why() if request.method == "POST" and form.validate_on_submit() else ""
    if why and why != "Other":
        service.undo_check_in(booking_id, by=actor(), reason=why)
        flash(f"The check-in of {line.name} is undone.", "ok")
        return redirect(url_for("invigilator.check_in", session_id=session_id), 303)
    error = "Choose a reason or give one in your words. The record keeps it." if request.method == "POST" else ""
    page = render_template(
        "delivery/act.html",
        view=view,
        act=UNDO,
        title=f"{UNDO.verb} of {line.name}?",
        action=url_for(".undo_check_in", session_id=session_id, booking_id=booking_id),
        back=url_for("invigilator.check_in", session_id=session_id),
        error=error,
        once="",
        act_form=form,
        people=[],
    )
    return page, 422 if error else 200


@bp.post("/<uuid:session_id>/outage/<uuid:case_id>")
@requires(Permission.INVIGILATE)
def outage_post(session_id: UUID, case_id: UUID) -> ResponseReturnValue:
    """Give the time of an outage back to the room, or not."""
    form = ActForm()
    give = request.form.get("decision") == "give"
    if not form.validate_on_submit() or not form.why() or request.form.get("decision") not in ("give", "keep"):
        flash("Give a reason. The outage still waits for a decision.", "warn")
        return redirect(url_for("invigilator.console", session_id=session_id), 303)
    tests = service.decide_outage(case_id, give, by=actor(), reason=form.why())
    flash(f"The time is given back: {tests} tests." if give else "The time is not given back.", "ok")
    return redirect(url_for("invigilator.console", session_id=session_id), 303)


@bp.post("/<uuid:session_id>/evacuation/back")
@requires(Permission.INVIGILATE)
def evacuation_back(session_id: UUID) -> ResponseReturnValue:
    """Let everybody go on whom the evacuation stopped, and close its incident with how long it took."""
    words = request.form.get("text", "").strip()[:2000]
    back = service.resume_room(session_id, by=actor(), reason="Evacuation is over")
    at = now()
    with db.transaction() as session:
        for one in service.room(session, session_id, at=ledger.current().now()).incidents:
            if one.text.startswith("Evacuation.") and one.resolved_at is None and back:
                told = (
                    f"Stopped at {in_local_zone(one.at):%H:%M:%S}, went on at {in_local_zone(at):%H:%M:%S}: "
                    f"{duration(at - one.at)} without a clock, so {len(back)} tests lost no time. {words}"
                )
                service.resolve_incident(session, one.id, told.strip(), by=actor(), now=at)
    flash(f"{len(back)} {'test goes' if len(back) == 1 else 'tests go'} on, each with the time that was left.", "ok")
    return redirect(url_for("invigilator.console", session_id=session_id), 303)
