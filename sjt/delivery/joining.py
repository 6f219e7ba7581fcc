"""How delivery takes part in what lower rooms do: its chains in the audit record, its tasks on desks."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlmodel import Session

from sjt.access import Actor, Permission, may
from sjt.accounts import desk
from sjt.accounts.model import DeskTask
from sjt.audit import service as audit
from sjt.authoring import candidate_views, met
from sjt.delivery import exposure, feedback, locked, paper_waiting, service, short_way
from sjt.delivery.model import SessionState

_CHAINS = service.SittingChains()


def register() -> None:
    """Join; done twice it changes nothing."""
    audit.register_chains(_CHAINS)
    desk.register(tasks)
    candidate_views.register(feedback.on_items)
    if locked.has_lock not in short_way.LONG_WAY:
        short_way.LONG_WAY.append(locked.has_lock)
    met.register(exposure.met_by_scenario)


def _paper_tasks(session: Session, actor: Actor) -> Iterable[DeskTask]:
    """Say which papers wait to be keyed by this person, and which differences for the third look."""
    from flask import url_for

    if not (may(actor, Permission.KEY_PAPER) or may(actor, Permission.SETTLE_PAPER)):
        return
    for one in paper_waiting.waiting(session, actor):
        url = url_for("paper.papers", session_id=one.session_id)
        if one.key and may(actor, Permission.KEY_PAPER):
            yield DeskTask(f"{one.place}: papers to key", one.key, url, "Key the answers from the sheets")
        if one.settle and may(actor, Permission.SETTLE_PAPER):
            yield DeskTask(f"{one.place}: papers keyed differently", one.settle, url, "Settle the differences")


def tasks(session: Session, actor: Actor, now: datetime) -> Iterable[DeskTask]:
    """Say which rooms run or start today, who waits for a gateway, and what must be decided before results."""
    from flask import url_for

    yield from _paper_tasks(session, actor)
    if not (may(actor, Permission.INVIGILATE) or may(actor, Permission.SCHEDULE)):
        return
    lines = service.sessions(session)
    if may(actor, Permission.INVIGILATE):
        for line in lines:
            console = url_for("invigilator.console", session_id=line.id)
            if line.state is SessionState.RUNNING:
                yield DeskTask(f"{line.centre}, {line.room} is running", line.booked, console, "Open the room")
            elif line.state is SessionState.SCHEDULED and abs(line.starts - now) < timedelta(hours=24):
                yield DeskTask(f"{line.centre}, {line.room} starts soon", line.booked, console, "Check candidates in")
            elif line.state is SessionState.CLOSED and (left := service.open_questions(session, line.id)):
                report = url_for("invigilator.incidents", session_id=line.id)
                yield DeskTask(f"{line.centre}, {line.room}: results wait for you", len(left), report, left[0])
    if may(actor, Permission.SCHEDULE):
        for line in lines:
            if line.pending and line.state is not SessionState.CLOSED:
                url = url_for("scheduling.session_page", session_id=line.id)
                yield DeskTask(
                    f"{line.centre}, {line.room}: gateway not complete", line.pending, url, "Record evidence"
                )
