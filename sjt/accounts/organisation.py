"""What an organisation says in its own words to candidates: about the questions before, and who listens after."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlmodel import Session

from sjt.access import Actor
from sjt.accounts import store
from sjt.audit import service as audit
from sjt.errors import NotFound

CONTENT: Final = (
    "Some situations are about people who come to harm, and about distress at work. Each such question says so before "
    "its situation. If one is hard for you, leave it for later, or call the invigilator."
)
SUPPORT: Final = (
    "Talk to your line manager or your training provider. Samaritans listen at any hour on 116 123, free of charge."
)
LONGEST: Final = 2_000


@dataclass(frozen=True, slots=True)
class Words:
    """Markdown; sjt's own where the organisation has said nothing."""

    content: str = CONTENT
    support: str = SUPPORT


def words(session: Session) -> Words:
    row = store.organisation(session)
    return Words() if row is None else Words(row.content_words or CONTENT, row.support_words or SUPPORT)


def put_words(session: Session, said: Words, *, by: Actor, now: datetime) -> None:
    """Change what candidates read; empty words bring sjt's own back."""
    row = store.organisation(session)
    if row is None:
        raise NotFound("This installation has no organisation yet. Run `sjt init`.")
    row.content_words, row.support_words = said.content.strip(), said.support.strip()
    session.add(row)
    body = {"content": row.content_words, "support": row.support_words}
    audit.record(session, by=by, did="organisation.words_changed", on="organisation", at=now, body=body)
