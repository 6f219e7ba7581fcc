"""Entries to answers, pure: per item the event with the highest (lease, number) stands, however they arrived."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

import orjson

from sjt.audit.chain import GENESIS
from sjt.delivery.model import Answer, ClientEvent, EventKind, LedgerEntry

FOLDED_KINDS: Final = (EventKind.ANSWER, EventKind.FLAG, EventKind.VIEW)


def canonical(value: Any) -> bytes:
    """Write what ``audit.chain.canonical`` writes, faster: the save path runs this for every event."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def content_sha256(event: ClientEvent, lease: int) -> str:
    return hashlib.sha256(canonical(event.content(lease))).hexdigest()


def next_head(head: str, content_hash: str) -> str:
    """Fold one more event into ``content_head``: SHA-256(head ‖ SHA-256(content)), both as 32 bytes."""
    return hashlib.sha256(bytes.fromhex(head) + bytes.fromhex(content_hash)).hexdigest()


def head_of(content_hashes: Iterable[str]) -> str:
    """Fold content hashes that are already sorted by (lease, seq)."""
    head = GENESIS
    for content_hash in content_hashes:
        head = next_head(head, content_hash)
    return head


def content_head(events: Iterable[tuple[int, ClientEvent]]) -> str:
    """Give the head over (lease, event) pairs; batching, repeats and order cannot change it."""
    once = {(lease, event.seq): event for lease, event in events}
    return head_of(content_sha256(once[place], place[0]) for place in sorted(once))


def fold(entries: Iterable[LedgerEntry], kind: EventKind = EventKind.ANSWER) -> dict[str, Answer]:
    """Give the standing answers (or flags, or views) by item id."""
    standing: dict[str, Answer] = {}
    for entry in entries:
        event = entry.body.get("event")
        if event is None or entry.lease is None or entry.seq is None or event["kind"] != kind or event["item"] is None:
            continue
        if not entry.body.get("counts", True):
            continue
        item, at = event["item"], entry.at.at
        known = standing.get(item)
        if known is None:
            standing[item] = Answer(item, event["response"], entry.lease, entry.seq, at, at)
        elif (entry.lease, entry.seq) > (known.lease, known.seq):
            standing[item] = Answer(item, event["response"], entry.lease, entry.seq, min(known.first_at, at), at)
        else:
            standing[item] = replace(known, first_at=min(known.first_at, at))
    return standing
