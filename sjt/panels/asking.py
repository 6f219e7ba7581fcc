"""The chair's deeds: ask experts about some scenarios, ask more, leave one out, close."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from sqlmodel import Session

from sjt.access import Actor, Permission, Role, may, permissions_of
from sjt.accounts import service as accounts
from sjt.audit import service as audit
from sjt.authoring import banked
from sjt.authoring import service as authoring
from sjt.authoring.model import Format, Item
from sjt.authoring.versions import HeldVersion, held_version
from sjt.errors import Conflict, Fault, Forbidden, InputError, MoveRefused, NotFound
from sjt.jobs import service as jobs
from sjt.panels import store
from sjt.panels.model import MemberState, PanelState, Purpose, asked_items, rows_of
from sjt.panels.tables import ExpertPanel, ExpertPanelMember, ExpertPanelScenario

BLIND = frozenset({Permission.SEE_KEY, Permission.SEE_BANK})
"""Who may look these up answers nothing blind."""


def panel(session: Session, panel_id: UUID) -> ExpertPanel:
    found = store.panel(session, panel_id)
    if found is None:
        raise NotFound("There is no such panel.")
    return found


def held_panel(session: Session, panel_id: UUID, *, by: Actor) -> ExpertPanel:
    """Give an open panel to its chair, held until the transaction ends."""
    require_lead(by)
    found = store.panel(session, panel_id, hold=True)
    if found is None:
        raise NotFound("There is no such panel.")
    return found


def require_lead(by: Actor) -> None:
    if not may(by, Permission.LEAD_PANELS):
        raise Forbidden("A test developer or a psychometrician leads a panel.")


def create(
    session: Session,
    purpose: Purpose,
    title: str,
    words: str,
    due: date,
    scenarios: Sequence[str],
    people: Sequence[str],
    *,
    by: Actor,
    now: datetime,
    simulated: bool = False,
) -> UUID:
    """Ask experts about scenarios as they stand now; their versions are pinned."""
    require_lead(by)
    bank = authoring.bank(session)
    known = {one.id for one in bank.scenarios}
    faults = []
    if not title.strip():
        faults.append(Fault("", "", "Title", "is empty.", "Say what the panel is for."))
    if due < now.date():
        faults.append(Fault("", "", "Due", f"{due:%d %B %Y} is past.", "Choose a day to come."))
    if not scenarios:
        faults.append(Fault("", "", "Scenarios", "none is chosen.", "Choose at least one."))
    faults += [
        Fault("", "", "Scenarios", f"{one} is not in the bank.", "Leave it out.")
        for one in scenarios
        if one not in known
    ]
    wanted = list(dict.fromkeys(scenarios))
    pinned = {one: held_version(session, one) for one in wanted if one in known}
    if purpose is Purpose.KEY:
        faults += [
            Fault("", "", "Scenarios", f"{one} has no item with a key to agree on.", "Leave it out.")
            for one, held in pinned.items()
            if not asked_items(held.scenario)
        ]
    faults += [fault for person in dict.fromkeys(people) for fault in faults_of_person(session, person, wanted)]
    if faults:
        raise InputError("The panel was not made.", faults)
    made = ExpertPanel(
        bank_id=bank.settings.id,
        purpose=purpose,
        title=title.strip(),
        words=words.strip(),
        due=due,
        simulated=simulated,
        created_by=by.id,
        created_at=now,
    )
    session.add(made)
    session.flush()
    session.add_all(
        ExpertPanelScenario(panel_id=made.id, scenario_id=one, version=held.n, position=position)
        for position, (one, held) in enumerate(pinned.items())
    )
    for person in dict.fromkeys(people):
        _add_member(session, made, person, now)
    session.flush()
    body = {"purpose": purpose.value, "scenarios": {one: held.n for one, held in pinned.items()}, "asked": len(people)}
    audit.record(session, by=by, did="expert_panel.asked", on=made.id, at=now, body=body)
    return made.id


def faults_of_person(session: Session, person: str, scenarios: Sequence[str]) -> list[Fault]:
    """Say why somebody cannot answer blind: no expert, may see keys or tags, or wrote one of the scenarios."""
    name = accounts.name_of(session, person)
    try:
        found = accounts.person(session, UUID(person))
    except ValueError:
        found = None
    if found is None or found.disabled_at is not None:
        return [Fault("", "", "Experts", f"{name} has no log-in that works.", "Leave them out.")]
    roles = accounts.roles_of(session, found.id)
    if Role.EXPERT not in roles:
        return [Fault("", "", "Experts", f"{name} is no expert here.", "Ask an administrator for the role.")]
    if permissions_of(roles) & BLIND:
        remedy = "Ask somebody whose other roles do not open the bank."
        return [Fault("", "", "Experts", f"{name} may see the bank and its keys.", remedy)]
    bank = authoring.bank(session)
    own = [one.id for one in bank.scenarios if one.id in set(scenarios) and found.name in one.author]
    own += [one for one in scenarios if person in {line.created_by for line in authoring.versions(session, one)}]
    return [
        Fault("", "", "Experts", f"{name} wrote {one}.", "Nobody judges what they wrote: leave them or it out.")
        for one in dict.fromkeys(own)
    ]


def _add_member(session: Session, made: ExpertPanel, person: str, now: datetime) -> None:
    number = max((one.number for one in store.members(session, made.id)), default=0) + 1
    session.add(ExpertPanelMember(panel_id=made.id, person=person, number=number, invited_at=now))
    session.flush()


def invite(session: Session, panel_id: UUID, people: Sequence[str], *, by: Actor, now: datetime) -> int:
    """Ask more experts, or again those who had declined."""
    found = held_panel(session, panel_id, by=by)
    _require_open(found)
    wanted = [one.scenario_id for one in store.scenarios(session, panel_id)]
    faults = [fault for person in dict.fromkeys(people) for fault in faults_of_person(session, person, wanted)]
    if faults:
        raise InputError("Nobody was asked.", faults)
    asked = 0
    for person in dict.fromkeys(people):
        known = store.member(session, panel_id, person)
        if known is None:
            _add_member(session, found, person, now)
        elif known.state is not MemberState.INVITED:
            known.state, known.invited_at, known.left_at, known.reason = MemberState.INVITED, now, None, ""
            session.add(known)
        else:
            continue
        asked += 1
    session.flush()
    note(session, found.id, "expert_panel.asked_more", {"asked": asked}, by=by, now=now)
    return asked


def invite_new(session: Session, panel_id: UUID, name: str, email: str, *, by: Actor, now: datetime) -> UUID:
    """Ask an expert who has no log-in yet: it gets the one role, and a one-time link opens it."""
    found = held_panel(session, panel_id, by=by)
    _require_open(found)
    head = "".join(
        sign for sign in email.partition("@")[0].lower() if sign.isascii() and (sign.isalnum() or sign in "._-")
    )
    login = (head.strip("._-") or "expert")[:60]
    if accounts.find_by_login(session, login) is not None:
        login = f"{login}-{str(panel_id)[:4]}"
        if accounts.find_by_login(session, login) is not None:
            raise Conflict(f"Somebody with an address like {email} has a log-in already. Choose them from the list.")
    user_id = accounts.add_person(
        session, login=login, name=name, email=email, roles=frozenset({Role.EXPERT}), by=by, now=now
    )
    invite(session, panel_id, [str(user_id)], by=by, now=now)
    return user_id


def leave_out(session: Session, panel_id: UUID, person: str, reason: str, *, by: Actor, now: datetime) -> None:
    """Take an expert off the panel; what they answered stays on record and does not count."""
    found = held_panel(session, panel_id, by=by)
    _require_open(found)
    known = store.member(session, panel_id, person)
    if known is None or known.state is not MemberState.INVITED:
        raise MoveRefused("This person is not on the panel.")
    if not reason.strip():
        raise InputError("Say why the expert is left out: the reason stays on record.")
    known.state, known.left_at, known.reason = MemberState.LEFT_OUT, now, reason.strip()[:1000]
    session.add(known)
    session.flush()
    note(session, found.id, "expert_panel.left_out", {"number": known.number}, by=by, now=now)


def close(session: Session, panel_id: UUID, *, by: Actor, now: datetime) -> UUID:
    """End the answering and let the worker compute; gives the job."""
    found = held_panel(session, panel_id, by=by)
    _require_open(found)
    subjects = subjects_of(session, found)
    counts = store.whole_counts(session, panel_id)
    done = [
        one
        for one in store.members(session, panel_id)
        if one.state is MemberState.INVITED and counts.get(one.person, 0) == len(subjects)
    ]
    if len(done) < 2:
        raise MoveRefused(
            f"{len(done)} of the experts have answered everything; agreement needs two, a key ten. Wait, or ask more."
        )
    found.state, found.closed_at, found.closed_by = PanelState.CLOSED, now, by.id
    found.answers_sha256 = hashlib.sha256(answers_csv(session, found).encode()).hexdigest()
    found.job_id = jobs.enqueue(
        session,
        "panels.compute",
        {"panel": str(panel_id)},
        by=by,
        now=now,
        title=f"Agreement of a panel: {found.title}",
        goes_to=f"/panels/{panel_id}",
    )
    session.add(found)
    session.flush()
    body = {"answers_sha256": found.answers_sha256, "complete": len(done)}
    note(session, found.id, "expert_panel.closed", body, by=by, now=now)
    return found.job_id


def _require_open(found: ExpertPanel) -> None:
    if found.state is not PanelState.OPEN:
        raise MoveRefused("This panel is closed; its answers stand.")


def note(session: Session, panel_id: UUID, did: str, body: Mapping[str, object], *, by: Actor, now: datetime) -> None:
    """Write a line of a panel's chain: never an answer, never a name."""
    audit.record(session, by=by, did=did, on=panel_id, at=now, body=body)


def held_scenarios(session: Session, panel_id: UUID) -> list[HeldVersion]:
    """Give what the panel is asked about, in the versions it is asked about."""
    return [held_version(session, one.scenario_id, one.version) for one in store.scenarios(session, panel_id)]


def subjects_of(session: Session, found: ExpertPanel) -> list[str]:
    """Name what each expert answers: items, or scenarios of a content panel."""
    held = held_scenarios(session, found.id)
    if found.purpose is Purpose.CONTENT:
        return [one.scenario.id for one in held]
    return [item.id for one in held for item in asked_items(one.scenario)]


def items_of(session: Session, panel_id: UUID) -> dict[str, tuple[HeldVersion, Item]]:
    """Give the items of a key panel by id."""
    return {item.id: (held, item) for held in held_scenarios(session, panel_id) for item in asked_items(held.scenario)}


def held_for(session: Session, panel_id: UUID, subject: str) -> tuple[HeldVersion, Item | None]:
    """Give the version that a subject (an item, or a scenario) belongs to, reading no other; NotFound if not asked."""
    for one in store.scenarios(session, panel_id):
        if subject == one.scenario_id or subject.startswith(f"{one.scenario_id}-"):
            held = held_version(session, one.scenario_id, one.version)
            item = next((item for item in asked_items(held.scenario) if item.id == subject), None)
            if item is not None or subject == one.scenario_id:
                return held, item
    raise NotFound("The panel is not asked about this.")


def points_of(session: Session, item: Item) -> int:
    """Give the number of points of an item's rating scale."""
    scale = authoring.bank(session).settings.scales.get(item.scale or "")
    return len(scale.points) if item.format is Format.RATE and scale else 4


def counted(session: Session, found: ExpertPanel) -> dict[str, dict[str, object]]:
    """Give subject → expert's number (E01, E02 …) → answer, of those who stayed, whole answers alone."""
    numbers = {
        one.person: f"E{one.number:02d}" for one in store.members(session, found.id) if one.state is MemberState.INVITED
    }
    out: dict[str, dict[str, object]] = {subject: {} for subject in subjects_of(session, found)}
    for (person, subject), row in sorted(
        store.answers(session, found.id).items(), key=lambda pair: (numbers.get(pair[0][0], ""), pair[0][1])
    ):
        if row.whole and person in numbers and subject in out:
            out[subject][numbers[person]] = row.response
    return out


def answers_csv(session: Session, found: ExpertPanel) -> str:
    """Write a panel's answers without names: as `sjt panel` reads them, or relevance and code of a content panel."""
    given = counted(session, found)
    if found.purpose is Purpose.CONTENT:
        rows: list[dict[str, object]] = [
            {"rater": rater, "scenario": scenario, **answer}  # type: ignore[dict-item]  # a content answer is a mapping
            for scenario, answers in given.items()
            for rater, answer in answers.items()
        ]
        return banked.content_text(rows)
    items = items_of(session, found.id)
    return banked.panel_text(
        row
        for subject, answers in given.items()
        for rater, answer in answers.items()
        for row in rows_of(rater, items[subject][1], answer)
    )
