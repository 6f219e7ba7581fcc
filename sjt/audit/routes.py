"""The auditor's pages: chains, one chain entry by entry, the export."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from sjt import db
from sjt.access import Permission
from sjt.audit import anchors, service, store
from sjt.audit.chain import Break, Entry, check
from sjt.errors import NotFound
from sjt.times import utc_now
from sjt.web.guards import requires, settings

bp = Blueprint("audit", __name__, url_prefix="/audit")
PAGE = 100


@bp.get("/")
@requires(Permission.SEE_AUDIT)
def chains() -> ResponseReturnValue:
    like = request.args.get("q", "").strip()
    page = max(1, request.args.get("page", 1, type=int))
    with db.session() as session:
        rows = store.heads(session, like, PAGE, (page - 1) * PAGE)
        total = store.count_heads(session, like)
        last = store.last_anchor(session)
    key = anchors.public_hex(anchors.load_or_make_key(settings().anchor_key_path))
    return render_template(
        "audit/chains.html", rows=rows, total=total, q=like, page=page, pages=-(-total // PAGE) or 1, last=last, key=key
    )


@bp.get("/chain/<path:name>")
@requires(Permission.SEE_AUDIT)
def chain(name: str) -> ResponseReturnValue:
    with db.session() as session:
        rows = list(store.entries(session, name))
        if not rows:
            raise NotFound(f"There is no chain {name}.")
        bodies = store.bodies(session, name)
        entries = [Entry(**{slot: getattr(row, slot) for slot in Entry.__slots__}) for row in rows]
        breaks: list[Break] = [*check(name, entries), *service.bodies_hold(session, name)]
    return render_template("audit/chain.html", name=name, rows=rows, bodies=bodies, breaks=breaks)


@bp.get("/export")
@requires(Permission.SEE_AUDIT)
def export() -> ResponseReturnValue:
    path = settings().anchor_key_path
    with db.transaction() as session:
        service.anchor(session, key_path=path, at=utc_now())
    with db.session() as session:
        text = "\n".join(service.export_lines(session, key_path=path)) + "\n"
    name = f"audit-{utc_now():%Y-%m-%d}.jsonl"
    return Response(
        text, mimetype="application/x-ndjson", headers={"Content-Disposition": f"attachment; filename={name}"}
    )
