"""Item response theory for ``sjt analyse --irt``: fit, errors, persons' scores, as plain values."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from sjt.errors import ShapeError
from sjt.psychometrics import irt_scores
from sjt.psychometrics.irt_cml import Andersen, CmlFit, andersen, fit_cml
from sjt.psychometrics.irt_likelihood import Prior
from sjt.psychometrics.irt_limited import overall_fit
from sjt.psychometrics.irt_mml import Fit, fit_mml
from sjt.psychometrics.irt_models import MODELS, Model

PRIOR_BELOW = 100
"""Persons under which slopes and intercepts are held by a weak prior (house default; said in the notes)."""
UNSEEN = "Everyone presented this item has the same mark, or nobody was presented it."


def fit(
    marks: ArrayLike,
    model: str = "gpcm",
    maxima: ArrayLike | None = None,
    *,
    groups: ArrayLike | None = None,
    prior: Prior | None = None,
) -> dict[str, Any]:
    """Fit a model and score everyone.

    Parameters
    ----------
    marks : array_like, shape (n_persons, n_items)
        NaN where not presented.
    model : {'rasch', '2pl', 'pcm', 'gpcm', 'grm'}
    maxima : array_like, optional
        Largest mark of each item; marks above it are refused.
    groups : array_like, optional
        Group of each person; the first fixes the scale.
    prior : Prior, optional
        Taken by itself below 100 persons.

    Returns
    -------
    dict
        The object documented under ``sjt analyse`` as ``irt``.

    Raises
    ------
    ShapeError
        Unknown model, a mark above its maximum, nothing to fit.
    """
    chosen = known_model(model)
    x = np.asarray(marks, dtype=np.float64)
    if maxima is not None and x.ndim == 2:
        top = np.asarray(maxima, dtype=np.float64)
        if (x > top + 1e-9).any():
            row, column = np.argwhere(x > top + 1e-9)[0]
            raise ShapeError(
                f"Person {row + 1} has {x[row, column]:g} on item {column + 1}, above its {top[column]:g}."
            )
    notes = []
    if prior is None and x.shape[0] < PRIOR_BELOW and chosen not in ("rasch", "pcm"):
        prior = Prior()
        notes.append(
            f"{x.shape[0]} persons: log slopes are held by a normal prior (mean {prior.slope_mean:g}, SD "
            f"{prior.slope_sd:g}) and intercepts by one of SD {prior.intercept_sd:g}."
        )
    try:
        found = fit_mml(x, chosen, groups=groups, prior=prior)
    except ShapeError as error:
        return _nothing(model, x, str(error))
    answer = describe(found, x.shape[1], notes)
    answer["overall"] = overall(found)
    if chosen in ("rasch", "pcm") and groups is None:
        answer["conditional"] = conditional(x)
    return answer


def overall(found: Fit) -> dict[str, Any]:
    """M2 or C2 of a fit as plain values, or why there is none."""
    try:
        one = overall_fit(found)
    except (ShapeError, np.linalg.LinAlgError) as error:
        return {"statistic": None, "why": str(error)}
    return {
        "kind": one.kind,
        "statistic": _number(one.statistic),
        "df": one.df,
        "p": _number(one.p),
        "rmsea": _number(one.rmsea),
        "rmsea_90": [_number(one.rmsea_low), _number(one.rmsea_high)],
        "srmsr": _number(one.srmsr),
        "cfi": _number(one.cfi),
        "tli": _number(one.tli),
        "n": one.n,
    }


def conditional(marks: ArrayLike) -> dict[str, Any]:
    """Conditional likelihood of the Rasch or partial credit model, with Andersen's test by the median total."""
    x = np.asarray(marks, dtype=np.float64)
    try:
        found = fit_cml(x)
    except ShapeError as error:
        return {"loglik": None, "why": str(error)}
    test: dict[str, Any]
    try:
        test = _andersen(andersen(x))
    except ShapeError as error:
        test = {"chi2": None, "why": str(error)}
    return {**_conditional(found, x.shape[1]), "andersen": test}


def _conditional(found: CmlFit, n_items: int) -> dict[str, Any]:
    at = {column: j for j, column in enumerate(found.columns)}
    rows = []
    for column in range(n_items):
        j = at.get(column)
        rows.append(
            {"item": column, "intercepts": [], "intercept_se": [], "why": UNSEEN}
            if j is None
            else {
                "item": column,
                "intercepts": [_number(c) for c in found.items.intercepts[j]],
                "intercept_se": [_number(e) for e in found.intercept_se[j]],
                "marks": [float(m) for m in found.items.marks[j]],
            }
        )
    return {
        "loglik": found.loglik,
        "n_parameters": found.n_parameters,
        "n_used": found.n_used,
        "converged": found.converged,
        "items": rows,
        "notes": found.notes,
    }


def _andersen(test: Andersen) -> dict[str, Any]:
    return {"chi2": test.chi2, "df": test.df, "p": test.p, "items_left_out": test.left_out}


def known_model(model: str) -> Model:
    """Return the model of this name.

    Raises
    ------
    ShapeError
        There is none.
    """
    for known in MODELS:
        if known == model:
            return known
    raise ShapeError(f"There is no model {model}. Use one of {', '.join(MODELS)}.")


def describe(found: Fit, n_items: int, notes: list[str] | None = None) -> dict[str, Any]:
    """Plain values of a fit, items and persons in the order of the marks."""
    said = [*(notes or []), *found.notes]
    if not found.converged:
        said.append("The fit did not converge; its figures are provisional.")
    rows: list[dict[str, Any]] = []
    for column in range(n_items):
        if column not in found.columns:
            rows.append(
                {"item": column, "slope": None, "slope_se": None, "intercepts": [], "intercept_se": [], "why": UNSEEN}
            )
            continue
        j = found.columns.index(column)
        rows.append(
            {
                "item": column,
                "slope": _number(found.items.slopes[j]),
                "slope_se": _number(found.slope_se[j]),
                "intercepts": [_number(c) for c in found.items.intercepts[j]],
                "intercept_se": [_number(c) for c in found.intercept_se[j]],
                "marks": [float(m) for m in found.items.marks[j]],
            }
        )
    weights = irt_scores.normal_weights(found.theta, found.means[found.group], found.sds[found.group])
    scores = irt_scores.eap(found.items, found.codes, found.theta, weights)
    persons = [
        {"person": i, "eap": _number(a), "se": _number(b)} for i, (a, b) in enumerate(zip(scores.theta, scores.se))
    ]
    at = np.arange(-3.0, 4.0)
    known = np.isfinite(scores.theta)
    spread = float(np.var(scores.theta[known], ddof=1)) if known.sum() > 1 else float("nan")
    error = float(np.mean(scores.se[known] ** 2)) if known.any() else float("nan")
    information = irt_scores.test_information(found.items, at)
    return {
        "model": found.items.model,
        "loglik": found.loglik,
        "n_parameters": found.n_parameters,
        "aic": 2 * found.n_parameters - 2 * found.loglik,
        "bic": float(np.log(max(1, found.codes.shape[0]))) * found.n_parameters - 2 * found.loglik,
        "converged": found.converged,
        "iterations": found.passes,
        "latent": [
            {"mean": float(m), "variance": float(s) ** 2, "sd_se": _number(e)}
            for m, s, e in zip(found.means, found.sds, found.sd_se)
        ],
        "empirical_reliability": _number(spread / (spread + error)),
        "information": [[float(t), float(i)] for t, i in zip(at, information)],
        "items": rows,
        "persons": persons,
        "notes": said,
    }


def _nothing(model: str, x: Any, why: str) -> dict[str, Any]:
    columns = x.shape[1] if x.ndim == 2 else 0
    blank: dict[str, Any] = {"slope": None, "slope_se": None, "intercepts": [], "intercept_se": [], "why": why}
    return {
        "model": model,
        "loglik": None,
        "converged": False,
        "iterations": 0,
        "items": [{"item": j, **blank} for j in range(columns)],
        "persons": [{"person": i, "eap": None, "se": None} for i in range(x.shape[0])],
        "notes": [why],
    }


def _number(value: Any) -> float | None:
    number = float(value)
    return number if np.isfinite(number) else None
