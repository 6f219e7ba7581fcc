"""The key panel's gate: what a panel found of the key of one version, written by whoever runs panels."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from sjt.access import Actor
from sjt.audit import service as audit
from sjt.authoring import store
from sjt.authoring.bank import key_file, load_pair, scenario_file
from sjt.authoring.tables import KeyPanelVerdict, ScenarioVersion
from sjt.errors import NotFound


@dataclass(frozen=True, slots=True)
class PanelVerdict:
    """What is known of a panel's agreement on the key of one version."""

    passed: bool
    detail: str
    at: datetime | None
    """Empty where the key file itself says that a panel set it on this very text."""
    by: str


def record_panel_verdict(
    session: Session, scenario_id: str, version: int, *, passed: bool, detail: str, by: Actor, now: datetime
) -> None:
    """Keep what a panel found of the key of a version; a later verdict stands beside the earlier and counts."""
    found = _version(session, scenario_id, version)
    session.add(
        KeyPanelVerdict(
            scenario_id=scenario_id,
            version=version,
            key_sha256=found.key_sha256,
            passed=passed,
            detail=detail,
            at=now,
            by=by.id,
        )
    )
    session.flush()
    body = {"version": version, "key_sha256": found.key_sha256, "passed": passed, "detail": detail}
    audit.record(session, by=by, did="scenario.panel_verdict", on=scenario_id, at=now, body=body)


def panel_verdict(session: Session, scenario_id: str, version: int) -> PanelVerdict | None:
    """Give the last verdict on a version's key, or what its file says; None: no panel has looked at it."""
    found = _version(session, scenario_id, version)
    last = store.panel_verdict(session, scenario_id, version)
    if last is not None:
        return PanelVerdict(last.passed, last.detail, last.at, last.by)
    if found.key_bytes is None:
        return None
    files = {
        scenario_file(found.folder): bytes(found.scenario_bytes),
        key_file(found.key_folder): bytes(found.key_bytes),
    }
    _, keys = load_pair(files)
    if keys is not None and keys.status == "panelled" and keys.set_on == f"sha256:{found.scenario_sha256}":
        return PanelVerdict(True, "The key file says that a panel set it on this text.", None, found.created_by)
    return None


def panel_passed(session: Session, scenario_id: str, version: int) -> bool:
    """Tell whether a panel agreed on the key of this version."""
    found = panel_verdict(session, scenario_id, version)
    return found is not None and found.passed


def _version(session: Session, scenario_id: str, n: int) -> ScenarioVersion:
    found = store.version(session, scenario_id, n)
    if found is None:
        raise NotFound(f"Scenario {scenario_id} has no version {n}.")
    return found
