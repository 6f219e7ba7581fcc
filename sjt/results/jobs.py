"""Marking a session as background work, a few sittings in a transaction, so that no save waits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from sjt.access import Actor
from sjt.jobs.context import JobContext
from sjt.results import marking_run, releasing
from sjt.results.forms import Shelf
from sjt.times import utc_now

AT_ONCE: Final = 4


def mark(args: Mapping[str, Any], context: JobContext) -> Mapping[str, Any]:
    """Mark every sitting of ``{"session": id}`` whose marks are missing or rest on other answers than now stand."""
    session_id = UUID(args["session"])
    done = mark_waiting(session_id, context, reason="marked")
    return {"goes_to": f"/results/sessions/{session_id}", "marked": done}


def mark_waiting(session_id: UUID, context: JobContext, *, reason: str) -> int:
    """Mark what waits. A released result stays as it is; its sitting is marked anew by a corrected key alone."""
    with context.session() as session:
        found = marking_run.waiting(session, session_id)
        unreleased = [one for one in found.answers if releasing.outcome_of_sitting(session, one) is None]
        waiting = [*unreleased, *found.keys]
        shelf = Shelf(session)
    by = Actor(context.by, "", frozenset())
    for start in range(0, len(waiting), AT_ONCE):
        context.check_cancelled()
        with context.transaction() as session:
            chosen = waiting[start : start + AT_ONCE]
            marking_run.mark_sittings(session, chosen, shelf, by=by, now=utc_now(), reason=reason)
        context.progress(start + len(chosen), len(waiting), "Marking")
    return len(waiting)
