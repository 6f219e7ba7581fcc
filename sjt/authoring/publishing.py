"""Publishing: a built form becomes a hashed snapshot, and nothing that later happens to the bank changes it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlmodel import Session

from sjt.access import Actor
from sjt.audit import service as audit
from sjt.authoring import lifecycle, snapshot, store, store_forms
from sjt.authoring.snapshot import Paper, Secret
from sjt.authoring.states import FormLine, FormRole, FormState, FormUse
from sjt.authoring.tables import Form, FormSet
from sjt.errors import Fault, InputError, MoveRefused, NotFound


def publish_form(
    session: Session, form_id: str, *, use: FormUse | str, by: Actor, now: datetime, reason: str = ""
) -> FormLine:
    """Freeze a built form for live or trial use.

    Refused when its scenarios have changed since it was built, when a live form lacks pass-mark judgements, or when
    random answering passes too often; a scripted strategy above the blueprint's ceiling needs a reason.
    """
    use = FormUse(use)
    form, its_set = _form(session, form_id)
    if form.state is not FormState.DRAFT:
        raise MoveRefused(f"Form {form_id} is {form.state.value} already. Build a new set for another form.")
    secret = snapshot.secret_from_json(form.secret)
    _refuse_changed(session, form_id, secret, use)
    obstacles = why_not(form, its_set, use)
    if obstacles:
        raise MoveRefused(" ".join([f"Form {form_id} cannot be published for {use.value} use.", *obstacles]))
    asks = reason_needed(form, its_set, use)
    if asks and len(reason.split()) < 3:
        raise InputError(
            f"Form {form_id} needs a signed reason. {asks}",
            [Fault("", "", "reason", asks, "Write why it may be used all the same, in three words or more.")],
        )
    if use is FormUse.TRIAL:
        secret = replace(secret, cut=None)
    form.secret = snapshot.secret_to_json(secret)
    form.snapshot_sha256 = snapshot.snapshot_sha256(form.paper, form.secret)
    form.state, form.use = FormState.PUBLISHED, use
    form.published_at, form.published_by, form.reason = now, by.id, reason.strip()
    session.add(form)
    lifecycle.published(session, _counting(secret, use), by=by, now=now)
    session.flush()
    audit.record(
        session,
        by=by,
        did="form.published",
        on=form_id,
        at=now,
        body={
            "use": use.value,
            "snapshot_sha256": form.snapshot_sha256,
            "proof_sha256": its_set.proof_sha256,
            "keys": form.keys,
            "reason": form.reason,
        },
    )
    return _line(form, its_set)


def publish_set(
    session: Session, set_id: UUID, *, use: FormUse | str, by: Actor, now: datetime, reason: str = ""
) -> list[FormLine]:
    """Freeze every draft form of a set for one use, or none of them: what refuses one refuses all, by its name."""
    its_set = store_forms.form_set(session, set_id)
    if its_set is not None and its_set.pool:
        raise MoveRefused("The forms of a pool are published by a job, one after the other.")
    drafts = [form.id for form in store_forms.forms_of(session, set_id) if form.state is FormState.DRAFT]
    if not drafts:
        raise MoveRefused("This set has no form that is not published yet.")
    return [publish_form(session, form_id, use=use, by=by, now=now, reason=reason) for form_id in drafts]


def withdraw_form(session: Session, form_id: str, *, by: Actor, now: datetime, reason: str) -> None:
    """Take a published form out of use: no new session may take it, what was sat keeps its snapshot."""
    form, _ = _form(session, form_id)
    if form.state is not FormState.PUBLISHED:
        raise MoveRefused(f"Form {form_id} is {form.state.value}; only a published form can be withdrawn.")
    if len(reason.split()) < 3:
        raise InputError(
            "A withdrawal needs a reason.",
            [Fault("", "", "reason", "There is none.", "Write why the form is withdrawn, in three words or more.")],
        )
    form.state = FormState.WITHDRAWN
    session.add(form)
    session.flush()
    audit.record(session, by=by, did="form.withdrawn", on=form_id, at=now, body={"reason": reason.strip()})


def why_not(form: Form, its_set: FormSet, use: FormUse) -> list[str]:
    """Say what forbids this use of a form, in sentences; empty when nothing does."""
    if use is FormUse.TRIAL:
        return []
    secret = snapshot.secret_from_json(form.secret)
    live = secret.live_items()
    without = [item.id for item in live if item.angoff_mean is None]
    if without or secret.cut is None:
        shown = ", ".join(without[:6]) + (f" and {len(without) - 6} more" if len(without) > 6 else "")
        what = f"{len(without)} of its {len(live)} live items have no pass-mark judgement ({shown})."
        return [what, "Enter judgements and build the set again, or publish for trial."]
    built = built_form(its_set, form.position)
    ceiling = float((its_set.blueprint_json or {}).get("max_random_pass", 0.01))
    chance = built.get("p_random_pass")
    if chance is not None and float(chance) > ceiling:
        return [
            f"Random answering passes with a chance of {float(chance):.2%}; the blueprint allows {ceiling:.2%}.",
            "Build again with more items, or with formats that random answering serves less.",
        ]
    return []


def reason_needed(form: Form, its_set: FormSet, use: FormUse) -> str:
    """Say why publishing needs a signed reason; empty when it needs none."""
    if use is FormUse.TRIAL:
        return ""
    ceiling = float((its_set.blueprint_json or {}).get("max_strategy_pass", 0.05))
    chances = built_form(its_set, form.position).get("p_strategy_pass") or {}
    above = {name: float(p) for name, p in chances.items() if p is not None and float(p) > ceiling}
    if not above:
        return ""
    listed = ", ".join(f"{name.replace('_', ' ')} {p:.0%}" for name, p in sorted(above.items(), key=lambda x: -x[1]))
    return f"Scripted strategies pass more often than the blueprint's {ceiling:.0%}: {listed}."


@lru_cache(maxsize=16)
def read_proof(text: str) -> dict[str, Any]:
    """Read a proof once; pages ask for it again and again and never change it."""
    found: dict[str, Any] = json.loads(text)
    return found


def built_form(its_set: FormSet, position: int) -> dict[str, Any]:
    """Give what the proof says of one form."""
    if not its_set.proof:
        return {}
    found: dict[str, Any] = read_proof(its_set.proof)["forms"][position]
    return found


def changed_since(session: Session, secret: Secret) -> list[str]:
    """Name the scenarios of a form that are no longer as they were when it was built."""
    current = store.current_versions(session, secret.bank)
    held = {item.scenario: (item.scenario_version, item.key_version) for item in secret.items}
    return sorted(
        scenario
        for scenario, version in held.items()
        if scenario not in current or (current[scenario].scenario_sha256, current[scenario].key_sha256) != version
    )


def _refuse_changed(session: Session, form_id: str, secret: Secret, use: FormUse) -> None:
    changed = changed_since(session, secret)
    if changed:
        raise MoveRefused(
            f"Form {form_id} cannot be published: {', '.join(changed)} changed since it was built. "
            "Build the set again from the bank as it now stands."
        )
    if refused := lifecycle.refused_for_form(session, _counting(secret, use)):
        raise MoveRefused(" ".join([f"Form {form_id} cannot be published.", *refused, "Then build the set again."]))


def _counting(secret: Secret, use: FormUse) -> dict[str, bool]:
    """Tell of each scenario of a form whether its marks would count."""
    live = {item.scenario for item in secret.items if item.live and use is FormUse.LIVE}
    return {item.scenario: item.scenario in live for item in secret.items}


def paper(session: Session, form_id: str) -> Paper:
    """Give the candidate's side of a published form."""
    return snapshot.paper_from_json(_published(session, form_id).paper)


def secret(session: Session, form_id: str) -> Secret:
    """Give the side of a published form that stays on the server."""
    return snapshot.secret_from_json(_published(session, form_id).secret)


def form_line(session: Session, form_id: str) -> FormLine:
    """Give what a list says of a form, published or not."""
    return _line(*_form(session, form_id))


def form_facts(session: Session, form_id: str) -> FormLine:
    """Give what booking must know of a form that may be sat."""
    form = _published(session, form_id)
    if form.state is FormState.WITHDRAWN:
        raise MoveRefused(f"Form {form_id} is withdrawn. Choose another form of the option.")
    return form_line(session, form_id)


def published_forms(session: Session, option: str | None = None, use: FormUse | str | None = None) -> list[FormLine]:
    """List the forms that new sessions may take for everybody; a pool's are dealt once each, and not named here."""
    wanted = None if use is None else FormUse(use)
    found = store_forms.forms_in_state(session, FormState.PUBLISHED, option=option, use=wanted, pools=False)
    return [_line(*row) for row in found]


@dataclass(frozen=True, slots=True)
class Standing:
    """What a person must know before publishing a form."""

    line: FormLine
    live_obstacles: tuple[str, ...]
    live_reason: str
    changed: tuple[str, ...]
    not_for_trial: tuple[str, ...] = ()
    """Scenarios whose life forbids even a trial, in sentences."""


def standing(session: Session, form_id: str) -> Standing:
    """Say what publishing a form would meet."""
    form, its_set = _form(session, form_id)
    secret = snapshot.secret_from_json(form.secret)
    return Standing(
        _line(form, its_set),
        (*why_not(form, its_set, FormUse.LIVE), *lifecycle.refused_for_form(session, _counting(secret, FormUse.LIVE))),
        reason_needed(form, its_set, FormUse.LIVE),
        tuple(changed_since(session, secret)),
        tuple(lifecycle.refused_for_form(session, _counting(secret, FormUse.TRIAL))),
    )


def lines_of(forms: Sequence[Form], its_set: FormSet) -> list[FormLine]:
    return [_line(form, its_set) for form in forms]


def snapshot_holds(form: Form) -> bool:
    """Tell whether a published form is still the bytes that were hashed."""
    return snapshot.snapshot_sha256(form.paper, form.secret) == form.snapshot_sha256


def _form(session: Session, form_id: str) -> tuple[Form, FormSet]:
    form = store_forms.form(session, form_id)
    its_set = None if form is None else store_forms.form_set(session, form.set_id)
    if form is None or its_set is None:
        raise NotFound(f"There is no form {form_id}.")
    return form, its_set


def _published(session: Session, form_id: str) -> Form:
    form, _ = _form(session, form_id)
    if form.state is FormState.DRAFT:
        raise NotFound(f"Form {form_id} is not published.")
    return form


def _line(form: Form, its_set: FormSet) -> FormLine:
    def fraction(text: str) -> Fraction | None:
        return Fraction(text) if text else None

    trial = form.use is FormUse.TRIAL
    return FormLine(
        form_id=form.id,
        title=f"{its_set.blueprint}, {'pool' if its_set.pool else 'set'} {its_set.number}, form {form.name}",
        name=form.name,
        set_id=its_set.id,
        set_number=its_set.number,
        blueprint=its_set.blueprint,
        option=its_set.option,
        plan=form.plan,
        bank=its_set.bank_id,
        use=form.use,
        state=form.state,
        scenarios=form.scenarios,
        live_items=form.live_items,
        max_marks=Fraction(form.max_marks),
        mark_unit=Fraction(form.mark_unit),
        minutes=form.minutes,
        cut_exact=None if trial else fraction(form.cut_exact),
        cut_applied=None if trial else fraction(form.cut_applied),
        cut_se=None if trial else form.cut_se,
        keys=form.keys,
        simulated=form.simulated,
        snapshot_sha256=form.snapshot_sha256,
        published_at=form.published_at,
        published_by=form.published_by,
        role=role_of(form, its_set),
    )


def role_of(form: Form, its_set: FormSet) -> FormRole:
    """Tell what a form of a set is kept for."""
    if its_set.reserve and form.position >= its_set.forms:
        return FormRole.RESERVE
    return FormRole.RESIT if its_set.excluded else FormRole.MAIN
