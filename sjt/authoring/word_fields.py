"""What was found of a scenario in a document, as fields of a draft; what cannot be read is told with its place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from sjt.authoring.draft import ASKS, MINUTES, ON, Cell, new_draft, tidy
from sjt.authoring.model import Bank, Format
from sjt.authoring.standard import CORE

_WORDED: Final = (
    ("very good|best|excellent|highly", 4),
    ("harm|unsafe|dangerous|very poor|worst", 0),
    ("weak|poor|ineffective", 1),
    ("adequate|fair|acceptable|neutral|partly", 2),
    ("good|effective", 3),
)
"""How good a response is in words, from 0 to 4."""
_CODE: Final = re.compile(r"\b[A-Z]{1,3}\d{1,3}\b")


class Misses(Protocol):
    """Whoever is told what could not be read."""

    def miss(self, where: str, text: str, why: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Unread:
    """Something that could not be taken over."""

    where: str
    text: str
    why: str


@dataclass
class Found:
    """One scenario as far as it was read."""

    where: str
    fields: dict[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return self.fields.get("title", "")

    @property
    def options(self) -> list[str]:
        return self.fields.get("i.a.options", "").split()


class FoundScenario:
    """One scenario while its lines come in."""

    def __init__(self, where: str, title: str = "") -> None:
        self.where = where
        self.said: dict[str, list[str]] = {"title": [title] if title else []}
        self.options: dict[str, dict[str, str]] = {}
        self.key = ""

    def has(self, name: str) -> bool:
        return bool(self.said.get(name))

    def say(self, name: str, text: str) -> None:
        if text:
            self.said.setdefault(name, []).append(text)

    @property
    def is_empty(self) -> bool:
        return not self.options and not self.has("story")


def draft_fields(scenario: FoundScenario, bank: Bank, reader: Misses, author: str) -> dict[str, str]:
    said = {name: "\n\n".join(texts) if name == "story" else "\n".join(texts) for name, texts in scenario.said.items()}
    kind = _format(said.get("format", ""), said.get("ask", ""), scenario)
    option = said.get("option", "").strip().lower().replace(" ", "-")
    if option and option not in (CORE, *bank.standard.option_ids):
        reader.miss(scenario.where, option, f"The standard has no such option; {CORE} stands in.")
        option = ""
    held = new_draft(bank, Cell(option=option or CORE, format=kind.value), author=said.get("author", author))
    held |= {name: said[name] for name in ("title", "story", "content_note", "source") if said.get(name)}
    held |= _codes(said.get("ksbs", ""), bank, reader, scenario)
    outcomes = [
        one for one in bank.standard.outcome_ids if re.search(rf"\b{re.escape(one)}\b", said.get("outcomes", ""))
    ]
    if said.get("outcomes") and not outcomes:
        reader.miss(scenario.where, said["outcomes"], "No practice outcome of the standard is named.")
    held["outcomes"] = " ".join(outcomes)
    held["i.a.ask"] = said.get("ask", "") or ASKS[kind]
    held["i.a.minutes"] = MINUTES[kind]
    held["i.a.options"] = " ".join(scenario.options)
    for letter, cells in scenario.options.items():
        held |= _option(letter, cells, kind, scenario, reader)
    if said.get("why"):
        reader.miss(scenario.where, said["why"], "It is a reason, and names no response.")
    _key(scenario, kind, held, reader)
    return tidy(held)


def _format(stated: str, ask: str, scenario: FoundScenario) -> Format:
    for text in (stated, ask):
        low = text.lower()
        if re.search(r"\brank|\border\b", low):
            return Format.RANK
        if re.search(r"most\b.*\bleast|best and worst", low, re.DOTALL):
            return Format.MOST_LEAST
        if re.search(r"\brate\b|\brating|how appropriate|how important", low):
            return Format.RATE
        if re.search(r"(?:choose|select|pick)\b.*\b(?:two|three|2|3)\b|multiple", low, re.DOTALL):
            return Format.CHOOSE
        if re.search(r"single|which one|\bchoose\b|\bselect\b", low):
            return Format.SINGLE
        if re.search(r"written|open|short answer", low):
            return Format.WRITTEN
    if not scenario.options:
        return Format.WRITTEN
    places = any("place" in cells for cells in scenario.options.values())
    return Format.RANK if places or len(scenario.options) == 5 else Format.SINGLE


def _codes(text: str, bank: Bank, reader: Misses, scenario: FoundScenario) -> dict[str, str]:
    held: dict[str, str] = {}
    codes: list[str] = []
    known = bank.standard.codes
    for part in re.split(r"[\n;]+", text):
        own = [code for code in _CODE.findall(part) if code in known]
        for code in _CODE.findall(part):
            if code not in known:
                reader.miss(scenario.where, part, f"The standard has no code {code}.")
        words = re.sub(r"(?i)\b(?:primary|secondary)\b", "", _CODE.sub("", part)).strip(" -–—:,.()")
        for code in own:
            if code in codes:
                continue
            codes.append(code)
            second = re.search(r"(?i)secondary", part) or (len(codes) > 1 and not re.search(r"(?i)primary", part))
            held[f"ksb.{code}.role"] = "secondary" if second else "primary"
            if len(own) == 1 and len(words.split()) > 2:
                held[f"ksb.{code}.shows"] = words
    if text.strip() and not codes:
        reader.miss(scenario.where, text, "No code of the standard is named.")
    return held | {"ksbs": " ".join(codes)}


def _option(
    letter: str, cells: Mapping[str, str], kind: Format, scenario: FoundScenario, reader: Misses
) -> dict[str, str]:
    head = f"i.a.o.{letter}"
    held = {f"{head}.text": cells.get("text", "")}
    if cells.get("why"):
        held[f"{head}.why"] = cells["why"]
    for name, (low, high) in {"level": (0, 4), "place": (1, len(scenario.options)), "rating": (1, 9)}.items():
        value = cells.get(name, "")
        if not value:
            continue
        number = _number(value)
        if number is None or not low <= number <= high:
            reader.miss(cells["where"], value, f"Response {letter}: this is no {name} from {low} to {high}.")
        else:
            held[f"{head}.{name}"] = str(number)
    if re.match(r"(?i)^(?:y|yes|x|✓|✔|true|key|correct|1)$", cells.get("chosen", "")):
        held[f"{head}.chosen"] = ON
    if kind is Format.RATE and "rating" not in cells and cells.get("level"):
        reader.miss(cells["where"], cells["level"], f"Response {letter} has an effectiveness and no rating of the key.")
    return held


def _number(text: str) -> int | None:
    digits = re.match(r"\s*(\d{1,3})(?:st|nd|rd|th)?\b", text)
    if digits:
        return int(digits[1])
    return next((value for words, value in _WORDED if re.search(rf"(?i)\b(?:{words})", text)), None)


def _key(scenario: FoundScenario, kind: Format, held: dict[str, str], reader: Misses) -> None:
    """Read a line such as ``C, A = E, B, D`` or ``B E G``."""
    if not scenario.key:
        return
    tied = re.sub(r"\s*[=/]\s*", "=", scenario.key)
    groups = [re.findall(r"\b[A-H]\b", part) for part in re.split(r"[,>;\s]+", tied)]
    groups = [group for group in groups if group]
    letters = [letter for group in groups for letter in group]
    strange = [one for one in re.split(r"[,>;=\s]+", tied) if not re.fullmatch(r"[A-H]?|and|then|best|worst", one)]
    if strange or not letters or set(letters) - set(scenario.options):
        reader.miss(scenario.where, scenario.key, "The key names no response, or one that is not there.")
        return
    if kind is Format.RANK:
        if sorted(letters) != sorted(scenario.options):
            reader.miss(scenario.where, scenario.key, "The key does not place every response once.")
            return
        before = 0
        for group in groups:
            held |= {f"i.a.o.{letter}.place": str(before + 1) for letter in group}
            before += len(group)
    elif kind is Format.CHOOSE:
        held |= {f"i.a.o.{letter}.chosen": ON for letter in letters}
    else:
        reader.miss(scenario.where, scenario.key, f"A key in one line says too little for the format {kind.value}.")
