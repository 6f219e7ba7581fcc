"""Delivery's front: what pages, commands and other rooms call.

Deeds that take a ``session`` are called inside ``transaction()``. Deeds on a running sitting take none: they go through
the ledger's queue, are on disk when they return, and raise if a transaction is open in the same thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlmodel import Session

from sjt.delivery import store
from sjt.delivery.candidates import read_csv
from sjt.delivery.chains import SittingChains
from sjt.delivery.entering import Entered, candidate_actor, enter, enter_by_link, paper_of, require_lease
from sjt.delivery.gateway import Missing
from sjt.delivery.incidents import report_incident, resolve_incident
from sjt.delivery.latecomers import set_rules
from sjt.delivery.model import LedgerEntry
from sjt.delivery.outages import decide_outage
from sjt.delivery.rebooking import book_resit, mark_absent, move_booking, withdraw
from sjt.delivery.running import (
    close_session,
    decide_held,
    end_break,
    extend,
    extend_room,
    force_submit,
    move_device,
    pause,
    pause_room,
    reopen,
    resume,
    resume_room,
    save,
    save_events,
    start_break,
    start_room,
    start_sitting,
    submit,
    void,
)
from sjt.delivery.scheduling import (
    CreatedSession,
    Imported,
    check_in,
    create_session,
    gateway_missing,
    gateways,
    import_candidates,
    issue_codes,
    issue_pin,
    options_of,
    record_gateway,
    set_adjustment,
)
from sjt.delivery.seating import exchange, seat_again, undo_check_in
from sjt.delivery.tables import Candidate
from sjt.delivery.views import (
    CandidateView,
    HeldLine,
    RoomView,
    SeatLine,
    SessionLine,
    SittingResponses,
    StateView,
    clock_now,
    held,
    open_questions,
    responses,
    room,
    sessions,
    sitting_of,
    sitting_state,
)

__all__ = [
    "CandidateView",
    "CreatedSession",
    "Entered",
    "HeldLine",
    "Imported",
    "Missing",
    "RoomView",
    "SeatLine",
    "SessionLine",
    "SittingChains",
    "SittingResponses",
    "StateView",
    "book_resit",
    "booking_of",
    "candidate",
    "candidate_actor",
    "candidates",
    "check_in",
    "clock_now",
    "close_session",
    "count_running_sittings",
    "create_session",
    "decide_held",
    "decide_outage",
    "end_break",
    "enter",
    "enter_by_link",
    "entries",
    "exchange",
    "extend",
    "extend_room",
    "force_submit",
    "gateway_missing",
    "gateways",
    "head_of",
    "held",
    "import_candidates",
    "issue_codes",
    "issue_pin",
    "mark_absent",
    "move_booking",
    "move_device",
    "open_questions",
    "options_of",
    "paper_of",
    "pause",
    "pause_room",
    "read_csv",
    "record_gateway",
    "reopen",
    "report_incident",
    "require_lease",
    "resolve_incident",
    "responses",
    "resume",
    "resume_room",
    "room",
    "save",
    "save_events",
    "seat_again",
    "sessions",
    "set_adjustment",
    "set_rules",
    "sitting_of",
    "sitting_state",
    "start_break",
    "start_room",
    "start_sitting",
    "submit",
    "undo_check_in",
    "void",
    "withdraw",
]


def candidates(session: Session) -> Sequence[Candidate]:
    """Give every apprentice, by family name."""
    return store.candidates(session)


def candidate(session: Session, candidate_id: UUID) -> Candidate:
    return store.candidate(session, candidate_id)


def count_running_sittings(session: Session) -> int:
    """Count the sittings whose clock has started and which have not ended."""
    return len(store.running(session))


def entries(session: Session, sitting_id: UUID) -> list[LedgerEntry]:
    """Give a sitting's ledger, in order."""
    return store.entries(session, sitting_id)


def booking_of(session: Session, sitting_id: UUID) -> UUID:
    return store.sitting(session, sitting_id).booking_id


def head_of(session: Session, sitting_id: UUID) -> tuple[int, str]:
    """Give the length and last hash of a sitting's chain, for a printed and signed report."""
    sitting = store.sitting(session, sitting_id)
    return sitting.head_n, sitting.head_hash
