"""The import of an emergency file: what it holds goes through the ledger like a browser's events, twice as once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlmodel import Session, col, select

from sjt import db
from sjt.access import Actor
from sjt.audit import service as audit
from sjt.db import new_id
from sjt.delivery import emergency, running, store
from sjt.delivery.emergency import FileRefused
from sjt.delivery.model import MAX_EVENTS
from sjt.delivery.tables_candidate import EmergencyImport, SessionKey
from sjt.errors import NotFound

_COUNTED: Final = frozenset({"answer", "flag"})
"""Kinds that a person calls a change; views and the like are stored too and not counted out loud."""
MAX_FILE_EVENTS: Final = 5_000


@dataclass(frozen=True, slots=True)
class ImportLine:
    """One import as the room reads it."""

    id: UUID
    sitting_id: UUID
    at: datetime
    by: str
    saved_at: str
    added: int
    known: int
    held: int
    refused: int


def import_file(session_id: UUID, raw: bytes, *, by: Actor, secret_key: str, now: datetime) -> ImportLine:
    """Take a file's events into its sitting; a file that is not this room's or was changed leaves an audit line.

    Raises
    ------
    FileRefused
        Another session's, no sitting of this room, a changed bit, or no such file at all.
    """
    digest = hashlib.sha256(raw).hexdigest()
    try:
        envelope, pairs = _read(session_id, raw, secret_key)
    except FileRefused as refusal:
        body = {"why": refusal.message, "file_sha256": digest, "bytes": len(raw)}
        with db.transaction() as session:
            audit.record(session, by=by, did="session.emergency_refused", on=session_id, at=now, body=body)
        raise
    sitting_id = envelope.sitting_id
    counts = {"added": 0, "known": 0, "held": 0, "refused": 0}
    for lease, events in _batches(pairs):
        with db.session() as session:
            before = store.known_events(session, sitting_id, [str(event.get("id")) for event in events])
        reply = running.save_events(sitting_id, lease, events, by=by.id, via=f"emergency file {digest[:16]}")
        loud = {str(event.get("id")) for event in events if event.get("kind") in _COUNTED}
        for name in loud & set(reply.acked):
            counts["known" if name in before else "added"] += 1
        for one in reply.refused:
            if one.id in loud:
                counts["known" if one.id in before and one.kept else "held" if one.kept else "refused"] += 1
    line = EmergencyImport(
        id=new_id(),
        session_id=session_id,
        sitting_id=sitting_id,
        file_sha256=digest,
        saved_at=envelope.saved_at,
        at=now,
        by=by.id,
        **counts,
    )
    found = _line(line)
    with db.transaction() as session:
        session.add(line)
        body = {"sitting": str(sitting_id), "file_sha256": digest, "saved_at": envelope.saved_at, **counts}
        audit.record(session, by=by, did="session.emergency_imported", on=session_id, at=now, body=body)
    return found


def _read(session_id: UUID, raw: bytes, secret_key: str) -> tuple[emergency.Envelope, list[tuple[int, dict[str, Any]]]]:
    envelope = emergency.read(raw)
    if envelope.session_id != session_id:
        raise FileRefused("The file belongs to another session. Open the room of that session and import it there.")
    with db.session() as session:
        key = session.get(SessionKey, session_id)
        try:
            sitting = store.sitting(session, envelope.sitting_id)
        except NotFound as error:
            raise FileRefused("The file names a sitting that is not in this session. Nothing was taken.") from error
        if sitting.session_id != session_id or key is None or envelope.lease > sitting.lease:
            raise FileRefused("The file names a sitting that is not in this session. Nothing was taken.")
        sealed = key.sealed
    private = emergency.unsealed(secret_key, session_id, sealed)
    data = emergency.opened(envelope, private, emergency.lease_key(secret_key, envelope.sitting_id, envelope.lease))
    pairs = []
    for one in data["events"][:MAX_FILE_EVENTS]:
        lease, event = (one.get("lease"), one.get("event")) if isinstance(one, dict) else (None, None)
        if type(lease) is int and 1 <= lease <= envelope.lease and isinstance(event, dict):
            pairs.append((lease, event))
    return envelope, pairs


def _batches(pairs: Iterable[tuple[int, dict[str, Any]]]) -> Iterable[tuple[int, list[dict[str, Any]]]]:
    """Give the events lease by lease, in the order of their numbers, no more at once than a browser may send."""
    by_lease: dict[int, list[dict[str, Any]]] = {}
    for lease, event in pairs:
        by_lease.setdefault(lease, []).append(event)
    for lease in sorted(by_lease):
        events = sorted(by_lease[lease], key=lambda one: one["seq"] if type(one.get("seq")) is int else 0)
        for start in range(0, len(events), MAX_EVENTS):
            yield lease, events[start : start + MAX_EVENTS]


def imports(session: Session, session_id: UUID) -> list[ImportLine]:
    query = select(EmergencyImport).where(col(EmergencyImport.session_id) == session_id)
    return [_line(row) for row in session.exec(query.order_by(col(EmergencyImport.at).desc()))]


def _line(row: EmergencyImport) -> ImportLine:
    return ImportLine(row.id, row.sitting_id, row.at, row.by, row.saved_at, row.added, row.known, row.held, row.refused)
