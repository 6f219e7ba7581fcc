"""The pages of whoever keeps the evidence behind adjustments; nobody else's role opens one of them."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from sjt import db
from sjt.access import Permission
from sjt.delivery import evidence
from sjt.delivery.webforms import EvidenceForm
from sjt.web.guards import actor, now, requires, settings
from sjt.web.paging import named, shown

bp = Blueprint("evidence", __name__, url_prefix="/adjustments")


@bp.get("/")
@requires(Permission.KEEP_ADJUSTMENT_EVIDENCE)
def people() -> ResponseReturnValue:
    """List the candidates, those with an adjustment first shown alone."""
    show, find = request.args.get("show", "given"), request.args.get("q", "").strip()
    today = now().date()
    with db.session() as session:
        everybody = evidence.people(session, by=actor())
    groups = {
        "given": [one for one in everybody if one.effects or one.records],
        "lacking": [one for one in everybody if one.effects and not one.held],
        "review": [one for one in everybody if one.review_on is not None and one.review_on <= today],
        "all": everybody,
    }
    show = show if show in groups else "given"
    fitting = [
        one
        for one in groups[show]
        if named(find, one.candidate.given_name, one.candidate.family_name, one.candidate.uln)
    ]
    counts = {name: len(group) for name, group in groups.items()}
    return render_template(
        "delivery/evidence_people.html", people=shown(fitting), counts=counts, show=show, q=find, today=today
    )


def _page(candidate_id: UUID, form: EvidenceForm, *, status: int = 200, **more: object) -> ResponseReturnValue:
    with db.session() as session:
        one = evidence.person(session, candidate_id, by=actor())
    parts = {"open_id": None, "seen": None, **more}
    return render_template("delivery/evidence.html", one=one, form=form, today=now().date(), **parts), status


@bp.get("/<uuid:candidate_id>")
@requires(Permission.KEEP_ADJUSTMENT_EVIDENCE)
def person(candidate_id: UUID) -> ResponseReturnValue:
    return _page(candidate_id, EvidenceForm(formdata=None))


@bp.post("/<uuid:candidate_id>")
@requires(Permission.KEEP_ADJUSTMENT_EVIDENCE)
def record(candidate_id: UUID) -> ResponseReturnValue:
    form = EvidenceForm()
    if not form.validate_on_submit():
        return _page(candidate_id, form, status=422)
    with db.transaction() as session:
        evidence.record(
            session,
            candidate_id,
            form.to_model(),
            review_on=form.review_on.data,
            keep_until=form.last_day(),
            by=actor(),
            now=now(),
            secret_key=settings().secret_key,
        )
    flash("Kept, sealed. It opens for whoever keeps evidence, and each opening is recorded.", "ok")
    return redirect(url_for(".person", candidate_id=candidate_id), 303)


@bp.post("/<uuid:candidate_id>/<uuid:evidence_id>/open")
@requires(Permission.KEEP_ADJUSTMENT_EVIDENCE)
def open_one(candidate_id: UUID, evidence_id: UUID) -> ResponseReturnValue:
    """Show what was seen in the reply to this press alone: it has no address of its own."""
    with db.transaction() as session:
        seen = evidence.opened(session, evidence_id, by=actor(), now=now(), secret_key=settings().secret_key)
    return _page(candidate_id, EvidenceForm(formdata=None), open_id=evidence_id, seen=seen)


@bp.post("/<uuid:candidate_id>/<uuid:evidence_id>/erase")
@requires(Permission.KEEP_ADJUSTMENT_EVIDENCE)
def erase(candidate_id: UUID, evidence_id: UUID) -> ResponseReturnValue:
    with db.transaction() as session:
        evidence.erase(session, evidence_id, by=actor(), now=now())
    flash("Erased. What it said is nowhere any more; copies of the database hold it until they are thrown away.", "ok")
    return redirect(url_for(".person", candidate_id=candidate_id), 303)
