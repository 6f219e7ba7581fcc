"""Later outcomes of candidates, told by rooms above this one: validity asks, grading answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final
from uuid import UUID

from sqlmodel import Session

Source = Callable[[Session], Mapping[str, Mapping[UUID, float]]]
"""Name of a component → candidate → its grade as a number, 0 the lowest of the plan."""
_SOURCES: Final[list[Source]] = []


def register(source: Source) -> None:
    """Let a room tell outcomes; twice is once."""
    if source not in _SOURCES:
        _SOURCES.append(source)


def outcomes(session: Session) -> dict[str, dict[UUID, float]]:
    """Every outcome known, by component and candidate."""
    found: dict[str, dict[UUID, float]] = {}
    for source in _SOURCES:
        for name, by in source(session).items():
            found.setdefault(name, {}).update(by)
    return found
