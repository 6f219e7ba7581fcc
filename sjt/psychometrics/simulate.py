"""Candidates who do not exist: responses to all six formats with known ability, item by item.

The mark of an item follows a partial-credit model whose weights are the number of responses that earn each
mark. So its slope and steps are known exactly, a candidate of very low ability answers at random and earns
the chance mark, and every response is one a person could have given. Marks come from the scorer itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from itertools import combinations, permutations, product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sjt.errors import ShapeError
from sjt.psychometrics import scoring
from sjt.psychometrics.gram import FloatArray

FORMATS = ("rank", "choose", "rate", "most_least", "single", "written")
MOST_RESPONSES = 50_000
SECONDS = {"rank": 95.0, "choose": 85.0, "rate": 80.0, "most_least": 55.0, "single": 45.0, "written": 330.0}
"""Median time of a candidate of middling speed, s; from about two minutes an item in published tests."""
BORDERLINE_THETA = -0.8
"""Ability of the just competent candidate, in standard deviations."""
DISCRIMINATION = (0.21, 0.30)
"""Median and log-SD of an item's drawn discrimination: its slope times the spread of its marks at random."""
EASE = (1.25, 0.40)
"""Mean and SD of an item's drawn ease: how far the typical candidate is above random, in spreads of the mark."""
TESTLET_SD = 0.45


@dataclass(frozen=True)
class SimItem:
    """One item with its key and its true difficulty.

    Attributes
    ----------
    id, scenario, format : str
    options : tuple of str
        Option ids; empty for a written item.
    key : mapping
        The item's table in key.toml, with its ``rule``.
    settings : mapping
        The bank's matrices, scales and rubrics, as the scorer takes them.
    discrimination, ease : float
        See `DISCRIMINATION` and `EASE`.
    testlet_sd : float
        SD of what a person brings to this very scenario, in units of ability.
    choose : int
        How many options a ``choose`` item asks for.
    points : int
        Points of the rating scale.
    seconds : float
        Median time to answer, s.
    """

    id: str
    scenario: str
    format: str
    options: tuple[str, ...]
    key: Mapping[str, Any]
    settings: Mapping[str, Any] = field(default_factory=dict)
    discrimination: float = DISCRIMINATION[0]
    ease: float = EASE[0]
    testlet_sd: float = TESTLET_SD
    choose: int = 3
    points: int = 4
    seconds: float = 60.0

    @property
    def rule(self) -> str:
        """Name and version of the scoring rule."""
        return str(self.key["rule"])

    @cached_property
    def tops(self) -> Mapping[str, int]:
        """Criteria of a written item, with the highest level of each."""
        rule = scoring.bind(self.rule, self.key, options=self.options, settings=self.settings)
        return dict(getattr(rule, "tops", {}))

    @property
    def criteria(self) -> tuple[str, ...]:
        """Criteria of a written item."""
        return tuple(self.tops)

    @cached_property
    def responses(self) -> list[Any]:
        """Every complete response, in a fixed order; for a written item every set of levels."""
        options = self.options
        if self.format == "rank":
            return [{option: rank + 1 for rank, option in enumerate(order)} for order in permutations(options)]
        if self.format == "choose":
            return [sorted(chosen) for chosen in combinations(options, self.choose)]
        if self.format == "rate":
            if self.points ** len(options) > MOST_RESPONSES:
                raise ShapeError(f"Item {self.id} has too many possible ratings to simulate one by one.")
            return [dict(zip(options, given)) for given in product(range(1, self.points + 1), repeat=len(options))]
        if self.format == "most_least":
            return [{"most": a, "least": b} for a, b in permutations(options, 2)]
        if self.format == "single":
            return list(options)
        if self.format == "written":
            return [
                {"criteria": dict(zip(self.criteria, levels))}
                for levels in product(*(range(top + 1) for top in self.tops.values()))
            ]
        raise ShapeError(f"Item {self.id} has the unknown format {self.format}. Use {', '.join(FORMATS)}.")

    def marks_under(self, key: Mapping[str, Any]) -> FloatArray:
        """Mark of every response under a key."""
        rule = scoring.bind(str(key["rule"]), key, options=self.options, settings=self.settings)
        totals = [rule.mark(response).total for response in self.responses]
        if any(total is None for total in totals):
            raise ShapeError(f"Item {self.id}: the key's rule refuses a complete response.")
        return np.array([float(total) for total in totals if total is not None])

    @cached_property
    def model(self) -> Model:
        """Attainable marks, their weights, and which responses earn them."""
        marks = self.marks_under(self.key)
        attainable, category = np.unique(marks, return_inverse=True)
        category = category.reshape(-1)
        counts = np.bincount(category)
        index = np.arange(len(attainable), dtype=np.float64)
        share = counts / counts.sum()
        spread = float(np.sqrt((share * index**2).sum() - (share * index).sum() ** 2))
        if spread == 0:
            raise ShapeError(f"Item {self.id} gives every response the same mark.")
        order = np.argsort(category, kind="stable")
        starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
        return Model(attainable, counts, order, starts, self.discrimination / spread, self.ease / spread)

    @property
    def max(self) -> Fraction:
        """Raw maximum."""
        return scoring.raw_max(self.rule, self.key, options=self.options, settings=self.settings)

    @property
    def min(self) -> Fraction:
        """Smallest attainable raw mark."""
        return scoring.raw_min(self.rule, self.key, options=self.options, settings=self.settings)

    @property
    def chance(self) -> Fraction:
        """Mean raw mark of an answer at random."""
        return scoring.chance_mean(self.rule, self.key, options=self.options, settings=self.settings)


@dataclass(frozen=True)
class Model:
    """``P(category k | θ) ∝ n_k · exp(k (slope·θ + lift))``: a partial-credit model with known weights."""

    marks: FloatArray
    counts: NDArray[np.int64]
    order: NDArray[np.intp]
    starts: NDArray[np.intp]
    slope: float
    lift: float

    @property
    def intercepts(self) -> FloatArray:
        """Slope–intercept form, first category 0."""
        index = np.arange(len(self.marks))
        return np.asarray(np.log(self.counts / self.counts[0]) + self.lift * index)

    @property
    def steps(self) -> FloatArray:
        """Ability at which each category becomes as likely as the one below."""
        return np.asarray(-np.diff(self.intercepts) / self.slope)

    def probabilities(self, theta: FloatArray, lift: FloatArray | float = 0.0) -> FloatArray:
        """Probability of each attainable mark, shape (n_persons, n_marks)."""
        index = np.arange(len(self.marks))
        drive = self.slope * theta + self.lift + np.asarray(lift)
        logit = np.log(self.counts) + drive[:, None] * index
        logit -= logit.max(axis=1, keepdims=True)
        p = np.exp(logit)
        return np.asarray(p / p.sum(axis=1, keepdims=True))

    def expected(self, theta: FloatArray, lift: FloatArray | float = 0.0) -> FloatArray:
        """Expected mark at each ability."""
        return np.asarray(self.probabilities(theta, lift) @ self.marks)


def expected_mark(item: SimItem, theta: float, lift: float = 0.0) -> float:
    """Expected raw mark of a person of ability theta, averaged over what they bring to the scenario."""
    node, weight = np.polynomial.hermite_e.hermegauss(15)
    at = theta + item.testlet_sd * node
    return float((item.model.expected(at, lift) * weight).sum() / weight.sum())


def population_facility(item: SimItem, lift: float = 0.0) -> float:
    """Expected share of the maximum over persons of ability N(0, 1)."""
    node, weight = np.polynomial.hermite_e.hermegauss(25)
    at = node * np.sqrt(1 + item.testlet_sd**2)
    return float((item.model.expected(at, lift) * weight).sum() / weight.sum()) / float(item.max)


def from_key(
    item_id: str,
    key: Mapping[str, Any],
    *,
    format: str,
    options: Sequence[str],
    scenario: str | None = None,
    choose: int = 3,
    points: int = 4,
    settings: Mapping[str, Any] | None = None,
    minutes: float | None = None,
    seed: int = 1,
) -> SimItem:
    """Make a simulated item of a bank's item: its own key, with a difficulty drawn from the item's name and seed.

    Parameters
    ----------
    item_id : str
    key : mapping
        The item's table in key.toml.
    format : str
        One of `FORMATS`.
    options : sequence of str
        Option ids; empty for a written item.
    scenario : str, optional
        The scenario's id; the item id up to its last hyphen if left out.
    choose, points : int
        As in the item's front matter and the bank's scale.
    settings : mapping, optional
        The bank's matrices, scales and rubrics.
    minutes : float, optional
        Time the item is planned for; the median candidate takes four fifths of it.
    seed : int
        Another seed draws other difficulties.

    Returns
    -------
    SimItem
    """
    rng = named_rng(seed, item_id)
    return SimItem(
        item_id,
        scenario or item_id.rsplit("-", 1)[0],
        format,
        tuple(options),
        key,
        settings or {},
        float(DISCRIMINATION[0] * np.exp(DISCRIMINATION[1] * rng.standard_normal())),
        float(max(0.3, EASE[0] + EASE[1] * rng.standard_normal())),
        TESTLET_SD,
        choose,
        points,
        SECONDS[format] if minutes is None else minutes * 48.0,
    )


def named_rng(seed: int, name: str) -> np.random.Generator:
    """Return a generator that depends on the seed and a name, and on nothing else."""
    return np.random.default_rng([seed, *name.encode()])


@dataclass(frozen=True)
class Drawn:
    """Responses of many persons to one item: index into ``item.responses``, and time in ms."""

    index: NDArray[np.int64]
    ms: NDArray[np.int64]


def draw(
    rng: np.random.Generator,
    item: SimItem,
    theta: FloatArray,
    *,
    effect: FloatArray | float = 0.0,
    lift: FloatArray | float = 0.0,
    speed: FloatArray | float = 1.0,
) -> Drawn:
    """Draw the responses of many persons to one item.

    Parameters
    ----------
    rng : numpy Generator
    item : SimItem
    theta : ndarray, shape (n_persons,)
        Ability.
    effect : ndarray or float
        What each person brings to this scenario, added to ability.
    lift : ndarray or float
        Added to the item's lift, for persons for whom it is easier or harder than their ability says.
    speed : ndarray or float
        Factor on the time.

    Returns
    -------
    Drawn
    """
    model = item.model
    n = len(theta)
    p = model.probabilities(theta + effect, lift)
    level = np.minimum((p.cumsum(axis=1) < rng.random(n)[:, None]).sum(axis=1), len(model.marks) - 1)
    within = (rng.random(n) * model.counts[level]).astype(np.int64)
    index = model.order[model.starts[level] + within].astype(np.int64)
    ms = item.seconds * 1000 * np.asarray(speed) * np.exp(0.38 * rng.standard_normal(n))
    return Drawn(index, np.maximum(ms, 3000).astype(np.int64))


def respond(rng: np.random.Generator, item: SimItem, theta: float, *, effect: float = 0.0) -> tuple[Any, int]:
    """One person's response to one item, in the shape of CONTRACT "Responses", and the time it took.

    Parameters
    ----------
    rng : numpy Generator
    item : SimItem
        From `from_key` or `default_items`.
    theta : float
        Ability, in standard deviations of the candidates.
    effect : float
        What the person brings to this scenario; draw it once per person and scenario, N(0, ``item.testlet_sd``).

    Returns
    -------
    response
        Ranks, chosen options, ratings, most and least, one option, or a text.
    ms : int
        Time taken, ms.
    """
    drawn = draw(rng, item, np.array([theta]), effect=effect)
    response = item.responses[int(drawn.index[0])]
    if item.format == "written":
        response = {"text": written_text(rng, item, response["criteria"])}
    return response, int(drawn.ms[0])


SENTENCES = {
    0: ("I would wait and see how the day goes.", "I would tell them to calm down and carry on as usual."),
    1: ("I would have a word with them and mention it to a colleague later.", "I would note that something was wrong."),
    2: (
        "I would listen first, write down what was said in the child's words, and speak to my manager today.",
        "I would ask what the child wants, explain what I cannot keep to myself, and record it.",
    ),
    3: (
        "I would hear the child out, say what I must pass on and why, and stay with them while I ring the lead.",
        "I would weigh the wish against the risk, act at the lowest level that keeps them safe, and come back to say.",
    ),
}


def written_text(rng: np.random.Generator, item: SimItem, levels: Mapping[str, int]) -> str:
    """A short answer of about these levels: one of the key's own examples, or plain sentences."""
    wanted = round(sum(levels.values()) / max(len(levels), 1))
    examples = [entry["text"] for entry in item.key.get("exemplars", ()) if entry.get("level") == wanted]
    if examples:
        return str(examples[int(rng.integers(len(examples)))])
    spread = [min(3, max(0, level)) for level in levels.values()] or [wanted]
    return " ".join(SENTENCES[level][int(rng.integers(2))] for level in dict.fromkeys(spread))


def response_json(item: SimItem, response: Any) -> str:
    """A response as compact JSON."""
    return json.dumps(response, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


PATTERN = ("rank", "rate", "choose", "rank", "choose", "rate", "rank", "single", "rate", "choose")


def default_items(scenarios: int = 25, *, seed: int = 1, rubric: Sequence[str] | None = None) -> list[SimItem]:
    """An invented test of all six formats: every second scenario has a second, shorter item.

    Parameters
    ----------
    scenarios : int
        Number of scenarios; the last twelfth (at least one) are written.
    seed : int
    rubric : sequence of str, optional
        Criteria of the written items.

    Returns
    -------
    list of SimItem
    """
    criteria = list(rubric or ("issue", "principle", "voice", "act"))
    written = max(1, scenarios // 12)
    out = []
    for number in range(1, scenarios + 1):
        scenario = f"s{number:02d}"
        kind = "written" if number > scenarios - written else PATTERN[(number - 1) % len(PATTERN)]
        kinds = [kind]
        if number % 2 == 0 and kind != "written":
            kinds.append("most_least" if number % 4 == 0 else "single")
        for letter, format in zip("ab", kinds):
            item_id = f"{scenario}-{letter}"
            rng = named_rng(seed, f"key {item_id}")
            options, key, settings = _invented(rng, format, criteria)
            out.append(from_key(item_id, key, format=format, options=options, settings=settings, seed=seed))
    return out


def _invented(
    rng: np.random.Generator, format: str, criteria: Sequence[str]
) -> tuple[tuple[str, ...], dict[str, Any], dict[str, Any]]:
    letters = "ABCDEFGH"
    settings: dict[str, Any] = {"matrices": {"near_miss": {"by_distance": [4, 2, 0, 0]}}}
    if format == "rank":
        options = tuple(letters[:5])
        return options, {"rule": "rank_distance@1", "order": [[o] for o in rng.permutation(list(options)).tolist()]}, {}
    if format == "choose":
        options = tuple(letters)
        best = sorted(rng.permutation(list(options))[:3].tolist())
        effect = {o: 4 if o in best else int(rng.integers(0, 4)) for o in options}
        return options, {"rule": "choose_k@1", "key": best, "effectiveness": effect}, {}
    if format == "rate":
        options = tuple(letters[:5])
        values = [1, 2, 3, 4, int(rng.integers(1, 5))]
        key = dict(zip(options, rng.permutation(values).tolist()))
        return options, {"rule": "rate_matrix@1", "matrix": "near_miss", "key": key}, settings
    if format == "most_least":
        options = tuple(letters[:4])
        effect = dict(zip(options, rng.permutation([0, 1, 2, 4]).tolist()))
        return options, {"rule": "most_least_graded@1", "effectiveness": effect}, {}
    if format == "single":
        options = tuple(letters[:4])
        effect = dict(zip(options, rng.permutation([0, 1, 2, 4]).tolist()))
        return options, {"rule": "single_graded@1", "effectiveness": effect}, {}
    return (), {"rule": "rubric@1", "criteria": list(criteria)}, {}


def plain(value: float) -> int | float:
    """A whole number as an integer, so that files say 12 and not 12.0."""
    return int(value) if float(value).is_integer() else float(value)
