"""What a button of the editor does to a draft's fields: add, take out, move; pure, so that it can be undone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sjt.authoring.draft import MOST_OPTIONS, Fields, add_item, listed, option_list, tidy
from sjt.authoring.model import Bank, Format
from sjt.errors import InputError

ROWS: Final[Mapping[str, str]] = {"person": "people", "law": "laws"}
"""Entries that come in numbered rows, and the list that holds their numbers."""


def apply(held: Fields, deed: str, bank: Bank) -> tuple[dict[str, str], str]:
    """Do what a button says, such as ``up:a:C``; give the fields and the name of the field to go on at.

    A deed that cannot be done (moving the first one up) changes nothing: the page may be older than the draft.
    """
    name, _, rest = deed.partition(":")
    made, focus = dict(held), ""
    if name == "add-item":
        made = add_item(held, Format(rest), bank)
        focus = f"i.{listed(made, 'items')[-1]}.ask"
    elif name == "remove-item":
        made["items"] = " ".join(entry for entry in listed(held, "items") if entry != rest)
    elif name in ("up-item", "down-item"):
        made["items"] = _moved(listed(held, "items"), rest, name)
        focus = f"i.{rest}.ask"
    elif name == "add-option":
        made, focus = _with_option(made, rest)
    elif name in ("remove-option", "up", "down"):
        item, _, option = rest.partition(":")
        options = listed(held, option_list(item))
        if name == "remove-option":
            made[option_list(item)] = " ".join(entry for entry in options if entry != option)
            focus = f"i.{item}.ask"
        else:
            made[option_list(item)] = _moved(options, option, name)
            focus = f"i.{item}.o.{option}.text"
    elif name == "add-example":
        made, focus = _with_row(made, f"i.{rest}.examples", f"i.{rest}.x", "text")
    elif name == "remove-example":
        item, _, row = rest.partition(":")
        made[f"i.{item}.examples"] = " ".join(entry for entry in listed(held, f"i.{item}.examples") if entry != row)
    elif name == "add-row" and rest in ROWS:
        made, focus = _with_row(made, ROWS[rest], rest, "name" if rest == "person" else "title")
    elif name == "remove-row":
        kind, _, row = rest.partition(":")
        if kind in ROWS:
            made[ROWS[kind]] = " ".join(entry for entry in listed(held, ROWS[kind]) if entry != row)
    else:
        raise InputError(f"The editor has no button {deed!r}. Load the page again.")
    return tidy(made), focus


def _moved(entries: list[str], entry: str, way: str) -> str:
    if entry in entries:
        at = entries.index(entry)
        to = at - 1 if way.startswith("up") else at + 1
        if 0 <= to < len(entries):
            entries[at], entries[to] = entries[to], entries[at]
    return " ".join(entries)


def _with_option(held: dict[str, str], item: str) -> tuple[dict[str, str], str]:
    options = listed(held, option_list(item))
    free = [letter for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ" if letter not in options]
    if item not in listed(held, "items") or len(options) >= MOST_OPTIONS:
        return held, ""
    after = [letter for letter in free if letter > max(options, default="")] or free
    return held | {option_list(item): " ".join([*options, after[0]])}, f"i.{item}.o.{after[0]}.text"


def _with_row(held: dict[str, str], name: str, head: str, part: str) -> tuple[dict[str, str], str]:
    rows = listed(held, name)
    number = str(max((int(row) for row in rows), default=0) + 1)
    return held | {name: " ".join([*rows, number])}, f"{head}.{number}.{part}"
