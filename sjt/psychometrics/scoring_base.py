"""What every scoring rule shares: the score it gives, exact numbers, and checks of responses and keys."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import isfinite
from typing import Any, ClassVar, TypeGuard

from sjt.errors import Fault, ScoringRefused

Distribution = dict[Fraction, Fraction]
"""Mark → exact probability; the probabilities sum to one."""

ZERO = Fraction(0)
ONE = Fraction(1)


@dataclass(frozen=True, slots=True)
class ItemScore:
    """The mark of one response under one rule, before the item's worth is applied.

    Attributes
    ----------
    status : str
        ``complete partial tied under_selected over_selected duplicate_collapsed omitted unmarked invalid credited``.
    reason : str or None
        A code, set when the status is ``invalid``, ``unmarked``, or when a mark needs a word of explanation.
    marks : dict of str to Fraction, or None
        Mark of each part (option, pick or criterion); None when invalid or not marked yet.
    total : Fraction or None
        Raw mark of the item; None when invalid or not marked yet.
    max : Fraction
        Raw maximum of the item.
    """

    status: str
    reason: str | None
    marks: dict[str, Fraction] | None
    total: Fraction | None
    max: Fraction

    @property
    def is_scored(self) -> bool:
        """Whether there is a mark."""
        return self.total is not None


class BadResponse(Exception):
    """Raised inside a rule; becomes an ``ItemScore`` of status ``invalid``."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def exact(value: object) -> Fraction:
    """Turn a number from a file into the fraction that was written there.

    ``0.1`` becomes 1/10, not the binary neighbour; booleans, text and non-finite numbers are refused.

    Raises
    ------
    ScoringRefused
        The value is not a finite number.
    """
    if isinstance(value, Fraction):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return Fraction(value)
    if isinstance(value, float) and isfinite(value):
        return Fraction(repr(value))
    if isinstance(value, Decimal) and value.is_finite():
        return Fraction(value)
    raise ScoringRefused(f"{value!r} is not a finite number. Give a number without quotes.")


def is_whole(value: object) -> TypeGuard[int]:
    """Whether a response value is an integer proper: not a boolean, not 2.0, not text."""
    return isinstance(value, int) and not isinstance(value, bool)


class KeyFaults:
    """Gathers every fault of a key, then refuses once."""

    def __init__(self, rule: str) -> None:
        self.rule = rule
        self.faults: list[Fault] = []

    def add(self, field: str, what: str, remedy: str) -> None:
        """Note a fault."""
        self.faults.append(Fault(file="", where="key", field=field, what=what, remedy=remedy))

    def number(self, field: str, value: object) -> Fraction:
        """Read a number, or note the fault and go on with zero."""
        try:
            return exact(value)
        except ScoringRefused:
            self.add(field, f"{value!r} is not a finite number.", "Give a number without quotes.")
            return ZERO

    def known(self, field: str, names: Iterable[object], options: Sequence[str]) -> None:
        """Note names that are not options."""
        for name in names:
            if name not in options:
                self.add(field, f"{name!r} is not an option of the item.", f"Use one of {', '.join(options)}.")

    def numbers(self, field: str, value: object, options: Sequence[str], *, every: bool = True) -> dict[str, Fraction]:
        """Read a table option → number; with ``every``, each option needs one."""
        if not isinstance(value, Mapping):
            self.add(field, "there is no table of options.", f"Write {field} = {{A = …, B = …}}.")
            return {}
        self.known(field, value, options)
        if every:
            for option in options:
                if option not in value:
                    self.add(field, f"option {option} has no value.", f"Add {option} to {field}.")
        return {str(name): self.number(f"{field}.{name}", number) for name, number in value.items()}

    def refuse_if_any(self) -> None:
        """Raise ``ScoringRefused`` with everything noted."""
        if self.faults:
            raise ScoringRefused(f"The key cannot be used with {self.rule}.", self.faults)


class Rule(ABC):
    """One scoring rule bound to one item's key; build once, mark many responses."""

    name: ClassVar[str]
    research: ClassVar[bool] = False
    """Research rules serve `sjt score` and studies; they do not decide a pass."""

    def __init__(self, key: Mapping[str, Any], options: Sequence[str], settings: Mapping[str, Any]) -> None:
        self.options = tuple(options)
        faults = KeyFaults(self.name)
        if len(set(self.options)) != len(self.options):
            faults.add("options", "an option is listed twice.", "Give every option its own id.")
        self.read(key, settings, faults)
        faults.refuse_if_any()

    @property
    @abstractmethod
    def max(self) -> Fraction:
        """Raw maximum."""

    @property
    def min(self) -> Fraction:
        """Lowest raw mark of any complete response."""
        return min(self.chance())

    @abstractmethod
    def read(self, key: Mapping[str, Any], settings: Mapping[str, Any], faults: KeyFaults) -> None:
        """Read the key into attributes, noting every fault."""

    @abstractmethod
    def judge(self, response: Any) -> tuple[str, str | None, dict[str, Fraction], Fraction]:
        """Return status, reason, marks by part and total; raise ``BadResponse`` on an invalid response."""

    @abstractmethod
    def chance(self) -> Distribution:
        """Exact distribution of the mark when every complete response is equally likely."""

    @abstractmethod
    def lines(self, response: Any) -> list[str]:
        """Say in words what the key credits and why the mark is what it is, one line for each part."""

    def mark(self, response: Any) -> ItemScore:
        """Mark one response."""
        try:
            status, reason, marks, total = self.judge(response)
        except BadResponse as refusal:
            return ItemScore("invalid", refusal.reason, None, None, self.max)
        if status == "unmarked":
            return ItemScore(status, reason, None, None, self.max)
        return ItemScore(status, reason, marks, total, self.max)

    def require_option(self, name: object) -> str:
        """Return the option id or refuse the response."""
        if not isinstance(name, str):
            raise BadResponse("wrong_type")
        if name not in self.options:
            raise BadResponse("unknown_option")
        return name


def mean_of(distribution: Distribution) -> Fraction:
    """Exact mean of a distribution."""
    return sum((mark * p for mark, p in distribution.items()), ZERO)


def variance_of(distribution: Distribution) -> Fraction:
    """Exact variance of a distribution."""
    mean = mean_of(distribution)
    return sum(((mark - mean) ** 2 * p for mark, p in distribution.items()), ZERO)


def convolve(one: Distribution, other: Distribution) -> Distribution:
    """Distribution of the sum of two independent marks."""
    out: Distribution = {}
    for a, p in one.items():
        for b, q in other.items():
            out[a + b] = out.get(a + b, ZERO) + p * q
    return out


def uniform(marks: Iterable[Fraction]) -> Distribution:
    """Distribution that gives each listed mark the same weight."""
    listed = list(marks)
    share = Fraction(1, len(listed))
    out: Distribution = {}
    for mark in listed:
        out[mark] = out.get(mark, ZERO) + share
    return out


def plain(number: Fraction) -> str:
    """Write a fraction for people: ``3``, ``2.5``, else ``13/3``."""
    if number.denominator == 1:
        return str(number.numerator)
    reduced = number.denominator
    for prime in (2, 5):
        while reduced % prime == 0:
            reduced //= prime
    return f"{float(number):.10g}" if reduced == 1 else str(number)


def of_marks(number: Fraction) -> str:
    """``1 mark``, ``2.5 marks``."""
    return f"{plain(number)} mark" if number == 1 else f"{plain(number)} marks"
