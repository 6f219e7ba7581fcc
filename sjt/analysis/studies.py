"""A closer study as background work: read, compute, store one row that its page shows."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import sjt
from sjt.analysis import criteria, study_data, what_if
from sjt.analysis.study_data import Data
from sjt.analysis.tables import Study
from sjt.analysis.topics import TOPICS, Topic
from sjt.delivery import service as delivery
from sjt.jobs.context import JobContext
from sjt.results import service as results
from sjt.times import utc_now

SEED: Final = 1


def run_study(args: Mapping[str, Any], context: JobContext) -> Mapping[str, Any]:
    """Study ``{"session": id}`` or ``{"form": id}`` in the topics named, and store what the pages show."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    topics = [Topic(name) for name in args["topics"]]
    asked = dict(args.get("asked") or {})
    made: list[str] = []
    context.progress(0, len(topics) + 1, "Reading marks and answers")
    with context.session() as session:
        data = study_data.read(session, args)
    for number, topic in enumerate(topics):
        context.check_cancelled()
        context.progress(number + 1, len(topics) + 1, TOPICS[topic].title)
        found = _found(topic, data, args, asked, context)
        row = Study(
            topic=topic.value,
            session_id=UUID(args["session"]) if "session" in args else None,
            form_id=args.get("form"),
            n=data.n,
            data_sha256=data.cohort.responses.sha256,
            asked=asked,
            result=json.dumps(found, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False),
            version=sjt.__version__,
            seed=SEED,
            simulated=data.simulated,
            at=utc_now(),
            by=context.by,
        )
        with context.transaction() as session:
            session.add(row)
        made.append(str(row.id))
    context.progress(len(topics) + 1, len(topics) + 1, "Done")
    home = f"/analysis/sessions/{args['session']}" if "session" in args else f"/analysis/forms/{args['form']}"
    where = f"{home}/studies/{topics[0].value}" if len(topics) == 1 else f"{home}/studies"
    return {"goes_to": where, "studies": made, "n": data.n}


def _found(
    topic: Topic, data: Data, args: Mapping[str, Any], asked: Mapping[str, Any], context: JobContext
) -> dict[str, Any]:
    """One topic's result; too few candidates are said, not computed."""
    fewest = TOPICS[topic].fewest
    if topic is Topic.FAIRNESS:
        from sjt.analysis import study_fairness, study_pool

        with context.session() as session:
            pool = study_pool.read(session, data)
        return study_fairness.fairness(data, pool) if pool.n >= fewest else _too_few(pool.n, fewest)
    if data.n < fewest:
        return _too_few(data.n, fewest)
    if topic is Topic.MODEL:
        from sjt.analysis import study_model

        return study_model.study(data)
    if topic is Topic.VALIDITY:
        from sjt.analysis import study_validity

        with context.session() as session:
            outcomes = criteria.outcomes(session)
            first = _first_tries(session, data)
        return study_validity.validity(data, outcomes, first)
    if topic in (Topic.DRIFT, Topic.EQUATING):
        from sjt.analysis import study_forms, study_leaks

        if topic is Topic.EQUATING:
            return study_forms.equating(data)
        with context.session() as session:
            earlier, by_day = _earlier(session, data)
            before = _before(session, data)
        found = study_forms.drifting(data, earlier, study_forms.shares_by_day(by_day))
        return study_leaks.beside(found, data, before)
    if topic is Topic.SECURITY:
        from sjt.analysis import study_security

        return study_security.study(data)
    with context.session() as session:
        if topic is Topic.FIRMNESS:
            from sjt.analysis import study_firm

            return study_firm.study(data, session)
        return what_if.study(data, asked, session)


def _too_few(n: int, fewest: int) -> dict[str, Any]:
    words = f"{n} candidates are too few: this study needs {fewest}. Pool sessions by studying the form."
    return {"verdict": [words], "sections": [], "notes": [], "pictures": {}}


def _begins(data: Data) -> Any:
    return min((one.started_at for one in data.sittings if one is not None and one.started_at), default=None)


def _earlier(session: Any, data: Data) -> tuple[dict[str, list[float]], list[tuple[str, str, float]]]:
    """Marks of the same item versions under the same keys in sessions that began before; shares by day."""
    begins = _begins(data)
    own = {(row.item, row.scenario_version, row.key_version) for row in data.rows if row.live}
    maxima = dict(zip(data.items, data.maxima.tolist()))
    earlier: dict[str, list[float]] = {}
    by_day: list[tuple[str, str, float]] = []
    if begins is None:
        return earlier, by_day
    mine = {str(one.session_id) for one in data.sittings if one is not None}
    day = begins.date().isoformat()
    for line in delivery.sessions(session):
        if str(line.id) in mine or line.starts >= begins:
            continue
        for row in results.item_marks(session, line.id):
            if row.live and row.marks is not None and (row.item, row.scenario_version, row.key_version) in own:
                share = float(row.marks / row.max)
                earlier.setdefault(row.item, []).append(share * maxima[row.item])
                by_day.append((line.starts.date().isoformat(), row.item, share))
    for row in data.rows:
        if row.live and row.marks is not None and row.item in earlier:
            by_day.append((day, row.item, float(row.marks / row.max)))
    return earlier, by_day


def _before(session: Any, data: Data) -> list[dict[str, tuple[float, float | None]]]:
    """Each earlier sitting's share and seconds on the items of this data, in the same version under the same key."""
    begins = _begins(data)
    if begins is None:
        return []
    own = {(row.item, row.scenario_version, row.key_version) for row in data.rows if row.live}
    mine = {str(one.session_id) for one in data.sittings if one is not None}
    out: dict[UUID, dict[str, tuple[float, float | None]]] = {}
    for line in delivery.sessions(session):
        if str(line.id) in mine or line.starts >= begins:
            continue
        took = {one.sitting_id: study_data.seconds_of(one) for one in delivery.responses(session, session_id=line.id)}
        for row in results.item_marks(session, line.id):
            if row.live and row.marks is not None and (row.item, row.scenario_version, row.key_version) in own:
                second = took.get(row.sitting_id, {}).get(row.item)
                out.setdefault(row.sitting_id, {})[row.item] = (float(row.marks / row.max), second)
    return list(out.values())


def _first_tries(session: Any, data: Data) -> dict[UUID, float]:
    """Share of the marks at an earlier sitting of those who sit here for a further time."""
    again = {one.candidate_id for one in data.sittings if one is not None and one.attempt > 1}
    found: dict[UUID, float] = {}
    if not again:
        return found
    mine = {str(one.sitting_id) for one in data.sittings if one is not None}
    for line in delivery.sessions(session):
        sat = {one.sitting_id: one for one in delivery.responses(session, session_id=line.id)}
        wanted = {
            key for key, one in sat.items() if one.candidate_id in again and str(key) not in mine and one.attempt == 1
        }
        if not wanted:
            continue
        marks: dict[UUID, list[float]] = {key: [0.0, 0.0] for key in wanted}
        for row in results.item_marks(session, line.id):
            if row.sitting_id in wanted and row.live and row.marks is not None:
                marks[row.sitting_id][0] += float(row.marks)
                marks[row.sitting_id][1] += float(row.max)
        for key, (got, whole) in marks.items():
            if whole:
                found[sat[key].candidate_id] = got / whole
    return found
