"""A session's locked browser: choosing it, its files, other files that are accepted."""

from __future__ import annotations

import io
import zipfile
from uuid import UUID

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from flask import Blueprint, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from sjt import db
from sjt.access import Permission
from sjt.delivery import ledger, locked, locked_setup, service
from sjt.delivery.webforms import LockForm, LockKeyForm
from sjt.errors import InputError, NotFound
from sjt.web.addresses import outside_root
from sjt.web.guards import actor, now, public, requires, settings

bp = Blueprint("locked", __name__)
MIME = "application/seb"


@bp.get("/sessions/<uuid:session_id>/locked")
@requires(Permission.SCHEDULE, Permission.INVIGILATE)
def page(session_id: UUID) -> ResponseReturnValue:
    return _page(session_id)


def _page(
    session_id: UUID,
    form: LockForm | None = None,
    key_form: LockKeyForm | None = None,
    *,
    password: str = "",
    error: InputError | None = None,
    status: int = 200,
) -> ResponseReturnValue:
    with db.session() as session:
        view = service.room(session, session_id, at=ledger.current().now())
        lock = locked.row_of(session, session_id)
        links = locked.links(session, session_id)
        chosen = form or LockForm(
            mode=lock.mode if lock else "",
            assistive=lock.assistive if lock else False,
            may_quit=bool(lock.quit_hash) if lock else True,
        )
        shown = render_template(
            "delivery/locked.html",
            view=view,
            lock=lock,
            links=links,
            form=chosen,
            key_form=key_form or LockKeyForm(),
            password=password,
            error=error,
            root=outside_root(),
            authority=bool(_authorities()),
        )
    return shown, status


def _authorities() -> list[tuple[str, bytes]]:
    """Give the certificate authority that ``sjt tls make`` made, if this installation has one."""
    path = settings().data_dir / "tls" / "ca.pem"
    if not path.is_file():
        return []
    found = x509.load_pem_x509_certificate(path.read_bytes())
    return [("sjt centre authority", found.public_bytes(Encoding.DER))]


@bp.post("/sessions/<uuid:session_id>/locked")
@requires(Permission.SCHEDULE)
def page_post(session_id: UUID) -> ResponseReturnValue:
    """Set what the session asks of browsers; a new quit password is shown on this answer and never again."""
    form = LockForm()
    if not form.validate_on_submit():
        return _page(session_id, form, status=422)
    try:
        with db.transaction() as session:
            made = locked_setup.put(
                session,
                session_id,
                str(form.mode.data or ""),
                base=outside_root(),
                assistive=bool(form.assistive.data),
                may_quit=bool(form.may_quit.data),
                authorities=_authorities(),
                by=actor(),
                now=now(),
            )
    except InputError as error:
        return _page(session_id, form, error=error, status=422)
    if made is None:
        flash("The session is sat in any browser.", "ok")
    elif made.quit_password:
        return _page(session_id, password=made.quit_password)
    else:
        flash("The session is sat in Safe Exam Browser only. Download its file.", "ok")
    return redirect(url_for(".page", session_id=session_id), 303)


@bp.post("/sessions/<uuid:session_id>/locked/keys")
@requires(Permission.SCHEDULE)
def key_post(session_id: UUID) -> ResponseReturnValue:
    """Accept another settings file, or a key typed in."""
    form = LockKeyForm()
    if not form.validate_on_submit():
        return _page(session_id, key_form=form, status=422)
    doubtful: list[str] = []
    try:
        with db.transaction() as session:
            if form.file.data:
                name = str(form.file.data.filename or "file")[:100]
                doubtful = locked_setup.add_file(
                    session, session_id, form.file.data.read(), name, by=actor(), now=now()
                )
            else:
                kind, key, note = str(form.kind.data), str(form.key.data or ""), str(form.note.data or "")
                locked_setup.add_key(session, session_id, kind, key, note, by=actor(), now=now())
    except InputError as error:
        return _page(session_id, key_form=form, error=error, status=422)
    flash("The key is accepted.", "ok")
    if doubtful:
        more = f" and {len(doubtful) - 3} more" if len(doubtful) > 3 else ""
        flash(
            f"Versions of the browser are known to differ on values of this file ({'; '.join(doubtful[:3])}{more}). "
            "Try it on a computer of the room before the day.",
            "warn",
        )
    return redirect(url_for(".page", session_id=session_id), 303)


@bp.post("/sessions/<uuid:session_id>/locked/keys/<key>")
@requires(Permission.SCHEDULE)
def key_remove(session_id: UUID, key: str) -> ResponseReturnValue:
    with db.transaction() as session:
        locked_setup.remove_key(session, session_id, key, by=actor(), now=now())
    flash("The key is no longer accepted.", "ok")
    return redirect(url_for(".page", session_id=session_id), 303)


@bp.get("/sit/locked/<uuid:session_id>.seb")
@public
def session_file(session_id: UUID) -> ResponseReturnValue:
    """Give a session's file to whoever sits down: it holds no question and no code."""
    with db.session() as session:
        lock = locked.row_of(session, session_id)
    if lock is None:
        raise NotFound("There is no such file.")
    return send_file(io.BytesIO(lock.file), mimetype=MIME, as_attachment=True, download_name="start-the-test.seb")


@bp.post("/sessions/<uuid:session_id>/locked/files")
@requires(Permission.SCHEDULE, Permission.INVIGILATE)
def files_post(session_id: UUID) -> ResponseReturnValue:
    """Write a file for each candidate, or for one; what was written before is void."""
    asked = request.form.get("booking", "")
    try:
        booking_id = UUID(asked) if asked else None
    except ValueError:
        raise NotFound("There is no such booking.") from None
    with db.transaction() as session:
        made = locked_setup.make_links(
            session, session_id, secret_key=settings().secret_key, by=actor(), now=now(), booking_id=booking_id
        )
    if booking_id is not None:
        name = f"seat-{made[0].seat or 0:03}.seb"
        return send_file(io.BytesIO(made[0].data), mimetype=MIME, as_attachment=True, download_name=name)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for one in made:
            archive.writestr(f"seat-{one.seat or 0:03}.seb", one.data)
    packed.seek(0)
    return send_file(packed, mimetype="application/zip", as_attachment=True, download_name="start-links.zip")
