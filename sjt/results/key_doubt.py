"""How many past candidates would pass or fail otherwise under the other keys that a panel might have given.

Counted by the worker from the mark ledger: each answer is marked again under each drawn key of its item, by the rule
and the worth it had, and the totals are held against the pass mark that stands. Nothing of a past result changes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final
from uuid import UUID

from sqlmodel import Session

from sjt.access import Actor
from sjt.audit import service as audit
from sjt.authoring import service as authoring
from sjt.authoring.states import FormUse
from sjt.errors import MoveRefused
from sjt.jobs.context import JobContext
from sjt.panels import service as panels
from sjt.panels.keys import PLAUSIBLE, contradictions, key_words, with_key
from sjt.psychometrics import scoring
from sjt.results import marking_run, store
from sjt.results.forms import CREDIT, Frozen, Shelf
from sjt.results.model import MarkRow
from sjt.results.tables import KeyDoubt
from sjt.times import utc_now

PANELS_COUNTED: Final = 200
"""Of the drawn panels, as many as fix a share to about three points in the hundred."""


@dataclass(frozen=True)
class Sat:
    """One sitting: its total, its pass mark, and its answers to the panel's items."""

    total: Fraction
    cut: Fraction
    rows: Mapping[str, MarkRow]

    def passes(self, gained: Fraction) -> bool:
        return self.total + gained >= self.cut


def count(args: Mapping[str, Any], context: JobContext) -> Mapping[str, Any]:
    """Count for the panel of ``{"panel": id}`` and keep it."""
    panel_id = UUID(args["panel"])
    with context.session() as session:
        shelf = Shelf(session)
        drawn = {one.item: one for one in panels.drawn_keys(session, panel_id)}
        sat = sittings(session, shelf, set(drawn))
        counted = counted_doubt(drawn, sat, shelf)
    with context.transaction() as session:
        row = store.key_doubt(session, panel_id)
        by = Actor(context.by, "", frozenset())
        if row is None:
            row = KeyDoubt(panel_id=panel_id, counted=counted, at=utc_now(), by=by.id)
        row.counted, row.at, row.by = counted, utc_now(), by.id
        session.add(row)
        session.flush()
        body = {"sittings": counted["sittings"]}
        audit.record(session, by=by, did="expert_panel.doubt_counted", on=panel_id, at=utc_now(), body=body)
    return {"goes_to": f"/results/key-doubt/{panel_id}", "sittings": counted["sittings"]}


def sittings(session: Session, shelf: Shelf, items: set[str]) -> list[tuple[Frozen, Sat]]:
    """Give the marked sittings of live forms that held one of the items and have a pass mark."""
    found = []
    for line in authoring.published_forms(session):
        cut = store.standing_cut(session, line.form_id)
        if line.use is not FormUse.LIVE or cut is None:
            continue
        form = shelf[line.form_id]
        if not any(one.id in items and one.live for one in form.secret.items):
            continue
        by_sitting: dict[UUID, list[MarkRow]] = {}
        for row in marking_run.item_marks_of_form(session, line.form_id):
            by_sitting.setdefault(row.sitting_id, []).append(row)
        for rows in by_sitting.values():
            live = [row for row in rows if row.live]
            if any(row.marks is None for row in live):
                continue  # not all marked yet: there is no total to pass with
            total = sum((row.marks for row in live if row.marks is not None), Fraction(0))
            found.append((form, Sat(total, cut.applied, {row.item: row for row in live if row.item in items})))
    return found


def counted_doubt(
    drawn: Mapping[str, panels.DrawnItem], sat: Sequence[tuple[Frozen, Sat]], shelf: Shelf
) -> dict[str, Any]:
    """Count for each item and key who would pass or fail otherwise, and for each drawn panel over all its items."""
    gained = [gains(drawn, form, one) for form, one in sat]
    items = []
    for item, draws in drawn.items():
        held = [(one, gain[item]) for (_, one), gain in zip(sat, gained, strict=True) if item in gain]
        if not held:
            continue
        keys = []
        for number, (key, share) in enumerate(draws.keys):
            if share < PLAUSIBLE:
                continue
            passing = sum(not one.passes(Fraction(0)) and one.passes(gain[number]) for one, gain in held)
            failing = sum(one.passes(Fraction(0)) and not one.passes(gain[number]) for one, gain in held)
            moved = sum(gain[number] != 0 for _, gain in held)
            keys.append(
                {
                    "key": key_words(draws.format, key),
                    "share": share,
                    "passing": passing,
                    "failing": failing,
                    "moved": moved,
                    "mean": float(sum((gain[number] for _, gain in held), Fraction(0)) / len(held)),
                }
            )
        items.append({"item": item, "n": len(held), "keys": keys})
    return {
        "sittings": len(sat),
        "items": items,
        "panels": _over_panels(drawn, sat, gained),
        "passed": sum(one.passes(Fraction(0)) for _, one in sat),
    }


def gains(drawn: Mapping[str, panels.DrawnItem], form: Frozen, one: Sat) -> dict[str, list[Fraction]]:
    """Give, for each item that was sat, the marks gained under each drawn key; other words have other answers."""
    found = {}
    for item, row in one.rows.items():
        held = form.keyed(item, row.key_version)
        if (
            held is None
            or held.rule == CREDIT
            or held.scenario_version != drawn[item].scenario_version
            or row.marks is None
        ):
            continue
        found[item] = [_mark(form, held, key, drawn[item], row) - row.marks for key, _ in drawn[item].keys]
    return found


_marked: dict[tuple[str, str, str, str], Fraction] = {}


def _mark(form: Frozen, held: Any, key: Any, draws: panels.DrawnItem, row: MarkRow) -> Fraction:
    place = (form.line.snapshot_sha256, held.id + held.key_version, str(key), row.response_sha256)
    if place not in _marked:
        if len(_marked) > 200_000:
            _marked.clear()
        # a drawn key that the form's own does not contradict is the same key for what can be told apart
        same = not contradictions(draws.format, held.key, key)
        table = held.key if same else with_key(draws.format, held.key, key)
        score = scoring.score(
            held.rule, table, row.response, options=form.options(held.id), settings=form.settings(held)
        )
        _marked[place] = scoring.item_mark(score, held.worth) if score.total is not None else Fraction(0)
    return _marked[place]


def _over_panels(
    drawn: Mapping[str, panels.DrawnItem],
    sat: Sequence[tuple[Frozen, Sat]],
    gains: Sequence[Mapping[str, Sequence[Fraction]]],
) -> dict[str, Any]:
    """Count, for each of the first drawn panels, whose outcome all its keys together would change."""
    size = min((len(one.drawn) for one in drawn.values()), default=0)
    counts = []
    for panel in range(min(PANELS_COUNTED, size)):
        changed = 0
        for (_, one), gain in zip(sat, gains, strict=True):
            gained = sum(
                (marks[drawn[item].drawn[panel]] for item, marks in gain.items() if drawn[item].drawn[panel] >= 0),
                Fraction(0),
            )
            changed += one.passes(gained) != one.passes(Fraction(0))
        counts.append(changed)
    if not counts or not sat:
        return {"n": 0}
    ordered = sorted(counts)
    return {
        "n": len(counts),
        "mean": sum(counts) / len(counts),
        "low": ordered[int(0.025 * (len(ordered) - 1))],
        "high": ordered[-1 - int(0.025 * (len(ordered) - 1))],
        "none": sum(one == 0 for one in counts) / len(counts),
    }


def start(session: Session, panel_id: UUID, *, by: Actor, now: Any) -> UUID:
    """Let the worker count for a panel whose keys are drawn."""
    from sjt.jobs import service as jobs

    if not panels.is_computed(session, panel_id):
        raise MoveRefused("The panel’s keys are not drawn yet. Close the panel and let the worker compute first.")
    return jobs.enqueue(
        session,
        "results.key_doubt",
        {"panel": str(panel_id)},
        by=by,
        now=now,
        title="Whom the doubt about keys would pass or fail",
        goes_to=f"/results/key-doubt/{panel_id}",
    )
