"""What a change of key, rule or pass mark would do, before it is made; and how firm each decision is.

The caller marks twice (or as often as it likes) and hands in marks persons × items; nothing here knows a key.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import nan
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sjt.errors import ShapeError
from sjt.psychometrics._validate import FloatArray
from sjt.psychometrics.reliability import alpha, feldt_interval
from sjt.psychometrics.smallsample import wilson

TIE = 1e-9
"""A total that meets the pass mark to within this meets it: marks are sums of fractions in floating point."""
FIRM = 0.95


@dataclass(frozen=True)
class Scored:
    """One way of marking everybody.

    Attributes
    ----------
    marks : ndarray, shape (n_persons, n_items)
        NaN where not presented.
    maxima : ndarray, shape (n_items,)
    cut : float or ndarray
        Pass mark, one for all or one for each person.
    """

    marks: FloatArray
    maxima: FloatArray
    cut: Any

    @property
    def totals(self) -> FloatArray:
        """Sum of each person's marks."""
        return np.asarray(np.nansum(self.marks, axis=1))

    @property
    def passed(self) -> NDArray[np.bool_]:
        """Whether each person is at or above the pass mark."""
        return np.asarray(self.totals >= np.asarray(self.cut, dtype=np.float64) - TIE)


def compare(before: Scored, after: Scored, items: Sequence[str]) -> dict[str, Any]:
    """Say what changes from one marking to another.

    Parameters
    ----------
    before, after : Scored
        The same persons and items in the same order; an item left out has NaN for everybody and maximum 0.
    items : sequence of str

    Returns
    -------
    dict
        ``items`` (facility and item-rest r before and after, of the items that changed first), ``test`` (mean, SD,
        alpha with interval), ``decisions`` (the four counts, and ``changed``: row, totals and decisions of each person
        whose decision changes), ``moved`` (persons whose total changes).

    Raises
    ------
    ShapeError
        Tables of different shapes.
    """
    if before.marks.shape != after.marks.shape or before.marks.shape[1] != len(items):
        raise ShapeError("Both markings must be of the same persons and items.")
    rows = []
    r_before, r_after = _item_rest(before), _item_rest(after)
    for j, item in enumerate(items):
        a, b = before.marks[:, j], after.marks[:, j]
        same = bool(np.allclose(a, b, equal_nan=True) and before.maxima[j] == after.maxima[j])
        rows.append(
            {
                "item": item,
                "changed": not same,
                "facility": [_facility(a, before.maxima[j]), _facility(b, after.maxima[j])],
                "item_rest": [_known(r_before[j]), _known(r_after[j])],
                "persons": int((np.nan_to_num(a) != np.nan_to_num(b)).sum()),
            }
        )
    passed, now = before.passed, after.passed
    changed = np.flatnonzero(passed != now)
    order = changed[np.argsort(after.totals[changed], kind="stable")]
    return {
        "n": int(passed.size),
        "items": sorted(rows, key=lambda row: not row["changed"]),
        "test": [_test(before), _test(after)],
        "decisions": {
            "pass_pass": int((passed & now).sum()),
            "pass_fail": int((passed & ~now).sum()),
            "fail_pass": int((~passed & now).sum()),
            "fail_fail": int((~passed & ~now).sum()),
            "changed": [
                {
                    "row": int(i),
                    "totals": [float(before.totals[i]), float(after.totals[i])],
                    "passed": [bool(passed[i]), bool(now[i])],
                }
                for i in order
            ],
        },
        "moved": int((np.abs(before.totals - after.totals) > TIE).sum()),
    }


def _test(scored: Scored) -> dict[str, Any]:
    totals, passed = scored.totals, scored.passed
    kept = (scored.maxima > 0) & np.isfinite(scored.marks).any(axis=0)
    complete = np.isfinite(scored.marks[:, kept]).all(axis=1)
    x = scored.marks[np.ix_(complete, kept)]
    value = nan
    interval = None
    if x.shape[0] > 2 and x.shape[1] > 1:
        value = float(alpha(np.cov(x, rowvar=False)))
        if np.isfinite(value):
            found = feldt_interval(value, x.shape[0], x.shape[1])
            interval = [_known(found.low), _known(found.high)]
    low, high = wilson(int(passed.sum()), int(passed.size)) if passed.size else (nan, nan)
    sd = float(totals.std(ddof=1)) if totals.size > 1 else nan
    return {
        "max": float(scored.maxima.sum()),
        "mean": _known(totals.mean()) if totals.size else None,
        "sd": _known(sd),
        "alpha": _known(value),
        "alpha_ci": interval,
        "sem": _known(sd * np.sqrt(max(0.0, 1 - value))) if np.isfinite(value) else None,
        "pass_rate": _known(passed.mean()) if passed.size else None,
        "pass_rate_ci": [_known(low), _known(high)],
    }


def _item_rest(scored: Scored) -> FloatArray:
    out = np.full(scored.marks.shape[1], nan)
    totals = scored.totals
    for j in range(out.size):
        here = np.isfinite(scored.marks[:, j])
        a = scored.marks[here, j]
        rest = totals[here] - a
        if a.size > 2 and a.std() > 0 and rest.std() > 0:
            out[j] = float(np.corrcoef(a, rest)[0, 1])
    return out


def _facility(marks: FloatArray, maximum: float) -> float | None:
    known = marks[np.isfinite(marks)]
    return float(known.mean() / maximum) if known.size and maximum > 0 else None


def _known(value: Any) -> float | None:
    number = float(value)
    return number if np.isfinite(number) else None


def multiverse(ways: Mapping[str, Scored]) -> dict[str, Any]:
    """Pass or fail of everybody under several rules, the first of which is the one in force.

    Returns
    -------
    dict
        ``ways`` (name, pass rate, decisions that differ from the first), ``share`` of ways under which each person
        passes, and ``unanimous`` persons.
    """
    names = list(ways)
    if not names:
        raise ShapeError("No way of marking was given.")
    decisions = np.array([ways[name].passed for name in names])
    first = decisions[0]
    return {
        "ways": [
            {
                "name": name,
                "pass_rate": _known(row.mean()) if row.size else None,
                "now_fail": int((first & ~row).sum()),
                "now_pass": int((~first & row).sum()),
            }
            for name, row in zip(names, decisions)
        ],
        "share": [float(value) for value in decisions.mean(axis=0)],
        "unanimous": int((decisions == first).all(axis=0).sum()),
    }


@dataclass(frozen=True)
class Firmness:
    """How often each person passes over resamples.

    Attributes
    ----------
    p_pass : ndarray, shape (n_persons,)
    flips : float
        Mean share of decisions that differ from the standing ones in a resample.
    unsure : ndarray of int
        Rows whose standing decision holds in fewer than 95 % of the resamples.
    cuts : ndarray
        Pass mark in each resample.
    rates : ndarray
        Pass rate in each resample, of as many candidates drawn anew with replacement.
    """

    p_pass: FloatArray
    flips: float
    unsure: NDArray[np.int64]
    cuts: FloatArray
    rates: FloatArray


def firmness(
    totals: ArrayLike,
    cut: float,
    draw: Callable[[np.random.Generator], tuple[FloatArray, float]],
    *,
    replications: int = 1000,
    seed: int = 1,
) -> Firmness:
    """Decide again and again with totals and a pass mark drawn anew.

    Parameters
    ----------
    totals : array_like, shape (n_persons,)
    cut : float
        Standing pass mark.
    draw : callable
        Gives totals and pass mark of one resample; `judges_drawn`, `panel_drawn` and `keys_drawn` make such
        functions.
    replications, seed : int
    """
    standing = np.asarray(totals, dtype=np.float64)
    passed = standing >= cut - TIE
    rng, others = np.random.default_rng(seed), np.random.default_rng([seed, 1])
    count, flips = np.zeros(standing.size), 0.0
    cuts, rates = np.empty(replications), np.full(replications, nan)
    for number in range(replications):
        drawn, cuts[number] = draw(rng)
        now = np.asarray(drawn) >= cuts[number] - TIE
        count += now
        if passed.size:
            flips += float((now != passed).mean())
            rates[number] = now[others.integers(0, now.size, now.size)].mean()
    p = count / replications
    held = np.where(passed, p, 1 - p)
    return Firmness(p, flips / replications, np.flatnonzero(held < FIRM), cuts, rates)


Draw = Callable[[np.random.Generator], tuple[FloatArray, float]]


def judges_drawn(totals: ArrayLike, ratings: ArrayLike, round_cut: Callable[[float], float] = lambda cut: cut) -> Draw:
    """Resample the judges of an Angoff panel, each with all their ratings.

    Parameters
    ----------
    totals : array_like
        They stay as they are.
    ratings : array_like, shape (n_judges, n_items)
        NaN where a judge did not rate an item.
    round_cut : callable
        The plan's rounding of a pass mark.
    """
    fixed = np.asarray(totals, dtype=np.float64)
    said = np.asarray(ratings, dtype=np.float64)
    if said.ndim != 2 or said.shape[0] < 2:
        raise ShapeError("Judges can be drawn anew from two on.")

    def draw(rng: np.random.Generator) -> tuple[FloatArray, float]:
        chosen = said[rng.integers(0, said.shape[0], said.shape[0])]
        count = np.isfinite(chosen).sum(axis=0)
        means = np.where(count > 0, np.nansum(chosen, axis=0) / np.maximum(count, 1), np.nanmean(said, axis=0))
        return fixed, round_cut(float(means.sum()))

    return draw


def cut_drawn(
    totals: ArrayLike, exact: float, se: float, round_cut: Callable[[float], float] = lambda cut: cut
) -> Draw:
    """Draw the pass mark from its standard error, where the judges' single ratings are not held."""
    fixed = np.asarray(totals, dtype=np.float64)
    if not (np.isfinite(exact) and np.isfinite(se) and se >= 0):
        raise ShapeError("A pass mark is drawn from a value and its standard error.")

    def draw(rng: np.random.Generator) -> tuple[FloatArray, float]:
        return fixed, round_cut(float(rng.normal(exact, se)))

    return draw


def panel_drawn(experts: int, marks_of: Callable[[NDArray[np.int64]], FloatArray], cut: float | Draw) -> Draw:
    """Resample the experts of a key panel and mark everybody by the key they give.

    Parameters
    ----------
    experts : int
    marks_of : callable
        Totals of everybody under the key of these experts (indices, with repeats).
    cut : float or draw
        Pass mark, or a draw of `judges_drawn` whose pass mark is taken.
    """
    if experts < 2:
        raise ShapeError("Experts can be drawn anew from two on.")

    def draw(rng: np.random.Generator) -> tuple[FloatArray, float]:
        totals = np.asarray(marks_of(rng.integers(0, experts, experts)), dtype=np.float64)
        return totals, cut if isinstance(cut, float | int) else cut(rng)[1]

    return draw


def keys_drawn(totals: ArrayLike, gains: Sequence[ArrayLike], cut: float | Draw) -> Draw:
    """Draw the experts of key panels anew, where what each drawn panel's keys do to everybody is known.

    Parameters
    ----------
    totals : array_like, shape (n_persons,)
        Under the keys in force.
    gains : sequence of array_like, shape (n_drawn_panels, n_persons)
        One for each key panel: marks that everybody gains under all keys of one drawn panel together. Panels are
        drawn apart from each other.
    cut : float or draw
        Pass mark, or a draw whose pass mark is taken.
    """
    fixed = np.asarray(totals, dtype=np.float64)
    tables = [np.asarray(one, dtype=np.float64) for one in gains]
    if any(one.ndim != 2 or one.shape[0] < 1 or one.shape[1] != fixed.size for one in tables):
        raise ShapeError("Gains are drawn panels × the persons of the totals.")

    def draw(rng: np.random.Generator) -> tuple[FloatArray, float]:
        moved = fixed.copy()
        for one in tables:
            moved = moved + one[rng.integers(0, one.shape[0])]
        return moved, cut if isinstance(cut, float | int) else cut(rng)[1]

    return draw
