"""The lists of addresses and commands in docs/ say what the code does. Renew: ``python tools/document_commands.py``."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import click
import pytest

ROOT = Path(__file__).resolve().parents[2]
RENEW = "Run: python tools/document_commands.py"


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("document_commands", ROOT / "tools" / "document_commands.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_docs_urls_lists_every_address(tool: ModuleType) -> None:
    assert (ROOT / "docs" / "urls.md").read_text("utf-8") == tool.urls_page(), RENEW


def test_docs_commands_shows_every_command(tool: ModuleType) -> None:
    assert (ROOT / "docs" / "commands.md").read_text("utf-8") == tool.commands_page(), RENEW


def test_every_command_has_an_example(tool: ModuleType) -> None:
    from sjt.cli import cli

    bare = [name for name, command in tool.walk(cli, "sjt") if f"{name} " not in example_of(command) + " "]
    assert not bare, f"no example in the help of: {bare}"


def example_of(command: click.Command) -> str:
    said = " ".join(f"{command.help or ''} {command.epilog or ''}".split())
    return said.partition("Example:")[2]
