"""The versions of a blueprint's file: one row for each content the bank has had."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime

from sqlmodel import Session

from sjt.authoring import store
from sjt.authoring.tables import BlueprintVersion


def keep_version(session: Session, bank_id: str, path: str, content: bytes, *, by: str, now: datetime) -> int:
    """Keep a content as the newest version, unless it is that already; give its number."""
    digest = hashlib.sha256(content).hexdigest()
    known = store.blueprint_versions(session, bank_id, path)
    if known and known[0].sha256 == digest:
        return known[0].n
    n = known[0].n + 1 if known else 1
    session.add(
        BlueprintVersion(
            bank_id=bank_id, path=path, n=n, content=content, sha256=digest, created_at=now, created_by=by
        )
    )  # fmt: skip
    session.flush()
    return n


def keep_all(session: Session, bank_id: str, files: Mapping[str, bytes], *, by: str, now: datetime) -> None:
    """Keep every blueprint among a bank's files."""
    for path, content in files.items():
        if path.startswith("blueprints/") and path.endswith(".toml"):
            keep_version(session, bank_id, path, content, by=by, now=now)
