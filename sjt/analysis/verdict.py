"""What an analysis says, in words first: a sentence for each thing a reader must know before the numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

TAGS: Final[Mapping[str, tuple[str, str, str]]] = {
    "key_check": ("Check the key", "danger", "warning"),
    "negative": ("Works backwards", "danger", "warning"),
    "constant": ("All the same mark", "warn", "warning"),
    "easy": ("Very easy", "warn", "warning"),
    "hard": ("Very hard", "warn", "warning"),
    "weak": ("Tells little apart", "warn", "warning"),
    "local_dependence": ("Hangs on its neighbour", "warn", "warning"),
    "dif": ("Favours a group?", "warn", "warning"),
    "drift": ("Drifts", "warn", "warning"),
    "rapid": ("Rushed", "warn", "warning"),
    "cannot_tell": ("Cannot tell yet", "line", "question"),
    "small_n": ("Cannot tell yet", "line", "question"),
}
"""Flag → words, tone, icon; in the order in which one tag is chosen for a row."""
SERIOUS: Final = tuple(name for name, (_, tone, _) in TAGS.items() if tone in ("danger", "warn"))
WAITING: Final = ("cannot_tell", "small_n")


def tag_of(flags: Sequence[str]) -> tuple[str, str, str] | None:
    """Choose the one tag that a row shows."""
    return next((tag for name, tag in TAGS.items() if name in flags), None)


def is_flagged(flags: Sequence[str]) -> bool:
    return any(name in SERIOUS for name in flags)


def is_waiting(flags: Sequence[str]) -> bool:
    return not is_flagged(flags) and any(name in WAITING for name in flags)


def verdict(part: Mapping[str, Any]) -> list[str]:
    """Say what one analysis amounts to."""
    n, items, test = part["n_persons"], part["items"], part["test"]
    if n < 10:
        return [f"{n} {'candidate' if n == 1 else 'candidates'}: fewer than 10, so only counts are shown."]
    said = [_items_said(items, n), _reliability_said(test, n)]
    if part.get("pass") and part["pass"].get("rate") is not None:
        low, high = part["pass"]["rate_ci"]
        said.append(
            f"{part['pass']['passed']} of {part['pass']['n']} reach the pass mark of {part['pass']['cut']:g}: "
            f"{part['pass']['rate']:.0%} ({low:.0%} to {high:.0%})."
        )
    return [sentence.replace("%", " %").replace("  %", " %") for sentence in said if sentence]


def _items_said(items: Sequence[Mapping[str, Any]], n: int) -> str:
    flagged = [row["item"] for row in items if is_flagged(row["flags"])]
    waiting = [row["item"] for row in items if is_waiting(row["flags"])]
    keys = [row["item"] for row in items if "key_check" in row["flags"] or "negative" in row["flags"]]
    if n < 30:
        return f"{n} candidates carry facilities with their intervals, but no verdict on any item."
    said = []
    if keys:
        said.append(f"Look at the key of {_listed(keys)} first.")
    others = [item for item in flagged if item not in keys]
    if others:
        said.append(f"{_listed(others)} {'is' if len(others) == 1 else 'are'} outside the limits.")
    if waiting:
        said.append(f"Of {len(waiting)} of {len(items)} items {n} candidates cannot tell yet.")
    if not said:
        said.append(f"All {len(items)} items are within the limits.")
    return " ".join(said)


def _reliability_said(test: Mapping[str, Any], n: int) -> str:
    value, name = test.get("testlet_alpha"), "alpha over scenarios"
    if value is None:
        value, name = test.get("alpha"), "alpha"
    if value is None:
        return ""
    if n < 30:
        return f"{n} candidates are too few for a verdict on reliability."
    sem = "" if test.get("sem") is None else f"; a mark is uncertain by {test['sem']:.1f} (SEM)"
    return f"Reliability is {value:.2f} ({name}){sem}: judge decisions near the pass mark with care."


def _listed(names: Sequence[str]) -> str:
    shown = list(names[:4])
    rest = len(names) - len(shown)
    if rest > 0:
        return f"{', '.join(shown)} and {rest} more"
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
