"""The apprentices' records: one list, one record, the evidence pack, the employer's view."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from sjt import db
from sjt.access import Permission
from sjt.errors import NotFound
from sjt.grading import service
from sjt.grading.rules import SignedAs
from sjt.grading.webforms import BookInterviewForm, GradeForm, HandInForm, NotesForm, SignForm
from sjt.web.guards import actor, now, requires
from sjt.web.paging import named, shown

bp = Blueprint("grading", __name__, url_prefix="/epa")


@bp.get("/")
@requires(Permission.SEE_EPA_RECORD)
def records() -> ResponseReturnValue:
    show, find = request.args.get("show", "all"), request.args.get("q", "").strip()
    with db.session() as session:
        rows = service.records(session)
    tests: dict[str, Callable[[service.RecordLine], bool]] = {
        "all": lambda row: True,
        "interview": lambda row: row.sjt == "pass" and row.interview is None,
        "award": lambda row: (row.interview is not None or row.outdated) and not row.decided,
        "decided": lambda row: row.decided,
        "failed": lambda row: row.sjt == "fail",
    }
    counts = {name: sum(test(row) for row in rows) for name, test in tests.items()}
    wanted = [row for row in rows if tests.get(show, tests["all"])(row)]
    wanted = [row for row in wanted if named(find, row.name, row.employer)]
    return render_template("grading/records.html", rows=shown(wanted), counts=counts, show=show, q=find)


def _page(candidate_id: UUID, failed: dict[str, object] | None = None) -> ResponseReturnValue:
    with db.session() as session:
        found = service.record(session, candidate_id)
        names = service.names(session, found)
    forms: dict[str, object] = {
        "hand_in": HandInForm(formdata=None, prefix="hand_in"),
        "book": BookInterviewForm(formdata=None, prefix="book"),
        "sign": SignForm(formdata=None),
    }
    grades: dict[str, object] = {
        name: GradeForm.for_outcomes(found.plan.component(name).outcomes or (), name)
        for name in (*found.plan.graded_ids, found.plan.interview_id)
        if name
    }
    for name, one in (failed or {}).items():
        (grades if name in grades else forms)[name] = one
    form = next(iter((failed or {}).values()), None)
    page = render_template(
        "grading/record.html", record=found, names=names, forms=forms, grades=grades, form=form, today=now().date()
    )
    return page, 422 if failed else 200


@bp.get("/<uuid:candidate_id>")
@requires(Permission.SEE_EPA_RECORD)
def record(candidate_id: UUID) -> ResponseReturnValue:
    return _page(candidate_id)


def _back(candidate_id: UUID) -> ResponseReturnValue:
    return redirect(url_for(".record", candidate_id=candidate_id), 303)


@bp.post("/<uuid:candidate_id>/hand-in")
@requires(Permission.GRADE_PORTFOLIO)
def hand_in(candidate_id: UUID) -> ResponseReturnValue:
    form = HandInForm(prefix="hand_in")
    if not form.validate_on_submit() or form.day.data is None:
        return _page(candidate_id, {"hand_in": form})
    with db.transaction() as session:
        service.record_hand_in(session, candidate_id, form.day.data, by=actor(), now=now())
    flash("The hand-in date is saved.", "ok")
    return _back(candidate_id)


@bp.post("/<uuid:candidate_id>/grade/<component>")
@requires(Permission.GRADE_PORTFOLIO, Permission.INTERVIEW)
def grade(candidate_id: UUID, component: str) -> ResponseReturnValue:
    with db.session() as session:
        plan = service.record(session, candidate_id).plan
    if component not in (*plan.graded_ids, plan.interview_id):
        raise NotFound("There is no such component to grade.")
    outcomes = plan.component(component).outcomes or ()
    form = GradeForm.for_outcomes(outcomes, component)
    if not form.validate_on_submit():
        return _page(candidate_id, {component: form})
    with db.transaction() as session:
        service.grade_component(
            session, candidate_id, component, form.outcome.data, str(form.reason.data), by=actor(), now=now()
        )
    flash("The grade is saved.", "ok")
    return _back(candidate_id)


@bp.post("/<uuid:candidate_id>/interview")
@requires(Permission.INTERVIEW)
def interview_book(candidate_id: UUID) -> ResponseReturnValue:
    form = BookInterviewForm(prefix="book")
    if not form.validate_on_submit() or form.day.data is None:
        return _page(candidate_id, {"book": form})
    with db.transaction() as session:
        service.book_interview(session, candidate_id, form.day.data, by=actor(), now=now())
    flash("The interview is booked.", "ok")
    return _back(candidate_id)


@bp.post("/<uuid:candidate_id>/interview/open")
@requires(Permission.INTERVIEW)
def interview_open(candidate_id: UUID) -> ResponseReturnValue:
    with db.transaction() as session:
        service.open_interview(session, candidate_id, by=actor(), now=now())
    return redirect(url_for(".pack", candidate_id=candidate_id), 303)


@bp.get("/<uuid:candidate_id>/interview")
@requires(Permission.INTERVIEW, Permission.AWARD)
def pack(candidate_id: UUID) -> ResponseReturnValue:
    with db.session() as session:
        items = service.evidence_pack(session, candidate_id, by=actor())
        found = service.record(session, candidate_id)
    notes = found.interview.notes if found.interview else ""
    return render_template("grading/pack.html", items=items, record=found, form=NotesForm(data={"notes": notes}))


@bp.post("/<uuid:candidate_id>/interview/notes")
@requires(Permission.INTERVIEW)
def notes_save(candidate_id: UUID) -> ResponseReturnValue:
    form = NotesForm()
    if form.validate_on_submit():
        with db.transaction() as session:
            service.save_notes(session, candidate_id, form.notes.data or "", by=actor(), now=now())
        flash("The notes are saved.", "ok")
    return redirect(url_for(".pack", candidate_id=candidate_id), 303)


@bp.post("/<uuid:candidate_id>/award")
@requires(Permission.AWARD)
def award_sign(candidate_id: UUID) -> ResponseReturnValue:
    form = SignForm()
    if not form.validate_on_submit() or form.signed_as.data not in {kind.value for kind in SignedAs}:
        return _page(candidate_id, {"sign": form})
    with db.transaction() as session:
        service.sign_award(
            session, candidate_id, SignedAs(form.signed_as.data), str(form.grade.data), by=actor(), now=now()
        )
    flash("Your signature is under the award.", "ok")
    return _back(candidate_id)


@bp.get("/mine")
@requires(Permission.SEE_EMPLOYER_STATUS)
def employer() -> ResponseReturnValue:
    with db.session() as session:
        name, rows = service.employer_records(session, by=actor())
    return render_template("grading/employer.html", employer=name, rows=shown(rows))
