"""A context for jobs that run in the test's own process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlmodel import Session

from sjt import db


class InProcess:
    """What a handler is given, without a worker."""

    by = "system"

    def __init__(self) -> None:
        self.said: list[str] = []

    def progress(self, done: int, total: int, message: str = "") -> None:
        self.said.append(message)

    def check_cancelled(self) -> None:
        return

    @contextmanager
    def session(self) -> Iterator[Session]:
        with db.session() as session:
            yield session

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        with db.transaction() as session:
            yield session


@pytest.fixture
def context() -> Any:
    return InProcess()
