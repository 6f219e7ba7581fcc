"""How a study says what it found: sentences first, then titled tables and pictures; plain values for one template."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import Any

NONE = "–"


def section(
    title: str,
    heads: Sequence[str] = (),
    rows: Sequence[Sequence[Any]] = (),
    *,
    lead: str = "",
    numbers: Sequence[int] = (),
    picture: str = "",
    says: str = "",
    empty: str = "Nothing to show.",
    foot: str = "",
) -> dict[str, Any]:
    """One part of a page: a lead, a picture with its words, a table, a foot."""
    return {
        "title": title,
        "lead": lead,
        "heads": list(heads),
        "rows": [[str(cell) for cell in row] for row in rows],
        "numbers": list(numbers),
        "picture": picture,
        "says": says,
        "empty": empty,
        "foot": foot,
    }


def number(value: float | None, places: int = 2, *, sign: bool = False) -> str:
    """A figure with a real minus sign, or a dash."""
    if value is None or not isfinite(value):
        return NONE
    text = f"{value:+.{places}f}" if sign else f"{value:.{places}f}"
    if float(text) == 0:
        text = text.lstrip("+-")
    return text.replace("-", "−")


def between(pair: Sequence[float | None] | None, places: int = 2) -> str:
    """An interval in words."""
    if pair is None or any(end is None or not isfinite(end) for end in pair):
        return NONE
    return f"{number(pair[0], places)} to {number(pair[1], places)}"


def per_cent(value: float | None, places: int = 0) -> str:
    """A share as a percentage."""
    return NONE if value is None or not isfinite(value) else f"{100 * value:.{places}f} %"


def chance(p: float | None) -> str:
    """A probability as people print it."""
    if p is None or not isfinite(p):
        return NONE
    return "below .001" if p < 0.001 else f"{p:.3f}".lstrip("0")


def counted(n: int, one: str, many: str = "") -> str:
    """`1 item`, `3 items`, `no items`."""
    many = many or one + "s"
    return f"{'no' if n == 0 else n} {one if n == 1 else many}"
