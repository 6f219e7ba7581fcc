"""What is on record of a scenario's validity and of the whole bank's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from sjt.accounts import service as accounts
from sjt.authoring import service as authoring
from sjt.authoring.model import Scenario
from sjt.authoring.versions import held_version
from sjt.panels import store
from sjt.panels.model import Purpose
from sjt.panels.tables import ExpertPanel, KeySettlement, ThinkAloud


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is on record of a scenario's validity: relevance, mapping, thinking aloud, panels."""

    scenario: Scenario
    version: int
    contents: Sequence[tuple[ExpertPanel, int, Mapping[str, Any], bool]]
    """Panel, version it read, what it found, whether that is the text as it stands."""
    panels: Sequence[tuple[ExpertPanel, int, KeySettlement | None, bool]]
    notes: Sequence[tuple[ThinkAloud, str]]
    tags: Sequence[str]


def evidence(session: Session, scenario_id: str) -> Evidence:
    now = held_version(session, scenario_id)
    contents, panels = [], []
    for found, row in store.panels_on(session, scenario_id):
        then = held_version(session, scenario_id, row.version)
        same = then.scenario_sha256 == now.scenario_sha256
        if found.purpose is Purpose.KEY:
            panels.append((found, row.version, store.settlements(session, found.id).get(scenario_id), same))
        elif (finding := store.findings(session, found.id).get(scenario_id)) is not None:
            contents.append((found, row.version, finding.found, same))
    return Evidence(
        now.scenario,
        now.n,
        contents,
        panels,
        [(one, accounts.name_of(session, one.by)) for one in store.think_aloud(session, scenario_id)],
        [tag.code for tag in now.scenario.ksbs if tag.role == "primary"],
    )


@dataclass(frozen=True, slots=True)
class Validity:
    """What raters say of the bank as a whole."""

    panel: ExpertPanel | None
    """The last closed panel on content, whose computing pooled all."""
    bank: Mapping[str, Any]
    rows: Sequence[tuple[Scenario, Mapping[str, Any] | None, int]]
    """Scenario, what raters of its text as it stands say, and notes of thinking aloud."""


def validity(session: Session) -> Validity:
    bank = authoring.bank(session)
    last = next((one for one in store.closed_content_panels(session, bank.settings.id) if one.summary), None)
    whole = (last.summary or {}).get("bank", {}) if last else {}
    found = {one["scenario"]: one for one in whole.get("scenarios", ())}
    notes = store.think_aloud_counts(session)
    rows = [(one, found.get(one.id), notes.get(one.id, 0)) for one in bank.scenarios]
    # what is on record first; the rest is what is still to be done
    rows.sort(key=lambda row: (row[1] is None, row[2] == 0))
    return Validity(last, whole, rows)
