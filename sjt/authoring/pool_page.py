"""What the page of a pool says: its forms as ranges and one line each, from the proof alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sjt.authoring.store_forms import PoolRow


@dataclass(frozen=True, slots=True)
class Line:
    """One form of a pool."""

    form_id: str
    place: int
    state: str
    use: str
    snapshot: str
    cut: Fraction | None
    p_random: float | None
    p_borderline: float | None
    minutes: float


@dataclass(frozen=True, slots=True)
class PoolView:
    """Everything the page shows of a pool that is prepared."""

    lines: tuple[Line, ...]
    published: int
    withdrawn: int
    facts: tuple[tuple[str, str], ...]
    constraints: int
    broken: int
    solver: Mapping[str, Any]
    notes: tuple[str, ...]


def pool_view(proof: Mapping[str, Any], rows: Sequence[PoolRow]) -> PoolView:
    """Put a pool's forms in lines, and what they have in common in ranges."""
    built, borderline = proof["forms"], proof["fairness"]["p_pass_borderline"]
    lines = []
    for row in rows:
        form = built[row.position]
        cut = form.get("cut")
        lines.append(
            Line(
                form_id=row.form_id,
                place=row.position + 1,
                state=row.state.value,
                use=row.use.value if row.use else "",
                snapshot=row.snapshot_sha256,
                cut=Fraction(str(cut["applied"])) if cut else None,
                p_random=form.get("p_random_pass"),
                p_borderline=borderline[row.position],
                minutes=float(form["minutes"]),
            )
        )
    checks = [one for form in built for one in form["constraints"]] + list(proof["constraints"])
    return PoolView(
        lines=tuple(lines),
        published=sum(line.state == "published" for line in lines),
        withdrawn=sum(line.state == "withdrawn" for line in lines),
        facts=tuple(_facts(proof)),
        constraints=len(checks),
        broken=sum(not _is_met(one) for one in checks),
        solver=proof["solver"],
        notes=(*proof["notes"], *proof["fairness"]["assumptions"]),
    )


def _is_met(one: Mapping[str, Any]) -> bool:
    def number(value: Any) -> Fraction | None:
        return None if value is None else Fraction(str(value))

    value, low, high = number(one["value"]), number(one["low"]), number(one["high"])
    assert value is not None
    return (low is None or value >= low) and (high is None or value <= high)


def _facts(proof: Mapping[str, Any]) -> list[tuple[str, str]]:
    built = proof["forms"]
    facts = [("Marks", _range([float(Fraction(str(form["max"]))) for form in built], "g"))]
    facts.append(("Minutes", _range([float(form["minutes"]) for form in built], ".1f")))
    if cuts := [form["cut"] for form in built if form.get("cut")]:
        facts.append(("Pass mark", _range([float(Fraction(str(cut["applied"]))) for cut in cuts], "g")))
    if known := [p for p in proof["fairness"]["p_pass_borderline"] if p is not None]:
        facts.append(("A borderline candidate passes", _range([100 * p for p in known], ".1f", " %")))
    if chances := [form["p_random_pass"] for form in built if form.get("p_random_pass") is not None]:
        top = 100 * max(chances)
        facts.append(("Answers at random pass", "under 0.01 %" if top < 0.01 else f"{top:.2f} % at most"))
    overlap = proof["overlap"]
    facts.append(("Two forms share", f"{overlap['mean']:.1f} scenarios on average, {overlap['max']} at most"))
    uses = [one["forms"] for one in proof["exposure"]]
    facts.append(("A scenario stands in", f"{min(uses)} to {max(uses)} of {len(built)} forms"))
    return facts


def _range(values: Sequence[float], shape: str, unit: str = "") -> str:
    low, high = format(min(values), shape), format(max(values), shape)
    return f"{low}{unit}" if low == high else f"{low} to {high}{unit}"
