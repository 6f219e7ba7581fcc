"""Rooms that take part in what lower rooms do (desks, audit chains) say so here, for pages and commands alike."""

from __future__ import annotations

import importlib
from typing import Final

ROOMS_THAT_REGISTER: Final[tuple[str, ...]] = (
    "sjt.authoring.joining",
    "sjt.panels.joining",
    "sjt.delivery.joining",
    "sjt.marking.joining",
    "sjt.results.joining",
    "sjt.grading.joining",
)
"""Modules with a ``register()``: desk tasks, chain sources, hooks between rooms."""


def register_rooms() -> None:
    """Call each room's ``register()``; calling twice changes nothing."""
    for name in ROOMS_THAT_REGISTER:
        importlib.import_module(name).register()
