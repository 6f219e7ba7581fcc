"""How firm decisions are: key panels and judges drawn anew, each person with all they said, and everybody decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Any, Final
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session

from sjt.analysis.sections import NONE, between, counted, number, per_cent, section
from sjt.analysis.study_data import Data
from sjt.panels import service as panels
from sjt.psychometrics import rescore, scoring
from sjt.psychometrics.gram import FloatArray
from sjt.results import key_doubt
from sjt.results import service as results
from sjt.results.forms import Shelf
from sjt.results.model import MarkRow

DRAWS: Final = 1000
MOST_ROWS: Final = 60
TURNS: Final = 0.01
"""A candidate whose decision turns in so many of the draws is near the pass mark, however far in marks."""
FIRM: Final = rescore.FIRM
LABELS: Final = {"judges": "Other judges", "keys": "Other experts", "both": "Both"}


@dataclass(frozen=True)
class Form:
    """What may be drawn anew for one form, and what came of it."""

    form: str
    own: NDArray[np.intp]
    """Rows of those who sat it."""
    totals: FloatArray
    cut: float
    judges: int
    """Whose single ratings are drawn; 0: the pass mark is drawn from its error, or stays."""
    experts_items: int
    """Items whose key panel is drawn."""
    items: int
    ways: Mapping[str, rescore.Firmness]
    """What is drawn → how often each passes."""

    @property
    def whole(self) -> rescore.Firmness | None:
        """Everything drawn that can be."""
        for name in ("both", "keys", "judges"):
            if name in self.ways:
                return self.ways[name]
        return None


def study(data: Data, session: Session) -> dict[str, Any]:
    """Say how often each candidate near the pass mark would pass."""
    forms = _forms(data, session)
    verdict, sections = [], []
    for one in forms:
        whole, name = one.whole, data.name_of(one.form)
        if whole is None:
            verdict.append(
                f"{name}: neither judges' ratings nor experts' answers are held here, so nobody can be drawn anew."
            )
            continue
        unsure = int(whole.unsure.size)
        held = (
            f"{counted(unsure, 'decision')} of {one.totals.size} would turn in more than one draw of twenty"
            if unsure
            else f"each of {counted(one.totals.size, 'decision')} would hold in nineteen draws of twenty and more"
        )
        verdict.append(f"{name}: {held}; {per_cent(whole.flips, 1)} of all turn on average.")
        sections += [_summary(data, one), _persons(data, one)]
    if not forms:
        verdict.append("There is no pass mark yet, so there is no decision to be firm.")
    notes = [
        "Answers stay as they are: what chance did on the day is the standard error of measurement, and comes on top."
    ]
    return {"verdict": verdict, "sections": sections, "notes": notes, "pictures": {}}


def summaries(data: Data, session: Session) -> list[dict[str, Any]]:
    """Give one table for each form, without single candidates."""
    return [_summary(data, one) for one in _forms(data, session) if one.ways]


def _forms(data: Data, session: Session) -> list[Form]:
    drawn = _drawn(data, session)
    return [_form(data, session, form, drawn) for form in data.shared_forms if form in data.cuts]


def _drawn(data: Data, session: Session) -> list[dict[str, panels.DrawnItem]]:
    """Drawn keys by key panel; an item belongs to the newest panel that was asked about it."""
    taken: set[str] = set()
    out = []
    for panel in panels.computed_key_panels(session):
        if panel.simulated and not data.simulated:
            continue
        own = {one.item: one for one in panels.drawn_keys(session, panel.id) if one.item in data.items}
        fresh = {item: one for item, one in own.items() if item not in taken}
        taken |= set(fresh)
        if fresh:
            out.append(fresh)
    return out


def _form(data: Data, session: Session, form: str, drawn: Sequence[Mapping[str, panels.DrawnItem]]) -> Form:
    own = np.flatnonzero([one == form for one in data.cohort.form_of])
    totals = np.nansum(data.marks[own], axis=1)
    cut = data.cuts[form]
    secret = data.secrets[form]
    live = [item.id for item in secret.items if item.live]
    gains, touched = _gains(data, session, form, own, drawn)
    rounded = partial(_rounded, unit=secret.mark_unit)
    ratings = _ratings(session, form, live)
    exact, se = data.cut_errors.get(form, (np.nan, np.nan))
    judged: rescore.Draw | None = None
    if ratings is not None:
        judged = rescore.judges_drawn(totals, ratings, rounded)
    elif np.isfinite(se) and se > 0:
        judged = rescore.cut_drawn(totals, exact, se, rounded)
    draws: dict[str, rescore.Draw] = {}
    if judged is not None:
        draws["judges"] = judged
    if gains:
        draws["keys"] = rescore.keys_drawn(totals, gains, cut)
    if judged is not None and gains:
        draws["both"] = rescore.keys_drawn(totals, gains, judged)
    ways = {name: rescore.firmness(totals, cut, draw, replications=DRAWS) for name, draw in draws.items()}
    return Form(form, own, totals, cut, 0 if ratings is None else ratings.shape[0], len(touched), len(live), ways)


def _gains(
    data: Data,
    session: Session,
    form: str,
    own: NDArray[np.intp],
    drawn: Sequence[Mapping[str, panels.DrawnItem]],
) -> tuple[list[FloatArray], set[str]]:
    """Marks gained under each key panel's drawn panels, panels × candidates; and the items that any of it touches."""
    place = {UUID(data.cohort.responses.persons[row]): n for n, row in enumerate(own)}
    rows: dict[UUID, dict[str, MarkRow]] = {}
    for row in data.rows:
        if row.live and row.sitting_id in place:
            rows.setdefault(row.sitting_id, {})[row.item] = row
    frozen = Shelf(session)[form]
    tables, touched = [], set()
    for panel in drawn:
        size = min(len(one.drawn) for one in panel.values())
        number_of = {item: np.array(one.drawn[:size], dtype=np.intp) for item, one in panel.items()}
        table = np.zeros((size, len(own)))
        for sitting, held in rows.items():
            sat = key_doubt.Sat(Fraction(0), Fraction(0), {item: row for item, row in held.items() if item in panel})
            for item, marks in key_doubt.gains(panel, frozen, sat).items():
                at = number_of[item]
                table[:, place[sitting]] += np.where(at >= 0, np.array([float(one) for one in marks])[at], 0.0)
                touched.add(item)
        if touched & set(panel):
            tables.append(table)
    return tables, touched


def _summary(data: Data, one: Form) -> dict[str, Any]:
    rows = [
        [
            LABELS[name],
            _span(found.cuts, 1),
            _span(100 * found.rates, 0, " %"),
            per_cent(found.flips, 1),
            int(found.unsure.size),
        ]
        for name, found in one.ways.items()
    ]
    passed = float((one.totals >= one.cut - rescore.TIE).mean())
    return section(
        f"Had others been asked: {data.name_of(one.form)}",
        [
            "Drawn anew",
            "Pass mark, 95 % of draws",
            "Pass rate, candidates drawn too",
            "Decisions that turn, on average",
            "Decisions less sure than 95 %",
        ],
        rows,
        numbers=(3, 4),
        lead=f"Pass mark {number(one.cut, 1)}, reached by {per_cent(passed)} of {one.totals.size}. {_drawn_words(one)}",
    )


def _drawn_words(one: Form) -> str:
    judges = (
        f"The {one.judges} judges are drawn anew {DRAWS:,} times, each with all their ratings."
        if one.judges
        else f"No single ratings are held here: the pass mark is drawn {DRAWS:,} times from its standard error."
        if "judges" in one.ways
        else "Nothing is known of how the pass mark was judged: it stays."
    )
    experts = (
        f"The experts who answered {one.experts_items} of {one.items} items are drawn anew, each with all their "
        "answers, and everybody is marked by the keys they give; the other keys stay."
        if one.experts_items
        else "No key panel answered these items in this version: the keys stay."
    )
    return f"{judges} {experts}"


def _persons(data: Data, one: Form) -> dict[str, Any]:
    """List who is near the pass mark, and how often each passes."""
    whole = one.whole
    assert whole is not None
    passed = one.totals >= one.cut - rescore.TIE
    turned = np.where(passed, 1 - whole.p_pass, whole.p_pass)
    sem = _sem(data, one)
    near = (turned >= TURNS) | (np.abs(one.totals - one.cut) <= (sem if sem is not None else -1.0))
    order = sorted(np.flatnonzero(near), key=lambda n: (-turned[n], abs(one.totals[n] - one.cut), n))
    names = [*one.ways]
    rows = [
        [
            data.cohort.responses.persons[one.own[n]][-8:],
            number(float(one.totals[n]), 1),
            number(float(one.totals[n] - one.cut), 1, sign=True),
            "Pass" if passed[n] else "Fail",
            *(per_cent(float(one.ways[name].p_pass[n])) for name in names),
            "Holds" if turned[n] <= 1 - FIRM + rescore.TIE else "Unsure",
        ]
        for n in order[:MOST_ROWS]
    ]
    reach = "" if sem is None else f" within one standard error of measurement ({number(sem, 1)} marks) of it, or"
    return section(
        f"Candidates near the pass mark: {data.name_of(one.form)}",
        ["Sitting", "Mark", "From the pass mark", "Now", *(f"Passes: {LABELS[n].lower()}" for n in names), "Decision"],
        rows,
        numbers=(1, 2, *range(4, 4 + len(names))),
        lead=f"Everybody{reach} whose decision turns in 1 % of the draws and more; the least sure first. The share of "
        "draws in which each passes; unsure: fewer than 95 % hold.",
        empty="Nobody is near the pass mark.",
        foot=f"{len(order) - MOST_ROWS} more not listed." if len(order) > MOST_ROWS else "",
    )


def _sem(data: Data, one: Form) -> float | None:
    marks = data.marks[one.own]
    columns = np.isfinite(marks).any(axis=0)
    scored = rescore.Scored(marks[:, columns], data.maxima[columns], one.cut)
    found = rescore.compare(scored, scored, [str(n) for n in range(int(columns.sum()))])["test"][0]["sem"]
    return None if found is None else float(found)


def _span(values: FloatArray, places: int, unit: str = "") -> str:
    known = values[np.isfinite(values)]
    if not known.size:
        return NONE
    low, high = np.quantile(known, [0.025, 0.975])
    return between([float(low), float(high)], places) + unit


def _ratings(session: Session, form: str, items: Sequence[str]) -> FloatArray | None:
    """Judges × items of the newest panel on this form; None without two judges."""
    held = [panel for panel in results.panels(session) if form in panel.forms]
    for panel in sorted(held, key=lambda one: one.created_at, reverse=True):
        said = results.standing(session, panel)
        judges = sorted({judge for by in said.values() for judge in by})
        table = np.array(
            [[float(said.get(item, {}).get(judge, Fraction(-1))) for item in items] for judge in judges],
            dtype=np.float64,
        ).reshape(len(judges), len(items))
        table[table < 0] = np.nan
        if len(judges) > 1 and np.isfinite(table).any(axis=0).all():
            return table
    return None


def _rounded(cut: float, *, unit: Fraction) -> float:
    """The plan's rounding of a pass mark."""
    return float(scoring.cut_applied(Fraction(repr(round(cut, 6))), unit))
