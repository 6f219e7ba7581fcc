"""The page that a head of assessment reads each month, the scenarios behind each figure, and all of it as CSV."""

from __future__ import annotations

from flask import Blueprint, Response, render_template
from flask.typing import ResponseReturnValue

from sjt import db
from sjt.access import Permission
from sjt.authoring import health_page, service
from sjt.web import paging
from sjt.web.guards import now, requires

bp = Blueprint("health", __name__, url_prefix="/bank/health")


@bp.get("/")
@requires(Permission.SEE_KEY)
def health() -> ResponseReturnValue:
    """Show how the bank does."""
    with db.session() as session:
        if not service.bank_exists(session):
            return render_template("authoring/no_bank.html")
        found = health_page.bank_health(session, today=now().date())
        bank = service.bank(session)
    return render_template("health/health.html", found=found, bank=bank)


@bp.get("/behind/<key>")
@requires(Permission.SEE_KEY)
def behind(key: str) -> ResponseReturnValue:
    """List the scenarios behind one figure."""
    with db.session() as session:
        found = health_page.bank_health(session, today=now().date())
    part, figure, rows = health_page.behind(found, key)
    return render_template(
        "health/behind.html", found=found, part=part, figure=figure, rows=rows, seen=paging.shown(rows)
    )


@bp.get("/health.csv")
@requires(Permission.SEE_KEY)
def health_csv() -> ResponseReturnValue:
    """Give every figure with the scenarios behind it."""
    with db.session() as session:
        found = health_page.bank_health(session, today=now().date())
    name = f"bank-health-{found.as_of.isoformat()}.csv"
    return Response(
        health_page.health_csv(found),
        mimetype="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )
