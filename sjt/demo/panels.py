"""Panels of experts in the demonstration: one closed and computed, one on relevance, one that waits for an answer.

Every answer is simulated, and every panel says so; none of them settles a key.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sjt import db
from sjt.access import Actor, Role
from sjt.accounts import service as accounts
from sjt.authoring import service as authoring
from sjt.config import Settings
from sjt.panels import service as panels
from sjt.panels.model import Outcome, Purpose
from sjt.times import utc_now

EXPERTS: Final = 12
RATERS: Final = 7
IN_KEY_PANEL: Final = 6
IN_CONTENT_PANEL: Final = 12
WAITING: Final = 3
LOGIN: Final = "expert"


def build_panels(staff: Mapping[str, Actor], form_id: str, seed: int, settings: Settings) -> None:
    """Ask simulated experts about the scenarios of a form."""
    now = utc_now()
    chair = staff["psychometrician"]
    people = _experts(staff, now)
    with db.session() as session:
        sat = [one.id for one in authoring.paper(session, form_id).scenarios]
        bank = authoring.bank(session)
        keyed = {one.id for one in bank.scenarios if any(item.options for item in one.items)}
        others = [one.id for one in bank.scenarios if one.id not in sat and one.id in keyed]
    asked = [one for one in sat if one in keyed][:IN_KEY_PANEL]
    then = now - timedelta(days=9)
    ids = [one.id for one in people]
    with db.transaction() as session:
        key_panel = panels.create(
            session, Purpose.KEY, "Keys of the residential form", "Simulated: every answer here is drawn by a program.",
            now.date(), asked, ids, by=chair, now=then, simulated=True,
        )  # fmt: skip
        content = panels.create(
            session, Purpose.CONTENT, "Relevance and mapping", "Simulated: every rating here is drawn by a program.",
            now.date(), sat[:IN_CONTENT_PANEL], ids[:RATERS], by=chair, now=then, simulated=True,
        )  # fmt: skip
        waiting = panels.create(
            session, Purpose.KEY, "Keys of three drafts", "Answer from what the story says alone.",
            (now + timedelta(days=2)).date(), others[:WAITING], ids, by=chair, now=now, simulated=True,
        )  # fmt: skip
    _answer(key_panel, asked, people, seed, then)
    _rate(content, people[:RATERS], seed, then)
    _answer(waiting, others[:WAITING], people[1 : EXPERTS // 2], seed, now)
    for panel_id in (key_panel, content):
        with db.transaction() as session:
            job_id = panels.close(session, panel_id, by=chair, now=now - timedelta(days=1))
        _run(job_id, settings)
    _meeting(key_panel, chair, now)
    _think_aloud(asked[:2], staff["writer"], now)
    from sjt.results import key_doubt

    with db.transaction() as session:
        job_id = key_doubt.start(session, key_panel, by=chair, now=now)
    _run(job_id, settings)


def _experts(staff: Mapping[str, Actor], now: datetime) -> list[Actor]:
    """Give the one who may sign in, and eleven who exist as answers alone."""
    people = [staff[LOGIN]]
    with db.transaction() as session:
        for number in range(2, EXPERTS + 1):
            name = f"Simulated expert {number}"
            roles = frozenset({Role.EXPERT})
            made = accounts.add_person(
                session,
                login=f"simulated-expert-{number}",
                name=name,
                email="",
                roles=roles,
                by=staff["admin"],
                now=now,
            )
            people.append(Actor(str(made), name, roles))
    return people


def _answer(panel_id: UUID, scenarios: Iterable[str], people: Iterable[Actor], seed: int, at: datetime) -> None:
    """Let experts answer as able people would."""
    from sjt.authoring.simulated_statistics import simulated_items
    from sjt.psychometrics.simulate_judges import panel_rows

    wanted = set(scenarios)
    with db.session() as session:
        items = [item for item, _ in simulated_items(authoring.bank(session), seed=1) if item.scenario in wanted]
    given: dict[str, dict[str, Any]] = {}
    for row in panel_rows(items, raters=EXPERTS, seed=seed):
        _put(given.setdefault(row["rater"], {}), row)
    for expert, answers in zip(people, given.values(), strict=False):
        with db.transaction() as session:
            for item, response in answers.items():
                panels.save(session, panel_id, item, response, "", by=expert, now=at)


def _put(answers: dict[str, Any], row: Mapping[str, Any]) -> None:
    """Turn a row of a panel's file back into part of an answer."""
    item, option, said = row["item"], row["option"], row["response"]
    if row["format"] in ("rank", "rate"):
        answers.setdefault(item, {})[option] = int(said)
    elif row["format"] == "choose":
        answers.setdefault(item, []).extend([option] if said else [])
    elif row["format"] == "single" and said:
        answers[item] = option
    elif row["format"] == "most_least" and said:
        answers.setdefault(item, {})[said] = option


def _rate(panel_id: UUID, people: Iterable[Actor], seed: int, at: datetime) -> None:
    """Let raters agree with the writer's tags four times in five."""
    rng = random.Random(f"{seed}:relevance")
    with db.session() as session:
        bank = authoring.bank(session)
        scenarios = [bank.scenario(one) for one in panels.subjects_of(session, panels.panel(session, panel_id))]
    for one in people:
        with db.transaction() as session:
            for scenario in scenarios:
                own, codes = scenario.primary_codes(), list(bank.standard.allowed_codes(scenario.option))
                code = own[0] if rng.random() < 0.8 else rng.choice([*scenario.secondary_codes(), rng.choice(codes)])
                worth = rng.choices((4, 3, 2, 1), weights=(60, 32, 6, 2))[0]
                panels.save(session, panel_id, scenario.id, {"relevance": worth, "code": code}, "", by=one, now=at)


def _run(job_id: UUID, settings: Settings) -> None:
    from sjt.jobs import run as jobs_run
    from sjt.jobs import service as jobs

    with db.transaction() as session:
        jobs.claim(session, now=utc_now())
    jobs_run.run(job_id, settings)
    with db.session() as session:
        job = jobs.job(session, job_id)
    assert not job.error, job.error


def _meeting(panel_id: UUID, chair: Actor, now: datetime) -> None:
    """Decide two items, and leave the rest to whoever opens the demonstration."""
    with db.transaction() as session:
        present = "Petra Lang, chair\nWanda Price, writer\nSimulated experts 2 and 5"
        panels.hold(session, panel_id, now.date(), present, by=chair, now=now)
        reason = "Simulated: the meeting read the answers and found no second reading of the words."
        for item in list(panels.items_of(session, panel_id))[:2]:
            outcome = (
                Outcome.PANEL
                if panels.finding(session, panel_id, item).found["verdict"] != "reject"
                else Outcome.REWORD
            )
            panels.decide(session, panel_id, item, outcome, reason, {}, by=chair, now=now)


def _think_aloud(scenarios: Iterable[str], writer: Actor, now: datetime) -> None:
    notes = (
        ("Simulated: read the second response as speaking to the parent first.", "The response names who is told."),
        ("Simulated: understood as meant; the story took a second reading.", ""),
    )
    day = (now - timedelta(days=20)).date()
    for scenario, (heard, changed) in zip(scenarios, notes, strict=False):
        with db.transaction() as session:
            panels.note_think_aloud(
                session, scenario, day, "apprentice in year two, residential", heard, changed, by=writer, now=now
            )
