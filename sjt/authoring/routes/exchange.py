"""A bank in the files that writers work in: an Excel workbook of it, and an empty one."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from sjt import db
from sjt.access import Permission
from sjt.authoring import drafting, export_job, import_export, service
from sjt.authoring.webforms import WordForm
from sjt.authoring.word_template import word_template
from sjt.web.guards import actor, now, requires, settings

bp = Blueprint("exchange", __name__, url_prefix="/bank")
DOCX: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _file(content: bytes, name: str, mimetype: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(content, mimetype=mimetype, headers=headers)


@bp.get("/export.xlsx")
@requires(Permission.IMPORT_BANK)
def export_xlsx() -> ResponseReturnValue:
    """Give the whole bank as a workbook, keys too; of a large one, the way to it."""
    with db.session() as session:
        if export_job.is_large(session, "xlsx"):
            return _large("xlsx", len(service.bank(session).scenarios))
        bank_id, content = service.bank_workbook(session)
    return _file(content, f"{bank_id}.xlsx", XLSX)


def _large(kind: str, scenarios: int) -> ResponseReturnValue:
    return render_template("authoring/export_large.html", kind=kind, scenarios=scenarios)


@bp.post("/export")
@requires(Permission.IMPORT_BANK)
def export_start() -> ResponseReturnValue:
    """Ask the worker for an export."""
    with db.transaction() as session:
        job_id = export_job.ask(session, request.form.get("kind", ""), by=actor())
    return redirect(url_for("jobs.job", job_id=job_id), 303)


@bp.get("/exports/<uuid:job_id>")
@requires(Permission.IMPORT_BANK)
def export_finished(job_id: UUID) -> ResponseReturnValue:
    """Give an export that the worker made."""
    kind, content = export_job.finished(settings(), job_id)
    with db.session() as session:
        name = service.bank(session).settings.id
    return _file(content, f"{name}.{kind}", XLSX if kind == "xlsx" else "application/zip")


@bp.get("/export.zip")
@requires(Permission.IMPORT_BANK)
def export_zip() -> ResponseReturnValue:
    """Give the whole bank as an archive, keys too; of a large one, the way to it."""
    with db.session() as session:
        bank = service.bank(session)
        if export_job.is_large(session, "zip"):
            return _large("zip", len(bank.scenarios))
        files = service.bank_files(session)
    name = bank.settings.id
    return _file(import_export.zip_of_files(files, name), f"{name}.zip", "application/zip")


@bp.get("/template.xlsx")
@requires(Permission.IMPORT_BANK)
def template_xlsx() -> ResponseReturnValue:
    """Give an empty workbook with the bank's lists."""
    with db.session() as session:
        content = service.bank_template(session)
    return _file(content, "scenarios-template.xlsx", XLSX)


@bp.get("/template.docx")
@requires(Permission.EDIT_SCENARIO)
def template_docx() -> ResponseReturnValue:
    """Give a document with empty forms for scenarios."""
    with db.session() as session:
        bank = service.bank(session)
    return _file(word_template(bank), "scenarios-template.docx", DOCX)


@bp.get("/import/word")
@requires(Permission.EDIT_SCENARIO)
def word() -> ResponseReturnValue:
    with db.session() as session:
        if not service.bank_exists(session):
            return render_template("authoring/no_bank.html")
    return render_template("drafts/word.html", form=WordForm(), report=None, problem=None)


@bp.post("/import/word")
@requires(Permission.EDIT_SCENARIO)
def word_post() -> ResponseReturnValue:
    """Read a document: say what it holds and what could not be read; make drafts of it if that was asked."""
    form = WordForm()
    if not form.validate_on_submit():
        return render_template("drafts/word.html", form=form, report=None, problem=None), 422
    name = form.document.data.filename or "the document"
    with db.session() as session:
        report, problem = service.read_document(session, form.document.data.read(), name, author=actor().name)
    if report is None or problem is not None or not report.found or not request.form.get("put"):
        status = 422 if problem is not None or (report is not None and not report.found) else 200
        return render_template("drafts/word.html", form=form, report=report, problem=problem), status
    with db.transaction() as session:
        made = drafting.bring_in(session, [one.fields for one in report.found], source=name, by=actor(), now=now())
    flash(f"{len(made)} draft{'s' if len(made) != 1 else ''} made from {name}. Nothing is in the bank yet.", "ok")
    for one in report.unread[:5]:
        flash(f"Not read, {one.where}: {one.text} {one.why}", "info")
    if len(report.unread) > 5:
        flash(f"{len(report.unread) - 5} more places were not read. Read file shows them all.", "info")
    return redirect(url_for("drafts.drafts"), 303)
