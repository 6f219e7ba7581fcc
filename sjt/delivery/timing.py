"""Time left as a pure function of a sitting's ledger: deadlines, pauses, extra time, breaks, outages.

Durations come from monotonic time while two entries share a boot, so that a stepped wall clock changes nothing; across
a boot the wall clock has to serve, and a credited outage then takes the doubtful part out again. Daylight saving
cannot matter: wall times are UTC.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from math import ceil
from typing import Any, Final

from sjt.delivery.model import ActKind, EventKind, Instant, SittingState

MINUTE_MS: Final = 60_000
_STOPS: Final[Mapping[str, SittingState]] = {
    ActKind.PAUSED: SittingState.PAUSED,
    ActKind.BREAK_STARTED: SittingState.BREAK,
    ActKind.CLOSED: SittingState.CLOSED,
    ActKind.SUBMITTED: SittingState.SUBMITTED,
    EventKind.SUBMIT: SittingState.SUBMITTED,
    ActKind.VOIDED: SittingState.VOID,
    ActKind.SAT: SittingState.CLOSED,
}
_STARTS: Final = frozenset({ActKind.STARTED, ActKind.RESUMED, ActKind.BREAK_ENDED, ActKind.REOPENED})
_CHANGES: Final = (ActKind.OPENED, ActKind.EXTENDED, ActKind.OUTAGE, ActKind.REASSIGNED, ActKind.REDEALT)
TIME_KINDS: Final = frozenset({*_STOPS, *_STARTS, *_CHANGES})
"""Kinds of entry that the clock depends on; all others may be left out of the fold."""


@dataclass(frozen=True, slots=True)
class TimeEntry:
    """A ledger entry as the clock sees it."""

    kind: EventKind | ActKind
    at: Instant
    body: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TimeLeft:
    """What the clock says at one moment."""

    state: SittingState
    total_ms: int
    used_ms: int
    left_ms: int
    break_left_ms: int
    """Stop-clock budget not yet used."""

    @property
    def runs(self) -> bool:
        return self.state is SittingState.RUNNING

    @property
    def is_overdue(self) -> bool:
        return self.state is SittingState.RUNNING and self.used_ms > self.total_ms

    def ends_at(self, at: datetime) -> datetime | None:
        """Give the wall time at which the sitting ends if nothing stops its clock; None while it stands."""
        return at + timedelta(milliseconds=self.left_ms) if self.runs else None


def granted_ms(minutes: int | Fraction, percent: Fraction, flat_minutes: int | Fraction = 0) -> int:
    """Turn a duration with extra time into milliseconds: the one rounding, up to the next whole second."""
    exact = Fraction(minutes) * (100 + percent) / 100 + Fraction(flat_minutes)
    return ceil(exact * 60) * 1000


class _Line:
    """One line of elapsed milliseconds on which instants of several boots find their place."""

    def __init__(self) -> None:
        self._anchors: dict[str, tuple[int, int]] = {}
        self._last: tuple[int, datetime] | None = None

    def knows(self, boot: str) -> bool:
        return boot in self._anchors

    def peek(self, instant: Instant) -> int:
        if instant.boot in self._anchors:
            place, mono = self._anchors[instant.boot]
            return place + instant.mono_ms - mono
        if self._last is None:
            return 0
        place, wall = self._last
        return place + max(0, _ms(instant.at - wall))

    def put(self, instant: Instant, place: int | None = None) -> int:
        found = self.peek(instant) if place is None else place
        self._anchors[instant.boot] = (found, instant.mono_ms)
        if self._last is None or found >= self._last[0]:
            self._last = (found, instant.at)
        return found


class Reckoning:
    """The fold itself: feed entries in ledger order, ask at any moment."""

    def __init__(self, entries: Iterable[TimeEntry] = ()) -> None:
        self.state = SittingState.WAITING
        self._line = _Line()
        self._minutes = Fraction(0)
        self._percent = Fraction(0)
        self._flat = Fraction(0)
        self._break_budget_ms = 0
        self._overrun = "free"
        self._break_each_ms = 0
        self._late_ms = 0
        self._since: int | None = None
        self._ran: list[tuple[int, int]] = []
        self._break_since: int | None = None
        self._breaks: list[tuple[int, int]] = []
        self._off: list[tuple[int, int]] = []
        self._forgiven_ms = 0
        for entry in entries:
            self.add(entry)

    def add(self, entry: TimeEntry) -> None:
        """Take the next entry; one that changes nothing (a second pause) changes nothing here."""
        if entry.kind is ActKind.OUTAGE:
            self._outage(entry.body)
        place = self._line.put(entry.at)
        if entry.kind is ActKind.OPENED:
            self._minutes = Fraction(entry.body["minutes"])
            self._percent = Fraction(entry.body.get("extra_percent", 0))
            self._flat = Fraction(entry.body.get("extra_minutes", 0))
            self._break_budget_ms = int(entry.body.get("rest_break_minutes", 0)) * MINUTE_MS
            self._overrun = str(entry.body.get("rest_break_overrun", "free"))
            self._break_each_ms = int(entry.body.get("rest_break_each", 0)) * MINUTE_MS
        elif entry.kind is ActKind.EXTENDED:
            minutes = Fraction(entry.body.get("minutes", 0))
            if entry.body.get("room"):
                self._minutes += minutes  # a room's minutes grow by each candidate's own percentage
            else:
                self._flat += minutes
            self._percent += Fraction(entry.body.get("percent", 0))
        elif entry.kind is ActKind.REASSIGNED:
            # what the person now named was granted beyond what the sitting has; nothing is ever taken away
            self._percent += Fraction(entry.body.get("percent", 0))
            self._flat += Fraction(entry.body.get("minutes", 0))
            self._break_budget_ms += int(entry.body.get("rest_break_minutes", 0)) * MINUTE_MS
        elif entry.kind is ActKind.REDEALT:
            self._minutes += Fraction(entry.body.get("minutes_more", 0))
        elif entry.kind in _STOPS:
            self._stop(place, _STOPS[entry.kind])
        elif entry.kind in _STARTS:
            if entry.kind is ActKind.STARTED:
                self._late_ms += int(entry.body.get("late_ms", 0))  # a session's rule: the time before is gone
            self._start(place, entry)

    def total_ms(self) -> int:
        return granted_ms(self._minutes, self._percent, self._flat)

    def left(self, at: Instant) -> TimeLeft:
        """Tell the time left at a moment, without changing the fold."""
        place = self._line.peek(at)
        total = self.total_ms()
        used = self._used(place)
        left = max(0, total - used)
        return TimeLeft(self.state, total, used, left, max(0, self._break_budget_ms - self._rested(place)[0]))

    @property
    def rule(self) -> str:
        return self._overrun

    def break_still_free_ms(self, at: Instant) -> int:
        """Give how long the break that runs may last before it takes the test's own time."""
        place = self._line.peek(at)
        left = max(0, self._break_budget_ms - self._rested(place)[0])
        if self._overrun == "section" and self._break_each_ms and self._break_since is not None:
            return min(
                left, max(0, self._break_each_ms - self._measure([(self._break_since, max(self._break_since, place))]))
            )
        return left

    def _used(self, place: int) -> int:
        worked = self._measure(self._with_open(self._ran, self._since, place))
        return worked + self._rested(place)[1] + self._late_ms - self._forgiven_ms

    def _rested(self, place: int) -> tuple[int, int]:
        """Give what breaks took from their budget, and what they took from the test's own time.

        ``free``: all beyond the budget is given; ``budget``: a break beyond its length eats what is left for later
        breaks, and only then the test's time; ``section``: it eats the test's time at once and leaves the budget.
        """
        breaks = [self._measure([span]) for span in self._with_open(self._breaks, self._break_since, place)]
        rested = sum(breaks)
        if self._overrun == "free":
            return rested, 0
        inside = rested
        if self._overrun == "section" and self._break_each_ms:
            inside = sum(min(one, self._break_each_ms) for one in breaks)
        over = max(0, inside - self._break_budget_ms)
        return inside, rested - inside + over

    def _stop(self, place: int, state: SittingState) -> None:
        if self._since is not None:
            self._ran.append((self._since, place))
            self._since = None
        if self._break_since is not None:
            self._breaks.append((self._break_since, place))
            self._break_since = None
        if state is SittingState.BREAK:
            self._break_since = place
        self.state = state

    def _start(self, place: int, entry: TimeEntry) -> None:
        if entry.kind is ActKind.REOPENED:
            # what ran past the end before the server closed it is not the candidate's
            self._flat += Fraction(entry.body.get("minutes", 0))
            before = self.total_ms() - ceil(Fraction(entry.body.get("minutes", 0)) * 60) * 1000
            self._forgiven_ms += max(0, self._used(place) - before)
        if self._break_since is not None:
            self._breaks.append((self._break_since, place))
            self._break_since = None
        if self._since is None:
            self._since = place
        self.state = SittingState.RUNNING

    def _outage(self, body: Mapping[str, Any]) -> None:
        """Place a time without a server on the line; if it is credited, the clock stood still in it."""
        start, end = instant_from(body["from"]), instant_from(body["to"])
        begin = self._line.peek(start)
        if start.boot == end.boot:
            finish = begin + max(0, end.mono_ms - start.mono_ms)
        elif self._line.knows(end.boot):
            finish = self._line.peek(end)
        else:
            finish = begin + max(0, _ms(end.at - start.at))
            self._line.put(end, finish)
        if body.get("credited"):
            self._off.append((begin, max(begin, finish)))

    def _measure(self, spans: Iterable[tuple[int, int]]) -> int:
        """Add up spans, leaving out every moment that lies in a credited outage."""
        off = _union(self._off)
        total = 0
        for begin, end in _union(spans):
            total += end - begin
            total -= sum(max(0, min(end, stop) - max(begin, start)) for start, stop in off)
        return total

    @staticmethod
    def _with_open(spans: list[tuple[int, int]], since: int | None, place: int) -> list[tuple[int, int]]:
        return spans if since is None else [*spans, (since, max(since, place))]


def time_left(entries: Iterable[TimeEntry], at: Instant) -> TimeLeft:
    """Tell a sitting's state and time left at a moment from its ledger alone."""
    return Reckoning(entries).left(at)


def break_ends_in_ms(entries: Iterable[TimeEntry], at: Instant) -> int | None:
    """Tell after how long a rest break that nobody ends has used up the test's time too; None: it never does."""
    fold = Reckoning(entries)
    now = fold.left(at)
    if now.state is not SittingState.BREAK or fold.rule == "free":
        return None
    return now.left_ms + fold.break_still_free_ms(at)


def instant_to_json(instant: Instant) -> dict[str, Any]:
    return {"at": instant.at.isoformat(), "boot": instant.boot, "mono": instant.mono_ms}


def instant_from(data: Mapping[str, Any]) -> Instant:
    return Instant(datetime.fromisoformat(data["at"]), data["boot"], data["mono"])


def _ms(duration: timedelta) -> int:
    return round(duration / timedelta(milliseconds=1))


def _union(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for begin, end in sorted(spans):
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((begin, end))
    return merged
