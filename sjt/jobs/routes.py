"""The list of jobs and one job's page, which a script keeps fresh."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from sjt import db
from sjt.access import Permission
from sjt.jobs import service
from sjt.jobs.model import ENDED
from sjt.web.guards import actor, now, requires

bp = Blueprint("jobs", __name__, url_prefix="/jobs")


@bp.get("/")
@requires(Permission.SEE_JOBS)
def jobs() -> ResponseReturnValue:
    with db.session() as session:
        rows = service.jobs(session)
    return render_template("jobs/jobs.html", rows=rows)


@bp.get("/<uuid:job_id>")
@requires(Permission.SEE_JOBS)
def job(job_id: UUID) -> ResponseReturnValue:
    with db.session() as session:
        found = service.job(session, job_id)
    return render_template("jobs/job.html", job=found, ended=found.state in ENDED, now=now())


@bp.post("/<uuid:job_id>/cancel")
@requires(Permission.SEE_JOBS)
def job_cancel(job_id: UUID) -> ResponseReturnValue:
    with db.transaction() as session:
        service.cancel(session, job_id, by=actor(), now=now())
    flash("The job is asked to stop.", "info")
    return redirect(url_for(".job", job_id=job_id), 303)
