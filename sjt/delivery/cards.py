"""Eight cards for when something goes wrong in a room: what to do, in the words on the buttons."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a card; ``press`` is what the button or link says, ``{seat}`` stands for the seat's number."""

    say: str
    press: str = ""
    fill: tuple[tuple[str, str], ...] = ()
    """What is chosen or typed before the press: field and value, for the page and for the test that walks the card."""


@dataclass(frozen=True, slots=True)
class Card:
    slug: str
    title: str
    when: str
    steps: tuple[Step, ...]
    outcome: str
    where: str = "console"
    """The deed whose page the card leads to first."""
    presses: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        object.__setattr__(self, "presses", sum(bool(step.press) for step in self.steps))


_OPEN = Step("Press the seat on the console.", "seat {seat}")

CARDS: Final[tuple[Card, ...]] = (
    Card(
        "line-down",
        "The line is down",
        "Seats show No contact, or all screens say that answers are not yet saved.",
        (
            Step("Leave every computer on. Close no browser. Answers are kept on the computers."),
            Step("Tell the room: go on working, nothing is lost."),
            Step("When the line is back, wait until no seat shows Not saved yet."),
            Step("If people could not work: press", "Add time to all…"),
            Step(
                "Choose the reason, type the minutes that were lost, press",
                "Add time to all",
                (("reason", "Technical fault"), ("minutes", "10")),
            ),
            Step("Write it down: press", "Log incident"),
            Step(
                "Choose Technical, say what happened, press",
                "Log incident",
                (("category", "technical"), ("text", "The line was down from 10:05 to 10:15.")),
            ),
        ),
        "Everybody has the minutes, with their own percentage on top, and the report says why.",
        "all/extend",
    ),
    Card(
        "power-cut",
        "The power is cut",
        "Computers in the room go dark.",
        (
            Step("If your own screen works, press", "Pause all…"),
            Step("Choose the reason, press", "Pause all", (("reason", "Technical fault"),)),
            Step("When power is back: switch the computers on and open the test page. Each test comes back by itself."),
            Step("If a screen asks for the code, use the card The browser is frozen for that seat."),
            Step("When all screens say Paused, press", "Go on for all…"),
            Step("Choose the reason, press", "Go on for all", (("reason", "Fault is mended"),)),
            Step("If the console asks about the server: type a reason and press Give the time back."),
        ),
        "Every test goes on with the time that was left. Every answer that was saved is there.",
        "all/pause",
    ),
    Card(
        "frozen-browser",
        "The browser is frozen",
        "A candidate cannot go on at this computer.",
        (
            _OPEN,
            Step("Press", "Move device…"),
            Step("Choose the reason, press", "Move device, seat {seat}", (("reason", "Browser is frozen"),)),
            Step(
                "The candidate enters the same code and the room PIN on another computer, or on this one started anew."
            ),
        ),
        "The test goes on there with every saved answer and the exact time. The old screen is out.",
        "seat/move",
    ),
    Card(
        "wrong-candidate",
        "The wrong candidate sits under a code",
        "The name on the screen is not the name of the person at the seat.",
        (
            Step("Check the photo identity of both people."),
            Step("Press the seat whose name is on that screen.", "seat {seat}"),
            Step("Press", "Give to another person…"),
            Step(
                "Choose the person who really sits there and the reason, press",
                "Give to another person, seat {seat}",
                (("to", "{other}"), ("reason", "Codes were mixed up")),
            ),
            Step("The other person enters their own code at their own seat."),
            Step("In the list at the top of the console, press", "Start the test…"),
            Step(
                "Choose the reason, press",
                "Start the test, seat {seat}",
                (("reason", "Other"), ("reason_text", "codes")),
            ),
        ),
        "Both sit under their own name. The answers stayed with who gave them; an incident is open for the office.",
        "seat/give",
    ),
    Card(
        "late-arrival",
        "A candidate arrives late",
        "The room has started.",
        (
            _OPEN,
            Step("Press", "Check in…"),
            Step("See photo identity, tick the box, press", "Confirm identity", (("seen", "yes"),)),
            Step("The candidate enters the code and the room PIN and reads the instructions."),
            Step("In the list at the top, press", "Start the test…"),
            Step("Choose the reason, press", "Start the test, seat {seat}", (("reason", "Late arrival"),)),
        ),
        "The test runs, with the time that the session's rule gives; the register says late.",
        "check-in",
    ),
    Card(
        "evacuation",
        "Evacuation",
        "An alarm, or anybody in danger.",
        (
            Step("Press", "Evacuate…"),
            Step("Press", "Stop all now"),
            Step("Lead everybody out. Leave the computers as they are. Count the people at the meeting point."),
            Step(
                "When all are back in their seats, say in a line what happened and press",
                "Go on for all",
                (("text", "Fire drill."),),
            ),
        ),
        "Nobody lost a second. The incident says when it stopped, when it went on and how many tests it touched.",
        "evacuation",
    ),
    Card(
        "illness",
        "A candidate is ill",
        "A candidate cannot work for a while, or must stop.",
        (
            _OPEN,
            Step("Press", "Pause…"),
            Step("Choose the reason, press", "Pause, seat {seat}", (("reason", "Illness"),)),
            Step("Help the person. If they come back, open the seat and press", "Go on…"),
            Step("Choose the reason, press", "Go on, seat {seat}", (("reason", "Candidate is well again"),)),
            Step("If they cannot come back, press End test… instead, and log an incident."),
        ),
        "The clock stood still; the questions were hidden. No health details are written anywhere.",
        "seat/pause",
    ),
    Card(
        "suspected-leak",
        "Somebody may have seen the questions before",
        "A photo, a note, a message, a candidate who says so.",
        (
            Step("If the room has not started, do not start it. If it runs, press", "Pause all…"),
            Step("Choose the reason, press", "Pause all", (("reason", "Other"), ("reason_text", "suspected leak"))),
            Step("Keep what was found. Let nobody use a phone. Accuse nobody."),
            Step("Press", "Suspected leak"),
            Step(
                "The page says who has not begun. If the assessment office agrees, choose the reason and press Deal "
                "the reserve form now: they all get other scenarios, and you start the room as usual."
            ),
            Step("Say what was found: press", "Log incident"),
            Step(
                "Choose Candidate, say what was found and where it is, press",
                "Log incident",
                (("category", "candidate"), ("text", "A photograph of two questions was found at seat 3.")),
            ),
            Step("Those who had begun: the assessment office decides whether they go on or end."),
        ),
        "The clocks stand, nobody new sees the leaked form, and no result is released while the incident is open.",
        "leak",
    ),
)

BY_SLUG: Final = {card.slug: card for card in CARDS}
