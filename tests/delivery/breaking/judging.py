"""Judges a database after a fault as an outsider would: by plain SQL and its own hashing, not by sjt's code.

It is read while nothing writes: what candidates were told is there, once; every chain and head holds; the standing
answers are those that the entries give.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import sqlalchemy as sa

from sjt import db
from tests.delivery.breaking.pages import Page

GENESIS: Final = "0" * 64
_ENTRIES: Final = sa.text(
    "SELECT e.sitting_id, e.n, e.at, e.by, e.did, e.body_sha256, e.prev, e.hash, b.salt, b.body, b.lease, b.seq, "
    "b.content_sha256, b.counts FROM ledger_entry e JOIN ledger_body b ON b.sitting_id = e.sitting_id AND b.n = e.n "
    "ORDER BY e.sitting_id, e.n"
)
_HEADS: Final = sa.text("SELECT id, head_n, head_hash, content_head FROM sitting")
_ANSWERS: Final = sa.text("SELECT sitting_id, item, response FROM answer WHERE kind = 'answer'")


@dataclass
class Verdict:
    """What was found; whole when nothing is lost, doubled or broken."""

    events: int = 0
    entries: int = 0
    lost: int = 0
    doubled: int = 0
    broken: list[str] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        return not (self.lost or self.doubled or self.broken)


@dataclass
class _Chain:
    n: int = 0
    head: str = GENESIS
    ids: Counter[str] = field(default_factory=Counter)
    places: Counter[tuple[int, int]] = field(default_factory=Counter)
    contents: list[tuple[tuple[int, int], str]] = field(default_factory=list)
    answers: dict[str, tuple[tuple[int, int], Any]] = field(default_factory=dict)


def _sha(*parts: bytes) -> str:
    return hashlib.sha256(b"".join(parts)).hexdigest()


def _canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _name(value: Any) -> str:
    text = str(value).replace("-", "")
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def told_of(pages: Iterable[Page]) -> dict[str, set[str]]:
    return {str(page.sitting_id): page.told for page in pages}


def judge(database: db.Database, told: Mapping[str, set[str]] | Sequence[Page] = ()) -> Verdict:
    """Compare the whole ledger with itself, and with the events (or pages) of which each candidate was told."""
    if not isinstance(told, Mapping):
        told = told_of(told)
    found = Verdict()
    chains: dict[str, _Chain] = defaultdict(_Chain)
    with database.engine.connect() as plain:
        # one view of the whole, whatever the server's keeper writes meanwhile (on SQLite a transaction is one)
        connection = plain if database.is_sqlite else plain.execution_options(isolation_level="REPEATABLE READ")
        for row in connection.execute(_ENTRIES):
            _add(chains[_name(row[0])], _name(row[0]), row, found)
        heads = {_name(row[0]): tuple(row[1:]) for row in connection.execute(_HEADS)}
        stored: dict[str, dict[str, Any]] = defaultdict(dict)
        for sitting, item, response in connection.execute(_ANSWERS):
            stored[_name(sitting)][item] = None if response is None else json.loads(response)
    if database.is_sqlite:
        database.dispose()  # a reader that stays would keep the next server from recovering the file by itself
    for name, (n, head, content) in heads.items():
        chain = chains[name]
        found.doubled += sum(count - 1 for count in chain.ids.values())
        found.doubled += sum(count - 1 for count in chain.places.values())
        if (chain.n, chain.head) != (n, head):
            found.broken.append(f"{name}: the head says entry {n}, the chain ends at {chain.n}")
        folded = bytes.fromhex(GENESIS)
        for _, text in sorted(chain.contents):
            folded = hashlib.sha256(folded + bytes.fromhex(text)).digest()
        if folded.hex() != content:
            found.broken.append(f"{name}: content_head is not that of its events")
        if {item: response for item, (_, response) in chain.answers.items()} != stored[name]:
            found.broken.append(f"{name}: the standing answers are not those of the entries")
    for name, ids in told.items():
        found.events += len(ids)
        found.lost += len(ids - set(chains[name].ids))
    return found


def _add(chain: _Chain, name: str, row: Sequence[Any], found: Verdict) -> None:
    _, n, at, by, did, body_hash, prev, entry_hash, salt, body, lease, seq, content, counts = row
    found.entries += 1
    link = {"chain": f"sitting:{name}", "n": n, "at": at, "by": by, "did": did, "body_sha256": body_hash, "prev": prev}
    if n != chain.n + 1 or prev != chain.head:
        found.broken.append(f"{name}: entry {n} does not follow entry {chain.n}")
    if _sha(_canonical(link)) != entry_hash:
        found.broken.append(f"{name}: entry {n} is not what its hash says")
    if _sha(bytes(salt), body.encode()) != body_hash:
        found.broken.append(f"{name}: the body of entry {n} is not what its hash says")
    chain.n, chain.head = n, entry_hash
    if content is None or not counts:
        return
    event = json.loads(body)["event"]
    if _sha(_canonical(event)) != content or (event["lease"], event["seq"]) != (lease, seq):
        found.broken.append(f"{name}: entry {n} holds another event than it says")
    place = (lease, seq)
    chain.ids[event["id"]] += 1
    chain.places[place] += 1
    chain.contents.append((place, content))
    if event["kind"] == "answer" and (event["item"] not in chain.answers or chain.answers[event["item"]][0] < place):
        chain.answers[event["item"]] = (place, event["response"])


def given_and_stored(database: db.Database, pages: Iterable[Page]) -> list[str]:
    """Name each answer that stands otherwise than its candidate last gave it; for pages that keep nothing more."""
    wrong = []
    with database.engine.connect() as connection:
        stored: dict[str, dict[str, Any]] = defaultdict(dict)
        for sitting, item, response in connection.execute(_ANSWERS):
            stored[_name(sitting)][item] = None if response is None else json.loads(response)
    if database.is_sqlite:
        database.dispose()
    for page in pages:
        have = stored[str(page.sitting_id)]
        wrong += [f"{page.sitting_id} {item}" for item, given in page.given.items() if have.get(item) != given]
    return wrong
