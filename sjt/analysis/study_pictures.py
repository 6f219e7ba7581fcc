"""Pictures of the closer studies, in the style of analysis' other plots."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib

from sjt.analysis.pictures import COLOURS, DASHES, STYLE, _direct_labels, _svg

matplotlib.use("svg")
from matplotlib import pyplot as plt  # the backend is chosen first


def curves(title: str, x: Any, lines: Sequence[tuple[str, Any]], across: str) -> str:
    """Draw curves over one scale, each named at its end."""
    with matplotlib.rc_context(STYLE):
        figure, axes = plt.subplots()
        ends = []
        for n, (name, y) in enumerate(lines):
            colour = COLOURS[min(n, 4)]
            axes.plot(x, y, color=colour, linestyle=DASHES[min(n, 4)], linewidth=1.8)
            ends.append((float(y[-1]), name, colour))
        axes.set_ylim(0, None)
        axes.set_xlim(float(x[0]), float(x[-1]) + 0.28 * (float(x[-1]) - float(x[0])))
        _direct_labels(axes, ends, float(x[-1]))
        axes.set_xticks([v for v in range(-4, 5, 2) if x[0] <= v <= x[-1]])
        axes.set_xlabel(across)
        axes.set_title(title)
        return _svg(figure)


def changes(title: str, rows: Sequence[tuple[str, float, float, bool]], across: str) -> str:
    """Draw estimates with their 95 % intervals, one line each, marked ones filled."""
    with matplotlib.rc_context(STYLE):
        figure, axes = plt.subplots(figsize=(6.4, max(2.2, 0.26 * len(rows) + 1.0)))
        for n, (_, value, se, marked) in enumerate(rows):
            colour = COLOURS[1] if marked else COLOURS[0]
            axes.plot([value - 1.96 * se, value + 1.96 * se], [n, n], color=colour, linewidth=1.4)
            axes.plot([value], [n], "D" if marked else "o", color=colour, markersize=5)
        axes.axvline(0, color="#767c85", linewidth=1)
        axes.set_yticks(range(len(rows)), [name for name, *_ in rows])
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.grid(axis="y", visible=False)
        axes.grid(axis="x", visible=True)
        axes.set_xlabel(across)
        axes.set_title(title)
        return _svg(figure)
