"""G13: reading CSV with every cell checked, against ``csv.reader`` alone on the same bytes.

    python benchmarks/importing.py [--persons 100000] [--items 64] [--candidates 5000] [--rounds 5] [--json FILE]

Goal: at most 3.5 times ``csv.reader``. The table of marks is what `sjt analyse` reads: every cell is a number within
its item's range, omitted or not reached, and every fault would be named with row and column. The list of candidates is
told beside it, without a goal: each of its rows holds two dates, a learner number with a check digit and a percentage.
Rounds are interleaved; medians of CPU time.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import random
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

from sjt.delivery import ulns
from sjt.delivery.candidates import COLUMNS, read_csv
from sjt.psychometrics.responses import ItemSpec, read_items, read_responses

GOAL = 3.5


def marks(persons: int, items: int) -> tuple[bytes, dict[str, ItemSpec]]:
    chance = random.Random(1)
    names = [f"item-{n:03}" for n in range(items)]
    choice = ["0", "1", "2", "3", "4", "4", "3", "2.5", "omitted", ""]
    lines = [",".join(["person", *names])]
    lines += [f"p{n:06}," + ",".join(chance.choices(choice, k=items)) for n in range(persons)]
    listed = "item,min,max\n" + "".join(f"{name},0,4\n" for name in names)
    return ("\n".join(lines) + "\n").encode(), read_items(listed.encode(), "ITEMS.csv")


def candidates(rows: int) -> str:
    lines = [",".join(COLUMNS)]
    number = 1_000_000_000
    while len(lines) <= rows:
        number += 1
        if ulns.fault(str(number)) is None:
            n = len(lines)
            lines.append(
                f"{number},Ade,O'Neil {n},2001-02-{n % 28 + 1:02},A home,A college,residential,2024-09-01,33.3,"
            )
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--persons", type=int, default=100_000)
    parser.add_argument("--items", type=int, default=64)
    parser.add_argument("--candidates", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    raw, specs = marks(options.persons, options.items)
    listed = candidates(options.candidates)

    def bare_marks() -> int:
        return sum(1 for _ in csv.reader(io.StringIO(raw.decode(), newline=""))) - 1

    def our_marks() -> int:
        return len(read_responses(raw, specs, file="RESPONSES.csv").persons)

    def bare_list() -> int:
        return sum(1 for _ in csv.reader(io.StringIO(listed, newline=""))) - 1

    def our_list() -> int:
        return len(read_csv(listed))

    deeds: dict[str, tuple[Callable[[], int], int]] = {
        "bare_marks": (bare_marks, options.persons),
        "our_marks": (our_marks, options.persons),
        "bare_list": (bare_list, options.candidates),
        "our_list": (our_list, options.candidates),
    }
    took: dict[str, list[float]] = {what: [] for what in deeds}
    for _ in range(options.rounds):
        for what, (deed, rows) in deeds.items():
            begun = time.process_time()
            found = deed()
            took[what].append(time.process_time() - begun)
            if found != rows:
                raise SystemExit(f"{what}: {found} rows were read where {rows} were written")
    cpu = {what: statistics.median(times) for what, times in took.items()}
    told = []
    for kind, text, goal in (
        ("marks", f"RESPONSES.csv, {options.persons:,} × {options.items}", GOAL),
        ("list", f"candidates, {options.candidates:,} rows", None),
    ):
        ratio = cpu[f"our_{kind}"] / cpu[f"bare_{kind}"]
        met = None if goal is None else ratio <= goal
        verdict = "" if goal is None else f"  goal {goal} ×: {'met' if met else 'not met'}"
        print(
            f"{text:36} csv.reader {cpu[f'bare_{kind}']:.3f} s, ours {cpu[f'our_{kind}']:.3f} s, {ratio:.2f} ×{verdict}"
        )
        told.append(
            {"goal": "G13", "what": text, "bare_s": cpu[f"bare_{kind}"], "ours_s": cpu[f"our_{kind}"], "ratio": ratio,
             "needed": goal, "met": met}
        )  # fmt: skip
    if options.json:
        options.json.write_text(json.dumps({"rows": told}, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
