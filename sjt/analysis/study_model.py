"""The response model of a session: item and test information, fit, dependence, persons who answer oddly."""

from __future__ import annotations

from typing import Any

import numpy as np

from sjt.analysis.sections import between, chance, counted, number, per_cent, section
from sjt.analysis.study_data import Data, collapsed
from sjt.analysis.study_pictures import curves
from sjt.psychometrics import irt_fit, irt_scores
from sjt.psychometrics.irt import PRIOR_BELOW, overall
from sjt.psychometrics.irt_likelihood import Prior
from sjt.psychometrics.irt_mml import fit_mml
from sjt.psychometrics.irt_models import Model
from sjt.psychometrics.irt_sx2 import s_x2

FREE_SLOPES_FROM = 200
"""Candidates from which every item gets its own slope; below, the partial credit model shares one."""
ODD = -3.0
"""l_z below which a person's answers are unlikely under the model."""
MOST_ROWS = 12
AT = np.linspace(-4, 4, 81)


def study(data: Data) -> dict[str, Any]:
    """Fit, and lay out what it says."""
    marks, joined = collapsed(data.marks)
    model: Model = "gpcm" if data.n >= FREE_SLOPES_FROM else "pcm"
    prior = Prior() if data.n < PRIOR_BELOW and model == "gpcm" else None
    found = fit_mml(marks, model, prior=prior)
    names = [data.items[j] for j in found.columns]
    sd = float(found.sds[0])
    weights = irt_scores.normal_weights(found.theta, found.means[0], found.sds[0])
    scores = irt_scores.eap(found.items, found.codes, found.theta, weights)
    information = irt_scores.test_information(found.items, AT * sd)
    fits = irt_fit.mean_squares(found.items, found.codes, scores.theta)
    complete = int((found.codes >= 0).all(axis=1).sum())
    rows, odd_items = [], 0
    for j, item in enumerate(names):
        own = found.items.information(j, AT * sd)
        best = float(AT[int(own.argmax())])
        fit = s_x2(found.items, found.codes, found.theta, sd, j, int(found.items.sizes[j])) if complete > 99 else None
        p = fit.p if fit is not None else None
        odd = fits.infit[j] > 1.3 or (p is not None and p < 0.001)
        odd_items += odd
        rows.append(
            [
                item,
                data.titles.get(item, ""),
                number(float(found.items.slopes[j]) * sd, 2),
                number(float(found.slope_se[j]) * sd, 2) if model == "gpcm" else "shared",
                number(best, 1, sign=True),
                number(float(own.max()) * sd**2, 2),
                number(float(fits.infit[j]), 2),
                chance(p),
                "Look" if odd else "Fits",
            ]
        )
    rows.sort(key=lambda row: -float(row[5].replace("–", "0")))
    lz = irt_fit.standardised_log_likelihood(found.items, found.codes, scores.theta)
    guttman = irt_fit.guttman_errors(data.marks)
    strange = np.flatnonzero(lz < ODD)
    q3 = irt_fit.q3(found.items, found.codes, scores.theta)
    pairs = _dependent(q3, names, data)
    known = np.isfinite(scores.theta)
    spread = float(np.var(scores.theta[known], ddof=1))
    reliability = spread / (spread + float(np.mean(scores.se[known] ** 2)))
    whole = overall(found)
    peak = float(AT[int(information.argmax())])
    error = 1 / np.sqrt(np.maximum(information * sd**2, 1e-9))
    verdict = [
        (
            f"The test tells most about candidates {_where(peak)}; there its standard error is "
            f"{number(float(error.min()), 2)} standard deviations of the candidates."
        ),
        f"The scores' reliability under the model is {number(reliability)}. {_overall_words(whole)}",
        (
            f"{counted(odd_items, 'item').capitalize()} of {len(names)} fit badly; "
            f"{counted(int(strange.size), 'candidate')}"
            f" of {data.n} answered in a way the model finds very unlikely."
        ),
    ]
    if reliability < 0.3:
        verdict.append(
            "The marks share so little here that the scale hardly parts these candidates: read no item alone."
        )
    notes = [
        "Partial credit model, one slope for all: with fewer than 200 candidates slopes of their own would be noise."
        if model == "pcm"
        else "Generalised partial credit model, a slope for each item.",
        *(["Marks that few reached were joined with their neighbours, at most five steps an item."] if joined else []),
        *found.notes,
        *([] if found.converged else ["The fit did not converge; its figures are provisional."]),
    ]
    if complete <= 99:
        notes.append(f"S-X² needs 100 candidates who saw the same items; here {complete}.")
    sections = [
        section(
            "Where the test tells most",
            ["Standing (SD)", *[number(x, 0, sign=True) for x in range(-3, 4)]],
            [
                ["Information", *[number(float(np.interp(x, AT, information)) * sd**2, 1) for x in range(-3, 4)]],
                ["Standard error (SD)", *[number(float(np.interp(x, AT, error)), 2) for x in range(-3, 4)]],
            ],
            numbers=range(1, 8),
            picture="information",
            says=f"Test information over candidates' standing: highest at {number(peak, 1, sign=True)} standard "
            "deviations, and the standard error that goes with it.",
            lead="Information is how sharply marks part neighbours on the scale; the standard error is its reciprocal "
            "root. Nought is the mean candidate of this data.",
        ),
        section(
            "Items",
            *(
                [
                    "Item",
                    "Scenario",
                    "Slope",
                    "SE",
                    "Tells most at",
                    "Information",
                    "Infit",
                    "S-X² p",
                    "What we can say",
                ],
            ),
            rows,
            numbers=(2, 3, 4, 5, 6, 7),
            picture="items",
            says="Information of the five items that tell most.",
            lead="Infit near 1 is as expected; above 1.3 the item's marks are noisier than the model says.",
        ),
        section(
            "Answers that hang together beyond the common scale",
            ["Item", "Item", "Q3", "Same scenario"],
            pairs,
            numbers=(2,),
            lead="Correlation of what is left of two items' marks after the common scale, where it lies .20 above the "
            "mean of all pairs. Items of one scenario may share more than the scale; then the reliability is "
            "overstated.",
            empty="No pair of items hangs together beyond the limit.",
        ),
        section(
            "Candidates to look at",
            ["Sitting", "l_z", "Guttman errors", "Share of marks"],
            [
                [
                    data.cohort.responses.persons[i][:8],
                    number(float(lz[i]), 1),
                    per_cent(float(guttman[i])),
                    per_cent(float(data.shares[i])),
                ]
                for i in strange[np.argsort(lz[strange])][:MOST_ROWS]
            ],
            numbers=(1, 2, 3),
            lead="Low l_z: hard steps taken and easy ones missed. Reasons range from a missed page to a key that is "
            "wrong; it is a question, not a finding.",
            empty="Nobody's answers are very unlikely under the model.",
        ),
    ]
    pictures = {
        "information": curves(
            "Information and standard error",
            AT,
            [("information", information * sd**2), ("standard error", error)],
            "Standing of the candidate, in standard deviations",
        ),
        "items": curves(
            "Items that tell most",
            AT,
            [
                (names[j], found.items.information(j, AT * sd) * sd**2)
                for j in sorted(range(len(names)), key=lambda j: -float(found.items.information(j, AT * sd).max()))[:5]
            ],
            "Standing of the candidate, in standard deviations",
        ),
    }
    return {"verdict": verdict, "sections": sections, "notes": notes, "pictures": pictures}


def _where(peak: float) -> str:
    if abs(peak) < 0.25:
        return "near the mean"
    return f"{number(abs(peak), 1)} standard deviations {'above' if peak > 0 else 'below'} the mean"


def _overall_words(whole: dict[str, Any]) -> str:
    if whole["statistic"] is None:
        return f"Its fit as a whole is not tested: {whole['why']}"
    words = "close" if whole["rmsea"] < 0.05 else "fair" if whole["rmsea"] < 0.08 else "poor"
    return (
        f"The model's fit as a whole is {words} ({whole['kind']}, RMSEA {number(whole['rmsea'], 3)}, 90 % interval "
        f"{between(whole['rmsea_90'], 3)})."
    )


def _dependent(q3: Any, names: list[str], data: Data) -> list[list[str]]:
    one, two = np.triu_indices(len(names), 1)
    value = q3[one, two]
    if not np.isfinite(value).any():
        return []
    limit = float(np.nanmean(value)) + max(0.2, 3.3 / np.sqrt(max(4, data.n)))
    specs = data.cohort.responses.specs
    rows = []
    for at in np.argsort(-np.nan_to_num(value, nan=-9))[:MOST_ROWS]:
        if not value[at] > limit:
            break
        a, b = names[one[at]], names[two[at]]
        rows.append([a, b, number(float(value[at])), "Yes" if specs[a].testlet == specs[b].testlet else "No"])
    return rows
