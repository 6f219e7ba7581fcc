"""From which networks a centre's candidates may sit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from ipaddress import ip_address, ip_network
from uuid import UUID

from sqlmodel import Session

from sjt.access import Actor
from sjt.audit import service as audit
from sjt.delivery import store
from sjt.delivery.tables import Centre
from sjt.errors import Fault, Forbidden, InputError, NotFound

MOST = 50


def read(text: str) -> list[str]:
    """Read networks, one on a line or parted by commas; every faulty one is named.

    Raises
    ------
    InputError
        Something is no network in CIDR writing, or there are more than fifty.
    """
    found, faults = [], []
    for n, word in enumerate(text.replace(",", "\n").split(), 1):
        try:
            found.append(str(ip_network(word)))
        except ValueError as error:
            remedy = "Write 192.0.2.0/24, 2001:db8::/48 or a single address."
            faults.append(Fault("", f"line {n}", "networks", f"{word}: {error}.", remedy))
    if len(found) > MOST:
        faults.append(Fault("", "", "networks", f"are {len(found)}.", f"Give at most {MOST}; join neighbours."))
    if faults:
        raise InputError("The networks were not saved.", faults)
    return list(dict.fromkeys(found))


def allows(networks: Sequence[str], address: str) -> bool:
    """Tell whether an address lies in one of the networks; none are named: everybody may."""
    if not networks:
        return True
    try:
        asked = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(asked, "ipv4_mapped", None)
    asked = mapped or asked
    return any(asked in ip_network(one) for one in networks)


def require_allowed(networks: Sequence[str], address: str, centre: str) -> None:
    """Refuse a browser outside the centre's networks, in words that lead on.

    Raises
    ------
    Forbidden
        The address lies in none of them.
    """
    if not allows(networks, address):
        raise Forbidden(
            f"This computer ({address or 'address unknown'}) is not on a network of {centre}, and the test may only be "
            "taken there. Raise your hand. Your code still works on a computer of the centre."
        )


def put(session: Session, centre_id: UUID, networks: Iterable[str], *, by: Actor, now: datetime) -> None:
    """Say from which networks a centre's candidates may sit; an empty list lets them sit anywhere."""
    centre = session.get(Centre, centre_id)
    if centre is None:
        raise NotFound("There is no such centre.")
    wanted = list(networks)
    if centre.networks == wanted:
        return
    before, centre.networks = centre.networks, wanted
    session.add(centre)
    body = {"centre": centre.name, "before": before, "after": wanted}
    audit.record(session, by=by, did="centre.networks_set", on=centre_id, at=now, body=body)


def of_session(session: Session, session_id: UUID) -> tuple[list[str], str]:
    """Give the networks and the name of the centre where a session is held."""
    centre, _ = store.place(session, store.test_session(session, session_id))
    return list(centre.networks), centre.name
