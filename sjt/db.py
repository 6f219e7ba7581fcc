"""The database: one engine, ``transaction()`` for deeds, ``session()`` for reading, the write gate.

SQLite and PostgreSQL behave alike here. On SQLite one fair lock per process, ``write_gate``, is taken before
``BEGIN IMMEDIATE`` by every transaction and by the ledger's writer thread, the writer first when both wait:
SQLite has one writer at a time and its own busy handler has no queue.
"""

from __future__ import annotations

import contextlib
import os
import re
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from enum import Enum
from fractions import Fraction
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.types import TypeDecorator
from sqlmodel import Session, SQLModel

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
SQLModel.metadata.naming_convention = NAMING
metadata = SQLModel.metadata

BUSY_TIMEOUT_MS = 30_000


def new_id() -> uuid.UUID:
    """Make an id whose first 48 bits are milliseconds (UUID version 7), so that indexes grow at one end."""
    millis = time.time_ns() // 1_000_000
    value = (millis & (1 << 48) - 1) << 80 | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) | 7 << 76
    value = value & ~(0x3 << 62) | 2 << 62
    return uuid.UUID(int=value)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware instant, stored in UTC; a naive one is refused."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("A time without a zone cannot be stored.")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class FractionText(TypeDecorator[Fraction]):
    """An exact fraction, stored as text: ``17/2``."""

    impl = sa.String(80)
    cache_ok = True

    def process_bind_param(self, value: Fraction | None, dialect: Any) -> str | None:
        return None if value is None else str(Fraction(value))

    def process_result_value(self, value: str | None, dialect: Any) -> Fraction | None:
        return None if value is None else Fraction(value)


def stored_as_value(enum_class: type[Enum]) -> Any:
    """Give the column type that keeps an enum's values (not names) and refuses any other."""
    name = re.sub(r"(?<!^)(?=[A-Z])", "_", enum_class.__name__).lower()
    return sa.Enum(
        enum_class,
        values_callable=lambda members: [member.value for member in members],
        native_enum=False,
        create_constraint=True,
        validate_strings=True,
        length=40,
        name=name,
    )


class WriteGate:
    """A fair lock with one privileged waiter: the ledger's writer goes before the transactions that wait."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._waiting: deque[threading.Event] = deque()
        self._first: deque[threading.Event] = deque()
        self._held = False

    def acquire(self, *, first: bool = False) -> None:
        with self._mutex:
            if not self._held and not self._first and (first or not self._waiting):
                self._held = True
                return
            turn = threading.Event()
            (self._first if first else self._waiting).append(turn)
        turn.wait()

    def release(self) -> None:
        with self._mutex:
            queue = self._first or self._waiting
            if queue:
                queue.popleft().set()  # the gate passes on, still held
            else:
                self._held = False

    @contextlib.contextmanager
    def held(self, *, first: bool = False) -> Iterator[None]:
        self.acquire(first=first)
        try:
            yield
        finally:
            self.release()


class _NoGate(WriteGate):
    """PostgreSQL needs no gate: rows are locked, not the file."""

    def acquire(self, *, first: bool = False) -> None:
        return

    def release(self) -> None:
        return


_open_here = threading.local()


def transaction_is_open() -> bool:
    """Tell whether this thread is inside ``transaction()``; waiting for the ledger there would deadlock."""
    return bool(getattr(_open_here, "depth", 0))


class Database:
    """One database, by its SQLAlchemy URL."""

    def __init__(self, url: str, *, pool_size: int = 16) -> None:
        self.url = sa.make_url(url)
        self.key = str(self.url)
        """Names the database in what a process keeps of several; made once, since requests ask for it."""
        self.closing: list[Callable[[], None]] = []
        """Called by ``dispose``: who holds connections of its own closes them here."""
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        if self.is_sqlite:
            self.engine: Engine = sa.create_engine(self.url, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000})
            self.write_gate: WriteGate = WriteGate()
            event.listen(self.engine, "connect", _prepare_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)
        else:
            self.engine = sa.create_engine(self.url, pool_size=pool_size, max_overflow=8, pool_pre_ping=True)
            self.write_gate = _NoGate()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Session]:
        """Open one session, commit on a clean exit, roll back otherwise."""
        if transaction_is_open():
            raise RuntimeError("A transaction is already open in this thread; pass its session on instead.")
        with self.write_gate.held():
            _open_here.depth = 1
            try:
                with self.engine.connect() as connection:
                    writing = connection.execution_options(sjt_write=True)
                    with Session(bind=writing, expire_on_commit=False) as session, session.begin():
                        yield session
            finally:
                _open_here.depth = 0

    @contextlib.contextmanager
    def session(self) -> Iterator[Session]:
        """Open a session that can only read."""
        with self.engine.connect() as connection:
            options = {"sjt_write": False} if self.is_sqlite else {"postgresql_readonly": True}
            reading = connection.execution_options(**options)
            # said to the driver itself: through the connection each would open a transaction of its own
            raw: Any = connection.connection.driver_connection if self.is_sqlite else None
            if raw is not None:
                raw.execute("PRAGMA query_only = ON")
            try:
                with Session(bind=reading, expire_on_commit=False) as session:
                    yield session
            finally:
                reading.rollback()
                if raw is not None:
                    raw.execute("PRAGMA query_only = OFF")

    def dispose(self) -> None:
        for close in self.closing:
            close()
        self.engine.dispose()


def _prepare_sqlite(connection: Any, record: Any) -> None:
    connection.isolation_level = None  # sjt says BEGIN itself
    cursor = connection.cursor()
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",
        f"busy_timeout = {BUSY_TIMEOUT_MS}",
        "foreign_keys = ON",
        "cache_size = -65536",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writing = connection.get_execution_options().get("sjt_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


_bound: Database | None = None


def bind(database: Database) -> Database:
    """Make this the process's database; pages and commands then share it."""
    global _bound
    _bound = database
    return database


def current() -> Database:
    if _bound is None:
        raise RuntimeError("No database is bound: call sjt.db.bind(Database(url)) first.")
    return _bound


@contextlib.contextmanager
def transaction() -> Iterator[Session]:
    """Open one session on the bound database, commit on a clean exit, roll back otherwise."""
    with current().transaction() as session:
        yield session


@contextlib.contextmanager
def session() -> Iterator[Session]:
    """Open a reading session on the bound database."""
    with current().session() as reading:
        yield reading
