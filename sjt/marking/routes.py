"""The marker's pages: what waits, one answer at a time, what one marked, whom one knows."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from sjt import db
from sjt.access import Permission
from sjt.marking import service
from sjt.marking.webforms import MarkForm, SecondMarkForm, TieForm, mark_form
from sjt.web.guards import actor, now, requires
from sjt.web.paging import shown

bp = Blueprint("marking", __name__, url_prefix="/marking")


@bp.get("/")
@requires(Permission.MARK, Permission.ALLOCATE_MARKING)
def queue() -> ResponseReturnValue:
    with db.session() as session:
        waiting = service.queue(session, by=actor(), now=now())
        own = service.marked_by(session, by=actor())
    return render_template("marking/queue.html", queue=waiting, own=shown(own))


@bp.post("/next")
@requires(Permission.MARK, Permission.ALLOCATE_MARKING)
def mark_next() -> ResponseReturnValue:
    with db.transaction() as session:
        script_id = service.claim_next(session, by=actor(), now=now())
    if script_id is None:
        flash("Nothing waits for you to mark.", "info")
        return redirect(url_for(".queue"), 303)
    return redirect(url_for(".script", script_id=script_id), 303)


@bp.get("/script/<uuid:script_id>")
@requires(Permission.MARK, Permission.ALLOCATE_MARKING)
def script(script_id: UUID) -> ResponseReturnValue:
    return _show(script_id)


def _show(script_id: UUID, form: MarkForm | None = None) -> ResponseReturnValue:
    with db.session() as session:
        view = service.view(session, script_id, by=actor(), now=now())
    page = render_template(
        "marking/script.html", view=view, form=form or mark_form(view.rubric), second_form=SecondMarkForm(formdata=None)
    )
    return page, 422 if form is not None else 200


@bp.post("/script/<uuid:script_id>")
@requires(Permission.MARK, Permission.ALLOCATE_MARKING)
def script_mark(script_id: UUID) -> ResponseReturnValue:
    with db.session() as session:
        view = service.view(session, script_id, by=actor(), now=now())
    form = mark_form(view.rubric)
    if not form.validate_on_submit():
        return _show(script_id, form)
    with db.transaction() as session:
        service.give_mark(
            session,
            script_id,
            form.levels(view.rubric),
            form.reasons(view.rubric),
            form.unsafe.data or "",
            by=actor(),
            now=now(),
        )
        following = service.claim_next(session, by=actor(), now=now())
    flash(f"The mark on answer {view.number} is saved.", "ok")
    if following is None:
        return redirect(url_for(".queue"), 303)
    return redirect(url_for(".script", script_id=following), 303)


@bp.get("/script/<uuid:script_id>/second")
@requires(Permission.MARK, Permission.ALLOCATE_MARKING)
def script_second(script_id: UUID) -> ResponseReturnValue:
    with db.session() as session:
        view = service.view(session, script_id, by=actor(), now=now())
    return render_template("marking/second.html", view=view, form=SecondMarkForm())


@bp.post("/script/<uuid:script_id>/second")
@requires(Permission.MARK, Permission.ALLOCATE_MARKING)
def script_second_ask(script_id: UUID) -> ResponseReturnValue:
    form = SecondMarkForm()
    if not form.validate_on_submit():
        with db.session() as session:
            view = service.view(session, script_id, by=actor(), now=now())
        return render_template("marking/second.html", view=view, form=form), 422
    with db.transaction() as session:
        service.ask_second_mark(session, script_id, str(form.reason_text.data), by=actor(), now=now())
    flash("A second mark is asked for. Somebody else will mark this answer without seeing the first mark.", "ok")
    return redirect(url_for(".queue"), 303)


@bp.get("/ties")
@requires(Permission.MARK, Permission.ALLOCATE_MARKING)
def ties() -> ResponseReturnValue:
    with db.session() as session:
        rows = service.ties(session, by=actor())
    return render_template("marking/ties.html", rows=rows, form=TieForm())


@bp.post("/ties")
@requires(Permission.MARK, Permission.ALLOCATE_MARKING)
def tie_declare() -> ResponseReturnValue:
    form = TieForm()
    if not form.validate_on_submit():
        with db.session() as session:
            rows = service.ties(session, by=actor())
        return render_template("marking/ties.html", rows=rows, form=form), 422
    with db.transaction() as session:
        service.declare_tie(session, str(form.kind.data), str(form.name.data), by=actor(), now=now())
    flash("Declared. Answers of those apprentices will not be offered to you.", "ok")
    return redirect(url_for(".ties"), 303)
