"""A job's states and what may follow what."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Final


class JobState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


ENDED: Final = frozenset({JobState.DONE, JobState.FAILED, JobState.CANCELLED})
MAX_ATTEMPTS: Final = 3
"""A job whose worker died is tried again this often in all; a job that raised is not."""
HEARTBEAT: Final = timedelta(seconds=5)
STALE_AFTER: Final = timedelta(seconds=30)
"""A running job without a heartbeat for so long has lost its worker."""
CANCEL_GRACE: Final = timedelta(seconds=10)
"""A handler that does not look at its cancel flag for so long is ended from outside."""


class JobCancelled(Exception):
    """Raised inside a handler when somebody asked for its job to stop."""


class JobLost(Exception):
    """Raised inside a handler whose job was taken back meanwhile: another attempt does it now, this one stops."""
