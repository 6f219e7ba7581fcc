"""Pages of the closer studies, behind "advanced"; they show stored results and never compute one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlmodel import Session

from sjt import db
from sjt.access import Permission
from sjt.analysis import service, store, study_views, views
from sjt.analysis.topics import STANDING, Topic
from sjt.analysis.views import Subject
from sjt.analysis.webforms import WhatIfForm
from sjt.errors import InputError, NotFound
from sjt.results import keying
from sjt.web.guards import actor, now, requires

bp = Blueprint("studies", __name__, url_prefix="/analysis")


def _where(subject: Subject, topic: Topic | None = None) -> str:
    if subject.kind == "session":
        key: dict[str, Any] = {"session_id": UUID(subject.key)}
        return url_for("studies.studies", **key) if topic is None else _study_url("studies.study", topic, key)
    key = {"form_id": subject.key}
    return url_for("studies.form_studies", **key) if topic is None else _study_url("studies.form_study", topic, key)


def _study_url(endpoint: str, topic: Topic, key: dict[str, Any]) -> str:
    return url_for(endpoint, topic=topic.value, **key)


def _list(subject: Subject, reading: Session) -> str:
    return render_template(
        "analysis/studies.html",
        subject=subject,
        lines=study_views.lines(reading, subject),
        job=study_views.waiting(reading, subject),
        where=_where,
    )


@bp.get("/sessions/<uuid:session_id>/studies")
@requires(Permission.SEE_STATISTICS)
def studies(session_id: UUID) -> ResponseReturnValue:
    with db.session() as reading:
        return _list(views.subject_of_session(reading, session_id), reading)


@bp.get("/forms/<form_id>/studies")
@requires(Permission.SEE_STATISTICS)
def form_studies(form_id: str) -> ResponseReturnValue:
    with db.session() as reading:
        return _list(views.subject_of_form(reading, form_id), reading)


def _shown(reading: Session, subject: Subject, topic: Topic, form: WhatIfForm | None = None) -> str:
    page = study_views.page(reading, subject, topic)
    if topic is Topic.WHAT_IF:
        form = form or WhatIfForm(formdata=None)
        items, rules = study_views.items_and_rules(reading, subject)
        form.offer(
            [(name, f"{name}, {item.format.value.replace('_', ' and ')}") for name, item in items.items()],
            [*rules.items()],
        )
    return render_template("analysis/study.html", page=page, form=form, where=_where)


@bp.get("/sessions/<uuid:session_id>/studies/<topic>")
@requires(Permission.SEE_STATISTICS)
def study(session_id: UUID, topic: str) -> ResponseReturnValue:
    with db.session() as reading:
        return _shown(reading, views.subject_of_session(reading, session_id), study_views.topic_of(topic))


@bp.get("/forms/<form_id>/studies/<topic>")
@requires(Permission.SEE_STATISTICS)
def form_study(form_id: str, topic: str) -> ResponseReturnValue:
    with db.session() as reading:
        return _shown(reading, views.subject_of_form(reading, form_id), study_views.topic_of(topic))


def _asked(subject: Subject, topic: Topic) -> ResponseReturnValue:
    asked: dict[str, Any] = {}
    if topic is Topic.WHAT_IF:
        form = WhatIfForm()
        with db.session() as reading:
            items, rules = study_views.items_and_rules(reading, subject)
            form.offer([(name, name) for name in items], [*rules.items()])
            sound = form.validate_on_submit()
            if sound and form.key.data:
                try:
                    keying.check(items[form.item.data], form.key.data)
                except InputError as error:
                    form.key.errors = [*form.key.errors, " ".join(f.remedy for f in error.faults)]
                    sound = False
            if not sound:
                return _shown(reading, subject, topic, form), 422
        asked = form.to_model()
    job = _put(subject, [topic], asked)
    if topic is Topic.WHAT_IF:  # its page shows the newest answer; which one comes next only the job knows
        return redirect(url_for("jobs.job", job_id=job), 303)
    return redirect(_where(subject, topic), 303)


def _put(subject: Subject, topics: list[Topic], asked: dict[str, Any] | None = None) -> UUID:
    which: dict[str, Any] = {"session_id": UUID(subject.key)} if subject.kind == "session" else {"form_id": subject.key}
    with db.transaction() as writing:
        return service.ask_study(writing, topics, by=actor(), now=now(), asked=asked, **which)


@bp.post("/sessions/<uuid:session_id>/studies/<topic>")
@requires(Permission.SEE_STATISTICS)
def study_ask(session_id: UUID, topic: str) -> ResponseReturnValue:
    with db.session() as reading:
        subject = views.subject_of_session(reading, session_id)
    return _asked(subject, study_views.topic_of(topic))


@bp.post("/forms/<form_id>/studies/<topic>")
@requires(Permission.SEE_STATISTICS)
def form_study_ask(form_id: str, topic: str) -> ResponseReturnValue:
    with db.session() as reading:
        subject = views.subject_of_form(reading, form_id)
    return _asked(subject, study_views.topic_of(topic))


def _all_asked(subject: Subject) -> ResponseReturnValue:
    """Begin every study that stands for a subject."""
    _put(subject, [*STANDING])
    flash("The studies are under way; each shows here when it is done.", "ok")
    return redirect(_where(subject), 303)


@bp.post("/sessions/<uuid:session_id>/studies")
@requires(Permission.SEE_STATISTICS)
def studies_ask(session_id: UUID) -> ResponseReturnValue:
    with db.session() as reading:
        subject = views.subject_of_session(reading, session_id)
    return _all_asked(subject)


@bp.post("/forms/<form_id>/studies")
@requires(Permission.SEE_STATISTICS)
def form_studies_ask(form_id: str) -> ResponseReturnValue:
    with db.session() as reading:
        subject = views.subject_of_form(reading, form_id)
    return _all_asked(subject)


@bp.get("/studies/<uuid:study_id>/pictures/<name>.svg")
@requires(Permission.SEE_STATISTICS)
def study_picture(study_id: UUID, name: str) -> ResponseReturnValue:
    with db.session() as reading:
        found = store.study(reading, study_id)
        svg = study_views.result(found)["pictures"].get(name) if found is not None else None
    if svg is None:
        raise NotFound("There is no such picture.")
    headers = {"Cache-Control": "private, max-age=31536000, immutable"}
    return Response(svg, mimetype="image/svg+xml", headers=headers)
