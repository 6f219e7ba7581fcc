"""What panels put on desks: questions to answer with their due day, panels to close, keys to settle."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlmodel import Session

from sjt.access import Actor, Permission, may
from sjt.accounts import desk
from sjt.accounts.model import DeskTask
from sjt.authoring import validity_views
from sjt.authoring.validity_views import ValidityLine
from sjt.panels import evidence, store, views
from sjt.panels.model import PanelState, Purpose


def due_words(days_left: int) -> str:
    """Say how long there is: ``due in 3 days``."""
    if days_left < 0:
        return f"{-days_left} day{'' if days_left == -1 else 's'} over its due date"
    return "due today" if days_left == 0 else f"due in {days_left} day{'' if days_left == 1 else 's'}"


def tasks(session: Session, actor: Actor, now: datetime) -> Iterator[DeskTask]:
    """Yield what waits on panels for this person."""
    if may(actor, Permission.ANSWER_PANEL):
        for line in views.my_panels(session, actor.id, now.date()):
            if line.is_waiting and line.done < line.subjects:
                yield DeskTask(
                    f"Answer the panel: {line.panel.title}",
                    line.subjects - line.done,
                    f"/panels/mine/{line.panel.id}",
                    due_words(line.days_left),
                    tone="warn" if line.is_soon else "neutral",
                )
    if may(actor, Permission.LEAD_PANELS):
        for one in views.panel_lines(session, now.date()):
            if one.panel.created_by != actor.id:
                continue
            url = f"/panels/{one.panel.id}"
            if one.panel.state is PanelState.OPEN and (one.days_left < 0 or 0 < one.asked == one.finished):
                why = "Everybody has answered." if one.asked == one.finished else due_words(one.days_left)
                yield DeskTask(f"Close the panel: {one.panel.title}", 1, url, why)
            elif one.panel.state is PanelState.CLOSED and one.panel.purpose is Purpose.KEY and one.panel.summary:
                left = len(store.scenarios(session, one.panel.id)) - len(store.settlements(session, one.panel.id))
                if left and not one.panel.simulated:
                    yield DeskTask(f"Settle the keys of a panel: {one.panel.title}", left, url)


def validity(session: Session, scenario_id: str) -> list[ValidityLine]:
    """Tell a scenario's page what panels and thinking aloud say of the words as they stand."""
    page = evidence.evidence(session, scenario_id)
    rated = next((found for _, _, found, same in page.contents if same), None)
    lines = [ValidityLine("Relevance", "not rated", "line")]
    if rated:
        words = f"I-CVI {rated['i_cvi']:.2f} by {rated['n']}"
        lines = [ValidityLine("Relevance", words, views.VERDICT_TONES[rated["verdict"]])]
    panel, _, settled, same = next(iter(page.panels), (None, 0, None, False))
    words, tone = "not asked", "line"
    if panel is not None:
        words, tone = ("asked, not settled", "info") if settled is None else ("passed", "ok")
        if settled is not None and not settled.passed:
            words, tone = "did not pass", "danger"
        if not same:
            words, tone = "void: the words have changed", "warn"
    lines.append(ValidityLine("Key panel", words, tone))
    notes = len(page.notes)
    return [
        *lines,
        ValidityLine("Thinking aloud", f"{notes} note{'' if notes == 1 else 's'}", "ok" if notes else "line"),
    ]


def register() -> None:
    """Put tasks on desks and facts on scenarios' pages; may be called again."""
    desk.register(tasks)
    validity_views.register(validity)
