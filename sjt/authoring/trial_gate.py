"""What a trial says of a version: it passes, it fails, or there is not enough evidence to say either.

Pure. Estimates are judged by their 95 % intervals, and by how much a sample of that size can carry at all: one small
cohort shows a good item with a correlation under the limit about once in three, so that such an item never fails on
it alone (sjt-science 4.3).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

COUNTS_ONLY: Final = 10
"""Candidates; below, nothing but the count is said."""
FEWEST_MET: Final = 30
"""Candidates who must have met a trial item before it may pass (sjt-science, piloting: at least 30 exposures)."""
FIRM: Final = 100
"""Candidates from whom on a discrimination may fail an item; below, it is advice."""
FACILITY: Final = (0.40, 0.92)
DISCRIMINATION: Final = 0.10
"""Limits of sjt-science's flags: facility outside 0.40 to 0.92, or an item-rest correlation under 0.10."""
_Z: Final = 1.959964


class Evidence(StrEnum):
    """What the numbers of a trial come to."""

    PASS = "passes"
    FAIL = "fails"
    NOT_ENOUGH = "not enough evidence"


@dataclass(frozen=True, slots=True)
class Measured:
    """The last statistics of one item of one version."""

    item: str
    n: int
    facility: float | None
    discrimination: float | None
    facility_se: float | None = None


@dataclass(frozen=True, slots=True)
class ItemVerdict:
    """What is said of one item, in a sentence."""

    item: str
    evidence: Evidence
    words: str

    def __str__(self) -> str:
        return f"{self.item}: {self.words}"


@dataclass(frozen=True, slots=True)
class TrialVerdict:
    """What is said of a version: as its worst item, and not enough before enough."""

    items: tuple[ItemVerdict, ...]

    @property
    def evidence(self) -> Evidence:
        found = {one.evidence for one in self.items}
        return next((one for one in (Evidence.FAIL, Evidence.NOT_ENOUGH) if one in found), Evidence.PASS)

    def because(self) -> str:
        """Say what keeps it from passing."""
        return " ".join(str(one) for one in self.items if one.evidence is not Evidence.PASS)


def verdict(items: Sequence[Measured]) -> TrialVerdict | None:
    """Judge the items of a version; None when nothing was measured at all."""
    if all(one.facility is None and one.discrimination is None for one in items):
        return None
    return TrialVerdict(tuple(_item(one) for one in items))


def facility_interval(facility: float, se: float | None, n: int) -> tuple[float, float]:
    """Give the 95 % interval of a mean share; without a standard error, the widest that such a mean can have."""
    spread = math.sqrt(max(facility * (1 - facility), 0.0) / max(n, 1)) if se is None else se
    reach = _t(n - 1) * spread
    return max(0.0, facility - reach), min(1.0, facility + reach)


def discrimination_interval(r: float, n: int) -> tuple[float, float]:
    """Give the 95 % interval of a correlation by Fisher's transformation."""
    if n <= 3 or abs(r) >= 1:
        return -1.0, 1.0
    reach = _Z / math.sqrt(n - 3)
    return math.tanh(math.atanh(r) - reach), math.tanh(math.atanh(r) + reach)


def _t(df: int) -> float:
    """Give Student's quantile at .975 by the first terms of its expansion about the normal (within .01 from df 9)."""
    z = _Z
    return z + (z**3 + z) / (4 * df) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * df**2) if df > 0 else math.inf


def _item(one: Measured) -> ItemVerdict:
    if one.n < COUNTS_ONLY:
        words = f"met by {one.n} candidates; under {COUNTS_ONLY} nothing but the count is said."
        return ItemVerdict(one.item, Evidence.NOT_ENOUGH, words)
    if one.facility is None or one.discrimination is None:
        return ItemVerdict(one.item, Evidence.NOT_ENOUGH, "has no facility or no discrimination.")
    said = [_facility(one.facility, one.facility_se, one.n), _discrimination(one.discrimination, one.n)]
    if one.n < FEWEST_MET:
        said.append((Evidence.NOT_ENOUGH, f"met by {one.n} candidates, {FEWEST_MET} are needed"))
    worst = next(
        (evidence for evidence in (Evidence.FAIL, Evidence.NOT_ENOUGH) if evidence in {e for e, _ in said}),
        Evidence.PASS,
    )
    telling = [words for evidence, words in said if evidence is worst]
    return ItemVerdict(one.item, worst, "; ".join(telling) + f" ({one.n} candidates).")


def _facility(value: float, se: float | None, n: int) -> tuple[Evidence, str]:
    low, high = FACILITY
    bottom, top = facility_interval(value, se, n)
    seen = f"facility {value:.2f}, interval {bottom:.2f} to {top:.2f}"
    if low <= bottom and top <= high:
        return Evidence.PASS, f"{seen}, lies within {low:.2f} to {high:.2f}"
    if top < low or bottom > high:
        return Evidence.FAIL, f"{seen}, lies wholly outside {low:.2f} to {high:.2f}"
    return Evidence.NOT_ENOUGH, f"{seen}, reaches over the limits {low:.2f} to {high:.2f}"


def _discrimination(r: float, n: int) -> tuple[Evidence, str]:
    bottom, top = discrimination_interval(r, n)
    seen = f"discrimination {r:.2f}, interval {bottom:.2f} to {top:.2f}".replace("-", "−")
    if r >= DISCRIMINATION and bottom >= 0:
        return Evidence.PASS, f"{seen}, is above nothing and at least {DISCRIMINATION:.2f}"
    if top < DISCRIMINATION and n >= FIRM:
        return Evidence.FAIL, f"{seen}, lies wholly under {DISCRIMINATION:.2f}"
    if top < DISCRIMINATION:
        return Evidence.NOT_ENOUGH, f"{seen}, looks weak, and under {FIRM} candidates that is advice"
    return Evidence.NOT_ENOUGH, f"{seen}, cannot be told from none or from {DISCRIMINATION:.2f}"
