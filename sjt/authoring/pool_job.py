"""Preparing and publishing pools in the worker: built, proved, frozen, and each form published by the usual deed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any
from uuid import UUID

from sjt import db
from sjt.access import SYSTEM, Actor
from sjt.authoring import lifecycle, pools, sets
from sjt.authoring.blueprint import parse_data
from sjt.authoring.form_bank import form_bank
from sjt.authoring.form_sets import build_pool
from sjt.authoring.forms import Impossible
from sjt.authoring.forms_job import rows_of
from sjt.authoring.freezing import freeze, key_versions, time_allowed
from sjt.authoring.proof import make_proof, proof_bytes
from sjt.authoring.resting import resting
from sjt.authoring.the_bank import bank_files, reading
from sjt.errors import InputError, MoveRefused
from sjt.jobs.context import JobContext
from sjt.times import utc_now

SECONDS_A_FORM = 3.0
"""Last resort; a form takes some thirty milliseconds."""
AT_ONCE = 4
"""Forms written in one transaction: candidates' saves wait for it."""
Tell = Callable[[str, int, int], None]


def prepare_pool(args: Mapping[str, Any], context: JobContext) -> Mapping[str, Any]:
    """Prepare the pool that a page asked for; its page shows what came of it."""
    set_id = UUID(str(args["set_id"]))

    def tell(what: str, done: int, total: int) -> None:
        if done % 10 == 0 or done == total:
            context.check_cancelled()
        context.progress(done, total, what)

    built = prepare_now(set_id, by=Actor(id=context.by, name="", roles=frozenset()), tell=tell)
    return {"set_id": str(set_id), "goes_to": f"/forms/pools/{set_id}", "built": built}


def prepare_now(set_id: UUID, *, by: Actor = SYSTEM, tell: Tell = lambda what, done, total: None) -> bool:
    """Build, prove and freeze a pool that was asked for; give whether there are forms. Opens its own transactions."""
    try:
        return _prepared(set_id, by, tell)
    except InputError as error:
        with db.transaction() as session:
            sets.keep_failure(session, set_id, str(error))
        raise


def _prepared(set_id: UUID, by: Actor, tell: Tell) -> bool:
    with db.session() as session:
        made = sets.form_set(session, set_id)
        blueprint = pools.of_a_pool(sets.blueprint_at(session, made.blueprint_path))
        files = bank_files(session)
        read = reading(session)
        rested = resting(session, made.option, blueprint.use.rest_days, at=made.created_at)
        banned = sorted({*rested, *lifecycle.barred(session, made.bank_id)})
        known = pools.earlier_forms(session, made)
    assert read.bank is not None
    n, whole = made.forms, 3 * made.forms
    tell("Solving the first form", 0, whole)
    source = form_bank(read.bank, files, blueprint)
    try:
        built = build_pool(
            source, blueprint, n, seed=made.seed, seconds=max(60.0, SECONDS_A_FORM * n), banned=banned, known=known,
            progress=lambda what, share: tell("Building forms", min(n, round(n * share)), whole),
        )  # fmt: skip
    except Impossible as impossible:
        with db.transaction() as session:
            sets.keep_shortfall(session, set_id, impossible.message, rows_of(impossible), by=by, now=utc_now())
        return False
    proof = make_proof(
        source, blueprint, built, made.seed, banned, lambda done: tell("Proving each form", n + done, whole)
    )  # fmt: skip
    plan, unit = parse_data(proof["blueprint"]), Fraction(proof["mark_unit"])
    minutes, keys = time_allowed(plan, proof["forms"]), key_versions(files, read.key_files)
    with db.transaction() as session:
        pools.begin_keeping(session, set_id)
    for start in range(0, n, AT_ONCE):
        frozen = [
            freeze(
                source, plan, form, form_id=pools.form_id_of(made, start + k), minutes=minutes, mark_unit=unit,
                proof_sha256=proof["sha256"], key_versions=keys,
            )
            for k, form in enumerate(proof["forms"][start : start + AT_ONCE])
        ]  # fmt: skip
        with db.transaction() as session:
            pools.keep_some(session, set_id, frozen, start)
        tell("Freezing each form", 2 * n + min(n, start + AT_ONCE), whole)
    with db.transaction() as session:
        pools.finish(session, set_id, proof_bytes(proof).decode(), by=by, now=utc_now())
    return True


def publish_pool(args: Mapping[str, Any], context: JobContext) -> Mapping[str, Any]:
    """Publish every draft form of a pool; what refuses one form leaves that one a draft, and is told."""
    set_id = UUID(str(args["set_id"]))

    def tell(what: str, done: int, total: int) -> None:
        context.check_cancelled()
        context.progress(done, total, what)

    by = Actor(id=context.by, name="", roles=frozenset())
    done, refused = publish_now(set_id, use=str(args["use"]), reason=str(args["reason"]), by=by, tell=tell)
    return {"set_id": str(set_id), "goes_to": f"/forms/pools/{set_id}", "published": done, "refused": refused}


def publish_now(
    set_id: UUID, *, use: str, by: Actor = SYSTEM, reason: str = "", tell: Tell = lambda what, done, total: None
) -> tuple[int, list[str]]:
    """Publish the draft forms of a pool one after the other; give how many, and why others were refused."""
    with db.session() as session:
        waiting = pools.drafts_of(session, set_id)
    done, refused = 0, []
    for n, form_id in enumerate(waiting):
        tell("Publishing", n, len(waiting))
        try:
            with db.transaction() as session:
                pools.publish_some(session, [form_id], use=use, by=by, now=utc_now(), reason=reason)
            done += 1
        except (MoveRefused, InputError) as error:
            refused.append(str(error))
    tell("Publishing", len(waiting), len(waiting))
    return done, refused
