"""Is C2 what its degrees of freedom say, where the model is true? Its mean, its variance and how often it rejects.

    python benchmarks/limited_information.py [--replications 200] [--persons 500] [--items 8] [--seed 1] [--model gpcm]

Answers in three categories are drawn from the model itself with slopes of .8 to 1.6 and persons of N(0, 1); each data
set is fitted and tested. A sound statistic has the mean of its degrees of freedom, twice them as variance, and rejects
one set in twenty at 5 %.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import argparse
import json
import sys
from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np

from sjt.psychometrics.irt_limited import overall_fit
from sjt.psychometrics.irt_mml import fit_mml

CUTS = (-0.8, 0.8)


def draw(rng: np.random.Generator, persons: int, slopes: Any, shift: Any, model: str) -> Any:
    """Marks 0, 1, 2 of everybody."""
    theta = rng.standard_normal((persons, 1))
    first, second = (slopes * (theta - shift - cut) for cut in CUTS)
    if model == "grm":
        share = np.stack([np.ones_like(first), 1 / (1 + np.exp(-first)), 1 / (1 + np.exp(-second))])
        return (rng.random(first.shape) < share[1]) * 1.0 * (1 + (rng.random(first.shape) < share[2] / share[1]))
    weight = np.exp(np.stack([np.zeros_like(first), first, first + second]))
    below = (weight / weight.sum(axis=0)).cumsum(axis=0)
    return (below[:2] < rng.random(first.shape)).sum(axis=0).astype(float)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--replications", type=int, default=60)
    parser.add_argument("--persons", type=int, default=500)
    parser.add_argument("--items", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--model", choices=["gpcm", "grm"], default="gpcm")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    rng = np.random.default_rng(given.seed)
    slopes, shift = np.linspace(0.8, 1.6, given.items), np.linspace(-1, 1, given.items)[rng.permutation(given.items)]
    found = [
        overall_fit(fit_mml(draw(rng, given.persons, slopes, shift, given.model), given.model))
        for _ in range(given.replications)
    ]
    value, df = np.array([one.statistic for one in found]), found[0].df
    error = float(value.std(ddof=1) / sqrt(value.size))
    rejected = float(np.mean([one.p < 0.05 for one in found]))
    met = abs(float(value.mean()) - df) < 3 * error
    row = {
        "goal": "C2",
        "what": f"mean of C2, {given.model}, {given.persons} × {given.items}, {value.size} sets",
        "ours": f"{value.mean():.2f} ± {error:.2f}, variance {value.var(ddof=1):.1f}",
        "reference": f"df {df}, variance {2 * df}",
        "ratio": f"{value.mean() / df:.3f}; {rejected:.3f} rejected at .05",
        "met": met,
    }
    print(json.dumps(row, ensure_ascii=False))
    if given.json:
        given.json.write_text(json.dumps({"rows": [row]}, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
