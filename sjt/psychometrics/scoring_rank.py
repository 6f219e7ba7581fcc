"""Rankings against an agreed order: credit for each option by how far it was placed from its keyed rank."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import cache
from itertools import pairwise, permutations
from math import factorial
from typing import Any

from sjt.errors import ScoringRefused
from sjt.psychometrics.scoring_base import ZERO, BadResponse, Distribution, KeyFaults, Rule, exact, of_marks

LARGEST = 12
"""Options in a ranking; beyond this neither a person nor an exact count is reasonable."""


def ordinal(rank: int) -> str:
    """``1st``, ``2nd``, ``11th``."""
    ending = "th" if rank % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(rank % 10, "th")
    return f"{rank}{ending}"


def read_order(value: object, options: Sequence[str], faults: KeyFaults) -> tuple[tuple[str, ...], ...]:
    """Read ``[["B"], ["A", "C"], …]`` (or a flat list) into tied groups, best first, noting faults."""
    if not isinstance(value, Sequence) or isinstance(value, str) or not value:
        faults.add("order", "there is no order.", 'Write order = [["B"], ["A", "C"], …], best first.')
        return ()
    groups: list[tuple[str, ...]] = []
    for group in value:
        members = [group] if isinstance(group, str) else group
        if not isinstance(members, Sequence) or not members or not all(isinstance(name, str) for name in members):
            faults.add("order", f"{group!r} is not a list of options.", "List option ids, tied ones together.")
            continue
        groups.append(tuple(members))
    flat = [name for group in groups for name in group]
    faults.known("order", flat, options)
    for name in sorted({name for name in flat if flat.count(name) > 1}):
        faults.add("order", f"option {name} stands twice.", "Give each option one place.")
    for name in options:
        if name not in flat:
            faults.add("order", f"option {name} has no place.", "Place every option.")
    if len(options) > LARGEST:
        faults.add("order", f"{len(options)} options are more than {LARGEST}.", "Rank fewer options.")
    return tuple(groups)


def check_ranking(response: object, options: Sequence[str]) -> dict[str, int]:
    """Return the ranks given; refuse what is not a ranking of these options."""
    if response is None:
        return {}
    if not isinstance(response, Mapping):
        raise BadResponse("wrong_type")
    if any(name not in options for name in response):
        raise BadResponse("unknown_option")
    given = {str(name): rank for name, rank in response.items() if rank is not None}
    for rank in given.values():
        if isinstance(rank, bool) or not isinstance(rank, int):
            raise BadResponse("non_integer_rank")
    if any(not 1 <= rank <= len(options) for rank in given.values()):
        raise BadResponse("rank_out_of_range")
    return given


@cache
def _chance_of_groups(sizes: tuple[int, ...], table: tuple[Fraction, ...]) -> tuple[tuple[Fraction, Fraction], ...]:
    # Reading the candidate's ranks from best to worst, only the tied group of the option at each rank matters:
    # in the better allowed order a group's members stand as the candidate ranked them, since the table is concave.
    starts = [sum(sizes[:g]) for g in range(len(sizes))]
    states: dict[tuple[int, ...], dict[Fraction, int]] = {tuple(0 for _ in sizes): {ZERO: 1}}
    for rank in range(sum(sizes)):
        following: dict[tuple[int, ...], dict[Fraction, int]] = {}
        for used, totals in states.items():
            for g, size in enumerate(sizes):
                if used[g] == size:
                    continue
                gain = table[abs(starts[g] + used[g] - rank)]
                bucket = following.setdefault((*used[:g], used[g] + 1, *used[g + 1 :]), {})
                for total, count in totals.items():
                    bucket[total + gain] = bucket.get(total + gain, 0) + count * (size - used[g])
        states = following
    counts = states[sizes]
    orders = factorial(sum(sizes))
    return tuple((total, Fraction(count, orders)) for total, count in sorted(counts.items()))


class RankDistance(Rule):
    """``rank_distance@1``: each option earns n − 1 − (distance from its keyed rank)."""

    name = "rank_distance@1"

    def read(self, key: Mapping[str, Any], settings: Mapping[str, Any], faults: KeyFaults) -> None:
        """Read the order, and a table of marks by distance if one is given."""
        self.groups = read_order(key.get("order", key.get("key")), self.options, faults)
        self.only_order = {name: rank for rank, group in enumerate(self.groups, 1) for name in group}
        n = len(self.options)
        given = key.get("marks_by_distance", settings.get("marks_by_distance"))
        self.table = tuple(Fraction(n - 1 - distance) for distance in range(n))
        if given is not None:
            try:
                self.table = tuple(exact(mark) for mark in given)
            except (ScoringRefused, TypeError):
                faults.add("marks_by_distance", "it is not a list of numbers.", "Give one number for each distance.")
            if len(self.table) != n:
                faults.add(
                    "marks_by_distance", f"{len(self.table)} marks for {n} options.", f"Give {n}, distance 0 first."
                )

    @property
    def max(self) -> Fraction:
        """Every option in its place."""
        return len(self.options) * max(self.table)

    def allowed_order(self, scoring: Mapping[str, int]) -> dict[str, int]:
        """Keyed rank of each option in that allowed order which gives these ranks the most marks."""
        if len(self.groups) == len(self.options):
            return self.only_order
        place: dict[str, int] = {}
        start = 1
        for group in self.groups:
            if len(group) == 1:
                place[group[0]] = start
            else:
                place.update(self._best_places(group, start, scoring))
            start += len(group)
        return place

    def _best_places(self, group: Sequence[str], start: int, scoring: Mapping[str, int]) -> dict[str, int]:
        # The members in the candidate's own order, so that equal totals always resolve the same way.
        last = len(self.options) + 1
        members = sorted(group, key=lambda name: (scoring.get(name, last), self.options.index(name)))
        best: dict[int, tuple[Fraction, tuple[int, ...]]] = {0: (ZERO, ())}
        for name in members:
            following: dict[int, tuple[Fraction, tuple[int, ...]]] = {}
            for used, (total, places) in best.items():
                for slot in range(len(group)):
                    if used & 1 << slot:
                        continue
                    gain = self.table[abs(start + slot - scoring[name])] if name in scoring else ZERO
                    candidate = (total + gain, (*places, start + slot))
                    known = following.get(used | 1 << slot)
                    if known is None or candidate[0] > known[0]:
                        following[used | 1 << slot] = candidate
            best = following
        places = best[(1 << len(group)) - 1][1]
        return dict(zip(members, places, strict=True))

    def judge(self, response: Any) -> tuple[str, str | None, dict[str, Fraction], Fraction]:
        """Mark a ranking; ties and options without a rank earn nothing."""
        given = check_ranking(response, self.options)
        ranks = list(given.values())
        scoring = {name: rank for name, rank in given.items() if ranks.count(rank) == 1}
        place = self.allowed_order(scoring)
        marks = {
            name: self.table[abs(place[name] - scoring[name])] if name in scoring else ZERO for name in self.options
        }
        if not given:
            status = "omitted"
        elif len(scoring) < len(given):
            status = "tied"
        else:
            status = "complete" if len(given) == len(self.options) else "partial"
        return status, None, marks, sum(marks.values(), ZERO)

    def chance(self) -> Distribution:
        """Count every permutation."""
        steps = [b - a for a, b in pairwise(self.table)]
        concave = all(later <= earlier <= 0 for earlier, later in pairwise(steps))
        if concave or all(len(group) == 1 for group in self.groups):
            return dict(_chance_of_groups(tuple(len(group) for group in self.groups), self.table))
        counts: Distribution = {}
        share = Fraction(1, factorial(len(self.options)))
        for order in permutations(range(1, len(self.options) + 1)):
            total = self.judge(dict(zip(self.options, order, strict=True)))[3]
            counts[total] = counts.get(total, ZERO) + share
        return counts

    def lines(self, response: Any) -> list[str]:
        """Say for each option where it was placed, where the key has it, and what that earns."""
        given = check_ranking(response, self.options)
        ranks = list(given.values())
        scoring = {name: rank for name, rank in given.items() if ranks.count(rank) == 1}
        place = self.allowed_order(scoring)
        tied_with = {name: [other for other in group if other != name] for group in self.groups for name in group}
        said = []
        for name in sorted(self.options, key=lambda option: place[option]):
            keyed = f"keyed {ordinal(place[name])}"
            if tied_with[name]:
                keyed += f" (the key holds it equal with {' and '.join(tied_with[name])})"
            if name not in given:
                said.append(f"{name}: not ranked, {keyed}: 0 marks.")
            elif name not in scoring:
                said.append(f"{name}: ranked {ordinal(given[name])} together with another option, {keyed}: 0 marks.")
            else:
                distance = abs(place[name] - scoring[name])
                away = "in its place" if not distance else f"{distance} place{'s' if distance > 1 else ''} away"
                earned = of_marks(self.table[distance])
                said.append(f"{name}: ranked {ordinal(scoring[name])}, {keyed}, {away}: {earned}.")
        return said


class RankTotalDistance(RankDistance):
    """``rank_total_distance@1``: a fixed top less the sum of distances, never below zero; a practice-bank rule."""

    name = "rank_total_distance@1"
    research = True

    def read(self, key: Mapping[str, Any], settings: Mapping[str, Any], faults: KeyFaults) -> None:
        """Read the order; the marks by distance are always linear here."""
        super().read({**key, "marks_by_distance": None}, {}, faults)

    @property
    def max(self) -> Fraction:
        """12 for five options, the largest possible sum of distances for other numbers."""
        return Fraction(len(self.options) ** 2 // 2)

    def judge(self, response: Any) -> tuple[str, str | None, dict[str, Fraction], Fraction]:
        """Mark a complete ranking; anything less earns nothing, since its distances are not known."""
        given = check_ranking(response, self.options)
        complete = len(set(given.values())) == len(self.options)
        status, _, _, _ = super().judge(response)
        if not complete:
            return status, None if not given else "needs_every_rank", {}, ZERO
        place = self.allowed_order(given)
        total = self.max - sum(abs(place[name] - given[name]) for name in self.options)
        return status, None, {}, max(ZERO, total)

    def chance(self) -> Distribution:
        """Count every permutation."""
        base = super().chance()
        n = len(self.options)
        # distance sum = n(n − 1) − marks under the linear table, which is what ``base`` counts
        out: Distribution = {}
        for total, p in base.items():
            mark = max(ZERO, self.max - (n * (n - 1) - total))
            out[mark] = out.get(mark, ZERO) + p
        return out
