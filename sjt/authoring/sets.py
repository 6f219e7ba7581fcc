"""Sets of parallel forms as deeds: asked for on a page or by a command, built by a job, kept with their proof."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from pathlib import PurePosixPath
from typing import Any
from uuid import UUID

from sqlmodel import Session

from sjt.access import Actor
from sjt.audit import service as audit
from sjt.authoring import snapshot, store_forms
from sjt.authoring.blueprint import Blueprint, parse
from sjt.authoring.freezing import Frozen
from sjt.authoring.states import SetState
from sjt.authoring.tables import Form, FormSet
from sjt.authoring.the_bank import bank, bank_files, current_row
from sjt.errors import Fault, InputError, MoveRefused, NotFound
from sjt.jobs import service as jobs

BUILD = "forms.build"
VERIFY = "forms.verify"
MOST_FORMS = 60
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class BlueprintLine:
    """A blueprint of the bank, or why it cannot be read."""

    path: str
    blueprint: Blueprint | None
    fault: str


def blueprints(session: Session) -> list[BlueprintLine]:
    """List the bank's blueprints, those that cannot be read too."""
    found = []
    for name, content in bank_files(session).items():
        path = PurePosixPath(name)
        if path.parent.as_posix() != "blueprints" or path.suffix != ".toml":
            continue
        try:
            found.append(BlueprintLine(name, parse(content.decode(), name), ""))
        except InputError as error:
            found.append(BlueprintLine(name, None, str(error)))
    return found


def blueprint_at(session: Session, path: str) -> Blueprint:
    """Read one blueprint of the bank."""
    content = bank_files(session).get(path)
    if content is None or PurePosixPath(path).parent.as_posix() != "blueprints":
        raise NotFound(f"There is no blueprint {path} in the bank.")
    return parse(content.decode(), path)


def start_set(
    session: Session,
    blueprint_path: str,
    *,
    forms: int,
    seed: int,
    by: Actor,
    now: datetime,
    reserve: bool = False,
    without: Sequence[str] = (),
) -> UUID:
    """Ask for a set of parallel forms; a job builds it. Give the set's id."""
    made = put_set(session, blueprint_path, forms=forms, seed=seed, by=by, now=now, reserve=reserve, without=without)
    more = " and a reserve form" if made.reserve else ""
    title = f"Build {made.forms} forms{more} from {made.blueprint} (set {made.number})"
    made.job_id = jobs.enqueue(
        session, BUILD, {"set_id": str(made.id)}, by=by, now=now, title=title, goes_to=f"/forms/{made.id}"
    )
    session.add(made)
    session.flush()
    return made.id


def put_set(
    session: Session,
    blueprint_path: str,
    *,
    forms: int,
    seed: int,
    by: Actor,
    now: datetime,
    reserve: bool = False,
    without: Sequence[str] = (),
) -> FormSet:
    """Write down what set is wanted, without a job: commands and the demonstration build it at once.

    ``reserve`` asks for one form more that shares nothing with the others; ``without`` names scenarios that somebody
    has seen, so that the forms serve a resit.
    """
    blueprint = blueprint_at(session, blueprint_path)
    excluded = sorted(set(without))
    if strangers := sorted(set(excluded) - {scenario.id for scenario in bank(session).scenarios}):
        faults = [Fault("", "", one, "is no scenario of the bank.", "Leave it out.") for one in strangers]
        raise InputError("The set was not asked for.", faults)
    if not 1 <= forms <= MOST_FORMS:
        raise InputError(f"{forms} forms cannot be built at once. Ask for 1 to {MOST_FORMS}.")
    if blueprint.option not in bank(session).standard.option_ids:
        raise InputError(f"{blueprint_path} is for option {blueprint.option}, which the standard does not have.")
    row = current_row(session)
    made = FormSet(
        number=store_forms.next_set_number(session),
        bank_id=row.id,
        bank_sha256=row.sha256,
        blueprint=blueprint.id,
        blueprint_path=blueprint_path,
        blueprint_json=blueprint.as_json(),
        option=blueprint.option,
        forms=forms,
        seed=seed,
        reserve=1 if reserve or blueprint.use.reserve else 0,
        excluded=excluded,
        created_at=now,
        created_by=by.id,
    )
    session.add(made)
    session.flush()
    body = {"blueprint": blueprint.id, "forms": forms, "seed": seed, "reserve": made.reserve, "without": excluded}
    audit.record(session, by=by, did="form_set.asked", on=made.id, at=now, body=body)
    return made


def begin_again(session: Session, set_id: UUID, *, by: Actor, now: datetime) -> UUID:
    """Ask for the same once more, from the bank as it now stands; the earlier set stays as it is."""
    earlier = form_set(session, set_id)
    if earlier.pool:
        raise MoveRefused("This is a pool. Ask for another one, under another seed.")
    return start_set(
        session,
        earlier.blueprint_path,
        forms=earlier.forms,
        seed=earlier.seed,
        by=by,
        now=now,
        reserve=bool(earlier.reserve),
        without=earlier.excluded,
    )


def start_verification(session: Session, set_id: UUID, *, by: Actor, now: datetime) -> UUID:
    """Ask a job to compute a set's proof again with no solver; give the job's id."""
    made = form_set(session, set_id)
    if made.state is not SetState.BUILT:
        raise MoveRefused("This set has no proof to verify.")
    title = f"Verify the proof of set {made.number}"
    job = jobs.enqueue(
        session, VERIFY, {"set_id": str(set_id)}, by=by, now=now, title=title, goes_to=f"/forms/{set_id}"
    )
    made.verification = {"job_id": str(job)}
    session.add(made)
    session.flush()
    return job


def form_set(session: Session, set_id: UUID) -> FormSet:
    """Give one set."""
    found = store_forms.form_set(session, set_id)
    if found is None:
        raise NotFound("There is no such set of forms.")
    return found


def letters_of(position: int) -> str:
    """Name a form of a set: A to Z, then AA, AB …; a reserve form takes the name after the others."""
    before, last = divmod(position, len(LETTERS))
    return (letters_of(before - 1) if before else "") + LETTERS[last]


def form_id_of(made: FormSet, position: int) -> str:
    """Name a form for people: blueprint, set, letter."""
    return f"{made.blueprint}-s{made.number}-{letters_of(position).lower()}"


def keep_built(
    session: Session, set_id: UUID, proof_text: str, frozen: Sequence[Frozen], *, by: Actor, now: datetime
) -> None:
    """Write what was built; a set is built once."""
    made = form_set(session, set_id)
    if made.state is SetState.BUILT:
        raise MoveRefused("This set is built already. Build a new one.")
    proof = json.loads(proof_text)
    made.state, made.proof, made.proof_sha256, made.built_at = SetState.BUILT, proof_text, proof["sha256"], now
    made.blueprint_json, made.shortfall = proof["blueprint"], None
    session.add(made)
    session.add_all(form_row(made, position, letters_of(position), one) for position, one in enumerate(frozen))
    session.flush()
    body = {"proof_sha256": made.proof_sha256, "forms": [one.paper.form_id for one in frozen]}
    audit.record(session, by=by, did="form_set.built", on=made.id, at=now, body=body)


def form_row(made: FormSet, position: int, name: str, one: Frozen) -> Form:
    """Make the row of a built form, a draft."""
    secret, paper = one.secret, one.paper
    cut = secret.cut or {}
    live = secret.live_items()
    return Form(
        id=paper.form_id,
        set_id=made.id,
        name=name,
        position=position,
        paper=snapshot.paper_to_json(paper),
        secret=snapshot.secret_to_json(secret),
        scenarios=len({item.scenario for item in live}),
        live_items=len(live),
        max_marks=str(secret.max_marks),
        mark_unit=str(secret.mark_unit),
        minutes=paper.minutes,
        cut_exact=str(Fraction(cut["exact"])) if cut else "",
        cut_applied=str(Fraction(cut["applied"])) if cut else "",
        cut_se=cut.get("se"),
        plan=secret.plan,
        numbers=dict(one.numbers),
        keys=secret.keys,
        simulated=paper.simulated,
    )


def keep_shortfall(
    session: Session, set_id: UUID, message: str, rows: Sequence[Mapping[str, Any]], *, by: Actor, now: datetime
) -> None:
    """Write that no such set can be built, and what would have to change."""
    made = form_set(session, set_id)
    made.state, made.built_at = SetState.INFEASIBLE, now
    made.shortfall = {"message": message, "rows": [dict(row) for row in rows]}
    session.add(made)
    session.flush()
    audit.record(session, by=by, did="form_set.infeasible", on=made.id, at=now, body={"message": message})


def keep_verification(session: Session, set_id: UUID, faults: Sequence[str], *, now: datetime) -> None:
    """Write what computing the proof again found."""
    made = form_set(session, set_id)
    made.verification = {**(made.verification or {}), "at": now.isoformat(), "faults": list(faults)}
    session.add(made)
    session.flush()


def keep_failure(session: Session, set_id: UUID, message: str) -> None:
    """Write that building stopped without an answer."""
    made = form_set(session, set_id)
    if made.state is SetState.BUILDING:
        made.state, made.shortfall = SetState.FAILED, {"message": message, "rows": []}
        session.add(made)
        session.flush()
