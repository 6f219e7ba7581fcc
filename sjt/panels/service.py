"""The front of the panels: what pages, jobs and other rooms call, with ``session``, ``by``, ``now``; never commits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from sjt.access import Actor
from sjt.audit import service as audit
from sjt.authoring.model import Format
from sjt.authoring.versions import held_version
from sjt.errors import Fault, InputError, NotFound
from sjt.panels import asking, store
from sjt.panels.answering import leave, membership, require_answering, save
from sjt.panels.asking import (
    answers_csv,
    close,
    create,
    faults_of_person,
    invite,
    invite_new,
    items_of,
    leave_out,
    panel,
    subjects_of,
)
from sjt.panels.meeting import decide, finding, hold, settle, settlement
from sjt.panels.model import PanelState, Purpose
from sjt.panels.tables import ExpertFinding, ExpertPanel, ThinkAloud

__all__ = [
    "DrawnItem",
    "answers_csv",
    "close",
    "computed_key_panels",
    "content_of_bank",
    "content_said",
    "create",
    "decide",
    "drawn_keys",
    "faults_of_person",
    "finding",
    "hold",
    "invite",
    "invite_new",
    "is_computed",
    "items_of",
    "keep_findings",
    "leave",
    "leave_out",
    "membership",
    "note_think_aloud",
    "panel",
    "require_answering",
    "save",
    "settle",
    "settlement",
    "subjects_of",
]


def keep_findings(
    session: Session,
    panel_id: UUID,
    bodies: Mapping[str, tuple[Mapping[str, Any], Mapping[str, Any]]],
    summary: Mapping[str, Any],
    *,
    now: datetime,
) -> None:
    """Keep what the worker computed; the same answers give the same again."""
    found = asking.panel(session, panel_id)
    held = store.findings(session, panel_id)
    for subject, (body, drawn) in bodies.items():
        row = held.get(subject) or ExpertFinding(
            panel_id=panel_id, subject=subject, found={}, drawn={}, computed_at=now
        )
        row.found, row.drawn, row.computed_at = dict(body), dict(drawn), now
        session.add(row)
    found.summary = dict(summary)
    session.add(found)
    session.flush()


def content_said(session: Session, found: ExpertPanel) -> dict[str, list[Any]]:
    """Give scenario → what each rater of one panel says of it."""
    return {scenario: list(answers.values()) for scenario, answers in asking.counted(session, found).items()}


def content_of_bank(session: Session, closing: ExpertPanel) -> dict[str, list[Any]]:
    """Give scenario → what the raters of every closed panel say of its text as it stands; older words are left out."""
    said: dict[str, list[Any]] = {}
    for found in store.closed_content_panels(session, closing.bank_id):
        if found.simulated is not closing.simulated:
            continue
        given = content_said(session, found)
        for row in store.scenarios(session, found.id):
            then = held_version(session, row.scenario_id, row.version)
            if then.scenario_sha256 == held_version(session, row.scenario_id).scenario_sha256:
                said.setdefault(row.scenario_id, []).extend(given.get(row.scenario_id, ()))
    return dict(sorted(said.items()))


@dataclass(frozen=True, slots=True)
class DrawnItem:
    """One item's keys over a panel's drawn panels."""

    item: str
    format: Format
    scenario_version: str
    """The text the panel read."""
    keys: list[tuple[Any, float]]
    drawn: list[int]


def drawn_keys(session: Session, panel_id: UUID) -> list[DrawnItem]:
    """Give the keys that drawn panels give; for results, which count whom they would pass."""
    items = asking.items_of(session, panel_id)
    return [
        DrawnItem(
            subject,
            items[subject][1].format,
            items[subject][0].scenario_sha256,
            [(key, share) for key, share in row.drawn["keys"]],
            list(row.drawn["drawn"]),
        )
        for subject, row in sorted(store.findings(session, panel_id).items())
        if row.drawn and subject in items
    ]


def computed_key_panels(session: Session) -> list[ExpertPanel]:
    """Give the key panels that are closed and whose keys are drawn, the newest first."""
    return [one for one in store.panels(session) if is_computed(session, one.id)]


def is_computed(session: Session, panel_id: UUID) -> bool:
    """Tell whether a panel is closed and its keys are drawn."""
    found = asking.panel(session, panel_id)
    return found.state is PanelState.CLOSED and found.purpose is Purpose.KEY and found.summary is not None


def note_think_aloud(
    session: Session,
    scenario_id: str,
    held_on: date,
    who: str,
    finding_words: str,
    changed: str,
    *,
    by: Actor,
    now: datetime,
) -> None:
    """Record what was heard while somebody thought aloud over the current version, and what came of it."""
    held = held_version(session, scenario_id)
    faults = []
    if held_on > now.date():
        faults.append(Fault("", "", "Day", "is still to come.", "Give the day it was held."))
    if not who.strip():
        faults.append(Fault("", "", "With whom", "is empty.", "Give the role, such as apprentice in year two."))
    if not finding_words.strip():
        faults.append(Fault("", "", "What was heard", "is empty.", "Write what was understood otherwise than meant."))
    if faults:
        raise InputError("The note was not recorded.", faults)
    if held.n < 1:
        raise NotFound(f"There is no scenario {scenario_id}.")
    session.add(
        ThinkAloud(
            scenario_id=scenario_id,
            version=held.n,
            held_on=held_on,
            who=who.strip()[:200],
            finding=finding_words.strip(),
            changed=changed.strip(),
            at=now,
            by=by.id,
        )
    )
    session.flush()
    body = {"version": held.n, "changed": bool(changed.strip())}
    audit.record(session, by=by, did="scenario.thought_aloud", on=scenario_id, at=now, body=body)
