"""Ratings of every option against a keyed rating or a panel's ratings, and written answers against a rubric."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from sjt.psychometrics.scoring_base import (
    ONE,
    ZERO,
    BadResponse,
    Distribution,
    KeyFaults,
    Rule,
    convolve,
    is_whole,
    of_marks,
    plain,
    uniform,
)

TOP_LEVEL = 3
"""Rubric levels run from 0 to 3 (sjt-science 5)."""


def read_matrix(key: Mapping[str, Any], settings: Mapping[str, Any], faults: KeyFaults) -> list[list[Fraction]]:
    """Read ``matrix[key − 1][response − 1]`` from a name in the settings, a nested list, or marks by distance."""
    given = key.get("matrix", settings.get("matrix"))
    if isinstance(given, str):
        known = settings.get("matrices", {})
        if given not in known:
            faults.add("matrix", f"{given!r} is not a matrix of the bank.", f"Use one of {', '.join(sorted(known))}.")
            return []
        given = known[given]
    if isinstance(given, Mapping):
        if "by_distance" in given:
            marks = [faults.number("matrix.by_distance", mark) for mark in given["by_distance"]]
            return [[marks[abs(row - column)] for column in range(len(marks))] for row in range(len(marks))]
        given = given.get("rows")
    if not isinstance(given, Sequence) or not given:
        faults.add("matrix", "there is no matrix.", "Name one of the bank's, or give rows or by_distance.")
        return []
    if any(not isinstance(row, Sequence) or isinstance(row, str) or len(row) != len(given) for row in given):
        faults.add("matrix", "it is not square.", f"Give {len(given)} rows of {len(given)} marks.")
        return []
    return [[faults.number(f"matrix[{i + 1}]", mark) for mark in row] for i, row in enumerate(given)]


def check_ratings(response: object, options: Sequence[str], low: int, high: int) -> dict[str, int]:
    """Return the ratings given; refuse what is not a rating of these options on this scale."""
    if response is None:
        return {}
    if not isinstance(response, Mapping):
        raise BadResponse("wrong_type")
    if any(name not in options for name in response):
        raise BadResponse("unknown_option")
    given = {str(name): rating for name, rating in response.items() if rating is not None}
    if any(not is_whole(rating) for rating in given.values()):
        raise BadResponse("non_integer_rating")
    if any(not low <= rating <= high for rating in given.values()):
        raise BadResponse("rating_out_of_range")
    return given


def fullness(given: Mapping[str, int], options: Sequence[str]) -> str:
    """Status of a table of answers."""
    if not given:
        return "omitted"
    return "complete" if len(given) == len(options) else "partial"


class RateMatrix(Rule):
    """``rate_matrix@1``: each rating earns what the matrix gives for keyed and chosen point."""

    name = "rate_matrix@1"

    def read(self, key: Mapping[str, Any], settings: Mapping[str, Any], faults: KeyFaults) -> None:
        """Read the keyed ratings and the matrix."""
        self.matrix = read_matrix(key, settings, faults)
        points = len(self.matrix)
        keyed = key.get("key")
        self.keyed: dict[str, int] = {}
        if not isinstance(keyed, Mapping):
            faults.add("key", "there is no table of keyed ratings.", "Write key = {A = 4, B = 1, …}.")
            return
        faults.known("key", keyed, self.options)
        for name in self.options:
            value = keyed.get(name)
            if not is_whole(value) or (points and not 1 <= value <= points):
                faults.add(f"key.{name}", f"{value!r} is not a point of the scale.", f"Give 1 to {points}.")
            else:
                self.keyed[name] = value

    def row(self, name: str) -> list[Fraction]:
        """Marks of each point for one option."""
        return self.matrix[self.keyed[name] - 1]

    @property
    def max(self) -> Fraction:
        """The best point of every option."""
        return sum((max(self.row(name)) for name in self.options), ZERO)

    def judge(self, response: Any) -> tuple[str, str | None, dict[str, Fraction], Fraction]:
        """Mark each rating; an option without one earns nothing."""
        given = check_ratings(response, self.options, 1, len(self.matrix))
        marks = {name: self.row(name)[given[name] - 1] if name in given else ZERO for name in self.options}
        return fullness(given, self.options), None, marks, sum(marks.values(), ZERO)

    def chance(self) -> Distribution:
        """Every point of every option equally likely."""
        out: Distribution = {ZERO: ONE}
        for name in self.options:
            out = convolve(out, uniform(self.row(name)))
        return out

    def lines(self, response: Any) -> list[str]:
        """Say for each option the rating given, the keyed rating and what that earns."""
        _, _, marks, _ = self.judge(response)
        given = response or {}
        said = []
        for name in self.options:
            rated = "not rated" if given.get(name) is None else f"rated {given[name]}"
            said.append(f"{name}: {rated}, keyed {self.keyed[name]}: {of_marks(marks[name])}.")
        return said


class Consensus(Rule):
    """Ratings scored against a panel's own ratings; key = {panel = [{A = 4, …}, …], scale = [lo, hi]}."""

    research = True

    def read(self, key: Mapping[str, Any], settings: Mapping[str, Any], faults: KeyFaults) -> None:
        """Read the panel and the scale."""
        scale = key.get("scale", settings.get("scale"))
        if not isinstance(scale, Sequence) or len(scale) != 2 or not all(map(is_whole, scale)) or scale[0] >= scale[1]:
            faults.add("scale", f"{scale!r} is not a scale.", "Give [lowest, highest].")
            scale = (0, 1)
        self.low, self.high = int(scale[0]), int(scale[1])
        panel = key.get("panel")
        self.votes: dict[str, Counter[int]] = {name: Counter() for name in self.options}
        for number, rater in enumerate(panel if isinstance(panel, Sequence) else ()):
            if not isinstance(rater, Mapping):
                faults.add(f"panel[{number}]", "it is not a table.", "Give one rating for each option.")
                continue
            faults.known(f"panel[{number}]", rater, self.options)
            for name, value in rater.items():
                if value is not None and not (is_whole(value) and self.low <= value <= self.high):
                    faults.add(f"panel[{number}].{name}", f"{value!r} is outside the scale.", "Correct it.")
                elif value is not None and name in self.votes:
                    self.votes[name][value] += 1
        for name, votes in self.votes.items():
            if not votes:
                faults.add("panel", f"nobody rated option {name}.", "Every option needs a rating.")

    def mean(self, name: str) -> Fraction:
        """Mean rating of the panel."""
        votes = self.votes[name]
        return Fraction(sum(value * count for value, count in votes.items()), votes.total())

    def value(self, name: str, rating: int) -> Fraction:
        """What one rating earns."""
        raise NotImplementedError

    @property
    def max(self) -> Fraction:
        """The best rating of every option."""
        points = range(self.low, self.high + 1)
        return sum((max(self.value(name, point) for point in points) for name in self.options), ZERO)

    def judge(self, response: Any) -> tuple[str, str | None, dict[str, Fraction], Fraction]:
        """Mark each rating; an option without one earns nothing."""
        given = check_ratings(response, self.options, self.low, self.high)
        marks = {name: self.value(name, given[name]) if name in given else ZERO for name in self.options}
        return fullness(given, self.options), None, marks, sum(marks.values(), ZERO)

    def chance(self) -> Distribution:
        """Every point of every option equally likely."""
        out: Distribution = {ZERO: ONE}
        for name in self.options:
            out = convolve(out, uniform(self.value(name, point) for point in range(self.low, self.high + 1)))
        return out

    def lines(self, response: Any) -> list[str]:
        """Say for each option the rating, the panel's mean and what that earns."""
        _, _, marks, _ = self.judge(response)
        given = response or {}
        return [
            f"{name}: {'not rated' if given.get(name) is None else f'rated {given[name]}'}, "
            f"panel mean {float(self.mean(name)):.2f}: {plain(marks[name])}."
            for name in self.options
        ]


class ConsensusDistance(Consensus):
    """``consensus_distance@1``: the width of the scale less the distance from the panel's mean."""

    name = "consensus_distance@1"

    def value(self, name: str, rating: int) -> Fraction:
        """Closer earns more."""
        return self.high - self.low - abs(rating - self.mean(name))


class ConsensusMode(Consensus):
    """``consensus_mode@1``: 1 for a rating that no other beats in the panel."""

    name = "consensus_mode@1"

    def value(self, name: str, rating: int) -> Fraction:
        """One or nothing."""
        votes = self.votes[name]
        return Fraction(votes[rating] == max(votes.values()))


class ConsensusProportion(Consensus):
    """``consensus_proportion@1``: the share of the panel that gave this rating."""

    name = "consensus_proportion@1"

    def value(self, name: str, rating: int) -> Fraction:
        """A share."""
        return Fraction(self.votes[name][rating], self.votes[name].total())


class ConsensusAggregate(Consensus):
    """``consensus_aggregate@1``: votes for this rating over votes for the mode (script concordance)."""

    name = "consensus_aggregate@1"

    def value(self, name: str, rating: int) -> Fraction:
        """A share of the most frequent rating's votes."""
        return Fraction(self.votes[name][rating], max(self.votes[name].values()))


class ConsensusDichotomous(Consensus):
    """``consensus_dichotomous@1``: 1 on the panel mean's side of the midpoint, ½ if either sits on it."""

    name = "consensus_dichotomous@1"

    def value(self, name: str, rating: int) -> Fraction:
        """Same side, on the line, or across."""
        middle = Fraction(self.low + self.high, 2)
        product = (rating - middle) * (self.mean(name) - middle)
        return ONE if product > 0 else Fraction(1, 2) if product == 0 else ZERO


class Rubric(Rule):
    """``rubric@1``: the sum of a marker's levels, 0–3 for each criterion."""

    name = "rubric@1"

    def read(self, key: Mapping[str, Any], settings: Mapping[str, Any], faults: KeyFaults) -> None:
        """Find the criteria: the bank's rubric, the key's own list, or its ``look_for``."""
        rubric = settings.get("rubrics", {}).get(key.get("rubric"), {})
        given = key.get("criteria") or settings.get("criteria") or rubric.get("criteria") or key.get("look_for")
        self.tops: dict[str, int] = {}
        for entry in given or ():
            if isinstance(entry, Mapping) and isinstance(entry.get("id"), str):
                self.tops[entry["id"]] = len(entry.get("anchors", range(TOP_LEVEL + 1))) - 1
            elif isinstance(entry, str):
                self.tops[entry] = TOP_LEVEL
            else:
                faults.add("criteria", f"{entry!r} is not a criterion.", "Give each criterion an id.")
        if not self.tops:
            faults.add("rubric", f"rubric {key.get('rubric')!r} has no criteria.", "Name a rubric of the bank.")

    @property
    def max(self) -> Fraction:
        """The top level of every criterion."""
        return Fraction(sum(self.tops.values()))

    @property
    def min(self) -> Fraction:
        """Level 0 throughout."""
        return ZERO

    def judge(self, response: Any) -> tuple[str, str | None, dict[str, Fraction], Fraction]:
        """Add a marker's levels; text nobody has marked yet has no mark."""
        if response is None:
            return "omitted", None, dict.fromkeys(self.tops, ZERO), ZERO
        if not isinstance(response, Mapping):
            raise BadResponse("wrong_type")
        levels = response.get("criteria")
        if levels is None:
            if "marks" in response:
                return self.whole_mark(response["marks"])
            text = response.get("text")
            if text is not None and not isinstance(text, str):
                raise BadResponse("wrong_type")
            if text is None or not text.strip():
                return "omitted", None, dict.fromkeys(self.tops, ZERO), ZERO
            return "unmarked", "not_marked_yet", {}, ZERO
        if not isinstance(levels, Mapping):
            raise BadResponse("wrong_type")
        if any(name not in self.tops for name in levels):
            raise BadResponse("unknown_criterion")
        if any(levels.get(name) is None for name in self.tops):
            raise BadResponse("criterion_missing")
        if any(not is_whole(level) for level in levels.values()):
            raise BadResponse("non_integer_level")
        if any(not 0 <= levels[name] <= top for name, top in self.tops.items()):
            raise BadResponse("level_out_of_range")
        marks = {name: Fraction(levels[name]) for name in self.tops}
        return "complete", None, marks, sum(marks.values(), ZERO)

    def whole_mark(self, mark: object) -> tuple[str, str | None, dict[str, Fraction], Fraction]:
        """Take one mark for the whole answer, as an adjudicator gives it."""
        if not is_whole(mark):
            raise BadResponse("non_integer_mark")
        number = Fraction(mark)
        if not 0 <= number <= self.max:
            raise BadResponse("mark_out_of_range")
        return "complete", None, {"whole": number}, number

    def chance(self) -> Distribution:
        """A written answer earns nothing by chance."""
        return {ZERO: ONE}

    def lines(self, response: Any) -> list[str]:
        """Say the level of each criterion."""
        status, _, marks, total = self.judge(response)
        if status == "unmarked":
            return ["The answer has not been marked yet."]
        if "whole" in marks:
            return [f"The answer as a whole: {plain(total)} of {plain(self.max)}."]
        return [f"{name}: level {plain(marks[name])} of {top}." for name, top in self.tops.items()]
