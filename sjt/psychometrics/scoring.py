"""Marks: one response under one versioned rule, an item's worth, a form's total and its cut; exact fractions only.

A rule is named ``name@version``. Changing what a rule does needs a new version, so that a stored mark can always be
made again from its response, its key and its rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import Any

from sjt.errors import Fault, ScoringRefused
from sjt.psychometrics.scoring_base import (
    ZERO,
    BadResponse,
    Distribution,
    ItemScore,
    Rule,
    exact,
    is_whole,
    mean_of,
    of_marks,
    plain,
)
from sjt.psychometrics.scoring_choice import (
    ChooseK,
    ChooseShare,
    EffectivenessDifference,
    MostLeastGraded,
    Motowidlo,
    SingleGraded,
    SingleKey,
    ThreeOptionPartial,
)
from sjt.psychometrics.scoring_credit import Credit
from sjt.psychometrics.scoring_rank import RankDistance, RankTotalDistance
from sjt.psychometrics.scoring_rating import (
    ConsensusAggregate,
    ConsensusDichotomous,
    ConsensusDistance,
    ConsensusMode,
    ConsensusProportion,
    RateMatrix,
    Rubric,
)

__all__ = [
    "REASONS",
    "RULES",
    "BadResponse",
    "Counted",
    "Distribution",
    "FormMark",
    "ItemScore",
    "Rule",
    "bind",
    "chance_distribution",
    "chance_mean",
    "cut_applied",
    "exact",
    "explain",
    "floor_free_percent",
    "form_total",
    "is_whole",
    "item_mark",
    "plain",
    "raw_max",
    "raw_min",
    "score",
    "unfit_for_decisions",
]

RULES: Mapping[str, type[Rule]] = {
    rule.name: rule
    for rule in (
        RankDistance,
        ChooseK,
        RateMatrix,
        MostLeastGraded,
        SingleGraded,
        SingleKey,
        Rubric,
        RankTotalDistance,
        ChooseShare,
        Motowidlo,
        EffectivenessDifference,
        ThreeOptionPartial,
        ConsensusDistance,
        ConsensusMode,
        ConsensusProportion,
        ConsensusAggregate,
        ConsensusDichotomous,
        Credit,
    )
}

REASONS: Mapping[str, str] = {
    "wrong_type": "The response does not have the shape this format needs.",
    "unknown_option": "The response names an option the item does not have.",
    "non_integer_rank": "A rank is not a whole number.",
    "rank_out_of_range": "A rank lies outside 1 to the number of options.",
    "non_integer_rating": "A rating is not a whole number.",
    "rating_out_of_range": "A rating lies outside the scale.",
    "same_option": "The same option was picked as most and as least.",
    "unknown_criterion": "A criterion is not in the rubric.",
    "criterion_missing": "A criterion has no level.",
    "non_integer_level": "A level is not a whole number.",
    "level_out_of_range": "A level lies outside the rubric.",
    "non_integer_mark": "The mark is not a whole number.",
    "mark_out_of_range": "The mark lies outside 0 to the maximum.",
    "not_marked_yet": "Nobody has marked the answer yet.",
    "needs_both_picks": "The rule needs both picks.",
    "needs_every_rank": "The rule needs every option ranked, with no ties.",
}
"""Each reason code in words."""

HIGHEST_CHANCE_SHARE = Fraction(13, 20)
"""Above this share of the maximum by uniform rating a matrix is refused for pass/fail: near_miss gives .44, linear4
.69 (sjt-science 1.4); rank_distance's .60 is stated by the standard and guarded at form level."""

NO_SETTINGS: Mapping[str, Any] = {}


def bind(
    rule: str, key: Mapping[str, Any], *, options: Sequence[str], settings: Mapping[str, Any] = NO_SETTINGS
) -> Rule:
    """Bind a rule to an item's key, to mark many responses.

    Parameters
    ----------
    rule : str
        A name in ``RULES``, such as ``rank_distance@1``.
    key : mapping
        The item's table of ``key.toml``; only what the rule needs is read.
    options : sequence of str
        The item's option ids, in file order.
    settings : mapping, optional
        The bank's ``matrices``, ``rubrics``; an item's own ``choose``.

    Raises
    ------
    ScoringRefused
        The rule is unknown or the key cannot be used; carries every fault.
    """
    if rule not in RULES:
        raise ScoringRefused(f"There is no rule {rule!r}. Use one of {', '.join(sorted(RULES))}.")
    return RULES[rule](key, options, settings)


def score(
    rule: str,
    key: Mapping[str, Any],
    response: Any,
    *,
    options: Sequence[str],
    settings: Mapping[str, Any] = NO_SETTINGS,
) -> ItemScore:
    """Mark one response.

    Parameters
    ----------
    rule, key, options, settings
        As for `bind`.
    response
        In the shape of CONTRACT "Responses"; None for an item left unanswered.

    Returns
    -------
    ItemScore
        Status ``invalid`` with a reason, and no marks, where the response cannot be marked; nothing is coerced.

    Raises
    ------
    ScoringRefused
        The rule is unknown or the key cannot be used.
    """
    return bind(rule, key, options=options, settings=settings).mark(response)


def raw_max(
    rule: str, key: Mapping[str, Any], options: Sequence[str], settings: Mapping[str, Any] = NO_SETTINGS
) -> Fraction:
    """Raw maximum of an item under a rule."""
    return bind(rule, key, options=options, settings=settings).max


def raw_min(
    rule: str, key: Mapping[str, Any], options: Sequence[str], settings: Mapping[str, Any] = NO_SETTINGS
) -> Fraction:
    """Lowest raw mark that any complete response can get (8 of 20 for a full ranking of five)."""
    return bind(rule, key, options=options, settings=settings).min


def chance_distribution(
    rule: str, key: Mapping[str, Any], options: Sequence[str], settings: Mapping[str, Any] = NO_SETTINGS
) -> Distribution:
    """Exact distribution of the raw mark when every complete response is equally likely; a written answer gets 0."""
    return bind(rule, key, options=options, settings=settings).chance()


def chance_mean(
    rule: str, key: Mapping[str, Any], options: Sequence[str], settings: Mapping[str, Any] = NO_SETTINGS
) -> Fraction:
    """Mean raw mark of a candidate who answers at random (12 of 20 for a ranking of five)."""
    return mean_of(chance_distribution(rule, key, options, settings))


def item_mark(score: ItemScore | Fraction, worth: Fraction | int, maximum: Fraction | None = None) -> Fraction:
    """Put a raw mark on the form's scale: raw × worth ÷ raw maximum.

    Parameters
    ----------
    score : ItemScore or Fraction
        A score, or a raw mark with its ``maximum``.
    worth : Fraction
        What an item of this format is worth on the form.

    Raises
    ------
    ScoringRefused
        The score has no mark, or the maximum is not above zero.
    """
    if isinstance(score, ItemScore):
        if score.total is None:
            raise ScoringRefused(f"The response is {score.status} ({score.reason}): it has no mark.")
        raw, maximum = score.total, score.max
    else:
        raw = score
    if maximum is None or maximum <= 0:
        raise ScoringRefused("The raw maximum is not above zero. Correct the key.")
    return raw * worth / maximum


def cut_applied(exact_cut: Fraction, unit: Fraction = Fraction(1)) -> Fraction:
    """Round a cut up to the next multiple of the form's mark unit."""
    if unit <= 0:
        raise ScoringRefused(f"The mark unit is {plain(unit)}. Give one above zero.")
    return ceil(exact_cut / unit) * unit


def floor_free_percent(score: ItemScore, minimum: Fraction) -> Fraction | None:
    """Report a complete answer on a scale without its floor, 100·(raw − min)/(max − min); None if not complete."""
    if score.status != "complete" or score.total is None or score.max <= minimum:
        return None
    return 100 * (score.total - minimum) / (score.max - minimum)


def unfit_for_decisions(
    rule: str, key: Mapping[str, Any], options: Sequence[str], settings: Mapping[str, Any] = NO_SETTINGS
) -> list[str]:
    """Say why an item under this rule must not decide a pass; empty if it may."""
    bound = bind(rule, key, options=options, settings=settings)
    reasons = []
    if bound.research:
        reasons.append(f"{rule} is a rule for research, not for a pass.")
    if bound.min < 0:
        reasons.append(f"{rule} can give less than zero.")
    if isinstance(bound, RateMatrix):
        share = mean_of(bound.chance()) / bound.max if bound.max else ZERO
        if share > HIGHEST_CHANCE_SHARE:
            reasons.append(f"The matrix gives {float(share):.0%} of its marks to ratings at random.")
    return reasons


@dataclass(frozen=True, slots=True)
class Counted:
    """One item of a sat form: its mark on the form's scale (None = omitted), its worth and its status."""

    marks: Fraction | None
    max: Fraction
    status: str = "live"
    """``live``, ``pilot`` or ``withdrawn``."""


@dataclass(frozen=True, slots=True)
class FormMark:
    """A form's total against its cut; ``percent`` and the rest are None where nothing counts."""

    raw: Fraction
    max: Fraction
    percent: Fraction | None
    cut_exact: Fraction | None
    cut_applied: Fraction | None
    passed: bool | None
    counts: dict[str, int]


def form_total(
    items: Iterable[Counted],
    *,
    cut: Fraction | None = None,
    cut_percent: Fraction | None = None,
    unit: Fraction = Fraction(1),
) -> FormMark:
    """Add up a form and compare it with its cut.

    Pilot and withdrawn items leave numerator and denominator; an omitted live item scores 0 and stays in the
    denominator; the cut is rounded up to the next multiple of ``unit``; a total at the cut passes.

    Parameters
    ----------
    items : iterable of Counted
    cut : Fraction, optional
        The exact cut in marks of the items that count.
    cut_percent : Fraction, optional
        The cut in percent of the maximum of the items that count; used when ``cut`` is None.
    unit : Fraction
        The form's mark unit.

    Raises
    ------
    ScoringRefused
        A mark outside 0 to its maximum, or an unknown status; every fault is listed.
    """
    counted = list(items)
    faults: list[Fault] = []
    counts = {"live": 0, "pilot": 0, "withdrawn": 0}
    raw = maximum = ZERO
    for number, item in enumerate(counted, 1):
        if item.status not in counts:
            faults.append(
                Fault(
                    "", f"item {number}", "status", f"{item.status!r} is not a status.", "Use live, pilot or withdrawn."
                )
            )
            continue
        if item.max < 0:
            faults.append(Fault("", f"item {number}", "max", f"{plain(item.max)} is below zero.", "Correct it."))
        if item.marks is not None and not 0 <= item.marks <= item.max:
            what = f"{of_marks(item.marks)} is outside 0 to {plain(item.max)}."
            faults.append(Fault("", f"item {number}", "marks", what, "Correct the mark or the maximum."))
        counts[item.status] += 1
        if item.status == "live":
            raw += item.marks or ZERO
            maximum += item.max
    if faults:
        raise ScoringRefused("The form cannot be added up.", faults)
    percent = 100 * raw / maximum if maximum else None
    if cut is None and cut_percent is not None:
        cut = cut_percent * maximum / 100
    applied = None if cut is None else cut_applied(cut, unit)
    passed = None if applied is None or not maximum else raw >= applied
    return FormMark(raw, maximum, percent, cut, applied, passed, counts)


def explain(
    rule: str,
    key: Mapping[str, Any],
    response: Any,
    *,
    options: Sequence[str],
    settings: Mapping[str, Any] = NO_SETTINGS,
    worth: Fraction | None = None,
) -> list[str]:
    """Say in words, one line for each part, what the key credits and why the mark is what it is.

    The last line gives the item's mark, and its mark on the form's scale where ``worth`` is given.
    """
    bound = bind(rule, key, options=options, settings=settings)
    result = bound.mark(response)
    if result.status == "invalid":
        return [f"Not marked: {REASONS.get(result.reason or '', result.reason or '')}"]
    said = bound.lines(response)
    if result.total is None:
        return said
    line = f"Total: {plain(result.total)} of {plain(result.max)}"
    if result.reason:
        line += f" ({REASONS.get(result.reason, result.reason)[:-1].lower()})"
    if worth is not None:
        line += f", which is {plain(item_mark(result, worth))} of {plain(worth)} on the form"
    return [*said, line + "."]
