"""Credit: full marks for everybody who met an item that should have decided nothing."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from sjt.psychometrics.scoring_base import ONE, Distribution, KeyFaults, Rule, plain


class Credit(Rule):
    """``credit@1``: the raw maximum whatever was answered, and for an item left empty too.

    A rule of corrections alone: no bank may name it. The key is the item's own with ``credit``, its raw maximum.
    """

    name = "credit@1"

    def read(self, key: Mapping[str, Any], settings: Mapping[str, Any], faults: KeyFaults) -> None:
        """Read what everybody gets."""
        given = str(key.get("credit", ""))
        try:
            self.top = Fraction(given)
        except (ValueError, ZeroDivisionError):
            self.top = Fraction(0)
        if self.top <= 0:
            faults.add("credit", f"{given!r} is no number of marks above nought.", 'Write credit = "20".')

    @property
    def max(self) -> Fraction:
        """What everybody gets."""
        return self.top

    def judge(self, response: Any) -> tuple[str, str | None, dict[str, Fraction], Fraction]:
        """Give the maximum; the answer is not looked at."""
        return "credited", None, {"credit": self.top}, self.top

    def chance(self) -> Distribution:
        """Everybody gets the maximum."""
        return {self.top: ONE}

    def lines(self, response: Any) -> list[str]:
        """Say that the answer plays no part."""
        return [f"Everybody who met this item gets its {plain(self.top)} marks, whatever they answered."]
