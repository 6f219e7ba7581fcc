"""The front of results: what pages, commands and other rooms call, with ``session``, ``by``, ``now``; never commits."""

from __future__ import annotations

from sjt.results.corrections import prepare as prepare_correction
from sjt.results.corrections import propose as propose_correction
from sjt.results.corrections import sign as sign_correction
from sjt.results.corrections import subject as correction_subject
from sjt.results.corrections import take_back as take_back_correction
from sjt.results.evidence import evidence, explained_run
from sjt.results.export import file_name, long_csv, wide_csv
from sjt.results.forms import marked_by
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
    waiting,
)
from sjt.results.model import Block, EvidenceItem, MarkRow, OutcomeState, ReleasedOutcome, Spread, Verdict
from sjt.results.pass_marks import Composed, adopt, compose, propose, propose_result
from sjt.results.pass_marks import get as cut
from sjt.results.reaward import affected as affected_by_reaward
from sjt.results.reaward import propose as propose_reaward
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
    "affected_by_reaward",
    "blocks",
    "check_rating",
    "close_panel",
    "compose",
    "correction_subject",
    "create_panel",
    "cut",
    "evidence",
    "explained_run",
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
    "marked_by",
    "next_round",
    "outcome_of",
    "outcome_of_sitting",
    "panel",
    "panel_view",
    "panels",
    "prepare_correction",
    "propose",
    "propose_correction",
    "propose_reaward",
    "propose_release",
    "propose_result",
    "rate",
    "release",
    "released_outcomes",
    "sem_of",
    "sign_correction",
    "stale",
    "standing",
    "standing_cut",
    "statement",
    "take_back",
    "take_back_correction",
    "waiting",
    "wide_csv",
]
