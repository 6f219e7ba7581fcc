"""What hundreds of pages ask every few seconds, read by hand-written SQL on connections of its own that cannot write.

A page that waits, or whose clock runs, asks for little more than one row. Through the session of everything else that
costs ten times as much as the row itself, and five hundred pages that wait for a start would use half a processor.
Nothing is kept between two questions: each is answered from the database.
"""

from __future__ import annotations

import contextlib
import queue
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from sjt import db
from sjt.delivery.model import SittingState
from sjt.errors import Unavailable

CONNECTIONS: Final = 8
"""Side by side in one process; PostgreSQL has a hundred for all."""
WAIT_SECONDS: Final = 5.0

_ROW: Final = (
    "s.state, s.lease, s.content_head, s.total_ms, s.left_ms, s.ends_boot, s.ends_mono_ms, s.ends_at, "
    "s.receipt, s.session_id, s.form_id, s.deal, p.display, p.help_at, p.help_seen_at, t.starts"
)
_TABLES: Final = (
    "FROM sitting s JOIN test_session t ON t.id = s.session_id LEFT JOIN sitting_page p ON p.sitting_id = s.id"
)
_POLLED: Final = f"SELECT {_ROW} {_TABLES} WHERE s.id = ?"
_FRESH: Final = (
    f"SELECT {_ROW}, k.public, b.adjustment {_TABLES} JOIN booking b ON b.id = s.booking_id "
    "LEFT JOIN session_key k ON k.session_id = s.session_id WHERE s.id = ? AND NOT EXISTS "
    "(SELECT 1 FROM ledger_body l WHERE l.sitting_id = s.id AND l.seq IS NOT NULL)"
)


@dataclass(frozen=True, slots=True)
class Polled:
    """A sitting's row as its page asks for it."""

    state: SittingState
    lease: int
    content_head: str
    total_ms: int
    left_ms: int
    ends_boot: str | None
    ends_mono_ms: int | None
    ends_at: datetime | None
    receipt: str | None
    session_id: UUID
    form_id: str
    deal: str
    display: Any
    help_at: Any
    help_seen_at: Any
    starts: datetime


@dataclass(frozen=True, slots=True)
class Fresh:
    """What a page that opens for the first time needs beside it."""

    public: bytes | None
    adjustment: Any


class Reader:
    """A few connections of one database; a fault closes the one it happened on."""

    def __init__(self, database: db.Database) -> None:
        self._database = database
        self._free: queue.LifoQueue[Any] = queue.LifoQueue()
        for _ in range(CONNECTIONS):
            self._free.put(None)

    @contextlib.contextmanager
    def _connection(self) -> Iterator[Any]:
        try:
            found = self._free.get(timeout=WAIT_SECONDS)
        except queue.Empty:
            raise Unavailable("The server has too much to read just now. Try again.") from None
        try:
            if found is None:
                found = self._connect()
            yield found
        except BaseException:
            if found is not None:
                found.close()
            found = None
            raise
        finally:
            self._free.put(found)

    def _connect(self) -> Any:
        if self._database.is_sqlite:
            # autocommit: each statement sees what is committed, and none holds a file's old state
            made = sqlite3.connect(
                str(self._database.url.database), isolation_level=None, check_same_thread=False,
                timeout=db.BUSY_TIMEOUT_MS / 1000,
            )  # fmt: skip
            made.execute("PRAGMA query_only = ON")
            return made
        import psycopg

        arguments, options = self._database.engine.dialect.create_connect_args(self._database.url)
        said = "-c default_transaction_read_only=on -c statement_timeout=5000"
        return psycopg.connect(*arguments, **options, autocommit=True, options=said, prepare_threshold=1)

    def _one(self, text: str, sitting_id: UUID) -> Any:
        with self._connection() as connection:
            if self._database.is_sqlite:
                return connection.execute(text, (sitting_id.hex,)).fetchone()
            return connection.execute(text.replace("?", "%s"), (sitting_id,)).fetchone()

    def polled(self, sitting_id: UUID) -> Polled | None:
        row = self._one(_POLLED, sitting_id)
        return None if row is None else _polled(row)

    def fresh(self, sitting_id: UUID) -> tuple[Polled, Fresh] | None:
        """Give what a page needs that opens for the first time; None if anything was stored for the sitting."""
        row = self._one(_FRESH, sitting_id)
        return None if row is None else (_polled(row), Fresh(*row[16:]))

    def close(self) -> None:
        """Close what is free; a question under way keeps its own until it has its answer."""
        for _ in range(self._free.qsize()):
            with contextlib.suppress(queue.Empty):
                found = self._free.get_nowait()
                if found is not None:
                    found.close()
                self._free.put(None)


def _polled(row: Any) -> Polled:
    state, ends_at, session_id, starts = SittingState(row[0]), _time(row[7]), row[9], _time(row[15])
    assert starts is not None, "a session has its start"
    known = session_id if isinstance(session_id, UUID) else UUID(session_id)
    lease, head, total, left, boot, mono = row[1:7]
    form_id, deal, display, help_at, help_seen_at = row[10:15]
    return Polled(
        state, lease, head, total, left, boot, mono, ends_at, row[8], known, form_id, deal, display, help_at,
        help_seen_at, starts,
    )  # fmt: skip


def _time(value: Any) -> datetime | None:
    if value is None or isinstance(value, datetime):
        return value
    return datetime.fromisoformat(value).replace(tzinfo=UTC)


_readers: dict[str, tuple[db.Database, Reader]] = {}


def reader() -> Reader | None:
    """Give the reader of the bound database; None where it has no file of its own (a database in memory)."""
    database = db.current()
    found = _readers.get(database.key)
    if found is not None and found[0] is database:
        return found[1]
    if database.is_sqlite and database.url.database in (None, "", ":memory:"):
        return None
    made = Reader(database)
    database.closing.append(made.close)
    _readers.clear()
    _readers[database.key] = (database, made)
    return made
