"""Judges, expert raters, trials and markers who do not exist, beside the simulated candidates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sjt.psychometrics.simulate import BORDERLINE_THETA, SimItem, draw, expected_mark, named_rng, plain


def angoff_rows(
    items: Iterable[SimItem], *, judges: int = 12, seed: int = 1, worth: Mapping[str, Fraction] | None = None
) -> list[dict[str, Any]]:
    """Two rounds of an extended Angoff panel: expected marks of the borderline candidate, in half marks.

    Parameters
    ----------
    items : iterable of SimItem
    judges : int
    seed : int
    worth : mapping, optional
        Format → marks an item is worth; the raw maximum if left out.

    Returns
    -------
    list of dict
        ``judge, round, item, max, rating``; no rating lies below the item's chance mark.

    Notes
    -----
    A judge is off by N(0, 4 % of the maximum) throughout and by N(0, 9 %) on each item in round 1; both are
    halved in round 2, after discussion.
    """
    listed = list(items)
    rng = named_rng(seed, "angoff")
    severity = rng.standard_normal(judges) * 0.04
    rows = []
    scales = [_scale(item, worth) for item in listed]
    truths = [expected_mark(item, BORDERLINE_THETA) * scale for item, scale in zip(listed, scales)]
    most_of = [float(item.max) * scale for item, scale in zip(listed, scales)]
    lowest_of = [np.ceil(float(item.chance) * scale * 2) / 2 for item, scale in zip(listed, scales)]
    noise = rng.standard_normal((judges, len(listed))) * 0.09
    for round_number, keep in ((1, 1.0), (2, 0.5)):
        for j in range(judges):
            for i, item in enumerate(listed):
                most, lowest = most_of[i], lowest_of[i]
                rating = truths[i] + keep * (severity[j] + noise[j, i]) * most
                rows.append(
                    {
                        "judge": f"J{j + 1:02d}",
                        "round": round_number,
                        "item": item.id,
                        "max": plain(most),
                        "rating": plain(float(np.clip(np.round(rating * 2) / 2, lowest, most))),
                    }
                )
    return rows


def _scale(item: SimItem, worth: Mapping[str, Fraction] | None) -> float:
    if worth is None or item.format not in worth:
        return 1.0
    return float(Fraction(worth[item.format]) / item.max)


def trial_statistics(
    items: Iterable[SimItem],
    *,
    n: int = 150,
    seed: int = 1,
    source: str = "simulated trial",
    date: str = "",
    worth: Mapping[str, Fraction] | None = None,
) -> list[dict[str, Any]]:
    """Banked statistics as a trial of n candidates would have given them.

    Parameters
    ----------
    items : iterable of SimItem
    n : int
        Candidates of the trial.
    seed : int
    source, date : str
        Stored with every row; say that it is simulated.
    worth : mapping, optional
        Format → marks an item is worth.

    Returns
    -------
    list of dict
        ``item, name, value, se, n, source, date`` with the names ``facility discrimination sd borderline_mean
        borderline_sd minutes``. Marks are on the scale of the item's worth.
    """
    from sjt.psychometrics.classical import item_rest_correlation
    from sjt.psychometrics.gram import MarkTable, pair_sums

    listed = list(items)
    rng = named_rng(seed, "trial")
    theta = rng.standard_normal(n)
    effects = {s: rng.standard_normal(n) for s in dict.fromkeys(item.scenario for item in listed)}
    marks = np.empty((n, len(listed)))
    ms = np.empty((n, len(listed)))
    for i, item in enumerate(listed):
        drawn = draw(rng, item, theta, effect=effects[item.scenario] * item.testlet_sd)
        marks[:, i] = item.marks_under(item.key)[drawn.index] * _scale(item, worth)
        ms[:, i] = drawn.ms
    r = item_rest_correlation(pair_sums(MarkTable.of(np.round(marks, 6))).covariance())
    near = np.abs(theta - BORDERLINE_THETA) < 0.35
    rows = []
    for i, item in enumerate(listed):
        most = float(item.max) * _scale(item, worth)
        sd = float(marks[:, i].std(ddof=1))
        borderline = marks[near, i]
        few = max(len(borderline), 2)
        border_sd = float(borderline.std(ddof=1)) if len(borderline) > 1 else sd
        border_mean = float(borderline.mean()) if len(borderline) else expected_mark(item, BORDERLINE_THETA)
        minutes = ms[:, i] / 60000
        for name, value, se, count in (
            ("facility", marks[:, i].mean() / most, sd / most / np.sqrt(n), n),
            ("discrimination", r[i], (1 - r[i] ** 2) / np.sqrt(n - 3), n),
            ("sd", sd, sd / np.sqrt(2 * (n - 1)), n),
            ("borderline_mean", border_mean, border_sd / np.sqrt(few), len(borderline)),
            ("borderline_sd", border_sd, border_sd / np.sqrt(2 * max(few - 1, 1)), len(borderline)),
            ("minutes", minutes.mean(), minutes.std(ddof=1) / np.sqrt(n), n),
        ):
            rows.append(
                {
                    "item": item.id,
                    "name": name,
                    "value": round(float(value), 6),
                    "se": round(float(se), 6),
                    "n": count,
                    "source": source,
                    "date": date,
                }
            )
    return rows


@dataclass(frozen=True)
class Marked:
    """What markers made of written answers: who marked, and the levels given, shape (n_persons, n_criteria)."""

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    """The second marker, −1 where there was none."""
    first_levels: NDArray[np.int64]
    second_levels: NDArray[np.int64]


def mark_written(
    item_id: str, levels: NDArray[np.int64], *, markers: int = 4, second_share: float = 0.3, seed: int = 1
) -> Marked:
    """Have written answers of known levels marked, every one by one marker and some by two.

    Parameters
    ----------
    item_id : str
    levels : ndarray, shape (n_persons, n_criteria)
        True levels, 0–3.
    markers : int
    second_share : float
        Share of answers marked a second time, by another marker.
    seed : int

    Returns
    -------
    Marked

    Notes
    -----
    A marker is off by N(0, .25) levels throughout and N(0, .45) on each criterion, rounded; a marker's severity
    is the same in every item of one seed.
    """
    rng = named_rng(seed, f"markers {item_id}")
    severity = named_rng(seed, "markers").standard_normal(markers) * 0.25
    n = len(levels)
    first = rng.integers(0, markers, n)
    twice = (rng.random(n) < second_share) & (markers > 1)
    second = np.where(twice, (first + 1 + rng.integers(0, max(markers - 1, 1), n)) % markers, -1)
    given = []
    for marker in (first, second):
        noise = 0.45 * rng.standard_normal(levels.shape)
        given.append(np.clip(np.round(levels + severity[marker][:, None] + noise), 0, 3).astype(np.int64))
    return Marked(first, second, given[0], given[1])


def marker_rows(item: SimItem, persons: Sequence[str], marked: Marked) -> list[dict[str, Any]]:
    """Write marks as rows: ``person, item, marker, role, criterion, level`` with role ``first`` or ``second``."""
    rows = []
    for p, person in enumerate(persons):
        for role, who, levels in (
            ("first", marked.first[p], marked.first_levels[p]),
            ("second", marked.second[p], marked.second_levels[p]),
        ):
            if who < 0:
                continue
            rows += [
                {
                    "person": person,
                    "item": item.id,
                    "marker": f"M{who + 1}",
                    "role": role,
                    "criterion": criterion,
                    "level": int(level),
                }
                for criterion, level in zip(item.criteria, levels)
            ]
    return rows


def panel_rows(items: Iterable[SimItem], *, raters: int = 12, seed: int = 1) -> list[dict[str, Any]]:
    """A concordance panel's answers: ``rater, item, option, response, format``, each rater an able candidate.

    Experts answer every keyed item as a person of ability 3 to 5 would.
    """
    rows = []
    for item in items:
        if item.format == "written":
            continue
        rng = named_rng(seed, f"panel {item.id}")
        surer = 1.5 * item.model.slope / item.discrimination
        drawn = draw(rng, item, 4.0 + rng.standard_normal(raters), lift=surer)
        for r, index in enumerate(drawn.index):
            answer = item.responses[int(index)]
            for option in item.options:
                if item.format in ("rank", "rate"):
                    given: Any = answer[option]
                elif item.format == "choose":
                    given = int(option in answer)
                elif item.format == "single":
                    given = int(option == answer)
                else:
                    given = "most" if answer["most"] == option else "least" if answer["least"] == option else ""
                rows.append(
                    {
                        "rater": f"E{r + 1:02d}",
                        "item": item.id,
                        "option": option,
                        "response": given,
                        "format": item.format,
                    }
                )
    return rows
