"""What the pages of corrections and re-awards show, read in one go so that no template asks the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlmodel import Session

from sjt.accounts import service as accounts
from sjt.authoring import service as authoring
from sjt.authoring.snapshot import Format
from sjt.authoring.uses import KeyedItem
from sjt.delivery import service as delivery
from sjt.delivery.service import SessionLine
from sjt.errors import NotFound
from sjt.results import correction_effect, corrections, keying, reaward, store
from sjt.results.correction_effect import Touched
from sjt.results.corrections import Subject
from sjt.results.forms import CREDIT
from sjt.results.model import CorrectionKind, CorrectionState, Verdict
from sjt.results.reaward import Affected
from sjt.results.tables import KeyCorrection, Release

STATES: Mapping[CorrectionState, tuple[str, str]] = {
    CorrectionState.PROPOSED: ("Waits for two officers", "warn"),
    CorrectionState.ADOPTED: ("Stands", "ok"),
    CorrectionState.TAKEN_BACK: ("Taken back", "line"),
    CorrectionState.SUPERSEDED: ("Superseded", "line"),
}


def state_of(row: KeyCorrection) -> tuple[str, str]:
    """Say where a correction stands, and the tone of its tag."""
    if row.state is CorrectionState.PROPOSED and row.adopted_by:
        return "Waits for the second officer", "warn"
    return STATES[row.state]


@dataclass(frozen=True, slots=True)
class Line:
    """One correction in the list."""

    row: KeyCorrection
    title: str
    forms: int
    proposer: str
    state: tuple[str, str]


def listed(session: Session) -> list[Line]:
    """Give every correction, those that wait for signatures first, then the newest."""
    keyed = authoring.keyed_items(session)
    lines = []
    for row in store.corrections(session):
        held = keyed.get((row.item, row.replaces))
        lines.append(
            Line(
                row,
                held.title if held else row.item,
                len(held.forms) if held else 0,
                accounts.name_of(session, row.proposed_by),
                state_of(row),
            )
        )
    return sorted(lines, key=lambda line: line.row.state is not CorrectionState.PROPOSED)


def choices(session: Session, item: str = "") -> list[KeyedItem]:
    """Give the frozen keys that may be corrected: of one item, or all."""
    return [one for one in authoring.keyed_items(session).values() if not item or one.item == item]


@dataclass(frozen=True, slots=True)
class Filled:
    """What a new correction's form begins with, and where it comes from."""

    key: str
    levels: str
    why: Mapping[str, str]
    source: str


def filled(session: Session, about: Subject, key: str = "") -> Filled:
    """Begin with a key that was tried, else the bank's where it has another for the same words, else none."""
    held = about.published
    if key:
        return Filled(key, "", held.why, "tried")
    found = _of_bank(session, about)
    if found is not None and found[0] != dict(held.key) and found[0] != dict(about.standing.key):
        table, why = found
        levels = table.get("effectiveness") or {}
        graded = held.format in (Format.MOST_LEAST, Format.SINGLE)
        said = "" if graded else keying.levels_text(levels)
        return Filled(keying.key_text(held.format, table), said, why, "bank")
    return Filled("", "", about.standing.why, "")


def _of_bank(session: Session, about: Subject) -> tuple[dict[str, Any], dict[str, str]] | None:
    """Give the bank's own table for the item, if it still has the words that the form was frozen with."""
    held = about.published
    if held.format is Format.WRITTEN:
        return None
    try:
        bank = authoring.bank(session)
    except NotFound:  # the forms outlive their bank
        return None
    scenario = next((one for one in bank.scenarios if one.id == held.scenario), None)
    keys = bank.keys.get(held.scenario)
    if scenario is None or keys is None or held.id not in keys.items or scenario.sha256 != held.scenario_version:
        return None
    key = keys.items[held.id]
    table: dict[str, Any] = TypeAdapter(type(key)).dump_python(key, mode="json")
    return table, {str(option): str(why) for option, why in table.pop("why", {}).items()}


def key_words(about: Subject, version: str) -> str:
    """Write the key of one version as people read it."""
    item = about.form.keyed(about.published.id, version)
    if item is None:
        return ""
    return "Full marks for everybody" if item.rule == CREDIT else keying.key_text(item.format, item.key)


@dataclass(frozen=True, slots=True)
class SessionEffect:
    """What a correction does to one session."""

    line: SessionLine | None
    session_id: UUID
    numbers: Mapping[str, Any]
    waiting: int
    """Sittings whose standing marks are by another key than the corrected one."""
    reaward: int
    """Released results that rest on other marks or pass marks than now stand."""


@dataclass(frozen=True, slots=True)
class CorrectionPage:
    row: KeyCorrection
    about: Subject
    state: tuple[str, str]
    before: str
    after: str
    names: Mapping[str, str]
    sessions: Sequence[SessionEffect]
    rows: Sequence[Touched]
    """Those whose mark moves first, turned outcomes before all."""

    @property
    def waiting(self) -> int:
        return sum(one.waiting for one in self.sessions)

    @property
    def changed_since(self) -> bool:
        """Tell whether more has been sat or marked since it was counted for the signatures."""
        return bool(self.row.counted["all"] != correction_effect.summed(self.rows)["all"])


def correction_page(session: Session, correction_id: UUID) -> CorrectionPage:
    """Give a correction with its counts and everybody it touches."""
    row = corrections.get(session, correction_id)
    about = corrections.subject(session, row.item, row.replaces)
    rows = correction_effect.touched_by(session, about.keyed, row)
    people = {one for one in (row.proposed_by, row.adopted_by, row.seconded_by, row.ended_by) if one}
    after = key_words(about, row.key_version) if row.seconded_by else _proposed_words(about, row)
    return CorrectionPage(
        row,
        about,
        state_of(row),
        key_words(about, row.base_version),
        after,
        {who: accounts.name_of(session, who) for who in people},
        _sessions(session, row, rows),
        sorted(rows, key=_by_weight),
    )


def _proposed_words(about: Subject, row: KeyCorrection) -> str:
    if row.kind is CorrectionKind.CREDIT:
        return "Full marks for everybody"
    return keying.key_text(about.published.format, row.key)


def _by_weight(one: Touched) -> tuple[bool, bool, str]:
    turned = one.verdicts is not None and one.verdicts[0] is not one.verdicts[1]
    return not turned, not one.moves, str(one.sitting_id)


def _sessions(session: Session, row: KeyCorrection, rows: Sequence[Touched]) -> list[SessionEffect]:
    lines = {line.id: line for line in delivery.sessions(session)}
    stands = row.state is CorrectionState.ADOPTED
    found = []
    for numbers in correction_effect.summed(rows)["sessions"]:
        session_id = UUID(numbers["session"])
        waiting = [one for one in rows if one.session_id == session_id and one.key_version != row.key_version]
        moved = len(reaward.affected(session, session_id)) if stands and not waiting else 0
        found.append(SessionEffect(lines.get(session_id), session_id, numbers, len(waiting) if stands else 0, moved))
    return found


def ulns(session: Session, rows: Sequence[Touched | Affected]) -> dict[UUID, str]:
    """Give the learner numbers of those shown: a list to sign needs no names."""
    return {one.candidate_id: delivery.candidate(session, one.candidate_id).uln for one in rows}


@dataclass(frozen=True, slots=True)
class Earlier:
    """A re-award that was made."""

    row: Release
    proposer: str
    second: str
    given: int
    stood: int


@dataclass(frozen=True, slots=True)
class ReawardPage:
    line: SessionLine
    rows: Sequence[Affected]
    numbers: Mapping[str, int]
    hindrances: Sequence[str]
    proposal: Release | None
    proposer: str
    earlier: Sequence[Earlier]
    moved: bool
    """The list is another than the one that was proposed."""
    suggested: str
    """What the reason might begin with: the corrections that moved these marks."""


def reaward_page(session: Session, session_id: UUID) -> ReawardPage:
    """Give what a session's re-award would do, or the one that waits for its second officer."""
    line = next((one for one in delivery.sessions(session) if one.id == session_id), None)
    if line is None:
        raise NotFound("There is no such session.")
    row = store.open_release(session, session_id)
    proposal = row if row is not None and row.again else None
    spare = proposal.spare if proposal else True
    rows = reaward.affected(session, session_id, spare=spare)
    done = [one for one in store.releases(session, session_id) if one.again and one.released_at is not None]
    return ReawardPage(
        line,
        sorted(rows, key=lambda one: (not one.turns, str(one.sitting_id))),
        reaward.counted(rows),
        reaward.hindrances(session, session_id),
        proposal,
        accounts.name_of(session, proposal.proposed_by) if proposal else "",
        [
            Earlier(
                one,
                accounts.name_of(session, one.proposed_by),
                accounts.name_of(session, one.released_by or ""),
                sum(not said["stands"] for said in one.lines),
                sum(bool(said["stands"]) for said in one.lines),
            )
            for one in done
        ],
        proposal is not None and [one.line() for one in rows] != list(proposal.lines),
        _suggested(session, rows),
    )


def _suggested(session: Session, rows: Sequence[Affected]) -> str:
    """Begin the reason with what moved these marks; the officers' own reasons may tell of keys, a statement may not."""
    forms = {one.form_id for one in rows if one.raw[0] != one.raw[1]}
    keyed = authoring.keyed_items(session)
    titles = [
        keyed[row.item, row.replaces].title
        for row in store.signed_corrections(session)
        if row.state is CorrectionState.ADOPTED
        and (row.item, row.replaces) in keyed
        and forms & set(keyed[row.item, row.replaces].forms)
    ]
    said = ["The pass mark of the form was set anew."] if any(one.cut[0] != one.cut[1] for one in rows) else []
    if titles:
        named = ", ".join(f"“{title}”" for title in dict.fromkeys(titles))
        said.append(f"After the test the marking of {named} was found wrong and put right for everybody.")
    return " ".join(said)[: reaward.LONGEST_REASON]


def verdict_words(one: Touched) -> str:
    """Say what becomes of a sitting's outcome: ``Fail → Pass``."""
    if one.verdicts is None:
        return "–"
    before, after = (verdict.value.capitalize() for verdict in one.verdicts)
    return before if before == after else f"{before} → {after}"


def turned(one: Touched) -> bool:
    return one.verdicts in ((Verdict.PASS, Verdict.FAIL), (Verdict.FAIL, Verdict.PASS))
