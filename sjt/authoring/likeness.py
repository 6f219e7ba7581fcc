"""Scenarios that are alike, or of which one tells another's answer: found, and what somebody decided about each pair.

A pair is made enemies by a step in the draft of the second: it holds once that draft is in the bank. That a pair is no
enemies stands in the bank's own ``likeness/not-enemies.csv``, with the reason, so that it goes where the bank goes.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlmodel import Session

from sjt.access import Actor
from sjt.accounts import service as accounts
from sjt.audit import service as audit
from sjt.authoring import drafting, service, store, store_drafts
from sjt.authoring.bank import NOT_ENEMIES
from sjt.authoring.checks_bank import ENEMY, told_elsewhere, whole_text
from sjt.authoring.draft import listed
from sjt.authoring.model import Bank
from sjt.authoring.similarity import alike, tfidf
from sjt.authoring.tables import ScenarioDraft
from sjt.authoring.the_bank import bank as current_bank
from sjt.authoring.the_bank import current_row
from sjt.errors import Fault, InputError, NotFound

COLUMNS: Final = ("first", "second", "reason", "by", "date")
CLOSE: Final = 0.20
"""Pairs from here on are shown; two scenarios of the shipped bank reach it."""
FEWEST_WORDS: Final = 3
ALIKE, TOLD = "alike", "told"


@dataclass(frozen=True, slots=True)
class Pair:
    """Two scenarios, the lower id first, with what is alike in them."""

    first: str
    second: str
    kind: str
    """``alike``: their texts; ``told``: an option of one is a sentence of the other's story."""
    cosine: float
    words: str = ""
    """Of a pair that is told: the item with its option, and the sentence."""
    limit: float = ENEMY
    """From here on the rules find it."""
    standing: str = ""
    """``enemies``, ``drafted``, ``apart``, or open."""
    reason: str = ""
    by: str = ""
    date: str = ""


_found: dict[str, tuple[Pair, ...]] = {}
KEPT: Final = 2


def found(session: Session) -> tuple[Pair, ...]:
    """Give every pair of the bank that is close, the closest first; worked out once for each content of the bank."""
    mark = current_row(session).sha256
    if mark not in _found:
        while len(_found) >= KEPT:
            _found.pop(next(iter(_found)))
        _found[mark] = tuple(_pairs(current_bank(session)))
    return _found[mark]


def _pairs(bank: Bank) -> list[Pair]:
    limit = min(ENEMY, bank.settings.limits.alike)
    texts = tfidf([whole_text(one) for one in bank.scenarios])
    pairs = []
    for i, j, value in alike(texts, min(CLOSE, limit)):
        first, second = sorted((bank.scenarios[i].id, bank.scenarios[j].id))
        pairs.append(Pair(first, second, ALIKE, value, limit=limit))
    for scenario, item, option, other, sentence, value in told_elsewhere(bank.scenarios):
        first, second = sorted((scenario.id, other.id))
        pairs.append(Pair(first, second, TOLD, value, f"{item.id}, response {option}: “{sentence}”", 0.0))
    return sorted(pairs, key=lambda one: (-one.cosine, one.first, one.second, one.kind))


def standing(session: Session, of: str = "") -> list[Pair]:
    """Give the pairs, of one scenario if it is named, each with what was decided."""
    bank = current_bank(session)
    enemies = {(one.id, foe) for one in bank.scenarios for foe in one.enemies}
    drafted = {(row.scenario_id, foe) for row, held in _drafts(session) for foe in listed(held, "enemies")}
    decided = _decided(service.bank_files(session))
    told = []
    for one in found(session):
        ways = {(one.first, one.second), (one.second, one.first)}
        if of and of not in (one.first, one.second):
            continue
        if ways & enemies:
            told.append(replace(one, standing="enemies"))
        elif ways & drafted:
            told.append(replace(one, standing="drafted"))
        elif (row := decided.get((one.first, one.second))) is not None:
            by = accounts.name_of(session, row.get("by", "")) if row.get("by") else ""
            told.append(replace(one, standing="apart", reason=row["reason"], by=by, date=row.get("date", "")))
        else:
            told.append(one)
    return told


def _drafts(session: Session) -> list[tuple[ScenarioDraft, Mapping[str, str]]]:
    return [(row, drafting.fields_of(session, row)) for row in store_drafts.open_drafts(session)]


def _decided(files: Mapping[str, bytes]) -> dict[tuple[str, str], dict[str, str]]:
    rows = csv.DictReader(io.StringIO(files.get(NOT_ENEMIES, b"").decode()))
    return {(min(pair), max(pair)): row for row in rows if (pair := (row["first"], row["second"]))}


def _known(session: Session, first: str, second: str) -> tuple[str, str]:
    known = {one.id for one in current_bank(session).scenarios}
    for one in (first, second):
        if one not in known:
            raise NotFound(f"There is no scenario {one} in the bank.")
    if first == second:
        raise InputError("A scenario is no enemy of itself. Choose two.")
    return min(first, second), max(first, second)


def make_enemies(session: Session, first: str, second: str, *, by: Actor, now: datetime) -> UUID:
    """Write into the draft of the second that it never stands in one form with the first; give that draft."""
    first, second = _known(session, first, second)
    draft_id = drafting.edit(session, second, by=by, now=now)
    drafting.add_enemy(session, draft_id, first, by=by, now=now)
    body = {"enemy": first, "draft": str(draft_id)}
    audit.record(session, by=by, did="scenario.enemy_proposed", on=second, at=now, body=body)
    return draft_id


def keep_together(session: Session, first: str, second: str, reason: str, *, by: Actor, now: datetime) -> None:
    """Remember that two scenarios are no enemies, and why; said again, the later reason stands."""
    first, second = _known(session, first, second)
    reason = " ".join(reason.split())
    if len(reason.split()) < FEWEST_WORDS:
        said = Fault("", f"{first}, {second}", "reason", "It has too few words.", "Say why both may be in one form.")
        raise InputError("A reason of three words or more is needed.", [said])
    row = store.hold_bank(session, current_row(session).id)
    decided = _decided(service.bank_files(session))
    decided[first, second] = {
        "first": first, "second": second, "reason": reason, "by": by.id, "date": now.date().isoformat(),
    }  # fmt: skip
    service.put_file(session, row, NOT_ENEMIES, _text([decided[pair] for pair in sorted(decided)]), now=now)
    body = {"first": first, "second": second, "reason": reason}
    audit.record(session, by=by, did="bank.pair_kept_together", on=row.id, at=now, body=body)


def _text(rows: Sequence[Mapping[str, str]]) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n", restval="", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()
