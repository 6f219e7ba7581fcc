"""The ``sjt`` command: a click group that imports a room only when one of its commands is called."""

from __future__ import annotations

import ast
import functools
import importlib
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import click

from sjt import __version__
from sjt.errors import SjtError

COMMANDS: Mapping[str, str | Mapping[str, str]] = {
    # name: "module:attribute", or a group's own table of the same
    "init": "sjt.migrations.founding:init",
    "demo": "sjt.demo.commands:demo",
    "serve": "sjt.serving:serve",
    "worker": "sjt.jobs.commands:worker",
    "tls": {"make": "sjt.serving:tls_make"},
    "db": {
        "upgrade": "sjt.migrations.commands:upgrade",
        "backup": "sjt.migrations.commands:backup",
        "restore": "sjt.migrations.commands:restore",
    },
    "user": {"add": "sjt.accounts.commands:user_add", "list": "sjt.accounts.commands:user_list"},
    "bank": {
        "check": "sjt.authoring.bank_commands:check",
        "coverage": "sjt.authoring.bank_commands:coverage",
        "import": "sjt.authoring.bank_commands:import_",
        "export": "sjt.authoring.bank_commands:export",
        "template": "sjt.authoring.bank_commands:template",
        "format": "sjt.authoring.bank_commands:format_",
        "stamp": "sjt.authoring.bank_commands:stamp",
        "simulate-statistics": "sjt.authoring.bank_commands:simulate_statistics",
    },
    "score": "sjt.psychometrics.commands.score:score",
    "analyse": "sjt.psychometrics.commands.analyse:analyse",
    "dif": "sjt.psychometrics.commands.dif:dif",
    "equate": "sjt.psychometrics.commands.equate:equate",
    "classify": "sjt.psychometrics.commands.classify:classify",
    "panel": "sjt.psychometrics.commands.panel:panel",
    "markers": "sjt.psychometrics.commands.markers:markers",
    "pool": "sjt.psychometrics.commands.pool:pool",
    "simulate": "sjt.psychometrics.commands.simulate:simulate",
    "passmark": {
        "angoff": "sjt.psychometrics.commands.passmark:angoff",
        "angoff-yesno": "sjt.psychometrics.commands.passmark:angoff_yesno",
        "ebel": "sjt.psychometrics.commands.passmark:ebel",
        "hofstee": "sjt.psychometrics.commands.passmark:hofstee",
        "beuk": "sjt.psychometrics.commands.passmark:beuk",
        "borderline-regression": "sjt.psychometrics.commands.passmark:borderline_regression",
        "contrasting-groups": "sjt.psychometrics.commands.passmark:contrasting_groups",
        "cohen": "sjt.psychometrics.commands.passmark:cohen",
        "adopt": "sjt.results.commands:passmark_adopt",
    },
    "assemble": "sjt.authoring.forms_commands:assemble",
    "forms": {
        "build": "sjt.authoring.forms_commands:build",
        "verify": "sjt.authoring.forms_commands:verify",
        "publish": "sjt.authoring.forms_commands:publish",
    },
    "session": {
        "create": "sjt.delivery.commands:session_create",
        "replay": "sjt.delivery.commands:session_replay",
        "close": "sjt.delivery.commands:session_close",
        "lock-key": "sjt.delivery.commands:session_lock_key",
    },
    "candidates": {"import": "sjt.delivery.commands:candidates_import"},
    "results": {
        "release": "sjt.results.commands:release",
        "export": "sjt.results.commands:export",
    },
    "audit": {"export": "sjt.audit.commands:export", "verify": "sjt.audit.commands:verify"},
}

SUMMARIES: Mapping[str, str] = {
    "init": "Make an empty installation: database, keys, first administrator.",
    "demo": "Build the demonstration organisation (simulated) and serve it.",
    "serve": "Serve the web pages.",
    "worker": "Run background jobs.",
    "tls": "Make certificates for a centre's own network.",
    "db": "Upgrade, back up and restore the database.",
    "user": "Add and list people.",
    "bank": "Check, measure, import and export a scenario bank.",
    "score": "Mark the responses of a file, whatever the format.",
    "analyse": "Item analysis of anybody's data.",
    "dif": "Differential item functioning between two groups.",
    "equate": "Put a new form's marks on an old form's scale.",
    "classify": "Accuracy and consistency of pass/fail decisions.",
    "panel": "Agreement of an expert panel, item by item.",
    "markers": "Agreement and severity of the markers of written answers.",
    "pool": "Items over several cohorts: pooled and shrunken.",
    "simulate": "Seeded responses, panels, judges and markers, with the truth beside them.",
    "passmark": "Pass marks from judgements and scores.",
    "assemble": "Forms from a bank and constraints in one JSON file.",
    "forms": "Build, verify and publish forms.",
    "session": "Create, replay and close a session.",
    "candidates": "Load candidates from CSV.",
    "results": "Release and export results.",
    "audit": "Export and verify the audit chains.",
}


PURE: Final = (
    "sjt.psychometrics.",
    "sjt.serving:",
    "sjt.migrations.",
    "sjt.jobs.",
    "sjt.accounts.commands:user_list",
    "sjt.audit.commands:verify",
    "sjt.authoring.forms_commands:",
    *(
        f"sjt.authoring.bank_commands:{name}"
        for name in ("check", "coverage", "format_", "simulate_statistics", "stamp", "template")
    ),
)
"""Targets that no higher room takes part in, or that join the rooms themselves."""


@functools.cache
def _load(target: str) -> click.Command:
    module, _, attribute = target.partition(":")
    command = getattr(importlib.import_module(module), attribute)
    assert isinstance(command, click.Command), f"{target} is not a click command"
    deed = command.callback
    if deed is not None and not target.startswith(PURE):

        @functools.wraps(deed)
        def joined(*arguments: Any, **options: Any) -> Any:
            importlib.import_module("sjt.joining").register_rooms()  # here, so that --help joins nothing
            return deed(*arguments, **options)

        command.callback = joined
    return command


@functools.cache
def _docstrings(module: str) -> Mapping[str, str]:
    """Read the docstrings of a module's functions from its text: a group's help then imports no command."""
    file = Path(__file__).resolve().parent.parent.joinpath(*module.split(".")).with_suffix(".py")
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {node.name: ast.get_docstring(node) or "" for node in tree.body if isinstance(node, ast.FunctionDef)}


def _summary(name: str, target: str | Mapping[str, str]) -> str:
    if isinstance(target, Mapping):
        return SUMMARIES.get(name, "")
    module, _, attribute = target.partition(":")
    return click.Command(name, help=_docstrings(module).get(attribute)).get_short_help_str(300)


class LazyGroup(click.Group):
    """A group whose table names where each command lives; help of the group imports nothing."""

    def __init__(self, table: Mapping[str, str | Mapping[str, str]], **attrs: Any) -> None:
        super().__init__(**attrs)
        self.table = table

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        target = self.table.get(cmd_name)
        if target is None:
            return None
        if isinstance(target, Mapping):
            return LazyGroup(target, name=cmd_name, help=SUMMARIES.get(cmd_name))
        return _load(target)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        whole = self.name in (None, "sjt")
        rows = [(name, SUMMARIES.get(name, "") if whole else _summary(name, self.table[name])) for name in self.table]
        with formatter.section("Commands"):
            formatter.write_dl(sorted(rows))


cli = LazyGroup(COMMANDS, name="sjt", help="Write, deliver and prove a situational judgement test.")
click.version_option(__version__, prog_name="sjt")(cli)


def main(argv: Sequence[str] | None = None) -> None:
    """Run ``sjt``; an error raised on purpose prints its message and exits 1, wrong usage exits 2."""
    try:
        cli.main(args=None if argv is None else list(argv), prog_name="sjt", standalone_mode=True)
    except SjtError as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    except Exception as error:  # looked at by name, so that a command without a database never loads its driver
        if not type(error).__module__.startswith("sqlalchemy.") or os.environ.get("SJT_TRACEBACK"):
            raise
        first = str(error).splitlines()[0]
        click.echo(f"The database did not answer as this version needs it: {first}", err=True)
        remedy = "Run `sjt init` for a new installation or `sjt db upgrade` for an old one; SJT_DATA and SJT_DATABASE"
        click.echo(f"{remedy} say where it is. SJT_TRACEBACK=1 shows all that is known.", err=True)
        sys.exit(1)
