"""A few scenarios of the shipped bank, and a dozen experts who answer them from a seed."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import Session

from sjt import db
from sjt.access import SYSTEM, Actor, Role
from sjt.accounts import service as accounts
from sjt.jobs.context import JobContext
from sjt.panels import asking, jobs, service
from sjt.panels.meeting import key_table
from sjt.panels.model import Purpose
from tests.authoring.conftest import NOW, few, few_files, few_template

__all__ = ["few", "few_files", "few_template"]

CHAIR = Actor("chair", "Petra Chair", frozenset({Role.PSYCHOMETRICIAN}))
DUE = date(2026, 3, 28)
SCENARIOS = ("cypf-0001", "cypf-0002", "cypf-0018")


def experts(session: Session, n: int) -> list[Actor]:
    """Add people with the one role."""
    made = []
    for number in range(1, n + 1):
        person = accounts.add_person(
            session,
            login=f"expert{number}",
            name=f"Expert Number{number}",
            email=f"expert{number}@example.org",
            roles=frozenset({Role.EXPERT}),
            by=SYSTEM,
            now=NOW,
        )
        made.append(Actor(str(person), f"Expert Number{number}", frozenset({Role.EXPERT})))
    return made


def keyed(session: Session, panel_id: UUID) -> dict[str, Any]:
    """Give each item's response that its writer's key calls best."""
    found: dict[str, Any] = {}
    for item_id, (held, item) in service.items_of(session, panel_id).items():
        table = key_table(held, item)
        kind = item.format.value
        if kind == "rank":
            found[item_id] = {group[0]: place for place, group in enumerate(table["order"], start=1)}
        elif kind == "rate":
            found[item_id] = dict(table["key"])
        else:
            levels = table["effectiveness"]
            found[item_id] = {"most": max(levels, key=levels.get), "least": min(levels, key=levels.get)}
    return found


def slipped(response: Mapping[str, Any], draw: random.Random, often: float) -> dict[str, Any]:
    """Let an expert exchange two places or points now and then."""
    made = dict(response)
    if draw.random() < often:
        a, b = draw.sample(sorted(made), 2)
        made[a], made[b] = made[b], made[a]
    return made


@dataclass
class Asked:
    """A panel with its experts."""

    id: UUID
    experts: list[Actor]
    best: dict[str, Any] = field(default_factory=dict)


@pytest.fixture
def asked(few: db.Database) -> Asked:
    """Give an open key panel of twelve over three scenarios."""
    with db.transaction() as session:
        people = experts(session, 12)
    with db.transaction() as session:
        panel_id = service.create(
            session, Purpose.KEY, "Spring panel", "Answer alone.", DUE, SCENARIOS, [one.id for one in people],
            by=CHAIR, now=NOW,
        )  # fmt: skip
    with db.session() as session:
        best = keyed(session, panel_id)
    return Asked(panel_id, people, best)


def answer_all(asked: Asked, *, often: float = 0.3, best: Mapping[str, Any] | None = None, but: int = 0) -> None:
    """Let every expert but the first few answer everything."""
    for number, expert in enumerate(asked.experts[but:], start=but):
        with db.transaction() as session:
            for item, response in (best or asked.best).items():
                draw = random.Random(f"{number}:{item}")
                service.save(session, asked.id, item, slipped(response, draw, often), "", by=expert, now=NOW)


class Worker(JobContext):
    """A job's context that nobody takes the job from."""

    def progress(self, done: int, total: int, message: str = "") -> None:
        return

    def check_cancelled(self) -> None:
        return

    def transaction(self) -> Any:
        return db.transaction()


@pytest.fixture
def worker(settings: Any) -> Worker:
    return Worker(UUID(int=1), CHAIR.id, settings)


def closed(asked: Asked, worker: Worker) -> None:
    """Close the panel and compute it."""
    with db.transaction() as session:
        service.close(session, asked.id, by=CHAIR, now=NOW)
    jobs.compute({"panel": str(asked.id)}, worker)


def finding(asked: Asked, item: str) -> dict[str, Any]:
    with db.session() as session:
        return dict(service.finding(session, asked.id, item).found)


def csv_of(asked: Asked) -> str:
    with db.session() as session:
        return service.answers_csv(session, asking.panel(session, asked.id))
