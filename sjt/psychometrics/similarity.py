"""Answers of two candidates more alike than their standing explains: for choices and for rankings.

A pair's likeness is compared with that of all pairs of the same standing on that item: exactly the mean and spread that
shuffling answers among candidates of the same standing gives. What is left is calibrated on shuffles. The outcome is an
evidence pack for people to weigh with seating and times; it is never a verdict.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sjt.errors import ShapeError
from sjt.psychometrics._validate import FloatArray, as_matrix

FALSE_DISCOVERY = 0.01
SHUFFLES = 20
BANDS = 4
MOST_PERSONS = 3000
NOTICE = (
    "Likeness is evidence to weigh with seating, times and interviews. It does not show who copied, or that anyone did."
)


@dataclass(frozen=True)
class Pair:
    """Two candidates (rows) whose answers are alike beyond chance.

    Attributes
    ----------
    first, second : int
    likeness : float
        Sum over items; ``expected`` is what candidates of their standing share.
    z, p, q : float
        ``q`` is the false discovery rate at which the pair is flagged.
    items : list of int
        Items on which they agree where agreement is unusual, the most unusual first.
    """

    first: int
    second: int
    likeness: float
    expected: float
    z: float
    p: float
    q: float
    items: list[int]
    notice: str = NOTICE


def k_index(n: int, p: float, m: int) -> float:
    """P(X ≥ m) of a binomial: m identical wrong answers among n wrong ones, each shared with probability p."""
    if not (m >= 0 and n >= 0 and 0 <= p <= 1):
        raise ShapeError("The K index needs counts from 0 and a probability from 0 to 1.")
    return float(sum(comb(n, x) * p**x * (1 - p) ** (n - x) for x in range(m, n + 1)))


def similar_choices(
    choices: ArrayLike,
    standing: ArrayLike,
    *,
    rooms: ArrayLike | None = None,
    seed: int = 1,
    shuffles: int = SHUFFLES,
) -> list[Pair]:
    """Find pairs whose choices are too much alike.

    Parameters
    ----------
    choices : array_like, shape (n_persons, n_items)
        Number of the option (or of the whole answer) chosen; NaN where none.
    standing : array_like, shape (n_persons,)
        Total score; likeness is judged among candidates of similar standing.
    rooms : array_like, optional
        Room of each candidate: only pairs of one room can have copied, the others calibrate.

    Returns
    -------
    list of Pair
        Flagged at a false discovery rate of .01, the most alike first.
    """
    x = as_matrix(choices, name="Choices", rows="person", columns="item", missing=True)
    layers = []
    for j in range(x.shape[1]):
        here = np.isfinite(x[:, j])
        kinds, at = np.unique(x[here, j], return_inverse=True)
        share = np.bincount(at, minlength=kinds.size) / max(1, at.size)
        answer = np.full(x.shape[0], -1)
        answer[here] = at
        layers.append((answer, np.diag(-np.log(np.maximum(share, 1e-9)))))
    band = np.tile(_bands(np.asarray(standing, dtype=np.float64), x.shape[0])[:, None], (1, x.shape[1]))
    return _search(layers, band, rooms, seed, shuffles)


def similar_rankings(
    ranks: ArrayLike,
    key: ArrayLike,
    *,
    rooms: ArrayLike | None = None,
    seed: int = 1,
    shuffles: int = SHUFFLES,
) -> list[Pair]:
    """Find pairs whose rankings are too much alike, given how far each is from the key.

    Parameters
    ----------
    ranks : array_like, shape (n_persons, n_items, n_options)
        Rank each candidate gave each option; NaN where the item was not ranked.
    key : array_like, shape (n_items, n_options)
        Agreed ranks.
    rooms : array_like, optional

    Returns
    -------
    list of Pair
        Likeness is the sum of Kendall's τ over items.
    """
    x = np.asarray(ranks, dtype=np.float64)
    agreed = np.asarray(key, dtype=np.float64)
    if x.ndim != 3 or agreed.shape != x.shape[1:]:
        raise ShapeError("Rankings must be persons × items × options, and the key items × options.")
    layers, bands = [], np.zeros(x.shape[:2], dtype=np.int64)
    first, second = np.triu_indices(x.shape[2], 1)
    for j in range(x.shape[1]):
        here = np.isfinite(x[:, j]).all(axis=1)
        orders, at = np.unique(x[here, j], axis=0, return_inverse=True)
        signs = np.sign(orders[:, first] - orders[:, second])
        tau = signs @ signs.T / first.size
        answer = np.full(x.shape[0], -1)
        answer[here] = at.ravel()
        layers.append((answer, tau))
        distance = np.abs(x[:, j] - agreed[j]).sum(axis=1)
        bands[:, j] = _bands(np.where(here, distance, 0.0), x.shape[0])
    return _search(layers, bands, rooms, seed, shuffles)


def _bands(standing: FloatArray, n: int) -> NDArray[np.int64]:
    if standing.shape != (n,):
        raise ShapeError(f"{standing.size} standings for {n} candidates.")
    count = max(1, min(BANDS, n // 10))
    edges: FloatArray = np.unique(np.quantile(np.nan_to_num(standing), np.arange(1, count) / count))
    return np.asarray(np.searchsorted(edges, np.nan_to_num(standing), side="right"), dtype=np.int64)


def _standardised(
    layers: list[tuple[NDArray[np.int64], FloatArray]], bands: NDArray[np.int64]
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Likeness, its expectation and its variance for every pair."""
    n = bands.shape[0]
    like, expected, variance = np.zeros((n, n)), np.zeros((n, n)), np.zeros((n, n))
    for j, (answer, table) in enumerate(layers):
        here = answer >= 0
        number = int(bands[:, j].max()) + 1
        shares = np.zeros((number, table.shape[0]))
        np.add.at(shares, (bands[here, j], answer[here]), 1.0)
        shares /= np.maximum(shares.sum(axis=1, keepdims=True), 1.0)
        mean = shares @ table @ shares.T
        spread = shares @ table**2 @ shares.T - mean**2
        both = np.outer(here, here)
        safe = np.maximum(answer, 0)
        like += np.where(both, table[np.ix_(safe, safe)], 0.0)
        expected += np.where(both, mean[np.ix_(bands[:, j], bands[:, j])], 0.0)
        variance += np.where(both, spread[np.ix_(bands[:, j], bands[:, j])], 0.0)
    return like, expected, variance


def _search(
    layers: list[tuple[NDArray[np.int64], FloatArray]],
    bands: NDArray[np.int64],
    rooms: ArrayLike | None,
    seed: int,
    shuffles: int,
) -> list[Pair]:
    n = bands.shape[0]
    if n < 3 or not layers:
        return []
    if n > MOST_PERSONS:
        raise ShapeError(f"{n} candidates at once; compare rooms or sessions of up to {MOST_PERSONS}.")
    one, two = np.triu_indices(n, 1)
    like, expected, variance = _standardised(layers, bands)

    def z_of(parts: tuple[FloatArray, FloatArray, FloatArray]) -> FloatArray:
        a, b, c = (part[one, two] for part in parts)
        return np.asarray(np.where(c > 1e-12, (a - b) / np.sqrt(np.maximum(c, 1e-12)), 0.0))

    z = z_of((like, expected, variance))
    rng = np.random.default_rng(seed)
    null = []
    for _ in range(shuffles):
        mixed = []
        for j, (answer, table) in enumerate(layers):
            moved = answer.copy()
            for band in np.unique(bands[:, j]):
                rows = np.flatnonzero((bands[:, j] == band) & (answer >= 0))
                moved[rows] = answer[rng.permutation(rows)]
            mixed.append((moved, table))
        null.append(z_of(_standardised(mixed, bands)))
    shuffled = np.concatenate(null)
    where = np.ones(z.size, dtype=bool)
    if rooms is not None:
        room = np.unique(np.asarray(rooms).astype(str), return_inverse=True)[1]
        where = room[one] == room[two]
    # the bulk of real pairs is at least as wide as the shuffles: standing is matched in bands only
    wide = float(np.quantile(z, 0.9) - np.median(z)) / 1.2815515655446004
    high = np.sort(shuffled)[-max(10, shuffled.size // 1000) :]
    tail = float(high[0]) / _normal_quantile(1 - high.size / shuffled.size)
    centre, scale = max(0.0, float(np.median(z))), max(1.0, wide, tail)
    from scipy.special import ndtr

    p = np.where(where, ndtr(-(z - centre) / scale), 1.0)
    order = np.argsort(p, kind="stable")
    total = int(where.sum())
    ranked = p[order][:total] * total / np.arange(1, total + 1)
    q = np.minimum.accumulate(ranked[::-1])[::-1] if total else ranked
    out = []
    for place in range(total):
        if q[place] > FALSE_DISCOVERY:
            break
        at = int(order[place])
        a, b = int(one[at]), int(two[at])
        shared = [(float(t[x[a], x[b]]), j) for j, (x, t) in enumerate(layers) if x[a] >= 0 and x[a] == x[b]]
        items = [j for _, j in sorted(shared, reverse=True)]
        out.append(
            Pair(a, b, float(like[a, b]), float(expected[a, b]), float(z[at]), float(p[at]), float(q[place]), items)
        )
    return out


def _normal_quantile(p: float) -> float:
    from scipy.special import ndtri

    return float(ndtri(p))
