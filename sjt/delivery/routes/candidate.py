"""The candidate's pages, from the code to the receipt."""

from __future__ import annotations

import secrets
from uuid import UUID

from flask import Blueprint, Response, redirect, render_template, request, send_from_directory, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import generate_csrf
from sqlmodel import Session

from sjt import db, paths
from sjt.access import Permission
from sjt.accounts import organisation
from sjt.delivery import (
    candidate_page,
    candidate_session,
    deflated,
    drawing,
    emergency_keys,
    ledger,
    locked,
    locked_holds,
    locked_proof,
    practice,
    question_page,
    resting,
    service,
    short_way,
)
from sjt.delivery.model import ENDED_STATES, SittingState
from sjt.delivery.webforms import EnterForm
from sjt.errors import Forbidden, NotFound
from sjt.web.addresses import outside_root
from sjt.web.assets import static_version
from sjt.web.filters import local_time
from sjt.web.guards import actor, me, now, public, requires, settings, wants_json

bp = Blueprint("candidate", __name__, url_prefix="/sit")


def _own() -> UUID:
    found = candidate_session.cookie_sitting()
    if found is None:
        raise NotFound("There is no such sitting, or it is not yours.")
    return found


def _view(session: Session, sitting_id: UUID) -> service.CandidateView:
    return service.sitting_of(session, sitting_id, at=ledger.current().now())


@bp.get("/")
@public
def enter() -> ResponseReturnValue:
    if candidate_session.load_actor() is not None:
        return redirect(url_for(".sitting"), 303)
    cookie.setdefault("seat", secrets.token_hex(8))  # so that one seat's wrong tries do not lock the room
    left = ""
    if request.args.get("left"):  # who has just finished goes by this page, and the next candidate begins here
        with db.session() as session:
            left = organisation.words(session).support
    return render_template("delivery/enter.html", form=EnterForm(), left=left)


@bp.post("/")
@public
def enter_post() -> ResponseReturnValue:
    form = EnterForm()
    if not form.validate_on_submit():
        return render_template("delivery/enter.html", form=form, left=""), 422
    try:
        entered = service.enter(
            str(form.code.data),
            str(form.pin.data),
            address=request.remote_addr or "",
            seat=str(cookie.get("seat", "")),
            agent=request.user_agent.string,
            secret_key=settings().secret_key,
            now=now(),
            shown=locked_proof.shown(),
        )
    except locked.LockedBrowserNeeded as refused:
        return locked_needed(refused)
    except Forbidden as error:  # said on the page with the two fields, where it can be mended
        form.code.errors = [error.message]
        return render_template("delivery/enter.html", form=form, left=""), 403
    cookie.clear()
    candidate_session.remember(entered)
    locked_proof.remember(entered.lease)
    return redirect(url_for(".you"), 303)


def locked_needed(refused: locked.LockedBrowserNeeded) -> ResponseReturnValue:
    """Say how the test is opened in its locked browser."""
    url = outside_root() + url_for("locked.session_file", session_id=refused.session_id)
    scheme, _, rest = url.partition("://")
    seb_url = f"{'sebs' if scheme == 'https' else 'seb'}://{rest}"
    return render_template("delivery/locked_needed.html", refused=refused, seb_url=seb_url), 403


@bp.get("/you")
@requires(Permission.SIT)
def you() -> ResponseReturnValue:
    with db.session() as session:
        view = _view(session, _own())
        page = candidate_page.page_of(session, view.sitting_id)
    return render_template("delivery/you.html", view=view, test_name=view.title, display=page.display)


@bp.post("/you")
@requires(Permission.SIT)
def you_post() -> ResponseReturnValue:
    sitting_id = _own()
    if request.form.get("answer") == "yes":
        cookie[short_way.CONFIRMED] = str(sitting_id)
        return redirect(url_for(".sitting"), 303)
    words = "says that the name on the screen is not theirs"
    with db.transaction() as session:
        candidate_page.call_for_help(session, sitting_id, words, by=actor(), now=now())
    service.move_device(sitting_id, by=actor(), reason="The person at the seat said that the name is not theirs.")
    candidate_session.forget()
    cookie.pop(short_way.CONFIRMED, None)
    return redirect(url_for(".not_me"), 303)


@bp.get("/not-me")
@public
def not_me() -> ResponseReturnValue:
    return render_template("delivery/not_me.html")


@bp.get("/display")
@requires(Permission.SIT)
def display() -> ResponseReturnValue:
    with db.session() as session:
        view = _view(session, _own())
        page = candidate_page.page_of(session, view.sitting_id)
    return render_template("delivery/display.html", view=view, test_name=view.title, display=page.display)


@bp.post("/display")
@requires(Permission.SIT)
def display_post() -> ResponseReturnValue:
    """Keep the choices: a script sends each as it is made, the form sends all at once."""
    sitting_id = _own()
    data = request.get_json(silent=True) if request.is_json else request.form
    with db.transaction() as session:
        candidate_page.put_display(session, sitting_id, data if isinstance(data, dict) else request.form)
    if request.is_json:
        return {"kept": True}
    return redirect(url_for(".instructions"), 303)


@bp.get("/instructions")
@requires(Permission.SIT)
def instructions() -> ResponseReturnValue:
    with db.session() as session:
        view = _view(session, _own())
        page = candidate_page.page_of(session, view.sitting_id)
        words = organisation.words(session)
    return render_template(
        "delivery/instructions.html",
        view=view,
        words=words,
        test_name=view.title,
        display=page.display,
        items=practice.ITEMS,
        story=practice.STORY,
    )


@bp.post("/instructions")
@requires(Permission.SIT)
def instructions_post() -> ResponseReturnValue:
    with db.transaction() as session:
        candidate_page.put_ready(session, _own(), now=now())
    return redirect(url_for(".sitting"), 303)


@bp.get("/test")
@requires(Permission.SIT)
def sitting() -> ResponseReturnValue:
    """Show what the state allows: waiting, the questions, a pause, or the way to the receipt."""
    sitting_id = _own()
    if cookie.get(short_way.CONFIRMED) != str(sitting_id):
        return redirect(url_for(".you"), 303)
    if (missing := _without_lock(sitting_id)) is not None:
        return missing
    at = ledger.current().now()
    with db.session() as session:
        view = service.sitting_of(session, sitting_id, at=at)
        page = candidate_page.page_of(session, sitting_id)
        held = locked.open_hold(session, sitting_id) is not None
        break_left = resting.break_left_ms(session, sitting_id, at) if view.break_minutes else 0
        emergency = emergency_keys.for_page(
            session, view.session_id, sitting_id, view.lease, secret_key=settings().secret_key
        )
    if view.state in ENDED_STATES:
        return redirect(url_for(".receipt"), 303)
    if candidate_session.cookie_lease() != view.lease:
        return render_template("delivery/moved.html", view=view, test_name=view.title, display=page.display), 409
    if view.state is SittingState.WAITING and not page.is_ready:
        return redirect(url_for(".display" if not page.display else ".instructions"), 303)
    if view.paper is None:
        shown = {"view": view, "test_name": view.title, "display": page.display, "help": page.help}
        shown["held"] = held
        return render_template("delivery/waiting.html", **shown, break_left_ms=break_left)
    drawn = drawing.questions(view)
    data = question_page.data_of(
        view,
        at,
        csrf=generate_csrf(),
        emergency=emergency,
        help_state=page.help,
        break_left_ms=break_left,
        place=drawn.places.get(view.last_viewed, 1),
        urls=question_page.addresses(sitting_id),
    )
    key = question_page.key_of(
        static_version(),
        view.title,
        view.paper.subtitle,
        page.display,
        rest=break_left > 0,
        overrun=view.break_overrun_counts,
        number=len(drawn.places),
    )
    ends = local_time(view.clock.ends_at)
    packed = deflated.accepted(request.headers.get("Accept-Encoding", ""))
    page_body = question_page.body(question_page.draw_shell(key), drawn, ends, data, packed=packed)
    return Response(page_body, mimetype="text/html", headers=deflated.HEADERS if packed else ())


def _without_lock(sitting_id: UUID) -> ResponseReturnValue | None:
    """Let the page of a session with a locked browser open only in it; None: it may.

    A browser that sends no header proves itself through the page: the small page that asks for it comes first.
    """
    lease = candidate_session.cookie_lease()
    lock = locked.lock_of_sitting(sitting_id)
    if lock is None or locked_proof.proved_lately(lease):
        return None
    shown = locked_proof.shown()
    if locked.may_go_on(sitting_id, lease, shown):
        return None
    if shown:  # it showed a key, and that key is wrong
        locked_holds.hold(sitting_id, lease, shown, now=now())
    with db.session() as session:
        view = _view(session, sitting_id)
        held = locked.open_hold(session, sitting_id) is not None
    if view.state in ENDED_STATES or held:
        return None  # the receipt, or the words of a test that waits for its release: no question is in either
    return render_template("delivery/locked_proof.html", view=view, test_name=view.title, mode=lock.mode), 403


@bp.post("/proof")
@requires(Permission.SIT)
def proof_post() -> ResponseReturnValue:
    """Take what the page says of its locked browser; a wrong answer in mid-sitting stops the test."""
    sitting_id, lease = _own(), candidate_session.cookie_lease()
    shown = locked_proof.shown()
    if locked.may_go_on(sitting_id, lease, shown):
        locked_proof.remember(lease)
        return {"proved": True}
    locked_holds.hold(sitting_id, lease, shown, now=now())
    return {"proved": False}


@bp.get("/link")
@public
def link() -> ResponseReturnValue:
    """Open a start link: the page sends on what stands behind the address's hash, which no log ever sees."""
    if candidate_session.load_actor() is not None:
        return redirect(url_for(".sitting"), 303)
    cookie.setdefault("seat", secrets.token_hex(8))
    return render_template("delivery/locked_link.html", error="")


@bp.post("/link")
@public
def link_post() -> ResponseReturnValue:
    try:
        entered = service.enter_by_link(
            request.form.get("token", "")[:100],
            address=request.remote_addr or "",
            seat=str(cookie.get("seat", "")),
            agent=request.user_agent.string,
            secret_key=settings().secret_key,
            now=now(),
            shown=locked_proof.shown(),
        )
    except locked.LockedBrowserNeeded as refused:
        return locked_needed(refused)
    except Forbidden as error:
        return render_template("delivery/locked_link.html", error=error.message), 403
    cookie.clear()
    candidate_session.remember(entered)
    locked_proof.remember(entered.lease)
    return redirect(url_for(".you"), 303)


@bp.get("/quit/<token>")
@public
def quit_locked(token: str) -> ResponseReturnValue:
    """Show where the locked browser closes itself; any other browser shows this page."""
    with db.session() as session:
        words = organisation.words(session)
    return render_template("delivery/locked_quit.html", words=words)


@bp.post("/break")
@requires(Permission.SIT)
def rest_post() -> ResponseReturnValue:
    """Begin a rest break out of the granted budget: the clock stops and the questions are hidden."""
    left = resting.take_break(_own(), by=actor())
    if wants_json():
        return {"break_left_ms": left}
    return redirect(url_for(".sitting"), 303)


@bp.post("/back")
@requires(Permission.SIT)
def back() -> ResponseReturnValue:
    """End a rest break: the candidate is back and the clock runs on."""
    service.end_break(_own(), by=actor(), reason="The candidate is back.")
    if wants_json():
        return {"ok": True}
    return redirect(url_for(".sitting"), 303)


@bp.post("/help")
@requires(Permission.SIT)
def help_post() -> ResponseReturnValue:
    with db.transaction() as session:
        candidate_page.call_for_help(session, _own(), "asked for help", by=actor(), now=now())
    if wants_json():
        return {"called": True}
    return redirect(url_for(".sitting"), 303)


@bp.post("/help/cancel")
@requires(Permission.SIT)
def help_cancel() -> ResponseReturnValue:
    with db.transaction() as session:
        candidate_page.cancel_help(session, _own(), by=actor(), now=now())
    if wants_json():
        return {"called": False}
    return redirect(url_for(".sitting"), 303)


@bp.get("/receipt")
@requires(Permission.SIT)
def receipt() -> ResponseReturnValue:
    with db.session() as session:
        view = _view(session, _own())
        page = candidate_page.page_of(session, view.sitting_id)
        closes = locked.row_of(session, view.session_id) is not None
        words = organisation.words(session)
    if view.state not in ENDED_STATES:
        return redirect(url_for(".sitting"), 303)
    late = request.args.get("late", "")
    given = sum(one.response is not None for one in view.answers.values())
    return render_template(
        "delivery/receipt.html",
        words=words,
        given=given,
        view=view,
        test_name=view.title,
        display=page.display,
        late=int(late) if late.isdigit() else 0,
        closes=closes,
    )


@bp.get("/worker.js")
@public
def worker() -> ResponseReturnValue:
    """Give the service worker from a place that lets it answer for the candidate's pages, and for no others."""
    reply = send_from_directory(
        paths.static_dir() / "js" / "sitting", "worker.js", mimetype="text/javascript", max_age=0
    )
    reply.headers["Service-Worker-Allowed"] = url_for(".enter")
    return reply


@bp.post("/finish")
@public
def finish() -> ResponseReturnValue:
    """Leave: this browser forgets the sitting, so that the next candidate finds the code page; a locked one closes."""
    found = candidate_session.cookie_sitting()
    if me() is None or found is None:
        return redirect(url_for(".enter"), 303)
    with db.session() as session:
        lock = locked.row_of(session, _view(session, found).session_id)
    cookie.clear()
    return redirect(
        url_for(".enter", left="yes") if lock is None else url_for(".quit_locked", token=lock.quit_token), 303
    )
