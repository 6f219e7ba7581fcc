"""What is on record of a scenario's validity: the panels, which lie above, hand it over here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sqlmodel import Session


@dataclass(frozen=True, slots=True)
class ValidityLine:
    """One fact: what it is, what is known, and how it reads (ok, warn, danger, line)."""

    label: str
    words: str
    tone: str = "line"


Provider = Callable[[Session, str], list[ValidityLine]]
_providers: Final[list[Provider]] = []


def register(provider: Provider) -> None:
    """Let a room above tell of scenarios; twice changes nothing."""
    if provider not in _providers:
        _providers.append(provider)


def validity_of(session: Session, scenario_id: str) -> list[ValidityLine]:
    """Give what is known of a scenario's validity."""
    return [line for provider in _providers for line in provider(session, scenario_id)]
