"""Comments on a scenario, and everybody's tasks."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlmodel import Session

from sjt import db
from sjt.access import Permission, may
from sjt.authoring import discussion, drafting, lifecycle, service, store, store_drafts, tasking
from sjt.authoring.draft_merge import label, order, tells_key
from sjt.authoring.life_pages import about
from sjt.authoring.states import TaskKind
from sjt.authoring.webforms import CommentForm, TaskForm
from sjt.errors import NotFound
from sjt.web.guards import actor, now, requires

bp = Blueprint("tasks", __name__, url_prefix="/bank")
MOST_FIELDS_OFFERED = 400


def _fields(session: Session, scenario_id: str) -> list[tuple[str, str]]:
    """Give the fields that a comment may be tied to, in the order of the page, those of the key left out."""
    row, draft = store.scenario(session, scenario_id), store_drafts.open_draft_of(session, scenario_id)
    sees = may(actor(), Permission.SEE_KEY)
    held = drafting.version_fields(session, scenario_id) if row is not None else {}
    if draft is not None and may(actor(), Permission.EDIT_SCENARIO):
        held = drafting.fields_of(session, draft) | held
    names = [name for name in held if sees or not tells_key(name)]
    names.sort(key=lambda name: order(name, held))
    return [("", "The scenario as a whole"), *((name, label(name)) for name in names[:MOST_FIELDS_OFFERED])]


@bp.route("/scenarios/<scenario_id>/comments", methods=["GET", "POST"])
@requires(Permission.SEE_BANK)
def comments(scenario_id: str) -> ResponseReturnValue:
    """Show the threads on a scenario, and open one."""
    form = CommentForm()
    with db.session() as session:
        head = about(session, scenario_id)
        form.field.choices = _fields(session, scenario_id)
        threads = discussion.threads(session, scenario_id, by=actor())
        parent = drafting.parent_of(session, scenario_id)
        of_parent = discussion.threads(session, parent, by=actor()) if parent else []
    if request.method == "GET":
        form.field.data = request.args.get("field", "")
    if form.field.data and form.field.data not in {name for name, _ in form.field.choices}:
        raise NotFound("There is no such field.")
    status = 200
    if request.method == "POST":
        if not may(actor(), Permission.DISCUSS_SCENARIO):
            raise NotFound("Your role reads comments and writes none.")
        if form.validate_on_submit():
            with db.transaction() as session:
                discussion.open_thread(
                    session, scenario_id, head.version, str(form.words.data), field=form.field.data or "",
                    for_all=bool(form.for_all.data), by=actor(), now=now(),
                )  # fmt: skip
            flash("The comment is kept.", "ok")
            return redirect(url_for(".comments", scenario_id=scenario_id), 303)
        status = 422
    page = render_template(
        "life/comments.html", head=head, form=form, parent=parent,
        opened=[one for one in threads if one.is_open], resolved=[one for one in threads if not one.is_open],
        of_parent=[one for one in of_parent if one.is_open], sees=may(actor(), Permission.SEE_KEY),
    )  # fmt: skip
    return page, status


@bp.post("/comments/<uuid:thread_id>")
@requires(Permission.DISCUSS_SCENARIO)
def answer(thread_id: UUID) -> ResponseReturnValue:
    """Answer in a thread, resolve it, or open it again."""
    with db.transaction() as session:
        scenario_id = discussion.reply(
            session, thread_id, request.form.get("words", ""), did=request.form.get("do", "said"), by=actor(), now=now()
        )
    return redirect(url_for(".comments", scenario_id=scenario_id, _anchor=f"t-{thread_id}"), 303)


@bp.get("/tasks")
@requires(Permission.DISCUSS_SCENARIO)
def tasks() -> ResponseReturnValue:
    """Show somebody's queue; ``?show=`` also has what they asked of others, everybody's, and what was done."""
    show = request.args.get("show", "mine")
    with db.session() as session:
        if not service.bank_exists(session):
            return render_template("authoring/no_bank.html")
        titles = {one.id: one.title for one in service.bank(session).scenarios}
        mine = store.tasks(session, assignee=actor().id)
        every = store.tasks(session)
        asked = [one for one in every if one.asked_by == actor().id and one.assignee != actor().id]
        done = list(reversed(store.tasks(session, assignee=actor().id, is_open=False)))[:100] if show == "done" else []
        rows = {"asked": asked, "all": every, "done": done}.get(show, mine)
        lines = tasking.lines(session, rows, titles, now(), by=actor())
    counts = {"mine": len(mine), "asked": len(asked), "all": len(every)}
    return render_template("life/tasks.html", lines=lines, show=show, counts=counts)


@bp.route("/scenarios/<scenario_id>/tasks", methods=["GET", "POST"])
@requires(Permission.DISCUSS_SCENARIO)
def task_ask(scenario_id: str) -> ResponseReturnValue:
    """Ask one person for something on a scenario, by a day."""
    form = TaskForm()
    kind = request.values.get("kind", TaskKind.OTHER.value)
    with db.session() as session:
        head = about(session, scenario_id)
        form.kind.choices = [(one.value, tasking.KIND_WORDS[one]) for one in TaskKind]
        people: dict[str, str] = {}
        for permission in dict.fromkeys(tasking.NEEDS.values()):
            people |= dict(lifecycle.people_who_may(session, permission))
        form.assignee.choices = sorted(people.items(), key=lambda one: one[1])
        if request.method == "GET":
            form.due.data, form.kind.data = tasking.usual_day(now()), kind
            form.assignee.data = request.args.get("who") or actor().id
            return render_template("life/task.html", head=head, form=form)
        problem, due = "", form.due.data or now().date()
        if form.validate_on_submit():
            problem = tasking.why_not(
                session, TaskKind(form.kind.data), form.assignee.data, due, form.words.data or "", now()
            )
    if form.errors or problem:
        return render_template("life/task.html", head=head, form=form, problem=problem), 422
    with db.transaction() as session:
        tasking.ask(
            session, scenario_id, TaskKind(form.kind.data), form.assignee.data, due, form.words.data or "",
            by=actor(), now=now(),
        )  # fmt: skip
    flash("The task is made.", "ok")
    return redirect(url_for("life.history_page", scenario_id=scenario_id), 303)


@bp.post("/tasks/<uuid:task_id>/end")
@requires(Permission.DISCUSS_SCENARIO)
def task_end(task_id: UUID) -> ResponseReturnValue:
    """Say that a task is done, or put it away."""
    how = "put away" if request.form.get("how") == "put away" else "done"
    with db.transaction() as session:
        tasking.finish(session, task_id, by=actor(), now=now(), how=how)
    flash("The task is done." if how == "done" else "The task is put away.", "ok")
    return redirect(url_for(".tasks", show=request.form.get("show") or None), 303)
