"""``sjt assemble`` and ``sjt forms build|verify|publish``."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sjt.errors import Fault, InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sjt.authoring.assembly import AssemblyBank, AssemblySpec, Checked
    from sjt.authoring.assembly_solve import Solution
    from sjt.authoring.blueprint import Blueprint
    from sjt.authoring.form_bank import FormBank


SUMMARY = ("id", "scenarios", "max", "minutes", "cut", "p_random_pass", "p_strategy_pass")


def _emit(data: object, target: str | None) -> None:
    """Write JSON to a file, or alone to stdout."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, indent=1) + "\n"
    if target is None or target == "-":
        click.echo(text, nl=False)
    else:
        Path(target).write_text(text, encoding="utf-8")


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        fault = Fault(str(path), "", "", f"The file cannot be read: {error}.", "Check the name and its rights.")
        raise InputError("Nothing was computed.", [fault]) from error
    except json.JSONDecodeError as error:
        fault = Fault(str(path), f"line {error.lineno}", "", f"This is not JSON: {error.msg}.", "Correct the line.")
        raise InputError("Nothing was computed.", [fault]) from error


def _say(what: str, share: float) -> None:
    """Progress, on a terminal only."""
    if sys.stderr.isatty():
        click.echo(f"\r{what} {share:4.0%}", nl=False, err=True)


def _plain(value: Any) -> float | int | None:
    if value is None:
        return None
    return int(value) if value == int(value) else round(float(value), 9)


def checked_json(checks: list[Checked]) -> list[dict[str, Any]]:
    """Constraints with their values as numbers."""
    return [{"name": c.name, "low": _plain(c.low), "high": _plain(c.high), "value": _plain(c.value)} for c in checks]


def answer_of(bank: AssemblyBank, spec: AssemblySpec, found: Solution, problem: str, seconds: float) -> dict[str, Any]:
    """CONTRACT's answer of ``sjt assemble``."""
    from sjt.authoring.assembly import check
    from sjt.authoring.shortfall import explain

    status, shortfall = found.status, None
    if not found.forms:
        reason = explain(bank, spec, seconds)
        if reason is not None:
            shortfall = reason.as_json()
            if reason.proved:
                status = "infeasible"
    bands = spec.bands if problem == "B" else tuple(b for b in spec.bands if not b.is_target)
    shown = replace(spec, bands=bands)
    rounded = {
        "objective": found.objective if found.objective is None else round(found.objective, 9),
        "bound": found.bound if found.bound is None else round(found.bound, 9),
        "gap": None if found.gap is None or found.gap == float("inf") else round(found.gap, 9),
    }
    return {
        "status": status,
        **rounded,
        "stopped_by": found.stopped_by,
        "forms": [[bank.items[i] for i in form] for form in found.forms],
        "constraints": checked_json(check(bank, shown, found.forms)) if found.forms else [],
        "shortfall": shortfall,
    }


@click.command(epilog="Example: sjt assemble reference/ata/sjt_2x20_from50.json --problem B --seconds 25")
@click.argument("instance", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--problem", type=click.Choice(["A", "B"]), default="B", help="B: strongest weakest form; A: closest.")
@click.option("--delta", type=click.FloatRange(min=0), default=None, help="Half-width of the target bands.")
@click.option("--seconds", type=click.FloatRange(min=0.1), default=25.0, help="Last resort; node limits stop first.")
@click.option("--seed", type=int, default=1, help="Seed of the neighbourhood search.")
@click.option(
    "--reserve", is_flag=True, help="One form more, last in the answer, which shares nothing with the others."
)
@click.option("--json", "target", default=None, help="File for the answer; stdout when left out.")
def assemble(
    instance: Path, problem: str, delta: float | None, seconds: float, seed: int, reserve: bool, target: str | None
) -> None:
    """Build forms from a bank and constraints in one JSON file."""
    from sjt.authoring.assembly_instance import read_instance
    from sjt.authoring.assembly_solve import solve

    bank, spec = read_instance(_read_json(instance), str(instance), delta)
    if reserve and problem == "A":
        raise click.UsageError("--reserve goes with problem B: a reserve lies inside the bands of the other forms.")
    if reserve:
        spec, found = _assembled_with_reserve(bank, spec, problem, seconds, seed)
    else:
        found = solve(bank, spec, problem=problem, seconds=seconds, seed=seed, progress=_say)
    answer = answer_of(bank, spec, found, problem, min(24.0, seconds))
    _emit(answer, target)
    if answer["status"] not in {"optimal", "feasible"}:
        for row in answer["shortfall"] or []:
            click.echo(f"{instance}: {row['constraint']}: {row['message']}", err=True)
        sys.exit(1)


def _assembled_with_reserve(
    bank: AssemblyBank, spec: AssemblySpec, problem: str, seconds: float, seed: int
) -> tuple[AssemblySpec, Solution]:
    """Build the forms of an instance and one in reserve; the spec given back is the one that was met, or could not."""
    from sjt.authoring.assembly_reserve import solve_with_reserve
    from sjt.authoring.assembly_solve import solve, worth_of

    solved: list[Solution] = []

    def forms_of(one: AssemblySpec) -> tuple[tuple[int, ...], ...]:
        solved.append(solve(bank, one, problem=problem, seconds=seconds / 2, seed=seed, progress=_say))
        return solved[-1].forms

    whole = replace(spec, forms=spec.forms + 1, reserve=1)
    forms, missed = solve_with_reserve(bank, whole, forms_of)
    if missed is not None:
        return missed, solved[-1]
    objective = float(worth_of(bank, whole, forms, problem))
    return whole, replace(solved[0], status="feasible", forms=forms, objective=objective, bound=None, gap=None)


def _form_bank(directory: Path) -> Callable[[Blueprint], FormBank]:
    """Load a bank once and join it with whatever blueprint is asked for."""
    from sjt.authoring.bank import load
    from sjt.authoring.form_bank import form_bank

    reading = load(directory)
    if reading.bank is None:
        faults = [Fault(f.file, f"line {f.line}", f.rule, f.message, f.remedy) for f in reading.findings]
        raise InputError(f"The bank at {directory} cannot be read.", faults)
    bank, files = reading.bank, reading.files
    return lambda blueprint: form_bank(bank, files, blueprint)


@click.command(
    epilog="Example: sjt forms build scenario_bank/cypf/blueprints/residential-14.toml --bank scenario_bank/cypf "
    "--forms 2 --out var/forms"
)
@click.argument("blueprint", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--bank", "bank_dir", required=True, type=click.Path(path_type=Path, file_okay=False), help="The bank.")
@click.option("--forms", "count", required=True, type=click.IntRange(min=1), help="How many parallel forms.")
@click.option("--seed", type=int, default=1, help="Chooses among equally good forms.")
@click.option("--seconds", type=click.FloatRange(min=1), default=300.0, help="Last resort; node limits stop first.")
@click.option("--without", "excluded", multiple=True, help="Scenario that must not be used (seen before, resting).")
@click.option("--reserve", is_flag=True, help="One form more, which shares nothing with the others.")
@click.option("--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder for PROOF.json.")
@click.option("--json", "target", default=None, help="File for a summary; stdout when left out.")
def build(
    blueprint: Path,
    bank_dir: Path,
    count: int,
    seed: int,
    seconds: float,
    excluded: tuple[str, ...],
    reserve: bool,
    out: Path,
    target: str | None,
) -> None:
    """Build parallel forms from a blueprint and write their proof."""
    from sjt.authoring.blueprint import parse
    from sjt.authoring.forms import build_set, relatives
    from sjt.authoring.proof import make_proof, proof_bytes, reasons_needed, refusals

    try:
        text = blueprint.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        fault = Fault(str(blueprint), "", "", f"The file cannot be read: {error}.", "Check the name.")
        raise InputError("No form was built.", [fault]) from error
    plan = parse(text, str(blueprint))
    form_bank_of = _form_bank(bank_dir)
    bank = form_bank_of(plan)
    if reserve:
        plan = replace(plan, use=replace(plan.use, reserve=1))
        bank = form_bank_of(plan)
    without = sorted({*excluded, *relatives(bank, excluded)})
    built = build_set(bank, plan, count, seed=seed, seconds=seconds, banned=without, progress=_say)
    proof = make_proof(bank, plan, built, seed, without)
    out.mkdir(parents=True, exist_ok=True)
    (out / "PROOF.json").write_bytes(proof_bytes(proof))
    summary = {
        "proof": str(out / "PROOF.json"),
        "sha256": proof["sha256"],
        "solver": proof["solver"],
        "forms": [
            {key: form[key] for key in SUMMARY} | ({"role": form["role"]} if "role" in form else {})
            for form in proof["forms"]
        ],
        "overlap": proof["overlap"],
        "fairness": proof["fairness"],
        "refused": [str(fault) for fault in refusals(proof)],
        "reason_needed": [str(fault) for fault in reasons_needed(proof)],
        "notes": proof["notes"],
    }
    _emit(summary, target)


@click.command(epilog="Example: sjt forms verify var/forms/PROOF.json --bank scenario_bank/cypf")
@click.argument("proof", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--bank", "bank_dir", required=True, type=click.Path(path_type=Path, file_okay=False), help="The bank.")
@click.option("--json", "target", default=None, help="File for the verdict; stdout when left out.")
def verify(proof: Path, bank_dir: Path, target: str | None) -> None:
    """Compute every constraint, cut and probability of a proof again, with no solver."""
    from sjt.authoring.proof import verify as verify_proof

    data = _read_json(proof)
    faults = verify_proof(data, _form_bank(bank_dir), str(proof))
    forms = data.get("forms", []) if isinstance(data, dict) else []
    checked = sum(len(form.get("constraints", [])) for form in forms if isinstance(form, dict))
    verdict = {
        "verified": not faults,
        "forms": len(forms),
        "constraints": checked,
        "faults": [
            {"file": f.file, "form": f.where, "constraint": f.field, "what": f.what, "remedy": f.remedy} for f in faults
        ],
    }
    _emit(verdict, target)
    for fault in faults:
        click.echo(str(fault), err=True)
    if faults:
        sys.exit(1)


@click.command(epilog="Example: sjt forms publish residential-14-01 --by tess")
@click.argument("form_id")
@click.option("--use", type=click.Choice(["live", "trial"]), default="live", help="A form without a cut: trial only.")
@click.option("--by", default="", help="Log-in name of the test developer who does this.")
@click.option("--reason", default="", help="Why it may be used although a scripted strategy passes too often.")
def publish(form_id: str, use: str, by: str, reason: str) -> None:
    """Freeze a built form for delivery."""
    from sjt import db
    from sjt.access import SYSTEM, Role
    from sjt.accounts import service as accounts
    from sjt.accounts.commands import open_database
    from sjt.authoring import service
    from sjt.times import utc_now

    open_database()
    with db.transaction() as session:
        actor = accounts.actor_for(session, by, needs=Role.TEST_DEVELOPER) if by else SYSTEM
        service.publish_form(session, form_id, use=use, by=actor, now=utc_now(), reason=reason)
    click.echo(f"Form {form_id} is published for {use} use.", err=True)
