"""Pages of item and test analysis; they show stored results and never compute one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlmodel import Session

from sjt import db
from sjt.access import Permission
from sjt.analysis import report, service, store, views
from sjt.analysis.views import Subject
from sjt.analysis.webforms import DecisionForm
from sjt.errors import NotFound
from sjt.web.guards import actor, now, requires

bp = Blueprint("analysis", __name__, url_prefix="/analysis")


def _home(subject: Subject, **more: Any) -> str:
    if subject.kind == "session":
        return url_for("analysis.session", session_id=UUID(subject.key), **more)
    return url_for("analysis.form", form_id=subject.key, **more)


def _item_url(subject: Subject, item: str, part: str) -> str:
    if subject.kind == "session":
        return url_for("analysis.item", session_id=UUID(subject.key), item_id=item, part=part)
    return url_for("analysis.form_item", form_id=subject.key, item_id=item, part=part)


@bp.get("/")
@requires(Permission.SEE_STATISTICS)
def sessions() -> ResponseReturnValue:
    with db.session() as reading:
        finished, forms = views.listed(reading)
    return render_template("analysis/sessions.html", finished=finished, forms=forms)


@bp.get("/sessions/<uuid:session_id>")
@requires(Permission.SEE_STATISTICS)
def session(session_id: UUID) -> ResponseReturnValue:
    with db.session() as reading:
        page = _page(reading, views.subject_of_session(reading, session_id))
    return _shown(page)


@bp.get("/forms/<form_id>")
@requires(Permission.SEE_STATISTICS)
def form(form_id: str) -> ResponseReturnValue:
    with db.session() as reading:
        page = _page(reading, views.subject_of_form(reading, form_id))
    return _shown(page)


def _page(reading: Session, subject: Subject) -> views.RunPage:
    args = request.args
    return views.run_page(
        reading,
        subject,
        part=args.get("part", ""),
        show=args.get("show", "all"),
        sort=args.get("sort", "r"),
        up=args.get("order", "up") == "up",
    )


def _shown(page: views.RunPage) -> ResponseReturnValue:
    def here(**change: str) -> str:
        kept = {"part": page.chosen, "show": page.show, "sort": page.sort, "order": "up" if page.up else "down"}
        return _home(page.subject, **{name: value for name, value in {**kept, **change}.items() if value})

    return render_template("analysis/session.html", page=page, here=here, item_url=_item_url)


@bp.post("/sessions/<uuid:session_id>/analyse")
@requires(Permission.SEE_STATISTICS)
def session_analyse(session_id: UUID) -> ResponseReturnValue:
    with db.transaction() as writing:
        views.subject_of_session(writing, session_id)
        service.ask(writing, session_id=session_id, by=actor(), now=now())
    return redirect(url_for(".session", session_id=session_id), 303)


@bp.post("/forms/<form_id>/analyse")
@requires(Permission.SEE_STATISTICS)
def form_analyse(form_id: str) -> ResponseReturnValue:
    with db.transaction() as writing:
        views.subject_of_form(writing, form_id)
        service.ask(writing, form_id=form_id, by=actor(), now=now())
    return redirect(url_for(".form", form_id=form_id), 303)


@bp.get("/sessions/<uuid:session_id>/items/<item_id>")
@requires(Permission.SEE_STATISTICS)
def item(session_id: UUID, item_id: str) -> ResponseReturnValue:
    with db.session() as reading:
        page = _item(reading, views.subject_of_session(reading, session_id), item_id)
    return _item_shown(page, DecisionForm())


@bp.get("/forms/<form_id>/items/<item_id>")
@requires(Permission.SEE_STATISTICS)
def form_item(form_id: str, item_id: str) -> ResponseReturnValue:
    with db.session() as reading:
        page = _item(reading, views.subject_of_form(reading, form_id), item_id)
    return _item_shown(page, DecisionForm())


def _item(reading: Session, subject: Subject, item_id: str) -> views.ItemPage:
    return views.item_page(reading, subject, item_id, request.args.get("part", ""))


def _item_shown(page: views.ItemPage, form: DecisionForm) -> str:
    return render_template("analysis/item.html", page=page, form=form, home=_home(page.subject), item_url=_item_url)


@bp.post("/runs/<uuid:run_id>/items/<item_id>/decision")
@requires(Permission.PROPOSE_PASS_MARK)
def item_decide(run_id: UUID, item_id: str) -> ResponseReturnValue:
    form = DecisionForm()
    with db.session() as reading:
        found = service.run(reading, run_id)
        subject = (
            views.subject_of_session(reading, found.session_id)
            if found.session_id is not None
            else views.subject_of_form(reading, str(found.form_id))
        )
        if not form.validate_on_submit():
            return _item_shown(_item(reading, subject, item_id), form), 422
    with db.transaction() as writing:
        service.decide(writing, run_id, item_id, form.to_model(), form.reason.data or "", by=actor(), now=now())
    flash(f"The decision on {item_id} is recorded.", "ok")
    return redirect(_item_url(subject, item_id, ""), 303)


@bp.post("/runs/<uuid:run_id>/bank")
@requires(Permission.PROPOSE_PASS_MARK)
def bank_statistics(run_id: UUID) -> ResponseReturnValue:
    with db.transaction() as writing:
        count = service.bank_statistics(writing, run_id, by=actor(), now=now())
        found = service.run(writing, run_id)
    flash(f"{count} statistics are in the bank, under your name.", "ok")
    where = {"session_id": found.session_id} if found.session_id else {"form_id": found.form_id}
    return redirect(url_for(".session" if found.session_id else ".form", **where), 303)


@bp.get("/runs/<uuid:run_id>/items.csv")
@requires(Permission.SEE_STATISTICS)
def items_csv(run_id: UUID) -> ResponseReturnValue:
    with db.session() as reading:
        found = service.run(reading, run_id)
    name = f"items-{run_id}{'-simulated' if found.simulated else ''}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    text = report.items_csv(service.result(found), simulated=found.simulated)
    return Response(text, mimetype="text/csv", headers=headers)


@bp.get("/runs/<uuid:run_id>/pictures/<name>.svg")
@requires(Permission.SEE_STATISTICS)
def picture(run_id: UUID, name: str) -> ResponseReturnValue:
    with db.session() as reading:
        found = store.picture(reading, run_id, name)
    if found is None:
        raise NotFound("There is no such picture.")
    headers = {"Cache-Control": "private, max-age=31536000, immutable"}
    return Response(found.svg, mimetype="image/svg+xml", headers=headers)
