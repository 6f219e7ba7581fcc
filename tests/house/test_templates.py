"""Every template compiles and every address it names exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from flask import Flask
from jinja2 import nodes

from sjt.paths import template_dir

TEMPLATES = Path(template_dir())
NAMES = sorted(str(path.relative_to(TEMPLATES)) for path in TEMPLATES.rglob("*.html"))
SOURCES = sorted((Path(__file__).resolve().parents[2] / "sjt").rglob("*.py"))


@pytest.mark.parametrize("name", NAMES)
def test_template_compiles(app: Flask, name: str) -> None:
    assert app.jinja_env.get_template(name).name == name


def endpoints_in_template(app: Flask, name: str) -> set[str]:
    tree = app.jinja_env.parse((TEMPLATES / name).read_text("utf-8"))
    return {
        call.args[0].value
        for call in tree.find_all(nodes.Call)
        if isinstance(call.node, nodes.Name)
        and call.node.name == "url_for"
        and call.args
        and isinstance(call.args[0], nodes.Const)
    }


def blueprints_of(app: Flask, room: str) -> list[str]:
    """Give the blueprints that may render a room's templates, for addresses that begin with a full stop."""
    return [name for name, blueprint in app.blueprints.items() if f"sjt.{room}" in blueprint.import_name] or [room]


def test_every_endpoint_in_a_template_exists(app: Flask) -> None:
    lost = []
    for name in NAMES:
        for endpoint in endpoints_in_template(app, name):
            room = name.split("/")[0]
            full = [f"{b}{endpoint}" for b in blueprints_of(app, room)] if endpoint.startswith(".") else [endpoint]
            if not any(one in app.view_functions for one in full):
                lost.append(f"{name}: {endpoint}")
    assert not lost, lost


def test_every_endpoint_in_the_code_exists(app: Flask) -> None:
    lost = []
    for path in SOURCES:
        tree = ast.parse(path.read_text("utf-8"))
        for call in ast.walk(tree):
            if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "url_for"):
                continue
            if call.args and isinstance(call.args[0], ast.Constant):
                endpoint = str(call.args[0].value)
                room = path.relative_to(SOURCES[0].parents[0]).parts[0]
                full = [f"{b}{endpoint}" for b in blueprints_of(app, room)] if endpoint.startswith(".") else [endpoint]
                if not any(one in app.view_functions for one in full):
                    lost.append(f"{path.name}: {endpoint}")
    assert not lost, lost


def test_every_template_named_in_the_code_is_there() -> None:
    named = re.compile(r"render_template\(\s*\"([^\"{}]+)\"")
    lost = [
        f"{path.name}: {found}"
        for path in SOURCES
        for found in named.findall(path.read_text("utf-8"))
        if not (TEMPLATES / found).is_file()
    ]
    assert not lost, lost
