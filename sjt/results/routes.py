"""Pages of judging, pass marks and results."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from sjt import db
from sjt.access import Permission, Role, may
from sjt.accounts import service as accounts
from sjt.authoring import service as authoring
from sjt.errors import Forbidden, InputError, NotFound
from sjt.jobs import service as jobs
from sjt.panels import service as panels
from sjt.results import key_doubt as counting
from sjt.results import service, views
from sjt.results.webforms import PanelForm, ProposeForm, RatingForm
from sjt.web.guards import actor, now, requires
from sjt.web.paging import named, shown
from sjt.web.wording import form_words

bp = Blueprint("results", __name__, url_prefix="/results")


@bp.get("/")
@requires(Permission.SEE_RESULTS)
def sessions() -> ResponseReturnValue:
    with db.session() as session:
        rows = views.sessions(session)
    return render_template("results/sessions.html", rows=shown(rows))


@bp.get("/sessions/<uuid:session_id>")
@requires(Permission.SEE_RESULTS)
def session_results(session_id: UUID) -> ResponseReturnValue:
    with db.session() as session:
        page = views.session_page(session, session_id)
    show, find = request.args.get("show", "all"), request.args.get("q", "").strip()
    kinds = {
        "pass": ("Pass", [row for row in page.rows if row.outcome == "pass"]),
        "fail": ("Fail", [row for row in page.rows if row.outcome == "fail"]),
        "near": ("Within one SEM", [row for row in page.rows if row.outcome and row.within_sem]),
        "open": ("No outcome yet", [row for row in page.rows if not row.outcome]),
    }
    wanted = [row for row in kinds.get(show, ("", page.rows))[1] if named(find, row.name, row.uln)]
    return render_template(
        "results/session_results.html",
        page=page,
        who=actor(),
        show=show if show in kinds else "all",
        q=find,
        seen=shown(wanted),
        kinds=[
            (words, url_for(".session_results", session_id=session_id, show=name), len(rows), show == name)
            for name, (words, rows) in kinds.items()
        ],
    )


@bp.post("/sessions/<uuid:session_id>/mark")
@requires(Permission.RELEASE_RESULTS, Permission.PROPOSE_PASS_MARK)
def session_mark(session_id: UUID) -> ResponseReturnValue:
    with db.transaction() as session:
        jobs.enqueue(
            session,
            "results.mark",
            {"session": str(session_id)},
            by=actor(),
            now=now(),
            title="Mark a session",
            goes_to=url_for(".session_results", session_id=session_id),
        )
    return redirect(url_for(".session_results", session_id=session_id), 303)


@bp.post("/sessions/<uuid:session_id>/release")
@requires(Permission.RELEASE_RESULTS)
def release_propose(session_id: UUID) -> ResponseReturnValue:
    with db.transaction() as session:
        service.propose_release(session, session_id, by=actor(), now=now())
    flash("The release is proposed. Another awarding officer releases the results.", "ok")
    return redirect(url_for(".session_results", session_id=session_id), 303)


@bp.post("/sessions/<uuid:session_id>/releases/<uuid:release_id>/release")
@requires(Permission.RELEASE_RESULTS)
def release(session_id: UUID, release_id: UUID) -> ResponseReturnValue:
    with db.transaction() as session:
        count = service.release(session, release_id, by=actor(), now=now())
    said = "1 result is released. It does" if count == 1 else f"{count} results are released. They do"
    flash(f"{said} not change any more.", "ok")
    return redirect(url_for(".session_results", session_id=session_id), 303)


@bp.post("/sessions/<uuid:session_id>/releases/<uuid:release_id>/take-back")
@requires(Permission.RELEASE_RESULTS)
def release_take_back(session_id: UUID, release_id: UUID) -> ResponseReturnValue:
    with db.transaction() as session:
        service.take_back(session, release_id, by=actor(), now=now())
    flash("The proposal is taken back. Nothing was released.", "info")
    return redirect(url_for(".session_results", session_id=session_id), 303)


@bp.get("/sessions/<uuid:session_id>/results.csv")
@requires(Permission.SEE_RESULTS)
def export(session_id: UUID) -> ResponseReturnValue:
    wide = request.args.get("shape") == "wide"
    with db.session() as session:
        text = service.wide_csv(session, session_id) if wide else service.long_csv(session, session_id)
        name = service.file_name(session, session_id, wide=wide)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(text, mimetype="text/csv", headers=headers)


@bp.get("/sittings/<uuid:sitting_id>/marks")
@requires(Permission.SEE_RESULTS)
def marks(sitting_id: UUID) -> ResponseReturnValue:
    with db.session() as session:
        page = views.marks_page(session, sitting_id, request.args.get("run", type=int))
        if page is None:
            raise NotFound("This sitting is not marked yet.")
        rows = service.evidence(session, sitting_id, page.run)
        outcome = service.outcome_of_sitting(session, sitting_id)
    return render_template("results/marks.html", page=page, rows=rows, outcome=outcome)


@bp.get("/sittings/<uuid:sitting_id>/statement")
@requires(Permission.SEE_RESULTS)
def statement(sitting_id: UUID) -> ResponseReturnValue:
    with db.session() as session:
        found = service.statement(session, sitting_id)
    return render_template("results/statement.html", found=found)


@bp.get("/pass-marks")
@requires(Permission.SEE_RESULTS)
def pass_marks() -> ResponseReturnValue:
    with db.session() as session:
        rows = views.pass_mark_list(session)
        sets = [one for one in authoring.set_lines(session) if one.published > 1]
    return render_template("results/pass_marks.html", rows=rows, sets=sets)


@bp.get("/pass-marks/<form_id>")
@requires(Permission.SEE_RESULTS)
def pass_mark(form_id: str) -> ResponseReturnValue:
    return _pass_mark(form_id, None)


def _pass_mark(form_id: str, form: ProposeForm | None) -> str:
    wanted = request.values.get("source", "")
    with db.session() as session:
        page = views.cut_page(session, form_id, _panel_of(wanted))
    form = form or ProposeForm(data={"source": wanted or (page.sources[0][0] if page.sources else "")})
    form.source.choices = list(page.sources)
    return render_template("results/pass_mark.html", page=page, form=form, who=actor())


def _panel_of(source: str) -> UUID | None:
    try:
        return UUID(source)
    except ValueError:
        return None


@bp.post("/pass-marks/<form_id>/propose")
@requires(Permission.PROPOSE_PASS_MARK)
def pass_mark_propose(form_id: str) -> ResponseReturnValue:
    form = ProposeForm()
    with db.session() as session:
        form.source.choices = list(views.cut_page(session, form_id).sources)
    if not form.validate_on_submit():
        return _pass_mark(form_id, form), 422
    with db.transaction() as session:
        service.propose(
            session,
            form_id,
            by=actor(),
            now=now(),
            panel_id=_panel_of(form.source.data),
            reason=form.reason.data or "",
        )
    flash("The pass mark is proposed. Two awarding officers adopt it.", "ok")
    return redirect(url_for(".pass_mark", form_id=form_id), 303)


@bp.post("/pass-marks/<form_id>/cuts/<uuid:cut_id>/adopt")
@requires(Permission.ADOPT_PASS_MARK)
def pass_mark_adopt(form_id: str, cut_id: UUID) -> ResponseReturnValue:
    with db.transaction() as session:
        state = service.adopt(session, cut_id, by=actor(), now=now())
    words = "It stands with the second officer’s signature." if state.value == "proposed" else "The pass mark stands."
    flash(f"Signed. {words}", "ok")
    return redirect(url_for(".pass_mark", form_id=form_id), 303)


@bp.get("/key-doubt/<uuid:panel_id>")
@requires(Permission.SEE_STATISTICS)
def key_doubt(panel_id: UUID) -> ResponseReturnValue:
    """Show how many past candidates a panel's doubt about its keys would pass or fail."""
    with db.session() as session:
        found = panels.panel(session, panel_id)
        counted = views.key_doubt(session, panel_id)
        ready = panels.is_computed(session, panel_id)
    return render_template(
        "results/key_doubt.html", panel=found, counted=counted, ready=ready, leads=may(actor(), Permission.LEAD_PANELS)
    )


@bp.post("/key-doubt/<uuid:panel_id>")
@requires(Permission.LEAD_PANELS)
def key_doubt_count(panel_id: UUID) -> ResponseReturnValue:
    """Let the worker count."""
    with db.transaction() as session:
        job_id = counting.start(session, panel_id, by=actor(), now=now())
    return redirect(url_for("jobs.job", job_id=job_id), 303)


@bp.get("/judging")
@requires(Permission.JUDGE_ITEMS)
def judging() -> ResponseReturnValue:
    leads = may(actor(), Permission.PROPOSE_PASS_MARK)
    with db.session() as session:
        rows = views.panel_list(session, actor(), everyone=leads)
    return render_template("results/judging.html", rows=rows, leads=leads)


@bp.route("/judging/new", methods=["GET", "POST"])
@requires(Permission.PROPOSE_PASS_MARK)
def panel_new() -> ResponseReturnValue:
    form = PanelForm()
    with db.session() as session:
        form.forms.choices = [(one.form_id, form_words(one.form_id)) for one in authoring.published_forms(session)]
        # whoever may judge items: a small organisation's psychometrician sits on its panel too
        may_judge = [*accounts.people_with_role(session, Role.JUDGE)]
        may_judge += accounts.people_with_role(session, Role.PSYCHOMETRICIAN)
        form.judges.choices = [(str(one.id), one.name) for one in {one.id: one for one in may_judge}.values()]
    if request.method == "GET" or not form.validate_on_submit():
        return render_template("results/panel_new.html", form=form), 200 if request.method == "GET" else 422
    with db.transaction() as session:
        panel_id = service.create_panel(
            session, form.title.data or "", form.forms.data or [], form.judges.data or [], by=actor(), now=now()
        )
    return redirect(url_for(".panel", panel_id=panel_id), 303)


@bp.get("/judging/<uuid:panel_id>")
@requires(Permission.PROPOSE_PASS_MARK)
def panel(panel_id: UUID) -> ResponseReturnValue:
    with db.session() as session:
        seen, names = views.panel_page(session, panel_id)
    return render_template("results/panel.html", seen=seen, names=names)


@bp.post("/judging/<uuid:panel_id>/next-round")
@requires(Permission.PROPOSE_PASS_MARK)
def panel_next_round(panel_id: UUID) -> ResponseReturnValue:
    with db.transaction() as session:
        service.next_round(session, panel_id, by=actor(), now=now())
    return redirect(url_for(".panel", panel_id=panel_id), 303)


@bp.post("/judging/<uuid:panel_id>/close")
@requires(Permission.PROPOSE_PASS_MARK)
def panel_close(panel_id: UUID) -> ResponseReturnValue:
    with db.transaction() as session:
        service.close_panel(session, panel_id, by=actor(), now=now())
    flash("The panel is closed. Pass marks may rest on it.", "ok")
    return redirect(url_for(".panel", panel_id=panel_id), 303)


@bp.get("/judging/<uuid:panel_id>/rate")
@requires(Permission.JUDGE_ITEMS)
def rate_next(panel_id: UUID) -> ResponseReturnValue:
    """Go to the first item that this judge has not rated."""
    with db.session() as session:
        page = views.judge_page(session, panel_id, None, actor())
    if page is None:
        flash("All your ratings are given. You may change them until the panel closes.", "ok")
        return redirect(url_for(".judging"), 303)
    return redirect(url_for(".rate", panel_id=panel_id, item_id=page.item.item), 303)


@bp.route("/judging/<uuid:panel_id>/items/<item_id>", methods=["GET", "POST"])
@requires(Permission.JUDGE_ITEMS)
def rate(panel_id: UUID, item_id: str) -> ResponseReturnValue:
    form = RatingForm()
    with db.session() as session:
        page = views.judge_page(session, panel_id, item_id, actor())
    if page is None:
        raise NotFound("The panel does not judge this item.")
    if actor().id not in page.panel.judges:
        raise Forbidden("You are not a judge of this panel.")
    if request.method == "GET":
        form.rating.data = None if page.own is None else Decimal(float(page.own))
        return render_template("results/rate.html", page=page, form=form)
    if form.validate_on_submit() and not _refused(form, page):
        with db.transaction() as session:
            service.rate(session, panel_id, item_id, form.to_model(), by=actor(), now=now())
        onward = url_for(".rate", panel_id=panel_id, item_id=page.next) if page.next else url_for(".judging")
        return redirect(onward, 303)
    return render_template("results/rate.html", page=page, form=form), 422


def _refused(form: RatingForm, page: views.JudgePage) -> bool:
    """Say on the field why a rating cannot stand: the page keeps what was typed."""
    try:
        service.check_rating(page.item, form.to_model())
    except InputError as error:
        form.rating.errors = [f"{fault.what} {fault.remedy}".strip() for fault in error.faults]
        return True
    return False
