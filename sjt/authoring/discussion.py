"""Comment threads on scenarios: opened on a version, carried along while open, closed to those who may not see keys
unless their opener says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from sjt.access import Actor, Permission, may
from sjt.accounts import service as accounts
from sjt.audit import service as audit
from sjt.authoring import store
from sjt.authoring.draft_merge import label, tells_key
from sjt.authoring.tables import ScenarioRemark, ScenarioThread
from sjt.errors import Fault, InputError, MoveRefused, NotFound

MOST_WORDS = 4_000
"""Signs of one comment; more belongs in the scenario."""


@dataclass(frozen=True, slots=True)
class Remark:
    """One line of a thread."""

    did: str
    words: str
    version: int
    at: datetime
    who: str


@dataclass(frozen=True, slots=True)
class Thread:
    """A thread as a page shows it."""

    id: UUID
    version: int
    field: str
    where: str
    """The field in words; empty: the scenario as a whole."""
    for_all: bool
    resolved_at: datetime | None
    resolved_by: str
    carried: bool
    """Opened on an earlier version than the one shown, and still open."""
    remarks: tuple[Remark, ...]

    @property
    def is_open(self) -> bool:
        return self.resolved_at is None


def open_thread(
    session: Session, scenario_id: str, version: int, words: str, *, field: str = "", for_all: bool = False,
    by: Actor, now: datetime,
) -> UUID:  # fmt: skip
    """Begin a thread on a version, tied to a field where one is given.

    A thread of somebody who sees keys is hidden from those who do not, unless its opener shows it to all; on a field
    that tells of the key it is never shown to them.
    """
    _words(words)
    sees = may(by, Permission.SEE_KEY)
    if field and tells_key(field) and not sees:
        raise NotFound("There is no such field.")
    made = ScenarioThread(
        scenario_id=scenario_id,
        version=version,
        field=field[:80],
        for_all=(for_all or not sees) and not (field and tells_key(field)),
        opened_at=now,
        opened_by=by.id,
    )
    session.add(made)
    session.flush()
    _add(session, made, "said", words, version, by=by, now=now)
    _record(session, made, "comment_opened", words, by=by, now=now)
    return made.id


def reply(session: Session, thread_id: UUID, words: str, *, did: str = "said", by: Actor, now: datetime) -> str:
    """Answer in a thread, resolve it or open it again; give the scenario's id."""
    held = store.thread(session, thread_id, hold=True)
    if held is None or not (held.for_all or may(by, Permission.SEE_KEY)):
        raise NotFound("There is no such thread of comments.")
    if did not in ("said", "resolved", "reopened"):
        raise InputError(f"A thread has no button {did!r}. Load the page again.")
    if did == "said" or words.strip():
        _words(words)
    if did == "resolved":
        if held.resolved_at is not None:
            raise MoveRefused("This thread is resolved already.")
        held.resolved_at, held.resolved_by = now, by.id
    elif did == "reopened":
        if held.resolved_at is None:
            raise MoveRefused("This thread is open already.")
        held.resolved_at, held.resolved_by = None, ""
    session.add(held)
    row = store.scenario(session, held.scenario_id)
    _add(session, held, did, words, row.version if row is not None else 0, by=by, now=now)
    name = {"said": "comment_answered", "resolved": "comment_resolved", "reopened": "comment_reopened"}[did]
    _record(session, held, name, words, by=by, now=now)
    return held.scenario_id


def _words(words: str) -> None:
    if not words.strip() or len(words) > MOST_WORDS:
        what = "is empty." if not words.strip() else f"has more than {MOST_WORDS:,} signs."
        raise InputError("Nothing was kept.", [Fault("", "", "Comment", what, "Write what you found.")])


def _add(
    session: Session, held: ScenarioThread, did: str, words: str, version: int, *, by: Actor, now: datetime
) -> None:
    n = len(store.remarks(session, [held.id])) + 1
    text = words.replace("\r\n", "\n").strip()
    session.add(ScenarioRemark(thread_id=held.id, n=n, did=did, words=text, version=version, at=now, by=by.id))
    session.flush()


def _record(session: Session, held: ScenarioThread, did: str, words: str, *, by: Actor, now: datetime) -> None:
    body = {"thread": str(held.id), "field": held.field, "words": words.strip()}
    audit.record(session, by=by, did=f"scenario.{did}", on=held.scenario_id, at=now, body=body)


def threads(session: Session, scenario_id: str, *, by: Actor, version: int | None = None) -> list[Thread]:
    """Give the threads somebody may read: those open first; ``version`` leaves out what came after it."""
    sees = may(by, Permission.SEE_KEY)
    rows = [one for one in store.threads(session, scenario_id) if sees or one.for_all]
    if version is not None:
        rows = [one for one in rows if one.version <= version]
    said: dict[UUID, list[Remark]] = {}
    names: dict[str, str] = {}
    for one in store.remarks(session, [row.id for row in rows]):
        who = names.setdefault(one.by, accounts.name_of(session, one.by))
        said.setdefault(one.thread_id, []).append(Remark(one.did, one.words, one.version, one.at, who))
    row = store.scenario(session, scenario_id)
    current = version if version is not None else (row.version if row is not None else 0)
    return [
        Thread(
            one.id,
            one.version,
            one.field,
            label(one.field) if one.field else "",
            one.for_all,
            one.resolved_at,
            accounts.name_of(session, one.resolved_by) if one.resolved_by else "",
            one.resolved_at is None and one.version < current,
            tuple(said.get(one.id, ())),
        )
        for one in rows
    ]


def open_threads(session: Session, scenario_id: str, *, by: Actor) -> int:
    """Count the open threads somebody may read."""
    sees = may(by, Permission.SEE_KEY)
    return sum(1 for one in store.threads(session, scenario_id) if one.resolved_at is None and (sees or one.for_all))
