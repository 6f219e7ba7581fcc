"""Equate a new form to an old one: anchors and their drift, every method, its error, and which one to use."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import nan
from typing import Any

import numpy as np

import sjt
from sjt.errors import Fault, InputError
from sjt.psychometrics import equating_moments as by_moments
from sjt.psychometrics.equating_forms import anchor_drift, prepare
from sjt.psychometrics.equating_methods import Percentile, described, invert, irt_methods, points, unit_of
from sjt.psychometrics.equating_moments import Curve, Design, Line
from sjt.psychometrics.responses import Responses

LEAST_ANCHOR_SHARE = 0.20


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
    unit = unit_of([x, y] + [v for v in (v_new, v_old) if v is not None])
    table_x = points(low_new, high_new, unit)
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
        methods[name] = described(curve, line, cut_new, see, table_x)
    if unit is None:
        notes.append("The totals are not multiples of a hundredth mark; equipercentile equating is left out.")
    else:
        p = Percentile(x, v_new, y, v_old, unit, low_new, high_new, low_old, high_old, low_anchor, high_anchor)
        p.weight, p.internal, p.degree, p.given_weight = w, internal and not dropped, degree, weight is not None
        methods.update(p.methods(cut, table_x, seed, notes))
    if irt != "none" and used:
        methods.update(irt_methods(form_old, form_new, used, internal, anchors, irt, cut, table_x, notes))
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
