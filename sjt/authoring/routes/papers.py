"""Forms: sets built from a blueprint, side by side, their proofs, publication and withdrawal."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from sjt import db
from sjt.access import Permission
from sjt.accounts import service as accounts
from sjt.authoring import pools, service
from sjt.authoring.publishing import Standing, read_proof
from sjt.authoring.set_page import form_scenarios, set_view
from sjt.authoring.set_picture import set_picture
from sjt.authoring.states import FormState, SetState
from sjt.authoring.webforms import FEWEST_WORDS, TOO_FEW_WORDS, NewSetForm, PublishForm, WithdrawForm
from sjt.jobs import service as jobs
from sjt.web.guards import actor, now, requires

bp = Blueprint("forms", __name__, url_prefix="/forms")
MANY = 4
"""Forms from which a set has a picture: fewer are read side by side."""


@bp.get("/")
@requires(Permission.SEE_FORMS)
def sets() -> ResponseReturnValue:
    """List every set, newest first."""
    with db.session() as session:
        rows = service.set_lines(session)
        has_bank = service.bank_exists(session)
    return render_template("forms/sets.html", rows=rows, has_bank=has_bank)


def _new_form(lines: list[service.BlueprintLine]) -> NewSetForm:
    form = NewSetForm()
    form.blueprint.choices = [
        (line.path, line.blueprint.title or line.blueprint.id) for line in lines if line.blueprint is not None
    ]
    return form


@bp.get("/new")
@requires(Permission.BUILD_FORMS)
def set_new() -> ResponseReturnValue:
    with db.session() as session:
        lines = service.blueprints(session)
    form = _new_form(lines)
    form.without.data = request.args.get("without", "")[:2_000]
    wanted = request.args.get("option", "")
    fitting = [line.path for line in lines if line.blueprint is not None and line.blueprint.option == wanted]
    if fitting:
        form.blueprint.data = fitting[0]
    if (named := request.args.get("blueprint", "")) in [line.path for line in lines]:
        form.blueprint.data = named
    if form.without.data:
        form.forms.data = 1
    return render_template("forms/set_new.html", form=form, lines=lines)


@bp.post("/new")
@requires(Permission.BUILD_FORMS)
def set_new_post() -> ResponseReturnValue:
    """Ask for a set; the job's page leads to it."""
    with db.session() as session:
        lines = service.blueprints(session)
        known = {scenario.id for scenario in service.bank(session).scenarios} if lines else set()
    form = _new_form(lines)
    if form.validate_on_submit() and (strangers := sorted(set(form.scenarios_left_out()) - known)):
        form.without.errors = [f"The bank has no {', '.join(strangers)}. Correct or leave it out."]
    if form.errors:
        return render_template("forms/set_new.html", form=form, lines=lines), 422
    with db.transaction() as session:
        made = service.start_set(
            session,
            form.blueprint.data,
            forms=form.forms.data or 0,
            seed=form.seed.data or 0,
            by=actor(),
            now=now(),
            reserve=bool(form.reserve.data),
            without=form.scenarios_left_out(),
        )
        job_id = service.form_set(session, made).job_id
    return redirect(url_for("jobs.job", job_id=job_id), 303)


@bp.get("/<uuid:set_id>")
@requires(Permission.SEE_FORMS)
def set_page(set_id: UUID) -> ResponseReturnValue:
    """Show a set: its forms side by side, or why there are none."""
    with db.session() as session:
        made = service.form_set(session, set_id)
        if made.pool:
            return redirect(url_for("pools.pool_page", set_id=set_id), 303)
        bank = service.bank(session)
        lines = service.forms_of_set(session, set_id)
        numbers = service.numbers_of_set(session, set_id)
        job = jobs.job(session, made.job_id) if made.job_id else None
        standings = {
            line.form_id: service.standing(session, line.form_id) for line in lines if line.state is FormState.DRAFT
        }
        by = accounts.name_of(session, made.created_by)
    proof_read = read_proof(made.proof) if made.state is SetState.BUILT else None
    view = set_view(bank, proof_read, lines, numbers) if proof_read else None
    picture = set_picture(proof_read) if proof_read and len(lines) >= MANY else ""
    return render_template(
        "forms/set_page.html",
        made=made,
        lines=lines,
        view=view,
        picture=picture,
        job=job,
        standings=standings,
        bank=bank,
        by=by,
    )


@bp.get("/<uuid:set_id>/PROOF.json")
@requires(Permission.SEE_FORMS)
def proof(set_id: UUID) -> ResponseReturnValue:
    """Give the proof byte for byte."""
    with db.session() as session:
        made = service.form_set(session, set_id)
    name = f"PROOF-{made.blueprint}-set-{made.number}.json"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(made.proof, mimetype="application/json", headers=headers)


@bp.post("/<uuid:set_id>/verify")
@requires(Permission.SEE_FORMS)
def set_verify(set_id: UUID) -> ResponseReturnValue:
    """Let a job compute the whole proof again, with no solver."""
    with db.transaction() as session:
        service.start_verification(session, set_id, by=actor(), now=now())
    flash("The proof is being computed again. Reload this page in a moment.", "info")
    return redirect(url_for(".set_page", set_id=set_id), 303)


@bp.post("/<uuid:set_id>/again")
@requires(Permission.BUILD_FORMS)
def set_again(set_id: UUID) -> ResponseReturnValue:
    """Ask for the same set once more, from the bank as it now stands."""
    with db.transaction() as session:
        made = service.begin_again(session, set_id, by=actor(), now=now())
        job_id = service.form_set(session, made).job_id
    return redirect(url_for("jobs.job", job_id=job_id), 303)


def _drafts(set_id: UUID) -> tuple[object, str, list[Standing]]:
    """Give a set, why live use of its drafts needs a signed reason, and its drafts."""
    with db.session() as session:
        made = service.form_set(session, set_id)
        lines = service.forms_of_set(session, set_id)
        reason = pools.before_publishing(session, made).reason if made.state is SetState.BUILT else ""
        return made, reason, [service.standing(session, one.form_id) for one in lines if one.state is FormState.DRAFT]


@bp.get("/<uuid:set_id>/publish")
@requires(Permission.BUILD_FORMS)
def set_publish(set_id: UUID) -> ResponseReturnValue:
    """Ask what all forms of a set that are not published yet are for."""
    made, why, drafts = _drafts(set_id)
    if not drafts:
        flash("Every form of this set is published already.", "info")
        return redirect(url_for(".set_page", set_id=set_id), 303)
    return render_template("forms/set_publish.html", made=made, drafts=drafts, why=why, error="", words="", chosen="")


@bp.post("/<uuid:set_id>/publish")
@requires(Permission.BUILD_FORMS)
def set_publish_post(set_id: UUID) -> ResponseReturnValue:
    """Freeze every draft form of a set."""
    form = PublishForm()
    made, why, drafts = _drafts(set_id)
    error = form.refusal(plural=True, asks=any(one.live_reason for one in drafts))
    if error:
        page = render_template(
            "forms/set_publish.html", made=made, drafts=drafts, why=why, error=error, words=form.words,
            chosen=form.use.data or "",
        )  # fmt: skip
        return page, 422
    with db.transaction() as session:
        lines = service.publish_set(session, set_id, use=form.use.data, by=actor(), now=now(), reason=form.words)
    flash(f"{len(lines)} forms are published for {form.use.data} use.", "ok")
    return redirect(url_for(".set_page", set_id=set_id), 303)


@bp.get("/form/<form_id>")
@requires(Permission.SEE_FORMS)
def form_page(form_id: str) -> ResponseReturnValue:
    """Show one form: its scenarios in order, what it must be and is, its snapshot."""
    with db.session() as session:
        standing = service.standing(session, form_id)
        made = service.form_set(session, standing.line.set_id)
        held = service.held_form(session, form_id)
        bank = service.bank(session)
        published_by = accounts.name_of(session, standing.line.published_by)
    numbers = [held.numbers]
    whole = read_proof(made.proof)
    alone = whole | {"forms": [whole["forms"][held.position]], "constraints": []}
    alone["fairness"] = {
        **whole["fairness"],
        "p_pass_borderline": [whole["fairness"]["p_pass_borderline"][held.position]],
        "interval": [whole["fairness"]["interval"][held.position]],
    }
    view = set_view(bank, alone, [standing.line], numbers)
    return render_template(
        "forms/form_page.html",
        line=standing.line,
        standing=standing,
        made=made,
        view=view,
        rows=form_scenarios(held.paper, held.secret),
        snapshot_holds=held.snapshot_holds,
        reason=held.reason,
        published_by=published_by,
    )


@bp.get("/form/<form_id>/publish")
@requires(Permission.BUILD_FORMS)
def form_publish(form_id: str) -> ResponseReturnValue:
    with db.session() as session:
        standing = service.standing(session, form_id)
    if standing.line.published_at:
        flash("This form is published already. A change to it is another form.", "info")
        return redirect(url_for(".form_page", form_id=form_id), 303)
    return render_template("forms/form_publish.html", form=PublishForm(), standing=standing, error="", words="")


@bp.post("/form/<form_id>/publish")
@requires(Permission.BUILD_FORMS)
def form_publish_post(form_id: str) -> ResponseReturnValue:
    """Freeze the form."""
    form = PublishForm()
    with db.session() as session:
        standing = service.standing(session, form_id)
    error = form.refusal(asks=bool(standing.live_reason))
    if error:
        page = render_template("forms/form_publish.html", form=form, standing=standing, error=error, words=form.words)
        return page, 422
    with db.transaction() as session:
        line = service.publish_form(session, form_id, use=form.use.data, by=actor(), now=now(), reason=form.words)
    use = "live" if line.use and line.use.value == "live" else "trial"
    flash(f"Form {line.form_id} is published for {use} use. Its snapshot is {line.snapshot_sha256[:12]}.", "ok")
    return redirect(url_for(".set_page", set_id=line.set_id), 303)


@bp.get("/form/<form_id>/withdraw")
@requires(Permission.BUILD_FORMS)
def form_withdraw(form_id: str) -> ResponseReturnValue:
    with db.session() as session:
        line = service.form_line(session, form_id)
    return render_template("forms/form_withdraw.html", form=WithdrawForm(), line=line, error="", words="")


@bp.post("/form/<form_id>/withdraw")
@requires(Permission.BUILD_FORMS)
def form_withdraw_post(form_id: str) -> ResponseReturnValue:
    """Take a form out of use."""
    form = WithdrawForm()
    words = (form.reason_text.data or "").strip()
    if not form.validate_on_submit() or len(words.split()) < FEWEST_WORDS:
        with db.session() as session:
            line = service.form_line(session, form_id)
        page = render_template("forms/form_withdraw.html", form=form, line=line, error=TOO_FEW_WORDS, words=words)
        return page, 422
    with db.transaction() as session:
        service.withdraw_form(session, form_id, by=actor(), now=now(), reason=words)
        line = service.form_line(session, form_id)
    flash(f"Form {form_id} is withdrawn. What was sat keeps its snapshot.", "ok")
    return redirect(url_for(".set_page", set_id=line.set_id), 303)
