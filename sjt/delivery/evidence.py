"""The evidence behind adjustments, kept apart from their effect (ADR 13).

A booking says what is given and never why. Why is health data: it lies sealed in rows of its own, opened by one role
that may hold none of the roles that mark, examine, decide or run a room. Each opening is written down, nothing of what
was seen enters the audit record, and what is past its day is erased by the server itself.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlmodel import Session, col, select

from sjt.access import SYSTEM, Actor, Permission, may
from sjt.audit import service as audit
from sjt.db import new_id
from sjt.delivery import store
from sjt.delivery.model import Adjustment
from sjt.delivery.tables import Booking, Candidate
from sjt.delivery.tables_evidence import AdjustmentEvidence
from sjt.errors import Conflict, Fault, Forbidden, InputError, NotFound

LONGEST: Final = timedelta(days=6 * 366)
"""Six years after an award a complaint can no longer be brought before a court in England; nothing is kept longer."""
MAX_WORDS: Final = 2_000
_NONCE: Final = 12
KEEPS_OUT: Final = (
    Permission.MARK,
    Permission.ALLOCATE_MARKING,
    Permission.INTERVIEW,
    Permission.GRADE_PORTFOLIO,
    Permission.AWARD,
    Permission.RELEASE_RESULTS,
    Permission.INVIGILATE,
    Permission.JUDGE_ITEMS,
    Permission.SEE_EMPLOYER_STATUS,
)
"""Whoever may do one of these learns nothing of why, whatever other role they hold."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What was shown, and who looked at it when."""

    what: str
    by: str
    on: date


@dataclass(frozen=True, slots=True)
class Record:
    """One piece of evidence as lists show it: its dates and nothing of its content."""

    id: UUID
    review_on: date | None
    keep_until: date
    recorded_at: datetime
    recorded_by: str
    erased_at: datetime | None
    erased_by: str


@dataclass(frozen=True, slots=True)
class Person:
    """A candidate with what is given and how much stands behind it."""

    candidate: Candidate
    effects: tuple[str, ...]
    records: tuple[Record, ...]

    @property
    def held(self) -> tuple[Record, ...]:
        return tuple(one for one in self.records if one.erased_at is None)

    @property
    def review_on(self) -> date | None:
        """The next day on which something is to be looked at again."""
        return min((one.review_on for one in self.held if one.review_on is not None), default=None)


def require_apart(actor: Actor) -> None:
    """Let through only whoever keeps evidence and does nothing that it could sway."""
    if not may(actor, Permission.KEEP_ADJUSTMENT_EVIDENCE):
        raise Forbidden("Your role does not let you see the evidence behind adjustments.")
    beside = [one.value for one in KEEPS_OUT if may(actor, one)]
    if beside:
        raise Forbidden(
            f"You also may {beside[0]}, so the evidence behind adjustments stays closed to you. An administrator can "
            "give it to somebody who does neither."
        )


def people(session: Session, *, by: Actor) -> list[Person]:
    """List every candidate with their effects and records, by name."""
    require_apart(by)
    everybody = sorted(store.candidates(session), key=lambda one: (one.family_name, one.given_name))
    effects: dict[UUID, list[str]] = {}
    for booking in session.exec(select(Booking)):
        words = Adjustment.from_json(booking.adjustment).in_words()
        if words and words not in effects.setdefault(booking.candidate_id, []):
            effects[booking.candidate_id].append(words)
    records: dict[UUID, list[Record]] = {}
    for row in session.exec(select(AdjustmentEvidence).order_by(col(AdjustmentEvidence.recorded_at))):
        records.setdefault(row.candidate_id, []).append(_record(row))
    return [Person(one, tuple(effects.get(one.id, ())), tuple(records.get(one.id, ()))) for one in everybody]


def person(session: Session, candidate_id: UUID, *, by: Actor) -> Person:
    require_apart(by)
    candidate = store.candidate(session, candidate_id)
    given = [
        Adjustment.from_json(booking.adjustment).in_words() for booking, _ in store.bookings_of(session, [candidate_id])
    ]
    rows = session.exec(
        select(AdjustmentEvidence)
        .where(col(AdjustmentEvidence.candidate_id) == candidate_id)
        .order_by(col(AdjustmentEvidence.recorded_at))
    )
    return Person(candidate, tuple(dict.fromkeys(one for one in given if one)), tuple(map(_record, rows)))


def record(
    session: Session,
    candidate_id: UUID,
    seen: Seen,
    *,
    review_on: date | None,
    keep_until: date,
    by: Actor,
    now: datetime,
    secret_key: str,
) -> UUID:
    """Keep what was seen, sealed; the audit record learns that something was kept, and no more."""
    require_apart(by)
    store.candidate(session, candidate_id)
    faults = list(_faults(seen, review_on, keep_until, now.date()))
    if faults:
        raise InputError("The evidence was not kept.", faults)
    evidence_id = new_id()
    words = {"what": seen.what.strip(), "by": seen.by.strip(), "on": seen.on.isoformat()}
    row = AdjustmentEvidence(
        id=evidence_id,
        candidate_id=candidate_id,
        sealed=_sealed(secret_key, evidence_id, words),
        review_on=review_on,
        keep_until=keep_until,
        recorded_at=now,
        recorded_by=by.id,
    )
    session.add(row)
    session.flush()
    audit.record(session, by=by, did="evidence.recorded", on=evidence_id, at=now)
    return evidence_id


def opened(session: Session, evidence_id: UUID, *, by: Actor, now: datetime, secret_key: str) -> Seen:
    """Give what was seen; that somebody looked is written down."""
    require_apart(by)
    row = _row(session, evidence_id)
    if row.erased_at is not None:
        raise Conflict("This evidence is erased. What it said is nowhere any more.")
    words = _unsealed(secret_key, row)
    audit.record(session, by=by, did="evidence.opened", on=evidence_id, at=now)
    return Seen(words["what"], words["by"], date.fromisoformat(words["on"]))


def erase(session: Session, evidence_id: UUID, *, by: Actor, now: datetime) -> None:
    """Erase what was seen; that it was kept and is erased stays. Done twice it changes nothing."""
    require_apart(by)
    _erase(session, _row(session, evidence_id), by=by, now=now)


def due(session: Session, *, on: date) -> bool:
    """Tell whether something is past the day until which it was to be kept."""
    query = select(AdjustmentEvidence.id).where(
        col(AdjustmentEvidence.keep_until) < on, col(AdjustmentEvidence.erased_at).is_(None)
    )
    return session.exec(query.limit(1)).first() is not None


def erase_due(session: Session, *, now: datetime) -> int:
    """Erase what is past the day until which it was to be kept; give how many."""
    past = session.exec(
        select(AdjustmentEvidence).where(
            col(AdjustmentEvidence.keep_until) < now.date(), col(AdjustmentEvidence.erased_at).is_(None)
        )
    ).all()
    for row in past:
        _erase(session, row, by=SYSTEM, now=now)
    return len(past)


def to_review(session: Session, *, on: date) -> int:
    """Count the records whose day of review has come."""
    rows = session.exec(
        select(AdjustmentEvidence.id).where(
            col(AdjustmentEvidence.review_on) <= on, col(AdjustmentEvidence.erased_at).is_(None)
        )
    )
    return len(rows.all())


def _erase(session: Session, row: AdjustmentEvidence, *, by: Actor, now: datetime) -> None:
    if row.erased_at is not None:
        return
    row.sealed, row.erased_at, row.erased_by = b"", now, by.id
    session.add(row)
    audit.record(session, by=by, did="evidence.erased", on=row.id, at=now)


def _row(session: Session, evidence_id: UUID) -> AdjustmentEvidence:
    row = session.get(AdjustmentEvidence, evidence_id)
    if row is None:
        raise NotFound("There is no such evidence.")
    return row


def _record(row: AdjustmentEvidence) -> Record:
    return Record(row.id, row.review_on, row.keep_until, row.recorded_at, row.recorded_by, row.erased_at, row.erased_by)


def _faults(seen: Seen, review_on: date | None, keep_until: date, today: date) -> Sequence[Fault]:
    found = []
    for name, words, longest in (("What was seen", seen.what, MAX_WORDS), ("Seen by", seen.by, 200)):
        if not 0 < len(words.strip()) <= longest:
            found.append(
                Fault("", "", name, f"is blank or longer than {longest} characters.", "Write what the record needs.")
            )
    if seen.on > today:
        found.append(Fault("", "", "Seen on", "lies ahead.", "Give the day on which it was seen."))
    if not today <= keep_until <= today + LONGEST:
        remedy = "Give a day from today to six years ahead."
        found.append(Fault("", "", "Keep until", "is past, or further off than six years.", remedy))
    if review_on is not None and not today < review_on <= keep_until:
        remedy = "Give a day after today and not after the day until which it is kept, or none."
        found.append(Fault("", "", "Review on", "does not lie between today and the last day.", remedy))
    return found


def _key(secret_key: str) -> bytes:
    return HKDF(hashes.SHA256(), 32, salt=b"", info=b"sjt adjustment evidence").derive(secret_key.encode())


def _sealed(secret_key: str, evidence_id: UUID, words: Mapping[str, str]) -> bytes:
    nonce = secrets.token_bytes(_NONCE)
    plain = json.dumps(words, ensure_ascii=False).encode()
    return nonce + AESGCM(_key(secret_key)).encrypt(nonce, plain, evidence_id.bytes)


def _unsealed(secret_key: str, row: AdjustmentEvidence) -> dict[str, str]:
    nonce, rest = row.sealed[:_NONCE], row.sealed[_NONCE:]
    try:
        plain = AESGCM(_key(secret_key)).decrypt(nonce, rest, row.id.bytes)
    except InvalidTag:
        raise Conflict(
            "This evidence was sealed under another secret of the installation (SJT_SECRET_KEY) and cannot be opened. "
            "Put the old secret back, or erase the record and see the evidence again."
        ) from None
    found: dict[str, str] = json.loads(plain)
    return found
