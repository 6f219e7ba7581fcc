"""What the page of a blueprint says of the bank while somebody edits: counts, chances, reliability, how many forms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from sjt.authoring import lifecycle, store
from sjt.authoring.bank import Reading
from sjt.authoring.bearing import MOST, Bearing, Cell, bear
from sjt.authoring.bearing_chance import RANDOM, Outlook, typical
from sjt.authoring.blueprint import Blueprint
from sjt.authoring.form_bank import FormBank, form_bank
from sjt.authoring.forms import spec_of
from sjt.authoring.lengths import LENGTHS, PASS_RATE, false_fails, false_passes, spearman_brown
from sjt.authoring.resting import resting
from sjt.authoring.set_page import STRATEGIES, constraint_words
from sjt.authoring.the_bank import bank_files, current_row, reading
from sjt.errors import InputError

FEW_CANDIDATES = 200
"""A year, under which two to four forms serve statistics better than many (sjt-science 0b.9)."""
ENOUGH_ANSWERS = 50
"""Answers an item, from which forms of a set pass the borderline candidate alike (docs/forms.md)."""
KEPT = 4
_BESIDE = ("judgements/", "statistics/")
_sources: dict[tuple[object, ...], FormBank] = {}


@dataclass(frozen=True, slots=True)
class LengthRow:
    scenarios: int
    reliability: float
    false_fails: float
    false_passes: float
    is_here: bool


@dataclass(frozen=True, slots=True)
class ChanceRow:
    label: str
    chance: float
    limit: float
    """What the blueprint allows."""
    refuses: bool
    """Above the limit publishing is refused; otherwise it asks for a signed reason."""

    @property
    def is_above(self) -> bool:
        return self.chance > self.limit


@dataclass(frozen=True, slots=True)
class Bears:
    """Everything the page shows, or why it can show nothing."""

    faults: tuple[str, ...] = ()
    bearing: Bearing | None = None
    outlook: Outlook | None = None
    cells: tuple[tuple[str, Cell], ...] = ()
    lengths: tuple[LengthRow, ...] = ()
    chances: tuple[ChanceRow, ...] = ()
    advice: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    rested: int = 0
    unapproved: int = 0
    """Scenarios that no form may hold: nobody has approved them yet, or they were taken out of use."""
    forms: int = 2
    minutes: tuple[float, float] = (0.0, 0.0)


def bears(session: Session, plan: Blueprint, *, forms: int, candidates: int | None, at: datetime) -> Bears:
    """Count what the bank bears of a blueprint, saved or not."""
    try:
        source = _source(session, plan)
        rested = resting(session, plan.option, plan.use.rest_days, at=at)
        barred = lifecycle.barred(session, current_row(session).id)
        resting_only = spec_of(source, plan, 1, banned=rested)
        spec = spec_of(source, plan, 1, banned=sorted({*rested, *barred}))
    except InputError as error:
        return Bears(faults=tuple(str(fault.what) + " " + fault.remedy for fault in error.faults) or (error.message,))
    use = plan.use
    found = bear(source.assembly, spec, forms, overlap_max=use.overlap_max, exposure_max=use.exposure_max)
    outlook = typical(source, plan, spec.banned)
    return Bears(
        bearing=found,
        outlook=outlook,
        cells=tuple((constraint_words(f"{cell.attr}={cell.value}"), cell) for cell in found.cells),
        lengths=tuple(_lengths(plan.scenarios, outlook.reliability_of_one)),
        chances=tuple(_chances(plan, outlook)),
        advice=tuple(_advice(plan, found, forms, candidates)),
        notes=source.notes,
        rested=len(resting_only.banned),
        unapproved=len(spec.banned) - len(resting_only.banned),
        forms=forms,
        minutes=plan.minutes,
    )


def _beside(read: Reading) -> int:
    """Tell one set of judgements and statistics from another; a bank whose blueprints alone changed has the same."""
    return hash(tuple((name, read.files[name]) for name in sorted(read.files) if name.startswith(_BESIDE)))


def _source(session: Session, plan: Blueprint) -> FormBank:
    """Join the bank with its statistics once for what of a blueprint matters to that."""
    row = current_row(session)
    counted = tuple(sorted(name for name, n in plan.formats().items() if n))
    worths = tuple(sorted((str(kind), worth) for kind, worth in plan.marks.items()))
    mark = store.statistics_mark(session, row.id)
    read = reading(session)
    assert read.bank is not None
    place = (row.id, id(read.bank), _beside(read), mark, plan.bank, plan.option, counted, worths, plan.use.anchors)
    found = _sources.get(place)
    # A bank that was let go may leave its number to another one; the form bank holds its own.
    if found is None or found.bank is not read.bank:
        found = form_bank(read.bank, bank_files(session), plan)
        while len(_sources) >= KEPT:
            _sources.pop(next(iter(_sources)))
        _sources[place] = found
    return found


def _lengths(here: int, one: float) -> Sequence[LengthRow]:
    rows = []
    for length in sorted({*LENGTHS, here}):
        reliability = spearman_brown(one, length)
        wrong = (100 * false_fails(reliability, PASS_RATE), 100 * false_passes(reliability, PASS_RATE))
        rows.append(LengthRow(length, reliability, *wrong, length == here))
    return rows


def _chances(plan: Blueprint, outlook: Outlook) -> Sequence[ChanceRow]:
    labels = {RANDOM: "Answers at random", **STRATEGIES}
    return [
        ChanceRow(
            labels[name], outlook.chances[name], plan.max_random_pass if name == RANDOM else plan.max_strategy_pass,
            name == RANDOM,
        )
        for name in labels if name in outlook.chances
    ]  # fmt: skip


def _advice(plan: Blueprint, found: Bearing, forms: int, candidates: int | None) -> Sequence[str]:
    """Say what so many forms mean for so many candidates a year."""
    out = []
    if found.apart and MOST > found.at_caps > found.apart and forms > found.at_caps:
        out.append(f"By counting, {found.at_caps} forms are the most under these caps.")
    if candidates is None:
        return out
    distinct = min(found.usable, forms * plan.scenarios) if plan.use.overlap_max != 0 else forms * plan.scenarios
    answers = candidates * plan.scenarios / max(1, distinct)
    years = ENOUGH_ANSWERS / answers if answers else float("inf")
    when = "within the first year" if years <= 1 else f"after about {years:.1f} years" if years < 100 else "never"
    out.append(
        f"With {candidates} candidates a year and {forms} form{'' if forms == 1 else 's'}, each item is answered about "
        f"{answers:.0f} times a year and reaches {ENOUGH_ANSWERS} answers {when}."
    )
    if candidates < FEW_CANDIDATES and forms > 4:
        out.append(
            f"Under {FEW_CANDIDATES} candidates a year two to four forms serve better than {forms}: each item is "
            f"answered oftener, so its facility and the forms’ equality are known sooner. Judgements alone leave the "
            f"forms about twice as unequal at the pass mark as {ENOUGH_ANSWERS} answers an item do."
        )
    elif candidates < FEW_CANDIDATES:
        out.append(f"Under {FEW_CANDIDATES} candidates a year two to four forms are right.")
    return out
