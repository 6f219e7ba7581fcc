"""The analysis of a session or of a form, as background work: marks, statistics, pictures, one stored result."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any, Final
from uuid import UUID

from sjt.analysis import choices, matrix, pictures, verdict
from sjt.analysis.marked import marked
from sjt.analysis.tables import AnalysisPicture, AnalysisRun
from sjt.authoring.snapshot import Paper, Secret
from sjt.jobs.context import JobContext
from sjt.psychometrics import item_analysis
from sjt.psychometrics.flags import Limits
from sjt.psychometrics.profiles import load_profile
from sjt.psychometrics.reliability import feldt_interval
from sjt.psychometrics.smallsample import fisher_interval, policy, t_interval
from sjt.results import service as results
from sjt.results.jobs import mark_waiting
from sjt.results.model import MarkRow
from sjt.times import utc_now

SEED: Final = 1
ALL: Final = "all"
LIMITS: Final = Limits.of(load_profile())


def run_analysis(args: Mapping[str, Any], context: JobContext) -> Mapping[str, Any]:
    """Analyse ``{"session": id}`` or ``{"form": id}`` and store what the pages show."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    context.progress(0, 4, "Marking what is not marked yet")
    if "session" in args:
        mark_waiting(UUID(args["session"]), context, reason="marked for analysis")
    context.check_cancelled()
    context.progress(1, 4, "Reading marks")
    rows, secrets, papers, cuts, seen, simulated = _read(args, context)
    people = matrix.cohort(rows, secrets, seen, name=str(args.get("session") or args.get("form")))
    context.progress(2, 4, "Computing item and test statistics")
    found = {**analyse(people, secrets, papers, cuts), "keys": key_versions(rows)}
    context.check_cancelled()
    context.progress(3, 4, "Drawing")
    drawn = draw(found)
    run = AnalysisRun(
        session_id=UUID(args["session"]) if "session" in args else None,
        form_id=args.get("form"),
        n=len(people.responses.persons),
        data_sha256=people.responses.sha256,
        result=json.dumps(found, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False),
        profile=LIMITS.profile,
        version=str(found["version"]),
        seed=SEED,
        simulated=simulated,
        at=utc_now(),
        by=context.by,
    )
    with context.transaction() as session:
        session.add(run)
        session.flush()
        session.add_all(AnalysisPicture(run_id=run.id, name=name, svg=svg) for name, svg in drawn.items())
    context.progress(4, 4, "Done")
    where = f"/analysis/sessions/{args['session']}" if "session" in args else f"/analysis/forms/{args['form']}"
    return {"goes_to": where, "run": str(run.id), "n": run.n}


def _read(args: Mapping[str, Any], context: JobContext) -> Any:
    with context.session() as session:
        found = marked(
            session,
            args,
            nobody="Nobody's marks are there to analyse. Close the session first.",
            neither="An analysis needs a session or a form.",
        )
        cuts = {form: _cut(results.standing_cut(session, form), found.secrets[form]) for form in found.forms}
        return found.rows, found.secrets, found.papers, cuts, found.seen, found.simulated


def _cut(standing: Any, secret: Secret) -> dict[str, Any] | None:
    if standing is not None:
        return {"applied": float(standing.applied), "exact": float(standing.exact), "se": standing.se, "adopted": True}
    if secret.cut:
        applied, exact = float(Fraction(secret.cut["applied"])), float(Fraction(secret.cut["exact"]))
        return {"applied": applied, "exact": exact, "se": secret.cut.get("se"), "adopted": False}
    return None


def key_versions(rows: Iterable[MarkRow]) -> dict[str, dict[str, int]]:
    """Give item → version of its key → how many marks were given by it; more than one while marks are mixed."""
    found: dict[str, dict[str, int]] = {}
    for row in rows:
        own = found.setdefault(row.item, {})
        own[row.key_version] = own.get(row.key_version, 0) + 1
    return found


def analyse(
    people: matrix.Cohort,
    secrets: Mapping[str, Secret],
    papers: Mapping[str, Paper],
    cuts: Mapping[str, dict[str, Any] | None],
) -> dict[str, Any]:
    """Analyse each form, and all of them together where there are several.

    A form that one candidate alone sat, as each does who has a form of their own, says nothing by itself: its items
    count with all others.
    """
    parts: dict[str, Any] = {}
    sat = Counter(people.form_of)
    for form, secret in secrets.items():
        if len(secrets) > 1 and sat[form] < 2:
            continue
        own = people if len(secrets) == 1 else matrix.take_form(people, form)
        parts[form] = _part(own, {form: secret}, {form: papers[form]}, cuts[form])
    if len(secrets) > 1:
        whole = _part(people, secrets, papers, None)
        if alone := sum(n < 2 for n in sat.values()):
            whole["verdict"].append(
                f"{alone} of {len(people.form_of)} candidates sat a form of their own: each item counts whoever met "
                "it, and such forms have no figures by themselves."
            )
        parts = {ALL: whole, **parts}
    titles = {item.id: s.title for paper in papers.values() for s in paper.scenarios for item in s.items}
    return {
        "parts": parts,
        "forms": {form: {"title": papers[form].subtitle, "cut": cuts[form]} for form in secrets},
        "titles": titles,
        "versions": {item.id: item.scenario_version for secret in secrets.values() for item in secret.items},
        "limits": {"profile": LIMITS.profile, **LIMITS.as_json()},
        "version": next(iter(parts.values()))["version"],
    }


def _part(
    people: matrix.Cohort, secrets: Mapping[str, Secret], papers: Mapping[str, Paper], cut: dict[str, Any] | None
) -> dict[str, Any]:
    raw: dict[str, Any] = {}
    for form, secret in secrets.items():
        for item in secret.items:
            shown = papers[form].item(item.id)
            if item.id in raw or shown is None:
                continue
            rest = people.rest.get(item.id, people.rest[""])
            made = choices.choices(item, shown.option_ids(), people.raw.get(item.id, {}), rest, SEED)
            if made is not None:
                raw[item.id] = {"choices": made, "key_doubt": made["key_doubt"]}
    answer = item_analysis.analyse(
        people.responses, raw=raw, cut=None if cut is None else cut["applied"], limits=LIMITS, seed=SEED
    )
    for row in answer["items"]:
        row.setdefault("raw", None)
    answer["trial"] = [
        _trial(people, item.id, float(item.worth), raw.get(item.id))
        for item in {i.id: i for s in secrets.values() for i in s.items if not i.live}.values()
    ]
    test, scenarios = answer["test"], {row["testlet"] for row in answer["items"]}
    value = test["testlet_alpha"]
    interval = None if value is None else feldt_interval(value, test["alpha_n"], len(scenarios))
    test["testlet_alpha_ci"] = None if interval is None else [interval.low, interval.high]
    answer["verdict"] = verdict.verdict(answer)
    answer["policy_small"] = policy(answer["n_persons"]).name
    return answer


def _trial(people: matrix.Cohort, item: str, top: float, raw: Any) -> dict[str, Any]:
    """Give a trial item's facility and its correlation with the live total, which it is no part of."""
    import numpy as np

    by = people.trial.get(item, {})
    rows = np.array(sorted(by), dtype=np.intp)
    marks = np.array([float(by[int(n)]) for n in rows])
    n = len(rows)
    out: dict[str, Any] = {"item": item, "n": n, "max": top, "facility": None, "facility_ci": None, "raw": raw}
    out |= {"item_rest": None, "item_rest_ci": None}
    if n:
        out["facility"] = float(marks.mean() / top)
    if n > 1:
        low, high = t_interval(marks.mean() / top, marks.std(ddof=1) / top, n)
        out["facility_ci"] = [max(0.0, float(low)), min(1.0, float(high))]
        rest = people.rest[""][rows]
        if policy(n).statistics and marks.std() > 0 and np.isfinite(rest).all() and rest.std() > 0:
            r = float(np.corrcoef(marks, rest)[0, 1])
            a, b = fisher_interval(r, n)
            out["item_rest"], out["item_rest_ci"] = r, [float(a), float(b)]
    return out


def _finding(item: str, chosen: Mapping[str, Any]) -> str:
    """Say in a picture's title what it shows, where it shows something."""
    gap = chosen["gap"]
    if chosen["key_doubt"] and gap:
        return f"{gap['rival']} draws stronger candidates than the key {gap['key']}"
    return f"{item}: {chosen['sections'][0]['what'].lower()}"


def draw(found: Mapping[str, Any]) -> dict[str, str]:
    """Draw every picture of a result: score distributions by form, and who chose what by item."""
    made: dict[str, str] = {}
    for name, part in found["parts"].items():
        totals, test = part["test"]["totals"], part["test"]
        if name != ALL and totals is not None and part["n_persons"] >= 10:
            cut = found["forms"][name]["cut"]
            title = f"Totals of {part['n_persons']} candidates"
            made[f"totals-{name}"] = pictures.distribution(title, totals, cut and cut["applied"], test["max"])
    widest = found["parts"].get(ALL) or next(iter(found["parts"].values()))
    for row in [*widest["items"], *widest["trial"]]:
        chosen = (row["raw"] or {}).get("choices")
        if chosen is not None:
            section = chosen["sections"][0]
            svg = pictures.traces(_finding(row["item"], chosen), section, chosen["groups"])
            if svg is not None:
                made[f"traces-{row['item']}"] = svg
    return made
