"""Pairs of scenarios that are alike or give each other away, proposed as enemies."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from sjt import db
from sjt.access import Permission
from sjt.authoring import likeness, service
from sjt.web import paging
from sjt.web.guards import actor, now, requires

bp = Blueprint("likeness", __name__, url_prefix="/bank")
SHOWN = ("open", "enemies", "apart", "")


@bp.get("/likeness")
@requires(Permission.SEE_KEY)
def pairs() -> ResponseReturnValue:
    """List the pairs: those that wait for a decision, those decided."""
    return _pairs()


def _pairs(problem: str = "", typed: str = "", status: int = 200) -> ResponseReturnValue:
    of = request.values.get("scenario", "")[:40]
    show = request.args.get("show", "open")
    with db.session() as session:
        if not service.bank_exists(session):
            return render_template("authoring/no_bank.html")
        bank = service.bank(session)
        told = likeness.standing(session, of)
    groups = {
        "open": [one for one in told if not one.standing],
        "enemies": [one for one in told if one.standing in ("enemies", "drafted")],
        "apart": [one for one in told if one.standing == "apart"],
        "": told,
    }
    titles = {one.id: one.title for one in bank.scenarios}
    page = render_template(
        "likeness/pairs.html", groups=groups, show=show if show in SHOWN else "open", titles=titles, of=of,
        seen=paging.shown(groups.get(show, groups["open"])), problem=problem, typed=typed,
        asked=(request.form.get("first", ""), request.form.get("second", "")), limits=bank.settings.limits,
        least=likeness.CLOSE,
    )  # fmt: skip
    return page, status


@bp.post("/likeness/enemies")
@requires(Permission.EDIT_SCENARIO)
def enemies() -> ResponseReturnValue:
    """Write into the draft of one that it is never in a form with the other."""
    first, second = request.form.get("first", ""), request.form.get("second", "")
    with db.session() as session:
        service.bank(session)  # read before the transaction, which must be short
    with db.transaction() as session:
        draft_id = likeness.make_enemies(session, first, second, by=actor(), now=now())
    flash(f"The draft of {max(first, second)} names {min(first, second)} as its enemy. Put it into the bank.", "ok")
    return redirect(url_for("drafts.draft", draft_id=draft_id, part="mapping", _anchor="enemies"), 303)


@bp.post("/likeness/together")
@requires(Permission.EDIT_SCENARIO)
def together() -> ResponseReturnValue:
    """Remember that two may stand in one form, with the reason."""
    first, second, reason = (request.form.get(name, "") for name in ("first", "second", "reason"))
    if len(reason.split()) < likeness.FEWEST_WORDS:
        return _pairs("Say in three words or more why both may be in one form.", reason, 422)
    with db.session() as session:
        service.bank(session)
    with db.transaction() as session:
        likeness.keep_together(session, first, second, reason, by=actor(), now=now())
    flash(f"{first} and {second} may stand in one form; the reason is kept.", "ok")
    return redirect(url_for(".pairs", scenario=request.form.get("scenario") or None), 303)
