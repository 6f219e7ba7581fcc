"""Blueprints: the list, one with its versions, the editor that says what the bank bears, files in and out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlmodel import Session

from sjt import db
from sjt.access import Permission
from sjt.accounts import service as accounts
from sjt.authoring import blueprints, service
from sjt.authoring.bearing_page import Bears, bears
from sjt.authoring.blueprint import Blueprint as Plan
from sjt.authoring.blueprint import parse_data
from sjt.authoring.blueprint_fields import SCALARS, Read, Wrong, fields_of, read_fields, values_of
from sjt.authoring.blueprint_text import line_parts
from sjt.authoring.snapshot import Format
from sjt.authoring.standard import Standard
from sjt.authoring.webforms import BlueprintFileForm
from sjt.errors import InputError, NotFound
from sjt.web.guards import actor, now, requires

bp = Blueprint("blueprints", __name__, url_prefix="/forms/blueprints")
_NOT_FIELDS = frozenset({"csrf_token", "do", "base", "forms_wanted", "candidates"})
FORMATS = tuple(kind.value for kind in Format)
LABELS = {one.name: one.label for one in SCALARS}


def _asked(name: str, usual: int | None, most: int) -> int | None:
    """Read a number that steers the page and is no part of the blueprint."""
    text = request.values.get(name, "").strip()
    return min(int(text), most) if text.isascii() and text.isdigit() and len(text) < 9 and int(text) else usual


def _forms_wanted() -> int:
    return _asked("forms_wanted", 2, 1_000) or 2


def _typed() -> dict[str, str]:
    return {name: value[:4_000] for name, value in request.form.items() if name not in _NOT_FIELDS}


@bp.get("/")
@requires(Permission.SEE_FORMS)
def all_blueprints() -> ResponseReturnValue:
    """List the bank's blueprints."""
    with db.session() as session:
        has_bank = service.bank_exists(session)
        rows = blueprints.all_held(session) if has_bank else []
        changed = {row.name: blueprints.versions(session, row.name)[0] for row in rows}
        names = {row.name: accounts.name_of(session, changed[row.name].created_by) for row in rows}
    return render_template(
        "blueprints/blueprints.html", rows=rows, changed=changed, names=names, has_bank=has_bank,
        form=BlueprintFileForm(), faults=(),
    )  # fmt: skip


@bp.post("/import")
@requires(Permission.BUILD_FORMS)
def blueprint_import() -> ResponseReturnValue:
    """Put a BLUEPRINT.toml into the bank, byte for byte."""
    form = BlueprintFileForm()
    if not form.validate_on_submit():
        raise InputError("Choose the .toml file of a blueprint.")
    content = form.file.data.read(200_001)
    if len(content) > 200_000:
        raise InputError("The file has over 200 kB; a blueprint has one or two. Choose another.")
    with db.session() as session:
        service.bank(session)  # read before the transaction, which must be short
    with db.transaction() as session:
        name, changed = blueprints.import_file(
            session, content, form.file.data.filename or "blueprint", by=actor(), now=now()
        )
    words = f"Blueprint {name} is in the bank." if changed else f"The bank has this file of {name} already."
    flash(words, "ok" if changed else "info")
    return redirect(url_for(".blueprint", name=name), 303)


@bp.get("/new")
@requires(Permission.BUILD_FORMS)
def blueprint_new() -> ResponseReturnValue:
    """Begin a blueprint: like another one, or with the CONTRACT's usual values."""
    like = request.args.get("like", "")
    with db.session() as session:
        if not service.bank_exists(session):
            return render_template("authoring/no_bank.html")
        rows = [row for row in blueprints.all_held(session) if row.blueprint is not None]
        start = next((row for row in rows if row.name == like), None)
        fields = fields_of(start.blueprint) if start and start.blueprint else _empty(service.bank(session).standard)
    fields |= {"id": "", "title": ""}
    return _editor(fields, Read(None, ()), base="", is_new=True, likes=[row.name for row in rows])


def _empty(standard: Standard) -> dict[str, str]:
    usual = {one.name: one.default for one in SCALARS}
    worth = {"rank": "20", "choose": "12", "rate": "20", "most_least": "8", "single": "4", "written": "12"}
    return usual | {
        "option": next(iter(standard.option_ids), ""), "cover.codes": "plan", "maximise.attr": "discrimination",
        "target.facility.tolerance": "0.1", **{f"marks.{kind}": marks for kind, marks in worth.items()},
    }  # fmt: skip


@bp.post("/new")
@requires(Permission.BUILD_FORMS)
def blueprint_create() -> ResponseReturnValue:
    return _saved("", is_new=True)


@bp.get("/<name>")
@requires(Permission.SEE_FORMS)
def blueprint(name: str) -> ResponseReturnValue:
    """Show a blueprint: its file, what the bank bears of it, its versions."""
    with db.session() as session:
        held = blueprints.held(session, name)
        lines = blueprints.versions(session, name)
        names = {line.created_by: accounts.name_of(session, line.created_by) for line in lines}
        found = _counted(held.blueprint)
        sets = [row for row in service.set_lines(session) if row.blueprint == name]
    return render_template(
        "blueprints/blueprint.html", held=held, text=held.content.decode("utf-8", "replace"), lines=lines, names=names,
        b=found, sets=sets, candidates=_asked("candidates", None, 1_000_000),
    )  # fmt: skip


@bp.get("/<name>/file")
@requires(Permission.SEE_FORMS)
def blueprint_file(name: str) -> ResponseReturnValue:
    """Give the file byte for byte."""
    with db.session() as session:
        held = blueprints.held(session, name)
    return _file(held.content, f"{name}.toml")


def _file(content: bytes, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(content, mimetype="application/toml", headers=headers)


@bp.get("/<name>/versions/<number>")
@requires(Permission.SEE_FORMS)
def blueprint_version(name: str, number: str) -> ResponseReturnValue:
    """Show a version and what it changed; ``?file=1`` gives its bytes."""
    if not (number.isascii() and number.isdecimal() and len(number) < 9):
        raise NotFound(f"Blueprint {name} has no version {number}.")
    n = int(number)
    with db.session() as session:
        line = blueprints.version(session, name, n)
        lines = blueprints.versions(session, name)
        who = accounts.name_of(session, line.created_by)
    if request.args.get("file"):
        return _file(line.content, f"{name}-version-{n}.toml")
    before = next((one for one in lines if one.n < n), None)
    return render_template(
        "blueprints/version.html", name=name, line=line, who=who, newest=lines[0].n, before=before,
        text=line.content.decode("utf-8", "replace"),
        parts=line_parts(before.content.decode("utf-8", "replace"), line.content.decode("utf-8", "replace"))
        if before
        else [],
    )  # fmt: skip


@bp.get("/<name>/edit")
@requires(Permission.BUILD_FORMS)
def blueprint_edit(name: str) -> ResponseReturnValue:
    """Open the editor: with the file's values, or with those the solver was last asked about."""
    with db.session() as session:
        held = blueprints.held(session, name)
        asked = _answer_of(session)
    if asked is not None:
        plan = parse_data(asked.blueprint)
        return _editor(fields_of(plan), Read(plan, ()), base=held.sha256, answer=asked)
    if held.blueprint is None:
        flash(
            "This file cannot be read, so it cannot be edited here. Correct it outside and import it again.", "danger"
        )
        return redirect(url_for(".blueprint", name=name), 303)
    return _editor(fields_of(held.blueprint), Read(held.blueprint, ()), base=held.sha256)


def _answer_of(session: Session) -> blueprints.Answer | None:
    text = request.args.get("answer", "")
    try:
        return blueprints.answer(session, UUID(text)) if text else None
    except ValueError:
        return None


@bp.post("/<name>/edit")
@requires(Permission.BUILD_FORMS)
def blueprint_save(name: str) -> ResponseReturnValue:
    return _saved(name, is_new=False)


def _saved(name: str, *, is_new: bool) -> ResponseReturnValue:
    """Do what the button says with what was typed: count, ask the solver, or save."""
    fields = _typed()
    base, deed = request.form.get("base", ""), request.form.get("do", "save")
    if not is_new:
        fields["id"] = name
    with db.session() as session:
        read = read_fields(fields, service.bank(session))
        taken = {row.name for row in blueprints.all_held(session)}
    if is_new and fields.get("id") in taken | blueprints.RESERVED:
        read = replace(read, blueprint=None, wrong=(*read.wrong, Wrong("id", "This name is taken. Choose another.")))
    if read.blueprint is None or deed == "count":
        failed = read.blueprint is None and deed != "count"
        return _editor(fields, read, base=base, is_new=is_new, failed=failed)
    if deed == "ask":
        with db.transaction() as session:
            asked = blueprints.ask(
                session, read.blueprint, forms=min(_forms_wanted(), blueprints.MOST_ASKED), by=actor(), now=now()
            )
        if is_new:
            return redirect(url_for(".answer", job_id=asked), 303)
        address = url_for(".blueprint_edit", name=name, answer=asked, forms_wanted=_forms_wanted(), _anchor="answer")
        return redirect(address, 303)
    with db.transaction() as session:
        changed = blueprints.save(session, read.blueprint, base=base, by=actor(), now=now())
    flash(
        "The blueprint is saved. Sets built from it before keep the version they were built from."
        if changed
        else "Nothing was changed: the blueprint says this already.",
        "ok" if changed else "info",
    )
    return redirect(url_for(".blueprint", name=read.blueprint.id), 303)


def _editor(
    fields: Mapping[str, str],
    read: Read,
    *,
    base: str,
    is_new: bool = False,
    failed: bool = False,
    answer: blueprints.Answer | None = None,
    likes: list[str] | None = None,
) -> ResponseReturnValue:
    with db.session() as session:
        bank = service.bank(session)
    option = fields.get("option", "")
    option = option if option in bank.standard.option_ids else bank.standard.option_ids[0]
    page = render_template(
        "blueprints/edit.html", f=fields, read=read, base=base, is_new=is_new, failed=failed, likes=likes or [],
        values=values_of(bank, option, fields), formats=FORMATS, options=bank.standard.option_ids, labels=LABELS,
        opened={name.split(".")[1] for name, value in fields.items() if value and name.startswith("counts.")},
        b=_counted(read.blueprint), asked=answer, forms_wanted=_forms_wanted(),
        candidates=_asked("candidates", None, 1_000_000), most_asked=blueprints.MOST_ASKED,
    )  # fmt: skip
    return page, 422 if failed else 200


def _counted(plan: Plan | None) -> Bears | None:
    """Count for the page, outside any transaction."""
    if plan is None:
        return None
    with db.session() as session:
        return bears(session, plan, forms=_forms_wanted(), candidates=_asked("candidates", None, 1_000_000), at=now())


@bp.post("/bears")
@requires(Permission.BUILD_FORMS)
def blueprint_bears() -> ResponseReturnValue:
    """Say what the bank bears of what is typed, as a part of the editor's page; nothing is saved."""
    fields = _typed()
    with db.session() as session:
        read = read_fields({"id": "unnamed", **{k: v for k, v in fields.items() if k != "id"}}, service.bank(session))
    return render_template("blueprints/_bears.html", read=read, b=_counted(read.blueprint))


@bp.get("/answers/<uuid:job_id>")
@requires(Permission.SEE_FORMS)
def answer(job_id: UUID) -> ResponseReturnValue:
    """Show what the solver answered; while it works, the page keeps itself fresh."""
    with db.session() as session:
        asked = blueprints.answer(session, job_id)
        name = str(asked.blueprint["id"])
        try:
            blueprints.held(session, name)
            is_saved = True
        except NotFound:
            is_saved = False
    return render_template("blueprints/answer.html", asked=asked, name=name, is_saved=is_saved)


@bp.post("/<name>/remove")
@requires(Permission.BUILD_FORMS)
def blueprint_remove(name: str) -> ResponseReturnValue:
    with db.transaction() as session:
        blueprints.remove(session, name, by=actor(), now=now())
    flash(f"Blueprint {name} is out of the bank. Sets built from it stay, with the blueprint in their proof.", "ok")
    return redirect(url_for(".all_blueprints"), 303)
