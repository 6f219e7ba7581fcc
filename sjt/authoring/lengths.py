"""What a longer test buys: reliability by length, and how many fail or pass wrongly. Plain Python, for pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from math import exp, pi, sqrt
from statistics import NormalDist

RELIABILITY_OF_ONE = 0.0466
"""Spearman–Brown from .55 at 25 scenarios (sjt-science 3.1), for items nobody has answered yet."""
LENGTHS = (10, 14, 20, 25, 30, 40, 50)
PASS_RATE = 0.8
"""Share of candidates taken to pass, where nothing is known of them."""


def settled_reliability(spreads: Sequence[float], rests: Sequence[float]) -> float:
    """Reliability of one scenario of a test, from each item's standard deviation and item-rest correlation.

    The spread of the total is the one at which each item's share of it agrees with its item-rest correlation.
    """
    k = len(spreads)
    if k < 2:
        return RELIABILITY_OF_ONE
    own = sum(sd * sd for sd in spreads)
    total = sqrt(own) * 1.3
    for _ in range(60):
        # Item-total from item-rest: cov(item, total) = cov(item, rest) + var(item).
        settled = 0.0
        for sd, rest in zip(spreads, rests, strict=True):
            others = sqrt(max(total**2 - sd**2 - 2 * rest * sd * total * 0.95, 1e-9))
            settled += rest * others * sd + sd**2
        total = settled / total
    alpha = k / (k - 1) * (1 - own / total**2)
    alpha = min(max(alpha, 0.01), 0.99)
    return alpha / (k - (k - 1) * alpha)


def spearman_brown(one: float, length: float) -> float:
    """Reliability of a test of ``length`` scenarios, each of reliability ``one``."""
    return length * one / (1 + (length - 1) * one)


def false_fails(reliability: float, pass_rate: float = PASS_RATE) -> float:
    """Share of all candidates who deserve to pass and fail: true and observed scores bivariate normal."""
    cut = NormalDist().inv_cdf(1 - pass_rate)
    # Who deserves to pass: true score above the point that the same share of true scores exceeds.
    return _beyond(reliability, cut, cut, 8.0, failed=True)


def false_passes(reliability: float, pass_rate: float = PASS_RATE) -> float:
    """Share of all candidates who deserve to fail and pass, by the same model."""
    cut = NormalDist().inv_cdf(1 - pass_rate)
    return _beyond(reliability, cut, -8.0, cut, failed=False)


@lru_cache(maxsize=256)
def _beyond(reliability: float, cut: float, low: float, high: float, *, failed: bool) -> float:
    """Integrate over true scores the chance of the outcome that they do not deserve."""
    normal = NormalDist()
    root = sqrt(reliability)
    noise = sqrt(max(1e-12, 1 - reliability))
    steps = 2000
    width = (high - low) / steps
    total = 0.0
    for k in range(steps):
        z = low + (k + 0.5) * width
        below = normal.cdf((cut - root * z) / noise)
        total += exp(-z * z / 2) / sqrt(2 * pi) * (below if failed else 1 - below) * width
    return total


def by_length(one: float, lengths: Sequence[int], pass_rate: float = PASS_RATE) -> list[Mapping[str, float]]:
    """Reliability and false fails per hundred candidates at several lengths."""
    return [
        {
            "scenarios": length,
            "reliability": spearman_brown(one, length),
            "false_fails_per_100": 100 * false_fails(spearman_brown(one, length), pass_rate),
        }
        for length in lengths
    ]
