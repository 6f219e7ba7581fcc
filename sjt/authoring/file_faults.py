"""What the faults of a file say: a validation's errors and TOML's, in words with the remedy."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import ValidationError

from sjt.authoring.model import BankSettings, FrontMatter, KeySet, Rubric


def explain(
    error: ValidationError, values: Any, *, by_cell: bool = False
) -> Iterator[tuple[str, str, tuple[str | int, ...]]]:
    """Turn each fault of a validation into message, remedy and path inside the values given.

    ``by_cell``: whoever reads it looks at a cell of a table, which has no path, so only its last name is said.
    """
    faults = error.errors()
    inner = {fault["loc"][:length] for fault in faults for length in range(1, len(fault["loc"]))}
    for fault in faults:
        if fault["type"] == "too_short" and fault["loc"] in inner:
            continue  # the list is short because its entries have faults, which are told
        path, holder = _follow(fault["loc"], values)
        name = ".".join(str(part) if isinstance(part, str) else f"[{part + 1}]" for part in path).replace(".[", "[")
        if by_cell:
            name = next((part for part in reversed(path) if isinstance(part, str)), name)
        kind = fault["type"]
        if kind in ("unexpected_keyword_argument", "extra_forbidden"):
            yield f"The key {name} is not known here.", did_you_mean(str(path[-1]), _known(error.title, path)), path
        elif kind in ("missing", "missing_argument"):
            yield (f"{name} is missing." if by_cell else f"The key {name} is missing."), "Add it.", path
        elif kind == "union_tag_not_found":
            yield f"{name} has no rule.", 'Add its rule, such as rule = "rank_distance@1".', path
        else:
            given = (
                ""
                if isinstance(holder, dict | list)
                else f" (it says {json.dumps(holder, default=str, ensure_ascii=False)})"
            )
            if kind in ("literal_error", "enum"):
                known = str(fault["ctx"]["expected"]).replace("'", "")
                yield f"{name}{given} is none of {known}.", "Write one of these.", path
            else:
                yield f"{name}{given}: {fault['msg']}.", "Correct the value.", path


def _follow(loc: tuple[str | int, ...], values: Any) -> tuple[tuple[str | int, ...], Any]:
    """Keep the parts of a location that exist in the values; the last part may be what is missing."""
    path: list[str | int] = []
    at = values
    for position, part in enumerate(loc):
        inside = (isinstance(at, dict) and part in at) or (
            isinstance(at, list | tuple) and isinstance(part, int) and part < len(at)
        )
        if inside:
            at = at[part]
            path.append(part)
        elif position == len(loc) - 1 and isinstance(at, dict):
            path.append(part)
    return tuple(path), at


_KNOWN_KEYS = sorted(
    {name for kind in (BankSettings, FrontMatter, KeySet, Rubric) for name in kind.__dataclass_fields__}
    | {"text", "pinned", "format", "ask", "minutes", "options", "choose", "scale", "max_words", "name", "role", "code"}
    | {"shows", "edition", "review_by", "rule", "order", "key", "why", "effectiveness", "matrix", "rubric", "look_for"}
    | {"exemplars", "level", "setting", "age", "relation", "pressure", "dilemma", "law", "points", "by_distance"}
)


def _known(title: str, path: tuple[str | int, ...]) -> Sequence[str]:
    return _KNOWN_KEYS


def did_you_mean(name: str, known: Sequence[str]) -> str:
    """Give the remedy for a name that is not known."""
    close = [other for other in difflib.get_close_matches(name, known, n=2, cutoff=0.7) if other != name]
    return f"Remove it, or write {close[0]}." if close else "Remove it, or correct its name."


def toml_remedy(what: str) -> str:
    """Give the remedy for what tomllib says."""
    if "overwrite" in what.lower() or "redefin" in what.lower() or "declare" in what.lower():
        return "The same key or table stands twice; keep one."
    if "Unescaped" in what or "Illegal character" in what or "Unterminated" in what:
        return 'Close the quotation marks; write \\" for a mark inside a text.'
    return "Correct the line; texts stand in quotation marks and list entries are parted by commas."
