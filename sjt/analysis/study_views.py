"""What the pages of closer studies show: stored results, laid out; nothing is computed here."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlmodel import Session

from sjt.analysis import store
from sjt.analysis.tables import Study
from sjt.analysis.topics import RULES, STANDING, TOPICS, About, Topic
from sjt.analysis.views import Subject
from sjt.authoring import service as authoring
from sjt.authoring.snapshot import SecretItem
from sjt.errors import NotFound
from sjt.jobs import service as jobs
from sjt.jobs.model import ENDED
from sjt.results import service as results


@dataclass(frozen=True, slots=True)
class Line:
    """One topic of the list."""

    topic: Topic
    about: About
    study: Study | None
    verdict: Sequence[str]


@dataclass(frozen=True, slots=True)
class StudyPage:
    subject: Subject
    topic: Topic
    about: About
    study: Study | None
    found: Mapping[str, Any]
    job: UUID | None
    lines: Sequence[Line]


def _kept(session: Session, subject: Subject) -> dict[str, Study]:
    if subject.kind == "session":
        return store.studies(session, session_id=UUID(subject.key))
    return store.studies(session, form_id=subject.key)


def result(study: Study) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(study.result)
    return found


def lines(session: Session, subject: Subject) -> list[Line]:
    """List every topic with its newest study's first sentences."""
    kept = _kept(session, subject)
    out = []
    for topic, about in TOPICS.items():
        study = kept.get(topic.value)
        out.append(Line(topic, about, study, result(study)["verdict"] if study is not None else ()))
    return out


def waiting(session: Session, subject: Subject) -> UUID | None:
    """A study of this session or form that is under way."""
    for topics in ([topic.value for topic in STANDING], *([topic.value] for topic in Topic)):
        job = jobs.newest(session, "analysis.study", {subject.kind: subject.key, "topics": topics})
        if job is not None and job.state not in ENDED:
            return job.id
    return None


def page(session: Session, subject: Subject, topic: Topic) -> StudyPage:
    every = lines(session, subject)
    line = next(one for one in every if one.topic is topic)
    found = result(line.study) if line.study is not None else {}
    return StudyPage(subject, topic, line.about, line.study, found, waiting(session, subject), every)


def topic_of(name: str) -> Topic:
    try:
        return Topic(name)
    except ValueError:
        raise NotFound("There is no such study.") from None


def items_and_rules(session: Session, subject: Subject) -> tuple[dict[str, SecretItem], dict[str, str]]:
    """Live items that may be changed, and the rules a format could be marked by."""
    if subject.kind == "session":
        forms = sorted({row.form_id for row in results.item_marks(session, UUID(subject.key))})
    else:
        forms = [subject.key]
    items: dict[str, SecretItem] = {}
    for form in forms:
        items |= {item.id: item for item in authoring.secret(session, form).items if item.live}
    rules = {}
    for item in items.values():
        for rule in RULES.get(item.format.value, ()):
            if rule != item.rule:
                rules[f"{item.format.value} {rule}"] = f"{item.format.value.replace('_', ' and ').capitalize()}: {rule}"
    return items, dict(sorted(rules.items()))
