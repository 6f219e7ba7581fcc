"""Goal G12: a graded or partial credit fit with standard errors against its own matrix-product floor and against girth.

Run: python benchmarks/irt.py --n 1000 10000 [--model grm gpcm] [--rounds 3] [--girth] [--json FILE]
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from sjt.psychometrics.irt_likelihood import Problem
from sjt.psychometrics.irt_mml import fit_mml
from sjt.psychometrics.irt_models import Model, code, starting_values

ITEMS, CATEGORIES, NODES = 60, 5, 61
MOST_PASSES, FLOOR_SHARE, GIRTH = 20, 0.45, 3
GOALS = {("grm", 1_000): 1, ("grm", 10_000): 3, ("grm", 100_000): 30, ("gpcm", 1_000): 3, ("gpcm", 10_000): 10}
"""CPU seconds, standard errors included."""


def simulate(n: int, model: str, seed: int) -> tuple[Any, Any]:
    """Marks 0 to 4 on 60 items, and the true slopes."""
    rng = np.random.default_rng(seed)
    theta, slopes = rng.normal(size=n), rng.lognormal(0.1, 0.25, ITEMS)
    steps = np.sort(rng.normal(0, 1.1, (ITEMS, CATEGORIES - 1)), axis=1)
    marks = np.empty((n, ITEMS), dtype=np.int8)
    for j in range(ITEMS):
        if model == "grm":
            above = 1 / (1 + np.exp(-slopes[j] * (theta[:, None] - steps[j])))
            marks[:, j] = (rng.uniform(size=(n, 1)) < above).sum(axis=1)
        else:
            z = slopes[j] * theta[:, None] * np.arange(CATEGORIES)
            z[:, 1:] -= slopes[j] * np.cumsum(steps[j])
            p = np.exp(z - z.max(axis=1, keepdims=True))
            p = np.cumsum(p / p.sum(axis=1, keepdims=True), axis=1)
            marks[:, j] = np.minimum((rng.uniform(size=(n, 1)) > p).sum(axis=1), CATEGORIES - 1)
    return marks, slopes


def floor_seconds(n: int) -> float:
    """CPU time of the two bare products of one pass."""
    kind = np.float32 if n >= 5000 else np.float64
    rows = np.ones((min(n, 4096), ITEMS * CATEGORIES), dtype=kind)
    table = np.ones((ITEMS * CATEGORIES, NODES), dtype=kind)
    start = time.process_time()
    for _ in range(max(1, round(n / rows.shape[0]))):
        _ = rows.T @ (rows @ table)
    return time.process_time() - start


def pass_share(marks: Any, model: Model, rounds: int = 7) -> float:
    """Share of one E and M step that the bare products of that step would take; both measured in turn."""
    codes, kinds = code(marks)
    items = starting_values(model, codes, kinds)
    group = np.zeros(codes.shape[0], dtype=np.int64)
    problem = Problem(codes, items, group, 1, {}, None, False, True, NODES, 6.0)
    x = problem.pack(items, np.zeros(1), np.ones(1))
    whole, bare = [], []
    for _ in range(rounds):
        start = time.process_time()
        _, counts = problem.expect(x)
        x = problem.m_step(x, counts)
        whole.append(time.process_time() - start)
        bare.append(floor_seconds(codes.shape[0]))
    return statistics.median(bare[1:]) / statistics.median(whole[1:])


def measure(n: int, model: Model, rounds: int, *, girth: bool) -> dict[str, Any]:
    """Fit as often as asked and describe the median round."""
    mine, theirs, found = [], [], None
    for seed in range(rounds):
        marks, slopes = simulate(n, model, seed)
        start = time.process_time()
        found = fit_mml(marks, model)
        mine.append(time.process_time() - start)
        if girth:
            other = importlib.import_module("girth")
            call = other.grm_mml if model == "grm" else other.pcm_mml
            start = time.process_time()
            call(marks.T.astype(int))
            theirs.append(time.process_time() - start)
    assert found is not None
    seconds = statistics.median(mine)
    return {
        "n": n,
        "model": model,
        "cpu_seconds_with_errors": round(seconds, 2),
        "passes": found.passes,
        "converged": found.converged,
        "floor_share_of_a_pass": round(pass_share(marks, model), 3),
        "rmse_slopes": round(float(np.sqrt(np.mean((found.items.slopes - slopes) ** 2))), 4),
        "times_girth": round(statistics.median(theirs) / seconds, 1) if theirs else None,
    }


def lines(row: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Lines of the table of `make bench`."""
    what = f"{row['model'].upper()} with errors, {row['n']:,} × 60 × 5"
    goal = GOALS.get((row["model"], row["n"]))
    seconds = row["cpu_seconds_with_errors"]
    in_time = None if goal is None else seconds <= goal
    yield line(what, f"{seconds} s", "" if goal is None else f"goal {goal} s", "", in_time)
    passes = row["passes"]
    yield line(f"{what}: passes", passes, "", f"{passes} (≤ {MOST_PASSES})", passes <= MOST_PASSES and row["converged"])
    share = row["floor_share_of_a_pass"]
    met = share >= FLOOR_SHARE if row["n"] >= 100_000 else None  # the goal is set at 100,000
    yield line(f"{what}: a pass", "E and M step", "bare products", f"{share} (≥ {FLOOR_SHARE})", met)
    if row["times_girth"] is not None:
        times = row["times_girth"]
        yield line(what, f"{seconds} s", "girth without errors", f"{times} × (≥ {GIRTH})", times >= GIRTH)


def line(what: str, ours: object, reference: str, ratio: str, met: bool | None) -> dict[str, Any]:
    return {"goal": "G12", "what": what, "ours": str(ours), "reference": reference, "ratio": ratio, "met": met}


def main() -> None:
    """Print one JSON line for each size and model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=float, nargs="+", default=[1000, 10000])
    parser.add_argument("--model", nargs="+", default=["grm", "gpcm"], choices=["grm", "gpcm"])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--girth", action="store_true", help="time girth on the same marks (pip install girth)")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    table: list[dict[str, Any]] = []
    for n in map(int, given.n):
        for model in given.model:
            row = measure(n, model, given.rounds, girth=given.girth)
            print(json.dumps(row), flush=True)
            table += lines(row)
    if given.json:
        given.json.write_text(json.dumps({"rows": table}, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
