"""Two forms to be equated: complete persons, common limits, and anchors that drifted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan
from typing import Any

import numpy as np

from sjt.errors import Fault, InputError
from sjt.psychometrics._validate import FloatArray
from sjt.psychometrics.gram import BoolArray
from sjt.psychometrics.responses import Responses, item_limits

DRIFT_DISTANCE = 1.5
DRIFT_MADS = 3.0
DRIFT_ERRORS = 3.0
"""An anchor is dropped when it lies 1.5 delta units or 3 median absolute deviations off the line of the others, and
three of its own standard errors besides: with few persons chance alone moves an anchor that far."""


@dataclass(frozen=True)
class FormData:
    """Complete persons of one form."""

    name: str
    items: list[str]
    marks: FloatArray
    low: FloatArray
    high: FloatArray

    def total(self, items: Sequence[str]) -> FloatArray:
        """Sum of these items' marks."""
        return np.asarray(np.round(self.marks[:, [self.items.index(item) for item in items]].sum(axis=1), 9))

    def reach(self, items: Sequence[str]) -> tuple[float, float]:
        """Smallest and largest sum of these items."""
        at = [self.items.index(item) for item in items]
        return float(self.low[at].sum()), float(self.high[at].sum())


def prepare(old: Responses, new: Responses, anchors: Sequence[str]) -> tuple[FormData, FormData, list[str]]:
    """Take complete persons and common limits from both files.

    Raises
    ------
    InputError
        An anchor that is not in both files, named twice, or with different limits in them; fewer than two complete
        persons on a form.
    """
    faults = []
    for anchor in dict.fromkeys(anchors):
        for data in (old, new):
            if anchor not in data.items:
                faults.append(Fault(data.file, "row 1", anchor, "The anchor has no column of marks.", "Correct it."))
        if list(anchors).count(anchor) > 1:
            faults.append(Fault("", "--anchors", anchor, "The anchor is named twice.", "Name it once."))
    if faults:
        raise InputError("The forms cannot be equated.", faults)
    notes: list[str] = []
    limits = []
    for data in (old, new):
        low, high, said = item_limits(data)
        limits.append((low, high))
        notes += [note for note in (*data.notes, *said) if note not in notes]
    for anchor in anchors:  # one item has one range, whichever file shows it better
        i, j = old.items.index(anchor), new.items.index(anchor)
        declared = [data.spec(anchor).max for data in (old, new)]
        if None not in declared and declared[0] != declared[1]:
            faults.append(
                Fault(new.file, "", anchor, "Its maximum differs between the forms.", "An anchor is one item.")
            )
        limits[0][0][i] = limits[1][0][j] = min(limits[0][0][i], limits[1][0][j])
        limits[0][1][i] = limits[1][1][j] = np.fmax(limits[0][1][i], limits[1][1][j])
    if faults:
        raise InputError("The forms cannot be equated.", faults)
    forms = []
    for data, (low, high) in zip((old, new), limits):
        marks = data.table.marks()
        seen: BoolArray = np.asarray(np.isfinite(marks).any(axis=0))
        if not seen.all():
            gone = [item for item, ok in zip(data.items, seen) if not ok]
            notes.append(f"{data.file}: nobody was presented {', '.join(gone)}; left out of the form.")
        kept = [item for item, ok in zip(data.items, seen) if ok]
        marks = marks[:, seen]
        complete = np.isfinite(marks).all(axis=1)
        if not complete.all():
            notes.append(
                f"{data.file}: {int((~complete).sum())} of {complete.size} persons were not presented every item of "
                "the form and are left out; give a file for each form."
            )
        if complete.sum() < 2:
            who = "One person was" if complete.any() else "Nobody was"
            fault = Fault(data.file, "", "", f"{who} presented every item.", "Equating needs two persons at least.")
            raise InputError("The forms cannot be equated.", [fault])
        forms.append(FormData(data.file, kept, marks[complete], low[seen], high[seen]))
    lost = [anchor for anchor in anchors if anchor not in forms[0].items or anchor not in forms[1].items]
    if lost:
        raise InputError(
            "The forms cannot be equated.",
            [Fault("", "--anchors", anchor, "Nobody was presented this anchor.", "Take it out.") for anchor in lost],
        )
    return forms[0], forms[1], notes


def anchor_drift(old: FormData, new: FormData, anchors: Sequence[str]) -> list[dict[str, Any]]:
    """Delta plot: each anchor's distance from the principal axis of difficulty on both forms.

    Notes
    -----
    delta = 13 − 4·Φ⁻¹(facility); the distance is negative for an anchor that became easier. With fewer than three
    anchors there is no line to be off.

    References
    ----------
    .. [1] Angoff, W. H. & Ford, S. F. (1973). Item-race interaction on a test of scholastic aptitude. Journal of
       Educational Measurement, 10.
    """
    from scipy.special import ndtri

    rows: list[dict[str, Any]] = []
    deltas, errors = [], []
    for form in (old, new):
        at = [form.items.index(anchor) for anchor in anchors]
        span = form.high[at] - form.low[at]
        n = form.marks.shape[0]
        with np.errstate(invalid="ignore", divide="ignore"):
            facility = (form.marks[:, at].mean(axis=0) - form.low[at]) / span
            se = form.marks[:, at].std(axis=0, ddof=1) / span / np.sqrt(n)
        inside = np.clip(facility, 0.5 / n, 1 - 0.5 / n)
        z = ndtri(inside)
        deltas.append(13 - 4 * z)
        errors.append(4 * se / (np.exp(-z * z / 2) / np.sqrt(2 * np.pi)))
        rows = rows or [{"item": anchor} for anchor in anchors]
        for row, value in zip(rows, facility):
            row["facility_old" if form is old else "facility_new"] = float(value)
    gone = np.zeros(len(rows), dtype=bool)
    while True:
        distance, se_distance = _off_axis(deltas[0], deltas[1], errors[0], errors[1], ~gone)
        rest = distance[~gone]
        mad = float(np.median(np.abs(rest - np.median(rest)))) * 1.4826
        off = np.abs(distance)
        far = (off > DRIFT_DISTANCE) | ((rest.size > 3) & (off > DRIFT_MADS * mad))
        far &= (off > DRIFT_ERRORS * se_distance) & ~gone
        if not far.any():
            break
        gone[int(np.argmax(np.where(far, off, 0.0)))] = True  # the worst bends the line: without it, look again
    for i, row in enumerate(rows):
        row["distance"], row["se_distance"] = float(distance[i]), float(se_distance[i])
        row["dropped"] = bool(gone[i])
    return rows


def _off_axis(
    x: FloatArray, y: FloatArray, se_x: FloatArray, se_y: FloatArray, use: BoolArray
) -> tuple[FloatArray, FloatArray]:
    """Perpendicular distances from the principal axis of the anchors in use, and their standard errors."""
    if use.sum() < 3 or not (np.isfinite(x).all() and np.isfinite(y).all()):
        return np.full(x.shape, nan), np.full(x.shape, nan)
    (var_x, cov), (_, var_y) = np.cov(x[use], y[use])
    slope = (var_y - var_x + np.hypot(var_y - var_x, 2 * cov)) / (2 * cov) if abs(cov) > 1e-12 else 1.0
    if slope <= 0:
        slope = 1.0
    intercept = y[use].mean() - slope * x[use].mean()
    length = np.hypot(slope, 1.0)
    return (y - slope * x - intercept) / length, np.hypot(slope * se_x, se_y) / length
