"""Checks that a story leaves the judging to its reader: it tells, and marks what somebody only says (S01, S02).

Both lists are short on purpose: each entry is a word that, in a story and outside speech, nearly always weighs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sjt.authoring.desk import WARNING, Desk, rule
from sjt.authoring.finding import Finding

SOURCE = "ui mock-up 6, house default"
_SPEECH = re.compile(r"[\"“][^\"”]*[\"”]")
_WEIGHS = re.compile(
    r"(?<![\w-])(?:as is only right|quite rightly|rightly|wrongly|of course|obviously|clearly|sadly|unfortunately|"
    r"luckily|thankfully|naturally|irresponsibl[ey]|inappropriate(?:ly)?|unacceptabl[ey]|unprofessional(?:ly)?|"
    r"unreasonabl[ey]|overreact(?:s|ed|ing)?|should have|should never|ought to have)(?![\w-])",
    re.IGNORECASE,
)
# what stigma says of people is L16's
_BELIEVES = re.compile(
    r"(?<![\w-])(?:is|was|are|were|seems|looks|looked|gets|got)\s+(?:\w+ly\s+)?(?P<what>drunk|lying|lazy|manipulative|"
    r"aggressive|hostile|jealous|guilty|selfish|rude|in denial|controlling|abusive|neglectful|"
    r"incompetent|uncaring|spiteful|paranoid)(?![\w-])",
    re.IGNORECASE,
)


def _told(story: str) -> str:
    """Give a story with its speech blanked, letter for letter, so that places stay."""
    return _SPEECH.sub(lambda said: re.sub(r"\S", " ", said.group()), story)


@rule("S01", "The story tells and does not judge", source=SOURCE)
def judges(desk: Desk) -> Iterator[Finding]:
    for scenario in desk.scenarios:
        for found in _WEIGHS.finditer(_told(scenario.story)):
            words = scenario.story[found.start() : found.end()]
            yield desk.on_story(
                "S01", WARNING, scenario, f"The story judges (“{words}”) and so hints at the answer.",
                "Take the words out, or say what was agreed, seen or said.", near=words,
            )  # fmt: skip


@rule("S02", "The story states no belief about a person as a fact", source=SOURCE)
def believes(desk: Desk) -> Iterator[Finding]:
    for scenario in desk.scenarios:
        for found in _BELIEVES.finditer(_told(scenario.story)):
            words = scenario.story[found.start() : found.end()]
            yield desk.on_story(
                "S02", WARNING, scenario, f"The story states as a fact what somebody may only believe (“{words}”).",
                "Say what was heard, seen or smelt, or put the words into somebody's mouth.", near=words,
            )  # fmt: skip
