"""JSON Schemas of the bank's files, made from the types that load them; editors use them to complete and to warn."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from sjt.authoring.model import BankSettings, FrontMatter, ItemKey, KeySet, Rubric
from sjt.authoring.plan import Plan
from sjt.authoring.standard import Standard

DIALECT = "https://json-schema.org/draft/2020-12/schema"
ITEM_ID = "^[a-z][a-z0-9]*-[0-9]{4,}-[a-z]$"


def schemas() -> dict[str, dict[str, Any]]:
    """Return every schema by file name."""
    return {
        "bank.schema.json": _schema(BankSettings, "bank.toml"),
        "scenario.schema.json": _schema(FrontMatter, "The front matter of scenario.md"),
        "key.schema.json": _key_schema(),
        "rubric.schema.json": _schema(Rubric, "A rubric in rubrics/"),
        "plan.schema.json": _schema(Plan, "An assessment plan in plans/"),
        "standard.schema.json": _schema(Standard, "standard.json"),
    }


def schema_texts() -> dict[str, str]:
    """Return the text of every schema file."""
    return {name: json.dumps(schema, indent=2, ensure_ascii=False) + "\n" for name, schema in schemas().items()}


def write_schemas(directory: Path) -> list[str]:
    """Write the schema files and return the names of those that changed."""
    directory.mkdir(parents=True, exist_ok=True)
    changed = []
    for name, text in schema_texts().items():
        path = directory / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            changed.append(name)
    return changed


def _schema(kind: Any, title: str) -> dict[str, Any]:
    made: dict[str, Any] = TypeAdapter(kind).json_schema(by_alias=True)
    return {"$schema": DIALECT, **made, "title": title}


def _key_schema() -> dict[str, Any]:
    """key.toml holds its items beside its header, so the schema of ``KeySet`` is opened up by one level."""
    whole = _schema(KeySet, "key.toml")
    item: dict[str, Any] = TypeAdapter(ItemKey).json_schema(by_alias=True)
    header = {name: part for name, part in whole["properties"].items() if name != "items"}
    return {
        "$schema": DIALECT,
        "$defs": item.pop("$defs"),
        "title": "key.toml",
        "type": "object",
        "properties": header,
        "patternProperties": {ITEM_ID: item},
        "additionalProperties": False,
        "required": [name for name in whole["required"] if name != "items"],
    }
