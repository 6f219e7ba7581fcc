"""Item analysis against pandas and a bare numpy reference: ratios, one run, one BLAS thread.

    python benchmarks/item_analysis.py [--n 100000] [--items 60] [--report FILE.json]

Data: 5 categories, each person sees two thirds of the items (three forms). The same set of statistics on every
side: means, pairwise covariances, item-rest correlation, alpha and alpha if deleted. ``sjt`` starts from the float
table as pandas does, packing included, and a second line starts from the packed table that its reader makes.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import json
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from sjt.psychometrics import classical, reliability
from sjt.psychometrics.gram import MarkTable, pair_sums
from sjt.psychometrics.item_analysis import analyse
from sjt.psychometrics.responses import Responses


def data(n: int, k: int, *, random_missing: bool = False) -> np.ndarray:
    rng = np.random.default_rng(1)
    theta = rng.standard_normal(n).astype(np.float32)
    marks = np.clip(np.round(2 + 0.7 * theta[:, None] + rng.standard_normal((n, k), dtype=np.float32)), 0, 4)
    marks = marks.astype(np.float64)
    if random_missing:
        marks[rng.random((n, k), dtype=np.float32) < 1 / 3] = np.nan
    else:
        form, block = rng.integers(0, 3, n), np.arange(k) % 3
        for f in range(3):
            marks[np.ix_(form == f, block == f)] = np.nan
    return marks


def best(deed: Callable[[], Any], times: int = 3) -> tuple[float, float]:
    """Smallest CPU and wall time of a few runs, s."""
    cpu, wall = [], []
    for _ in range(times):
        c, w = time.process_time(), time.perf_counter()
        deed()
        cpu.append(time.process_time() - c)
        wall.append(time.perf_counter() - w)
    return min(cpu), min(wall)


def core(table: MarkTable) -> tuple[Any, ...]:
    sums = pair_sums(table)
    cov = sums.covariance()
    return sums.means(), classical.item_rest_correlation(cov), reliability.alpha(cov), classical.alpha_if_deleted(cov)


def with_numpy(codes: np.ndarray, missing: int) -> tuple[Any, ...]:
    """Masked products in float32 chunks, the plainest numpy that answers the same questions."""
    k = codes.shape[1]
    gram = np.zeros((2 * k, 2 * k))
    for start in range(0, len(codes), 8192):
        block = codes[start : start + 8192]
        mask = block != missing
        both = np.hstack([np.where(mask, block, 0), mask]).astype(np.float32)
        gram += both.T @ both
    cross, sums, count = gram[:k, :k], gram[:k, k:], gram[k:, k:]
    cov = (cross - sums * sums.T / count) / (count - 1)
    rest = cov.sum() - 2 * cov.sum(axis=1) + np.diag(cov)
    r = (cov.sum(axis=1) - np.diag(cov)) / np.sqrt(np.diag(cov) * rest)
    alpha = k / (k - 1) * (1 - np.trace(cov) / cov.sum())
    deleted = (k - 1) / (k - 2) * (1 - (np.trace(cov) - np.diag(cov)) / rest)
    return np.diag(sums) / np.diag(count), r, alpha, deleted


def with_pandas(frame: Any) -> tuple[Any, ...]:
    cov = frame.cov().to_numpy()
    k = len(cov)
    rest = cov.sum() - 2 * cov.sum(axis=1) + np.diag(cov)
    r = (cov.sum(axis=1) - np.diag(cov)) / np.sqrt(np.diag(cov) * rest)
    alpha = k / (k - 1) * (1 - np.trace(cov) / cov.sum())
    deleted = (k - 1) / (k - 2) * (1 - (np.trace(cov) - np.diag(cov)) / rest)
    return frame.mean().to_numpy(), r, alpha, deleted


def responses_of(table: MarkTable) -> Responses:
    k = table.n_items
    zeros = np.zeros(k, dtype=np.int64)
    persons = [str(i) for i in range(table.n_persons)]
    items = [f"i{c + 1}" for c in range(k)]
    return Responses("bench", persons, items, table, zeros, zeros, {}, {}, np.arange(table.n_persons), "0" * 64)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=lambda text: int(float(text)), default=100_000)
    parser.add_argument("--items", type=int, default=60)
    parser.add_argument("--report", type=Path)
    args = parser.parse_args()
    marks = data(args.n, args.items)
    table = MarkTable.of(marks)
    rows: list[dict[str, Any]] = []

    def add(name: str, cpu: float, wall: float) -> None:
        rows.append({"what": name, "cpu_s": cpu, "wall_s": wall})

    codes = np.ascontiguousarray(table.codes)
    add("read the packed data once", *best(lambda: int(codes.view(np.uint8).sum(dtype=np.int64))))
    add("sjt, from packed marks", *best(lambda: core(MarkTable(table.codes, table.per_unit))))
    add("sjt, from floats with packing", *best(lambda: core(MarkTable.of(marks))))
    add("bare numpy, from packed marks", *best(lambda: with_numpy(codes, table.missing)))
    everything = responses_of(table)
    add("whole sjt analyse beyond reading", *best(lambda: analyse(everything)))
    scattered = MarkTable.of(data(args.n, args.items, random_missing=True))
    add("sjt, everyone a pattern of their own", *best(lambda: core(MarkTable(scattered.codes, 1))))
    add("bare numpy, everyone their own pattern", *best(lambda: with_numpy(scattered.codes, scattered.missing)))
    try:
        import pandas as pd
    except ImportError:
        print("pandas is not here: install the `bench` extra for its line.")
    else:
        frame = pd.DataFrame(marks)
        add("pandas, from floats", *best(lambda: with_pandas(frame), 1 if args.n > 200_000 else 2))
        for got, expected in zip(core(table), with_pandas(frame)):
            np.testing.assert_allclose(got, expected, atol=1e-9)
    for got, expected in zip(core(table), with_numpy(codes, table.missing)):
        np.testing.assert_allclose(got, expected, atol=1e-9)
    tracemalloc.start()
    core(MarkTable(table.codes, table.per_unit))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    base = next(row["cpu_s"] for row in rows if row["what"] == "sjt, from packed marks")
    print(f"{args.n:,} × {args.items}, a third missing by design; CPU and wall seconds, ratio to sjt from packed marks")
    for row in rows:
        row["ratio"] = row["cpu_s"] / base
        print(f"{row['what']:42}{row['cpu_s']:10.4f}{row['wall_s']:10.4f}{row['ratio']:9.1f} ×")
    print(f"extra memory: {peak / table.codes.nbytes:.2f} × the packed data")
    if args.report:
        told = {"n": args.n, "items": args.items, "rows": rows, "extra_memory": peak}
        args.report.write_text(json.dumps(told, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
