"""The centre administrator's pages: sessions, rooms, candidates files, gateway, adjustments, moves, code slips."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlmodel import Session

from sjt import db
from sjt.access import Permission
from sjt.delivery import latecomers, ledger, networks, own_forms, registry, service, store
from sjt.delivery.candidates import COLUMNS
from sjt.delivery.model import SessionState
from sjt.delivery.webforms import (
    AdjustmentForm,
    LateForm,
    LeaveForm,
    MoveForm,
    NetworksForm,
    PlaceForm,
    SessionForm,
    UploadForm,
)
from sjt.errors import InputError
from sjt.web.filters import local_datetime, plan_words
from sjt.web.guards import actor, now, requires, settings
from sjt.web.paging import named, shown
from sjt.web.wording import form_words, title_words

bp = Blueprint("scheduling", __name__, url_prefix="/sessions")


def _room(session: Session, session_id: UUID) -> service.RoomView:
    return service.room(session, session_id, at=ledger.current().now())


# -- sessions --


@bp.get("/")
@requires(Permission.SCHEDULE)
def sessions() -> ResponseReturnValue:
    show = request.args.get("show", "open")
    with db.session() as session:
        lines = service.sessions(session)
    closed = [line for line in lines if line.state is SessionState.CLOSED]
    coming = [line for line in lines if line.state is not SessionState.CLOSED]
    wanted = {"closed": closed, "all": lines}.get(show, coming)
    counts = {"open": len(coming), "closed": len(closed), "all": len(lines)}
    return render_template("delivery/sessions.html", lines=shown(wanted), show=show, counts=counts)


def _session_form() -> SessionForm:
    form = SessionForm()
    with db.session() as session:
        forms, plans = registry.forms(session), registry.plans(session)
        pools = own_forms.all_pools(session)
    form.forms.choices = [(one.form_id, form_words(one.form_id)) for one in forms]
    form.reserve.choices = form.forms.choices
    form.own_forms.choices = [(str(one.id), f"{title_words(one.title)}: {len(one.forms)} forms") for one in pools]
    form.plan.choices = [(plan, plan_words(plan)) for plan in plans]
    return form


@bp.get("/new")
@requires(Permission.SCHEDULE)
def session_new() -> ResponseReturnValue:
    return _session_new(_session_form())


def _session_new(form: SessionForm, extra: tuple[str, ...] = (), status: int = 200) -> ResponseReturnValue:
    with db.session() as session:
        places = registry.places(session)
        rooms = registry.pool_rooms(session)
    return render_template("delivery/session_new.html", form=form, places=places, extra=extra, rooms=rooms), status


@bp.post("/new")
@requires(Permission.SCHEDULE)
def session_new_post() -> ResponseReturnValue:
    form = _session_form()
    if not form.validate_on_submit():
        return _session_new(form, status=422)
    try:
        with db.transaction() as session:
            made = service.create_session(
                session, form.to_model(), by=actor(), now=now(), secret_key=settings().secret_key
            )
    except InputError as error:  # said on the form, with everything that was typed
        return _session_new(form, tuple(f"{one.field}: {one.what} {one.remedy}" for one in error.faults), 422)
    with db.session() as session:
        view = _room(session, made.id)
    return render_template("delivery/slips.html", view=view, slips=[], pin=made.pin, back="session"), 201


@bp.get("/<uuid:session_id>")
@requires(Permission.SCHEDULE)
def session_page(session_id: UUID) -> ResponseReturnValue:
    return _session_page(session_id)


def _session_page(
    session_id: UUID,
    error: InputError | None = None,
    form: UploadForm | None = None,
    late: LateForm | None = None,
) -> ResponseReturnValue:
    with db.session() as session:
        view = _room(session, session_id)
        rules = registry.late_rules(session, session_id)
        unserved = registry.unserved(session, session_id)
        reserve = registry.reserve(session, session_id)
        lasting = own_forms.standing(session, store.test_session(session, session_id))
    find = request.args.get("q", "").strip()
    status = 422 if error is not None or (late is not None and late.errors) else 200
    late = late or LateForm(formdata=None, late_minutes=rules.late_minutes, late_time=rules.late_time)
    page = render_template(
        "delivery/session_page.html",
        view=view,
        seats=shown([line for line in view.seats if named(find, line.name, line.uln)]),
        q=find,
        form=form or UploadForm(),
        error=error,
        columns=COLUMNS,
        late_form=late,
        late_words=latecomers.in_words(rules),
        unserved=unserved,
        reserve=reserve,
        lasting=lasting,
    )
    return page, status


@bp.post("/<uuid:session_id>/late")
@requires(Permission.SCHEDULE)
def late_rules(session_id: UUID) -> ResponseReturnValue:
    """Say until when latecomers are let in, and with how much time."""
    form = LateForm()
    if not form.validate_on_submit():
        return _session_page(session_id, late=form)
    with db.transaction() as session:
        service.set_rules(
            session,
            session_id,
            late_minutes=form.late_minutes.data,
            late_time=str(form.late_time.data),
            by=actor(),
            now=now(),
        )
    flash("The rule for latecomers is saved.", "ok")
    return redirect(url_for(".session_page", session_id=session_id), 303)


@bp.post("/<uuid:session_id>/candidates")
@requires(Permission.SCHEDULE)
def upload(session_id: UUID) -> ResponseReturnValue:
    """Read a file, rehearse it, and show what it would lead to; nothing is loaded here."""
    sent = request.files.get("file")
    name = sent.filename if sent is not None and sent.filename else ""
    if sent is None or not name:
        return _session_page(session_id, InputError("No file was chosen. Choose a CSV file."))
    try:
        text = sent.read().decode("utf-8-sig")
    except UnicodeDecodeError:
        return _session_page(session_id, InputError(f"{name} is not UTF-8. Save it as CSV UTF-8."))
    return _preview(session_id, text, name)


def _options(session_id: UUID) -> frozenset[str]:
    with db.session() as session:
        return service.options_of(session, session_id)


def _preview(session_id: UUID, text: str, name: str) -> ResponseReturnValue:
    try:
        lines = service.read_csv(text, name, today=now().date(), options=_options(session_id))
        found = registry.rehearse(session_id, lines, by=actor(), now=now(), file=name)
    except InputError as error:  # every faulty row, on the page where the file is chosen
        return _session_page(session_id, error)
    with db.session() as session:
        view = _room(session, session_id)
    return render_template("delivery/preview.html", view=view, lines=lines, found=found, text=text, name=name)


@bp.post("/<uuid:session_id>/candidates/load")
@requires(Permission.SCHEDULE)
def load(session_id: UUID) -> ResponseReturnValue:
    name = request.form.get("name", "candidates.csv")
    try:
        text = request.form.get("text", "").replace("\r\n", "\n")
        lines = service.read_csv(text, name, today=now().date(), options=_options(session_id))
        with db.transaction() as session:
            done = service.import_candidates(session, session_id, lines, by=actor(), now=now(), file=name)
    except InputError as error:
        return _session_page(session_id, error)
    flash(f"{len(done.booked)} booked, {len(done.pending)} waiting for gateway evidence.", "ok")
    return redirect(url_for(".session_page", session_id=session_id), 303)


@bp.post("/<uuid:session_id>/slips")
@requires(Permission.SCHEDULE)
def slips(session_id: UUID) -> ResponseReturnValue:
    """Make codes for all seats and print them; they are readable on this answer alone."""
    with db.session() as session:
        view = _room(session, session_id)
    with db.transaction() as session:
        made = service.issue_codes(session, session_id, by=actor(), now=now(), secret_key=settings().secret_key)
    return render_template("delivery/slips.html", view=view, slips=made, pin=None, back="session")


@bp.post("/<uuid:session_id>/pin")
@requires(Permission.SCHEDULE)
def pin(session_id: UUID) -> ResponseReturnValue:
    with db.session() as session:
        view = _room(session, session_id)
    with db.transaction() as session:
        new = service.issue_pin(session, session_id, by=actor(), now=now(), secret_key=settings().secret_key)
    return render_template("delivery/slips.html", view=view, slips=[], pin=new, back="session")


# -- rooms --


@bp.get("/rooms")
@requires(Permission.SCHEDULE)
def rooms() -> ResponseReturnValue:
    return _rooms(PlaceForm())


def _rooms(form: PlaceForm, status: int = 200, error: InputError | None = None) -> ResponseReturnValue:
    with db.session() as session:
        places = registry.places(session)
    return render_template("delivery/places.html", form=form, places=places, error=error), status


@bp.post("/rooms")
@requires(Permission.SCHEDULE)
def rooms_post() -> ResponseReturnValue:
    form = PlaceForm()
    if not form.validate_on_submit():
        return _rooms(form, 422)
    with db.transaction() as session:
        registry.add_place(session, str(form.centre.data), str(form.room.data), by=actor(), now=now())
    flash(f"{form.centre.data}, {form.room.data} is added.", "ok")
    return redirect(url_for(".rooms"), 303)


@bp.post("/centres/<uuid:centre_id>/networks")
@requires(Permission.SCHEDULE)
def centre_networks(centre_id: UUID) -> ResponseReturnValue:
    """Say from which networks a centre's candidates may sit."""
    form = NetworksForm()
    try:
        wanted = networks.read(str(form.networks.data or "")) if form.validate_on_submit() else []
    except InputError as error:
        return _rooms(PlaceForm(formdata=None), 422, error)
    with db.transaction() as session:
        networks.put(session, centre_id, wanted, by=actor(), now=now())
    flash("Candidates sit from these networks alone." if wanted else "Candidates may sit from any network.", "ok")
    return redirect(url_for(".rooms"), 303)


# -- candidates --


@bp.get("/candidates")
@requires(Permission.SCHEDULE)
def candidates() -> ResponseReturnValue:
    show, find = request.args.get("show", "all"), request.args.get("q", "").strip()
    with db.session() as session:
        people = service.candidates(session)
        lacking = registry.gateways(session, people) if people else {}
    waiting = [one for one in people if lacking[one.id]]
    wanted = [
        one
        for one in (waiting if show == "waiting" else people)
        if named(find, one.given_name, one.family_name, one.uln, one.employer)
    ]
    counts = {"all": len(people), "waiting": len(waiting)}
    return render_template(
        "delivery/candidates.html", people=shown(wanted), lacking=lacking, show=show, counts=counts, q=find
    )


@bp.get("/candidates/<uuid:candidate_id>")
@requires(Permission.SCHEDULE)
def candidate(candidate_id: UUID) -> ResponseReturnValue:
    with db.session() as session:
        facts = registry.candidate_facts(session, candidate_id)
    return render_template("delivery/candidate.html", facts=facts)


@bp.post("/candidates/<uuid:candidate_id>/gateway")
@requires(Permission.RECORD_GATEWAY)
def gateway(candidate_id: UUID) -> ResponseReturnValue:
    seen = request.form.getlist("evidence")
    with db.transaction() as session:
        service.record_gateway(session, candidate_id, seen, by=actor(), now=now())
        left = service.gateway_missing(session, candidate_id)
    if left:
        flash(f"Recorded. Still missing: {'; '.join(one.detail for one in left)}.", "info")
    else:
        flash("The gateway is complete. Bookings that waited have their seats.", "ok")
    return redirect(url_for(".candidate", candidate_id=candidate_id), 303)


# -- one booking --


def _booking_page(
    booking_id: UUID,
    *,
    adjust: AdjustmentForm | None = None,
    move: MoveForm | None = None,
    leave: LeaveForm | None = None,
    status: int = 200,
) -> ResponseReturnValue:
    with db.session() as session:
        line, person = registry.booking(session, booking_id)
        others = _others(session, line)
        sums = registry.time_in_all(session, line)
    now_set = line.adjustment
    adjust = adjust or AdjustmentForm(
        extra_percent=float(now_set.extra_percent) or None,
        extra_minutes=now_set.extra_minutes or None,
        rest_break_minutes=now_set.rest_break_minutes or None,
        rest_break_each=now_set.rest_break_each or None,
        rest_break_overrun=now_set.rest_break_overrun.replace("counted", "budget"),
        notes=now_set.notes,
        arrangements=list(now_set.arrangements),
    )
    move = move or MoveForm(formdata=None, prefix="move-")
    move.to.choices = others
    page = render_template(
        "delivery/booking.html",
        line=line,
        person=person,
        form=adjust,
        sums=sums,
        move=move,
        leave=leave or LeaveForm(formdata=None),
    )
    return page, status


def _others(session: Session, line: registry.BookingLine) -> list[tuple[str, str]]:
    return [
        (str(one.id), f"{one.centre}, {one.room}, {local_datetime(one.starts)}")
        for one in service.sessions(session)
        if one.state is not SessionState.CLOSED and one.id != line.booking.session_id
    ]


@bp.get("/bookings/<uuid:booking_id>")
@requires(Permission.SCHEDULE)
def booking(booking_id: UUID) -> ResponseReturnValue:
    return _booking_page(booking_id)


@bp.post("/bookings/<uuid:booking_id>/adjustment")
@requires(Permission.SCHEDULE)
def adjustment(booking_id: UUID) -> ResponseReturnValue:
    form = AdjustmentForm()
    if not form.validate_on_submit():
        return _booking_page(booking_id, adjust=form, status=422)
    granted = form.to_model()
    with db.transaction() as session:
        service.set_adjustment(session, booking_id, granted, by=actor(), now=now())
    flash(f"Granted: {granted.in_words() or 'no adjustment'}.", "ok")
    return redirect(url_for(".booking", booking_id=booking_id), 303)


@bp.post("/bookings/<uuid:booking_id>/<deed>")
@requires(Permission.SCHEDULE)
def booking_deed(booking_id: UUID, deed: str) -> ResponseReturnValue:
    """Withdraw, mark absent, move or book the resit."""
    if deed in ("withdraw", "absent"):
        leave = LeaveForm()
        if not leave.validate_on_submit():
            return _booking_page(booking_id, leave=leave, status=422)
        act = service.withdraw if deed == "withdraw" else service.mark_absent
        with db.transaction() as session:
            act(session, booking_id, str(leave.reason.data), by=actor(), now=now())
        flash("The candidate is withdrawn." if deed == "withdraw" else "The candidate is marked absent.", "ok")
        return redirect(url_for(".booking", booking_id=booking_id), 303)
    move = MoveForm(prefix="move-")
    with db.session() as session:
        move.to.choices = _others(session, registry.booking(session, booking_id)[0])
    if not move.validate_on_submit():
        return _booking_page(booking_id, move=move, status=422)
    to = UUID(move.to.data)
    with db.transaction() as session:
        if deed == "resit":
            made = service.book_resit(session, booking_id, to, by=actor(), now=now())
        else:
            made = service.move_booking(session, booking_id, to, str(move.reason.data), by=actor(), now=now())
    flash("The resit is booked." if deed == "resit" else "The booking is moved.", "ok")
    return redirect(url_for(".booking", booking_id=made), 303)
