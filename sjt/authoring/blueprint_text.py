"""A blueprint as BLUEPRINT.toml, written in one way: what is read from it again is the same blueprint."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import ndiff
from typing import Any

from sjt.authoring.blueprint import Blueprint, Use


def blueprint_text(plan: Blueprint, remarks: str = "") -> str:
    """Write a blueprint; ``remarks`` are lines of comment that stand above it."""
    return remarks + "\n".join(_lines(plan)) + "\n"


def remarks_of(text: str) -> str:
    """Give the lines of comment that stand above everything else in a file."""
    kept = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        kept.append(line + "\n")
    return "".join(kept)


def line_parts(before: str, after: str) -> list[tuple[str, str]]:
    """Tell line by line what a version changed: ``same``, ``removed``, ``added``."""
    found: list[tuple[str, str]] = []
    for line in ndiff(before.splitlines(), after.splitlines()):
        kind = {" ": "same", "-": "removed", "+": "added"}.get(line[:1])
        if kind is not None:
            found.append((kind, line[2:]))
    return found


def _lines(plan: Blueprint) -> Iterable[str]:
    yield _set("schema", plan.schema)
    yield _set("id", plan.id)
    if plan.title:
        yield _set("title", plan.title)
    for name in ("bank", "option", "scenarios", "trial"):
        yield _set(name, getattr(plan, name))
    yield _set("minutes", list(plan.minutes))
    if plan.minutes_apart is not None:
        yield _set("minutes_apart", plan.minutes_apart)
    for name in ("sensitive_share_max", "max_random_pass", "max_strategy_pass"):
        yield _set(name, getattr(plan, name))
    yield from _table("marks", {kind.value: worth for kind, worth in plan.marks.items()})
    for attr, cells in plan.counts.items():
        yield from _table(f"counts.{_key(attr)}", {value: _count(n) for value, n in cells.items()})
    codes = plan.cover.codes
    yield from _table("cover", {"codes": codes if isinstance(codes, str) else list(codes)})
    yield from _table("cut", {"source": plan.cut.source, "band_marks": plan.cut.band_marks})
    for target in plan.target:
        yield ""
        yield "[[target]]"
        yield _set("attr", target.attr)
        if target.value is not None:
            yield _set("value", target.value)
        yield _set("tolerance", target.tolerance)
    yield from _table("maximise", {"attr": plan.maximise.attr})
    use: dict[str, Any] = {
        "anchors": list(plan.use.anchors) or None,
        "overlap_max": plan.use.overlap_max,
        "exposure_max": plan.use.exposure_max,
        "rest_days": plan.use.rest_days or None,
        "reserve": plan.use.reserve or None,
    }
    if plan.use != Use():
        yield from _table("use", {name: value for name, value in use.items() if value is not None})


def _count(n: int | tuple[int, int]) -> int | list[int]:
    if isinstance(n, int):
        return n
    return n[0] if n[0] == n[1] else [n[0], n[1]]


def _table(name: str, values: Mapping[str, Any]) -> Iterable[str]:
    yield ""
    yield f"[{name}]"
    for key, value in values.items():
        yield _set(key, value)


def _set(name: str, value: Any) -> str:
    return f"{_key(name)} = {_value(value)}"


def _key(name: str) -> str:
    plain = name and all(sign.isascii() and (sign.isalnum() or sign in "-_") for sign in name)
    return name if plain else _text(name)


def _value(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_value(one) for one in value)}]"
    if isinstance(value, float):
        return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)
    return str(value) if isinstance(value, int) else _text(value)


def _text(value: str) -> str:
    """Write a basic string of TOML: quotes, backslashes and control signs escaped."""
    signs = []
    for sign in value:
        if sign in '"\\':
            signs.append("\\" + sign)
        elif ord(sign) < 0x20 or ord(sign) == 0x7F:
            signs.append(f"\\u{ord(sign):04x}")
        else:
            signs.append(sign)
    return f'"{"".join(signs)}"'
