"""A picture of a set's forms: where their pass marks lie and whom each form passes; plain SVG, drawn from the proof.

Everything in it is said again in its description, and the numbers are on the page of the set and in the proof.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from html import escape
from math import ceil, floor
from typing import Any

WIDTH, HEIGHT = 720, 300
LEFT, RIGHT, TOP, FOOT = 44, 250, 34, 46
"""Edges of the panel of curves; the pass marks stand to its right."""
CURVE, POINT, LINE = "#0a5a68", "#b4531a", "#d8dcdf"


def set_picture(proof: Mapping[str, Any], name: str = "forms") -> str:
    """Draw the forms of a proof; empty where they have no pass mark."""
    forms = proof["forms"]
    tenths = [row for row in proof["fairness"]["by_tenth"] if row]
    cuts = [Fraction(form["cut"]["exact"]) for form in forms if form.get("cut")]
    if len(tenths) != len(forms) or not cuts:
        return ""
    words = describe(proof)
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="set-picture" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
            f'aria-labelledby="{name}-title {name}-words" font-family="system-ui, sans-serif" '
            'font-size="12" fill="currentColor">'
        ),
        f'<title id="{name}-title">Whom each of {len(forms)} forms passes, and where their pass marks lie</title>',
        f'<desc id="{name}-words">{escape(words)}</desc>',
        *_curves(tenths),
        *_marks(forms, cuts),
        "</svg>",
    ]
    return "".join(parts)


def describe(proof: Mapping[str, Any]) -> str:
    """Say in words what the picture shows."""
    forms, fairness = proof["forms"], proof["fairness"]
    tenths = [row for row in fairness["by_tenth"] if row]
    known = [p for p in fairness["p_pass_borderline"] if p is not None]
    cuts = [Fraction(form["cut"]["exact"]) for form in forms if form.get("cut")]
    if not cuts or not tenths or not known:
        return "The forms have no pass mark."
    applied = sorted({float(Fraction(str(form["cut"]["applied"]))) for form in forms if form.get("cut")})
    spread = [100 * (max(column) - min(column)) for column in zip(*tenths, strict=True)]
    widest = max(range(len(spread)), key=lambda k: spread[k])
    return (
        f"{len(forms)} forms. Exact pass marks lie between {float(min(cuts)):.2f} and {float(max(cuts)):.2f} and are "
        f"applied as {', '.join(f'{mark:g}' for mark in applied)}. A borderline candidate passes with a chance between "
        f"{100 * min(known):.1f} % and {100 * max(known):.1f} %. Over the tenths of ability the forms lie at most "
        f"{spread[widest]:.1f} points apart, in tenth {widest + 1}; the lowest tenth passes "
        f"{100 * min(row[0] for row in tenths):.1f} to {100 * max(row[0] for row in tenths):.1f} % of the time, the "
        f"highest {100 * min(row[-1] for row in tenths):.1f} to {100 * max(row[-1] for row in tenths):.1f} %."
    )


def _text(x: float, y: float, words: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def _curves(tenths: Sequence[Sequence[float]]) -> list[str]:
    """One line for each form: its chance of passing, by tenth of ability."""
    right, foot = WIDTH - RIGHT, HEIGHT - FOOT

    def at(k: int, p: float) -> tuple[float, float]:
        return LEFT + (right - LEFT) * (k + 0.5) / 10, foot - (foot - TOP) * p

    out = [_text(LEFT - 36, TOP - 16, "Chance of passing, by tenth of ability")]
    for share in (0, 25, 50, 75, 100):
        y = at(0, share / 100)[1]
        out.append(f'<path d="M{LEFT} {y:.1f}H{right}" stroke="{LINE}" fill="none"/>')
        out.append(_text(LEFT - 6, y + 4, f"{share} %" if share == 100 else str(share), "end"))
    for k in range(10):
        out.append(_text(at(k, 0)[0], foot + 16, str(k + 1), "middle"))
    out.append(_text((LEFT + right) / 2, foot + 34, "tenth of ability, lowest to highest", "middle"))
    faint = max(0.25, min(1.0, 6 / len(tenths)))
    for row in tenths:
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in (at(k, p) for k, p in enumerate(row)))
        out.append(f'<polyline points="{line}" fill="none" stroke="{CURVE}" stroke-opacity="{faint:.2f}"/>')
    return out


def _marks(forms: Sequence[Mapping[str, Any]], cuts: Sequence[Fraction]) -> list[str]:
    """One point for each form's exact pass mark, and the applied mark as a line."""
    left, right, foot = WIDTH - RIGHT + 66, WIDTH - 30, HEIGHT - FOOT
    applied = sorted({float(Fraction(str(form["cut"]["applied"]))) for form in forms})
    low, high = floor(float(min(cuts))), max(ceil(float(max(cuts))), ceil(applied[-1]))
    high = high if high > low else low + 1

    def y_of(mark: float) -> float:
        return foot - (foot - TOP) * (mark - low) / (high - low)

    out = [_text(left - 34, TOP - 16, "Exact pass mark of each form")]
    for whole in range(low, high + 1) if high - low <= 8 else (low, high):
        out.append(f'<path d="M{left} {y_of(whole):.1f}H{right}" stroke="{LINE}" fill="none"/>')
        out.append(_text(left - 6, y_of(whole) + 4, str(whole), "end"))
    for mark in applied:
        out.append(f'<path d="M{left} {y_of(mark):.1f}H{right}" stroke="currentColor" stroke-dasharray="5 3"/>')
        out.append(_text(right, y_of(mark) + 16, f"applied {mark:g}", "end"))
    for n, cut in enumerate(cuts):
        x = left + 8 + (right - left - 16) * (n + 0.5) / len(cuts)
        out.append(f'<circle cx="{x:.1f}" cy="{y_of(float(cut)):.1f}" r="3" fill="{POINT}"/>')
    out.append(_text((left + right) / 2, foot + 16, "forms in order", "middle"))
    return out
