"""Why every mark is what it is: response, key, rule and mark, item by item, for appeals and for interviews."""

from __future__ import annotations

from uuid import UUID

from sqlmodel import Session

from sjt.psychometrics import scoring
from sjt.results import marking_run
from sjt.results.forms import Shelf
from sjt.results.model import EvidenceItem


def evidence(session: Session, sitting_id: UUID) -> list[EvidenceItem]:
    """Explain a sitting's standing marks, in the order of the form."""
    rows = {row.item: row for row in marking_run.item_marks_of_sitting(session, sitting_id)}
    if not rows:
        return []
    form = Shelf(session)[next(iter(rows.values())).form_id]
    found = []
    for scenario in form.paper.scenarios:
        for shown in scenario.items:
            item, row = form.secret.item(shown.id), rows.get(shown.id)
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
                )
            )
    return found
