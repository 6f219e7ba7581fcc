"""Are planted DIF, leaks, copying pairs and rapid guessers found, and the sound left alone? By size of the cohort.

    python benchmarks/planted_security.py [--cohorts 3] [--sizes 50 200] [--kinds dif leak copy rapid] [--json FILE]

Cohorts of 25 scenarios, faults of fixed size (sjt-science 0b.11): DIF of .35 SD against a focal group of a third; a
leak that gives 30 % of the persons .25 more of an item's mark, in .6 of the time; a pair that shares 60 % of its
answers, in one room of 20; a tenth of the persons guessing rapidly on a quarter of the items. As many cohorts again are
sound.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from sjt.psychometrics import simulate_cohort
from sjt.psychometrics.dif_analysis import analyse_dif, bands_for
from sjt.psychometrics.gram import MarkTable
from sjt.psychometrics.leaks import leaks
from sjt.psychometrics.monitoring import rapid_guessing
from sjt.psychometrics.responses import ItemSpec, Responses
from sjt.psychometrics.similarity import similar_choices
from sjt.psychometrics.simulate import default_items
from sjt.psychometrics.simulate_cohort import Cohort
from sjt.psychometrics.smallsample import wilson

RECALL, RECALL_FROM, FALSE = 0.8, 200, 0.05
KINDS = {"dif": "items", "leak": "items", "copy": "pairs", "rapid": "persons"}
Found = tuple[int, int, int, int]
"""Planted and found, planted, sound and flagged, sound."""


def dif(cohort: Cohort, earlier: Cohort) -> Found:
    ids = [item.id for item in cohort.items]
    zeros = np.zeros(len(ids), dtype=np.int64)
    specs = {
        item.id: ItemSpec(item.id, None, item.max, item.chance, item.scenario, item.format, "") for item in cohort.items
    }
    data = Responses(
        *("planted", cohort.persons, ids, MarkTable.of(cohort.marks), zeros, zeros, {"group": cohort.group}, specs),
        np.arange(len(cohort.persons)),
        "0" * 64,
    )
    bands = bands_for(len(cohort.persons))  # as the fairness page asks
    rows = analyse_dif(data, "group", reference="A", focal="B", match="rest", purify=True, bands=bands, logistic=False)[
        "items"
    ]
    return _count({row["item"] for row in rows if "dif" in row["flags"]}, _planted(cohort, "dif"), set(ids))


def leak(cohort: Cohort, earlier: Cohort) -> Found:
    ids = [item.id for item in cohort.items]
    high = np.array([float(item.max) for item in cohort.items])
    found = leaks(earlier.marks, cohort.marks, high, _seconds(earlier), _seconds(cohort))
    return _count({ids[j] for j in np.flatnonzero(found.flagged)}, _planted(cohort, "leak"), set(ids))


def copy(cohort: Cohort, earlier: Cohort) -> Found:
    n = len(cohort.persons)
    planted = {
        tuple(sorted(map(cohort.persons.index, one["persons"]))) for one in cohort.planted if one["kind"] == "copy"
    }
    room = np.arange(n) // 20
    for one, two in planted:  # who copies sits near
        room[two] = room[one]
    keyed = [j for j, item in enumerate(cohort.items) if item.format != "written"]
    answers = np.where(cohort.response[:, keyed] >= 0, cohort.response[:, keyed], np.nan).astype(float)
    pairs = similar_choices(answers, np.nansum(cohort.marks, axis=1), rooms=room, shuffles=5)
    flagged = {(pair.first, pair.second) for pair in pairs}
    every = {(i, j) for i in range(n) for j in range(i + 1, n) if room[i] == room[j]}
    return _count(flagged, planted, every)


def rapid(cohort: Cohort, earlier: Cohort) -> Found:
    keyed = [j for j, item in enumerate(cohort.items) if item.format != "written"]
    effort = rapid_guessing(_seconds(cohort)[:, keyed])
    flagged = {cohort.persons[i] for i in np.flatnonzero(effort.flagged)}
    planted = {name for one in cohort.planted if one["kind"] == "rapid" for name in one["persons"]}
    return _count(flagged, planted, set(cohort.persons))


FINDERS: dict[str, Callable[[Cohort, Cohort], Found]] = {"dif": dif, "leak": leak, "copy": copy, "rapid": rapid}


def _planted(cohort: Cohort, kind: str) -> set[str]:
    return {item for one in cohort.planted if one["kind"] == kind for item in one["items"]}


def _seconds(cohort: Cohort) -> Any:
    return np.where((cohort.response >= 0) & (cohort.ms > 0), cohort.ms / 1000.0, np.nan)


def _count(flagged: set[Any], planted: set[Any], every: set[Any]) -> Found:
    sound = every - planted
    return len(flagged & planted), len(planted), len(flagged & sound), len(sound)


def count(kind: str, persons: int, cohorts: int, seed: int) -> Found:
    """Counts over cohorts with the fault and as many sound ones."""
    total = np.zeros(4, dtype=np.int64)
    for index in range(2 * cohorts):
        plants = {kind: 2} if index < cohorts else {}
        base = seed * 100_000 + persons * 100 + index
        items = default_items(25, seed=base)
        now = simulate_cohort.simulate(persons, items=items, seed=base, plants=plants, texts=False)
        before = (
            simulate_cohort.simulate(persons, items=items, seed=base + 50, plants={}, texts=False)
            if kind == "leak"
            else now
        )
        found = FINDERS[kind](now, before)
        total += found
    return int(total[0]), int(total[1]), int(total[2]), int(total[3])


def share(part: int, whole: int) -> str:
    if not whole:
        return "–"
    low, high = wilson(part, whole)
    return f"{part / whole:.3f} ({float(low):.3f} to {float(high):.3f})"


NAMES = {"dif": "DIF of .35 SD", "leak": "leaked item", "copy": "copying pair", "rapid": "rapid guesser"}
SAID = (
    "Written by `python benchmarks/planted_security.py --cohorts {cohorts} --page docs/planted-security.md`, "
    "seed {seed}: "
    "at each size {cohorts} simulated cohorts of 25 scenarios with the fault and {cohorts} without. Sizes of "
    "the faults "
    "are fixed: DIF of .35 SD against a group of about a third (two items); two leaked items, .25 more of the "
    "mark for 30 % of the "
    "persons, in .6 of the time, against a sound cohort of the same size before; two pairs sharing 60 % of "
    "their answers, each pair in one "
    "room of 20; a tenth of the persons guessing within seconds on a quarter of the items. In brackets: Wilson's 95 % "
    "interval.\n\nGoals: four of five found from 200 persons; at most one sound item, pair or person in twenty "
    "flagged at "
    "any size."
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cohorts", type=int, default=3)
    parser.add_argument("--sizes", type=int, nargs="+", default=[50, 200])
    parser.add_argument("--kinds", nargs="+", default=list(FINDERS), choices=list(FINDERS))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--page", type=Path, help="Write the table as Markdown.")
    args = parser.parse_args()
    rows, lines = [], []
    for kind in args.kinds:
        for persons in args.sizes:
            hit, planted, false, sound = count(kind, persons, args.cohorts, args.seed)
            recall, wrong = hit / max(planted, 1), false / max(sound, 1)
            enough = recall >= RECALL if persons >= RECALL_FROM else None
            rows.append(
                {
                    "goal": "planted",
                    "what": f"{NAMES[kind]}, {persons} persons",
                    "ours": f"{hit} of {planted} found, {false} of {sound} sound flagged",
                    "reference": f"≥ {RECALL} from {RECALL_FROM}, ≤ {FALSE}",
                    "ratio": f"{recall:.2f} / {wrong:.4f}",
                    "met": enough is not False and wrong <= FALSE,
                }
            )
            print(json.dumps(rows[-1], ensure_ascii=False), flush=True)
            verdict = "yes" if rows[-1]["met"] else "no"
            lines.append(
                f"| {NAMES[kind]} | {persons} | {share(hit, planted)} | {share(false, sound)} | {KINDS[kind]} | "
                f"{verdict} |"
            )
    if args.json:
        args.json.write_text(json.dumps({"rows": rows}, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    if args.page:
        head = [
            "# Are planted DIF, leaks, copies and rapid guesses found?",
            SAID.format(cohorts=args.cohorts, seed=args.seed),
            "",
        ]
        head += [
            "| fault | persons | found | sound flagged | of | goal met |",
            "| --- | --- | --- | --- | --- | --- |",
        ]
        args.page.write_text("\n".join([*head, *lines]) + "\n", encoding="utf-8")
    return 0 if all(row["met"] for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
