"""Which published forms hold a scenario in which version, and how often its blueprint lets it serve."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from sjt.authoring import snapshot, store, store_forms
from sjt.authoring.states import FormState
from sjt.authoring.tables import Form, ScenarioVersion


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


@dataclass(frozen=True, slots=True)
class _Held:
    """A scenario as one form was frozen with it."""

    scenario: str
    version: str
    key: str
    title: str
    items: tuple[str, ...]


_frozen: dict[str, tuple[str, tuple[_Held, ...]]] = {}


def _held(form: Form) -> tuple[str, tuple[_Held, ...]]:
    """Give a form's bank and what it holds; a frozen form never changes, so that it is read once."""
    if form.snapshot_sha256 not in _frozen:
        if len(_frozen) > 4_000:
            _frozen.clear()
        secret = snapshot.secret_from_json(form.secret)
        titles = {one.id: one.title for one in snapshot.paper_from_json(form.paper).scenarios}
        items: dict[tuple[str, str, str], list[str]] = {}
        for item in secret.items:
            items.setdefault((item.scenario, item.scenario_version, item.key_version), []).append(item.id)
        lines = (_Held(*key, titles.get(key[0], key[0]), tuple(sorted(ids))) for key, ids in items.items())
        _frozen[form.snapshot_sha256] = (secret.bank, tuple(lines))
    return _frozen[form.snapshot_sha256]


def form_uses(session: Session) -> list[FormUses]:
    """Give every form that candidates may have met, in the order of sets and forms."""
    found = []
    for state in (FormState.PUBLISHED, FormState.WITHDRAWN):
        for form, its_set in store_forms.forms_in_state(session, state):
            if not form.snapshot_sha256:
                continue
            _, held = _held(form)
            use = (its_set.blueprint_json or {}).get("use", {})
            found.append(
                FormUses(
                    form_id=form.id,
                    option=its_set.option,
                    set_number=its_set.number,
                    set_forms=its_set.forms,
                    is_reserve=bool(its_set.reserve) and form.position >= its_set.forms,
                    is_withdrawn=state is FormState.WITHDRAWN,
                    scenarios=tuple((one.scenario, one.version, one.title) for one in held),
                    exposure_max=use.get("exposure_max"),
                    rest_days=int(use.get("rest_days") or 0),
                )
            )
    return found


@dataclass(frozen=True, slots=True)
class KeyedItem:
    """An item as forms were frozen with it: one key version, and every form that has it."""

    item: str
    key_version: str
    title: str
    forms: tuple[str, ...]
    """Published and withdrawn ones, in the order of sets and forms."""


def keyed_items(session: Session) -> dict[tuple[str, str], KeyedItem]:
    """Give every item of published forms, withdrawn ones too, by item and the version of its key there."""
    found: dict[tuple[str, str], tuple[str, list[str]]] = {}
    for state in (FormState.PUBLISHED, FormState.WITHDRAWN):
        for form, _ in store_forms.forms_in_state(session, state):
            if not form.secret:
                continue
            for one in _held(form)[1]:
                for item in one.items:
                    found.setdefault((item, one.key), (one.title, []))[1].append(form.id)
    return {
        (item, key): KeyedItem(item, key, title, tuple(forms)) for (item, key), (title, forms) in sorted(found.items())
    }


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
        for form, _ in store_forms.forms_in_state(session, state):
            if not form.snapshot_sha256:
                continue
            bank, scenarios = _held(form)
            if bank not in banks:
                banks[bank] = store.current_versions(session, bank)
                current |= banks[bank]
            for one in scenarios:
                now = banks[bank].get(one.scenario)
                if now is None or now.key_sha256 == one.key:
                    continue
                place = held.setdefault((one.scenario, one.key), (one.title, [], set()))
                place[1].append(form.id)
                place[2].update(one.items)
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
