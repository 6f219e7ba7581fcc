"""Who may mark what: nobody twice on one answer, nobody who worked with the apprentice, employer or provider."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sjt.marking.model import MarkGiven, Round, ScriptState


@dataclass(frozen=True, slots=True)
class Ties:
    """With whom an assessor has worked, as declared; names compared without case and spaces."""

    employers: frozenset[str] = frozenset()
    providers: frozenset[str] = frozenset()
    candidates: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class About:
    """What is known of the apprentice behind a script; a marker is never shown it."""

    candidate: str
    employer: str
    provider: str


def folded(name: str) -> str:
    return "".join(name.casefold().split())


def conflict(ties: Ties, about: About) -> str | None:
    """Name the declared tie that keeps this assessor from this apprentice, without saying whose."""
    if about.employer and folded(about.employer) in ties.employers:
        return "You declared that you worked with the employer."
    if about.provider and folded(about.provider) in ties.providers:
        return "You declared that you worked with the training provider."
    if about.candidate in ties.candidates:
        return "You declared that you worked with the apprentice."
    return None


def round_open_to(marker: str, state: ScriptState, marks: Iterable[MarkGiven]) -> Round | None:
    """Give the round that this marker may give now; None where there is none for them."""
    if any(mark.marker == marker for mark in marks):
        return None
    return {
        ScriptState.OPEN: Round.FIRST,
        ScriptState.SECOND_ASKED: Round.SECOND,
        ScriptState.ADJUDICATE: Round.THIRD,
        ScriptState.DONE: None,
    }[state]
