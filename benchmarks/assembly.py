"""G9: seconds and gap of `sjt assemble` beside plain scipy.milp, CBC (pulp) and CP-SAT (ortools), one process each.

    python benchmarks/assembly.py --seed 1                      the shared instances and the 600-item bank
    python benchmarks/assembly.py --only one,ten,fifty --seeds 10   forms of 60 from 600: one, ten, fifty, for ten seeds
    python benchmarks/assembly.py --seed 1 --forms 25           any other number of them
    python benchmarks/assembly.py --only shared --seconds 25    sjt alone: how far from the best known value

Ten and fifty forms share at most 12 by pairs; their CPU is set against the median of single forms that plain
scipy.milp solves one after the other, the overlap with the forms before as rows, in the same process.

Solvers that are not installed are named as such. ``--python`` gives the interpreter that has them: ortools and
highspy do not load into one process, hence each solver has its own.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

HERE = Path(__file__).resolve().parent
SHARED = HERE.parent / "tests" / "authoring" / "reference" / "ata"


def _plain(data: dict[str, Any], seconds: float) -> dict[str, Any]:
    """scipy.milp with nothing but a time limit and a gap."""
    from sjt.authoring.assembly_instance import read_instance
    from sjt.authoring.assembly_problem import build
    from sjt.authoring.assembly_solve import run_milp

    bank, spec = read_instance(data)
    made = build(bank, spec)
    result = run_milp(made, made.lower, made.upper, seconds=seconds, nodes=10**9, gap=1e-4)
    if result.x is None:
        return {"objective": None, "bound": None}
    return {"objective": -float(result.fun), "bound": -float(result.mip_dual_bound)}


def _ours(data: dict[str, Any], seconds: float, seed: int) -> dict[str, Any]:
    from sjt.authoring.assembly_instance import read_instance
    from sjt.authoring.assembly_solve import solve

    bank, spec = read_instance(data)
    found = solve(bank, spec, seconds=seconds, seed=seed)
    return {"objective": found.objective, "bound": found.bound, "stopped_by": found.stopped_by}


def _model(data: dict[str, Any]) -> tuple[Any, ...]:
    spec, bank = data["spec"], data["bank"]
    forms, n = range(spec["forms"]), range(len(bank))
    anchors = set(spec["anchors"])
    return spec, bank, forms, n, anchors


def _cbc(data: dict[str, Any], seconds: float) -> dict[str, Any]:
    import pulp

    spec, bank, forms, n, anchors = _model(data)
    problem = pulp.LpProblem("forms", pulp.LpMaximize)
    x = pulp.LpVariable.dicts("x", (forms, n), cat="Binary")
    y = pulp.LpVariable("y")
    problem += y
    for f in forms:
        problem += pulp.lpSum(bank[i]["disc"] * x[f][i] for i in n) >= y
        problem += pulp.lpSum(x[f][i] for i in n) == spec["n"]
        minutes = pulp.lpSum(bank[i]["minutes"] * x[f][i] for i in n)
        problem += minutes >= spec["minutes"][0]
        problem += minutes <= spec["minutes"][1]
        for attr, cells in spec["blueprint"].items():
            for value, (low, high) in cells.items():
                held = pulp.lpSum(x[f][i] for i in n if bank[i][attr] == value)
                problem += held >= low
                problem += held <= high
        for a, b in spec["enemies"]:
            problem += x[f][a] + x[f][b] <= 1
        for a in anchors:
            problem += x[f][a] == 1
        for target in spec["targets"]:
            total = pulp.lpSum(bank[i][target["attr"]] * x[f][i] for i in n)
            problem += total >= target["value"] - spec["delta"]
            problem += total <= target["value"] + spec["delta"]
    for i in n:
        if i not in anchors:
            problem += pulp.lpSum(x[f][i] for f in forms) <= spec["max_use"]
    problem.solve(pulp.PULP_CBC_CMD(msg=False, timeLimit=seconds, gapRel=1e-4, threads=1))
    value = y.value()
    return {"objective": None if problem.sol_status not in (1, 2) else value, "bound": None}


def _cpsat(data: dict[str, Any], seconds: float) -> dict[str, Any]:
    from ortools.sat.python import cp_model

    scale = 10_000
    spec, bank, forms, n, anchors = _model(data)
    model = cp_model.CpModel()
    x = [[model.new_bool_var(f"x{f}_{i}") for i in n] for f in forms]
    y = model.new_int_var(0, 10**9, "y")
    whole = {
        a: [round(row[a] * scale) for row in bank] for a in ("disc", "minutes", *(t["attr"] for t in spec["targets"]))
    }
    for f in forms:
        model.add(sum(whole["disc"][i] * x[f][i] for i in n) >= y)
        model.add(sum(x[f]) == spec["n"])
        minutes = sum(whole["minutes"][i] * x[f][i] for i in n)
        model.add(minutes >= round(spec["minutes"][0] * scale))
        model.add(minutes <= round(spec["minutes"][1] * scale))
        for attr, cells in spec["blueprint"].items():
            for value, (low, high) in cells.items():
                held = sum(x[f][i] for i in n if bank[i][attr] == value)
                model.add(held >= low)
                model.add(held <= high)
        for a, b in spec["enemies"]:
            model.add(x[f][a] + x[f][b] <= 1)
        for a in anchors:
            model.add(x[f][a] == 1)
        for target in spec["targets"]:
            total = sum(whole[target["attr"]][i] * x[f][i] for i in n)
            model.add(total >= round((target["value"] - spec["delta"]) * scale))
            model.add(total <= round((target["value"] + spec["delta"]) * scale))
    for i in n:
        if i not in anchors:
            model.add(sum(x[f][i] for f in forms) <= spec["max_use"])
    model.maximize(y)
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = seconds
    solver.parameters.num_workers = 2
    solver.parameters.relative_gap_limit = 1e-4
    status = solver.solve(model)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return {"objective": None, "bound": None}
    return {"objective": solver.objective_value / scale, "bound": solver.best_objective_bound / scale}


PARTS = {"ten": 10, "fifty": 50}
"""G9's numbers of forms."""
OTHERS = ("one", "shared", "solvers")
SOLVERS = {"plain": _plain, "cbc": _cbc, "cpsat": _cpsat}


def _cpu() -> float:
    """CPU of this process and of the programs it called: CBC is one."""
    own, called = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + called.ru_utime + called.ru_stime


def child(solver: str, path: str, seconds: float, seed: int) -> None:
    """Run one solver in this process and print what it found."""
    data = json.loads(Path(path).read_text(encoding="utf-8"))
    began, cpu = time.perf_counter(), _cpu()
    found = _ours(data, seconds, seed) if solver == "sjt" else SOLVERS[solver](data, seconds)
    found["wall_s"] = round(time.perf_counter() - began, 2)
    found["cpu_s"] = round(_cpu() - cpu, 2)
    known = data.get("best_known", {})
    if (accept := known.get("accept_B")) is not None and found["objective"] is not None:
        found["accepted"] = found["objective"] >= accept - 1e-9
        found["best_known"] = known["B_objective"]
        found["percent_of_best"] = round(100 * found["objective"] / known["B_objective"], 3)
    print(json.dumps(found))


def run(solver: str, path: Path, seconds: float, seed: int, python: str) -> dict[str, Any]:
    interpreter = python if solver in ("cbc", "cpsat") else sys.executable
    command = [interpreter, str(HERE / "assembly.py"), "--child", solver, "--instance", str(path)]
    command += ["--seconds", str(seconds), "--seed", str(seed)]
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or ["no message"]
        return {"solver": solver, "error": last[0]}
    return {"solver": solver, **json.loads(done.stdout.strip().splitlines()[-1])}


def _beside(options: argparse.Namespace, others: bool) -> list[dict[str, Any]]:
    """Every solver on every shared instance and the large one; or sjt alone on the shared."""
    from assembly_banks import instance

    found: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        big = Path(folder) / "section3.json"
        big.write_text(json.dumps(instance(options.seed)), encoding="utf-8")
        shared = [*sorted(SHARED.glob("sjt_*.json")), *([big] if others else [])]
        for path in [Path(options.instance)] if options.instance else shared:
            for solver in options.solvers.split(",") if others else ["sjt"]:
                row = run(solver, path, options.seconds, options.seed, options.python)
                if row.get("objective") and row.get("bound"):
                    row["gap"] = round(abs(row["bound"] - row["objective"]) / abs(row["objective"]), 5)
                if row.get("wall_s"):
                    # Where this is far below one, other work had the processor and seconds say little.
                    row["cpu_share"] = round(row["cpu_s"] / row["wall_s"], 2)
                found.append({"instance": path.stem, **row})
                print(json.dumps(found[-1]), file=sys.stderr, flush=True)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seeds", type=int, default=1, help="So many seeds, from --seed on; parts one, ten, fifty.")
    parser.add_argument("--seconds", type=float, default=25.0)
    parser.add_argument("--forms", type=int)
    parser.add_argument(
        "--only", default="", help="Parts, parted by commas: one, ten, fifty, shared, solvers; solvers when left out."
    )
    parser.add_argument("--beside", type=int, default=3, help="Single forms by plain scipy.milp beside each set.")
    parser.add_argument("--tolerance", type=float, default=0.05)
    parser.add_argument("--overlap", type=int, default=12)
    parser.add_argument("--python", default=sys.executable, help="Interpreter with pulp and ortools.")
    parser.add_argument("--solvers", default="sjt,plain,cbc,cpsat")
    parser.add_argument("--json")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--instance")
    options = parser.parse_args()
    if options.child:
        child(options.child, options.instance, options.seconds, options.seed)
        return 0
    parts = [part for part in options.only.split(",") if part] or ([] if options.forms else ["solvers"])
    if strangers := set(parts) - {*PARTS, *OTHERS}:
        parser.error(f"There is no part {', '.join(sorted(strangers))}; the parts are {', '.join([*PARTS, *OTHERS])}.")
    seeds = list(range(options.seed, options.seed + options.seeds))
    result: dict[str, Any] = {}
    if "one" in parts:
        from assembly_parts import one

        result["one"] = one(seeds, options.tolerance, options.seconds)
        print(json.dumps(result["one"]), file=sys.stderr, flush=True)
    for forms in [options.forms] if options.forms else [PARTS[part] for part in parts if part in PARTS]:
        from assembly_parts import many

        rows = result[str(forms)] = []
        for seed in seeds:
            rows.append(many(forms, seed, options.tolerance, options.overlap, options.beside if forms <= 10 else 0))
            print(json.dumps(rows[-1]), file=sys.stderr, flush=True)
    if {"solvers", "shared"} & set(parts):
        result["solvers"] = _beside(options, "solvers" in parts)
    text = json.dumps(result, indent=1)
    if options.json:
        Path(options.json).write_text(text + "\n", encoding="utf-8")
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
