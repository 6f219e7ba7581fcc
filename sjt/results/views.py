"""What the pages of results show, read in one go so that no template asks the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from uuid import UUID

from sqlmodel import Session

from sjt.access import Actor
from sjt.accounts import service as accounts
from sjt.authoring import service as authoring
from sjt.authoring.states import FormLine, FormState
from sjt.delivery import service as delivery
from sjt.delivery.model import SessionState
from sjt.delivery.service import SessionLine
from sjt.errors import InputError
from sjt.jobs import service as jobs
from sjt.jobs.model import ENDED
from sjt.results import judging, marking_run, pass_marks, reaward, releasing, store
from sjt.results.evidence import explained_run
from sjt.results.judging import JudgedItem, PanelView
from sjt.results.model import Block, CutState, OutcomeState, PanelState
from sjt.results.pass_marks import Composed
from sjt.results.tables import Cut, JudgePanel, KeyDoubt, MarkRun, Outcome, Release


@dataclass(frozen=True, slots=True)
class SessionResults:
    """One session in the list of results."""

    line: SessionLine
    counts: Mapping[str, int]
    proposed: bool

    @property
    def state(self) -> tuple[str, str]:
        """Say where its results stand, and the tone of the tag."""
        if self.line.state is not SessionState.CLOSED:
            return "Not closed", "line"
        if self.proposed:
            return "Waits for the second officer", "warn"
        if not self.counts:
            return "Not marked", "line"
        if self.counts.get("awaiting_marking"):
            return "Awaiting marking", "warn"
        if self.counts.get("provisional"):
            return "Provisional", "info"
        return "Released", "ok"


@dataclass(frozen=True, slots=True)
class Row:
    """One candidate's result on the session's page."""

    sitting_id: UUID
    name: str
    uln: str
    seat: int | None
    form_id: str
    attempt: int
    state: OutcomeState | None
    raw: Fraction | None
    max: Fraction | None
    cut: Fraction | None
    outcome: str | None
    within_sem: bool


@dataclass(frozen=True, slots=True)
class SessionPage:
    line: SessionLine
    blocks: Sequence[Block]
    rows: Sequence[Row]
    proposal: Release | None
    proposer: str
    releases: Sequence[tuple[Release, str, str]]
    cuts: Mapping[str, Cut | None]
    spreads: Mapping[str, tuple[float | None, int, str]]
    job: UUID | None
    """A marking that is under way."""
    affected: int = 0
    """Released results that rest on other marks, or on another pass mark, than now stand."""
    rekeyed: int = 0
    """Sittings marked by a key that has been corrected since."""

    @property
    def is_released(self) -> bool:
        return bool(self.rows) and all(row.state is OutcomeState.RELEASED for row in self.rows)

    @property
    def needs_marking(self) -> bool:
        return any(block.code in ("not_marked", "keys_corrected") for block in self.blocks)


def key_doubt(session: Session, panel_id: UUID) -> KeyDoubt | None:
    """Give what was counted of a panel's doubt, if it was."""
    return store.key_doubt(session, panel_id)


def sessions(session: Session) -> list[SessionResults]:
    counts = store.counts_by_state(session)
    proposed = {row.session_id for row in store.open_releases(session)}
    return [
        SessionResults(line, {state.value: n for state, n in counts.get(line.id, {}).items()}, line.id in proposed)
        for line in delivery.sessions(session)
    ]


def session_page(session: Session, session_id: UUID) -> SessionPage:
    found = releasing.blocks(session, session_id)
    line = next(one for one in delivery.sessions(session) if one.id == session_id)
    outcomes = store.last_outcomes(session, session_id=session_id)
    cuts = {one.cut_id: store.cut(session, one.cut_id) for one in outcomes.values() if one.cut_id}
    forms = sorted({one.form_id for one in outcomes.values()})
    standing = {form: store.standing_cut(session, form) for form in forms}
    spreads = {form: releasing.sem_of(session, form) for form in forms}
    rows = []
    for sat in delivery.responses(session, session_id=session_id):
        candidate = delivery.candidate(session, sat.candidate_id)
        outcome = outcomes.get(sat.sitting_id)
        cut = cuts.get(outcome.cut_id) if outcome and outcome.cut_id else standing.get(sat.form_id)
        rows.append(
            _row(
                sat.sitting_id,
                f"{candidate.family_name}, {candidate.given_name}",
                candidate.uln,
                sat.form_id,
                sat.attempt,
                outcome,
                cut,
                spreads[sat.form_id].sem if sat.form_id in spreads else None,
            )
        )
    proposal = store.open_release(session, session_id)
    job = jobs.newest(session, "results.mark", {"session": str(session_id)})
    return SessionPage(
        line,
        found,
        sorted(rows, key=lambda row: row.name),
        proposal,
        accounts.name_of(session, proposal.proposed_by) if proposal else "",
        [
            (row, accounts.name_of(session, row.proposed_by), accounts.name_of(session, row.released_by or ""))
            for row in store.releases(session, session_id)
            if row.released_at is not None
        ],
        standing,
        {form: (known.sem, known.n, known.reason) for form, known in spreads.items()},
        job.id if job is not None and job.state not in ENDED else None,
        len(reaward.affected(session, session_id)),
        len(marking_run.waiting(session, session_id).keys) if any(b.code == "keys_corrected" for b in found) else 0,
    )


def _row(
    sitting_id: UUID,
    name: str,
    uln: str,
    form_id: str,
    attempt: int,
    outcome: Outcome | None,
    cut: Cut | None,
    sem: float | None,
) -> Row:
    marked = outcome is not None and outcome.state is not OutcomeState.AWAITING_MARKING
    near = bool(marked and outcome and cut and sem is not None and abs(float(outcome.raw - cut.applied)) <= sem)
    return Row(
        sitting_id,
        name,
        uln,
        None,
        form_id,
        attempt,
        outcome.state if outcome else None,
        outcome.raw if outcome and marked else None,
        outcome.max if outcome else None,
        cut.applied if cut else None,
        outcome.outcome.value if outcome and outcome.outcome and marked else None,
        near,
    )


@dataclass(frozen=True, slots=True)
class MarksPage:
    """One sitting's marks, explained, for an appeal."""

    name: str
    line: SessionLine
    run: MarkRun
    runs: Sequence[MarkRun]
    versions: Sequence[Outcome]
    names: Mapping[str, str]

    @property
    def newer(self) -> MarkRun | None:
        """Give a marking that came after the one explained."""
        return self.runs[-1] if self.runs[-1].n > self.run.n else None


def marks_page(session: Session, sitting_id: UUID, n: int | None = None) -> MarksPage | None:
    """Give the marking asked for, else that of the released result, else the newest."""
    runs = store.runs_of_sitting(session, sitting_id)
    run = explained_run(session, sitting_id, n)
    if run is None:
        return None
    candidate = delivery.candidate(session, run.candidate_id)
    line = next(one for one in delivery.sessions(session) if one.id == run.session_id)
    versions = store.outcome_versions(session, sitting_id)
    who = {one.by for one in runs} | {one.by for one in versions}
    return MarksPage(
        f"{candidate.given_name} {candidate.family_name}",
        line,
        run,
        runs,
        versions,
        {actor: accounts.name_of(session, actor) for actor in who},
    )


@dataclass(frozen=True, slots=True)
class FormCuts:
    """A form in the list of pass marks."""

    form: FormLine
    standing: Cut | None
    proposed: Cut | None


def pass_mark_list(session: Session) -> list[FormCuts]:
    """List the forms for everybody, and of the pools those that somebody has sat: each has a pass mark of its own."""
    forms = authoring.published_forms(session)
    listed = {form.form_id for form in forms}
    sat = [authoring.form_line(session, one) for one in store.forms_marked(session) if one not in listed]
    forms += [form for form in sat if form.state is FormState.PUBLISHED]
    cuts = store.all_cuts(session)

    def first(form_id: str, state: CutState) -> Cut | None:
        return next((cut for cut in cuts.get(form_id, []) if cut.state is state), None)

    return [
        FormCuts(form, first(form.form_id, CutState.ADOPTED), first(form.form_id, CutState.PROPOSED)) for form in forms
    ]


@dataclass(frozen=True, slots=True)
class ItemLine:
    """One item of a form with its part of the pass mark."""

    item: str
    title: str
    format: str
    worth: Fraction
    chance: Fraction | None
    mean: Fraction | None


@dataclass(frozen=True, slots=True)
class CutPage:
    form: FormLine
    cuts: Sequence[Cut]
    names: Mapping[str, str]
    sources: Sequence[tuple[str, str]]
    composed: Composed | None
    why_not: str
    lines: Sequence[ItemLine]
    spread: tuple[float | None, int, str]
    impact: Sequence[tuple[Fraction, int, int]]
    """Pass mark → how many of n standing totals reach it."""


def cut_page(session: Session, form_id: str, panel_id: UUID | None = None) -> CutPage:
    form = authoring.form_line(session, form_id)
    paper, secret = authoring.paper(session, form_id), authoring.secret(session, form_id)
    composed, why_not = None, ""
    try:
        composed = pass_marks.compose(session, form_id, panel_id)
    except InputError as error:
        why_not = error.message
    cuts = store.cuts_of_form(session, form_id)
    shown = next((cut for cut in cuts if cut.state is not CutState.SUPERSEDED), None)
    parts = dict(composed.parts) if composed else {}
    titles = {item.id: scenario.title for scenario in paper.scenarios for item in scenario.items}
    lines = [
        ItemLine(
            item.id,
            titles[item.id],
            item.format.value,
            item.worth,
            None if item.format.value == "written" else item.chance,
            parts.get(item.id),
        )
        for item in secret.live_items()
    ]
    panels = [panel for panel in store.panels(session) if form_id in panel.forms and panel.state is PanelState.CLOSED]
    sources = [(str(panel.id), f"Panel: {panel.title}") for panel in panels]
    if any(item.angoff_mean is not None for item in secret.live_items()):
        sources.append(("bank", "Judgements banked when the form was published"))
    known = releasing.sem_of(session, form_id)
    people = {actor for cut in cuts for actor in (cut.proposed_by, cut.adopted_by, cut.seconded_by) if actor}
    at = shown.applied if shown is not None else composed.applied if composed is not None else None
    return CutPage(
        form,
        cuts,
        {actor: accounts.name_of(session, actor) for actor in people},
        sources,
        composed,
        why_not,
        lines,
        (known.sem, known.n, known.reason),
        _impact(session, form_id, at, secret.mark_unit) if at is not None else (),
    )


def _impact(session: Session, form_id: str, at: Fraction, unit: Fraction) -> list[tuple[Fraction, int, int]]:
    totals = [run.raw for run in store.runs_of_form(session, form_id).values() if run.complete]
    if len(totals) < 10:
        return []
    return [
        (cut, sum(total >= cut for total in totals), len(totals)) for cut in (at + unit * step for step in range(-3, 4))
    ]


@dataclass(frozen=True, slots=True)
class PanelLine:
    panel: JudgePanel
    rated: int
    items: int
    mine: bool


def panel_list(session: Session, actor: Actor, *, everyone: bool) -> list[PanelLine]:
    found = []
    for panel in store.panels(session):
        mine = actor.id in panel.judges
        if not (mine or everyone):
            continue
        items = judging.items_of(session, panel)
        said = judging.standing(session, panel)
        rated = sum(actor.id in said.get(item.item, {}) for item in items)
        found.append(PanelLine(panel, rated, len(items), mine))
    return found


@dataclass(frozen=True, slots=True)
class JudgePage:
    """One item for one judge."""

    panel: JudgePanel
    item: JudgedItem
    number: int
    total: int
    rated: int
    own: Fraction | None
    before: Fraction | None
    """What this judge said in the round before."""
    others: Sequence[Fraction]
    """The ratings of the round before, from round 2 on; nobody's name."""
    previous: str | None
    next: str | None
    rated_at: datetime | None


def judge_page(session: Session, panel_id: UUID, item_id: str | None, actor: Actor) -> JudgePage | None:
    """Give the item asked for, or the first that this judge has not rated; None when all are rated."""
    panel = judging.panel(session, panel_id)
    items = judging.items_of(session, panel)
    all_ratings = store.ratings(session, panel_id)
    standing = {judge_item for (judge, _, judge_item) in all_ratings if judge == actor.id}
    if item_id is None:
        item_id = next((item.item for item in items if item.item not in standing), None)
        if item_id is None:
            return None
    at = next((n for n, item in enumerate(items) if item.item == item_id), None)
    if at is None:
        return None
    item = items[at]
    row = all_ratings.get((actor.id, panel.round, item_id))
    before = max(
        (key for key in all_ratings if key[0] == actor.id and key[2] == item_id and key[1] < panel.round),
        key=lambda key: key[1],
        default=None,
    )
    others: list[Fraction] = []
    if panel.round > 1:
        last: dict[str, tuple[int, Fraction]] = {}
        for (judge, round_, name), one in all_ratings.items():
            if name == item_id and round_ < panel.round and last.get(judge, (0, one.rating))[0] < round_:
                last[judge] = (round_, one.rating)
        others = sorted(rating for _, rating in last.values())
    return JudgePage(
        panel,
        item,
        at + 1,
        len(items),
        sum(one.item in standing for one in items),
        row.rating if row else None,
        all_ratings[before].rating if before else None,
        others,
        items[at - 1].item if at else None,
        items[at + 1].item if at + 1 < len(items) else None,
        row.at if row else None,
    )


def panel_page(session: Session, panel_id: UUID) -> tuple[PanelView, Mapping[str, str]]:
    seen = judging.view(session, panel_id)
    return seen, {judge: accounts.name_of(session, judge) for judge in seen.panel.judges}
