"""Candidates of other sessions who met the same items under the same keys: years pooled, never mixed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session

from sjt.analysis.study_data import Data, facts_of
from sjt.delivery import service as delivery
from sjt.psychometrics.gram import MarkTable
from sjt.psychometrics.responses import Responses
from sjt.results import service as results

YEAR: Final = "year"
HALF: Final = 0.5
ENOUGH_ITEMS: Final = 10
"""Items of this data in the same version that a sitting must hold, or half of them: fewer make no match."""


@dataclass(frozen=True)
class Source:
    """One other session that holds some of the items."""

    name: str
    year: str
    n: int
    """Candidates taken."""
    items: int
    """Items met there in the same version under the same key."""
    why: str
    """Why somebody or everybody of it was left out; empty where nobody was."""


@dataclass(frozen=True)
class Pool:
    """This data's persons first, then those of other sessions."""

    responses: Responses
    """With the facts and the year as attributes."""
    own: NDArray[np.bool_]
    sources: Sequence[Source]

    @property
    def facts(self) -> Mapping[str, Sequence[str]]:
        return {name: values for name, values in self.responses.attributes.items() if name not in (YEAR, "form")}

    @property
    def years(self) -> list[str]:
        return sorted({*self.responses.attributes[YEAR]} - {""})

    @property
    def taken(self) -> list[Source]:
        return [source for source in self.sources if source.n]

    @property
    def n(self) -> int:
        return int(self.own.size)


@dataclass(frozen=True)
class Other:
    """One sitting elsewhere: who, when, and marks on the items shared."""

    sitting: Any
    marks: Mapping[str, float]


def read(session: Session, data: Data) -> Pool:
    """Find everybody else whose marks may stand beside this data's."""
    mine = {str(one.session_id) for one in data.sittings if one is not None}
    here = {str(person) for person in data.cohort.responses.persons}
    own = {(row.item, row.scenario_version, row.key_version): row.item for row in data.rows if row.live}
    specs = data.cohort.responses.specs
    found: list[tuple[Any, list[Other]]] = []
    for line in sorted(delivery.sessions(session), key=lambda one: (one.starts, str(one.id))):
        if line.simulated is not data.simulated or (str(line.id) in mine and not _other_forms(line, data)):
            continue
        marks: dict[UUID, dict[str, float]] = {}
        for row in results.item_marks(session, line.id):
            item = own.get((row.item, row.scenario_version, row.key_version))
            if item is not None and row.live and row.marks is not None and str(row.sitting_id) not in here:
                marks.setdefault(row.sitting_id, {})[item] = float(row.marks * (specs[item].max or 0) / row.max)
        if marks:
            sat = delivery.responses(session, session_id=line.id)
            found.append((line, [Other(one, marks[one.sitting_id]) for one in sat if one.sitting_id in marks]))
    people = {person.id: person for person in delivery.candidates(session)}
    return pooled(data, found, people)


def _other_forms(line: Any, data: Data) -> bool:
    """Whether a session of this data had candidates on forms that are not in it (a form's study)."""
    return bool(set(line.forms) - set(data.forms))


def pooled(data: Data, found: Sequence[tuple[Any, Sequence[Other]]], people: Mapping[UUID, Any]) -> Pool:
    """Lay this data's persons and the others' out over this data's items.

    A candidate counts once, in this data if they are in it, else where they sat first. A sitting that shares too few
    items is left out: whoever met five common items only can be matched with nobody.
    """
    least = min(ENOUGH_ITEMS, max(1, int(np.ceil(HALF * len(data.items)))))
    seen = {one.candidate_id for one in data.sittings if one is not None}
    column = {item: n for n, item in enumerate(data.items)}
    rows: list[NDArray[np.float64]] = []
    sittings: list[Any] = [*data.sittings]
    persons = list(data.cohort.responses.persons)
    sources = []
    digest = hashlib.sha256(data.cohort.responses.sha256.encode())
    for line, others in found:
        few, again, taken, met = 0, 0, 0, set()
        for other in sorted(others, key=lambda one: str(one.sitting.sitting_id)):
            if len(other.marks) < least:
                few += 1
                continue
            if other.sitting.candidate_id in seen:
                again += 1
                continue
            seen.add(other.sitting.candidate_id)
            row = np.full(len(column), np.nan)
            for item, mark in other.marks.items():
                row[column[item]] = mark
                met.add(item)
                digest.update(f"{other.sitting.sitting_id},{item},{mark!r}\n".encode())
            rows.append(row)
            sittings.append(other.sitting)
            persons.append(str(other.sitting.sitting_id))
            taken += 1
        why = [f"{few} left out: fewer than {least} of the items"] if few else []
        why += [f"{again} left out: counted already"] if again else []
        sources.append(Source(f"{line.centre}, {line.starts:%-d %B %Y}", _year(line), taken, len(met), "; ".join(why)))
    marks = np.vstack([data.marks, *rows]) if rows else data.marks
    facts = facts_of(sittings, people)
    facts[YEAR] = ["" if one is None or one.started_at is None else str(one.started_at.year) for one in sittings]
    held = data.cohort.responses
    blank = np.zeros(len(column), dtype=np.int64)
    responses = replace(
        held,
        persons=persons,
        table=MarkTable.of(marks),
        omitted=blank,
        not_reached=blank,
        attributes=facts,
        row_numbers=np.arange(1, len(persons) + 1, dtype=np.int64),
        sha256=digest.hexdigest(),
    )
    own = np.arange(len(persons)) < data.n
    return Pool(responses, own, sources)


def _year(line: Any) -> str:
    return str(line.starts.year)
