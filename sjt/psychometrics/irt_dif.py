"""DIF by likelihood ratios of response models: an item's parameters may differ between two groups, or may not.

The groups have their own mean and spread, so what is compared is the item among people of equal standing on the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import nan
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sjt.errors import ShapeError
from sjt.psychometrics._validate import FloatArray
from sjt.psychometrics.irt_likelihood import Problem
from sjt.psychometrics.irt_mml import EXACT_INFORMATION_TO, NODES, REACH, fit_mml, newton
from sjt.psychometrics.irt_models import Items, Model
from sjt.psychometrics.irt_scores import normal_weights

LEAST_PERSONS = 30
"""Persons in each group under which an item's parameters of that group mean nothing."""
MOST_STEPS = 4
"""Steps of an item after joining: more would be fitted from a handful of persons each."""
LEAST_SEEN = 5
SIGNIFICANT = 0.05
MOST_PURIFICATIONS = 4


@dataclass(frozen=True)
class ItemRatio:
    """Likelihood ratios of one item, and what they mean in its marks; NaN and a reason where there is no test.

    Attributes
    ----------
    lr_uniform, df_uniform, p_uniform
        Other intercepts, one slope: the item is harder or easier throughout.
    lr_nonuniform, p_nonuniform
        Other slopes beside: one degree of freedom.
    lr_both, df_both, p_both
        Both together.
    difference, difference_absolute : float
        Expected mark with the focal group's parameters less that with the reference group's, and its size regardless
        of sign, over the focal group's abilities, in marks of the fitted item.
    """

    lr_uniform: float
    df_uniform: int
    p_uniform: float
    lr_nonuniform: float
    p_nonuniform: float
    lr_both: float
    df_both: int
    p_both: float
    difference: float
    difference_absolute: float
    why: str | None = None


@dataclass(frozen=True)
class RatioDif:
    """All items of one comparison.

    Attributes
    ----------
    purified : list of int
        Items left out of the anchor; each item is tested with these free in both groups.
    steps : int
        Rounds of purification.
    focal_mean, focal_sd : float
        Of the focal group where the reference group is N(0, 1), anchored on the rest.
    """

    model: Model
    items: list[ItemRatio]
    purified: list[int]
    steps: int
    loglik: float
    focal_mean: float
    focal_sd: float
    converged: bool
    notes: list[str] = field(default_factory=list)


def _no_test(why: str) -> ItemRatio:
    return ItemRatio(nan, 0, nan, nan, nan, nan, 0, nan, nan, nan, why)


def joined(marks: ArrayLike, group: ArrayLike, steps: int = MOST_STEPS, least: int = LEAST_SEEN) -> FloatArray:
    """Join marks that few in either group reached with a neighbour, to at most so many steps; their mean stands."""
    x, g = np.array(marks, dtype=np.float64), np.asarray(group)
    for j in range(x.shape[1]):
        here = np.isfinite(x[:, j])
        values, place = np.unique(x[here, j], return_inverse=True)
        count = np.array([np.bincount(place[g[here] == one], minlength=values.size) for one in (0, 1)])
        mean = values.copy()
        while mean.size > 2 and (mean.size > steps + 1 or count.min() < least):
            at = int(np.argmin(count.min(axis=0) + 1e-6 * count.sum(axis=0)))
            near = [k for k in (at - 1, at + 1) if 0 <= k < mean.size]
            to = min(near, key=lambda k: (count.min(axis=0)[k], count.sum(axis=0)[k]))
            low = min(at, to)
            weight = count[:, low : low + 2].sum(axis=0) + 1e-9
            mean[low] = float(mean[low : low + 2] @ weight / weight.sum())
            count[:, low] += count[:, low + 1]
            mean, count = np.delete(mean, low + 1), np.delete(count, low + 1, axis=1)
            place = np.where(place > low, place - 1, place)
        x[here, j] = mean[place]
    return x


class _Comparison:
    """Fits of one table in which some items have parameters of their own in the focal group."""

    def __init__(self, marks: FloatArray, group: NDArray[np.int64], model: Model) -> None:
        self.group = group
        base = fit_mml(marks, model, groups=group, errors=False)
        self.columns, self.codes, self.items = base.columns, base.codes, base.items
        self.means, self.sds = base.means, base.sds
        self.exact = base.codes.shape[0] <= EXACT_INFORMATION_TO
        self.known: dict[tuple[frozenset[int], int | None], tuple[float, FloatArray, Problem, bool]] = {}
        self.free = model not in ("rasch", "pcm")

    def fit(self, split: frozenset[int], tied: int | None = None) -> tuple[float, FloatArray, Problem, bool]:
        """Fit with these items split by group; ``tied``: one of them keeps one slope."""
        if (split, tied) in self.known:
            return self.known[split, tied]
        order = sorted(split)
        k = len(self.columns)
        codes = np.concatenate([self.codes, self.codes[:, order]], axis=1)
        for place, j in enumerate(order):
            codes[self.group == 1, j] = -1
            codes[self.group == 0, k + place] = -1
        near, near_order, means, sds = self.nearest(split)
        source = [k + near_order.index(j) if j in near_order else j for j in order]
        items = Items(
            self.items.model,
            [*self.items.marks, *(self.items.marks[j] for j in order)],
            np.concatenate([near.slopes[:k], near.slopes[source]]),
            [*near.intercepts[:k], *(near.intercepts[j] for j in source)],
        )
        problem = Problem(codes, items, self.group, 2, {}, None, not self.free, self.free, NODES, REACH)
        x = problem.pack(items, means, sds)
        basis = np.eye(x.size)[:, problem.free]
        if tied is not None and self.free:
            one, other = problem.starts[tied], problem.starts[k + order.index(tied)]
            kept = np.flatnonzero(problem.free)
            basis[other, int(np.searchsorted(kept, one))] = 1.0
            basis = np.delete(basis, int(np.searchsorted(kept, other)), axis=1)
        x, _, converged, _ = newton(problem, x, exact=self.exact, basis=basis, information_after=False)
        loglik, _ = problem.expect(x, double=True)
        self.known[split, tied] = (loglik, x, problem, converged)
        return self.known[split, tied]

    def nearest(self, split: frozenset[int]) -> tuple[Items, list[int], FloatArray, FloatArray]:
        """Parameters to begin with: of the largest fit so far that splits none but these."""
        fits = [key for key in self.known if key[0] < split and key[1] is None]
        if not fits:
            return self.items, [], self.means, self.sds
        best = max(fits, key=lambda key: len(key[0]))
        _, x, problem, _ = self.known[best]
        return problem.unpack(x)[0], sorted(best[0]), *problem.unpack(x)[1:]

    def doubt(self, item: int, purified: frozenset[int]) -> float:
        """Significance of slope and intercepts together; 1 where a fit did not converge."""
        from scipy.special import chdtrc

        low, high = self.fit(purified - {item}), self.fit(purified | {item})
        degrees = self.items.intercepts[item].size + self.free
        return float(chdtrc(degrees, max(0.0, 2 * (high[0] - low[0])))) if low[3] and high[3] else 1.0

    def ratios(self, item: int, purified: frozenset[int]) -> ItemRatio:
        """Compare the three models of one item."""
        from scipy.special import chdtrc

        low, _, _, sure = self.fit(purified - {item})
        high, x, problem, sure_high = self.fit(purified | {item})
        middle, sure_middle = low, True
        if self.free:
            middle, _, _, sure_middle = self.fit(purified | {item}, tied=item)
        else:
            middle = high
        if not (sure and sure_high and sure_middle):
            return _no_test("A fit of this item did not converge: its marks are too few in one group.")
        uniform, more, both = (max(0.0, 2 * (b - a)) for a, b in ((low, middle), (middle, high), (low, high)))
        steps = self.items.intercepts[item].size
        final, means, sds = problem.unpack(x)
        other = len(self.columns) + sorted(purified | {item}).index(item)
        weight = normal_weights(problem.theta, float(means[1]), float(sds[1]))
        gap = final.expected(other, problem.theta) - final.expected(item, problem.theta)
        return ItemRatio(
            uniform,
            steps,
            float(chdtrc(steps, uniform)),
            more if self.free else nan,
            float(chdtrc(1, more)) if self.free else nan,
            both,
            steps + self.free,
            float(chdtrc(steps + self.free, both)),
            float(gap @ weight),
            float(np.abs(gap) @ weight),
        )


def irt_lr_dif(
    marks: ArrayLike,
    group: ArrayLike,
    model: Model | None = None,
    *,
    purify: bool = False,
    purified: Sequence[int] | None = None,
    items: Sequence[int] | None = None,
) -> RatioDif:
    """Test each item for uniform and non-uniform DIF, all others that are not suspect as the anchor.

    Parameters
    ----------
    marks : array_like, shape (n_persons, n_items)
        NaN where not presented. Marks hardly seen in one group are best joined first (`joined`).
    group : array_like of int, shape (n_persons,)
        0 reference, 1 focal.
    model : {'2pl', 'grm', 'gpcm', 'rasch', 'pcm'}, optional
        The two-parameter model where every item has two marks, else the graded one.
    purify : bool
        Items significant at 5 % (the worst half where more are) are freed in both groups and everything is tested
        again, until the set stays.
    purified : sequence of int, optional
        Items known to be suspect, left out of the anchor from the start.
    items : sequence of int, optional
        Test these only.

    Returns
    -------
    RatioDif

    Raises
    ------
    ShapeError
        Fewer than 30 persons in a group, or no item that can be fitted.

    References
    ----------
    .. [1] Thissen, D., Steinberg, L. & Wainer, H. (1993). Detection of differential item functioning using the
       parameters of item response models. In Holland & Wainer (eds), Differential Item Functioning.
    .. [2] Meade, A. W. (2010). A taxonomy of effect size measures for the differential functioning of items and
       scales. Journal of Applied Psychology, 95.
    """
    x, g = np.asarray(marks, dtype=np.float64), np.asarray(group, dtype=np.int64)
    if x.ndim != 2 or g.shape != (x.shape[0],) or not np.isin(g, (0, 1)).all():
        raise ShapeError("Marks must be persons × items, and every person's group 0 or 1.")
    sizes = np.bincount(g, minlength=2)
    if sizes.min() < LEAST_PERSONS:
        raise ShapeError(
            f"{sizes[0]} and {sizes[1]} persons: likelihood ratios need {LEAST_PERSONS} in each of the two groups."
        )
    kinds = [np.unique(column[np.isfinite(column)]).size for column in x.T]
    chosen: Model = model or ("2pl" if max(kinds, default=0) <= 2 else "grm")
    wanted = list(range(x.shape[1])) if items is None else list(items)
    reasons = {j: _reason(x[:, j], g) for j in range(x.shape[1])}
    sound = [j for j in range(x.shape[1]) if reasons[j] is None]
    if len(sound) < 2:
        raise ShapeError("Fewer than two items have the same marks in both groups: there is nothing to anchor on.")
    work = _Comparison(x[:, sound], g, chosen)
    place = {j: at for at, j in enumerate(sound)}
    asked = [place[j] for j in wanted if j in place]
    drop = frozenset(place[j] for j in purified or () if j in place)
    if len(drop) > len(sound) // 2:
        drop = frozenset()
    seen, steps = {drop}, 0
    while purify and steps < MOST_PURIFICATIONS:
        doubts = [work.doubt(at, drop) for at in range(len(sound))]
        worst = sorted(range(len(sound)), key=lambda at: doubts[at])[: len(sound) // 2]
        new = frozenset(at for at in worst if doubts[at] < SIGNIFICANT)
        if new in seen:
            break
        drop, steps = new, steps + 1
        seen.add(drop)
        work.fit(drop)
    found = {at: work.ratios(at, drop) for at in asked}
    loglik, last, problem, converged = work.fit(drop)
    _, means, sds = problem.unpack(last)
    notes = []
    if drop:
        notes.append(f"{len(drop)} of {len(sound)} items were left out of the anchor.")
    ratios = []
    for j in wanted:
        reason = reasons[j]
        ratios.append(_no_test(reason) if reason is not None else found[place[j]])
    return RatioDif(
        chosen,
        ratios,
        sorted(sound[at] for at in drop),
        steps,
        loglik,
        float(means[1]),
        float(sds[1]),
        converged,
        notes,
    )


def _reason(column: FloatArray, group: NDArray[np.int64]) -> str | None:
    here = np.isfinite(column)
    kinds: list[Any] = [np.unique(column[here & (group == one)]) for one in (0, 1)]
    if min(int((here & (group == one)).sum()) for one in (0, 1)) < LEAST_PERSONS:
        return f"Fewer than {LEAST_PERSONS} persons of one group were presented this item."
    if kinds[0].size < 2 or not np.array_equal(kinds[0], kinds[1]):
        return "The two groups do not have the same marks on this item; join its rare marks first."
    return None
