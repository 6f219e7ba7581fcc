"""Same data, another machine: do the digits of `sjt analyse` stay the same? Other kernels stand in for other machines.

    python benchmarks/same_digits.py [RESPONSES.csv …] [--cut 24] [--irt none] [--json FILE]

The analysis runs in a process of its own under each setting: OpenBLAS kernels of older processors, two BLAS threads,
numpy without its vector instructions. Every number is compared with the first run's; the goal is 1e-10, relative where
a number is above 1. Exit 1 when one differs by more, with its name.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
DATA = [ROOT / "tests/psychometrics/reference" / name for name in ("verbal_aggression.csv", "math14w.csv")]
NO_VECTORS = "AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL AVX512_ICL AVX512_SPR AVX2 FMA3"
SETTINGS: dict[str, dict[str, str]] = {
    "this machine": {},
    "OpenBLAS Haswell (AVX2)": {"OPENBLAS_CORETYPE": "Haswell"},
    "OpenBLAS Nehalem (SSE4)": {"OPENBLAS_CORETYPE": "Nehalem"},
    "two BLAS threads": {"OPENBLAS_NUM_THREADS": "2"},
    "numpy without AVX2 and AVX-512": {"NPY_DISABLE_CPU_FEATURES": NO_VECTORS},
    "all of them": {
        "OPENBLAS_CORETYPE": "Nehalem",
        "OPENBLAS_NUM_THREADS": "2",
        "NPY_DISABLE_CPU_FEATURES": NO_VECTORS,
    },
}
GOAL = 1e-10


def usable() -> str:
    """The vector instructions that this numpy can be told to leave out on this machine."""
    import numpy as np

    found = np.show_config(mode="dicts").get("SIMD Extensions", {}).get("found", [])
    return " ".join(found)


def numbers(value: Any, at: str = "") -> Iterator[tuple[str, Any]]:
    """Every leaf of an answer with its path."""
    if isinstance(value, dict):
        for name, part in value.items():
            yield from numbers(part, f"{at}.{name}")
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from numbers(part, f"{at}[{index}]")
    else:
        yield at, value


def run(path: Path, more: list[str], setting: dict[str, str]) -> dict[str, Any]:
    code = "from sjt.psychometrics.commands.analyse import analyse; analyse()"
    command = [sys.executable, "-W", "ignore", "-c", code, str(path), *more, "--json"]
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(ROOT), **setting}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def apart(one: dict[str, Any], other: dict[str, Any]) -> tuple[float, str, int]:
    """Largest difference, where it is, and how many numbers differ at all."""
    worst, where, different = 0.0, "", 0
    first, second = dict(numbers(one)), dict(numbers(other))
    for name in first.keys() | second.keys():
        a, b = first.get(name), second.get(name)
        if a == b:
            continue
        different += 1
        both = isinstance(a, int | float) and isinstance(b, int | float)
        gap = abs(a - b) / max(1.0, abs(a)) if both else float("inf")
        if gap > worst:
            worst, where = gap, name
    return worst, where, different


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path, default=DATA)
    parser.add_argument("--cut")
    parser.add_argument("--irt", default="none")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    have = usable()
    for setting in SETTINGS.values():
        if "NPY_DISABLE_CPU_FEATURES" in setting:
            setting["NPY_DISABLE_CPU_FEATURES"] = have
    rows, failed = [], False
    for path in options.files:
        more = ["--irt", options.irt, *(["--cut", options.cut] if options.cut else [])]
        first: dict[str, Any] | None = None
        for name, setting in SETTINGS.items():
            answer = run(path, more, setting)
            if first is None:
                first = answer
                print(f"{path.name}: {sum(1 for _ in numbers(first)):,} values", flush=True)
                continue
            gap, where, different = apart(first, answer)
            failed |= gap > GOAL
            print(f"  {name:34}{different:6} differ, at most {gap:.1e}  {where}", flush=True)
            rows.append({
                "goal": "digits", "what": f"{path.name}, {name}", "ours": f"{gap:.1e}", "reference": f"≤ {GOAL:.0e}",
                "ratio": f"{different} differ", "met": gap <= GOAL,
            })  # fmt: skip
    if options.json:
        options.json.write_text(json.dumps({"rows": rows}, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
