"""Plots as SVG, drawn in the worker: one style, text as paths, the same bytes for the same data."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any, Final

import matplotlib

matplotlib.use("svg")
from matplotlib import pyplot as plt
from matplotlib.ticker import MaxNLocator

COLOURS: Final = ("#0a5a68", "#b4531a", "#593c9e", "#22529a", "#6b7078")
DASHES: Final[tuple[Any, ...]] = ("-", "-", (0, (6, 2)), (0, (4, 2, 1, 2)), (0, (1, 1.6)))
MARKERS: Final = ("o", "s", "^", "D", "v")
INK, MUTED, RULE = "#1c2127", "#545b64", "#dcd9d2"
STYLE: Final[Any] = {
    "svg.fonttype": "path",
    "svg.hashsalt": "sjt",
    "font.size": 10,
    "figure.figsize": (6.4, 3.6),
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.edgecolor": "#767c85",
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "grid.color": RULE,
    "grid.linewidth": 0.8,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "axes.titlesize": 11,
    "text.color": INK,
    "axes.labelcolor": MUTED,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "ytick.left": False,
    "figure.facecolor": "#ffffff",
}
GROUP_NAMES: Final = {5: ("Lowest", "2nd", "3rd", "4th", "Highest"), 3: ("Lowest", "Middle", "Highest")}
GROUP_WORD: Final = {5: "Fifth", 3: "Third"}


def _svg(figure: Any) -> str:
    out = io.StringIO()
    figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None}, bbox_inches="tight", pad_inches=0.08)
    plt.close(figure)
    return out.getvalue()


def traces(title: str, section: Mapping[str, Any], sizes: Sequence[int]) -> str | None:
    """Draw the share that chose each option, by group of candidates; intervals shade the first two lines."""
    if len(sizes) < 3:
        return None
    options = sorted(section["options"], key=lambda one: (not one["keyed"], -one["share"]))
    with matplotlib.rc_context(STYLE):
        figure, axes = plt.subplots()
        x = list(range(len(sizes)))
        ends: list[tuple[float, str, str]] = []
        for n, one in enumerate(options):
            main = n < 4
            colour = COLOURS[n] if main else COLOURS[4]
            y = [100 * value for value in one["trace"]]
            if n < 2:
                low, high = zip(*one["trace_ci"], strict=True)
                axes.fill_between(x, [100 * v for v in low], [100 * v for v in high], color=colour, alpha=0.15, lw=0)
            axes.plot(
                x,
                y,
                color=colour,
                linestyle=DASHES[min(n, 4)],
                marker=MARKERS[min(n, 4)],
                markersize=5 if main else 3.5,
                linewidth=1.8 if main else 1.1,
            )
            ends.append((y[-1], one["option"] + (", key" if one["keyed"] else ""), colour))
        top = max(max(100 * v for v in one["trace"]) for one in options)
        shaded = max((100 * b for one in options[:2] for _, b in one["trace_ci"]), default=top)
        axes.set_ylim(0, min(100, max(top, shaded) * 1.06 + 2))
        _direct_labels(axes, ends, x[-1])
        axes.set_xticks(x, GROUP_NAMES[len(sizes)])
        axes.set_xlim(-0.15, x[-1] + 0.75)
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0f} %")
        axes.set_xlabel(f"{GROUP_WORD[len(sizes)]} of candidates, by mark on the other items")
        axes.set_title(title)
        return _svg(figure)


def _direct_labels(axes: Any, ends: Sequence[tuple[float, str, str]], x: float) -> None:
    """Name each line at its end, nudged apart so that no two names touch."""
    low, high = axes.get_ylim()
    step = (high - low) / 16
    placed: list[float] = []
    for y, words, colour in sorted(ends, key=lambda end: end[0]):
        at = y if not placed else max(y, placed[-1] + step)
        placed.append(at)
        axes.annotate(words, (x, y), (x + 0.12, at), color=colour, va="center", fontweight="bold", fontsize=9.5)


def distribution(title: str, totals: Mapping[str, Any], cut: float | None, maximum: float) -> str:
    """Draw how many candidates got which total, with the pass mark."""
    scores, counts = totals["scores"], totals["counts"]
    span = max(scores) - min(scores)
    width = _bin_width(span, sum(counts))
    start = cut or 0.0  # a bar never straddles the pass mark
    bins: dict[float, int] = {}
    for score, count in zip(scores, counts, strict=True):
        at = start + ((score - start) // width) * width
        bins[at] = bins.get(at, 0) + count
    with matplotlib.rc_context(STYLE):
        figure, axes = plt.subplots()
        starts = sorted(bins)
        axes.bar(
            starts, [bins[s] for s in starts], width=width * 0.94, align="edge", color=COLOURS[0], edgecolor="white"
        )
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_xlabel(f"Total mark, of {maximum:g}" + (f" (bars of {width:g} marks)" if width > 1 else ""))
        axes.set_ylabel("Candidates")
        axes.set_ylim(0, max(bins.values()) * 1.14)
        if cut is not None:
            axes.axvline(cut, color=COLOURS[1], linewidth=1.8, linestyle=(0, (5, 2)))
            axes.set_xlim(min(starts[0], cut) - width, max(starts[-1] + width, cut) + width)
            axes.annotate(
                f"pass mark {cut:g}",
                (cut, axes.get_ylim()[1]),
                xytext=(5, -2),
                textcoords="offset points",
                color=COLOURS[1],
                va="top",
                fontweight="bold",
            )
        axes.set_title(title)
        return _svg(figure)


def _bin_width(span: float, n: int) -> float:
    bars = min(24.0, max(6.0, n / 4))
    return next((float(w) for w in (1, 2, 4, 5, 8, 10, 20, 25, 50) if span / w <= bars), 100.0)
