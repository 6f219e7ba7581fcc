"""The JSON shape of an assembly instance (CONTRACT, ``sjt assemble``), read with every fault at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sjt.authoring.assembly import AssemblyBank, AssemblySpec, Band, Count
from sjt.errors import Fault, InputError


@dataclass
class _Reader:
    """Collects faults while it reads one file."""

    file: str
    faults: list[Fault]

    def fault(self, where: str, name: str, what: str, remedy: str) -> None:
        self.faults.append(Fault(self.file, where, name, what, remedy))

    def number(self, value: object, where: str, name: str) -> Fraction:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            self.fault(where, name, f"{value!r} is not a number.", "Write a number.")
            return Fraction(0)
        if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
            self.fault(where, name, "The number is not finite.", "Write a finite number.")
            return Fraction(0)
        # The decimals as written, not the binary float nearest to them: sums are then exact.
        return Fraction(repr(value))

    def whole(self, value: object, where: str, name: str, least: int = 0) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            self.fault(where, name, f"{value!r} is not a whole number from {least} up.", "Write such a number.")
            return least
        return value

    def pair(self, value: object, where: str, name: str) -> tuple[Fraction, Fraction] | None:
        if not isinstance(value, (list, tuple)):
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                exact = self.number(value, where, name)
                return exact, exact
        elif len(value) == 2:
            low, high = (self.number(end, where, name) for end in value)
            return low, high
        self.fault(where, name, f"{value!r} is not a range.", "Write [low, high].")
        return None


def read_instance(
    data: object, file: str = "instance", delta: float | None = None
) -> tuple[AssemblyBank, AssemblySpec]:
    """Read one instance; raise InputError listing every fault."""
    read = _Reader(file, [])
    message = f"{file} is not an assembly instance; nothing was computed."
    if not isinstance(data, Mapping) or not isinstance(data.get("spec"), Mapping) or not data.get("bank"):
        read.fault("", "spec, bank", "The file needs both.", "Give it the shape of the files in reference/ata.")
        raise InputError(message, read.faults)
    spec, rows = data["spec"], data["bank"]
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        read.fault("bank", "bank", "The bank is not a list of items.", "Write one object per item.")
        raise InputError(message, read.faults)
    for name in ("forms", "n"):
        if name not in spec:
            read.fault("spec", name, "It is missing.", "Add it.")
    forms = read.whole(spec.get("forms", 1), "spec", "forms", 1)
    length = read.whole(spec.get("n", 1), "spec", "n", 1)
    width = read.number(spec.get("delta", 0.05) if delta is None else delta, "spec", "delta")
    if width < 0:
        read.fault("spec", "delta", "It is negative.", "Write 0 or more.")
    counts = _counts(read, spec.get("blueprint") or {})
    bands: list[Band] = []
    if spec.get("minutes") is not None and (ends := read.pair(spec["minutes"], "spec", "minutes")):
        bands.append(Band("minutes", *ends))
    for k, target in enumerate(spec.get("targets") or []):
        where = f"spec.targets[{k}]"
        if not isinstance(target, Mapping) or not isinstance(target.get("attr"), str):
            read.fault(where, "attr", "A target needs attr and value.", "Add them.")
            continue
        value = read.number(target.get("value"), where, "value")
        weight = read.number(target.get("weight", 1), where, "weight")
        bands.append(Band(target["attr"], value - width, value + width, value, weight, is_target=True))
    bank = _bank(read, rows, counts, bands)
    anchors = tuple(
        dict.fromkeys(_position(read, a, bank, f"spec.anchors[{k}]") for k, a in enumerate(spec.get("anchors") or []))
    )
    enemies = _enemies(read, spec.get("enemies") or [], bank)
    use = spec.get("max_use")
    max_use = None if use is None else read.whole(use, "spec", "max_use", 1)
    if read.faults:
        raise InputError(message, read.faults)
    return bank, AssemblySpec(
        forms=forms, length=length, counts=tuple(counts), bands=tuple(bands), enemies=enemies, anchors=anchors,
        max_use=max_use,
    )  # fmt: skip


def _counts(read: _Reader, blueprint: object) -> list[Count]:
    counts: list[Count] = []
    if not isinstance(blueprint, Mapping):
        read.fault(
            "spec", "blueprint", "It is not an object of attributes.", "Write {attribute: {value: [low, high]}}."
        )
        return counts
    for attr, values in blueprint.items():
        if not isinstance(values, Mapping):
            read.fault("spec.blueprint", str(attr), "It is not an object of values.", "Write {value: [low, high]}.")
            continue
        for value, ends in values.items():
            pair = read.pair(ends, f"spec.blueprint.{attr}", str(value))
            if pair is None:
                continue
            if any(end.denominator != 1 for end in pair):
                read.fault(f"spec.blueprint.{attr}", str(value), "A count is not whole.", "Write whole numbers.")
                continue
            counts.append(Count(str(attr), str(value), int(pair[0]), int(pair[1])))
    return counts


def _bank(read: _Reader, rows: list[Mapping[str, Any]], counts: list[Count], bands: list[Band]) -> AssemblyBank:
    ids = [str(row.get("id", "")) for row in rows]
    for k, name in enumerate(ids):
        if not name:
            read.fault(f"bank[{k}]", "id", "It is missing.", "Give every item an id.")
        elif ids.index(name) != k:
            read.fault(f"bank[{k}]", "id", f"{name} stands twice.", "Give every item its own id.")
    numbers: dict[str, tuple[Fraction, ...]] = {}
    for attr in dict.fromkeys([*(band.attr for band in bands), "disc"]):
        column = []
        for k, row in enumerate(rows):
            if attr not in row:
                read.fault(f"bank[{k}]", attr, "It is missing.", "Give the item this number.")
            column.append(read.number(row.get(attr, 0), f"bank[{k}]", attr))
        numbers[attr] = tuple(column)
    tags: dict[str, tuple[frozenset[str], ...]] = {}
    for attr in dict.fromkeys(c.attr for c in counts):
        values = []
        for k, row in enumerate(rows):
            if attr not in row:
                read.fault(f"bank[{k}]", attr, "It is missing.", "Give the item a value; the blueprint counts it.")
            held = row.get(attr, [])
            values.append(frozenset(str(v) for v in (held if isinstance(held, list) else [held])))
        tags[attr] = tuple(values)
    return AssemblyBank(tuple(ids), tuple(ids), tuple(range(len(ids))), numbers, tags)


def _position(read: _Reader, ref: object, bank: AssemblyBank, where: str) -> int:
    """An item by its 0-based position, or by its id."""
    if isinstance(ref, str) and ref in bank.items:
        return bank.items.index(ref)
    if isinstance(ref, int) and not isinstance(ref, bool) and 0 <= ref < len(bank.items):
        return ref
    read.fault(where, "", f"{ref!r} names no item.", f"Write a position from 0 to {len(bank.items) - 1}.")
    return 0


def _enemies(read: _Reader, pairs: object, bank: AssemblyBank) -> tuple[tuple[int, int], ...]:
    found: list[tuple[int, int]] = []
    for k, pair in enumerate(pairs if isinstance(pairs, list) else [pairs]):
        where = f"spec.enemies[{k}]"
        if not isinstance(pair, (list, tuple)) or len(pair) != 2:
            read.fault(where, "", f"{pair!r} is not a pair.", "Write two positions.")
            continue
        first, second = (_position(read, ref, bank, where) for ref in pair)
        if first == second and not read.faults:
            read.fault(where, "", "An item is its own enemy.", "Remove the pair.")
        found.append((first, second))
    return tuple(found)
