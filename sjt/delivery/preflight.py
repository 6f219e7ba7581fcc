"""Whether the machines of a room serve for a test: what is looked at, what was found, which seats were checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlmodel import Session, col, select

from sjt.access import Actor
from sjt.audit import service as audit
from sjt.db import new_id
from sjt.delivery import ledger, store
from sjt.delivery.model import Instant
from sjt.delivery.row import Hand
from sjt.delivery.tables import Centre, Preflight, Room
from sjt.errors import Fault, InputError, NotFound
from sjt.times import iso

CHECKED_WITHIN: Final = timedelta(days=7)
"""A check older than this before the start says little about the day."""
KEEP_PROBES: Final = timedelta(hours=1)
YES, WARN, NO = "yes", "warn", "no"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that is looked at; ``remedy`` is said when it does not serve."""

    slug: str
    title: str
    remedy: str
    required: bool = True


CHECKS: Final[tuple[Check, ...]] = (
    Check("browser", "Browser", "Install the current Chrome, Edge, Firefox or Safari, or let updates run overnight."),
    Check("secure", "Secure address", "Open the page with https. Ask whoever runs the server for the address."),
    Check("storage", "Keeping answers on this computer", "Leave private browsing, and allow this site to store data."),
    Check("space", "Room on the disk", "Free 50 MB for the browser, or use another profile.", required=False),
    Check(
        "worker", "Reload without a line", "Allow service workers, or keep the page open all through.", required=False
    ),
    Check("clock", "Clock", "Set the computer to take its time from the network.", required=False),
    Check("screen", "Screen", "Set zoom to 100 % and the window to full size."),
    Check("line", "Line to the server", "Use a cable in place of wireless, and let nobody stream in the room."),
    Check("printing", "Printing", "Only the invigilator's computer prints. Check the printer there.", required=False),
)
_BY_SLUG: Final = {check.slug: check for check in CHECKS}


@dataclass(frozen=True, slots=True)
class Machine:
    """The newest check of one machine."""

    seat: str
    at: datetime
    serves: bool
    findings: Sequence[Mapping[str, str]]
    agent: str

    @property
    def troubles(self) -> list[str]:
        """Say what does not serve, with the remedy."""
        return [
            f"{_BY_SLUG[one['check']].title}: {one['found']}. {_BY_SLUG[one['check']].remedy}"
            for one in self.findings
            if one["serves"] != YES and one["check"] in _BY_SLUG
        ]


def probe(at: Instant) -> datetime:
    """Write one row through the queue that stores answers, and return once it is on disk."""

    def write(hand: Hand) -> None:
        hand.run("INSERT INTO preflight_probe (id, at) VALUES (?, ?)", hand.uuid(new_id()), hand.time(at.at))
        hand.run("DELETE FROM preflight_probe WHERE at < ?", hand.time(at.at - KEEP_PROBES))

    ledger.current().run(write)
    return at.at


def read(data: object) -> tuple[str, str, list[dict[str, str]]]:
    """Read what a page sends: the machine's own name, the seat as written on it, and its findings.

    Raises
    ------
    InputError
        It is not of the agreed shape; every fault is named.
    """
    faults: list[Fault] = []
    sent: Mapping[str, Any] = data if isinstance(data, Mapping) else {}
    machine, seat = str(sent.get("machine", "")), str(sent.get("seat", "")).strip()
    if not (8 <= len(machine) <= 40 and machine.replace("-", "").isalnum()):
        faults.append(Fault("", "", "machine", "is no machine's own name.", "Load the page again."))
    if not 0 < len(seat) <= 40:
        faults.append(
            Fault("", "", "seat", "is blank or longer than 40 signs.", "Write the seat or the machine's name.")
        )
    findings: dict[str, dict[str, str]] = {}
    given = sent.get("findings")
    for one in given if isinstance(given, list) else []:
        known = isinstance(one, Mapping) and one.get("check") in _BY_SLUG and one.get("serves") in (YES, WARN, NO)
        if known:
            slug = str(one["check"])
            findings[slug] = {"check": slug, "found": str(one.get("found", ""))[:200], "serves": str(one["serves"])}
        else:
            faults.append(Fault("", "", "findings", "hold something unknown.", "Load the page again."))
    missing = [check.title for check in CHECKS if check.required and check.slug not in findings]
    if missing:
        what = f"leave out {', '.join(missing)}."
        faults.append(Fault("", "", "findings", what, "Let every check end, then send."))
    if faults:
        raise InputError("The result was not kept.", faults)
    return machine, seat, [findings[check.slug] for check in CHECKS if check.slug in findings]


def serves(findings: Sequence[Mapping[str, str]]) -> bool:
    """Tell whether a machine serves: everything that a test needs was found."""
    return all(one["serves"] != NO or not _BY_SLUG[one["check"]].required for one in findings)


def keep(
    session: Session, room_id: UUID, data: object, *, by: Actor, now: datetime, agent: str, address: str
) -> Preflight:
    """Record one machine's result."""
    machine, seat, findings = read(data)
    place(session, room_id)
    row = Preflight(
        room_id=room_id,
        machine=machine,
        seat=seat,
        at=now,
        serves=serves(findings),
        findings=findings,
        agent=agent[:300],
        address=address[:80],
    )
    session.add(row)
    session.flush()
    body = {"machine": machine, "seat": seat, "serves": row.serves, "findings": findings, "at": iso(now)}
    audit.record(session, by=by, did="room.machine_checked", on=room_id, at=now, body=body)
    return row


def place(session: Session, room_id: UUID) -> tuple[Centre, Room]:
    room = session.get(Room, room_id)
    centre = session.get(Centre, room.centre_id) if room is not None else None
    if room is None or centre is None:
        raise NotFound("There is no such room. Open the link on the session's page.")
    return centre, room


def room_of(session: Session, session_id: UUID) -> UUID:
    return store.test_session(session, session_id).room_id


def machines(session: Session, session_id: UUID) -> list[Machine]:
    """Give the newest check of each machine of a session's room, from a week before its start on."""
    row = store.test_session(session, session_id)
    query = (
        select(Preflight)
        .where(col(Preflight.room_id) == row.room_id, col(Preflight.at) >= row.starts - CHECKED_WITHIN)
        .order_by(col(Preflight.at))
    )
    newest = {one.machine: one for one in session.exec(query)}
    found = [Machine(one.seat, one.at, one.serves, one.findings, one.agent) for one in newest.values()]
    return sorted(found, key=lambda one: (one.serves, len(one.seat), one.seat))


def seats_checked(session: Session, session_id: UUID) -> tuple[int, int]:
    """Count the machines that serve and the seats of a session: 14 of 16."""
    good = sum(one.serves for one in machines(session, session_id))
    return good, store.test_session(session, session_id).seats
