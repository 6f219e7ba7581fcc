"""The room as the invigilator reads it: each seat's state in a word, who needs somebody in sentences. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sjt.delivery.candidate_page import Help
from sjt.delivery.model import BookingState, EventKind, LedgerEntry, SessionState, SittingState
from sjt.delivery.views import RoomView, SeatLine
from sjt.times import in_local_zone
from sjt.web.filters import duration
from sjt.web.wording import device_words

SILENT_AFTER: Final = timedelta(seconds=25)
"""A page says every 8 s that it is there: three in a row are missing."""

TABS: Final = (
    ("all", "All"),
    ("answering", "Answering"),
    ("needs", "Needs you"),
    ("paused", "Paused"),
    ("done", "Ended"),
    ("not-here", "Not started"),
)


@dataclass(frozen=True, slots=True)
class SeatCard:
    """One seat as shown: its state in words with a tone and an icon, and what group it belongs to."""

    line: SeatLine
    words: str
    tone: str
    icon: str
    group: str
    needs: bool
    progress: str
    time: str
    extra: str
    age: str
    """How long ago the server last acknowledged something of this seat's page; empty: nothing yet, or ended."""

    @property
    def key(self) -> str:
        return str(self.line.booking_id)

    @property
    def device(self) -> str:
        """Name the browser in a few words: the whole line stands in the seat's panel."""
        return device_words(self.line.device) if self.line.device else "none"

    @property
    def place(self) -> str:
        return f"Seat {self.line.seat}" if self.line.seat else "No seat"


@dataclass(frozen=True, slots=True)
class Attention:
    """One sentence about somebody who needs the invigilator."""

    key: str
    card: SeatCard
    tone: str
    icon: str
    sentence: str
    is_help: bool = False

    @property
    def is_late(self) -> bool:
        return self.key.endswith("-late")


@dataclass(frozen=True, slots=True)
class Console:
    cards: tuple[SeatCard, ...]
    attention: tuple[Attention, ...]
    counts: Mapping[str, int]

    def shown(self, tab: str) -> list[SeatCard]:
        return [card for card in self.cards if tab == "all" or (tab == "needs" and card.needs) or card.group == tab]

    def by_need(self, tab: str) -> list[SeatCard]:
        """Give the seats with those first who need somebody, the most urgent first of all."""
        order = {"danger": 0, "warn": 1, "info": 2}
        return sorted(self.shown(tab), key=lambda card: (not card.needs, order.get(card.tone, 3)))

    def choices(self) -> list[tuple[str, str]]:
        """Give the seats that have a sitting, for a list to choose from."""
        return [
            (str(card.line.sitting_id), f"{card.place}, {card.line.name}")
            for card in self.cards
            if card.line.sitting_id
        ]

    def card(self, booking_id: str) -> SeatCard | None:
        return next((card for card in self.cards if card.key == booking_id), None)


def console(
    room: RoomView,
    helps: Mapping[UUID, Help],
    leaves: Mapping[UUID, Sequence[datetime]],
    ready: frozenset[UUID],
    locked: Mapping[UUID, str] | None = None,
) -> Console:
    """Read the room; ``locked`` says of which sittings why they were stopped for their browser."""
    cards: list[SeatCard] = []
    attention: list[Attention] = []
    for line in room.seats:
        if line.booking_state in (BookingState.WITHDRAWN, BookingState.MOVED):
            continue
        known = line.sitting_id
        called = helps.get(known) if known else None
        found = list(_needs(line, room, called, leaves.get(known, ()) if known else ()))
        stopped = known is not None and known in (locked or {})
        card = _card(line, room, bool(found) or stopped, called is not None, known is not None and known in ready)
        cards.append(card)
        if known is not None and (why := (locked or {}).get(known)):
            words = f"is stopped. {why} Start the locked browser there and press Go on, or open the seat."
            attention.append(Attention(f"{card.key}-locked", card, "danger", "lock", words))
        attention += [Attention(f"{card.key}-{kind}", card, *rest) for kind, *rest in found]  # type: ignore[arg-type] # kind first, then the fields in order
    order = {"danger": 0, "warn": 1, "info": 2}
    attention.sort(key=lambda one: order[one.tone])
    counts = {tab: 0 for tab, _ in TABS}
    for card in cards:
        counts["all"] += 1
        counts["needs"] += card.needs
        if card.group in counts:
            counts[card.group] += 1
    return Console(tuple(cards), tuple(attention), counts)


def _silence(line: SeatLine, at: datetime) -> timedelta | None:
    """Tell how long a running seat has said nothing; None while it speaks."""
    if line.state is not SittingState.RUNNING or line.last_event_at is None or line.device_open:
        return None
    gap = at - line.last_event_at
    return gap if gap > SILENT_AFTER else None


def _needs(
    line: SeatLine, room: RoomView, called: Help | None, leaves: Sequence[datetime]
) -> Iterable[tuple[str, str, str, str, bool]]:
    if (gap := _silence(line, room.at)) is not None:
        kept = ""
        if line.unsaved:
            kept = (
                f" {line.unsaved} answer{'s are' if line.unsaved > 1 else ' is'} kept on the computer and not yet here."
            )
        yield "silent", "danger", "offline", f"no contact for {duration(gap)}.{kept}", False
    if called is not None:
        yield "help", "warn", "question", f"{called.words} {duration(room.at - called.at)} ago.", True
    if line.device_open and line.state in (SittingState.RUNNING, SittingState.PAUSED, SittingState.BREAK):
        yield "device", "warn", "key", "has no computer: the code must be entered on the new one.", False
    if (
        room.session.state is SessionState.RUNNING
        and line.state is SittingState.WAITING
        and line.booking_state is BookingState.CHECKED_IN
    ):
        yield "late", "info", "clock", "has come after the start and waits for you to start the test.", False
    if len(leaves) > 1 and line.state is SittingState.RUNNING:
        times = ", ".join(f"{in_local_zone(at):%H:%M}" for at in leaves[-3:])
        often = "twice" if len(leaves) == 2 else f"{len(leaves)} times"
        yield "left", "warn", "warning", f"left the test window {often} ({times}). This is a record, not proof.", False


def _card(line: SeatLine, room: RoomView, needs: bool, called: bool, ready: bool) -> SeatCard:
    words, tone, icon, group = _state(line, room, ready)
    if called and tone not in ("danger",):
        words, tone, icon = "Asked for help", "warn", "question"
    elif needs and tone == "ok":
        tone, icon = "warn", "warning"
    clock = line.clock
    runs = line.state in (SittingState.WAITING, SittingState.RUNNING, SittingState.PAUSED, SittingState.BREAK)
    time = f"{max(0, -(-clock.left_ms // 60_000))} min" if clock is not None and runs else "\N{EN DASH}"
    progress = f"{line.answered}/{line.items}" if line.sitting_id else "\N{EN DASH}"
    heard = line.last_event_at if runs else None
    age = f"{duration(room.at - heard)} ago" if heard is not None and heard <= room.at else ""
    return SeatCard(line, words, tone, icon, group, needs, progress, time, _extra(line.adjustment), age)


def _extra(adjustment: str) -> str:
    """Shorten an adjustment to what fits a card: the extra time, else that there is one."""
    for part in adjustment.split(", "):
        if part.startswith("extra time "):
            return "+" + part.removeprefix("extra time ")
    return "adjusted" if adjustment else ""


def _state(line: SeatLine, room: RoomView, ready: bool) -> tuple[str, str, str, str]:
    finished = f" {in_local_zone(line.finished_at):%H:%M}" if line.finished_at else ""
    if line.booking_state is BookingState.PENDING:
        return "Gateway not complete", "idle", "lock", "not-here"
    if line.booking_state is BookingState.ABSENT:
        return "Absent", "idle", "person", "not-here"
    if line.state is None:
        if line.booking_state is BookingState.CHECKED_IN:
            return "Checked in", "info", "tick", "not-here"
        return "Not here", "idle", "person", "not-here"
    if line.state is SittingState.WAITING:
        if line.device_open:
            return "Must enter the code", "info", "key", "not-here"
        return ("Ready" if ready else "Reading instructions"), "info", "tick" if ready else "document", "waiting"
    if line.state is SittingState.RUNNING:
        if (gap := _silence(line, room.at)) is not None:
            minutes, seconds = divmod(int(gap.total_seconds()), 60)
            return f"No contact {minutes}:{seconds:02d}", "danger", "offline", "answering"
        return "Answering", "ok", "edit", "answering"
    if line.state is SittingState.PAUSED:
        return "Paused", "info", "pause", "paused"
    if line.state is SittingState.BREAK:
        return "Rest break", "info", "pause", "paused"
    if line.state is SittingState.SUBMITTED:
        return f"Submitted{finished}", "done", "tick", "done"
    if line.state is SittingState.CLOSED:
        return f"Time up{finished}", "done", "stop", "done"
    return "Void", "done", "close", "done"


HAPPENED: Final[Mapping[str, str]] = {
    "opened": "Entered the code",
    "claimed": "This computer holds the test",
    "released": "Freed for another computer",
    "reassigned": "Given to the person who really sits it",
    "started": "Started",
    "paused": "Paused",
    "resumed": "Went on",
    "break_started": "Rest break began",
    "break_ended": "Rest break ended",
    "extended": "Time added",
    "outage": "Time given back for an outage",
    "submitted": "Submitted",
    "submit": "Submitted by the candidate",
    "closed": "Closed",
    "reopened": "Opened again",
    "voided": "Made void",
    "redealt": "Given the reserve form",
    "sat_on_paper": "Sat on paper, times recorded by hand",
    "keyed": "Answer written in from paper",
    "held": "A late answer was kept aside",
    "admitted": "A late answer was admitted",
    "discarded": "A late answer was discarded",
    "blur": "Left the test window",
    "copy": "Copied text",
    "paste": "Pasted text",
    "print": "Tried to print",
}


def happened(entries: Sequence[LedgerEntry], most: int = 12) -> list[tuple[datetime, str]]:
    """Tell a seat's story, newest first: deeds of staff, and what a browser reported beside answers."""
    story: list[tuple[datetime, str]] = []
    answered = next((one for one in reversed(entries) if one.kind is EventKind.ANSWER), None)
    for entry in reversed(entries):
        if entry is answered:
            story.append((entry.at.at, "Last answer saved"))
        words = HAPPENED.get(entry.kind.value)
        if words is None:
            continue
        minutes = entry.body.get("minutes")
        if entry.kind.value == "extended":
            percent = entry.body.get("percent", "0")
            words = f"Time added: {minutes} min" if minutes else f"Time added: {percent} %"
        if entry.kind.value == "started" and (gone := int(entry.body.get("late_ms", 0))):
            words = f"Started late: {duration(gone / 1000)} of the time is gone, by rule of the session"
        reason = entry.body.get("reason")
        story.append((entry.at.at, f"{words}. {reason}" if reason else words))
    return story[:most]


_BROWSER: Final = (
    ("blur", "left the test window"),
    ("copy", "copied"),
    ("paste", "pasted"),
    ("print", "tried to print"),
)


def browser_events(entries: Sequence[LedgerEntry]) -> str:
    """Count in words what the browser reported beside answers; empty: nothing."""
    counts = {name: sum(entry.kind.value == name for entry in entries) for name, _ in _BROWSER}
    return ", ".join(f"{words} {counts[name]} \N{MULTIPLICATION SIGN}" for name, words in _BROWSER if counts[name])
