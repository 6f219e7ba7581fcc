"""Ratings against a panel: distances, standardised distances, agreement rules, and the decomposition of a distance.

Marks are exact fractions wherever no root is taken. Conventions: population standard deviation within a person;
key = mean of the panel; a missing rating (None) leaves the means of that option or person.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import sqrt

from sjt.errors import ShapeError
from sjt.psychometrics.scoring_base import ONE, ZERO, exact

Ratings = Sequence[Fraction | None]


def mean(values: Sequence[Fraction]) -> Fraction:
    """Exact mean of at least one value."""
    return sum(values, ZERO) / len(values)


def population_variance(values: Sequence[Fraction]) -> Fraction:
    """Exact variance with divisor n."""
    centre = mean(values)
    return sum(((value - centre) ** 2 for value in values), ZERO) / len(values)


def read_ratings(values: Sequence[object]) -> list[Fraction | None]:
    """Turn a row of numbers and nulls into exact ratings."""
    return [None if value is None else exact(value) for value in values]


@dataclass(frozen=True)
class Panel:
    """A panel's ratings, raters × options, and the keys taken from them."""

    ratings: tuple[tuple[Fraction | None, ...], ...]
    low: Fraction
    high: Fraction

    @classmethod
    def of(cls, ratings: Sequence[Sequence[object]], scale: Sequence[object]) -> Panel:
        """Read a panel; every rater rates the same options, each inside the scale, and each option is rated.

        Raises
        ------
        ShapeError
            No rater, rows of unequal length, an option nobody rated, or a rating outside the scale.
        """
        rows = tuple(tuple(read_ratings(row)) for row in ratings)
        low, high = exact(scale[0]), exact(scale[1])
        if not rows or not rows[0] or any(len(row) != len(rows[0]) for row in rows):
            raise ShapeError("The panel's ratings are not a full table. Give each rater one rating for each option.")
        if low >= high:
            raise ShapeError(f"The scale {low} to {high} is empty. Give [lowest, highest].")
        if any(value is not None and not low <= value <= high for row in rows for value in row):
            raise ShapeError(f"A rating of the panel lies outside {low} to {high}. Correct it.")
        if any(all(row[option] is None for row in rows) for option in range(len(rows[0]))):
            raise ShapeError("An option was rated by nobody. Leave it out or have it rated.")
        return cls(rows, low, high)

    @property
    def n_options(self) -> int:
        """Number of options."""
        return len(self.ratings[0])

    def column(self, option: int) -> list[Fraction]:
        """Ratings given to one option."""
        return [value for row in self.ratings if (value := row[option]) is not None]

    def key(self) -> list[Fraction]:
        """Mean rating of each option."""
        return [mean(self.column(option)) for option in range(self.n_options)]

    def votes(self, option: int) -> Counter[Fraction]:
        """How many raters gave each rating."""
        return Counter(self.column(option))

    def modes(self, option: int) -> list[Fraction]:
        """Every rating that no other beats."""
        votes = self.votes(option)
        return sorted(value for value, count in votes.items() if count == max(votes.values()))

    def key_of_z(self) -> list[float]:
        """Mean over raters of their own within-person z."""
        scores = [within_person_z(row) for row in self.ratings]
        out = []
        for option in range(self.n_options):
            column = [row[option] for row in scores]
            known = [value for value in column if value is not None]
            out.append(sum(known) / len(known))
        return out


def within_person_z(ratings: Ratings) -> list[float | None]:
    """Standardise one person's ratings by their own mean and population SD; a flat row gives zeros."""
    known = [value for value in ratings if value is not None]
    if not known:
        return [None] * len(ratings)
    centre, spread = mean(known), sqrt(population_variance(known))
    return [None if value is None else (float(value - centre) / spread if spread else 0.0) for value in ratings]


@dataclass(frozen=True, slots=True)
class Decomposition:
    """Mean squared distance of two profiles = elevation + scatter + shape (Cronbach & Gleser 1953)."""

    elevation: float
    scatter: float
    shape: float

    @property
    def sum(self) -> float:
        """The mean squared distance."""
        return self.elevation + self.scatter + self.shape


@dataclass(frozen=True, slots=True)
class Profiles:
    """Means, population SDs and correlation of a response and a key over the options answered."""

    elevation_x: float
    elevation_k: float
    scatter_x: float
    scatter_k: float
    shape_r: float | None
    """None where either profile is flat."""
    decomposition: Decomposition | None


def compare_profiles(x: Sequence[Fraction], k: Sequence[Fraction]) -> Profiles:
    """Compare a response with a key: mean (x−k)² = (x̄−k̄)² + (sx−sk)² + 2·sx·sk·(1−r), population SDs.

    Parameters
    ----------
    x, k : sequence of Fraction
        Response and key over the same options, at least one.

    Returns
    -------
    Profiles
        ``shape_r`` and ``decomposition`` are None where a profile is flat, since r is then undefined.
    """
    if len(x) != len(k) or not x:
        raise ShapeError("Response and key need the same options, at least one.")
    mx, mk = mean(x), mean(k)
    vx, vk = population_variance(x), population_variance(k)
    sx, sk = sqrt(vx), sqrt(vk)
    if not vx or not vk:
        return Profiles(float(mx), float(mk), sx, sk, None, None)
    covariance = sum(((a - mx) * (b - mk) for a, b in zip(x, k, strict=True)), ZERO) / len(x)
    # 2·sx·sk·(1−r) is 2(sx·sk − cov): taken so, it has no cancellation beyond the one root.
    product = sqrt(vx * vk)
    parts = Decomposition(float((mx - mk) ** 2), (sx - sk) ** 2, 2 * (product - float(covariance)))
    return Profiles(float(mx), float(mk), sx, sk, max(-1.0, min(1.0, float(covariance) / product)), parts)


def stretched(value: Fraction, low: Fraction, high: Fraction, factor: Fraction) -> Fraction:
    """Move a key away from the middle of its scale: clip(mid + f·(mean − mid), low, high)."""
    middle = (low + high) / 2
    return min(high, max(low, middle + factor * (value - middle)))


def rule_marks(panel: Panel, response: Ratings) -> dict[str, list[Fraction | None]]:
    """Mark each option of a response under each exact rule; None where it was not rated."""
    key = panel.key()
    middle = (panel.low + panel.high) / 2
    out: dict[str, list[Fraction | None]] = {
        name: [] for name in ("raw_abs", "raw_sq", "mode_score", "proportion", "sct_aggregate", "dichotomous")
    }
    for option, x in enumerate(response):
        if x is None:
            for marks in out.values():
                marks.append(None)
            continue
        votes = panel.votes(option)
        top = max(votes.values())
        side = (x - middle) * (key[option] - middle)
        out["raw_abs"].append(abs(x - key[option]))
        out["raw_sq"].append((x - key[option]) ** 2)
        out["mode_score"].append(Fraction(votes[x] == top))
        out["proportion"].append(Fraction(votes[x], votes.total()))
        out["sct_aggregate"].append(Fraction(votes[x], top))
        out["dichotomous"].append(ONE if side > 0 else Fraction(1, 2) if side == 0 else ZERO)
    return out


def standardised_squares(panel: Panel, response: Ratings, key_z: Sequence[float] | None = None) -> list[float | None]:
    """Squared distances of a person's own z from the panel's mean z (McDaniel et al. 2011)."""
    targets = panel.key_of_z() if key_z is None else key_z
    return [None if z is None else (z - k) ** 2 for z, k in zip(within_person_z(response), targets, strict=True)]


def item_scores(panel: Panel, responses: Sequence[Ratings]) -> dict[str, list[list[float | None]]]:
    """Item scores of persons × items under six rules, higher always better.

    Returns
    -------
    dict
        ``sct_aggregate proportion mode distance_abs distance_sq standardised_sq`` → persons × items.
    """
    key_z = panel.key_of_z()
    out: dict[str, list[list[float | None]]] = {
        name: [] for name in ("sct_aggregate", "proportion", "mode", "distance_abs", "distance_sq", "standardised_sq")
    }
    sources = {
        "sct_aggregate": ("sct_aggregate", 1),
        "proportion": ("proportion", 1),
        "mode": ("mode_score", 1),
        "distance_abs": ("raw_abs", -1),
        "distance_sq": ("raw_sq", -1),
    }
    for response in responses:
        marks = rule_marks(panel, response)
        for name, (source, sign) in sources.items():
            out[name].append([None if mark is None else sign * float(mark) for mark in marks[source]])
        squares = standardised_squares(panel, response, key_z)
        out["standardised_sq"].append([None if square is None else -square for square in squares])
    return out


def alpha(scores: Sequence[Sequence[float]]) -> float | None:
    """Cronbach's alpha of complete persons × items; None for fewer than two of either, or no variance."""
    if len(scores) < 2 or len(scores[0]) < 2:
        return None
    items = len(scores[0])

    def variance(values: Sequence[float]) -> float:
        centre = sum(values) / len(values)
        return sum((value - centre) ** 2 for value in values) / (len(values) - 1)

    total = variance([sum(row) for row in scores])
    if total <= 0:
        return None
    return items / (items - 1) * (1 - sum(variance([row[item] for row in scores]) for item in range(items)) / total)
