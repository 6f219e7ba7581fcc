"""Whose marks a session's or a form's statistics are made of, with the frozen forms they sat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlmodel import Session

from sjt.authoring import service as authoring
from sjt.authoring.snapshot import Paper, Secret
from sjt.delivery import service as delivery
from sjt.errors import InputError, NotFound
from sjt.results import service as results
from sjt.results.model import MarkRow


@dataclass(frozen=True)
class Marked:
    """Marks, answers and forms of one session or form."""

    rows: Sequence[MarkRow]
    sittings: Sequence[Any]
    secrets: Mapping[str, Secret]
    """By form, sorted; each item as it is marked now, corrected keys in place of the published ones."""
    papers: Mapping[str, Paper]

    @property
    def forms(self) -> list[str]:
        return list(self.secrets)

    @property
    def seen(self) -> dict[UUID, frozenset[str]]:
        """Sitting → items looked at or answered; sittings that recorded no looks are left out."""
        return {one.sitting_id: frozenset(one.views) | frozenset(one.answers) for one in self.sittings if one.views}

    @property
    def simulated(self) -> bool:
        return any(one.simulated for one in self.sittings)


def marked(session: Session, args: Mapping[str, Any], *, nobody: str, neither: str) -> Marked:
    """Read what ``{"session": id}`` or ``{"form": id}`` names.

    Raises
    ------
    NotFound
        Nobody is marked; ``nobody`` says so.
    InputError
        It names neither a session nor a form; ``neither`` says so.
    """
    if "session" in args:
        session_id = UUID(args["session"])
        rows = results.item_marks(session, session_id)
        sat = delivery.responses(session, session_id=session_id)
    elif "form" in args:
        rows = results.item_marks_of_form(session, args["form"])
        sat = delivery.responses(session, form_id=args["form"])
    else:
        raise InputError(neither)
    if not rows:
        raise NotFound(nobody)
    forms = sorted({row.form_id for row in rows})
    return Marked(
        rows,
        sat,
        {form: results.marked_by(session, form) for form in forms},
        {form: authoring.paper(session, form) for form in forms},
    )
