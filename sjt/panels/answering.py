"""The experts' deeds: answer alone, decline, withdraw. An expert is given their own answers and nobody else's."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from sjt.access import Actor, may
from sjt.authoring import service as authoring
from sjt.errors import Forbidden, InputError, MoveRefused, NotFound
from sjt.panels import asking, store
from sjt.panels.model import MemberState, PanelState, Purpose, checked_answer, checked_content, is_whole
from sjt.panels.tables import ExpertAnswer, ExpertPanel, ExpertPanelMember

MOST_SIGNS = 4_000


def membership(session: Session, panel_id: UUID, by: Actor) -> tuple[ExpertPanel, ExpertPanelMember]:
    """Give a panel to one of its experts; to everybody else it does not exist."""
    found, known = store.panel(session, panel_id), store.member(session, panel_id, by.id)
    if found is None or known is None:
        raise NotFound("You are not on this panel.")
    return found, known


def require_answering(found: ExpertPanel, known: ExpertPanelMember, by: Actor) -> None:
    """Refuse who has left, whose roles have opened the bank meanwhile, and everybody once the panel is closed."""
    if found.state is not PanelState.OPEN:
        raise MoveRefused("This panel is closed; its answers stand.")
    if known.state is not MemberState.INVITED:
        raise MoveRefused("You are not on this panel any more. Its chair can ask you again.")
    if any(may(by, permission) for permission in asking.BLIND):
        raise Forbidden("Your other roles show you the bank, so you cannot answer blind. Tell the chair.")


def save(session: Session, panel_id: UUID, subject: str, response: Any, note: str, *, by: Actor, now: datetime) -> bool:
    """Keep an expert's answer; tells whether it is whole. The same answer again changes nothing."""
    found, known = membership(session, panel_id, by)
    require_answering(found, known, by)
    if len(note) > MOST_SIGNS:
        raise InputError(f"A remark has at most {MOST_SIGNS:,} signs. Shorten it.")
    if found.purpose is Purpose.CONTENT:
        held, _ = asking.held_for(session, panel_id, subject)
        codes = authoring.bank(session).standard.allowed_codes(held.scenario.option)
        kept = checked_content(list(codes), response.get("relevance"), response.get("code"))
        whole = True
    else:
        _, item = asking.held_for(session, panel_id, subject)
        if item is None:
            raise NotFound("The panel is asked about the items of this scenario, one by one.")
        kept = checked_answer(item, asking.points_of(session, item), response)
        whole = is_whole(item, kept)
    before = store.answers(session, panel_id, by.id).get((by.id, subject))
    if before is not None and before.response == kept and before.note == note.strip():
        return before.whole
    if before is None and kept is None and not note.strip():
        return False
    session.add(
        ExpertAnswer(
            panel_id=panel_id,
            person=by.id,
            subject=subject,
            version=before.version + 1 if before else 1,
            response=kept,
            whole=whole,
            note=note.strip(),
            at=now,
        )
    )
    session.flush()
    asking.note(session, panel_id, "expert_panel.answered", {"number": known.number, "whole": whole}, by=by, now=now)
    return whole


def leave(session: Session, panel_id: UUID, reason: str, *, by: Actor, now: datetime) -> MemberState:
    """Decline, or withdraw once something was answered; what was answered stays on record and does not count."""
    found, known = membership(session, panel_id, by)
    if found.state is not PanelState.OPEN:
        raise MoveRefused("This panel is closed; its answers stand.")
    if known.state is not MemberState.INVITED:
        return known.state
    begun = bool(store.answers(session, panel_id, by.id))
    known.state = MemberState.WITHDRAWN if begun else MemberState.REFUSED
    known.left_at, known.reason = now, reason.strip()[:1000]
    session.add(known)
    session.flush()
    asking.note(session, panel_id, f"expert_panel.{known.state.value}", {"number": known.number}, by=by, now=now)
    return known.state
