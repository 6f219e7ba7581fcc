"""``sjt assemble`` and ``sjt forms build|verify|publish``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sjt.errors import Fault, InputError

if TYPE_CHECKING:
    from sjt.authoring.assembly import AssemblyBank, AssemblySpec, Checked
    from sjt.authoring.assembly_solve import Solution


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
    from dataclasses import replace

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
@click.option("--json", "target", default=None, help="File for the answer; stdout when left out.")
def assemble(instance: Path, problem: str, delta: float | None, seconds: float, seed: int, target: str | None) -> None:
    """Build forms from a bank and constraints in one JSON file."""
    from sjt.authoring.assembly_instance import read_instance
    from sjt.authoring.assembly_solve import solve

    bank, spec = read_instance(_read_json(instance), str(instance), delta)
    found = solve(bank, spec, problem=problem, seconds=seconds, seed=seed, progress=_say)
    answer = answer_of(bank, spec, found, problem, min(10.0, seconds))
    _emit(answer, target)
    if answer["status"] not in {"optimal", "feasible"}:
        for row in answer["shortfall"] or []:
            click.echo(f"{instance}: {row['constraint']}: {row['message']}", err=True)
        sys.exit(1)
