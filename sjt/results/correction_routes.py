"""Pages of corrected keys and of re-awards."""

from __future__ import annotations

import re
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from sjt import db
from sjt.access import Permission
from sjt.authoring.snapshot import Format
from sjt.errors import InputError
from sjt.jobs import service as jobs
from sjt.results import correction_views, keying, service
from sjt.results.corrections import Subject, Wanted
from sjt.results.model import CorrectionKind, CorrectionState
from sjt.results.webforms import CorrectionForm, ReawardForm
from sjt.web.guards import actor, now, requires
from sjt.web.paging import shown

bp = Blueprint("corrections", __name__, url_prefix="/results")


@bp.get("/corrections")
@requires(Permission.SEE_RESULTS)
def corrections() -> ResponseReturnValue:
    with db.session() as session:
        rows = correction_views.listed(session)
    return render_template("results/corrections.html", rows=shown(rows))


@bp.get("/corrections/new")
@requires(Permission.CORRECT_KEY)
def correction_new() -> ResponseReturnValue:
    """Ask which key is to be corrected, or, where the address says it, what it is to become."""
    item, _, version = request.args.get("which", "").partition("|")
    item = item or request.args.get("item", "")
    version, key = version or request.args.get("version", ""), request.args.get("key", "").strip()
    with db.session() as session:
        known = correction_views.choices(session, item)
        if item and not version and len(known) == 1:
            version = known[0].key_version
        if not (item and version):
            return render_template("results/correction_choose.html", known=known, item=item, key=key)
        about = service.correction_subject(session, item, version)
        begun = correction_views.filled(session, about, key)
    form = CorrectionForm.of(about.shown.option_ids() if about.published.format is not Format.WRITTEN else ())
    form.begin(begun.key, begun.levels, begun.why)
    return _asked(about, form, begun.source)


def _asked(about: Subject, form: CorrectionForm, source: str = "") -> str:
    held = about.published
    return render_template(
        "results/correction_new.html",
        about=about,
        form=form,
        source=source,
        stands=correction_views.key_words(about, about.standing.key_version),
        published=correction_views.key_words(about, held.key_version),
        example=keying.EXAMPLES.get(held.format, ""),
        has_levels=held.format in (Format.RANK, Format.CHOOSE, Format.RATE) and bool(held.key.get("effectiveness")),
        levels=keying.levels_text(about.standing.key.get("effectiveness") or {}),
    )


@bp.post("/corrections/new")
@requires(Permission.CORRECT_KEY)
def correction_propose() -> ResponseReturnValue:
    item, version = request.args.get("item", ""), request.args.get("version", "")
    with db.session() as session:
        about = service.correction_subject(session, item, version)
        written = about.published.format is Format.WRITTEN
        form = CorrectionForm.of(() if written else about.shown.option_ids())
        sound = form.validate_on_submit()
        # the key is looked at even where a word is missing, so that every fault is told in one go
        wanted = _wanted(form, about) if form.kind.data in set(CorrectionKind) else None
    if wanted is None or not sound:
        return _asked(about, form), 422
    with db.transaction() as session:
        made = service.propose_correction(session, wanted, form.reason.data or "", by=actor(), now=now())
    flash("The correction is proposed. Two awarding officers sign it; until then no mark moves.", "ok")
    return redirect(url_for(".correction", correction_id=made), 303)


def _wanted(form: CorrectionForm, about: Subject) -> Wanted | None:
    """Check and count; what is refused is said on its field, and the page keeps what was typed."""
    kind = CorrectionKind(form.kind.data)
    held = about.published
    with db.session() as session:
        try:
            table = None
            if kind is CorrectionKind.KEY:
                if not (form.key.data or "").strip():
                    return None
                table = keying.table_of(held, form.key.data or "", form.levels.data or "")
            why = form.reasons() if kind is CorrectionKind.KEY else None
            return service.prepare_correction(session, held.id, held.key_version, kind, table, why, today=now().date())
        except InputError as error:
            for fault in error.faults:
                _tell(form, fault.field, f"{fault.what} {fault.remedy}".strip())
            return None


def _tell(form: CorrectionForm, field: str, words: str) -> None:
    option = re.search(r"(?:reason for|option) ([A-Z])\b", words) if field == "reasons" else None
    at = form.why_field(option[1]) if option else None
    if at is None:
        levels = field.lower() == "levels" or "effectiveness" in words[:60].lower()
        at = form.kind if field == "kind" else form.levels if levels else form.key
    at.errors = [*at.errors, words]


@bp.get("/corrections/<uuid:correction_id>")
@requires(Permission.SEE_RESULTS)
def correction(correction_id: UUID) -> ResponseReturnValue:
    with db.session() as session:
        page = correction_views.correction_page(session, correction_id)
        moved = [one for one in page.rows if one.moves] if request.args.get("show") != "all" else page.rows
        seen = shown(list(moved))
        ulns = correction_views.ulns(session, seen.rows)
    return render_template(
        "results/correction.html",
        page=page,
        seen=seen,
        ulns=ulns,
        who=actor(),
        everybody=request.args.get("show") == "all",
        words=correction_views.verdict_words,
        turned=correction_views.turned,
    )


@bp.post("/corrections/<uuid:correction_id>/sign")
@requires(Permission.SIGN_KEY_CORRECTION)
def correction_sign(correction_id: UUID) -> ResponseReturnValue:
    with db.transaction() as session:
        state = service.sign_correction(session, correction_id, by=actor(), now=now())
    stands = state is CorrectionState.ADOPTED
    words = "The corrected key stands: mark the sessions anew." if stands else "A second awarding officer signs next."
    flash(f"Signed. {words}", "ok")
    return redirect(url_for(".correction", correction_id=correction_id), 303)


@bp.post("/corrections/<uuid:correction_id>/take-back")
@requires(Permission.CORRECT_KEY, Permission.SIGN_KEY_CORRECTION)
def correction_take_back(correction_id: UUID) -> ResponseReturnValue:
    with db.transaction() as session:
        service.take_back_correction(session, correction_id, by=actor(), now=now())
    flash("The proposal is taken back. No mark has moved.", "info")
    return redirect(url_for(".correction", correction_id=correction_id), 303)


@bp.post("/corrections/<uuid:correction_id>/mark")
@requires(Permission.RELEASE_RESULTS, Permission.PROPOSE_PASS_MARK)
def correction_mark(correction_id: UUID) -> ResponseReturnValue:
    """Let the worker mark every session that still has marks by the older key."""
    with db.session() as session:
        page = correction_views.correction_page(session, correction_id)
    waiting = [one.session_id for one in page.sessions if one.waiting]
    with db.transaction() as session:
        for session_id in waiting:
            jobs.enqueue(
                session,
                "results.mark",
                {"session": str(session_id)},
                by=actor(),
                now=now(),
                title="Mark a session anew by a corrected key",
                goes_to=url_for("results.session_results", session_id=session_id),
            )
    flash("Marking is under way. Earlier marks stay beside the new ones, and released results stay as they are.", "ok")
    return redirect(url_for(".correction", correction_id=correction_id), 303)


@bp.get("/sessions/<uuid:session_id>/re-award")
@requires(Permission.SEE_RESULTS)
def reaward(session_id: UUID) -> ResponseReturnValue:
    return _reaward(session_id)


def _reaward(session_id: UUID, form: ReawardForm | None = None) -> str:
    with db.session() as session:
        page = correction_views.reaward_page(session, session_id)
        seen = shown(list(page.rows))
        ulns = correction_views.ulns(session, seen.rows)
    form = form or ReawardForm(formdata=None, data={"spare": True, "reason": page.suggested})
    return render_template("results/reaward.html", page=page, seen=seen, ulns=ulns, form=form, who=actor())


@bp.post("/sessions/<uuid:session_id>/re-award")
@requires(Permission.RELEASE_RESULTS)
def reaward_propose(session_id: UUID) -> ResponseReturnValue:
    form = ReawardForm()
    if not form.validate_on_submit():
        return _reaward(session_id, form), 422
    with db.transaction() as session:
        service.propose_reaward(
            session, session_id, form.reason.data or "", spare=bool(form.spare.data), by=actor(), now=now()
        )
    flash("The re-award is proposed. Another awarding officer signs it; until then every result stands.", "ok")
    return redirect(url_for(".reaward", session_id=session_id), 303)


@bp.post("/sessions/<uuid:session_id>/re-award/<uuid:release_id>/sign")
@requires(Permission.RELEASE_RESULTS)
def reaward_sign(session_id: UUID, release_id: UUID) -> ResponseReturnValue:
    with db.transaction() as session:
        count = service.release(session, release_id, by=actor(), now=now())
    said = "1 result has a new version." if count == 1 else f"{count} results have a new version."
    flash(f"{said} Their statements say what they replace.", "ok")
    return redirect(url_for(".reaward", session_id=session_id), 303)


@bp.post("/sessions/<uuid:session_id>/re-award/<uuid:release_id>/take-back")
@requires(Permission.RELEASE_RESULTS)
def reaward_take_back(session_id: UUID, release_id: UUID) -> ResponseReturnValue:
    with db.transaction() as session:
        service.take_back(session, release_id, by=actor(), now=now())
    flash("The proposal is taken back. Every result stands.", "info")
    return redirect(url_for(".reaward", session_id=session_id), 303)
