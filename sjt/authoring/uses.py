"""Which published forms hold a scenario in which version, and how often its blueprint lets it serve."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from sjt.authoring import snapshot, store
from sjt.authoring.states import FormState
from sjt.authoring.tables import ScenarioVersion


@dataclass(frozen=True, slots=True)
class FormUses:
    """A form that is or was published, with its scenarios and the limits of the set it was built in."""

    form_id: str
    option: str
    set_number: int
    set_forms: int
    """Forms of the set that share one cap; a reserve form is not among them."""
    is_reserve: bool
    is_withdrawn: bool
    scenarios: tuple[tuple[str, str, str], ...]
    """Id, version (SHA-256 of its file) and title of each."""
    exposure_max: float | None
    """The largest share of the set's forms that a scenario may serve in."""
    rest_days: int


def form_uses(session: Session) -> list[FormUses]:
    """Give every form that candidates may have met, in the order of sets and forms."""
    found = []
    for state in (FormState.PUBLISHED, FormState.WITHDRAWN):
        for form, its_set in store.forms_in_state(session, state):
            if not form.secret:
                continue
            secret = snapshot.secret_from_json(form.secret)
            titles = {one.id: one.title for one in snapshot.paper_from_json(form.paper).scenarios}
            held = {item.scenario: item.scenario_version for item in secret.items}
            use = (its_set.blueprint_json or {}).get("use", {})
            found.append(
                FormUses(
                    form_id=form.id,
                    option=its_set.option,
                    set_number=its_set.number,
                    set_forms=its_set.forms,
                    is_reserve=form.position > its_set.forms,
                    is_withdrawn=state is FormState.WITHDRAWN,
                    scenarios=tuple((name, version, titles.get(name, name)) for name, version in held.items()),
                    exposure_max=use.get("exposure_max"),
                    rest_days=int(use.get("rest_days") or 0),
                )
            )
    return found


@dataclass(frozen=True, slots=True)
class KeyChange:
    """A scenario's key as forms were frozen with it, beside the bank's as it stands."""

    scenario: str
    title: str
    then: str
    now: str
    changed_at: datetime
    """Since when the bank has the scenario as it stands now."""
    items: tuple[str, ...]
    forms: tuple[str, ...]


def changed_keys(session: Session) -> list[KeyChange]:
    """Give the keys of published forms, withdrawn ones too, that are others in the bank now; a changed text is none."""
    held: dict[tuple[str, str], tuple[str, list[str], set[str]]] = {}
    banks: dict[str, dict[str, ScenarioVersion]] = {}
    current: dict[str, ScenarioVersion] = {}
    for state in (FormState.PUBLISHED, FormState.WITHDRAWN):
        for form, _ in store.forms_in_state(session, state):
            if not form.secret:
                continue
            secret = snapshot.secret_from_json(form.secret)
            if secret.bank not in banks:
                banks[secret.bank] = store.current_versions(session, secret.bank)
                current |= banks[secret.bank]
            titles = {one.id: one.title for one in snapshot.paper_from_json(form.paper).scenarios}
            for item in secret.items:
                now = banks[secret.bank].get(item.scenario)
                if now is None or now.key_sha256 == item.key_version:
                    continue
                place = held.setdefault((item.scenario, item.key_version), (titles.get(item.scenario, ""), [], set()))
                place[2].add(item.id)
                if form.id not in place[1]:
                    place[1].append(form.id)
    return [
        KeyChange(
            scenario,
            title,
            then,
            current[scenario].key_sha256,
            current[scenario].created_at,
            tuple(sorted(items)),
            tuple(forms),
        )
        for (scenario, then), (title, forms, items) in sorted(held.items())
    ]
