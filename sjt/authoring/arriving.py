"""Where a scenario stands that came in by files: a draft, unless its bank is an illustration or somebody signs for it.

What was once worked on here is judged here: nothing that comes by files lifts it out of draft again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sjt.access import Actor, Permission, may
from sjt.authoring.life import BY_ILLUSTRATION, FEWEST_WORDS
from sjt.authoring.model import Bank
from sjt.authoring.states import ScenarioState
from sjt.authoring.tables import ScenarioRow
from sjt.errors import Fault, Forbidden, InputError

MOST_NAMED = 8


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Somebody's word that scenarios are live in another organisation's or an earlier system, with who judged them."""

    reviewed_by: str
    reason: str

    def __str__(self) -> str:
        return f"Reviewed by {self.reviewed_by}. {self.reason}"


@dataclass(frozen=True, slots=True)
class Arrival:
    """Where what came by files stands afterwards."""

    illustration: tuple[str, ...] = ()
    """Live, since bank and key call themselves illustrative: no result can be released from them."""
    word: tuple[str, ...] = ()
    """Live, since somebody signed that they are live elsewhere."""
    back: tuple[str, ...] = ()
    """Were live as an illustration and are none any more: drafts again."""
    drafts: tuple[str, ...] = ()
    """Drafts that go the way of every draft."""


def word_faults(word: Elsewhere) -> list[Fault]:
    """Say what a signed word lacks."""
    found = []
    if not word.reviewed_by.strip():
        found.append(Fault("", "", "Reviewed by", "is empty.", "Name the people or the organisation who judged them."))
    if len(word.reason.split()) < FEWEST_WORDS:
        found.append(
            Fault("", "", "Reason", "has fewer than three words.", "Write where they are live, and since when.")
        )
    return found


def check_word(word: Elsewhere | None, bank: Bank, by: Actor) -> None:
    """Refuse a word that is not whole, from somebody who may not give it, or on what they wrote themselves."""
    if word is None:
        return
    if not may(by, Permission.APPROVE_SCENARIO):
        raise Forbidden(f"Your role does not let you {Permission.APPROVE_SCENARIO.value}, so you cannot sign for them.")
    faults = word_faults(word)
    own = [one.id for one in bank.scenarios if one.author and one.author == by.name]
    if own:
        named = ", ".join(own[:MOST_NAMED]) + (f" and {len(own) - MOST_NAMED} more" if len(own) > MOST_NAMED else "")
        what = f"You are the author of {named}, and nobody approves their own work."
        faults.append(Fault("", "", "Signature", what, "Ask somebody who wrote none of it to import the bank."))
    if faults:
        raise InputError("The bank was not imported. Nothing was changed.", faults)


def arrival(
    bank: Bank,
    rows: Mapping[str, ScenarioRow],
    worked_on: Iterable[str],
    ways: Mapping[str, str],
    word: Elsewhere | None,
) -> Arrival:
    """Sort what the files hold by where it is to stand; ``ways`` is how each live scenario became so."""
    here = frozenset(worked_on)
    shown: list[str] = []
    signed: list[str] = []
    back: list[str] = []
    drafts: list[str] = []
    for scenario in bank.scenarios:
        row, keys = rows[scenario.id], bank.keys.get(scenario.id)
        is_shown = bank.settings.keys == "illustrative" and (keys is None or keys.status == "illustrative")
        was_shown = row.state is ScenarioState.LIVE and ways.get(row.id) == BY_ILLUSTRATION
        if row.id in here or not (row.state is ScenarioState.DRAFT or was_shown):
            if row.state is ScenarioState.DRAFT:
                drafts.append(row.id)
        elif is_shown:
            shown += [] if was_shown else [row.id]
        elif word is not None:
            signed.append(row.id)
        else:
            (back if was_shown else drafts).append(row.id)
    return Arrival(tuple(shown), tuple(signed), tuple(back), tuple(drafts))
