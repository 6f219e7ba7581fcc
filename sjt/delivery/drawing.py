"""The questions of a sitting as HTML, drawn before the start for those who wait.

When an invigilator presses one button, hundreds of pages open within seconds, and most of the work of each is its
questions. They hang on the form and the sitting's order alone until something is answered, so they are drawn while the
candidate waits, and kept in this process until the page asks. Nothing of them leaves the server before the start.
"""

from __future__ import annotations

import threading
import zlib
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import orjson
from flask import get_template_attribute
from markupsafe import Markup
from sqlmodel import Session

from sjt import db
from sjt.authoring.snapshot import Paper, PaperScenario
from sjt.delivery import entering, views
from sjt.delivery.model import Answer
from sjt.delivery.tables import Sitting

MOST: Final = 3_000
"""Sittings whose questions are kept, packed: some 10 kB each."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """The questions in the three shapes of the page, and the number of each item's."""

    strip: Markup
    articles: Markup
    review: Markup
    places: dict[str, int]


_kept: OrderedDict[tuple[str, UUID], tuple[str, bytes]] = OrderedDict()
_lock = threading.Lock()


def draw_ahead(session: Session, sitting: Sitting) -> None:
    """Draw a waiting sitting's questions, once for each form and order it is dealt."""
    key, deal = (str(db.current().url), sitting.id), views.deal_mark(sitting)
    with _lock:
        found = _kept.get(key)
    if found is not None and found[0] == deal:
        return
    drawn = draw(_paper_in_order(session, sitting), {}, frozenset())
    packed = zlib.compress(orjson.dumps([drawn.strip, drawn.articles, drawn.review, drawn.places]), 1)
    with _lock:
        _kept[key] = (deal, packed)
        while len(_kept) > MOST:
            _kept.popitem(last=False)


def _paper_in_order(session: Session, sitting: Sitting) -> Paper:
    """Give a sitting's paper in its order, also before the start: for the server's own use, never for an answer."""
    return views.dealt(entering.paper_of(session, sitting.form_id), entering.deal_from(sitting.deal))


def questions(view: views.CandidateView) -> Drawn:
    """Give a running sitting's questions: those drawn ahead while nothing is answered, else drawn now."""
    assert view.paper is not None, "a running sitting has its paper"
    if not view.answers and not view.flags:
        with _lock:
            found = _kept.pop((str(db.current().url), view.sitting_id), None)
        if found is not None and found[0] == view.deal:
            strip, articles, review, places = orjson.loads(zlib.decompress(found[1]))
            return Drawn(Markup(strip), Markup(articles), Markup(review), places)
    return draw(view.paper, view.answers, view.flags)


def draw(paper: Paper, answers: dict[str, Answer], flags: frozenset[str]) -> Drawn:
    lines = _lines(paper, answers, flags)
    strip, articles, review = (
        Markup(get_template_attribute("delivery/_questions.html", name)(lines))
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
