"""How equal forms really are: true P(pass) of the borderline candidate over a set, by what the bank knows.

    python benchmarks/truth.py --forms 40 --answers 0 20 50 100

Every item has a true mean and spread at the borderline. The bank is told a panel's judgement, whose error stays with
the item, and the mean of so many answers of borderline candidates. Forms are built on that and judged by the truth.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np

from sjt.authoring.bank import load
from sjt.authoring.blueprint import parse
from sjt.authoring.form_bank import FormBank, Judged, Measured, form_bank
from sjt.authoring.forms import build_set, mark_unit
from sjt.authoring.parallel import item_outlook, outlook, p_reach, support, tilted
from sjt.authoring.proof import compose
from sjt.psychometrics.cuts import PanelErrors
from tests.builders.banks import SHARE, blueprint_text, write_bank

ITEM_SPREAD = 0.05
"""SD over items of the true borderline share."""
JUDGE_BIAS = 0.08
"""SD of a panel's error on one item, shared by its judges: what no number of judges removes. An assumption; .08 gives
a spread of P(pass) by judgement alone near the .14 of sjt-science 0b.4."""
JUDGE_NOISE = 0.09
JUDGES = 12
SECONDS = 1800.0
"""Last resort of a build, so that a busy machine changes nothing: the steps stop it long before."""


def told(
    source: FormBank, truth: np.ndarray, answers: int, random: np.random.Generator
) -> tuple[FormBank, list[float]]:
    """Return the bank with judgements of the truth and with so many answers; and the true spreads in marks."""
    judged, measured, spreads = [], [], []
    angoff, borderline = [], []
    for position, ((_, item), worth) in enumerate(zip(source.items, source.worth, strict=True)):
        top = float(worth)
        kind = item.format.value
        chance = {Fraction(0): Fraction(1)} if kind == "written" else source.chance(position)
        marks, base = support(chance, worth, kind)
        real = tilted(marks, base, truth[position] * top)
        spreads.append(real.sd)
        panel = truth[position] + random.normal(0, JUDGE_BIAS) + random.normal(0, JUDGE_NOISE / np.sqrt(JUDGES))
        share = Fraction(min(0.98, max(0.02, float(panel)))).limit_denominator(10_000)
        judged.append(Judged(share, "panel"))
        angoff.append(share * worth)
        known = {k: v for k, v in source.measured[position].items() if not k.startswith("borderline")}
        if answers:
            sample = random.choice(marks, size=answers, p=real.p)
            mean = Fraction(float(sample.mean())).limit_denominator(10_000)
            error = float(sample.std(ddof=1) / np.sqrt(answers)) if answers > 1 else None
            known["borderline_mean"] = Measured(mean, error, answers)
            spread = Fraction(float(sample.std(ddof=1))).limit_denominator(10_000)
            known["borderline_sd"] = Measured(spread, None, answers)
            borderline.append(mean)
        measured.append(known)
    numbers = {**source.assembly.numbers, "angoff": tuple(angoff)}
    numbers.pop("borderline", None)
    if answers >= 20:
        numbers["borderline"] = tuple(borderline)
    panels = {"panel": PanelErrors(JUDGES, 0.0, JUDGE_NOISE**2 + JUDGES * JUDGE_BIAS**2)}
    assembly = replace(source.assembly, numbers=numbers)
    made = replace(source, assembly=assembly, judged=tuple(judged), measured=tuple(measured), panels=panels)
    return made, spreads


def one(folder: Path, forms: int, answers: int, seed: int) -> dict[str, float]:
    reading = load(folder)
    assert reading.bank is not None
    plan = parse(blueprint_text())
    source = form_bank(reading.bank, reading.files, plan)
    random = np.random.default_rng([seed, answers])
    shares = np.array([SHARE[item.format.value] for _, item in source.items])
    truth = np.clip(shares + random.normal(0, ITEM_SPREAD, len(shares)), 0.05, 0.97)
    bank, _ = told(source, truth, answers, random)
    built = build_set(bank, plan, forms, seed=seed, seconds=SECONDS)
    unit = mark_unit(bank, plan)
    true, inside = [], 0
    memory: dict = {}
    for form in built.forms:
        cut = compose(bank, plan, form, unit)
        assert cut is not None
        items = []
        for i in form:
            known = item_outlook(bank, i)
            items.append(tilted(known.marks, known.base, float(truth[i]) * float(bank.worth[i])))
        p = p_reach(items, float(cut.applied), float(unit))
        seen = outlook(bank, form, cut.applied, unit, memory)
        true.append(p)
        inside += seen.interval[0] <= p <= seen.interval[1]
    return {
        "sd_true": float(np.std(true, ddof=1)),
        "mean_true": float(np.mean(true)),
        "covered": inside / len(built.forms),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--forms", type=int, default=40)
    parser.add_argument("--answers", type=int, nargs="+", default=[0, 20, 50, 100])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--json")
    options = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        where = write_bank(Path(folder) / "bank", core=60, residential=20, seed=1).folder
        for answers in options.answers:
            runs = [one(where, options.forms, answers, seed) for seed in range(1, options.seeds + 1)]
            rows.append(
                {"answers": answers, **{k: round(float(np.mean([run[k] for run in runs])), 4) for k in runs[0]}}
            )
            print(json.dumps(rows[-1]), file=sys.stderr, flush=True)
    text = json.dumps(rows, indent=1)
    if options.json:
        Path(options.json).write_text(text + "\n", encoding="utf-8")
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
