"""Model to files: the canonical text of every kind of bank file, the same for the same values.

An unedited version is exported with the bytes it came with; this writer serves edited versions and ``sjt bank format``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields
from datetime import date
from typing import Any

import tomlkit
from tomlkit.items import Array, InlineTable, Table

from sjt.authoring.bank import key_file, scenario_file
from sjt.authoring.model import (
    Bank,
    BankSettings,
    FrontMatter,
    Item,
    KeySet,
    OptionKey,
    Rubric,
    RubricKey,
    Scenario,
)
from sjt.authoring.scenario_files import FENCE

ONE_LINE = 100
"""A list of plain values longer than this is written one to a line."""


def scenario_text(scenario: Scenario) -> str:
    """Return the canonical scenario.md of a scenario."""
    return f"{FENCE}\n{front_text(scenario)}{FENCE}\n\n{scenario.story.strip()}\n"


def front_text(front: FrontMatter) -> str:
    """Return the canonical front matter."""
    document = tomlkit.document()
    for name in _names(FrontMatter):
        value = getattr(front, name)
        if name == "items":
            document.add(tomlkit.nl())
            document.add("items", _items(value))
        elif name in ("ksbs", "people", "law"):
            if value or name in _required(FrontMatter):
                document.add(name, _lines([_inline(_values(entry)) for entry in value]))
        elif name == "features":
            if _values(value):
                document.add(name, _inline(_values(value)))
        elif name == "topics" or name in _required(FrontMatter) or value not in ((), "", None):
            document.add(name, _plain(value))
    return tomlkit.dumps(document)


def key_text(keys: KeySet) -> str:
    """Return the canonical key.toml of a scenario."""
    document = tomlkit.document()
    for name in ("schema", "scenario", "status", "set_on"):
        document.add(name, getattr(keys, name))
    for item_id, key in keys.items.items():
        document.add(tomlkit.nl())
        document.add(item_id, _key(key))
    return tomlkit.dumps(document)


def rubric_text(rubric: Rubric) -> str:
    """Return the canonical text of a rubric."""
    document = tomlkit.document()
    for name in ("schema", "id", "title", "unsafe_flag"):
        if getattr(rubric, name):
            document.add(name, getattr(rubric, name))
    criteria = tomlkit.aot()
    for criterion in rubric.criteria:
        table = tomlkit.table()
        table.add("id", criterion.id)
        table.add("title", criterion.title)
        table.add("anchors", _lines(list(criterion.anchors)))
        criteria.append(table)
    document.add("criteria", criteria)
    return tomlkit.dumps(document)


def settings_text(settings: BankSettings) -> str:
    """Return the canonical bank.toml."""
    document = tomlkit.document()
    for name in _names(BankSettings):
        value = getattr(settings, name)
        if name in ("scales", "matrices"):
            if value:
                outer = tomlkit.table(is_super_table=True)
                for entry_id, entry in value.items():
                    outer.add(entry_id, _table(_values(entry)))
                document.add(name, outer)
        elif name == "acronyms":
            if value:
                document.add(name, _table(dict(value)))
        elif name == "limits":
            document.add(name, _table(_values(value)))
        elif name == "accepted":
            if value:
                entries = tomlkit.aot()
                for entry in value:
                    entries.append(_table(_values(entry)))
                document.add(name, entries)
        elif value not in ((), ""):
            document.add(name, _plain(value))
    return tomlkit.dumps(document)


def bank_files(bank: Bank) -> dict[str, bytes]:
    """Return the canonical files of what people edit: settings, rubrics, scenarios and keys, by name."""
    files = {"bank.toml": settings_text(bank.settings)}
    files |= {f"rubrics/{rubric.id}.toml": rubric_text(rubric) for rubric in bank.rubrics.values()}
    for scenario in bank.scenarios:
        files[scenario_file(scenario.folder)] = scenario_text(scenario)
        keys = bank.keys.get(scenario.id)
        if keys is not None:
            files[key_file(scenario.folder)] = key_text(keys)
    return {name: text.encode() for name, text in files.items()}


def _names(kind: type[Any]) -> Sequence[str]:
    return [entry.name for entry in fields(kind)]


def _required(kind: type[Any]) -> frozenset[str]:
    """Return the names that a file must give, even when there is nothing to say."""
    return frozenset(e.name for e in fields(kind) if e.default is MISSING and e.default_factory is MISSING)


def _values(entry: Any) -> dict[str, Any]:
    """Return what of a value differs from empty; a required part is never empty."""
    found = {name: getattr(entry, name) for name in _names(type(entry))}
    return {name: value for name, value in found.items() if value not in ("", (), None) and value is not False}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple | list):
        array = tomlkit.array()
        for entry in value:
            array.append(_plain(entry))
        return array.multiline(sum(len(str(entry)) + 4 for entry in value) > ONE_LINE)
    if isinstance(value, Mapping):
        return _inline(value)
    return str(value) if isinstance(value, str) else value


def _inline(values: Mapping[str, Any]) -> InlineTable:
    table = tomlkit.inline_table()
    for name, value in values.items():
        table.append(name, value if isinstance(value, date) else _plain(value))
    return table


def _lines(entries: Sequence[Any]) -> Array:
    array = tomlkit.array()
    for entry in entries:
        array.append(entry)
    return array.multiline(True)


def _table(values: Mapping[str, Any]) -> Table:
    table = tomlkit.table()
    for name, value in values.items():
        table.add(name, _plain(value))
    return table


def _items(items: Sequence[Item]) -> Any:
    found = tomlkit.aot()
    for item in items:
        table = tomlkit.table()
        for name, value in _values(item).items():
            table.add(name, _lines([_inline(_values(o)) for o in value]) if name == "options" else _plain(value))
        found.append(table)
    return found


def _key(key: OptionKey | RubricKey) -> Table:
    table = tomlkit.table()
    last: dict[str, Any] = {}
    for name in _names(type(key)):
        value = getattr(key, name)
        if name == "why":
            if value:
                last["why"] = _table(dict(sorted(value.items())))
        elif name == "look_for":
            if value:
                last["look_for"] = _table(value)
        elif name == "exemplars":
            if value:
                table.add(name, _lines([_inline(_values_kept(entry)) for entry in value]))
        elif name == "order":
            table.add(name, _plain(value))
        elif name in _required(type(key)) or value not in ((), "", {}):
            table.add(name, _plain(dict(sorted(value.items())) if isinstance(value, Mapping) else value))
    for name, value in last.items():
        table.add(name, value)
    return table


def _values_kept(entry: Any) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in _names(type(entry))}
