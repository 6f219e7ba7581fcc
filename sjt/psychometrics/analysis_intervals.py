"""Which interval stands beside which coefficient: bootstrap, jackknife of groups, or a reason why none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from sjt.psychometrics.analysis_core import Core, pair, strata_of
from sjt.psychometrics.gram import FloatArray
from sjt.psychometrics.jackknife import GROUPS, GROUPS_OF_MANY, Design, Jackknifed, d27_of_groups, jackknife
from sjt.psychometrics.resampling import BOOTSTRAP_PERSONS, Bootstrapped, bootstrap

OMEGA_PERSONS = 200
"""From so many persons omega is judged (the policy for small cohorts)."""
SPLIT_HALF = (
    "Lambda-4 is the largest of very many split halves. What that gains by chance is as large as any interval in the "
    "cohorts this is for, so none would hold the truth: read it as a description of these marks."
)
FEW = "Lambda-6 needs clearly more persons than items."
OMEGA = f"Omega has an interval from {OMEGA_PERSONS} persons."
OMEGA_OF_MANY = (
    f"Above {BOOTSTRAP_PERSONS:,} persons omega is not fitted anew, which would take longer than all the rest. Analyse "
    "one cohort or form on its own for its interval."
)
NOT_TAKEN = "No resampling was asked for."
UNDEFINED = "The coefficient is undefined, here or when some of the persons are left out."


@dataclass(frozen=True)
class Drawn:
    """What resampling gave; each part None where it was not done."""

    boot: Bootstrapped | None
    knife: Jackknifed | None
    d27: tuple[FloatArray, FloatArray] | None
    asked: bool

    def ends(self, name: str) -> tuple[list[float | None] | None, str | None]:
        """Interval of a coefficient of the whole test and the method it is by; the bootstrap goes first."""
        if self.boot is not None and name in self.boot.test:
            found = pair(*self.boot.test[name])
            if found is not None:
                return found, f"bootstrap of {self.boot.replications} resamples"
        if self.knife is not None and name in self.knife.ends:
            return pair(*self.knife.ends[name]), f"jackknife of {self.knife.groups} groups"
        return None, None

    def of_item(self, name: str, i: int) -> list[float | None] | None:
        """Interval of an item's statistic; the bootstrap goes first."""
        found = pair(*self.boot.item(name, i)) if self.boot is not None else None
        if found is None and name == "d27" and self.d27 is not None:
            found = pair(self.d27[0][i], self.d27[1][i])
        if found is None and self.knife is not None and name in self.knife.items:
            low, high = self.knife.items[name]
            found = pair(low[i], high[i])
        return found


def draw_intervals(core: Core, cut: float | None, seed: int, replications: int) -> Drawn:
    """Resample persons as often as asked; with no replications nothing is drawn."""
    if not replications:
        return Drawn(None, None, None, asked=False)
    table, strata = core.table, strata_of(core)[1]
    limits = (table, core.low, core.high)
    value = core.scores.value
    boot = bootstrap(*limits, testlet=core.testlet, strata=strata, value=value, seed=seed, replications=replications)
    many = table.n_persons > BOOTSTRAP_PERSONS
    omegas = OMEGA_PERSONS <= table.n_persons <= BOOTSTRAP_PERSONS
    with np.errstate(invalid="ignore"):
        design = Design(core.testlet, strata, core.low, core.high - core.low, cut, omegas)
    knife = jackknife(table, core.sums, design, seed=seed, groups=GROUPS_OF_MANY if many else GROUPS)
    d27 = d27_of_groups(table, core.scores, core.low, core.high, seed=seed) if many else None
    return Drawn(boot, knife, d27, asked=True)


COEFFICIENTS = (
    *("sd", "sem", "stratified_alpha", "stratified_alpha_testlet", "standardised_alpha", "lambda2"),
    *("lambda6", "lambda6_cor", "omega_total", "omega_total_minres", "omega_hierarchical"),
)
"""Coefficients without an interval in closed form."""


def intervals_of_test(drawn: Drawn, values: Mapping[str, Any], n: int) -> dict[str, Any]:
    """``<name>_ci`` of each of `COEFFICIENTS`, ``interval_methods`` and, for those without, ``no_interval``."""
    out: dict[str, Any] = {}
    methods: dict[str, str] = {}
    reasons: dict[str, str] = {}
    for name in COEFFICIENTS:
        found, method = drawn.ends(name) if values[name] is not None else (None, None)
        out[f"{name}_ci"] = found
        if method is not None and found is not None:
            methods[name] = method
        elif values[name] is not None:
            reasons[name] = _why_none(name, drawn, n)
    for name in ("lambda4", "lambda4_max"):
        if values[name] is not None:
            reasons[name] = SPLIT_HALF
    return {**out, "interval_methods": methods, "no_interval": reasons}


def _why_none(name: str, drawn: Drawn, n: int) -> str:
    if not drawn.asked:
        return NOT_TAKEN
    if name.startswith("omega") and n < OMEGA_PERSONS:
        return OMEGA
    if name.startswith("omega") and n > BOOTSTRAP_PERSONS:
        return OMEGA_OF_MANY
    return FEW if name.startswith("lambda6") else UNDEFINED
