"""Incidents of a session: fixed categories and text, open until somebody resolves them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from sjt.access import Actor
from sjt.audit import service as audit
from sjt.delivery import store
from sjt.delivery.model import IncidentCategory
from sjt.delivery.tables import Incident
from sjt.errors import InputError, NotFound


def report_incident(
    session: Session,
    session_id: UUID,
    category: IncidentCategory,
    text: str,
    *,
    by: Actor,
    now: datetime,
    sitting_id: UUID | None = None,
) -> UUID:
    """Write an incident down; results wait until it is resolved."""
    store.test_session(session, session_id)
    if sitting_id is not None and store.sitting(session, sitting_id).session_id != session_id:
        raise NotFound("That sitting is not in this session.")
    said = text.strip()
    if not said or len(said) > 4000:
        raise InputError("Say what happened, in at most 4,000 characters.")
    row = Incident(session_id=session_id, sitting_id=sitting_id, category=category, text=said, at=now, by=by.id)
    session.add(row)
    session.flush()
    body = {"category": category.value, "text": said, "sitting": str(sitting_id) if sitting_id else None}
    audit.record(session, by=by, did="session.incident_reported", on=session_id, at=now, body=body)
    return row.id


def resolve_incident(session: Session, incident_id: UUID, resolution: str, *, by: Actor, now: datetime) -> None:
    row = session.get(Incident, incident_id)
    if row is None:
        raise NotFound("There is no such incident.")
    if row.resolved_at is not None:
        return
    if not resolution.strip():
        raise InputError("Say how the incident was resolved.")
    row.resolution, row.resolved_at, row.resolved_by = resolution.strip()[:4000], now, by.id
    session.add(row)
    body = {"incident": str(incident_id), "resolution": row.resolution}
    audit.record(session, by=by, did="session.incident_resolved", on=row.session_id, at=now, body=body)
