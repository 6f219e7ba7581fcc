"""A changed key as people write it: pure, so that the page can refuse what does not read."""

from __future__ import annotations

import re
from typing import Any

from sjt.authoring.snapshot import Format, SecretItem
from sjt.errors import Fault, InputError


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


def _unread(item: SecretItem, remedy: str) -> InputError:
    return InputError("The change cannot be read.", [Fault("", item.id, "Key", "does not read as a key.", remedy)])


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
