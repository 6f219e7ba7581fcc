"""What a handler is given: a way to tell how far it is, to hear that it should stop, and the database."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from uuid import UUID

from sqlmodel import Session

from sjt import db
from sjt.config import Settings
from sjt.jobs import service
from sjt.jobs.model import JobCancelled
from sjt.times import utc_now

_EVERY: Final = 0.5
"""Seconds between two progress rows: each is a write that candidates' saves must wait for."""


class JobContext:
    def __init__(self, job_id: UUID, by: str, settings: Settings, attempt: int = 1) -> None:
        self.job_id, self.by, self.settings, self.attempt = job_id, by, settings, attempt
        self._written = 0.0

    def progress(self, done: int, total: int, message: str = "") -> None:
        """Tell how far it is; written at most twice a second, and always at the end."""
        now = time.monotonic()
        if now - self._written < _EVERY and done < total:
            return
        self._written = now
        with db.transaction() as session:
            service.note_progress(session, self.job_id, self.attempt, done, total, message, now=utc_now())

    def check_cancelled(self) -> None:
        """Stop here if somebody asked for it."""
        with db.session() as session:
            if service.is_cancel_asked(session, self.job_id):
                raise JobCancelled

    @contextmanager
    def session(self) -> Iterator[Session]:
        with db.session() as session:
            yield session

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Open a writing session; refused once the job was taken back, so that nothing is written twice."""
        with db.transaction() as session:
            service.require_held(session, self.job_id, self.attempt)
            yield session
