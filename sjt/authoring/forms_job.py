"""Building and verifying sets in the worker: everything with numpy happens here, never in the web process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any
from uuid import UUID

from sjt import db
from sjt.access import SYSTEM, Actor
from sjt.authoring import lifecycle, sets
from sjt.authoring.blueprint import parse_data
from sjt.authoring.form_bank import FormBank, form_bank
from sjt.authoring.forms import Impossible, build_set, relatives
from sjt.authoring.freezing import Frozen, freeze, key_versions, time_allowed
from sjt.authoring.proof import make_proof, proof_bytes
from sjt.authoring.proof import verify as verify_proof
from sjt.authoring.publishing import read_proof
from sjt.authoring.resting import resting
from sjt.authoring.tables import FormSet
from sjt.authoring.the_bank import bank_files, reading
from sjt.errors import InputError
from sjt.jobs.context import JobContext
from sjt.times import utc_now

SECONDS = 60.0
SECONDS_A_FORM = 15.0
"""Last resort of a large set, which is walked and counts its steps long before."""
STEPS = 100


def build_forms(args: Mapping[str, Any], context: JobContext) -> Mapping[str, Any]:
    """Build the set that a page asked for; the page of the set shows what came of it."""
    set_id = UUID(str(args["set_id"]))

    def tell(what: str, share: float) -> None:
        context.check_cancelled()
        context.progress(min(STEPS, round(STEPS * share)), STEPS, what)

    built = build_now(set_id, by=Actor(id=context.by, name="", roles=frozenset()), tell=tell)
    return {"set_id": str(set_id), "goes_to": f"/forms/{set_id}", "built": built}


def build_now(
    set_id: UUID, *, by: Actor = SYSTEM, tell: Callable[[str, float], None] | None = None, seconds: float | None = None
) -> bool:
    """Build a set that was asked for; give whether there are forms. Opens its own transactions.

    Raises
    ------
    InputError
        The blueprint or the bank's judgements and statistics have faults; the set is marked as failed.
    """
    tell = tell or (lambda what, share: None)
    try:
        with db.session() as session:
            made = sets.form_set(session, set_id)
            blueprint = sets.blueprint_at(session, made.blueprint_path)
            files = bank_files(session)
            read = reading(session)
            rested = resting(session, made.option, blueprint.use.rest_days, at=made.created_at)
            barred = lifecycle.barred(session, made.bank_id)
        assert read.bank is not None
        tell("Reading judgements and statistics", 0.0)
        last = max(SECONDS, SECONDS_A_FORM * made.forms) if seconds is None else seconds
        if made.reserve:
            blueprint = replace(blueprint, use=replace(blueprint.use, reserve=1))
        source = form_bank(read.bank, files, blueprint)
        banned = sorted({*rested, *barred, *made.excluded, *relatives(source, made.excluded)})
        try:
            built = build_set(source, blueprint, made.forms, seed=made.seed, seconds=last, banned=banned, progress=tell)
        except Impossible as impossible:
            rows = rows_of(impossible)
            left = sum(1 for one in read.bank.for_option(made.option) if one.id in barred)
            if left:
                words = f"{left} scenarios of this option were left out, since nobody has approved them for trial."
                rows.append({"constraint": "state", "message": words})
            with db.transaction() as session:
                sets.keep_shortfall(session, set_id, impossible.message, rows, by=by, now=utc_now())
            return False
        tell("Computing the proof", 1.0)
        proof = make_proof(source, blueprint, built, made.seed, banned)
        text = proof_bytes(proof).decode()
        frozen = freeze_all(source, made, proof, key_versions(files, read.key_files))
    except InputError as error:
        with db.transaction() as session:
            sets.keep_failure(session, set_id, str(error))
        raise
    with db.transaction() as session:
        sets.keep_built(session, set_id, text, frozen, by=by, now=utc_now())
    return True


def rows_of(impossible: Impossible) -> list[dict[str, Any]]:
    """Give what is short as a set's page shows it."""
    if impossible.shortfall is not None:
        return [dict(row) for row in impossible.shortfall.as_json()]
    return [{"constraint": fault.field, "message": f"{fault.what} {fault.remedy}"} for fault in impossible.faults]


def freeze_all(source: FormBank, made: FormSet, proof: Mapping[str, Any], versions: Mapping[str, str]) -> list[Frozen]:
    blueprint = parse_data(proof["blueprint"])
    minutes = time_allowed(blueprint, proof["forms"])
    return [
        freeze(
            source,
            blueprint,
            form,
            form_id=sets.form_id_of(made, position),
            minutes=minutes,
            mark_unit=Fraction(proof["mark_unit"]),
            proof_sha256=proof["sha256"],
            key_versions=versions,
        )
        for position, form in enumerate(proof["forms"])
    ]


def verify_set(args: Mapping[str, Any], context: JobContext) -> Mapping[str, Any]:
    """Compute a set's proof again from the bank as it now stands, with no solver."""
    set_id = UUID(str(args["set_id"]))
    context.progress(0, 1, "Computing every value of the proof again")
    faults = verify_now(set_id)
    return {"set_id": str(set_id), "goes_to": f"/forms/{set_id}", "faults": len(faults)}


def verify_now(set_id: UUID) -> list[str]:
    """Verify a set's proof and write down what was found."""
    with db.session() as session:
        made = sets.form_set(session, set_id)
        files = bank_files(session)
        read = reading(session)
    bank = read.bank
    assert bank is not None
    found = verify_proof(read_proof(made.proof), lambda blueprint: form_bank(bank, files, blueprint))
    faults = [str(fault) for fault in found]
    with db.transaction() as session:
        sets.keep_verification(session, set_id, faults, now=utc_now())
    return faults
