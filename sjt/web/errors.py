"""Errors to pages: each class of ``sjt.errors`` has one status, one page, and a reference to quote."""

from __future__ import annotations

import logging
import secrets

from flask import Flask, current_app, g, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from werkzeug.exceptions import BadRequest, HTTPException

from sjt import errors
from sjt.web import guards

log = logging.getLogger("sjt.web")

STATUS: dict[type[errors.SjtError], int] = {
    errors.ConfigError: 500,
    errors.InputError: 422,
    errors.NotFound: 404,
    errors.Forbidden: 403,
    errors.MoveRefused: 409,
    errors.Conflict: 409,
    errors.Throttled: 429,
    errors.Unavailable: 503,
    errors.SjtError: 400,
}
PAGES = (400, 401, 403, 404, 409, 413, 422, 429, 500, 503)


def status_of(error: errors.SjtError) -> int:
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def note_refusal(status: int) -> str:
    """Leave an audit line on what was refused, and give the reference under which it stands."""
    reference = secrets.token_hex(4)
    recorder = current_app.extensions.get(guards.REFUSAL_RECORDER)
    if recorder is not None:
        recorder(status, request.method, request.path, reference)
    return reference


def _reference() -> str:
    """Give the reference of this request's answer: the page shows it, the log has it beside what happened."""
    if "reference" not in g:
        g.reference = secrets.token_hex(4)
    return str(g.reference)


def answer(
    status: int, message: str, *, faults: tuple[errors.Fault, ...] = (), retry_after: int | None = None
) -> ResponseReturnValue:
    """Answer with the page (or the JSON) of a status; refusals of strangers leave an audit line."""
    reference = note_refusal(status) if status in (403, 404, 429) else _reference()
    headers = {"Retry-After": str(retry_after)} if retry_after is not None else {}
    if guards.wants_json():
        body = {"error": status, "message": message, "faults": [str(fault) for fault in faults], "reference": reference}
        return jsonify(body), status, headers
    page = status if status in PAGES else (400 if status < 500 else 500)
    text = render_template(
        f"errors/{page}.html", message=message, faults=faults, reference=reference, retry_after=retry_after
    )
    return text, status, headers


def _refuse_nul() -> None:
    """Refuse a NUL in an address or a form field: PostgreSQL cannot store one, and nobody types one."""
    said = [request.path, *request.args.values()]
    if request.mimetype == "application/x-www-form-urlencoded":
        said += [value for values in request.form.listvalues() for value in values]
    if any("\x00" in value for value in said):
        raise BadRequest("What was sent holds a sign that cannot be kept (NUL). Take it out and send again.")


_SQLITE_OUTAGES = ("locked", "busy", "disk is full", "disk i/o")


def is_outage(error: DBAPIError) -> bool:
    """Tell whether the database is away or cannot write just now, rather than that a statement is wrong."""
    if error.connection_invalidated:
        return True
    words = str(error.orig).lower()
    if "sqlite" in type(error.orig).__module__:
        return isinstance(error, OperationalError) and any(one in words for one in _SQLITE_OUTAGES)
    return isinstance(error, OperationalError)


def register(app: Flask) -> None:
    app.before_request(_refuse_nul)

    @app.errorhandler(errors.SjtError)
    def on_sjt_error(error: errors.SjtError) -> ResponseReturnValue:
        faults = error.faults if isinstance(error, errors.InputError) else ()
        retry_after = getattr(error, "retry_after", None)
        return answer(status_of(error), error.message, faults=faults, retry_after=retry_after)

    @app.errorhandler(CSRFError)
    def on_csrf_error(error: CSRFError) -> ResponseReturnValue:
        message = "This page was open too long or in another browser. Go back, reload it, and try again."
        status = 403 if guards.wants_json() else 400
        return answer(status, message)

    @app.errorhandler(HTTPException)
    def on_http_error(error: HTTPException) -> ResponseReturnValue:
        code = error.code or 500
        if code < 400:
            return error.get_response()
        texts = {
            404: "There is no page at this address, or it is not yours to see.",
            405: "This address does not take that kind of request.",
            413: "What was sent is too large.",
        }
        return answer(code, texts.get(code, error.description or error.name))

    @app.errorhandler(IntegrityError)
    def on_integrity_error(error: IntegrityError) -> ResponseReturnValue:
        # Two people did the same thing in the same moment, and a constraint let one of them.
        log.warning("a constraint refused: %s %s", request.method, request.path, exc_info=error)
        return answer(409, "Somebody else changed this in the same moment. Go back, reload the page, and look again.")

    @app.errorhandler(DBAPIError)
    def on_database_error(error: DBAPIError) -> ResponseReturnValue:
        if not is_outage(error):
            raise error
        log.error("the database does not answer: %s %s: %s", request.method, request.path, str(error.orig)[:300])
        return answer(503, "The database does not answer just now. What was saved is safe. Try again.", retry_after=2)

    @app.errorhandler(500)
    def on_crash(error: Exception) -> ResponseReturnValue:
        # The log holds the traceback and the address without its query; never form fields or names.
        cause = getattr(error, "original_exception", None) or error
        log.error("failed: %s %s, reference %s", request.method, request.path, _reference(), exc_info=cause)
        return answer(500, "Something went wrong on our side. What you saved before is safe.")
