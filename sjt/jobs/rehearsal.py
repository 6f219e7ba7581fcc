"""A job that only counts: an operator tries the worker with it, and so do the tests."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from sjt.errors import InputError
from sjt.jobs.context import JobContext


def rehearse(args: Mapping[str, Any], context: JobContext) -> Mapping[str, Any]:
    """Count to ``steps``, ``seconds`` apart; ``fail_at`` and ``deaf`` rehearse what goes wrong."""
    steps, seconds = int(args.get("steps", 5)), float(args.get("seconds", 0.01))
    for step in range(steps):
        if not args.get("deaf"):
            context.check_cancelled()
        if args.get("fail_at") == step:
            raise InputError(f"The rehearsal fails at step {step}, as asked.")
        time.sleep(seconds)
        context.progress(step + 1, steps, f"Counted {step + 1} of {steps}")
    return {"counted": steps}
