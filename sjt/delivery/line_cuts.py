"""A candidate's own outage: a running test whose computer says nothing for a minute stands on the incident log.

The keeper looks at every beat. The incident is closed by itself when the computer is heard again; where the test ends
without a word more, it stays open, and somebody looks before the result is released.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlmodel import Session, col, select

from sjt import db
from sjt.access import SYSTEM
from sjt.delivery import incidents, outages
from sjt.delivery.model import IncidentCategory, Instant, SittingState
from sjt.delivery.tables import Incident, LedgerRow, Sitting

SILENT_FOR: Final = timedelta(seconds=60)
"""A page with nothing to save says so every 8 s; the console shows a silence after 25 s."""

STEP_MS: Final = 5_000
"""Wall clock and monotonic clock further apart than this between two beats: the wall clock was set."""

WORDS: Final = (
    "No contact with the candidate's computer for more than a minute. What is answered meanwhile is kept on it."
)


class LineCuts:
    """Watches the running tests of one server; a time in which the server itself was away is nobody's silence."""

    def __init__(self, database: db.Database) -> None:
        self.database = database
        self._heard_since: datetime | None = None
        self._last: Instant | None = None

    def look(self, at: Instant, *, away: bool) -> None:
        """Write down who has fallen silent and who is heard again.

        Silence counts anew from this beat when the server itself was ``away`` or its wall clock was set.
        """
        last = self._last
        self._last = at
        if self._heard_since is None or last is None or last.boot != at.boot or away or _stepped(last, at):
            self._heard_since = at.at
        with self.database.session() as session:
            due = bool(_silent(session, at.at, self._heard_since)) or bool(_heard_again(session))
        if not due:
            return
        with self.database.transaction() as session:
            for sitting in _silent(session, at.at, self._heard_since, lock=True):
                assert sitting.last_event_at is not None, "only such sittings are asked for"
                incidents.report_incident(
                    session,
                    sitting.session_id,
                    IncidentCategory.TECHNICAL,
                    WORDS,
                    by=SYSTEM,
                    now=sitting.last_event_at,
                    sitting_id=sitting.id,
                )
            for incident, heard in _heard_again(session, lock=True):
                took = outages.in_words(round((heard - incident.at) / timedelta(milliseconds=1)))
                words = f"Heard again after {took}. The clock ran on; the room decides whether to give time back."
                incidents.resolve_incident(session, incident.id, words, by=SYSTEM, now=heard)


def _stepped(last: Instant, at: Instant) -> bool:
    wall_ms = (at.at - last.at) / timedelta(milliseconds=1)
    return abs(wall_ms - (at.mono_ms - last.mono_ms)) > STEP_MS


def _open_cut() -> sa.ColumnElement[bool]:
    return sa.and_(
        col(Incident.by) == SYSTEM.id,
        col(Incident.category) == IncidentCategory.TECHNICAL,
        col(Incident.text) == WORDS,
        col(Incident.resolved_at).is_(None),
    )


def _silent(session: Session, now: datetime, heard_since: datetime, *, lock: bool = False) -> Sequence[Sitting]:
    """Give the running tests silent for too long that are not on the log; ``lock`` lets one of two servers write."""
    if now - heard_since <= SILENT_FOR:
        return []
    known = sa.exists().where(col(Incident.sitting_id) == col(Sitting.id), _open_cut())
    query = select(Sitting).where(
        col(Sitting.state) == SittingState.RUNNING,
        col(Sitting.lease_hmac).is_not(None),
        col(Sitting.last_event_at) < now - SILENT_FOR,
        ~known,
    )
    if lock:
        # the second server waits here; what the first has written it sees only by asking again
        ids = session.exec(query.with_for_update()).all()
        if not ids:
            return []
    silent = session.exec(query.execution_options(populate_existing=True)).all()
    return [one for one in silent if now - _last_deed(session, one) > SILENT_FOR]


def _last_deed(session: Session, sitting: Sitting) -> datetime:
    """When the ledger last moved: a test that goes on after a pause has not been silent for the pause."""
    link = session.get(LedgerRow, (sitting.id, sitting.head_n))
    return datetime.fromisoformat(link.at).astimezone(UTC) if link else datetime.min.replace(tzinfo=UTC)


def _heard_again(session: Session, *, lock: bool = False) -> Sequence[tuple[Incident, datetime]]:
    query = (
        select(Incident, col(Sitting.last_event_at))
        .join(Sitting, col(Sitting.id) == col(Incident.sitting_id))
        .where(_open_cut(), col(Sitting.last_event_at) > col(Incident.at))
    )
    if lock:
        query = query.with_for_update(of=Incident)
    return [(incident, heard) for incident, heard in session.exec(query).all() if heard is not None]
