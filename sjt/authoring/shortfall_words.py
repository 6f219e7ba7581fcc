"""The words for what is short, the same from the solver and from counting."""

from __future__ import annotations

from collections.abc import Sequence


def plural(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def listed(names: Sequence[str], word: str = "or") -> str:
    """List names in words: ``a, b or c``."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} {word} {names[-1]}"


def write_words(noun: str, attr: str, value: str, need: int, have: int) -> str:
    """Say how many more of a kind must be written."""
    kind = f" with {attr} {value}" if attr else ""
    return (
        f"Write {plural(need - have, f'more {noun}')}{kind}: the forms need {need} of them, "
        f"the bank holds {have} that may be used."
    )


def write_together(noun: str, kinds: Sequence[tuple[str, Sequence[str]]], short: int, have: int) -> str:
    """Say how many more must be written that are all of this at once, and what may stand for what."""
    parts = [f"{attr} {listed(values)}" for attr, values in kinds]
    held = "none of that kind" if have == 0 else f"{have} of that kind"
    return (
        f"Write {plural(short, f'more {noun}')} with {listed(parts, 'and')} together: "
        f"the bank holds {held} that may be used, which is too few for these forms."
    )
