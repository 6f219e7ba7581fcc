"""The practice test that anybody may take: the pages of a sitting on scenarios that no form ever holds.

Its bank is read from its own files (``scenario_bank/practice``) and refused by every import. Keys and reasons go out
with the page, so that feedback needs no request and nothing about the taker leaves the browser. Marks are those of the
real rules, worked out beforehand for each response and each answer to it.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from pydantic import TypeAdapter

from sjt import paths
from sjt.authoring.bank import load
from sjt.authoring.freezing import paper_scenario
from sjt.authoring.model import Bank, Item, OptionKey, RubricKey
from sjt.authoring.snapshot import Format, Paper
from sjt.psychometrics import scoring

FORM: Final = "practice"
TITLE: Final = "Practice test"
MINUTES: Final = 15
"""About two and a half minutes a question, as a form of the shipped bank has."""
POINTS: Final = 4
"""Of the practice bank's one scale."""
_MAY_BE_LEFT: Final = frozenset({Format.CHOOSE, Format.MOST_LEAST, Format.SINGLE})
_ENDS: Final = {"most": "Most appropriate", "least": "Least appropriate"}


@dataclass(frozen=True, slots=True)
class Line:
    """One response: what the key says of it, and why."""

    option: str
    text: str
    keyed: str
    why: str


@dataclass(frozen=True, slots=True)
class Feedback:
    """What is said about one question once it is answered."""

    item: str
    lines: tuple[Line, ...] = ()
    marks: Mapping[str, Mapping[str, str]] | None = None
    """Marks by response and by what is answered for it, written as decimals; they add up to the question's mark."""
    words: Mapping[str, str] | None = None
    """How the page names what is answered for a response: place 2, Appropriate, Chosen."""
    most: str = ""
    look_for: tuple[tuple[str, str], ...] = ()
    exemplars: tuple[tuple[int, str], ...] = ()


@functools.cache
def bank() -> Bank:
    reading = load(paths.practice_dir())
    assert reading.bank is not None and not reading.findings, "the shipped practice bank is sound (a test says so)"
    return reading.bank


@functools.cache
def paper() -> Paper:
    """Give the questions as a candidate's page shows them, one of each format."""
    found = bank()
    shown = tuple(paper_scenario(found, one, one.items) for one in found.scenarios)
    return Paper(FORM, TITLE, "Nothing is marked or kept", MINUTES, shown)


@functools.cache
def feedback() -> tuple[Feedback, ...]:
    found = bank()
    pairs = [(found.keys[one.id], item) for one in found.scenarios for item in one.items]
    return tuple(_of_item(found, item, keys.items[item.id]) for keys, item in pairs)


def _of_item(found: Bank, item: Item, key: OptionKey | RubricKey) -> Feedback:
    if isinstance(key, RubricKey):
        titles = {one.id: one.title for one in found.rubrics[key.rubric].criteria}
        look_for = tuple((titles[name], words) for name, words in key.look_for.items())
        return Feedback(item.id, look_for=look_for, exemplars=tuple((one.level, one.text) for one in key.exemplars))
    table, most = _marks(found, item, key)
    words = _words(found, item)
    lines = tuple(
        Line(option.id, option.text, _keyed(table[option.id], words, item.format), key.why.get(option.id, ""))
        for option in item.options
    )
    return Feedback(item.id, lines, table, words, most)


def _words(found: Bank, item: Item) -> dict[str, str]:
    """Name each thing that may be answered for one response."""
    if item.format is Format.RANK:
        return {str(place): f"Place {place}" for place in range(1, len(item.options) + 1)}
    if item.format is Format.RATE:
        assert item.scale is not None
        return {str(n): label for n, label in enumerate(found.settings.scales[item.scale].points, start=1)}
    if item.format is Format.MOST_LEAST:
        return {**_ENDS, "": "Neither"}
    return {"yes": "Chosen", "": "Not chosen"}


def _keyed(marks: Mapping[str, str], words: Mapping[str, str], kind: Format) -> str:
    """Say what the key holds for a response."""
    if kind is Format.SINGLE:
        return "1 mark" if marks["yes"] == "1" else f"{marks['yes']} marks"
    if kind is Format.CHOOSE:
        return "To choose" if Fraction(marks["yes"]) else "Not to choose"
    if kind is Format.MOST_LEAST:
        return f"{marks['most']} as most, {marks['least']} as least"
    return words[max(marks, key=lambda answer: Fraction(marks[answer]))]


def _marks(found: Bank, item: Item, key: OptionKey) -> tuple[dict[str, dict[str, str]], str]:
    """Work out, by the real rule, what each answer to each response adds, and the most that all add up to."""
    options = [option.id for option in item.options]
    settings: dict[str, Any] = {"choose": item.choose}
    if item.scale is not None:
        settings["scale_points"] = len(found.settings.scales[item.scale].points)
        settings["matrices"] = {
            name: TypeAdapter(type(one)).dump_python(one, mode="json") for name, one in found.settings.matrices.items()
        }
    raw = TypeAdapter(type(key)).dump_python(key, mode="json")
    rule = scoring.bind(key.rule, raw, options=options, settings=settings)
    table: dict[str, dict[str, str]] = {}
    for option in options:
        table[option] = {"": "0"} if item.format in _MAY_BE_LEFT else {}
        for answer, part, response in _responses(item, option, options):
            marks = rule.mark(response).marks
            assert marks is not None, "the response is complete"
            table[option][answer] = _plain(marks[part])
    return table, _plain(scoring.raw_max(key.rule, raw, options, settings))


def _responses(item: Item, option: str, options: Sequence[str]) -> Iterator[tuple[str, str, Any]]:
    """Give for each answer to one response a whole response that holds it, and the part whose mark is its own."""
    others = [one for one in options if one != option]
    if item.format is Format.RANK:
        for place in range(1, len(options) + 1):
            order = [*others[: place - 1], option, *others[place - 1 :]]
            yield str(place), option, {one: n for n, one in enumerate(order, start=1)}
    elif item.format is Format.RATE:
        for point in range(1, POINTS + 1):
            yield str(point), option, {**dict.fromkeys(others, 1), option: point}
    elif item.format is Format.CHOOSE:
        assert item.choose is not None
        yield "yes", option, [option, *others][: item.choose]
    elif item.format is Format.MOST_LEAST:
        yield "most", "most", {"most": option, "least": others[0]}
        yield "least", "least", {"most": others[0], "least": option}
    else:
        yield "yes", option, option


def _plain(mark: Fraction) -> str:
    return f"{float(mark):g}"
