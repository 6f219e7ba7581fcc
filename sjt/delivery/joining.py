"""How delivery takes part in what lower rooms do: its chains in the audit record, its tasks on desks."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlmodel import Session

from sjt.access import Actor, Permission, may
from sjt.accounts import desk
from sjt.accounts.model import DeskTask
from sjt.audit import service as audit
from sjt.authoring import candidate_views, dealt, met
from sjt.delivery import evidence, exposure, feedback, locked, own_forms, paper_waiting, service, short_way, store
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
    dealt.register(own_forms.dealt_from)


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


def _pool_tasks(session: Session, line: service.SessionLine) -> Iterable[DeskTask]:
    """Say before the day which session's pools will not last."""
    from flask import url_for

    if line.state is SessionState.CLOSED:
        return
    for one in own_forms.standing(session, store.test_session(session, line.id)):
        if one.waiting and one.state != "enough":
            url = url_for("reserve.forms", session_id=line.id)
            words = f"{one.short} would get no form" if one.short else "The pool runs low"
            yield DeskTask(f"{line.centre}, {line.room}: forms of their own", one.short or one.free, url, words)


def _evidence_tasks(session: Session, actor: Actor, now: datetime) -> Iterable[DeskTask]:
    from flask import url_for

    if may(actor, Permission.KEEP_ADJUSTMENT_EVIDENCE) and (count := evidence.to_review(session, on=now.date())):
        url = url_for("evidence.people", show="review")
        yield DeskTask("Evidence behind adjustments", count, url, "Look at it again")


def tasks(session: Session, actor: Actor, now: datetime) -> Iterable[DeskTask]:
    """Say which rooms run or start today, who waits for a gateway, and what must be decided before results."""
    from flask import url_for

    yield from _paper_tasks(session, actor)
    yield from _evidence_tasks(session, actor, now)
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
            yield from _pool_tasks(session, line)
            if line.pending and line.state is not SessionState.CLOSED:
                url = url_for("scheduling.session_page", session_id=line.id)
                yield DeskTask(
                    f"{line.centre}, {line.room}: gateway not complete", line.pending, url, "Record evidence"
                )
