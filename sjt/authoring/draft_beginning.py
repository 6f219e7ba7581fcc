"""How a draft begins: blank, from a document, from the bank, or as a new item made from another."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from sjt.access import Actor
from sjt.audit import service as audit
from sjt.authoring import store, store_drafts
from sjt.authoring.bank import key_file, load_pair, scenario_file
from sjt.authoring.draft import Cell, Fields, from_scenario, new_draft, tidy
from sjt.authoring.draft_steps import add_step, fields_of
from sjt.authoring.states import ScenarioState
from sjt.authoring.tables import (
    ScenarioDraft,
    ScenarioRow,
)
from sjt.authoring.the_bank import bank as current_bank
from sjt.authoring.the_bank import current_row
from sjt.errors import InputError, MoveRefused, NotFound


def start(session: Session, cell: Cell, *, by: Actor, now: datetime) -> UUID:
    """Begin a new scenario for a cell of the coverage map."""
    bank = current_bank(session)
    standard = bank.standard
    known = {
        "option": cell.option in ("core", *standard.option_ids),
        "outcome": cell.outcome in ("", *standard.outcome_ids),
        "code": not cell.ksb or cell.ksb in standard.allowed_codes(cell.option),
    }
    for what, stands in known.items():
        if not stands:
            raise InputError(
                f"Option {cell.option} of the standard has no such {what}. Choose one from the coverage page."
            )
    row = store.hold_bank(session, current_row(session).id)
    scenario_id = free_id(session, row.id)
    return _begin(session, scenario_id, 0, new_draft(bank, cell, author=by.name), by=by, now=now)


def bring_in(session: Session, found: Sequence[Fields], *, source: str, by: Actor, now: datetime) -> list[UUID]:
    """Make a draft of each scenario that was read from a document."""
    row = store.hold_bank(session, current_row(session).id)
    made = [_begin(session, free_id(session, row.id), 0, tidy(held), by=by, now=now) for held in found]
    body = {"document": source[:200], "drafts": [str(one) for one in made]}
    audit.record(session, by=by, did="bank.document_read", on=row.id, at=now, body=body)
    return made


def _begin(
    session: Session, scenario_id: str, base_n: int, held: Mapping[str, str], *, by: Actor, now: datetime
) -> UUID:
    row = ScenarioDraft(
        bank_id=current_row(session).id,
        scenario_id=scenario_id,
        open_for=scenario_id,
        base_n=base_n,
        revision=0,
        created_at=now,
        created_by=by.id,
        changed_at=now,
        changed_by=by.id,
    )
    session.add(row)
    session.flush()
    add_step(session, row, held, "begun", by=by, now=now, undo_to=0)
    body = {"draft": str(row.id), "from_version": base_n}
    audit.record(session, by=by, did="scenario.draft_begun", on=scenario_id, at=now, body=body)
    return row.id


def free_id(session: Session, bank_id: str) -> str:
    """Give the next id that no scenario and no draft of the bank has."""
    given = store_drafts.ids_given(session)
    heads = Counter(one.rpartition("-")[0] for one in given)
    letters = re.sub(r"[^a-z0-9]", "", bank_id).lstrip("0123456789") or "scenario"
    head = heads.most_common(1)[0][0] if heads else letters
    last = max((int(one.rpartition("-")[2]) for one in given if one.rpartition("-")[0] == head), default=0)
    return f"{head}-{last + 1:04d}"


def edit(session: Session, scenario_id: str, *, by: Actor, now: datetime) -> UUID:
    """Give the open draft of a scenario, begun from its current version if there is none."""
    known = _known(session, scenario_id)
    refuse_retired(known)
    held = store_drafts.open_draft_of(session, scenario_id)
    if held is not None:
        return held.id
    return _begin(session, scenario_id, known.version, version_fields(session, scenario_id), by=by, now=now)


def refuse_retired(row: ScenarioRow) -> None:
    if row.state is ScenarioState.RETIRED:
        raise MoveRefused(
            f"{row.id} is retired, so nobody edits it. Make a new item from it, or ask a test developer to bring "
            "it back."
        )


def reskin(session: Session, scenario_id: str, *, by: Actor, now: datetime) -> UUID:
    """Begin a new scenario that says what another says: its own id, its parent recorded, the two enemies for good.

    The parent's own file stays as it is, so that its key and statistics stay too; who is whose enemy is read from
    either file.
    """
    known = _known(session, scenario_id)
    held = version_fields(session, scenario_id)
    own_id = free_id(session, known.bank_id)
    enemies = list(dict.fromkeys([*held.get("enemies", "").split(), scenario_id]))
    title = f"{held.get('title', scenario_id)[:180]} (made anew)"
    made = held | {"title": title, "author": by.name, "reskin_of": scenario_id, "enemies": " ".join(enemies)}
    draft_id = _begin(session, own_id, 0, tidy(made), by=by, now=now)
    body = {"draft": str(draft_id), "scenario": own_id}
    audit.record(session, by=by, did="scenario.made_anew", on=scenario_id, at=now, body=body)
    return draft_id


def parent_of(session: Session, scenario_id: str) -> str:
    """Give the scenario that one was made from; empty for one with no parent."""
    row = store_drafts.open_draft_of(session, scenario_id)
    if row is not None and (found := fields_of(session, row).get("reskin_of")):
        return found
    return version_fields(session, scenario_id).get("reskin_of", "") if store.scenario(session, scenario_id) else ""


def _known(session: Session, scenario_id: str) -> ScenarioRow:
    row = current_row(session)
    store.hold_bank(session, row.id)
    known = store.scenario(session, scenario_id)
    if known is None or known.bank_id != row.id:
        raise NotFound(f"There is no scenario {scenario_id} in the bank.")
    return known


def version_fields(session: Session, scenario_id: str, n: int | None = None) -> dict[str, str]:
    """Give the fields of one version of a scenario, the current one if none is named."""
    if n is None:
        known = store.scenario(session, scenario_id)
        n = known.version if known else 0
    found = store.version(session, scenario_id, n)
    if found is None:
        raise NotFound(f"Scenario {scenario_id} has no version {n}.")
    files = {scenario_file(found.folder): bytes(found.scenario_bytes)}
    if found.key_bytes is not None:
        files[key_file(found.key_folder)] = bytes(found.key_bytes)
    scenario, keys = load_pair(files)
    return from_scenario(scenario, keys)
