"""G15: what the web process imports, against the packages it is built on.

    python benchmarks/coldstart.py [--rounds 7] [--json FILE]

Goal: importing `sjt.web` costs at most 1.15 times flask + flask_wtf + sqlmodel + markdown_it; neither numpy nor scipy
is loaded, by the whole application neither. CPU time of fresh interpreters, interleaved, medians.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path

GOAL = 1.15
SIDES = {
    "flask, flask_wtf, sqlmodel, markdown_it": "import flask, flask_wtf, sqlmodel, markdown_it",
    "sjt.web": "import sjt.web.errors, sjt.web.filters, sjt.web.guards, sjt.web.headers, sjt.markdown, sjt.db",
    "sjt.app, all rooms": "import sjt.app, sjt.joining; sjt.joining.register_rooms()",
}
CODE = """
import time; begun = time.process_time()
{}
import sys
heavy = [name for name in ("numpy", "scipy", "matplotlib") if name in sys.modules]
import resource
print(time.process_time() - begun, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, *heavy)
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    took: dict[str, list[float]] = {side: [] for side in SIDES}
    memory: dict[str, float] = {}
    heavy: dict[str, list[str]] = {}
    for _ in range(options.rounds):
        for side, code in SIDES.items():
            ran = subprocess.run(
                [sys.executable, "-c", CODE.format(code)], capture_output=True, text=True, check=True
            ).stdout.split()
            took[side].append(float(ran[0]))
            memory[side], heavy[side] = float(ran[1]), ran[2:]
    cpu = {side: statistics.median(times) for side, times in took.items()}
    bare = cpu[next(iter(SIDES))]
    rows = []
    for side in SIDES:
        ratio = cpu[side] / bare
        met = {"sjt.web": ratio <= GOAL and not heavy[side], "sjt.app, all rooms": not heavy[side]}.get(side)
        asked = f"{GOAL} × without numpy" if side == "sjt.web" else "without numpy"
        goal = "" if met is None else f"  goal {asked}: {'met' if met else 'not met'}"
        loaded = f", loads {', '.join(heavy[side])}" if heavy[side] else ""
        print(f"{side:42}{cpu[side] * 1000:8.0f} ms {memory[side]:6.0f} MB {ratio:6.2f} ×{loaded}{goal}")
        rows.append({"goal": "G15", "what": side, "cpu_s": cpu[side], "mb": memory[side], "ratio": ratio, "met": met})
    if options.json:
        options.json.write_text(json.dumps({"rows": rows}, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
