"""The frozen form that results work from: both sides and its facts, and beside them the keys corrected since."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any, Final
from uuid import UUID

from sqlmodel import Session

from sjt.authoring import service as authoring
from sjt.authoring.snapshot import Format, Paper, PaperScenario, Secret, SecretItem
from sjt.authoring.states import FormLine
from sjt.psychometrics import scoring
from sjt.results import store
from sjt.results.model import CorrectionKind, CorrectionState
from sjt.results.tables import KeyCorrection

CREDIT: Final = "credit@1"
"""The rule of an item that everybody gets full marks for."""


@dataclass(frozen=True)
class Correction:
    """A correction that two officers signed, as marking reads it."""

    id: UUID
    item: str
    replaces: str
    kind: CorrectionKind
    key: Mapping[str, Any]
    why: Mapping[str, str]
    key_version: str
    adopted_at: datetime | None
    stands: bool
    """False: another one has taken its place, and only older marks rest on it."""

    def of(self, held: SecretItem, options: tuple[str, ...]) -> SecretItem:
        """Give the item as this correction keys it; worth, rule of the format and place on the form stay."""
        if self.key_version == held.key_version:
            return held
        rule = CREDIT if self.kind is CorrectionKind.CREDIT else held.rule
        top = scoring.raw_max(rule, self.key, options, held.settings)
        return replace(
            held,
            key=dict(self.key),
            why=dict(self.why),
            key_version=self.key_version,
            rule=rule,
            raw_max=top,
            chance=scoring.chance_mean(rule, self.key, options, held.settings) * held.worth / top,
        )


def as_signed(row: KeyCorrection) -> Correction:
    """Give a row of the table as marking reads it."""
    return Correction(
        row.id,
        row.item,
        row.replaces,
        row.kind,
        row.key,
        row.why,
        row.key_version,
        row.seconded_at,
        row.state is CorrectionState.ADOPTED,
    )


@dataclass(frozen=True)
class Frozen:
    """A published form, whole; ``secret`` is as it was published, ``corrected`` what answers are marked by now."""

    line: FormLine
    paper: Paper
    secret: Secret
    corrections: tuple[Correction, ...] = ()
    """Every one ever signed that concerns this form, the oldest first."""

    @cached_property
    def corrected(self) -> Secret:
        """The secret side with every standing correction in it."""
        if not self.corrections:
            return self.secret
        standing = {one.item: one for one in self.corrections if one.stands}
        items = tuple(
            standing[item.id].of(item, self.options(item.id)) if item.id in standing else item
            for item in self.secret.items
        )
        return replace(self.secret, items=items)

    @cached_property
    def corrected_keys(self) -> dict[str, str]:
        """Item → version of its key, for the items whose key is another than the form was published with."""
        pairs = zip(self.secret.items, self.corrected.items, strict=True)
        return {now.id: now.key_version for then, now in pairs if then.key_version != now.key_version}

    def keyed(self, item_id: str, key_version: str) -> SecretItem | None:
        """Give an item as one version of its key has it: the published one, or any that was ever signed."""
        held = self.secret.item(item_id)
        if held is None or held.key_version == key_version:
            return held
        for one in self.corrections:
            if one.item == item_id and one.key_version == key_version:
                return one.of(held, self.options(item_id))
        return None

    def correction(self, item_id: str, key_version: str) -> Correction | None:
        """Give the newest correction that made a version of an item's key; None for the published one."""
        found = [one for one in self.corrections if (one.item, one.key_version) == (item_id, key_version)]
        held = self.secret.item(item_id)
        return found[-1] if found and held is not None and held.key_version != key_version else None

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
    """Read a published form with the corrections of its keys; NotFound where there is none."""
    line, paper = authoring.form_line(session, form_id), authoring.paper(session, form_id)
    secret = authoring.secret(session, form_id)
    held = {(item.id, item.key_version) for item in secret.items}
    signed = (row for row in store.signed_corrections(session) if (row.item, row.replaces) in held)
    return Frozen(line, paper, secret, tuple(as_signed(row) for row in signed))


def marked_by(session: Session, form_id: str) -> Secret:
    """Give the secret side that answers of a form are marked by now: the published one with its corrections."""
    return frozen(session, form_id).corrected


class Shelf:
    """Frozen forms, each read once."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._held: dict[str, Frozen] = {}

    def read_in(self, session: Session) -> None:
        """Read forms through this session from now on; what was read stays, and with it the keys of that moment."""
        self._session = session

    def __getitem__(self, form_id: str) -> Frozen:
        if form_id not in self._held:
            self._held[form_id] = frozen(self._session, form_id)
        return self._held[form_id]
