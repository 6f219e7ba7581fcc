"""Paper for the room: eight failure cards, and the pack with register, plan, slips, incidents and signed heads."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from flask import Blueprint, jsonify, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlmodel import Session

from sjt import db
from sjt.access import Permission
from sjt.delivery import candidate_page, ledger, outages, pack, service
from sjt.delivery.cards import CARDS
from sjt.delivery.console import console as read_console
from sjt.delivery.console import happened
from sjt.delivery.model import CodeSlip, SessionState
from sjt.errors import MoveRefused
from sjt.web.guards import actor, now, requires, settings

bp = Blueprint("room_papers", __name__, url_prefix="/room")

# blur and the like are the browser's reports; they stand with the seat, not among what staff did
_QUIET = frozenset({"blur", "copy", "paste", "print", "opened", "claimed"})


@bp.get("/cards")
@requires(Permission.INVIGILATE, Permission.SCHEDULE)
def cards() -> ResponseReturnValue:
    return render_template("delivery/cards.html", cards=CARDS, view=None, links={})


@bp.get("/<uuid:session_id>/cards")
@requires(Permission.INVIGILATE)
def cards_of(session_id: UUID) -> ResponseReturnValue:
    """Show the cards with links to the page of each deed in this room."""
    with db.session() as session:
        view = _view(session, session_id)
    links = {}
    for card in CARDS:
        kind, _, name = card.where.partition("/")
        if kind == "all":
            link = ("Open this deed", url_for("invigilator.room_act", session_id=session_id, name=name))
        elif kind == "leak":
            link = ("Open this deed", url_for("reserve.leak", session_id=session_id))
        elif kind in ("evacuation", "check-in"):
            page = {"evacuation": "evacuation", "check-in": "check_in"}[kind]
            link = ("Open this deed", url_for(f"invigilator.{page}", session_id=session_id))
        else:
            link = ("Choose the seat", url_for("invigilator.console", session_id=session_id))
        links[card.slug] = link
    return render_template("delivery/cards.html", cards=CARDS, view=view, links=links)


def _view(session: Session, session_id: UUID) -> service.RoomView:
    return service.room(session, session_id, at=ledger.current().now())


@bp.get("/<uuid:session_id>/pack")
@requires(Permission.INVIGILATE, Permission.SCHEDULE)
def pack_page(session_id: UUID) -> ResponseReturnValue:
    return _pack(session_id, [])


@bp.post("/<uuid:session_id>/pack")
@requires(Permission.INVIGILATE, Permission.SCHEDULE)
def pack_with_codes(session_id: UUID) -> ResponseReturnValue:
    """Print the pack with new code slips; codes are readable on this answer alone, and earlier ones are void."""
    with db.transaction() as session:
        if _view(session, session_id).session.state is not SessionState.SCHEDULED:
            raise MoveRefused("The room has started. Give single seats a new code on the check-in page.")
        slips = service.issue_codes(session, session_id, by=actor(), now=now(), secret_key=settings().secret_key)
    return _pack(session_id, slips)


def _pack(session_id: UUID, slips: list[CodeSlip]) -> ResponseReturnValue:
    with db.session() as session:
        view = _view(session, session_id)
        plan = pack.seating_plan(session, session_id)
        signed = pack.signed_heads(session, session_id, key_path=settings().anchor_key_path, at=view.at)
        deeds = deeds_of(session, view)
        heads = candidate_page.heads(session, session_id)
        cases = outages.of_session(session, session_id)
        questions = service.open_questions(session, session_id)
    seats = read_console(view, {}, {}, frozenset())
    return render_template(
        "delivery/pack.html",
        view=view,
        seats=seats,
        plan=plan,
        slips=slips,
        signed=signed,
        deeds=deeds,
        heads=heads,
        cases=cases,
        questions=questions,
        outage_words=outages.in_words,
        counts=[
            (name, count, None)
            for name, count in pack.counts([(line.booking_state, line.state) for line in view.seats])
        ],
    )


@bp.get("/<uuid:session_id>/pack.json")
@requires(Permission.INVIGILATE, Permission.SCHEDULE, Permission.SEE_AUDIT)
def pack_heads(session_id: UUID) -> ResponseReturnValue:
    """Give the signed heads as a file, for ``tools/verify_audit.py EXPORT --report FILE``."""
    with db.session() as session:
        at = ledger.current().now().at
        signed = pack.signed_heads(session, session_id, key_path=settings().anchor_key_path, at=at)
    reply = jsonify(signed.to_json())
    reply.headers["Content-Disposition"] = f'attachment; filename="room-pack-{session_id}.json"'
    return reply


def deeds_of(session: Session, view: service.RoomView) -> list[tuple[datetime, str, str]]:
    """List what staff did to sittings, in order of time; what was done to many at once stands in one line."""
    told: dict[tuple[datetime, str], list[str]] = {}
    for line in view.seats:
        if line.sitting_id is None:
            continue
        entries = [one for one in service.entries(session, line.sitting_id) if one.kind.value not in _QUIET]
        for at, words in happened(entries, 200):
            if "answer saved" not in words:
                told.setdefault((at, words), []).append(str(line.seat or "–"))
    return [
        (at, f"{'Seat' if len(seats) == 1 else 'Seats'} {', '.join(seats)}", words)
        for (at, words), seats in sorted(told.items(), key=lambda one: one[0][0])
    ]
