"""Judgements of several panels on one scale: drift between panels from the items they share, and its error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np

from sjt.errors import ShapeError
from sjt.psychometrics._validate import FloatArray
from sjt.psychometrics.cuts import PanelErrors
from sjt.psychometrics.standard_setting import angoff

LEAST_LINKS = 5
"""Linking items each panel needs (sjt-science 0b.5)."""


@dataclass(frozen=True)
class PanelRatings:
    """One panel's ratings: judges × its own items, in marks; NaN where a judge gave none."""

    panel: str
    items: tuple[str, ...]
    maxima: FloatArray
    ratings: FloatArray


@dataclass(frozen=True, slots=True)
class PanelDrift:
    """How much more (+) or less (−) a panel expects than the panels together, as a share of the maximum."""

    panel: str
    n_judges: int
    n_items: int
    n_links: int
    drift: float
    se: float
    z: float


@dataclass(frozen=True)
class Linked:
    """Panels joined by their shared items.

    Attributes
    ----------
    drifts : list of PanelDrift
    item_means : dict
        Item → expected share of the maximum with the panels' drift taken out.
    raw_means : dict
        Item → mean of its panels' means, drift left in.
    errors : dict
        Panel → variance components, for `sjt.psychometrics.cuts.form_cut`.
    var_panel : float
        Variance between panels beyond what their judges explain, on the share scale (0 if none).
    notes : list of str
    """

    drifts: list[PanelDrift]
    item_means: dict[str, float]
    raw_means: dict[str, float]
    errors: dict[str, PanelErrors]
    var_panel: float
    notes: list[str]


def components(panel: PanelRatings) -> PanelErrors:
    """Judge and residual variance of one panel on the scale rating ÷ maximum.

    Raises
    ------
    ShapeError
        Fewer than two complete judges or two items.
    """
    shares = panel.ratings / panel.maxima
    found = angoff(shares, np.ones(len(panel.items)))
    if np.isnan(found.var_judge):
        raise ShapeError(f"Panel {panel.panel} needs two judges who rated all of at least two items.")
    judges = int((~np.isnan(shares).any(axis=1)).sum())
    return PanelErrors(judges, found.var_judge, found.var_res)


def link_panels(panels: Sequence[PanelRatings], *, least_links: int = LEAST_LINKS) -> Linked:
    """Estimate each panel's drift from linking items by least squares, item + panel, drifts summing to zero.

    Parameters
    ----------
    panels : sequence of PanelRatings
        At least two, joined directly or through others by shared items.
    least_links : int
        Fewer linking items of a panel are noted.

    Returns
    -------
    Linked
        ``var_panel`` is the method-of-moments variance of the drifts less their mean squared SE, never below zero.

    Raises
    ------
    ShapeError
        Fewer than two panels, a panel too small, or panels that no shared item joins.
    """
    if len(panels) < 2:
        raise ShapeError("Linking needs at least two panels.")
    errors = {panel.panel: components(panel) for panel in panels}
    names = list(dict.fromkeys(item for panel in panels for item in panel.items))
    seen: dict[str, int] = {name: sum(name in panel.items for panel in panels) for name in names}
    joined = _joined(panels)
    if len(joined) > 1:
        apart = "; ".join(", ".join(sorted(group)) for group in joined)
        raise ShapeError(f"No shared item joins these groups of panels: {apart}. Give them linking items.")
    rows: list[tuple[int, int, float]] = []
    for p, panel in enumerate(panels):
        means = np.nanmean(panel.ratings / panel.maxima, axis=0)
        rows.extend((names.index(item), p, float(mean)) for item, mean in zip(panel.items, means, strict=True))
    design = np.zeros((len(rows) + 1, len(names) + len(panels)))
    target = np.zeros(len(rows) + 1)
    for number, (item, p, mean) in enumerate(rows):
        design[number, item] = design[number, len(names) + p] = 1.0
        target[number] = mean
    design[-1, len(names) :] = 1.0
    solution = np.linalg.lstsq(design, target, rcond=None)[0]
    drifts, notes = [], []
    for p, panel in enumerate(panels):
        known = errors[panel.panel]
        links = sum(seen[item] > 1 for item in panel.items)
        se = sqrt(known.var_judge / known.n_judges + known.var_residual / (known.n_judges * max(1, links)))
        drift = float(solution[len(names) + p])
        drifts.append(
            PanelDrift(
                panel.panel, known.n_judges, len(panel.items), links, drift, se, drift / se if se else float("nan")
            )
        )
        if links < least_links:
            notes.append(f"Panel {panel.panel} shares {links} items; {least_links} are needed for a sound link.")
    spread = float(np.var([drift.drift for drift in drifts], ddof=1))
    var_panel = max(0.0, spread - float(np.mean([drift.se**2 for drift in drifts])))
    raw = {
        name: float(np.mean([mean for item, _, mean in rows if item == number])) for number, name in enumerate(names)
    }
    adjusted = {name: float(min(1.0, max(0.0, solution[number]))) for number, name in enumerate(names)}
    if any(abs(drift.z) > 2 for drift in drifts):
        far = ", ".join(drift.panel for drift in drifts if abs(drift.z) > 2)
        notes.append(f"Panel {far} differs from the others by more than two standard errors.")
    return Linked(drifts, adjusted, raw, errors, var_panel, notes)


def _joined(panels: Sequence[PanelRatings]) -> list[set[str]]:
    groups: list[tuple[set[str], set[str]]] = []
    for panel in panels:
        names, items = {panel.panel}, set(panel.items)
        rest = []
        for other_names, other_items in groups:
            if items & other_items:
                names |= other_names
                items |= other_items
            else:
                rest.append((other_names, other_items))
        groups = [*rest, (names, items)]
    return [names for names, _ in groups]
