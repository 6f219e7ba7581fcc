#!/usr/bin/env python3
"""Verify an audit export without sjt: the standard library, and `cryptography` for the anchors' signatures.

    python verify_audit.py EXPORT.jsonl [--key PUBLIC_KEY_HEX] [--report PACK.json]

Says for every chain that does not hold which entry is wrong and how: changed, missing, inserted, out of order,
cut off before an anchor, or rewritten since an anchor. Anything before the last anchor is found at its place; a tail
cut off after the last anchor cannot be found, and the last line says so. Give --key from a printed room report:
the key inside the export only shows that the export agrees with itself. --report takes the signed heads of a printed
room pack: each log must hold, at the printed number, the printed hash.

Exit: 0 all holds, 1 something does not, 2 the file cannot be read.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from json.encoder import encode_basestring as quoted
from pathlib import Path

GENESIS = "0" * 64
FIELDS = {"chain", "n", "at", "by", "did", "body_sha256", "prev", "hash"}


def digest(value: object) -> str:
    return hashlib.sha256(
        json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    ).hexdigest()


def entry_digest(row: dict) -> str:
    """Digest a row without its hash; by hand where its values have their types, since exports hold millions."""
    try:
        line = (
            f'{{"at":{quoted(row["at"])},"body_sha256":{quoted(row["body_sha256"])},"by":{quoted(row["by"])},'
            f'"chain":{quoted(row["chain"])},"did":{quoted(row["did"])},"n":{row["n"]:d},"prev":{quoted(row["prev"])}}}'
        )
    except (TypeError, ValueError):
        return digest({field: row[field] for field in FIELDS - {"hash"}})
    return hashlib.sha256(line.encode()).hexdigest()


def read(path: Path) -> tuple[dict[str, list[dict]], list[dict], str, list[str]]:
    chains: dict[str, list[dict]] = {}
    anchors: list[dict] = []
    key = ""
    faults: list[str] = []
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except ValueError:
                faults.append(f"line {number}: is not JSON")
                continue
            if "anchor" in row:
                anchors.append(row)
            elif "public_key" in row:
                key = row["public_key"]
            elif set(row) == FIELDS:
                chains.setdefault(row["chain"], []).append(row)
            else:
                faults.append(f"line {number}: is neither an entry, an anchor nor a key")
    return chains, anchors, key, faults


def check_chain(name: str, entries: list[dict]) -> list[str]:
    faults: list[str] = []
    seen: dict[int, str] = {}
    expected, prev = 1, GENESIS
    for row in entries:
        n = row["n"]
        if n != expected:
            if n in seen:
                faults.append(f"{name} entry {n}: stands twice (inserted or out of order)")
            elif n > expected:
                faults.append(f"{name} entry {expected}: is missing (deleted or out of order)")
            else:
                faults.append(f"{name} entry {n}: stands out of order")
        elif row["prev"] != prev:
            faults.append(f"{name} entry {n}: does not follow from entry {n - 1}")
        if row["hash"] != entry_digest(row):
            faults.append(f"{name} entry {n}: was changed, its hash does not match what it says")
        seen[n] = row["hash"]
        expected, prev = n + 1, row["hash"]
    return faults


def check_anchors(chains: dict[str, list[dict]], anchors: list[dict], key: str) -> list[str]:
    faults: list[str] = []
    hashes = {(name, row["n"]): row["hash"] for name, rows in chains.items() for row in rows}
    longest = {name: max(row["n"] for row in rows) for name, rows in chains.items()}
    good: dict[str, int] = {}
    prev = GENESIS
    for expected, row in enumerate(anchors, 1):
        number = row.get("anchor")
        if number != expected:
            faults.append(f"anchor {expected}: is missing or out of order")
        if row.get("prev") != prev:
            faults.append(f"anchor {number}: does not follow from the anchor before it")
        body = {name: row.get(name) for name in ("anchor", "at", "heads", "prev")}
        if row.get("sha256") != digest(body):
            faults.append(f"anchor {number}: was changed, its hash does not match what it says")
        elif not signature_holds(key, row["sha256"], row.get("signature", "")):
            faults.append(f"anchor {number}: its signature is not by the key {key[:16]}…")
        prev = row.get("sha256", "")
        for name, n, head in row.get("heads", []):
            found = hashes.get((name, n))
            since = good.get(name, 0)
            if found is None:
                place = min(longest.get(name, 0), n) + 1
                faults.append(
                    f"{name} entry {place}: is missing; anchor {number} vouches for {n} entries"
                    " (cut off before the anchor)"
                )
            elif found != head:
                faults.append(
                    f"{name} entry {since + 1} to {n}: was rewritten since anchor {number},"
                    f" whose hash of entry {n} differs"
                )
            else:
                good[name] = n
    return faults


def signature_holds(key: str, sha256: str, signature: str) -> bool:
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError:
        raise SystemExit("The package `cryptography` is needed to check signatures: pip install cryptography") from None
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(bytes.fromhex(signature), bytes.fromhex(sha256))
    except (InvalidSignature, ValueError):
        return False
    return True


def check_report(path: Path, chains: dict[str, list[dict]], key: str) -> list[str]:
    """Compare the signed heads of a printed room pack with the export."""
    try:
        pack = json.loads(path.read_text(encoding="utf-8"))
        heads, sha256, signature = pack["statement"]["heads"], pack["sha256"], pack["signature"]
    except (OSError, ValueError, KeyError, TypeError):
        return [f"{path}: is no signed room pack"]
    faults = []
    if digest(pack["statement"]) != sha256:
        faults.append("room pack: was changed, its hash does not match what it says")
    elif not signature_holds(key, sha256, signature):
        faults.append(f"room pack: its signature is not by the key {key[:16]}…")
    hashes = {(name, row["n"]): row["hash"] for name, rows in chains.items() for row in rows}
    for name, n, head in heads:
        if n and hashes.get((name, n)) != head:
            found = "is missing" if (name, n) not in hashes else "differs"
            faults.append(f"{name} entry {n}: {found}; the room pack printed its hash as {head[:16]}…")
    return faults


def verify(path: Path, key: str = "", report: Path | None = None) -> tuple[list[str], str]:
    chains, anchors, inside, faults = read(path)
    if key and inside and key.lower() != inside.lower():
        faults.append("the export names another key than the one you gave")
    for name in chains:
        faults += check_chain(name, chains[name])
    faults += check_anchors(chains, anchors, key or inside)
    if report is not None:
        faults += check_report(report, chains, key or inside)
    entries = sum(len(rows) for rows in chains.values())
    covered = {name: n for anchor in anchors for name, n, _ in anchor.get("heads", [])}
    bare = sum(max(0, max(row["n"] for row in rows) - covered.get(name, 0)) for name, rows in chains.items())
    summary = (
        f"{entries} entries in {len(chains)} chains, {len(anchors)} anchors."
        f" {bare} entries stand after the last anchor of their chain: a tail cut off there cannot be seen."
    )
    return faults, summary


def main() -> int:
    parser = argparse.ArgumentParser(description="Verify an sjt audit export without sjt.")
    parser.add_argument("export", type=Path)
    parser.add_argument("--key", default="", help="public key, 64 hex digits, from a printed report")
    parser.add_argument("--report", type=Path, help="signed heads of a printed room pack")
    arguments = parser.parse_args()
    try:
        faults, summary = verify(arguments.export, arguments.key, arguments.report)
    except OSError as error:
        print(f"{arguments.export} cannot be read: {error.strerror}", file=sys.stderr)
        return 2
    for fault in faults:
        print(fault, file=sys.stderr)
    print(summary)
    print("HOLDS" if not faults else f"DOES NOT HOLD: {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
