"""The pages of those who lead panels and of those who may see what panels found."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from sjt import db
from sjt.access import Permission, may
from sjt.accounts import mail
from sjt.accounts import service as accounts
from sjt.accounts.model import LinkPurpose
from sjt.authoring import service as authoring
from sjt.errors import InputError, MoveRefused, Unavailable
from sjt.panels import evidence, service, views
from sjt.panels.model import Outcome, PanelState, Purpose
from sjt.panels.webforms import (
    DecisionForm,
    InviteForm,
    InviteNewForm,
    MeetingForm,
    PanelForm,
    ReasonForm,
    ThinkAloudForm,
)
from sjt.web.guards import actor, now, requires, settings

bp = Blueprint("panels", __name__, url_prefix="/panels")


@bp.get("/")
@requires(Permission.SEE_PANELS)
def panels() -> ResponseReturnValue:
    """List every panel."""
    with db.session() as session:
        if not authoring.bank_exists(session):
            return render_template("authoring/no_bank.html")
        lines = views.panel_lines(session, now().date())
    return render_template(
        "panels/panels.html", lines=lines, words=views.PURPOSE_WORDS, leads=may(actor(), Permission.LEAD_PANELS)
    )


@bp.route("/new", methods=["GET", "POST"])
@requires(Permission.LEAD_PANELS)
def panel_new() -> ResponseReturnValue:
    """Ask experts about scenarios; ``?scenario=`` ticks one beforehand."""
    form = PanelForm()
    with db.session() as session:
        if not authoring.bank_exists(session):
            return render_template("authoring/no_bank.html")
        form.scenarios.choices = [
            (line.id, f"{line.title} ({line.id}, {line.state.value.replace('_', ' ')})")
            for line in authoring.scenarios(session)
        ]
        form.people.choices = views.experts(session)
    if request.method == "GET":
        form.scenarios.data = request.args.getlist("scenario")
        return render_template("panels/panel_new.html", form=form)
    if not form.validate_on_submit():
        return render_template("panels/panel_new.html", form=form), 422
    with db.transaction() as session:
        panel_id = service.create(
            session,
            Purpose(form.purpose.data),
            form.title.data or "",
            form.words.data or "",
            form.due.data or now().date(),
            form.scenarios.data or [],
            form.people.data or [],
            by=actor(),
            now=now(),
        )
    flash("The panel is made. The experts find it on their desks.", "ok")
    return redirect(url_for(".panel", panel_id=panel_id), 303)


@bp.get("/<uuid:panel_id>")
@requires(Permission.SEE_PANELS)
def panel(panel_id: UUID) -> ResponseReturnValue:
    return _panel(panel_id)


def _panel(
    panel_id: UUID, *, new: InviteNewForm | None = None, meeting: MeetingForm | None = None, status: int = 200
) -> ResponseReturnValue:
    with db.session() as session:
        page = views.panel_page(session, panel_id, now().date())
        titles = authoring.item_titles(session)
    invite = InviteForm()
    invite.people.choices = list(page.experts)
    leads = may(actor(), Permission.LEAD_PANELS)
    return render_template(
        "panels/panel.html",
        page=page,
        words=views.PURPOSE_WORDS,
        tones=views.VERDICT_TONES,
        titles=titles,
        leads=leads,
        invite=invite,
        new=new or InviteNewForm(),
        meeting=meeting or MeetingForm(data={"held_on": now().date()}),
    ), status


@bp.post("/<uuid:panel_id>/ask")
@requires(Permission.LEAD_PANELS)
def panel_ask(panel_id: UUID) -> ResponseReturnValue:
    """Ask more experts who have a log-in."""
    with db.transaction() as session:
        asked = service.invite(session, panel_id, request.form.getlist("people"), by=actor(), now=now())
    flash(f"{asked} more asked." if asked else "Nobody new was chosen.", "ok" if asked else "info")
    return redirect(url_for(".panel", panel_id=panel_id), 303)


@bp.post("/<uuid:panel_id>/ask-new")
@requires(Permission.LEAD_PANELS)
def panel_ask_new(panel_id: UUID) -> ResponseReturnValue:
    """Ask somebody without a log-in: a one-time link goes to them, or is shown once."""
    form = InviteNewForm()
    if not form.validate_on_submit():
        return _panel(panel_id, new=form, status=422)
    with db.transaction() as session:
        user_id = service.invite_new(
            session, panel_id, form.name.data or "", form.email.data or "", by=actor(), now=now()
        )
        token = accounts.make_link(session, user_id, LinkPurpose.INVITATION, by=actor(), now=now())
    with db.session() as session:
        person, organisation = accounts.person(session, user_id), accounts.organisation(session)
    assert person is not None
    address = (settings().base_url or request.host_url.rstrip("/")) + url_for("accounts.link", token=token)
    if settings().mail_url:
        sender = mail.MailServer.from_url(settings().mail_url).sender
        message = mail.link_message(
            sender,
            to=person.email,
            name=person.name,
            login=person.login,
            organisation=organisation.name if organisation else "sjt",
            address=address,
            purpose=LinkPurpose.INVITATION,
        )
        try:
            mail.send(settings().mail_url, message)
        except Unavailable as error:
            flash(f"{error.message} Pass the link on by hand.", "warn")
        else:
            flash(f"A one-time link is on its way to {person.email}.", "ok")
            return redirect(url_for(".panel", panel_id=panel_id), 303)
    return render_template("panels/link_made.html", person=person, address=address, panel_id=panel_id)


@bp.post("/<uuid:panel_id>/members/<person>/leave-out")
@requires(Permission.LEAD_PANELS)
def member_leave_out(panel_id: UUID, person: str) -> ResponseReturnValue:
    with db.transaction() as session:
        service.leave_out(session, panel_id, person, request.form.get("reason", ""), by=actor(), now=now())
    flash("The expert is left out. What they answered stays on record and does not count.", "ok")
    return redirect(url_for(".panel", panel_id=panel_id), 303)


@bp.post("/<uuid:panel_id>/close")
@requires(Permission.LEAD_PANELS)
def panel_close(panel_id: UUID) -> ResponseReturnValue:
    with db.session() as session:
        service.subjects_of(session, service.panel(session, panel_id))  # read before the transaction, which is short
    with db.transaction() as session:
        job_id = service.close(session, panel_id, by=actor(), now=now())
    flash("The panel is closed. The worker computes what the experts say.", "ok")
    return redirect(url_for("jobs.job", job_id=job_id), 303)


@bp.get("/<uuid:panel_id>/answers.csv")
@requires(Permission.LEAD_PANELS)
def panel_answers(panel_id: UUID) -> ResponseReturnValue:
    """Give the answers of a closed panel without names, as `sjt panel` reads them."""
    with db.session() as session:
        found = service.panel(session, panel_id)
        if found.state is not PanelState.CLOSED:
            raise MoveRefused("The answers are shown once the panel is closed.")
        text = service.answers_csv(session, found)
    name = f"panel-{str(panel_id)[:8]}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(text, mimetype="text/csv", headers=headers)


@bp.get("/<uuid:panel_id>/items/<item_id>")
@requires(Permission.SEE_PANELS)
def item(panel_id: UUID, item_id: str) -> ResponseReturnValue:
    return _item(panel_id, item_id)


def _item(
    panel_id: UUID, item_id: str, *, form: DecisionForm | None = None, problem: InputError | None = None
) -> ResponseReturnValue:
    with db.session() as session:
        page = views.item_page(session, panel_id, item_id)
    form = form or DecisionForm()
    return render_template(
        "panels/item.html",
        page=page,
        form=form,
        problem=problem,
        tones=views.VERDICT_TONES,
        levels=views.LEVELS,
        leads=may(actor(), Permission.LEAD_PANELS),
        typed=request.form,
    ), 422 if problem or form.errors else 200


@bp.post("/<uuid:panel_id>/items/<item_id>/decide")
@requires(Permission.LEAD_PANELS)
def item_decide(panel_id: UUID, item_id: str) -> ResponseReturnValue:
    """Record what the key meeting decided of an item."""
    form = DecisionForm()
    if not form.validate_on_submit():
        return _item(panel_id, item_id, form=form)
    why = {name.removeprefix("why."): value for name, value in request.form.items() if name.startswith("why.")}
    with db.session() as session:
        page = views.item_page(session, panel_id, item_id)
    changed = {one.id: why[one.id] for one in page.options if why.get(one.id, one.why).strip() != one.why.strip()}
    try:
        with db.transaction() as session:
            service.decide(
                session, panel_id, item_id, Outcome(form.outcome.data), form.reason.data or "", changed,
                by=actor(), now=now(),
            )  # fmt: skip
    except InputError as error:  # the page keeps what was typed
        return _item(panel_id, item_id, form=form, problem=error)
    flash("The decision is recorded.", "ok")
    onward = url_for(".item", panel_id=panel_id, item_id=page.following) if page.following else None
    return redirect(onward or url_for(".panel", panel_id=panel_id, _anchor="found"), 303)


@bp.post("/<uuid:panel_id>/meetings")
@requires(Permission.LEAD_PANELS)
def meeting(panel_id: UUID) -> ResponseReturnValue:
    """Record that the key meeting was held, and who was there."""
    form = MeetingForm()
    if not form.validate_on_submit():
        return _panel(panel_id, meeting=form, status=422)
    with db.transaction() as session:
        service.hold(
            session, panel_id, form.held_on.data or now().date(), form.present.data or "", by=actor(), now=now()
        )
    flash("The meeting is recorded. Decisions on the items name it.", "ok")
    return redirect(url_for(".panel", panel_id=panel_id, _anchor="found"), 303)


@bp.get("/<uuid:panel_id>/scenarios/<scenario_id>/settle")
@requires(Permission.LEAD_PANELS)
def settle_page(panel_id: UUID, scenario_id: str) -> ResponseReturnValue:
    """Show what settling a scenario's key would write."""
    with db.session() as session:
        found = service.panel(session, panel_id)
        made = service.settlement(session, panel_id, scenario_id, today=now().date())
    return render_template("panels/settle.html", panel=found, made=made)


@bp.post("/<uuid:panel_id>/scenarios/<scenario_id>/settle")
@requires(Permission.LEAD_PANELS)
def settle(panel_id: UUID, scenario_id: str) -> ResponseReturnValue:
    with db.session() as session:
        made = service.settlement(session, panel_id, scenario_id, today=now().date())
        authoring.bank(session)  # the transaction below must be short
    with db.transaction() as session:
        n = service.settle(session, panel_id, made, by=actor(), now=now())
    if made.passed:
        flash(f"Version {n} is in the bank with the panel’s key. Forms that run and past results keep theirs.", "ok")
    else:
        flash("It is recorded that the key did not pass.", "ok")
    return redirect(url_for(".panel", panel_id=panel_id, _anchor="found"), 303)


@bp.get("/validity")
@requires(Permission.SEE_PANELS)
def validity() -> ResponseReturnValue:
    """Show what raters say of the bank's relevance and mapping."""
    with db.session() as session:
        if not authoring.bank_exists(session):
            return render_template("authoring/no_bank.html")
        page = evidence.validity(session)
    return render_template("panels/validity.html", page=page, tones=views.VERDICT_TONES)


@bp.get("/scenarios/<scenario_id>")
@requires(Permission.SEE_PANELS)
def scenario(scenario_id: str) -> ResponseReturnValue:
    """Show what is on record of a scenario's validity."""
    return _scenario(scenario_id, ThinkAloudForm(data={"held_on": now().date()}))


def _scenario(scenario_id: str, form: ThinkAloudForm, status: int = 200) -> ResponseReturnValue:
    with db.session() as session:
        page = evidence.evidence(session, scenario_id)
        codes = authoring.standard(session).codes
    records = may(actor(), Permission.RECORD_THINK_ALOUD)
    return render_template(
        "panels/scenario.html", page=page, form=form, codes=codes, records=records, tones=views.VERDICT_TONES
    ), status


@bp.post("/scenarios/<scenario_id>/think-aloud")
@requires(Permission.RECORD_THINK_ALOUD)
def think_aloud(scenario_id: str) -> ResponseReturnValue:
    form = ThinkAloudForm()
    if not form.validate_on_submit():
        return _scenario(scenario_id, form, 422)
    with db.transaction() as session:
        service.note_think_aloud(
            session,
            scenario_id,
            form.held_on.data or now().date(),
            form.who.data or "",
            form.finding.data or "",
            form.changed.data or "",
            by=actor(),
            now=now(),
        )
    flash("The note is on record.", "ok")
    return redirect(url_for(".scenario", scenario_id=scenario_id), 303)


@bp.get("/<uuid:panel_id>/leave-out/<person>")
@requires(Permission.LEAD_PANELS)
def leave_out_page(panel_id: UUID, person: str) -> ResponseReturnValue:
    """Ask why an expert is left out."""
    with db.session() as session:
        page = views.panel_page(session, panel_id, now().date())
    line = next((one for one in page.members if one.member.person == person), None)
    if line is None:
        raise MoveRefused("This person is not on the panel.")
    return render_template("panels/leave_out.html", page=page, line=line, form=ReasonForm())
