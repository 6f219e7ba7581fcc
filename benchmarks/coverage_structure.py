"""Do the jackknife's intervals and those of D (27 %) hold the truth? The second half of docs/coverage.md.

    python benchmarks/coverage_structure.py [--replications 2000] [--sizes 20 50 200] [--bootstrap 1000] [--seed 1]
        [--json FILE] [--page docs/coverage.md] [--join FILE …]

Lambda-6, the omegas, Eρ², Φ and Φ(λ) by leaving out groups of persons; D by the bootstrap. Populations as in
coverage.py, and one of 24 items in three groups for hierarchical omega. Same test of each share: exact binomial
against .93 to .97, p < .001.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np

from benchmarks.coverage import BAND, HARD, LIMIT, MIDDLE, SCENARIO, STEPS, TOP, Array, K, marks, tail, within
from sjt.psychometrics import classical, factor, reliability
from sjt.psychometrics.generalizability import g_study
from sjt.psychometrics.gram import MarkTable, pair_sums
from sjt.psychometrics.jackknife import Design, jackknife
from sjt.psychometrics.resampling import bootstrap

CUT = 60.0
GROUPED = 24
MARKER = "## By leaving out groups of persons, and D"
NAMES = {
    "standardised_alpha": "alpha of standardised items",
    "lambda2": "lambda-2",
    "lambda6": "lambda-6",
    "lambda6_cor": "lambda-6 of correlations",
    "omega_total": "omega total",
    "omega_total_minres": "omega total, minres",
    "stratified_alpha": "stratified alpha",
    "E_rho2": "Eρ²",
    "phi": "Φ",
    "phi_lambda": "Φ(λ) at 60 of 100 marks",
    "sem": "standard error of measurement",
}
ALONE = ("standardised_alpha", "lambda2", "lambda6", "lambda6_cor", "omega_total", "omega_total_minres", "phi")
SHARED = ("stratified_alpha", "E_rho2", "phi", "phi_lambda", "sem")


def grouped(rng: np.random.Generator, n: int) -> Array:
    """24 items of 0 to 4 marks in three groups of eight that share something beside ability."""
    load = np.tile(np.linspace(0.45, 0.75, 8), 3)
    latent = load * rng.standard_normal((n, 1)) + rng.standard_normal((n, GROUPED))
    latent += 0.8 * np.repeat(rng.standard_normal((n, 3)), 8, axis=1)
    return np.asarray((latent[:, :, None] > STEPS).sum(axis=2), dtype=np.float64)


def known_of(cov: Array, means: Array, testlets: bool) -> dict[str, float]:
    """True values of the coefficients."""
    matrix = reliability.correlation(cov)
    study = g_study(cov, means, np.full(len(cov), 1e12), SCENARIO if testlets else None)
    fit = factor.one_factor_ml(cov)
    assert study is not None
    assert fit is not None
    alpha = reliability.alpha(cov)
    return {
        "standardised_alpha": reliability.alpha(matrix),
        "lambda2": reliability.lambda2(cov),
        "lambda4": reliability.lambda4(matrix),
        "lambda6": reliability.lambda6(cov),
        "lambda6_cor": reliability.lambda6(matrix),
        "omega_total": fit.omega,
        "omega_total_minres": factor.omega_minres(matrix),
        "stratified_alpha": reliability.stratified_alpha(cov, SCENARIO),
        "E_rho2": study.coefficient(),
        "phi": study.coefficient(absolute=True),
        "phi_lambda": study.phi_lambda(CUT / K),
        "sem": reliability.sem(float(np.sqrt(cov.sum())), alpha),
    }


class Known:
    """The truth of the three populations, from 400,000 persons each."""

    def __init__(self) -> None:
        rng = np.random.default_rng(987)
        self.of: dict[bool, dict[str, float]] = {}
        for testlets in (False, True):
            everyone = np.vstack([marks(rng, 50_000, testlets=testlets) for _ in range(8)])
            self.of[testlets] = known_of(np.cov(everyone, rowvar=False), everyone.mean(axis=0), testlets)
            if not testlets:
                table, low, high = MarkTable.of(everyone), np.zeros(K), np.full(K, float(TOP))
                self.d27 = classical.upper_lower(table, classical.scores(table, low, high), low, high).d_cut
        everyone = np.vstack([grouped(rng, 50_000) for _ in range(8)])
        self.hierarchical = factor.omega_hierarchical(np.corrcoef(everyone, rowvar=False))


def one(rng: np.random.Generator, n: int, known: Known, resamples: int) -> Iterator[tuple[str, bool]]:
    """One replication: each interval with whether it held its truth."""
    low, high = np.zeros(K), np.full(K, float(TOP))
    for testlets in (False, True):
        table = MarkTable.of(marks(rng, n, testlets=testlets))
        strata = SCENARIO if testlets else None
        seed = int(rng.integers(2**31))
        design = Design(strata, strata, low, high, CUT, omegas=n >= 200 and not testlets)
        found = jackknife(table, pair_sums(table), design, seed=seed)
        assert found is not None
        among = "shared scenarios" if testlets else "single items"
        for name in SHARED if testlets else ALONE:
            if name in found.ends:
                yield f"jackknife, {NAMES[name]}, {among}", within(*found.ends[name], known.of[testlets][name])
        if not testlets:
            value = classical.scores(table, low, high).value
            boot = bootstrap(table, low, high, value=value, seed=seed, replications=resamples)
            assert boot is not None
            for item, what in ((MIDDLE, "middle"), (HARD, "hard")):
                yield f"bootstrap, D (27 %) of the {what} item", within(*boot.item("d27", item), known.d27[item])
    if n >= 200:
        table = MarkTable.of(grouped(rng, n))
        design = Design(None, None, np.zeros(GROUPED), np.full(GROUPED, float(TOP)))
        found = jackknife(table, pair_sums(table), design, seed=int(rng.integers(2**31)))
        assert found is not None
        held = "omega_hierarchical" in found.ends and within(*found.ends["omega_hierarchical"], known.hierarchical)
        yield "jackknife, hierarchical omega, items in three groups", held


def split_halves(known: Known, sizes: list[int], seed: int) -> list[tuple[int, float, float]]:
    """How far lambda-4 of a sample lies above its true value: mean and share above, 100 samples of each size."""
    out = []
    for n in sizes:
        rng = np.random.default_rng([seed, n, 4])
        found = [reliability.lambda4(np.corrcoef(marks(rng, n, testlets=False), rowvar=False)) for _ in range(100)]
        out.append((n, float(np.mean(found)), float(np.mean(np.array(found) > known.of[False]["lambda4"]))))
    return out


def page(rows: list[dict[str, object]], halves: list[tuple[int, float, float]], true: float, words: str) -> str:
    """The second half of docs/coverage.md."""
    sizes = sorted({int(str(row["n"])) for row in rows})
    drawn = ", ".join(f"{mean:.3f} at {n} persons ({share:.0%} of samples above)" for n, mean, share in halves)
    said = (
        f"Written by `python benchmarks/coverage_structure.py --page docs/coverage.md`: {words}. Lambda-6 and its "
        "interval need clearly more persons than items; the omegas are judged from 200 persons.\n\n"
        f"Lambda-4 has no interval. Its true value for the single items is {true:.3f}; samples give {drawn}: what the "
        "largest of very many splits gains by chance is no error around the truth, and no resampling puts it right."
    )
    lines = [MARKER, said, ""]
    lines += ["| interval | " + " | ".join(f"n = {n}" for n in sizes) + " |", "| --- |" + " --- |" * len(sizes)]
    for name in dict.fromkeys(str(row["what"]) for row in rows):
        cells = []
        for n in sizes:
            row = next((row for row in rows if row["what"] == name and row["n"] == n), None)
            cells.append("" if row is None else f"{row['coverage']:.3f}" + ("" if row["met"] else " (outside)"))
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def write(options: argparse.Namespace, known: Known, rows: list[dict[str, object]]) -> None:
    """Write what is known so far, after each size: the long ones come last."""
    if options.json:
        options.json.write_text(json.dumps({"rows": rows}, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    if options.page:
        halves = split_halves(known, sorted({int(str(row["n"])) for row in rows}), options.seed)
        words = (
            f"{options.replications:,} replications of each size, seed {options.seed}, {options.bootstrap:,} resamples "
            f"in each bootstrap, the same band of {BAND[0]:.2f} to {BAND[1]:.2f}"
        )
        before = options.page.read_text("utf-8").partition(MARKER)[0].rstrip() if options.page.exists() else ""
        text = page(rows, halves, known.of[False]["lambda4"], words)
        options.page.write_text(f"{before}\n\n{text}", encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--replications", type=int, default=2000)
    parser.add_argument("--sizes", type=int, nargs="+", default=[20, 50, 200])
    parser.add_argument("--bootstrap", type=int, default=1000, help="Resamples of each bootstrap.")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--page", type=Path, help="Put the table at the end of this page.")
    parser.add_argument("--join", type=Path, nargs="+", help="Run nothing: the page of sizes that were run apart.")
    options = parser.parse_args()
    known, rows, failed = Known(), [], 0
    if options.join:  # each size has random numbers of its own: apart they are the same as together
        for path in options.join:
            rows += json.loads(path.read_text("utf-8"))["rows"]
        write(options, known, rows)
        return int(any(not row["met"] for row in rows))
    for n in options.sizes:
        rng = np.random.default_rng([options.seed, n])
        held: dict[str, int] = {}
        times: dict[str, int] = {}
        for _ in range(options.replications):
            for name, good in one(rng, n, known, options.bootstrap):
                held[name], times[name] = held.get(name, 0) + good, times.get(name, 0) + 1
        for name, count in held.items():
            if times[name] < options.replications:
                continue  # not defined in every sample of this size: no figure
            p = tail(count, options.replications)
            failed += p < LIMIT
            share = count / options.replications
            print(f"n {n:4}  {name:56}{share:7.3f}  {'holds' if p >= LIMIT else 'DOES NOT HOLD'}", flush=True)
            rows.append({"goal": "0b.11", "n": n, "what": name, "coverage": share, "p": p, "met": p >= LIMIT})
        write(options, known, rows)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
