"""Why every mark is what it is: response, key, rule and mark, item by item, for appeals and for interviews."""

from __future__ import annotations

from uuid import UUID

from sqlmodel import Session

from sjt.psychometrics import scoring
from sjt.results import marking_run, store
from sjt.results.forms import CREDIT, Frozen, Shelf
from sjt.results.model import CorrectionKind, EvidenceItem, OutcomeState
from sjt.results.tables import MarkRun
from sjt.web.filters import local_date


def explained_run(session: Session, sitting_id: UUID, n: int | None = None) -> MarkRun | None:
    """Give the marking to explain: the one asked for, else that of the released result, else the newest."""
    runs = store.runs_of_sitting(session, sitting_id)
    if n is not None:
        return next((run for run in runs if run.n == n), None)
    outcome = store.last_outcomes(session, sitting_ids=[sitting_id]).get(sitting_id)
    if outcome is not None and outcome.state is OutcomeState.RELEASED:
        return next(run for run in runs if run.id == outcome.run_id)
    return runs[-1] if runs else None


def evidence(session: Session, sitting_id: UUID, run: MarkRun | None = None) -> list[EvidenceItem]:
    """Explain a sitting's marks, in the order of the form: those of its released result, until then the newest."""
    run = run or explained_run(session, sitting_id)
    rows = {row.item: row for row in marking_run.item_marks_of_sitting(session, sitting_id, run)} if run else {}
    if not rows:
        return []
    form = Shelf(session)[next(iter(rows.values())).form_id]
    found = []
    for scenario in form.paper.scenarios:
        for shown in scenario.items:
            row = rows.get(shown.id)
            item = form.keyed(shown.id, row.key_version) if row is not None else None
            if item is None or row is None:
                continue
            lines = scoring.explain(
                item.rule,
                item.key,
                row.response,
                options=shown.option_ids(),
                settings=form.settings(item),
                worth=item.worth,
            )
            found.append(
                EvidenceItem(
                    item=shown.id,
                    scenario=scenario.id,
                    scenario_title=scenario.title,
                    story=scenario.story,
                    format=row.format,
                    ask=shown.ask,
                    options={option.id: option.text for option in shown.options},
                    response=row.response,
                    status=row.status,
                    marks=row.marks,
                    max=row.max,
                    live=row.live,
                    rule=row.rule,
                    key_version=row.key_version,
                    explain=tuple(lines),
                    why=item.why,
                    ksbs=item.ksbs,
                    outcomes=item.outcomes,
                    key={} if item.rule == CREDIT else item.key,
                    corrected=corrected_words(form, shown.id, row.key_version),
                )
            )
    return found


def corrected_words(form: Frozen, item: str, key_version: str) -> str:
    """Say how a mark's key came to be another than the form was published with; nothing where it did not."""
    found = form.correction(item, key_version)
    if found is None or found.adopted_at is None:
        return ""
    done = "Full marks were given to everybody" if found.kind is CorrectionKind.CREDIT else "The key was corrected"
    return f"{done} on {local_date(found.adopted_at)}, signed by two awarding officers."
