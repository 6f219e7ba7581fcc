"""A panel's key beside a writer's: whether they agree, and the writer's key with the panel's in its place; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sjt.authoring.model import Format

PLAUSIBLE: Final = 0.05
"""A key that fewer of the drawn panels give is not counted among those that might be right."""


def _places(order: Sequence[Sequence[str]]) -> dict[str, int]:
    return {option: place for place, group in enumerate(order) for option in group}


def written_key(format: Format, table: Mapping[str, Any]) -> Any:
    """Give a key of key.toml in the shape that panels suggest keys in."""
    if format is Format.RANK:
        return [list(group) for group in table["order"]]
    if format is Format.RATE:
        return {str(option): int(value) for option, value in table["key"].items()}
    if format is Format.CHOOSE:
        return sorted(table["key"])
    levels = {str(option): int(value) for option, value in table["effectiveness"].items()}
    best = max(levels, key=lambda option: levels[option])
    return best if format is Format.SINGLE else {"best": best, "worst": min(levels, key=lambda option: levels[option])}


def contradictions(format: Format, table: Mapping[str, Any], panel: Any) -> list[str]:
    """Say where a panel's key says the opposite of a key of key.toml; a tie on either side contradicts nothing."""
    if format is Format.RANK:
        ours, theirs = _places(table["order"]), _places(panel)
        options = sorted(theirs)
        return [
            f"the panel puts {a} above {b}"
            for a in options
            for b in options
            if theirs[a] < theirs[b] and ours.get(a, 0) > ours.get(b, 0)
        ]
    if format is Format.RATE:
        return [
            f"the panel rates {option} {value}, the key {table['key'].get(option)}"
            for option, value in panel.items()
            if table["key"].get(option) != value
        ]
    if format is Format.CHOOSE:
        return [f"the panel chooses {option}" for option in panel if option not in table["key"]]
    levels = table["effectiveness"]
    ends = {"best": panel} if format is Format.SINGLE else panel
    wanted = {"best": max(levels.values()), "worst": min(levels.values())}
    return [f"the panel’s {end} is {option}" for end, option in ends.items() if levels.get(option) != wanted[end]]


def is_same(format: Format, table: Mapping[str, Any], panel: Any) -> bool:
    """Tell whether a key of key.toml is the panel's, ties and all."""
    if format is Format.RANK:
        return _places(table["order"]) == _places(panel)
    return not contradictions(format, table, panel)


def with_key(format: Format, table: Mapping[str, Any], panel: Any) -> dict[str, Any]:
    """Put a panel's key in the place of the one in a table of key.toml; what each response is worth follows it.

    Levels of effectiveness are dealt out anew, the same levels in the panel's order: nothing else is known of them.
    """
    made = dict(table)
    levels = {str(option): int(value) for option, value in (table.get("effectiveness") or {}).items()}
    falling = sorted(levels.values(), reverse=True)
    if format is Format.RANK:
        made["order"] = [list(group) for group in panel]
        if levels:
            made["effectiveness"] = {}
            at = 0
            for group in panel:
                made["effectiveness"] |= dict.fromkeys(group, falling[at])
                at += len(group)
    elif format is Format.RATE:
        made["key"] = dict(panel)
        if levels:
            made["effectiveness"] = _dealt(levels, {option: float(value) for option, value in panel.items()})
    elif format is Format.CHOOSE:
        made["key"] = sorted(panel)
        if levels:
            made["effectiveness"] = _dealt(levels, {option: float(option in panel) for option in levels})
    else:
        best = panel if format is Format.SINGLE else panel["best"]
        wanted = {option: 1.0 if option == best else 0.0 for option in levels}
        if format is Format.MOST_LEAST:
            wanted[panel["worst"]] = -1.0
        made["effectiveness"] = _dealt(levels, wanted)
    order = list(table.get("effectiveness") or ())
    if levels:
        made["effectiveness"] = {option: made["effectiveness"][option] for option in order}
    return made


def _dealt(levels: Mapping[str, int], worth: Mapping[str, float]) -> dict[str, int]:
    """Deal the same levels out by worth; among equals whoever had more keeps more."""
    ranked = sorted(levels, key=lambda option: (-worth[option], -levels[option], option))
    return dict(zip(ranked, sorted(levels.values(), reverse=True), strict=True))


def key_words(format: Format, key: Any, points: Sequence[str] = ()) -> str:
    """Write a panel's key as people read it: ``B, then A and C, then D``."""
    if format is Format.RANK:
        return ", then ".join(" and ".join(sorted(group)) for group in key)
    if format is Format.RATE:
        return "; ".join(
            f"{option} {points[value - 1].lower() if 0 < value <= len(points) else value}"
            for option, value in sorted(key.items())
        )
    if format is Format.CHOOSE:
        return " and ".join(sorted(key)) if len(key) < 3 else ", ".join(sorted(key))
    return str(key) if format is Format.SINGLE else f"most {key['best']}, least {key['worst']}"
