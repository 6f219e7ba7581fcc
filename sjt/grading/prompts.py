"""Prompts for the interviewer, from what the apprentice answered and what the key credits; pure and repeatable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

SHOWN_AT_MOST = 2


@dataclass(frozen=True, slots=True)
class Prompted:
    """What a prompt is made from: one item as answered."""

    format: str
    response: Any
    key: Mapping[str, Any]
    options: Mapping[str, str]
    """Option id → its text."""
    letters: Mapping[str, str]
    """Option id → how the interviewer's page names it."""
    marks: Fraction | None
    max: Fraction
    criteria: Mapping[str, str]
    """Rubric criterion → its title, for written answers."""
    levels: Mapping[str, int]


def prompts(item: Prompted) -> tuple[str, ...]:
    """Give open questions about this answer; none tells the apprentice what the key is."""
    if item.response in (None, {}, [], ""):
        return ("You left this one. What would you do here now, and why?",)
    made = {
        "rank": _rank,
        "choose": _choose,
        "rate": _rate,
        "most_least": _most_least,
        "single": _single,
        "written": _written,
    }[item.format](item)
    return tuple(made[:SHOWN_AT_MOST])


def _name(item: Prompted, option: str) -> str:
    return f"response {item.letters.get(option, option)}"


def _key_places(order: Sequence[Sequence[str]]) -> dict[str, tuple[int, int]]:
    places: dict[str, tuple[int, int]] = {}
    at = 1
    for group in order:
        for option in group:
            places[option] = (at, at + len(group) - 1)
        at += len(group)
    return places


def _rank(item: Prompted) -> list[str]:
    places = _key_places(item.key.get("order", []))
    given: dict[str, int] = {option: place for option, place in item.response.items() if isinstance(place, int)}

    def distance(option: str) -> int:
        low, high = places.get(option, (given[option], given[option]))
        return max(low - given[option], given[option] - high, 0)

    first = min(given, key=lambda option: given[option])
    said = [f"You put {_name(item, first)} first. Talk me through what that does for the people in it at this moment."]
    farthest = max(sorted(given), key=distance)
    if distance(farthest) >= 2:
        said.append(
            f"Say more about {_name(item, farthest)}, which you placed {given[farthest]}. "
            "What did you weigh, and when would you place it differently?"
        )
    return said


def _choose(item: Prompted) -> list[str]:
    chosen, key = set(item.response), set(item.key.get("key", []))
    said = ["How do the responses you chose work together? Which would come first, and why?"]
    missed = sorted(key - chosen)
    extra = sorted(chosen - key)
    if missed:
        said.append(f"What do you make of {_name(item, missed[0])}? What kept you from choosing it?")
    elif extra:
        said.append(f"What does {_name(item, extra[0])} add here?")
    return said


def _rate(item: Prompted) -> list[str]:
    key: Mapping[str, int] = item.key.get("key", {})
    apart = {o: abs(v - key[o]) for o, v in item.response.items() if o in key and isinstance(v, int)}
    if not apart:
        return ["Which of these responses would you feel surest about, and why?"]
    farthest = max(sorted(apart), key=lambda option: apart[option])
    if apart[farthest] == 0:
        return ["Which of your ratings would change if the person were older, or alone? Why?"]
    return [
        f"How did you come to your rating of {_name(item, farthest)}?",
        "What in the situation would make you rate it higher, or lower?",
    ]


def _most_least(item: Prompted) -> list[str]:
    said = []
    if item.response.get("most"):
        said.append(f"Why is {_name(item, item.response['most'])} what you would most do?")
    if item.response.get("least"):
        said.append(f"What is the risk in {_name(item, item.response['least'])}?")
    return said


def _single(item: Prompted) -> list[str]:
    return [f"You chose {_name(item, item.response)}. What else did you consider, and what decided it?"]


def _written(item: Prompted) -> list[str]:
    if not item.levels:
        return ["Take me through your decision and the reasons for it."]
    weakest = min(sorted(item.levels), key=lambda name: item.levels[name])
    title = item.criteria.get(weakest, weakest).lower()
    return [
        "Take me through your decision and the reasons for it.",
        f"Your written answer said least on this: {title}. Tell me more about that.",
    ]
