"""One version of a scenario as it was written, and a new version that differs in its key alone."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session

from sjt.access import Actor
from sjt.audit import service as audit
from sjt.authoring import checks, import_export, store
from sjt.authoring.bank import key_file, load_files, load_pair, scenario_file
from sjt.authoring.model import KeySet, Scenario
from sjt.authoring.moving import put_move
from sjt.authoring.states import ScenarioState
from sjt.authoring.tables import ScenarioVersion
from sjt.authoring.the_bank import current_row, reading
from sjt.authoring.writer import key_text
from sjt.errors import Fault, MoveRefused, NotFound

KEPT = 400
_read: dict[tuple[str, str], tuple[Scenario, KeySet | None]] = {}


@dataclass(frozen=True)
class HeldVersion:
    """A version with its scenario and its key."""

    n: int
    scenario: Scenario
    keys: KeySet | None
    scenario_sha256: str
    key_sha256: str


def held_version(session: Session, scenario_id: str, n: int | None = None) -> HeldVersion:
    """Give a version of a scenario, the current one if none is named; final, so that it is read once."""
    if n is None:
        known = store.scenario(session, scenario_id)
        n = known.version if known else 0
    row = store.version(session, scenario_id, n)
    if row is None:
        raise NotFound(f"Scenario {scenario_id} has no version {n}.")
    place = (row.scenario_sha256, row.key_sha256)
    if place not in _read:
        while len(_read) >= KEPT:
            _read.pop(next(iter(_read)))
        _read[place] = load_pair(_files(row))
    scenario, keys = _read[place]
    return HeldVersion(n, scenario, keys, row.scenario_sha256, row.key_sha256)


def _files(row: ScenarioVersion) -> dict[str, bytes]:
    files = {scenario_file(row.folder): bytes(row.scenario_bytes)}
    if row.key_bytes is not None:
        files[key_file(row.key_folder)] = bytes(row.key_bytes)
    return files


def faults_with_key(session: Session, keys: KeySet, *, today: date) -> list[Fault]:
    """Run the rules on a scenario with another key, as if it stood in the bank; outside a transaction."""
    held: Mapping[str, bytes] = reading(session).files
    scenario = next(one for one in reading(session).bank.scenarios if one.id == keys.scenario)  # type: ignore[union-attr]  # a bank in the database was sound when it came in
    files = {**held, key_file(scenario.folder): key_text(keys).encode()}
    report = checks.check(load_files(files), today=today, only=[keys.scenario])
    return [
        Fault(one.file, f"line {one.line}", one.rule, one.message, one.remedy)
        for one in report.errors
        if one.scenario == keys.scenario
    ]


def put_key(session: Session, keys: KeySet, base: HeldVersion, *, by: Actor, now: datetime) -> int:
    """Make the next version of a scenario: the text of ``base``, byte for byte, with another key.

    Refused when the scenario has moved on from ``base``: a key belongs to the words it was set on. Like any new
    version it begins as a draft and goes through its gates, so that no key comes into use unread.
    """
    scenario_id = keys.scenario
    bank = store.hold_bank(session, current_row(session).id)
    known = store.scenario(session, scenario_id)
    before = store.version(session, scenario_id, base.n)
    if known is None or before is None or known.bank_id != bank.id:
        raise NotFound(f"There is no scenario {scenario_id} in the bank.")
    if known.version != base.n:
        raise MoveRefused(
            f"{scenario_id} is at version {known.version}; the key was set on version {base.n}. Ask a panel again."
        )
    if known.state is ScenarioState.RETIRED:
        raise MoveRefused(f"{scenario_id} is retired, so its key changes no more.")
    content = key_text(keys).encode()
    n = max(held.n for held in store.versions(session, scenario_id)) + 1
    known.version = n
    session.add(known)
    session.add(
        ScenarioVersion(
            scenario_id=scenario_id,
            n=n,
            folder=before.folder,
            scenario_bytes=bytes(before.scenario_bytes),
            scenario_sha256=before.scenario_sha256,
            key_folder=before.key_folder,
            key_bytes=content,
            key_sha256=hashlib.sha256(content).hexdigest(),
            created_at=now,
            created_by=by.id,
        )
    )
    session.flush()
    bank.sha256 = import_export.content_sha256(store.current_files(session, bank))
    session.add(bank)
    session.flush()
    put_move(session, known, "write", ScenarioState.DRAFT, by=by, now=now)
    body = {"version": n, "from_version": base.n, "status": keys.status}
    audit.record(session, by=by, did="scenario.key_settled", on=scenario_id, at=now, body=body)
    return n
