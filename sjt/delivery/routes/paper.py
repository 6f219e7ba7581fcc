"""Paper: who sits on it, the sheets, the times, two keyings, the third look."""

from __future__ import annotations

from datetime import UTC, datetime, time
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from sjt import db
from sjt.access import Permission
from sjt.accounts import service as accounts
from sjt.delivery import ledger, paper, service
from sjt.delivery.model import BookingState
from sjt.errors import InputError
from sjt.times import LOCAL_ZONE
from sjt.web.guards import actor, now, requires

bp = Blueprint("paper", __name__, url_prefix="/paper")
_MAY_BE = (BookingState.BOOKED, BookingState.CHECKED_IN)


@bp.get("/<uuid:session_id>")
@requires(Permission.INVIGILATE, Permission.SCHEDULE, Permission.KEY_PAPER)
def papers(session_id: UUID) -> ResponseReturnValue:
    return _papers(session_id)


def _papers(session_id: UUID, error: InputError | None = None, status: int = 200) -> ResponseReturnValue:
    with db.session() as session:
        view = service.room(session, session_id, at=ledger.current().now())
        found = paper.of_session(session, session_id)
        names = {one: accounts.name_of(session, one) for at in found for one in [k.keyer for k in at.keyings]}
    held = {at.sitting.id for at in found}
    free = [
        (str(line.booking_id), f"Seat {line.seat or '–'}, {line.name}")
        for line in view.seats
        if line.booking_state in _MAY_BE and line.sitting_id not in held and (line.clock is None or not line.receipt)
    ]
    page = render_template("delivery/papers.html", view=view, papers=found, free=free, names=names, error=error)
    return page, status


@bp.post("/<uuid:session_id>")
@requires(Permission.INVIGILATE, Permission.SCHEDULE)
def declare(session_id: UUID) -> ResponseReturnValue:
    """Put one candidate on paper."""
    chosen, reason = request.form.get("booking", ""), request.form.get("reason", "")
    if not chosen or not reason.strip():
        return _papers(session_id, InputError("Choose the candidate and say why. The record keeps it."), 422)
    paper.declare(UUID(chosen), reason, by=actor(), now=now())
    flash("The paper is ready to print. No computer opens this test any more.", "ok")
    return redirect(url_for(".papers", session_id=session_id), 303)


@bp.post("/sheets/<uuid:sitting_id>")
@requires(Permission.INVIGILATE, Permission.SCHEDULE)
def sheets(sitting_id: UUID) -> ResponseReturnValue:
    """Print one candidate's paper; each print is written down."""
    large = request.form.get("size") == "large"
    with db.transaction() as session:
        found = paper.record_print(session, sitting_id, large=large, by=actor(), now=now())
        session_id = paper.standing(session, sitting_id).session_id
    return render_template("delivery/paper_sheets.html", sheets=found, large=large, session_id=session_id)


@bp.post("/times/<uuid:sitting_id>")
@requires(Permission.INVIGILATE)
def times(sitting_id: UUID) -> ResponseReturnValue:
    """Record by hand when a paper was begun and ended."""
    with db.session() as session:
        session_id = paper.standing(session, sitting_id).session_id
    try:
        began, ended = _clock(request.form.get("began", "")), _clock(request.form.get("ended", ""))
        paper.record_sat(sitting_id, began, ended, request.form.get("reason", ""), by=actor(), now=now())
    except InputError as error:  # said on the page with the list
        return _papers(session_id, error, 422)
    flash("The times are recorded. The paper can be keyed.", "ok")
    return redirect(url_for(".papers", session_id=session_id), 303)


def _clock(text: str) -> datetime:
    """Read a time of today on the centre's clock."""
    try:
        at = time.fromisoformat(text.strip())
    except ValueError:
        raise InputError(f"{text.strip() or 'Nothing'} is no time. Write it as 09:05.") from None
    day = now().astimezone(LOCAL_ZONE).date()
    return datetime.combine(day, at, tzinfo=LOCAL_ZONE).astimezone(UTC)


@bp.get("/key/<uuid:sitting_id>")
@requires(Permission.KEY_PAPER)
def key(sitting_id: UUID) -> ResponseReturnValue:
    return _key(sitting_id)


def _key(sitting_id: UUID, error: InputError | None = None, status: int = 200) -> ResponseReturnValue:
    with db.session() as session:
        at = paper.standing(session, sitting_id)
        found = paper.sheets(session, sitting_id)
    mine = any(one.keyer == actor().id for one in at.keyings)
    faults = {fault.field: f"{fault.what} {fault.remedy}".strip() for fault in error.faults} if error else {}
    page = render_template(
        "delivery/paper_key.html", at=at, sheets=found, mine=mine, error=error, faults=faults, typed=request.form
    )
    return page, status


@bp.post("/key/<uuid:sitting_id>")
@requires(Permission.KEY_PAPER)
def key_post(sitting_id: UUID) -> ResponseReturnValue:
    """Keep one keying; the second is compared, and what agrees everywhere goes into the record at once."""
    typed = {name.removeprefix("item-"): value for name, value in request.form.items() if name.startswith("item-")}
    try:
        with db.transaction() as session:
            at = paper.key(session, sitting_id, request.form.get("mark", ""), typed, by=actor(), now=now())
    except InputError as error:  # everything that was keyed stays on the page
        return _key(sitting_id, error, 422)
    if at.step == "write":
        paper.write_in(sitting_id, by=actor(), now=now())
        flash("Both keyings agree. The answers are in the record.", "ok")
    elif at.step == "settle":
        count = len(at.differences)
        words = "1 question differs" if count == 1 else f"{count} questions differ"
        flash(f"{words}. An awarding officer settles that with one of you.", "warn")
    else:
        flash("Kept. Somebody else keys this paper a second time.", "ok")
    return redirect(url_for(".papers", session_id=at.session_id), 303)


@bp.get("/settle/<uuid:sitting_id>")
@requires(Permission.SETTLE_PAPER)
def settle(sitting_id: UUID) -> ResponseReturnValue:
    return _settle(sitting_id)


def _settle(sitting_id: UUID, error: InputError | None = None, status: int = 200) -> ResponseReturnValue:
    with db.session() as session:
        at = paper.standing(session, sitting_id)
        keyers = [(one.keyer, accounts.name_of(session, one.keyer)) for one in at.keyings]
    page = render_template("delivery/paper_settle.html", at=at, keyers=keyers, error=error, typed=request.form)
    return page, status


@bp.post("/settle/<uuid:sitting_id>")
@requires(Permission.SETTLE_PAPER)
def settle_post(sitting_id: UUID) -> ResponseReturnValue:
    """Keep the third look at every difference, then write the agreed answers into the record."""
    beside = request.form.get("beside", "")
    try:
        with db.transaction() as session:
            at = paper.standing(session, sitting_id)
            for one in at.differences:
                typed = request.form.get(f"item-{one.question.item.id}", "")
                paper.settle(session, sitting_id, one.question.item.id, typed, beside, by=actor(), now=now())
    except InputError as error:  # what was typed stays on the page
        return _settle(sitting_id, error, 422)
    if paper.write_in(sitting_id, by=actor(), now=now()):
        flash("Settled. The answers are in the record.", "ok")
    return redirect(url_for(".papers", session_id=at.session_id), 303)


@bp.post("/write/<uuid:sitting_id>")
@requires(Permission.KEY_PAPER)
def write(sitting_id: UUID) -> ResponseReturnValue:
    """Write agreed answers that a fault kept out of the record."""
    with db.session() as session:
        session_id = paper.standing(session, sitting_id).session_id
    paper.write_in(sitting_id, by=actor(), now=now())
    return redirect(url_for(".papers", session_id=session_id), 303)
