"""What save_path.py measures on: our server and the reference's, their candidates, their processors' time."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from benchmarks import save_path_reference
from sjt import db
from sjt.delivery.ledger import Ledger
from sjt.serving import BLOCKING_THREADS
from tests.builders.server import free_port
from tests.delivery.breaking.cohort import Cohort, a_cohort, csrf_pair, sealed, tickets
from tests.delivery.breaking.databases import OwnPostgresql, an_sqlite_file
from tests.delivery.breaking.servers import SECRET, Launcher, Server

ROOT: Final = Path(__file__).resolve().parent.parent
TICK: Final = os.sysconf("SC_CLK_TCK")
_serial = iter(range(1, 1_000_000))


def used_by(pids: Sequence[int]) -> float:
    """Give the processor seconds that these processes have used."""
    ticks = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks / TICK


def children_of(pid: int) -> list[int]:
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii")
    except OSError:
        return []
    return [int(child) for child in text.split()]


@dataclass
class Run:
    """What one load led to."""

    done: int
    bad: dict[str, int]
    seconds: float
    p50: float
    p95: float
    p99: float
    worst: float
    server_cpu: float
    database_cpu: float
    client_cpu: float
    lag_p99: float

    @property
    def cpu_us(self) -> float:
        """Processor microseconds of the serving process for one request, PostgreSQL's own apart."""
        return 1e6 * self.server_cpu / max(1, self.done)

    @property
    def database_us(self) -> float:
        return 1e6 * self.database_cpu / max(1, self.done)

    @property
    def rate(self) -> float:
        return self.done / self.seconds


@dataclass
class Target:
    """A running server that can be loaded."""

    name: str
    port: int
    tickets: list[dict[str, Any]]
    pids: list[int]
    postgresql: OwnPostgresql | None = None

    def load(self, **order: Any) -> Run:
        """Run the load generator against this server."""
        number = order.pop("candidates", len(self.tickets))
        full = {"port": self.port, "tickets": self.tickets[:number], "base": next(_serial) * 100_000, **order}
        postmaster = _postmaster(self.postgresql)
        database = [postmaster, *children_of(postmaster)] if postmaster else []
        before = used_by(self.pids), used_by(database)
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.save_path_client"],
            input=json.dumps(full), capture_output=True, text=True, check=False, cwd=ROOT,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(done.stderr[-1500:])
        after = used_by(self.pids), used_by(database)
        said = json.loads(done.stdout)
        if not said["done"]:
            raise RuntimeError(f"{self.name}: nothing was answered: {said['bad']}")
        return Run(**said, server_cpu=after[0] - before[0], database_cpu=after[1] - before[1])


def _postmaster(server: OwnPostgresql | None) -> int:
    return int((server.data / "postmaster.pid").read_text().splitlines()[0]) if server is not None else 0


def ticket_rows(cohort: Cohort) -> list[dict[str, Any]]:
    return [
        {"sitting": str(one.sitting_id), "lease": one.lease, "cookie": one.cookie, "csrf": one.csrf}
        for one in tickets(cohort.sitting_ids)
    ]


def reference_rows(ids: Sequence[UUID]) -> list[dict[str, Any]]:
    """Give the reference's cookies, which hold as much as ours."""
    raw, csrf = csrf_pair()
    held = {"_permanent": True, "csrf_token": raw, "csrf_payload": csrf.partition(".")[0], "lease_token": "0" * 64}
    cookies = {str(one): sealed({**held, "lease": 1, "sitting": str(one)}) for one in ids}
    return [{"sitting": one, "lease": 1, "cookie": cookie, "csrf": csrf} for one, cookie in cookies.items()]


@dataclass
class Ground:
    """A folder, a launcher, a PostgreSQL when one is asked for; all ends with the ``with`` block."""

    folder: Path
    stack: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)
    _launcher: Launcher | None = None
    _postgresql: OwnPostgresql | None = None
    _places: int = 0

    @property
    def launcher(self) -> Launcher:
        if self._launcher is None:
            self._launcher = self.stack.enter_context(Launcher())
        return self._launcher

    @property
    def postgresql(self) -> OwnPostgresql:
        if self._postgresql is None:
            self._postgresql = OwnPostgresql()
            self.stack.callback(self._postgresql.close)
        return self._postgresql

    def place(self) -> Path:
        self._places += 1
        made = self.folder / f"place-{self._places}"
        made.mkdir(parents=True)
        return made

    def cohort(self, kind: str, candidates: int, **how: Any) -> tuple[Path, db.Database, Cohort]:
        """Make a database with so many started sittings."""
        place = self.place()
        database = an_sqlite_file(place) if kind == "SQLite" else self.postgresql.database()
        keeper = Ledger(db.bind(database)).start()
        made = a_cohort(keeper, candidates, **how)
        keeper.stop()
        database.dispose()
        return place, database, made

    @contextlib.contextmanager
    def ours(
        self, place: Path, database: db.Database, cohort: Cohort, *, sync_delay: float = 0.0, workers: int = 1
    ) -> Iterator[Target]:
        url = database.url.render_as_string(hide_password=False)
        arguments = ("--workers", str(workers)) if workers > 1 else ()
        server = Server(self.launcher, place, url, arguments=arguments, sync_delay=sync_delay)
        self.launcher.servers.append(server)
        server.start()
        try:
            own = None if database.is_sqlite else self.postgresql
            yield Target("sjt", server.port, ticket_rows(cohort), [server.group, *server.workers()], own)
            if found := server.troubles():
                raise RuntimeError(found[0])
        finally:
            server.kill()
            self.launcher.servers.remove(server)

    @contextlib.contextmanager
    def reference(self, kind: str, what: str, ids: Sequence[UUID], *, sync_delay: float = 0.0) -> Iterator[Target]:
        """Start the bare application: ``hello``, ``shell`` or ``save``, the last on SQLite or PostgreSQL."""
        own, url = None, "none"
        if what == "save":
            if kind == "SQLite":
                url = str(self.place() / "reference.sqlite")
            else:
                own = self.postgresql
                made = sa.make_url(own.url)
                name = f"reference_{next(_serial)}"
                admin = sa.create_engine(made, isolation_level="AUTOCOMMIT")
                with admin.connect() as connection:
                    connection.exec_driver_sql(f"CREATE DATABASE {name}")
                admin.dispose()
                url = made.set(database=name, drivername="postgresql").render_as_string(hide_password=False)
            save_path_reference.make_tables(url, [str(one) for one in ids])
        port = free_port()
        settings = {"SECRET": SECRET, "THREADS": str(BLOCKING_THREADS), "SYNC_DELAY": str(sync_delay)}
        environ = {**os.environ, **{f"REFERENCE_{name}": value for name, value in settings.items()}}
        log = self.folder / f"reference-{port}.log"
        with log.open("w") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "benchmarks.save_path_reference", what, str(port), url],
                cwd=ROOT, env=environ, stdout=out, stderr=out,
            )  # fmt: skip
        try:
            until = time.monotonic() + 30
            while True:
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/nothing", timeout=5)
                except urllib.error.HTTPError:
                    break
                except OSError:
                    if time.monotonic() > until or process.poll() is not None:
                        raise RuntimeError(log.read_text()[-1500:]) from None
                    time.sleep(0.05)
            yield Target(f"bare {what}", port, reference_rows(ids), [process.pid, *children_of(process.pid)], own)
        finally:
            process.terminate()
            process.wait(timeout=20)
