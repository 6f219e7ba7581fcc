"""A whole simulated cohort with planted faults; `simulate_files` writes it down."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sjt.errors import InputError, ShapeError
from sjt.psychometrics.gram import FloatArray
from sjt.psychometrics.simulate import SimItem, default_items, draw, named_rng, population_facility
from sjt.psychometrics.simulate_judges import mark_written, marker_rows

PLANTS = ("miskey", "reversed", "dif", "leak", "copy", "rapid")
DIF_SIZE, LEAK_SIZE, LEAK_SHARE, COPY_SHARE, RAPID_PERSONS, RAPID_ITEMS = 0.35, 0.25, 0.30, 0.60, 0.10, 0.25


@dataclass
class Cohort:
    """Everything about a simulated cohort, with its truth."""

    seed: int
    items: list[SimItem]
    persons: list[str]
    theta: FloatArray
    group: list[str]
    form: list[str]
    centre: list[str]
    presented: NDArray[np.bool_]
    response: NDArray[np.int64]
    """Index into each item's responses, shape (n_persons, n_items); −1 omitted, −2 not reached."""
    ms: NDArray[np.int64]
    marks: FloatArray
    """Marks as the (possibly faulty) keys give them; NaN where not presented."""
    marker_rows: list[dict[str, Any]] = field(default_factory=list)
    planted: list[dict[str, Any]] = field(default_factory=list)
    scored_keys: dict[str, Mapping[str, Any]] = field(default_factory=dict)


def swapped_key(item: SimItem) -> dict[str, Any]:
    """The key with its best and its worst option swapped, as a typing slip would."""
    key = dict(item.key)
    if item.format == "rank":
        order = [list(tier) for tier in key["order"]]
        order[0], order[-1] = order[-1], order[0]
        return {**key, "order": order}
    if item.format == "choose":
        others = [option for option in item.options if option not in key["key"]]
        worst = min(others, key=lambda option: (key.get("effectiveness", {}).get(option, 0), option))
        return {**key, "key": sorted([*key["key"][1:], worst])}
    name = "key" if item.format == "rate" else "effectiveness"
    if name not in key:
        raise ShapeError(f"Item {item.id} has no key of its own to swap.")
    values = dict(key[name])
    best, worst = max(values, key=lambda o: (values[o], o)), min(values, key=lambda o: (values[o], o))
    values[best], values[worst] = values[worst], values[best]
    return {**key, name: values}


def reversed_key(item: SimItem) -> dict[str, Any]:
    """The key turned upside down."""
    key = dict(item.key)
    if item.format == "rank":
        return {**key, "order": [list(tier) for tier in key["order"]][::-1]}
    if item.format == "choose":
        effect = key.get("effectiveness", {})
        by_effect = sorted(
            (option for option in item.options if option not in key["key"]), key=lambda o: (effect.get(o, 0), o)
        )
        return {**key, "key": sorted(by_effect[: len(key["key"])])}
    if item.format == "rate":
        return {**key, "key": {option: item.points + 1 - value for option, value in key["key"].items()}}
    return {**key, "effectiveness": {option: 4 - value for option, value in key["effectiveness"].items()}}


def simulate(
    persons: int,
    *,
    items: Sequence[SimItem] | None = None,
    seed: int = 1,
    scenarios: int = 25,
    forms: int = 1,
    plants: Iterable[str] | Mapping[str, int] = PLANTS,
    focal_share: float = 0.35,
    focal_shift: float = -0.15,
    unreached: float = 0.02,
    omitted: float = 0.004,
    texts: bool = True,
) -> Cohort:
    """Simulate a cohort.

    Parameters
    ----------
    persons : int
    items : sequence of SimItem, optional
        `default_items` of ``scenarios`` and the seed if left out.
    seed, scenarios : int
    forms : int
        With more than one, each form leaves out its own part of the scenarios, so that data are missing by design.
    plants : iterable of str or mapping
        Which faults to plant, from `PLANTS`; a mapping says how many items of a kind.
    focal_share, focal_shift : float
        Share of persons in group B, and their mean ability less that of group A.
    unreached, omitted : float
        Share of persons who run out of time on the last items; share of answers left out.
    texts : bool
        Whether the caller will want the written answers' texts (kept in the responses' order either way).

    Returns
    -------
    Cohort
    """
    if persons < 1:
        raise InputError(f"A cohort needs at least one person; {persons} were asked for.")
    listed = list(items) if items is not None else default_items(scenarios, seed=seed)
    k, n = len(listed), persons
    wanted = dict(plants) if isinstance(plants, Mapping) else dict.fromkeys(plants, 1)
    unknown = sorted(set(wanted) - set(PLANTS))
    if unknown:
        raise InputError(f"Unknown fault {', '.join(unknown)}. Plant any of {', '.join(PLANTS)}.")
    rng = named_rng(seed, "cohort")
    width = len(str(n))
    names = [f"p{number:0{width}d}" for number in range(1, n + 1)]
    focal = rng.random(n) < focal_share
    theta = rng.standard_normal(n) + np.where(focal, focal_shift, 0.0)
    scenario_names = list(dict.fromkeys(item.scenario for item in listed))
    effect = {name: rng.standard_normal(n) for name in scenario_names}
    speed = np.exp(0.25 * rng.standard_normal(n))
    form_of = rng.integers(0, forms, n) if forms > 1 else np.zeros(n, dtype=np.int64)
    presented = np.ones((n, k), dtype=bool)
    if forms > 1:
        block = {name: position % forms for position, name in enumerate(scenario_names)}
        for i, item in enumerate(listed):
            presented[:, i] = form_of != block[item.scenario]
    planted, lifts, quick, keys = _plant(rng, listed, wanted, n, focal, names)
    response = np.empty((n, k), dtype=np.int64)
    ms = np.empty((n, k), dtype=np.int64)
    for i, item in enumerate(listed):
        drawn = draw(
            named_rng(seed, f"draw {item.id}"),
            item,
            theta,
            effect=effect[item.scenario] * item.testlet_sd,
            lift=lifts[i],
            speed=speed * quick[i],
        )
        response[:, i], ms[:, i] = drawn.index, drawn.ms
    _rush(rng, listed, wanted, response, ms, names, planted)
    _copy(rng, listed, wanted, response, presented, form_of, names, planted)
    response[rng.random((n, k)) < omitted] = -1
    for person in np.flatnonzero(rng.random(n) < unreached):
        response[person, k - int(rng.integers(1, min(4, k) + 1)) :] = -2
    ms[response == -2] = 0
    cohort = Cohort(
        seed,
        listed,
        names,
        theta,
        ["B" if one else "A" for one in focal],
        [f"F{number + 1}" for number in form_of],
        [f"C{number + 1}" for number in rng.integers(0, 4, n)],
        presented,
        response,
        ms,
        np.full((n, k), np.nan),
        planted=planted,
        scored_keys=keys,
    )
    _mark(cohort)
    return cohort


def _plant(
    rng: np.random.Generator,
    items: Sequence[SimItem],
    wanted: Mapping[str, int],
    n: int,
    focal: NDArray[np.bool_],
    names: Sequence[str],
) -> tuple[list[dict[str, Any]], list[FloatArray], list[FloatArray], dict[str, Mapping[str, Any]]]:
    planted: list[dict[str, Any]] = []
    lifts = [np.zeros(n) for _ in items]
    quick = [np.ones(n) for _ in items]
    keys: dict[str, Mapping[str, Any]] = {}
    keyed = [i for i, item in enumerate(items) if item.format != "written"]
    free = rng.permutation(keyed).tolist()

    def take(count: int, fits: Callable[[SimItem], bool] = lambda item: True) -> list[int]:
        chosen = [i for i in free if fits(items[i])][:count]
        for i in chosen:
            free.remove(i)
        return chosen

    for kind, change in (("miskey", swapped_key), ("reversed", reversed_key)):
        chosen = take(wanted.get(kind, 0))
        for i in chosen:
            keys[items[i].id] = change(items[i])
        if chosen:
            planted.append({"kind": kind, "items": [items[i].id for i in chosen], "persons": [], "size": 1})
    chosen = take(wanted.get("dif", 0), lambda item: item.max >= 8)
    for i in chosen:
        lifts[i] += np.where(focal, lift_for(items[i], -DIF_SIZE * population_sd(items[i])), 0.0)
    if chosen:
        focal_names = [name for name, one in zip(names, focal) if one]
        planted.append(
            {"kind": "dif", "items": [items[i].id for i in chosen], "persons": focal_names, "size": DIF_SIZE}
        )
    chosen = take(wanted.get("leak", 0), lambda item: population_facility(item) < 0.72)
    for i in chosen:
        knows = rng.random(n) < LEAK_SHARE
        lifts[i] += np.where(knows, lift_for(items[i], LEAK_SIZE * float(items[i].max)), 0.0)
        quick[i] = np.where(knows, 0.6, 1.0)
        who = [name for name, one in zip(names, knows) if one]
        planted.append({"kind": "leak", "items": [items[i].id], "persons": who, "size": LEAK_SIZE})
    return planted, lifts, quick, keys


def _rush(
    rng: np.random.Generator,
    items: Sequence[SimItem],
    wanted: Mapping[str, int],
    response: NDArray[np.int64],
    ms: NDArray[np.int64],
    names: Sequence[str],
    planted: list[dict[str, Any]],
) -> None:
    if not wanted.get("rapid"):
        return
    n = len(names)
    keyed = [i for i, item in enumerate(items) if item.format != "written"]
    persons = np.sort(rng.permutation(n)[: round(RAPID_PERSONS * n)])
    chosen = sorted(rng.permutation(keyed)[: max(1, round(RAPID_ITEMS * len(keyed)))].tolist())
    for i in chosen:
        response[persons, i] = rng.integers(0, len(items[i].responses), len(persons))
        ms[persons, i] = rng.integers(1200, 4000, len(persons))
    if len(persons):
        planted.append(
            {
                "kind": "rapid",
                "items": [items[i].id for i in chosen],
                "persons": [names[p] for p in persons],
                "size": RAPID_ITEMS,
            }
        )


def _copy(
    rng: np.random.Generator,
    items: Sequence[SimItem],
    wanted: Mapping[str, int],
    response: NDArray[np.int64],
    presented: NDArray[np.bool_],
    form: NDArray[np.int64],
    names: Sequence[str],
    planted: list[dict[str, Any]],
) -> None:
    for _ in range(wanted.get("copy", 0)):
        source = int(rng.integers(len(names)))
        same = np.flatnonzero((form == form[source]) & (np.arange(len(names)) != source))
        if same.size == 0:
            return
        copier = int(same[int(rng.integers(same.size))])
        both = [i for i, item in enumerate(items) if item.format != "written" and presented[source, i]]
        chosen = sorted(rng.permutation(both)[: round(COPY_SHARE * len(both))].tolist())
        response[copier, chosen] = response[source, chosen]
        planted.append(
            {
                "kind": "copy",
                "items": [items[i].id for i in chosen],
                "persons": [names[source], names[copier]],
                "size": COPY_SHARE,
            }
        )


def population_sd(item: SimItem) -> float:
    """SD of the item's raw mark over persons of ability N(0, 1)."""
    node, weight = np.polynomial.hermite_e.hermegauss(25)
    p = item.model.probabilities(node * np.sqrt(1 + item.testlet_sd**2))
    share = (p * (weight / weight.sum())[:, None]).sum(axis=0)
    mean = float(share @ item.model.marks)
    return float(np.sqrt(share @ (item.model.marks - mean) ** 2))


def lift_for(item: SimItem, change: float) -> float:
    """Give the lift that moves the item's expected mark by ``change``, or as far as the range allows."""
    most = float(item.max)
    start = population_facility(item) * most
    goal = float(np.clip(start + change, float(item.min) + 0.01 * most, 0.985 * most))
    low, high = -40.0 * item.model.slope - 10, 40.0 * item.model.slope + 10
    for _ in range(70):
        middle = (low + high) / 2
        if population_facility(item, middle) * most < goal:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _mark(cohort: Cohort) -> None:
    for i, item in enumerate(cohort.items):
        given = cohort.response[:, i]
        if item.format == "written":
            levels = np.array([list(one["criteria"].values()) for one in item.responses])[np.maximum(given, 0)]
            marked = mark_written(item.id, levels, seed=cohort.seed)
            column = marked.first_levels.sum(axis=1).astype(np.float64)
            wrote = np.flatnonzero((given >= 0) & cohort.presented[:, i])
            part = replace(
                marked,
                first=marked.first[wrote],
                second=marked.second[wrote],
                first_levels=marked.first_levels[wrote],
                second_levels=marked.second_levels[wrote],
            )
            cohort.marker_rows += marker_rows(item, [cohort.persons[p] for p in wrote], part)
        else:
            column = item.marks_under(cohort.scored_keys.get(item.id, item.key))[np.maximum(given, 0)]
        column = np.where(given < 0, 0.0, column)
        cohort.marks[:, i] = np.where(cohort.presented[:, i], column, np.nan)
