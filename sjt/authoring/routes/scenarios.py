"""The bank's pages: scenarios, one of them, what a candidate will see of it, coverage, findings, import, export."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from sjt import db
from sjt.access import Permission, may
from sjt.accounts import service as accounts
from sjt.authoring import candidate_views, drafting, life_pages, likeness, measured, met, service
from sjt.authoring.arriving import Elsewhere, word_faults
from sjt.authoring.coverage import coverage as measure
from sjt.authoring.coverage_page import Asked, coverage_view, of_bank, of_draft
from sjt.authoring.listing import RANGE_WORDS, Filters, facts, listing
from sjt.authoring.preview import preview_page
from sjt.authoring.routes.suspensions import SIGNATURES
from sjt.authoring.scenario_page import scenario_view, without_key
from sjt.authoring.snapshot import Format
from sjt.authoring.states import ScenarioState
from sjt.authoring.validity_views import validity_of
from sjt.authoring.webforms import ImportForm
from sjt.authoring.workbook import Checked
from sjt.errors import InputError, NotFound
from sjt.web import paging
from sjt.web.guards import actor, now, requires

bp = Blueprint("authoring", __name__, url_prefix="/bank")


@bp.get("/")
@requires(Permission.SEE_BANK)
def scenarios() -> ResponseReturnValue:
    """List the scenarios, narrowed by what the address says."""
    filters = Filters.from_args(request.args)
    with db.session() as session:
        if not service.bank_exists(session):
            return render_template("authoring/no_bank.html")
        bank = service.bank(session)
        with_key = may(actor(), Permission.SEE_KEY)
        known = None
        if filters.measures:
            numbers, times = measured.statistics(session), met.counts(session)
            known = {one.id: facts(one, numbers, times, with_key=with_key) for one in bank.scenarios}
        found = listing(bank, service.scenarios(session), filters, known)
    return render_template(
        "authoring/scenarios.html",
        bank=bank,
        found=found,
        seen=paging.shown(found.rows),
        filters=filters,
        ranges=[(name, words) for name, words in RANGE_WORDS.items() if with_key or name == "met"],
        formats=[kind.value for kind in Format],
        states=[state.value for state in ScenarioState],
    )


@bp.get("/scenarios/<scenario_id>")
@requires(Permission.SEE_BANK)
def scenario(scenario_id: str) -> ResponseReturnValue:
    """Show one scenario whole; its key only to those who may see keys."""
    with_key = may(actor(), Permission.SEE_KEY)
    with db.session() as session:
        found = service.scenario(session, scenario_id)
        bank = service.bank(session)
        report = service.findings(session, today=now().date())
        statistics = service.statistics_by_item(session, [item.id for item in found.items]) if with_key else {}
        line = service.scenario_line(session, scenario_id)
        alike = likeness.standing(session, scenario_id) if with_key else []
        versions = service.versions(session, scenario_id)
        said = candidate_views.views_on(session, [item.id for item in found.items])
        head = life_pages.about(session, scenario_id)
        standing = life_pages.standing(session, scenario_id)
        validity = validity_of(session, scenario_id) if with_key else []
    view = scenario_view(bank, found, report.findings, statistics, with_key=with_key)
    return render_template(
        "authoring/scenario.html",
        view=view,
        line=line,
        bank=bank,
        versions=versions,
        head=head,
        standing=standing,
        with_key=with_key,
        alike=alike,
        said=said,
        validity=validity,
        survey=candidate_views.QUESTIONS,
    )


@bp.get("/scenarios/<scenario_id>/preview")
@requires(Permission.SEE_BANK)
def scenario_preview(scenario_id: str) -> ResponseReturnValue:
    """Show one question as a candidate will see it: the parts of a sitting's own page, nothing of the key."""
    with db.session() as session:
        found = service.scenario(session, scenario_id)
        bank = service.bank(session)
    return preview_page(
        bank,
        found,
        request.args.get("item"),
        lambda item: url_for(".scenario_preview", scenario_id=scenario_id, item=item),
    )


@bp.get("/coverage")
@requires(Permission.SEE_BANK)
def coverage() -> ResponseReturnValue:
    """Show what the bank covers for an option, and its gaps."""
    with db.session() as session:
        if not service.bank_exists(session):
            return render_template("authoring/no_bank.html")
        bank = service.bank(session)
        counted = of_bank(bank, service.states(session))
        counted += [of_draft(held) for held in drafting.new_drafts(session)]
    options = bank.standard.option_ids
    option = request.args.get("option") or options[0]
    if option not in options:
        raise NotFound(f"The standard has no option {option}.")
    asked = Asked.from_args(request.args)
    if asked.code and asked.code not in bank.standard.allowed_codes(option):
        raise NotFound(f"Option {option} has no code {asked.code}.")
    view = coverage_view(bank, option, counted, asked)
    gaps = {name: len(measure(bank, name).gaps) for name in options}
    return render_template(
        "authoring/coverage.html", bank=bank, option=option, asked=asked, view=view, gaps=gaps,
        formats=[kind.value for kind in Format],
    )  # fmt: skip


@bp.get("/findings")
@requires(Permission.SEE_BANK)
def findings() -> ResponseReturnValue:
    """Show everything the checks found, by scenario."""
    with db.session() as session:
        if not service.bank_exists(session):
            return render_template("authoring/no_bank.html")
        bank = service.bank(session)
        report = service.findings(session, today=now().date())
    found = report.findings
    accepted = report.accepted
    if not may(actor(), Permission.SEE_KEY):  # a finding on a key says what the key is
        found = tuple(without_key(found))
        accepted = tuple(pair for pair in accepted if without_key([pair[0]]))
    titles = {scenario.id: scenario.title for scenario in bank.scenarios}
    show = request.args.get("show", "")
    rows = [one for one in found if not show or one.severity.value == show]
    groups: dict[str, list[object]] = {}
    for one in rows:
        groups.setdefault(one.scenario, []).append(one)
    return render_template(
        "authoring/findings.html",
        groups=groups,
        found=found,
        accepted=accepted,
        titles=titles,
        show=show,
        scenarios=report.scenarios,
    )


@bp.get("/import")
@requires(Permission.IMPORT_BANK)
def import_page() -> ResponseReturnValue:
    return _import_page(ImportForm())


def _import_page(
    form: ImportForm, problem: InputError | None = None, checked: Checked | None = None, status: int = 200
) -> ResponseReturnValue:
    with db.session() as session:
        has_bank = service.bank_exists(session)
    page = render_template("authoring/import_page.html", form=form, problem=problem, checked=checked, has_bank=has_bank)
    return page, status


@bp.post("/import")
@requires(Permission.IMPORT_BANK)
def import_post() -> ResponseReturnValue:
    """Check an uploaded bank whole; import it if it holds no error and that was asked."""
    form = ImportForm()
    if not form.validate_on_submit():
        return _import_page(form, status=422)
    word = _signed_word(form)
    if form.errors:
        return _import_page(form, status=422)
    name = form.archive.data.filename or "the file"
    with db.session() as session:
        ready, problem = service.checked_upload(session, form.archive.data.read(), name, today=now().date())
    if ready is None or problem is not None:
        return _import_page(form, problem, status=422)
    if not form.put.data:
        return _import_page(form, checked=ready)
    with db.transaction() as session:
        done = service.import_prepared(session, ready.prepared, by=actor(), now=now(), word=word)
    for scenario_id in ready.voided:
        flash(f"{scenario_id}: its text or key changed, so its key is illustrative again.", "info")
    counts = f"{len(done.new)} new, {len(done.changed)} changed, {done.same} as before, {len(done.left_out)} left out"
    flash(f"Bank {done.bank_id} is imported: {counts}.", "ok")
    came = done.arrival
    if came.word:
        flash(f"{len(came.word)} are live by your word that they are live elsewhere.", "info")
    if came.illustration:
        flash(f"{len(came.illustration)} are live as an illustration: no result can be released from them.", "info")
    if came.back:
        flash(f"{len(came.back)} are drafts again, since they are no illustration any more.", "info")
    if came.drafts:
        flash(f"{len(came.drafts)} are drafts and go to review here.", "info")
    return redirect(url_for(".scenarios" if may(actor(), Permission.SEE_BANK) else ".import_page"), 303)


def _signed_word(form: ImportForm) -> Elsewhere | None:
    """Give the word that what comes is live elsewhere, signed; what it lacks stands beside its fields."""
    if not form.elsewhere.data or not may(actor(), Permission.APPROVE_SCENARIO):
        return None
    word = Elsewhere((form.reviewed_by.data or "").strip(), (form.reason.data or "").strip())
    for fault in word_faults(word):
        field = form.reviewed_by if fault.field == "Reviewed by" else form.reason
        field.errors = [f"{fault.field} {fault.what} {fault.remedy}"]
    if form.put.data and not form.errors:
        SIGNATURES.check(actor().id)
        with db.session() as session:
            if not accounts.password_matches(session, actor(), form.password.data or ""):
                form.password.errors = ["This is not your password. Nothing was imported."]
    return word
