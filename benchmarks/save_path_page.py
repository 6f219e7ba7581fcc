"""docs/performance.md and its chart, from the rows of save_path.py."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from benchmarks.save_path import Row

ROOT: Final = Path(__file__).resolve().parent.parent
PAGE: Final = ROOT / "benchmarks" / "save_path_page.md"
OUT: Final = ROOT / "docs" / "performance.md"
CHART: Final = ROOT / "docs" / "performance.svg"
LEFT, WIDTH, LINE = 430, 400, 26
FARTHEST: Final = 4.0
"""Beyond this share of its limit a bar ends in an arrow."""


def share_of(row: Row) -> float | None:
    """Say how much of its limit a figure uses: above 1 it falls short, whichever way the limit points."""
    if row.value is None or not row.limit or not math.isfinite(row.value):
        return None
    return row.limit / row.value if "≥" in row.ratio else row.value / row.limit


def chart(rows: Sequence[Row]) -> str:
    """Draw each figure as a share of its limit; the line at 1 is the goal."""
    shown = [(row, share) for row in rows if (share := share_of(row)) is not None]
    height = 60 + LINE * len(shown)
    unit = WIDTH / FARTHEST
    goal = LEFT + unit
    lines = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDTH + 110} {height}" role="img" '
            'aria-labelledby="t" font-family="sans-serif" font-size="13">'
        ),
        '<title id="t">Each measured figure as a share of its limit; beyond the line the goal is missed.</title>',
        f'<rect width="100%" height="{height}" fill="#fff"/>',
        f'<text x="{goal:.0f}" y="22" text-anchor="middle" fill="#333">the goal</text>',
    ]
    for n, (row, share) in enumerate(shown):
        y = 36 + n * LINE
        length = min(share, FARTHEST) * unit
        colour = "#1d6f42" if row.met else "#b3401f"
        ratio, said = escape(row.ratio), "" if row.met else " missed"
        label = escape(f"{row.goal}  {row.what}")
        lines += [
            f'<text x="{LEFT - 8}" y="{y + 15}" text-anchor="end" fill="#222">{label}</text>',
            f'<rect x="{LEFT}" y="{y + 3}" width="{length:.1f}" height="16" fill="{colour}"/>',
            f'<text x="{max(LEFT + length, goal) + 8:.1f}" y="{y + 15}" fill="#222">{ratio}{said}</text>',
        ]
    place = f'x1="{goal:.0f}" x2="{goal:.0f}" y1="28" y2="{height - 16}"'
    lines.append(f'<line {place} stroke="#222" stroke-dasharray="4 3"/>')
    return "\n".join([*lines, "</svg>"]) + "\n"


def table(rows: Sequence[Row]) -> str:
    head = "| goal | what | sjt | beside | ratio (limit) | kept |\n| --- | --- | --- | --- | --- | --- |\n"
    words = {True: "yes", False: "**no**", None: "–"}
    return head + "".join(
        f"| {row.goal} | {row.what} | {row.ours} | {row.reference} | {row.ratio} | {words[row.met]} |\n" for row in rows
    )


def write(rows: Sequence[Row]) -> None:
    """Write the page and the chart."""
    from benchmarks.faults import machine
    from benchmarks.save_path_people import ENTRIES

    CHART.write_text(chart(rows), "utf-8")
    kept = sum(row.met is True for row in rows)
    judged = sum(row.met is not None for row in rows)
    text = PAGE.read_text("utf-8").format(
        machine=machine(), table=table(rows), kept=kept, judged=judged, entries=ENTRIES
    )
    OUT.write_text(text, "utf-8")
