"""The deeds of the audit record: write an entry, anchor the heads, export all, verify all."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

from sqlmodel import Session

from sjt.access import Actor
from sjt.audit import anchors, chain, store
from sjt.audit.chain import GENESIS, Entry
from sjt.audit.tables import AuditAnchor, AuditBody, AuditEntry, AuditHead
from sjt.times import iso


class ChainSource(Protocol):
    """A room that keeps chains in a table of its own (the ledger of sittings)."""

    def entries(self, session: Session) -> Iterator[Entry]:
        """Give every entry, by chain and number."""
        ...

    def unanchored_heads(self, session: Session) -> Iterable[anchors.Head]:
        """Give the heads that no anchor names yet."""
        ...

    def mark_anchored(self, session: Session, heads: Iterable[anchors.Head]) -> None:
        """Remember that an anchor names these heads."""
        ...


_sources: list[ChainSource] = []


def register_chains(source: ChainSource) -> None:
    """Let a room's own chains take part in anchors, export and verification."""
    if source not in _sources:
        _sources.append(source)


def record(
    session: Session,
    *,
    by: Actor,
    did: str,
    on: UUID | str,
    at: datetime,
    body: Mapping[str, Any] | None = None,
    chain_name: str | None = None,
) -> None:
    """Add one entry to a thing's chain; personal data belongs in ``body`` alone, which can be erased."""
    name = chain_name or f"{did.partition('.')[0]}:{on}"
    content = dict(body or {}, on=str(on))
    head = store.head_for_update(session, name)
    n, prev = (head.n + 1, head.hash) if head else (1, GENESIS)
    salt = chain.new_salt()
    entry = chain.link(name, n, iso(at), by.id, did, chain.body_sha256(salt, content), prev)
    session.add(AuditEntry(**_columns(entry)))
    session.add(AuditBody(chain=name, n=n, salt=salt, body=content))
    if head is None:
        session.add(AuditHead(chain=name, n=n, hash=entry.hash))
    else:
        head.n, head.hash = n, entry.hash
        session.add(head)
    session.flush()


def _columns(entry: Entry) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in Entry.__slots__}


def anchor(session: Session, *, key_path: Path, at: datetime) -> AuditAnchor | None:
    """Sign the heads of all chains that changed since the last anchor; None when none did."""
    own = [(head.chain, head.n, head.hash) for head in store.unanchored_heads(session)]
    theirs = [(source, list(source.unanchored_heads(session))) for source in _sources]
    heads = sorted([*own, *(head for _, found in theirs for head in found)])
    if not heads:
        return None
    last = store.last_anchor(session)
    number, prev = (last.anchor + 1, last.sha256) if last else (1, GENESIS)
    digest = anchors.anchor_sha256(number, iso(at), heads, prev)
    row = AuditAnchor(
        anchor=number,
        at=at,
        heads=[list(head) for head in heads],
        prev=prev,
        sha256=digest,
        signature=anchors.sign(anchors.load_or_make_key(key_path), digest),
    )
    session.add(row)
    store.mark_anchored(session, {name: n for name, n, _ in own})
    for source, found in theirs:
        source.mark_anchored(session, found)
    session.flush()
    return row


def head(session: Session, chain_name: str) -> tuple[int, str] | None:
    """Give the length and last hash of a chain of this room's own; None: it has no entry."""
    found = session.get(AuditHead, chain_name)
    return (found.n, found.hash) if found is not None else None


def sign_statement(statement: Mapping[str, Any], *, key_path: Path) -> tuple[str, str, str]:
    """Sign a statement (the heads on a printed report) as anchors are signed: its hash, the signature, the key."""
    digest = hashlib.sha256(chain.canonical(dict(statement))).hexdigest()
    key = anchors.load_or_make_key(key_path)
    return digest, anchors.sign(key, digest), anchors.public_hex(key)


def export_lines(session: Session, *, key_path: Path) -> Iterator[str]:
    """Give the export, line by line: entries of all chains, then anchors, then the public key."""

    def write(value: Mapping[str, Any]) -> str:
        return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    for row in store.entries(session):
        yield write(_columns(row))
    for source in _sources:
        for entry in source.entries(session):
            yield write(_columns(entry))
    for found in store.anchors(session):
        yield write(
            {
                "anchor": found.anchor,
                "at": iso(found.at),
                "heads": found.heads,
                "prev": found.prev,
                "sha256": found.sha256,
                "signature": found.signature,
            }
        )
    yield write({"public_key": anchors.public_hex(anchors.load_or_make_key(key_path)), "algorithm": "Ed25519"})


def export(session: Session, path: Path, *, key_path: Path) -> int:
    """Write the export to a file and give the number of its lines."""
    count = 0
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for line in export_lines(session, key_path=key_path):
            file.write(line + "\n")
            count += 1
    return count


def bodies_hold(session: Session, chain_name: str) -> list[chain.Break]:
    """Check that the bodies kept beside a chain are those whose hashes it holds; erased ones are passed over."""
    kept = store.bodies(session, chain_name)
    return [
        chain.Break(chain_name, entry.n, "its body was changed: it does not match the hash in the chain")
        for entry in store.entries(session, chain_name)
        if entry.n in kept and chain.body_sha256(bytes(kept[entry.n].salt), kept[entry.n].body) != entry.body_sha256
    ]


def erase_bodies(session: Session, chain_name: str, *, keep: Callable[[AuditBody], bool] = lambda body: False) -> int:
    """Erase what a chain's entries say, for privacy; the chain itself stays whole and verifies."""
    gone = [body for body in store.bodies(session, chain_name).values() if not keep(body)]
    for body in gone:
        session.delete(body)
    session.flush()
    return len(gone)
