"""The standard error of measurement of a form, in plain Python: sd·√(1 − alpha), from exact sums."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import sqrt
from typing import Final

from sjt.results.model import Spread

FEWEST: Final = 10
"""Under ten candidates only counts are published (sjt-science, section 4.3)."""


def _variance(values: Sequence[Fraction]) -> Fraction:
    n, total = len(values), sum(values, Fraction(0))
    return (sum((value * value for value in values), Fraction(0)) - total * total / n) / (n - 1)


def spread(marks: Sequence[Sequence[Fraction]]) -> Spread:
    """Give a form's SEM from complete rows of marks, one row a candidate.

    SEM² = variance of totals × (1 − alpha) with alpha = k/(k − 1)·(1 − Σ item variances / variance of totals); where
    alpha is below zero the items do not hang together at all, and the whole variance counts as error.
    """
    n = len(marks)
    if n < FEWEST:
        return Spread(None, n, f"Fewer than {FEWEST} candidates have complete marks on this form.")
    k = len(marks[0])
    if k < 2:
        return Spread(None, n, "A form of one item has no standard error of measurement.")
    whole = _variance([sum(row, Fraction(0)) for row in marks])
    if whole == 0:
        return Spread(None, n, "Every candidate has the same mark.")
    parts = sum((_variance([row[i] for row in marks]) for i in range(k)), Fraction(0))
    alpha = Fraction(k, k - 1) * (1 - parts / whole)
    return Spread(sqrt(float(whole * (1 - max(alpha, Fraction(0))))), n, alpha=float(alpha))
