"""An expert's own question: the sitting's parts, in the expert's order, with the expert's own answer and no other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session

from sjt.access import Actor
from sjt.authoring import service as authoring
from sjt.authoring.freezing import paper_item
from sjt.authoring.model import Scenario
from sjt.authoring.snapshot import PaperItem
from sjt.errors import NotFound
from sjt.panels import asking, store
from sjt.panels.answering import membership
from sjt.panels.model import Purpose, shuffled
from sjt.panels.tables import ExpertAnswer, ExpertPanel


@dataclass(frozen=True, slots=True)
class Question:
    """One question of an expert: the sitting's own, in the expert's own order, with their own answer."""

    panel: ExpertPanel
    subject: str
    number: int
    total: int
    done: int
    scenario: Scenario
    item: PaperItem | None
    order: Sequence[str]
    answer: ExpertAnswer | None
    previous: str
    following: str
    codes: Sequence[tuple[str, str]]
    asks: Sequence[PaperItem]
    """Of a content panel: every question of the scenario, to read."""


def question(session: Session, panel_id: UUID, subject: str | None, by: Actor) -> Question | None:
    """Give an expert's question, the first unanswered if none is named; None when all are answered."""
    found, _ = membership(session, panel_id, by)
    subjects = asking.subjects_of(session, found)
    own = {one: row for (_, one), row in store.answers(session, panel_id, by.id).items()}
    if subject is None:
        subject = next((one for one in subjects if one not in own or not own[one].whole), None)
        if subject is None:
            return None
    if subject not in subjects:
        raise NotFound("The panel is not asked about this.")
    bank, at = authoring.bank(session), subjects.index(subject)
    item: PaperItem | None = None
    order: list[str] = []
    if found.purpose is Purpose.KEY:
        held, held_item = asking.items_of(session, panel_id)[subject]
        item, order = paper_item(bank, held_item), shuffled(held_item, str(panel_id), by.id)
    else:
        held = next(one for one in asking.held_scenarios(session, panel_id) if one.scenario.id == subject)
    texts = bank.standard.codes
    return Question(
        panel=found,
        subject=subject,
        number=at + 1,
        total=len(subjects),
        done=sum(row.whole for one, row in own.items() if one in subjects),
        scenario=held.scenario,
        item=item,
        order=order,
        answer=own.get(subject),
        previous=subjects[at - 1] if at else "",
        following=subjects[at + 1] if at + 1 < len(subjects) else "",
        codes=[
            (code, f"{code}: {texts[code].text}")
            for code in bank.standard.allowed_codes(held.scenario.option)
            if code in texts
        ],
        asks=[paper_item(bank, one) for one in held.scenario.items] if item is None else (),
    )
