"""The health of the bank in the database: what is known of each scenario put together, and the figures as a table."""

from __future__ import annotations

import csv
import io
from collections import Counter
from datetime import date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from sqlmodel import Session

from sjt.authoring import measured, met, store
from sjt.authoring.health import Health, Seen, health
from sjt.authoring.health_facts import facts_of
from sjt.authoring.health_figures import Figure, Part
from sjt.authoring.the_bank import current_row, reading
from sjt.authoring.uses import form_uses
from sjt.errors import NotFound

KEPT: Final = 2
CSV_COLUMNS: Final = ("section", "figure", "count", "of", "said", "flagged", "scenarios")
_known: dict[object, Health] = {}


def bank_health(session: Session, *, today: date) -> Health:
    """Measure the bank as it stands; the same bank, uses and day are measured once."""
    row = current_row(session)
    held = reading(session, row.id)
    if held.bank is None:
        raise NotFound("The bank cannot be read. Import it again; the import says what is wrong.")
    forms = Counter(one for form in form_uses(session) if not form.is_withdrawn for one, _, _ in form.scenarios)
    candidates = met.counts(session)
    stands = store.standings(session, row.id)
    ways = store.ways_to_live(session, row.id)
    statistics = measured.statistics(session)
    uses = tuple(hash(frozenset(one.items())) for one in (forms, candidates, stands, ways))
    mark = (row.sha256, today, store.statistics_recorded(session, row.id), uses)
    found = _known.get(mark)
    if found is None:
        now = datetime.combine(today, time(), tzinfo=ZoneInfo("UTC"))
        seen = {}
        for scenario in held.bank.scenarios:
            state, changed = stands.get(scenario.id, (store.NO_STATE, now))
            way = ways.get(scenario.id, "")
            seen[scenario.id] = Seen(state, changed, forms[scenario.id], candidates[scenario.id], way)
        found = health(held.bank, facts_of(held.bank, held), seen, statistics, today=today)
        while len(_known) >= KEPT:
            _known.pop(next(iter(_known)))
        _known[mark] = found
    return found


def health_csv(found: Health) -> str:
    """Write every figure with the scenarios behind it."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(CSV_COLUMNS)
    for part in found.parts:
        for one in part.figures:
            of = "" if one.of is None else one.of
            flagged = "yes" if one.is_flagged else ""
            writer.writerow([part.title, one.label, one.n, of, one.said, flagged, " ".join(one.ids)])
    return out.getvalue()


def behind(found: Health, key: str) -> tuple[Part, Figure, list[tuple[str, str]]]:
    """Give a figure, its section, and id and title of each scenario behind it."""
    held = found.one(key)
    if held is None:
        raise NotFound("There is no such figure. The page of the bank's health has those there are.")
    part, figure = held
    return part, figure, [(one, found.titles.get(one, one)) for one in figure.ids]
