"""How many candidates met each scenario: delivery, which lies above, counts sittings and hands the counts over here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Final

from sqlmodel import Session

Provider = Callable[[Session], Mapping[str, int]]
_providers: Final[list[Provider]] = []


def register(provider: Provider) -> None:
    """Let a room above count; twice changes nothing."""
    if provider not in _providers:
        _providers.append(provider)


def counts(session: Session) -> Counter[str]:
    """Give the candidates that met each scenario, whatever its version."""
    found: Counter[str] = Counter()
    for provider in _providers:
        found.update(provider(session))
    return found
