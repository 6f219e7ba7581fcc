"""What results put on desks: items to judge, pass marks to sign, results to release."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from sjt.access import Actor, Permission, may
from sjt.accounts import desk
from sjt.accounts.model import DeskTask
from sjt.delivery import after
from sjt.marking import settled
from sjt.results import releasing, store, views
from sjt.results.model import PanelState


def register() -> None:
    """Put tasks on desks; may be called again."""
    desk.register(tasks)
    settled.register(is_released)
    after.seals(session_is_released)


def session_is_released(session: Session, session_id: UUID) -> bool:
    """Tell whether a session's results are out: no paper of it is keyed any more."""
    return any(row.released_at is not None for row in store.releases(session, session_id))


def is_released(session: Session, sitting_id: UUID) -> bool:
    return releasing.outcome_of_sitting(session, sitting_id) is not None


def tasks(session: Session, actor: Actor, now: datetime) -> Iterable[DeskTask]:
    from flask import url_for

    if may(actor, Permission.JUDGE_ITEMS):
        yield from _judging(session, actor)
    if may(actor, Permission.ADOPT_PASS_MARK):
        waiting = [cut for cut in store.proposed_cuts(session) if actor.id not in (cut.adopted_by, cut.proposed_by)]
        if waiting:
            yield DeskTask("Pass marks to sign", len(waiting), url_for("results.pass_marks"), tone="warn")
    if may(actor, Permission.SIGN_KEY_CORRECTION):
        corrected = [
            row for row in store.proposed_corrections(session) if actor.id not in (row.adopted_by, row.proposed_by)
        ]
        if corrected:
            yield DeskTask("Corrected keys to sign", len(corrected), url_for("corrections.corrections"), tone="warn")
    if may(actor, Permission.RELEASE_RESULTS):
        proposed = [row for row in store.open_releases(session) if row.proposed_by != actor.id]
        if proposed:
            yield DeskTask(
                "Releases that wait for your signature", len(proposed), url_for("results.sessions"), tone="warn"
            )
        ready = [
            one
            for one in views.sessions(session)
            if not one.proposed and one.counts.get("provisional") and not one.counts.get("awaiting_marking")
        ]
        if ready:
            yield DeskTask("Sessions with marks to release", len(ready), url_for("results.sessions"))


def _judging(session: Session, actor: Actor) -> Iterable[DeskTask]:
    from flask import url_for

    for line in views.panel_list(session, actor, everyone=False):
        if line.panel.state is PanelState.OPEN and line.rated < line.items:
            yield DeskTask(
                f"Items to judge: {line.panel.title}",
                line.items - line.rated,
                url_for("results.rate_next", panel_id=line.panel.id),
                detail=f"Round {line.panel.round}",
            )
