"""The deeds of marking: open the queue, claim, mark, ask for a second mark, decide between two."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlmodel import Session

from sjt.access import Actor, Role
from sjt.audit import service as audit
from sjt.authoring import service as authoring
from sjt.authoring.snapshot import Format, PaperItem, PaperScenario
from sjt.delivery import service as delivery
from sjt.errors import Conflict, Fault, Forbidden, InputError, MoveRefused, NotFound
from sjt.marking import settled, store
from sjt.marking.allocation import Ties, conflict, folded, round_open_to
from sjt.marking.model import CLAIM_LASTS, FinalMark, MarkGiven, Round, ScriptState, final_mark, state_after
from sjt.marking.rubric import Rubric, check_mark, rubric_for
from sjt.marking.tables import DeclaredTie, Mark, Script

_SIGNS: Final = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
TIE_KINDS: Final = ("employer", "provider", "candidate")


def open_queue(session: Session, session_id: UUID, *, by: Actor, now: datetime) -> int:
    """Make one script for each written answer of a session's sittings; give how many are new.

    An empty answer needs no marker: results give it no marks, as omitted. Calling again adds only what is new.
    """
    added = 0
    written: dict[str, set[str]] = {}
    for sitting in delivery.responses(session, session_id=session_id):
        if not sitting.answers:
            continue
        if sitting.form_id not in written:
            secret = authoring.secret(session, sitting.form_id)
            written[sitting.form_id] = {item.id for item in secret.items if item.format is Format.WRITTEN}
        have = {script.item for script in store.scripts_of_sitting(session, sitting.sitting_id)}
        candidate = delivery.candidate(session, sitting.candidate_id)
        for item, answer in sitting.answers.items():
            text = (answer.response or {}).get("text", "") if isinstance(answer.response, dict) else ""
            if item not in written[sitting.form_id] or item in have or not text.strip():
                continue
            session.add(
                Script(
                    number=_new_number(session),
                    session_id=session_id,
                    sitting_id=sitting.sitting_id,
                    form_id=str(sitting.form_id),
                    item=item,
                    answer=text,
                    candidate=str(candidate.id),
                    employer=candidate.employer,
                    provider=candidate.provider,
                    simulated=sitting.simulated,
                )
            )
            added += 1
    session.flush()
    if added:
        audit.record(session, by=by, did="marking.queue_opened", on=session_id, at=now, body={"scripts": added})
    return added


def _new_number(session: Session) -> str:
    while True:
        number = "".join(secrets.choice(_SIGNS) for _ in range(6))
        if not store.number_is_taken(session, number):
            return number


@dataclass(frozen=True, slots=True)
class QueueLine:
    """One question's scripts, as counts."""

    item: str
    first: int
    second: int
    adjudicate: int


@dataclass(frozen=True, slots=True)
class Queue:
    lines: tuple[QueueLine, ...]
    for_you: int
    done: int
    kept_from_you: int
    """Scripts of apprentices with whom you declared a tie."""


def _ties(session: Session, marker: str) -> Ties:
    return store.ties_of_all(session).get(marker, Ties())


def _senior(by: Actor) -> bool:
    return by.has(Role.MODERATOR, Role.AWARDING_OFFICER)


def _open_round(by: Actor, state: ScriptState, marks: Sequence[MarkGiven]) -> Round | None:
    """Give the round open to this marker in this role: assessors give the first two, a senior the third.

    A senior who assesses too gives no second mark: they may have seen the first one.
    """
    wanted = round_open_to(by.id, state, marks)
    if wanted is None:
        return None
    fits = {
        Round.FIRST: by.has(Role.ASSESSOR) and not (_senior(by) and marks),
        Round.SECOND: by.has(Role.ASSESSOR) and not _senior(by),
        Round.THIRD: _senior(by),
    }
    return wanted if fits[wanted] else None


def _may_take(script: Script, marks: Sequence[MarkGiven], ties: Ties, by: Actor, now: datetime) -> bool:
    if _open_round(by, script.state, marks) is None or conflict(ties, store.about(script)) is not None:
        return False
    mine = script.claimed_by in (None, by.id)
    return mine or script.claimed_at is None or script.claimed_at + CLAIM_LASTS <= now


def queue(session: Session, *, by: Actor, now: datetime) -> Queue:
    """Tell what waits, by question, and how much of it this marker may take."""
    waiting = store.waiting(session)
    marks = store.marks_of(session, [script.id for script in waiting])
    ties = _ties(session, by.id)
    counts: dict[str, Counter[ScriptState]] = {}
    for script in waiting:
        counts.setdefault(script.item, Counter())[script.state] += 1
    return Queue(
        lines=tuple(
            QueueLine(item, c[ScriptState.OPEN], c[ScriptState.SECOND_ASKED], c[ScriptState.ADJUDICATE])
            for item, c in sorted(counts.items())
        ),
        for_you=sum(_may_take(script, marks[script.id], ties, by, now) for script in waiting),
        done=store.count_done(session),
        kept_from_you=sum(conflict(ties, store.about(script)) is not None for script in waiting),
    )


def claim_next(session: Session, *, by: Actor, now: datetime) -> UUID | None:
    """Take the next script that this marker may mark; None when there is none."""
    waiting = store.waiting(session)
    marks = store.marks_of(session, [script.id for script in waiting])
    ties = _ties(session, by.id)
    own = [script for script in waiting if script.claimed_by == by.id]
    for offered in [*own, *waiting]:
        if not _may_take(offered, marks[offered.id], ties, by, now):
            continue
        script = store.take(session, offered.id)
        if script is None or not _may_take(script, store.marks(session, script.id), ties, by, now):
            continue  # somebody else took it in this moment
        script.claimed_by, script.claimed_at = by.id, now
        session.add(script)
        session.flush()
        return script.id
    return None


@dataclass(frozen=True, slots=True)
class ScriptView:
    """What a marker sees: the question and the answer; nothing of who wrote it, nor of another's mark."""

    id: UUID
    number: str
    scenario: PaperScenario
    item: PaperItem
    answer: str
    words: int
    rubric: Rubric
    round: Round | None
    own: MarkGiven | None
    final: FinalMark | None
    earlier: tuple[MarkGiven, ...]
    """Both marks, for whoever decides between them; empty for everyone else."""
    state: ScriptState
    simulated: bool
    settled: bool
    """Its result is released: no second mark can be asked for."""


def view(session: Session, script_id: UUID, *, by: Actor, now: datetime) -> ScriptView:
    script = _script(session, script_id)
    marks = store.marks(session, script_id)
    own = next((mark for mark in marks if mark.marker == by.id), None)
    refused = conflict(_ties(session, by.id), store.about(script))
    if refused is not None and own is None:
        raise Forbidden(f"This answer is not yours to mark. {refused}")
    paper = authoring.paper(session, script.form_id)
    scenario, item = _question(paper.scenarios, script.item)
    return ScriptView(
        id=script.id,
        number=script.number,
        scenario=scenario,
        item=item,
        answer=script.answer,
        words=len(script.answer.split()),
        rubric=_rubric(session, script),
        round=_open_round(by, script.state, marks),
        own=own,
        final=final_mark(marks, second_asked=script.second_asked) if own is not None or _senior(by) else None,
        earlier=tuple(marks) if _senior(by) and script.state in (ScriptState.ADJUDICATE, ScriptState.DONE) else (),
        state=script.state,
        simulated=script.simulated,
        settled=settled.is_settled(session, script.sitting_id),
    )


def _question(scenarios: Sequence[PaperScenario], item_id: str) -> tuple[PaperScenario, PaperItem]:
    for scenario in scenarios:
        for item in scenario.items:
            if item.id == item_id:
                return scenario, item
    raise NotFound("The form of this answer holds no such question.")


def _rubric(session: Session, script: Script) -> Rubric:
    secret = authoring.secret(session, script.form_id)
    item = secret.item(script.item)
    if item is None:
        raise NotFound("The form of this answer holds no such question.")
    return rubric_for(secret.rubrics[str(item.key["rubric"])], item.key)


def give_mark(
    session: Session,
    script_id: UUID,
    levels: Mapping[str, int | None],
    reasons: Mapping[str, str],
    unsafe: str,
    *,
    by: Actor,
    now: datetime,
) -> ScriptState:
    """Add this marker's mark in the round that is open to them."""
    script = store.script(session, script_id, lock=True)
    if script is None:
        raise NotFound("There is no such answer to mark.")
    marks = store.marks(session, script_id)
    refused = conflict(_ties(session, by.id), store.about(script))
    if refused is not None:
        raise Forbidden(f"This answer is not yours to mark. {refused}")
    given_round = round_open_to(by.id, script.state, marks)
    if given_round is None:
        if any(mark.marker == by.id for mark in marks):
            raise Conflict(
                f"You marked answer {script.number} already. Its mark stands; ask for a second mark instead."
            )
        raise Conflict(f"Answer {script.number} was marked by somebody else meanwhile. Take the next one.")
    if _open_round(by, script.state, marks) is None:
        raise Forbidden(
            "Assessors give the first and the second mark; a moderator or awarding officer decides between two."
        )
    check_mark(_rubric(session, script), levels, reasons)
    session.add(
        Mark(
            script_id=script_id,
            round=int(given_round),
            marker=by.id,
            levels={name: level for name, level in levels.items() if level is not None},
            reasons={name: reason.strip() for name, reason in reasons.items()},
            unsafe=unsafe.strip(),
            at=now,
        )
    )
    session.flush()
    script.state = state_after(store.marks(session, script_id), second_asked=script.second_asked)
    script.claimed_by = script.claimed_at = None
    session.add(script)
    body = {"number": script.number, "round": int(given_round), "levels": dict(levels), "unsafe": bool(unsafe.strip())}
    audit.record(session, by=by, did="script.marked", on=script_id, at=now, body=body)
    return script.state


def ask_second_mark(session: Session, script_id: UUID, reason: str, *, by: Actor, now: datetime) -> None:
    """Ask for another marker's mark, blind to the first; by its marker, a moderator or an awarding officer."""
    script = store.script(session, script_id, lock=True)
    if script is None:
        raise NotFound("There is no such answer.")
    marks = store.marks(session, script_id)
    if not any(mark.marker == by.id for mark in marks) and not _senior(by):
        raise Forbidden("You may ask for a second mark on answers that you marked.")
    if not marks:
        raise MoveRefused(f"Answer {script.number} has no first mark yet. Mark it first.")
    if settled.is_settled(session, script.sitting_id):
        raise MoveRefused(
            f"The result that rests on answer {script.number} is released, so no second mark can be asked for. "
            "A change goes through an appeal."
        )
    if script.second_asked:
        raise MoveRefused(f"A second mark on answer {script.number} was asked for already.")
    if not reason.strip():
        raise InputError(
            "No second mark was asked for.", [Fault("", "", "Reason", "is empty.", "Say why in a few words.")]
        )
    script.second_asked = True
    script.state = state_after(marks, second_asked=True)
    session.add(script)
    audit.record(session, by=by, did="script.second_asked", on=script_id, at=now, body={"reason": reason.strip()})


def declare_tie(session: Session, kind: str, name: str, *, by: Actor, now: datetime) -> None:
    """Declare that one worked with an employer, a provider or an apprentice."""
    if kind not in TIE_KINDS or not name.strip():
        fault = Fault("", "", "Name", "is empty.", "Enter whom you worked with.")
        raise InputError("Nothing was declared.", [fault])
    wanted = name.strip()
    if any(row.kind == kind and folded(row.name) == folded(wanted) for row in store.ties(session, by.id)):
        return
    session.add(DeclaredTie(marker=by.id, kind=kind, name=wanted, declared_at=now))
    session.flush()
    ties = _ties(session, by.id)
    touched = [
        script
        for script, _ in store.marked_by(session, by.id, 1_000_000)
        if conflict(ties, store.about(script)) is not None
    ]
    body = {"kind": kind, "name": wanted, "marks_set_aside": [script.number for script in touched]}
    audit.record(session, by=by, did="marker.tie_declared", on=by.id, at=now, body=body)
    marks = store.marks_of(session, [script.id for script in touched])
    for script in touched:  # the mark no longer counts: somebody without the tie marks again, blind to it
        script.state = state_after(marks[script.id], second_asked=script.second_asked)
        script.claimed_by = script.claimed_at = None
        session.add(script)
        body = {"number": script.number, "marker": by.id}
        audit.record(session, by=by, did="script.mark_set_aside", on=script.id, at=now, body=body)


def ties(session: Session, *, by: Actor) -> Sequence[DeclaredTie]:
    return store.ties(session, by.id)


def marked_by(session: Session, *, by: Actor) -> list[tuple[Script, int, str]]:
    return [(script, sum(mark.levels.values()), mark.unsafe) for script, mark in store.marked_by(session, by.id)]


def second_marks(session: Session) -> Sequence[Script]:
    return store.second_marks(session)


def final_marks(session: Session, sitting_id: UUID) -> dict[str, FinalMark]:
    """Give the marks that count, by item; an answer that waits for a mark is absent."""
    scripts = store.scripts_of_sitting(session, sitting_id)
    marks = store.marks_of(session, [script.id for script in scripts])
    finals = {script.item: final_mark(marks[script.id], second_asked=script.second_asked) for script in scripts}
    return {item: mark for item, mark in finals.items() if mark is not None}


def is_complete(session: Session, sitting_id: UUID) -> bool:
    """Tell whether every written answer of the sitting has the mark that counts."""
    return all(script.state is ScriptState.DONE for script in store.scripts_of_sitting(session, sitting_id))


def waiting_in(session: Session, session_id: UUID) -> int:
    """Count the answers of a session that wait for a mark."""
    return sum(script.state is not ScriptState.DONE for script in store.scripts_of_session(session, session_id))


def scripts_of_sitting(session: Session, sitting_id: UUID) -> Sequence[Script]:
    return store.scripts_of_sitting(session, sitting_id)


def _script(session: Session, script_id: UUID) -> Script:
    found = store.script(session, script_id)
    if found is None:
        raise NotFound("There is no such answer to mark.")
    return found
