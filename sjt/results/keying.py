"""A key as people write it, both ways: pure, so that a page can refuse what does not read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sjt.authoring.snapshot import Format, SecretItem
from sjt.errors import Fault, InputError
from sjt.panels.keys import with_key

EXAMPLES: Mapping[Format, str] = {
    Format.RANK: "from best to worst, such as B > A = C > D > E",
    Format.CHOOSE: "the keyed options, such as B E G",
    Format.RATE: "each option with its rating, such as A4 B1 C3",
    Format.MOST_LEAST: "each option with its level from 0 to 4, such as A4 B1 C3 D0",
    Format.SINGLE: "each option with its level from 0 to 4, such as A4 B1 C3 D0",
}
"""How the key of each format is written; a written answer has none."""


def key_text(format: Format, table: Mapping[str, Any]) -> str:
    """Write a key as `key_of` reads it."""
    if format is Format.RANK:
        return " > ".join(" = ".join(group) for group in table["order"])
    if format is Format.CHOOSE:
        return " ".join(table["key"])
    return levels_text(table["key"] if format is Format.RATE else table.get("effectiveness", {}))


def levels_text(levels: Mapping[str, int]) -> str:
    """Write levels as they are read: ``A4 B1 C3``."""
    return " ".join(f"{option}{value}" for option, value in sorted(levels.items()))


def table_of(item: SecretItem, text: str, levels: str = "") -> dict[str, Any]:
    """Read a whole table of ``key.toml``: the key, and how good each option is.

    Left out, the levels that the item has are dealt out in the new key's order: nothing else is known of them.
    """
    table = key_of(item, text)
    table.pop("credit", None)
    if item.format not in (Format.RANK, Format.CHOOSE, Format.RATE) or not item.key.get("effectiveness"):
        return table
    if levels.strip():
        found = re.findall(r"([A-Z])\s*[=:]?\s*(\d+)", levels)
        if not found:
            raise _unread(item, "Write each option with its level, such as A4 B1 C3.", "Levels")
        return {**table, "effectiveness": {option: int(value) for option, value in found}}
    said = table["order"] if item.format is Format.RANK else table["key"]
    named = [option for group in said for option in group] if item.format is Format.RANK else list(said)
    known = list(item.key["effectiveness"])
    whole = sorted(named) == sorted(known) if item.format is not Format.CHOOSE else set(named) <= set(known)
    return with_key(item.format, table, said) if whole else table  # what does not fit is told by the checks


def key_of(item: SecretItem, text: str) -> dict[str, Any]:
    """Read a changed key as people write it.

    Rank: ``B > A = C > D > E``; choose: ``B E G``; rate and graded choices: ``A4 B1 C3``.

    Raises
    ------
    InputError
        It cannot be read.
    """
    said = text.strip()
    key = dict(item.key)
    if item.format is Format.RANK:
        tiers = [[name for name in re.split(r"[\s=,]+", part) if name] for part in said.split(">")]
        if all(tiers) and len(tiers) > 1:
            return {**key, "order": tiers}
        raise _unread(item, "Write the order from best to worst, such as B > A = C > D > E.")
    if item.format is Format.CHOOSE:
        names = [name for name in re.split(r"[\s,]+", said) if name]
        if names:
            return {**key, "key": names}
        raise _unread(item, "Write the keyed options, such as B E G.")
    found = re.findall(r"([A-Z])\s*[=:]?\s*(\d+)", said)
    if not found:
        raise _unread(item, "Write each option with its value, such as A4 B1 C3.")
    name = "key" if item.format is Format.RATE else "effectiveness"
    return {**key, name: {option: int(value) for option, value in found}}


def _unread(item: SecretItem, remedy: str, field: str = "Key") -> InputError:
    return InputError("The change cannot be read.", [Fault("", item.id, field, "does not read as a key.", remedy)])


def check(item: SecretItem, text: str) -> None:
    """Refuse a key that does not read, or names an option twice or not at all.

    Raises
    ------
    InputError
        With what to write instead.
    """
    key = key_of(item, text)
    if item.format is Format.RANK:
        given = [name for tier in key["order"] for name in tier]
        known = [name for tier in item.key["order"] for name in tier]
    elif item.format is Format.CHOOSE:
        given, known = list(key["key"]), list(item.key["key"])
        if len(given) != len(known) or len(set(given)) != len(given):
            raise _unread(item, f"Name {len(known)} different options.")
        return
    else:
        name = "key" if item.format is Format.RATE else "effectiveness"
        given, known = list(key[name]), list(item.key.get(name, {}))
    if sorted(given) != sorted(known):
        raise _unread(item, f"Name every option once: {' '.join(sorted(known))}.")
