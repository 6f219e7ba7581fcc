"""What stands beside the editor: the steps of a draft, the numbers of a scenario, the rules."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from sjt import db
from sjt.access import Permission
from sjt.authoring import draft_tabs, drafting, editor_page, service
from sjt.authoring.desk import RULES
from sjt.authoring.measured import statistics as measured
from sjt.errors import InputError, NotFound
from sjt.web.guards import actor, now, requires

bp = Blueprint("writing", __name__, url_prefix="/bank")
STEPS = 50


@bp.get("/rules")
@requires(Permission.SEE_BANK)
def rules() -> ResponseReturnValue:
    """List every rule that scenarios are checked by."""
    return render_template("writing/rules.html", rules=sorted(RULES, key=lambda one: one.id))


@bp.get("/drafts/<uuid:draft_id>/history")
@requires(Permission.EDIT_SCENARIO)
def draft_history(draft_id: UUID) -> ResponseReturnValue:
    """Show the steps of a draft, newest first, and the versions of its scenario."""
    with db.session() as session:
        row = drafting.draft(session, draft_id)
        before = min(request.args.get("before", default=row.revision, type=int), row.revision)
        steps = editor_page.steps(session, row, before=before, most=STEPS)
        versions = service.versions(session, row.scenario_id) if row.base_n else []
        names = {one.n: editor_page.name(session, one.created_by) for one in versions}
        links = draft_tabs.of_draft(session, row)
    return render_template(
        "writing/draft_history.html", row=row, steps=steps, versions=versions, names=names, tabs=links
    )


@bp.post("/drafts/<uuid:draft_id>/history")
@requires(Permission.EDIT_SCENARIO)
def draft_back(draft_id: UUID) -> ResponseReturnValue:
    """Make a draft say again what one of its steps said."""
    n = request.form.get("step", type=int)
    if n is None:
        raise InputError("The page did not say which step to go back to. Load it again.")
    with db.transaction() as session:
        drafting.back_to(session, draft_id, n, by=actor(), now=now())
    flash(f"The draft says again what it said at step {n}. Undo leads back.", "ok")
    return redirect(url_for("drafts.draft", draft_id=draft_id), 303)


@bp.get("/scenarios/<scenario_id>/statistics")
@requires(Permission.SEE_KEY)
def statistics(scenario_id: str) -> ResponseReturnValue:
    """Show every number that is known of a scenario's items, and on which version each was measured."""
    with db.session() as session:
        known = {item: rows for item, rows in measured(session).items() if item.rpartition("-")[0] == scenario_id}
        found = next((one for one in service.bank(session).scenarios if one.id == scenario_id), None)
        draft = drafting.open_draft_of(session, scenario_id)
        tabs = draft_tabs.of_draft(session, draft) if draft else []
        numbers = {one.scenario_sha256: one.n for one in service.versions(session, scenario_id)}
    if found is None and draft is None:
        raise NotFound(f"There is no scenario {scenario_id} in the bank.")
    title = found.title if found else (draft.title if draft else "") or scenario_id
    return render_template(
        "writing/statistics.html", scenario_id=scenario_id, title=title, found=found, known=known, numbers=numbers,
        draft=draft, tabs=tabs,
    )  # fmt: skip
