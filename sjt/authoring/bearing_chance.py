"""What a form of a blueprint would do to somebody who guesses or plays a trick, before there is a form.

The marks of a form are those of items drawn at random from the bank, as many of each format as the blueprint counts.
A real form differs a little; the proof says by how much.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from sjt.authoring.blueprint import Blueprint
from sjt.authoring.form_bank import FormBank
from sjt.authoring.forms import mark_unit
from sjt.authoring.lengths import RELIABILITY_OF_ONE, settled_reliability
from sjt.psychometrics.chance import item_distribution
from sjt.psychometrics.scoring_base import Distribution
from sjt.psychometrics.strategies import STRATEGIES

RANDOM = "random"
TYPICAL_SPREAD = 0.22
"""Standard deviation of an item's marks as a share of them, where none is banked."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """A typical form: its maximum, its pass mark, what guessing brings, and how often guessing and tricks pass."""

    max_marks: Fraction
    cut: Fraction | None
    floor: float
    """Mean mark of random answers."""
    chances: Mapping[str, float]
    """By ``random`` and each strategy; empty while the bank has no judgements."""
    reliability_of_one: float
    is_measured: bool
    """Reliability rests on statistics of answers, not on an assumption."""


def typical(bank: FormBank, plan: Blueprint, banned: Iterable[int] = ()) -> Outlook:
    """Describe a typical form."""
    out = set(banned)
    open_ = [i for i, s in enumerate(bank.assembly.scenario_of) if s not in out]
    unit = mark_unit(bank, plan)
    by_format = {
        kind: [i for i in open_ if bank.items[i][1].format.value == kind] for kind, n in plan.formats().items() if n
    }
    cut = None
    if bank.is_judged and all(by_format.values()):
        angoff = bank.assembly.numbers["angoff"]
        wanted = plan.formats()
        exact = sum(
            (wanted[kind] * sum((angoff[i] for i in own), Fraction(0)) / len(own) for kind, own in by_format.items()),
            Fraction(0),
        )
        cut = ceil(exact / unit) * unit
    floor, chances = 0.0, {}
    for name in (RANDOM, *sorted(STRATEGIES)):
        total = [1.0]
        for kind, own in by_format.items():
            mixed = _mixed([_marks(bank, i, name) for i in own], unit)
            total = _convolved(total, _power(mixed, plan.formats()[kind]))
        if name == RANDOM:
            floor = float(unit) * sum(k * p for k, p in enumerate(total))
        if cut is not None:
            chances[name] = min(1.0, sum(total[int(cut / unit) :]))
    one, measured = _reliability(bank, open_)
    return Outlook(plan.max_marks(), cut, floor, chances, one, measured)


def _reliability(bank: FormBank, positions: Sequence[int]) -> tuple[float, bool]:
    if any("discrimination" not in bank.measured[i] for i in positions) or not positions:
        return RELIABILITY_OF_ONE, False
    spreads = [
        float(bank.measured[i]["sd"].value) if "sd" in bank.measured[i] else TYPICAL_SPREAD * float(bank.worth[i])
        for i in positions
    ]
    return settled_reliability(spreads, [float(bank.assembly.numbers["discrimination"][i]) for i in positions]), True


_known: dict[tuple[str, str, str, str], Distribution] = {}
MOST_KNOWN = 8_192


def _marks(bank: FormBank, position: int, name: str) -> Distribution:
    """One item's marks for one way of answering, remembered by what they rest on."""
    scenario, item = bank.items[position]
    place = (item.id, f"{scenario.sha256} {bank.bank.keys.get(scenario.id)!r}", str(bank.worth[position]), name)
    found = _known.get(place)
    if found is None:
        made = bank.form_item(position)
        found = item_distribution(made) if name == RANDOM else item_distribution(made, STRATEGIES[name])
        if len(_known) >= MOST_KNOWN:
            _known.clear()
        _known[place] = found
    return found


def _mixed(distributions: Sequence[Distribution], unit: Fraction) -> list[float]:
    """The marks of an item drawn at random, in steps of the unit."""
    steps: dict[int, float] = {}
    for one in distributions:
        for mark, p in one.items():
            at = round(mark / unit)
            steps[at] = steps.get(at, 0.0) + float(p) / len(distributions)
    return [steps.get(k, 0.0) for k in range(max(steps, default=0) + 1)]


def _convolved(a: Sequence[float], b: Sequence[float]) -> list[float]:
    out = [0.0] * (len(a) + len(b) - 1)
    for i, p in enumerate(a):
        if p:
            for k, q in enumerate(b):
                out[i + k] += p * q
    return out


def _power(one: Sequence[float], n: int) -> list[float]:
    """So many of the same, by doubling."""
    out, square = [1.0], list(one)
    while n:
        if n & 1:
            out = _convolved(out, square)
        n >>= 1
        if n:
            square = _convolved(square, square)
    return out
