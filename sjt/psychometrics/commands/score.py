"""``sjt score``: mark a file of cases."""

from __future__ import annotations

import json
from typing import Any

import click

from sjt.errors import Fault, InputError
from sjt.psychometrics.commands._io import input_file, json_option, read_text, write_json
from sjt.psychometrics.score_cases import mark_file


def _no_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for name, value in pairs:
        if name in out:
            raise ValueError(f"the name {name!r} stands twice in one object")
        out[name] = value
    return out


def read_json(path: str) -> Any:
    """Read strict JSON: UTF-8, no repeated names, no NaN."""

    def constant(text: str) -> float:
        raise ValueError(f"{text} is not a JSON number")

    try:
        return json.loads(read_text(path), object_pairs_hook=_no_repeats, parse_constant=constant)
    except json.JSONDecodeError as error:
        fault = Fault(path, f"line {error.lineno}", f"column {error.colno}", f"{error.msg}.", "Correct the JSON.")
        raise InputError("Nothing was read.", [fault]) from error
    except ValueError as error:
        raise InputError("Nothing was read.", [Fault(path, "", "", f"{error}.", "Correct the JSON.")]) from error
    except RecursionError as error:
        fault = Fault(path, "", "", "its lists or objects are nested too deep.", "Correct the JSON.")
        raise InputError("Nothing was read.", [fault]) from error


@click.command()
@click.argument("cases", required=False, metavar="CASES.json")
@json_option
def score(cases: str | None, json_to: str | None) -> None:
    """Mark every case of CASES.json and print the marks as JSON.

    Rankings, choices, ratings, most and least, consensus ratings, form totals, chance of passing and stretched keys:
    the file says its format or is known by its keys. An invalid response has status "invalid" and no mark; a key
    that cannot be used is a fault: its case has no mark, it is named on standard error, and the exit code is 1.

    Example: sjt score cases.json --json marks.json
    """
    path, json_to = input_file(cases, json_to)
    marked, faults = mark_file(read_json(path), path)
    write_json(marked, json_to)
    if faults:
        raise InputError(f"{path}: cases that cannot be marked.", faults)
