"""Exact cuts composed from banked judgements: any form's cut, its standard error, and what a withdrawal does.

Plain Python, so that a web page may ask what a form's pass mark becomes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import sqrt
from typing import Any

from sjt.errors import Fault, InputError
from sjt.psychometrics.scoring import NO_SETTINGS, bind, cut_applied, exact
from sjt.psychometrics.scoring_base import ZERO, mean_of, plain


@dataclass(frozen=True, slots=True)
class BankedItem:
    """What a bank keeps of an item's judgements.

    Attributes
    ----------
    item : str
    max : Fraction
        Marks the item is worth.
    mean : Fraction
        Mean judgement: marks expected of the borderline candidate.
    panel : str
        The panel that judged it.
    """

    item: str
    max: Fraction
    mean: Fraction
    panel: str = "1"


@dataclass(frozen=True, slots=True)
class PanelErrors:
    """Variance components of one panel, on the scale rating ÷ item maximum."""

    n_judges: int
    var_judge: float
    var_residual: float


@dataclass(frozen=True, slots=True)
class ComposedCut:
    """A form's cut from banked judgements.

    Attributes
    ----------
    exact, applied, max : Fraction
        Σ item means; the same rounded up to the mark unit; marks of the form.
    se : float or None
        Standard error of the exact cut, marks; None if a panel's components are not known.
    se_parts : dict
        Variance by source: ``judges``, ``judges × items``, ``panels``.
    notes : list of str
    """

    exact: Fraction
    applied: Fraction
    max: Fraction
    se: float | None
    se_parts: dict[str, float]
    notes: list[str] = field(default_factory=list)


def form_cut(
    items: Iterable[BankedItem],
    *,
    errors: Mapping[str, PanelErrors] | None = None,
    var_panel: float = 0.0,
    unit: Fraction = Fraction(1),
) -> ComposedCut:
    """Compose a form's cut and its standard error.

    Parameters
    ----------
    items : iterable of BankedItem
        The live items of the form.
    errors : mapping of panel to PanelErrors, optional
    var_panel : float
        Variance between panels on the scale rating ÷ maximum; enters when the items come from more than one panel.
    unit : Fraction
        The form's mark unit.

    Returns
    -------
    ComposedCut
        SE² = Σ over panels of (M²·σ²j + Σm²·σ²ji)/J + M²·σ²panel, M the marks of that panel's items. For k items of
        equal maximum and one panel this is (k²σ²j + kσ²ji)/J in marks.

    Raises
    ------
    InputError
        No item, or a mean outside 0 to its maximum.
    """
    listed = list(items)
    faults = [
        Fault("", item.item, "mean", f"{plain(item.mean)} is outside 0 to {plain(item.max)}.", "Correct the judgement.")
        for item in listed
        if not 0 <= item.mean <= item.max
    ]
    if not listed:
        faults.append(Fault("", "", "items", "the form has no judged items.", "Add items with judgements."))
    if faults:
        raise InputError("The cut cannot be composed.", faults)
    cut = sum((item.mean for item in listed), ZERO)
    maximum = sum((item.max for item in listed), ZERO)
    marks: dict[str, list[float]] = {}
    for item in listed:
        marks.setdefault(item.panel, []).append(float(item.max))
    parts = {"judges": 0.0, "judges × items": 0.0, "panels": 0.0}
    notes = []
    missing = [panel for panel in marks if panel not in (errors or {})]
    for panel, worths in marks.items():
        if errors is None or panel in missing:
            continue
        known = errors[panel]
        parts["judges"] += sum(worths) ** 2 * known.var_judge / known.n_judges
        parts["judges × items"] += sum(worth**2 for worth in worths) * known.var_residual / known.n_judges
        if len(marks) > 1:
            parts["panels"] += sum(worths) ** 2 * var_panel
    if missing:
        notes.append(f"No standard error: the judges' variances of panel {', '.join(missing)} are not known.")
    if len(marks) > 1 and not var_panel:
        notes.append("Several panels with no drift between them: link them by shared items before trusting this SE.")
    se = None if missing else sqrt(sum(parts.values()))
    return ComposedCut(cut, cut_applied(cut, unit), maximum, se, parts, notes)


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A cut before and after items left the form."""

    before: ComposedCut
    after: ComposedCut
    marks_removed: Fraction
    expected_removed: Fraction

    @property
    def percent_moved(self) -> Fraction:
        """Change of the cut in percent of the marks that count."""
        return 100 * (self.after.exact / self.after.max - self.before.exact / self.before.max)


def without(
    items: Sequence[BankedItem],
    withdrawn: Iterable[str],
    *,
    errors: Mapping[str, PanelErrors] | None = None,
    var_panel: float = 0.0,
    unit: Fraction = Fraction(1),
) -> Withdrawal:
    """Take items out of a form: their mean judgement leaves the cut and their marks leave the maximum.

    Raises
    ------
    InputError
        An item is not on the form, or none would be left.
    """
    gone = set(withdrawn)
    unknown = gone - {item.item for item in items}
    if unknown:
        faults = [Fault("", name, "", "it is not on the form.", "Name items of the form.") for name in sorted(unknown)]
        raise InputError("Nothing was withdrawn.", faults)
    kept = [item for item in items if item.item not in gone]
    before = form_cut(items, errors=errors, var_panel=var_panel, unit=unit)
    after = form_cut(kept, errors=errors, var_panel=var_panel, unit=unit)
    return Withdrawal(before, after, before.max - after.max, before.exact - after.exact)


def mark_of_borderline(
    rule: str,
    key: Mapping[str, Any],
    response: Any,
    *,
    options: Sequence[str],
    worth: Fraction | None = None,
    settings: Mapping[str, Any] = NO_SETTINGS,
) -> Fraction:
    """Turn the answer a judge expects of the borderline candidate into its mark, as an Angoff rating.

    A judge finds it easier to order five actions as that candidate would than to name a mark between 8 and 20.

    Raises
    ------
    InputError
        The answer is not complete, or cannot be marked.
    """
    bound = bind(rule, key, options=options, settings=settings)
    score = bound.mark(response)
    if score.status != "complete" or score.total is None:
        what = f"it is {score.status}{f' ({score.reason})' if score.reason else ''}."
        raise InputError(
            "The judge's answer gives no mark.", [Fault("", "", "response", what, "Answer every part of the item.")]
        )
    return score.total if worth is None else score.total * worth / score.max


def chance_mark(
    rule: str,
    key: Mapping[str, Any],
    *,
    options: Sequence[str],
    worth: Fraction | None = None,
    settings: Mapping[str, Any] = NO_SETTINGS,
) -> Fraction:
    """Mark that random answers get on average: the floor below which a judge's rating makes no sense."""
    bound = bind(rule, key, options=options, settings=settings)
    mean = mean_of(bound.chance())
    return mean if worth is None else mean * worth / bound.max


def rating_faults(
    ratings: Iterable[tuple[str, str, object]],
    *,
    maxima: Mapping[str, Fraction],
    chances: Mapping[str, Fraction] | None = None,
    step: Fraction | None = Fraction(1, 2),
) -> list[Fault]:
    """Check judges' ratings at entry: (judge, item, rating).

    Parameters
    ----------
    maxima : mapping of item to marks
    chances : mapping of item to chance mark, optional
        A rating below it is refused, with the chance mark named.
    step : Fraction, optional
        Ratings are multiples of it; None allows any.

    Returns
    -------
    list of Fault
        Empty if all is well.
    """
    faults = []
    for judge, item, rating in ratings:
        try:
            value = exact(rating)
        except InputError as error:
            faults.append(Fault("", f"judge {judge}", item, error.message, ""))
            continue
        top, floor = maxima[item], (chances or {}).get(item)
        where = f"judge {judge}"
        if not 0 <= value <= top:
            faults.append(Fault("", where, item, f"{plain(value)} is outside 0 to {plain(top)}.", "Correct it."))
        elif floor is not None and value < floor:
            what = f"{plain(value)} is below the chance mark {plain(floor)} of {plain(top)}."
            faults.append(Fault("", where, item, what, "A borderline candidate does at least as well as chance."))
        if step is not None and value % step:
            what = f"{plain(value)} is not a multiple of {plain(step)}."
            faults.append(Fault("", where, item, what, "Round it."))
    return faults


def moved_by_sem(cut: Fraction, sem: float, multiple: float) -> float:
    """The cut a policy of whole or part SEMs would give (−1 at a first sitting, say); never applied silently."""
    return float(cut) + multiple * sem
