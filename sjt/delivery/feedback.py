"""After the clock: what a candidate says about items and about the test. Optional, and shown without names."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from statistics import fmean
from typing import Final
from uuid import UUID

from sqlmodel import Session, col, select

from sjt.access import Actor
from sjt.audit import service as audit
from sjt.authoring.candidate_views import FEWEST, QUESTIONS, SurveyOfForm, ViewsOnItem
from sjt.delivery import entering, store, views
from sjt.delivery.model import SittingState
from sjt.delivery.tables_candidate import ItemComment, SurveyAnswer
from sjt.errors import MoveRefused

MAX_COMMENT: Final = 1_000
MAX_WORDS: Final = 2_000
_WHEN: Final = frozenset({SittingState.SUBMITTED, SittingState.CLOSED})
_FORGOTTEN: Final = "[name]"


@dataclass(frozen=True, slots=True)
class Said:
    """What one candidate said; an item without words and a question without an answer are left out."""

    comments: Mapping[str, str] = field(default_factory=dict)
    survey: Mapping[str, int] = field(default_factory=dict)
    words: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """A question as its candidate saw it numbered."""

    number: int
    item: str
    title: str


def questions(session: Session, sitting_id: UUID) -> list[Question]:
    """Give the questions of an ended sitting in the candidate's own order: numbers and titles, no texts."""
    sitting = store.sitting(session, sitting_id)
    paper = views.dealt(entering.paper_of(session, sitting.form_id), entering.deal_from(sitting.deal))
    pairs = [(scenario, item) for scenario in paper.scenarios for item in scenario.items]
    return [Question(number, item.id, scenario.title) for number, (scenario, item) in enumerate(pairs, start=1)]


def said(session: Session, sitting_id: UUID) -> Said:
    comments = session.exec(select(ItemComment).where(col(ItemComment.sitting_id) == sitting_id))
    answer = session.get(SurveyAnswer, sitting_id)
    given = {name: getattr(answer, name) for name in QUESTIONS} if answer is not None else {}
    return Said(
        {one.item: one.words for one in comments},
        {name: value for name, value in given.items() if value is not None},
        answer.words if answer is not None else "",
    )


def put(session: Session, sitting_id: UUID, told: Said, *, by: Actor, now: datetime) -> None:
    """Keep what a candidate says once the sitting has ended; said again, the newest stands.

    Raises
    ------
    MoveRefused
        The sitting still runs, or was made void.
    """
    sitting = store.sitting(session, sitting_id)
    if sitting.state not in _WHEN:
        raise MoveRefused("Comments are taken once the test has ended.")
    person = store.candidate(session, sitting.candidate_id)
    names = (person.given_name, person.family_name)
    known = {question.item for question in questions(session, sitting_id)}
    rows = session.exec(select(ItemComment).where(col(ItemComment.sitting_id) == sitting_id))
    standing = {row.item: row for row in rows}
    for item in sorted(known):
        words = without_names(told.comments.get(item, ""), names)[:MAX_COMMENT]
        row = standing.get(item)
        if not words and row is not None:
            session.delete(row)
        elif words:
            row = row or ItemComment(sitting_id=sitting_id, form_id=sitting.form_id, item=item, words="", at=now)
            row.words, row.at = words, now
            session.add(row)
    answer = session.get(SurveyAnswer, sitting_id)
    answer = answer or SurveyAnswer(sitting_id=sitting_id, form_id=sitting.form_id, at=now)
    for name in QUESTIONS:
        value = told.survey.get(name)
        setattr(answer, name, value if value in range(1, 6) else None)
    answer.words, answer.at = without_names(told.words, names)[:MAX_WORDS], now
    session.add(answer)
    audit.record(session, by=by, did="seat.feedback_given", on=sitting_id, at=now)


def without_names(words: str, names: Iterable[str]) -> str:
    """Take the candidate's own name out of what they wrote."""
    text = " ".join(words.replace("\x00", " ").split())
    for part in sorted({part for name in names for part in [name, *name.split()] if len(part) > 2}, key=len)[::-1]:
        text = re.sub(rf"(?<!\w){re.escape(part)}(?!\w)", _FORGOTTEN, text, flags=re.IGNORECASE)
    return text


# -- what staff read --


def on_items(session: Session, items: Iterable[str]) -> dict[str, ViewsOnItem]:
    """Give what was said about items, in an order that tells nothing of who said it."""
    wanted = list(items)
    rows = list(session.exec(select(ItemComment).where(col(ItemComment.item).in_(wanted))))
    surveys = {form.form_id: form for form in surveys_of_forms(session)}
    found = {}
    for item in wanted:
        mine = sorted((row for row in rows if row.item == item), key=_shuffled)
        forms = sorted({row.form_id for row in mine} & set(surveys))
        found[item] = ViewsOnItem(tuple(row.words for row in mine), tuple(surveys[name] for name in forms))
    return found


def _shuffled(row: ItemComment | SurveyAnswer) -> str:
    mark = f"{row.item}:{row.id}" if isinstance(row, ItemComment) else f"survey:{row.sitting_id}"
    return hashlib.sha256(mark.encode()).hexdigest()


def surveys_of_forms(session: Session) -> list[SurveyOfForm]:
    by_form: dict[str, list[SurveyAnswer]] = {}
    for row in session.exec(select(SurveyAnswer).order_by(col(SurveyAnswer.form_id))):
        if any(getattr(row, name) is not None for name in QUESTIONS):
            by_form.setdefault(row.form_id, []).append(row)
    return [
        SurveyOfForm(form_id, len(rows), {q: _mean(rows, q) for q in QUESTIONS}) for form_id, rows in by_form.items()
    ]


def _mean(rows: Iterable[SurveyAnswer], question: str) -> float | None:
    given = [value for row in rows if (value := getattr(row, question)) is not None]
    return fmean(given) if len(given) >= FEWEST else None


def comments(session: Session) -> list[tuple[str, str, str]]:
    """Give every comment as (item, form, words), by item, in an order that tells nothing of who said it."""
    rows = sorted(session.exec(select(ItemComment)), key=lambda row: (row.item, _shuffled(row)))
    return [(row.item, row.form_id, row.words) for row in rows]


def words_on_tests(session: Session) -> list[tuple[str, str]]:
    """Give what was said about whole tests as (form, words)."""
    rows = sorted(session.exec(select(SurveyAnswer).where(col(SurveyAnswer.words) != "")), key=_shuffled)
    return sorted(((row.form_id, row.words) for row in rows), key=lambda pair: pair[0])
