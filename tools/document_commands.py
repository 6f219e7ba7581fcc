"""Write docs/commands.md and docs/urls.md: ``python tools/document_commands.py``; ``--check`` compares."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parents[1]
COMMANDS = ROOT / "docs" / "commands.md"
URLS = ROOT / "docs" / "urls.md"
RENEW = "Written by `python tools/document_commands.py`; a test compares it with the code."


def walk(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    if isinstance(command, click.Group):
        context = click.Context(command, info_name=name)
        for child in command.list_commands(context):
            found = command.get_command(context, child)
            if found is not None:
                yield from walk(found, f"{name} {child}")
    else:
        yield name, command


def commands_page() -> str:
    """Give every command with its help, as a person asks for it."""
    from sjt.cli import cli

    lines = ["# Commands", RENEW, ""]
    for name, command in walk(cli, "sjt"):
        with click.Context(command, info_name=name, max_content_width=100, terminal_width=100) as context:
            text = command.get_help(context)
        lines += [f"## {name}", "```text", text.rstrip(), "```", ""]
    return "\n".join(lines).rstrip() + "\n"


def urls_page() -> str:
    """Give every address with its methods, endpoint and guard."""
    from sjt.app import create_app
    from sjt.config import Settings
    from sjt.db import Database
    from sjt.web.guards import GUARD_ATTRIBUTE, PUBLIC

    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        settings = Settings("sqlite://", data, "x" * 40, data / "anchor.pem", testing=True)
        app = create_app(settings, database=Database("sqlite://"))
    lines = ["# Addresses", RENEW, "", "| address | method | endpoint | who |", "| --- | --- | --- | --- |"]
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: (rule.rule, rule.endpoint)):
        guard = getattr(app.view_functions[rule.endpoint], GUARD_ATTRIBUTE, None)
        who = "anyone" if guard == PUBLIC or guard is None else "; ".join(sorted(p.value for p in guard))
        methods = " ".join(sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}))
        lines.append(f"| `{rule.rule}` | {methods} | `{rule.endpoint}` | {who} |")
    return "\n".join(lines) + "\n"


def main() -> int:
    stale = 0
    for path, page in ((COMMANDS, commands_page()), (URLS, urls_page())):
        if "--check" in sys.argv:
            if not path.is_file() or path.read_text("utf-8") != page:
                print(f"{path.relative_to(ROOT)} is old. Run: python tools/document_commands.py", file=sys.stderr)
                stale = 1
        else:
            path.write_text(page, "utf-8")
    return stale


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.exit(main())
