"""Every way to carry a score from the new form to the old one, described with its error at the cut."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from sjt.psychometrics import equating_percentile as by_percentile
from sjt.psychometrics import irt_linking
from sjt.psychometrics._validate import FloatArray
from sjt.psychometrics.equating_forms import FormData
from sjt.psychometrics.equating_moments import Curve, Line
from sjt.psychometrics.gram import STEPS
from sjt.psychometrics.irt import known_model
from sjt.psychometrics.irt_mml import fit_mml

MOST_POINTS = 501
MOST_CELLS = 200_000
REPLICATIONS = 100
LEAST_IRT = 200
MOST_IRT_PARAMETERS = 200


def invert(curve: Curve, y: float, low: float, high: float) -> float | None:
    """Score on the new form whose equivalent is y; None where the curve is not defined or never reaches it."""
    if isinstance(curve, Line):
        x = curve.inverse(y)
        return x if np.isfinite(x) else None
    at = np.linspace(low, high, 4001)
    value = np.asarray(curve(at))
    if not np.isfinite(value).all() or not value[0] <= y <= value[-1]:
        return None
    j = int(np.searchsorted(value, y))
    if j == 0:
        return float(at[0])
    begin, end = float(at[j - 1]), float(at[j])
    for _ in range(60):
        middle = (begin + end) / 2
        if float(np.asarray(curve(np.array([middle])))[0]) < y:
            begin = middle
        else:
            end = middle
    return (begin + end) / 2


def described(
    curve: Curve, line: Line | None, cut_new: float | None, see: float | None, at: FloatArray
) -> dict[str, Any]:
    """Plain values of one method."""
    value = np.asarray(curve(at))
    defined = bool(np.isfinite(value).all())
    return {
        "slope": line.slope if line is not None and defined else None,
        "intercept": line.intercept if line is not None and defined else None,
        "cut_new": cut_new,
        "see_at_cut": see if see is not None and np.isfinite(see) else None,
        "table": [[float(a), float(b)] for a, b in zip(at, value)] if defined else None,
        "why": None if defined else "An anchor or total without spread, or too few persons.",
    }


def unit_of(scores: Sequence[FloatArray]) -> float | None:
    """Smallest step of the marks; None if they are no multiples of a hundredth."""
    for step in STEPS:
        if all(np.abs(s * step - np.round(s * step)).max() < 1e-6 for s in scores):
            return 1 / step
    return None


def points(low: float, high: float, unit: float | None) -> FloatArray:
    """Scores of the table."""
    step = unit or 1.0
    if (high - low) / step > MOST_POINTS:
        step = max(1.0, float(np.ceil((high - low) / MOST_POINTS)))
    return np.asarray(low + step * np.arange(int((high - low) / step + 1e-9) + 1))


class Percentile:
    """Equipercentile methods on whole units of the mark."""

    weight: float
    internal: bool
    degree: int
    given_weight: bool

    def __init__(
        self,
        x: FloatArray,
        v_new: FloatArray | None,
        y: FloatArray,
        v_old: FloatArray | None,
        unit: float,
        low_new: float,
        high_new: float,
        low_old: float,
        high_old: float,
        low_anchor: float,
        high_anchor: float,
    ) -> None:
        self.unit, self.low_new, self.low_old = unit, low_new, low_old
        self.low, self.high = low_new, high_new
        tops = [round((high_new - low_new) / unit), round((high_old - low_old) / unit)]
        self.anchored = v_new is not None and v_old is not None
        if v_new is not None and v_old is not None:
            top = round((high_anchor - low_anchor) / unit)
            shapes = [(each + 1, top + 1) for each in tops]
            pairs = [
                (np.round((x - low_new) / unit), np.round((v_new - low_anchor) / unit)),
                (np.round((y - low_old) / unit), np.round((v_old - low_anchor) / unit)),
            ]
            self.new, self.old = (
                np.bincount((a * shape[1] + b).astype(np.int64), minlength=shape[0] * shape[1])
                .reshape(shape)
                .astype(np.float64)
                for (a, b), shape in zip(pairs, shapes)
            )
        else:
            self.new = by_percentile.frequencies((x - low_new) / unit, tops[0])
            self.old = by_percentile.frequencies((y - low_old) / unit, tops[1])

    def _smoothed(self, counts: FloatArray) -> FloatArray:
        if counts.ndim == 1:
            return by_percentile.smooth(counts, self.degree)
        total, anchor = np.indices(counts.shape)
        top_total, top_anchor = counts.shape[0] - 1, counts.shape[1] - 1
        possible = np.ones(counts.shape, dtype=bool)
        if self.internal:
            possible = (total >= anchor) & (top_total - total >= top_anchor - anchor)
            possible |= counts > 0
        return by_percentile.smooth_joint(counts, possible, self.degree)

    def curves(self, new: FloatArray, old: FloatArray) -> dict[str, Curve]:
        """Each method from these frequencies."""
        out: dict[str, Curve] = {}

        def on_marks(function: Callable[[FloatArray], FloatArray]) -> Curve:
            return lambda at: self.low_old + self.unit * function((np.asarray(at) - self.low_new) / self.unit)

        smooth_new, smooth_old = self._smoothed(new), self._smoothed(old)
        if not self.anchored:
            out["equipercentile"] = on_marks(lambda at: by_percentile.equipercentile(at, new, old))
            out["equipercentile_smoothed"] = on_marks(
                lambda at: by_percentile.equipercentile(at, smooth_new, smooth_old)
            )
            return out
        w = self.weight
        if not self.given_weight:  # as R's equate 2.0.9 mixes the populations: by persons, weighted by persons again
            w = w * new.sum() / (w * new.sum() + (1 - w) * old.sum())
        margins = by_percentile.synthetic_margins(new, old, w)
        smoothed = by_percentile.synthetic_margins(smooth_new, smooth_old, w)
        out["equipercentile"] = on_marks(lambda at: by_percentile.equipercentile(at, *margins))
        out["equipercentile_smoothed"] = on_marks(lambda at: by_percentile.equipercentile(at, *smoothed))
        out["equipercentile_chained"] = on_marks(lambda at: by_percentile.chained(at, new, old))
        return out

    def methods(self, cut: float | None, at: FloatArray, seed: int, notes: list[str]) -> dict[str, dict[str, Any]]:
        """Describe every method, with bootstrap errors at the cut."""
        if self.new.size + self.old.size > MOST_CELLS:
            notes.append("The forms have too many different scores for equipercentile equating; it is left out.")
            return {}
        curves = self.curves(self.new, self.old)
        cuts = {
            name: None if cut is None else invert(curve, cut, self.low, self.high) for name, curve in curves.items()
        }
        see: dict[str, float | None] = dict.fromkeys(curves)
        if cut is not None:
            replications = max(20, min(REPLICATIONS, 100_000 // (self.new.size + self.old.size)))
            rng = np.random.default_rng(seed)
            found: dict[str, list[float]] = {name: [] for name in curves}
            for _ in range(replications):
                new, old = (
                    rng.multinomial(int(counts.sum()), (counts / counts.sum()).ravel())
                    .reshape(counts.shape)
                    .astype(np.float64)
                    for counts in (self.new, self.old)
                )
                for name, curve in self.curves(new, old).items():
                    where = cuts[name]
                    if where is not None:
                        found[name].append(float(np.asarray(curve(np.array([where])))[0]))
            see = {name: float(np.std(values, ddof=1)) if values else None for name, values in found.items()}
        return {name: described(curve, None, cuts[name], see[name], at) for name, curve in curves.items()}


def irt_methods(
    old: FormData,
    new: FormData,
    used: Sequence[str],
    internal: bool,
    anchors: Sequence[str],
    model: str,
    cut: float | None,
    at: FloatArray,
    notes: list[str],
) -> dict[str, dict[str, Any]]:
    """True scores after Stocking–Lord and Haebara, where there are persons and anchors enough."""
    n = min(old.marks.shape[0], new.marks.shape[0])
    if n < LEAST_IRT or len(used) < 3:
        notes.append(
            f"IRT equating is left out: it needs {LEAST_IRT} persons on each form and three anchors; "
            f"here {n} persons and {len(used)} anchors."
        )
        return {}
    fits = []
    for form in (new, old):
        counted = [item for item in form.items if internal or item not in anchors]
        wanted = [item for item in form.items if item in counted or item in used]
        marks = form.marks[:, [form.items.index(item) for item in wanted]]
        found = fit_mml(marks, known_model(model))
        fits.append((found, [wanted[j] for j in found.columns], counted))
    (fit_new, names_new, counted_new), (fit_old, names_old, counted_old) = fits
    both = [item for item in used if item in names_new and item in names_old]
    constant = [item for f, names, counted in fits for item in counted if item not in names]
    if not all(found.converged for found, _, _ in fits) or len(both) < 3 or constant:
        notes.append("IRT equating is left out: a model did not converge, or an item has the same mark for everyone.")
        return {}
    pairs = [(names_new.index(item), names_old.index(item)) for item in both]
    whole_new = irt_linking.pick(fit_new.items, [names_new.index(item) for item in counted_new])
    whole_old = irt_linking.pick(fit_old.items, [names_old.index(item) for item in counted_old])
    out: dict[str, dict[str, Any]] = {}
    criteria: tuple[irt_linking.Criterion, ...] = ("stocking_lord", "haebara")
    for criterion in criteria:
        scale = irt_linking.link(
            irt_linking.pick(fit_new.items, [a for a, _ in pairs]),
            irt_linking.pick(fit_old.items, [b for _, b in pairs]),
            criterion,
        )

        def curve(x: ArrayLike, scale: irt_linking.Link = scale) -> FloatArray:
            return irt_linking.true_score(whole_new, whole_old, scale, x)

        cut_new = None if cut is None else irt_linking.carried_cut(whole_new, whole_old, scale, cut)
        see = None
        free = [bool(found.free[: found.items.sizes.sum()].all()) for found in (fit_new, fit_old)]
        small = fit_new.items.sizes.sum() + fit_old.items.sizes.sum() <= MOST_IRT_PARAMETERS
        if cut_new is not None and internal and all(free) and small:
            covariances = (fit_new.covariance, fit_old.covariance)
            see = irt_linking.standard_error(
                fit_new.items, fit_old.items, pairs, criterion, scale, covariances, cut_new
            )
        elif cut_new is not None:
            notes.append("The IRT errors are left out: Rasch slopes, an external anchor, or too many parameters.")
        out[f"irt_{criterion}"] = {
            **described(curve, None, cut_new, see, at),
            "model": fit_new.items.model,
            "A": scale.slope,
            "B": scale.intercept,
        }
    return out
