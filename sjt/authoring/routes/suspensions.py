"""Suspending what a change in law or guidance touches: found, looked at, and signed once."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from sjt import db
from sjt.access import Permission
from sjt.accounts import service as accounts
from sjt.accounts.throttle import Throttle
from sjt.authoring import life, service, suspending
from sjt.authoring.suspending import Affected, Sought
from sjt.authoring.webforms import SuspendForm
from sjt.web.guards import actor, now, requires

bp = Blueprint("suspensions", __name__, url_prefix="/bank")
SIGNATURES = Throttle(tries=10, seconds=60)
"""A password is asked here too, so it is not to be guessed here either."""


def _sought() -> Sought:
    held = request.values
    return Sought(
        **{name: held.get(name, "").strip()[:200] for name in ("law", "until", "code", "words", "all_states")}
    )


@bp.get("/suspend")
@requires(Permission.APPROVE_SCENARIO)
def suspend() -> ResponseReturnValue:
    """Look for what a change touches; ``?only=`` names one scenario."""
    return _page(SuspendForm())


def _page(form: SuspendForm, status: int = 200) -> ResponseReturnValue:
    sought = _sought()
    only = request.values.get("only", "")
    with db.session() as session:
        if not service.bank_exists(session):
            return render_template("authoring/no_bank.html")
        bank = service.bank(session)
        found: list[Affected] = suspending.one(session, only) if only else suspending.affected(session, sought)
        acts = suspending.acts(session)
    laws = sorted({one.title for scenario in bank.scenarios for one in scenario.law})
    ticked = set(request.form.getlist("scenario")) if request.method == "POST" else {one.id for one in found}
    page = render_template(
        "life/suspend.html", form=form, sought=sought, found=found, ticked=ticked, acts=acts, only=only, laws=laws,
        codes=[("", "Any"), *((code, code) for code in sorted(bank.standard.codes))], bank=bank,
        forms=sorted({name for one in found for name in one.forms}),
    )  # fmt: skip
    return page, status


@bp.post("/suspend")
@requires(Permission.APPROVE_SCENARIO)
def suspend_sign() -> ResponseReturnValue:
    """Suspend what is ticked, all in one act under one signature."""
    form = SuspendForm()
    chosen = request.form.getlist("scenario")
    sound = form.validate_on_submit()
    if sound and len((form.reason.data or "").split()) < life.FEWEST_WORDS:
        form.reason.errors = ["Write what has changed, in three words or more."]
        sound = False
    if sound:
        SIGNATURES.check(actor().id)
        with db.session() as session:
            signed = accounts.password_matches(session, actor(), str(form.password.data))
        if not signed:
            form.password.errors = ["This is not your password. Nothing was suspended."]
            sound = False
    if sound and not chosen:
        form.reason.errors = ["No scenario is ticked. Tick one or more."]
        sound = False
    if not sound:
        return _page(form, 422)
    with db.transaction() as session:
        act = suspending.suspend(session, chosen, _sought().as_json(), str(form.reason.data), by=actor(), now=now())
    flash(f"{len(set(chosen))} scenario{'s are' if len(set(chosen)) != 1 else ' is'} suspended.", "ok")
    return redirect(url_for(".suspension", suspension_id=act), 303)


@bp.get("/suspensions/<uuid:suspension_id>")
@requires(Permission.SEE_BANK)
def suspension(suspension_id: UUID) -> ResponseReturnValue:
    """Show a signed act: what it took out of use, and the forms in use that hold it."""
    with db.session() as session:
        found = suspending.act(session, suspension_id)
    return render_template("life/suspension.html", act=found)
