"""Equating from means, spreads and covariances, with the standard error that those moments' own errors imply.

X is the new form, taken by population 1; Y the old form, taken by population 2; V the anchor both took. A method maps
X on to the scale of Y. Every standard error here is the delta method on the sample moments: no normal scores assumed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import hypot, nan, sqrt

import numpy as np
from numpy.typing import ArrayLike

from sjt.errors import ShapeError
from sjt.psychometrics._validate import FloatArray

STEP = 1e-5


@dataclass(frozen=True)
class Moments:
    """Of one population on its form and the anchor: n − 1 in the denominators, as R's equate has it."""

    mean: float
    sd: float
    anchor_mean: float = nan
    anchor_sd: float = nan
    covariance: float = nan

    @property
    def regression(self) -> float:
        """Slope of the form on the anchor."""
        return self.covariance / self.anchor_sd**2 if self.anchor_sd > 0 else nan


@dataclass(frozen=True)
class Design:
    """What every method needs: both populations, the synthetic weight of population 1, and the reach of the forms."""

    new: Moments
    old: Moments
    weight: float
    low: float
    high_new: float
    high_old: float
    internal: bool = True
    high_anchor: float = nan

    @property
    def anchor_shift(self) -> float:
        """Anchor mean of population 1 less that of population 2."""
        return self.new.anchor_mean - self.old.anchor_mean


@dataclass(frozen=True)
class Line:
    """A linear equating y = slope·x + intercept; both NaN where it is not defined."""

    slope: float
    intercept: float

    def __call__(self, x: ArrayLike) -> FloatArray:
        """Equate scores."""
        return self.slope * np.asarray(x, dtype=np.float64) + self.intercept

    def inverse(self, y: float) -> float:
        """Score on the new form equivalent to y on the old one."""
        return (y - self.intercept) / self.slope if self.slope > 0 else nan


def moments(score: ArrayLike, anchor: ArrayLike | None = None) -> Moments:
    """Take the moments of scores, and of their anchor scores if given.

    Raises
    ------
    ShapeError
        Fewer than two persons, or as many scores as anchor scores there are not.
    """
    x = np.asarray(score, dtype=np.float64)
    if x.ndim != 1 or x.size < 2:
        raise ShapeError(f"Equating needs at least two persons on each form; here {x.size}.")
    if anchor is None:
        return Moments(float(x.mean()), float(x.std(ddof=1)))
    v = np.asarray(anchor, dtype=np.float64)
    if v.shape != x.shape:
        raise ShapeError(f"{x.size} scores and {v.size} anchor scores; give one of each for every person.")
    joint = np.cov(x, v)
    return Moments(float(x.mean()), sqrt(joint[0, 0]), float(v.mean()), sqrt(joint[1, 1]), float(joint[0, 1]))


def _line(mean_x: float, sd_x: float, mean_y: float, sd_y: float) -> Line:
    if not (np.isfinite([mean_x, sd_x, mean_y, sd_y]).all() and sd_x > 0):
        return Line(nan, nan)
    slope = sd_y / sd_x
    return Line(slope, mean_y - slope * mean_x)


def identity(design: Design) -> Line:
    """Leave scores as they are, stretched only where the forms' maxima differ."""
    slope = (design.high_old - design.low) / (design.high_new - design.low)
    return Line(slope, design.low * (1 - slope)) if np.isfinite(slope) else Line(nan, nan)


def mean(design: Design) -> Line:
    """Equate the means, the slope being the ratio of the forms' lengths."""
    slope = identity(design).slope
    return Line(slope, design.old.mean - slope * design.new.mean)


def linear(design: Design) -> Line:
    """Equate means and standard deviations of two equivalent groups."""
    return _line(design.new.mean, design.new.sd, design.old.mean, design.old.sd)


def synthetic(design: Design, gamma_new: float, gamma_old: float) -> tuple[float, float, float, float]:
    """Means and SDs of both forms in the synthetic population (Kolen & Brennan, equations 4.6 to 4.9)."""
    w1, w2 = design.weight, 1 - design.weight
    shift = design.anchor_shift
    spread = design.new.anchor_sd**2 - design.old.anchor_sd**2
    mean_x = design.new.mean - w2 * gamma_new * shift
    mean_y = design.old.mean + w1 * gamma_old * shift
    var_x = design.new.sd**2 - w2 * gamma_new**2 * spread + w1 * w2 * (gamma_new * shift) ** 2
    var_y = design.old.sd**2 + w1 * gamma_old**2 * spread + w1 * w2 * (gamma_old * shift) ** 2
    return mean_x, sqrt(var_x) if var_x > 0 else nan, mean_y, sqrt(var_y) if var_y > 0 else nan


def tucker(design: Design) -> Line:
    """Tucker: the regressions on the anchor hold in both populations. Best for similar groups."""
    return _line(*synthetic(design, design.new.regression, design.old.regression))


def tucker_mean(design: Design) -> Line:
    """Tucker's synthetic means with slope 1."""
    mean_x, _, mean_y, _ = synthetic(design, design.new.regression, design.old.regression)
    slope = identity(design).slope
    return Line(slope, mean_y - slope * mean_x)


def levine_gammas(design: Design) -> tuple[float, float]:
    """Ratio of true-score spreads of form and anchor under a congeneric model."""
    out = []
    for each in (design.new, design.old):
        if not each.covariance > 0:
            return nan, nan
        if design.internal:
            out.append(each.sd**2 / each.covariance)
        else:
            out.append((each.sd**2 + each.covariance) / (each.anchor_sd**2 + each.covariance))
    return out[0], out[1]


def levine(design: Design) -> Line:
    """Levine's observed-score method: true scores are linear in each other. For groups that differ."""
    return _line(*synthetic(design, *levine_gammas(design)))


def chained_linear(design: Design) -> Line:
    """X on to the anchor in population 1, the anchor on to Y in population 2, both linear."""
    new, old = design.new, design.old
    if not (new.sd > 0 and old.anchor_sd > 0 and new.anchor_sd > 0):
        return Line(nan, nan)
    to_anchor, to_old = new.anchor_sd / new.sd, old.sd / old.anchor_sd
    slope = to_anchor * to_old
    intercept = old.mean + to_old * (new.anchor_mean - to_anchor * new.mean - old.anchor_mean)
    return Line(slope, intercept)


def chained_mean(design: Design) -> Line:
    """Chained with the means alone; the anchor is stretched to the old form by the ratio of their spreads."""
    slope = identity(design).slope
    return Line(slope, chained_middle(design)[1] - slope * design.new.mean)


def nominal_weights_mean(design: Design) -> Line:
    """Synthetic means with the ratio of the numbers of marks in place of the regressions (Babcock & others 2012)."""
    span = design.high_anchor - design.low if design.high_anchor > design.low else nan
    ratios = (design.high_new - design.low) / span, (design.high_old - design.low) / span
    mean_x, _, mean_y, _ = synthetic(design, *ratios)
    slope = identity(design).slope
    return Line(slope, mean_y - slope * mean_x)


def chained_middle(design: Design) -> tuple[float, float]:
    """The point both chained mean equating and the circle arc go through: mean of X and its equivalent."""
    new, old = design.new, design.old
    if np.isnan(new.anchor_mean):
        return new.mean, old.mean
    stretch = old.sd / old.anchor_sd if old.anchor_sd > 0 else nan
    return new.mean, old.mean + stretch * (new.anchor_mean - old.anchor_mean)


@dataclass(frozen=True)
class Arc:
    """Circle-arc equating: the line between the end points plus an arc through the middle point.

    References
    ----------
    .. [1] Livingston, S. A. & Kim, S. (2009). The circle-arc method for equating in small samples. Journal of
       Educational Measurement, 46.
    """

    start: tuple[float, float]
    middle: tuple[float, float]
    end: tuple[float, float]

    def __call__(self, x: ArrayLike) -> FloatArray:
        """Equate scores; beyond the end points the straight line goes on."""
        at = np.asarray(x, dtype=np.float64)
        (x1, y1), (x2, y2), (x3, y3) = self.start, self.middle, self.end
        slope = (y3 - y1) / (x3 - x1)
        line = y1 + slope * (at - x1)
        rise = y2 - (y1 + slope * (x2 - x1))
        if not np.isfinite(rise):
            return np.full(at.shape, nan)
        if not x1 < x2 < x3 or abs(rise) < 1e-12:
            return line
        centre = (x1 + x3) / 2
        height = (x1**2 * (x3 - x2) - (x2**2 + rise**2) * (x3 - x1) + x3**2 * (x2 - x1)) / (2 * rise * (x1 - x3))
        radius = hypot(centre - x1, height)
        inside = np.sqrt(np.maximum(radius**2 - (at - centre) ** 2, 0.0))
        bend = height + inside if rise > 0 else height - inside
        return np.asarray(np.where((at >= x1) & (at <= x3), line + bend, line))


def circle_arc(design: Design) -> Arc:
    """Arc from the lowest scores to the highest, through the (chained) means."""
    start, end = (design.low, design.low), (design.high_new, design.high_old)
    return Arc(start, chained_middle(design), end)


Curve = Callable[[ArrayLike], FloatArray]
ALONE: Mapping[str, Callable[[Design], Curve]] = {
    "identity": identity,
    "mean": mean,
    "linear": linear,
    "circle_arc": circle_arc,
}
ANCHORED: Mapping[str, Callable[[Design], Curve]] = {
    "tucker": tucker,
    "tucker_mean": tucker_mean,
    "levine": levine,
    "chained_linear": chained_linear,
    "chained_mean": chained_mean,
    "nominal_weights_mean": nominal_weights_mean,
}


class Errors:
    """Standard errors of any method that depends on the data through their moments only.

    Parameters
    ----------
    design : Design
    new, old : (scores, anchor scores or None)
        The data the moments came from.
    """

    def __init__(
        self,
        design: Design,
        new: tuple[FloatArray, FloatArray | None],
        old: tuple[FloatArray, FloatArray | None],
    ) -> None:
        self.design = design
        self.parts = [_moment_covariance(*new), _moment_covariance(*old)]

    def see(self, method: Callable[[Design], Curve], x: ArrayLike) -> FloatArray:
        """Standard error of equating at scores x, in marks of the old form."""
        at = np.asarray(x, dtype=np.float64)
        total = np.zeros(at.shape)
        for side, (values, covariance) in zip(("new", "old"), self.parts):
            gradient = np.zeros((*at.shape, values.size))
            for m in range(values.size):
                step = STEP * max(1.0, abs(values[m]))
                both = []
                for sign in (1.0, -1.0):
                    moved = values.copy()
                    moved[m] += sign * step
                    changed = (
                        replace(self.design, new=_as_moments(moved))
                        if side == "new"
                        else replace(self.design, old=_as_moments(moved))
                    )
                    both.append(np.asarray(method(changed)(at)))
                gradient[..., m] = (both[0] - both[1]) / (2 * step)
            total = total + np.einsum("...a,ab,...b->...", gradient, covariance, gradient)
        return np.asarray(np.sqrt(np.maximum(total, 0.0)))


def _moment_covariance(score: FloatArray, anchor: FloatArray | None) -> tuple[FloatArray, FloatArray]:
    """Sample moments (means, variances, covariance) and their sampling covariance."""
    x = score - score.mean()
    n = x.size
    if anchor is None:
        parts = np.column_stack([x, x * x])
        values = np.array([score.mean(), score.var(ddof=1)])
    else:
        v = anchor - anchor.mean()
        parts = np.column_stack([x, x * x, v, v * v, x * v])
        values = np.array([score.mean(), score.var(ddof=1), anchor.mean(), anchor.var(ddof=1), (x * v).sum() / (n - 1)])
    return values, np.atleast_2d(np.cov(parts.T)) / n


def _as_moments(values: FloatArray) -> Moments:
    sd = sqrt(max(values[1], 0.0))
    if values.size == 2:
        return Moments(float(values[0]), sd)
    return Moments(float(values[0]), sd, float(values[2]), sqrt(max(values[3], 0.0)), float(values[4]))
