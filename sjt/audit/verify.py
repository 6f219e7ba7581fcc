"""Verify an export: every chain link by link, every anchor, and the chains against the anchors."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sjt.audit import anchors
from sjt.audit.chain import GENESIS, Break, Entry, check


@dataclass(slots=True)
class Verdict:
    """What a verification found."""

    breaks: list[Break] = field(default_factory=list)
    entries: int = 0
    chains: int = 0
    anchors: int = 0
    after_last_anchor: int = 0
    """Entries that no anchor covers yet: a tail cut off there cannot be seen."""
    public_key: str = ""

    @property
    def holds(self) -> bool:
        return not self.breaks


def verify_file(path: Path, *, key: str = "") -> Verdict:
    """Verify an export file; ``key`` is the public key that one trusts, else the file's own is used."""
    with path.open(encoding="utf-8") as file:
        return verify_lines(file, key=key)


def verify_lines(lines: Iterable[str], *, key: str = "") -> Verdict:
    verdict = Verdict()
    chains: dict[str, list[Entry]] = {}
    found_anchors: list[dict[str, Any]] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            if "anchor" in row:
                found_anchors.append(row)
            elif "public_key" in row:
                verdict.public_key = str(row["public_key"])
            else:
                chains.setdefault(row["chain"], []).append(Entry(**row))
        except (ValueError, TypeError, KeyError):
            verdict.breaks.append(Break("export", number, "is no entry, anchor or key"))
    if key and verdict.public_key and key.lower() != verdict.public_key.lower():
        verdict.breaks.append(Break("export", 0, "names another key than the one given"))
    trusted = key or verdict.public_key
    for name, entries in chains.items():
        verdict.breaks += check(name, entries)
    verdict.breaks += _check_anchors(chains, found_anchors, trusted)
    covered = {name: n for row in found_anchors for name, n, _ in row["heads"]}
    verdict.entries = sum(len(entries) for entries in chains.values())
    verdict.chains, verdict.anchors = len(chains), len(found_anchors)
    verdict.after_last_anchor = sum(
        max(0, max(entry.n for entry in entries) - covered.get(name, 0)) for name, entries in chains.items()
    )
    return verdict


def _check_anchors(chains: dict[str, list[Entry]], rows: list[dict[str, Any]], key: str) -> list[Break]:
    breaks: list[Break] = []
    hashes = {(entry.chain, entry.n): entry.hash for entries in chains.values() for entry in entries}
    lengths = {name: max(entry.n for entry in entries) for name, entries in chains.items()}
    good: dict[str, int] = {}
    prev = GENESIS
    for expected, row in enumerate(rows, 1):
        number = int(row["anchor"])
        if number != expected or row.get("prev") != prev:
            breaks.append(Break("anchor", expected, "does not follow from the anchor before it"))
        digest = anchors.anchor_sha256(number, row["at"], [tuple(head) for head in row["heads"]], row["prev"])
        if digest != row["sha256"]:
            breaks.append(Break("anchor", number, "was changed: its hash does not match what it says"))
        elif not anchors.signature_holds(key, row["sha256"], row["signature"]):
            breaks.append(Break("anchor", number, "is not signed by the trusted key"))
        prev = row["sha256"]
        for name, n, head in row["heads"]:
            found = hashes.get((name, n))
            if found is None:
                place = min(lengths.get(name, 0), n) + 1
                breaks.append(Break(name, place, f"is missing: anchor {number} vouches for {n} entries"))
            elif found != head:
                first = good.get(name, 0) + 1
                breaks.append(Break(name, first, f"to {n} was rewritten since anchor {number}"))
            else:
                good[name] = n
    return breaks
