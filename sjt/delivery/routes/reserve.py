"""A suspected leak: the page that deals the reserve form to everybody who has not begun; a session's forms."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from sjt import db
from sjt.access import Permission
from sjt.accounts import service as accounts
from sjt.delivery import fitting, ledger, own_forms, reserving, service, store
from sjt.web.guards import actor, now, requires

bp = Blueprint("reserve", __name__)
REASONS = ("Questions seen outside", "Paper or screen photographed", "Somebody talked about the questions", "Other")


@bp.get("/room/<uuid:session_id>/reserve")
@requires(Permission.INVIGILATE, Permission.SCHEDULE)
def leak(session_id: UUID) -> ResponseReturnValue:
    return _leak(session_id)


def _leak(
    session_id: UUID, error: str = "", reason: str = "", words: str = "", status: int = 200
) -> ResponseReturnValue:
    with db.session() as session:
        view = service.room(session, session_id, at=ledger.current().now())
        plan = reserving.plan(session, session_id)
        by = accounts.name_of(session, plan.used_by) if plan.used_by else ""
    page = render_template(
        "delivery/leak.html", view=view, plan=plan, by=by, error=error, reasons=REASONS, reason=reason, words=words
    )
    return page, status


@bp.post("/room/<uuid:session_id>/reserve")
@requires(Permission.INVIGILATE, Permission.SCHEDULE)
def leak_post(session_id: UUID) -> ResponseReturnValue:
    """Deal the reserve; the page then says who has it and who had begun."""
    chosen, words = request.form.get("reason", ""), request.form.get("reason_text", "").strip()
    why = ": ".join(part for part in (chosen if chosen in REASONS else "", words) if part)
    if not why or why == "Other":
        return _leak(session_id, "Choose a reason or write one. The record keeps it.", chosen, words, 422)
    leaked = [one for one in request.form.get("leaked", "").split(",") if one]
    done = reserving.swap(session_id, why, by=actor(), now=now(), leaked=leaked)
    count = len(done.dealt_again)
    seats = "1 waiting candidate has" if count == 1 else f"{count} waiting candidates have"
    flash(f"{seats} the reserve form. An incident is open.", "ok")
    return redirect(url_for(".leak", session_id=session_id), 303)


@bp.get("/sessions/<uuid:session_id>/forms")
@requires(Permission.SCHEDULE)
def forms(session_id: UUID) -> ResponseReturnValue:
    """Show a session's forms, its reserve, and the bookings that none of them fits."""
    with db.session() as session:
        view = service.room(session, session_id, at=ledger.current().now())
        row = store.test_session(session, session_id)
        unserved = fitting.unserved(session, row, but=own_forms.of_session(session, row).keys())
        lasting = own_forms.standing(session, row)
        pools = own_forms.all_pools(session)
        dealt = own_forms.dealt_in(session, session_id)
        named = reserving.named(session, session_id)
        withheld = fitting.withheld(session, session_id)
        shelf = fitting.published(session)
        free = {one: fact for one, fact in shelf.items() if one not in row.forms}
        fit_reserve = [one for one in free if not reserving.reserve_faults(session, row.forms, [one])]
    return render_template(
        "delivery/session_forms.html", view=view, unserved=unserved, named=named, withheld=withheld, shelf=shelf,
        free=free, fit_reserve=fit_reserve, lasting=lasting, pools=pools, named_pools=list(row.pools), dealt=dealt,
    )  # fmt: skip


@bp.post("/sessions/<uuid:session_id>/forms")
@requires(Permission.SCHEDULE)
def forms_post(session_id: UUID) -> ResponseReturnValue:
    """Add a form to the session, name what it keeps in reserve, or the pools it deals from."""
    if request.form.get("do") == "pools":
        with db.transaction() as session:
            own_forms.name_pools(session, session_id, request.form.getlist("own_forms"), by=actor(), now=now())
        flash("The pools are named.", "ok")
        return redirect(url_for(".forms", session_id=session_id), 303)
    with db.transaction() as session:
        if form_id := request.form.get("add", ""):
            reserving.add_form(session, session_id, form_id, by=actor(), now=now())
        else:
            chosen = request.form.getlist("reserve")
            reserving.name_reserve(session, session_id, chosen, by=actor(), now=now())
    flash(f"{form_id} is added." if form_id else "The reserve is named.", "ok")
    return redirect(url_for(".forms", session_id=session_id), 303)
