"""A session's key pair for emergency files: made when its first candidate enters, its private half sealed."""

from __future__ import annotations

import contextlib
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from sjt import db
from sjt.delivery import emergency
from sjt.delivery.tables_candidate import SessionKey


def ensure_key(session_id: UUID, *, secret_key: str, now: datetime) -> None:
    """Give a session its key pair, once; two that come at the same time make one."""
    with db.session() as session:
        if session.get(SessionKey, session_id) is not None:
            return
    with contextlib.suppress(IntegrityError), db.transaction() as session:
        add_key(session, session_id, secret_key=secret_key, now=now)


def add_key(session: Session, session_id: UUID, *, secret_key: str, now: datetime) -> None:
    public, sealed = emergency.new_pair(secret_key, session_id)
    session.add(SessionKey(session_id=session_id, public=public, sealed=sealed, made_at=now))
    session.flush()


def for_page(session: Session, session_id: UUID, sitting_id: UUID, lease: int, *, secret_key: str) -> dict[str, Any]:
    """Give what a candidate's page needs to write a file: public key and its lease's own; empty if there is no key."""
    row = session.get(SessionKey, session_id)
    return {} if row is None else of_public(row.public, session_id, sitting_id, lease, secret_key=secret_key)


def of_public(public: bytes, session_id: UUID, sitting_id: UUID, lease: int, *, secret_key: str) -> dict[str, Any]:
    """Give the same for a session's public key that was read already."""
    return {
        "format": emergency.FORMAT,
        "session": str(session_id),
        "public": emergency.text_of(public),
        "key": emergency.text_of(emergency.lease_key(secret_key, sitting_id, lease)),
    }
