"""What a closer study reads: marks, answers, times and facts about candidates, as arrays; in the worker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from typing import Any, Final
from uuid import UUID

import numpy as np
from sqlmodel import Session

from sjt.analysis import matrix
from sjt.analysis.marked import marked
from sjt.authoring.snapshot import Paper, Secret
from sjt.delivery import service as delivery
from sjt.psychometrics.gram import FloatArray
from sjt.psychometrics.responses import Responses
from sjt.results import service as results
from sjt.results.model import MarkRow
from sjt.web.wording import form_words

MONTHS: Final = ((0, 13, "under 13 months"), (13, 19, "13 to 18 months"), (19, 999, "19 months and more"))
AGES: Final = ((0, 25, "under 25"), (25, 35, "25 to 34"), (35, 199, "35 and over"))
UNKNOWN: Final = ""


@dataclass(frozen=True)
class Data:
    """Everybody of one study."""

    cohort: matrix.Cohort
    rows: Sequence[MarkRow]
    secrets: Mapping[str, Secret]
    papers: Mapping[str, Paper]
    cuts: Mapping[str, float]
    cut_errors: Mapping[str, tuple[float, float]]
    """Form → exact pass mark and its standard error, where one is known."""
    sittings: Sequence[Any]
    """One for each person, in the persons' order."""
    simulated: bool
    titles: Mapping[str, str]
    facts: Mapping[str, list[str]]
    """Attribute → value for each person."""

    @property
    def marks(self) -> FloatArray:
        """Persons × live items; NaN where not presented."""
        return self.cohort.responses.table.marks()

    @property
    def items(self) -> list[str]:
        return list(self.cohort.responses.items)

    @property
    def maxima(self) -> FloatArray:
        specs = self.cohort.responses.specs
        return np.array([float(specs[item].max or 0) for item in self.items])

    @property
    def n(self) -> int:
        return len(self.cohort.responses.persons)

    @property
    def shares(self) -> FloatArray:
        """Share of the presented marks that each person got."""
        marks = self.marks
        whole = np.where(np.isfinite(marks), self.maxima, 0.0).sum(axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(np.nansum(marks, axis=1) / whole)

    @property
    def responses(self) -> Responses:
        """Marks with the candidates' facts as attributes."""
        return replace(self.cohort.responses, attributes={**self.cohort.responses.attributes, **self.facts})

    @property
    def forms(self) -> list[str]:
        return sorted(set(self.cohort.form_of))

    @property
    def own_forms(self) -> bool:
        """Whether nobody shares a form with anybody: then items are compared, not forms."""
        return self.n > 1 and len(set(self.cohort.form_of)) == self.n

    @property
    def shared_forms(self) -> list[str]:
        """Forms that two candidates or more sat: one candidate's marks say nothing of a form."""
        return [form for form in self.forms if self.n < 2 or self.cohort.form_of.count(form) > 1]

    @property
    def met_in_common(self) -> float:
        """Items that two candidates both met, in the middle of all pairs."""
        met = np.isfinite(self.marks).astype(float)
        return float(np.median((met @ met.T)[np.triu_indices(self.n, 1)]))

    def name_of(self, form: str) -> str:
        """A form's name as people say it."""
        return form_words(form)

    def cut_of_each(self) -> FloatArray:
        """Pass mark of each person's form; NaN where there is none."""
        return np.array([self.cuts.get(form, np.nan) for form in self.cohort.form_of])


def read(session: Session, args: Mapping[str, Any]) -> Data:
    """Read a study's data.

    Raises
    ------
    NotFound
        Nobody is marked.
    InputError
        Neither a session nor a form.
    """
    found = marked(
        session,
        args,
        nobody="Nobody's marks are there to study. Analyse the session first.",
        neither="A study needs a session or a form.",
    )
    rows, sat, secrets, papers, forms = found.rows, found.sittings, found.secrets, found.papers, found.forms
    cuts: dict[str, float] = {}
    errors: dict[str, tuple[float, float]] = {}
    for form in forms:
        standing, banked = results.standing_cut(session, form), secrets[form].cut
        if standing is not None:
            cuts[form] = float(standing.applied)
            if standing.se is not None:
                errors[form] = (float(standing.exact), float(standing.se))
        elif banked:
            cuts[form] = float(Fraction(banked["applied"]))
            if banked.get("se") is not None:
                errors[form] = (float(Fraction(banked["exact"])), float(banked["se"]))
    cohort = matrix.cohort(rows, secrets, found.seen, name=str(args.get("session") or args.get("form")))
    by = {str(one.sitting_id): one for one in sat}
    sittings = [by.get(person) for person in cohort.responses.persons]
    titles = {item.id: s.title for paper in papers.values() for s in paper.scenarios for item in s.items}
    people = {person.id: person for person in delivery.candidates(session)}
    return Data(
        cohort,
        rows,
        secrets,
        papers,
        cuts,
        errors,
        sittings,
        found.simulated,
        titles,
        facts_of(sittings, people),
    )


def facts_of(sittings: Sequence[Any], people: Mapping[UUID, Any]) -> dict[str, list[str]]:
    """Facts that groups are made of; those that are the same for everybody are left out."""
    out: dict[str, list[str]] = {"experience": [], "age": [], "employer": [], "provider": []}
    for one in sittings:
        person = people.get(one.candidate_id) if one is not None else None
        if person is None or one.started_at is None:
            for values in out.values():
                values.append(UNKNOWN)
            continue
        day = one.started_at.date()
        out["experience"].append(_band(_months(person.start_date, day), MONTHS))
        out["age"].append(_band(_months(person.date_of_birth, day) // 12, AGES))
        out["employer"].append(person.employer)
        out["provider"].append(person.provider)
    return {name: values for name, values in out.items() if len(set(values) - {UNKNOWN}) > 1}


def _months(start: date, day: Any) -> int:
    return int((day.year - start.year) * 12 + day.month - start.month - (day.day < start.day))


def _band(value: int, bands: Sequence[tuple[int, int, str]]) -> str:
    return next((words for low, high, words in bands if low <= value < high), UNKNOWN)


def seconds_of(sitting: Any) -> dict[str, float]:
    """Item → time on it: from the answer before (or the start) to its own last change."""
    out: dict[str, float] = {}
    before = sitting.started_at
    if before is None:
        return out
    for answer in sorted(sitting.answers.values(), key=lambda found: found.last_at):
        gap = (answer.last_at - before).total_seconds()
        if gap > 0:  # answers of one instant came in one batch: they tell no time
            out[answer.item] = gap
        before = max(before, answer.last_at)
    return out


def seconds(data: Data) -> FloatArray:
    """Time on each item for each person; NaN where none."""
    column = {item: n for n, item in enumerate(data.items)}
    out = np.full((data.n, len(column)), np.nan)
    for row, one in enumerate(data.sittings):
        for item, gap in seconds_of(one).items() if one is not None else ():
            if item in column:
                out[row, column[item]] = gap
    return out


def collapsed(marks: FloatArray, most: int = 5) -> tuple[FloatArray, bool]:
    """Join an item's marks into at most five ordered steps of enough persons; says whether any were joined."""
    out = marks.copy()
    joined = False
    n = marks.shape[0]
    least = max(5, n // 25)
    for j in range(marks.shape[1]):
        here = np.isfinite(marks[:, j])
        values, counts = np.unique(marks[here, j], return_counts=True)
        if values.size <= 2 or (values.size <= most and counts.min() >= least):
            continue
        steps, size, step = np.zeros(values.size), 0, 0
        want = max(least, int(np.ceil(counts.sum() / most)))
        for k, count in enumerate(counts):
            if size >= want and counts[k:].sum() >= least:
                step, size = step + 1, 0
            steps[k] = step
            size += int(count)
        out[here, j] = steps[np.searchsorted(values, marks[here, j])]
        joined = True
    return out, joined
