"""Tasks on scenarios: asked of one person with a day, done by the deed itself or by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from sqlmodel import Session

from sjt.access import Actor, Permission, may
from sjt.accounts import service as accounts
from sjt.audit import service as audit
from sjt.authoring import store
from sjt.authoring.states import TaskKind
from sjt.authoring.tables import ScenarioTask
from sjt.errors import Fault, InputError, MoveRefused, NotFound

USUAL_DAYS: Final = 10
MOST_DAYS: Final = 730
KIND_WORDS: Final[Mapping[TaskKind, str]] = {
    TaskKind.REVIEW: "Review this",
    TaskKind.FAIRNESS: "Sign off fairness",
    TaskKind.REVISE: "Revise",
    TaskKind.PANEL: "Run the key panel",
    TaskKind.STATISTICS: "Look at the trial statistics",
    TaskKind.LAW: "Check against law and guidance",
    TaskKind.OTHER: "Something else",
}
NEEDS: Final[Mapping[TaskKind, Permission]] = {
    TaskKind.REVIEW: Permission.REVIEW_SCENARIO,
    TaskKind.FAIRNESS: Permission.SIGN_FAIRNESS,
    TaskKind.REVISE: Permission.EDIT_SCENARIO,
    TaskKind.PANEL: Permission.APPROVE_SCENARIO,
    TaskKind.STATISTICS: Permission.SEE_STATISTICS,
    TaskKind.LAW: Permission.DISCUSS_SCENARIO,
    TaskKind.OTHER: Permission.DISCUSS_SCENARIO,
}
"""What the person asked must be allowed to do."""
_ENDED_BY: Final[Mapping[str, tuple[TaskKind, ...]]] = {
    "write": (TaskKind.REVIEW, TaskKind.FAIRNESS, TaskKind.REVISE),
    "import": (TaskKind.REVIEW, TaskKind.FAIRNESS, TaskKind.REVISE),
    "take_back": (TaskKind.REVIEW, TaskKind.FAIRNESS),
    "return": (TaskKind.REVIEW, TaskKind.FAIRNESS),
    "send": (TaskKind.REVISE,),
    "live": (TaskKind.REVIEW, TaskKind.FAIRNESS, TaskKind.REVISE, TaskKind.PANEL, TaskKind.STATISTICS),
    "retire": tuple(TaskKind),
}
"""Moves that leave nothing to do of these kinds: a new version wants a new look, a retired one none."""


def usual_day(now: datetime) -> date:
    return now.date() + timedelta(days=USUAL_DAYS)


def ask(
    session: Session,
    scenario_id: str,
    kind: TaskKind,
    assignee: str,
    due: date,
    words: str = "",
    *,
    by: Actor,
    now: datetime,
) -> UUID:
    """Ask one person for something by a day; asking again for the same moves the day."""
    if faults := _faults(session, kind, assignee, due, words, now):
        raise InputError("The task was not made.", faults)
    row = store.scenario(session, scenario_id)
    version = row.version if row is not None else 0
    for held in store.tasks(session, assignee=assignee, scenario_id=scenario_id):
        if held.kind is kind and held.version == version and kind is not TaskKind.OTHER:
            held.due, held.words = due, words.strip() or held.words
            session.add(held)
            session.flush()
            return held.id
    made = ScenarioTask(
        scenario_id=scenario_id,
        version=version,
        kind=kind,
        assignee=assignee,
        words=words.strip(),
        due=due,
        asked_at=now,
        asked_by=by.id,
    )
    session.add(made)
    session.flush()
    body = {"task": str(made.id), "kind": kind.value, "of": assignee, "due": due.isoformat(), "words": made.words}
    audit.record(session, by=by, did="scenario.task_asked", on=scenario_id, at=now, body=body)
    return made.id


def _faults(session: Session, kind: TaskKind, assignee: str, due: date, words: str, now: datetime) -> list[Fault]:
    faults = []
    person = accounts.actor_of(session, assignee)
    if person is None or not may(person, NEEDS[kind]):
        who = accounts.name_of(session, assignee)
        what = f"{who} may not {NEEDS[kind].value}."
        faults.append(Fault("", "", "Who", what, "Choose somebody whose role lets them."))
    if not now.date() <= due <= now.date() + timedelta(days=MOST_DAYS):
        faults.append(Fault("", "", "Due", f"{due:%-d %B %Y} is past, or years away.", "Give a day from today on."))
    if kind is TaskKind.OTHER and not words.strip():
        faults.append(Fault("", "", "In your words", "It does not say what is to be done.", "Write it."))
    return faults


def open_tasks(session: Session) -> Sequence[ScenarioTask]:
    """Give every open task, the one due first first."""
    return store.tasks(session)


def why_not(session: Session, kind: TaskKind, assignee: str, due: date, words: str, now: datetime) -> str:
    """Say why such a task cannot be made; empty when it can."""
    return " ".join(f"{one.what} {one.remedy}" for one in _faults(session, kind, assignee, due, words, now))


def finish(session: Session, task_id: UUID, *, by: Actor, now: datetime, how: str = "done") -> None:
    """Say that a task is done, or put it away; who was asked, who asked, and test developers may."""
    held = store.task(session, task_id, hold=True)
    if held is None:
        raise NotFound("There is no such task.")
    if by.id not in (held.assignee, held.asked_by) and not may(by, Permission.APPROVE_SCENARIO):
        raise MoveRefused("This task is somebody else's. Who was asked and who asked may end it.")
    if held.kind in (TaskKind.REVIEW, TaskKind.FAIRNESS) and how == "done":
        raise MoveRefused("A review is done by giving it. Open the scenario, or put the task away.")
    _end(session, held, how, by=by, now=now)


def _end(session: Session, held: ScenarioTask, how: str, *, by: Actor, now: datetime) -> None:
    if held.done_at is not None:
        return
    held.done_at, held.done_by, held.done_how = now, by.id, how
    session.add(held)
    session.flush()
    body = {"task": str(held.id), "kind": held.kind.value, "how": how}
    audit.record(session, by=by, did="scenario.task_ended", on=held.scenario_id, at=now, body=body)


def done_by_deed(
    session: Session,
    scenario_id: str,
    *kinds: TaskKind,
    did: str,
    by: Actor,
    now: datetime,
    assignee: str = "",
) -> int:
    """End the tasks that a deed has done; give how many."""
    ended = 0
    for held in store.tasks(session, scenario_id=scenario_id, assignee=assignee):
        if held.kind in kinds:
            _end(session, held, did, by=by, now=now)
            ended += 1
    return ended


def done_by_move(session: Session, scenario_id: str, did: str, *, by: Actor, now: datetime) -> None:
    if kinds := _ENDED_BY.get(did):
        done_by_deed(session, scenario_id, *kinds, did=did, by=by, now=now)


@dataclass(frozen=True, slots=True)
class TaskLine:
    """What the queue says of a task."""

    id: UUID
    scenario_id: str
    title: str
    version: int
    kind: TaskKind
    what: str
    words: str
    who: str
    assignee: str
    asked_by: str
    due: date
    overdue: bool
    days: int
    """Until it is due; below zero when that day is past."""
    done_at: datetime | None
    done_how: str
    by_hand: bool
    """Whether a button ends it; a review ends by being given."""


def lines(
    session: Session, rows: Iterable[ScenarioTask], titles: Mapping[str, str], now: datetime, *, by: Actor
) -> list[TaskLine]:
    """Put tasks into words; who may not see keys reads only what was written to or by them."""
    sees = may(by, Permission.SEE_KEY)
    names: dict[str, str] = {}

    def name(actor_id: str) -> str:
        if actor_id not in names:
            names[actor_id] = accounts.name_of(session, actor_id)
        return names[actor_id]

    today = now.date()
    return [
        TaskLine(
            one.id,
            one.scenario_id,
            titles.get(one.scenario_id, one.scenario_id),
            one.version,
            one.kind,
            KIND_WORDS[one.kind],
            one.words if sees or by.id in (one.assignee, one.asked_by) else "",
            name(one.assignee),
            one.assignee,
            name(one.asked_by),
            one.due,
            one.done_at is None and one.due < today,
            (one.due - today).days,
            one.done_at,
            one.done_how,
            one.kind not in (TaskKind.REVIEW, TaskKind.FAIRNESS),
        )
        for one in rows
    ]
