"""Responses as a browser sends them, pure: what is refused, and the canonical form of what is taken (CONTRACT)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sjt.authoring.snapshot import Format, Paper, PaperItem
from sjt.delivery.model import ClientEvent, Code, EventKind, PageClock, Refused

MAX_CHARACTERS: Final = 20_000
"""A written answer's hard limit; max_words is soft: counted, never refused."""
MAX_SEQ: Final = 2**53 - 1
"""The largest whole number that a browser counts exactly."""
_HEX64: Final = re.compile(r"[0-9a-f]{64}\Z")
_PAGE: Final = re.compile(r"[0-9a-f]{16}\Z")
_ITEM_KINDS: Final = frozenset({EventKind.ANSWER, EventKind.FLAG})


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a response is refused."""

    code: Code
    message: str


def check_response(item: PaperItem, response: Any) -> Fault | Any:
    """Give the response in canonical form, or the fault that refuses it; None clears."""
    if response is None:
        return None
    return _CHECKS[item.format](item, response)


def is_whole(value: Any) -> bool:
    """Tell a whole number from a boolean, a float and a number in quotes, which are all refused."""
    return type(value) is int


def _bad(message: str) -> Fault:
    return Fault(Code.BAD_SHAPE, message)


def _unknown(given: Any, item: PaperItem) -> Fault | None:
    strangers = sorted(set(given) - set(item.option_ids()))
    if strangers:
        return Fault(Code.UNKNOWN_OPTION, f"Item {item.id} has no option {', '.join(strangers)}.")
    return None


def _by_option(item: PaperItem, response: Any, low: int, high: int) -> Fault | dict[str, int]:
    if not isinstance(response, Mapping):
        return _bad(f"Item {item.id} wants an object of option and whole number.")
    if fault := _unknown(response, item):
        return fault
    if not all(is_whole(value) for value in response.values()):
        return _bad(f"Item {item.id} wants whole numbers; true, 1.0 and '1' are not.")
    if not all(low <= value <= high for value in response.values()):
        return Fault(Code.OUT_OF_RANGE, f"Item {item.id} wants numbers from {low} to {high}.")
    return {option: response[option] for option in sorted(response)}


def _rank(item: PaperItem, response: Any) -> Fault | dict[str, int]:
    checked = _by_option(item, response, 1, len(item.options))
    if isinstance(checked, dict) and len(set(checked.values())) < len(checked):
        return Fault(Code.TIED, f"Item {item.id} wants each rank once.")
    return checked


def _rate(item: PaperItem, response: Any) -> Fault | dict[str, int]:
    values = [point.value for point in item.scale.points] if item.scale else [1]
    checked = _by_option(item, response, min(values), max(values))
    if isinstance(checked, dict) and not set(checked.values()) <= set(values):
        return Fault(Code.OUT_OF_RANGE, f"Item {item.id} wants one of {', '.join(map(str, values))}.")
    return checked


def _choose(item: PaperItem, response: Any) -> Fault | list[str]:
    if not isinstance(response, list) or not all(isinstance(option, str) for option in response):
        return _bad(f"Item {item.id} wants a list of options.")
    if fault := _unknown(response, item):
        return fault
    if len(set(response)) < len(response):
        return _bad(f"Item {item.id} names an option twice.")
    if item.choose is not None and len(response) > item.choose:
        return Fault(Code.OVER_SELECTED, f"Item {item.id} wants {item.choose} options at most.")
    return sorted(response)


def _most_least(item: PaperItem, response: Any) -> Fault | dict[str, str | None]:
    if not isinstance(response, Mapping) or not set(response) <= {"most", "least"}:
        return _bad(f"Item {item.id} wants most and least.")
    most, least = response.get("most"), response.get("least")
    given = [option for option in (most, least) if option is not None]
    if not all(isinstance(option, str) for option in given):
        return _bad(f"Item {item.id} wants an option, or null, for most and for least.")
    if fault := _unknown(given, item):
        return fault
    if len(given) == 2 and most == least:
        return Fault(Code.TIED, f"Item {item.id} wants two different options.")
    return {"least": least, "most": most}


def _single(item: PaperItem, response: Any) -> Fault | str:
    if not isinstance(response, str):
        return _bad(f"Item {item.id} wants one option.")
    return _unknown([response], item) or response


def _written(item: PaperItem, response: Any) -> Fault | dict[str, str]:
    if not isinstance(response, Mapping) or set(response) != {"text"} or not isinstance(response["text"], str):
        return _bad(f"Item {item.id} wants a text.")
    text = unicodedata.normalize("NFC", response["text"].replace("\r\n", "\n").replace("\r", "\n"))
    if any("\ud800" <= sign <= "\udfff" or sign == "\x00" for sign in text):
        return _bad(f"Item {item.id} holds a sign that is not text.")
    if len(text) > MAX_CHARACTERS:
        return Fault(Code.TOO_LONG, f"Item {item.id} holds {len(text)} characters; {MAX_CHARACTERS} are the most.")
    return {"text": text}


_CHECKS: Final = {
    Format.RANK: _rank,
    Format.CHOOSE: _choose,
    Format.RATE: _rate,
    Format.MOST_LEAST: _most_least,
    Format.SINGLE: _single,
    Format.WRITTEN: _written,
}


def read_event(raw: Any, items: Mapping[str, PaperItem]) -> ClientEvent | Refused:
    """Read one event of a request: its shape, its item, its response."""
    if not isinstance(raw, Mapping):
        return Refused(None, Code.BAD_SHAPE, "An event is an object.")
    given = raw.get("id")
    named = given[:80] if isinstance(given, str) else None
    try:
        event_id = UUID(given) if isinstance(given, str) and len(given) == 36 else None
    except ValueError:
        event_id = None
    if event_id is None:
        return Refused(named, Code.BAD_SHAPE, "An event's id is a UUID.")

    def refuse(code: Code, message: str) -> Refused:
        return Refused(str(event_id), code, message)

    seq, client_time, prev, item_id = raw.get("seq"), raw.get("client_time"), raw.get("prev"), raw.get("item")
    if type(seq) is not int or not 0 <= seq <= MAX_SEQ:
        return refuse(Code.BAD_SHAPE, "seq is a whole number from 0.")
    try:
        kind = EventKind(str(raw.get("kind")))
    except ValueError:
        return refuse(Code.BAD_SHAPE, f"kind is one of {', '.join(EventKind)}.")
    if client_time is not None and not _is_time(client_time):
        return refuse(Code.BAD_SHAPE, "client_time is an ISO 8601 time with its zone.")
    if prev is not None and not (isinstance(prev, str) and _HEX64.match(prev)):
        return refuse(Code.BAD_SHAPE, "prev is 64 lower-case hex digits, or null.")
    clock = None if raw.get("clock") is None else read_clock(raw["clock"])
    if clock is None and raw.get("clock") is not None:
        return refuse(Code.BAD_SHAPE, "clock holds page, 16 hex digits, ms, a whole number, and seen, 64 or null.")
    if item_id is None:
        if kind in _ITEM_KINDS:
            return refuse(Code.BAD_SHAPE, f"An event of kind {kind} names its item.")
    elif not isinstance(item_id, str) or item_id not in items:
        return refuse(Code.UNKNOWN_ITEM, "The form of this sitting has no such item.")
    response = raw.get("response")
    if kind is EventKind.ANSWER:
        response = check_response(items[str(item_id)], response)
        if isinstance(response, Fault):
            return refuse(response.code, response.message)
    elif kind is EventKind.FLAG:
        if not isinstance(response, bool) and response is not None:
            return refuse(Code.BAD_SHAPE, "A flag is true or false.")
        response = bool(response)
    elif response is not None:
        return refuse(Code.BAD_SHAPE, f"An event of kind {kind} has no response.")
    return ClientEvent(event_id, seq, kind, item_id, response, client_time, prev, clock)


def read_clock(raw: Any) -> PageClock | None:
    """Read a page's own time, of an event or of a whole request; None if it is not one."""
    if not isinstance(raw, Mapping):
        return None
    page, ms, seen = raw.get("page"), raw.get("ms"), raw.get("seen")
    if not isinstance(page, str) or not _PAGE.match(page) or type(ms) is not int or not 0 <= ms <= MAX_SEQ:
        return None
    if seen is not None and not (isinstance(seen, str) and _HEX64.match(seen)):
        return None
    return PageClock(page, ms, seen)


def _is_time(value: Any) -> bool:
    if not isinstance(value, str) or len(value) > 40:
        return False
    try:
        return datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


def items_of(paper: Paper) -> dict[str, PaperItem]:
    """Give a paper's items by id."""
    return {item.id: item for item in paper.items()}
