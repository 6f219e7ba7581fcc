"""An export of a large bank, made by the worker and kept for a day: packing it would keep a page waiting."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from sqlmodel import Session

from sjt.access import Actor
from sjt.authoring import import_export, service
from sjt.authoring.the_bank import current_row
from sjt.config import Settings
from sjt.errors import InputError, NotFound
from sjt.jobs import service as jobs
from sjt.jobs.context import JobContext
from sjt.times import utc_now

AT_ONCE: Final[Mapping[str, int]] = {"zip": 2_000, "xlsx": 100}
"""Scenarios up to which a page packs them itself, in about two seconds; measured on the shipped bank."""
KEPT: Final = timedelta(days=1)


def is_large(session: Session, kind: str) -> bool:
    """Tell whether an export of this kind is work for the worker."""
    return len(service.bank(session).scenarios) > AT_ONCE[kind]


def ask(session: Session, kind: str, *, by: Actor) -> UUID:
    """Ask the worker for an export."""
    if kind not in AT_ONCE:
        raise InputError(f"A bank is not exported as {kind!r}. Choose zip or xlsx.")
    title = f"Export of bank {current_row(session).id} as .{kind}"
    return jobs.enqueue(session, "bank.export", {"kind": kind}, by=by, now=utc_now(), title=title)


def export(args: Mapping[str, Any], context: JobContext) -> Mapping[str, Any]:
    """Write the export beside the data, readable by nobody else; what is older than a day goes."""
    kind = str(args["kind"])
    context.progress(0, 3, "Reading the bank")
    with context.session() as session:
        bank_id, files = current_row(session).id, service.bank_files(session)
        context.progress(1, 3, f"Packing {len(files)} files")
        context.check_cancelled()
        if kind == "zip":
            content = import_export.zip_of_files(files, bank_id)
        else:
            bank_id, content = service.bank_workbook(session)
    context.check_cancelled()
    context.progress(2, 3, "Writing it down")
    folder = _folder(context.settings)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for old in folder.iterdir():
        if old.stat().st_mtime < (utc_now() - KEPT).timestamp():
            old.unlink(missing_ok=True)
    place = folder / f"{context.job_id}.{kind}"
    half = place.with_suffix(".half")
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        out.write(content)
    half.rename(place)
    return {"bank": bank_id, "goes_to": f"/bank/exports/{context.job_id}"}


def finished(settings: Settings, job_id: UUID) -> tuple[str, bytes]:
    """Give the kind and the bytes of an export."""
    for kind in AT_ONCE:
        place = _folder(settings) / f"{job_id}.{kind}"
        if place.is_file():
            return kind, place.read_bytes()
    raise NotFound("This export is not there. Exports are kept for a day: export the bank again.")


def _folder(settings: Settings) -> Path:
    return settings.data_dir / "exports"
