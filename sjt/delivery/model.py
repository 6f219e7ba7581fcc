"""The values of delivery: states, what a browser sends, what the ledger keeps, what is answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from fractions import Fraction
from typing import Any, Final
from uuid import UUID

from sjt.times import Clock

MAX_EVENTS: Final = 256
"""Events in one request (CONTRACT)."""
MAX_BYTES: Final = 256 * 1024
"""Size of one request (CONTRACT)."""


class SessionState(StrEnum):
    SCHEDULED = "scheduled"
    RUNNING = "running"
    CLOSED = "closed"


class BookingState(StrEnum):
    PENDING = "pending"
    """Loaded, but the gateway is not complete: no seat, no code, no check-in."""
    BOOKED = "booked"
    CHECKED_IN = "checked_in"
    ABSENT = "absent"
    WITHDRAWN = "withdrawn"
    MOVED = "moved"


HERE_STATES: Final = frozenset(
    {BookingState.PENDING, BookingState.BOOKED, BookingState.CHECKED_IN, BookingState.ABSENT}
)
"""States of a booking that has not gone elsewhere: somebody may still come and be dealt a form."""


class SittingState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    PAUSED = "paused"
    BREAK = "break"
    CLOSED = "closed"
    SUBMITTED = "submitted"
    VOID = "void"


OPEN_STATES: Final = frozenset({SittingState.RUNNING, SittingState.PAUSED, SittingState.BREAK})
"""States in which an answer is taken: one typed before a pause may arrive during it."""
ENDED_STATES: Final = frozenset({SittingState.CLOSED, SittingState.SUBMITTED, SittingState.VOID})


class EventKind(StrEnum):
    """What a browser reports."""

    ANSWER = "answer"
    FLAG = "flag"
    VIEW = "view"
    FOCUS = "focus"
    BLUR = "blur"
    COPY = "copy"
    PASTE = "paste"
    PRINT = "print"
    DISPLAY = "display"
    SUBMIT = "submit"


class ActKind(StrEnum):
    """What staff, or sjt itself, does to a sitting."""

    OPENED = "opened"
    STARTED = "started"
    PAUSED = "paused"
    RESUMED = "resumed"
    BREAK_STARTED = "break_started"
    BREAK_ENDED = "break_ended"
    EXTENDED = "extended"
    OUTAGE = "outage"
    RELEASED = "released"
    """The device gave up the lease; the next browser that shows the code takes it."""
    CLAIMED = "claimed"
    REASSIGNED = "reassigned"
    """The sitting is another person's: somebody sat under a neighbour's code."""
    SUBMITTED = "submitted"
    CLOSED = "closed"
    REOPENED = "reopened"
    VOIDED = "voided"
    HELD = "held"
    REDEALT = "redealt"
    """The sitting has another form: the one it had may have leaked, and it had not begun."""
    SAT = "sat_on_paper"
    """The invigilator's record of a sitting that was sat on paper with no clock of sjt's running."""
    KEYED = "keyed"
    """An answer from the sheets of a sitting on paper, keyed twice and agreed."""
    ADMITTED = "admitted"
    DISCARDED = "discarded"


class Code(StrEnum):
    """Why an event was refused (CONTRACT)."""

    BAD_SHAPE = "bad_shape"
    UNKNOWN_ITEM = "unknown_item"
    UNKNOWN_OPTION = "unknown_option"
    TIED = "tied"
    OVER_SELECTED = "over_selected"
    OUT_OF_RANGE = "out_of_range"
    TOO_LONG = "too_long"
    SEQ_REUSED = "seq_reused"
    STALE_LEASE = "stale_lease"
    NOT_STARTED = "not_started"
    CLOSED = "closed"
    HELD = "held"


class IncidentCategory(StrEnum):
    CANDIDATE = "candidate"
    ENVIRONMENT = "environment"
    STAFF = "staff"
    TECHNICAL = "technical"
    OTHER = "other"


class OutagePolicy(StrEnum):
    """Whether time during which the server was down is given back."""

    ON = "on"
    OFF = "off"
    ASK = "ask"


@dataclass(frozen=True, slots=True)
class Instant:
    """One moment on one machine: wall time for people, (boot, monotonic ms) for durations."""

    at: datetime
    boot: str
    mono_ms: int

    @classmethod
    def of(cls, clock: Clock) -> Instant:
        return cls(clock.now(), clock.boot_id, clock.monotonic_ms())


ARRANGEMENTS: Final[Mapping[str, str]] = {
    "large-print": "large print",
    "coloured-paper": "coloured paper or screen",
    "reader": "reader",
    "scribe": "scribe",
    "sign-language": "sign language interpreter",
    "prompter": "prompter",
    "assistant": "practical assistant",
    "separate-room": "separate room",
    "own-equipment": "own keyboard, pointer or chair",
    "screen-program": "screen reader or magnifier",
}
"""What is given beside time, named by its effect; none of it says why."""


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A reasonable adjustment as its effect; the evidence behind it is kept elsewhere."""

    extra_percent: Fraction = Fraction(0)
    extra_minutes: int = 0
    rest_break_minutes: int = 0
    """Stop-clock budget; 0: none granted."""
    rest_break_overrun: str = "free"
    """What a break beyond its length costs. ``free``: nothing; ``budget``: time of later breaks, then of the test;
    ``section``: time of the test at once (``counted``, of earlier versions, reads as ``budget``)."""
    rest_break_each: int = 0
    """Agreed minutes of one break; 0: as long as the budget lasts."""
    notes: str = ""
    """Effects the clock does not know and ``ARRANGEMENTS`` does not name."""
    arrangements: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "extra_percent": str(self.extra_percent),
            "extra_minutes": self.extra_minutes,
            "rest_break_minutes": self.rest_break_minutes,
            "rest_break_overrun": self.rest_break_overrun,
            "rest_break_each": self.rest_break_each,
            "notes": self.notes,
            **({"arrangements": list(self.arrangements)} if self.arrangements else {}),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Adjustment:
        percent, given = Fraction(data.get("extra_percent", "0")), tuple(data.get("arrangements", ()))
        return cls(**{**data, "extra_percent": percent, "arrangements": given})

    def in_words(self) -> str:
        """Say the effect as the room reads it."""
        parts = []
        if self.extra_percent:
            parts.append(f"extra time {float(self.extra_percent):g} %")
        if self.extra_minutes:
            parts.append(f"extra time {self.extra_minutes} min")
        if self.rest_break_minutes:
            each = f", {self.rest_break_each} min each" if self.rest_break_each else ""
            rule = {"budget": ", overrun from the budget", "section": ", overrun from the test's time"}
            words = f"rest breaks {self.rest_break_minutes} min{each}"
            parts.append(words + rule.get(self.rest_break_overrun.replace("counted", "budget"), ""))
        parts += [words for name, words in ARRANGEMENTS.items() if name in self.arrangements]
        if self.notes:
            parts.append(self.notes)
        return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class PageClock:
    """A moment by a page's own count, which setting the computer's clock does not move."""

    page: str
    """The life of the page: a reload begins another."""
    ms: int
    seen: str | None = None
    """The newest ``content_head`` that a reply had told the page: the event was made after it."""

    def to_json(self) -> dict[str, Any]:
        return {"page": self.page, "ms": self.ms, "seen": self.seen}


@dataclass(frozen=True, slots=True)
class ClientEvent:
    """One event as a browser sent it, its response already in canonical form."""

    id: UUID
    seq: int
    kind: EventKind
    item: str | None = None
    response: Any = None
    client_time: str | None = None
    prev: str | None = None
    """Hash of the content of the event before it on that page, as ``content_head`` folds it."""
    clock: PageClock | None = None

    @classmethod
    def from_content(cls, content: Mapping[str, Any]) -> ClientEvent:
        """Read back what ``content`` wrote; the lease is the caller's."""
        data = {name: value for name, value in content.items() if name != "lease"}
        clock = data.pop("clock", None)
        data["clock"] = PageClock(**clock) if clock is not None else None
        return cls(**{**data, "id": UUID(data["id"]), "kind": EventKind(data["kind"])})

    def content(self, lease: int) -> dict[str, Any]:
        """Give the client's own content, which ``content_head`` is made of."""
        content = {
            "id": str(self.id),
            "lease": lease,
            "seq": self.seq,
            "kind": self.kind.value,
            "item": self.item,
            "response": self.response,
            "client_time": self.client_time,
            "prev": self.prev,
        }
        if self.clock is not None:
            content["clock"] = self.clock.to_json()
        return content


@dataclass(frozen=True, slots=True)
class Refused:
    """An event that was not taken, and whether it was kept aside for a decision."""

    id: str | None
    code: Code
    message: str
    kept: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """What the server knows after a batch; every id in ``acked`` is on disk."""

    acked: tuple[str, ...]
    refused: tuple[Refused, ...]
    remaining_ms: int | None
    ends_at: datetime | None
    server_time: datetime
    state: SittingState
    content_head: str
    receipt: str | None = None


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One entry of a sitting's ledger, read back."""

    sitting_id: UUID
    n: int
    at: Instant
    by: str
    kind: EventKind | ActKind
    body: Mapping[str, Any]
    lease: int | None = None
    """Lease and number of a client's event; None for a deed of staff."""
    seq: int | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """The standing response to one item; ``response`` None: never given, or cleared."""

    item: str
    response: Any
    lease: int
    seq: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class SessionPlan:
    """What SESSION.toml says."""

    centre: str
    room: str
    starts: datetime
    forms: tuple[str, ...]
    plan: str
    seats: int
    reserve: tuple[str, ...] = ()
    """Forms that share nothing with the others, dealt only when one of those has leaked."""
    own_forms: tuple[str, ...] = ()
    """Pools (ids) from which each candidate of their option is dealt a form of their own."""


@dataclass(frozen=True, slots=True)
class CandidateLine:
    """One good row of a candidates file."""

    uln: str
    given_name: str
    family_name: str
    date_of_birth: date
    employer: str
    provider: str
    option: str
    start_date: date
    extra_time_percent: Fraction
    notes: str
    row: int = 0


@dataclass(frozen=True, slots=True)
class CodeSlip:
    """One access code, readable this once: only its HMAC is stored."""

    booking_id: UUID
    seat: int | None
    candidate: str
    code: str = field(repr=False)
