"""What the pages of analysis show: a stored result, laid out; nothing is computed here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlmodel import Session

from sjt.analysis import service, store
from sjt.analysis.tables import AnalysisRun, ItemDecision
from sjt.analysis.verdict import is_flagged, is_waiting, tag_of
from sjt.authoring import service as authoring
from sjt.authoring.snapshot import PaperItem, PaperScenario, SecretItem
from sjt.authoring.states import FormLine
from sjt.delivery import service as delivery
from sjt.delivery.model import SessionState
from sjt.delivery.service import SessionLine
from sjt.errors import NotFound
from sjt.jobs import service as jobs
from sjt.jobs.model import ENDED
from sjt.results import service as results

ORDER: Mapping[str, str] = {
    "item": "item",
    "n": "n",
    "facility": "facility",
    "corrected": "facility_corrected",
    "r": "item_rest",
}


@dataclass(frozen=True, slots=True)
class Listed:
    """A session or form that may be analysed."""

    line: SessionLine | FormLine
    n: int | None
    """Candidates of the newest run; None: not analysed yet."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a run is of, and how to come back to it."""

    kind: str
    key: str
    title: str
    simulated: bool


@dataclass(frozen=True, slots=True)
class RunPage:
    subject: Subject
    run: AnalysisRun | None
    job: UUID | None
    """A run that is under way."""
    part: Mapping[str, Any]
    parts: Sequence[str]
    chosen: str
    items: Sequence[Mapping[str, Any]]
    titles: Mapping[str, str]
    limits: Mapping[str, Any]
    counts: Mapping[str, int]
    show: str
    sort: str
    up: bool
    pictures: frozenset[str]
    decided: Mapping[str, str]
    cut: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class ItemPage:
    subject: Subject
    run: AnalysisRun
    part_name: str
    n_test: int
    row: Mapping[str, Any]
    trial: bool
    limits: Mapping[str, Any]
    scenario: PaperScenario
    shown: PaperItem
    secret: SecretItem
    has_picture: bool
    decisions: Sequence[ItemDecision]
    previous: str | None
    next: str | None
    keys: Mapping[str, int]
    """Version of the key → how many of the marks analysed were given by it."""
    corrected: bool
    """The key is another than the form was published with."""


def listed(session: Session) -> tuple[list[Listed], list[Listed]]:
    sessions, forms = store.analysed(session)
    finished = [line for line in delivery.sessions(session) if line.state is SessionState.CLOSED]
    return (
        [Listed(line, sessions.get(line.id)) for line in finished],
        [Listed(line, forms.get(line.form_id)) for line in authoring.published_forms(session)],
    )


def subject_of_session(session: Session, session_id: UUID) -> Subject:
    line = next((one for one in delivery.sessions(session) if one.id == session_id), None)
    if line is None:
        raise NotFound("There is no such session.")
    return Subject("session", str(session_id), f"{line.centre}, {line.starts:%-d %B %Y}", line.simulated)


def subject_of_form(session: Session, form_id: str) -> Subject:
    line = authoring.form_line(session, form_id)
    return Subject("form", form_id, line.title, line.simulated)


def newest(session: Session, subject: Subject) -> AnalysisRun | None:
    if subject.kind == "session":
        return store.newest(session, session_id=UUID(subject.key))
    return store.newest(session, form_id=subject.key)


def run_page(session: Session, subject: Subject, *, part: str, show: str, sort: str, up: bool) -> RunPage:
    run = newest(session, subject)
    job = jobs.newest(session, "analysis.run", {subject.kind: subject.key})
    waiting = job.id if job is not None and job.state not in ENDED else None
    if run is None:
        return RunPage(subject, None, waiting, {}, (), "", (), {}, {}, {}, show, sort, up, frozenset(), {}, None)
    said = service.result(run)
    chosen = part if part in said["parts"] else next(iter(said["parts"]))
    found = said["parts"][chosen]
    items = [_dressed(row) for row in found["items"]]
    groups = {
        "all": items,
        "flagged": [row for row in items if is_flagged(row["flags"])],
        "waiting": [row for row in items if is_waiting(row["flags"])],
    }
    listed_items = _sorted(groups.get(show, items), sort, up)
    decided = {one.item: one.decision.value for one in store.decisions(session, run.id)}
    return RunPage(
        subject,
        run,
        waiting,
        found,
        list(said["parts"]),
        chosen,
        listed_items,
        said["titles"],
        said["limits"],
        {name: len(rows) for name, rows in groups.items()} | {"trial": len(found["trial"])},
        show if show in (*groups, "trial") else "all",
        sort,
        up,
        frozenset(store.picture_names(session, run.id)),
        decided,
        _cut_now(session, chosen, said["forms"].get(chosen, {}).get("cut")),
    )


def _cut_now(session: Session, form_id: str, cut: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """Say of the pass mark of a run whether it has been adopted since, or another in its place."""
    if cut is None:
        return None
    standing = results.standing_cut(session, form_id)
    if standing is None:
        return {**cut, "in_force": None}
    same = float(standing.applied) == cut["applied"]
    return {**cut, "adopted": same, "in_force": None if same else float(standing.applied)}


def _dressed(row: Mapping[str, Any]) -> dict[str, Any]:
    """Add what a table row needs: its tag, and how each interval lies to the limits."""
    r = row["item_rest"] if row["item_rest"] is not None else row["item_rest_pooled"]
    flags = row["flags"]
    outside = "negative" in flags or "weak" in flags
    return {
        **row,
        "r": r,
        "r_ci": row["item_rest_ci"],
        "tag": tag_of(flags),
        "r_verdict": "outside" if outside else ("unsure" if is_waiting(flags) or "cannot_tell" in flags else "inside"),
        "facility_verdict": "outside" if "easy" in flags or "hard" in flags else "inside",
        "policy_allows_r": row["n"] >= 30,
    }


def _sorted(rows: Sequence[dict[str, Any]], sort: str, up: bool) -> list[dict[str, Any]]:
    name = ORDER.get(sort, "item_rest")
    known = [row for row in rows if row[name] is not None]
    unknown = [row for row in rows if row[name] is None]
    return [*sorted(known, key=lambda row: (row[name], row["item"]), reverse=not up), *unknown]


def item_page(session: Session, subject: Subject, item: str, part: str) -> ItemPage:
    run = newest(session, subject)
    if run is None:
        raise NotFound("This is not analysed yet.")
    said = service.result(run)
    names = [name for name in said["parts"] if any(row["item"] == item for row in _rows(said["parts"][name]))]
    if not names:
        raise NotFound("The analysis holds no such item.")
    chosen = part if part in names else names[0]
    found = said["parts"][chosen]
    row = next(one for one in _rows(found) if one["item"] == item)
    trial = not any(one["item"] == item for one in found["items"])
    form = chosen if chosen != "all" else next(name for name in names if name != "all")
    paper, secret = authoring.paper(session, form), results.marked_by(session, form)
    published = authoring.secret(session, form).item(item)
    scenario = next(s for s in paper.scenarios if any(one.id == item for one in s.items))
    shown, key = paper.item(item), secret.item(item)
    assert shown is not None and key is not None
    order = [one["item"] for one in _sorted([_dressed(one) for one in found["items"]], "r", True)]
    at = order.index(item) if item in order else None
    return ItemPage(
        subject,
        run,
        chosen,
        found["n_persons"],
        row if trial else _dressed(row),
        trial,
        said["limits"],
        scenario,
        shown,
        key,
        f"traces-{item}" in store.picture_names(session, run.id),
        store.decisions(session, run.id, item),
        order[at - 1] if at else None,
        order[at + 1] if at is not None and at + 1 < len(order) else None,
        said.get("keys", {}).get(item, {}),
        published is not None and published.key_version != key.key_version,
    )


def _rows(part: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [*part["items"], *part["trial"]]
