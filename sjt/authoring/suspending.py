"""Suspension: every scenario that leans on something, found at once and taken out of use in one signed act."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from uuid import UUID

from sqlmodel import Session

from sjt.access import Actor, Permission, may
from sjt.accounts import service as accounts
from sjt.audit import service as audit
from sjt.authoring import store
from sjt.authoring.life import FEWEST_WORDS, OPEN, words_of
from sjt.authoring.model import Scenario
from sjt.authoring.moving import put_move
from sjt.authoring.states import ScenarioState
from sjt.authoring.tables import ScenarioSuspension
from sjt.authoring.the_bank import bank as current_bank
from sjt.authoring.the_bank import current_row
from sjt.authoring.uses import form_uses
from sjt.errors import Fault, Forbidden, InputError, MoveRefused, NotFound

IN_USE = frozenset({ScenarioState.APPROVED_FOR_TRIAL, ScenarioState.ON_TRIAL, ScenarioState.LIVE})


@dataclass(frozen=True, slots=True)
class Sought:
    """What a change touches; every part that is given must be met."""

    law: str = ""
    """Words of the title or edition of law or guidance a scenario names."""
    until: str = ""
    """A day: what is to be looked at again on or before it."""
    code: str = ""
    """A knowledge, skill or behaviour of the standard."""
    words: str = ""
    """Words of the text a candidate reads, of topics, features and source."""
    all_states: str = ""
    """``yes``: drafts and what is under review too; empty: only what is approved for trial, on trial or live."""

    @property
    def asks(self) -> bool:
        return bool(self.law or self.until or self.code or self.words)

    @property
    def day(self) -> date | None:
        try:
            return date.fromisoformat(self.until) if self.until else None
        except ValueError as error:
            what = f"{self.until!r} is no date."
            raise InputError("Nothing was looked for.", [Fault("", "", "Review by", what, "Give a date.")]) from error

    def as_json(self) -> dict[str, str]:
        return {name: value for name, value in asdict(self).items() if value}


@dataclass(frozen=True, slots=True)
class Affected:
    """A scenario that a change touches, where it says so, and the forms in use that hold it."""

    id: str
    title: str
    option: str
    state: ScenarioState
    version: int
    because: tuple[str, ...]
    forms: tuple[str, ...]


def affected(session: Session, sought: Sought) -> list[Affected]:
    """Find every scenario a change touches; nothing asked finds nothing."""
    if not sought.asks:
        return []
    row = current_row(session)
    states = OPEN if sought.all_states else IN_USE
    rows = {one.id: one for one in store.scenarios_in(session, row.id, states) if one.in_bank}
    holds = forms_that_hold(session)
    day = sought.day
    found = []
    for scenario in current_bank(session).scenarios:
        if scenario.id in rows and (because := _because(scenario, sought, day)):
            known = rows[scenario.id]
            found.append(
                Affected(scenario.id, scenario.title, scenario.option, known.state, known.version, tuple(because),
                         tuple(holds.get(scenario.id, ())))
            )  # fmt: skip
    return found


def forms_that_hold(session: Session) -> dict[str, list[str]]:
    """Name for each scenario the published forms, not withdrawn, that hold it in any version."""
    found: dict[str, list[str]] = {}
    for form in form_uses(session):
        if not form.is_withdrawn:
            for scenario_id in dict.fromkeys(one[0] for one in form.scenarios):
                found.setdefault(scenario_id, []).append(form.form_id)
    return found


def _because(scenario: Scenario, sought: Sought, day: date | None) -> list[str]:
    """Say where a scenario meets what is sought; empty when a part is not met."""
    found: list[str] = []
    laws = list(scenario.law)
    if sought.law:
        laws = [one for one in laws if _holds(f"{one.title} {one.edition}", sought.law)]
        if not laws:
            return []
    if day is not None:
        laws = [one for one in laws if one.review_by <= day]
        if not laws:
            return []
    if sought.law or day is not None:
        found += [f"{one.title}, {one.edition}, review by {one.review_by:%-d %B %Y}" for one in laws]
    if sought.code:
        tags = [tag for tag in scenario.ksbs if tag.code.casefold() == sought.code.strip().casefold()]
        if not tags:
            return []
        found += [f"{tag.code}, {tag.role}" for tag in tags]
    if sought.words:
        places = [where for where, text in _texts(scenario) if _holds(text, sought.words)]
        if not places and not _holds("\n".join(text for _, text in _texts(scenario)), sought.words):
            return []
        found.append(f"words in {', '.join(dict.fromkeys(places)) or 'several places'}")
    return found


def _texts(scenario: Scenario) -> list[tuple[str, str]]:
    """Give the texts of a scenario by place; the key is not among them."""
    held = [
        ("the title", scenario.title),
        ("the story", scenario.story),
        ("topics", " ".join(scenario.topics)),
        ("the law", " ".join(f"{one.title} {one.edition}" for one in scenario.law)),
        ("features", " ".join(str(value) for value in asdict(scenario.features).values())),
        ("the source", scenario.source),
    ]
    for item in scenario.items:
        held.append((f"item {item.id[-1]}", " ".join([item.ask, *(option.text for option in item.options)])))
    return held


def _holds(text: str, words: str) -> bool:
    folded = text.casefold()
    return all(word in folded for word in words.casefold().split())


def suspend(
    session: Session, scenarios: Sequence[str], sought: Mapping[str, str], reason: str, *, by: Actor, now: datetime
) -> UUID:
    """Suspend scenarios in one signed act: all of them or none; give the act's id.

    Whoever calls has had the signature given (``accounts.service.password_matches``).
    """
    if not may(by, Permission.APPROVE_SCENARIO):
        raise Forbidden("A test developer suspends scenarios.")
    if len(reason.split()) < FEWEST_WORDS:
        what = "has fewer than three words."
        raise InputError("Nothing was suspended.", [Fault("", "", "Reason", what, "Write what has changed.")])
    wanted = list(dict.fromkeys(scenarios))
    if not wanted:
        raise InputError("Nothing was suspended.", [Fault("", "", "Scenarios", "none is chosen.", "Tick one or more.")])
    bank = current_row(session)
    rows = []
    for scenario_id in sorted(wanted):
        row = store.hold_scenario(session, scenario_id)
        if row is None or row.bank_id != bank.id:
            raise NotFound(f"There is no scenario {scenario_id} in the bank. Nothing was suspended.")
        if row.state not in OPEN:
            raise MoveRefused(f"{scenario_id} is {words_of(row.state)} already. Take it out; nothing was suspended.")
        rows.append(row)
    holds = forms_that_hold(session)
    forms = sorted({form for row in rows for form in holds.get(row.id, ())})
    act = ScenarioSuspension(
        bank_id=bank.id,
        reason=reason.strip(),
        asked=dict(sought),
        scenarios=[row.id for row in rows],
        forms=forms,
        at=now,
        by=by.id,
    )
    session.add(act)
    session.flush()
    for row in rows:
        put_move(
            session, row, "suspend", ScenarioState.SUSPENDED, by=by, now=now, reason=reason.strip(), suspension=act.id
        )
    body = {"reason": act.reason, "signed_by": by.name, "asked": act.asked, "scenarios": act.scenarios, "forms": forms}
    audit.record(session, by=by, did="suspension.signed", on=act.id, at=now, body=body)
    return act.id


@dataclass(frozen=True, slots=True)
class Act:
    """A signed act of suspension, for its page."""

    id: UUID
    reason: str
    asked: Mapping[str, str]
    at: datetime
    who: str
    scenarios: tuple[tuple[str, str, ScenarioState], ...]
    """Id, title and state now."""
    forms: tuple[str, ...]
    """Forms that held one of them then."""
    forms_now: tuple[str, ...]
    """Those of them that are published still."""


def act(session: Session, suspension_id: UUID) -> Act:
    found = store.suspension(session, suspension_id)
    if found is None:
        raise NotFound("There is no such suspension.")
    return _act(session, found)


def acts(session: Session) -> list[Act]:
    """List the signed acts, newest first."""
    return [_act(session, one) for one in store.suspensions(session)]


def _act(session: Session, found: ScenarioSuspension) -> Act:
    titles = {one.id: one.title for one in current_bank(session).scenarios}
    rows = [row for one in found.scenarios if (row := store.scenario(session, one)) is not None]
    in_use = {form.form_id for form in form_uses(session) if not form.is_withdrawn}
    return Act(
        found.id,
        found.reason,
        found.asked,
        found.at,
        accounts.name_of(session, found.by),
        tuple((row.id, titles.get(row.id, row.id), row.state) for row in rows),
        tuple(found.forms),
        tuple(form for form in found.forms if form in in_use),
    )


def one(session: Session, scenario_id: str) -> list[Affected]:
    """Give a single scenario as a suspension sees it; none when it is out of use already."""
    row = store.scenario(session, scenario_id)
    if row is None or row.state not in OPEN:
        return []
    forms = forms_that_hold(session).get(scenario_id, ())
    return [
        Affected(found.id, found.title, found.option, row.state, row.version, (), tuple(forms))
        for found in current_bank(session).scenarios
        if found.id == scenario_id
    ]
