"""What the authoring room asks its database about drafts, their steps and what was set aside."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from sjt.authoring.tables import (
    ScenarioDraft,
    ScenarioDraftAside,
    ScenarioDraftStep,
    ScenarioRow,
)


def draft(session: Session, draft_id: UUID, *, hold: bool = False) -> ScenarioDraft | None:
    """Give a draft; with ``hold`` nobody else changes it until the transaction ends."""
    query = select(ScenarioDraft).where(ScenarioDraft.id == draft_id)
    return session.exec(query.with_for_update() if hold else query).first()


def open_draft_of(session: Session, scenario_id: str) -> ScenarioDraft | None:
    return session.exec(select(ScenarioDraft).where(ScenarioDraft.open_for == scenario_id)).first()


def open_drafts(session: Session) -> Sequence[ScenarioDraft]:
    """Give the open drafts, the one changed last first."""
    return session.exec(
        select(ScenarioDraft)
        .where(col(ScenarioDraft.open_for).is_not(None))
        .order_by(col(ScenarioDraft.changed_at).desc(), col(ScenarioDraft.id))
    ).all()


def drafts_put_away(session: Session, most: int) -> Sequence[ScenarioDraft]:
    """Give the drafts that were put away and became nothing, the last first."""
    return session.exec(
        select(ScenarioDraft)
        .where(col(ScenarioDraft.open_for).is_(None), col(ScenarioDraft.became).is_(None))
        .order_by(col(ScenarioDraft.closed_at).desc(), col(ScenarioDraft.id))
        .limit(most)
    ).all()


def ids_given(session: Session) -> set[str]:
    """Give every scenario id that a scenario or a draft has."""
    return set(session.exec(select(ScenarioRow.id))) | set(session.exec(select(ScenarioDraft.scenario_id)))


def step(session: Session, draft_id: UUID, n: int) -> ScenarioDraftStep | None:
    return session.get(ScenarioDraftStep, (draft_id, n))


def steps(session: Session, draft_id: UUID, *, before: int, most: int) -> Sequence[ScenarioDraftStep]:
    """Give the steps of a draft up to one, the newest first."""
    return session.exec(
        select(ScenarioDraftStep)
        .where(ScenarioDraftStep.draft_id == draft_id, col(ScenarioDraftStep.n) <= before)
        .order_by(col(ScenarioDraftStep.n).desc())
        .limit(most)
    ).all()


def aside(session: Session, aside_id: UUID) -> ScenarioDraftAside | None:
    return session.get(ScenarioDraftAside, aside_id)


def asides(session: Session, draft_id: UUID) -> Sequence[ScenarioDraftAside]:
    """Give the saves of a draft that wait to be brought together, the oldest first."""
    return session.exec(
        select(ScenarioDraftAside)
        .where(ScenarioDraftAside.draft_id == draft_id, col(ScenarioDraftAside.settled_at).is_(None))
        .order_by(col(ScenarioDraftAside.at), col(ScenarioDraftAside.id))
    ).all()


def drafts_that_became(session: Session, scenario_id: str) -> Sequence[ScenarioDraft]:
    return session.exec(
        select(ScenarioDraft)
        .where(ScenarioDraft.scenario_id == scenario_id, col(ScenarioDraft.became).is_not(None))
        .order_by(col(ScenarioDraft.became))
    ).all()


def steps_of(session: Session, draft_id: UUID) -> list[tuple[int, str, datetime, str]]:
    """Give number, deed, time and person of each step of a draft, without what it holds."""
    rows = session.exec(
        select(ScenarioDraftStep.n, ScenarioDraftStep.did, ScenarioDraftStep.at, ScenarioDraftStep.by)
        .where(ScenarioDraftStep.draft_id == draft_id)
        .order_by(col(ScenarioDraftStep.n))
    )
    return [(n, did, at, by) for n, did, at, by in rows]
