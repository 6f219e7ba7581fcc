"""The page with all questions, put together from parts that many sittings share.

The page around the questions is the same for everybody who sees the same test with the same display, so it is drawn
once and kept in pieces; the questions come from ``drawing``; what differs from one second to the next (clock, tokens,
standing answers) is one block of data for the page's script.
"""

from __future__ import annotations

import re
import secrets
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, Final
from uuid import UUID

import orjson
from flask import render_template, request, url_for
from markupsafe import Markup

from sjt.delivery import deflated, views
from sjt.delivery.drawing import Drawn, Packed
from sjt.delivery.model import Answer, Instant
from sjt.times import iso

_MARK: Final = f"sjt{secrets.token_hex(6)}"
"""Stands in the drawn page for what is filled in; nobody can write it into a title."""
_PLACES: Final = re.compile(rf"{_MARK}(strip|articles|review|ends|data)")
MOST: Final = 200
Key = tuple[Any, ...]
Shell = tuple[tuple[bytes, deflated.Piece] | str, ...]
"""A page's text, plain and packed, and between its pieces the names of what is filled in."""
_shells: OrderedDict[Key, Shell] = OrderedDict()
_lock = threading.Lock()


def key_of(
    version: str, title: str, part: str, display: Mapping[str, Any], *, rest: bool, overrun: bool, number: int
) -> Key:
    """Name what the page around the questions depends on; ``version`` is the static files' own."""
    return (version, title, part, tuple(sorted(display.items())), rest, overrun, number)


def shell(key: Key) -> Shell | None:
    """Give a page's pieces if they were drawn before."""
    return _shells.get(key)


def draw_shell(key: Key) -> Shell:
    """Draw the page around the questions, once for each key; asked for in a request, since it holds addresses."""
    behind = request.script_root  # a site below a prefix has other addresses, and nobody else's
    kept = (*key, behind) if behind else key
    if (found := _shells.get(kept)) is not None:
        return found
    _, title, part, display, rest, overrun, number = key
    text = render_template(
        "delivery/sitting.html",
        test_name=title,
        test_part=part,
        display=dict(display),
        drawn=SimpleNamespace(
            strip=Markup(f"{_MARK}strip"), articles=Markup(f"{_MARK}articles"), review=Markup(f"{_MARK}review"),
            places=range(number),
        ),
        ends_words=f"{_MARK}ends",
        data=Markup(f"{_MARK}data"),
        break_left_ms=int(rest),
        break_overrun=overrun,
    )  # fmt: skip
    pieces = _PLACES.split(text)
    made: Shell = tuple(
        piece if n % 2 else (piece.encode(), deflated.pack(piece.encode(), 9)) for n, piece in enumerate(pieces)
    )
    with _lock:
        _shells[kept] = made
        while len(_shells) > MOST:
            _shells.popitem(last=False)
    return made


def body(shell: Shell, questions: Drawn | Packed, ends: str, data: Mapping[str, Any], *, packed: bool) -> bytes:
    """Put a page together; ``packed``: for a browser that takes ``deflate``."""
    if packed:
        kept = questions.packed()
        blocks = {
            "strip": kept.strip,
            "articles": kept.articles,
            "review": kept.review,
            "ends": deflated.as_it_stands(ends.encode()),
            "data": deflated.as_it_stands(_in_html(orjson.dumps(data))),
        }
        return deflated.join(blocks[piece] if isinstance(piece, str) else piece[1] for piece in shell)
    drawn = questions.unpacked()
    values = {
        "strip": drawn.strip,
        "articles": drawn.articles,
        "review": drawn.review,
        "ends": ends.encode(),
        "data": _in_html(orjson.dumps(data)),
    }
    return b"".join(values[piece] if isinstance(piece, str) else piece[0] for piece in shell)


def _in_html(text: bytes) -> bytes:
    """Write JSON so that it can stand inside a script's element, as Jinja's ``tojson`` does."""
    for sign, code in ((b"<", b"\\u003c"), (b">", b"\\u003e"), (b"&", b"\\u0026"), (b"'", b"\\u0027")):
        text = text.replace(sign, code)
    return text


def data_of(
    shown: views.CandidateView | FreshView,
    at: Instant,
    *,
    csrf: str,
    emergency: Mapping[str, Any],
    help_state: str,
    break_left_ms: int,
    place: int,
    urls: Mapping[str, str],
) -> dict[str, Any]:
    """Give what the page's script begins with."""
    clock = shown.clock
    return {
        "sitting": str(shown.sitting_id),
        "lease": shown.lease,
        "next_seq": shown.last_seq + 1,
        "content_head": shown.content_head,
        "prev": shown.last_content,
        "csrf": csrf,
        "state": clock.state.value,
        "remaining_ms": clock.left_ms,
        "total_ms": clock.total_ms,
        "ends_at": iso(clock.ends_at) if clock.ends_at else None,
        "server_time": iso(at.at),
        "answers": {item: {"lease": one.lease, "seq": one.seq} for item, one in shown.answers.items()},
        "flags": sorted(shown.flags),
        "emergency": emergency,
        "help": help_state,
        "break_left_ms": break_left_ms,
        "place": place,
        "urls": urls,
    }


@dataclass(frozen=True, slots=True)
class FreshView:
    """A sitting of which nothing is stored yet, as far as its page's data need it."""

    sitting_id: UUID
    lease: int
    content_head: str
    clock: views.Clock
    last_seq: int = -1
    last_content: str | None = None
    answers: Mapping[str, Answer] = field(default_factory=dict)
    flags: frozenset[str] = frozenset()


def addresses(sitting_id: UUID) -> dict[str, str]:
    """Give the addresses that the page's script asks."""
    return {
        "events": url_for("events.events", sitting_id=sitting_id),
        "display": url_for("candidate.display_post"),
        "receipt": url_for("candidate.receipt"),
        "help": url_for("candidate.help_post"),
        "cancel": url_for("candidate.help_cancel"),
        "state": url_for("events.state", sitting_id=sitting_id),
        "rest": url_for("candidate.rest_post"),
        "back": url_for("candidate.back"),
    }


def plain_addresses(sitting_id: UUID) -> dict[str, str]:
    """Give the same without asking Flask, where the site lies below no prefix; a test compares the two."""
    return {
        "events": f"/sit/{sitting_id}/events",
        "display": "/sit/display",
        "receipt": "/sit/receipt",
        "help": "/sit/help",
        "cancel": "/sit/help/cancel",
        "state": f"/sit/{sitting_id}/state",
        "rest": "/sit/break",
        "back": "/sit/back",
    }
