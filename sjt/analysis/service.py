"""The deeds of analysis: ask for a run, decide about an item, hand statistics to the bank."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from sjt.access import Actor, Permission, may
from sjt.analysis import store
from sjt.analysis.model import Decision
from sjt.analysis.tables import AnalysisRun, ItemDecision
from sjt.analysis.topics import TOPICS, Topic
from sjt.audit import service as audit
from sjt.authoring import service as authoring
from sjt.authoring.states import Statistic
from sjt.errors import Fault, Forbidden, InputError, NotFound
from sjt.jobs import service as jobs

FEWEST_BANKED = 10
"""Statistics of fewer candidates are not handed to the bank."""


def ask(
    session: Session, *, by: Actor, now: datetime, session_id: UUID | None = None, form_id: str | None = None
) -> UUID:
    """Put an analysis in the queue of background jobs; give the job's id."""
    if session_id is not None:
        args, title = {"session": str(session_id)}, "Analyse a session"
    elif form_id is not None:
        args, title = {"form": form_id}, f"Analyse form {form_id}"
    else:
        raise InputError("An analysis needs a session or a form.")
    return jobs.enqueue(session, "analysis.run", args, by=by, now=now, title=title)


def result(run: AnalysisRun) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run.result)
    return found


def run(session: Session, run_id: UUID) -> AnalysisRun:
    found = store.run(session, run_id)
    if found is None:
        raise NotFound("There is no such analysis.")
    return found


def decide(
    session: Session, run_id: UUID, item: str, decision: Decision, reason: str, *, by: Actor, now: datetime
) -> None:
    """Record what is to become of an item, and why; a later decision stands beside the earlier."""
    found = run(session, run_id)
    if item not in result(found)["titles"]:
        raise NotFound("The analysis holds no such item.")
    if not reason.strip():
        raise InputError("Nothing was recorded.", [Fault("", "", "Reason", "is empty.", "Say why.")])
    session.add(
        ItemDecision(
            run_id=run_id, item=item, decision=decision, reason=reason.strip(), by=by.id, by_name=by.name, at=now
        )
    )
    session.flush()
    body = {"item": item, "decision": decision.value, "n": found.n, "data_sha256": found.data_sha256}
    audit.record(session, by=by, did="item.decided", on=item, at=now, body=body)


def bank_statistics(session: Session, run_id: UUID, *, by: Actor, now: datetime) -> int:
    """Hand a run's item statistics to the bank under this person's name; gives how many."""
    if not may(by, Permission.PROPOSE_PASS_MARK):
        raise Forbidden("A psychometrician hands statistics to the bank.")
    found = run(session, run_id)
    if found.n < FEWEST_BANKED:
        raise InputError(f"{found.n} candidates are too few: statistics need at least {FEWEST_BANKED}.")
    said = result(found)
    source = f"{'simulated, ' if found.simulated else ''}analysis of {found.session_id or found.form_id}"
    rows = statistics(said, source=source[:200], date=now.date().isoformat())
    count = authoring.record_statistics(session, rows, by=by, now=now)
    audit.record(session, by=by, did="analysis.banked", on=run_id, at=now, body={"statistics": count})
    return count


def statistics(said: Mapping[str, Any], *, source: str, date: str) -> list[Statistic]:
    """Give a run's facility, discrimination and spread of marks as the bank keeps them (shares of the maximum)."""
    part = said["parts"].get("all") or next(iter(said["parts"].values()))
    rows: list[Statistic] = []
    versions = said.get("versions", {})
    for item in part["items"]:
        n, top = item["n"], item["max"]
        if n < FEWEST_BANKED or not top or item["facility"] is None:
            continue
        version = str(versions.get(item["item"], "")).removeprefix("sha256:")
        sd = item["sd"] / top if item["sd"] is not None else None

        def add(name: str, value: float, se: float | None, of: Any = (item["item"], version), n: int = n) -> None:
            rows.append(Statistic(of[0], of[1], name, value, se, n, source, date))

        add("facility", item["facility"], None if sd is None else sd / n**0.5)
        if sd is not None:
            add("sd", sd, sd / (2 * (n - 1)) ** 0.5)
        r = item["item_rest"] if item["item_rest"] is not None else item["item_rest_pooled"]
        if r is not None and n > 3:
            add("discrimination", r, (1 - r * r) / (n - 3) ** 0.5)
    return rows


def ask_study(
    session: Session,
    topics: Sequence[Topic],
    *,
    by: Actor,
    now: datetime,
    session_id: UUID | None = None,
    form_id: str | None = None,
    asked: Mapping[str, Any] | None = None,
) -> UUID:
    """Put closer studies in the queue of background jobs; give the job's id."""
    args: dict[str, Any] = {"topics": [topic.value for topic in topics]}
    if session_id is not None:
        args["session"] = str(session_id)
    elif form_id is not None:
        args["form"] = form_id
    else:
        raise InputError("A study needs a session or a form.")
    if asked:
        args["asked"] = dict(asked)
    title = TOPICS[topics[0]].title if len(topics) == 1 else "Closer studies"
    return jobs.enqueue(session, "analysis.study", args, by=by, now=now, title=title)
