"""Marks of results as the arrays that psychometrics reads; computed in the worker."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any
from uuid import UUID

import numpy as np

from sjt.authoring.snapshot import Format, Secret
from sjt.psychometrics.gram import FloatArray, MarkTable
from sjt.psychometrics.responses import ItemSpec, Responses
from sjt.results.model import MarkRow


@dataclass(frozen=True)
class Cohort:
    """Everybody of one analysis: their marks as a table, and what they answered."""

    responses: Responses
    """Live items alone."""
    form_of: tuple[str, ...]
    raw: Mapping[str, Mapping[int, Any]]
    """Item → person's row → response; trial items too."""
    trial: Mapping[str, Mapping[int, Fraction]]
    """Trial item → person's row → mark."""
    rest: Mapping[str, FloatArray]
    """Item → share of the other live marks each person got; NaN where not presented."""


def cohort(
    rows: Sequence[MarkRow], secrets: Mapping[str, Secret], seen: Mapping[UUID, frozenset[str]], *, name: str
) -> Cohort:
    """Lay marks out persons × items; an item that nobody opened before time ran out counts as not reached."""
    persons = sorted({row.sitting_id for row in rows}, key=str)
    place = {person: n for n, person in enumerate(persons)}
    items = list(dict.fromkeys(item.id for secret in secrets.values() for item in secret.items if item.live))
    column = {item: n for n, item in enumerate(items)}
    marks = np.full((len(persons), len(items)), np.nan)
    worth = np.full((len(persons), len(items)), np.nan)
    omitted, not_reached = np.zeros(len(items), dtype=np.int64), np.zeros(len(items), dtype=np.int64)
    forms = [""] * len(persons)
    raw: dict[str, dict[int, Any]] = {}
    trial: dict[str, dict[int, Fraction]] = {}
    digest = hashlib.sha256()
    for row in sorted(rows, key=lambda one: (str(one.sitting_id), one.item)):
        n = place[row.sitting_id]
        forms[n] = row.form_id
        raw.setdefault(row.item, {})[n] = row.response
        digest.update(f"{row.sitting_id},{row.item},{row.key_version},{row.rule},{row.marks}\n".encode())
        if not row.live or row.item not in column:
            if row.marks is not None:
                trial.setdefault(row.item, {})[n] = row.marks
            continue
        c = column[row.item]
        if row.marks is None:
            continue
        marks[n, c], worth[n, c] = float(row.marks), float(row.max)
        if row.status == "omitted":
            was_seen = row.item in seen.get(row.sitting_id, frozenset((row.item,)))
            (omitted if was_seen else not_reached)[c] += 1
    return Cohort(
        Responses(
            file=name,
            persons=[str(person) for person in persons],
            items=items,
            table=MarkTable.of(marks),
            omitted=omitted,
            not_reached=not_reached,
            attributes={"form": forms} if len(set(forms)) > 1 else {},
            specs=_specs(secrets),
            row_numbers=np.arange(1, len(persons) + 1, dtype=np.int64),
            sha256=digest.hexdigest(),
        ),
        tuple(forms),
        raw,
        trial,
        _rest(marks, worth, items),
    )


def _specs(secrets: Mapping[str, Secret]) -> dict[str, ItemSpec]:
    return {
        item.id: ItemSpec(
            item.id,
            min=Fraction(0),
            max=item.worth,
            chance=None if item.format is Format.WRITTEN else item.chance,
            testlet=item.scenario,
            format=item.format.value,
        )
        for secret in secrets.values()
        for item in secret.items
        if item.live
    }


def _rest(marks: FloatArray, worth: FloatArray, items: Sequence[str]) -> dict[str, FloatArray]:
    total, whole = np.nansum(marks, axis=1), np.nansum(worth, axis=1)
    found = {}
    for c, item in enumerate(items):
        own, own_worth = np.nan_to_num(marks[:, c]), np.nan_to_num(worth[:, c])
        with np.errstate(invalid="ignore", divide="ignore"):
            found[item] = np.where(whole - own_worth > 0, (total - own) / (whole - own_worth), np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        found[""] = np.where(whole > 0, total / whole, np.nan)  # for trial items: all live items
    return found


def take_form(all_: Cohort, form_id: str) -> Cohort:
    """Give the part of a cohort that sat one form, with that form's items alone."""
    rows = [n for n, form in enumerate(all_.form_of) if form == form_id]
    table = all_.responses.table.take(rows)
    present = np.atleast_1d(table.present().any(axis=0))
    columns = [c for c in range(table.n_items) if present[c]]
    held = all_.responses
    new = {old: n for n, old in enumerate(rows)}
    items = [held.items[c] for c in columns]
    # omissions are counted over the whole cohort; of one form they are the marks of its own items alone
    shared = len(set(all_.form_of)) > 1
    return Cohort(
        Responses(
            file=f"{held.file} {form_id}",
            persons=[held.persons[n] for n in rows],
            items=items,
            table=table.take(list(range(len(rows))), columns),
            omitted=held.omitted[columns] if not shared else _blank(all_, items, rows),
            not_reached=held.not_reached[columns] if not shared else np.zeros(len(columns), dtype=np.int64),
            attributes={},
            specs={item: held.specs[item] for item in items},
            row_numbers=held.row_numbers[rows],
            sha256=held.sha256,
        ),
        tuple(form_id for _ in rows),
        {item: {new[n]: value for n, value in by.items() if n in new} for item, by in all_.raw.items()},
        {item: {new[n]: value for n, value in by.items() if n in new} for item, by in all_.trial.items()},
        {item: values[rows] for item, values in all_.rest.items()},
    )


def _blank(all_: Cohort, items: Sequence[str], rows: Sequence[int]) -> Any:
    kept = set(rows)
    return np.array(
        [sum(value is None for n, value in all_.raw.get(item, {}).items() if n in kept) for item in items],
        dtype=np.int64,
    )
