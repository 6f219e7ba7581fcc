"""Which items somebody should look at, and why; nothing is flagged that the data cannot carry.

A flag needs a probability, not a point: it is raised when the chance that the true value is beyond the limit
reaches ``certainty``, by the sample's own interval or after shrinking towards the other items.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from sjt.psychometrics.gram import BoolArray, FloatArray, IntArray
from sjt.psychometrics.profiles import Profile
from sjt.psychometrics.smallsample import Shrunken, policy, shrink_correlations, shrink_facilities


@dataclass(frozen=True)
class Limits:
    """Limits of one profile; the values here are the judgement-test default."""

    profile: str = "judgement-test@1"
    facility_low: float = 0.40
    facility_high: float = 0.92
    corrected_low: float = 0.10
    corrected_high: float = 0.92
    item_rest: float = 0.10
    sd_share: float = 0.08
    residual: float = 0.20
    certainty: float = 0.95
    rapid: float = 0.05
    """Share of answers too fast to be read, above which an item is flagged."""

    @classmethod
    def of(cls, profile: Profile) -> Limits:
        """Take the limits from a profile."""
        return cls(
            profile.stamp,
            profile.value("items.facility", "hard"),
            profile.value("items.facility", "easy"),
            profile.value("items.facility_corrected", "hard"),
            profile.value("items.facility_corrected", "easy"),
            profile.value("items.item_rest", "weak"),
            profile.value("items.sd_share", "least"),
            profile.value("items.local_dependence", "above_mean"),
        )


@dataclass
class ItemFlags:
    """Flags of one item, each with its reason in a sentence."""

    reasons: dict[str, str] = field(default_factory=dict)
    advisory: bool = False

    def add(self, flag: str, reason: str) -> None:
        """Raise a flag."""
        self.reasons[flag] = reason


@dataclass(frozen=True)
class Flagged:
    """Flags of every item and the shrunken values they rest on (correlations on Fisher's z, facility on logits)."""

    items: list[ItemFlags]
    discrimination: Shrunken
    facility: Shrunken
    p_weak: FloatArray
    p_negative: FloatArray


def raise_flags(
    *,
    n: IntArray,
    facility: FloatArray,
    corrected: FloatArray,
    sd_share: FloatArray,
    r: FloatArray,
    r_n: FloatArray,
    key_doubt: list[str | None],
    residual: FloatArray,
    residual_mean: float,
    same_testlet: BoolArray,
    names: list[str],
    limits: Limits,
    rapid: list[str | None] | None = None,
) -> Flagged:
    """Judge every item by the small-N policy and the profile's limits.

    Parameters
    ----------
    n : ndarray
        Persons presented each item.
    facility, corrected : ndarray
        Raw and chance-corrected facility; NaN where the chance mark is unknown.
    sd_share : ndarray
        Mark SD as a share of the item's range.
    r, r_n : ndarray
        Item-rest correlation (outside its own testlet where testlets are known), and the persons behind it.
    key_doubt : list
        For each item a sentence saying why its key is in doubt from the options chosen, or None.
    residual : ndarray, shape (k, k)
        Correlations left after one common factor; NaN where unknown.
    residual_mean : float
        Their mean over all pairs.
    same_testlet : ndarray of bool, shape (k, k)
    names : list of str
    limits : Limits

    Returns
    -------
    Flagged
    """
    from scipy.special import ndtr

    discrimination = shrink_correlations(r, r_n)
    facilities = shrink_facilities(facility, sd_share, n)
    p_weak = discrimination.below(float(np.arctanh(limits.item_rest)))
    p_negative = discrimination.below(0.0)
    # An item unlike all others is pulled hardest towards them, so the sample's own verdict counts as well.
    with np.errstate(invalid="ignore", divide="ignore"):
        z, se = np.arctanh(np.clip(r, -0.999, 0.999)), np.where(r_n > 3, 1 / np.sqrt(r_n - 3), np.nan)
        p_weak = np.fmax(p_weak, ndtr((float(np.arctanh(limits.item_rest)) - z) / se))
        p_negative = np.fmax(p_negative, ndtr(-z / se))
    out = []
    for i in range(len(n)):
        flags, allowed = ItemFlags(), policy(int(n[i]))
        if n[i] == 0:
            flags.add("small_n", "Nobody was presented this item.")
        elif n[i] < 30:
            flags.add("small_n", f"{n[i]} persons. {allowed.words}")
        if n[i] > 1 and sd_share[i] == 0:
            flags.add("constant", f"All {n[i]} persons have the same mark, so it cannot tell them apart.")
        if allowed.flags != "none":
            flags.advisory = allowed.flags == "advisory"
            _facility(flags, i, n, facility, corrected, sd_share, limits)
            _discrimination(flags, i, r, r_n, discrimination, p_weak, p_negative, limits, allowed.flags)
            if key_doubt[i]:
                flags.add("key_check", str(key_doubt[i]))
            if rapid is not None and rapid[i]:
                flags.add("rapid", str(rapid[i]))
            _dependence(flags, i, residual, residual_mean, same_testlet, names, float(r_n[i]), limits)
        out.append(flags)
    return Flagged(out, discrimination, facilities, p_weak, p_negative)


def _facility(
    flags: ItemFlags,
    i: int,
    n: IntArray,
    facility: FloatArray,
    corrected: FloatArray,
    sd_share: FloatArray,
    limits: Limits,
) -> None:
    from scipy.special import ndtr

    known = bool(np.isfinite(corrected[i]))
    value = float(corrected[i] if known else facility[i])
    low, high = (limits.corrected_low, limits.corrected_high) if known else (limits.facility_low, limits.facility_high)
    what = "Chance-corrected facility" if known else "Facility"
    widen = (corrected[i] - 1) / (facility[i] - 1) if known and facility[i] != 1 else 1.0
    spread = max(float(sd_share[i]), 0.5 / float(n[i])) * float(widen) / float(np.sqrt(n[i]))
    if float(ndtr((low - value) / spread)) >= limits.certainty:
        flags.add("hard", f"{what} {value:.2f} is below {low:.2f}.")
    if float(ndtr((value - high) / spread)) >= limits.certainty:
        flags.add("easy", f"{what} {value:.2f} is above {high:.2f}.")


def _discrimination(
    flags: ItemFlags,
    i: int,
    r: FloatArray,
    r_n: FloatArray,
    shrunken: Shrunken,
    p_weak: FloatArray,
    p_negative: FloatArray,
    limits: Limits,
    strength: str,
) -> None:
    if not np.isfinite(r[i]) or not np.isfinite(p_weak[i]):
        return
    best = float(np.tanh(shrunken.estimate[i]))
    seen = f"r {r[i]:.2f} from {int(r_n[i])} persons, shrunken {best:.2f}"
    if p_negative[i] >= limits.certainty:
        flags.add("negative", f"Who does well elsewhere does worse here ({seen}; P(r < 0) = {p_negative[i]:.2f}).")
        if strength == "full":
            flags.add("key_check", f"A negative discrimination is most often a wrong key or marking rule ({seen}).")
    elif p_weak[i] >= limits.certainty:
        flags.add("weak", f"It hardly tells persons apart ({seen}; P(r < {limits.item_rest:.2f}) = {p_weak[i]:.2f}).")
    elif r[i] < limits.item_rest:
        flags.add(
            "cannot_tell",
            f"Discrimination looks low but the sample cannot tell ({seen}; "
            f"P(r < {limits.item_rest:.2f}) = {p_weak[i]:.2f}). Pool with further cohorts.",
        )


def _dependence(
    flags: ItemFlags,
    i: int,
    residual: FloatArray,
    mean: float,
    same_testlet: BoolArray,
    names: list[str],
    n: float,
    limits: Limits,
) -> None:
    if n < 30:
        return
    partners = []
    for j in np.flatnonzero(same_testlet[i]):
        value = residual[i, j]
        if j == i or not np.isfinite(value):
            continue
        surely = float(np.tanh(np.arctanh(np.clip(value, -0.999, 0.999)) - 1.645 / np.sqrt(n - 3)))
        if surely > mean + limits.residual:
            partners.append(f"{names[j]} ({value:.2f})")
    if partners:
        flags.add(
            "local_dependence",
            f"Left over after the common factor, correlation with {', '.join(partners)} of the same scenario "
            f"exceeds the mean {mean:.2f} by more than {limits.residual:.2f}.",
        )
