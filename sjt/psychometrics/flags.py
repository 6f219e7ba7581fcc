"""Which items somebody should look at, and why; nothing is flagged that the data cannot carry.

A flag needs a probability, not a point: it is raised when the chance that the true value is beyond the limit
reaches ``certainty``. A discrimination needs that by its own sample and after shrinking towards the other items, or
``certainty_alone`` by its own sample.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from sjt.psychometrics.gram import BoolArray, FloatArray, IntArray
from sjt.psychometrics.profiles import Profile
from sjt.psychometrics.smallsample import STEPS, Shrunken, policy, shrink_correlations, shrink_facilities


@dataclass(frozen=True)
class Limits:
    """Limits of one profile; `Limits.of` reads all of them from it, the values here repeat the judgement test's."""

    profile: str = "judgement-test@3"
    facility_low: float = 0.40
    facility_high: float = 0.92
    corrected_low: float = 0.10
    corrected_high: float = 0.92
    item_rest: float = 0.10
    sd_share: float = 0.08
    residual: float = 0.20
    certainty: float = 0.95
    certainty_alone: float = 0.99
    """Asked of a discrimination judged by the item's own sample alone, without shrinking."""
    rapid: float = 0.05
    """Share of answers too fast to be read, above which an item is flagged."""
    dif_false_discovery: float = 0.05
    drift_change: float = 0.10
    steps: tuple[int, int, int, int] = STEPS
    """Persons from which facility, shrunken discrimination, flags and every statistic are given."""
    by_format: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """Limits of a format's own, on facility corrected for chance (or raw, where the chance mark is unknown)."""
    sources: Mapping[str, str] = field(default_factory=dict)
    """Where each limit comes from."""

    @classmethod
    def of(cls, profile: Profile) -> Limits:
        """Take the limits from a profile."""
        names = {
            "facility_low": ("items.facility", "hard"),
            "facility_high": ("items.facility", "easy"),
            "corrected_low": ("items.facility_corrected", "hard"),
            "corrected_high": ("items.facility_corrected", "easy"),
            "item_rest": ("items.item_rest", "weak"),
            "sd_share": ("items.sd_share", "least"),
            "residual": ("items.local_dependence", "above_mean"),
            "certainty": ("flags.certainty", "least"),
            "certainty_alone": ("flags.certainty_alone", "least"),
            "rapid": ("items.rapid", "most"),
            "dif_false_discovery": ("items.dif", "false_discovery"),
            "drift_change": ("items.drift", "change"),
        }
        tiers = ("counts_only", "no_discrimination", "advisory", "flags")
        one, two, three, four = (int(profile.value(f"small_sample.{tier}", "below")) for tier in tiers)
        formats = {
            name.removeprefix("facility_by_format."): (numbers["hard"], numbers["easy"])
            for name, numbers in profile.tables.items()
            if name.startswith("facility_by_format.")
        }
        if "flags.certainty_alone" not in profile.tables:  # profiles written before there was one
            del names["certainty_alone"]
        sources = {name: profile.source(entry) for name, (entry, _) in names.items()}
        sources["steps"] = profile.source("small_sample.flags")
        sources |= {f"facility of {name}": profile.source(f"facility_by_format.{name}") for name in formats}
        values = {name: profile.value(*entry) for name, entry in names.items()}
        return cls(profile.stamp, **values, steps=(one, two, three, four), by_format=formats, sources=sources)

    def facility_limits(self, kind: str | None, *, corrected: bool) -> tuple[float, float]:
        """The limits that hold for an item of a format."""
        if kind is not None and kind in self.by_format:
            return self.by_format[kind]
        if corrected:
            return self.corrected_low, self.corrected_high
        return self.facility_low, self.facility_high

    def as_json(self) -> dict[str, float]:
        """The numbers alone, for a report."""
        out = {
            name: float(value)
            for name, value in vars(self).items()
            if isinstance(value, int | float) and not isinstance(value, bool)
        }
        for name, (low, high) in self.by_format.items():
            out[f"facility of {name}, hard"], out[f"facility of {name}, easy"] = low, high
        return out


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
    formats: Sequence[str | None] | None = None,
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
    formats : sequence, optional
        Format of each item: some have limits of their own.

    Returns
    -------
    Flagged
    """
    from scipy.special import ndtr

    discrimination = shrink_correlations(r, r_n)
    facilities = shrink_facilities(facility, sd_share, n)
    p_weak = discrimination.below(float(np.arctanh(limits.item_rest)))
    p_negative = discrimination.below(0.0)
    # An item unlike all others is pulled hardest towards them, so its own sample alone may do: at a higher certainty,
    # since as many are tried as there are items. Shrinking alone may not: one poor cohort would condemn every item.
    with np.errstate(invalid="ignore", divide="ignore"):
        z, se = np.arctanh(np.clip(r, -0.999, 0.999)), np.where(r_n > 3, 1 / np.sqrt(r_n - 3), np.nan)
        own_weak, own_negative = ndtr((float(np.arctanh(limits.item_rest)) - z) / se), ndtr(-z / se)
    sure, nearly = limits.certainty, limits.certainty_alone
    weak = (own_weak >= nearly) | ((own_weak >= sure) & (p_weak >= sure))
    negative = (own_negative >= nearly) | ((own_negative >= sure) & (p_negative >= sure))
    alone = np.where(negative, p_negative < sure, weak & (p_weak < sure))
    p_weak, p_negative = np.where(alone, own_weak, p_weak), np.where(alone, own_negative, p_negative)
    out = []
    for i in range(len(n)):
        flags, allowed = ItemFlags(), policy(int(n[i]), limits.steps)
        if n[i] == 0:
            flags.add("small_n", "Nobody was presented this item.")
        elif n[i] < limits.steps[1]:
            flags.add("small_n", f"{n[i]} persons. {allowed.words}")
        if n[i] > 1 and sd_share[i] == 0:
            flags.add("constant", f"All {n[i]} persons have the same mark, so it cannot tell them apart.")
        if allowed.flags != "none":
            flags.advisory = allowed.flags == "advisory"
            kind = formats[i] if formats is not None else None
            _facility(flags, i, n, facility, corrected, sd_share, limits, kind)
            whence = "by these persons alone" if alone[i] else "after shrinking"
            _discrimination(
                flags,
                i,
                r,
                r_n,
                discrimination,
                (weak[i], negative[i]),
                (p_weak, p_negative),
                limits,
                allowed.flags,
                whence,
            )
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
    kind: str | None,
) -> None:
    from scipy.special import ndtr

    known = bool(np.isfinite(corrected[i]))
    value = float(corrected[i] if known else facility[i])
    low, high = limits.facility_limits(kind, corrected=known)
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
    found: tuple[bool, bool],
    probability: tuple[FloatArray, FloatArray],
    limits: Limits,
    strength: str,
    whence: str,
) -> None:
    p_weak, p_negative = probability
    if not np.isfinite(r[i]) or not np.isfinite(p_weak[i]):
        return
    weak, negative = found
    best = float(np.tanh(shrunken.estimate[i]))
    seen = f"r {r[i]:.2f} from {int(r_n[i])} persons, shrunken {best:.2f}"
    if negative:
        chance = f"P(r < 0) = {p_negative[i]:.2f} {whence}"
        flags.add("negative", f"Who does well elsewhere does worse here ({seen}; {chance}).")
        if strength == "full":
            flags.add("key_check", f"A negative discrimination is most often a wrong key or marking rule ({seen}).")
    elif weak:
        chance = f"P(r < {limits.item_rest:.2f}) = {p_weak[i]:.2f} {whence}"
        flags.add("weak", f"It hardly tells persons apart ({seen}; {chance}).")
    elif r[i] < limits.item_rest:
        flags.add(
            "cannot_tell",
            f"Discrimination looks low but the sample cannot tell ({seen}; "
            f"P(r < {limits.item_rest:.2f}) = {p_weak[i]:.2f} {whence}). Pool with further cohorts.",
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
