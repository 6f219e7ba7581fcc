"""Choosing: k of m, one, most and least."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import comb
from typing import Any

from sjt.psychometrics.scoring_base import (
    ZERO,
    BadResponse,
    Distribution,
    KeyFaults,
    Rule,
    is_whole,
    of_marks,
    plain,
    uniform,
)

TOP_EFFECTIVENESS = 4
"""Effectiveness runs from 0 to 4, 4 best (bank format)."""


class ChooseK(Rule):
    """``choose_k@1``: 4 marks for each keyed option chosen; more than k chosen earns nothing."""

    name = "choose_k@1"

    def read(self, key: Mapping[str, Any], settings: Mapping[str, Any], faults: KeyFaults) -> None:
        """Read the keyed options, how many may be chosen and what each is worth."""
        keyed = key.get("key")
        if not isinstance(keyed, Sequence) or isinstance(keyed, str) or not keyed:
            faults.add("key", "there is no list of keyed options.", 'Write key = ["B", "E", "G"].')
            keyed = []
        faults.known("key", keyed, self.options)
        if len(set(map(str, keyed))) < len(keyed):
            faults.add("key", "an option is keyed twice.", "List each keyed option once.")
        self.keyed = tuple(keyed)
        limit = key.get("choose", settings.get("choose", len(self.keyed)))
        if not is_whole(limit) or not 1 <= limit <= max(1, len(self.options)):
            faults.add("choose", f"{limit!r} is not a number of options.", f"Give 1 to {len(self.options)}.")
            limit = 1
        self.k = int(limit)
        each = key.get("marks_per_correct", settings.get("marks_per_correct", self.default_each()))
        self.each = faults.number("marks_per_correct", each)

    def default_each(self) -> Fraction | int:
        """Marks for one keyed option."""
        return 4

    @property
    def max(self) -> Fraction:
        """Every keyed option that may be chosen."""
        return self.each * min(self.k, len(self.keyed))

    def judge(self, response: Any) -> tuple[str, str | None, dict[str, Fraction], Fraction]:
        """Mark a set of options; the order is irrelevant and a repeat counts once."""
        if response is None:
            response = []
        if not isinstance(response, Sequence) or isinstance(response, str):
            raise BadResponse("wrong_type")
        chosen = {self.require_option(name) for name in response}
        over = len(chosen) > self.k
        marks = {
            name: self.each if name in chosen and name in self.keyed and not over else ZERO
            for name in self.options
            if name in chosen or name in self.keyed
        }
        if not chosen:
            status = "omitted"
        elif over:
            status = "over_selected"
        elif len(chosen) < len(response):
            status = "duplicate_collapsed"
        else:
            status = "complete" if len(chosen) == self.k else "under_selected"
        return status, None, marks, sum(marks.values(), ZERO)

    def chance(self) -> Distribution:
        """Count every set of exactly k options: hypergeometric."""
        n, keyed = len(self.options), len(self.keyed)
        ways = comb(n, self.k)
        return {
            self.each * hits: Fraction(comb(keyed, hits) * comb(n - keyed, self.k - hits), ways)
            for hits in range(min(keyed, self.k) + 1)
            if 0 <= self.k - hits <= n - keyed
        }

    def lines(self, response: Any) -> list[str]:
        """Say for each option whether it was chosen and whether the key credits it."""
        status, _, marks, _ = self.judge(response)
        chosen = set(response or [])
        said = []
        for name in self.options:
            what = "chosen" if name in chosen else "not chosen"
            why = "keyed" if name in self.keyed else "not keyed"
            said.append(f"{name}: {what}, {why}: {of_marks(marks.get(name, ZERO))}.")
        if status == "over_selected":
            said.append(f"{len(chosen)} options were chosen where {self.k} were asked for: the item earns 0 marks.")
        return said


class ChooseShare(ChooseK):
    """``choose_share@1``: 12 marks shared among the keyed options; a practice-bank rule."""

    name = "choose_share@1"
    research = True

    def default_each(self) -> Fraction:
        """An equal share of twelve."""
        return Fraction(12, max(1, len(self.keyed)))


class SingleGraded(Rule):
    """``single_graded@1``: the chosen option's effectiveness, 0 to 4."""

    name = "single_graded@1"

    def read(self, key: Mapping[str, Any], settings: Mapping[str, Any], faults: KeyFaults) -> None:
        """Read each option's effectiveness."""
        self.top = faults.number("top", key.get("top", settings.get("effectiveness_max", TOP_EFFECTIVENESS)))
        self.effectiveness = faults.numbers("effectiveness", key.get("effectiveness"), self.options)
        for name, value in self.effectiveness.items():
            if not 0 <= value <= self.top:
                faults.add(f"effectiveness.{name}", f"{plain(value)} is outside 0 to {plain(self.top)}.", "Correct it.")

    @property
    def max(self) -> Fraction:
        """The top of the scale."""
        return self.top

    def judge(self, response: Any) -> tuple[str, str | None, dict[str, Fraction], Fraction]:
        """Mark one option."""
        if response is None:
            return "omitted", None, {}, ZERO
        name = self.require_option(response)
        mark = self.effectiveness[name]
        return "complete", None, {name: mark}, mark

    def chance(self) -> Distribution:
        """Every option equally likely."""
        return uniform(self.effectiveness[name] for name in self.options)

    def lines(self, response: Any) -> list[str]:
        """Say what each option is worth and which was chosen."""
        self.judge(response)
        return [
            f"{name}: effectiveness {plain(self.effectiveness[name])} of {plain(self.top)}"
            + (f", chosen: {of_marks(self.effectiveness[name])}." if name == response else ", not chosen.")
            for name in self.options
        ]


class SingleKey(SingleGraded):
    """``single_key@1``: 1 mark for the keyed option, or any of several keyed options."""

    name = "single_key@1"

    def read(self, key: Mapping[str, Any], settings: Mapping[str, Any], faults: KeyFaults) -> None:
        """Read the keyed option or options."""
        keyed = key.get("key")
        listed = [keyed] if isinstance(keyed, str) else list(keyed) if isinstance(keyed, Sequence) else []
        if not listed:
            faults.add("key", "there is no keyed option.", 'Write key = "B".')
        faults.known("key", listed, self.options)
        self.top = Fraction(1)
        self.effectiveness = {name: Fraction(name in listed) for name in self.options}


class Picks(Rule):
    """A pick of the most and of the least appropriate option."""

    def values(self) -> tuple[dict[str, Fraction], dict[str, Fraction]]:
        """What each option earns as the most pick, and as the least pick."""
        raise NotImplementedError

    def judge(self, response: Any) -> tuple[str, str | None, dict[str, Fraction], Fraction]:
        """Add what the two picks earn; a pick left out earns nothing."""
        most, least = self.picks(response)
        as_most, as_least = self.values()
        marks = {
            "most": as_most[most] if most is not None else ZERO,
            "least": as_least[least] if least is not None else ZERO,
        }
        if most is None and least is None:
            return "omitted", None, marks, ZERO
        status = "partial" if most is None or least is None else "complete"
        return status, None, marks, sum(marks.values(), ZERO)

    def picks(self, response: Any) -> tuple[str | None, str | None]:
        """Return the two picks, or refuse the response."""
        if response is None:
            return None, None
        if not isinstance(response, Mapping) or not set(response) <= {"most", "least"}:
            raise BadResponse("wrong_type")
        most, least = (
            None if response.get(pick) is None else self.require_option(response[pick]) for pick in ("most", "least")
        )
        if most is not None and most == least:
            raise BadResponse("same_option")
        return most, least

    def chance(self) -> Distribution:
        """Every ordered pair of different options equally likely."""
        as_most, as_least = self.values()
        return uniform(as_most[a] + as_least[b] for a in self.options for b in self.options if a != b)

    def lines(self, response: Any) -> list[str]:
        """Say what each option earns as either pick, and what was picked."""
        most, least = self.picks(response)
        as_most, as_least = self.values()
        said = []
        for name in self.options:
            line = f"{name}: earns {plain(as_most[name])} as most, {plain(as_least[name])} as least"
            if name == most:
                line += f"; picked as most: {of_marks(as_most[name])}"
            if name == least:
                line += f"; picked as least: {of_marks(as_least[name])}"
            said.append(line + ".")
        return said


class MostLeastGraded(Picks):
    """``most_least_graded@1``: effectiveness of the most pick + (4 − effectiveness of the least pick), 0–8."""

    name = "most_least_graded@1"

    def read(self, key: Mapping[str, Any], settings: Mapping[str, Any], faults: KeyFaults) -> None:
        """Read each option's effectiveness."""
        self.top = faults.number("top", key.get("top", settings.get("effectiveness_max", TOP_EFFECTIVENESS)))
        self.effectiveness = faults.numbers("effectiveness", key.get("effectiveness"), self.options)
        for name, value in self.effectiveness.items():
            if not 0 <= value <= self.top:
                faults.add(f"effectiveness.{name}", f"{plain(value)} is outside 0 to {plain(self.top)}.", "Correct it.")

    @property
    def max(self) -> Fraction:
        """Both picks at the ends of the scale."""
        return 2 * self.top

    def values(self) -> tuple[dict[str, Fraction], dict[str, Fraction]]:
        """Effectiveness, and its distance from the top."""
        return self.effectiveness, {name: self.top - value for name, value in self.effectiveness.items()}


class Motowidlo(Picks):
    """``motowidlo@1``: +1 and −1 for picking the best and the worst the right and the wrong way round, −2 to +2."""

    name = "motowidlo@1"
    research = True

    def read(self, key: Mapping[str, Any], settings: Mapping[str, Any], faults: KeyFaults) -> None:
        """Read the best and the worst option."""
        self.best, self.worst = key.get("best"), key.get("worst")
        faults.known("best", [self.best], self.options)
        faults.known("worst", [self.worst], self.options)
        if self.best == self.worst:
            faults.add("worst", "the same option is best and worst.", "Key two options.")

    @property
    def max(self) -> Fraction:
        """Both picks as keyed."""
        return Fraction(2)

    def values(self) -> tuple[dict[str, Fraction], dict[str, Fraction]]:
        """+1 for the keyed end, −1 for the other."""
        as_most = {name: Fraction((name == self.best) - (name == self.worst)) for name in self.options}
        return as_most, {name: -value for name, value in as_most.items()}


class EffectivenessDifference(Picks):
    """``effectiveness_difference@1``: mean effectiveness of the most pick less that of the least pick."""

    name = "effectiveness_difference@1"
    research = True

    def read(self, key: Mapping[str, Any], settings: Mapping[str, Any], faults: KeyFaults) -> None:
        """Read each option's mean effectiveness."""
        given = key.get("mean_effectiveness", key.get("effectiveness"))
        self.effectiveness = faults.numbers("mean_effectiveness", given, self.options)

    @property
    def max(self) -> Fraction:
        """The best less the worst."""
        return max(self.effectiveness.values()) - min(self.effectiveness.values())

    def values(self) -> tuple[dict[str, Fraction], dict[str, Fraction]]:
        """The mean, and its negative."""
        return self.effectiveness, {name: -value for name, value in self.effectiveness.items()}

    def judge(self, response: Any) -> tuple[str, str | None, dict[str, Fraction], Fraction]:
        """Subtract; one pick alone has no difference and earns nothing."""
        most, least = self.picks(response)
        if (most is None) != (least is None):
            return "partial", "needs_both_picks", {"most": ZERO, "least": ZERO}, ZERO
        return super().judge(response)


class ThreeOptionPartial(Picks):
    """``three_option_partial@1``: each pick earns 1, ½ or 0 for keyed, middle or opposite."""

    name = "three_option_partial@1"
    research = True

    def read(self, key: Mapping[str, Any], settings: Mapping[str, Any], faults: KeyFaults) -> None:
        """Read best, middle and worst."""
        keyed = [key.get(name) for name in ("best", "middle", "worst")]
        if len(set(keyed)) != 3 or set(keyed) != set(self.options):
            faults.add("key", f"best, middle, worst are {keyed}.", "Key three different options, and have no others.")
        self.order = tuple(str(name) for name in keyed)

    @property
    def max(self) -> Fraction:
        """Both picks as keyed."""
        return Fraction(2)

    def values(self) -> tuple[dict[str, Fraction], dict[str, Fraction]]:
        """1, ½, 0 down the order; up it for the least pick."""
        as_most = {name: Fraction(2 - place, 2) for place, name in enumerate(self.order)}
        return as_most, {name: 1 - value for name, value in as_most.items()}
