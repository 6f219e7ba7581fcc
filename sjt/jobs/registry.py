"""Which function does which kind of job: named, so that the web process never imports numpy."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any, Final

from sjt.errors import NotFound

HANDLERS: Final[dict[str, str]] = {
    "bank.export": "sjt.authoring.export_job:export",
    "forms.build": "sjt.authoring.forms_job:build_forms",
    "forms.bear": "sjt.authoring.bearing_job:bear_forms",
    "forms.pool": "sjt.authoring.pool_job:prepare_pool",
    "forms.publish_pool": "sjt.authoring.pool_job:publish_pool",
    "forms.verify": "sjt.authoring.forms_job:verify_set",
    "panels.compute": "sjt.panels.jobs:compute",
    "people.remind": "sjt.panels.reminding:remind",
    "results.key_doubt": "sjt.results.key_doubt:count",
    "results.mark": "sjt.results.jobs:mark",
    "analysis.run": "sjt.analysis.jobs:run_analysis",
    "analysis.study": "sjt.analysis.studies:run_study",
    "jobs.rehearse": "sjt.jobs.rehearsal:rehearse",
}
DAILY: Final = ("people.remind",)
"""Jobs that the worker itself asks for once a day, where a mail server is set."""
Handler = Callable[[Mapping[str, Any], Any], Mapping[str, Any]]


def handler(kind: str) -> Handler:
    target = HANDLERS.get(kind)
    if target is None:
        raise NotFound(f"No job is called {kind}.")
    module, _, name = target.partition(":")
    found: Handler = getattr(importlib.import_module(module), name)
    return found
