"""A candidate's own paper on sheets, pure: how it is numbered, how a keyer types it, what the signs mean."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sjt.authoring.snapshot import Format, Paper, PaperItem
from sjt.delivery import responses
from sjt.delivery.model import Code

LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
BLANK: Final = "-"
_SIGNS: Final = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_AS_WRITTEN: Final = frozenset({Code.TIED, Code.OVER_SELECTED})
"""What a screen refuses and a sheet may hold all the same: the marks for it are the scorer's business."""


@dataclass(frozen=True, slots=True)
class Question:
    """One question as printed: its number, its options in the printed order."""

    number: int
    item: PaperItem
    hint: str

    @property
    def lettered(self) -> list[tuple[str, str]]:
        return [(LETTERS[n], option.text) for n, option in enumerate(self.item.options)]


@dataclass(frozen=True, slots=True)
class Wrong:
    """What a keyer typed that the sheet cannot say."""

    message: str


def mark_of(sitting_id: object, snapshot_sha256: str, deal: str) -> str:
    """Give the check mark of a sitting's sheets: another form or order has another mark."""
    value = int(hashlib.sha256(f"{sitting_id}|{snapshot_sha256}|{deal}".encode()).hexdigest()[:16], 16)
    signs = []
    for _ in range(6):
        value, index = divmod(value, len(_SIGNS))
        signs.append(_SIGNS[index])
    return f"{''.join(signs[:3])}-{''.join(signs[3:])}"


def same_mark(typed: str, mark: str) -> bool:
    return typed.strip().upper().replace("-", "").replace(" ", "") == mark.replace("-", "")


def questions(paper: Paper) -> list[Question]:
    """Number a paper's questions in the order in which they are printed."""
    return [Question(n, item, hint(item)) for n, item in enumerate(paper.items(), start=1)]


def hint(item: PaperItem) -> str:
    """Say how the question is keyed."""
    n = len(item.options)
    if item.format is Format.RANK:
        return f"The {n} numbers in the boxes from top to bottom, such as {''.join(map(str, range(1, n + 1)))}"
    if item.format is Format.RATE:
        return f"The {n} numbers that are ringed, from top to bottom"
    if item.format is Format.CHOOSE:
        return "The letters of the ticked boxes, such as ACE"
    if item.format is Format.MOST_LEAST:
        return "The letter under Most, then the letter under Least, such as BD"
    if item.format is Format.SINGLE:
        return "The letter of the ticked box"
    return "The words as they are written"


def read(item: PaperItem, typed: str) -> Any | Wrong:
    """Turn what was keyed by printed positions into a response by option ids; None: the sheet is blank there.

    In numbers and letters a hyphen stands for a box that was left empty.
    """
    text = typed.strip()
    if not text:
        return Wrong("Nothing was keyed. Key - where the sheet is blank.")
    if text == BLANK:
        return None
    if item.format is Format.WRITTEN:
        return _checked(item, {"text": typed.strip("\n")})
    signs = "".join(text.upper().split())
    ids = item.option_ids()
    if item.format in (Format.RANK, Format.RATE):
        if len(signs) != len(ids):
            return Wrong(f"{len(signs)} signs were keyed; there are {len(ids)} boxes. Key - for an empty one.")
        if strange := sorted({sign for sign in signs if not (sign.isascii() and sign.isdigit()) and sign != BLANK}):
            return Wrong(f"{', '.join(strange)} is no number. Key - for a box that cannot be read.")
        return _checked(item, {option: int(sign) for option, sign in zip(ids, signs, strict=True) if sign != BLANK})
    if strange := sorted({sign for sign in signs if sign not in LETTERS[: len(ids)] and sign != BLANK}):
        return Wrong(f"{', '.join(strange)} is no letter of this question: {LETTERS[0]} to {LETTERS[len(ids) - 1]}.")
    named = [None if sign == BLANK else ids[LETTERS.index(sign)] for sign in signs]
    if item.format is Format.MOST_LEAST:
        if len(named) != 2:
            return Wrong("Two letters are wanted: Most, then Least. Key - for one that is missing.")
        return _checked(item, {"least": named[1], "most": named[0]})
    chosen = [one for one in named if one is not None]
    if len(set(chosen)) < len(chosen):
        return Wrong("A letter stands twice.")
    if item.format is Format.SINGLE:
        return _checked(item, chosen[0]) if len(chosen) == 1 else Wrong("One letter is wanted.")
    return _checked(item, sorted(chosen))


def _checked(item: PaperItem, response: Any) -> Any | Wrong:
    found = responses.check_response(item, response)
    if isinstance(found, responses.Fault):
        return (
            response if found.code in _AS_WRITTEN else Wrong(found.message.replace(f"Item {item.id}", "The question"))
        )
    return found


def same(item: PaperItem, one: Any, other: Any) -> bool:
    """Tell whether two keyings say the same; in written words the white space does not count."""
    if item.format is Format.WRITTEN and isinstance(one, Mapping) and isinstance(other, Mapping):
        return str(one["text"]).split() == str(other["text"]).split()
    return bool(one == other)
