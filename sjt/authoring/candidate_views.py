"""What candidates said about items after the clock: delivery, which lies above, hands it over here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from sqlmodel import Session

QUESTIONS: Final[Mapping[str, str]] = {
    "relevance": "The situations were like my work",
    "fairness": "The questions were fair",
    "clarity": "I understood what was asked",
    "time": "I had enough time",
}
"""The survey's statements, answered from 1, strongly disagree, to 5, strongly agree."""
FEWEST: Final = 10
"""Below this many answers no mean is told."""


@dataclass(frozen=True, slots=True)
class SurveyOfForm:
    """How a form's candidates answered the survey; a mean is None where too few answered."""

    form_id: str
    n: int
    means: Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class ViewsOnItem:
    """What was said about one item, without names, and of the forms that it was in."""

    comments: tuple[str, ...] = ()
    forms: tuple[SurveyOfForm, ...] = ()


Provider = Callable[[Session, Iterable[str]], Mapping[str, ViewsOnItem]]
_providers: Final[list[Provider]] = []


def register(provider: Provider) -> None:
    """Let a room above answer for items; twice changes nothing."""
    if provider not in _providers:
        _providers.append(provider)


def views_on(session: Session, items: Iterable[str]) -> dict[str, ViewsOnItem]:
    """Give what was said about each item; nothing known is an empty view."""
    found = {item: ViewsOnItem() for item in items}
    for provider in _providers:
        found.update(provider(session, list(found)))
    return found
