"""Run every benchmark with short settings, each in its own process, and print one table; never fails a build.

    python benchmarks/run.py [--only NAME …] [--seconds 300] [--json FILE]

Ratios are to a reference measured in the same run on the same machine, so they hold where seconds do not. A benchmark
that takes too long, lacks a package or breaks has a line that says so.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Line:
    """One line of the table."""

    goal: str
    what: str
    ours: str
    reference: str
    ratio: str
    met: bool | None


@dataclass(frozen=True)
class Bench:
    """A script, its short settings, the option that names a report, and how its report is read."""

    script: str
    arguments: tuple[str, ...]
    read: Callable[[Any], Iterator[Line]]
    report: str = "--json"


def audit(report: Any) -> Iterator[Line]:
    bare = next(row["rows_per_s"] for row in report["rows"] if row["needed"] is None)
    for row in report["rows"]:
        if row["needed"] is not None:
            share = f"{row['floor_share']:.3f} (≥ {row['needed_share']:.3f})"
            yield Line("G13", row["what"], f"{row['rows_per_s']:,}/s", f"bare SHA-256 {bare:,}/s", share, row["met"])


def importing(report: Any) -> Iterator[Line]:
    for row in report["rows"]:
        needed = f" (≤ {row['needed']})" if row["needed"] else ""
        reference = f"csv.reader {row['bare_s']:.3f} s"
        yield Line("G13", row["what"], f"{row['ours_s']:.3f} s", reference, f"{row['ratio']:.2f}{needed}", row["met"])


def coldstart(report: Any) -> Iterator[Line]:
    bare = report["rows"][0]
    for row in report["rows"][1:]:
        ratio = f"{row['ratio']:.2f}" + (" (≤ 1.15)" if row["what"] == "sjt.web" else "")
        reference = f"flask and three more {bare['cpu_s'] * 1000:.0f} ms"
        yield Line("G15", f"import {row['what']}", f"{row['cpu_s'] * 1000:.0f} ms", reference, ratio, row["met"])


def forms(report: Any) -> Iterator[Line]:
    """One, ten and fifty forms of 60 from 600: CPU beside single forms that plain milp solves in the same run."""
    one = report["one"]
    ours, plain = (statistics.median(row[f"{whose}_cpu_s"] for row in one["rows"]) for whose in ("ours", "plain"))
    yield Line(
        "G9", "a form of 60 from 600", f"{ours} s", f"plain milp {plain} s", f"{one['ratio']} (≤ 1.2)", one["met"]
    )
    for asked in ("10", "50"):
        for row in report[asked]:
            ours = f"{row['forms']} in {row['all_cpu_s']} s, {row['times_one_form']} × one"
            reference, ratio = f"sharing ≤ 12, has {row['overlap_max']}", ""
            if row["times_plain"] is not None:
                reference = f"plain milp, one {statistics.median(row['plain_cpu_s'])} s"
                ratio = f"{row['times_plain']} (≤ 10)"
            yield Line("G9", f"{asked} forms of 60 from 600", ours, reference, ratio, row["met"])


def assembly(report: Any) -> Iterator[Line]:
    report = report["solvers"]
    plain = {row["instance"]: row for row in report if row.get("solver") == "plain"}
    for row in report:
        if row.get("solver") != "sjt":
            continue
        beside = plain.get(row["instance"], {})
        if row.get("cpu_s") is None or not beside.get("cpu_s"):
            yield Line("G9", row["instance"], row.get("error", "?"), beside.get("error", "no milp"), "", None)
            continue
        ratio = row["cpu_s"] / beside["cpu_s"]
        ours = f"{row['cpu_s']} s, gap {row.get('gap', '?')}"
        if "percent_of_best" in row:
            ours += f", {row['percent_of_best']} % of best"
        reference = f"plain milp {beside['cpu_s']} s, gap {beside.get('gap', '?')}"
        yield Line("G9", row["instance"], ours, reference, f"{ratio:.2f} (≤ 1.2)", ratio <= 1.2)
        for other in report:
            if other["instance"] == row["instance"] and other["solver"] in ("cbc", "cpsat"):
                value = other.get("objective")
                said = other.get("error") or f"{other.get('cpu_s')} s, value {value}"
                ratio_words = f"value {row['objective'] / value:.4f}" if value and row.get("objective") else ""
                yield Line("G9", row["instance"], f"value {row.get('objective')}", f"{other['solver']} {said}",
                           ratio_words, None)  # fmt: skip


def loft(report: Any) -> Iterator[Line]:
    what = f"pool of {report['forms']} forms, {report['broken']} broken"
    overlap = f"overlap {report['overlap_ratio']} (≤ 1.5)"
    yield Line("G10", what, f"{report['cpu_ms_median']} ms a form", "50 ms", overlap, report["goal_met"])
    share = report["draw_us"] / 1000
    yield Line("G10", "a draw from the pool", f"{report['draw_us']} µs", "1 ms", f"{share:.3f} (≤ 1)", share <= 1)


def item_analysis(report: Any) -> Iterator[Line]:
    cpu = {row["what"]: row["cpu_s"] for row in report["rows"]}
    people = f"{report['n']:,} persons"
    for ours, beside, needed in (
        ("sjt, from packed marks", "bare numpy, from packed marks", "(≤ 1.1)"),
        ("sjt, from floats with packing", "pandas, from floats", "(≤ 0.05)"),
    ):
        if ours in cpu and beside in cpu:
            ratio = cpu[ours] / cpu[beside]
            met = ratio <= float(needed.strip("(≤ )"))
            reference = f"{beside.partition(',')[0]} {cpu[beside]:.3f} s"
            yield Line("G11", f"item analysis, {people}", f"{cpu[ours]:.3f} s", reference, f"{ratio:.2f} {needed}", met)
    packed = report["n"] * report["items"]
    extra = report["extra_memory"] / packed
    yield Line(
        "G11", f"extra memory, {people}", f"{extra:.2f} × the data", "the data", f"{extra:.2f} (≤ 1)", extra <= 1
    )
    whole = cpu["whole sjt analyse beyond reading"]
    yield Line(
        "G11", f"whole sjt analyse, {people}", f"{whole:.3f} s", "1 s at 100,000", f"{whole:.2f} (≤ 1)", whole <= 1
    )


def truth(report: Any) -> Iterator[Line]:
    aims = {0: 0.14, 20: 0.08, 50: 0.06, 100: 0.05}
    for row in report:
        aim = aims.get(row["answers"])
        what = f"spread of true P(pass), {row['answers']} answers an item"
        met = None if aim is None else row["sd_true"] <= 1.25 * aim
        reference = "" if aim is None else f"design {aim}"
        ratio = "" if aim is None else f"{row['sd_true'] / aim:.2f} (≤ 1.25)"
        yield Line("0b.4", what, f"{row['sd_true']:.3f}", reference, ratio, met)


def rows(report: Any) -> Iterator[Line]:
    """Read the plain form that new benchmarks write: rows of goal, what, ours, reference, ratio, met."""
    for row in report["rows"] if isinstance(report, dict) else report:
        goal, what, ours, beside, ratio = (
            str(row.get(name, "")) for name in ("goal", "what", "ours", "reference", "ratio")
        )
        yield Line(goal, what, ours, beside, ratio, row.get("met"))


BENCHES = (
    Bench("assembly.py", ("--only", "one,ten,fifty", "--seconds", "60"), forms),
    Bench("assembly.py", ("--seconds", "8", "--solvers", "sjt,plain,cbc,cpsat"), assembly),
    Bench("loft.py", ("--forms", "100"), loft),
    Bench("item_analysis.py", ("--n", "1e5"), item_analysis, "--report"),
    Bench("audit.py", ("--rows", "50000", "--rounds", "5"), audit),
    Bench("importing.py", ("--persons", "20000", "--rounds", "5"), importing),
    Bench("coldstart.py", ("--rounds", "3"), coldstart),
    Bench("save_path.py", ("--short", "--rounds", "1", "--seconds", "2", "--only", "cpu", "page", "slow-disk"), rows),
    Bench("irt.py", ("--n", "1e3", "1e4", "1e5", "--model", "grm", "--rounds", "1", "--girth"), rows),
    Bench("irt.py", ("--n", "1e3", "1e4", "--model", "gpcm", "--rounds", "1"), rows),
    Bench("planted_security.py", ("--cohorts", "4", "--sizes", "50", "200"), rows),
    Bench("truth.py", ("--forms", "20", "--seeds", "1", "--answers", "0", "50"), truth),
)
OWN_TARGETS = {
    "coverage.py": "make bench-coverage",
    "coverage_structure.py": "make bench-coverage",
    "faults.py": "make bench-faults",
}
HELPERS = {"run.py", "assembly_banks.py", "assembly_parts.py"} | {path.name for path in HERE.glob("save_path_*.py")}


def run(bench: Bench, seconds: float, folder: Path) -> list[Line]:
    """Run one benchmark and read its report; whatever happens becomes a line."""
    report = folder / f"{bench.script}.json"
    command = [sys.executable, str(HERE / bench.script), *bench.arguments, bench.report, str(report)]
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    try:
        done = subprocess.run(
            command, cwd=HERE.parent, env=environment, capture_output=True, text=True, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired:
        return [Line("", bench.script, f"not done in {seconds:.0f} s", "", "", None)]
    if not report.exists():  # a script whose goals are missed may say so by its exit code: the report stands
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        return [Line("", bench.script, f"broke: {last[:60]}", "", "", None)]
    try:
        return list(bench.read(json.loads(report.read_text(encoding="utf-8"))))
    except (LookupError, TypeError, ValueError) as error:
        return [Line("", bench.script, f"its report was not understood: {error!r}"[:70], "", "", None)]


def table(lines: list[Line]) -> str:
    cells = [("goal", "what", "ours", "reference", "ratio", "met")]
    cells += [
        (one.goal, one.what, one.ours, one.reference, one.ratio, {True: "yes", False: "no", None: ""}[one.met])
        for one in lines
    ]
    widths = [max(len(row[c]) for row in cells) for c in range(6)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in cells)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", default=[], help="Names of scripts, with or without .py.")
    parser.add_argument("--seconds", type=float, default=300, help="The longest that one benchmark may take.")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    known = {bench.script for bench in BENCHES} | set(OWN_TARGETS) | HELPERS
    others = sorted(path.name for path in HERE.glob("*.py") if path.name not in known)
    benches = [*BENCHES, *(Bench(name, (), rows) for name in others if "--json" in (HERE / name).read_text("utf-8"))]
    wanted = {name.removesuffix(".py") for name in options.only}
    lines: list[Line] = []
    with tempfile.TemporaryDirectory() as folder:
        for bench in benches:
            if not wanted or bench.script.removesuffix(".py") in wanted:
                print(f"… {bench.script} {' '.join(bench.arguments)}", file=sys.stderr, flush=True)
                lines += run(bench, options.seconds, Path(folder))
    print(table(lines))
    for script, target in OWN_TARGETS.items():
        print(f"{script} has its own target: {target}")
    if options.json:
        found = [vars(line) for line in lines]
        options.json.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
