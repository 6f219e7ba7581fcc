"""The life of a scenario as one table: which move leads where, who may make it, and what must stand before.

Everything here is pure. ``lifecycle.py`` reads the facts, makes the move and writes it down.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from sjt.access import Actor, Permission, may
from sjt.authoring.states import ReviewKind, ScenarioState
from sjt.authoring.trial_gate import Evidence, TrialVerdict

FEWEST_WORDS: Final = 3
"""Of a reason; fewer is no reason."""
REVIEWS_NEEDED: Final = 2
"""Reviews of one version by different people, none of whom wrote any of it (D22)."""

_S = ScenarioState
OPEN: Final = frozenset(_S) - {_S.SUSPENDED, _S.RETIRED}
ON_TRIAL: Final = frozenset({_S.APPROVED_FOR_TRIAL, _S.ON_TRIAL, _S.LIVE})
"""States in which a form may try a scenario."""


class Gate(StrEnum):
    """What must stand before a move."""

    REVIEWS = "reviews"
    FAIRNESS = "fairness"
    PANEL = "panel"
    STATISTICS = "statistics"


WAIVABLE: Final = frozenset({Gate.PANEL, Gate.STATISTICS})
"""Gates that a named person may pass with a reason; nobody passes over readers or the fairness reviewer."""
GATE_WORDS: Final[Mapping[Gate, str]] = {
    Gate.REVIEWS: "two reviews",
    Gate.FAIRNESS: "fairness sign-off",
    Gate.PANEL: "key panel",
    Gate.STATISTICS: "trial statistics",
}


@dataclass(frozen=True, slots=True)
class Move:
    """One way from a state to another."""

    name: str
    label: str
    did: str
    """What the history says of it."""
    froms: frozenset[ScenarioState]
    to: ScenarioState | None
    """None: where it stood before it was suspended."""
    needs: Permission | None
    """None: no button, the move comes with another deed."""
    gates: tuple[Gate, ...] = ()
    own: bool = False
    """Whether somebody may make it on what they wrote."""
    reason: bool = False


_M = (
    Move("send", "Send to review…", "Sent to review", frozenset({_S.DRAFT}), _S.REVIEW, Permission.EDIT_SCENARIO,
         own=True),
    Move("take_back", "Take back from review", "Taken back from review", frozenset({_S.REVIEW}), _S.DRAFT,
         Permission.EDIT_SCENARIO, own=True),
    Move("return", "Return to the writer", "Returned to the writer",
         frozenset({_S.REVIEW, _S.APPROVED_FOR_TRIAL, _S.ON_TRIAL}), _S.DRAFT, None, reason=True),
    Move("approve", "Approve for trial", "Approved for trial", frozenset({_S.REVIEW}), _S.APPROVED_FOR_TRIAL,
         Permission.APPROVE_SCENARIO, (Gate.REVIEWS, Gate.FAIRNESS)),
    Move("try", "Put on trial", "Put on trial by a published form", frozenset({_S.APPROVED_FOR_TRIAL}), _S.ON_TRIAL,
         None, own=True),
    Move("live", "Make live", "Made live", frozenset({_S.APPROVED_FOR_TRIAL, _S.ON_TRIAL}), _S.LIVE,
         Permission.APPROVE_SCENARIO, tuple(Gate)),
    Move("suspend", "Suspend", "Suspended", OPEN, _S.SUSPENDED, Permission.APPROVE_SCENARIO, own=True, reason=True),
    Move("lift", "Lift the suspension", "Suspension lifted", frozenset({_S.SUSPENDED}), None,
         Permission.APPROVE_SCENARIO, reason=True),
    Move("retire", "Retire", "Retired", OPEN | {_S.SUSPENDED}, _S.RETIRED, Permission.APPROVE_SCENARIO, own=True,
         reason=True),
    Move("revive", "Bring back as a draft", "Brought back as a draft", frozenset({_S.RETIRED}), _S.DRAFT,
         Permission.APPROVE_SCENARIO, reason=True),
    Move("write", "Put into the bank", "New version put into the bank", frozenset(_S) - {_S.RETIRED}, _S.DRAFT, None,
         own=True),
)  # fmt: skip
MOVES: Final[Mapping[str, Move]] = {one.name: one for one in _M}
BY_FILES: Final = "import"
BY_FORM: Final = "publish"
"""How forms once lifted what had come by files; kept for the rows there are."""
BY_ILLUSTRATION: Final = "illustration"
BY_WORD: Final = "elsewhere"
"""Moves of scenarios that came by files and were never worked on here (``arriving.py``)."""
OUTSIDE: Final = frozenset({BY_FILES, BY_FORM, BY_ILLUSTRATION, BY_WORD})
WAY_WORDS: Final[Mapping[str, str]] = {
    BY_ILLUSTRATION: "Live as an illustration, past no gate: no result can be released from its key",
    BY_WORD: "Live by a signed word that it is live elsewhere, past no gate here",
    BY_FORM: "Live by the publication of a form, past no gate here",
}
"""How a scenario can be live without the gates; what is in none of these passed them."""
DID_WORDS: Final[Mapping[str, str]] = {one.name: one.did for one in _M} | {
    BY_FILES: "Changed by an import of the bank",
    BY_FORM: "Moved by the publication of a form",
    BY_ILLUSTRATION: "Live as an illustration: bank and key call themselves illustrative",
    BY_WORD: "Live elsewhere already, by a signed word at the import",
}


@dataclass(frozen=True, slots=True)
class Seen:
    """The last word of one person on a version."""

    by: str
    name: str
    kind: ReviewKind
    approves: bool


@dataclass(frozen=True, slots=True)
class Facts:
    """What the table must know of a scenario's current version."""

    state: ScenarioState
    writers: frozenset[str]
    """Ids of everybody who wrote in any of its versions."""
    author: str = ""
    """The name in the file."""
    seen: tuple[Seen, ...] = ()
    panel: bool | None = None
    """None: no panel has judged the key."""
    panel_detail: str = ""
    statistics: TrialVerdict | None = None
    """None: nothing was measured of this version."""
    before: ScenarioState | None = None
    """Where a suspended scenario stood."""
    suppliers: Mapping[Gate, Sequence[str]] = field(default_factory=dict)
    """Names of those who could supply what a gate lacks."""

    def wrote(self, person: Actor) -> bool:
        """Tell whether this is somebody's own work."""
        return person.id in self.writers or bool(self.author and person.name == self.author)


@dataclass(frozen=True, slots=True)
class Lack:
    """Something that stands between a scenario and a move, and who can supply it."""

    what: str
    who: str
    gate: Gate | None = None

    def __str__(self) -> str:
        return f"{self.what} {self.who}"


def gate_lacks(gate: Gate, facts: Facts) -> Lack | None:
    """Say what a gate lacks; None when it is passed."""
    if gate is Gate.REVIEWS:
        return _reviews(facts)
    if gate is Gate.FAIRNESS:
        return _fairness(facts)
    if gate is Gate.PANEL:
        if facts.panel:
            return None
        what = "No key panel has judged the key of this version."
        if facts.panel is False:
            what = f"The key panel did not agree on the key. {facts.panel_detail}".strip()
        return Lack(what, _who(facts, gate, "A test developer runs a key panel"), gate)
    if facts.statistics is None:
        what = "There are no trial statistics of this version."
        return Lack(what, _who(facts, gate, "A psychometrician banks them after a trial"), gate)
    trial = facts.statistics
    if trial.evidence is Evidence.PASS:
        return None
    if trial.evidence is Evidence.FAIL:
        return Lack(f"The trial statistics fail. {trial.because()}", _who(facts, gate, "A writer revises it"), gate)
    what = f"The trial statistics are not enough evidence. {trial.because()}"
    return Lack(what, _who(facts, gate, "More candidates meet it in trial"), gate)


def _reviews(facts: Facts) -> Lack | None:
    given = {one.by for one in facts.seen if one.kind is ReviewKind.REVIEW and one.approves} - facts.writers
    if len(given) >= REVIEWS_NEEDED:
        return None
    wanted = REVIEWS_NEEDED - len(given)
    what = f"{wanted} review{'s' if wanted > 1 else ''} of this version {'are' if wanted > 1 else 'is'} missing."
    return Lack(what, _who(facts, Gate.REVIEWS, "A reviewer who wrote none of it gives one"), Gate.REVIEWS)


def _fairness(facts: Facts) -> Lack | None:
    last = [one for one in facts.seen if one.kind is ReviewKind.FAIRNESS and one.by not in facts.writers]
    refused = [one.name for one in last if not one.approves]
    if last and not refused:
        return None
    what = f"{', '.join(refused)} did not sign it off for fairness." if refused else "The fairness sign-off is missing."
    return Lack(what, _who(facts, Gate.FAIRNESS, "A fairness reviewer who wrote none of it gives it"), Gate.FAIRNESS)


def _who(facts: Facts, gate: Gate, role: str) -> str:
    names = facts.suppliers.get(gate) or ()
    return f"{role}: {', '.join(names)}." if names else f"{role}."


def target(move: Move, facts: Facts) -> ScenarioState:
    """Tell where a move leads."""
    return move.to or facts.before or ScenarioState.DRAFT


def lacks(move: Move, facts: Facts, by: Actor, *, waived: Iterable[Gate] = ()) -> list[Lack]:
    """Say all that stands between this person and a move; empty when they may make it."""
    found = []
    if facts.state not in move.froms:
        states = " or ".join(sorted(words_of(one) for one in move.froms))
        found.append(Lack(f"It is {words_of(facts.state)}; this can be done while it is {states}.", ""))
    if move.needs is not None and not may(by, move.needs):
        found.append(Lack(f"Your role does not let you {move.needs.value}.", "Ask somebody whose role does."))
    if not move.own and facts.wrote(by):
        found.append(Lack("You wrote in it, and nobody approves their own work.", "Ask somebody who wrote none of it."))
    passed = frozenset(waived) & WAIVABLE
    found += [lack for gate in move.gates if gate not in passed if (lack := gate_lacks(gate, facts)) is not None]
    return found


def review_lacks(kind: ReviewKind, facts: Facts, by: Actor) -> list[Lack]:
    """Say why somebody may not review; empty when they may."""
    needs = Permission.REVIEW_SCENARIO if kind is ReviewKind.REVIEW else Permission.SIGN_FAIRNESS
    found = []
    if facts.state not in MOVES["return"].froms:
        found.append(Lack(f"It is {words_of(facts.state)}.", "Its writer sends it to review first."))
    if not may(by, needs):
        found.append(Lack(f"Your role does not let you {needs.value}.", "Ask somebody whose role does."))
    if facts.wrote(by):
        found.append(Lack("You wrote in it, and nobody approves their own work.", "Ask somebody who wrote none of it."))
    if any(one.by == by.id and one.kind is not kind for one in facts.seen):
        found.append(Lack("You have looked at this version with the other eyes already.", "Ask somebody else."))
    return found


def moves_for(facts: Facts, by: Actor) -> list[Move]:
    """List the moves that have a button for this person now, those that lack something too."""
    return [
        move
        for move in MOVES.values()
        if move.needs is not None and may(by, move.needs) and facts.state in move.froms
        and (move.own or not facts.wrote(by))
    ]  # fmt: skip


def words_of(state: ScenarioState) -> str:
    return state.value.replace("_", " ")
