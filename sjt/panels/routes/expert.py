"""The pages of an expert: the questions as candidates see them, one's own answers, and nothing else."""

from __future__ import annotations

import json
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlmodel import Session

from sjt import db
from sjt.access import Permission
from sjt.errors import InputError
from sjt.panels import questions, service, views
from sjt.panels.webforms import ContentForm, NoteForm, ReasonForm
from sjt.web.guards import actor, now, requires

bp = Blueprint("expert", __name__, url_prefix="/panels/mine")


@bp.get("/")
@requires(Permission.ANSWER_PANEL)
def mine() -> ResponseReturnValue:
    """List the panels somebody was asked on."""
    with db.session() as session:
        lines = views.my_panels(session, actor().id, now().date())
    return render_template("panels/mine.html", lines=lines, words=views.PURPOSE_WORDS)


@bp.get("/<uuid:panel_id>")
@requires(Permission.ANSWER_PANEL)
def begin(panel_id: UUID) -> ResponseReturnValue:
    """Say what the panel asks, and which questions are answered."""
    with db.session() as session:
        line, asked = _own(session, panel_id)
    return render_template(
        "panels/begin.html", line=line, questions=asked, words=views.PURPOSE_WORDS, form=ReasonForm()
    )


def _own(session: Session, panel_id: UUID) -> tuple[views.MyPanel, list[questions.Question]]:
    found, _ = service.membership(session, panel_id, actor())
    line = next(one for one in views.my_panels(session, actor().id, now().date()) if one.panel.id == panel_id)
    asked = [questions.question(session, panel_id, one, actor()) for one in service.subjects_of(session, found)]
    return line, [one for one in asked if one is not None]


@bp.get("/<uuid:panel_id>/next")
@requires(Permission.ANSWER_PANEL)
def following(panel_id: UUID) -> ResponseReturnValue:
    """Go to the first question that is not answered."""
    with db.session() as session:
        found = questions.question(session, panel_id, None, actor())
    if found is None:
        flash("Every question is answered. You may change answers until the panel closes.", "ok")
        return redirect(url_for(".begin", panel_id=panel_id), 303)
    return redirect(url_for(".answer", panel_id=panel_id, subject=found.subject), 303)


@bp.get("/<uuid:panel_id>/answer/<subject>")
@requires(Permission.ANSWER_PANEL)
def answer(panel_id: UUID, subject: str) -> ResponseReturnValue:
    return _answer(panel_id, subject)


def _answer(panel_id: UUID, subject: str, *, form: ContentForm | None = None) -> ResponseReturnValue:
    with db.session() as session:
        found, known = service.membership(session, panel_id, actor())
        service.require_answering(found, known, actor())
        q = questions.question(session, panel_id, subject, actor())
    assert q is not None
    said = q.answer.response if q.answer else None
    status = 422 if form is not None else 200
    if q.item is not None:
        note = NoteForm(data={"note": q.answer.note if q.answer else ""})
        return render_template("panels/answer.html", q=q, response=said, form=note, display={}), status
    form = form or ContentForm(
        data={
            "relevance": str(said["relevance"]) if said else None,
            "code": said["code"] if said else "",
            "note": q.answer.note if q.answer else "",
        }
    )
    form.code.choices = [("", "Choose a statement"), *q.codes]
    return render_template("panels/content.html", q=q, form=form), status


@bp.post("/<uuid:panel_id>/answer/<subject>")
@requires(Permission.ANSWER_PANEL)
def answer_save(panel_id: UUID, subject: str) -> ResponseReturnValue:
    """Keep an answer; the script keeps each change, the buttons keep it and go on."""
    with db.session() as session:
        q = questions.question(session, panel_id, subject, actor())
    assert q is not None
    note = request.form.get("note", "")
    if q.item is None:
        form = ContentForm()
        form.code.choices = [("", "Choose a statement"), *q.codes]
        if not form.validate_on_submit():
            return _answer(panel_id, subject, form=form)
        response: object = {"relevance": int(form.relevance.data), "code": form.code.data}
    else:
        try:
            response = json.loads(request.form.get("response") or "null")
        except ValueError as error:
            raise InputError("The answer cannot be read. Load the page again and give it once more.") from error
    with db.transaction() as session:
        service.save(session, panel_id, subject, response, note, by=actor(), now=now())
    if request.headers.get("X-Autosave") == "1":
        return "", 204
    go = request.form.get("go", "next")
    onward = {"previous": q.previous, "next": q.following}.get(go, "")
    if onward:
        return redirect(url_for(".answer", panel_id=panel_id, subject=onward), 303)
    return redirect(url_for(".begin", panel_id=panel_id), 303)


@bp.post("/<uuid:panel_id>/leave")
@requires(Permission.ANSWER_PANEL)
def leave(panel_id: UUID) -> ResponseReturnValue:
    """Decline the panel, or withdraw from it."""
    form = ReasonForm()
    with db.transaction() as session:
        state = service.leave(session, panel_id, form.reason.data or "", by=actor(), now=now())
    said = "declined" if state.value == "refused" else "withdrawn"
    flash(f"You have {said}. The chair sees it, with your reason.", "ok")
    return redirect(url_for(".mine"), 303)
