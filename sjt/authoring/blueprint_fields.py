"""A blueprint as the fields of a page, and back: everything the file has, and every fault beside its field."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from sjt.authoring.blueprint import Blueprint, parse_data
from sjt.authoring.model import Bank
from sjt.authoring.snapshot import Format
from sjt.authoring.standard import CORE
from sjt.errors import InputError

SCHEMA = "sjt.blueprint/1"
FORMATS = tuple(kind.value for kind in Format)
TARGETS = ("facility", "minutes", "angoff", "discrimination", "borderline")
"""Numbers whose sums a blueprint may aim at."""
RANGES = ("option", "class", "outcome", "area", "demand")
CLASSES = {"K": "Knowledge", "S": "Skills", "B": "Behaviours"}
_ID = re.compile(r"^[a-z0-9][a-z0-9-]*$")


@dataclass(frozen=True, slots=True)
class Scalar:
    """One number of the file: where it stands, how it is typed, what it may be."""

    name: str
    label: str
    whole: bool = False
    least: Decimal = Decimal(0)
    most: Decimal | None = None
    needed: bool = False
    percent: bool = False
    default: str = ""


SCALARS = (
    Scalar("scenarios", "Scenarios", whole=True, least=Decimal(1), most=Decimal(500), needed=True),
    Scalar("trial", "Trial scenarios", whole=True, most=Decimal(100), default="0"),
    Scalar("minutes.low", "Minutes, at least", needed=True),
    Scalar("minutes.high", "Minutes, at most", needed=True),
    Scalar("minutes_apart", "Minutes by which forms may differ"),
    Scalar("sensitive_share_max", "Sensitive scenarios, at most", most=Decimal(100), percent=True, default="100"),
    Scalar("max_random_pass", "Passing by guessing, at most", most=Decimal(100), percent=True, default="1"),
    Scalar("max_strategy_pass", "Passing by a trick, at most", most=Decimal(100), percent=True, default="5"),
    Scalar("cut.band_marks", "Width of the pass mark’s band", least=Decimal("0.001"), default="0.5"),
    Scalar("use.overlap_max", "Scenarios two forms may share", whole=True),
    Scalar("use.exposure_max", "Share of forms a scenario may stand in", most=Decimal(100), percent=True),
    Scalar("use.rest_days", "Days of rest after use", whole=True, default="0"),
)
_SCALAR = {one.name: one for one in SCALARS}


@dataclass(frozen=True, slots=True)
class Wrong:
    """One fault: the field it belongs to and a sentence that says what to do."""

    field: str
    words: str


@dataclass(frozen=True, slots=True)
class Read:
    """What was typed, as a blueprint where it is one, and all that is wrong with it."""

    blueprint: Blueprint | None
    wrong: tuple[Wrong, ...]

    def beside(self, field: str) -> str:
        """Give the words that stand beside a field."""
        return next((one.words for one in self.wrong if one.field == field), "")


def values_of(bank: Bank, option: str, held: Mapping[str, str] | None = None) -> dict[str, list[tuple[str, str]]]:
    """List what may be counted of each attribute, with words for it; values of the fields that are not known, too."""
    standard = bank.standard
    titles = {area.id: area.title for area in standard.option_areas}
    demands = sorted({scenario.demand for scenario in bank.for_option(option)})
    areas = sorted({area for scenario in bank.for_option(option) for area in scenario.areas})
    found = {
        "option": [(CORE, "Core"), (option, option.capitalize())] if option != CORE else [(CORE, "Core")],
        "class": list(CLASSES.items()),
        "outcome": [(one.id, one.statement) for one in standard.practice_outcomes],
        "area": [(area, titles.get(area, "")) for area in areas],
        "demand": [(level, "Level of the capability framework") for level in demands],
    }
    for name in held or {}:
        parts = name.split(".")
        if len(parts) >= 4 and parts[0] == "counts" and parts[1] in found:
            value = ".".join(parts[2:-1])
            if value not in {known for known, _ in found[parts[1]]} and (held or {})[name].strip():
                found[parts[1]].append((value, "Not in this bank"))
    return found


def fields_of(plan: Blueprint) -> dict[str, str]:
    """Give a blueprint as the fields of the page."""
    out = {"id": plan.id, "title": plan.title, "option": plan.option}
    plain: dict[str, float | int | None] = {
        "scenarios": plan.scenarios, "trial": plan.trial, "minutes.low": plan.minutes[0],
        "minutes.high": plan.minutes[1], "minutes_apart": plan.minutes_apart,
        "sensitive_share_max": plan.sensitive_share_max, "max_random_pass": plan.max_random_pass,
        "max_strategy_pass": plan.max_strategy_pass, "cut.band_marks": plan.cut.band_marks,
        "use.overlap_max": plan.use.overlap_max, "use.exposure_max": plan.use.exposure_max,
        "use.rest_days": plan.use.rest_days,
    }  # fmt: skip
    for name, value in plain.items():
        out[name] = "" if value is None else _shown(value, _SCALAR[name].percent)
    for kind, worth in plan.marks.items():
        out[f"marks.{Format(kind).value}"] = str(worth)
    for kind_name, n in plan.formats().items():
        out[f"counts.format.{kind_name}"] = str(n)
    for attr, cells in plan.ranges().items():
        for name, (low, high) in cells.items():
            out[f"counts.{attr}.{name}.low"], out[f"counts.{attr}.{name}.high"] = str(low), str(high)
    codes = plan.cover.codes
    out["cover.codes"] = codes if isinstance(codes, str) else "list"
    out["cover.list"] = "" if isinstance(codes, str) else " ".join(codes)
    for target in plan.target:
        out[f"target.{target.attr}.tolerance"] = _shown(target.tolerance)
        out[f"target.{target.attr}.value"] = "" if target.value is None else _shown(target.value)
    out["maximise.attr"] = plan.maximise.attr
    out["use.anchors"] = " ".join(plan.use.anchors)
    out["use.reserve"] = "1" if plan.use.reserve else ""
    return out


def _shown(value: float, percent: bool = False) -> str:
    number = Decimal(repr(value)) * (100 if percent else 1)
    text = format(number.normalize(), "f")
    return text


def read_fields(held: Mapping[str, str], bank: Bank) -> Read:
    """Read what was typed; every fault at once, each by its field."""
    reader = _Reader({name: value.strip() for name, value in held.items()})
    data = reader.data(bank)
    try:
        plan = parse_data(data, "blueprint")
    except InputError as error:
        known = {one.field for one in reader.wrong}
        for fault in error.faults:
            field = _field_of(fault.where, fault.field)
            if field not in known:
                reader.wrong.append(Wrong(field, f"{fault.what} {fault.remedy}"))
        return Read(None, tuple(reader.wrong))
    return Read(None if reader.wrong else plan, tuple(reader.wrong))


def _field_of(where: str, name: str) -> str:
    """Name the field of the page that a fault of the file belongs to."""
    path = ".".join(part for part in (where, name) if part)
    if path in ("minutes", "minutes.0"):
        return "minutes.low"
    if path == "minutes.1":
        return "minutes.high"
    if path == "counts.format":
        return "scenarios"
    parts = path.split(".")
    if parts[0] == "counts" and len(parts) == 2:
        return path
    if parts[0] == "counts" and len(parts) >= 3 and parts[1] != "format":
        return f"counts.{parts[1]}.{parts[2]}.low"
    return path


class _Reader:
    """Turns fields into the data of a file; a field that cannot be read gets a harmless value and a fault."""

    def __init__(self, held: Mapping[str, str]) -> None:
        self.held = held
        self.wrong: list[Wrong] = []

    def data(self, bank: Bank) -> dict[str, Any]:
        held = self.held
        data: dict[str, Any] = {"schema": SCHEMA, "id": self._id(), "bank": bank.settings.id}
        data["option"] = self._one_of("option", bank.standard.option_ids, "Choose an option of the standard.")
        if held.get("title"):
            data["title"] = held["title"][:200]
        counts = self._counts()
        formats = counts.get("format", {})
        length = self._number("scenarios")
        data["scenarios"] = length if length is not None else max(1, sum(formats.values()))
        data["trial"] = self._number("trial") or 0
        data["minutes"] = [self._number("minutes.low") or 0, self._number("minutes.high") or 1_000_000]
        for name in ("minutes_apart", "sensitive_share_max", "max_random_pass", "max_strategy_pass"):
            if (value := self._number(name)) is not None:
                data[name] = value
        data["marks"] = self._marks(formats)
        data["counts"] = counts
        data["cover"] = {"codes": self._cover(bank)}
        if (band := self._number("cut.band_marks")) is not None:
            data["cut"] = {"band_marks": band}
        data["target"] = list(self._targets())
        data["maximise"] = {"attr": self._one_of("maximise.attr", TARGETS, "Choose what to have most of.")}
        data["use"] = self._use(bank, data["option"])
        return data

    def _id(self) -> str:
        name = self.held.get("id", "")
        if _ID.match(name) and len(name) <= 60:
            return name
        self.wrong.append(Wrong("id", "Give it a name of small letters, digits and hyphens, such as residential-20."))
        return "none"

    def _one_of(self, name: str, choices: Sequence[str], words: str) -> str:
        value = self.held.get(name, "")
        if value in choices:
            return value
        self.wrong.append(Wrong(name, words))
        return choices[0]

    def _number(self, name: str) -> int | float | None:
        rule = _SCALAR[name]
        return self._parsed(name, rule)

    def _parsed(self, name: str, rule: Scalar) -> int | float | None:
        text = self.held.get(name, "").rstrip("%").strip().replace(",", ".") or rule.default
        if not text:
            if rule.needed:
                self.wrong.append(Wrong(name, f"{rule.label}: enter a number."))
            return None
        try:
            value = Decimal(text)
            if not value.is_finite() or len(text) > 15:
                raise InvalidOperation
        except InvalidOperation:
            self.wrong.append(Wrong(name, f"{rule.label}: {text[:20]!r} is not a number."))
            return None
        if rule.whole and value != value.to_integral_value():
            self.wrong.append(Wrong(name, f"{rule.label}: enter a whole number."))
            return None
        if value < rule.least or (rule.most is not None and value > rule.most):
            ends = f"{rule.least} or more" if rule.most is None else f"{rule.least} to {rule.most}"
            self.wrong.append(Wrong(name, f"{rule.label}: enter {ends}."))
            return None
        if rule.whole:
            return int(value)
        return float(value / 100) if rule.percent else float(value)

    def _whole(self, name: str, label: str, least: int = 0) -> int | None:
        found = self._parsed(name, Scalar(name, label, whole=True, least=Decimal(least), most=Decimal(10_000)))
        return None if found is None else int(found)

    def _counts(self) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        for kind in FORMATS:
            if n := self._whole(f"counts.format.{kind}", f"Items of {kind.replace('_', ' and ')}"):
                found.setdefault("format", {})[kind] = n
        for attr in RANGES:
            prefix = f"counts.{attr}."
            values = dict.fromkeys(
                name.removeprefix(prefix).rpartition(".")[0] for name in self.held if name.startswith(prefix)
            )
            for value in values:
                low = self._whole(f"{prefix}{value}.low", f"{value}, at least")
                high = self._whole(f"{prefix}{value}.high", f"{value}, at most")
                if low is None and high is None:
                    continue
                if high is None and self.held.get(f"{prefix}{value}.high", ""):
                    continue
                if high is None:
                    self.wrong.append(Wrong(f"{prefix}{value}.high", f"{value}: enter how many at most, too."))
                    continue
                low = low or 0
                found.setdefault(attr, {})[value] = low if low == high else [low, high]
        return found

    def _marks(self, formats: Mapping[str, int]) -> dict[str, int]:
        found = {}
        for kind in FORMATS:
            worth = self._whole(f"marks.{kind}", f"Worth of an item of {kind.replace('_', ' and ')}", least=1)
            if worth is not None:
                found[kind] = worth
            elif kind in formats and any(one.field == f"marks.{kind}" for one in self.wrong):
                found[kind] = 1
        return found

    def _cover(self, bank: Bank) -> Any:
        chosen = self._one_of("cover.codes", ("plan", "all", "list"), "Choose which codes every form carries.")
        if chosen != "list":
            return chosen
        codes = self.held.get("cover.list", "").replace(",", " ").split()
        known = {statement.code for statement in bank.standard.statements}
        strangers = [code for code in codes if code not in known]
        if strangers:
            self.wrong.append(
                Wrong("cover.list", f"The standard has no {', '.join(strangers[:5])}. Correct or remove.")
            )
        elif not codes:
            self.wrong.append(Wrong("cover.list", "List the codes, parted by spaces, or choose another cover."))
        return codes

    def _targets(self) -> Iterable[dict[str, Any]]:
        for attr in TARGETS:
            tolerance = self._parsed(f"target.{attr}.tolerance", Scalar("", f"Tolerance of {attr}"))
            value = self._parsed(f"target.{attr}.value", Scalar("", f"Value of {attr}"))
            if tolerance is not None:
                yield {"attr": attr, "tolerance": tolerance} | ({} if value is None else {"value": value})
            elif value is not None and not self.held.get(f"target.{attr}.tolerance"):
                words = f"Tolerance of {attr}: say how far from {value:g} a form may lie."
                self.wrong.append(Wrong(f"target.{attr}.tolerance", words))

    def _use(self, bank: Bank, option: str) -> dict[str, Any]:
        anchors = self.held.get("use.anchors", "").replace(",", " ").split()
        known = {scenario.id for scenario in bank.for_option(option)}
        strangers = [name for name in anchors if name not in known]
        if strangers:
            words = f"No scenario {', '.join(strangers[:5])} serves this option. Correct or remove."
            self.wrong.append(Wrong("use.anchors", words))
        use: dict[str, Any] = {"anchors": anchors, "rest_days": self._number("use.rest_days") or 0}
        for name in ("overlap_max", "exposure_max"):
            if (value := self._number(f"use.{name}")) is not None:
                use[name] = value
        if self.held.get("use.reserve"):
            use["reserve"] = 1
        return use
