"""Unique learner numbers: ten digits with a check digit. Source: ILR rule DD01."""

from __future__ import annotations

import re
from typing import Final

NOT_YET_KNOWN: Final = "9999999999"
"""The return's stand-in for a number not yet obtained: good for a booking, never for a results feed."""
_SHAPE: Final = re.compile(r"[1-9][0-9]{9}\Z")


def check_digit_holds(uln: str) -> bool:
    """Tell whether the weighted sum (10, 9, … 1 over all ten digits) leaves 10 modulo 11."""
    return sum(weight * int(digit) for weight, digit in zip(range(10, 0, -1), uln)) % 11 == 10


def fault(uln: str) -> str | None:
    """Say in words what is wrong with a learner number at booking, or None."""
    if not _SHAPE.match(uln):
        return f"is {uln!r}, which is not ten digits with a first digit from 1 to 9."
    if uln != NOT_YET_KNOWN and not check_digit_holds(uln):
        return f"is {uln}, whose check digit (the last) does not fit the other nine."
    return None


def may_be_reported(uln: str) -> bool:
    """Tell whether a result may be fed to the certification body under this number."""
    return fault(uln) is None and uln != NOT_YET_KNOWN
