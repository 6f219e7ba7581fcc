"""The gateway, pure: which of the plan's evidence an apprentice still lacks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol


class EvidenceAsked(Protocol):
    """One thing a plan's gateway asks of an apprentice's option (``authoring.plan.Evidence`` is one)."""

    @property
    def id(self) -> str: ...
    @property
    def evidence(self) -> str: ...
    @property
    def detail(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Missing:
    """A piece of gateway evidence that is not recorded."""

    id: str
    detail: str


def missing(asked: Iterable[EvidenceAsked], held: Iterable[str]) -> list[Missing]:
    """List what is asked for and not held, by the evidence's id or its name."""
    have = set(held)
    return [Missing(one.id, one.detail) for one in asked if one.id not in have and one.evidence not in have]


def in_words(lacking: Iterable[Missing]) -> str:
    return "; ".join(f"{one.detail} ({one.id})" for one in lacking)
