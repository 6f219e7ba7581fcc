"""A blueprint: what every form must be, read from BLUEPRINT.toml with all its faults at once (CONTRACT, Files)."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import asdict
from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, Strict, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from sjt.authoring.snapshot import Format, canonical
from sjt.errors import Fault, InputError

REFUSE_UNKNOWN = ConfigDict(extra="forbid")

Whole = Annotated[int, Strict(), Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]
COUNTED = ("format", "class", "outcome", "option", "area", "demand")
"""Attributes a blueprint may count; ``format`` counts items exactly, the others scenarios in a range."""


@dataclass(frozen=True, kw_only=True, config=REFUSE_UNKNOWN)
class Cover:
    """Which codes every form carries: those the plan asks, all of the option, or a list."""

    codes: Literal["plan", "all"] | tuple[str, ...] = "plan"


@dataclass(frozen=True, kw_only=True, config=REFUSE_UNKNOWN)
class CutRule:
    """Where the pass mark comes from and how far the forms' exact cuts may lie apart."""

    source: Literal["angoff"] = "angoff"
    band_marks: Annotated[float, Field(gt=0)] = 0.5


@dataclass(frozen=True, kw_only=True, config=REFUSE_UNKNOWN)
class Target:
    """Where the sum of a number lies; without ``value`` the forms only agree among themselves."""

    attr: str
    tolerance: Annotated[float, Field(ge=0)]
    value: float | None = None


@dataclass(frozen=True, kw_only=True, config=REFUSE_UNKNOWN)
class Maximise:
    """What the weakest form has as much of as can be."""

    attr: str = "discrimination"


@dataclass(frozen=True, kw_only=True, config=REFUSE_UNKNOWN)
class Use:
    """How often a scenario may serve."""

    anchors: tuple[str, ...] = ()
    overlap_max: Whole | None = None
    exposure_max: Share | None = None
    rest_days: Whole = 0
    reserve: Annotated[int, Strict(), Field(ge=0, le=1)] = 0
    """1: one form more, which shares no scenario, enemy or family with the others, for the day a form leaks."""


Counts = Mapping[str, Mapping[str, Whole | tuple[Whole, Whole]]]


@dataclass(frozen=True, kw_only=True, config=REFUSE_UNKNOWN)
class Blueprint:
    """What a form must be; ``counts.format`` is exact, every other count a range."""

    schema: Literal["sjt.blueprint/1"]
    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    bank: str
    option: str
    scenarios: Annotated[int, Strict(), Field(ge=1)]
    minutes: tuple[Annotated[float, Field(ge=0)], Annotated[float, Field(gt=0)]]
    marks: Mapping[Format, Annotated[int, Strict(), Field(ge=1)]]
    counts: Counts
    title: str = ""
    trial: Whole = 0
    minutes_apart: Annotated[float, Field(ge=0)] | None = None
    """How far the forms' minutes may differ from each other; none: the band alone binds."""
    sensitive_share_max: Share = 1.0
    max_random_pass: Share = 0.01
    max_strategy_pass: Share = 0.05
    cover: Cover = Cover()
    cut: CutRule = CutRule()
    target: tuple[Target, ...] = ()
    maximise: Maximise = Maximise()
    use: Use = Use()

    def formats(self) -> dict[str, int]:
        """Items of each format in a form."""
        exact = self.counts.get("format", {})
        return {name: n if isinstance(n, int) else n[0] for name, n in exact.items()}

    def ranges(self) -> dict[str, dict[str, tuple[int, int]]]:
        """Every count but the formats, as ranges."""
        return {
            attr: {value: (n, n) if isinstance(n, int) else (n[0], n[1]) for value, n in cells.items()}
            for attr, cells in self.counts.items()
            if attr != "format"
        }

    def max_marks(self) -> Fraction:
        """Marks of every form: the formats are counted exactly, so all forms have one maximum."""
        worth = {kind.value: n for kind, n in self.marks.items()}
        return sum((Fraction(worth.get(name, 0)) * n for name, n in self.formats().items()), Fraction(0))

    def as_json(self) -> dict[str, Any]:
        """Return the blueprint as plain data, defaults written out; ``parse_data`` reads it back."""
        data = asdict(self)
        data["marks"] = {Format(kind).value: worth for kind, worth in self.marks.items()}
        if not self.use.reserve:
            del data["use"]["reserve"]  # proofs written before there was a reserve keep their hash
        return _plain(data)  # type: ignore[no-any-return]  # a dict in, a dict out

    def sha256(self) -> str:
        return hashlib.sha256(canonical(self.as_json()).encode()).hexdigest()


_ADAPTER: TypeAdapter[Blueprint] = TypeAdapter(Blueprint)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    return value


def parse(text: str, file: str = "blueprint") -> Blueprint:
    """Read a blueprint from TOML; raise InputError with every fault."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(
            f"{file} cannot be read as a blueprint.",
            [Fault(file, "", "", f"This is not TOML: {error}.", "Correct it.")],
        ) from error
    return parse_data(data, file)


def parse_data(data: Any, file: str = "blueprint") -> Blueprint:
    """Read a blueprint from plain data, as a proof file holds it."""
    faults: list[Fault] = []
    try:
        made = _ADAPTER.validate_python(data)
    except ValidationError as error:
        for one in error.errors(include_url=False):
            path = [
                str(part)
                for part in one["loc"]
                if not str(part).startswith(("tuple[", "literal[", "constrained", "int", "float"))
            ]
            where, name = ".".join(path[:-1]), path[-1] if path else ""
            what = "The key is not known." if one["type"] == "unexpected_keyword_argument" else f"{one['msg']}."
            what = "It is missing." if one["type"] in {"missing", "missing_argument"} else what
            fault = Fault(file, where, name, what, _remedy(one["type"]))
            if fault not in faults:
                faults.append(fault)
        raise InputError(f"{file} is not a blueprint; no form was built.", faults) from error
    faults = _contradictions(made, file)
    if faults:
        raise InputError(f"{file} contradicts itself; no form was built.", faults)
    return made


def _remedy(kind: str) -> str:
    if kind == "unexpected_keyword_argument":
        return "Remove it, or correct its spelling."
    if kind in {"missing", "missing_argument"}:
        return "Add it."
    return "Correct the value."


def _contradictions(plan: Blueprint, file: str) -> list[Fault]:
    """What no bank could ever satisfy."""
    faults = []

    def fault(where: str, name: str, what: str, remedy: str) -> None:
        faults.append(Fault(file, where, name, what, remedy))

    formats = plan.formats()
    known = [kind.value for kind in Format]
    worths = {kind.value for kind in plan.marks}
    for name, n in plan.counts.get("format", {}).items():
        if name not in known:
            fault("counts.format", name, "No such format.", f"Use {', '.join(known)}.")
        elif name not in worths:
            fault("marks", name, "The format is counted and its worth is not stated.", "State what an item is worth.")
        if not isinstance(n, int) and n[0] != n[1]:
            fault("counts.format", name, "A range.", "Count formats exactly, so that forms have one maximum.")
    if not formats:
        fault("counts", "format", "It is missing.", "Say how many items of each format a form has.")
    elif sum(formats.values()) < plan.scenarios:
        what = f"{sum(formats.values())} items cannot serve {plan.scenarios} scenarios."
        fault("counts", "format", what, "Count at least one item for each scenario.")
    for attr, cells in plan.ranges().items():
        if attr not in COUNTED:
            fault("counts", attr, "No such attribute.", f"Use {', '.join(COUNTED)}.")
        for value, (low, high) in cells.items():
            if low > high:
                fault(f"counts.{attr}", value, f"{low} is above {high}.", "Write [low, high].")
            if low > plan.scenarios:
                fault(f"counts.{attr}", value, f"{low} is more than the {plan.scenarios} scenarios.", "Lower it.")
        if attr in {"option", "demand"} and sum(low for low, _ in cells.values()) > plan.scenarios:
            fault("counts", attr, f"The least counts add up to more than {plan.scenarios}.", "Lower them.")
    if plan.minutes[0] > plan.minutes[1]:
        fault("", "minutes", f"{plan.minutes[0]:g} is above {plan.minutes[1]:g}.", "Write [low, high].")
    if len(plan.use.anchors) > plan.scenarios:
        fault("use", "anchors", f"More anchors than {plan.scenarios} scenarios.", "Take some out.")
    if len(set(plan.use.anchors)) != len(plan.use.anchors):
        fault("use", "anchors", "An anchor stands twice.", "Name each once.")
    return faults
