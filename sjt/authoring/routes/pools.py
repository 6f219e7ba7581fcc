"""Pools: forms prepared to be dealt once each, so that every candidate has one of their own."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from sjt import db
from sjt.access import Permission
from sjt.accounts import service as accounts
from sjt.authoring import dealt, pools, service, sets, store_forms
from sjt.authoring.pool_page import pool_view
from sjt.authoring.publishing import read_proof
from sjt.authoring.states import SetState
from sjt.authoring.webforms import TOO_FEW_WORDS, NewPoolForm, PublishForm
from sjt.errors import InputError, NotFound
from sjt.jobs import service as jobs
from sjt.web.guards import actor, now, requires
from sjt.web.paging import shown

bp = Blueprint("pools", __name__, url_prefix="/forms/pools")


def _new_page(form: NewPoolForm, error: InputError | None = None, status: int = 200) -> ResponseReturnValue:
    with db.session() as session:
        rooms = service.rooms(session)
    form.blueprint.choices = [(one.path, one.blueprint.title or one.blueprint.id) for one in rooms if one.is_enough]
    page = render_template("pools/pool_new.html", form=form, rooms=rooms, faults=error.faults if error else ())
    return page, status


@bp.get("/new")
@requires(Permission.BUILD_FORMS)
def pool_new() -> ResponseReturnValue:
    """Ask for a pool, or say why the bank cannot bear one."""
    form = NewPoolForm()
    wanted = request.args.get("blueprint", "")
    with db.session() as session:
        seeds = [one.seed for one in store_forms.pools(session)]
    form.seed.data = max(seeds, default=0) + 1
    form.blueprint.data = wanted if wanted.startswith("blueprints/") else f"blueprints/{wanted}.toml"
    return _new_page(form)


@bp.post("/new")
@requires(Permission.BUILD_FORMS)
def pool_new_post() -> ResponseReturnValue:
    """Put the job in the queue."""
    form = NewPoolForm()
    with db.session() as session:
        form.blueprint.choices = [(one.path, one.path) for one in service.rooms(session)]
    if not form.validate_on_submit():
        return _new_page(form, status=422)
    try:
        with db.transaction() as session:
            made = pools.start_pool(
                session,
                form.blueprint.data,
                forms=form.forms.data or 0,
                seed=form.seed.data or 0,
                by=actor(),
                now=now(),
            )
    except InputError as error:  # said on the form, with everything that was typed
        return _new_page(form, error, 422)
    return redirect(url_for(".pool_page", set_id=made), 303)


@bp.get("/<uuid:set_id>")
@requires(Permission.SEE_FORMS)
def pool_page(set_id: UUID) -> ResponseReturnValue:
    """Show a pool: how it is coming along, its forms, what was dealt."""
    with db.session() as session:
        made = sets.form_set(session, set_id)
        if not made.pool:
            raise NotFound("This is a set for everybody, not a pool.")
        is_built = made.state is SetState.BUILT
        rows = store_forms.pool_rows(session, set_id) if is_built else []
        proof = read_proof(made.proof) if is_built else None
        before = pools.before_publishing(session, made) if is_built else None
        gone = dealt.count(session, set_id)
        by = accounts.name_of(session, made.created_by)
        job = jobs.job(session, made.job_id) if made.job_id else None
    publishing = job if job is not None and job.kind == pools.PUBLISH else None
    view = pool_view(proof, rows) if proof is not None else None
    return render_template(
        "pools/pool_page.html", made=made, view=view, lines=shown(view.lines if view else ()), before=before, gone=gone,
        by=by, job=job, publishing=publishing,
    )  # fmt: skip


@bp.get("/<uuid:set_id>/publish")
@requires(Permission.BUILD_FORMS)
def pool_publish(set_id: UUID) -> ResponseReturnValue:
    """Ask what the pool is for."""
    return _publish_page(set_id, "", "", "")


def _publish_page(set_id: UUID, error: str, words: str, chosen: str) -> ResponseReturnValue:
    with db.session() as session:
        made = sets.form_set(session, set_id)
        before = pools.before_publishing(session, made) if made.pool and made.state is SetState.BUILT else None
    if before is None or not before.drafts:
        flash("Every form of this pool is published.", "info")
        return redirect(url_for(".pool_page", set_id=set_id), 303)
    page = render_template("pools/pool_publish.html", made=made, before=before, error=error, words=words, chosen=chosen)
    return page, 422 if error else 200


@bp.post("/<uuid:set_id>/publish")
@requires(Permission.BUILD_FORMS)
def pool_publish_post(set_id: UUID) -> ResponseReturnValue:
    """Let a job publish every form, each by the deed that publishes any form."""
    form = PublishForm()
    if error := form.refusal(plural=True):
        return _publish_page(set_id, error, form.words, "")
    try:
        with db.transaction() as session:
            pools.start_publishing(session, set_id, use=form.use.data, reason=form.words, by=actor(), now=now())
    except InputError:  # whether live use needs a reason is read from the proof, in the same transaction
        return _publish_page(set_id, TOO_FEW_WORDS, form.words, form.use.data)
    return redirect(url_for(".pool_page", set_id=set_id), 303)
