"""Fairness between groups: who does how well, item by item, in this data and with other years pooled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from sjt.analysis.sections import NONE, between, chance, counted, number, per_cent, section
from sjt.analysis.study_data import UNKNOWN, Data
from sjt.analysis.study_pictures import changes
from sjt.analysis.study_pool import YEAR, Pool
from sjt.errors import InputError
from sjt.psychometrics.dif_analysis import analyse_dif, bands_for, choose_groups
from sjt.psychometrics.dif_ratios import add_ratios
from sjt.psychometrics.fairness import SMALLEST_SHOWN, adverse_impact, score_difference
from sjt.psychometrics.responses import Responses

MODELS_FROM: Final = 100
"""Candidates in each group from which response models are compared."""
LARGE: Final = frozenset({"C", "CC"})
MODERATE: Final = frozenset({"B", "BB"})
SURE: Final = 0.5
MOST_GROUPS: Final = 2
"""Groups compared with the largest, for each fact."""


@dataclass(frozen=True)
class Side:
    """One comparison of two groups: in this data, or pooled."""

    sizes: tuple[int, int]
    """Reference and focal group."""
    found: Mapping[str, Any]

    @property
    def rows(self) -> dict[str, Mapping[str, Any]]:
        return {row["item"]: row for row in self.found["items"]}


def fairness(data: Data, pool: Pool) -> dict[str, Any]:
    """DIF and differences of totals for every fact that parts the candidates into groups of ten and more.

    Parameters
    ----------
    data : Data
        Totals and pass rates are of these alone.
    pool : Pool
        Items are compared here, and beside it with everybody of other sessions who met them unchanged.
    """
    sections, verdict, notes = [], [], []
    pictures: dict[str, str] = {}
    held = _held(data, pool)
    for fact, values in sorted(pool.facts.items()):
        everybody, here = (Counter(value for value in part if value != UNKNOWN) for part in (values, held[fact]))
        shown = [name for name, n in everybody.most_common() if n >= SMALLEST_SHOWN]
        hidden = sum(n < SMALLEST_SHOWN for n in everybody.values())
        if hidden:
            notes.append(
                f"{fact.capitalize()}: {counted(hidden, 'group')} under {SMALLEST_SHOWN} candidates not shown."
            )
        if len(shown) < 2:
            continue
        own = [name for name, n in here.most_common() if n >= SMALLEST_SHOWN]
        if len(own) > 1:
            sections.append(_totals(data, fact, held[fact], own[0], own))
        reference = shown[0]
        for focal in shown[1 : 1 + MOST_GROUPS]:
            alone, together, said = _both(data, pool, fact, reference, focal, here, everybody)
            notes += [words for words in said if words not in notes]
            if alone is None and together is None:
                continue
            part, large, drawn = _items(alone, together, fact, reference, focal, data)
            sections.append(part)
            verdict.append(_said(alone, together, fact, reference, focal, large, pool))
            if drawn:
                name = f"dif-{len(pictures)}"
                pictures[name] = drawn
                part["picture"] = name
    if not verdict:
        verdict = [f"No fact parts these {data.n} candidates into two groups of {SMALLEST_SHOWN} and more."]
    if pool.n < 500:
        verdict.append(
            "With fewer than 500 candidates, or 100 in the smaller group, single items are not to be condemned: read "
            "the probabilities, pool sittings, and let people look at the scenario."
        )
    sections.append(_sources(pool))
    notes.append(
        "The data hold no gender, ethnicity or disability; differences between those groups cannot be seen here."
    )
    if pool.taken:
        notes.append(f"Pooled data: {pool.responses.sha256[:16]}.")
    return {"verdict": verdict, "sections": sections, "notes": notes, "pictures": pictures}


def _held(data: Data, pool: Pool) -> dict[str, list[str]]:
    """Every pooled fact of this data's own persons."""
    return {name: [*values[: data.n]] for name, values in pool.facts.items()}


def _both(
    data: Data, pool: Pool, fact: str, reference: str, focal: str, here: Mapping[str, int], everybody: Mapping[str, int]
) -> tuple[Side | None, Side | None, list[str]]:
    """Compare two groups in this data and, where other sessions add enough of both, pooled."""
    notes: list[str] = []
    mine, all_ = ((counts.get(reference, 0), counts.get(focal, 0)) for counts in (here, everybody))
    added = [after - before for before, after in zip(mine, all_)]
    alone = together = None
    if min(mine) >= SMALLEST_SHOWN:
        alone = _compared(_own(pool), fact, reference, focal, mine, notes)
    if any(added):
        # what the pool says less what this data says would speak of those added alone: they must be ten, too
        if all(n == 0 or n >= SMALLEST_SHOWN for n in added) or alone is None:
            together = _compared(pool.responses, fact, reference, focal, all_, notes)
        else:
            notes.append(
                f"{fact.capitalize()}, {focal} against {reference}: other sessions add fewer than {SMALLEST_SHOWN} "
                "of a group, so nothing is shown pooled."
            )
    return alone, together, notes


def _own(pool: Pool) -> Responses:
    """This data's persons with the pool's facts."""
    rows = np.flatnonzero(pool.own).tolist()
    held = pool.responses
    return replace(
        held,
        persons=[held.persons[row] for row in rows],
        table=held.table.take(rows),
        attributes={name: [values[row] for row in rows] for name, values in held.attributes.items()},
        row_numbers=held.row_numbers[rows],
    )


def _compared(
    responses: Responses, fact: str, reference: str, focal: str, sizes: tuple[int, int], notes: list[str]
) -> Side | None:
    within = YEAR if len({*responses.attributes[YEAR]}) > 1 else None
    try:
        found = analyse_dif(
            responses,
            fact,
            reference=reference,
            focal=focal,
            match="rest",
            purify=True,
            bands=bands_for(sum(sizes)),
            within=within,
            logistic=False,
        )
    except InputError as error:
        notes.append(str(error))
        return None
    if min(sizes) >= MODELS_FROM:
        groups, _ = choose_groups(responses, fact, reference, focal)
        add_ratios(found, responses, groups, purify=False, anchored=True)
    return Side(sizes, found)


def _differs(row: Mapping[str, Any]) -> bool:
    return row["class"] in LARGE and float((row["eb"] or {}).get("p_c") or 0.0) > SURE


def _said(
    alone: Side | None, together: Side | None, fact: str, reference: str, focal: str, large: int, pool: Pool
) -> str:
    side = together or alone
    assert side is not None
    words = (
        f"{fact.capitalize()}, {focal} against {reference}: {large or 'none'} of "
        f"{counted(len(side.found['items']), 'item')} probably {'works' if large == 1 else 'work'} differently for "
        "people of equal standing"
    )
    if together is None:
        return words + "."
    years = pool.years
    span = years[0] if len(years) == 1 else f"{years[0]} to {years[-1]}"
    words += f", {sum(together.sizes)} candidates of {span} pooled"
    if alone is None:
        return words + "; these candidates alone are too few to compare."
    mine = sum(_differs(row) for row in alone.rows.values())
    return words + f"; {mine or 'none'} by these {sum(alone.sizes)} alone."


def _totals(data: Data, fact: str, values: Sequence[str], reference: str, shown: Sequence[str]) -> dict[str, Any]:
    share, of = data.shares, np.array(values)
    cut = data.cut_of_each()
    totals = np.nansum(data.marks, axis=1)
    passed = np.where(np.isfinite(cut), totals >= cut - 1e-9, np.nan)
    rows = []
    base = of == reference
    for name in shown:
        own = of == name
        d = score_difference(share[base], share[own]) if name != reference else None
        known = np.isfinite(passed[own])
        cells = [name, int(own.sum()), per_cent(float(share[own].mean()), 1)]
        cells += ["reference" if d is None else number(d.g, sign=True), NONE if d is None else between(d.interval)]
        if known.all() and np.isfinite(passed[base]).all():
            rate = float(passed[own].mean())
            cells.append(per_cent(rate))
            if name == reference:
                cells.append(NONE)
            else:
                impact = adverse_impact(
                    int(passed[base].sum()), int(base.sum()), int(passed[own].sum()), int(own.sum())
                )
                ratio = number(None if impact.ratio is None else float(impact.ratio))
                cells.append(f"{ratio} (Fisher p {chance(impact.fisher_p)})")
        else:
            cells += [NONE, NONE]
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
    alone: Side | None, together: Side | None, fact: str, reference: str, focal: str, data: Data
) -> tuple[dict[str, Any], int, str | None]:
    """Lay out the items: what is said rests on the pooled comparison where there is one."""
    side = together or alone
    assert side is not None
    mine = alone.rows if alone is not None and together is not None else {}
    ratios = any(row.get("irt_lr") for row in side.found["items"])
    rows, drawn, large = [], [], 0
    for row in side.found["items"]:
        ratio, interval, sd = row["smd_over_sd"], row["smd_ci"], row["item_sd"]
        differs = _differs(row)
        large += differs
        if ratio is None:
            continue
        known = bool(interval and interval[0] is not None and sd)
        drawn.append((row["item"], float(ratio), (interval[1] - interval[0]) / 3.92 / sd if known else 0.0, differs))
        cells = [row["item"], data.titles.get(row["item"], "")]
        if together is not None:
            cells += _here(mine.get(row["item"]))
        cells += [
            row["n"],
            number(float(ratio), sign=True),
            between([interval[0] / sd, interval[1] / sd]) if known else NONE,
            row["class"] or NONE,
            _large(row),
        ]
        cells += [_ratios(row["irt_lr"])] if ratios else []
        cells.append("Probably differs" if differs else _unsure(row))
        rows.append((-abs(float(ratio)), cells))
    rows.sort(key=lambda pair: pair[0])
    heads = ["Item", "Scenario"]
    pooled = ""
    if together is not None:
        heads += ["Class here (P large)"]
        pooled = ", pooled"
    first = len(heads)
    heads += ["n" + pooled, "SMD ÷ SD", "95 % interval", "Class" + pooled, "P(large)"]
    part = section(
        f"Items by {fact}: {focal} against {reference}",
        heads + (["Harder, blunter (p)"] if ratios else []) + ["What we can say"],
        [cells for _, cells in rows],
        numbers=(first, first + 1, first + 4),
        says=f"Standardised mean difference of each item, {focal} less {reference}, with 95 % intervals.",
        lead=_lead(alone, together, focal, ratios),
    )
    drawn.sort(key=lambda one: one[1])
    some = drawn if len(drawn) <= 24 else drawn[:12] + drawn[-12:]
    return part, large, changes("Harder for the group on the left", some, "SMD ÷ SD") if some else None


def _lead(alone: Side | None, together: Side | None, focal: str, ratios: bool) -> str:
    words = (
        f"Candidates of equal marks on the other items compared; below nought is harder for “{focal}”. P(large) is the "
        "probability of class C or CC after shrinkage towards the other items."
    )
    if together is not None:
        first = (
            "These candidates alone are too few of a group to compare."
            if alone is None
            else f"These alone: {alone.sizes[0]} and {alone.sizes[1]} candidates."
        )
        words += (
            f" {first} Pooled with other sessions, matched within each year: {together.sizes[0]} and "
            f"{together.sizes[1]}; what we can say rests on these."
        )
    if ratios:
        words += (
            " “Harder, blunter” is the significance of response models in which the item is harder or easier "
            "throughout, and in which it tells more or less, for one of the groups."
        )
    return words


def _here(row: Mapping[str, Any] | None) -> list[str]:
    """An item's class by this data alone."""
    if row is None or row["class"] is None:
        return [NONE]
    return [f"{row['class']} ({_large(row)})"]


def _large(row: Mapping[str, Any]) -> str:
    return per_cent(float(row["eb"]["p_c"])) if row["eb"] else NONE


def _unsure(row: Mapping[str, Any]) -> str:
    return "Cannot tell yet" if row["class"] in LARGE | MODERATE else "Alike"


def _ratios(one: Mapping[str, Any] | None) -> str:
    """Significance of uniform and of non-uniform DIF by response models."""
    if not one or one["p_uniform"] is None:
        return NONE
    return f"{chance(one['p_uniform'])}, {chance(one['p_nonuniform'])}"


def _sources(pool: Pool) -> dict[str, Any]:
    """Say which sessions were pooled, and what of each was left out."""
    rows = [
        [
            source.name,
            source.year,
            f"under {SMALLEST_SHOWN}" if 0 < source.n < SMALLEST_SHOWN else source.n,
            source.items,
            source.why or NONE,
        ]
        for source in pool.sources
    ]
    added = int(pool.n - pool.own.sum())
    return section(
        "Sessions pooled",
        ["Session", "Year", "Candidates", "Items in common", "Left out"],
        rows,
        numbers=(2, 3),
        lead=f"{counted(added, 'candidate').capitalize()} of other sessions met these items in the same version under "
        "the same key. Each candidate counts once, and is matched with candidates of the same year.",
        empty="No other session holds these items in the same version under the same key.",
    )
