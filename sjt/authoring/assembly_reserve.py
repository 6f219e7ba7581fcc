"""A set of forms with one in reserve: parallel to the others, and sharing nothing with any of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from math import ceil

from sjt.authoring.assembly import AssemblyBank, AssemblySpec, Band, broken, check, kin_of, total

SLACK = Fraction(1, 250_000)
Forms = tuple[tuple[int, ...], ...]
Solve = Callable[[AssemblySpec], Forms]
"""Build the forms of a spec without a reserve; none when there are none."""


def solve_with_reserve(bank: AssemblyBank, spec: AssemblySpec, solve: Solve) -> tuple[Forms, AssemblySpec | None]:
    """Build a set whose last form shares nothing with the others; without forms, the spec that could not be met.

    The reserve is first looked for in what the others leave. Where they leave too little, it is built first and the
    others are built around it.
    """
    if spec.reserve > 1:
        raise ValueError("A set has one reserve form at most.")
    main = without_reserve(spec)
    forms = solve(main)
    if not forms:
        return (), main
    last = _alone(bank, spec, forms)
    reserve = solve(last)
    if reserve and not broken(check(bank, spec, (*forms, *reserve))):
        return (*forms, *reserve), None
    first = replace(main, forms=1, anchors=(), banned=_banned(spec, spec.anchors), together=(), max_use=None)
    first = replace(first, overlap_max=None, earlier=())
    early = solve(first)
    if not early:
        return (), first
    held = {bank.scenario_of[i] for i in early[0]}
    around = replace(main, banned=_banned(main, held), bands=(*main.bands, *_beside(bank, main, early)))
    forms = solve(around)
    if not forms or broken(check(bank, spec, (*forms, *early))):
        return (), last
    return (*forms, *early), None


def without_reserve(spec: AssemblySpec) -> AssemblySpec:
    """Give the spec of the forms that are not in reserve."""
    return replace(spec, forms=spec.forms - spec.reserve, reserve=0)


def _banned(spec: AssemblySpec, scenarios: Sequence[int] | set[int]) -> tuple[int, ...]:
    return tuple(sorted({*spec.banned, *kin_of(spec, scenarios)}))


def _alone(bank: AssemblyBank, spec: AssemblySpec, forms: Forms) -> AssemblySpec:
    """Ask for one form beside the others: out of what they leave, with sums where theirs lie."""
    used = {bank.scenario_of[i] for form in forms for i in form} | set(spec.anchors)
    bands = (*spec.bands, *_beside(bank, spec, forms))
    return replace(
        spec, forms=1, reserve=0, anchors=(), banned=_banned(spec, used), bands=bands, together=(), max_use=None,
        overlap_max=None, earlier=(),
    )  # fmt: skip


def _beside(bank: AssemblyBank, spec: AssemblySpec, forms: Forms) -> list[Band]:
    """Turn what forms have in common into bands that one form more must meet."""
    found = []
    for rule in spec.together:
        sums = [total(bank, rule.attr, form) for form in forms]
        low, high = max(sums) - rule.apart, min(sums) + rule.apart
        if rule.unit is not None:
            top = ceil(max(sums) / rule.unit) * rule.unit
            low, high = max(low, top - rule.unit + rule.unit / 1000), min(high, top)
        if low + 2 * SLACK < high:
            low, high = low + SLACK, high - SLACK  # a solver forgives a row a little, the check does not
        found.append(Band(rule.attr, low, high, Fraction(sum(sums)) / len(sums)))
    return found
