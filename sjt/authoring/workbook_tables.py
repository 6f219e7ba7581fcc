"""A bank as tables: which sheets and columns a workbook has, which lists its cells offer, and a bank's rows.

Pure: nothing here knows of Excel. A row is column → text; what a table cannot say (comments of a file, an odd order)
is kept beside it by ``workbook_files.py``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Final

from sjt.authoring.draft_files import ROLES
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
from sjt.authoring.standard import CORE
from sjt.authoring.states import ScenarioState

Row = dict[str, str]
YES: Final = "yes"
PARTED: Final = " – "
"""Between a code and its words in a list; what stands before it is the value."""
WORDS_SHOWN: Final = 90
FEATURE: Final = "feature: "
LOOK_FOR: Final = "look for"
EXEMPLAR: Final = "exemplar"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a sheet."""

    name: str
    width: int
    help: str
    kind: str = "text"
    """text, list (values parted by semicolons), whole, number, date or yes."""
    choices: str = ""
    """The list its cells choose from."""
    needed: bool = False
    hidden: bool = False


_C = Column
SHEETS: Final[Mapping[str, tuple[Column, ...]]] = {
    "scenarios": (
        _C("id", 13, "The lasting id, such as cypf-0042. It is never used again.", needed=True),
        _C("state", 12, "Where it stands in its life. Shown here; changed on its page in sjt.", choices="state"),
        _C("title", 26, "A short title.", needed=True),
        _C("option", 13, "core: every candidate can meet it.", choices="option", needed=True),
        _C("outcomes", 12, "Practice outcomes, parted by semicolons.", "list", "outcome"),
        _C("areas", 10, "Areas of the option, parted by semicolons; none for core.", "list", "area"),
        _C("demand", 9, "Level of demand.", choices="demand", needed=True),
        _C("topics", 18, "Sensitive topics, parted by semicolons.", "list", "topic"),
        _C("content_note", 26, "What a reader is told before a sensitive story."),
        _C("story", 70, "The story, 40 to 120 words, in Markdown.", needed=True),
        _C("enemies", 14, "Ids of scenarios never in one form with this.", "list"),
        _C("family", 16, "Scenarios of one family never share a form."),
        _C("reskin_of", 13, "Id of the scenario this one was made from; the two are enemies."),
        _C("capabilities", 18, "Ids of the capability framework.", "list"),
        *(_C(f"{FEATURE}{one.name}", 16, "Surface of the story; balances the bank.") for one in fields(Features)),
        _C("author", 14, "Who wrote it.", needed=True),
        _C("source", 26, "Where the incident comes from.", needed=True),
        _C("folder", 26, "The folder of its files; empty: named after the title."),
        _C("key status", 14, "A changed text or key is illustrative again.", choices="status"),
        _C("key set on", 20, "The version of the text that the key was set on. sjt fills it in.", hidden=True),
        _C("as exported", 20, "sjt tells by this what was changed here.", hidden=True),
    ),
    "ksbs": (
        _C("scenario", 13, "Id of the scenario.", choices="scenario", needed=True),
        _C("code", 60, "Knowledge, skill or behaviour.", choices="ksb", needed=True),
        _C("role", 12, "One or two primary, at most two secondary.", choices="tag role", needed=True),
        _C("shows", 70, "Which options show it, and how.", needed=True),
    ),
    "people": (
        _C("scenario", 13, "Id of the scenario.", choices="scenario", needed=True),
        _C("name", 18, "Name in the story.", needed=True),
        _C("role", 14, "Role in the story.", choices="role", needed=True),
        _C("gender", 12, "Balances the bank; never shown.", choices="gender"),
        *(_C(one, 18, "Balances the bank; never shown.") for one in ("heritage", "age", "disability", "faith")),
        _C("relevant_because", 40, "Why a protected characteristic is in the story."),
    ),
    "law": (
        _C("scenario", 13, "Id of the scenario.", choices="scenario", needed=True),
        _C("title", 50, "Law or guidance the scenario leans on.", needed=True),
        _C("edition", 20, "The edition that was read.", needed=True),
        _C("review_by", 14, "The day to look at it again.", "date", needed=True),
    ),
    "items": (
        _C("scenario", 13, "Id of the scenario.", choices="scenario", needed=True),
        _C("item", 15, "Id of the item: the scenario's and a letter, cypf-0042-a.", needed=True),
        _C("format", 13, "Format of the answer.", choices="format", needed=True),
        _C("ask", 60, "The question.", needed=True),
        _C("minutes", 10, "Minutes given.", "number", needed=True),
        _C("choose", 9, "choose: how many.", "whole"),
        _C("scale", 20, "rate: the scale.", choices="scale"),
        _C("matrix", 16, "rate: the marking table.", choices="matrix"),
        _C("max_words", 11, "written: the most words.", "whole"),
        _C("rubric", 18, "written: the rubric.", choices="rubric"),
    ),
    "options": (
        _C("item", 15, "Id of the item.", choices="item", needed=True),
        _C("option", 8, "A, B, C …", choices="letter", needed=True),
        _C("text", 60, "What the candidate could do: one act.", needed=True),
        _C("pinned", 9, "yes: keeps its place when options are shuffled.", "yes", "yes"),
        _C("effectiveness", 14, "0 harmful to 4 good.", "whole", "level"),
        _C("place", 8, "rank: place of the key, 1 best; the same number ties.", "whole"),
        _C("chosen", 9, "choose: yes if it is of the key.", "yes", "yes"),
        _C("rating", 9, "rate: the keyed point of the scale.", "whole"),
        _C("why", 70, "What it achieves, what it risks, why its neighbour ranks lower."),
    ),
    "written": (
        _C("item", 15, "Id of a written item.", choices="item", needed=True),
        _C("what", 12, "look for, or exemplar.", choices="written", needed=True),
        _C("criterion", 18, "look for: the rubric's criterion."),
        _C("level", 8, "exemplar: its level.", "whole"),
        _C("text", 80, "What a good answer shows here; or an answer of that level.", needed=True),
    ),
}  # fmt: skip
OPTIONAL: Final = frozenset({"people", "law", "written"})
"""Sheets that a workbook may lack."""
PERSON_COLUMNS: Final = tuple(one.name for one in fields(Person))


@dataclass(frozen=True)
class Lists:
    """What the cells of a bank's workbook may choose from: value and the words shown, by list."""

    entries: Mapping[str, Sequence[tuple[str, str]]]
    values: dict[str, dict[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, pairs in self.entries.items():
            self.values[name] = {shown: value for value, shown in pairs} | {value: value for value, _ in pairs}

    def shown(self, name: str, value: str) -> str:
        """Give the words of a value; a value that is not in the list stands for itself."""
        return next((words for own, words in self.entries.get(name, ()) if own == value), value)

    def value(self, name: str, shown: str) -> str:
        """Give the value that a cell means: an entry of the list, or a code with any words behind it."""
        known = self.values.get(name, {})
        return known.get(shown.strip()) or known.get(shown.partition(PARTED)[0].strip()) or shown


def _worded(value: str, text: str) -> tuple[str, str]:
    short = " ".join(text.replace(";", ",").split())
    cut = short if len(short) <= WORDS_SHOWN else short[: WORDS_SHOWN - 1].rstrip() + "…"
    return (value, f"{value}{PARTED}{cut}") if short else (value, value)


def _same(values: Iterable[str]) -> tuple[tuple[str, str], ...]:
    return tuple((value, value) for value in values)


def lists_of(bank: Bank) -> Lists:
    """Give the lists of a bank: its standard's codes with their words, its scales, its rubrics."""
    standard, settings = bank.standard, bank.settings
    return Lists(
        {
            "state": _same(state.value for state in ScenarioState),
            "option": _same((CORE, *standard.option_ids)),
            "outcome": tuple(_worded(one.id, one.statement) for one in standard.practice_outcomes),
            "area": tuple(_worded(one.id, one.title) for one in standard.option_areas),
            "demand": _same(bank.levels or (str(standard.level),)),
            "topic": _same(settings.sensitive_topics),
            "status": _same(("illustrative", "panelled")),
            "ksb": tuple(_worded(one.code, one.text) for one in standard.statements),
            "tag role": _same(("primary", "secondary")),
            "role": _same(ROLES),
            "gender": _same(("female", "male", "other")),
            "format": _same(kind.value for kind in Format),
            "scale": _same(settings.scales),
            "matrix": _same(settings.matrices),
            "rubric": _same(bank.rubrics),
            "letter": _same("ABCDEFGH"),
            "level": _same("01234"),
            "yes": _same((YES,)),
            "written": _same((LOOK_FOR, EXEMPLAR)),
        }
    )


_NOT_IN_CELLS: Final = re.compile(r"[\x00-\x08\x0b-\x1f\ufffe\uffff]")


def cell_text(text: str) -> str:
    """Give a text as a cell can hold it: plain line ends, no control signs."""
    return _NOT_IN_CELLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def joined(values: Sequence[str]) -> str:
    """Write a list into one cell; a value that holds a semicolon or would read otherwise is put in quotes."""

    def one(value: str) -> str:
        bare = value and value == value.strip() and not value.startswith('"') and not set(value) & set(";\n\r\t")
        return value if bare else json.dumps(value, ensure_ascii=False)

    return "; ".join(one(value) for value in values)


def parted(text: str) -> tuple[str, ...]:
    """Read a list from one cell: values parted by semicolons, or each on a line of its own."""
    found: list[str] = []
    rest = text.strip()
    while rest:
        if rest.startswith('"'):
            try:
                value, end = json.JSONDecoder().raw_decode(rest)
            except json.JSONDecodeError:
                value, end = None, 0
            if isinstance(value, str) and (not rest[end:].strip() or rest[end:].lstrip()[0] in ";\n"):
                found.append(value)
                rest = rest[end:].lstrip().lstrip(";\n").strip()
                continue
        ends = [at for at in (rest.find(";"), rest.find("\n")) if at >= 0]
        end = min(ends, default=len(rest))
        if rest[:end].strip():
            found.append(rest[:end].strip())
        rest = rest[end + 1 :].strip()
    return tuple(found)


def rows_of(scenario: Scenario, keys: KeySet | None, lists: Lists) -> Iterator[tuple[str, Row]]:
    """Yield the rows of one scenario and its key, each with its sheet."""
    plain = {name: getattr(scenario, name) for name in ("id", "title", "option", "demand", "content_note", "family")}
    plain |= {name: getattr(scenario, name) for name in ("author", "source", "story", "folder", "reskin_of")}
    many = ("outcomes", "areas", "topics", "enemies", "capabilities")
    plain |= {name: joined(getattr(scenario, name)) for name in many}
    plain |= {f"{FEATURE}{one.name}": getattr(scenario.features, one.name) for one in fields(Features)}
    if keys is not None:
        plain |= {"key status": keys.status, "key set on": keys.set_on}
    yield "scenarios", plain
    for tag in scenario.ksbs:
        row = {"scenario": scenario.id, "code": lists.shown("ksb", tag.code), "role": tag.role, "shows": tag.shows}
        yield "ksbs", row
    for person in scenario.people:
        yield "people", {"scenario": scenario.id} | {name: getattr(person, name) for name in PERSON_COLUMNS}
    for law in scenario.law:
        row = {"scenario": scenario.id, "title": law.title, "edition": law.edition}
        yield "law", row | {"review_by": law.review_by.isoformat()}
    for item in scenario.items:
        yield from _item_rows(scenario.id, item, keys.items.get(item.id) if keys else None)


def _item_rows(scenario_id: str, item: Item, key: OptionKey | RubricKey | None) -> Iterator[tuple[str, Row]]:
    row = {"scenario": scenario_id, "item": item.id, "format": item.format.value, "ask": item.ask}
    row |= {"minutes": repr(float(item.minutes)), "scale": item.scale or ""}
    row |= {name: "" if value is None else str(value) for name, value in _numbers(item)}
    if isinstance(key, RateKey):
        row["matrix"] = key.matrix
    if isinstance(key, RubricKey):
        row["rubric"] = key.rubric
    yield "items", row
    for option in item.options:
        cells = {"item": item.id, "option": option.id, "text": option.text, "pinned": YES if option.pinned else ""}
        if key is not None and not isinstance(key, RubricKey):
            cells |= _key_cells(option.id, key)
        yield "options", cells
    if isinstance(key, RubricKey):
        for criterion, text in key.look_for.items():
            yield "written", {"item": item.id, "what": LOOK_FOR, "criterion": criterion, "text": text}
        for example in key.exemplars:
            row = {"item": item.id, "what": EXEMPLAR, "level": str(example.level), "text": example.text}
            yield "written", row


def _numbers(item: Item) -> Iterator[tuple[str, int | None]]:
    yield "choose", item.choose
    yield "max_words", item.max_words


def _key_cells(option: str, key: OptionKey) -> Row:
    cells = {"why": key.why.get(option, "")}
    if option in key.effectiveness:
        cells["effectiveness"] = str(key.effectiveness[option])
    if isinstance(key, RankKey):
        before = 0
        for group in key.order:
            if option in group:
                cells["place"] = str(before + 1)
            before += len(group)
    elif isinstance(key, ChooseKey):
        cells["chosen"] = YES if option in key.key else ""
    elif isinstance(key, RateKey) and option in key.key:
        cells["rating"] = str(key.key[option])
    return cells
