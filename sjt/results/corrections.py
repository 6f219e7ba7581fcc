"""Correcting a key after the test: a psychometrician proposes, two awarding officers sign, marking goes by it then.

A published form never changes. A correction stands beside it and says which frozen key it takes the place of; every
form with that key is marked by it from the second signature on, and a result that was released moves by a re-award
alone (``reaward.py``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlmodel import Session

from sjt.access import Actor, Permission, may
from sjt.audit import service as audit
from sjt.authoring import service as authoring
from sjt.authoring.key_checks import key_faults
from sjt.authoring.snapshot import Format, PaperItem, SecretItem, canonical
from sjt.authoring.uses import KeyedItem
from sjt.errors import Fault, Forbidden, InputError, MoveRefused, NotFound
from sjt.results import correction_effect, store
from sjt.results.forms import CREDIT, Frozen, frozen
from sjt.results.model import CorrectionKind, CorrectionState
from sjt.results.tables import KeyCorrection

SHORTEST_REASON: Final = 20


@dataclass(frozen=True)
class Subject:
    """A frozen key that may be corrected: its item, the forms with it, and the key that stands in its place now."""

    keyed: KeyedItem
    form: Frozen
    """The first of the forms; they all have the item alike but for its worth."""
    shown: PaperItem
    published: SecretItem
    standing: SecretItem


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a correction is to say, checked and counted; not yet proposed."""

    subject: Subject
    kind: CorrectionKind
    key: Mapping[str, Any]
    why: Mapping[str, str]
    key_version: str
    counted: Mapping[str, Any]


def subject(session: Session, item: str, replaces: str) -> Subject:
    """Give what a correction would be about; NotFound where no published form was frozen with that key."""
    keyed = authoring.keyed_items(session).get((item, replaces))
    if keyed is None:
        raise NotFound(f"No published form holds {item} with that version of its key.")
    form = frozen(session, keyed.forms[0])
    shown, published, standing = form.paper.item(item), form.secret.item(item), form.corrected.item(item)
    assert shown is not None and published is not None and standing is not None
    return Subject(keyed, form, shown, published, standing)


def faults(about: Subject, key: Mapping[str, Any], why: Mapping[str, str], *, today: date) -> list[Fault]:
    """Say all that keeps a table from being this item's key."""
    if about.published.format is Format.WRITTEN:
        remedy = "Ask for second marks, or give everybody full marks."
        return [Fault("", about.published.id, "key", "People mark this item: no key decides its marks.", remedy)]
    found = key_faults(about.shown, about.published, key, why, today=today)
    if not found and dict(key) == dict(about.standing.key) and about.standing.rule != CREDIT:
        found.append(Fault("", about.published.id, "key", "This is the key that stands.", "Give another key."))
    return found


def version_of(about: Subject, kind: CorrectionKind, key: Mapping[str, Any], why: Mapping[str, str]) -> str:
    """Name a corrected key by its content; one that says what the published key says is the published key."""
    if kind is CorrectionKind.KEY and dict(key) == dict(about.published.key):
        return about.published.key_version
    said = {"item": about.published.id, "replaces": about.published.key_version, "kind": kind.value}
    return hashlib.sha256(canonical({**said, "key": dict(key), "why": dict(why)}).encode()).hexdigest()


def prepare(
    session: Session,
    item: str,
    replaces: str,
    kind: CorrectionKind,
    key: Mapping[str, Any] | None = None,
    why: Mapping[str, str] | None = None,
    *,
    today: date,
) -> Wanted:
    """Check a correction and count what it would do; writes nothing, so that it may take its time.

    Without ``why`` the reasons of the published key are kept.
    """
    about = subject(session, item, replaces)
    reasons = dict(about.published.why if why is None else why)
    if kind is CorrectionKind.CREDIT:
        table = {**about.published.key, "credit": str(about.published.raw_max)}
        found = []
        if about.standing.rule == CREDIT:
            what = "Everybody has full marks for it already."
            found = [Fault("", item, "kind", what, "Nothing is to be done, or give another key.")]
    else:
        table = dict(key or {})
        found = faults(about, table, reasons, today=today)
    if found:
        raise InputError("The correction was not proposed.", found)
    version = version_of(about, kind, table, reasons)
    if version == about.published.key_version:
        reasons = dict(about.published.why)
    counted = correction_effect.summed(
        correction_effect.touched(session, about.keyed, about.standing.key_version, (kind, table, reasons, version))
    )
    return Wanted(about, kind, table, reasons, version, counted)


def propose(session: Session, wanted: Wanted, reason: str, *, by: Actor, now: datetime) -> UUID:
    """Propose a correction; it moves nobody's marks until two awarding officers sign it."""
    if not may(by, Permission.CORRECT_KEY):
        raise Forbidden("A psychometrician proposes the correction of a key.")
    if len(reason.strip()) < SHORTEST_REASON:
        remedy = "Say in a sentence or two what was wrong and how it was found."
        raise InputError("The correction was not proposed.", [Fault("", "", "Reason", "says too little.", remedy)])
    about = wanted.subject
    for row in store.corrections_of_key(session, about.published.id, about.published.key_version):
        if row.state is CorrectionState.PROPOSED:
            raise MoveRefused("A correction of this key is proposed already. Have it signed or taken back first.")
    if subject(session, about.published.id, about.published.key_version).standing != about.standing:
        raise MoveRefused("Another correction of this key was signed meanwhile. Look at it, then propose anew.")
    row = KeyCorrection(
        item=about.published.id,
        replaces=about.published.key_version,
        base_version=about.standing.key_version,
        kind=wanted.kind,
        key=dict(wanted.key),
        why=dict(wanted.why),
        key_version=wanted.key_version,
        reason=reason.strip(),
        counted=dict(wanted.counted),
        proposed_by=by.id,
        proposed_at=now,
    )
    session.add(row)
    session.flush()
    body = {
        "item": row.item,
        "replaces": row.replaces,
        "base": row.base_version,
        "kind": row.kind.value,
        "key": row.key,
        "key_version": row.key_version,
        "reason": row.reason,
        "counted": row.counted["all"],
    }
    audit.record(session, by=by, did="key_correction.proposed", on=row.id, at=now, body=body)
    return row.id


def sign(session: Session, correction_id: UUID, *, by: Actor, now: datetime) -> CorrectionState:
    """Sign a proposed correction; it stands with the second officer's signature, and moves no result released."""
    if not may(by, Permission.SIGN_KEY_CORRECTION):
        raise Forbidden("Awarding officers sign the correction of a key.")
    row = get(session, correction_id, lock=True)
    _require_proposed(row)
    if by.id == row.proposed_by:
        raise MoveRefused("You proposed this correction. Two other people sign it.")
    if by.id == row.adopted_by:
        raise MoveRefused("You have signed this correction. A second awarding officer signs next.")
    body = {"item": row.item, "key_version": row.key_version}
    if row.adopted_by is None:
        row.adopted_by, row.adopted_at = by.id, now
        audit.record(session, by=by, did="key_correction.signed", on=row.id, at=now, body=body)
    else:
        for other in store.corrections_of_key(session, row.item, row.replaces):
            if other.state is CorrectionState.ADOPTED:
                other.state, other.ended_by, other.ended_at = CorrectionState.SUPERSEDED, by.id, now
                session.add(other)
        row.seconded_by, row.seconded_at, row.state = by.id, now, CorrectionState.ADOPTED
        body["first"] = row.adopted_by
        audit.record(session, by=by, did="key_correction.adopted", on=row.id, at=now, body=body)
    session.add(row)
    session.flush()
    return row.state


def take_back(session: Session, correction_id: UUID, *, by: Actor, now: datetime) -> None:
    """Take a proposal back before it is signed by two; its words stay on the record."""
    if not (may(by, Permission.CORRECT_KEY) or may(by, Permission.SIGN_KEY_CORRECTION)):
        raise Forbidden("A psychometrician or an awarding officer takes a correction back.")
    row = get(session, correction_id, lock=True)
    _require_proposed(row)
    row.state, row.ended_by, row.ended_at = CorrectionState.TAKEN_BACK, by.id, now
    session.add(row)
    session.flush()
    audit.record(session, by=by, did="key_correction.taken_back", on=row.id, at=now, body={"item": row.item})


def get(session: Session, correction_id: UUID, *, lock: bool = False) -> KeyCorrection:
    found = store.correction(session, correction_id, lock=lock)
    if found is None:
        raise NotFound("There is no such correction.")
    return found


def _require_proposed(row: KeyCorrection) -> None:
    if row.state is CorrectionState.ADOPTED:
        raise MoveRefused("This correction stands. To undo it, correct the key back.")
    if row.state is not CorrectionState.PROPOSED:
        raise MoveRefused(f"This correction is {row.state.value.replace('_', ' ')}. Propose it anew.")
