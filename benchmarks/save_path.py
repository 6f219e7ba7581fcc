"""G1–G8, G14: the save path and the question page beside a bare Flask application under the same server.

    python -m benchmarks.save_path [--only CASE …] [--rounds 3] [--seconds 3] [--short] [--json FILE] [--page]

Every ratio is of two figures of the same run, the rounds of the two taken in turn, the median of the rounds. What the
reference is, and what it leaves out, stands at the head of ``save_path_reference.py``. What needs four idle processors
says so and measures nothing.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

if __package__ in (None, ""):  # run by its path, as run.py does
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import save_path_people
from benchmarks.save_path_servers import Ground, Run, Target

CONNECTIONS: Final = 50
EVERY: Final = 5.0
"""Seconds between two saves of a candidate."""
DATABASES: Final = ("SQLite", "PostgreSQL")
IDLE: Final = 4
SYNC_MS: Final = 4


@dataclass
class Row:
    """One line of the table, as run.py reads it."""

    goal: str
    what: str
    ours: str
    reference: str
    ratio: str
    met: bool | None
    value: float | None = None
    """The ratio as a number, for the chart."""
    limit: float | None = None


@dataclass
class Plan:
    """How much is measured."""

    rounds: int
    seconds: float
    short: bool
    sizes: tuple[int, ...]

    @property
    def paced_seconds(self) -> float:
        return 8.0 if self.short else 20.0


def say(words: str) -> None:
    print(f"  {words}", file=sys.stderr, flush=True)


def alternate(plan: Plan, targets: dict[str, Callable[[], Run]]) -> dict[str, list[Run]]:
    """Run the targets in turn, round by round, so that what the machine does meanwhile falls on all of them."""
    found: dict[str, list[Run]] = {name: [] for name in targets}
    for n in range(plan.rounds):
        for name, load in targets.items():
            run = load()
            found[name].append(run)
            say(
                f"round {n + 1} {name}: {run.rate:.0f}/s, {run.cpu_us:.0f} µs"
                + (f" + {run.database_us:.0f} µs database" if run.database_cpu else "")
                + f", p50 {run.p50 * 1000:.1f} p99 {run.p99 * 1000:.1f} ms{f', not well: {run.bad}' if run.bad else ''}"
            )
    return found


def loads(target: Target, **order: Any) -> Callable[[], Run]:
    return lambda: target.load(**order)


def middle(runs: list[Run], what: Callable[[Run], float]) -> float:
    return statistics.median(what(run) for run in runs)


def ratio_row(
    goal: str, what: str, ours: float, beside: float, unit: str, limit: float, *, least: bool = False, name: str = ""
) -> Row:
    """Make a row of two figures; ``least``: the ratio is to be reached, not kept under."""
    ratio = ours / beside if beside else float("inf")
    met = ratio >= limit if least else ratio <= limit
    sign = "≥" if least else "≤"
    return Row(
        goal, what, f"{ours:,.0f} {unit}", f"{name or 'reference'} {beside:,.0f} {unit}",
        f"{ratio:.2f} ({sign} {limit:g})", met, ratio, limit,
    )  # fmt: skip


def lost(runs: list[Run]) -> int:
    return sum(sum(run.bad.values()) for run in runs)


def cpu(ground: Ground, plan: Plan) -> Iterator[Row]:
    """G1, G2, G6: processor time of a durable save, and beside the same request without a database."""
    for kind in DATABASES:
        place, database, cohort = ground.cohort(kind, 500)
        with contextlib.ExitStack() as stack:
            ours = stack.enter_context(ground.ours(place, database, cohort))
            bare = stack.enter_context(ground.reference(kind, "save", cohort.sitting_ids))
            shell = stack.enter_context(ground.reference(kind, "shell", cohort.sitting_ids))
            how: dict[str, Any] = {"mode": "closed", "connections": CONNECTIONS}
            ours.load(seconds=1.0, **how)  # what is made at the first request is made
            found = alternate(
                plan,
                {one.name: loads(one, seconds=plan.seconds, **how) for one in (ours, bare, shell)},
            )
        mine, beside, empty = found["sjt"], found["bare save"], found["bare shell"]
        us, theirs = middle(mine, lambda run: run.cpu_us), middle(beside, lambda run: run.cpu_us)
        yield ratio_row("G1", f"processor per durable save, {kind}", us, theirs, "µs", 1.25)
        if kind == "PostgreSQL":
            mid = middle(mine, lambda run: run.database_us), middle(beside, lambda run: run.database_us)
            yield ratio_row("G6", "PostgreSQL's own processor per save", *mid, "µs", 1.25)
        no_database = middle(empty, lambda run: run.cpu_us)
        yield ratio_row("G2", f"processor per durable save, {kind}", us, no_database, "µs", 1.6, name="no database")
        rates = middle(mine, lambda run: run.rate), middle(beside, lambda run: run.rate)
        yield ratio_row("G2", f"saves a second, {CONNECTIONS} connections, {kind}", *rates, "/s", 0.8, least=True)
        if refused := lost(mine):
            yield Row("G1", f"saves not acknowledged, {kind}", str(refused), "0", "", False)


def paced(ground: Ground, plan: Plan) -> Iterator[Row]:
    """G3: candidates who save every five seconds each."""
    for kind in DATABASES:
        place, database, cohort = ground.cohort(kind, max(plan.sizes))
        with contextlib.ExitStack() as stack:
            ours = stack.enter_context(ground.ours(place, database, cohort))
            bare = stack.enter_context(ground.reference(kind, "save", cohort.sitting_ids))
            for size in plan.sizes:
                how: dict[str, Any] = {
                    "mode": "paced", "every": EVERY, "seconds": plan.paced_seconds, "candidates": size,
                }  # fmt: skip
                found = alternate(plan, {one.name: loads(one, **how) for one in (ours, bare)})
                mine, theirs = (middle(found[name], lambda run: run.p99) * 1000 for name in ("sjt", "bare save"))
                row = ratio_row("G3", f"p99 at {size:,} candidates, {kind}", mine, theirs, "ms", 1.25)
                row.ours, row.reference = f"{mine:.1f} ms", f"reference {theirs:.1f} ms"
                yield row
                if size == max(plan.sizes):
                    limit = 100.0
                    stretch = Row("G3", f"p99 at {size:,} under 100 ms, {kind}", f"{mine:.1f} ms", "100 ms", "", None)
                    stretch.met, stretch.value, stretch.limit = mine < limit, mine / limit, 1.0
                    yield stretch
                if refused := lost(found["sjt"]):
                    yield Row("G3", f"saves not acknowledged at {size:,}, {kind}", str(refused), "0", "", False)


def slow_disk(ground: Ground, plan: Plan) -> Iterator[Row]:
    """G4: what is left of the throughput when every sync takes four milliseconds more."""
    place, database, cohort = ground.cohort("SQLite", 500)
    how: dict[str, Any] = {"mode": "closed", "connections": CONNECTIONS, "seconds": plan.seconds}
    rates: dict[tuple[str, float], list[float]] = {}
    for _ in range(plan.rounds):
        for delay in (0.0, SYNC_MS / 1000):
            with contextlib.ExitStack() as stack:
                ours = stack.enter_context(ground.ours(place, database, cohort, sync_delay=delay))
                bare = stack.enter_context(ground.reference("SQLite", "save", cohort.sitting_ids, sync_delay=delay))
                ours.load(**{**how, "seconds": 0.5})
                for one in (ours, bare):
                    run = one.load(**how)
                    say(f"sync + {delay * 1000:.0f} ms, {one.name}: {run.rate:.0f}/s, p99 {run.p99 * 1000:.0f} ms")
                    rates.setdefault((one.name, delay), []).append(run.rate)
    mine, theirs = (
        statistics.median(rates[name, SYNC_MS / 1000]) / statistics.median(rates[name, 0.0])
        for name in ("sjt", "bare save")
    )
    yield Row(
        "G4", f"throughput kept with {SYNC_MS} ms on every sync", f"{mine:.0%}", f"reference keeps {theirs:.0%}",
        f"{mine:.2f} (≥ 0.75)", mine >= 0.75, mine, 0.75,
    )  # fmt: skip


def silent(ground: Ground, plan: Plan) -> Iterator[Row]:
    """G7: sockets that are open and say nothing."""
    place, database, cohort = ground.cohort("SQLite", 500)
    how: dict[str, Any] = {"mode": "paced", "every": EVERY, "seconds": plan.paced_seconds}
    with ground.ours(place, database, cohort) as ours:
        found = alternate(
            plan,
            {
                "without": lambda: ours.load(**how),
                "with 1,000 silent sockets": lambda: ours.load(**how, silent=1000),
            },
        )
    alone, among = (middle(runs, lambda run: run.p99) * 1000 for runs in found.values())
    row = ratio_row("G7", "p99 of 500 candidates beside 1,000 silent sockets", among, alone, "ms", 1.5)
    row.ours, row.reference = f"{among:.1f} ms", f"without {alone:.1f} ms"
    yield row


def morning(ground: Ground, plan: Plan) -> Iterator[Row]:
    """G14: five hundred sign in within a minute, by code and PIN, while five hundred save every five seconds."""
    seconds = 20.0 if plan.short else 60.0
    for kind in DATABASES:
        place, database, cohort = ground.cohort(kind, 500)
        arrivals = save_path_people.arriving(database, round(seconds * 500 / 60))
        with ground.ours(place, database, cohort) as ours:
            entered: list[float] = []
            wrong: list[str] = []
            at_door = threading.Thread(
                target=save_path_people.enter_all, args=(ours.port, arrivals, seconds, entered, wrong)
            )
            at_door.start()
            run = ours.load(mode="paced", every=EVERY, seconds=seconds)
            at_door.join()
        entered.sort()
        say(f"{kind}: {len(entered)} entered, p99 of a save {run.p99 * 1000:.1f} ms, {wrong[:2]}")
        p99 = run.p99 * 1000
        what = f"p99 of 500 candidates while {len(entered)} sign in within {seconds:.0f} s, {kind}"
        yield Row("G14", what, f"{p99:.1f} ms", "100 ms", f"{p99 / 100:.2f} (≤ 1)", p99 < 100, p99 / 100, 1.0)
        if wrong or run.bad:
            yield Row("G14", f"refused, {kind}", f"{len(wrong)} log-ins, {run.bad} saves", "0", "", False)


def page(ground: Ground, plan: Plan) -> Iterator[Row]:
    """G8: the page with all questions beside a bare reply."""
    for kind in DATABASES:
        place, database, cohort = ground.cohort(kind, 500, form="long-20")
        with contextlib.ExitStack() as stack:
            ours = stack.enter_context(ground.ours(place, database, cohort))
            hello = stack.enter_context(ground.reference(kind, "hello", cohort.sitting_ids))
            how: dict[str, Any] = {"mode": "closed", "connections": 8, "seconds": plan.seconds, "kind": "page"}
            first = ours.load(**{**how, "seconds": 60.0, "path": "/sit/test", "once": True})
            say(f"first time: {first.cpu_us:.0f} µs, {first.done} pages")
            found = alternate(
                plan,
                {
                    "page": loads(ours, **how, path="/sit/test"),
                    "state": loads(ours, **{**how, "kind": "state"}, path="/sit/SITTING/state"),
                    "hello": loads(hello, **how, path="/hello"),
                },
            )
        cached, state, bare = (middle(found[name], lambda run: run.cpu_us) for name in ("page", "state", "hello"))
        yield ratio_row("G8", f"page of 20 questions, cached, {kind}", cached, bare, "µs", 3.0, name="bare reply")
        yield ratio_row("G8", f"the same, drawn, beside cached, {kind}", first.cpu_us, cached, "µs", 2.5, least=True)
        yield ratio_row("G8", f"a page's question for the time, {kind}", state, bare, "µs", 3.0, name="bare reply")


def growth(ground: Ground, plan: Plan) -> Iterator[Row]:
    """Cost of a save with more candidates, and in a database with twenty thousand past sittings."""
    few, many = 50, (1_000 if plan.short else 5_000)
    past = 2_000 if plan.short else 20_000
    for kind in DATABASES:
        place, database, cohort = ground.cohort(kind, many)
        how: dict[str, Any] = {"mode": "closed", "connections": CONNECTIONS, "seconds": plan.seconds}
        with ground.ours(place, database, cohort) as ours:
            ours.load(**{**how, "seconds": 1.0})
            sizes = (few, many)
            found = alternate(plan, {f"{n:,}": loads(ours, **how, candidates=n) for n in sizes})
        small, large = (middle(found[f"{n:,}"], lambda run: run.cpu_us) for n in sizes)
        what = f"processor per save, {many:,} candidates beside {few}, {kind}"
        yield ratio_row("issue 8", what, large, small, "µs", 1.25, name=f"{few} candidates")
        old_place, old, other = ground.cohort(kind, 500)
        save_path_people.past(old, past)
        new_place, new, third = ground.cohort(kind, 500)
        with ground.ours(old_place, old, other) as full, ground.ours(new_place, new, third) as empty:
            for one in (full, empty):
                one.load(**{**how, "seconds": 1.0})
            found = alternate(plan, {"full": loads(full, **how), "empty": loads(empty, **how)})
            asked = {**how, "kind": "page", "connections": 8, "path": "/sit/test"}
            pages = alternate(plan, {"full": loads(full, **asked), "empty": loads(empty, **asked)})
        for words, runs in (("save", found), ("page", pages)):
            mine, beside = (middle(runs[name], lambda run: run.cpu_us) for name in ("full", "empty"))
            what = f"processor per {words} beside {past:,} past sittings, {kind}"
            yield ratio_row("issue 8", what, mine, beside, "µs", 1.25, name="empty database")


def two_workers(ground: Ground, plan: Plan) -> Iterator[Row]:
    """G6: two serving processes on PostgreSQL beside one."""
    what = "saves a second of two workers beside one, PostgreSQL"
    if (os.cpu_count() or 1) < IDLE or os.getloadavg()[0] > (os.cpu_count() or 1) - IDLE + 0.5:
        yield Row("G6", what, "not measurable here", f"needs {IDLE} idle processors", "", None)
        return
    place, database, cohort = ground.cohort("PostgreSQL", 500)
    rates: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(plan.rounds):
        for workers, found in rates.items():
            with ground.ours(place, database, cohort, workers=workers) as ours:
                ours.load(mode="closed", connections=CONNECTIONS, seconds=1.0)
                found.append(ours.load(mode="closed", connections=CONNECTIONS, seconds=plan.seconds).rate)
    yield ratio_row(
        "G6", what, statistics.median(rates[2]), statistics.median(rates[1]), "/s", 1.6, least=True, name="one"
    )


CASES: Final[dict[str, Callable[[Ground, Plan], Iterator[Row]]]] = {
    "cpu": cpu,
    "paced": paced,
    "slow-disk": slow_disk,
    "silent": silent,
    "morning": morning,
    "page": page,
    "growth": growth,
    "two-workers": two_workers,
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=CASES, default=[])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3.0, help="of one round of one server")
    parser.add_argument("--short", action="store_true", help="fewer candidates and shorter rounds, for `make bench`")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--keep", type=Path, help="a folder of rows by case, for a page made in stages")
    parser.add_argument("--page", action="store_true", help="write docs/performance.md and its chart from what is kept")
    options = parser.parse_args()
    plan = Plan(options.rounds, options.seconds, options.short, (500, 1000) if options.short else (500, 1000, 2000))
    rows: dict[str, list[Row]] = {}
    if options.keep:
        options.keep.mkdir(parents=True, exist_ok=True)
        rows = {path.stem: [Row(**row) for row in json.loads(path.read_text("utf-8"))["rows"]]
                for path in sorted(options.keep.glob("*.json"))}  # fmt: skip
    wanted = options.only or ([] if options.page and rows else list(CASES))
    with tempfile.TemporaryDirectory(prefix="sjt-save-path-") as folder:
        ground = Ground(Path(folder))
        with ground.stack:
            for name in wanted:
                began = time.monotonic()
                print(f"{name} …", file=sys.stderr, flush=True)
                rows[name] = list(CASES[name](ground, plan))
                say(f"{time.monotonic() - began:.0f} s")
                if options.keep:
                    kept = {"load": os.getloadavg(), "rows": [asdict(row) for row in rows[name]]}
                    (options.keep / f"{name}.json").write_text(json.dumps(kept, indent=1), "utf-8")
    found = [row for name in CASES for row in rows.get(name, [])]
    for row in found:
        met = {True: "yes", False: "no", None: ""}[row.met]
        print(f"{row.goal:<8} {row.what:<74} {row.ours:>14}  {row.reference:<28} {row.ratio:<16} {met}")
    if options.json:
        options.json.write_text(
            json.dumps({"rows": [asdict(row) for row in found]}, indent=1, ensure_ascii=False), "utf-8"
        )
    if options.page:
        from benchmarks import save_path_page

        save_path_page.write(found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
