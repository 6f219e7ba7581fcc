"""A draft's fields to a scenario and its key, and to the two files that an export writes.

Whatever is missing gets a stand-in, so that the preview can be drawn and the other rules can run, and is told as a
finding of its own; no draft with a stand-in in it enters the bank.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from sjt.authoring.draft import FEATURES, LAW_PARTS, ON, PERSON_PARTS, Fields, format_of, listed, option_list
from sjt.authoring.model import RULE_OF_FORMAT, Bank, Format, KeySet, Scenario
from sjt.authoring.scenario_files import KEYS, SCENARIO, version_of
from sjt.authoring.writer import key_text, scenario_text

ROLES: Final = ("child", "client", "family", "colleague", "manager", "antagonist")
GENDERS: Final = ("", "female", "male", "other")
NOT_YET: Final = "Not written yet."
A_STAND_IN_DAY: Final = date(2999, 1, 1)


@dataclass(frozen=True, slots=True)
class Missing:
    """A field that must be filled in, or that holds what cannot be read."""

    field: str
    message: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Built:
    """A draft as the bank would hold it."""

    scenario: Scenario
    keys: KeySet
    scenario_bytes: bytes
    key_bytes: bytes
    missing: tuple[Missing, ...]


class _Builder:
    def __init__(self, held: Fields, bank: Bank) -> None:
        self.held = held
        self.bank = bank
        self.missing: list[Missing] = []

    def lack(self, field: str, message: str, remedy: str) -> None:
        self.missing.append(Missing(field, message, remedy))

    def text(self, field: str, what: str, remedy: str, stand_in: str = NOT_YET) -> str:
        found = self.held.get(field, "")
        if not found:
            self.lack(field, f"{what} is missing.", remedy)
        return found or stand_in

    def whole(self, field: str, what: str, least: int, most: int, stand_in: int, *, needed: bool = True) -> int | None:
        found = self.held.get(field, "")
        if not found and not needed:
            return None
        if found.isascii() and found.isdecimal() and least <= int(found[:9]) <= most:
            return int(found)
        said = f"{what} is missing." if not found else f"{what} says {found!r}."
        self.lack(field, said, f"Give a whole number from {least} to {most}.")
        return stand_in

    def front(self, scenario_id: str) -> dict[str, Any]:
        held = self.held
        values: dict[str, Any] = {
            "id": scenario_id,
            "title": self.text("title", "The title", "Give the scenario a short title.", "Untitled"),
            "option": self.text("option", "The option", "Choose core or one option.", "core"),
            "demand": self.text("demand", "The level of demand", "Choose a level.", str(self.bank.standard.level)),
            "author": self.text("author", "The author", "Write who made this."),
            "source": self.text("source", "The source", "Write where the incident comes from."),
            "topics": tuple(line.strip() for line in held.get("topics", "").split("\n") if line.strip()),
            "content_note": held.get("content_note", ""),
            "family": held.get("family", ""),
            "reskin_of": held.get("reskin_of", ""),
            "features": {name: held.get(f"features.{name}", "") for name in FEATURES},
            "story": held.get("story", ""),
        }
        if not values["story"]:
            self.lack("story", "The story is missing.", "Write what has happened, in 40 to 120 words.")
        values |= {name: tuple(listed(held, name)) for name in ("outcomes", "areas", "enemies", "capabilities")}
        parent = values["reskin_of"]
        if parent and parent not in values["enemies"]:  # whoever knows one knows the other, whatever is ticked
            values["enemies"] = (*values["enemies"], parent)
        values["ksbs"] = [
            {
                "code": code,
                "role": "primary" if held.get(f"ksb.{code}.role") == "primary" else "secondary",
                "shows": self.text(
                    f"ksb.{code}.shows", f"Where {code} shows", "Write which responses show it, and how."
                ),
            }
            for code in listed(held, "ksbs")
        ]
        values["people"] = [self.person(row) for row in listed(held, "people")]
        values["law"] = [self.law(row) for row in listed(held, "laws")]
        values["items"] = [self.item(f"{scenario_id}-{letter}", letter) for letter in listed(held, "items")]
        if not values["items"]:
            self.lack("items", "There is no item.", "Add one.")
            values["items"] = [{"id": f"{scenario_id}-a", "format": "written", "ask": NOT_YET, "minutes": 1.0}]
        return values

    def person(self, row: str) -> dict[str, str]:
        person = {name: self.held.get(f"person.{row}.{name}", "") for name in PERSON_PARTS}
        person["name"] = self.text(f"person.{row}.name", "The name", "Name the person, or take the row out.", "Someone")
        person["role"] = person["role"] if person["role"] in ROLES else "colleague"
        person["gender"] = person["gender"] if person["gender"] in GENDERS else ""
        return person

    def law(self, row: str) -> dict[str, Any]:
        title, edition, day = (f"law.{row}.{name}" for name in LAW_PARTS)
        try:
            review_by = date.fromisoformat(self.held.get(day, ""))
        except ValueError:
            self.lack(day, "There is no day to look at this again.", "Give a date, such as 2027-06-01.")
            review_by = A_STAND_IN_DAY
        return {
            "title": self.text(title, "The title of the law or guidance", "Give it, or take the row out."),
            "edition": self.text(edition, "The edition", "Give the year or number of the edition you read."),
            "review_by": review_by,
        }

    def item(self, item_id: str, letter: str) -> dict[str, Any]:
        head = f"i.{letter}"
        kind = format_of(self.held, letter)
        values: dict[str, Any] = {
            "id": item_id,
            "format": kind.value,
            "ask": self.text(f"{head}.ask", "The question", "Write what the candidate is asked to do."),
            "minutes": self.minutes(f"{head}.minutes"),
        }
        if kind is not Format.WRITTEN:
            values["options"] = [
                {
                    "id": option,
                    "text": self.text(
                        f"{head}.o.{option}.text", f"Response {option}", "Write it, or take the response out."
                    ),
                    "pinned": self.held.get(f"{head}.o.{option}.pinned") == ON,
                }
                for option in listed(self.held, option_list(letter))
            ]
        if kind is Format.CHOOSE:
            values["choose"] = self.whole(f"{head}.choose", "How many to choose", 1, 8, 3)
        if kind is Format.RATE:
            values["scale"] = self.chosen(f"{head}.scale", "The scale", self.bank.settings.scales)
        if kind is Format.WRITTEN:
            values["max_words"] = self.whole(f"{head}.max_words", "The number of words", 1, 2000, 150)
        return values

    def minutes(self, field: str) -> float:
        found = self.held.get(field, "")
        try:
            value = float(found)
        except ValueError:
            value = 0.0
        if 0 < value <= 60:
            return value
        said = f"The minutes say {found!r}." if found else "The minutes are missing."
        self.lack(field, said, "Give a number such as 2.2, at most 60.")
        return 1.0

    def chosen(self, field: str, what: str, known: Mapping[str, Any]) -> str:
        found = self.held.get(field, "")
        if found not in known:
            self.lack(field, f"{what} is not one of the bank's.", f"Choose one of {', '.join(known)}.")
        return found if found in known else next(iter(known), "none")

    def key(self, letter: str) -> dict[str, Any]:
        head = f"i.{letter}"
        kind = format_of(self.held, letter)
        if kind is Format.WRITTEN:
            return self.rubric_key(letter)
        options = listed(self.held, option_list(letter))
        values: dict[str, Any] = {"rule": RULE_OF_FORMAT[kind]}
        must = kind in (Format.MOST_LEAST, Format.SINGLE)
        levels = {
            o: self.whole(f"{head}.o.{o}.level", f"The effectiveness of {o}", 0, 4, 0, needed=must) for o in options
        }
        values["effectiveness"] = {option: level for option, level in levels.items() if level is not None}
        for option in options:
            if f"{head}.o.{option}.why" not in self.held:
                remedy = "Say what it achieves, what it risks and why its neighbour ranks lower."
                self.lack(f"{head}.o.{option}.why", f"Response {option} has no reason.", remedy)
        values["why"] = {o: self.held[f"{head}.o.{o}.why"] for o in options if f"{head}.o.{o}.why" in self.held}
        if kind is Format.RANK:
            most = max(1, len(options))
            places = {o: self.whole(f"{head}.o.{o}.place", f"The place of {o}", 1, most, most) for o in options}
            ordered = sorted(set(places.values()), key=lambda place: place or 0)
            values["order"] = [[o for o in options if places[o] == place] for place in ordered]
        elif kind is Format.CHOOSE:
            values["key"] = [o for o in options if self.held.get(f"{head}.o.{o}.chosen") == ON]
        elif kind is Format.RATE:
            scale = self.bank.settings.scales.get(self.held.get(f"{head}.scale", ""))
            top = len(scale.points) if scale else 9
            values["matrix"] = self.chosen(f"{head}.matrix", "The marking table", self.bank.settings.matrices)
            values["key"] = {o: self.whole(f"{head}.o.{o}.rating", f"The rating of {o}", 1, top, 1) for o in options}
        return values

    def rubric_key(self, letter: str) -> dict[str, Any]:
        head = f"i.{letter}"
        start = f"{head}.look."
        examples = listed(self.held, f"{head}.examples")
        return {
            "rule": RULE_OF_FORMAT[Format.WRITTEN],
            "rubric": self.chosen(f"{head}.rubric", "The rubric", self.bank.rubrics),
            "look_for": {name.removeprefix(start): text for name, text in self.held.items() if name.startswith(start)},
            "exemplars": [
                {
                    "level": self.whole(f"{head}.x.{row}.level", "The level", 0, 9, 0),
                    "text": self.text(f"{head}.x.{row}.text", "The answer", "Write it, or take the row out."),
                }
                for row in examples
            ],
        }


def build(held: Fields, bank: Bank, *, scenario_id: str, folder: str, before: KeySet | None = None) -> Built:
    """Make scenario, key and files of a draft; the same fields give the same bytes.

    A key that a panel set stays the panel's only while neither it nor the text has changed; the writer's own is
    illustrative until it is panelled again.
    """
    builder = _Builder(held, bank)
    values = builder.front(scenario_id)
    scenario = SCENARIO.validate_python({**values, "folder": folder, "sha256": ""})
    text = scenario_text(scenario).encode()
    scenario = replace(scenario, sha256=version_of(text))
    items = {f"{scenario_id}-{letter}": builder.key(letter) for letter in listed(held, "items")}
    keys = KEYS.validate_python({"scenario": scenario_id, "status": "illustrative", "set_on": "", "items": items})
    set_on = f"sha256:{scenario.sha256}"
    unchanged = before is not None and before.set_on == set_on and before.items == keys.items
    if unchanged and before is not None and before.status == "panelled":
        keys = before
    else:
        keys = replace(keys, set_on=set_on)
    return Built(scenario, keys, text, key_text(keys).encode(), tuple(dict.fromkeys(builder.missing)))
