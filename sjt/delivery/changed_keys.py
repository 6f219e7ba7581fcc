"""Who sat on a key that the bank has changed since: their marks stand, and somebody decides whether that is right."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from sjt.authoring import service as authoring
from sjt.delivery.model import SittingState
from sjt.delivery.tables import Candidate, Sitting


@dataclass(frozen=True, slots=True)
class Affected:
    """One sitting that began on a form with the older key."""

    sitting_id: UUID
    session_id: UUID
    candidate: str
    uln: str
    form_id: str
    state: SittingState
    started_at: datetime


@dataclass(frozen=True, slots=True)
class ChangedKey:
    """A scenario whose key in the bank is another than the one that a form was frozen with."""

    scenario: str
    title: str
    then: str
    now: str
    changed_at: datetime
    items: tuple[str, ...]
    """Its items on those forms."""
    forms: tuple[str, ...]
    affected: tuple[Affected, ...]


def changed_keys(session: Session) -> list[ChangedKey]:
    """Give every key of a published form that has changed in the bank since, with all who sat on it."""
    found = []
    met = _begun_on(session)
    for one in authoring.changed_keys(session):
        lines = [
            Affected(
                sitting_id=sitting.id,
                session_id=sitting.session_id,
                candidate=f"{person.given_name} {person.family_name}",
                uln=person.uln,
                form_id=form_id,
                state=sitting.state,
                started_at=sitting.started_at,
            )
            for form_id in one.forms
            for sitting, person in met.get(form_id, ())
            if sitting.started_at is not None
        ]
        lines.sort(key=lambda line: (line.started_at, line.candidate))
        found.append(
            ChangedKey(one.scenario, one.title, one.then, one.now, one.changed_at, one.items, one.forms, tuple(lines))
        )
    return found


def _begun_on(session: Session) -> dict[str, list[tuple[Sitting, Candidate]]]:
    """Give, for each form that candidates have met, the sittings that began on it."""
    query = (
        select(Sitting, Candidate)
        .join(Candidate, col(Candidate.id) == col(Sitting.candidate_id))
        .where(col(Sitting.started_at).is_not(None))
    )
    found: dict[str, list[tuple[Sitting, Candidate]]] = {}
    for sitting, person in session.exec(query):
        found.setdefault(sitting.form_id, []).append((sitting, person))
    return found
