"""The deeds on a scenario's life: reviews, moves, and what its history says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlmodel import Session

from sjt.access import Actor, Permission, Role, permissions_of
from sjt.accounts import service as accounts
from sjt.audit import service as audit
from sjt.authoring import gates, life, store, store_drafts, tasking, trial_gate
from sjt.authoring.life import FEWEST_WORDS, ON_TRIAL, Facts, Gate, Move, Seen
from sjt.authoring.moving import put_move
from sjt.authoring.states import ReviewKind, ScenarioState, Statistic, TaskKind
from sjt.authoring.tables import ScenarioReview, ScenarioRow
from sjt.authoring.the_bank import bank as current_bank
from sjt.authoring.the_bank import current_row
from sjt.authoring.trial_gate import Measured
from sjt.errors import Fault, InputError, MoveRefused, NotFound

_S = ScenarioState
_SUPPLY: Mapping[Gate, Permission] = {
    Gate.REVIEWS: Permission.REVIEW_SCENARIO,
    Gate.FAIRNESS: Permission.SIGN_FAIRNESS,
}


def row_of(session: Session, scenario_id: str, *, hold: bool = False) -> ScenarioRow:
    found = store.hold_scenario(session, scenario_id) if hold else store.scenario(session, scenario_id)
    if found is None:
        raise NotFound(f"There is no scenario {scenario_id} in the bank.")
    return found


def why_not(
    session: Session, scenario_id: str, name: str, *, by: Actor, reason: str = "", waived: Iterable[Gate] = ()
) -> InputError | MoveRefused | None:
    """Give what ``move`` would refuse with; None when it would be made."""
    row = row_of(session, scenario_id)
    made, held = _move(name), facts(session, row)
    return _refusal(row, made, held, by, reason, _passed_over(made, held, waived))


def _move(name: str) -> Move:
    made = life.MOVES.get(name)
    if made is None or made.needs is None:
        raise InputError(f"There is no move {name!r}. Load the page again.")
    return made


def _passed_over(made: Move, held: Facts, waived: Iterable[Gate]) -> tuple[Gate, ...]:
    """Give the gates that a reason really passes over: asked for, allowed, and not passed."""
    wanted = frozenset(waived) & life.WAIVABLE & frozenset(made.gates)
    return tuple(sorted(gate for gate in wanted if life.gate_lacks(gate, held) is not None))


def _refusal(
    row: ScenarioRow, made: Move, held: Facts, by: Actor, reason: str, over: tuple[Gate, ...]
) -> InputError | MoveRefused | None:
    what = made.label.rstrip("…").lower()
    if missing := life.lacks(made, held, by, waived=over):
        return MoveRefused(" ".join([f"{row.id} was not moved ({what}).", *map(str, missing)]))
    if (made.reason or over) and len(reason.split()) < FEWEST_WORDS:
        what = "passing over a gate" if over else what
        fault = Fault("", "", "Reason", "has fewer than three words.", "Write why, under your name.")
        return InputError(f"{row.id} was not moved: {what} needs a reason of three words or more.", [fault])
    return None


def seen_of(session: Session, scenario_id: str, n: int) -> tuple[Seen, ...]:
    """Give the last word of each person and kind on a version."""
    last: dict[tuple[str, ReviewKind], ScenarioReview] = {}
    for one in store.reviews(session, scenario_id, n):
        last[one.by, one.kind] = one
    return tuple(Seen(one.by, accounts.name_of(session, one.by), one.kind, one.approves) for one in last.values())


def facts(session: Session, row: ScenarioRow) -> Facts:
    """Read what the table of moves must know of a scenario."""
    writers = frozenset(store.writers_of(session, row.id))
    seen = seen_of(session, row.id, row.version)
    verdict = gates.panel_verdict(session, row.id, row.version)
    return Facts(
        state=row.state,
        writers=writers,
        author=row.author,
        seen=seen,
        panel=None if verdict is None else verdict.passed,
        panel_detail="" if verdict is None else verdict.detail,
        statistics=trial_gate.verdict(measured(session, row)),
        before=_before(session, row),
        suppliers={gate: _suppliers(session, gate, row, writers, seen) for gate in _SUPPLY},
    )


def _before(session: Session, row: ScenarioRow) -> ScenarioState | None:
    if row.state is not _S.SUSPENDED:
        return None
    last = next((one for one in reversed(store.moves(session, row.id)) if one.became is _S.SUSPENDED), None)
    return ScenarioState(last.was) if last is not None and last.was else None


def _suppliers(
    session: Session, gate: Gate, row: ScenarioRow, writers: frozenset[str], seen: Iterable[Seen]
) -> tuple[str, ...]:
    """Name who may supply what a gate lacks: no writer, nobody who looked at this version already."""
    done = {one.by for one in seen} | writers
    people = people_who_may(session, _SUPPLY[gate])
    return tuple(name for user_id, name in people if user_id not in done and name != row.author)[:6]


def people_who_may(session: Session, permission: Permission) -> list[tuple[str, str]]:
    """Give id and name of everybody who can sign in and may do that."""
    found: dict[str, str] = {}
    for role in Role:
        if permission in permissions_of([role]):
            found |= {str(user.id): user.name for user in accounts.people_with_role(session, role)}
    return sorted(found.items(), key=lambda one: one[1])


def measured(session: Session, row: ScenarioRow) -> list[Measured]:
    """Give the last statistics of each item, measured on real candidates with the current version's text."""
    version = store.version(session, row.id, row.version)
    assert version is not None, "a scenario has its current version"
    scenario = next((one for one in current_bank(session).scenarios if one.id == row.id), None)
    found = []
    for item in scenario.items if scenario else ():
        last: dict[str, Statistic] = {}
        for one in known_statistics(session, item.id):
            if one.scenario_sha256 == version.scenario_sha256 and "simulated" not in one.source.lower():
                last[one.name] = one
        facility, r = last.get("facility"), last.get("discrimination")
        n = min((one.n for one in (facility, r) if one is not None), default=0)
        found.append(
            Measured(
                item.id,
                n,
                facility.value if facility else None,
                r.value if r else None,
                facility.se if facility else None,
            )
        )
    return found


def known_statistics(session: Session, item: str) -> list[Statistic]:
    return [
        Statistic(one.item, one.scenario_sha256, one.name, one.value, one.se, one.n, one.source, one.date)
        for one in store.statistics_of_item(session, item)
    ]


def move(
    session: Session,
    scenario_id: str,
    name: str,
    *,
    by: Actor,
    now: datetime,
    reason: str = "",
    waived: Iterable[Gate] = (),
) -> ScenarioState:
    """Make a move of the table, or say in words all that is missing and who can supply it."""
    row = row_of(session, scenario_id, hold=True)
    made, held = _move(name), facts(session, row)
    really = _passed_over(made, held, waived)
    refused = _refusal(row, made, held, by, reason, really)
    if refused is not None:
        raise refused
    return put_move(
        session, row, made.name, life.target(made, held), by=by, now=now, reason=_recorded(reason, held, really),
        waived=[gate.value for gate in really],
    )  # fmt: skip


def _recorded(reason: str, held: Facts, over: Iterable[Gate]) -> str:
    """Give the reason with what the gates said that it passes over."""
    lacking = [lack.what for gate in over if (lack := life.gate_lacks(gate, held)) is not None]
    return "\n".join([reason.strip(), *(f"Passed over: {what}" for what in lacking)])


def review(
    session: Session,
    scenario_id: str,
    n: int,
    kind: ReviewKind,
    *,
    approves: bool,
    words: str,
    own: str = "",
    by: Actor,
    now: datetime,
) -> None:
    """Say what one person found of the version under review; without approval it goes back to its writer.

    ``own`` is what they answered themselves before they saw the key; it stands below their words.
    """
    row = row_of(session, scenario_id, hold=True)
    if n != row.version:
        raise MoveRefused(f"Version {row.version} of {scenario_id} came since you read version {n}. Read that one.")
    held = facts(session, row)
    missing = life.review_lacks(kind, held, by)
    if missing:
        raise MoveRefused(" ".join([f"Your review of {scenario_id} was not kept.", *map(str, missing)]))
    if not approves and len(words.split()) < FEWEST_WORDS:
        raise InputError(
            "Your review was not kept.",
            [Fault("", "", "What should change", "has fewer than three words.", "Say what its writer should do.")],
        )
    said = "\n\n".join(part for part in (words.strip(), f"Own answer before the key: {own}" if own else "") if part)
    session.add(
        ScenarioReview(scenario_id=scenario_id, version=n, kind=kind, approves=approves, words=said, at=now, by=by.id)
    )
    session.flush()
    did = "reviewed" if kind is ReviewKind.REVIEW else "fairness_judged"
    body = {"version": n, "approves": approves, "words": words.strip()}
    audit.record(session, by=by, did=f"scenario.{did}", on=scenario_id, at=now, body=body)
    task = TaskKind.REVIEW if kind is ReviewKind.REVIEW else TaskKind.FAIRNESS
    tasking.done_by_deed(session, scenario_id, task, did="reviewed", assignee=by.id, by=by, now=now)
    if approves:
        return
    if row.state in life.MOVES["return"].froms:
        put_move(session, row, "return", _S.DRAFT, by=by, now=now, reason=words.strip())
    writer = last_writer(session, row)
    if writer:
        tasking.ask(
            session, scenario_id, TaskKind.REVISE, writer, tasking.usual_day(now), words.strip(), by=by, now=now
        )


def last_writer(session: Session, row: ScenarioRow) -> str:
    """Give who put the current version into the bank, if that was a person at the desk here."""
    known = {draft.became: draft.closed_by for draft in store_drafts.drafts_that_became(session, row.id)}
    if row.version in known:
        return known[row.version]
    by_name = {name: user_id for user_id, name in people_who_may(session, Permission.EDIT_SCENARIO)}
    return by_name.get(row.author, "")


def barred(session: Session, bank_id: str) -> frozenset[str]:
    """Name the scenarios no new form may hold: suspended, retired, or not approved."""
    return frozenset(row.id for row in store.scenarios_in(session, bank_id, frozenset(_S) - ON_TRIAL))


def refused_for_form(session: Session, scenarios: Mapping[str, bool]) -> list[str]:
    """Say why scenarios may not be in a form that is published now; ``True`` marks those that count in a live form."""
    found = []
    for scenario_id, counts in sorted(scenarios.items()):
        row = store.scenario(session, scenario_id)
        if row is None:
            continue
        if row.state in (_S.SUSPENDED, _S.RETIRED):
            found.append(f"{scenario_id} is {life.words_of(row.state)}.")
        elif row.state not in ON_TRIAL:
            found.append(f"{scenario_id} is {life.words_of(row.state)}, and nobody has approved it for trial.")
        elif counts and row.state is not _S.LIVE:
            found.append(f"{scenario_id} is {life.words_of(row.state)}, and a test developer has not made it live.")
    return found


def published(session: Session, tried: Iterable[str], *, by: Actor, now: datetime) -> None:
    """Put on trial what a published form tries for the first time; nothing becomes live by being published."""
    for scenario_id in sorted(frozenset(tried)):
        row = store.scenario(session, scenario_id)
        if row is not None and row.state is _S.APPROVED_FOR_TRIAL:
            put_move(session, row, "try", _S.ON_TRIAL, by=by, now=now)


def ready_for_trial(session: Session, by: Actor) -> list[str]:
    """Name the scenarios under review that this person could approve for trial now."""
    approve = life.MOVES["approve"]
    rows = store.scenarios_in(session, current_row(session).id, (_S.REVIEW,))
    return [row.id for row in rows if not life.lacks(approve, facts(session, row), by)]


def choices(session: Session, row: ScenarioRow, by: Actor) -> list[tuple[Move, list[life.Lack], list[life.Lack]]]:
    """Give each move with a button for this person: what bars it, and what a reason may pass over."""
    held = facts(session, row)
    found = []
    for made in life.moves_for(held, by):
        missing = life.lacks(made, held, by)
        may_pass = [one for one in missing if one.gate in life.WAIVABLE]
        found.append((made, [one for one in missing if one.gate not in life.WAIVABLE], may_pass))
    return found
