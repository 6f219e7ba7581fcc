"""Goal G12: a graded or partial credit fit with standard errors against its own matrix-product floor and against girth.

Run: python benchmarks/irt.py --n 1000 10000 [--model grm gpcm] [--rounds 3] [--girth]
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import statistics
import time
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from sjt.psychometrics.irt_mml import fit_mml

ITEMS, CATEGORIES, NODES = 60, 5, 61


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


def main() -> None:
    """Print one JSON line for each size and model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=float, nargs="+", default=[1000, 10000])
    parser.add_argument("--model", nargs="+", default=["grm", "gpcm"], choices=["grm", "gpcm"])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--girth", action="store_true", help="time girth on the same marks (pip install girth)")
    given = parser.parse_args()
    for n in map(int, given.n):
        for model in given.model:
            mine, bare, theirs, found = [], [], [], None
            for seed in range(given.rounds):
                marks, slopes = simulate(n, model, seed)
                bare.append(floor_seconds(n))
                start = time.process_time()
                found = fit_mml(marks, model)
                mine.append(time.process_time() - start)
                if given.girth:
                    girth = importlib.import_module("girth")
                    call = girth.grm_mml if model == "grm" else girth.pcm_mml
                    start = time.process_time()
                    call(marks.T.astype(int))
                    theirs.append(time.process_time() - start)
            assert found is not None
            seconds = statistics.median(mine)
            row = {
                "n": n,
                "model": model,
                "cpu_seconds_with_errors": round(seconds, 2),
                "passes": found.passes,
                "converged": found.converged,
                "floor_share_of_a_pass": round(found.passes * statistics.median(bare) / seconds, 3),
                "rmse_slopes": round(float(np.sqrt(np.mean((found.items.slopes - slopes) ** 2))), 4),
                "times_girth": round(statistics.median(theirs) / seconds, 1) if theirs else None,
            }
            print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
