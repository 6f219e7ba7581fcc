"""How sure a panel's key is: the key that each of many panels would have given, drawn from the same experts.

Experts are drawn with replacement, the same draw for every item, so that the keys of one drawn panel belong together
and what hangs on them (who passes) can be counted draw by draw.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sjt.psychometrics._validate import FloatArray
from sjt.psychometrics.panel import PanelItem

NEAR = 1e-9
"""Means this close are one mean: sums of whole numbers leave no more between them than rounding."""


@dataclass(frozen=True)
class DrawnKeys:
    """The keys of one item over the drawn panels.

    Attributes
    ----------
    item : str
    keys : tuple of (key, share)
        Every key that was drawn with its share of panels, the most frequent first; in the shape of ``suggested_key``.
    places : mapping
        Option → place, point, or 1 and 0 (keyed or not) → share of panels.
    drawn : ndarray, shape (replications,)
        Number of each panel's key in ``keys``; −1 where the drawn experts left an option unanswered.
    """

    item: str
    keys: tuple[tuple[Any, float], ...]
    places: Mapping[str, Mapping[int, float]]
    drawn: NDArray[np.intp]


def draw_panels(raters: int, *, replications: int, seed: int) -> FloatArray:
    """How often each expert is in each drawn panel, replications × raters."""
    draws = np.random.default_rng(seed).integers(0, raters, size=(replications, raters))
    weights = np.zeros((replications, raters))
    np.add.at(weights, (np.repeat(np.arange(replications), raters), draws.ravel()), 1.0)
    return weights


def bootstrap_keys(items: Sequence[PanelItem], *, replications: int = 1000, seed: int = 1) -> list[DrawnKeys]:
    """Draw panels and give each item's key in each of them.

    Parameters
    ----------
    items : sequence of PanelItem
    replications : int
    seed : int
        Same seed, same draws.

    Returns
    -------
    list of DrawnKeys
        In the order of the items. A drawn ranking is tied only where means are equal: whether two options can be told
        apart is read from ``places``, not decided anew in each panel.
    """
    raters = list(dict.fromkeys(rater for item in items for rater in item.raters))
    weights = draw_panels(len(raters), replications=replications, seed=seed)
    return [_of_item(item, weights[:, [raters.index(one) for one in item.raters]]) for item in items]


def key_of_panel(item: PanelItem) -> Any:
    """Give the key of the panel as it is, by the rule that drawn panels are keyed by."""
    return _of_item(item, np.ones((1, len(item.raters)))).keys[0][0]


def _of_item(item: PanelItem, weights: FloatArray) -> DrawnKeys:
    known = ~np.isnan(item.ratings)
    counts = weights @ known
    with np.errstate(invalid="ignore", divide="ignore"):
        means = weights @ np.where(known, item.ratings, 0.0) / counts
    answered = (counts > 0).all(axis=1)
    patterns = _patterns(item, means, weights)
    drawn = np.full(len(weights), -1, dtype=np.intp)
    found, at, times = np.unique(patterns[answered], axis=0, return_inverse=True, return_counts=True)
    order = np.argsort(-times, kind="stable")
    number = np.empty(len(order), dtype=np.intp)
    number[order] = np.arange(len(order))
    drawn[answered] = number[np.asarray(at).reshape(-1)]
    total = max(1, int(answered.sum()))
    keys = tuple((_key(item, found[row]), float(times[row] / total)) for row in order)
    kept = patterns[answered]
    places = {
        option: {int(value): float((kept[:, column] == value).mean()) for value in np.unique(kept[:, column])}
        for column, option in enumerate(item.options)
    }
    return DrawnKeys(item.item, keys, places, drawn)


def _patterns(item: PanelItem, means: FloatArray, weights: FloatArray) -> NDArray[np.int64]:
    """What decides each drawn panel's key, replications × options: places, points, or 1 best, −1 worst, 0 between."""
    filled = np.where(np.isnan(means), 0.0, means)
    if item.format == "rank":
        better = filled[:, :, None] < filled[:, None, :] - NEAR
        return np.asarray(1 + better.sum(axis=1), dtype=np.int64)
    if item.format == "rate":
        return _points(item, filled, weights)
    # equal means go by the order of options, as in the suggested key
    best_first = np.argsort(-np.round(filled, 9), axis=1, kind="stable")
    out = np.zeros(filled.shape, dtype=np.int64)
    rows = np.arange(len(filled))
    size = 1
    if item.format == "choose":
        size = max(1, round(float(np.nanmean(np.nansum(item.ratings, axis=1)))))
    for place in range(min(size, filled.shape[1])):
        out[rows, best_first[:, place]] = 1
    if item.format == "most_least":
        out[rows, best_first[:, -1]] = -1
    return out


def _points(item: PanelItem, means: FloatArray, weights: FloatArray) -> NDArray[np.int64]:
    """The most frequent point of each option, of several the one nearest to the mean, then the lower."""
    points = np.unique(item.ratings[~np.isnan(item.ratings)])
    times = np.stack([weights @ (item.ratings == point) for point in points], axis=2)
    away = np.abs(points[None, None, :] - means[:, :, None])
    away[times < times.max(axis=2, keepdims=True) - NEAR] = np.inf
    return np.asarray(points[np.argmin(np.round(away, 9), axis=2)], dtype=np.int64)


def _key(item: PanelItem, pattern: NDArray[np.int64]) -> Any:
    names = item.options
    if item.format == "rank":
        return [[names[o] for o in np.flatnonzero(pattern == place)] for place in np.unique(pattern)]
    if item.format == "rate":
        return {name: int(point) for name, point in zip(names, pattern, strict=True)}
    chosen = [names[o] for o in np.flatnonzero(pattern == 1)]
    if item.format == "choose":
        return sorted(chosen)
    if item.format == "single":
        return chosen[0]
    return {"best": chosen[0], "worst": names[int(np.flatnonzero(pattern == -1)[0])]}
