"""Fairness between groups, and validity: who does how well, item by item and against later outcomes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import numpy as np

from sjt.analysis.sections import between, chance, counted, number, per_cent, section
from sjt.analysis.study_data import MONTHS, UNKNOWN, Data
from sjt.analysis.study_pictures import changes
from sjt.errors import InputError
from sjt.psychometrics.dif_analysis import analyse_dif, bands_for, choose_groups
from sjt.psychometrics.dif_ratios import add_ratios
from sjt.psychometrics.fairness import adverse_impact, score_difference
from sjt.psychometrics.reliability import alpha
from sjt.psychometrics.validity import against_criterion, known_groups, retest_gain

SMALLEST = 10
MODELS_FROM = 100
"""Candidates in each group from which response models are compared."""
LARGE = {"C", "CC"}
MODERATE = {"B", "BB"}
SURE = 0.5


def fairness(data: Data) -> dict[str, Any]:
    """DIF and differences of totals for every fact that parts the candidates into groups of ten and more."""
    sections, verdict, notes = [], [], []
    pictures: dict[str, str] = {}
    responses = data.responses
    for fact, values in sorted(data.facts.items()):
        sizes = Counter(value for value in values if value != UNKNOWN)
        shown = [name for name, n in sizes.most_common() if n >= SMALLEST]
        hidden = sum(n < SMALLEST for n in sizes.values())
        if hidden:
            notes.append(f"{fact.capitalize()}: {counted(hidden, 'group')} under {SMALLEST} candidates not shown.")
        if len(shown) < 2:
            continue
        reference = shown[0]
        sections.append(_totals(data, fact, reference, shown))
        for focal in shown[1:3]:
            try:
                found = analyse_dif(
                    responses,
                    fact,
                    reference=reference,
                    focal=focal,
                    match="rest",
                    purify=True,
                    bands=bands_for(sizes[reference] + sizes[focal]),
                    logistic=False,
                )
            except InputError as error:
                notes.append(str(error))
                continue
            if min(sizes[reference], sizes[focal]) >= MODELS_FROM:
                groups, _ = choose_groups(responses, fact, reference, focal)
                add_ratios(found, responses, groups, purify=False, anchored=True)
            part, large, drawn = _items(found, fact, reference, focal, data)
            sections.append(part)
            verdict.append(
                f"{fact.capitalize()}, {focal} against {reference}: {large or 'none'} of "
                f"{counted(len(found['items']), 'item')} probably {'works' if large == 1 else 'work'} "
                "differently for people of "
                "equal standing."
            )
            if drawn:
                name = f"dif-{len(pictures)}"
                pictures[name] = drawn
                part["picture"] = name
    if not verdict:
        verdict = [f"No fact parts these {data.n} candidates into two groups of {SMALLEST} and more."]
    if data.n < 500:
        verdict.append(
            "With fewer than 500 candidates, or 100 in the smaller group, single items are not to be "
            "condemned: read the "
            "probabilities, pool sittings, and let people look at the scenario."
        )
    notes.append(
        "The data hold no gender, ethnicity or disability; differences between those groups cannot be seen here."
    )
    return {"verdict": verdict, "sections": sections, "notes": notes, "pictures": pictures}


def _totals(data: Data, fact: str, reference: str, shown: list[str]) -> dict[str, Any]:
    share, values = data.shares, np.array(data.facts[fact])
    cut = data.cut_of_each()
    totals = np.nansum(data.marks, axis=1)
    passed = np.where(np.isfinite(cut), totals >= cut - 1e-9, np.nan)
    rows = []
    base = values == reference
    for name in shown:
        own = values == name
        d = score_difference(share[base], share[own]) if name != reference else None
        known = np.isfinite(passed[own])
        cells = [name, int(own.sum()), per_cent(float(share[own].mean()), 1)]
        cells += ["reference" if d is None else number(d.g, sign=True), "–" if d is None else between(d.interval)]
        if known.all() and np.isfinite(passed[base]).all():
            rate = float(passed[own].mean())
            cells.append(per_cent(rate))
            if name == reference:
                cells.append("–")
            else:
                impact = adverse_impact(
                    int(passed[base].sum()), int(base.sum()), int(passed[own].sum()), int(own.sum())
                )
                cells.append(
                    f"{number(None if impact.ratio is None else float(impact.ratio))} (Fisher p "
                    f"{chance(impact.fisher_p)})"
                )
        else:
            cells += ["–", "–"]
        rows.append(cells)
    return section(
        f"Totals by {fact}",
        [fact.capitalize(), "n", "Mean share", "Difference (SD)", "95 % interval", "Pass rate", "Ratio"],
        rows,
        numbers=(1, 2, 3, 5),
        lead="A difference of totals may be real or the test's; item comparisons below hold standing equal. A ratio of "
        "pass rates under .80 calls for a look.",
    )


def _items(
    found: Mapping[str, Any], fact: str, reference: str, focal: str, data: Data
) -> tuple[dict[str, Any], int, str | None]:
    rows, drawn, large = [], [], 0
    ratios = any(row.get("irt_lr") for row in found["items"])
    for row in found["items"]:
        eb = row["eb"] or {}
        sure = float(eb.get("p_c") or 0.0)
        differs = row["class"] in LARGE and sure > SURE
        large += differs
        ratio, interval = row["smd_over_sd"], row["smd_ci"]
        sd = row["item_sd"]
        if ratio is None:
            continue
        se = (interval[1] - interval[0]) / 3.92 / sd if interval and interval[0] is not None and sd else 0.0
        drawn.append((row["item"], float(ratio), float(se), bool(differs)))
        words = "Probably differs" if differs else "Cannot tell yet" if row["class"] in LARGE | MODERATE else "Alike"
        rows.append(
            (
                -abs(float(ratio)),
                [
                    row["item"],
                    data.titles.get(row["item"], ""),
                    row["n"],
                    number(float(ratio), sign=True),
                    between([interval[0] / sd, interval[1] / sd])
                    if interval and interval[0] is not None and sd
                    else "–",
                    row["class"] or "–",
                    per_cent(sure) if eb else "–",
                    *([_ratios(row["irt_lr"])] if ratios else []),
                    words,
                ],
            )
        )
    rows.sort(key=lambda pair: pair[0])
    title = f"Items by {fact}: {focal} against {reference}"
    part = section(
        title,
        ["Item", "Scenario", "n", "SMD ÷ SD", "95 % interval", "Class", "P(large)"]
        + (["Harder, blunter (p)"] if ratios else [])
        + ["What we can say"],
        [cells for _, cells in rows],
        numbers=(2, 3, 6),
        says=f"Standardised mean difference of each item, {focal} less {reference}, with 95 % intervals.",
        lead=f"Candidates of equal marks on the other items compared; below nought is harder for “{focal}”. P(large) "
        "is the probability of class C or CC after shrinkage towards the other items."
        + (
            " “Harder, blunter” is the significance of response models in which the item is harder or easier "
            "throughout, and in which it tells more or less, for one of the groups."
            if ratios
            else ""
        ),
    )
    drawn.sort(key=lambda one: one[1])
    some = drawn if len(drawn) <= 24 else drawn[:12] + drawn[-12:]
    return part, large, changes("Harder for the group on the left", some, "SMD ÷ SD") if some else None


def _ratios(one: Mapping[str, Any] | None) -> str:
    """Significance of uniform and of non-uniform DIF by response models."""
    if not one or one["p_uniform"] is None:
        return "–"
    return f"{chance(one['p_uniform'])}, {chance(one['p_nonuniform'])}"


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
                    [s.name, s.n, per_cent(s.mean, 1) if s.n >= SMALLEST else "not shown", between(s.interval, 3)]
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
            if gain.n >= SMALLEST
            else [],
            numbers=(0, 1, 3, 4),
            empty=f"{counted(gain.n, 'candidate').capitalize()} of this data sat twice: too few to show.",
        )
    )
    cannot += [f"A second try: {words}" for words in gain.cannot]
    sections.append(section("What these data cannot carry", ["Limit"], [[words] for words in dict.fromkeys(cannot)]))
    return {"verdict": verdict, "sections": sections, "notes": [], "pictures": {}}
