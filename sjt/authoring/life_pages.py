"""What every page of a scenario's life shows: its head, its gates, and the moves of the person who looks."""

from __future__ import annotations

from types import SimpleNamespace

from sqlmodel import Session

from sjt.access import Permission, may
from sjt.accounts import service as accounts
from sjt.authoring import discussion, drafting, life, lifecycle, store, store_drafts
from sjt.authoring.life import Gate
from sjt.authoring.states import ReviewKind, ScenarioState
from sjt.errors import NotFound
from sjt.web.guards import actor


def about(session: Session, scenario_id: str) -> SimpleNamespace:
    """Give what every page of a scenario's life shows at its head; a first draft has no state yet."""
    row = store.scenario(session, scenario_id)
    draft = store_drafts.open_draft_of(session, scenario_id)
    if row is None and draft is None:
        raise NotFound(f"There is no scenario {scenario_id} in the bank.")
    title = ""
    if row is not None:
        title = drafting.version_fields(session, scenario_id).get("title", "")
    elif draft is not None:
        if not may(actor(), Permission.EDIT_SCENARIO):
            raise NotFound(f"There is no scenario {scenario_id} in the bank.")
        title = draft.title
    return SimpleNamespace(
        id=scenario_id,
        title=title or scenario_id,
        row=row,
        draft=draft,
        state=row.state.value if row is not None else "draft",
        version=row.version if row is not None else 0,
        open_threads=discussion.open_threads(session, scenario_id, by=actor()),
        open_tasks=len(store.tasks(session, scenario_id=scenario_id)),
    )


def standing(session: Session, scenario_id: str) -> SimpleNamespace:
    """Give the gates of a scenario, each passed or with what is missing, and the moves that are this person's."""
    row = lifecycle.row_of(session, scenario_id)
    held = lifecycle.facts(session, row)
    gates = [(life.GATE_WORDS[gate], gate, life.gate_lacks(gate, held)) for gate in Gate]
    if not may(actor(), Permission.SEE_KEY):  # a panel's words tell of the key, and so do figures of options
        gates = [one for one in gates if one[1] in (Gate.REVIEWS, Gate.FAIRNESS)]
    kinds = [kind for kind in ReviewKind if not life.review_lacks(kind, held, actor())]
    way = next((m for m in reversed(store.moves(session, row.id)) if m.became is row.state and m.did != "lift"), None)
    came = life.WAY_WORDS.get(way.did, "") if way is not None and row.state is ScenarioState.LIVE else ""
    return SimpleNamespace(
        came=came,
        came_detail=way.reason if came and way is not None else "",
        came_by=accounts.name_of(session, way.by) if came and way is not None else "",
        gates=gates,
        trial=held.statistics if may(actor(), Permission.SEE_KEY) else None,
        seen=held.seen,
        kinds=kinds,
        choices=lifecycle.choices(session, row, actor()),
        own=held.wrote(actor()),
    )
