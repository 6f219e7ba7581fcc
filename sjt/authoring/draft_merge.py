"""Two edits of one draft brought together, field by field; and what differs between two versions."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sjt.authoring.draft import LISTS, ON, Fields, listed, tidy
from sjt.authoring.model import Bank, Format

_ENTRY: Final = re.compile(
    r"^(?:(?P<ksb>ksb)\.(?P<code>.+)\.\w+|(?P<row>person|law)\.(?P<number>\d+)\.\w+"
    r"|i\.(?P<item>[a-z])\.(?:o\.(?P<option>[A-Z])\.\w+|x\.(?P<example>\d+)\.\w+|.+))$"
)
_WORDS: Final = re.compile(r"\s+|[^\s]+")
_ROWS: Final = {"person": "people", "law": "laws"}


@dataclass(frozen=True, slots=True)
class Clash:
    """A field that both sides changed, each in its own way."""

    field: str
    before: str
    theirs: str
    yours: str


@dataclass(frozen=True, slots=True)
class Merge:
    """What could be brought together, with the other side's text where the two clash."""

    fields: Mapping[str, str]
    clashes: tuple[Clash, ...]


def is_list(name: str) -> bool:
    """Tell whether a field holds entries parted by spaces."""
    return name in LISTS or (
        name.startswith("i.") and name.count(".") == 2 and name.endswith((".options", ".examples"))
    )


def owners(name: str) -> list[tuple[str, str]]:
    """Give the lists that a field hangs on, outermost first, each with the entry it belongs to."""
    found = _ENTRY.match(name)
    if found is None:
        return []
    if found["ksb"]:
        return [("ksbs", found["code"])]
    if found["row"]:
        return [(_ROWS[found["row"]], found["number"])]
    held = [("items", found["item"])]
    if found["option"]:
        held.append((f"i.{found['item']}.options", found["option"]))
    if found["example"]:
        held.append((f"i.{found['item']}.examples", found["example"]))
    return held


def merge(base: Fields, theirs: Fields, yours: Fields) -> Merge:
    """Bring two edits of one base together; nothing that either side wrote is lost without being asked about.

    An entry that one side took out and the other wrote in stays; lists take what either added and let go what
    either took out; a text that both changed is a clash.
    """
    lists = {name for side in (base, theirs, yours) for name in side if is_list(name)}
    merged: dict[str, str] = {}
    for name in lists:
        merged[name] = _merged_list(name, base, theirs, yours)
    clashes = []
    for name in sorted((base.keys() | theirs.keys() | yours.keys()) - lists):
        b, t, y = (side.get(name, "") for side in (base, theirs, yours))
        taken_out = [_taken_out(name, base, side) for side in (theirs, yours)]
        if taken_out[0]:
            merged[name] = y
        elif taken_out[1] or y in (b, t):
            merged[name] = t
        elif t == b:
            merged[name] = y
        else:
            merged[name] = t
            clashes.append(Clash(name, b, t, y))
    return Merge(tidy(merged), tuple(clashes))


def settled(found: Merge, chosen: Mapping[str, str]) -> dict[str, str]:
    """Give the fields after somebody chose ``yours`` or ``theirs`` for each clash."""
    taken = {clash.field: clash.yours for clash in found.clashes if chosen.get(clash.field) == "yours"}
    return tidy({**found.fields, **taken})


def _taken_out(name: str, base: Fields, side: Fields) -> bool:
    """Tell whether this side took out an entry that the field hangs on."""
    return any(entry in listed(base, where) and entry not in listed(side, where) for where, entry in owners(name))


def _merged_list(name: str, base: Fields, theirs: Fields, yours: Fields) -> str:
    b, t, y = (listed(side, name) for side in (base, theirs, yours))
    if t in (b, y):
        result, other = list(y), t
    else:
        result, other = (list(t), y)
    result += [entry for entry in other if entry not in result and entry not in b]
    gone = {entry for entry in b if entry not in t or entry not in y}
    revived = {entry for entry in gone if _written_in(name, entry, base, theirs, yours)}
    result = [entry for entry in result if entry not in gone or entry in revived]
    result += [entry for entry in b if entry in revived and entry not in result]
    return " ".join(result)


def _written_in(name: str, entry: str, base: Fields, theirs: Fields, yours: Fields) -> bool:
    """Tell whether the side that kept an entry changed something in it."""
    keepers = [side for side in (theirs, yours) if entry in listed(side, name)]
    return any(
        side.get(field, "") != base.get(field, "")
        for side in keepers
        for field in base.keys() | side.keys()
        if (name, entry) in owners(field)
    )


@dataclass(frozen=True, slots=True)
class Change:
    """One field that differs, in words, its text parted into what stayed, went and came."""

    field: str
    label: str
    parts: tuple[tuple[str, str], ...]


def changes(before: Fields, after: Fields, bank: Bank) -> list[Change]:
    """List what differs between two sets of fields, in the order of the page."""
    names = [name for name in before.keys() | after.keys() if before.get(name, "") != after.get(name, "")]
    names.sort(key=lambda name: order(name, after, before))
    return [Change(name, label(name), parted(words(name, before, bank), words(name, after, bank))) for name in names]


def order(name: str, *sides: Fields) -> tuple[int, str]:
    """Place a field as the page has it: title, story, items, then the rest."""
    first = {"title": 0, "story": 1, "items": 2}
    return (first.get(name, 3 if name.startswith("i.") else 4), name)


def parted(before: str, after: str) -> tuple[tuple[str, str], ...]:
    """Part two texts word by word into ``same``, ``removed`` and ``added``."""
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    parts: list[tuple[str, str]] = []
    for kind, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            parts.append(("same", "".join(old[a:b])))
        else:
            if b > a:
                parts.append(("removed", "".join(old[a:b])))
            if d > c:
                parts.append(("added", "".join(new[c:d])))
    return tuple(parts)


_LABELS: Final = {
    "title": "Title",
    "story": "Story",
    "option": "Option",
    "outcomes": "Practice outcomes",
    "areas": "Areas of the option",
    "ksbs": "Knowledge, skills and behaviours",
    "demand": "Level of demand",
    "topics": "Topics",
    "content_note": "Content note",
    "family": "Family",
    "reskin_of": "Made from",
    "author": "Author",
    "source": "Source of the incident",
    "enemies": "Never in one form with",
    "capabilities": "Capabilities",
    "people": "People",
    "laws": "Law and guidance",
    "items": "Items",
}
_ITEM_LABELS: Final = {
    "format": "format",
    "ask": "question",
    "minutes": "minutes",
    "choose": "how many to choose",
    "scale": "scale",
    "matrix": "marking table",
    "max_words": "words to write",
    "rubric": "rubric",
    "options": "responses",
    "examples": "answers of known level",
    "key": "key",
}
_OPTION_LABELS: Final = {
    "text": "",
    "pinned": ", keeps its place",
    "why": ", reason",
    "level": ", effectiveness",
    "place": ", place in the key",
    "chosen": ", to be chosen",
    "rating": ", rating in the key",
}
_KEY_PARTS: Final = frozenset({"why", "level", "place", "chosen", "rating"})


def tells_key(name: str) -> bool:
    """Tell whether a field says something of the key."""
    if name.startswith("ksb.") and name.endswith(".shows"):
        return True
    found = _ENTRY.match(name)
    if found is None or not found["item"]:
        return False
    last = name.rpartition(".")[2]
    if found["option"]:
        return last in _KEY_PARTS
    return bool(found["example"]) or ".look." in name or last in ("matrix", "rubric", "examples")


def label(name: str) -> str:
    """Name a field in words."""
    if name in _LABELS:
        return _LABELS[name]
    found = _ENTRY.match(name)
    last = name.rpartition(".")[2].replace("_", " ")
    if found is None:
        return f"Features, {last}"
    if found["ksb"]:
        return f"{found['code']}, {'where it shows' if last == 'shows' else 'role'}"
    if found["row"]:
        return f"{'Person' if found['row'] == 'person' else 'Law'} {found['number']}, {last}"
    item = f"Item {found['item']}"
    if found["option"]:
        return f"{item}, response {found['option']}{_OPTION_LABELS[last]}"
    if found["example"]:
        return f"{item}, answer {found['example']}, {last}"
    if ".look." in name:
        return f"{item}, what to look for: {name.partition('.look.')[2]}"
    return f"{item}, {_ITEM_LABELS.get(last.replace(' ', '_'), last)}"


def words(name: str, held: Fields, bank: Bank) -> str:
    """Give what a field holds as a reader knows it: statements for codes, titles for scenarios."""
    value = held.get(name, "")
    if value == ON and name.rpartition(".")[2] in ("pinned", "chosen"):
        return "yes"
    if name.endswith(".format") and value:
        return value.replace("_", " and ") if value == Format.MOST_LEAST else value
    if name == "ksbs":
        return "\n".join(f"{code} {bank.standard.codes[code].text}" if code in bank.standard.codes else code
                         for code in listed(held, name))  # fmt: skip
    if name == "outcomes":
        texts: Mapping[str, str] = {one.id: one.statement for one in bank.standard.practice_outcomes}
        return "\n".join(f"{entry} {texts.get(entry, '')}".strip() for entry in listed(held, name))
    if name == "enemies":
        titles: Mapping[str, str] = {one.id: one.title for one in bank.scenarios}
        return ", ".join(titles.get(entry, entry) for entry in listed(held, name))
    if name == "people":
        return ", ".join(_named(held, "person", entry, "name") for entry in listed(held, name))
    if name == "laws":
        return ", ".join(_named(held, "law", entry, "title") for entry in listed(held, name))
    return ", ".join(listed(held, name)) if is_list(name) else value


def _named(held: Fields, head: str, entry: str, part: str) -> str:
    return held.get(f"{head}.{entry}.{part}", f"row {entry}")


def without_key(found: Sequence[Change]) -> list[Change]:
    """Leave out what tells something of a key."""
    return [one for one in found if not tells_key(one.field)]
