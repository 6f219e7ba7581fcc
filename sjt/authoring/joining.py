"""What the authoring room puts on desks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlmodel import Session

from sjt.access import Actor, Permission, may
from sjt.accounts import desk
from sjt.accounts.model import DeskTask
from sjt.authoring import lifecycle, service, store, store_drafts, store_forms, tasking
from sjt.authoring.states import SetState


def tasks(session: Session, actor: Actor, now: datetime) -> Iterator[DeskTask]:
    """Yield what waits in the bank and among the forms for this person."""
    if not service.bank_exists(session):
        if may(actor, Permission.IMPORT_BANK):
            yield DeskTask("Import a bank of scenarios", 1, "/bank/import", "There is none yet.")
        return
    if may(actor, Permission.DISCUSS_SCENARIO):
        yield from _asked(session, actor, now)
    if may(actor, Permission.EDIT_SCENARIO):
        mine = [row for row in store_drafts.open_drafts(session) if actor.id in (row.created_by, row.changed_by)]
        if mine:
            url = f"/bank/drafts/{mine[0].id}" if len(mine) == 1 else "/bank/drafts"
            detail = ", ".join(row.title or row.scenario_id for row in mine[:3])
            yield DeskTask("Go on with your drafts", len(mine), url, detail)
        report = service.findings(session, today=now.date())
        if report.findings:
            detail = f"{len(report.errors)} errors, {len(report.warnings)} warnings"
            yield DeskTask("Findings in the bank", len(report.findings), "/bank/findings", detail)
    if may(actor, Permission.APPROVE_SCENARIO):
        ready = lifecycle.ready_for_trial(session, actor)
        if ready:
            url = f"/bank/scenarios/{ready[0]}/history" if len(ready) == 1 else "/bank/?state=review"
            yield DeskTask("Approve for trial: read by all and signed off", len(ready), url, ", ".join(ready[:5]))
    if may(actor, Permission.BUILD_FORMS):
        counts = store_forms.form_counts(session)
        for made in store_forms.form_sets(session):
            total, published = counts.get(made.id, (0, 0))
            if made.state is SetState.BUILT and not published:
                label = f"Publish the forms of set {made.number}, {made.blueprint}"
                yield DeskTask(label, total, f"/forms/{made.id}", "Built and not published yet.")


def _asked(session: Session, actor: Actor, now: datetime) -> Iterator[DeskTask]:
    """Yield one line for each kind of task that is asked of this person, and one for all that is late."""
    held = store.tasks(session, assignee=actor.id)
    today = now.date()
    late = [one for one in held if one.due < today]
    if late:
        first = f"{tasking.KIND_WORDS[late[0].kind]}: {late[0].scenario_id}, due {late[0].due:%-d %B}"
        yield DeskTask("Tasks on scenarios are overdue", len(late), "/bank/tasks", first, tone="danger")
    for kind in dict.fromkeys(one.kind for one in held):
        own = [one for one in held if one.kind is kind and one.due >= today]
        if own:
            detail = ", ".join(f"{one.scenario_id} by {one.due:%-d %B}" for one in own[:3])
            yield DeskTask(f"{tasking.KIND_WORDS[kind]}: scenarios", len(own), "/bank/tasks", detail)


def register() -> None:
    """Take part in what lower rooms do."""
    desk.register(tasks)
