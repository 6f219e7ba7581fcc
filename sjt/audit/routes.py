"""The auditor's pages: chains, one chain entry by entry, the export."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from sjt import db
from sjt.access import Permission
from sjt.audit import anchors, service, store
from sjt.audit.chain import Break, check
from sjt.errors import NotFound
from sjt.times import utc_now
from sjt.web.guards import requires, settings

bp = Blueprint("audit", __name__, url_prefix="/audit")
PAGE = 200


@bp.get("/")
@requires(Permission.SEE_AUDIT)
def chains() -> ResponseReturnValue:
    like = request.args.get("q", "").strip()
    with db.session() as session:
        total = store.count_heads(session, like)
        page, pages = _place(total)
        rows = store.heads(session, like, PAGE, (page - 1) * PAGE)
        last = store.last_anchor(session)
    key = anchors.public_hex(anchors.load_or_make_key(settings().anchor_key_path))
    return render_template(
        "audit/chains.html", rows=rows, total=total, q=like, page=page, pages=pages, last=last, key=key
    )


def _place(total: int) -> tuple[int, int]:
    """Give the page asked for, within those there are, and how many there are."""
    pages = -(-total // PAGE) or 1
    return min(max(1, request.args.get("page", 1, type=int)), pages), pages


@bp.get("/chain/<path:name>")
@requires(Permission.SEE_AUDIT)
def chain(name: str) -> ResponseReturnValue:
    """Check the whole chain; show a page of its entries."""
    with db.session() as session:
        entries = list(store.entries(session, name))
        if not entries:
            raise NotFound(f"There is no chain {name}.")
        breaks: list[Break] = [*check(name, entries), *service.bodies_hold(session, name)]
        page, pages = _place(len(entries))
        rows = entries[(page - 1) * PAGE : page * PAGE]
        bodies = store.bodies(session, name, [row.n for row in rows])
    return render_template(
        "audit/chain.html",
        name=name,
        rows=rows,
        total=len(entries),
        bodies=bodies,
        breaks=breaks,
        page=page,
        pages=pages,
    )


@bp.post("/export")
@requires(Permission.SEE_AUDIT)
def export() -> ResponseReturnValue:
    """Sign the heads, then give every chain: a deed, since the anchor is written."""
    path = settings().anchor_key_path
    with db.transaction() as session:
        service.anchor(session, key_path=path, at=utc_now())
    with db.session() as session:
        text = "\n".join(service.export_lines(session, key_path=path)) + "\n"
    name = f"audit-{utc_now():%Y-%m-%d}.jsonl"
    return Response(
        text, mimetype="application/x-ndjson", headers={"Content-Disposition": f"attachment; filename={name}"}
    )
