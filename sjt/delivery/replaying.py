"""Answers from a file through the same ledger as a browser's: for rehearsals, load and recovery."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final
from uuid import UUID, uuid5

from sjt import db
from sjt.delivery import ledger, responses, store, ulns
from sjt.delivery.model import BookingState, ClientEvent, EventKind, Refused, SittingState
from sjt.delivery.running import items_of
from sjt.delivery.writing import Batch
from sjt.errors import Fault, InputError
from sjt.times import iso

_NAMES: Final = UUID("6f1d7c56-6a7e-5d0f-9d5c-0d8f1f3f7a55")
"""Namespace of the events' ids: the same file makes the same ids, so a second replay stores nothing twice."""
_PER_BATCH: Final = 64


@dataclass(frozen=True, slots=True)
class AnswerLine:
    """One line of ANSWERS.jsonl."""

    person: str
    item: str
    response: Any
    ms: int
    line: int


@dataclass
class Report:
    """What a replay led to."""

    sittings: int = 0
    acked: int = 0
    refused: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        return {"sittings": self.sittings, "acked": self.acked, "refused": self.refused}


def read_answers(text: str, file: str) -> list[AnswerLine]:
    """Read ANSWERS.jsonl; every faulty line is listed."""
    lines: list[AnswerLine] = []
    faults: list[Fault] = []
    for number, row in enumerate(text.splitlines(), start=1):
        if not row.strip():
            continue
        where = f"line {number}"
        try:
            data = json.loads(row)
        except json.JSONDecodeError as error:
            faults.append(Fault(file, where, "", f"is not JSON: {error.msg}.", "Write one object per line."))
            continue
        missing = {"person", "item", "response"} - set(data) if isinstance(data, dict) else {"person"}
        if missing:
            faults.append(Fault(file, where, ", ".join(sorted(missing)), "is missing.", "Add it."))
            continue
        ms = data.get("ms", 0)
        if not responses.is_whole(ms) or ms < 0:
            faults.append(Fault(file, where, "ms", f"is {ms!r}.", "Give whole milliseconds from the start."))
            continue
        lines.append(AnswerLine(str(data["person"]), str(data["item"]), data["response"], ms, number))
    if faults:
        raise InputError(f"{file} was not replayed.", faults)
    return lines


def replay(session_id: UUID, answers: Sequence[AnswerLine], file: str) -> Report:
    """Send each person's answers, in time order, to their started sitting."""
    people = _people(session_id, [one.person for one in answers], file)
    report = Report()
    by_sitting: dict[UUID, list[AnswerLine]] = {}
    for one in answers:
        by_sitting.setdefault(people[one.person], []).append(one)
    for sitting_id, lines in by_sitting.items():
        report.sittings += 1
        _one(sitting_id, sorted(lines, key=lambda one: (one.ms, one.line)), report)
    return report


def _people(session_id: UUID, names: Sequence[str], file: str) -> Mapping[str, UUID]:
    """Find each person's sitting: by ULN; all other names, in their natural order, take the free seats in theirs."""
    with db.session() as session:
        store.test_session(session, session_id)
        opened = [
            (person.uln, sitting.id)
            for booking, person, sitting in store.bookings(session, session_id)
            if sitting is not None
            and booking.state is BookingState.CHECKED_IN
            and sitting.state is not SittingState.WAITING
        ]
    known = {uln: sitting_id for uln, sitting_id in opened if uln != ulns.NOT_YET_KNOWN}
    by_uln = {name: known[name] for name in names if name in known}
    others = sorted(set(names) - set(known), key=_natural)
    free = [sitting_id for uln, sitting_id in opened if uln not in by_uln]
    if len(others) > len(free):
        remedy = "Use ULNs of candidates whose sittings have started, or at most one other name for each of those."
        what = f"{len(others)} names are no ULNs of this session, and {len(free)} started sittings are free."
        raise InputError(f"{file} was not replayed.", [Fault(file, "", "person", what, remedy)])
    return {**by_uln, **dict(zip(others, free))}


def _natural(name: str) -> list[tuple[int, str]]:
    """Sort p2 before p10."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name)]


def _one(sitting_id: UUID, lines: Sequence[AnswerLine], report: Report) -> None:
    keeper = ledger.current()
    with db.session() as session:
        sitting = store.sitting(session, sitting_id)
    items = items_of(sitting_id)
    start = sitting.started_at or keeper.now().at
    events: list[ClientEvent] = []
    for seq, one in enumerate(lines, start=1):
        raw = {
            "id": str(uuid5(_NAMES, f"{sitting_id}|{sitting.lease}|{seq}")),
            "seq": seq,
            "kind": EventKind.ANSWER.value,
            "item": one.item,
            "response": one.response,
            "client_time": iso(start + timedelta(milliseconds=one.ms)),
        }
        read = responses.read_event(raw, items)
        if isinstance(read, Refused):
            report.refused.append(f"line {one.line}: {read.code.value}: {read.message}")
        else:
            events.append(read)
    parts = [events[at : at + _PER_BATCH] for at in range(0, len(events), _PER_BATCH)]
    by = f"candidate:{sitting.candidate_id}"
    replies = keeper.save_all([Batch(sitting_id, sitting.lease, tuple(part), by, keeper.now()) for part in parts])
    for reply in replies:
        report.acked += len(reply.acked)
        report.refused += [f"sitting {sitting_id}: {one.code.value}: {one.message}" for one in reply.refused]
