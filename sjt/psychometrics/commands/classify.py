"""``sjt classify``: accuracy and consistency of pass/fail decisions."""

from __future__ import annotations

import os
from dataclasses import asdict
from typing import Literal

import click

from sjt.psychometrics.commands._io import json_option, write_json


@click.command()
@click.option("--mean", type=float, required=True, help="Mean total, marks.")
@click.option("--variance", type=float, required=True, help="Variance of the totals.")
@click.option("--reliability", type=float, required=True, help="Between 0 and 1.")
@click.option("--cut", type=float, required=True, help="Pass mark; pass if the total is at or above it.")
@click.option("--max", "high", type=float, required=True, help="Largest total reachable.")
@click.option("--min", "low", type=float, default=0.0, show_default=True, help="Smallest total reachable.")
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
    mean: float,
    variance: float,
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

    Example: sjt classify --mean 68 --variance 81 --reliability .72 --cut 60 --max 100
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from sjt.psychometrics import consistency

    result = consistency.livingston_lewis(mean, variance, reliability, cut, high, low, cut_rule)
    answer = {
        "livingston_lewis": {
            **asdict(result),
            "false_passes_per_hundred": result.false_passes_per_hundred,
            "false_fails_per_hundred": result.false_fails_per_hundred,
        },
        "k2": consistency.livingston_k2(mean, variance, reliability, cut),
    }
    if units is not None:
        answer["by_length"] = consistency.errors_by_length(
            mean, variance, reliability, cut, high, low, units=units, cut_rule=cut_rule
        )
    write_json(answer, json_to)
