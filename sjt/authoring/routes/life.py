"""The life of a scenario: sent to review, reviewed, moved, its history, and a new item made from it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue
from sqlmodel import Session

from sjt import db
from sjt.access import Permission, may
from sjt.authoring import (
    discussion,
    drafting,
    editor_page,
    history,
    life,
    lifecycle,
    service,
    store,
    store_drafts,
    tasking,
)
from sjt.authoring.life import Gate
from sjt.authoring.life_pages import about, standing
from sjt.authoring.scenario_page import scenario_view
from sjt.authoring.states import ReviewKind, ScenarioState, TaskKind
from sjt.authoring.webforms import ReviewForm, SendToReviewForm
from sjt.errors import InputError, NotFound
from sjt.web.guards import actor, now, requires

bp = Blueprint("life", __name__, url_prefix="/bank")
_OWN = "own_answers"
"""Key of a reviewer's cookie: scenario, version, and what they answered before its key was shown to them."""
_LONGEST_OWN = 100
_VERDICTS = {
    ReviewKind.REVIEW: [("yes", "Approve this version"), ("no", "Return it to its writer, with reasons")],
    ReviewKind.FAIRNESS: [
        ("yes", "Sign off: fair to everybody who may sit it"),
        ("no", "Do not sign off, with reasons"),
    ],
}


@bp.get("/scenarios/<scenario_id>/history")
@requires(Permission.SEE_BANK)
def history_page(scenario_id: str) -> ResponseReturnValue:
    """Show the whole life of a scenario: versions, reviews, moves, and how long it took to write."""
    return _history(scenario_id)


def _history(scenario_id: str, problem: str = "", chosen: str = "", status: int = 200) -> ResponseReturnValue:
    sees = may(actor(), Permission.SEE_KEY)
    with db.session() as session:
        head = about(session, scenario_id)
        if head.row is None:
            raise NotFound(f"Scenario {scenario_id} is a draft: its history begins when it is put into the bank.")
        page = render_template(
            "life/history.html",
            head=head,
            standing=standing(session, scenario_id),
            entries=history.entries(session, scenario_id, with_key=sees),
            writings=history.writings(session, scenario_id),
            versions=service.versions(session, scenario_id),
            tasks=tasking.lines(session, store.tasks(session, scenario_id=scenario_id), {}, now(), by=actor()),
            waivable=life.WAIVABLE,
            problem=problem,
            chosen=chosen,
            words=request.form.get("reason", ""),
        )
    return page, status


@bp.post("/scenarios/<scenario_id>/move")
@requires(Permission.APPROVE_SCENARIO, Permission.EDIT_SCENARIO)
def move(scenario_id: str) -> ResponseReturnValue:
    """Make one move of the table; what is missing is said in words."""
    name = request.form.get("move", "")
    waived = [Gate(one) for one in request.form.getlist("waive") if one in {gate.value for gate in life.WAIVABLE}]
    if name == "suspend":
        return redirect(url_for("suspensions.suspend", only=scenario_id), 303)
    reason = request.form.get("reason", "")
    with db.session() as session:
        refused = lifecycle.why_not(session, scenario_id, name, by=actor(), reason=reason, waived=waived)
    if refused is not None:  # said beside the button, where the reason is typed
        return _history(scenario_id, str(refused), name, 422 if isinstance(refused, InputError) else 409)
    with db.transaction() as session:
        to = lifecycle.move(session, scenario_id, name, by=actor(), now=now(), waived=waived, reason=reason)
    flash(f"{scenario_id} is {life.words_of(to)}.", "ok")
    return redirect(url_for(".history_page", scenario_id=scenario_id), 303)


def _readers(session: Session, form: SendToReviewForm, scenario_id: str) -> None:
    """Offer those who may read it: nobody who wrote in it."""
    row = store.scenario(session, scenario_id)
    wrote = store.writers_of(session, scenario_id) | {actor().id}
    if (draft := store_drafts.open_draft_of(session, scenario_id)) is not None:
        wrote |= {by for _, _, _, by in store_drafts.steps_of(session, draft.id)}
    author = row.author if row is not None else ""
    for box, permission in (
        (form.reviewers, Permission.REVIEW_SCENARIO),
        (form.fairness, Permission.SIGN_FAIRNESS),
    ):
        people = lifecycle.people_who_may(session, permission)
        box.choices = [one for one in people if one[0] not in wrote and one[1] != author]


def _asked(form: SendToReviewForm) -> bool:
    """Tell whether the form names somebody and a day."""
    sound = bool(form.validate_on_submit())
    if not (form.reviewers.data or form.fairness.data):
        form.reviewers.errors = ["Choose at least one person to read it."]
        return False
    if sound and form.due.data is not None and form.due.data < now().date():
        form.due.errors = ["Give a day from today on."]
        return False
    return sound


def _ask_all(session: Session, scenario_id: str, form: SendToReviewForm) -> None:
    words, due = (form.words.data or "").strip(), form.due.data or tasking.usual_day(now())
    for kind, people in ((TaskKind.REVIEW, form.reviewers.data), (TaskKind.FAIRNESS, form.fairness.data)):
        for person in people or ():
            tasking.ask(session, scenario_id, kind, person, due, words, by=actor(), now=now())


@bp.route("/scenarios/<scenario_id>/send-to-review", methods=["GET", "POST"])
@requires(Permission.EDIT_SCENARIO)
def send_to_review(scenario_id: str) -> ResponseReturnValue:
    """Choose who reads the version that stands, and by when; sending it again asks more people."""
    form = SendToReviewForm()
    with db.session() as session:
        head = about(session, scenario_id)
        _readers(session, form, scenario_id)
        asked = tasking.lines(session, store.tasks(session, scenario_id=scenario_id), {}, now(), by=actor())
    if head.row is None:
        return redirect(url_for(".draft_send", draft_id=head.draft.id), 303)
    if request.method == "GET":
        form.due.data = tasking.usual_day(now())
        return render_template("life/send.html", head=head, form=form, asked=asked, draft=None, faults=[])
    if not _asked(form):
        return render_template("life/send.html", head=head, form=form, asked=asked, draft=None, faults=[]), 422
    with db.transaction() as session:
        row = lifecycle.row_of(session, scenario_id, hold=True)
        if row.state is not ScenarioState.REVIEW:
            lifecycle.move(session, scenario_id, "send", by=actor(), now=now())
        _ask_all(session, scenario_id, form)
    flash(f"{scenario_id} is in review.", "ok")
    return redirect(url_for(".history_page", scenario_id=scenario_id), 303)


@bp.route("/drafts/<uuid:draft_id>/send-to-review", methods=["GET", "POST"])
@requires(Permission.EDIT_SCENARIO)
def draft_send(draft_id: UUID) -> ResponseReturnValue:
    """Put a draft into the bank as the next version and send that to review, in one deed."""
    form = SendToReviewForm()
    with db.session() as session:
        seen = editor_page.looked(session, draft_id, today=now().date(), whole=True)
        if seen.row.open_for is None:
            return redirect(url_for(".send_to_review", scenario_id=seen.row.scenario_id), 303)
        scenario_id, revision = seen.row.scenario_id, seen.row.revision
        head = about(session, scenario_id)
        _readers(session, form, scenario_id)
    faults = seen.faults()
    context: dict[str, Any] = {"head": head, "form": form, "asked": [], "draft": seen.row, "faults": faults}
    if request.method == "GET":
        form.due.data = tasking.usual_day(now())
        return render_template("life/send.html", **context)
    if not _asked(form) or faults:
        return render_template("life/send.html", **context), 422
    with db.transaction() as session:
        drafting.put(session, draft_id, revision, seen.built, faults, by=actor(), now=now())
        lifecycle.move(session, scenario_id, "send", by=actor(), now=now())
        _ask_all(session, scenario_id, form)
    flash(f"{scenario_id} is in the bank and in review.", "ok")
    return redirect(url_for(".history_page", scenario_id=scenario_id), 303)


@bp.route("/scenarios/<scenario_id>/review", methods=["GET", "POST"])
@requires(Permission.REVIEW_SCENARIO, Permission.SIGN_FAIRNESS)
def review(scenario_id: str) -> ResponseReturnValue:
    """Answer the version for oneself, read it with its key beside what it changed, and say what is found."""
    form = ReviewForm()
    kind = _kind()
    form.verdict.choices = _VERDICTS[kind]
    with db.session() as session:
        head = about(session, scenario_id)
        if head.row is None:
            raise NotFound(f"There is no scenario {scenario_id} in the bank.")
        held = lifecycle.facts(session, head.row)
        missing = life.review_lacks(kind, held, actor())
        bank = service.bank(session)
        found = service.scenario(session, scenario_id)
        report = service.findings(session, today=now().date())
        threads = discussion.threads(session, scenario_id, by=actor())
    own = _own_answers(scenario_id, head.version)
    may_see = may(actor(), Permission.SEE_KEY)
    # a key that was read first is seldom found wrong
    asks_first = may_see and kind is ReviewKind.REVIEW and not missing and not own and request.method == "GET"
    sees = may_see and not asks_first
    view = scenario_view(bank, found, report.findings, {}, with_key=sees)
    if request.method == "POST" and not missing:
        sound = form.validate_on_submit()
        words = form.words.data or ""
        if sound and form.verdict.data == "no" and len(words.split()) < life.FEWEST_WORDS:
            form.words.errors = ["Say what should change, in three words or more."]
            sound = False
        if sound:
            with db.transaction() as session:
                lifecycle.review(
                    session, scenario_id, int(form.version.data or 0), kind, approves=form.verdict.data == "yes",
                    words=words, own=own, by=actor(), now=now(),
                )  # fmt: skip
            flash(f"Your finding on {scenario_id} is kept.", "ok")
            return redirect(url_for("tasks.tasks"), 303)
    if request.method == "GET":
        form.version.data, form.kind.data = str(head.version), kind.value
    page = render_template(
        "life/review.html", head=head, form=form, kind=kind.value, missing=missing, view=view, bank=bank,
        threads=[one for one in threads if one.is_open], sees=sees, seen=held.seen, own=own,
        asks_first=asks_first,
    )  # fmt: skip
    return page, 200 if request.method == "GET" else (409 if missing else 422)


@bp.post("/scenarios/<scenario_id>/review/own")
@requires(Permission.REVIEW_SCENARIO)
def own_answers(scenario_id: str) -> ResponseReturnValue:
    """Keep what a reviewer answers themselves in their own cookie; the page then shows the key beside it."""
    with db.session() as session:
        head = about(session, scenario_id)
        found = service.scenario(session, scenario_id)
    said = {item.id: request.form.get(f"own-{item.id}", "").strip()[:_LONGEST_OWN] for item in found.items}
    if all(said.values()):
        cookie[_OWN] = [scenario_id, head.version, "; ".join(f"{item}: {words}" for item, words in said.items())]
    else:
        flash("Answer every item for yourself; then the key shows.", "warn")
    return redirect(url_for(".review", scenario_id=scenario_id, kind=ReviewKind.REVIEW.value), 303)


def _own_answers(scenario_id: str, version: int) -> str:
    kept = cookie.get(_OWN)
    return str(kept[2]) if kept and kept[:2] == [scenario_id, version] else ""


def _kind() -> ReviewKind:
    """Tell which kind of review is meant: what was asked for, or the one this person may give."""
    asked = request.values.get("kind", "")
    if asked in {kind.value for kind in ReviewKind}:
        return ReviewKind(asked)
    return ReviewKind.REVIEW if may(actor(), Permission.REVIEW_SCENARIO) else ReviewKind.FAIRNESS


@bp.post("/scenarios/<scenario_id>/reskin")
@requires(Permission.EDIT_SCENARIO)
def reskin(scenario_id: str) -> ResponseReturnValue:
    """Begin a new item from this one: its own id, its parent recorded, and never in one form with it."""
    with db.session() as session:
        service.bank(session)  # read before the transaction opens: a transaction must be short
    with db.transaction() as session:
        draft_id = drafting.reskin(session, scenario_id, by=actor(), now=now())
    flash(f"This is a new item made from {scenario_id}, and its enemy. Change the surface, then the key.", "ok")
    return redirect(url_for("drafts.draft", draft_id=draft_id), 303)


@bp.get("/scenarios/<scenario_id>/compare")
@requires(Permission.SEE_BANK)
def compare(scenario_id: str) -> ResponseReturnValue:
    """Lead to the differences between any two versions."""
    one, other = (request.args.get(name, type=int) or 1 for name in ("version", "against"))
    return redirect(url_for("drafts.version", scenario_id=scenario_id, number=max(one, 1), against=other), 303)
