"""Sets and forms as those who build them look at them: every set, the forms of one, both sides of a form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from sjt.authoring import snapshot, store_forms
from sjt.authoring.publishing import lines_of, snapshot_holds
from sjt.authoring.sets import form_set
from sjt.authoring.snapshot import Paper, Secret
from sjt.authoring.states import FormLine, SetState
from sjt.errors import NotFound


def forms_of_set(session: Session, set_id: UUID) -> list[FormLine]:
    """List the forms of a set, drafts too."""
    return lines_of(store_forms.forms_of(session, set_id), form_set(session, set_id))


def numbers_of_set(session: Session, set_id: UUID) -> list[dict[str, Any]]:
    """Give each form's counts and sums."""
    return [form.numbers for form in store_forms.forms_of(session, set_id)]


@dataclass(frozen=True, slots=True)
class HeldForm:
    """Both sides of a form, draft or published, for the pages of those who build it."""

    paper: Paper
    secret: Secret
    position: int
    numbers: Mapping[str, Any]
    reason: str
    snapshot_holds: bool | None


def held_form(session: Session, form_id: str) -> HeldForm:
    """Give a form as it is held; whether its snapshot still holds, once it has one."""
    form = store_forms.form(session, form_id)
    if form is None:
        raise NotFound(f"There is no form {form_id}.")
    return HeldForm(
        snapshot.paper_from_json(form.paper),
        snapshot.secret_from_json(form.secret),
        form.position,
        form.numbers,
        form.reason,
        snapshot_holds(form) if form.snapshot_sha256 else None,
    )


@dataclass(frozen=True, slots=True)
class SetLine:
    """What the list says of a set."""

    id: UUID
    number: int
    blueprint: str
    option: str
    seed: int
    state: SetState
    wanted: int
    forms: int
    published: int
    created_at: datetime
    is_pool: bool


def set_lines(session: Session) -> list[SetLine]:
    """List every set, newest first."""
    counts = store_forms.form_counts(session)
    return [
        SetLine(
            row.id,
            row.number,
            row.blueprint,
            row.option,
            row.seed,
            row.state,
            row.forms,
            *counts.get(row.id, (0, 0)),
            row.created_at,
            bool(row.pool),
        )
        for row in store_forms.form_sets(session)
    ]
