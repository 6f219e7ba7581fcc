"""A form of its own for each candidate: pools of verified forms, prepared by a job and published by another.

A pool is a set whose forms are dealt once each. It needs a bank eight times as long as a form: with less, two
candidates who talk afterwards have met too much of the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from sjt.access import Actor
from sjt.audit import service as audit
from sjt.authoring import lifecycle, sets, store_forms
from sjt.authoring.blueprint import Blueprint
from sjt.authoring.freezing import Frozen
from sjt.authoring.publishing import publish_form, read_proof
from sjt.authoring.states import FormState, FormUse, SetState
from sjt.authoring.tables import FormSet
from sjt.authoring.the_bank import bank, bank_exists
from sjt.errors import Fault, InputError, MoveRefused, NotFound
from sjt.jobs import service as jobs

PREPARE = "forms.pool"
PUBLISH = "forms.publish_pool"
TIMES = 8
"""How many times as long as a form the bank must be (sjt-science 0b, the issue)."""
FEWEST, MOST = 2, 400
"""Forms that one pool may be asked for; another pool of the same blueprint stands beside it."""


@dataclass(frozen=True, slots=True)
class Room:
    """Whether a bank is long enough for a form of its own for each candidate."""

    path: str
    blueprint: Blueprint
    usable: int

    @property
    def needed(self) -> int:
        return TIMES * self.blueprint.scenarios

    @property
    def is_enough(self) -> bool:
        return self.usable >= self.needed

    @property
    def words(self) -> str:
        """Say what there is and what it takes."""
        one = self.blueprint
        have = f"{self.usable} scenarios of the bank may be used for {one.option}"
        if self.is_enough:
            return f"{have}: {self.usable / one.scenarios:.1f} times the {one.scenarios} of a form."
        return (
            f"{have}, {self.usable / one.scenarios:.1f} times the {one.scenarios} of a form. A form of its own for "
            f"each candidate takes {TIMES} times: {self.needed}. Write {self.needed - self.usable} more, or use a "
            "shorter blueprint."
        )


def room(session: Session, path: str) -> Room:
    """Count what a blueprint's forms could be drawn from."""
    return _room(session, path, sets.blueprint_at(session, path))


def _room(session: Session, path: str, blueprint: Blueprint) -> Room:
    held = bank(session)
    barred = lifecycle.barred(session, held.settings.id)
    kinds = {name for name, n in blueprint.formats().items() if n}
    usable = sum(
        one.option in ("core", blueprint.option)
        and one.id not in barred
        and any(item.format.value in kinds for item in one.items)
        for one in held.scenarios
    )
    return Room(path, blueprint, usable)


def rooms(session: Session) -> list[Room]:
    """Count for every blueprint of the bank that can be read."""
    if not bank_exists(session):
        return []
    lines = sets.blueprints(session)
    return [_room(session, line.path, line.blueprint) for line in lines if line.blueprint is not None]


def put_pool(session: Session, path: str, *, forms: int, seed: int, by: Actor, now: datetime) -> FormSet:
    """Write down what pool is wanted; refused while the bank is too short for it."""
    found = room(session, path)
    faults = []
    if not FEWEST <= forms <= MOST:
        what = f"is {forms}."
        faults.append(Fault("", "", "forms", what, f"Ask for {FEWEST} to {MOST}; a second pool may follow."))
    if not found.is_enough:
        faults.append(Fault("", "", "blueprint", found.words, "Build a set for everybody meanwhile."))
    held = [one for one in store_forms.pools(session) if one.blueprint == found.blueprint.id and one.seed == seed]
    if same := [one for one in held if one.state in (SetState.BUILDING, SetState.BUILT)]:
        what = f"is {seed}, as pool {same[0].number} has it: the same forms would come again."
        faults.append(Fault("", "", "seed", what, f"Take another, such as {max(one.seed for one in held) + 1}."))
    if faults:
        raise InputError("The pool was not asked for.", faults)
    made = sets.put_set(session, path, forms=1, seed=seed, by=by, now=now)
    made.forms, made.pool, made.reserve = forms, 1, 0
    session.add(made)
    session.flush()
    body = {"blueprint": made.blueprint, "forms": forms, "seed": seed}
    audit.record(session, by=by, did="form_set.pool_asked", on=made.id, at=now, body=body)
    return made


def start_pool(session: Session, path: str, *, forms: int, seed: int, by: Actor, now: datetime) -> UUID:
    """Ask for a pool; a job prepares it. Give its id."""
    made = put_pool(session, path, forms=forms, seed=seed, by=by, now=now)
    title = f"Prepare a pool of {forms} forms from {made.blueprint} (pool {made.number})"
    made.job_id = jobs.enqueue(
        session, PREPARE, {"set_id": str(made.id)}, by=by, now=now, title=title, goes_to=f"/forms/pools/{made.id}"
    )
    session.add(made)
    session.flush()
    return made.id


def of_a_pool(blueprint: Blueprint) -> Blueprint:
    """Give a blueprint as a pool is built from it: caps that bind a set say nothing of forms that each one meets."""
    return replace(blueprint, use=replace(blueprint.use, overlap_max=None, exposure_max=None, reserve=0))


def form_id_of(made: FormSet, position: int) -> str:
    """Name a form of a pool: blueprint, pool, place."""
    return f"{made.blueprint}-p{made.number}-{position + 1:03d}"


def earlier_forms(session: Session, made: FormSet) -> set[frozenset[str]]:
    """Give the forms of the other pools of a blueprint as sets of scenarios: none of them comes again."""
    found = set()
    for one in store_forms.pools(session):
        if one.blueprint == made.blueprint and one.id != made.id and one.state is SetState.BUILT:
            found |= {frozenset(row.numbers.get("live", ())) for row in store_forms.pool_rows(session, one.id)}
    return found


@dataclass(frozen=True, slots=True)
class PoolForm:
    """A published form of a pool, as far as dealing needs it."""

    form_id: str
    snapshot_sha256: str
    minutes: int
    scenarios: frozenset[str]
    """Trial scenarios too: who met one has met it."""


@dataclass(frozen=True, slots=True)
class Pool:
    """A pool from which candidates are dealt."""

    id: UUID
    number: int
    blueprint: str
    option: str
    seed: int
    use: str
    forms: tuple[PoolForm, ...]
    """The published ones in the pool's order; a form withdrawn since is not among them."""

    @property
    def title(self) -> str:
        return f"{self.blueprint}, pool {self.number}"


def pool(session: Session, set_id: UUID) -> Pool:
    """Give a pool with the forms that may be dealt."""
    made = store_forms.form_set(session, set_id)
    if made is None or not made.pool:
        raise NotFound(f"There is no pool {set_id}.")
    return _pool(session, made)


def _pool(session: Session, made: FormSet) -> Pool:
    rows = [one for one in store_forms.pool_rows(session, made.id) if one.state is FormState.PUBLISHED]
    uses = Counter(one.use.value for one in rows if one.use is not None)
    forms = tuple(
        PoolForm(one.form_id, one.snapshot_sha256, one.minutes, frozenset(one.numbers.get("scenarios", ())))
        for one in rows
    )
    use = uses.most_common(1)[0][0] if uses else ""
    return Pool(made.id, made.number, made.blueprint, made.option, made.seed, use, forms)


def pools(session: Session) -> list[Pool]:
    """List the pools that hold a published form, newest first."""
    found = [_pool(session, one) for one in store_forms.pools(session) if one.state is SetState.BUILT]
    return [one for one in found if one.forms]


@dataclass(frozen=True, slots=True)
class Before:
    """What a person must know before a pool is published."""

    drafts: int
    obstacles: tuple[str, ...]
    """What forbids live use of some form."""
    reason: str
    """Why live use needs a signed reason; empty when it needs none."""
    is_illustrative: bool = False
    """No panel has set the keys of some form."""


def before_publishing(session: Session, made: FormSet) -> Before:
    """Say what publishing a pool would meet, from its proof: no form's text is read."""
    rows = [one for one in store_forms.pool_rows(session, made.id) if one.state is FormState.DRAFT]
    if not rows:
        return Before(0, (), "")
    built = read_proof(made.proof)["forms"]
    blueprint: Mapping[str, Any] = made.blueprint_json or {}
    mine = [built[one.position] for one in rows]
    obstacles = []
    if without := sum(form.get("cut") is None for form in mine):
        obstacles.append(f"{without} of {len(mine)} forms have no pass mark: not every item is judged.")
    ceiling = float(blueprint.get("max_random_pass", 0.01))
    if above := [p for form in mine if (p := form.get("p_random_pass")) is not None and p > ceiling]:
        words = f"Random answering passes {len(above)} of {len(mine)} forms oftener than the blueprint allows"
        obstacles.append(f"{words}: up to {100 * max(above):.2f} %, allowed is {100 * ceiling:.2f} %.")
    limit = float(blueprint.get("max_strategy_pass", 0.05))
    worst: dict[str, float] = {}
    for form in mine:
        for name, p in form.get("p_strategy_pass", {}).items():
            if p > limit:
                worst[name] = max(p, worst.get(name, 0.0))
    listed = ", ".join(
        f"{name.replace('_', ' ')} up to {100 * p:.0f} %" for name, p in sorted(worst.items(), key=lambda one: -one[1])
    )
    reason = f"Scripted strategies pass more often than the blueprint’s {100 * limit:.0f} %: {listed}." if worst else ""
    return Before(len(rows), tuple(obstacles), reason, any(one.keys == "illustrative" for one in rows))


def start_publishing(
    session: Session, set_id: UUID, *, use: FormUse | str, reason: str, by: Actor, now: datetime
) -> UUID:
    """Ask a job to publish every draft form of a pool; give the job's id."""
    made = sets.form_set(session, set_id)
    if not made.pool or made.state is not SetState.BUILT:
        raise MoveRefused("There is no pool here that could be published.")
    found = before_publishing(session, made)
    if not found.drafts:
        raise MoveRefused("Every form of this pool is published.")
    if FormUse(use) is FormUse.LIVE:
        if found.obstacles:
            raise MoveRefused(" ".join(["The pool cannot be published for live use.", *found.obstacles]))
        if found.reason and len(reason.split()) < 3:
            raise InputError(
                "The pool needs a signed reason.",
                [Fault("", "", "reason", found.reason, "Write why it may be used, in three words or more.")],
            )
    title = f"Publish {found.drafts} forms of pool {made.number}"
    args = {"set_id": str(set_id), "use": FormUse(use).value, "reason": reason.strip()}
    job = jobs.enqueue(session, PUBLISH, args, by=by, now=now, title=title, goes_to=f"/forms/pools/{set_id}")
    made.job_id = job
    session.add(made)
    session.flush()
    return job


def publish_some(
    session: Session, form_ids: Iterable[str], *, use: FormUse | str, by: Actor, now: datetime, reason: str
) -> None:
    """Publish forms of a pool, each by the deed that publishes any form."""
    for form_id in form_ids:
        needs = reason if FormUse(use) is FormUse.LIVE else ""
        publish_form(session, form_id, use=use, by=by, now=now, reason=needs)


def drafts_of(session: Session, set_id: UUID) -> list[str]:
    return [one.form_id for one in store_forms.pool_rows(session, set_id) if one.state is FormState.DRAFT]


def text_of(frozen: Frozen) -> Mapping[str, Any]:
    """Give what a pool keeps of a form beside its sums: its scenarios, those that count apart."""
    live = sorted({item.scenario for item in frozen.secret.live_items()})
    return {**frozen.numbers, "live": live, "scenarios": sorted({one.id for one in frozen.paper.scenarios})}


def begin_keeping(session: Session, set_id: UUID) -> None:
    """Forget what a job that was broken off had written."""
    made = sets.form_set(session, set_id)
    if made.state is SetState.BUILT:
        raise MoveRefused("This pool is prepared already. Ask for another one.")
    store_forms.drop_drafts(session, set_id)


def keep_some(session: Session, set_id: UUID, frozen: Sequence[Frozen], start: int) -> None:
    """Write some forms of a pool that is being prepared."""
    made = sets.form_set(session, set_id)
    for position, one in enumerate(frozen, start):
        session.add(sets.form_row(made, position, f"{position + 1:03d}", replace(one, numbers=text_of(one))))
    session.flush()


def finish(session: Session, set_id: UUID, proof_text: str, *, by: Actor, now: datetime) -> None:
    """Say that a pool is complete, with its proof."""
    made = sets.form_set(session, set_id)
    proof = read_proof(proof_text)
    made.state, made.proof, made.proof_sha256, made.built_at = SetState.BUILT, proof_text, proof["sha256"], now
    made.blueprint_json, made.shortfall, made.forms = proof["blueprint"], None, len(proof["forms"])
    session.add(made)
    session.flush()
    body = {"proof_sha256": made.proof_sha256, "forms": made.forms}
    audit.record(session, by=by, did="form_set.pool_built", on=made.id, at=now, body=body)
