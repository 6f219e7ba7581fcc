"""The room's papers as one pack: who sits where with which form, what happened, and the signed heads of the logs."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
from sqlmodel import Session

from sjt.audit import service as audit
from sjt.delivery import fitting, own_forms, store
from sjt.delivery.model import BookingState, SittingState
from sjt.times import iso

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class PlanSeat:
    """One seat of the seating plan."""

    seat: int
    name: str
    form: str
    """A letter for the form; the pack names the forms beside their letters."""
    order: str
    """Four signs of the order dealt to this sitting; empty: dealt when the code is entered."""


@dataclass(frozen=True, slots=True)
class SeatingPlan:
    seats: tuple[PlanSeat, ...]
    forms: tuple[tuple[str, str], ...]
    same_form: tuple[tuple[int, int], ...]
    """Neighbours who had to be given one form, because the session has no other for both."""
    same_order: tuple[tuple[int, int], ...]
    """Neighbours with one form and one order: there must be none."""


def seating_plan(session: Session, session_id: UUID) -> SeatingPlan:
    """Tell who sits where with which form; a form not yet given is the one that the deal gives the seat."""
    row = store.test_session(session, session_id)
    given = fitting.planned(session, row)
    letters = {form_id: LETTERS[n % 26] for n, form_id in enumerate(row.forms)}
    dealt = own_forms.dealt_in(session, session_id)
    letters |= {form_id: form_id.rpartition("-")[2] for form_id in sorted(dealt.values()) if form_id not in letters}
    seats = []
    for booking, person, sitting in store.bookings(session, session_id):
        if booking.seat is None or booking.state in (BookingState.WITHDRAWN, BookingState.MOVED):
            continue
        if sitting is not None:
            form, order = sitting.form_id, hashlib.sha256(_orders(sitting.deal).encode()).hexdigest()[:4]
        else:
            form, order = dealt.get(booking.id) or given.get(str(booking.seat), ""), ""
        name = f"{person.given_name} {person.family_name}"
        seats.append((PlanSeat(booking.seat, name, letters.get(form, "\N{EN DASH}"), order), sitting))
    plan = [one for one, _ in seats]
    near = [(a, b) for a, b in itertools.pairwise(plan) if b.seat - a.seat == 1]
    return SeatingPlan(
        tuple(plan),
        tuple((letter, form_id) for form_id, letter in letters.items()),
        tuple((a.seat, b.seat) for a, b in near if a.form == b.form),
        tuple((a.seat, b.seat) for a, b in near if a.form == b.form and a.order and a.order == b.order),
    )


def _orders(deal: str) -> str:
    """Give what a candidate can see of a deal: the orders, without its seed and salt."""
    data = orjson.loads(deal)
    return str((data.get("scenarios"), sorted(data.get("options", {}).items())))


@dataclass(frozen=True, slots=True)
class Signed:
    """The heads of a room's logs with the installation's signature, as printed and as a file to check."""

    statement: Mapping[str, Any]
    sha256: str
    signature: str
    public_key: str

    def to_json(self) -> dict[str, Any]:
        return {
            "statement": dict(self.statement),
            "sha256": self.sha256,
            "signature": self.signature,
            "public_key": self.public_key,
            "algorithm": "Ed25519",
        }


def signed_heads(session: Session, session_id: UUID, *, key_path: Path, at: datetime) -> Signed:
    """Sign where each log of a room ends now: the session's own and one for each sitting."""
    heads = []
    own = audit.head(session, f"session:{session_id}")
    if own is not None:
        heads.append([f"session:{session_id}", *own])
    heads += [[f"sitting:{one.id}", one.head_n, one.head_hash] for one in store.sittings(session, session_id)]
    statement = {"document": "room pack", "session": str(session_id), "at": iso(at), "heads": heads}
    sha256, signature, public_key = audit.sign_statement(statement, key_path=key_path)
    return Signed(statement, sha256, signature, public_key)


def counts(states: list[tuple[BookingState, SittingState | None]]) -> list[tuple[str, int]]:
    """Count a room's people as its report prints them."""
    booked = [state for state, _ in states]
    sat = [state for _, state in states]
    return [
        ("Present", booked.count(BookingState.CHECKED_IN)),
        ("Absent", booked.count(BookingState.ABSENT)),
        ("Gateway not complete", booked.count(BookingState.PENDING)),
        ("Withdrawn or moved", booked.count(BookingState.WITHDRAWN) + booked.count(BookingState.MOVED)),
        ("Submitted", sat.count(SittingState.SUBMITTED)),
        ("Ended by time or by staff", sat.count(SittingState.CLOSED)),
        ("Void", sat.count(SittingState.VOID)),
        (
            "Still running",
            sum(sat.count(one) for one in (SittingState.RUNNING, SittingState.PAUSED, SittingState.BREAK)),
        ),
    ]
