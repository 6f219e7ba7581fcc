"""Where in a story a finding points: the words it quotes, and the story line by line with those words marked."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_QUOTED = re.compile(r"“([^”]+)”")


@dataclass(frozen=True, slots=True)
class Spot:
    """Words of the story: from, up to, and the line they begin on."""

    start: int
    end: int
    line: int


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of one line; ``severity`` is empty where nothing was found."""

    text: str
    severity: str


def spot(story: str, message: str) -> Spot | None:
    """Find the words that a message quotes, however the story's lines are broken; none: it is about the whole."""
    for quoted in _QUOTED.findall(message):
        words = [re.escape(word) for word in quoted.strip("… ").split()]
        pattern = r"(?<!\w)" + r"\s+".join(words) + r"(?!\w)"
        found = re.search(pattern, story, re.IGNORECASE) if words else None
        if found:
            return Spot(found.start(), found.end(), story.count("\n", 0, found.start()) + 1)
    return None


def lines(story: str, marked: Iterable[tuple[Spot, str]]) -> list[list[Part]]:
    """Part a story into lines, and each line where a marked stretch begins or ends; an error covers a warning."""
    tone = [""] * len(story)
    for where, severity in sorted(marked, key=lambda one: one[1] == "error"):
        tone[where.start : where.end] = [severity] * (where.end - where.start)
    parted: list[list[Part]] = []
    at = 0
    for line in story.split("\n"):
        parts: list[Part] = []
        for sign, severity in zip(line, tone[at : at + len(line)], strict=True):
            if parts and parts[-1].severity == severity:
                parts[-1] = Part(parts[-1].text + sign, severity)
            else:
                parts.append(Part(sign, severity))
        parted.append(parts)
        at += len(line) + 1
    return parted
