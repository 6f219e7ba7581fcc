"""The room on the day: check-in, console, deeds with a reason, evacuation, incidents, register and report."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlmodel import Session

from sjt import db
from sjt.access import Actor, Permission
from sjt.delivery import candidate_page, ledger, locked, locked_holds, outages, room_acts, service
from sjt.delivery.console import TABS, Console, browser_events, happened
from sjt.delivery.console import console as read_console
from sjt.delivery.model import BookingState, IncidentCategory, SessionState
from sjt.delivery.room_acts import ActWords
from sjt.delivery.routes.room_papers import deeds_of
from sjt.delivery.webforms import ActForm, IncidentForm, ResolveForm
from sjt.errors import NotFound
from sjt.web.filters import DASH
from sjt.web.guards import actor, now, requires, settings

bp = Blueprint("invigilator", __name__, url_prefix="/room")

SeatDeed = Callable[[UUID, Actor, str, ActForm], object]
RoomDeed = Callable[[UUID, Actor, str, ActForm], object]

SEAT_DEEDS: Final[dict[str, SeatDeed]] = {
    "start": lambda one, by, why, form: service.start_sitting(one, by=by, reason=why),
    "pause": lambda one, by, why, form: service.pause(one, by=by, reason=why),
    "resume": lambda one, by, why, form: locked_holds.release(one, exempt=False, by=by, reason=why, now=now()),
    "unlock": lambda one, by, why, form: locked_holds.release(one, exempt=True, by=by, reason=why, now=now()),
    "extend": lambda one, by, why, form: service.extend(
        one,
        minutes=form.minutes.data or 0,
        percent=form.percent.data or 0,
        by=by,
        reason=why,
        key=form.once.data or None,
    ),
    "move": lambda one, by, why, form: service.move_device(one, by=by, reason=why),
    "give": lambda one, by, why, form: service.exchange(one, UUID(str(form.to.data)), by=by, reason=why),
    "again": lambda one, by, why, form: _seat_again(one, by, why),
    "break": lambda one, by, why, form: service.start_break(one, by=by, reason=why),
    "end-break": lambda one, by, why, form: service.end_break(one, by=by, reason=why),
    "submit": lambda one, by, why, form: service.force_submit(one, by=by, reason=why),
    "reopen": lambda one, by, why, form: service.reopen(
        one, minutes=form.minutes.data or 0, by=by, reason=why, key=form.once.data or None
    ),
    "void": lambda one, by, why, form: service.void(one, by=by, reason=why),
}
ROOM_DEEDS: Final[dict[str, RoomDeed]] = {
    "start": lambda one, by, why, form: service.start_room(one, by=by, reason=why),
    "pause": lambda one, by, why, form: service.pause_room(one, by=by, reason=why),
    "resume": lambda one, by, why, form: service.resume_room(one, by=by, reason=why),
    "extend": lambda one, by, why, form: service.extend_room(
        one, form.minutes.data or 0, by=by, reason=why, key=form.once.data or None
    ),
    "close": lambda one, by, why, form: service.close_session(one, by=by, reason=why),
}


def _seat_again(sitting_id: UUID, by: Actor, why: str) -> None:
    with db.transaction() as session:
        booking_id = service.booking_of(session, sitting_id)
        service.seat_again(session, booking_id, by=by, now=now(), reason=why)


def _read(session: Session, session_id: UUID) -> tuple[service.RoomView, Console]:
    view = service.room(session, session_id, at=ledger.current().now())
    helps = candidate_page.waiting_for_help(session, session_id)
    leaves = candidate_page.window_leaves(session, session_id)
    holds = {one: hold.why for one, hold in locked.open_holds(session, session_id).items()}
    return view, read_console(view, helps, leaves, candidate_page.ready(session, session_id), holds)


def _seat(view: service.RoomView, booking_id: UUID) -> service.SeatLine:
    found = next((line for line in view.seats if line.booking_id == booking_id), None)
    if found is None:
        raise NotFound("There is no such seat in this session.")
    return found


def _sitting(view: service.RoomView, booking_id: UUID) -> UUID:
    found = _seat(view, booking_id).sitting_id
    if found is None:
        raise NotFound("This candidate has not entered the code yet.")
    return found


@bp.get("/")
@requires(Permission.INVIGILATE)
def rooms() -> ResponseReturnValue:
    with db.session() as session:
        lines = service.sessions(session)
    order = {SessionState.RUNNING: 0, SessionState.SCHEDULED: 1, SessionState.CLOSED: 2}
    lines.sort(key=lambda line: (order[line.state], line.starts if line.state is SessionState.SCHEDULED else now()))
    return render_template("delivery/rooms.html", lines=lines)


@bp.get("/<uuid:session_id>")
@requires(Permission.INVIGILATE)
def console(session_id: UUID) -> ResponseReturnValue:
    tab, layout, chosen = (
        request.args.get("show", "all"),
        request.args.get("view", "plan"),
        request.args.get("seat", ""),
    )
    with db.session() as session:
        view, seats = _read(session, session_id)
        card = seats.card(chosen)
        entries = service.entries(session, card.line.sitting_id) if card and card.line.sitting_id else []
        cases = outages.undecided(session, session_id)
        sitting_id = card.line.sitting_id if card else None
        held = sitting_id is not None and locked.open_hold(session, sitting_id) is not None

    def here(**changes: str | None) -> str:
        kept = {"show": tab, "view": layout, "seat": chosen or None, **changes}
        defaults = {"show": "all", "view": "plan"}
        chosen_ones: dict[str, Any] = {k: v for k, v in kept.items() if v and defaults.get(k) != v}
        return url_for(".console", session_id=session_id, **chosen_ones)

    return render_template(
        "delivery/console.html",
        view=view,
        seats=seats,
        tabs=TABS,
        tab=tab if tab in dict(TABS) else "all",
        layout=layout,
        card=card,
        story=happened(entries),
        browser_events=browser_events(entries),
        cases=cases,
        outage_words=outages.in_words,
        people=_people(view, card.line.booking_id if card else None),
        here=here,
        acts=room_acts.fitting(card.line.state, held=held) if card else [],
        room_acts=room_acts.ROOM,
        once=secrets.token_hex(8),
        started=view.session.state is SessionState.RUNNING,
        last_end=max((one.clock.ends_at for one in view.seats if one.clock and one.clock.ends_at), default=None),
    )


# -- check-in --


@bp.get("/<uuid:session_id>/check-in")
@requires(Permission.INVIGILATE)
def check_in(session_id: UUID) -> ResponseReturnValue:
    with db.session() as session:
        view, seats = _read(session, session_id)
    return render_template("delivery/check_in.html", view=view, seats=seats)


@bp.get("/<uuid:session_id>/check-in/<uuid:booking_id>")
@requires(Permission.INVIGILATE)
def identity(session_id: UUID, booking_id: UUID) -> ResponseReturnValue:
    with db.session() as session:
        view, _ = _read(session, session_id)
    return render_template("delivery/identity.html", view=view, line=_seat(view, booking_id), error="")


@bp.post("/<uuid:session_id>/check-in/<uuid:booking_id>")
@requires(Permission.INVIGILATE)
def identity_post(session_id: UUID, booking_id: UUID) -> ResponseReturnValue:
    with db.session() as session:
        view, _ = _read(session, session_id)
    line = _seat(view, booking_id)
    if request.form.get("seen") != "yes":
        words = "Confirm that you have seen the photo identity and that it is this person."
        return render_template("delivery/identity.html", view=view, line=line, error=words), 422
    late = view.session.state is SessionState.RUNNING
    with db.transaction() as session:
        service.check_in(session, booking_id, by=actor(), now=now(), late=late)
    flash(f"{line.name} is checked in{', late' if late else ''}.", "ok")
    if late:  # the next step is at the seat: the code, then the start
        return redirect(url_for(".console", session_id=session_id, seat=booking_id), 303)
    return redirect(url_for(".check_in", session_id=session_id), 303)


@bp.post("/<uuid:session_id>/absent/<uuid:booking_id>")
@requires(Permission.INVIGILATE)
def absent_post(session_id: UUID, booking_id: UUID) -> ResponseReturnValue:
    with db.session() as session:
        line = _seat(_read(session, session_id)[0], booking_id)
    with db.transaction() as session:
        service.mark_absent(session, booking_id, "did not come", by=actor(), now=now())
    flash(f"{line.name} is marked absent. Check-in still works if they come.", "ok")
    return redirect(url_for(".check_in", session_id=session_id), 303)


@bp.post("/<uuid:session_id>/code/<uuid:booking_id>")
@requires(Permission.INVIGILATE)
def code_post(session_id: UUID, booking_id: UUID) -> ResponseReturnValue:
    """Give one candidate a new code; it is shown on this answer and never again."""
    with db.session() as session:
        view, _ = _read(session, session_id)
    _seat(view, booking_id)
    with db.transaction() as session:
        slips = service.issue_codes(
            session, session_id, by=actor(), now=now(), secret_key=settings().secret_key, bookings=[booking_id]
        )
    return render_template("delivery/slips.html", view=view, slips=slips, pin=None, back="check_in")


@bp.post("/<uuid:session_id>/pin")
@requires(Permission.INVIGILATE)
def pin_post(session_id: UUID) -> ResponseReturnValue:
    """Give the room a new PIN; it is shown on this answer and never again."""
    with db.session() as session:
        view, _ = _read(session, session_id)
    with db.transaction() as session:
        pin = service.issue_pin(session, session_id, by=actor(), now=now(), secret_key=settings().secret_key)
    return render_template("delivery/slips.html", view=view, slips=[], pin=pin, back="check_in")


# -- deeds on one seat and on the room --


def _act_page(
    view: service.RoomView,
    act: ActWords,
    title: str,
    action: str,
    back: str,
    form: ActForm,
    error: str,
    verb: str = "",
) -> ResponseReturnValue:
    people = _people(view) if act.person else []
    shown = {"view": view, "act": act, "title": title, "action": action, "back": back, "error": error, "people": people}
    shown["verb"] = verb or act.verb
    once = form.once.data or secrets.token_hex(8)
    status = 422 if error else 200
    return render_template("delivery/act.html", **shown, once=once, act_form=form), status


def _people(view: service.RoomView, but: UUID | None = None) -> list[list[str]]:
    """Give the people who are checked in, for a list to choose from."""
    return [["", "Choose the person"]] + [
        [str(line.booking_id), f"Seat {line.seat or DASH}, {line.name}"]
        for line in view.seats
        if line.booking_state is BookingState.CHECKED_IN and line.booking_id != but
    ]


def _fault(act: ActWords, form: ActForm) -> str:
    if not form.validate_on_submit():
        return " ".join(str(words) for errors in form.errors.values() for words in errors)
    if act.person and not form.to.data:
        return "Choose the person who really sits there."
    if act.needs_reason and not form.why():
        return "Choose a reason or give one in your words. The record keeps it."
    if act.needs_reason and form.why() == "Other":
        return "Say in your words what the reason is."
    if act.minutes and act.name == "extend" and not (form.minutes.data or form.percent.data):
        return "Give the minutes to add."
    return ""


def _target(line: service.SeatLine) -> str:
    return f"seat {line.seat}" if line.seat else line.name


@bp.route("/<uuid:session_id>/seat/<uuid:booking_id>/<name>", methods=["GET", "POST"])
@requires(Permission.INVIGILATE)
def seat_act(session_id: UUID, booking_id: UUID, name: str) -> ResponseReturnValue:
    act = room_acts.SEAT.get(name)
    if act is None:
        raise NotFound("There is no such deed.")
    with db.session() as session:
        view, _ = _read(session, session_id)
    line = _seat(view, booking_id)
    sitting_id = _sitting(view, booking_id)
    form = ActForm()
    error = _fault(act, form) if request.method == "POST" else ""
    if request.method == "GET" or error:
        action = url_for(".seat_act", session_id=session_id, booking_id=booking_id, name=name)
        back = url_for(".console", session_id=session_id, seat=booking_id)
        title = f"{act.verb}, {_target(line)}, {line.name}?"
        verb = f"{act.verb}, {_target(line)}"
        return _act_page(view, act, title, action, back, form, error, verb)
    SEAT_DEEDS[name](sitting_id, actor(), form.why(), form)
    flash(f"Seat {line.seat or '–'}, {line.name}: {act.verb.lower()}. Done.", "ok")
    return redirect(url_for(".console", session_id=session_id, seat=booking_id), 303)


@bp.route("/<uuid:session_id>/all/<name>", methods=["GET", "POST"])
@requires(Permission.INVIGILATE)
def room_act(session_id: UUID, name: str) -> ResponseReturnValue:
    act = room_acts.ROOM.get(name)
    if act is None:
        raise NotFound("There is no such deed.")
    with db.session() as session:
        view, _ = _read(session, session_id)
    form = ActForm()
    error = _fault(act, form) if request.method == "POST" else ""
    if request.method == "GET" or error:
        action = url_for(".room_act", session_id=session_id, name=name)
        back = url_for(".console", session_id=session_id)
        return _act_page(view, act, f"{act.verb}?", action, back, form, error)
    done = ROOM_DEEDS[name](session_id, actor(), form.why(), form)
    seats = len(done) if isinstance(done, list) else 0
    flash(f"{act.verb}: {seats} {'seat' if seats == 1 else 'seats'}.", "ok")
    return redirect(url_for(".console", session_id=session_id), 303)


@bp.post("/<uuid:session_id>/seen/<uuid:booking_id>")
@requires(Permission.INVIGILATE)
def help_seen(session_id: UUID, booking_id: UUID) -> ResponseReturnValue:
    with db.session() as session:
        sitting_id = _sitting(_read(session, session_id)[0], booking_id)
    with db.transaction() as session:
        candidate_page.see_help(session, sitting_id, by=actor(), now=now())
    return redirect(url_for(".console", session_id=session_id, seat=booking_id), 303)


# -- evacuation --


@bp.get("/<uuid:session_id>/evacuation")
@requires(Permission.INVIGILATE)
def evacuation(session_id: UUID) -> ResponseReturnValue:
    with db.session() as session:
        view, seats = _read(session, session_id)
    return render_template("delivery/evacuation.html", view=view, seats=seats, stopped=seats.counts["paused"])


@bp.post("/<uuid:session_id>/evacuation")
@requires(Permission.INVIGILATE)
def evacuation_post(session_id: UUID) -> ResponseReturnValue:
    """Stop every clock first, write it down second."""
    stopped = service.pause_room(session_id, by=actor(), reason="Evacuation")
    if stopped:
        with db.transaction() as session:
            words = f"Evacuation. {len(stopped)} tests stopped."
            category = IncidentCategory.ENVIRONMENT
            service.report_incident(session, session_id, category, words, by=actor(), now=now())
    return redirect(url_for(".evacuation", session_id=session_id), 303)


# -- incidents, register, report --


@bp.get("/<uuid:session_id>/incidents")
@requires(Permission.INVIGILATE)
def incidents(session_id: UUID) -> ResponseReturnValue:
    return _incidents(session_id, IncidentForm(sitting=request.args.get("sitting", "")))


def _incidents(session_id: UUID, form: IncidentForm, status: int = 200) -> ResponseReturnValue:
    with db.session() as session:
        view, seats = _read(session, session_id)
        open_ones = service.open_questions(session, session_id)
    return render_template("delivery/incidents.html", view=view, seats=seats, form=form, open_ones=open_ones), status


@bp.post("/<uuid:session_id>/incidents")
@requires(Permission.INVIGILATE)
def incident_post(session_id: UUID) -> ResponseReturnValue:
    form = IncidentForm()
    if not form.validate_on_submit():
        return _incidents(session_id, form, 422)
    with db.transaction() as session:
        service.report_incident(
            session,
            session_id,
            IncidentCategory(form.category.data),
            str(form.text.data),
            by=actor(),
            now=now(),
            sitting_id=UUID(form.sitting.data) if form.sitting.data else None,
        )
    flash("The incident is logged.", "ok")
    return redirect(url_for(".incidents", session_id=session_id), 303)


@bp.post("/<uuid:session_id>/incidents/<uuid:incident_id>")
@requires(Permission.INVIGILATE)
def incident_resolve(session_id: UUID, incident_id: UUID) -> ResponseReturnValue:
    form = ResolveForm()
    if not form.validate_on_submit():
        flash("Say how the incident was resolved. It is still open.", "warn")
        return redirect(url_for(".incidents", session_id=session_id), 303)
    with db.transaction() as session:
        service.resolve_incident(session, incident_id, str(form.resolution.data), by=actor(), now=now())
    return redirect(url_for(".incidents", session_id=session_id), 303)


@bp.post("/<uuid:session_id>/held/<uuid:held_id>")
@requires(Permission.INVIGILATE)
def held_post(session_id: UUID, held_id: UUID) -> ResponseReturnValue:
    form = ActForm()
    if not form.validate_on_submit() or not form.why():
        flash("Give a reason. The late answer still waits for a decision.", "warn")
        return redirect(url_for(".incidents", session_id=session_id), 303)
    service.decide_held(held_id, request.form.get("decision") == "admit", by=actor(), reason=form.why())
    return redirect(url_for(".incidents", session_id=session_id), 303)


@bp.get("/<uuid:session_id>/register")
@requires(Permission.INVIGILATE, Permission.SCHEDULE)
def register(session_id: UUID) -> ResponseReturnValue:
    with db.session() as session:
        view, seats = _read(session, session_id)
    return render_template("delivery/register.html", view=view, seats=seats)


@bp.get("/<uuid:session_id>/report")
@requires(Permission.INVIGILATE, Permission.SCHEDULE)
def report(session_id: UUID) -> ResponseReturnValue:
    with db.session() as session:
        view, seats = _read(session, session_id)
        deeds = deeds_of(session, view)
        heads = candidate_page.heads(session, session_id)
    counts = {state: sum(line.booking_state is state for line in view.seats) for state in BookingState}
    return render_template("delivery/report.html", view=view, seats=seats, deeds=deeds, heads=heads, counts=counts)


def context() -> dict[str, Any]:
    return {"SessionState": SessionState, "BookingState": BookingState}


bp.context_processor(context)
