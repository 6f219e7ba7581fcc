"""Blueprints as deeds: saved from a page or a file, with every version kept; asked about; put away.

A blueprint is a file of the bank. What was never edited keeps its bytes; what a page saved was written canonically.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from sjt.access import Actor
from sjt.audit import service as audit
from sjt.authoring import service, store
from sjt.authoring.blueprint import Blueprint, parse
from sjt.authoring.blueprint_text import blueprint_text, remarks_of
from sjt.authoring.blueprint_versions import keep_version
from sjt.authoring.tables import BlueprintVersion
from sjt.authoring.the_bank import bank, bank_files, current_row
from sjt.errors import Conflict, Fault, InputError, MoveRefused, NotFound
from sjt.jobs import service as jobs

BEAR = "forms.bear"
RESERVED = frozenset({"new", "import", "bears", "answers"})
"""Words of addresses, which no blueprint can be called."""
MOST_ASKED = 40
"""Forms that the solver is asked for at once, before there is a set."""


@dataclass(frozen=True, slots=True)
class HeldBlueprint:
    """A blueprint's file as the bank has it."""

    name: str
    """The file's name without ``.toml``: its address."""
    path: str
    content: bytes
    sha256: str
    blueprint: Blueprint | None
    faults: tuple[Fault, ...]


def path_of(name: str) -> str:
    return f"blueprints/{name}.toml"


def held(session: Session, name: str) -> HeldBlueprint:
    """Give one blueprint of the bank, one that cannot be read too."""
    path = path_of(name)
    content = bank_files(session).get(path)
    if content is None or "/" in name:
        raise NotFound(f"There is no blueprint {name} in the bank.")
    return _read(path, content)


def _read(path: str, content: bytes) -> HeldBlueprint:
    name, digest = path.removeprefix("blueprints/").removesuffix(".toml"), hashlib.sha256(content).hexdigest()
    try:
        return HeldBlueprint(name, path, content, digest, parse(_decoded(content, path), path), ())
    except InputError as error:
        return HeldBlueprint(name, path, content, digest, None, tuple(error.faults))


def _decoded(content: bytes, file: str) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        fault = Fault(file, "", "", "The file is not UTF-8.", "Save it as UTF-8.")
        raise InputError(f"{file} cannot be read as a blueprint.", [fault]) from error


def all_held(session: Session) -> list[HeldBlueprint]:
    """List the bank's blueprints by name."""
    return [
        _read(path, content)
        for path, content in bank_files(session).items()
        if path.startswith("blueprints/") and path.endswith(".toml") and path.count("/") == 1
    ]


def versions(session: Session, name: str) -> list[BlueprintVersion]:
    """Give every kept version of a blueprint, newest first; one that came with the bank's import is its first."""
    row = current_row(session)
    found = list(store.blueprint_versions(session, row.id, path_of(name)))
    if not found:
        one = held(session, name)
        found = [
            BlueprintVersion(
                bank_id=row.id, path=one.path, n=1, content=one.content, sha256=one.sha256,
                created_at=row.imported_at, created_by=row.imported_by,
            )
        ]  # fmt: skip
    return found


def version(session: Session, name: str, n: int) -> BlueprintVersion:
    """Give one version."""
    for one in versions(session, name):
        if one.n == n:
            return one
    raise NotFound(f"Blueprint {name} has no version {n}.")


def save(session: Session, plan: Blueprint, *, base: str, by: Actor, now: datetime) -> bool:
    """Save a blueprint that a page edited; tell whether anything changed.

    ``base`` is the hash of the file it goes out from, empty for a new one: whoever saved meanwhile is not overwritten.
    """
    path = path_of(plan.id)
    row = current_row(session)
    if plan.bank != row.id:
        raise InputError(f"Blueprint {plan.id} is for bank {plan.bank}, and this is {row.id}.")
    before = store.loose_file(session, row.id, row.version, path)
    if before is None and base:
        raise Conflict(f"Blueprint {plan.id} was taken out of the bank meanwhile. Go back and save it as a new one.")
    if before is not None and before.sha256 != base:
        raise Conflict(
            f"Somebody saved blueprint {plan.id} meanwhile. Go back, copy what you changed, and load the page again."
            if base
            else f"There is a blueprint {plan.id} already. Go back and give this one another name."
        )
    remarks = ""
    if before is not None:
        text = _decoded(bytes(before.content), path)
        remarks = remarks_of(text)
        if _same(text, plan, path):
            return False
    _put(session, path, blueprint_text(plan, remarks).encode(), "edited", by=by, now=now)
    return True


def _same(text: str, plan: Blueprint, path: str) -> bool:
    try:
        return parse(text, path).as_json() == plan.as_json()
    except InputError:
        return False


def import_file(session: Session, content: bytes, file: str, *, by: Actor, now: datetime) -> tuple[str, bool]:
    """Put a BLUEPRINT.toml into the bank, bytes as they are; give its name and whether that changed anything."""
    plan = parse(_decoded(content, file), file)
    row = current_row(session)
    faults = []
    if plan.bank != row.id:
        faults.append(
            Fault(
                file, "", "bank", f"It is for bank {plan.bank}, and this is {row.id}.", "Correct it, or import there."
            )
        )
    if plan.option not in bank(session).standard.option_ids:
        faults.append(Fault(file, "", "option", f"The standard has no option {plan.option}.", "Correct it."))
    if plan.id in RESERVED:
        faults.append(Fault(file, "", "id", f"{plan.id} is a word of this page's addresses.", "Give it another name."))
    if faults:
        raise InputError("The blueprint was not imported.", faults)
    path = path_of(plan.id)
    before = store.loose_file(session, row.id, row.version, path)
    if before is not None and bytes(before.content) == content:
        return plan.id, False
    _put(session, path, content, "imported", by=by, now=now)
    return plan.id, True


def _put(session: Session, path: str, content: bytes, came: str, *, by: Actor, now: datetime) -> None:
    row = current_row(session)
    before = store.loose_file(session, row.id, row.version, path)
    if before is not None:
        keep_version(session, row.id, path, bytes(before.content), by=row.imported_by, now=row.imported_at)
    service.put_file(session, row, path, content, now=now)
    n = keep_version(session, row.id, path, content, by=by.id, now=now)
    body = {"path": path, "version": n, "sha256": hashlib.sha256(content).hexdigest(), "came": came}
    audit.record(session, by=by, did="bank.blueprint_saved", on=row.id, at=now, body=body)


def remove(session: Session, name: str, *, by: Actor, now: datetime) -> None:
    """Take a blueprint out of the bank; its versions and the sets built from it stay."""
    row = current_row(session)
    path = path_of(name)
    before = store.loose_file(session, row.id, row.version, path)
    if before is None:
        raise NotFound(f"There is no blueprint {name} in the bank.")
    keep_version(session, row.id, path, bytes(before.content), by=row.imported_by, now=row.imported_at)
    service.remove_file(session, row, path)
    audit.record(session, by=by, did="bank.blueprint_removed", on=row.id, at=now, body={"path": path})


def ask(session: Session, plan: Blueprint, *, forms: int, by: Actor, now: datetime) -> UUID:
    """Ask the solver whether so many forms exist of a blueprint that need not be saved; give the job's id."""
    if not 1 <= forms <= MOST_ASKED:
        raise MoveRefused(f"The solver is asked for 1 to {MOST_ASKED} forms at once. Build a set for more.")
    title = f"Ask what the bank bears: {forms} form{'' if forms == 1 else 's'} of {plan.id}"
    args = {"blueprint": dict(plan.as_json()), "forms": forms, "at": now.isoformat()}
    return jobs.enqueue(session, BEAR, args, by=by, now=now, title=title)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the solver's job says so far: its state, its progress, and the answer once there is one."""

    job_id: UUID
    state: str
    message: str
    done: int
    total: int
    forms: int
    blueprint: Mapping[str, object]
    result: Mapping[str, object] | None
    error: str

    @property
    def is_over(self) -> bool:
        return self.state in ("done", "failed", "cancelled")


def answer(session: Session, job_id: UUID) -> Answer:
    """Give the answer to a question that was asked."""
    job = jobs.job(session, job_id)
    if job.kind != BEAR:
        raise NotFound("There is no such answer.")
    return Answer(
        job.id, job.state.value, job.message, job.done, job.total, int(job.args["forms"]), job.args["blueprint"],
        job.result, job.error,
    )  # fmt: skip
