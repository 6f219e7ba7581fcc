"""Results as CSV: the contract's columns, a label, and of marks the key's version; the name says what is simulated."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Final
from uuid import UUID

from sqlmodel import Session

from sjt.delivery import service as delivery
from sjt.errors import NotFound
from sjt.psychometrics.scoring import plain
from sjt.results import marking_run, releasing, store
from sjt.results.model import OutcomeState
from sjt.times import iso

LONG: Final = ("session", "form", "candidate", "attempt", "item_version", "format", "rule", "status", "marks", "max")
WIDE: Final = ("candidate", "form", "raw", "max", "cut", "sem", "outcome", "released_at")
LABEL: Final = "label"
KEY: Final = "key_version"
"""Of each mark; stands behind the contract's columns, which keep their places, and before the label."""


def _write(columns: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow((*columns, KEY, LABEL) if columns is LONG else (*columns, LABEL))
    writer.writerows(rows)
    return out.getvalue()


def long_csv(session: Session, session_id: UUID) -> str:
    """Every standing mark of a session, one row an item; an item's version is its scenario's hash, a key's its own."""
    label = label_of(session, session_id)
    sat = {one.sitting_id: one for one in delivery.responses(session, session_id=session_id)}
    return _write(
        LONG,
        (
            (
                session_id,
                row.form_id,
                sat[row.sitting_id].candidate_id,
                sat[row.sitting_id].attempt,
                f"{row.item}@{row.scenario_version.removeprefix('sha256:')[:12]}",
                row.format,
                row.rule,
                row.status if row.live else f"trial {row.status}",
                "" if row.marks is None else plain(row.marks),
                plain(row.max),
                row.key_version.removeprefix("sha256:")[:12],
                label,
            )
            for row in marking_run.item_marks(session, session_id)
        ),
    )


def wide_csv(session: Session, session_id: UUID) -> str:
    """Every released result of a session, one row a candidate."""
    label = label_of(session, session_id)
    rows = []
    for outcome in store.last_outcomes(session, session_id=session_id).values():
        if outcome.state is not OutcomeState.RELEASED:
            continue
        found = releasing.released(session, outcome)
        sem = "" if found.sem is None else f"{found.sem:.4f}"
        rows.append(
            (
                *(found.candidate_id, found.form_id, plain(found.raw), plain(found.max), plain(found.cut), sem),
                *(found.outcome.value, iso(found.released_at), label),
            )
        )
    return _write(WIDE, rows)


def label_of(session: Session, session_id: UUID) -> str:
    """Give ``simulated`` for a session whose candidates are; NotFound where there is no such session."""
    line = next((one for one in delivery.sessions(session) if one.id == session_id), None)
    if line is None:
        raise NotFound("There is no such session.")
    return "simulated" if line.simulated else ""


def file_name(session: Session, session_id: UUID, *, wide: bool) -> str:
    label = label_of(session, session_id)
    return f"results-{session_id}-{'wide' if wide else 'long'}{'-' + label if label else ''}.csv"
