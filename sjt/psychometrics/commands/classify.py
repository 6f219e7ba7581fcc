"""``sjt classify``: accuracy and consistency of pass/fail decisions."""

from __future__ import annotations

import os
from dataclasses import asdict
from typing import TYPE_CHECKING, Literal

import click

from sjt.psychometrics.commands._io import FINITE, json_option, write_json

if TYPE_CHECKING:
    from sjt.psychometrics.consistency import Classification


def _block(result: Classification) -> dict[str, object]:
    return {
        **asdict(result),
        "false_passes_per_hundred": result.false_passes_per_hundred,
        "false_fails_per_hundred": result.false_fails_per_hundred,
    }


@click.command()
@click.option("--mean", type=FINITE, help="Mean total, marks.")
@click.option("--variance", type=FINITE, help="Variance of the totals (divisor n - 1).")
@click.option("--scores", metavar="SCORES.csv", help="In place of mean and variance: columns person and score.")
@click.option("--reliability", type=FINITE, required=True, help="Between 0 and 1.")
@click.option("--cut", type=FINITE, required=True, help="Pass mark; pass if the total is at or above it.")
@click.option("--max", "high", type=FINITE, required=True, help="Largest total reachable.")
@click.option("--min", "low", type=FINITE, default=0.0, show_default=True, help="Smallest total reachable.")
@click.option(
    "--cut-rule",
    type=click.Choice(["nearest", "ceil"]),
    default="nearest",
    show_default=True,
    help="How the cut is carried to the effective length.",
)
@click.option("--units", type=click.IntRange(1), help="Scenarios in the test: adds the errors at other lengths.")
@json_option
def classify(
    mean: float | None,
    variance: float | None,
    scores: str | None,
    reliability: float,
    cut: float,
    high: float,
    low: float,
    cut_rule: Literal["nearest", "ceil"],
    units: int | None,
    json_to: str | None,
) -> None:
    """Say how many candidates a pass mark puts on the wrong side, from a test's mean, variance and reliability.

    Livingston and Lewis's method with a two-parameter beta; both cut rules are in use, so the answer names its own.
    With --scores the answer also holds `livingston_lewis_scores`, R betafunctions' variant: it takes the variance of
    true scores from a factorial moment of the scores themselves, which mean and variance cannot give.

    Example: sjt classify --mean 68 --variance 81 --reliability .72 --cut 60 --max 100
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    import numpy as np

    from sjt.psychometrics import consistency
    from sjt.psychometrics.csvtable import read_csv

    totals = None
    if scores is not None:
        if mean is not None or variance is not None:
            raise click.UsageError("Give --scores, or --mean and --variance, not both.")
        table = read_csv(scores, ("person", "score"))
        table.unique("person")
        table.texts("person")
        totals = np.array(table.numbers("score", low=low, high=high))
        if not table.faults and totals.size < 2:
            table.add(None, "score", "one person has no variance.", "Give two persons or more.")
        table.refuse_if_any()
        mean, variance = float(totals.mean()), float(totals.var(ddof=1))
    if mean is None or variance is None:
        raise click.UsageError("Give --mean and --variance, or --scores.")
    result = consistency.livingston_lewis(mean, variance, reliability, cut, high, low, cut_rule)
    answer: dict[str, object] = {
        "livingston_lewis": _block(result),
        "k2": consistency.livingston_k2(mean, variance, reliability, cut),
    }
    if totals is not None:
        true_variance = consistency.true_variance_of_scores(totals, reliability, high, low)
        of_scores = consistency.livingston_lewis(
            mean, variance, reliability, cut, high, low, cut_rule, true_variance=true_variance
        )
        answer |= {"livingston_lewis_scores": _block(of_scores), "n": int(totals.size), "mean": mean}
        answer["variance"] = variance
    if units is not None:
        answer["by_length"] = consistency.errors_by_length(
            mean, variance, reliability, cut, high, low, units=units, cut_rule=cut_rule
        )
    write_json(answer, json_to)
