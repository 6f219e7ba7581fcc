"""DIF of every item of one file of responses: groups, matching, purification, and the object ``sjt dif`` prints."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from math import nan
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

import sjt
from sjt.errors import Fault, InputError
from sjt.psychometrics import dif
from sjt.psychometrics._validate import FloatArray
from sjt.psychometrics.dif_logistic import logistic_dif
from sjt.psychometrics.responses import Responses

Match = Literal["total", "rest"]
IntArray = NDArray[np.int64]

LEAST_IN_GROUP = 10
"""Privacy floor: below it nothing of the item is shown for the smaller group."""
REPORT_FOCAL, REPORT_ALL = 100, 500
"""Sizes from which a DIF class may be reported by itself; below them it is advice beside the empirical-Bayes odds."""
ALONE_FROM = 200
"""Persons from which a class raises the flag by itself (sjt-science 4.3); below, the odds must speak for it too."""
FLAG_AT = 0.04
"""Significance below which a class raises the flag. A class asks for .05, at which one sound item in twenty has one by
chance alone, and a match that faulty items are part of adds to it: .054 were measured at 200 persons, .046 at .04."""
MOST_OF = 0.9
"""Share of those persons that must have met the item: a few who ran out of time take nothing from what is known."""
MOST_LIKELY_NONE = 0.5
"""Probability of no DIF above which a small sample's class raises no flag."""
MOST_PURIFICATIONS = 10
SIGNIFICANT = 0.05
LEAST_PATTERN = 20
"""Persons who saw the same items; smaller sets are matched on the share of their own maximum instead."""
SHARE_BANDS = 20
MOST_LONELY = 0.1


def bands_for(persons: int) -> int | None:
    """Bands that lose least for so many persons: on every total, few would have a match; None: every total."""
    return 5 if persons < 500 else 10 if persons < 2000 else None


@dataclass(frozen=True)
class Groups:
    """Which rows are reference (0), focal (1) or neither (−1)."""

    column: str
    reference: str
    focal: str
    code: IntArray


def choose_groups(
    responses: Responses, column: str, reference: str | None = None, focal: str | None = None
) -> tuple[Groups, list[str]]:
    """Find the two groups in an attribute column.

    Parameters
    ----------
    responses : Responses
    column : str
        With or without its leading ``@``.
    reference, focal : str, optional
        The larger group is the reference if left out, the next largest the focal group.

    Raises
    ------
    InputError
        No such column, fewer than two groups, or a value that nobody has.
    """
    name = column.lstrip("@")
    file = responses.file
    if name not in responses.attributes:
        known = ", ".join(responses.attributes) or "none"
        fault = Fault(file, "row 1", name, "There is no such attribute column.", f"Attribute columns here: {known}.")
        raise InputError("The groups cannot be compared.", [fault])
    values = responses.attributes[name]
    sizes = Counter(value for value in values if value)
    faults = []
    for given, what in ((reference, "reference"), (focal, "focal")):
        if given is not None and given not in sizes:
            remedy = f"Values here: {', '.join(sorted(sizes)[:20]) or 'none'}."
            faults.append(Fault(file, "", name, f"Nobody has the {what} value {given}.", remedy))
    if len(sizes) < 2:
        faults.append(
            Fault(
                file,
                "",
                name,
                "It has one group." if len(sizes) == 1 else "It has no group.",
                "DIF compares two; choose another column.",
            )
        )
    if reference is not None and reference == focal:
        faults.append(Fault(file, "", name, f"Reference and focal group are both {focal}.", "Name two groups."))
    if faults:
        raise InputError("The groups cannot be compared.", faults)
    order = [value for value, _ in sizes.most_common()]
    base = reference if reference is not None else next(value for value in order if value != focal)
    other = focal if focal is not None else next(value for value in order if value != base)
    code = np.array([0 if value == base else 1 if value == other else -1 for value in values], dtype=np.int64)
    notes = []
    rest = [value for value in order if value not in (base, other)]
    if rest:
        notes.append(f"Left out, since two groups are compared at a time: {', '.join(rest)}. Name one with --focal.")
    blank = sum(1 for value in values if not value)
    if blank:
        notes.append(f"{blank} persons without a value in {name} are left out.")
    return Groups(name, base, other, code), notes


class Matching:
    """Matching scores and strata from any set of items, whatever each person was presented."""

    def __init__(self, marks: FloatArray, within: IntArray, bands: int | None) -> None:
        self.marks = marks
        self.present = np.isfinite(marks)
        self.filled = np.where(self.present, marks, 0.0)
        with np.errstate(all="ignore"):
            self.top = np.where(self.present.any(axis=0), np.nanmax(np.where(self.present, marks, -np.inf), axis=0), 0)
        _, pattern, size = np.unique(self.present, axis=0, return_inverse=True, return_counts=True)
        pattern = pattern.ravel()
        self.complete = size.size == 1
        self.common = size[pattern] >= LEAST_PATTERN
        self.pattern = np.where(self.common, pattern, -1)
        self.within = within
        self.bands = bands

    def scores(self, items: NDArray[np.bool_]) -> FloatArray:
        """Sum over the items (their share of the persons' own maximum where persons saw different items)."""
        total = np.round(self.filled @ items, 9)
        if self.complete:
            return np.asarray(total)
        reach = self.present @ (items * self.top)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(np.where(reach > 0, total / reach, 0.0))

    def strata(self, items: NDArray[np.bool_], score: FloatArray) -> IntArray:
        """Persons matched with each other share a number."""
        if self.bands is not None:
            edges = np.unique(np.quantile(score, np.arange(1, self.bands) / self.bands))
            key = np.searchsorted(edges, score, side="right").astype(np.float64)
        elif self.complete:
            key = score
        else:
            total = np.round(self.filled @ items, 9)
            key = np.where(self.common, total, np.round(score * SHARE_BANDS))
        pattern = self.pattern if self.bands is None else np.zeros_like(self.pattern)
        _, number = np.unique(np.column_stack([key, pattern, self.within]), axis=0, return_inverse=True)
        return np.asarray(number.ravel(), dtype=np.int64)


@dataclass
class _Item:
    name: str
    column: int
    rows: IntArray
    kinds: FloatArray
    category: IntArray
    group: IntArray
    match: FloatArray
    counts: FloatArray

    def test(self) -> float:
        """Significance that purification goes by: Mantel–Haenszel for two categories, Mantel for more."""
        if self.kinds.size < 2:
            return nan
        if self.kinds.size == 2:
            return dif.mantel_haenszel(self.counts).p
        return dif.mantel(self.counts, self.kinds).p


def _prepare(
    responses: Responses, marks: FloatArray, groups: Groups, matching: Matching, match: Match, drop: set[int]
) -> list[_Item]:
    k = marks.shape[1]
    out = []
    for i in range(k):
        use = np.array([j == i or j not in drop for j in range(k)])
        use[i] = match == "total"
        if not use.any():
            use[:] = True
        score = matching.scores(use)
        stratum = matching.strata(use, score)
        rows = np.flatnonzero(matching.present[:, i] & (groups.code >= 0))
        kinds, category = np.unique(marks[rows, i], return_inverse=True)
        where, at = np.unique(stratum[rows], return_inverse=True)
        counts = dif.tabulate(at, groups.code[rows], category, where.size, max(1, kinds.size))
        out.append(_Item(responses.items[i], i, rows, kinds, category, groups.code[rows], score[rows], counts))
    return out


def analyse_dif(
    responses: Responses,
    column: str,
    *,
    reference: str | None = None,
    focal: str | None = None,
    match: Match = "total",
    purify: bool = False,
    bands: int | None = None,
    within: str | None = None,
    prior: tuple[float, float] | None = None,
    logistic: bool = True,
) -> dict[str, Any]:
    """Compare two groups of equal ability item by item.

    Parameters
    ----------
    responses : Responses
    column : str
        Attribute that holds the group.
    reference, focal : str, optional
        See `choose_groups`.
    match : {'total', 'rest'}
        Match on the total with the studied item, or without it.
    purify : bool
        Take significant items out of the others' matching score, again until the set stays the same.
    bands : int, optional
        Match on so many bands of equal size in place of every score: for few persons.
    within : str, optional
        Match only inside the values of this attribute (a year, a centre): sittings are pooled, never mixed.
    prior : (float, float), optional
        Mean and SD of true deltas from earlier years, for the empirical-Bayes odds.
    logistic : bool
        Fit the logistic regressions too; they take most of the time.

    Returns
    -------
    dict
        The object documented under ``sjt dif``.
    """
    groups, notes = choose_groups(responses, column, reference, focal)
    notes = [*responses.notes, *notes]
    inside = np.zeros(len(responses.persons), dtype=np.int64)
    if within is not None:
        name = within.lstrip("@")
        if name not in responses.attributes:
            fault = Fault(responses.file, "row 1", name, "There is no such attribute column.", "Choose another.")
            raise InputError("The groups cannot be compared.", [fault])
        inside = np.unique(responses.attributes[name], return_inverse=True)[1].astype(np.int64)
    marks = responses.table.marks()
    matching = Matching(marks, inside, bands)
    drop: set[int] = set()
    prepared = _prepare(responses, marks, groups, matching, match, drop)
    steps = 0
    settled = not purify
    seen: list[set[int]] = [drop]
    while purify and steps < MOST_PURIFICATIONS:
        flagged = {item.column for item in prepared if item.test() < SIGNIFICANT}
        if flagged == drop:
            settled = True
            break
        steps += 1
        drop = flagged
        prepared = _prepare(responses, marks, groups, matching, match, drop)
        if flagged in seen:
            break
        seen.append(flagged)
    if not settled:
        notes.append(f"Purification went round without settling after {steps} steps; the last set is used.")
    if purify and len(drop) > marks.shape[1] / 2:
        notes.append("More than half of the items were taken out of the match: no sound anchor is left.")
    if not matching.complete:
        notes.append(
            "Not everyone was presented every item: persons are matched among those who saw the same items "
            f"(sets of {LEAST_PATTERN} or more), others on the share of their own maximum in {SHARE_BANDS} bands."
        )
    n0, n1 = int((groups.code == 0).sum()), int((groups.code == 1).sum())
    rows = [_describe(item, logistic=logistic) for item in prepared]
    for row, odds in zip(rows, _odds(rows, prior)):
        row["eb"] = odds
        alone = n0 + n1 >= ALONE_FROM and row["n"] >= MOST_OF * ALONE_FROM
        unlikely = odds is None or odds["p_a"] > MOST_LIKELY_NONE
        if "dif" in row["flags"] and (unlikely if not alone else (row["mh"] or row["mantel"])["p"] >= FLAG_AT):
            # with few persons chance alone gives one fair item in twenty a class: the odds must speak for it too
            row["flags"] = ["cannot_tell" if flag == "dif" else flag for flag in row["flags"]]
    if min(n0, n1) < REPORT_FOCAL or n0 + n1 < REPORT_ALL:
        notes.append(
            f"{n0} reference and {n1} focal persons: under {REPORT_FOCAL} in a group or {REPORT_ALL} in all a class is "
            "advice, the probabilities under `eb` say what these data carry. Pool several years before deciding."
        )
    advised = bands_for(n0 + n1)
    if bands is None and advised is not None and any(_lonely(row) for row in rows):
        notes.append(
            f"Matching on every single total leaves more than {100 * MOST_LONELY:.0f} % of the persons without a match "
            f"on some item; --bands {advised} matches on {advised} bands and loses less."
        )
    notes.append(
        "DIF is a question to the reviewers of an item, never an answer: it says that matched persons of the two "
        "groups score differently, not why."
    )
    return {
        "group": {
            "column": groups.column,
            "reference": groups.reference,
            "focal": groups.focal,
            "n_reference": n0,
            "n_focal": n1,
        },
        "match": match,
        "bands": bands,
        "purified": [responses.items[i] for i in sorted(drop)] if purify else False,
        "purification_steps": steps if purify else None,
        "items": rows,
        "notes": notes,
        "version": sjt.__version__,
        "data_sha256": responses.sha256,
    }


def _lonely(row: dict[str, Any]) -> bool:
    """Whether many persons stand in a stratum that only one group has."""
    return row["n_used"] is not None and row["n_used"] < (1 - MOST_LONELY) * row["n"]


def _describe(item: _Item, *, logistic: bool) -> dict[str, Any]:
    n0, n1 = int((item.group == 0).sum()), int((item.group == 1).sum())
    flags: list[str] = []
    row: dict[str, Any] = {
        "item": item.name,
        "n": n0 + n1,
        "n_reference": n0,
        "n_focal": n1,
        "n_used": None,
        "mh": None,
        "mantel": None,
        "smd": None,
        "smd_ci": None,
        "item_sd": None,
        "smd_over_sd": None,
        "liu_agresti": None,
        "logistic": None,
        "class": None,
        "eb": None,
        "flags": flags,
        "why": None,
    }
    if min(n0, n1) < LEAST_IN_GROUP:
        flags += ["small_n", "cannot_tell"]
        row["n_reference"] = row["n_focal"] = None
        row["why"] = f"One group has fewer than {LEAST_IN_GROUP} persons on this item; nothing is shown."
        return row
    if item.kinds.size < 2:
        flags.append("constant")
        row["why"] = "Everyone has the same mark."
        return row
    both = (item.counts.sum(axis=2) > 0).all(axis=1)
    row["n_used"] = int(item.counts[both].sum())
    mantel = dif.mantel(item.counts, item.kinds)
    gap = dif.standardised_mean_difference(item.counts, item.kinds)
    ratio = dif.liu_agresti(item.counts)
    values = item.kinds[item.category]
    sd = float(values.std(ddof=1))
    row.update(
        mantel=asdict(mantel),
        smd=gap.smd,
        smd_se=gap.se,
        smd_ci=[gap.low, gap.high] if np.isfinite(gap.smd) else None,
        item_sd=sd,
        smd_over_sd=gap.smd / sd,
        liu_agresti=asdict(ratio),
    )
    if item.kinds.size == 2:
        mh = dif.mantel_haenszel(item.counts)
        row["mh"] = asdict(mh)
        row["class"] = dif.ets_class(mh.delta, mh.se_delta, mh.p)
    else:
        row["class"] = dif.smd_class(gap.smd / sd, mantel.p)
    fit = logistic_dif(item.match, item.group, item.category) if logistic else None
    if fit is not None:
        row["logistic"] = {
            "lr_uniform": fit.lr_uniform,
            "lr_nonuniform": fit.lr_nonuniform,
            "lr_both": fit.lr_both,
            "p_uniform": fit.p_uniform,
            "p_nonuniform": fit.p_nonuniform,
            "p_both": fit.p_both,
            "delta_r2": fit.delta_r2,
            "delta_r2_uniform": fit.r2[1] - fit.r2[0],
            "delta_r2_nonuniform": fit.r2[2] - fit.r2[1],
            "r2": list(fit.r2),
            "converged": fit.converged,
        }
    if row["class"] is None:
        flags.append("cannot_tell")
        row["why"] = "No stratum has both groups with different marks, or all differences point one way."
    elif row["class"] not in ("A", "AA"):
        flags.append("dif")
    if min(n0, n1) < REPORT_FOCAL or n0 + n1 < REPORT_ALL:
        flags.append("small_n")
    return row


def _odds(rows: list[dict[str, Any]], prior: tuple[float, float] | None) -> list[dict[str, float] | None]:
    """Empirical Bayes on one scale for both kinds of item: deltas of Mantel–Haenszel or Liu–Agresti."""
    delta, se = np.full(len(rows), np.nan), np.full(len(rows), np.nan)
    for i, row in enumerate(rows):
        if row["mh"] is not None:
            delta[i], se[i] = row["mh"]["delta"], row["mh"]["se_delta"]
        elif row["liu_agresti"] is not None:
            delta[i], se[i] = row["liu_agresti"]["delta_like"], row["liu_agresti"]["se_delta"]
    return [None if odds is None else asdict(odds) for odds in dif.empirical_bayes(delta, se, prior)]
