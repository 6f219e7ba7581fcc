"""A draft of a scenario as flat fields, name → text: what a form posts, a step keeps, a merge compares.

Names: ``title``, ``story``, ``ksbs`` (a list, parted by spaces), ``ksb.S19.shows``, ``person.1.name``, ``law.1.title``,
``features.setting``, and for an item ``i.a.ask``, for its option ``i.a.o.B.text``. A field without text is not there.
A draft may lack anything; what is missing is a finding, never a refusal to keep what somebody wrote.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Final

from sjt.authoring.model import (
    Bank,
    ChooseKey,
    Features,
    Format,
    Item,
    KeySet,
    OptionKey,
    Person,
    RankKey,
    RateKey,
    RubricKey,
    Scenario,
)

Fields = Mapping[str, str]

FEATURES: Final = tuple(entry.name for entry in fields(Features))
PERSON_PARTS: Final = tuple(entry.name for entry in fields(Person))
LAW_PARTS: Final = ("title", "edition", "review_by")
ITEM_PARTS: Final = ("format", "ask", "minutes", "choose", "scale", "matrix", "max_words", "rubric")
OPTION_PARTS: Final = ("text", "pinned", "why", "level", "place", "chosen", "rating")
ON: Final = "yes"
"""What a ticked box holds."""

_PLAIN: Final = frozenset(
    {"title", "story", "option", "demand", "topics", "content_note", "family", "reskin_of", "author", "source"}
    | {f"features.{name}" for name in FEATURES}
)
LISTS: Final = ("outcomes", "areas", "ksbs", "enemies", "capabilities", "people", "laws", "items")
_ANY: Final = re.compile(r"\S+")
_LETTER: Final = re.compile(r"[A-Z]")
_NUMBER: Final = re.compile(r"[0-9]{1,4}")
_ENTRY: Final = {
    "items": re.compile(r"[a-z]"),
    "people": _NUMBER,
    "laws": _NUMBER,
    "enemies": re.compile(r"[a-z][a-z0-9]*-[0-9]{4,}"),
}
"""What an entry of a list may look like; a page offers nothing else."""
_OF_ITEM: Final = re.compile(r"^i\.([a-z])\.(.+)$")
_OF_OPTION: Final = re.compile(r"^o\.([A-Z])\.([a-z]+)$")
_OF_EXAMPLE: Final = re.compile(r"^x\.([0-9]+)\.(level|text)$")

OPTIONS_AT_FIRST: Final[Mapping[Format, int]] = {
    Format.RANK: 5,
    Format.CHOOSE: 8,
    Format.RATE: 5,
    Format.MOST_LEAST: 4,
    Format.SINGLE: 4,
    Format.WRITTEN: 0,
}
"""How many responses a new item of a format has room for (rule L05)."""
MOST_OPTIONS: Final = 8
ASKS: Final[Mapping[Format, str]] = {
    Format.RANK: "Rank these actions from most to least appropriate.",
    Format.CHOOSE: "Choose the three most appropriate actions to take together.",
    Format.RATE: "Rate how appropriate each of these actions is.",
    Format.MOST_LEAST: "Choose the most and the least appropriate action.",
    Format.SINGLE: "Choose the most appropriate action.",
    Format.WRITTEN: "What would you do next, and why?",
}
MINUTES: Final[Mapping[Format, str]] = {
    Format.RANK: "2.2",
    Format.CHOOSE: "2.6",
    Format.RATE: "2.0",
    Format.MOST_LEAST: "1.2",
    Format.SINGLE: "1.2",
    Format.WRITTEN: "6.0",
}


@dataclass(frozen=True, slots=True)
class Cell:
    """A gap somebody starts to write from: a code, an outcome, a format, an option; any may be left open."""

    option: str = "core"
    outcome: str = ""
    format: str = ""
    ksb: str = ""


def listed(held: Fields, name: str) -> list[str]:
    """Give the entries of a list field in their order."""
    return held.get(name, "").split()


def format_of(held: Fields, item: str) -> Format:
    """Give the format of an item; one that no page offers is read as a ranking."""
    found = held.get(f"i.{item}.format", "")
    return Format(found) if found in {kind.value for kind in Format} else Format.RANK


def option_list(item: str) -> str:
    """Name the list of an item's options."""
    return f"i.{item}.options"


def new_draft(bank: Bank, cell: Cell, *, author: str) -> dict[str, str]:
    """Give an empty scenario for a cell, with its tags set and one item of its format."""
    made = {"option": cell.option, "author": author, "outcomes": cell.outcome, "ksbs": cell.ksb}
    if cell.ksb:
        made[f"ksb.{cell.ksb}.role"] = "primary"
    if bank.levels:
        made["demand"] = "3" if "3" in bank.levels else bank.levels[0]
    else:
        made["demand"] = str(bank.standard.level)
    return tidy(add_item(made, Format(cell.format or Format.RANK), bank))


def add_item(held: Fields, kind: Format, bank: Bank) -> dict[str, str]:
    """Add an item of a format with as many empty responses as the format has."""
    used = listed(held, "items")
    letter = next(name for name in "abcdefghijklmnopqrstuvwxyz" if name > max(used, default=""))
    made = dict(held) | {"items": " ".join([*used, letter])}
    made |= {f"i.{letter}.{name}": value for name, value in _start_of(kind, bank).items()}
    made[option_list(letter)] = " ".join("ABCDEFGH"[: OPTIONS_AT_FIRST[kind]])
    return made


def _start_of(kind: Format, bank: Bank) -> dict[str, str]:
    made = {"format": kind.value, "ask": ASKS[kind], "minutes": MINUTES[kind]}
    settings = bank.settings
    if kind is Format.CHOOSE:
        made["choose"] = "3"
    if kind is Format.RATE:
        made |= {"scale": next(iter(settings.scales), ""), "matrix": next(iter(settings.matrices), "")}
    if kind is Format.WRITTEN:
        made |= {"max_words": "150", "rubric": next(iter(bank.rubrics), "")}
    return made


def tidy(posted: Fields) -> dict[str, str]:
    """Keep known fields that hold text, with plain line ends; what belongs to an entry no list names is let go."""
    held = {name: _clean(value) for name, value in posted.items()}
    for name in LISTS:
        held[name] = _entries(held.get(name, ""), _ENTRY.get(name, _ANY))
    for item in listed(held, "items"):
        held[option_list(item)] = _entries(held.get(option_list(item), ""), _LETTER)
        held[f"i.{item}.examples"] = _entries(held.get(f"i.{item}.examples", ""), _NUMBER)
    lists = {name: set(listed(held, name)) for name in LISTS}
    options = {item: set(listed(held, option_list(item))) for item in lists["items"]}
    examples = {item: set(listed(held, f"i.{item}.examples")) for item in lists["items"]}
    kept = {name: value for name, value in held.items() if value and _known(name, lists, options, examples)}
    return dict(sorted(kept.items()))


def _entries(value: str, form: re.Pattern[str]) -> str:
    return " ".join(dict.fromkeys(entry for entry in value.split() if form.fullmatch(entry)))


def _clean(value: str) -> str:
    text = value.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
    return text.strip()


def _known(
    name: str, lists: Mapping[str, set[str]], options: Mapping[str, set[str]], examples: Mapping[str, set[str]]
) -> bool:
    if name in _PLAIN or name in LISTS:
        return True
    found = _OF_ITEM.match(name)
    if found:
        item, rest = found.groups()
        if item not in lists["items"]:
            return False
        option, example = _OF_OPTION.match(rest), _OF_EXAMPLE.match(rest)
        if option:
            return option[1] in options[item] and option[2] in OPTION_PARTS
        if example:
            return example[1] in examples[item]
        return rest in (*ITEM_PARTS, "options", "examples") or rest.startswith("look.")
    head, _, rest = name.partition(".")
    entry, _, part = rest.rpartition(".")
    if head == "ksb":
        return entry in lists["ksbs"] and part in ("role", "shows")
    if head == "person":
        return entry in lists["people"] and part in PERSON_PARTS
    return head == "law" and entry in lists["laws"] and part in LAW_PARTS


def from_scenario(scenario: Scenario, keys: KeySet | None) -> dict[str, str]:
    """Give the fields of a scenario that stands in a bank."""
    held = {name: str(getattr(scenario, name)) for name in _PLAIN if "." not in name and name != "topics"}
    held["topics"] = "\n".join(scenario.topics)
    held |= {f"features.{name}": getattr(scenario.features, name) for name in FEATURES}
    held |= {name: " ".join(getattr(scenario, name)) for name in ("outcomes", "areas", "enemies", "capabilities")}
    held["ksbs"] = " ".join(tag.code for tag in scenario.ksbs)
    for tag in scenario.ksbs:
        held |= {f"ksb.{tag.code}.role": tag.role, f"ksb.{tag.code}.shows": tag.shows}
    held["people"] = _numbers(scenario.people)
    for number, person in enumerate(scenario.people, start=1):
        held |= {f"person.{number}.{name}": str(getattr(person, name)) for name in PERSON_PARTS}
    held["laws"] = _numbers(scenario.law)
    for number, law in enumerate(scenario.law, start=1):
        held |= {f"law.{number}.{name}": str(getattr(law, name)) for name in LAW_PARTS}
    held["items"] = " ".join(item.id[-1] for item in scenario.items)
    for item in scenario.items:
        held |= {f"i.{item.id[-1]}.{name}": value for name, value in _item(item).items()}
        key = keys.items.get(item.id) if keys else None
        if key is not None:
            held |= {f"i.{item.id[-1]}.{name}": value for name, value in _key(key).items()}
    return tidy(held)


def _numbers(entries: Iterable[object]) -> str:
    return " ".join(str(number) for number, _ in enumerate(entries, start=1))


def _item(item: Item) -> dict[str, str]:
    made = {name: str(getattr(item, name)) for name in ("ask", "minutes", "choose", "scale", "max_words")}
    made = {name: value for name, value in made.items() if value != "None"}
    made |= {"format": item.format.value, "options": " ".join(item.option_ids)}
    for option in item.options:
        made |= {f"o.{option.id}.text": option.text, f"o.{option.id}.pinned": ON if option.pinned else ""}
    return made


def _key(key: OptionKey | RubricKey) -> dict[str, str]:
    if isinstance(key, RubricKey):
        made = {"rubric": key.rubric, "examples": _numbers(key.exemplars)}
        made |= {f"look.{criterion}": text for criterion, text in key.look_for.items()}
        for number, example in enumerate(key.exemplars, start=1):
            made |= {f"x.{number}.level": str(example.level), f"x.{number}.text": example.text}
        return made
    made = {f"o.{option}.why": text for option, text in key.why.items()}
    made |= {f"o.{option}.level": str(level) for option, level in key.effectiveness.items()}
    if isinstance(key, RankKey):
        before = 0
        for group in key.order:
            made |= {f"o.{option}.place": str(before + 1) for option in group}
            before += len(group)
    elif isinstance(key, ChooseKey):
        made |= {f"o.{option}.chosen": ON for option in key.key}
    elif isinstance(key, RateKey):
        made["matrix"] = key.matrix
        made |= {f"o.{option}.rating": str(value) for option, value in key.key.items()}
    return made
