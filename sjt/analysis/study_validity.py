"""Validity: marks against later outcomes, experience and a second try."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import numpy as np

from sjt.analysis.sections import between, counted, number, per_cent, section
from sjt.analysis.study_data import MONTHS, Data
from sjt.psychometrics.fairness import SMALLEST_SHOWN
from sjt.psychometrics.reliability import alpha
from sjt.psychometrics.validity import against_criterion, known_groups, retest_gain


def validity(data: Data, outcomes: Mapping[str, Mapping[UUID, float]], first: Mapping[UUID, float]) -> dict[str, Any]:
    """Marks against later outcomes, experience and a second try.

    Parameters
    ----------
    data : Data
    outcomes : mapping
        Component → candidate → grade as a number.
    first : mapping
        Candidate → share of the marks at an earlier sitting.
    """
    share = data.shares
    who = [one.candidate_id if one is not None else None for one in data.sittings]
    marks = data.marks
    complete = np.isfinite(marks).all(axis=0)
    value = (
        float(alpha(np.cov(marks[:, complete], rowvar=False))) if data.n > 2 and complete.sum() > 1 else float("nan")
    )
    reliability = value if np.isfinite(value) and 0 < value < 1 else None
    rows, verdict, cannot = [], [], []
    for name in sorted(outcomes):
        y = np.array([outcomes[name].get(person, np.nan) if person is not None else np.nan for person in who])
        found = against_criterion(share, y, reliability)
        rows.append(
            [
                name.replace("_", " ").capitalize(),
                found.n,
                number(found.r),
                between(found.interval),
                number(found.corrected),
                between(found.corrected_interval),
                number(found.ratio),
            ]
        )
        cannot += [f"{name.capitalize()}: {words}" for words in found.cannot]
        if np.isfinite(found.r):
            verdict.append(
                f"Marks go with the {name} at r = {number(found.r)} ({between(found.interval)}, n = "
                f"{found.n}); corrected "
                f"for the narrower range of those who got that far, {number(found.corrected)}."
            )
        else:
            verdict.append(f"Of the {name} nothing can be said yet: {found.cannot[0]}")
    if not rows:
        verdict.append("No candidate of this data has a portfolio or interview grade yet.")
    sections = [
        section(
            "Later outcomes",
            ["Outcome", "n", "r", "95 % interval", "Corrected r", "95 % interval", "Range ratio"],
            rows,
            numbers=(1, 2, 4, 6),
            lead="Those who failed never reach the interview, so its candidates differ less than all who sat. The "
            "correction (Thorndike's case 2) says what r would be among all.",
            empty="No outcome is recorded for anybody here.",
        )
    ]
    names = [words for _, _, words in MONTHS]
    if "experience" in data.facts:
        place = np.array([names.index(v) if v in names else -1 for v in data.facts["experience"]])
        trend = known_groups(share, place, names)
        sections.append(
            section(
                "Experience",
                ["Time in practice", "n", "Mean share", "95 % interval"],
                [
                    [s.name, s.n, per_cent(s.mean, 1) if s.n >= SMALLEST_SHOWN else "not shown", between(s.interval, 3)]
                    for s in trend.steps
                ],
                numbers=(1, 2),
                lead="Who has practised longer should do better if the test asks for practice.",
                foot=f"Most against least experienced shown: {number(trend.d, sign=True)} SD "
                f"({between(trend.interval)})."
                if np.isfinite(trend.d)
                else "",
            )
        )
        cannot += [f"Experience: {words}" for words in trend.cannot]
    again = np.array([first.get(person, np.nan) if person is not None else np.nan for person in who])
    gain = retest_gain(again, share, np.concatenate([again[np.isfinite(again)], share]), reliability)
    sections.append(
        section(
            "A second try",
            ["Sat twice", "Mean gain (share)", "95 % interval", "By chance alone", "Gain (SD)"],
            [[gain.n, number(gain.mean, 3), between(gain.interval, 3), number(gain.by_chance, 3), number(gain.d)]]
            if gain.n >= SMALLEST_SHOWN
            else [],
            numbers=(0, 1, 3, 4),
            empty=f"{counted(gain.n, 'candidate').capitalize()} of this data sat twice: too few to show.",
        )
    )
    cannot += [f"A second try: {words}" for words in gain.cannot]
    sections.append(section("What these data cannot carry", ["Limit"], [[words] for words in dict.fromkeys(cannot)]))
    return {"verdict": verdict, "sections": sections, "notes": [], "pictures": {}}
