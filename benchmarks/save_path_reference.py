"""What save_path.py compares with: the same request answered by a bare Flask application under the same server.

    python -m benchmarks.save_path_reference KIND PORT URL

``hello`` replies at once; ``shell`` reads the cookie, compares the token, reads and checks the JSON, and replies;
``save`` does that and stores the answer: an event, a link of a hash chain, the standing answer and the sitting's head,
hand-written SQL on raw sqlite3 with one writer thread and one commit for all who wait, or one function call on
PostgreSQL. Nothing of sjt is imported. It is what a careful developer would write for this one request and no other:
no lease, no clock, no repeats, no late answers, no roles, no security headers.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import queue
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import orjson
from flask import Flask, Response, request, session

BATCH = 256
TABLES = (
    "CREATE TABLE sitting (id TEXT PRIMARY KEY, n INTEGER NOT NULL, head TEXT NOT NULL) WITHOUT ROWID",
    (
        "CREATE TABLE event (sitting TEXT, n INTEGER, id TEXT, seq BIGINT, body TEXT, PRIMARY KEY (sitting, n)) "
        "WITHOUT ROWID"
    ),
    "CREATE TABLE link (sitting TEXT, n INTEGER, prev TEXT, hash TEXT, PRIMARY KEY (sitting, n)) WITHOUT ROWID",
    (
        "CREATE TABLE answer (sitting TEXT, item TEXT, response TEXT, seq BIGINT, PRIMARY KEY (sitting, item)) "
        "WITHOUT ROWID"
    ),
)
FUNCTION = """
CREATE FUNCTION save(p_sitting text, p_id text, p_seq bigint, p_item text, p_response text, p_body text)
RETURNS integer LANGUAGE plpgsql AS $$
DECLARE s record; h text;
BEGIN
    SELECT n + 1 AS n, head INTO s FROM sitting WHERE id = p_sitting FOR UPDATE;
    h := encode(sha256(convert_to(s.head || p_body, 'UTF8')), 'hex');
    INSERT INTO event VALUES (p_sitting, s.n, p_id, p_seq, p_body);
    INSERT INTO link VALUES (p_sitting, s.n, s.head, h);
    INSERT INTO answer VALUES (p_sitting, p_item, p_response, p_seq)
        ON CONFLICT (sitting, item) DO UPDATE SET response = excluded.response, seq = excluded.seq;
    UPDATE sitting SET n = s.n, head = h WHERE id = p_sitting;
    RETURN s.n;
END $$
"""


def make_tables(url: str, sittings: list[str]) -> None:
    """Make the reference's four tables with a row for each sitting."""
    rows = [(one, 0, "0" * 64) for one in sittings]
    if url.startswith("postgresql"):
        import psycopg

        with psycopg.connect(url, autocommit=True) as connection:
            for text in TABLES:
                connection.execute(text.replace("WITHOUT ROWID", ""))
            connection.execute("ALTER TABLE sitting SET (fillfactor = 50)")
            connection.execute(FUNCTION)
            connection.cursor().executemany("INSERT INTO sitting VALUES (%s, %s, %s)", rows)
        return
    with contextlib.closing(sqlite3.connect(url)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        for text in TABLES:
            connection.execute(text)
        connection.executemany("INSERT INTO sitting VALUES (?, ?, ?)", rows)
        connection.commit()


class Job:
    __slots__ = ("done", "n", "values")

    def __init__(self, values: tuple[Any, ...]) -> None:
        self.values = values
        self.n = 0
        self.done = threading.Lock()
        self.done.acquire()


class GroupCommit:
    """One thread writes whatever waits in one transaction, and answers after COMMIT."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.queue: queue.SimpleQueue[Job] = queue.SimpleQueue()
        threading.Thread(target=self.write, daemon=True).start()

    def save(self, *values: Any) -> int:
        job = Job(values)
        self.queue.put(job)
        job.done.acquire()
        return job.n

    def write(self) -> None:
        connection = sqlite3.connect(self.path, isolation_level=None)
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "cache_size = -65536"):
            connection.execute(f"PRAGMA {pragma}")
        execute = connection.execute
        while True:
            jobs = [self.queue.get()]
            with contextlib.suppress(queue.Empty):
                while len(jobs) < BATCH:
                    jobs.append(self.queue.get_nowait())
            execute("BEGIN IMMEDIATE")
            for job in jobs:
                execute("SAVEPOINT one")
                job.n = self.one(execute, *job.values)
                execute("RELEASE one")
            execute("COMMIT")
            for job in jobs:
                job.done.release()

    @staticmethod
    def one(execute: Callable[..., Any], sitting: str, name: str, seq: int, item: str, response: str, body: str) -> int:
        n, head = execute("SELECT n, head FROM sitting WHERE id = ?", (sitting,)).fetchone()
        n += 1
        after = hashlib.sha256((head + body).encode()).hexdigest()
        execute("INSERT INTO event VALUES (?, ?, ?, ?, ?)", (sitting, n, name, seq, body))
        execute("INSERT INTO link VALUES (?, ?, ?, ?)", (sitting, n, head, after))
        execute(
            "INSERT INTO answer VALUES (?, ?, ?, ?) ON CONFLICT (sitting, item) DO UPDATE "
            "SET response = excluded.response, seq = excluded.seq",
            (sitting, item, response, seq),
        )
        execute("UPDATE sitting SET n = ?, head = ? WHERE id = ?", (n, after, sitting))
        return int(n)


class OneRoundTrip:
    """A few connections in autocommit; a save is one call of the function."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.free: queue.LifoQueue[Any] = queue.LifoQueue()
        for _ in range(16):
            self.free.put(None)

    @contextlib.contextmanager
    def connection(self) -> Iterator[Any]:
        import psycopg

        found = self.free.get() or psycopg.connect(self.url, autocommit=True, prepare_threshold=1)
        try:
            yield found
        finally:
            self.free.put(found)

    def save(self, *values: Any) -> int:
        with self.connection() as connection:
            return int(connection.execute("SELECT save(%s, %s, %s, %s, %s, %s)", values).fetchone()[0])


def make() -> Flask:
    """Make the application of the kind that the environment names."""
    kind, url = os.environ["REFERENCE_KIND"], os.environ["REFERENCE_URL"]
    app = Flask("reference", static_folder=None)
    app.secret_key = os.environ["REFERENCE_SECRET"]
    app.config["SESSION_COOKIE_NAME"] = "sjt"
    app.config["SESSION_REFRESH_EACH_REQUEST"] = False
    if kind == "hello":

        @app.get("/hello")
        def hello() -> str:
            return "hello"

        return app
    store = None if kind == "shell" else (OneRoundTrip(url) if url.startswith("postgresql") else GroupCommit(url))

    @app.post("/sit/<sitting>/events")
    def events(sitting: str) -> Response:
        # the header's token is signed; its payload, before the first dot, must be the cookie's
        if session["sitting"] != sitting or not hmac.compare_digest(
            request.headers["X-CSRFToken"].partition(".")[0], session["csrf_payload"]
        ):
            return Response(status=403)
        acked, n = [], 0
        for event in orjson.loads(request.get_data(cache=False))["events"]:
            name, seq, item, response = event["id"], event["seq"], event["item"], event["response"]
            if not (isinstance(name, str) and isinstance(seq, int) and isinstance(item, str)):
                return Response(status=400)
            if store is not None:
                n = store.save(sitting, name, seq, item, orjson.dumps(response).decode(), orjson.dumps(event).decode())
            acked.append(name)
        body = orjson.dumps({"acked": acked, "refused": [], "n": n, "server_time": time.time()})
        return Response(body, mimetype="application/json")

    return app


def main() -> None:
    from granian.constants import Interfaces
    from granian.log import LogLevels
    from granian.server import Server

    os.environ["REFERENCE_KIND"], port, os.environ["REFERENCE_URL"] = sys.argv[1:4]
    slow = float(os.environ.get("REFERENCE_SYNC_DELAY", "0"))
    with contextlib.ExitStack() as stack:
        if slow:
            from pathlib import Path

            from tests.delivery.breaking.disk import watched

            disk = stack.enter_context(watched(Path(sys.argv[3]).parent, only_syncs=True))
            disk.sync_delay = slow
        Server(
            "benchmarks.save_path_reference:make",
            factory=True,
            interface=Interfaces.WSGI,
            address="127.0.0.1",
            port=int(port),
            workers=1,
            blocking_threads=int(os.environ["REFERENCE_THREADS"]),
            backlog=2048,
            log_access=False,
            log_level=LogLevels.error,
        ).serve()


if __name__ == "__main__":
    main()
