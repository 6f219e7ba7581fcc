"""What a panel of experts is asked, what it may answer, and what a key meeting may decide; pure."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

from sjt.authoring.model import Format, Item, Scenario
from sjt.errors import InputError

RELEVANCE: Final = ("not relevant", "somewhat relevant", "quite relevant", "highly relevant")
"""Lynn's four points, 1 to 4; the upper two count as relevant."""
WANTED: Final = (10, 15)
"""Ten to fifteen experts: test reliability was .62 with 5, .70 with 10, .74 with 20 (Gagnon 2005)."""
SOON_DAYS: Final = 3
"""So many days before its due date a panel is a reminder on the desks of those who have not finished."""


class Purpose(StrEnum):
    """What a panel is asked."""

    KEY = "key"
    CONTENT = "content"


class PanelState(StrEnum):
    OPEN = "open"
    CLOSED = "closed"


class MemberState(StrEnum):
    """Where an expert stands; what was answered before a withdrawal stays on record and does not count."""

    INVITED = "invited"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    LEFT_OUT = "left_out"


class Outcome(StrEnum):
    """What a key meeting decides of one item."""

    STANDS = "stands"
    PANEL = "panel"
    REWORD = "reword"
    DROP = "drop"


OUTCOME_WORDS: Final[Mapping[Outcome, str]] = {
    Outcome.STANDS: "The key stands as it was written",
    Outcome.PANEL: "The panel’s key takes its place",
    Outcome.REWORD: "Back to the writer: the wording misleads",
    Outcome.DROP: "Rejected: the item is not used",
}
PASSING: Final = frozenset({Outcome.STANDS, Outcome.PANEL})


def shuffled(item: Item, panel: str, person: str) -> list[str]:
    """Give an expert's own order of responses, the same each time; a pinned response keeps its place."""
    free = [option.id for option in item.options if not option.pinned]
    random.Random(f"{panel}:{person}:{item.id}").shuffle(free)
    rest = iter(free)
    return [option.id if option.pinned else next(rest) for option in item.options]


def checked_answer(item: Item, points: int, response: Any) -> Any:
    """Give an answer as it is kept, None for none; refuse what the page cannot have sent."""
    if response is None or response in ({}, []):
        return None
    known, n = set(item.option_ids), len(item.options)
    sound = False
    if item.format is Format.RANK:
        sound = _whole_numbers(response, known, n) and len(set(response.values())) == len(response)
    elif item.format is Format.RATE:
        sound = _whole_numbers(response, known, points)
    elif item.format is Format.CHOOSE:
        sound = (
            isinstance(response, list)
            and all(isinstance(one, str) for one in response)
            and set(response) <= known
            and len(set(response)) == len(response) <= (item.choose or 1)
        )
        response = sorted(response) if sound else response
    elif item.format is Format.SINGLE:
        sound = isinstance(response, str) and response in known
    elif item.format is Format.MOST_LEAST:
        sound = isinstance(response, Mapping) and set(response) == {"most", "least"}
        sound = sound and all(one is None or (isinstance(one, str) and one in known) for one in response.values())
        sound = sound and (response["most"] is None or response["most"] != response["least"])
    if not sound:
        raise InputError(f"The answer to {item.id} cannot be read. Load the page again and give it once more.")
    return response


def _whole_numbers(response: Any, known: set[str], most: int) -> bool:
    return (
        isinstance(response, Mapping)
        and set(response) <= known
        and all(isinstance(one, int) and not isinstance(one, bool) and 1 <= one <= most for one in response.values())
    )


def is_whole(item: Item, response: Any) -> bool:
    """Tell whether an answer says something of every option; only whole answers count."""
    if response is None:
        return False
    if item.format in (Format.RANK, Format.RATE):
        return len(response) == len(item.options)
    if item.format is Format.CHOOSE:
        return len(response) == (item.choose or 1)
    if item.format is Format.MOST_LEAST:
        return None not in response.values()
    return True


def rows_of(rater: str, item: Item, response: Any) -> list[dict[str, Any]]:
    """Write a whole answer as rows of `sjt panel`."""
    rows = []
    for option in item.option_ids:
        if item.format in (Format.RANK, Format.RATE):
            given: Any = response[option]
        elif item.format is Format.CHOOSE:
            given = int(option in response)
        elif item.format is Format.SINGLE:
            given = int(option == response)
        else:
            given = "most" if response["most"] == option else "least" if response["least"] == option else ""
        rows.append({"rater": rater, "item": item.id, "option": option, "response": given, "format": item.format.value})
    return rows


def checked_content(scenario_codes: Sequence[str], relevance: Any, code: Any) -> dict[str, Any]:
    """Give what a rater says of a scenario's content; refuse an unknown code or point."""
    if relevance not in range(1, len(RELEVANCE) + 1) or code not in scenario_codes:
        raise InputError("Choose how relevant the scenario is, and the one statement it calls upon most.")
    return {"relevance": relevance, "code": code}


def asked_items(scenario: Scenario) -> list[Item]:
    """Give the items a key panel answers; written answers are marked by people and have no key to agree on."""
    return [item for item in scenario.items if item.format is not Format.WRITTEN]
