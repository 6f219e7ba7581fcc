"""The errors sjt raises on purpose; ``web/errors.py`` maps each class to a status and a page.

SjtError
├── InputError          422  something given to us is wrong; carries every fault found
│   ├── ConfigError     500  a setting is missing or wrong
│   ├── ShapeError      422  an array or table of the wrong shape
│   └── ScoringRefused  422  a response or key that cannot be scored
├── NotFound            404
├── Forbidden           403
├── MoveRefused         409  the thing exists, but its state does not allow this
├── Conflict            409  somebody else was first
├── Throttled           429  too many tries; carries ``retry_after`` in seconds
└── Unavailable         503  not now; carries ``retry_after`` in seconds
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with something given to us: which, where, what, and what to do."""

    file: str
    where: str
    """Row, line or path inside the file, in words: ``row 12``, ``line 3``, ``items[2].options``."""
    field: str
    what: str
    remedy: str

    def __str__(self) -> str:
        place = ", ".join(part for part in (self.file, self.where, self.field) if part)
        return f"{place}: {self.what} {self.remedy}".strip() if place else f"{self.what} {self.remedy}".strip()


class SjtError(Exception):
    """Root of every error raised on purpose; its message is written for the person who reads it."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        return self.message


class InputError(SjtError):
    """Something given to us is wrong; ``faults`` lists every fault found, not just the first."""

    def __init__(self, message: str, faults: Iterable[Fault] = ()) -> None:
        super().__init__(message)
        self.faults: tuple[Fault, ...] = tuple(faults)

    def __str__(self) -> str:
        return "\n".join([self.message, *(f"  {fault}" for fault in self.faults)])


class ConfigError(InputError):
    """A setting is missing or wrong."""


class ShapeError(InputError):
    """An array or table does not have the shape that a computation needs."""


class ScoringRefused(InputError):
    """A response or a key cannot be scored and must not be guessed at."""


class NotFound(SjtError):
    """There is no such thing, or not for this person."""


class Forbidden(SjtError):
    """This person may not do that."""


class MoveRefused(SjtError):
    """The thing exists, but the state it is in does not allow this."""


class Conflict(SjtError):
    """Somebody else changed it first."""


class Throttled(SjtError):
    """Too many tries in too short a time."""

    def __init__(self, message: str, retry_after: int = 60) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unavailable(SjtError):
    """The deed could not be done now and may be tried again as it is."""

    def __init__(self, message: str, retry_after: int = 5) -> None:
        super().__init__(message)
        self.retry_after = retry_after
