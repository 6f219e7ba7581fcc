"""kill -9 of the server, and of the process that writes, at any moment of a replay."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from sjt import db
from sjt.delivery.ledger import Ledger
from sjt.migrations import runner
from tests.delivery.breaking.cohort import a_cohort, tickets
from tests.delivery.breaking.judging import given_and_stored, judge
from tests.delivery.breaking.outcome import Outcome
from tests.delivery.breaking.pages import UNHEARD, Page, answering, hang_up, pages_of, seen, send_everything
from tests.delivery.breaking.servers import ROOT, Launcher, Server

SLOW = r"^503: The server (is slow to write|could not write|has too much)"
UNSAVED = "Changes kept on this computer, sending; then: All answers saved"
LONGEST = 0.5
"""Seconds of load before a kill, at the most: each moment of a commit is as likely as any other."""


def a_world(folder: Path, candidates: int) -> tuple[Path, list[Page]]:
    """Make an SQLite file in which so many candidates sit."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "template.sqlite"
    database = db.Database(f"sqlite:///{path}")
    runner.upgrade(database)
    keeper = Ledger(database).start()
    made = a_cohort(keeper, candidates)
    keeper.stop()
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.dispose()
    return path, pages_of(tickets(made.sitting_ids), 0)


def worlds(template: Path, folder: Path, kills: int, per_world: int) -> Iterator[tuple[Path, db.Database, range]]:
    """Give copies of a template, each in a folder of its own, with the numbers of the kills that it bears."""
    for first in range(0, kills, per_world):
        path = folder / f"world-{first}" / "sjt.sqlite"
        path.parent.mkdir()
        shutil.copyfile(template, path)
        yield path, db.Database(f"sqlite:///{path}"), range(first, min(first + per_world, kills))


def server_kills(
    launcher: Launcher,
    folder: Path,
    *,
    kills: int,
    candidates: int = 200,
    per_world: int = 50,
    seed: int = 1,
    say: Callable[[str], None] = lambda words: None,
) -> Outcome:
    """Kill the whole server at random moments of a replay, also while it starts, and judge after each."""
    outcome = Outcome("the server killed (kill -9) while candidates answer", "SQLite", f"{kills:,} kills", UNSAVED)
    began, chance = time.monotonic(), random.Random(seed)
    template, blank = a_world(folder, candidates)
    seats = [page.ticket for page in blank]
    for path, database, numbers in worlds(template, folder, kills, per_world):
        server = launcher.server(path.parent, f"sqlite:///{path}")
        pages = pages_of(seats, server.port, seed=seed * 1000 + numbers.start)
        for done in numbers:
            _one_life(server, pages, chance, partial(_judged, outcome, database, pages, say))
            if (done + 1) % 25 == 0:
                say(f"{done + 1} kills after {time.monotonic() - began:.0f} s")
        server.start()
        send_everything(pages)
        verdict = judge(database, pages)
        outcome.take(verdict)
        outcome.told += verdict.events
        outcome.troubles += given_and_stored(database, pages)
        outcome.troubles += server.troubles()
        outcome.check_words(seen(pages), f"^{UNHEARD}$", SLOW)
        hang_up(pages)
        server.kill()
        database.dispose()
        if outcome.held:
            shutil.rmtree(path.parent)
    outcome.notes.append(f"{candidates} candidates, {outcome.told:,} acknowledged events")
    outcome.seconds = time.monotonic() - began
    return outcome


def _judged(outcome: Outcome, database: db.Database, pages: list[Page], say: Callable[[str], None]) -> None:
    verdict = judge(database, pages)
    outcome.take(verdict)
    if not verdict.whole:
        say(f"{verdict}")


def _one_life(server: Server, pages: list[Page], chance: random.Random, judged: Callable[[], None]) -> None:
    """Start (the file recovers), judge what the kill before left, let candidates answer for a random while, kill.

    One life in ten ends before the server is up.
    """
    if chance.random() < 0.1:
        server.start(wait=False)
        time.sleep(chance.uniform(0.0, 1.5))
        server.kill()
        return
    server.start()
    judged()
    with answering(pages) as stop:
        time.sleep(chance.uniform(0.0, LONGEST))
        server.kill()
        stop.set()


def writer_kills(
    folder: Path,
    *,
    kills: int,
    candidates: int = 200,
    per_world: int = 50,
    seed: int = 1,
    say: Callable[[str], None] = lambda words: None,
) -> Outcome:
    """Kill the process that writes, without pages before it, at random moments of a replay; judge after each."""
    outcome = Outcome("the writing process alone killed (kill -9) in a replay", "SQLite", f"{kills:,} kills", UNSAVED)
    began, chance = time.monotonic(), random.Random(seed)
    template, blank = a_world(folder, candidates)
    names = [str(page.sitting_id) for page in blank]
    command = [sys.executable, "-m", "tests.delivery.breaking.writer"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdin is not None and child.stdout is not None
        for path, database, numbers in worlds(template, folder, kills, per_world):
            told: dict[str, set[str]] = defaultdict(set)
            for nth, _ in enumerate(numbers, start=1):
                order = {"url": f"sqlite:///{path}", "sittings": names, "seconds": chance.uniform(0.0, 0.3)}
                child.stdin.write(json.dumps({**order, "base": nth * 1_000_000}) + "\n")
                child.stdin.flush()
                for line in json.loads(child.stdout.readline()):
                    sitting, _, event = line.partition(" ")
                    told[sitting].add(event)
                    outcome.told += 1
                verdict = judge(database, told)
                outcome.take(verdict)
            database.dispose()
            say(f"{numbers.stop} kills after {time.monotonic() - began:.0f} s, {verdict.events:,} events in this world")
            if outcome.held:
                shutil.rmtree(path.parent)
        child.stdin.close()
    outcome.notes.append(f"{candidates} candidates, {outcome.told:,} acknowledgements, repeats among them")
    outcome.seconds = time.monotonic() - began
    return outcome
