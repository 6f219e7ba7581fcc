"""One question of each format to try before the clock starts; about nothing that the test is about."""

from __future__ import annotations

from typing import Final

from sjt.authoring.snapshot import Format, PaperItem, PaperOption, PaperScale, ScalePoint


def _options(*texts: str) -> tuple[PaperOption, ...]:
    return tuple(PaperOption(letter, text) for letter, text in zip("ABCDEFGH", texts))


_SCALE: Final = PaperScale(
    "practice",
    (
        ScalePoint(1, "Very inappropriate"),
        ScalePoint(2, "Inappropriate"),
        ScalePoint(3, "Appropriate"),
        ScalePoint(4, "Very appropriate"),
    ),
)

STORY: Final = (
    "It is raining. You are walking to a friend's flat with a birthday cake in a paper bag. "
    "You have no umbrella, and the flat is fifteen minutes away."
)

ITEMS: Final[tuple[PaperItem, ...]] = (
    PaperItem(
        "practice-rank",
        Format.RANK,
        "Rank these responses from most appropriate (1) to least appropriate (5).",
        _options(
            "Wait under the shop's roof until the rain is lighter.",
            "Take the bus that stops across the road.",
            "Put your coat around the cake and walk on.",
            "Ring your friend and say that you will be late.",
            "Run all the way with the bag in your hand.",
        ),
    ),
    PaperItem(
        "practice-choose",
        Format.CHOOSE,
        "Choose the three best things to do before you set off again.",
        _options(
            "Look up when the next bus comes.",
            "Ask in the shop for a plastic bag.",
            "Send your friend a message.",
            "Open the box to look at the cake.",
            "Put the cake down on the wet pavement.",
        ),
        choose=3,
    ),
    PaperItem(
        "practice-rate",
        Format.RATE,
        "How appropriate is each response?",
        _options("Share a stranger's umbrella when it is offered.", "Leave the cake in the shop.", "Take a taxi."),
        scale=_SCALE,
    ),
    PaperItem(
        "practice-most",
        Format.MOST_LEAST,
        "Which response is most appropriate, and which is least?",
        _options("Wait for ten minutes.", "Walk on in the rain.", "Go home.", "Take the bus."),
    ),
    PaperItem(
        "practice-single",
        Format.SINGLE,
        "What is the best first step?",
        _options("Step under a roof.", "Start to run.", "Sit down on the kerb.", "Ring your friend."),
    ),
    PaperItem("practice-written", Format.WRITTEN, "What would you tell your friend, and why?", max_words=40),
)
