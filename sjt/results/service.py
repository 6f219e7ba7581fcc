"""The front of results: what pages, commands and other rooms call, with ``session``, ``by``, ``now``; never commits."""

from __future__ import annotations

from sjt.results.evidence import evidence
from sjt.results.export import file_name, long_csv, wide_csv
from sjt.results.judging import (
    JudgedItem,
    PanelView,
    check_rating,
    close_panel,
    create_panel,
    items_of,
    next_round,
    panel,
    panels,
    rate,
    standing,
)
from sjt.results.judging import view as panel_view
from sjt.results.marking_run import (
    is_sat,
    item_marks,
    item_marks_of_form,
    item_marks_of_sitting,
    mark_again,
    mark_session,
    mark_sitting,
    stale,
)
from sjt.results.model import Block, EvidenceItem, MarkRow, OutcomeState, ReleasedOutcome, Spread, Verdict
from sjt.results.pass_marks import Composed, adopt, compose, propose, propose_result
from sjt.results.pass_marks import get as cut
from sjt.results.releasing import (
    blocks,
    outcome_of,
    outcome_of_sitting,
    propose_release,
    release,
    released_outcomes,
    sem_of,
    take_back,
)
from sjt.results.statement import Statement, statement
from sjt.results.store import standing_cut

__all__ = [
    "Block",
    "Composed",
    "EvidenceItem",
    "JudgedItem",
    "MarkRow",
    "OutcomeState",
    "PanelView",
    "ReleasedOutcome",
    "Spread",
    "Statement",
    "Verdict",
    "adopt",
    "blocks",
    "check_rating",
    "close_panel",
    "compose",
    "create_panel",
    "cut",
    "evidence",
    "file_name",
    "is_sat",
    "item_marks",
    "item_marks_of_form",
    "item_marks_of_sitting",
    "items_of",
    "long_csv",
    "mark_again",
    "mark_session",
    "mark_sitting",
    "next_round",
    "outcome_of",
    "outcome_of_sitting",
    "panel",
    "panel_view",
    "panels",
    "propose",
    "propose_release",
    "propose_result",
    "rate",
    "release",
    "released_outcomes",
    "sem_of",
    "stale",
    "standing",
    "standing_cut",
    "statement",
    "take_back",
    "wide_csv",
]
