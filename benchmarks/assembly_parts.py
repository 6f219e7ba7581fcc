"""The parts of G9 that build forms of 60 from 600 items: one inside the tolerance, and ten or fifty under a cap."""

from __future__ import annotations

import os
import statistics
import time
from dataclasses import replace
from typing import Any

from assembly_banks import instance
from loft import faults

from sjt.authoring.assembly_instance import read_instance
from sjt.authoring.assembly_problem import build
from sjt.authoring.assembly_solve import Effort, run_milp, solve
from sjt.authoring.pool import Cap, fill


def one(seeds: list[int], tolerance: float, seconds: float) -> dict[str, Any]:
    """One form with the least deviation, a tolerance being enough: CPU of sjt and of plain scipy.milp by turns."""

    rows: list[dict[str, Any]] = []
    for seed in seeds:
        data = instance(seed, delta=tolerance)
        bank, spec = read_instance(data)
        began = time.process_time()
        found = solve(bank, spec, problem="A", tolerance=tolerance, seed=seed, seconds=seconds)
        ours = time.process_time() - began
        began = time.process_time()
        made = build(bank, spec, "A", tolerance)
        result = run_milp(made, made.lower, made.upper, seconds=seconds, nodes=10**9, gap=1e-4)
        plain = time.process_time() - began
        rows.append({
            "seed": seed, "ours_cpu_s": round(ours, 2), "plain_cpu_s": round(plain, 2), "status": found.status,
            "ratio": round(ours / max(plain, 1e-9), 3), "gap": found.gap, "plain_found": result.x is not None,
            "right": bool(found.forms) and not faults(data, list(found.forms[0])),
        })  # fmt: skip
    ratio = round(statistics.median(row["ratio"] for row in rows), 3)
    stated = all(row["right"] and row["gap"] is not None for row in rows)
    return {"rows": rows, "ratio": ratio, "met": ratio <= 1.2 and stated, "load": os.getloadavg()[0]}


def single(data: dict[str, Any], tolerance: float, overlap: int, forms: int, seconds: float) -> list[float]:
    """CPU seconds of forms that plain scipy.milp solves one after the other, overlap with those before as rows."""

    bank, spec = read_instance(data)
    earlier: list[tuple[int, ...]] = []
    spent: list[float] = []
    for _ in range(forms):
        began = time.process_time()
        made = build(bank, replace(spec, earlier=tuple(earlier), overlap_max=overlap), "A", tolerance)
        result = run_milp(made, made.lower, made.upper, seconds=seconds, nodes=10**9, gap=1e-4)
        spent.append(time.process_time() - began)
        if result.x is None:
            break
        earlier.append(tuple(made.forms_of(result.x)[0]))
    return spent


def many(forms: int, seed: int, tolerance: float, overlap: int, reference: int) -> dict[str, Any]:
    """Build forms of 60 from 600, one inside the tolerance bands and the others by walking, overlap capped."""

    data = instance(seed, delta=tolerance)
    bank, spec = read_instance(data)
    began = time.process_time()
    first = solve(bank, spec, gap=0.05, effort=Effort(nodes=200, walks=1, steps=200, rounds=0), seconds=120)
    own = time.process_time() - began
    made = fill(bank, spec, forms, seed=seed, first=first.forms[0], cap=Cap(forms, None, overlap), seconds=600)
    whole = time.process_time() - began
    shared = [len(set(a) & set(b)) for k, a in enumerate(made.forms) for b in made.forms[:k]]
    broken = sum(faults(data, list(form)) > 0 for form in made.forms)
    complete = len(made.forms) == forms and not broken and max(shared, default=0) <= overlap
    beside = single(data, tolerance, overlap, reference, 60) if reference else []
    times = round(whole / statistics.median(beside), 2) if beside else None
    return {
        "seed": seed, "forms": len(made.forms), "asked": forms, "one_form_cpu_s": round(own, 2),
        "all_cpu_s": round(whole, 2), "times_one_form": round(whole / max(own, 1e-9), 1),
        "plain_cpu_s": [round(each, 2) for each in beside], "times_plain": times,
        "overlap_max": max(shared, default=0), "overlap_mean": round(sum(shared) / max(1, len(shared)), 2),
        "broken": broken, "stopped_by": made.stopped_by, "why": made.why, "complete": complete,
        "met": complete and (forms != 10 or times is None or times <= 10), "load": os.getloadavg()[0],
    }  # fmt: skip
