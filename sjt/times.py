"""Time as sjt knows it: aware UTC instants, and a clock that can tell a step from a wait."""

from __future__ import annotations

import time
import uuid
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

LOCAL_ZONE = ZoneInfo("Europe/London")
"""Times are shown in the centres' zone and stored in UTC."""


class Clock(Protocol):
    """Wall time for people, monotonic time for durations, and a name for the boot they belong to."""

    @property
    def boot_id(self) -> str: ...

    def now(self) -> datetime: ...

    def monotonic_ms(self) -> int: ...


@cache
def _boot_id() -> str:
    # Linux names each boot; elsewhere the process stands in for it, which only makes outages show sooner.
    source = Path("/proc/sys/kernel/random/boot_id")
    try:
        return source.read_text(encoding="ascii").strip()
    except OSError:
        return str(uuid.uuid4())


class SystemClock:
    """The machine's own clock."""

    @property
    def boot_id(self) -> str:
        return _boot_id()

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic_ms(self) -> int:
        return time.monotonic_ns() // 1_000_000


class ManualClock:
    """A clock that moves when told: tests and the simulated cohort use it."""

    def __init__(self, start: datetime, *, boot_id: str = "manual", monotonic_ms: int = 0) -> None:
        if start.tzinfo is None:
            raise ValueError("ManualClock needs an aware time.")
        self._now = start.astimezone(UTC)
        self._monotonic_ms = monotonic_ms
        self.boot_id = boot_id

    def now(self) -> datetime:
        return self._now

    def monotonic_ms(self) -> int:
        return self._monotonic_ms

    def advance(self, by: timedelta) -> None:
        """Let time pass."""
        self._now += by
        self._monotonic_ms += round(by.total_seconds() * 1000)

    def step(self, by: timedelta) -> None:
        """Set the wall clock without time passing, as an administrator or a time service would."""
        self._now += by

    def reboot(self, boot_id: str, monotonic_ms: int = 0) -> None:
        """Start counting monotonic time afresh under another boot."""
        self.boot_id = boot_id
        self._monotonic_ms = monotonic_ms


def utc_now() -> datetime:
    return datetime.now(UTC)


def in_local_zone(at: datetime) -> datetime:
    return at.astimezone(LOCAL_ZONE)


def iso(at: datetime) -> str:
    """Write an instant as ISO 8601 in UTC with milliseconds and a Z."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
