"""The browser's events as JSON: ``POST /sit/<sitting>/events`` and ``GET /sit/<sitting>/state`` (CONTRACT)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, jsonify, request
from flask import session as cookie
from flask.typing import ResponseReturnValue

from sjt import db
from sjt.access import Permission
from sjt.delivery import drawing, ledger, locked, locked_holds, locked_proof, service, short_way
from sjt.delivery.candidate_session import cookie_sitting
from sjt.delivery.model import MAX_BYTES, SittingState
from sjt.delivery.running import TooMany
from sjt.errors import InputError, NotFound
from sjt.times import iso
from sjt.web.guards import actor, now, requires

bp = Blueprint("events", __name__, url_prefix="/sit")


@bp.post("/<uuid:sitting_id>/events")
@requires(Permission.SIT)
def events(sitting_id: UUID) -> ResponseReturnValue:
    """Store a batch of events and tell what became of each."""
    _require_own(sitting_id)
    short_way.THROTTLE.check(str(sitting_id))
    if (request.content_length or 0) > MAX_BYTES:
        return _refuse(413, f"The request is larger than {MAX_BYTES // 1024} kB. Send fewer events at once.")
    body = request.get_data(cache=False)
    if len(body) > MAX_BYTES:
        return _refuse(413, f"The request is larger than {MAX_BYTES // 1024} kB. Send fewer events at once.")
    lease = request.headers.get("X-Lease", "")
    if not (lease.isascii() and lease.isdigit() and len(lease) < 10 and 1 <= int(lease) <= int(cookie["lease"])):
        return _refuse(400, "The header X-Lease holds the number of the lease.")
    try:
        refused = request.environ.get(short_way.ERROR)
        if refused is not None:  # it was tried the short way; here it becomes words
            raise refused
        reply = service.save(sitting_id, int(lease), body, by=actor())
    except InputError as error:
        return _refuse(413 if isinstance(error, TooMany) else 400, error.message)
    said = short_way.reply_json(reply)
    if not _in_locked_browser(sitting_id):  # what came is stored; then the test stops
        with db.session() as session:
            view = service.sitting_state(session, sitting_id, at=ledger.current().now())
        said |= {"state": view.state.value, "remaining_ms": view.remaining_ms, "ends_at": None}
    return jsonify(said)


@bp.get("/<uuid:sitting_id>/state")
@requires(Permission.SIT)
def state(sitting_id: UUID) -> ResponseReturnValue:
    """Tell the clock and state, as a reply to events would."""
    _require_own(sitting_id)
    _in_locked_browser(sitting_id)
    at = ledger.current().now()
    with db.session() as session:
        view = service.sitting_state(session, sitting_id, at=at)
        more: dict[str, Any] = {"help": view.help}
        if view.state is SittingState.WAITING:
            more["starts"] = iso(view.starts)
            drawing.draw_ahead(session, view.sitting)
    return jsonify({**short_way.reply_json(view), **more, "lease_current": view.lease == int(cookie["lease"])})


def _in_locked_browser(sitting_id: UUID) -> bool:
    """Tell whether the session's locked browser asks; if another does, the test stops until it is released."""
    lease = int(cookie["lease"])
    if locked.lock_of_sitting(sitting_id) is None:
        return True
    shown = locked_proof.shown()
    if locked.may_go_on(sitting_id, lease, shown):
        locked_proof.remember(lease)
        return True
    locked_holds.hold(sitting_id, lease, shown, now=now())
    return False


def _require_own(sitting_id: UUID) -> None:
    if cookie_sitting() != sitting_id:
        raise NotFound("There is no such sitting, or it is not yours.")


def _refuse(status: int, message: str) -> ResponseReturnValue:
    return jsonify({"error": status, "message": message}), status
