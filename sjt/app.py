"""``create_app(settings)``: puts the rooms together; the only place that knows them all."""

from __future__ import annotations

import importlib
from datetime import timedelta
from typing import Final

from flask import Blueprint, Flask, g, request
from flask_wtf.csrf import CSRFProtect
from jinja2 import StrictUndefined
from werkzeug.middleware.proxy_fix import ProxyFix

from sjt import db, paths
from sjt.access import Actor
from sjt.config import Settings
from sjt.delivery.short_way import ShortWay
from sjt.joining import register_rooms
from sjt.times import Clock, SystemClock
from sjt.web import errors, filters, guards, headers
from sjt.web.assets import Site
from sjt.web.compiled import COMPILED
from sjt.web.rules import LateRule

BLUEPRINTS: Final[tuple[str, ...]] = (
    "sjt.accounts.routes",
    "sjt.audit.routes",
    "sjt.jobs.routes",
    "sjt.authoring.routes.scenarios",
    "sjt.authoring.routes.papers",
    "sjt.authoring.routes.pools",
    "sjt.authoring.routes.blueprints",
    "sjt.authoring.routes.drafts",
    "sjt.authoring.routes.writing",
    "sjt.authoring.routes.likeness",
    "sjt.authoring.routes.life",
    "sjt.authoring.routes.tasks",
    "sjt.authoring.routes.suspensions",
    "sjt.authoring.routes.exchange",
    "sjt.authoring.routes.health",
    "sjt.panels.routes.chair",
    "sjt.panels.routes.expert",
    "sjt.delivery.routes.scheduling",
    "sjt.delivery.routes.invigilator",
    "sjt.delivery.routes.candidate",
    "sjt.delivery.routes.familiarisation",
    "sjt.delivery.routes.events",
    "sjt.delivery.routes.putting_right",
    "sjt.delivery.routes.room_papers",
    "sjt.delivery.routes.locked",
    "sjt.delivery.routes.preflight",
    "sjt.delivery.routes.emergency",
    "sjt.delivery.routes.feedback",
    "sjt.delivery.routes.start_time",
    "sjt.delivery.routes.reserve",
    "sjt.delivery.routes.exposure",
    "sjt.delivery.routes.evidence",
    "sjt.delivery.routes.paper",
    "sjt.marking.routes",
    "sjt.results.routes",
    "sjt.results.correction_routes",
    "sjt.results.set_routes",
    "sjt.analysis.routes",
    "sjt.analysis.study_routes",
    "sjt.grading.routes",
    "sjt.front_door",
)


def create_app(settings: Settings, *, database: db.Database | None = None, clock: Clock | None = None) -> Flask:
    """Make the web application on one database."""
    app = Site(
        "sjt",
        static_folder=str(paths.static_dir()),
        template_folder=str(paths.template_dir()),
        static_url_path="/static",
    )
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SESSION_COOKIE_NAME="sjt",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Strict",
        PERMANENT_SESSION_LIFETIME=timedelta(days=1),
        SESSION_REFRESH_EACH_REQUEST=False,  # a page asks every few seconds, and a day is longer than any sitting
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session: a token must outlive a sitting
        WTF_CSRF_SSL_STRICT=False,  # Referrer-Policy sends none; SameSite=Strict and the token stand in
        MAX_CONTENT_LENGTH=32 * 1024 * 1024,
        TESTING=settings.testing,
        PROPAGATE_EXCEPTIONS=settings.testing,
    )
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.bytecode_cache = COMPILED
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.url_rule_class = LateRule
    app.extensions[guards.SETTINGS] = settings
    app.extensions[guards.CLOCK] = clock or SystemClock()
    db.bind(database or db.Database(settings.database_url))
    app.wsgi_app = ShortWay(app, app.wsgi_app)  # type: ignore[method-assign]
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    CSRFProtect(app)
    errors.register(app)
    headers.register(app)
    filters.register(app)
    register_rooms()
    _hang_hooks(app)
    for name in BLUEPRINTS:
        blueprint = importlib.import_module(name).bp
        assert isinstance(blueprint, Blueprint), f"{name} has no blueprint named bp"
        app.register_blueprint(blueprint)
    return app


def _hang_hooks(app: Flask) -> None:
    """Let the page kit reach the rooms above it: who asks, what was refused, what things are called."""
    from sjt.accounts import service as accounts
    from sjt.accounts import signing_in
    from sjt.audit import refusals
    from sjt.authoring import service as authoring
    from sjt.delivery import candidate_session

    def load_actor() -> Actor | None:
        # below /sit a browser is the candidate's, even if somebody of the staff is signed in beside
        if request.path.startswith("/sit/"):
            return candidate_session.load_actor() or signing_in.load_actor()
        return signing_in.load_actor() or candidate_session.load_actor()

    def name_of(actor_id: str) -> str:
        known: dict[str, str] = g.setdefault("names", {})
        if actor_id not in known:
            with db.session() as session:
                known[actor_id] = accounts.name_of(session, actor_id)
        return known[actor_id]

    def plan_titles() -> dict[str, str]:
        with db.session() as session:
            return authoring.plan_titles(session)

    def item_titles() -> dict[str, str]:
        with db.session() as session:
            return authoring.item_titles(session)

    app.extensions[filters.PLAN_TITLES] = plan_titles
    app.extensions[filters.ITEM_TITLES] = item_titles
    app.jinja_env.globals["name_of"] = name_of
    app.extensions[guards.ACTOR_LOADER] = load_actor
    app.extensions[guards.REFUSAL_RECORDER] = refusals.record
    app.extensions[filters.SIMULATED] = signing_in.organisation_is_simulated
