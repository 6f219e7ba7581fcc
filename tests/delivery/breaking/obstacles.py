"""What stands in the way while a server lives: a full disk, a locked file, a dead neighbour, a dead database."""

from __future__ import annotations

import contextlib
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from sjt import db
from sjt.delivery.ledger import Ledger
from tests.delivery.breaking.cohort import a_cohort, tickets
from tests.delivery.breaking.databases import OwnPostgresql, an_sqlite_file
from tests.delivery.breaking.judging import given_and_stored, judge
from tests.delivery.breaking.kills import SLOW, UNSAVED
from tests.delivery.breaking.outcome import Outcome
from tests.delivery.breaking.pages import UNHEARD, Page, answering, hang_up, pages_of, seen, send_everything
from tests.delivery.breaking.servers import Launcher, Server

NO_DATABASE: Final = r"^503: The database"


def _finish(outcome: Outcome, database: db.Database, pages: list[Page], servers: list[Server], *words: str) -> None:
    """Let every page send what it keeps, then judge all."""
    send_everything(pages)
    verdict = judge(database, pages)
    outcome.take(verdict)
    outcome.told += verdict.events
    outcome.troubles += given_and_stored(database, pages)
    for server in servers:
        outcome.troubles += server.troubles()
    outcome.check_words(seen(pages), *words)
    hang_up(pages)


def _seated(database: db.Database, candidates: int, *ports: int, seed: int = 1) -> list[Page]:
    keeper = Ledger(database).start()
    cohort = a_cohort(keeper, candidates)
    keeper.stop()
    database.dispose()
    return pages_of(tickets(cohort.sitting_ids), *ports, seed=seed)


@contextlib.contextmanager
def a_small_disk(megabytes: int) -> Iterator[Path]:
    """Mount a file system of this size, gone with the block; needs the right to mount."""
    folder = Path(tempfile.mkdtemp(prefix="sjt-small-disk-"))
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
        folder.rmdir()


def can_mount() -> bool:
    try:
        with a_small_disk(1):
            return True
    except (OSError, subprocess.CalledProcessError):
        return False


def disk_full(launcher: Launcher, folder: Path, *, times: int, candidates: int = 60, seconds: float = 2.0) -> Outcome:
    """Fill the server's disk to the last byte while candidates answer, then free it, so many times."""
    began = time.monotonic()
    words = "Changes kept on this computer, sending; once there is room: All answers saved"
    outcome = Outcome("the disk full (a file system filled to its last byte)", "SQLite", f"{times} times", words)
    folder.mkdir(parents=True, exist_ok=True)
    with a_small_disk(48) as small:
        database = an_sqlite_file(small)
        server = launcher.server(folder, f"sqlite:///{small / 'sjt.sqlite'}")
        pages = _seated(database, candidates, server.port)
        server.start()
        refused = 0
        for _ in range(times):
            with answering(pages, threads=12):
                time.sleep(seconds / 2)
                filler = small / "filler"
                _fill(filler)
                before = seen(pages)
                time.sleep(seconds)
                refused += sum((seen(pages) - before).values()) - (seen(pages) - before)["saved"]
                filler.unlink()
                time.sleep(seconds / 2)
        if not refused:
            outcome.troubles.append("the disk was never full for a save")
        _finish(outcome, database, pages, [server], SLOW)
        outcome.notes.append(f"{candidates} candidates, {refused:,} saves refused with 503 while the disk was full")
        server.kill()
        database.dispose()
    outcome.seconds = time.monotonic() - began
    return outcome


def _fill(filler: Path) -> None:
    # unbuffered: a buffer's last bytes would be written again when the file closes, and fail once more
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(65536))


def database_locked(launcher: Launcher, folder: Path, *, seconds: float, candidates: int = 60) -> Outcome:
    """Let another process hold the file's write lock while candidates answer."""
    began = time.monotonic()
    words = "Changes kept on this computer, sending; afterwards: All answers saved"
    outcome = Outcome("the database locked by another process", "SQLite", f"once for {seconds:g} s", words)
    database = an_sqlite_file(folder)
    server = launcher.server(folder, f"sqlite:///{folder / 'sjt.sqlite'}")
    pages = _seated(database, candidates, server.port)
    server.start()
    hold = (
        "import sqlite3, sys, time; c = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30); "
        "c.execute('BEGIN IMMEDIATE'); print('held', flush=True); time.sleep(float(sys.argv[2])); c.execute('COMMIT')"
    )
    with answering(pages, threads=12):
        time.sleep(0.5)
        command = [sys.executable, "-c", hold, str(folder / "sjt.sqlite"), str(seconds)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
            assert other.stdout is not None
            assert other.stdout.readline() == "held\n"
            before = seen(pages)
            other.wait()
        told = seen(pages) - before
        time.sleep(1.0)
    _finish(outcome, database, pages, [server], SLOW)
    outcome.notes.append(f"{candidates} candidates; told while it was locked: {dict(told)}")
    server.kill()
    database.dispose()
    outcome.seconds = time.monotonic() - began
    return outcome


def neighbour_killed(
    launcher: Launcher, folder: Path, postgresql: OwnPostgresql, *, kills: int, candidates: int = 200, seed: int = 1
) -> Outcome:
    """Let two servers share one PostgreSQL, and kill one of them in mid-load: its candidates go on at the other."""
    began = time.monotonic()
    chance = random.Random(seed)
    outcome = Outcome("one of two servers killed (kill -9)", "PostgreSQL", f"{kills:,} kills", UNSAVED)
    database = postgresql.database()
    url = database.url.render_as_string(hide_password=False)
    folder.mkdir(parents=True, exist_ok=True)
    servers = [launcher.server(folder, url), launcher.server(folder, url)]
    pages = _seated(database, candidates, *(server.port for server in servers), seed=seed)
    for server in servers:
        server.start()
    for _ in range(kills):
        with answering(pages):
            time.sleep(chance.uniform(0.2, 0.8))
            victim = chance.choice(servers)
            victim.kill()
            before = seen(pages)["saved"]
            until = time.monotonic() + 15  # a page tries the other server at once; a busy machine may take its time
            while seen(pages)["saved"] == before and time.monotonic() < until:
                time.sleep(0.05)
            if seen(pages)["saved"] == before:
                outcome.troubles.append("nobody was saved by the server that was left")
            victim.start()
        outcome.take(judge(database, pages))
    _finish(outcome, database, pages, servers, f"^{UNHEARD}$", SLOW)
    outcome.notes.append(f"{candidates} candidates, each goes to the other server when its own does not answer")
    for server in servers:
        server.kill()
    database.dispose()
    outcome.seconds = time.monotonic() - began
    return outcome


def database_killed(
    launcher: Launcher, folder: Path, postgresql: OwnPostgresql, *, kills: int, candidates: int = 100, seed: int = 1
) -> Outcome:
    """Kill PostgreSQL itself under load and let it recover; the server lives through it."""
    began = time.monotonic()
    chance = random.Random(seed)
    outcome = Outcome("PostgreSQL itself killed (kill -9), recovered", "PostgreSQL", f"{kills:,} kills", UNSAVED)
    database = postgresql.database()
    folder.mkdir(parents=True, exist_ok=True)
    server = launcher.server(folder, database.url.render_as_string(hide_password=False))
    pages = _seated(database, candidates, server.port, seed=seed)
    server.start()
    for _ in range(kills):
        with answering(pages):
            time.sleep(chance.uniform(0.2, 1.0))
            database.dispose()
            postgresql.kill()
            time.sleep(0.5)
            postgresql.restart()
            time.sleep(0.5)
        outcome.take(judge(database, pages))
        database.dispose()
    _finish(outcome, database, pages, [server], f"^{UNHEARD}$", SLOW, NO_DATABASE)
    outcome.notes.append(f"{candidates} candidates; told meanwhile: {dict(seen(pages))}")
    server.kill()
    database.dispose()
    outcome.seconds = time.monotonic() - began
    return outcome


def server_kills_postgresql(
    launcher: Launcher, folder: Path, postgresql: OwnPostgresql, *, kills: int, candidates: int = 200, seed: int = 1
) -> Outcome:
    """Kill the one server of a PostgreSQL at random moments of a replay, and judge after each."""
    began = time.monotonic()
    chance = random.Random(seed)
    case = "the server killed (kill -9) while candidates answer"
    outcome = Outcome(case, "PostgreSQL", f"{kills:,} kills", UNSAVED)
    database = postgresql.database()
    folder.mkdir(parents=True, exist_ok=True)
    server = launcher.server(folder, database.url.render_as_string(hide_password=False))
    pages = _seated(database, candidates, server.port, seed=seed)
    for _ in range(kills):
        server.start()
        outcome.take(judge(database, pages))
        with answering(pages) as stop:
            time.sleep(chance.uniform(0.0, 0.5))
            server.kill()
            stop.set()
    server.start()
    _finish(outcome, database, pages, [server], f"^{UNHEARD}$", SLOW)
    outcome.notes.append(f"{candidates} candidates")
    server.kill()
    database.dispose()
    outcome.seconds = time.monotonic() - began
    return outcome


def machine() -> str:
    return f"{os.cpu_count()} cores"
