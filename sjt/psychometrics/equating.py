"""Equate a new form to an old one: anchors and their drift, every method, its error, and which one to use."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import nan
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

import sjt
from sjt.errors import Fault, InputError
from sjt.psychometrics import equating_moments as by_moments
from sjt.psychometrics import equating_percentile as by_percentile
from sjt.psychometrics import irt_linking
from sjt.psychometrics._validate import FloatArray
from sjt.psychometrics.equating_moments import Curve, Design, Line
from sjt.psychometrics.gram import STEPS, BoolArray
from sjt.psychometrics.irt import known_model
from sjt.psychometrics.irt_mml import fit_mml
from sjt.psychometrics.responses import Responses, item_limits

DRIFT_DISTANCE = 1.5
DRIFT_MADS = 3.0
DRIFT_ERRORS = 3.0
"""An anchor is dropped when it lies 1.5 delta units or 3 median absolute deviations off the line of the others, and
three of its own standard errors besides: with few persons chance alone moves an anchor that far."""
MOST_POINTS = 501
MOST_CELLS = 200_000
REPLICATIONS = 100
LEAST_IRT = 200
MOST_IRT_PARAMETERS = 200
LEAST_ANCHOR_SHARE = 0.20


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


def recommend(n: int, anchors: Sequence[dict[str, Any]], share: float, apart: float) -> tuple[str, str]:
    """Say which method a sample of this size carries, and why.

    Parameters
    ----------
    n : int
        Persons on the smaller form.
    anchors : sequence of dict
        From `anchor_drift`; empty for equivalent groups.
    share : float
        Anchor marks as a share of the new form.
    apart : float
        Distance of the groups on the anchor, in SDs.
    """
    gone = sum(bool(row["dropped"]) for row in anchors)
    if gone >= 2:
        return "identity", f"{gone} anchors drifted: the forms share no sound anchor. Set the cut by judgement."
    if n < 25:
        return "identity", f"{n} persons on a form: below 25 equating adds more error than it takes away."
    if n < 50:
        name = "chained_mean" if anchors else "mean"
        return name, f"{n} persons on a form: 25 to 49 carry means only, as a check on the judged cut."
    if n < 100:
        return "circle_arc", f"{n} persons on a form: from 50 to 99 the circle arc has the smallest error."
    if not anchors:
        return "linear", f"{n} persons on a form and no anchor: linear, if the groups are equivalent by design."
    if share < LEAST_ANCHOR_SHARE:
        return "circle_arc", f"The anchor has {100 * share:.0f} % of the marks; below 20 % it cannot carry a slope."
    if apart > 0.3:
        return (
            "chained_linear",
            f"{n} persons on a form, groups {apart:.2f} SD apart on the anchor: chaining is less biased than Tucker.",
        )
    return "tucker", f"{n} persons on a form, groups {apart:.2f} SD apart on the anchor: Tucker has the smallest error."


def equate(
    old: Responses,
    new: Responses,
    anchors: Sequence[str],
    *,
    internal: bool = True,
    cut: float | None = None,
    weight: float | None = None,
    keep_drifted: bool = False,
    degree: int = 4,
    irt: str = "gpcm",
    seed: int = 1,
) -> dict[str, Any]:
    """Put scores of the new form on the old form's scale by every method.

    Parameters
    ----------
    old, new : Responses
        One file for each form; marks, a column for each item.
    anchors : sequence of str
        Items both forms have; empty if the two groups are equivalent by design.
    internal : bool
        The totals include the anchors.
    cut : float, optional
        Pass mark on the old form.
    weight : float, optional
        Of the new form's population in the synthetic one; its share of all persons if left out.
    keep_drifted : bool
        Keep anchors that drifted.
    degree : int
        Moments that presmoothing keeps.
    irt : {'gpcm', 'grm', 'pcm', 'rasch', 'none'}
        Model of the IRT methods; they are left out below 200 persons or three anchors.
    seed : int
        Of the bootstrap behind the equipercentile errors.

    Returns
    -------
    dict
        The object documented under ``sjt equate``.
    """
    form_old, form_new, notes = prepare(old, new, anchors)
    if weight is not None and not 0 <= weight <= 1:
        raise InputError("The forms cannot be equated.", [Fault("", "--weight", "", f"{weight} is not in 0 to 1.", "")])
    drift = anchor_drift(form_old, form_new, anchors) if anchors else []
    used = [row["item"] for row in drift if keep_drifted or not row["dropped"]]
    dropped = [row["item"] for row in drift if row["item"] not in used]
    if dropped and not used:
        used, dropped = [row["item"] for row in drift], []
    if dropped:
        notes.append(f"Anchors that drifted are not counted as anchors: {', '.join(dropped)}.")
    if anchors and len(anchors) < 3:
        notes.append("Fewer than three anchors: their drift cannot be examined.")
    n_old, n_new = form_old.marks.shape[0], form_new.marks.shape[0]
    if min(n_old, n_new) < 100:
        notes.append("Under 100 persons on a form every standard error here is itself uncertain.")
    scored = []
    for form in (form_old, form_new):
        counted = [item for item in form.items if internal or item not in anchors]
        scored.append((form.total(counted), form.total(used) if used else None, form.reach(counted)))
    (y, v_old, (low_old, high_old)), (x, v_new, (low_new, high_new)) = scored
    if cut is not None and not low_old <= cut <= high_old:
        fault = Fault("", "--cut", "", f"{cut:g} is outside the old form's {low_old:g} to {high_old:g}.", "Correct it.")
        raise InputError("The forms cannot be equated.", [fault])
    low_anchor, high_anchor = form_new.reach(used) if used else (0.0, nan)
    w = n_new / (n_new + n_old) if weight is None else weight
    base = min(low_old, low_new)
    design = Design(
        by_moments.moments(x, v_new),
        by_moments.moments(y, v_old),
        w,
        base,
        high_new,
        high_old,
        internal,
        base + high_anchor - low_anchor,
    )
    unit = _unit([x, y] + [v for v in (v_new, v_old) if v is not None])
    table_x = _points(low_new, high_new, unit)
    errors = by_moments.Errors(design, (x, v_new), (y, v_old))
    methods: dict[str, dict[str, Any]] = {}
    named: dict[str, Callable[[Design], Curve]] = {**by_moments.ALONE, **(by_moments.ANCHORED if used else {})}
    for name, method in named.items():
        curve = method(design)
        line = curve if isinstance(curve, Line) else None
        cut_new = None if cut is None else invert(curve, cut, low_new, high_new)
        see = None
        if cut_new is not None:
            see = 0.0 if name == "identity" else float(errors.see(method, np.array([cut_new]))[0])
        methods[name] = _method(curve, line, cut_new, see, table_x)
    if unit is None:
        notes.append("The totals are not multiples of a hundredth mark; equipercentile equating is left out.")
    else:
        p = _Percentile(x, v_new, y, v_old, unit, low_new, high_new, low_old, high_old, low_anchor, high_anchor)
        p.weight, p.internal, p.degree, p.given_weight = w, internal and not dropped, degree, weight is not None
        methods.update(p.methods(cut, table_x, seed, notes))
    if irt != "none" and used:
        methods.update(_irt_methods(form_old, form_new, used, internal, anchors, irt, cut, table_x, notes))
    spread = np.hypot(design.new.anchor_sd, design.old.anchor_sd) / np.sqrt(2) if used else nan
    apart = abs(design.anchor_shift) / spread if used and spread > 0 else 0.0
    share = (high_anchor - low_anchor) / (high_new - low_new) if used and high_new > low_new else 0.0
    name, because = recommend(min(n_old, n_new), drift, share, apart)
    if methods.get(name, {}).get("table") is None:
        because += f" {name} is not defined for these marks, so the identity stands."
        name = "identity"
    answer: dict[str, Any] = {
        "n_old": n_old,
        "n_new": n_new,
        "weight": w,
        "anchor": ("internal" if internal else "external") if anchors else None,
        "anchors": drift,
        "anchor_statistics": _anchor_statistics(design, share, apart) if used else None,
        "methods": methods,
        "recommended": name,
        "because": because,
        "apply": None,
        "notes": notes,
        "version": sjt.__version__,
        "data_sha256": [old.sha256, new.sha256],
        "seed": seed,
    }
    chosen = methods[name]
    if cut is not None and name != "identity" and chosen["see_at_cut"] is not None:
        shift = abs(chosen["cut_new"] - methods["identity"]["cut_new"])
        answer["apply"] = bool(shift > 2 * chosen["see_at_cut"])
        verb = "more" if answer["apply"] else "not more"
        answer["because"] += f" It moves the cut by {shift:.2f} marks, {verb} than twice its error of "
        answer["because"] += f"{chosen['see_at_cut']:.2f}" + ("." if answer["apply"] else ": leave the cut as it is.")
    return answer


def _anchor_statistics(design: Design, share: float, apart: float) -> dict[str, float]:
    return {
        "share_of_marks": share,
        "mean_new": design.new.anchor_mean,
        "mean_old": design.old.anchor_mean,
        "sd_new": design.new.anchor_sd,
        "sd_old": design.old.anchor_sd,
        "correlation_new": design.new.covariance / (design.new.sd * design.new.anchor_sd or nan),
        "correlation_old": design.old.covariance / (design.old.sd * design.old.anchor_sd or nan),
        "groups_apart_sd": apart,
    }


def invert(curve: Curve, y: float, low: float, high: float) -> float | None:
    """Score on the new form whose equivalent is y; None where the curve is not defined or never reaches it."""
    if isinstance(curve, Line):
        x = curve.inverse(y)
        return x if np.isfinite(x) else None
    at = np.linspace(low, high, 4001)
    value = np.asarray(curve(at))
    if not np.isfinite(value).all() or not value[0] <= y <= value[-1]:
        return None
    j = int(np.searchsorted(value, y))
    if j == 0:
        return float(at[0])
    begin, end = float(at[j - 1]), float(at[j])
    for _ in range(60):
        middle = (begin + end) / 2
        if float(np.asarray(curve(np.array([middle])))[0]) < y:
            begin = middle
        else:
            end = middle
    return (begin + end) / 2


def _method(
    curve: Curve, line: Line | None, cut_new: float | None, see: float | None, at: FloatArray
) -> dict[str, Any]:
    value = np.asarray(curve(at))
    defined = bool(np.isfinite(value).all())
    return {
        "slope": line.slope if line is not None and defined else None,
        "intercept": line.intercept if line is not None and defined else None,
        "cut_new": cut_new,
        "see_at_cut": see if see is not None and np.isfinite(see) else None,
        "table": [[float(a), float(b)] for a, b in zip(at, value)] if defined else None,
        "why": None if defined else "An anchor or total without spread, or too few persons.",
    }


def _unit(scores: Sequence[FloatArray]) -> float | None:
    for step in STEPS:
        if all(np.abs(s * step - np.round(s * step)).max() < 1e-6 for s in scores):
            return 1 / step
    return None


def _points(low: float, high: float, unit: float | None) -> FloatArray:
    step = unit or 1.0
    if (high - low) / step > MOST_POINTS:
        step = max(1.0, float(np.ceil((high - low) / MOST_POINTS)))
    return np.asarray(low + step * np.arange(int((high - low) / step + 1e-9) + 1))


class _Percentile:
    """Equipercentile methods on whole units of the mark."""

    weight: float
    internal: bool
    degree: int
    given_weight: bool

    def __init__(
        self,
        x: FloatArray,
        v_new: FloatArray | None,
        y: FloatArray,
        v_old: FloatArray | None,
        unit: float,
        low_new: float,
        high_new: float,
        low_old: float,
        high_old: float,
        low_anchor: float,
        high_anchor: float,
    ) -> None:
        self.unit, self.low_new, self.low_old = unit, low_new, low_old
        self.low, self.high = low_new, high_new
        tops = [round((high_new - low_new) / unit), round((high_old - low_old) / unit)]
        self.anchored = v_new is not None and v_old is not None
        if v_new is not None and v_old is not None:
            top = round((high_anchor - low_anchor) / unit)
            shapes = [(each + 1, top + 1) for each in tops]
            pairs = [
                (np.round((x - low_new) / unit), np.round((v_new - low_anchor) / unit)),
                (np.round((y - low_old) / unit), np.round((v_old - low_anchor) / unit)),
            ]
            self.new, self.old = (
                np.bincount((a * shape[1] + b).astype(np.int64), minlength=shape[0] * shape[1])
                .reshape(shape)
                .astype(np.float64)
                for (a, b), shape in zip(pairs, shapes)
            )
        else:
            self.new = by_percentile.frequencies((x - low_new) / unit, tops[0])
            self.old = by_percentile.frequencies((y - low_old) / unit, tops[1])

    def _smoothed(self, counts: FloatArray) -> FloatArray:
        if counts.ndim == 1:
            return by_percentile.smooth(counts, self.degree)
        total, anchor = np.indices(counts.shape)
        top_total, top_anchor = counts.shape[0] - 1, counts.shape[1] - 1
        possible = np.ones(counts.shape, dtype=bool)
        if self.internal:
            possible = (total >= anchor) & (top_total - total >= top_anchor - anchor)
            possible |= counts > 0
        return by_percentile.smooth_joint(counts, possible, self.degree)

    def curves(self, new: FloatArray, old: FloatArray) -> dict[str, Curve]:
        """Each method from these frequencies."""
        out: dict[str, Curve] = {}

        def on_marks(function: Callable[[FloatArray], FloatArray]) -> Curve:
            return lambda at: self.low_old + self.unit * function((np.asarray(at) - self.low_new) / self.unit)

        smooth_new, smooth_old = self._smoothed(new), self._smoothed(old)
        if not self.anchored:
            out["equipercentile"] = on_marks(lambda at: by_percentile.equipercentile(at, new, old))
            out["equipercentile_smoothed"] = on_marks(
                lambda at: by_percentile.equipercentile(at, smooth_new, smooth_old)
            )
            return out
        w = self.weight
        if not self.given_weight:  # as R's equate 2.0.9 mixes the populations: by persons, weighted by persons again
            w = w * new.sum() / (w * new.sum() + (1 - w) * old.sum())
        margins = by_percentile.synthetic_margins(new, old, w)
        smoothed = by_percentile.synthetic_margins(smooth_new, smooth_old, w)
        out["equipercentile"] = on_marks(lambda at: by_percentile.equipercentile(at, *margins))
        out["equipercentile_smoothed"] = on_marks(lambda at: by_percentile.equipercentile(at, *smoothed))
        out["equipercentile_chained"] = on_marks(lambda at: by_percentile.chained(at, new, old))
        return out

    def methods(self, cut: float | None, at: FloatArray, seed: int, notes: list[str]) -> dict[str, dict[str, Any]]:
        """Describe every method, with bootstrap errors at the cut."""
        if self.new.size + self.old.size > MOST_CELLS:
            notes.append("The forms have too many different scores for equipercentile equating; it is left out.")
            return {}
        curves = self.curves(self.new, self.old)
        cuts = {
            name: None if cut is None else invert(curve, cut, self.low, self.high) for name, curve in curves.items()
        }
        see: dict[str, float | None] = dict.fromkeys(curves)
        if cut is not None:
            replications = max(20, min(REPLICATIONS, 100_000 // (self.new.size + self.old.size)))
            rng = np.random.default_rng(seed)
            found: dict[str, list[float]] = {name: [] for name in curves}
            for _ in range(replications):
                new, old = (
                    rng.multinomial(int(counts.sum()), (counts / counts.sum()).ravel())
                    .reshape(counts.shape)
                    .astype(np.float64)
                    for counts in (self.new, self.old)
                )
                for name, curve in self.curves(new, old).items():
                    where = cuts[name]
                    if where is not None:
                        found[name].append(float(np.asarray(curve(np.array([where])))[0]))
            see = {name: float(np.std(values, ddof=1)) if values else None for name, values in found.items()}
        return {name: _method(curve, None, cuts[name], see[name], at) for name, curve in curves.items()}


def _irt_methods(
    old: FormData,
    new: FormData,
    used: Sequence[str],
    internal: bool,
    anchors: Sequence[str],
    model: str,
    cut: float | None,
    at: FloatArray,
    notes: list[str],
) -> dict[str, dict[str, Any]]:
    n = min(old.marks.shape[0], new.marks.shape[0])
    if n < LEAST_IRT or len(used) < 3:
        notes.append(
            f"IRT equating is left out: it needs {LEAST_IRT} persons on each form and three anchors; "
            f"here {n} persons and {len(used)} anchors."
        )
        return {}
    fits = []
    for form in (new, old):
        counted = [item for item in form.items if internal or item not in anchors]
        wanted = [item for item in form.items if item in counted or item in used]
        marks = form.marks[:, [form.items.index(item) for item in wanted]]
        found = fit_mml(marks, known_model(model))
        fits.append((found, [wanted[j] for j in found.columns], counted))
    (fit_new, names_new, counted_new), (fit_old, names_old, counted_old) = fits
    both = [item for item in used if item in names_new and item in names_old]
    constant = [item for f, names, counted in fits for item in counted if item not in names]
    if not all(found.converged for found, _, _ in fits) or len(both) < 3 or constant:
        notes.append("IRT equating is left out: a model did not converge, or an item has the same mark for everyone.")
        return {}
    pairs = [(names_new.index(item), names_old.index(item)) for item in both]
    whole_new = irt_linking.pick(fit_new.items, [names_new.index(item) for item in counted_new])
    whole_old = irt_linking.pick(fit_old.items, [names_old.index(item) for item in counted_old])
    out: dict[str, dict[str, Any]] = {}
    criteria: tuple[irt_linking.Criterion, ...] = ("stocking_lord", "haebara")
    for criterion in criteria:
        scale = irt_linking.link(
            irt_linking.pick(fit_new.items, [a for a, _ in pairs]),
            irt_linking.pick(fit_old.items, [b for _, b in pairs]),
            criterion,
        )

        def curve(x: ArrayLike, scale: irt_linking.Link = scale) -> FloatArray:
            return irt_linking.true_score(whole_new, whole_old, scale, x)

        cut_new = None if cut is None else irt_linking.carried_cut(whole_new, whole_old, scale, cut)
        see = None
        free = [bool(found.free[: found.items.sizes.sum()].all()) for found in (fit_new, fit_old)]
        small = fit_new.items.sizes.sum() + fit_old.items.sizes.sum() <= MOST_IRT_PARAMETERS
        if cut_new is not None and internal and all(free) and small:
            covariances = (fit_new.covariance, fit_old.covariance)
            see = irt_linking.standard_error(
                fit_new.items, fit_old.items, pairs, criterion, scale, covariances, cut_new
            )
        elif cut_new is not None:
            notes.append("The IRT errors are left out: Rasch slopes, an external anchor, or too many parameters.")
        out[f"irt_{criterion}"] = {
            **_method(curve, None, cut_new, see, at),
            "model": fit_new.items.model,
            "A": scale.slope,
            "B": scale.intercept,
        }
    return out
