"""G10: a pool of unique forms; CPU per form, every form checked apart, overlap, and the time of a draw.

python benchmarks/loft.py --forms 1000
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import numpy as np
from assembly_banks import instance

from sjt.authoring.assembly_instance import read_instance
from sjt.authoring.assembly_solve import Effort, solve
from sjt.authoring.pool import fill
from sjt.delivery.dealing import draw


def faults(data: dict, form: list[int]) -> int:
    """Count what one form breaks, from the raw instance alone."""
    spec, rows = data["spec"], [data["bank"][i] for i in form]
    wrong = len(set(form)) != spec["n"]
    total = sum(row["minutes"] for row in rows)
    wrong += not spec["minutes"][0] - 1e-9 <= total <= spec["minutes"][1] + 1e-9
    for attr, cells in spec["blueprint"].items():
        counts = Counter(row[attr] for row in rows)
        wrong += sum(not low <= counts[value] <= high for value, (low, high) in cells.items())
    for target in spec["targets"]:
        wrong += abs(sum(row[target["attr"]] for row in rows) - target["value"]) > spec["delta"] + 1e-9
    held = set(form)
    return wrong + sum(a in held and b in held for a, b in spec["enemies"])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--forms", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tolerance", type=float, default=0.3)
    parser.add_argument("--json")
    options = parser.parse_args()
    data = instance(options.seed, delta=options.tolerance)
    bank, spec = read_instance(data)
    started = time.process_time()
    first = solve(bank, spec, gap=0.05, effort=Effort(nodes=200, walks=1, steps=200, rounds=0), seconds=60)
    first_cpu = time.process_time() - started
    times: list[float] = []
    last = time.process_time()

    def tick(what: str, share: float) -> None:
        nonlocal last
        now = time.process_time()
        times.append(now - last)
        last = now

    made = fill(bank, spec, options.forms, seed=options.seed, first=first.forms[0], seconds=3600, progress=tick)
    broken = sum(faults(data, list(form)) > 0 for form in made.forms)
    held = np.zeros((len(made.forms), len(bank.items)))
    for n, form in enumerate(made.forms):
        held[n, list(form)] = 1
    shared = held @ held.T
    pairs = shared[np.triu_indices(len(made.forms), 1)]
    names = [f"f{n}" for n in range(len(made.forms))]
    began = time.perf_counter()
    for n in range(10_000):
        draw(names, "seed", f"candidate-{n}")
    expected = spec.length**2 / len(bank.items)
    result = {
        "forms": len(made.forms),
        "all_different": len(set(made.forms)),
        "broken": broken,
        "first_form_cpu_s": round(first_cpu, 2),
        "cpu_ms_median": round(1000 * statistics.median(times), 1) if times else None,
        "cpu_ms_p95": round(1000 * statistics.quantiles(times, n=20)[18], 1) if len(times) > 20 else None,
        "overlap_mean": round(float(pairs.mean()), 2),
        "overlap_max": int(pairs.max()),
        "overlap_expected_at_random": expected,
        "overlap_ratio": round(float(pairs.mean()) / expected, 3),
        "exposure_max": round(float(held.mean(axis=0).max()), 3),
        "unused_items": int((held.sum(axis=0) == 0).sum()),
        "draw_us": round((time.perf_counter() - began) * 100, 2),
        "stopped_by": made.stopped_by,
        "goal_met": len(made.forms) == options.forms and not broken and statistics.median(times or [9]) <= 0.05
        and float(pairs.mean()) <= 1.5 * expected,
    }  # fmt: skip
    text = json.dumps(result, indent=1)
    if options.json:
        Path(options.json).write_text(text + "\n", encoding="utf-8")
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
