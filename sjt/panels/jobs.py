"""What a closed panel's answers add up to, computed by the worker: `sjt panel` on the panel's own file, and more."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from sqlmodel import Session

from sjt.authoring import banked
from sjt.jobs.context import JobContext
from sjt.panels import asking, service
from sjt.panels.model import Purpose, rows_of
from sjt.panels.tables import ExpertPanel
from sjt.psychometrics.commands._io import plain_value
from sjt.psychometrics.content import content_report
from sjt.psychometrics.key_bootstrap import bootstrap_keys
from sjt.psychometrics.panel import PanelItem, examine_all
from sjt.psychometrics.panel_file import read_panel
from sjt.times import utc_now

DRAWN: Final = 1000
"""Panels drawn for how sure a key is."""


def compute(args: Mapping[str, Any], context: JobContext) -> Mapping[str, Any]:
    """Compute the closed panel of ``{"panel": id}`` and keep it."""
    panel_id = UUID(args["panel"])
    bodies: dict[str, tuple[Mapping[str, Any], Mapping[str, Any]]]
    said: dict[str, list[Any]] = {}
    pooled: dict[str, list[Any]] = {}
    items: list[PanelItem] = []
    with context.session() as session:
        found = asking.panel(session, panel_id)
        if found.purpose is Purpose.CONTENT:
            said, pooled = service.content_said(session, found), service.content_of_bank(session, found)
        else:
            items = panel_items(answers_by_points(session, found))
    if found.purpose is Purpose.CONTENT:
        summary = {"panel": report(said), "bank": report(pooled)}
        bodies = {str(one["scenario"]): (one, {}) for one in summary["panel"]["scenarios"]}
    else:
        context.progress(1, 3, "Agreement of the experts")
        whole = plain_value(examine_all(items))
        context.check_cancelled()
        context.progress(2, 3, "How sure each key is")
        drawn = bootstrap_keys(items, replications=DRAWN)
        bodies = {
            str(one["item"]): (
                one,
                {
                    "keys": [[key, share] for key, share in draws.keys],
                    "places": plain_value(draws.places),
                    "drawn": draws.drawn.tolist(),
                },
            )
            for one, draws in zip(whole["items"], drawn, strict=True)
        }
        summary = {name: whole[name] for name in ("drop", "profile", "seed", "replications")} | {"drawn": DRAWN}
    with context.transaction() as session:
        service.keep_findings(session, panel_id, bodies, summary, now=utc_now())
    return {"goes_to": f"/panels/{panel_id}", "subjects": len(bodies)}


def answers_by_points(session: Session, found: ExpertPanel) -> dict[int, list[dict[str, Any]]]:
    """Give the rows of `sjt panel`, apart for each length of rating scale."""
    items = asking.items_of(session, found.id)
    rows: dict[int, list[dict[str, Any]]] = {}
    for subject, given in asking.counted(session, found).items():
        item = items[subject][1]
        held = rows.setdefault(asking.points_of(session, item), [])
        for rater, answer in given.items():
            held += rows_of(rater, item, answer)
    return rows


def report(said: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, Any]:
    """Give the content report of scenario → answers."""
    found: dict[str, Any] = plain_value(
        content_report(
            {scenario: [one["relevance"] for one in answers] for scenario, answers in said.items()},
            {scenario: [one["code"] for one in answers] for scenario, answers in said.items()},
        )
    )
    return found


def panel_items(by_points: Mapping[int, list[dict[str, Any]]]) -> list[PanelItem]:
    """Read rows as `sjt panel` reads them from a file, on the scale they were given on."""
    found: list[PanelItem] = []
    with tempfile.TemporaryDirectory(prefix="sjt-panel-") as folder:
        for points, given in by_points.items():
            if given:
                path = Path(folder) / f"{points}.csv"
                path.write_text(banked.panel_text(given), encoding="utf-8")
                found += read_panel(str(path), scale=(1.0, float(points)))
    return found
