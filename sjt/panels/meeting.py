"""The key meeting: what it may decide of an item, and how a scenario's key is settled in the end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlmodel import Session

from sjt.access import Actor
from sjt.authoring import gates
from sjt.authoring.model import Item, KeySet
from sjt.authoring.scenario_files import KEYS
from sjt.authoring.versions import HeldVersion, faults_with_key, held_version, put_key
from sjt.errors import Fault, InputError, MoveRefused, NotFound
from sjt.panels import asking, store
from sjt.panels.keys import contradictions, is_same, with_key, written_key
from sjt.panels.model import PASSING, Outcome, PanelState, Purpose, asked_items
from sjt.panels.tables import ExpertFinding, KeyDecision, KeyMeeting, KeySettlement


def key_table(held: HeldVersion, item: Item) -> dict[str, Any]:
    """Give an item's key as key.toml has it."""
    key = held.keys.items.get(item.id) if held.keys else None
    if key is None:
        raise NotFound(f"{item.id} has no key.")
    table: dict[str, Any] = TypeAdapter(type(key)).dump_python(key, mode="json")
    return table


def is_unsure(found: Mapping[str, Any], review: float = 0.40) -> bool:
    """Tell whether the interval of the single rater reaches below what would be rejected."""
    low = found.get("icc_2_1_low")
    return found["format"] in ("rank", "rate") and (low is None or low < review)


def faults_of(found: Mapping[str, Any], against: list[str], same: bool, outcome: Outcome, reason: str) -> list[Fault]:
    """Say why a decision cannot stand: the panel decides what a key is, the meeting only what becomes of it."""
    faults = []
    if outcome in PASSING and found["verdict"] == "reject":
        remedy = "Send the item back to its writer, or reject it."
        faults.append(Fault("", "", "Decision", "the experts do not agree enough for any key.", remedy))
    if outcome is Outcome.STANDS and against:
        what = f"the answers contradict the key as written: {'; '.join(against[:4])}."
        faults.append(Fault("", "", "Decision", what, "Take the panel’s key, or send the item back."))
    plain = found["verdict"] == "accept" and not is_unsure(found) and same and outcome is Outcome.STANDS
    if not plain and len(reason.split()) < 3:
        remedy = "Write why: it is read when the key is questioned."
        faults.append(Fault("", "", "Reason", "is missing.", remedy))
    return faults


def hold(session: Session, panel_id: UUID, held_on: date, present: str, *, by: Actor, now: datetime) -> UUID:
    """Record a meeting and who was there."""
    found = asking.held_panel(session, panel_id, by=by)
    if found.purpose is not Purpose.KEY or found.state is not PanelState.CLOSED:
        raise MoveRefused("A key meeting comes after a key panel is closed.")
    faults = []
    if held_on > now.date():
        faults.append(Fault("", "", "Day", "is still to come.", "Record a meeting once it was held."))
    if not present.strip():
        faults.append(Fault("", "", "Who was there", "is empty.", "Name everybody, with their part."))
    if faults:
        raise InputError("The meeting was not recorded.", faults)
    made = KeyMeeting(panel_id=panel_id, held_on=held_on, present=present.strip(), at=now, by=by.id)
    session.add(made)
    session.flush()
    asking.note(session, panel_id, "expert_panel.met", {"held_on": held_on.isoformat()}, by=by, now=now)
    return made.id


def decide(
    session: Session,
    panel_id: UUID,
    item_id: str,
    outcome: Outcome,
    reason: str,
    why: Mapping[str, str],
    *,
    by: Actor,
    now: datetime,
) -> None:
    """Record what the last meeting decided of an item."""
    asking.held_panel(session, panel_id, by=by)
    meetings = store.meetings(session, panel_id)
    if not meetings:
        raise MoveRefused("Record the key meeting first: a decision names who was there.")
    pair = asking.items_of(session, panel_id).get(item_id)
    found = store.findings(session, panel_id).get(item_id)
    if pair is None or found is None:
        raise MoveRefused("The panel has found nothing on this item yet.")
    held, item = pair
    if held.scenario.id in store.settlements(session, panel_id):
        raise MoveRefused(f"{held.scenario.id} is settled; a later panel may come to another key.")
    table, suggested = key_table(held, item), found.found["suggested_key"]
    against = contradictions(item.format, table, suggested)
    faults = faults_of(found.found, against, is_same(item.format, table, suggested), outcome, reason)
    if faults:
        raise InputError("The decision was not recorded.", faults)
    before = written_key(item.format, table)
    session.add(
        KeyDecision(
            meeting_id=meetings[0].id,
            panel_id=panel_id,
            item=item_id,
            outcome=outcome,
            reason=reason.strip(),
            key_before=before,
            key_after=suggested if outcome is Outcome.PANEL else before if outcome is Outcome.STANDS else None,
            why={option: words.strip() for option, words in why.items() if words.strip()},
            at=now,
            by=by.id,
        )
    )
    session.flush()
    body = {"item": item_id, "outcome": outcome.value}
    asking.note(session, panel_id, "expert_panel.decided", body, by=by, now=now)


@dataclass(frozen=True)
class Settlement:
    """What a scenario's decisions come to: a key to put into the bank, or that it did not pass, and what hinders."""

    held: HeldVersion
    passed: bool
    keys: KeySet | None
    detail: str
    hindrance: str
    faults: tuple[Fault, ...] = ()


def settlement(session: Session, panel_id: UUID, scenario_id: str, *, today: date) -> Settlement:
    """Put a scenario's decisions together and run the rules on the key they make; outside a transaction."""
    found = asking.panel(session, panel_id)
    held = next((one for one in asking.held_scenarios(session, panel_id) if one.scenario.id == scenario_id), None)
    if held is None or held.keys is None:
        raise NotFound("The panel is not asked about this scenario.")
    decided = {item: rows[0] for item, rows in store.decisions(session, panel_id).items()}
    findings = store.findings(session, panel_id)
    asked = asked_items(held.scenario)
    open_ones = [item.id for item in asked if item.id not in decided]
    raters = min((int(findings[item.id].found["n_complete"]) for item in asked if item.id in findings), default=0)
    failed = [item.id for item in asked if item.id in decided and decided[item.id].outcome not in PASSING]
    people = f"{raters} experts, closed {found.closed_at:%-d %B %Y}" if found.closed_at else f"{raters} experts"
    if failed:
        words = ", ".join(f"{item}: {decided[item].outcome.value}" for item in failed)
        hindrance = _hindrance(session, found.simulated, held, open_ones)
        return Settlement(held, False, None, f"{found.title} ({people}): did not pass, {words}.", hindrance)
    hindrance = _hindrance(session, found.simulated, held, open_ones)
    if not hindrance and raters < 10:
        hindrance = f"{raters} experts answered everything; a key needs ten. Ask another panel."
    if hindrance:
        return Settlement(held, True, None, "", hindrance)
    tables = {item.id: key_table(held, item) for item in held.scenario.items}
    for item in asked:
        decision = decided[item.id]
        if decision.outcome is Outcome.PANEL:
            tables[item.id] = with_key(item.format, tables[item.id], decision.key_after)
        tables[item.id]["why"] = {**tables[item.id].get("why", {}), **decision.why}
    keys: KeySet = KEYS.validate_python(
        {"scenario": scenario_id, "status": "panelled", "set_on": f"sha256:{held.scenario_sha256}", "items": tables}
    )
    keys = replace(keys, items={item: keys.items[item] for item in held.keys.items})
    faults = faults_with_key(session, keys, today=today)
    return Settlement(held, True, keys, f"{found.title} ({people}).", "", tuple(faults))


def _hindrance(session: Session, simulated: bool, held: HeldVersion, open_ones: list[str]) -> str:
    if open_ones:
        return f"No decision yet on {', '.join(open_ones)}."
    if simulated:
        return "This panel is simulated: it shows how the pages work and settles no key."
    now = held_version(session, held.scenario.id)
    if now.scenario_sha256 != held.scenario_sha256:
        return f"The wording has changed since, to version {now.n}. Its key is void until a panel is asked again."
    if now.key_sha256 != held.key_sha256:
        return f"The key has changed since: version {now.n} is in the bank. Ask a panel about that one."
    return ""


def settle(session: Session, panel_id: UUID, made: Settlement, *, by: Actor, now: datetime) -> int:
    """Write the settled key as the scenario's next version, or that it did not pass; tells the gate to live."""
    asking.held_panel(session, panel_id, by=by)
    scenario_id = made.held.scenario.id
    if scenario_id in store.settlements(session, panel_id):
        raise MoveRefused(f"{scenario_id} is settled already.")
    if made.hindrance:
        raise MoveRefused(made.hindrance)
    if made.faults:
        raise InputError(f"The key breaks {len(made.faults)} rules. Nothing was put into the bank.", list(made.faults))
    n = made.held.n
    if made.keys is not None:
        n = put_key(session, made.keys, made.held, by=by, now=now)
    gates.record_panel_verdict(session, scenario_id, n, passed=made.passed, detail=made.detail, by=by, now=now)
    session.add(
        KeySettlement(panel_id=panel_id, scenario_id=scenario_id, passed=made.passed, became=n, at=now, by=by.id)
    )
    session.flush()
    body = {"scenario": scenario_id, "passed": made.passed, "version": n}
    asking.note(session, panel_id, "expert_panel.settled", body, by=by, now=now)
    return n


def finding(session: Session, panel_id: UUID, item_id: str) -> ExpertFinding:
    found = store.findings(session, panel_id).get(item_id)
    if found is None:
        raise NotFound("The panel has found nothing on this item.")
    return found
