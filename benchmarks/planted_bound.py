"""How often could the best possible test find DIF of .35 SD in one cohort? Not a matter of the program but of the data.

    python benchmarks/planted_bound.py [--sizes 100 200 300 500] [--cohorts 150] [--seed 7]

Cohorts as in planted_security.py: 25 scenarios, a focal group of about a third that is .15 SD weaker, two items with
DIF against it. Four tests of each item at 5 %, in falling order of what they are told:

- everything: each person's true ability and standing on the scenario, and the item's true parameters;
- abilities: all that but how hard the item is, which the reference group must show (no program knows more);
- regression: only the marks: on the mark of the other items and the group;
- bands: Mantel's test in five bands of the other items, which the fairness page uses.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import argparse
from collections import defaultdict
from math import sqrt
from typing import Any

import numpy as np

from sjt.psychometrics import dif
from sjt.psychometrics.simulate import SimItem, default_items
from sjt.psychometrics.simulate_cohort import DIF_SIZE, lift_for, population_sd

TWO_SIDED, ONE_SIDED = 1.959964, 1.644854
FOCAL, SHIFT, BANDS = 0.35, -0.15, 5
NAMES = {
    "everything": "all is known, the item too",
    "abilities": "all but the item's difficulty is known",
    "regression": "marks only, regression",
    "bands": "marks only, Mantel in five bands",
}
Array = Any


class Cohort:
    """One cohort in which the items in ``planted`` are harder for the focal group."""

    def __init__(
        self, rng: np.random.Generator, n: int, items: list[SimItem], lift: dict[int, float], planted: set[int]
    ) -> None:
        self.items = items
        self.focal = rng.random(n) < FOCAL
        theta = rng.standard_normal(n) + SHIFT * self.focal
        effect = {item.scenario: rng.standard_normal(n) for item in items}
        self.standing = [theta + effect[item.scenario] * item.testlet_sd for item in items]
        self.category = np.empty((n, len(items)), dtype=np.int64)
        for j, item in enumerate(items):
            moved = np.where(self.focal, lift[j], 0.0) if j in planted else 0.0
            p = item.model.probabilities(self.standing[j], moved)
            self.category[:, j] = (p.cumsum(axis=1) < rng.random((n, 1))).sum(axis=1).clip(max=p.shape[1] - 1)
        self.marks = np.column_stack([item.model.marks[self.category[:, j]] for j, item in enumerate(items)])

    def tests(self, j: int) -> dict[str, float]:
        """Standard normal where the item is sound; negative: harder for the focal group."""
        p = self.items[j].model.probabilities(self.standing[j])
        step = np.arange(p.shape[1])
        expected = p @ step
        weight, off = p @ step**2 - expected**2, self.category[:, j] - expected
        group = self.focal.astype(float)
        centred = group - (group * weight).sum() / weight.sum()
        y, rest = self.marks[:, j], self.marks.sum(axis=1) - self.marks[:, j]
        design = np.column_stack([np.ones(y.size), rest, group])
        slope = np.linalg.lstsq(design, y, rcond=None)[0]
        variance = ((y - design @ slope) ** 2).sum() / (y.size - 3) * np.linalg.inv(design.T @ design)[2, 2]
        edges = np.unique(np.quantile(rest, np.arange(1, BANDS) / BANDS))
        band, (kinds, at) = np.searchsorted(edges, rest, side="right"), np.unique(y, return_inverse=True)
        table = dif.tabulate(band, self.focal.astype(int), at, BANDS, kinds.size)
        found = dif.mantel(table, kinds)
        return {
            "everything": float(off[self.focal].sum() / sqrt(weight[self.focal].sum())),
            "abilities": float((centred * off).sum() / sqrt((weight * centred**2).sum())),
            "regression": float(slope[2] / sqrt(variance)),
            "bands": found.observed_minus_expected / sqrt(found.variance) if found.variance > 0 else 0.0,
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[100, 200, 300, 500])
    parser.add_argument("--cohorts", type=int, default=150)
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    rng = np.random.default_rng(given.seed)
    items = [item for item in default_items(25, seed=given.seed) if item.format != "written"]
    fit = [j for j, item in enumerate(items) if item.max >= 8]
    lift = {j: lift_for(items[j], -DIF_SIZE * population_sd(items[j])) for j in fit}
    print("| persons | test | found, two-sided 5 % | found, one-sided 5 % | sound flagged, two-sided | items |")
    print("| --- | --- | --- | --- | --- | --- |")
    for n in given.sizes:
        z: dict[tuple[str, bool], list[float]] = defaultdict(list)
        for number in range(given.cohorts):
            planted = set(rng.permutation(fit)[:2].tolist())
            cohort = Cohort(rng, n, items, lift, planted)
            for j in range(len(items)) if number < given.cohorts // 3 else planted:
                for name, value in cohort.tests(j).items():
                    z[name, j in planted].append(value)
        for name, words in NAMES.items():
            hit, sound = np.array(z[name, True]), np.array(z[name, False])
            cells = [(np.abs(hit) > TWO_SIDED).mean(), (hit < -ONE_SIDED).mean(), (np.abs(sound) > TWO_SIDED).mean()]
            print(f"| {n} | {words} | {' | '.join(f'{cell:.3f}' for cell in cells)} | {hit.size} |", flush=True)


if __name__ == "__main__":
    main()
