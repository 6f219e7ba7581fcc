"""Addresses whose way back, from an endpoint to its address, is made ready when somebody first asks for it.

Werkzeug compiles two functions for each address at the start of a process: with three hundred addresses that is a
quarter of a second of each start of a server, after a crash too. Few of them are ever asked for in one process.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from werkzeug.routing import Rule


class LateRule(Rule):
    """A rule that compiles its builders at their first use."""

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        made: Callable[..., tuple[str, str]] | None = None
        at_once = super()._compile_builder

        def build(rule: Rule, /, **values: Any) -> tuple[str, str]:
            nonlocal made
            if made is None:
                made = at_once(append_unknown)
            return made(rule, **values)

        return build
