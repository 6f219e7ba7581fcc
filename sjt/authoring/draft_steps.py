"""A draft and its steps: read, opened for work, and one step more."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from sjt.access import Actor
from sjt.authoring import store_drafts
from sjt.authoring.tables import (
    ScenarioDraft,
    ScenarioDraftStep,
)
from sjt.errors import MoveRefused, NotFound

MOST_FIELDS = 4_000
MOST_SIGNS = 400_000
"""A scenario has some 200 fields and 10,000 signs; more was not typed."""


def draft(session: Session, draft_id: UUID) -> ScenarioDraft:
    found = store_drafts.draft(session, draft_id)
    if found is None:
        raise NotFound("There is no such draft. The list of drafts has those that are open.")
    return found


def fields_of(session: Session, row: ScenarioDraft) -> dict[str, str]:
    """Give what a draft says now."""
    return dict(newest_step(session, row).held)


def newest_step(session: Session, row: ScenarioDraft) -> ScenarioDraftStep:
    found = store_drafts.step(session, row.id, row.revision)
    assert found is not None, "a draft has a step for its revision"
    return found


def opened(session: Session, draft_id: UUID) -> ScenarioDraft:
    row = store_drafts.draft(session, draft_id, hold=True)
    if row is None:
        raise NotFound("There is no such draft. The list of drafts has those that are open.")
    if row.open_for is None:
        what = f"became version {row.became}" if row.became else "was put away"
        raise MoveRefused(f"This draft {what}, so it changes no more. Edit the scenario to begin another.")
    return row


def add_step(
    session: Session,
    row: ScenarioDraft,
    held: Mapping[str, str],
    did: str,
    *,
    by: Actor,
    now: datetime,
    undo_to: int | None = None,
    redo_to: int = 0,
) -> None:
    before = row.revision
    row.revision += 1
    row.title = held.get("title", "")[:200]
    row.changed_at, row.changed_by = now, by.id
    session.add(row)
    session.add(
        ScenarioDraftStep(
            draft_id=row.id,
            n=row.revision,
            did=did,
            held=dict(held),
            undo_to=before if undo_to is None else undo_to,
            redo_to=redo_to,
            at=now,
            by=by.id,
        )
    )
    session.flush()
