"""What became of a scenario: every version, review, move and panel, and how long each version took to write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from sqlmodel import Session

from sjt.accounts import service as accounts
from sjt.authoring import store, store_drafts
from sjt.authoring.life import DID_WORDS, GATE_WORDS, Gate, words_of
from sjt.authoring.states import ReviewKind

PAUSE: Final = timedelta(minutes=15)
"""Two saves farther apart than this have a pause between them: the editor saves by itself while somebody types."""
_STANDS: Final = frozenset({"begun", "beside"})
"""Steps that nobody typed: the start, and one side of a merge."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the history."""

    at: datetime
    who: str
    what: str
    version: int
    detail: str = ""
    tone: str = "line"
    waived: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Writing:
    """How one version came about at the desk."""

    version: int
    begun_at: datetime
    begun_from: int
    """The version it went out from; 0: a blank page."""
    put_at: datetime
    sent_at: datetime | None
    """When it went to review first; empty: not yet."""
    edits: int
    at_work: timedelta
    who: tuple[str, ...]

    @property
    def elapsed(self) -> timedelta:
        """From the first field to review, or to the bank while it was not sent."""
        return (self.sent_at or self.put_at) - self.begun_at

    @property
    def took(self) -> str:
        return in_words(self.elapsed)

    @property
    def worked(self) -> str:
        return in_words(self.at_work)


def in_words(time: timedelta) -> str:
    """Write a stretch of time in its two largest parts: ``2 days 4 h``, ``3 h 20 min``, ``12 min``."""
    minutes = round(time.total_seconds() / 60)
    days, hours = minutes // 1440, minutes % 1440 // 60
    if days:
        return f"{days} day{'s' if days != 1 else ''}" + (f" {hours} h" if hours else "")
    if hours:
        return f"{hours} h" + (f" {minutes % 60} min" if minutes % 60 else "")
    return f"{minutes} min" if minutes else "under a minute"


def at_work(times: Sequence[datetime]) -> timedelta:
    """Add up the time between saves, pauses left out."""
    gaps = [later - earlier for earlier, later in pairwise(times)]
    return sum((gap for gap in gaps if gap <= PAUSE), timedelta())


def writings(session: Session, scenario_id: str) -> list[Writing]:
    """Tell for each version written at the desk how long it took and how many edits, newest first."""
    sent: dict[int, datetime] = {}
    for move in store.moves(session, scenario_id):
        if move.did == "send":
            sent.setdefault(move.version, move.at)
    found = []
    for draft in store_drafts.drafts_that_became(session, scenario_id):
        steps = store_drafts.steps_of(session, draft.id)
        assert draft.became is not None and draft.closed_at is not None, "it became a version"
        people = dict.fromkeys([by for _, _, _, by in steps] + [draft.closed_by])
        found.append(
            Writing(
                draft.became,
                draft.created_at,
                draft.base_n,
                draft.closed_at,
                sent.get(draft.became),
                sum(1 for _, did, _, _ in steps if did not in _STANDS),
                at_work([at for _, _, at, _ in steps] + [draft.closed_at]),
                tuple(accounts.name_of(session, one) for one in people),
            )
        )
    return sorted(found, key=lambda one: -one.version)


def entries(session: Session, scenario_id: str, *, with_key: bool) -> list[Entry]:
    """Give the whole history, newest first."""
    names: dict[str, str] = {}

    def name(actor_id: str) -> str:
        return names.setdefault(actor_id, accounts.name_of(session, actor_id))

    moves = store.moves(session, scenario_id)
    written = {move.version for move in moves if move.did in ("write", "import")}
    found = [
        Entry(one.created_at, name(one.created_by), "Came with an import of the bank", one.n)
        for one in store.versions(session, scenario_id)
        if one.n not in written
    ]
    for move in moves:
        what = DID_WORDS.get(move.did, move.did)
        if move.was and move.was != move.became.value:
            what += f": {move.was.replace('_', ' ')} → {words_of(move.became)}"
        waived = tuple(GATE_WORDS[Gate(one)] for one in move.waived)
        tone = {
            "suspend": "danger",
            "retire": "danger",
            "return": "warn",
            "live": "ok",
            "elsewhere": "warn",
            "illustration": "info",
        }.get(move.did, "line")
        # the words of who sees keys may tell of one; a return's stand with its review, which knows who may read
        hidden = move.did == "return" or (move.waived and not with_key)
        detail = "" if hidden else move.reason
        found.append(Entry(move.at, name(move.by), what, move.version, detail, tone, waived))
    for one in store.reviews(session, scenario_id):
        kind = "Review" if one.kind is ReviewKind.REVIEW else "Fairness"
        verdict = ("approved" if one.approves else "returned") if kind == "Review" else (
            "signed off" if one.approves else "not signed off")  # fmt: skip
        detail = one.words if with_key or one.kind is ReviewKind.FAIRNESS else ""
        found.append(
            Entry(one.at, name(one.by), f"{kind}: {verdict}", one.version, detail, "ok" if one.approves else "warn")
        )
    for verdict_ in store.panel_verdicts(session, scenario_id):
        what = "Key panel: passed" if verdict_.passed else "Key panel: not agreed"
        detail = verdict_.detail if with_key else ""
        found.append(Entry(verdict_.at, name(verdict_.by), what, verdict_.version, detail, "info"))
    return sorted(found, key=lambda one: one.at, reverse=True)
