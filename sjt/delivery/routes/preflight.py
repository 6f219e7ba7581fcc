"""The preflight page: any computer of a centre finds out by itself whether it serves, and says so to the room."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from flask import Blueprint, jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue

from sjt import db
from sjt.access import SYSTEM, Permission
from sjt.accounts.throttle import Throttle
from sjt.delivery import ledger, preflight, service
from sjt.errors import InputError
from sjt.times import iso
from sjt.web.guards import me, now, public, requires

bp = Blueprint("preflight", __name__, url_prefix="/preflight")

_PROBES: Final = Throttle(tries=3_000, seconds=60.0)
"""A room of sixty computers behind one address, each timing a dozen saves, three times a minute."""
_RESULTS: Final = Throttle(tries=240, seconds=60.0)


@bp.get("/")
@public
def start() -> ResponseReturnValue:
    """Check this computer without sending the result to a room."""
    return render_template("delivery/preflight.html", checks=preflight.CHECKS, centre=None, room=None)


@bp.get("/<uuid:room_id>")
@public
def of_room(room_id: UUID) -> ResponseReturnValue:
    with db.session() as session:
        centre, room = preflight.place(session, room_id)
    return render_template("delivery/preflight.html", checks=preflight.CHECKS, centre=centre, room=room)


@bp.post("/save")
@public
def save() -> ResponseReturnValue:
    """Write one row as an answer would be written, and answer once it is on disk."""
    _PROBES.check(request.remote_addr or "")
    at = preflight.probe(ledger.current().now())
    return jsonify({"server_time": iso(at)})


@bp.post("/<uuid:room_id>")
@public
def result(room_id: UUID) -> ResponseReturnValue:
    _RESULTS.check(request.remote_addr or "")
    try:
        with db.transaction() as session:
            row = preflight.keep(
                session,
                room_id,
                request.get_json(silent=True),
                by=me() or SYSTEM,
                now=now(),
                agent=request.user_agent.string,
                address=request.remote_addr or "",
            )
            kept = {"serves": row.serves, "at": iso(row.at)}
    except InputError as error:
        faults = [f"{fault.field}: {fault.what} {fault.remedy}" for fault in error.faults]
        return jsonify({"message": error.message, "faults": faults}), 400
    return jsonify(kept)


@bp.get("/session/<uuid:session_id>")
@requires(Permission.INVIGILATE, Permission.SCHEDULE)
def of_session(session_id: UUID) -> ResponseReturnValue:
    """List the machines of a session's room that were checked, those with a fault first."""
    with db.session() as session:
        view = service.room(session, session_id, at=ledger.current().now())
        found = preflight.machines(session, session_id)
        good, seats = preflight.seats_checked(session, session_id)
        room_id = preflight.room_of(session, session_id)
    return render_template(
        "delivery/preflights.html",
        view=view,
        machines=found,
        good=good,
        seats=seats,
        link=url_for(".of_room", room_id=room_id, _external=True),
    )
