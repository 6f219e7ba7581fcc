"""The few tests the lint needs, in plain Python, since no numpy enters the web process."""

from __future__ import annotations

import math
from collections.abc import Sequence


def ranks(values: Sequence[float]) -> list[float]:
    """Return ranks from 1, ties sharing their mean rank."""
    order = sorted(range(len(values)), key=lambda i: values[i])
    found = [0.0] * len(values)
    start = 0
    while start < len(order):
        end = start
        while end + 1 < len(order) and values[order[end + 1]] == values[order[start]]:
            end += 1
        for place in range(start, end + 1):
            found[order[place]] = (start + end) / 2 + 1
        start = end + 1
    return found


def spearman(first: Sequence[float], second: Sequence[float]) -> float | None:
    """Return Spearman's rank correlation, or None when one side does not vary or there are fewer than three pairs."""
    if len(first) < 3:
        return None
    x, y = ranks(first), ranks(second)
    mean = (len(x) + 1) / 2
    sxx = sum((a - mean) ** 2 for a in x)
    syy = sum((b - mean) ** 2 for b in y)
    if not sxx or not syy:
        return None
    return sum((a - mean) * (b - mean) for a, b in zip(x, y, strict=True)) / math.sqrt(sxx * syy)


def binomial_upper(k: int, n: int, p: float) -> float:
    """Return P(X >= k) for X ~ Binomial(n, p), exactly summed."""
    return min(1.0, math.fsum(math.comb(n, i) * p**i * (1 - p) ** (n - i) for i in range(k, n + 1)))


def binomial_two_sided(k: int, n: int, p: float) -> float:
    """Return the exact two-sided P: all outcomes no more likely than the one seen."""
    chance = [math.comb(n, i) * p**i * (1 - p) ** (n - i) for i in range(n + 1)]
    return min(1.0, math.fsum(value for value in chance if value <= chance[k] * (1 + 1e-9)))


def chi_square_upper(x: float, df: int) -> float:
    """Return P(chi-square with df degrees of freedom > x), by the finite sums for whole df."""
    if x <= 0:
        return 1.0
    half = x / 2
    if df % 2 == 0:
        term = total = math.exp(-half)
        for i in range(1, df // 2):
            term *= half / i
            total += term
        return total
    total = math.erfc(math.sqrt(half))
    term = math.exp(-half) * math.sqrt(half) / math.gamma(1.5)
    for i in range(1, (df + 1) // 2):
        total += term
        term *= half / (i + 0.5)
    return total
