"""Who asks, and may they: every route carries exactly one of ``requires`` and ``public``.

The room that knows people (accounts) and the room that keeps the record (audit) lie beside or above this one, so they
come in through two hooks that ``create_app`` sets: ``ACTOR_LOADER`` and ``REFUSAL_RECORDER``.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import datetime
from typing import Final, ParamSpec, TypeVar

from flask import current_app, g, redirect, request, url_for
from flask.typing import ResponseReturnValue

from sjt.access import Actor, Permission, may
from sjt.config import Settings
from sjt.errors import Forbidden
from sjt.times import Clock

ACTOR_LOADER: Final = "sjt.actor_loader"
REFUSAL_RECORDER: Final = "sjt.refusal_recorder"
CLOCK: Final = "sjt.clock"
SETTINGS: Final = "sjt.settings"
GUARD_ATTRIBUTE: Final = "__sjt_guard__"
PUBLIC: Final = "public"

P = ParamSpec("P")
R = TypeVar("R")


def clock() -> Clock:
    found: Clock = current_app.extensions[CLOCK]
    return found


def now() -> datetime:
    """Give the app's time: the system's, or a test's."""
    return clock().now()


def settings() -> Settings:
    found: Settings = current_app.extensions[SETTINGS]
    return found


def me() -> Actor | None:
    """Give the person who asks, or None for a stranger; loaded once per request."""
    if "actor" not in g:
        g.actor = current_app.extensions[ACTOR_LOADER]()
    found: Actor | None = g.actor
    return found


def actor() -> Actor:
    """Give the person who asks; a stranger is an error here, since a guard has let the request through."""
    found = me()
    if found is None:
        raise Forbidden("Sign in first.")
    return found


def requires(*permissions: Permission) -> Callable[[Callable[P, R]], Callable[P, R | ResponseReturnValue]]:
    """Let the view run only for a person with one of these permissions; a stranger is sent to sign in."""

    def decorate(view: Callable[P, R]) -> Callable[P, R | ResponseReturnValue]:
        @functools.wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R | ResponseReturnValue:
            person = me()
            if person is None:
                return _to_sign_in(permissions)
            if not any(may(person, permission) for permission in permissions):
                wanted = " or ".join(permission.value for permission in permissions)
                raise Forbidden(f"Your role does not let you {wanted}. Ask an administrator if it should.")
            return view(*args, **kwargs)

        setattr(guarded, GUARD_ATTRIBUTE, permissions)
        return guarded

    return decorate


def public(view: Callable[P, R]) -> Callable[P, R]:
    """Say that anyone may see this."""
    setattr(view, GUARD_ATTRIBUTE, PUBLIC)
    return view


def _to_sign_in(permissions: tuple[Permission, ...]) -> ResponseReturnValue:
    if Permission.SIT in permissions:
        if request.method != "GET" or wants_json():
            return {"error": "no_session", "message": "Enter your code again. Your saved answers are safe."}, 401
        return redirect(url_for("candidate.enter"), 303)
    if request.method != "GET":
        return redirect(url_for("accounts.sign_in"), 303)
    return redirect(url_for("accounts.sign_in", next=request.full_path.rstrip("?")), 303)


def wants_json() -> bool:
    best = request.accept_mimetypes.best_match(["text/html", "application/json"], default="text/html")
    return request.is_json or best == "application/json"
