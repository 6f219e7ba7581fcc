"""Work under way on the demonstration's bank: a scenario in review with an open comment, a task that is late, one
suspended. All of it is simulated and says so; no word of the bank changes, and no form is touched.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from sqlmodel import Session

from sjt import db
from sjt.access import Actor
from sjt.authoring import discussion, lifecycle, suspending, tasking
from sjt.authoring import service as authoring
from sjt.authoring.states import ReviewKind, ScenarioState, TaskKind

SIMULATED: Final = "Simulated for the demonstration: "


def build_desk_work(staff: Mapping[str, Actor], now: datetime) -> None:
    """Take three scenarios that no form holds, and let people work on them."""
    with db.session() as session:
        free = _free(session)
    if len(free) < 3:
        return
    read, late, out = free[:3]
    writer, developer, first, second = (staff[name] for name in ("writer", "developer", "reviewer", "reviewer2"))
    with db.transaction() as session:
        words = f"{SIMULATED}a reader found the setting out of date."
        lifecycle.move(session, read, "retire", by=developer, now=now, reason=words)
        words = f"{SIMULATED}its setting is true again, and it wants new eyes."
        lifecycle.move(session, read, "revive", by=developer, now=now, reason=words)
        lifecycle.move(session, read, "send", by=writer, now=now)
        n = lifecycle.row_of(session, read).version
        for person, kind in (
            (first, TaskKind.REVIEW),
            (second, TaskKind.REVIEW),
            (staff["fairness"], TaskKind.FAIRNESS),
        ):
            words = f"{SIMULATED}is the setting as it is today?"
            tasking.ask(session, read, kind, person.id, now.date() + timedelta(days=7), words, by=writer, now=now)
        words = f"{SIMULATED}would a new worker be left alone at this hour? Say who else is on shift."
        discussion.open_thread(session, read, n, words, field="story", for_all=True, by=first, now=now)
        words = f"{SIMULATED}reads true to me."
        lifecycle.review(session, read, n, ReviewKind.REVIEW, approves=True, words=words, by=second, now=now)
        asked = now - timedelta(days=14)
        words = f"{SIMULATED}the guidance it leans on has a new edition."
        tasking.ask(
            session, late, TaskKind.LAW, writer.id, asked.date() + timedelta(days=10), words, by=developer, now=asked
        )
        words = f"{SIMULATED}the rule it leans on is under review."
        suspending.suspend(session, [out], {"words": "the rule"}, words, by=developer, now=now)


def _free(session: Session) -> list[str]:
    """Name the scenarios of the core that are live and in no published form, in the bank's order."""
    used = {one for form in authoring.form_uses(session) for one, _, _ in form.scenarios}
    states = authoring.states(session)
    return [
        one.id
        for one in authoring.bank(session).scenarios
        if one.option == "core" and one.id not in used and states[one.id] is ScenarioState.LIVE
    ]
