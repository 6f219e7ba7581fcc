"""A script (one blind answer), a mark on it, and which mark counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from typing import Final

CLAIM_LASTS: Final = timedelta(minutes=45)
"""A script that somebody opened is not offered to others for so long."""
TOLERANCE: Final = 2
"""Two marks on one answer that differ by so many of 12 go to a third, which replaces them (design: 5, marking)."""


class ScriptState(StrEnum):
    OPEN = "open"
    SECOND_ASKED = "second_asked"
    ADJUDICATE = "adjudicate"
    DONE = "done"


class Round(IntEnum):
    FIRST = 1
    SECOND = 2
    THIRD = 3


@dataclass(frozen=True, slots=True)
class MarkGiven:
    """One marker's levels with a reason for each criterion; never changed, only followed by another round."""

    round: Round
    marker: str
    levels: Mapping[str, int]
    reasons: Mapping[str, str]
    unsafe: str
    at: datetime
    set_aside: bool = False
    """Its marker declared a tie to the apprentice, employer or provider afterwards: it no longer counts."""

    @property
    def total(self) -> int:
        return sum(self.levels.values())


@dataclass(frozen=True, slots=True)
class FinalMark:
    """The mark that counts for an answer, and why it is this one."""

    levels: Mapping[str, int]
    unsafe: str
    marker: str
    round: Round
    why: str

    @property
    def total(self) -> int:
        return sum(self.levels.values())


def state_after(marks: Sequence[MarkGiven], *, second_asked: bool) -> ScriptState:
    """Tell where a script stands after these marks; one that is set aside must be given again by somebody else."""
    rounds = _counting(marks)
    if Round.THIRD in rounds:
        return ScriptState.DONE
    if Round.FIRST not in rounds:
        return ScriptState.OPEN
    if Round.SECOND in rounds:
        apart = abs(rounds[Round.FIRST].total - rounds[Round.SECOND].total)
        return ScriptState.ADJUDICATE if apart >= TOLERANCE else ScriptState.DONE
    return ScriptState.SECOND_ASKED if second_asked else ScriptState.DONE


def _counting(marks: Sequence[MarkGiven]) -> dict[Round, MarkGiven]:
    return {mark.round: mark for mark in marks if not mark.set_aside}


def final_mark(marks: Sequence[MarkGiven], *, second_asked: bool) -> FinalMark | None:
    """Give the mark that counts: the third where there is one, else the first; never an average of the two.

    A second mark within tolerance confirms the first. Averaging would give marks that no anchor describes, and a
    candidate could be shown no reason for them.
    """
    if state_after(marks, second_asked=second_asked) is not ScriptState.DONE:
        return None
    rounds = _counting(marks)
    if Round.THIRD in rounds:
        mark, why = rounds[Round.THIRD], "Two marks differed; this third one replaces both."
    elif Round.SECOND in rounds:
        mark = rounds[Round.FIRST]
        second = rounds[Round.SECOND].total
        why = f"A second marker gave {second}, less than {TOLERANCE} away, and so confirmed this mark."
    else:
        mark, why = rounds[Round.FIRST], "Marked once."
    unsafe = "; ".join(given.unsafe for given in marks if given.unsafe and not given.set_aside)
    return FinalMark(mark.levels, unsafe, mark.marker, mark.round, why)
