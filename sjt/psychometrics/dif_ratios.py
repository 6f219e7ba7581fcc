"""Likelihood-ratio DIF beside the closed forms: `sjt dif --irt-lr` and the fairness study."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from sjt.errors import ShapeError
from sjt.psychometrics.dif_analysis import Groups
from sjt.psychometrics.irt_dif import ItemRatio, irt_lr_dif, joined
from sjt.psychometrics.responses import Responses


def add_ratios(
    answer: dict[str, Any], responses: Responses, groups: Groups, *, purify: bool, anchored: bool = False
) -> None:
    """Put ``irt_lr`` into an answer of `analyse_dif` and into each of its items.

    Parameters
    ----------
    answer : dict
        Changed in place.
    responses : Responses
    groups : Groups
    purify : bool
        Purify the anchor by these very tests.
    anchored : bool
        Leave the items out of the anchor that the closed forms' purification took out: much quicker.
    """
    here = groups.code >= 0
    raw = responses.table.marks()[here]
    group = groups.code[here]
    marks = joined(raw, group)
    out = [responses.items.index(name) for name in answer["purified"] or []] if anchored else None
    for row in answer["items"]:
        row["irt_lr"] = None
    try:
        found = irt_lr_dif(marks, group, purify=purify, purified=out)
    except (ShapeError, np.linalg.LinAlgError) as error:
        answer["irt_lr"] = {"model": None, "why": str(error)}
        return
    fewer = sum(np.unique(a[np.isfinite(a)]).size < np.unique(b[np.isfinite(b)]).size for a, b in zip(marks.T, raw.T))
    notes = list(found.notes)
    if fewer:
        notes.append(
            f"On {fewer} items marks that few of a group reached were joined with their neighbours for these tests."
        )
    answer["irt_lr"] = {
        "model": found.model,
        "purified": [responses.items[j] for j in found.purified],
        "purification_steps": found.steps,
        "loglik": found.loglik,
        "focal_mean": found.focal_mean,
        "focal_sd": found.focal_sd,
        "converged": found.converged,
        "notes": notes,
        "why": None,
    }
    for row, one in zip(answer["items"], found.items):
        row["irt_lr"] = _plain(one)


def _plain(one: ItemRatio) -> dict[str, Any]:
    return {
        name: None if isinstance(value, float) and not np.isfinite(value) else value
        for name, value in asdict(one).items()
    }
