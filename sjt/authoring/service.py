"""The deeds of the authoring room, and what other rooms ask of it: the bank, frozen forms, plans, statistics.

The deeds on forms are in ``publishing.py`` and ``sets.py``; this module is their front door.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlmodel import Session

from sjt.access import Actor
from sjt.audit import service as audit
from sjt.authoring import banked, drafting, import_export, office, store, workbook
from sjt.authoring.arriving import Elsewhere
from sjt.authoring.bank import Reading
from sjt.authoring.checks import Report
from sjt.authoring.held_forms import HeldForm as HeldForm
from sjt.authoring.held_forms import SetLine as SetLine
from sjt.authoring.held_forms import forms_of_set as forms_of_set
from sjt.authoring.held_forms import held_form as held_form
from sjt.authoring.held_forms import numbers_of_set as numbers_of_set
from sjt.authoring.held_forms import set_lines as set_lines
from sjt.authoring.import_export import Imported, Prepared
from sjt.authoring.model import Scenario
from sjt.authoring.plan import Evidence, Plan
from sjt.authoring.pools import Pool as Pool
from sjt.authoring.pools import pool as pool
from sjt.authoring.pools import pools as pools
from sjt.authoring.pools import rooms as rooms
from sjt.authoring.publishing import (
    form_facts as form_facts,
)
from sjt.authoring.publishing import (
    form_line as form_line,
)
from sjt.authoring.publishing import (
    paper as paper,
)
from sjt.authoring.publishing import (
    publish_form as publish_form,
)
from sjt.authoring.publishing import (
    publish_set as publish_set,
)
from sjt.authoring.publishing import (
    published_forms as published_forms,
)
from sjt.authoring.publishing import (
    secret as secret,
)
from sjt.authoring.publishing import standing as standing
from sjt.authoring.publishing import (
    withdraw_form as withdraw_form,
)
from sjt.authoring.sets import BlueprintLine as BlueprintLine
from sjt.authoring.sets import (
    begin_again as begin_again,
)
from sjt.authoring.sets import blueprints as blueprints
from sjt.authoring.sets import (
    form_set as form_set,
)
from sjt.authoring.sets import put_set as put_set
from sjt.authoring.sets import (
    start_set as start_set,
)
from sjt.authoring.sets import start_verification as start_verification
from sjt.authoring.standard import Standard
from sjt.authoring.states import ScenarioLine, ScenarioState, Statistic, VersionLine
from sjt.authoring.tables import BankedStatistic, BankFile, BankRow
from sjt.authoring.the_bank import bank as bank
from sjt.authoring.the_bank import bank_exists as bank_exists
from sjt.authoring.the_bank import bank_files as bank_files
from sjt.authoring.the_bank import current_row, reading
from sjt.authoring.the_bank import prepared as prepared
from sjt.authoring.uses import FormUses as FormUses
from sjt.authoring.uses import changed_keys as changed_keys
from sjt.authoring.uses import form_uses as form_uses
from sjt.authoring.uses import keyed_items as keyed_items
from sjt.authoring.word_reader import WordReport, read_word
from sjt.errors import Fault, InputError, NotFound

_PANEL = re.compile(r"^[a-z0-9][a-z0-9-]{0,60}$")


def import_bank(session: Session, directory: Path, *, by: Actor, now: datetime, word: Elsewhere | None = None) -> str:
    """Import a bank whole, or, if it holds one error, not at all; give its id.

    Read and check the folder before the transaction opens (``import_export.prepare_directory``): the check is
    remembered by content, and this finds it done.
    """
    ready = import_export.prepare_directory(directory, today=now.date())
    return import_prepared(session, ready, by=by, now=now, word=word).bank_id


def import_prepared(
    session: Session, prepared_bank: Prepared, *, by: Actor, now: datetime, word: Elsewhere | None = None
) -> Imported:
    """Import a bank that was read and checked before; ``word`` signs that what comes is live elsewhere."""
    return import_export.put(session, prepared_bank, by=by, now=now, word=word)


def export_bank(session: Session, bank_id: str | None, directory: Path) -> str:
    """Write a bank into a new or empty folder: what was imported and never edited, byte for byte; give its id."""
    row = current_row(session, bank_id)
    import_export.export_to(directory, bank_files(session, row.id))
    return row.id


def held_reading(session: Session, bank_id: str = "") -> Reading | None:
    """Give a bank as it was read, or None while there is none of that id."""
    found = store.bank(session, bank_id or None)
    return reading(session, found.id) if found is not None else None


def checked_upload(
    session: Session, data: bytes, name: str, *, today: date
) -> tuple[workbook.Checked | None, InputError | None]:
    """Read and check an uploaded bank, a .zip of its folder or a workbook: what would be imported, or what is wrong."""
    if office.kind_of(data) != "workbook":
        ready, problem = import_export.checked_archive(data, today=today)
        return None if ready is None else workbook.Checked(ready, (), ()), problem
    try:
        book = workbook.read_workbook(data, name)
        return workbook.check_workbook(book, held_reading(session, book.bank_id), today=today), None
    except InputError as error:
        return None, error


def read_document(
    session: Session, data: bytes, name: str, *, author: str
) -> tuple[WordReport | None, InputError | None]:
    """Read the scenarios of a Word document into fields of drafts, or say why it cannot be read."""
    if office.kind_of(data) != "document":
        return None, InputError(f"{name} is not a Word document. Save it as .docx.")
    try:
        return read_word(data, name, bank(session), author=author), None
    except InputError as error:
        return None, error


def bank_workbook(session: Session, bank_id: str | None = None) -> tuple[str, bytes]:
    """Give a bank's id and all of it as an Excel workbook."""
    row = current_row(session, bank_id)
    states = {found.id: found.state.value for found in store.scenario_rows(session, row.id)}
    return row.id, workbook.bank_workbook(bank(session, row.id), bank_files(session, row.id), states)


def bank_template(session: Session) -> bytes:
    """Give an empty workbook with the lists of the bank and the next id that is free."""
    row = current_row(session)
    return workbook.template(bank(session, row.id), next_id=drafting.free_id(session, row.id))


def findings(session: Session, *, today: date, bank_id: str | None = None) -> Report:
    """Give what the checks say of the bank as it stands today."""
    return prepared(session, bank_id, today=today).report


def scenarios(session: Session, bank_id: str | None = None) -> list[ScenarioLine]:
    """List the scenarios that are in the bank."""
    row = current_row(session, bank_id)
    held = bank(session, row.id)
    rows = {found.id: found for found in store.scenario_rows(session, row.id)}
    lines = []
    for scenario in held.scenarios:
        keys = held.keys.get(scenario.id)
        known = rows[scenario.id]
        lines.append(
            ScenarioLine(
                id=scenario.id,
                title=scenario.title,
                option=scenario.option,
                outcomes=scenario.outcomes,
                formats=tuple(item.format.value for item in scenario.items),
                items=tuple(item.id for item in scenario.items),
                state=known.state,
                author=scenario.author,
                version=known.version,
                sha256=scenario.sha256,
                illustrative=keys is None or keys.status == "illustrative",
            )
        )
    return lines


def states(session: Session, bank_id: str | None = None) -> dict[str, ScenarioState]:
    """Tell where each scenario of the bank stands in its life."""
    row = current_row(session, bank_id)
    return {found.id: found.state for found in store.scenario_rows(session, row.id)}


def scenario_line(session: Session, scenario_id: str) -> ScenarioLine:
    """Give what a list says of one scenario."""
    return next(line for line in scenarios(session) if line.id == scenario_id)


def versions(session: Session, scenario_id: str) -> list[VersionLine]:
    """List every version of a scenario, newest first."""
    return [
        VersionLine(row.n, row.scenario_sha256, row.key_sha256, row.created_at, row.created_by)
        for row in store.versions(session, scenario_id)
    ]


def scenario(session: Session, scenario_id: str) -> Scenario:
    """Give the current version of a scenario."""
    for found in bank(session).scenarios if bank_exists(session) else ():
        if found.id == scenario_id:
            return found
    raise NotFound(f"There is no scenario {scenario_id} in the bank.")


def scenario_of_item(session: Session, item_id: str) -> Scenario:
    """Give the scenario an item stands on."""
    for found in bank(session).scenarios:
        if any(item.id == item_id for item in found.items):
            return found
    raise NotFound(f"There is no item {item_id} in the bank.")


def standard(session: Session) -> Standard:
    return bank(session).standard


def plans(session: Session) -> Mapping[str, Plan]:
    return bank(session).plans


def plan(session: Session, plan_id: str) -> Plan:
    """Give an assessment plan by its id."""
    found = bank(session).plans.get(plan_id)
    if found is None:
        known = ", ".join(sorted(bank(session).plans)) or "none"
        raise NotFound(f"There is no plan {plan_id}. The bank's plans are {known}.")
    return found


def plan_titles(session: Session) -> dict[str, str]:
    """Give each plan's title by its id, with the id where two share a title; none while there is no bank."""
    with suppress(NotFound):
        found = {plan_id: plan.title for plan_id, plan in bank(session).plans.items()}
        shared = {title for title, n in Counter(found.values()).items() if n > 1}
        return {plan_id: f"{title} ({plan_id})" if title in shared else title for plan_id, title in found.items()}
    return {}


def item_titles(session: Session) -> dict[str, str]:
    """Give the title of each item's scenario by the item's id; none while there is no bank."""
    with suppress(NotFound):
        return {item.id: found.title for found in bank(session).scenarios for item in found.items}
    return {}


def plan_evidence(session: Session, plan_id: str, option: str) -> tuple[Evidence, ...]:
    """Give what a plan's gateway asks of an apprentice of this option."""
    return plan(session, plan_id).evidence_required(option)


def record_statistics(session: Session, rows: Iterable[Statistic], *, by: Actor, now: datetime) -> int:
    """Keep what other rooms measured of items; an empty version means the current one."""
    row = current_row(session)
    versions = {item.id: s.sha256 for s in bank(session, row.id).scenarios for item in s.items}
    listed = list(rows)
    faults = [
        Fault("", one.item, "item", "There is no such item in the bank.", "Correct the item's id.")
        for one in listed
        if one.item not in versions and not one.scenario_sha256
    ]
    faults += [
        Fault("", one.item, one.name, f"{one.value} is not a number.", "Leave out what is undefined.")
        for one in listed
        if one.value != one.value or one.value in (float("inf"), float("-inf"))
    ]
    if faults:
        raise InputError("The statistics were not recorded.", faults)
    session.add_all(
        BankedStatistic(
            bank_id=row.id,
            item=one.item,
            scenario_sha256=one.scenario_sha256.removeprefix("sha256:") or versions[one.item],
            name=one.name,
            value=one.value,
            se=one.se,
            n=one.n,
            source=one.source,
            date=one.date or now.date().isoformat(),
            recorded_at=now,
            recorded_by=by.id,
        )
        for one in listed
    )
    session.flush()
    sources = sorted({one.source for one in listed})
    body = {"rows": len(listed), "sources": sources}
    audit.record(session, by=by, did="bank.statistics_recorded", on=row.id, at=now, body=body)
    return len(listed)


def statistics_by_item(session: Session, items: Iterable[str]) -> dict[str, list[Statistic]]:
    """Give what is known of each item: the bank's own files and what rooms recorded."""
    found: dict[str, list[Statistic]] = {item: [] for item in items}
    if bank_exists(session):
        for name, text in banked.in_folder(bank_files(session), banked.FOLDER).items():
            for one in banked.read_statistics(text, name):
                if one.item in found:
                    found[one.item].append(one)
    return found


def statistics_of(session: Session, item_id: str) -> list[Statistic]:
    """Give what is known of one item."""
    return statistics_by_item(session, [item_id])[item_id]


def judgement_files(session: Session) -> dict[str, str]:
    """Give the panels' judgements that stand in the bank, by file name."""
    return banked.in_folder(bank_files(session), banked.JUDGEMENTS)


def record_judgements(
    session: Session, panel: str, rows: Iterable[Mapping[str, Any]], *, by: Actor, now: datetime
) -> str:
    """Put a panel's judgements into the bank as ``judgements/<panel>.csv``; forms built from now on rest on them."""
    if not _PANEL.match(panel):
        raise InputError(f"A panel cannot be called {panel!r}. Use small letters, digits and hyphens.")
    row = current_row(session)
    path = f"{banked.JUDGEMENTS}/{panel}.csv"
    content = banked.judgements_text(rows).encode()
    put_file(session, row, path, content, now=now)
    body = {"path": path, "sha256": hashlib.sha256(content).hexdigest()}
    audit.record(session, by=by, did="bank.judgements_recorded", on=row.id, at=now, body=body)
    return path


def put_file(session: Session, row: BankRow, path: str, content: bytes, *, now: datetime) -> None:
    """Make a new version of the bank's files in which one differs."""
    _put_files(session, row, store.loose_files(session, row.id, row.version) | {path: content})


def remove_file(session: Session, row: BankRow, path: str) -> None:
    """Make a new version of the bank's files without one."""
    files = store.loose_files(session, row.id, row.version)
    del files[path]
    _put_files(session, row, files)


def _put_files(session: Session, row: BankRow, files: Mapping[str, bytes]) -> None:
    row.version += 1
    session.add_all(
        BankFile(
            bank_id=row.id,
            version=row.version,
            path=name,
            content=held,
            sha256=hashlib.sha256(held).hexdigest(),
        )
        for name, held in files.items()
    )
    session.add(row)
    session.flush()
    row.sha256 = import_export.sha256_of(store.current_hashes(session, row))
    session.add(row)
    session.flush()


def enemies_of(session: Session, scenarios: Iterable[str]) -> frozenset[str]:
    """Give the enemies and family members of scenarios: who has seen these may not be given those."""
    own = frozenset(scenarios)
    if not own or not bank_exists(session):
        return frozenset()
    held = bank(session).scenarios
    families = {one.family for one in held if one.id in own and one.family}
    named = {foe for one in held if one.id in own for foe in one.enemies}
    others = {one.id for one in held if one.id not in own and (one.family in families or own & set(one.enemies))}
    return frozenset(others | (named & {one.id for one in held})) - own
