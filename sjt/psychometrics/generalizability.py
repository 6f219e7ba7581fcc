"""Generalisability: how much of a score's variance is the person, the scenario, the item, the rest.

The person-side components come from averages of the pairwise covariance matrix, which for complete balanced
data are the usual mean-square estimates and which data missing by design and testlets of unequal size do not
disturb. Estimates are kept as they fall, negative ones too; the coefficients count a negative one as 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sjt.psychometrics.gram import FloatArray

NAN = float("nan")


@dataclass(frozen=True)
class GStudy:
    """Variance components of one item's mark, and the coefficients of a test of ``ns`` × ``ni`` items.

    Attributes
    ----------
    design : str
        ``p x i`` or ``p x (i:s)``.
    var : dict
        Components ``p i res`` or ``p s i_in_s ps pi_s``, in squared marks.
    ns, ni : float
        Scenarios, and items in each (their harmonic mean where they differ). For ``p x i`` ns is the number
        of items and ni is 1.
    """

    design: str
    var: Mapping[str, float]
    ns: float
    ni: float
    n_persons: float
    grand_mean: float

    def error(self, ns: float, ni: float, *, absolute: bool) -> float:
        """Error variance of a mean item score over ``ns`` scenarios of ``ni`` items."""
        part = {name: max(value, 0.0) for name, value in self.var.items()}
        if self.design == "p x i":
            return (part["res"] + (part["i"] if absolute else 0.0)) / (ns * ni)
        relative = part["ps"] / ns + part["pi_s"] / (ns * ni)
        return relative + (part["s"] / ns + part["i_in_s"] / (ns * ni) if absolute else 0.0)

    def coefficient(self, ns: float | None = None, ni: float | None = None, *, absolute: bool = False) -> float:
        """Eρ² (relative) or Φ (absolute) of a test of another length; NaN without true variance."""
        person = max(self.var["p"], 0.0)
        error = self.error(self.ns if ns is None else ns, self.ni if ni is None else ni, absolute=absolute)
        return person / (person + error) if person + error > 0 else NAN

    def phi_lambda(self, cut: float) -> float:
        """Dependability of the decision at a cut, on the scale of the mean item score (Brennan and Kane).

        Notes
        -----
        ``(σ²p + (μ − λ)² − σ̂²(μ)) / (… + σ²Δ)``, the squared distance corrected for the error of the mean.
        """
        part = {name: max(value, 0.0) for name, value in self.var.items()}
        absolute = self.error(self.ns, self.ni, absolute=True)
        relative = self.error(self.ns, self.ni, absolute=False)
        mean_error = (part["p"] + relative) / self.n_persons + (absolute - relative)
        signal = part["p"] + (self.grand_mean - cut) ** 2 - mean_error
        signal = max(signal, 0.0)
        return signal / (signal + absolute) if signal + absolute > 0 else NAN


def g_study(cov: FloatArray, means: FloatArray, n: ArrayLike, testlet: ArrayLike | None = None) -> GStudy | None:
    """Estimate variance components from item means and their pairwise covariances.

    Parameters
    ----------
    cov : ndarray, shape (k, k)
        Pairwise covariance matrix.
    means : ndarray, shape (k,)
        Item means.
    n : array_like, shape (k,)
        Persons presented each item.
    testlet : array_like, shape (k,), optional
        Scenario of each item. Without it, or with one item to each scenario, the design is p × i.

    Returns
    -------
    GStudy or None
        None with fewer than two items, or when a pair was never seen together.
    """
    k = len(cov)
    if k < 2 or not np.isfinite(cov).all():
        return None
    persons = float(k / np.sum(1.0 / np.asarray(n, dtype=np.float64)))
    off = ~np.eye(k, dtype=bool)
    own = float(np.diag(cov).mean())
    label: NDArray[np.intp] | None = None
    if testlet is not None:
        _, label = np.unique(np.asarray(testlet), return_inverse=True)
        sizes = np.bincount(label)
        if len(sizes) < 2 or sizes.max() < 2:
            label = None
    if label is None:
        together = float(cov[off].mean())
        residual = own - together
        spread = float(means.var(ddof=1))
        return GStudy(
            "p x i",
            {"p": together, "i": spread - residual / persons, "res": residual},
            float(k),
            1.0,
            persons,
            float(means.mean()),
        )
    sizes = np.bincount(label)
    same = (label[:, None] == label[None, :]) & off
    across = float(cov[off & ~same].mean())
    within = float(cov[same].mean())
    ps, pis = within - across, own - within
    ni = float(len(sizes) / np.sum(1.0 / sizes))
    testlet_means = np.bincount(label, weights=means) / sizes
    inside = float(((means - testlet_means[label]) ** 2).sum() / (k - len(sizes)))
    between = float(testlet_means.var(ddof=1))
    var_item = inside - pis / persons
    # E between = s + (i_in_s)/ni + (ps + pi_s/ni)/persons
    var_scenario = between - inside / ni - ps / persons
    return GStudy(
        "p x (i:s)",
        {"p": across, "s": var_scenario, "i_in_s": var_item, "ps": ps, "pi_s": pis},
        float(len(sizes)),
        ni,
        persons,
        float(means.mean()),
    )


def d_study(study: GStudy, scenarios: ArrayLike) -> list[dict[str, float]]:
    """Plan: the coefficients of tests of other lengths, items per scenario unchanged.

    Parameters
    ----------
    study : GStudy
    scenarios : array_like
        Numbers of scenarios (of items, for p × i).

    Returns
    -------
    list of dict
        ``ns, ni, E_rho2, phi``.
    """
    return [
        {
            "ns": float(ns),
            "ni": study.ni,
            "E_rho2": study.coefficient(float(ns)),
            "phi": study.coefficient(float(ns), absolute=True),
        }
        for ns in np.asarray(scenarios, dtype=np.float64)
    ]
