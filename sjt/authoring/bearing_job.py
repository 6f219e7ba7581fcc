"""The solver's answer to what a bank bears of a blueprint: forms built for the asking, of which nothing is kept."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sjt.authoring import lifecycle
from sjt.authoring.blueprint import parse_data
from sjt.authoring.form_bank import form_bank
from sjt.authoring.forms import Impossible, build_set
from sjt.authoring.proof import make_proof
from sjt.authoring.resting import resting
from sjt.authoring.the_bank import bank_files, current_row, reading
from sjt.errors import InputError
from sjt.jobs.context import JobContext

SECONDS = 60.0
STEPS = 100


def bear_forms(args: Mapping[str, Any], context: JobContext) -> Mapping[str, Any]:
    """Build as many forms as were asked for; say what they would be, or what stands in the way."""
    blueprint = parse_data(args["blueprint"])
    forms = int(args["forms"])
    with context.session() as session:
        files = bank_files(session)
        read = reading(session)
        rested = resting(session, blueprint.option, blueprint.use.rest_days, at=datetime.fromisoformat(args["at"]))
        banned = sorted({*rested, *lifecycle.barred(session, current_row(session).id)})
    assert read.bank is not None
    started = time.monotonic()

    def tell(what: str, share: float) -> None:
        context.check_cancelled()
        context.progress(min(STEPS - 1, round(STEPS * share)), STEPS, what.capitalize())

    try:
        source = form_bank(read.bank, files, blueprint)
        built = build_set(source, blueprint, forms, seed=1, seconds=SECONDS, banned=banned, progress=tell)
        tell("computing what the forms would be", 0.95)
        proof = make_proof(source, blueprint, built, 1, banned)
    except Impossible as impossible:
        rows = impossible.shortfall.as_json() if impossible.shortfall is not None else []
        more = [] if rows else [{"message": f"{fault.what} {fault.remedy}"} for fault in impossible.faults]
        proved = impossible.shortfall is None or impossible.shortfall.proved
        state = "impossible" if proved and (rows or more) else "unknown"
        return _ended(state, started, message=impossible.message, rows=[*rows, *more])
    except InputError as error:
        faults = [f"{fault.what} {fault.remedy}" for fault in error.faults]
        return _ended("unknown", started, message=error.message, rows=[{"message": words} for words in faults])
    fairness = proof["fairness"]
    return _ended(
        "possible",
        started,
        solver=proof["solver"],
        forms=[
            {
                "minutes": form["minutes"],
                "cut": form["cut"],
                "reliability": form["reliability"],
                "p_random_pass": form["p_random_pass"],
                "p_strategy_pass": form["p_strategy_pass"],
            }
            for form in proof["forms"]
        ],
        overlap=proof["overlap"],
        most_used=max((row["forms"] for row in proof["exposure"]), default=0),
        p_borderline=fairness["p_pass_borderline"],
        spread_points=fairness["spread_points"],
        lowest_tenth=_spread([row[0] for row in fairness["by_tenth"] if row]),
    )


def _spread(values: list[float]) -> float | None:
    return 100 * (max(values) - min(values)) if values else None


def _ended(state: str, started: float, **more: Any) -> dict[str, Any]:
    return {"state": state, "seconds": round(time.monotonic() - started, 1), **more}
