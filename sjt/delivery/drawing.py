"""The questions of a sitting as HTML, drawn before the start for those who wait.

When an invigilator presses one button, hundreds of pages open within seconds, and most of the work of each is its
questions. They hang on the form and the sitting's order alone until something is answered, so they are drawn while the
candidate waits, and kept in this process until the page asks. Nothing of them leaves the server before the start.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from flask import get_template_attribute
from sqlmodel import Session

from sjt import db
from sjt.authoring.snapshot import Paper, PaperScenario
from sjt.delivery import deflated, entering, views
from sjt.delivery.model import Answer
from sjt.delivery.tables import Sitting

MOST: Final = 3_000
"""Sittings whose questions are kept, packed: some 10 kB each."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """The questions in the three shapes of the page, as bytes of HTML, and the number of each item's."""

    strip: bytes
    articles: bytes
    review: bytes
    places: dict[str, int]

    def packed(self) -> Packed:
        strip, articles, review = (deflated.pack(html) for html in (self.strip, self.articles, self.review))
        return Packed(strip, articles, review, self.places)

    def unpacked(self) -> Drawn:
        return self


@dataclass(frozen=True, slots=True)
class Packed:
    """The same as they are kept, and as a browser takes them."""

    strip: deflated.Piece
    articles: deflated.Piece
    review: deflated.Piece
    places: dict[str, int]

    def packed(self) -> Packed:
        return self

    def unpacked(self) -> Drawn:
        return Drawn(self.strip.whole(), self.articles.whole(), self.review.whole(), self.places)


# of sittings with nothing answered: the deal they were drawn for, and its questions
_kept: OrderedDict[tuple[str, UUID], tuple[str, Packed]] = OrderedDict()
_lock = threading.Lock()


def draw_ahead(session: Session, sitting: Sitting) -> None:
    """Draw a waiting sitting's questions, once for each form and order it is dealt."""
    deal = views.deal_mark(sitting)
    if not is_drawn(sitting.id, deal):
        _keep(sitting.id, deal, draw(_paper_in_order(session, sitting), {}, frozenset()).packed())


def is_drawn(sitting_id: UUID, deal: str) -> bool:
    return kept(sitting_id, deal) is not None


def kept(sitting_id: UUID, deal: str) -> Packed | None:
    """Give the questions of a sitting with nothing answered, if they are drawn; whether it runs is for the caller."""
    with _lock:
        found = _kept.get((db.current().key, sitting_id))
    return found[1] if found is not None and found[0] == deal else None


def _keep(sitting_id: UUID, deal: str, packed: Packed) -> None:
    with _lock:
        _kept[db.current().key, sitting_id] = (deal, packed)
        while len(_kept) > MOST:
            _kept.popitem(last=False)


def _paper_in_order(session: Session, sitting: Sitting) -> Paper:
    """Give a sitting's paper in its order, also before the start: for the server's own use, never for an answer."""
    return views.dealt(entering.paper_of(session, sitting.form_id), entering.deal_from(sitting.deal))


def questions(view: views.CandidateView) -> Drawn | Packed:
    """Give a running sitting's questions: drawn once while nothing is answered, else drawn now."""
    assert view.paper is not None, "a running sitting has its paper"
    if view.answers or view.flags:
        return draw(view.paper, view.answers, view.flags)
    found = kept(view.sitting_id, view.deal)
    if found is None:
        found = draw(view.paper, {}, frozenset()).packed()
        _keep(view.sitting_id, view.deal, found)
    return found


def draw(paper: Paper, answers: dict[str, Answer], flags: frozenset[str]) -> Drawn:
    lines = _lines(paper, answers, flags)
    strip, articles, review = (
        str(get_template_attribute("delivery/_questions.html", name)(lines)).encode()
        for name in ("strip", "articles", "review")
    )
    return Drawn(strip, articles, review, {str(line["item"].id): int(line["number"]) for line in lines})


def _lines(paper: Paper, answers: dict[str, Answer], flags: frozenset[str]) -> list[dict[str, Any]]:
    pairs = [(scenario, item) for scenario in paper.scenarios for item in scenario.items]
    return [
        {
            "number": number,
            "scenario": scenario,
            "item": item,
            "title": _title(scenario, item.id),
            "state": "none",
            "flagged": item.id in flags,
            "current": number == 1,
            "href": f"#question-{number}",
            "order": [option.id for option in item.options],
            "response": answers[item.id].response if item.id in answers else None,
        }
        for number, (scenario, item) in enumerate(pairs, start=1)
    ]


def _title(scenario: PaperScenario, item_id: str) -> str:
    """Name a question by its situation; two questions on one situation are told apart."""
    if len(scenario.items) == 1:
        return scenario.title
    place = [item.id for item in scenario.items].index(item_id) + 1
    return f"{scenario.title} ({place} of {len(scenario.items)})"
