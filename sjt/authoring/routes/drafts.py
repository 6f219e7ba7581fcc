"""The writer's desk: drafts, the editor, two edits brought together, versions compared and restored."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from sjt import db
from sjt.access import Permission, may
from sjt.authoring import draft_tabs, drafting, editor_page, import_export, service
from sjt.authoring.bank import key_file, scenario_file
from sjt.authoring.draft import Cell
from sjt.authoring.draft_merge import changes, label, parted, without_key, words
from sjt.authoring.preview import preview_page
from sjt.authoring.snapshot import Format
from sjt.errors import InputError, NotFound
from sjt.web.guards import actor, now, requires

bp = Blueprint("drafts", __name__, url_prefix="/bank")
_NOT_FIELDS = frozenset({"csrf_token", "revision", "do", "part", "find"})


def _warm() -> None:
    """Read the bank before a transaction opens: it is remembered by content, and a transaction must be short."""
    with db.session() as session:
        service.bank(session)


@bp.get("/drafts")
@requires(Permission.EDIT_SCENARIO)
def drafts() -> ResponseReturnValue:
    """List the drafts that are open, and those put away."""
    with db.session() as session:
        if not service.bank_exists(session):
            return render_template("authoring/no_bank.html")
        bank = service.bank(session)
        rows, away = editor_page.lists(session)
    return render_template("drafts/drafts.html", rows=rows, away=away, bank=bank)


@bp.get("/drafts/new")
@requires(Permission.EDIT_SCENARIO)
def draft_new() -> ResponseReturnValue:
    """Ask for which cell of the coverage map a new scenario is."""
    with db.session() as session:
        if not service.bank_exists(session):
            return render_template("authoring/no_bank.html")
        bank = service.bank(session)
    return render_template("drafts/draft_new.html", bank=bank, formats=editor_page.formats(bank), cell=_cell())


def _cell() -> Cell:
    """Read a cell: from fields, or from the one button of the map that was pressed (``PO4|rank|S19|core``)."""
    held = request.values
    outcome, kind, code, option = ([*held.get("cell", "").split("|"), "", "", "", ""])[:4]
    return Cell(
        option=option or held.get("option", "core"),
        outcome=outcome or held.get("outcome", ""),
        format=kind or held.get("format", ""),
        ksb=code or held.get("ksb", ""),
    )


@bp.post("/drafts/new")
@requires(Permission.EDIT_SCENARIO)
def draft_start() -> ResponseReturnValue:
    """Begin a new scenario with the tags of a cell."""
    cell = _cell()
    if cell.format not in ("", *(kind.value for kind in Format)):
        raise InputError(f"There is no format {cell.format}. Choose one from the list.")
    _warm()
    with db.transaction() as session:
        draft_id = drafting.start(session, cell, by=actor(), now=now())
    return redirect(url_for(".draft", draft_id=draft_id), 303)


@bp.post("/scenarios/<scenario_id>/edit")
@requires(Permission.EDIT_SCENARIO)
def scenario_edit(scenario_id: str) -> ResponseReturnValue:
    """Open the draft of a scenario, begun from its current version if there is none."""
    with db.transaction() as session:
        draft_id = drafting.edit(session, scenario_id, by=actor(), now=now())
    return redirect(url_for(".draft", draft_id=draft_id), 303)


@bp.get("/drafts/<uuid:draft_id>")
@requires(Permission.EDIT_SCENARIO)
def draft(draft_id: UUID) -> ResponseReturnValue:
    """Show the editor; ``?whole=1`` compares the draft with the whole bank too."""
    return _editor(draft_id, whole=bool(request.args.get("whole")))


def _editor(draft_id: UUID, *, whole: bool = False) -> ResponseReturnValue:
    with db.session() as session:
        seen = editor_page.looked(session, draft_id, today=now().date(), whole=whole)
        view = editor_page.editor_view(session, seen, request.args.get("find", "")[:100])
        links = draft_tabs.of_draft(session, seen.row, actor())
    if seen.row.open_for is None:
        return redirect(url_for(".drafts"), 303)
    if request.headers.get("X-Autosave") == "1":  # the script takes findings and counts from the answer, no lists
        view.capabilities = view.enemies = ()
    return render_template("drafts/draft.html", v=view, whole=whole, part=_part(), tabs=links)


def _part(focus: str = "") -> str:
    """Give the part of the editor to show: the one where work goes on, or the one that was open."""
    wanted = editor_page.part_of(focus) if focus else request.values.get("part", "")
    return wanted if wanted in editor_page.PARTS else editor_page.PARTS[0]


def _address(draft_id: UUID, part: str, anchor: str = "", whole: int | None = None) -> str:
    """Give the editor's address, with the part named only when it is not the first."""
    named = part if part != editor_page.PARTS[0] else None
    return url_for(".draft", draft_id=draft_id, part=named, whole=whole, _anchor=anchor or None)


@bp.post("/drafts/<uuid:draft_id>")
@requires(Permission.EDIT_SCENARIO)
def draft_save(draft_id: UUID) -> ResponseReturnValue:
    """Keep what was typed and do what the button says; the script that saves by itself gets the page back at once."""
    posted = {name: " ".join(values) if len(values) > 1 else values[0] for name, values in request.form.lists()}
    fields = {name: value for name, value in posted.items() if name not in _NOT_FIELDS}
    revision = request.form.get("revision", type=int)
    if revision is None:
        raise InputError("The page did not say which save it goes out from. Load it again.")
    deed = posted.get("do", "save")
    to_part = deed.removeprefix("part:") if deed.startswith("part:") else ""
    quiet = request.headers.get("X-Autosave") == "1"
    on_fields = "" if deed in ("save", "whole", "put", "send", "find") or to_part else deed
    _warm()
    with db.transaction() as session:
        saved = drafting.save(session, draft_id, revision, fields, on_fields, by=actor(), now=now())
    if saved.aside is not None:
        address = url_for(".merge", draft_id=draft_id, aside_id=saved.aside)
        return jsonify(merge=address) if quiet else redirect(address, 303)
    if quiet:
        if saved.merged:
            return jsonify(reload=url_for(".draft", draft_id=draft_id), base=saved.base)
        return _editor(draft_id)
    if saved.merged:
        flash("Somebody else saved too. Both sets of changes are in.", "info")
    if deed == "put":
        return _put(draft_id, saved.revision)
    if deed == "send":
        return redirect(url_for(".draft_send", draft_id=draft_id), 303)
    if deed == "whole":
        return redirect(_address(draft_id, _part(), "found", whole=1), 303)
    if deed == "find":
        return redirect(url_for(".draft", draft_id=draft_id, part="mapping", find=posted.get("find") or None,
                                _anchor="enemies"), 303)  # fmt: skip
    if to_part in editor_page.PARTS:
        return redirect(_address(draft_id, to_part), 303)
    if deed == "save":
        flash("The draft is saved.", "ok")
    return redirect(_address(draft_id, _part(saved.focus), saved.focus), 303)


@bp.get("/drafts/<uuid:draft_id>/send")
@requires(Permission.EDIT_SCENARIO)
def draft_send(draft_id: UUID) -> ResponseReturnValue:
    """Show what would go into the bank and to its reviewers: the differences, and what the rules say of it."""
    with db.session() as session:
        seen = editor_page.looked(session, draft_id, today=now().date(), whole=True)
        row = seen.row
        before = drafting.version_fields(session, row.scenario_id, row.base_n) if row.base_n else {}
        waits = drafting.held_up(session, row)
    if row.open_for is None:
        return redirect(url_for(".drafts"), 303)
    found = [one for one in changes(before, seen.fields, seen.bank) if one.parts]
    return render_template("drafts/send.html", seen=seen, found=found, waits=waits, part_of=editor_page.part_of,
                           anchor=editor_page.anchor)  # fmt: skip


@bp.post("/drafts/<uuid:draft_id>/send")
@requires(Permission.EDIT_SCENARIO)
def draft_sent(draft_id: UUID) -> ResponseReturnValue:
    """Put the draft that was shown into the bank."""
    revision = request.form.get("revision", type=int)
    if revision is None:
        raise InputError("The page did not say which save it shows. Load it again.")
    return _put(draft_id, revision)


def _put(draft_id: UUID, revision: int) -> ResponseReturnValue:
    with db.session() as session:
        seen = editor_page.looked(session, draft_id, today=now().date(), whole=True)
    faults = seen.faults()
    if faults:
        count = f"{len(faults)} error" + ("" if len(faults) == 1 else "s")
        flash(f"Nothing was put into the bank: the draft has {count}. Each stands beside its field.", "danger")
        return redirect(url_for(".draft", draft_id=draft_id, whole=1, _anchor="found"), 303)
    with db.transaction() as session:
        n = drafting.put(session, draft_id, revision, seen.built, faults, by=actor(), now=now())
    flash(f"Version {n} is in the bank. Forms that run and past results keep the version they have.", "ok")
    return redirect(url_for("authoring.scenario", scenario_id=seen.row.scenario_id), 303)


@bp.get("/drafts/<uuid:draft_id>/preview")
@requires(Permission.EDIT_SCENARIO)
def draft_preview(draft_id: UUID) -> ResponseReturnValue:
    """Show a question of a draft as a candidate will see it."""
    with db.session() as session:
        row = drafting.draft(session, draft_id)
        bank = service.bank(session)
        built = editor_page.built_of(session, row, drafting.fields_of(session, row), bank)
    wanted = request.args.get("item")
    known = {item.id for item in built.scenario.items}
    return preview_page(
        bank,
        built.scenario,
        wanted if wanted in known else None,  # an item that was taken out since: show the first
        lambda item: url_for(".draft_preview", draft_id=draft_id, item=item),
    )


@bp.get("/drafts/<uuid:draft_id>/files.zip")
@requires(Permission.EDIT_SCENARIO)
def draft_files(draft_id: UUID) -> ResponseReturnValue:
    """Give the two files of a draft, as an export of the bank would hold them."""
    with db.session() as session:
        row = drafting.draft(session, draft_id)
        built = editor_page.built_of(session, row, drafting.fields_of(session, row), service.bank(session))
    folder = built.scenario.folder
    files = {scenario_file(folder): built.scenario_bytes, key_file(folder): built.key_bytes}
    return Response(
        import_export.zip_of_files(files, row.bank_id),
        mimetype="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{row.scenario_id}.zip"', "Cache-Control": "no-store"},
    )


@bp.post("/drafts/<uuid:draft_id>/put-away")
@requires(Permission.EDIT_SCENARIO)
def draft_put_away(draft_id: UUID) -> ResponseReturnValue:
    with db.transaction() as session:
        drafting.put_away(session, draft_id, by=actor(), now=now())
    flash("The draft is put away. It can be taken up again below.", "ok")
    return redirect(url_for(".drafts"), 303)


@bp.post("/drafts/<uuid:draft_id>/take-up")
@requires(Permission.EDIT_SCENARIO)
def draft_take_up(draft_id: UUID) -> ResponseReturnValue:
    with db.transaction() as session:
        drafting.take_up(session, draft_id, by=actor(), now=now())
    return redirect(url_for(".draft", draft_id=draft_id), 303)


@bp.post("/drafts/<uuid:draft_id>/catch-up")
@requires(Permission.EDIT_SCENARIO)
def draft_catch_up(draft_id: UUID) -> ResponseReturnValue:
    """Bring the bank's newer version into the draft."""
    with db.transaction() as session:
        saved = drafting.catch_up(session, draft_id, by=actor(), now=now())
    if saved.aside is not None:
        return redirect(url_for(".merge", draft_id=draft_id, aside_id=saved.aside), 303)
    flash("The newer version is in the draft.", "ok")
    return redirect(url_for(".draft", draft_id=draft_id), 303)


@bp.get("/drafts/<uuid:draft_id>/merge/<uuid:aside_id>")
@requires(Permission.EDIT_SCENARIO)
def merge(draft_id: UUID, aside_id: UUID) -> ResponseReturnValue:
    """Show the fields that two people changed, each with both texts."""
    return _merge(draft_id, aside_id)


def _merge(draft_id: UUID, aside_id: UUID, problem: str = "", status: int = 200) -> ResponseReturnValue:
    with db.session() as session:
        held, row, found = drafting.waiting(session, aside_id)
        bank = service.bank(session)
        who = (editor_page.name(session, row.changed_by), editor_page.name(session, held.by))
        fields = drafting.fields_of(session, row)
    if held.settled_at is not None or row.id != draft_id:
        return redirect(url_for(".draft", draft_id=row.id), 303)
    rows = []
    for one in found.clashes:
        before, theirs, yours = (
            words(one.field, {one.field: text}, bank) for text in (one.before, one.theirs, one.yours)
        )
        chosen = request.form.get(f"choose.{one.field}", "")
        rows.append((one.field, label(one.field), parted(before, theirs), parted(before, yours), chosen))
    brought = [one for one in changes(fields, found.fields, bank) if one.parts]
    page = render_template(
        "drafts/merge.html", held=held, row=row, rows=rows, brought=brought, who=who, problem=problem,
        mine=held.by == actor().id,
    )  # fmt: skip
    return page, status


@bp.post("/drafts/<uuid:draft_id>/merge/<uuid:aside_id>")
@requires(Permission.EDIT_SCENARIO)
def merge_settle(draft_id: UUID, aside_id: UUID) -> ResponseReturnValue:
    chosen = {name.removeprefix("choose."): value for name, value in request.form.items() if name.startswith("choose.")}
    with db.session() as session:
        clashes = drafting.waiting(session, aside_id)[2].clashes
    lacking = sum(1 for one in clashes if chosen.get(one.field) not in ("theirs", "yours"))
    if lacking:
        return _merge(draft_id, aside_id, f"Choose one text for each field: {lacking} of {len(clashes)} wait.", 422)
    with db.transaction() as session:
        drafting.settle(session, aside_id, chosen, by=actor(), now=now())
    flash("Both sets of changes are in the draft, as chosen. Undo leads back.", "ok")
    return redirect(url_for(".draft", draft_id=draft_id), 303)


def _number(scenario_id: str, number: str) -> int:
    if not (number.isascii() and number.isdecimal() and len(number) < 9):
        raise NotFound(f"Scenario {scenario_id} has no version {number}.")
    return int(number)


@bp.get("/scenarios/<scenario_id>/versions/<number>")
@requires(Permission.SEE_BANK)
def version(scenario_id: str, number: str) -> ResponseReturnValue:
    """Show what a version changed, field by field, against the one before or the one named."""
    n = _number(scenario_id, number)
    with db.session() as session:
        bank = service.bank(session)
        lines = service.versions(session, scenario_id)
        known = {line.n: line for line in lines}
        if n not in known:
            raise NotFound(f"Scenario {scenario_id} has no version {n}.")
        against = request.args.get("against", type=int)
        earlier = [line.n for line in lines if line.n < n]
        other = against if against in known else max(earlier, default=0)
        after = drafting.version_fields(session, scenario_id, n)
        before = drafting.version_fields(session, scenario_id, other) if other else {}
        found = changes(before, after, bank)
        names = {line.n: editor_page.name(session, line.created_by) for line in lines}
    if not may(actor(), Permission.SEE_KEY):
        found = without_key(found)
    return render_template(
        "drafts/version.html",
        scenario_id=scenario_id,
        title=after.get("title", scenario_id),
        line=known[n],
        lines=lines,
        names=names,
        other=other,
        found=found,
        newest=max(known),
    )


@bp.post("/scenarios/<scenario_id>/versions/<number>/restore")
@requires(Permission.EDIT_SCENARIO)
def version_restore(scenario_id: str, number: str) -> ResponseReturnValue:
    """Make a draft that says what an earlier version says."""
    n = _number(scenario_id, number)
    with db.transaction() as session:
        draft_id = drafting.restore(session, scenario_id, n, by=actor(), now=now())
    flash(f"The draft says what version {n} says. The bank is unchanged until you put it in.", "ok")
    return redirect(url_for(".draft", draft_id=draft_id), 303)
