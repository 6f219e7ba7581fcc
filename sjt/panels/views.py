"""What the pages of panels show; a page of an expert is made of the expert's own answers alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlmodel import Session

from sjt.access import Role
from sjt.accounts import service as accounts
from sjt.authoring import service as authoring
from sjt.authoring.model import Bank, Item
from sjt.authoring.scenario_page import EFFECTIVENESS
from sjt.authoring.versions import HeldVersion, held_version
from sjt.errors import NotFound
from sjt.panels import asking, store
from sjt.panels.keys import contradictions, is_same, key_words, written_key
from sjt.panels.meeting import is_unsure, key_table
from sjt.panels.model import OUTCOME_WORDS, SOON_DAYS, MemberState, PanelState, Purpose, asked_items
from sjt.panels.tables import (
    ExpertFinding,
    ExpertPanel,
    ExpertPanelMember,
    KeyDecision,
    KeyMeeting,
    KeySettlement,
)

PURPOSE_WORDS: Mapping[Purpose, str] = {Purpose.KEY: "Key panel", Purpose.CONTENT: "Relevance and mapping"}
LEAST_SHOWN = 0.01
"""A key that fewer of the drawn panels give is not worth a line."""
VERDICT_TONES = {"accept": "ok", "review": "warn", "reject": "danger"}


@dataclass(frozen=True, slots=True)
class PanelLine:
    """What a list says of a panel."""

    panel: ExpertPanel
    asked: int
    finished: int
    subjects: int
    days_left: int


@dataclass(frozen=True, slots=True)
class MyPanel:
    """A panel as one of its experts sees it."""

    panel: ExpertPanel
    member: ExpertPanelMember
    done: int
    subjects: int
    days_left: int

    @property
    def is_waiting(self) -> bool:
        return self.panel.state is PanelState.OPEN and self.member.state is MemberState.INVITED

    @property
    def is_soon(self) -> bool:
        return self.is_waiting and self.done < self.subjects and self.days_left <= SOON_DAYS


def panel_lines(session: Session, today: date) -> list[PanelLine]:
    lines = []
    for found in store.panels(session):
        subjects = asking.subjects_of(session, found)
        counts = store.whole_counts(session, found.id)
        staying = [one for one in store.members(session, found.id) if one.state is MemberState.INVITED]
        finished = sum(counts.get(one.person, 0) == len(subjects) for one in staying)
        lines.append(PanelLine(found, len(staying), finished, len(subjects), (found.due - today).days))
    return lines


def my_panels(session: Session, person: str, today: date) -> list[MyPanel]:
    return [
        MyPanel(
            found,
            member,
            store.whole_counts(session, found.id).get(person, 0),
            len(asking.subjects_of(session, found)),
            (found.due - today).days,
        )
        for found, member in store.panels_of(session, person)
    ]


def unanswered(session: Session) -> dict[str, list[ExpertPanel]]:
    """Give for each expert the open panels they have not answered whole."""
    waiting: dict[str, list[ExpertPanel]] = {}
    for found in store.panels(session):
        if found.state is not PanelState.OPEN:
            continue
        subjects, counts = len(asking.subjects_of(session, found)), store.whole_counts(session, found.id)
        for one in store.members(session, found.id):
            if one.state is MemberState.INVITED and counts.get(one.person, 0) < subjects:
                waiting.setdefault(one.person, []).append(found)
    return waiting


@dataclass(frozen=True, slots=True)
class MemberLine:
    """How far an expert is; nothing of what they say."""

    member: ExpertPanelMember
    name: str
    done: int


@dataclass(frozen=True, slots=True)
class ItemLine:
    """What a closed panel found on one item, in a line."""

    item: Item
    number: int
    found: Mapping[str, Any]
    unsure: bool
    """Its single-rater interval reaches below what would be rejected."""
    sure: float
    """Share of drawn panels whose key the panel's own does not contradict."""
    sure_written: float
    """Share of drawn panels whose key the written one does not contradict."""
    same: bool
    against: Sequence[str]
    decision: KeyDecision | None


@dataclass(frozen=True, slots=True)
class ScenarioLine:
    """A scenario of a panel, with its items' lines."""

    held: HeldVersion
    items: Sequence[ItemLine]
    settled: KeySettlement | None
    current: int
    """The version the bank has now."""


@dataclass(frozen=True, slots=True)
class PanelPage:
    """A panel as its chair sees it."""

    panel: ExpertPanel
    chair: str
    members: Sequence[MemberLine]
    subjects: int
    scenarios: Sequence[ScenarioLine]
    meetings: Sequence[tuple[KeyMeeting, str]]
    days_left: int
    experts: Sequence[tuple[str, str]]
    """Who may still be asked."""
    findings: Mapping[str, ExpertFinding]

    @property
    def staying(self) -> int:
        return sum(line.member.state is MemberState.INVITED for line in self.members)

    @property
    def finished(self) -> int:
        return sum(line.member.state is MemberState.INVITED and line.done == self.subjects for line in self.members)

    @property
    def verdicts(self) -> dict[str, int]:
        found = [line.found["verdict"] for one in self.scenarios for line in one.items if line.found]
        return {verdict: found.count(verdict) for verdict in VERDICT_TONES}

    @property
    def is_computed(self) -> bool:
        return self.panel.summary is not None


def experts(session: Session, but: Sequence[str] = ()) -> list[tuple[str, str]]:
    """Give the experts who could be asked: those whose other roles do not open the bank."""
    return [
        (str(one.id), one.name)
        for one in accounts.people_with_role(session, Role.EXPERT)
        if str(one.id) not in but and not asking.faults_of_person(session, str(one.id), [])
    ]


def panel_page(session: Session, panel_id: UUID, today: date) -> PanelPage:
    found = asking.panel(session, panel_id)
    subjects = asking.subjects_of(session, found)
    counts = store.whole_counts(session, panel_id)
    members = [
        MemberLine(one, accounts.name_of(session, one.person), counts.get(one.person, 0))
        for one in store.members(session, panel_id)
    ]
    findings = store.findings(session, panel_id)
    return PanelPage(
        panel=found,
        chair=accounts.name_of(session, found.created_by),
        members=members,
        subjects=len(subjects),
        scenarios=_scenario_lines(session, found, findings),
        meetings=[(one, accounts.name_of(session, one.by)) for one in store.meetings(session, panel_id)],
        days_left=(found.due - today).days,
        experts=experts(session, [line.member.person for line in members if line.member.state is MemberState.INVITED])
        if found.state is PanelState.OPEN
        else [],
        findings=findings,
    )


def _scenario_lines(session: Session, found: ExpertPanel, findings: Mapping[str, ExpertFinding]) -> list[ScenarioLine]:
    decisions, settled = store.decisions(session, found.id), store.settlements(session, found.id)
    lines = []
    for held in asking.held_scenarios(session, found.id):
        items = []
        if found.purpose is Purpose.KEY:
            items = [
                _item_line(held, item, number, findings.get(item.id), next(iter(decisions.get(item.id, ())), None))
                for number, item in enumerate(held.scenario.items, start=1)
                if item in asked_items(held.scenario)
            ]
        current = held_version(session, held.scenario.id).n
        lines.append(ScenarioLine(held, items, settled.get(held.scenario.id), current))
    return lines


def _item_line(
    held: HeldVersion, item: Item, number: int, row: ExpertFinding | None, decision: KeyDecision | None
) -> ItemLine:
    if row is None:
        return ItemLine(item, number, {}, False, 0.0, 0.0, False, (), decision)
    table, suggested = key_table(held, item), row.found["suggested_key"]
    return ItemLine(
        item,
        number,
        row.found,
        is_unsure(row.found),
        sureness(item, as_table(item, suggested), row.drawn),
        sureness(item, table, row.drawn),
        is_same(item.format, table, suggested),
        contradictions(item.format, table, suggested),
        decision,
    )


def sureness(item: Item, table: Mapping[str, Any], drawn: Mapping[str, Any]) -> float:
    """Give the share of drawn panels whose key does not contradict the key of a table."""
    return float(sum(share for key, share in drawn["keys"] if not contradictions(item.format, table, key)))


def as_table(item: Item, key: Any) -> dict[str, Any]:
    """Write a panel's key as key.toml would, as far as comparing goes."""
    kind = item.format.value
    if kind == "rank":
        return {"order": key}
    if kind in ("rate", "choose"):
        return {"key": key}
    best, worst = (key, None) if kind == "single" else (key["best"], key["worst"])
    return {"effectiveness": {o: 4 if o == best else 0 if o == worst or worst is None else 2 for o in item.option_ids}}


@dataclass(frozen=True, slots=True)
class OptionLine:
    """One response of an item as the experts see it."""

    id: str
    text: str
    found: Mapping[str, Any]
    counts: Sequence[tuple[str, int, float]]
    """Label of a place or point, how many experts gave it, and the share of drawn panels that do."""
    level: int | None
    why: str


@dataclass(frozen=True, slots=True)
class ItemPage:
    """Everything on one item of a closed panel."""

    panel: ExpertPanel
    held: HeldVersion
    item: Item
    line: ItemLine
    options: Sequence[OptionLine]
    standing: str
    suggested: str
    keys: Sequence[tuple[str, float, bool, bool]]
    """Key in words, share of drawn panels that give just it, whether panel's own and written key agree with it."""
    decisions: Sequence[tuple[KeyDecision, KeyMeeting | None, str, str]]
    notes: Sequence[tuple[str, str]]
    settled: KeySettlement | None
    previous: str
    following: str
    has_meeting: bool


def item_page(session: Session, panel_id: UUID, item_id: str) -> ItemPage:
    found = asking.panel(session, panel_id)
    items = asking.items_of(session, panel_id)
    row = store.findings(session, panel_id).get(item_id)
    if found.state is not PanelState.CLOSED or item_id not in items or row is None:
        raise NotFound("There is nothing on this item before the panel is closed and computed.")
    held, item = items[item_id]
    points = _points(authoring.bank(session), item)
    decided = store.decisions(session, panel_id).get(item_id, [])
    meetings = {one.id: one for one in store.meetings(session, panel_id)}
    table, own = key_table(held, item), as_table(item, row.found["suggested_key"])
    order = list(items)
    at = order.index(item_id)
    number = 1 + [one.id for one in held.scenario.items].index(item_id)
    answers = asking.counted(session, found)[item_id]
    by_id = {one["option"]: one for one in row.found["options"]}
    numbers = {
        one.person: f"E{one.number:02d}" for one in store.members(session, panel_id) if one.state is MemberState.INVITED
    }
    return ItemPage(
        panel=found,
        held=held,
        item=item,
        line=_item_line(held, item, number, row, decided[0] if decided else None),
        options=[
            OptionLine(
                option.id,
                option.text,
                by_id.get(option.id, {}),
                _counts(item, option.id, answers, row.drawn["places"].get(option.id, {}), points),
                (table.get("effectiveness") or {}).get(option.id),
                str((table.get("why") or {}).get(option.id, "")),
            )
            for option in item.options
        ],
        standing=key_words(item.format, written_key(item.format, table), points),
        suggested=key_words(item.format, row.found["suggested_key"], points),
        keys=[
            (
                key_words(item.format, key, points),
                share,
                not contradictions(item.format, own, key),
                not contradictions(item.format, table, key),
            )
            for key, share in row.drawn["keys"][:8]
            if share >= LEAST_SHOWN
        ],
        decisions=[
            (one, meetings.get(one.meeting_id), accounts.name_of(session, one.by), OUTCOME_WORDS[one.outcome])
            for one in decided
        ],
        notes=sorted(
            (numbers[person], answer.note)
            for (person, subject), answer in store.answers(session, panel_id).items()
            if subject == item_id and answer.note and person in numbers
        ),
        settled=store.settlements(session, panel_id).get(held.scenario.id),
        previous=order[at - 1] if at else "",
        following=order[at + 1] if at + 1 < len(order) else "",
        has_meeting=bool(meetings),
    )


def _points(bank: Bank, item: Item) -> Sequence[str]:
    return bank.settings.scales[item.scale].points if item.scale else ()


def _counts(
    item: Item, option: str, answers: Mapping[str, Any], places: Mapping[str, float], points: Sequence[str]
) -> list[tuple[str, int, float]]:
    """Count what the experts said of one response, beside the share of drawn panels that key it so."""
    kind, given = item.format.value, list(answers.values())
    if kind == "rank":
        said = [one[option] for one in given]
        return [(str(n), said.count(n), places.get(str(n), 0.0)) for n in range(1, len(item.options) + 1)]
    if kind == "rate":
        said = [one[option] for one in given]
        return [(label, said.count(n), places.get(str(n), 0.0)) for n, label in enumerate(points, start=1)]
    if kind == "most_least":
        return [
            (end, sum(one[end] == option for one in given), places.get("1" if end == "most" else "-1", 0.0))
            for end in ("most", "least")
        ]
    chosen = sum(option in one if kind == "choose" else option == one for one in given)
    return [("chosen", chosen, places.get("1", 0.0)), ("left", len(given) - chosen, places.get("0", 0.0))]


LEVELS = EFFECTIVENESS
