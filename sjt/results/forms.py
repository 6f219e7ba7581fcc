"""The frozen form that results work from: both sides and its facts, read once for many sittings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from sjt.authoring import service as authoring
from sjt.authoring.snapshot import Format, Paper, PaperScenario, Secret, SecretItem
from sjt.authoring.states import FormLine


@dataclass(frozen=True)
class Frozen:
    """A published form, whole."""

    line: FormLine
    paper: Paper
    secret: Secret

    def options(self, item_id: str) -> tuple[str, ...]:
        found = self.paper.item(item_id)
        return found.option_ids() if found is not None else ()

    def settings(self, item: SecretItem) -> Mapping[str, Any]:
        """Give what the item's rule needs beside its key."""
        if item.format is Format.WRITTEN and "rubrics" not in item.settings:
            return {**item.settings, "rubrics": self.secret.rubrics}
        return item.settings

    def scenario_of(self, item_id: str) -> PaperScenario:
        return next(s for s in self.paper.scenarios if any(item.id == item_id for item in s.items))


def frozen(session: Session, form_id: str) -> Frozen:
    """Read a published form; NotFound where there is none."""
    return Frozen(
        authoring.form_line(session, form_id), authoring.paper(session, form_id), authoring.secret(session, form_id)
    )


class Shelf:
    """Frozen forms, each read once."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._held: dict[str, Frozen] = {}

    def read_in(self, session: Session) -> None:
        """Read forms through this session from now on; what was read is frozen and stays."""
        self._session = session

    def __getitem__(self, form_id: str) -> Frozen:
        if form_id not in self._held:
            self._held[form_id] = frozen(self._session, form_id)
        return self._held[form_id]
