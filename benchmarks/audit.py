"""G13: how fast audit chains are verified, against the bare hashing of the same bytes.

    python benchmarks/audit.py [--rows 200000] [--chain 200] [--rounds 5] [--json FILE]

Goals: 400,000 rows/s with the standard library (entries in memory, as the outside checker holds them), 150,000 rows/s
from the database. The floor is ``hashlib.sha256`` over the very bytes that an entry's hash covers, made beforehand.
A share of that floor holds on any machine, a rate only on one like the one it was set on; both are told. The whole of
``tools/verify_audit.py`` from a file, JSON reading included, is told beside them. Rounds are interleaved; medians of
CPU time.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import groupby
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from sjt import db
from sjt.audit import chain, store
from sjt.audit.chain import GENESIS, Entry
from sjt.audit.tables import AuditEntry
from sjt.migrations import runner

ROOT = Path(__file__).resolve().parent.parent
GOALS = {"stdlib": 400_000, "database": 150_000}
BARE = 3_400_000
"""Rows/s of bare hashing on the machine that the goals were set on: a goal is also the share of it, 0.12 and 0.044."""


def checker() -> Any:
    """Load the outside checker as the one file it is."""
    spec = importlib.util.spec_from_file_location("verify_audit", ROOT / "tools" / "verify_audit.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def entries(rows: int, length: int) -> list[list[Entry]]:
    """Make chains such as a year of sessions leaves: one per record, deeds in words, bodies hashed apart."""
    made: list[list[Entry]] = []
    for first in range(0, rows, length):
        name, prev = f"scenario:{first:032x}", GENESIS
        links: list[Entry] = []
        for n in range(1, min(length, rows - first) + 1):
            body = hashlib.sha256(f"{first} {n}".encode()).hexdigest()
            links.append(chain.link(name, n, "2026-03-14T09:00:00.000000Z", f"{n:032x}", "scenario.edited", body, prev))
            prev = links[-1].hash
        made.append(links)
    return made


def as_dict(entry: Entry) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in Entry.__slots__}


def filled(folder: Path, chains: list[list[Entry]]) -> db.Database:
    database = db.Database(f"sqlite:///{folder / 'audit.sqlite'}")
    runner.upgrade(database)
    with database.transaction() as session:
        for links in chains:
            session.execute(sa.insert(AuditEntry), [as_dict(entry) for entry in links])
    return database


def verify_from(session: Session) -> int:
    breaks = 0
    for name, links in groupby(store.entries(session), key=lambda row: row.chain):
        breaks += len(chain.check(name, links))
    return breaks


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--chain", type=int, default=200, help="Entries of one chain.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    tool = checker()
    chains = entries(options.rows, options.chain)
    lines = [
        chain.canonical({name: value for name, value in as_dict(entry).items() if name != "hash"})
        for links in chains
        for entry in links
    ]
    dicts = [(links[0].chain, [as_dict(entry) for entry in links]) for links in chains]
    sha256 = hashlib.sha256

    def bare() -> int:
        for line in lines:
            sha256(line).hexdigest()
        return 0

    def outside() -> int:
        return sum(len(tool.check_chain(name, rows)) for name, rows in dicts)

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        database = filled(folder, chains)
        export = folder / "export.jsonl"
        with export.open("wb") as file:
            for links in chains:
                for entry in links:
                    file.write(chain.canonical(as_dict(entry)) + b"\n")

        def stored() -> int:
            with database.session() as session:
                return verify_from(session)

        def whole_file() -> int:
            return len(tool.verify(export)[0])

        deeds: dict[str, Callable[[], int]] = {
            "bare": bare, "stdlib": outside, "database": stored, "file": whole_file,
        }  # fmt: skip
        took: dict[str, list[float]] = {what: [] for what in deeds}
        for _ in range(options.rounds):
            for what, deed in deeds.items():
                begun = time.process_time()
                breaks = deed()
                took[what].append(time.process_time() - begun)
                if breaks:
                    raise SystemExit(f"{what}: an untouched chain was said not to hold")
        database.dispose()
    rate = {what: options.rows / statistics.median(times) for what, times in took.items()}
    words = {
        "bare": "hashing the same bytes bare",
        "stdlib": "chains in memory, standard library",
        "database": "chains from SQLite",
        "file": "tools/verify_audit.py from a file",
    }
    print(f"{options.rows:,} entries in chains of {options.chain}, {options.rounds} rounds, CPU time")
    rows = []
    for what, text in words.items():
        goal = GOALS.get(what)
        row = {
            "goal": "G13", "what": text, "rows_per_s": round(rate[what]), "floor_share": rate[what] / rate["bare"],
            "needed": goal, "needed_share": None if goal is None else goal / BARE,
            "met": None if goal is None else rate[what] / rate["bare"] >= goal / BARE,
            "met_in_rows": None if goal is None else rate[what] >= goal,
        }  # fmt: skip
        rows.append(row)
        verdict = ""
        if goal is not None:
            share = f"share {goal / BARE:.3f} {'met' if row['met'] else 'not met'}"
            verdict = f"goal: {share}; {goal:,} rows/s {'met' if row['met_in_rows'] else 'not met'} on this machine"
        print(f"{text:38}{rate[what]:12,.0f} rows/s{rate[what] / rate['bare']:8.2f} of bare hashing  {verdict}")
    if options.json:
        options.json.write_text(json.dumps({"rows": rows}, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
