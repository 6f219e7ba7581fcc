"""Power cuts and disks that refuse, on the save path itself, through a disk that remembers what was synced."""

from __future__ import annotations

import random
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from sjt import db
from sjt.delivery.ledger import Ledger
from sjt.errors import Unavailable
from sjt.migrations import runner
from tests.builders.sittings import Sat
from tests.delivery.breaking.cohort import a_cohort
from tests.delivery.breaking.disk import FULL, IOERR_FSYNC, IOERR_WRITE, Disk, watched
from tests.delivery.breaking.judging import judge
from tests.delivery.breaking.outcome import Outcome
from tests.delivery.breaking.pages import ITEMS

CODES: Final = {"write": (FULL, IOERR_WRITE), "sync": (IOERR_FSYNC,)}
AGAIN: Final = "All answers saved; while the disk refused: changes kept on this computer, sending"


def answer_all(
    sats: Sequence[Sat], saves: int, told: Callable[[UUID, tuple[str, ...]], None], *, threads: int = 8
) -> dict[str, dict[str, Any]]:
    """Let each candidate save so often, from threads, repeating what was not acknowledged; give what they answered."""
    given: dict[str, dict[str, Any]] = defaultdict(dict)

    def work(number: int) -> None:
        chance = random.Random(number)
        mine = sats[number::threads]
        for _ in range(saves):
            for sat in mine:
                item = chance.choice(list(ITEMS))
                response = ITEMS[item](chance)
                events = [sat.event(item, response)]
                given[str(sat.id)][item] = response
                while True:
                    try:
                        reply = sat.save(*events)
                    except Unavailable:
                        time.sleep(0.005)
                        continue
                    told(sat.id, reply.acked)
                    break

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, range(threads)))
    return given


def _a_hall(folder: Path, candidates: int, disk: Disk) -> tuple[Ledger, list[Sat]]:
    database = db.Database(f"sqlite:///{folder / 'sjt.sqlite'}")
    runner.upgrade(database)
    keeper = Ledger(database).start()
    cohort = a_cohort(keeper, candidates)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    disk.begin()
    return keeper, [Sat(sitting_id, keeper) for sitting_id in cohort.sitting_ids]


def power_cuts(folder: Path, *, cuts: int, candidates: int = 200, saves: int = 4, seed: int = 1) -> Outcome:
    """Record what a replay does to the disk, then put it back to random moments: what was told must be there."""
    began = time.monotonic()
    outcome = Outcome(
        "the power cut while candidates answer (writes not yet synced are lost, whole or by sector)",
        "SQLite",
        f"{cuts:,} cuts",
        "All answers saved: only what was on disk was ever called saved",
    )
    (folder / "live").mkdir(parents=True)
    (folder / "cut").mkdir()
    with watched(folder / "live") as disk:
        keeper, sats = _a_hall(folder / "live", candidates, disk)
        answer_all(sats, saves, lambda sitting_id, ids: disk.told((str(sitting_id), ids)))
        steps = len(disk.steps)
        syncs = sum(step.kind == "sync" for step in disk.steps)
        keeper.stop()
        keeper.database.dispose()
        del disk.steps[steps:]
    most = 0
    for _, told in disk.cuts(cuts, folder / "cut", random.Random(seed)):
        after = db.Database(f"sqlite:///{folder / 'cut' / 'sjt.sqlite'}")
        with after.engine.connect() as connection:
            said = connection.exec_driver_sql("PRAGMA quick_check").scalar()
        if said != "ok":
            outcome.troubles.append(f"the file is damaged: {said}")
        by_sitting: dict[str, set[str]] = defaultdict(set)
        for sitting_id, ids in told:
            by_sitting[sitting_id].update(ids)
        verdict = judge(after, by_sitting)
        outcome.take(verdict)
        most = max(most, verdict.events)
        after.dispose()
    outcome.told = most
    outcome.notes.append(f"{candidates} candidates; {steps:,} writes, syncs and acknowledgements, {syncs:,} syncs")
    outcome.seconds = time.monotonic() - began
    return outcome


def failing_disk(folder: Path, *, faults: int, candidates: int = 60, seed: int = 1) -> Outcome:
    """Let writes and syncs fail at random (disk full, write error, sync error); what is told is there."""
    began = time.monotonic()
    outcome = Outcome("the disk refuses a write or a sync at random", "SQLite", f"{faults:,} refusals", AGAIN)
    (folder / "live").mkdir(parents=True)
    chance = random.Random(seed)
    told: dict[str, set[str]] = defaultdict(set)
    lock = threading.Lock()

    def note(sitting_id: UUID, ids: tuple[str, ...]) -> None:
        with lock:
            told[str(sitting_id)].update(ids)

    with watched(folder / "live") as disk:
        keeper, sats = _a_hall(folder / "live", candidates, disk)

        def fails(kind: str, file: str) -> int:
            disk.steps.clear()  # they are of no use here
            return chance.choice(CODES[kind]) if disk.faults < faults and chance.random() < 0.08 else 0

        given: dict[str, dict[str, Any]] = {}
        while disk.faults < faults:
            disk.fails = fails
            given |= answer_all(sats, 3, note)
            disk.fails = lambda kind, file: 0
        verdict = judge(keeper.database, told)
        outcome.take(verdict)
        outcome.told = verdict.events
        keeper.stop()
        keeper.database.dispose()
    with db.Database(f"sqlite:///{folder / 'live' / 'sjt.sqlite'}").engine.connect() as connection:
        outcome.troubles += [f"damaged: {row[0]}" for row in connection.exec_driver_sql("PRAGMA integrity_check")][:1]
    if outcome.troubles[-1:] == ["damaged: ok"]:
        outcome.troubles.pop()
    outcome.seconds = time.monotonic() - began
    return outcome
