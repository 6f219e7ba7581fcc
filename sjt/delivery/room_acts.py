"""The deeds an invigilator can do, each with its words: what will happen, for which reasons, what its button says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sjt.delivery.model import SittingState

_S = SittingState
_RUNS: Final = frozenset({_S.RUNNING, _S.PAUSED, _S.BREAK})
_ENDED: Final = frozenset({_S.CLOSED, _S.SUBMITTED})


@dataclass(frozen=True, slots=True)
class ActWords:
    """One deed on a seat or on the whole room."""

    name: str
    verb: str
    """On the opener and, with the seat, on the button."""
    what: str
    reasons: tuple[str, ...]
    when: frozenset[SittingState] = frozenset()
    danger: bool = False
    minutes: bool = False
    percent: bool = False
    person: bool = False
    """Asks who really sits there."""
    needs_reason: bool = True
    main: bool = False
    """Shown at once, not under More."""

    def pairs(self) -> list[tuple[str, str]]:
        return [(words, words) for words in self.reasons]


_PAUSE_REASONS: Final = ("Noise or disturbance", "Technical fault", "Illness", "Rest or toilet", "Emergency", "Other")
_TIME_REASONS: Final = ("Technical fault", "Disturbance in the room", "Illness", "Late start", "Other")

SEAT: Final[Mapping[str, ActWords]] = {
    act.name: act
    for act in (
        ActWords(
            "start",
            "Start the test",
            "The test opens on the candidate's screen and the full time begins to run.",
            ("Late arrival", "Moved seat", "Other"),
            frozenset({_S.WAITING}),
            main=True,
        ),
        ActWords(
            "pause",
            "Pause",
            "The clock stops and the questions are hidden until you go on. No time is lost.",
            _PAUSE_REASONS,
            frozenset({_S.RUNNING, _S.BREAK}),
            main=True,
        ),
        ActWords(
            "resume",
            "Go on",
            "The questions come back and the clock runs on from where it stood.",
            ("Disturbance is over", "Fault is mended", "Candidate is well again", "Other"),
            frozenset({_S.PAUSED}),
            main=True,
        ),
        ActWords(
            "unlock",
            "Go on without the locked browser",
            "For a seat that was stopped because its browser is not the session's locked browser: the test goes on in "
            "the browser as it is. Watch this seat. The record names you and the reason.",
            ("Locked browser fails on this computer", "Assistive program needs another browser", "Other"),
            frozenset({_S.PAUSED}),
        ),
        ActWords(
            "extend",
            "Add time",
            "The minutes are added to the time that is left. They cannot be taken away again.",
            _TIME_REASONS,
            frozenset({_S.WAITING, *_RUNS}),
            minutes=True,
            percent=True,
            main=True,
        ),
        ActWords(
            "move",
            "Move device",
            "This computer lets go of the test at once; answers on it that were not sent are kept aside. "
            "The candidate enters the same code on the new computer and goes on with the same time.",
            ("Computer has failed", "Browser is frozen", "Wrong seat", "Other"),
            frozenset({_S.WAITING, *_RUNS}),
            main=True,
        ),
        ActWords(
            "give",
            "Give to another person",
            "For a candidate who sits under somebody else’s code: the test, its answers and its clock go to the "
            "person you name, who goes on without a break. The other person enters their own code and starts anew. "
            "An incident is opened. To undo it, give the test back.",
            ("Codes were mixed up", "Sat at the wrong place", "Other"),
            frozenset({_S.WAITING, *_RUNS}),
            person=True,
            main=True,
        ),
        ActWords(
            "again",
            "Seat again",
            "The void test stays on record. The candidate enters the same code again and begins a new test, "
            "which you start.",
            ("Right person is here now", "Fault is mended", "Other"),
            frozenset({_S.VOID}),
            main=True,
        ),
        ActWords(
            "break",
            "Start a rest break",
            "The clock stops and the questions are hidden. The candidate ends the break at the screen, or you do.",
            ("Arranged rest break", "Illness", "Other"),
            frozenset({_S.RUNNING}),
        ),
        ActWords(
            "end-break",
            "End the rest break",
            "The questions come back and the clock runs on.",
            ("Break is over", "Other"),
            frozenset({_S.BREAK}),
            main=True,
        ),
        ActWords(
            "submit",
            "End test",
            "The test is handed in with the answers it has. The candidate gets a receipt and cannot go back.",
            ("Candidate asks to stop", "Illness", "Room is closing", "Other"),
            _RUNS,
            danger=True,
            main=True,
        ),
        ActWords(
            "reopen",
            "Open again",
            "The test opens with every earlier answer and the time that was left, with the minutes you add here.",
            ("Submitted by mistake", "Closed by a fault", "Other"),
            _ENDED,
            minutes=True,
        ),
        ActWords(
            "void",
            "Make void",
            "The sitting counts for nothing and ends at once. Its answers stay on record. This cannot be undone.",
            ("Wrong candidate under this code", "Suspected malpractice", "Illness", "Other"),
            frozenset({_S.WAITING, *_RUNS, *_ENDED}),
            danger=True,
        ),
    )
}

ROOM: Final[Mapping[str, ActWords]] = {
    act.name: act
    for act in (
        ActWords(
            "start",
            "Start the room",
            "The test opens for everybody who is checked in and has entered the code. Latecomers start one by one.",
            (),
            needs_reason=False,
        ),
        ActWords(
            "pause",
            "Pause all",
            "Every clock stops and all questions are hidden until you go on. Nobody loses time.",
            _PAUSE_REASONS,
        ),
        ActWords(
            "resume",
            "Go on for all",
            "Every test that was stopped with the room goes on with the time that was left. Who was paused alone "
            "before stays paused until you press Go on at that seat.",
            ("Disturbance is over", "Fault is mended", "Other"),
        ),
        ActWords(
            "extend",
            "Add time to all",
            "The minutes are added for everybody; who has a percentage of extra time gets it on these too.",
            _TIME_REASONS,
            minutes=True,
        ),
        ActWords(
            "close",
            "End the session",
            "Whatever still runs is closed with the answers it has, who never came is marked absent, "
            "and all codes are void.",
            ("All have finished", "Room must be left", "Other"),
            danger=True,
        ),
    )
}


def on_seat(name: str) -> ActWords | None:
    return SEAT.get(name)


def fitting(state: SittingState | None, *, held: bool = False) -> list[ActWords]:
    """Give the deeds that a seat in this state allows; ``held``: it was stopped for its browser."""
    if state is None:
        return []
    return [act for act in SEAT.values() if state in act.when and (held or act.name != "unlock")]
