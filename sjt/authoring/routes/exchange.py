"""A bank in the files that writers work in: an Excel workbook of it, and an empty one."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response
from flask.typing import ResponseReturnValue

from sjt import db
from sjt.access import Permission
from sjt.authoring import service
from sjt.web.guards import requires

bp = Blueprint("exchange", __name__, url_prefix="/bank")
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _file(content: bytes, name: str, mimetype: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(content, mimetype=mimetype, headers=headers)


@bp.get("/export.xlsx")
@requires(Permission.IMPORT_BANK)
def export_xlsx() -> ResponseReturnValue:
    """Give the whole bank as a workbook, keys too."""
    with db.session() as session:
        bank_id, content = service.bank_workbook(session)
    return _file(content, f"{bank_id}.xlsx", XLSX)


@bp.get("/template.xlsx")
@requires(Permission.IMPORT_BANK)
def template_xlsx() -> ResponseReturnValue:
    """Give an empty workbook with the bank's lists."""
    with db.session() as session:
        content = service.bank_template(session)
    return _file(content, "scenarios-template.xlsx", XLSX)
