"""What the psychometrics commands share: the ``--json`` option, and writing numbers without NaN."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar

import click
from click.types import FloatParamType

from sjt.errors import Fault, InputError

F = TypeVar("F", bound=Callable[..., Any])


class Finite(FloatParamType):
    """A number of the command line that is neither NaN nor infinite."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Read the number, or fail as wrong usage."""
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"{value} is not a finite number.", param, ctx)
        return number


FINITE = Finite()


def json_option(command: F) -> F:
    """``--json`` prints to standard output; ``--json FILE`` writes the file."""
    return click.option(
        "--json",
        "json_to",
        is_flag=False,
        flag_value="-",
        default=None,
        metavar="[FILE]",
        help="Write JSON to FILE, or to standard output without one.",
    )(command)


def plain_value(value: Any) -> Any:
    """Turn results into what JSON holds: exact whole numbers as integers, undefined numbers as null."""
    if isinstance(value, Fraction):
        return value.numerator if value.denominator == 1 else float(value)
    if is_dataclass(value) and not isinstance(value, type):
        return plain_value(asdict(value))
    if isinstance(value, Mapping):
        return {str(name): plain_value(item) for name, item in value.items()}
    if isinstance(value, str | bool | int) or value is None:
        return value
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Sequence | set | frozenset):
        return [plain_value(item) for item in value]
    if hasattr(value, "tolist"):
        return plain_value(value.tolist())
    number = float(value)
    return number if math.isfinite(number) else None


def write_json(answer: Any, json_to: str | None) -> None:
    """Write the answer where ``--json`` says; to standard output if it was not given."""
    text = json.dumps(plain_value(answer), ensure_ascii=False, indent=1, allow_nan=False) + "\n"
    if json_to in (None, "-"):
        click.echo(text, nl=False)
        return
    try:
        Path(str(json_to)).write_text(text, encoding="utf-8")
    except OSError as error:
        fault = Fault(str(json_to), "", "", f"it cannot be written: {error.strerror}.", "Choose another place.")
        raise InputError("The answer was not written.", [fault]) from error


def input_file(given: str | None, json_to: str | None) -> tuple[str, str | None]:
    """Return (file to read, where JSON goes).

    ``--json FILE`` takes the word after it, so ``sjt score --json CASES.json`` leaves no file to read: that word is
    then the file to read, and the JSON goes to standard output.
    """
    if given is not None:
        return given, json_to
    if json_to not in (None, "-"):
        return str(json_to), "-"
    raise click.UsageError("Name the file to read.")


def read_text(path: str) -> str:
    """Read a UTF-8 file, with or without a byte-order mark.

    Raises
    ------
    InputError
        It is not there, cannot be read, or is not UTF-8.
    """
    try:
        return Path(path).read_bytes().decode("utf-8-sig")
    except OSError as error:
        fault = Fault(path, "", "", f"it cannot be read: {error.strerror}.", "Check the name.")
        raise InputError("Nothing was read.", [fault]) from error
    except UnicodeDecodeError as error:
        fault = Fault(path, f"byte {error.start}", "", "it is not UTF-8 text.", "Save the file as UTF-8.")
        raise InputError("Nothing was read.", [fault]) from error
