"""The save path: one writer thread per process on SQLite (group commit), one round trip on PostgreSQL.

A caller gets its answer after COMMIT, never before. Its rules are in the house style, "The save path"; what one request
does to its sitting is in ``writing.py``.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar, cast

import orjson

from sjt import db
from sjt.audit.chain import body_sha256, new_salt
from sjt.delivery import writing
from sjt.delivery.folding import FOLDED_KINDS, canonical, content_sha256
from sjt.delivery.model import EventKind, Instant, Reply, SittingState
from sjt.delivery.row import Gathered, Hand
from sjt.delivery.writing import Act, Batch, Done
from sjt.errors import MoveRefused, Unavailable
from sjt.times import Clock, SystemClock, iso

if TYPE_CHECKING:
    import psycopg  # where it is needed it is imported: an organisation on SQLite never waits for it

log = logging.getLogger("sjt.ledger")

MAX_BATCH: Final = 256
"""Requests in one commit: measured, larger ones gain nothing."""
MAX_QUEUE: Final = 2_000
WAIT_SECONDS: Final = 10.0
ROOM_WAIT_SECONDS: Final = 30.0
"""How long a deed on a whole room is waited for: it is hundreds of entries, and nobody repeats it by themselves."""
BUSY_MS: Final = 8_000
"""How long the writer waits for another process; shorter than its callers wait for it."""
PATIENCE_SECONDS: Final = 30.0
"""How long a deed on a room waits for its place in the queue."""
CONNECTIONS: Final = 16
ACTS_AT_ONCE: Final = 50
"""Deeds on a room in one PostgreSQL transaction: their rows stay locked until its end."""
ACT_THREADS: Final = 3
"""Such transactions side by side: while one is on its way, another is put together."""
_ONE_REQUEST_S: Final = (sqlite3.IntegrityError, sqlite3.DataError, sqlite3.InterfaceError, sqlite3.ProgrammingError)
"""SQLite's errors about what one request holds; all others are about the file, and take the batch back."""

T = TypeVar("T")
Work = Callable[[Hand], T]


class Unconfirmed(Unavailable):
    """No acknowledgement came in time; what was sent may be stored, and sending it again is harmless."""


class _Job(Generic[T]):
    """One request in the queue: what to do, and a latch that opens after COMMIT."""

    __slots__ = ("_latch", "error", "result", "work")

    def __init__(self, work: Work[T]) -> None:
        self.work = work
        self.result: T | None = None
        self.error: BaseException | None = None
        self._latch = threading.Lock()
        self._latch.acquire()

    def finish(self) -> None:
        self._latch.release()

    def wait(self, seconds: float) -> T:
        if not self._latch.acquire(timeout=seconds):
            raise Unconfirmed("The server is slow to write. What you sent is kept on this page and is sent again.")
        if self.error is not None:
            raise self.error
        return cast("T", self.result)


class Ledger:
    """Takes requests from any thread and answers when they are on disk."""

    def __init__(
        self,
        database: db.Database,
        clock: Clock | None = None,
        *,
        grace_seconds: int = 0,
        max_queue: int = MAX_QUEUE,
        wait_seconds: float = WAIT_SECONDS,
    ) -> None:
        self.database = database
        self.clock: Clock = clock or SystemClock()
        self.grace_ms = grace_seconds * 1000
        self.wait_seconds = wait_seconds
        self._queue: queue.SimpleQueue[_Job[Any] | None] = queue.SimpleQueue()
        self._max_queue = max_queue
        self._thread: threading.Thread | None = None
        self._pool = _PostgresqlPool(database, wait_seconds) if not database.is_sqlite else None
        self.last_commit_failed: str = ""

    def start(self) -> Ledger:
        """Start the writer; on PostgreSQL there is none to start."""
        if self._pool is None and self._thread is None:
            self._thread = threading.Thread(target=self._write_for_ever, name="sjt-ledger", daemon=True)
            self._thread.start()
        return self

    def stop(self) -> None:
        """Write what is queued, then stop."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join(timeout=30)
            self._thread = None
        if self._pool is not None:
            self._pool.close()

    def now(self) -> Instant:
        return Instant.of(self.clock)

    def save(self, batch: Batch) -> Reply:
        """Store a browser's events; the reply is given after COMMIT."""
        _not_inside_a_transaction()
        if self._pool is not None:
            return self._pool.save(batch, self.grace_ms)
        return self._enqueue(lambda hand: writing.save(hand, batch, self.grace_ms)).wait(self.wait_seconds)

    def act(self, act: Act) -> Done:
        """Do a deed of staff; a repeat changes nothing."""
        return self.run(lambda hand: writing.act(hand, act))

    def act_all(self, acts: Sequence[Act]) -> list[Done | None]:
        """Do deeds on many sittings in as few commits as may be; one whose state refuses its deed gives None."""
        _not_inside_a_transaction()
        if self._pool is not None:
            return self._pool.act_all(acts)
        jobs = [self._enqueue(self._acting(deed), patient=True) for deed in acts]
        return [_or_none(partial(job.wait, ROOM_WAIT_SECONDS)) for job in jobs]

    @staticmethod
    def _acting(deed: Act) -> Work[Done]:
        return lambda hand: writing.act(hand, deed)

    def run(self, work: Work[T]) -> T:
        """Do anything that belongs in the ledger's queue, in a savepoint of the next commit."""
        _not_inside_a_transaction()
        if self._pool is not None:
            return self._pool.run(work)
        return self._enqueue(work).wait(self.wait_seconds)

    def save_all(self, batches: Sequence[Batch]) -> list[Reply]:
        """Store many batches in few commits, in their order: the simulated cohort and replays use it."""
        _not_inside_a_transaction()
        if self._pool is not None:
            return [self._pool.save(batch, self.grace_ms) for batch in batches]
        replies: list[Reply] = []
        for start in range(0, len(batches), MAX_BATCH):
            part = batches[start : start + MAX_BATCH]
            jobs = [self._enqueue(self._saving(batch), patient=True) for batch in part]
            replies.extend(job.wait(60) for job in jobs)
        return replies

    def _saving(self, batch: Batch) -> Work[Reply]:
        return lambda hand: writing.save(hand, batch, self.grace_ms)

    def _enqueue(self, work: Work[T], *, patient: bool = False) -> _Job[T]:
        if self._thread is None:
            raise RuntimeError("The ledger's writer is not running: call start() first.")
        job = _Job(work)
        until = time.monotonic() + (PATIENCE_SECONDS if patient else 0)
        # looked at without a lock: a few more than the most may wait, as many as there are threads
        while self._queue.qsize() >= self._max_queue:
            if time.monotonic() >= until:
                raise Unavailable("The server has too much to write just now. Nothing is lost; it is sent again.")
            time.sleep(0.005)
        self._queue.put(job)
        return job

    # -- the writer thread (SQLite) --

    def _write_for_ever(self) -> None:
        proxy = self.database.engine.raw_connection()
        connection = cast("sqlite3.Connection", proxy.driver_connection)
        connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
        hand = Hand(connection.execute, self.database.engine.dialect)
        try:
            while (first := self._queue.get()) is not None:
                jobs = [first]
                stop = False
                with contextlib.suppress(queue.Empty):
                    while len(jobs) < MAX_BATCH and not stop:
                        job = self._queue.get_nowait()
                        if job is None:
                            stop = True
                        else:
                            jobs.append(job)
                self._commit(connection, hand, jobs)
                if stop:
                    return
        finally:
            connection.execute(f"PRAGMA busy_timeout = {db.BUSY_TIMEOUT_MS}")
            proxy.close()

    def _commit(self, connection: sqlite3.Connection, hand: Hand, jobs: list[_Job[Any]]) -> None:
        """Write a batch in one transaction; nobody hears anything before it is on disk."""
        try:
            with self.database.write_gate.held(first=True):
                try:
                    connection.execute("BEGIN IMMEDIATE")
                    for job in jobs:
                        self._one(connection, hand, job)
                    connection.execute("COMMIT")
                except sqlite3.Error:
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")
                    raise
            self.last_commit_failed = ""
        except sqlite3.Error as error:
            # disk full, file locked by another process, disk error: nothing of the batch is stored, all are told
            self.last_commit_failed = str(error)
            log.error("a batch of %d could not be written: %s", len(jobs), error)
            for job in jobs:
                job.result = None
                job.error = Unavailable("The server could not write to its disk. What you sent is sent again.")
        finally:
            for job in jobs:
                job.finish()

    @staticmethod
    def _one(connection: sqlite3.Connection, hand: Hand, job: _Job[Any]) -> None:
        connection.execute("SAVEPOINT one")
        try:
            job.result = job.work(hand)
        except _ONE_REQUEST_S as error:
            job.error = error
        except sqlite3.Error:
            raise  # the file's trouble, not the request's: the whole batch goes back
        except (
            Exception
        ) as error:  # one request's fault must not fail its neighbours; it is raised again in its own thread
            job.error = error
        if job.error is not None:
            connection.execute("ROLLBACK TO one")
        connection.execute("RELEASE one")


class _PostgresqlPool:
    """A few plain connections in autocommit; the common save is one round trip to ``sjt_save``."""

    def __init__(self, database: db.Database, wait_seconds: float) -> None:
        self._database = database
        self._wait_seconds = wait_seconds
        self._free: queue.LifoQueue[psycopg.Connection[Any] | None] = queue.LifoQueue()
        for _ in range(CONNECTIONS):
            self._free.put(None)

    def close(self) -> None:
        taken = [self._free.get() for _ in range(self._free.qsize())]
        for connection in taken:
            if connection is not None:
                connection.close()
            self._free.put(None)

    def save(self, batch: Batch, grace_ms: int) -> Reply:
        if (arguments := _function_arguments(batch)) is not None:
            with self._connection() as connection:
                found = connection.execute(_FUNCTION, arguments).fetchone()
            if found is not None and found[0] is not None:
                return _function_reply(batch, found[0])
        return self.run(lambda hand: writing.save(hand, batch, grace_ms))

    def run(self, work: Work[T]) -> T:
        with self._connection() as connection, connection.transaction():
            return work(Hand(connection.execute, self._database.engine.dialect))

    def act_all(self, acts: Sequence[Act]) -> list[Done | None]:
        """Do many deeds in few commits, side by side: one after the other would keep a hall of 500 waiting."""
        # by sitting: two deeds on one room lock its rows in one order, and never each other
        order = sorted(range(len(acts)), key=lambda n: acts[n].sitting_id.bytes)
        parts = [order[start : start + ACTS_AT_ONCE] for start in range(0, len(order), ACTS_AT_ONCE)]
        done: dict[int, Done | None] = {}
        with ThreadPoolExecutor(ACT_THREADS, thread_name_prefix="sjt-acts") as threads:
            for some in threads.map(lambda part: self._act_on({n: acts[n] for n in part}), parts):
                done |= some
        return [done[n] for n in range(len(acts))]

    def _act_on(self, deeds: Mapping[int, Act]) -> dict[int, Done | None]:
        with self._connection() as connection, connection.transaction():
            ids = sorted({deed.sitting_id for deed in deeds.values()})
            hand = Gathered(connection, self._database.engine.dialect, ids)
            done = _acting_all(deeds, hand)
            hand.flush()
            return done

    @contextlib.contextmanager
    def _connection(self) -> Iterator[psycopg.Connection[Any]]:
        import psycopg

        try:
            connection = self._free.get(timeout=self._wait_seconds)
        except queue.Empty:
            raise Unavailable("The server has too much to write just now. Nothing is lost; it is sent again.") from None
        try:
            if connection is None or connection.closed:
                connection = self._connect()
            yield connection
        except (psycopg.errors.QueryCanceled, psycopg.errors.LockNotAvailable, psycopg.OperationalError) as error:
            log.error("a save could not be written: %s", error)
            if connection is not None and not isinstance(error, psycopg.errors.QueryCanceled):
                connection.close()
            raise Unconfirmed("The server is slow to write. What you sent is kept and is sent again.") from error
        finally:
            self._free.put(connection if connection is not None and not connection.closed else None)

    def _connect(self) -> psycopg.Connection[Any]:
        import psycopg

        url = self._database.engine.url
        arguments, options = self._database.engine.dialect.create_connect_args(url)
        timeouts = f"-c statement_timeout={int(self._wait_seconds * 1000)} -c lock_timeout={BUSY_MS}"
        connection: psycopg.Connection[Any] = psycopg.connect(
            *arguments, **options, autocommit=True, options=timeouts, prepare_threshold=1
        )
        return connection


_FUNCTION: Final = "SELECT sjt_save(%s, %s, %s, %s, %s, %s, %s, %s, %s::jsonb)"


def _function_arguments(batch: Batch) -> tuple[Any, ...] | None:
    """Give the arguments of ``sjt_save``, or None when the batch is not of the common kind."""
    events = sorted(batch.events, key=lambda event: event.seq)
    if not events or batch.via or any(event.kind is EventKind.SUBMIT for event in events):
        return None
    if len({event.seq for event in events}) < len(events) or len({event.id for event in events}) < len(events):
        return None
    rows = []
    for event in events:
        content = event.content(batch.lease)
        body = {"event": content, "boot": batch.at.boot, "mono": batch.at.mono_ms}
        salt = new_salt()
        folds = event.kind in FOLDED_KINDS and event.response is not None
        rows.append(
            {
                "id": str(event.id),
                "seq": event.seq,
                "kind": event.kind.value,
                "item": event.item,
                "response": canonical(event.response).decode() if folds else None,
                "body": canonical(body).decode(),
                "salt": salt.hex(),
                "body_sha256": body_sha256(salt, body),
                "content_sha256": content_sha256(event, batch.lease),
            }
        )
    at = batch.at
    text = orjson.dumps(rows).decode()
    return (batch.sitting_id, batch.lease, iso(at.at), at.at, at.boot, at.mono_ms, batch.by, batch.unsaved, text)


def _function_reply(batch: Batch, found: dict[str, Any]) -> Reply:
    state = SittingState(found["state"])
    remaining: int = found["remaining_ms"]
    at = batch.at.at
    return Reply(
        acked=tuple(str(event.id) for event in batch.events),
        refused=(),
        remaining_ms=remaining,
        ends_at=writing.after(at, remaining) if state is SittingState.RUNNING else None,
        server_time=at,
        state=state,
        content_head=found["content_head"],
    )


def _acting_all(deeds: Mapping[int, Act], hand: Hand) -> dict[int, Done | None]:
    done: dict[int, Done | None] = {}
    for n, deed in deeds.items():
        try:
            done[n] = writing.act(hand, deed)
        except MoveRefused:  # raised before anything is written, so that nothing is to be taken back
            done[n] = None
    return done


def _or_none(deed: Callable[[], Done]) -> Done | None:
    try:
        return deed()
    except MoveRefused:
        return None


def _not_inside_a_transaction() -> None:
    if db.transaction_is_open():
        raise RuntimeError("The ledger was called inside transaction(): its writer would wait for that very lock.")


_bound: Ledger | None = None


def bind(ledger: Ledger) -> Ledger:
    """Make this the process's ledger; deeds on sittings then use it."""
    global _bound
    _bound = ledger
    return ledger


def current() -> Ledger:
    """Give the process's ledger; one on the bound database is started on first use."""
    if _bound is None or _bound.database is not db.current():
        return bind(Ledger(db.current()).start())
    return _bound
