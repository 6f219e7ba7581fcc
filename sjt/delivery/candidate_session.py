"""Who sits at this browser: the hook by which ``create_app`` knows candidates."""

from __future__ import annotations

from sjt.access import Actor
from sjt.delivery import signing_in


def load_actor() -> Actor | None:
    """Give the candidate whose sitting this browser's cookie holds; None for everybody else."""
    return signing_in.load_actor()
