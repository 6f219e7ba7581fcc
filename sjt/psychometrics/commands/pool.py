"""``sjt pool``: items over several cohorts and forms."""

from __future__ import annotations

import json
import os
from typing import Any

import click

from sjt.errors import Fault, InputError
from sjt.psychometrics.commands._io import json_option, read_text, write_json


@click.command()
@click.argument("analyses", nargs=-1, required=True, metavar="ANALYSIS.json…")
@click.option(
    "--profile", metavar="NAME", help="Thresholds: judgement-test (default), knowledge-test, or a .toml file."
)
@json_option
def pool(analyses: tuple[str, ...], profile: str | None, json_to: str | None) -> None:
    """Pool what `sjt analyse --json` found in several cohorts or forms, item by item.

    Small cohorts cannot tell a weak item from bad luck; together they can. Each item gets a pooled and a shrunken
    estimate and the probability that its true value lies below the limit.

    Example: sjt pool spring.json autumn.json
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from sjt.psychometrics.flags import Limits
    from sjt.psychometrics.pooling import pool as together
    from sjt.psychometrics.profiles import load_profile

    found: list[tuple[str, dict[str, Any]]] = []
    faults: list[Fault] = []
    for path in analyses:
        try:
            answer = json.loads(read_text(path))
        except (ValueError, RecursionError) as error:
            faults.append(Fault(path, "", "", f"it is not JSON: {error}.", "Give what `sjt analyse --json` wrote."))
            continue
        if not isinstance(answer, dict) or not isinstance(answer.get("items"), list) or "data_sha256" not in answer:
            faults.append(Fault(path, "", "items", "it is no item analysis.", "Give what `sjt analyse --json` wrote."))
            continue
        twin = next((name for name, other in found if other["data_sha256"] == answer["data_sha256"]), None)
        if twin is not None:
            faults.append(Fault(path, "", "data_sha256", f"the same data as {twin}.", "Count each cohort once."))
        found.append((path, answer))
    if faults:
        raise InputError("The analyses cannot be pooled.", faults)
    limits = Limits.of(load_profile(profile)) if profile else Limits.of(load_profile())
    write_json(together([answer for _, answer in found], limits), json_to)
