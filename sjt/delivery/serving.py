"""What runs beside the pages: the ledger's writer, a heartbeat every 5 s, the closing of overdue sittings.

One serving process per SQLite file, by a lock file; on PostgreSQL several may serve side by side.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import os
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

import psycopg
import sqlalchemy.exc

from sjt import db
from sjt.access import SYSTEM
from sjt.audit import service as audit
from sjt.config import Settings
from sjt.delivery import evidence, ledger, line_cuts, outages, store
from sjt.delivery.chains import CHAINS
from sjt.delivery.model import ActKind, Instant, OutagePolicy
from sjt.delivery.row import Hand
from sjt.delivery.tables import Outage
from sjt.delivery.timing import instant_to_json
from sjt.delivery.writing import Act
from sjt.errors import Conflict, SjtError, Unavailable
from sjt.times import Clock, SystemClock

if os.name == "posix":
    import fcntl

log = logging.getLogger("sjt.serving")

BEAT_SECONDS: Final = 5.0
GAP_MS: Final = 8_000
"""Silence longer than this, while nobody wrote, was an outage: a beat and a good part of the next are missing."""
START_SECONDS: Final = 60.0
"""How long a server that starts waits for its database to take a write."""
KEEP_BEATS: Final = timedelta(days=90)
SWEEP_MS: Final = 3_600_000
"""How often what is past its day is looked for and erased."""


class ServingLock:
    """A lock file beside an SQLite file: one ``sjt serve`` at a time."""

    def __init__(self, database: db.Database) -> None:
        self._file: int | None = None
        name = database.url.database
        self.path = Path(f"{name}.serving") if database.is_sqlite and name else None

    def take(self) -> None:
        """Take the lock.

        Raises
        ------
        Conflict
            Another process serves this file.
        """
        if self.path is None:
            return
        handle = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        if os.name == "posix":
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                os.close(handle)
                raise Conflict(
                    f"Another sjt serve has {self.path.name.removesuffix('.serving')} open. Stop it first, "
                    "or use PostgreSQL, which takes several."
                ) from None
        self._file = handle

    def give_back(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


class Running:
    """A serving process's ledger and its keeper; ``stop`` writes what is queued and ends both."""

    def __init__(
        self,
        database: db.Database,
        *,
        clock: Clock | None = None,
        grace_seconds: int = 0,
        policy: OutagePolicy = OutagePolicy.ON,
    ) -> None:
        self.database = database
        self.policy = policy
        self.process = uuid4()
        self.ledger = ledger.Ledger(database, clock or SystemClock(), grace_seconds=grace_seconds)
        self._lock = ServingLock(database)
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._last_beat: Instant | None = None
        self._last_sweep: Instant | None = None
        self._line_cuts = line_cuts.LineCuts(database)

    def start(self, *, keep: bool = True) -> Running:
        """Take the lock, credit the outage that ends now, and begin; ``keep`` False leaves ticking to the caller."""
        self._lock.take()
        ledger.bind(self.ledger.start())
        audit.register_chains(CHAINS)
        self._first_tick()
        if keep:
            self._thread = threading.Thread(target=self._keep, name="sjt-keeper", daemon=True)
            self._thread.start()
        return self

    def _first_tick(self) -> None:
        """Credit the outage before anybody is served; a database that is locked or still starting is waited for."""
        until = time.monotonic() + START_SECONDS
        while True:
            try:
                self.tick()
                return
            except (Unavailable, sqlalchemy.exc.OperationalError) as error:
                if time.monotonic() > until:
                    raise
                log.error("the database cannot be written yet; serving begins when it can: %s", error)
                time.sleep(1)

    def stop(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=30)
        self.ledger.stop()
        self._lock.give_back()

    def _keep(self) -> None:
        while not self._stop.wait(1.0):
            try:
                self.tick()
            except (SjtError, sqlalchemy.exc.SQLAlchemyError, psycopg.Error) as error:
                log.error("the keeper will try again in a second: %s", error)

    def tick(self) -> None:
        """Beat if it is time: credit an outage that has just ended, note who is silent. Then close what is overdue."""
        at = self.ledger.now()
        if self._last_beat is None or _elapsed_ms(self._last_beat, at) >= BEAT_SECONDS * 1000:
            away = self._credit(at)
            self.ledger.run(lambda hand: beat(hand, at, self.process))
            self._last_beat = at
            self._line_cuts.look(at, away=away)
        self.close_overdue(at)
        if self._last_sweep is None or _elapsed_ms(self._last_sweep, at) >= SWEEP_MS:
            self._sweep(at)
            self._last_sweep = at

    def _sweep(self, at: Instant) -> None:
        """Erase evidence behind adjustments that is past the day until which it was to be kept."""
        with self.database.session() as session:
            if not evidence.due(session, on=at.at.date()):
                return
        with self.database.transaction() as session:
            evidence.erase_due(session, now=at.at)

    def close_overdue(self, at: Instant) -> int:
        """Close every sitting whose time is over; its finish is the end, not this moment."""
        with self.database.session() as session:
            ids = store.overdue(session, at)
        if ids:
            acts = [Act(sitting_id, ActKind.CLOSED, SYSTEM.id, at, {"cause": "time"}) for sitting_id in ids]
            self.ledger.act_all(acts)
        return len(ids)

    def _credit(self, at: Instant) -> bool:
        """Give back the time during which no server lived, once, to every open sitting; True if there was one."""
        with self.database.session() as session:
            beat = store.last_heartbeat(session)
            if beat is None:
                return False
            signs = [*store.signs_of_life(session, Instant(beat.at, beat.boot, beat.mono_ms)), at]
            # a fresh process on a file of its own knows that nobody served; otherwise a silence must show it, and
            # the longest is looked for: when a database comes back, pages may write before this beat does
            alone = self._last_beat is None and self.database.is_sqlite
            silences = list(itertools.pairwise(signs))
            last, back = silences[-1] if alone else max(silences, key=lambda pair: _elapsed_ms(*pair))
            gap = _elapsed_ms(last, back)
            if gap <= (0 if alone else GAP_MS):
                return False
            ids = store.running(session)
            beat_id = beat.id
            assert beat_id is not None, "a stored beat has its number"
        credited = self.policy is OutagePolicy.ON
        # Two servers may see one gap and both write it down: credited spans of time that overlap count once.
        outage = {
            "from": instant_to_json(last),
            "to": instant_to_json(back),
            "credited": credited,
            "policy": self.policy.value,
            "key": f"{beat_id}:{self.process}",
        }
        self.ledger.act_all([Act(sitting_id, ActKind.OUTAGE, SYSTEM.id, at, outage) for sitting_id in ids])
        if ids:
            with self.database.transaction() as session:
                outages.tell_rooms(session, ids, str(beat_id), last, back, gap, self.policy)
        with contextlib.suppress(sqlalchemy.exc.IntegrityError), self.database.transaction() as session:
            session.add(Outage(last_beat=beat_id, from_at=last.at, to_at=back.at, ms=gap, credited=credited))
            session.flush()
            if ids:
                body = {"from": last.at.isoformat(), "to": back.at.isoformat(), "policy": self.policy.value}
                audit.record(session, by=SYSTEM, did="server.outage", on="server", at=at.at, body=body)
        return True


def beat(hand: Hand, at: Instant, process: UUID) -> None:
    """Write one heartbeat row and forget the oldest."""
    hand.run(
        "INSERT INTO heartbeat (at, boot, mono_ms, process) VALUES (?, ?, ?, ?)",
        hand.time(at.at),
        at.boot,
        at.mono_ms,
        hand.uuid(process),
    )
    hand.run("DELETE FROM heartbeat WHERE at < ?", hand.time(at.at - KEEP_BEATS))


def _elapsed_ms(start: Instant, end: Instant) -> int:
    if start.boot == end.boot:
        return end.mono_ms - start.mono_ms
    return max(0, round((end.at - start.at) / timedelta(milliseconds=1)))


def start(database: db.Database, settings: Settings, clock: Clock | None = None) -> Running:
    """Start what serves sittings on this database; ``sjt serve`` calls it once per process."""
    policy = OutagePolicy(settings.outage_credit)
    return Running(database, clock=clock, grace_seconds=settings.grace_seconds, policy=policy).start()
