"""The bank as it now stands in the database, read once for each content."""

from __future__ import annotations

from datetime import date

from sqlmodel import Session

from sjt.authoring import banked, import_export, store
from sjt.authoring.bank import Reading, load_files, reread
from sjt.authoring.import_export import Prepared
from sjt.authoring.model import Bank
from sjt.authoring.states import Statistic
from sjt.authoring.tables import BankRow
from sjt.errors import NotFound

KEPT = 2
_readings: dict[str, Reading] = {}


def bank_exists(session: Session) -> bool:
    return store.bank(session) is not None


def current_row(session: Session, bank_id: str | None = None) -> BankRow:
    row = store.bank(session, bank_id)
    if row is None:
        name = f"bank {bank_id}" if bank_id else "bank"
        raise NotFound(f"There is no {name} yet. Import one: sjt bank import DIR, or Import on the page of scenarios.")
    return row


def reading(session: Session, bank_id: str | None = None) -> Reading:
    """Give the bank as read, with the lines its findings point to."""
    row = current_row(session, bank_id)
    found = _readings.get(row.sha256)
    if found is None:
        files = store.current_files(session, row)
        again = (reread(one, files) for one in reversed(list(_readings.values())))
        found = next((one for one in again if one is not None), None) or load_files(files)
        while len(_readings) >= KEPT:
            _readings.pop(next(iter(_readings)))
        _readings[row.sha256] = found
    return found


def bank(session: Session, bank_id: str | None = None) -> Bank:
    """Give the bank's values."""
    found = reading(session, bank_id).bank
    if found is None:
        raise NotFound(
            "The bank's settings or its standard cannot be read. Import it again; the import says what is wrong."
        )
    return found


def prepared(session: Session, bank_id: str | None = None, *, today: date) -> Prepared:
    """Give the bank with what the checks say of it today."""
    return import_export.prepare(reading(session, bank_id).files, today=today)


def bank_files(session: Session, bank_id: str | None = None) -> dict[str, bytes]:
    """Give what an export writes: every file, and the statistics that rooms recorded since the import."""
    row = current_row(session, bank_id)
    files = dict(reading(session, row.id).files)
    recorded = store.recorded_statistics(session, row.id)
    if recorded:
        held = files.get(banked.RECORDED)
        earlier = [] if held is None else banked.read_statistics(held.decode(), banked.RECORDED)
        rows = [
            Statistic(one.item, one.scenario_sha256, one.name, one.value, one.se, one.n, one.source, one.date)
            for one in recorded
        ]
        known = set(rows)
        kept = [one for one in earlier if one not in known]
        files[banked.RECORDED] = banked.statistics_text([*kept, *rows]).encode()
    return dict(sorted(files.items()))
