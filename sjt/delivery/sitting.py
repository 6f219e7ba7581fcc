"""The state machine of a sitting, pure: which deed is allowed in which state, and what it leads to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sjt.delivery.model import ENDED_STATES, OPEN_STATES, ActKind, SittingState
from sjt.errors import MoveRefused

_S = SittingState
_ALIVE: Final = frozenset({_S.WAITING}) | OPEN_STATES

MOVES: Final[Mapping[ActKind, tuple[frozenset[SittingState], SittingState | None]]] = {
    # kind: (states it is allowed in, state it leads to; None: unchanged)
    ActKind.OPENED: (frozenset({_S.WAITING}), None),
    ActKind.STARTED: (frozenset({_S.WAITING}), _S.RUNNING),
    ActKind.PAUSED: (frozenset({_S.RUNNING, _S.BREAK}), _S.PAUSED),
    ActKind.RESUMED: (frozenset({_S.PAUSED}), _S.RUNNING),
    ActKind.BREAK_STARTED: (frozenset({_S.RUNNING}), _S.BREAK),
    ActKind.BREAK_ENDED: (frozenset({_S.BREAK}), _S.RUNNING),
    ActKind.EXTENDED: (_ALIVE, None),
    ActKind.OUTAGE: (OPEN_STATES | {_S.CLOSED}, None),  # closed: by time that a later decision gives back
    ActKind.RELEASED: (_ALIVE, None),
    ActKind.CLAIMED: (_ALIVE, None),
    ActKind.REASSIGNED: (frozenset(_S) - {_S.VOID}, None),
    ActKind.SUBMITTED: (OPEN_STATES, _S.SUBMITTED),
    ActKind.CLOSED: (_ALIVE, _S.CLOSED),
    ActKind.REOPENED: (frozenset({_S.CLOSED, _S.SUBMITTED}), _S.RUNNING),
    ActKind.VOIDED: (frozenset(_S) - {_S.VOID}, _S.VOID),
    ActKind.REDEALT: (frozenset({_S.WAITING}), None),
    ActKind.SAT: (frozenset({_S.WAITING}), _S.CLOSED),
    ActKind.KEYED: (frozenset({_S.CLOSED, _S.SUBMITTED}), None),
    ActKind.ADMITTED: (frozenset(_S) - {_S.VOID, _S.WAITING}, None),
    ActKind.DISCARDED: (frozenset(_S), None),
}
_ALREADY: Final[Mapping[ActKind, frozenset[SittingState]]] = {
    # states in which the deed is already done, so that a second press changes nothing
    ActKind.OPENED: frozenset(_S),
    ActKind.STARTED: frozenset(_S) - {_S.WAITING, _S.VOID},
    ActKind.PAUSED: frozenset({_S.PAUSED}),
    ActKind.RESUMED: frozenset({_S.RUNNING}),
    ActKind.BREAK_STARTED: frozenset({_S.BREAK}),
    ActKind.BREAK_ENDED: frozenset({_S.RUNNING}),
    ActKind.SUBMITTED: frozenset({_S.SUBMITTED, _S.CLOSED}),
    ActKind.CLOSED: ENDED_STATES,
    ActKind.SAT: frozenset({_S.CLOSED}),
    ActKind.REOPENED: frozenset({_S.RUNNING}),
    ActKind.VOIDED: frozenset({_S.VOID}),
}
_VERBS: Final[Mapping[ActKind, str]] = {
    ActKind.STARTED: "started",
    ActKind.PAUSED: "paused",
    ActKind.RESUMED: "resumed",
    ActKind.BREAK_STARTED: "put on a break",
    ActKind.BREAK_ENDED: "called back from a break",
    ActKind.EXTENDED: "given more time",
    ActKind.RELEASED: "moved to another device",
    ActKind.CLAIMED: "taken up on this device",
    ActKind.REASSIGNED: "given to another person",
    ActKind.SUBMITTED: "submitted",
    ActKind.CLOSED: "closed",
    ActKind.REOPENED: "reopened",
    ActKind.VOIDED: "voided",
    ActKind.REDEALT: "given another form",
    ActKind.SAT: "recorded as sat on paper",
    ActKind.KEYED: "given answers from paper",
    ActKind.ADMITTED: "given a late answer",
}


def move(state: SittingState, kind: ActKind) -> SittingState | None:
    """Give the state that a deed leads to, or None if it is already done.

    Raises
    ------
    MoveRefused
        The state does not allow the deed.
    """
    allowed, leads_to = MOVES[kind]
    if state in allowed:
        return leads_to or state
    if state in _ALREADY.get(kind, frozenset()):
        return None
    able = ", ".join(sorted(allowed))
    raise MoveRefused(
        f"The sitting is {state}, so it cannot be {_VERBS.get(kind, kind)}. That is possible while {able}."
    )
