"""The links beside the parts of the editor: what else there is about the scenario, each with its count."""

from __future__ import annotations

from flask import url_for
from sqlmodel import Session

from sjt.authoring import store
from sjt.authoring.measured import statistics
from sjt.authoring.tables import ScenarioDraft

Tab = tuple[str, str, str]
"""Words, address, count in words."""


def of_draft(session: Session, row: ScenarioDraft) -> list[Tab]:
    """Give the links of a draft's page."""
    versions = len(store.versions(session, row.scenario_id)) if row.base_n else 0
    items = _measured(session, row.scenario_id)
    return [
        ("History", url_for("writing.draft_history", draft_id=row.id), str(versions) if versions else "none yet"),
        (
            "Statistics",
            url_for("writing.statistics", scenario_id=row.scenario_id),
            f"{items} item{'' if items == 1 else 's'}" if items else "none yet",
        ),
    ]


def _measured(session: Session, scenario_id: str) -> int:
    """Count the items of a scenario that have been measured."""
    return sum(1 for item in statistics(session) if item.rpartition("-")[0] == scenario_id)
