"""Pictures of the report: one style, SVG with text in the page's own font, the same bytes for the same data."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

COLOURS = ("#0a5a68", "#b4531a", "#593c9e", "#22529a", "#6b7078")
DASHES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (1, 1.5)), (0, (6, 2, 1, 2)), (0, (3, 1.5)))
MARKERS = ("o", "s", "^", "D", "v")
INK, GRID = "#23282d", "#d8dcdf"


@contextmanager
def plot_style(salt: str) -> Iterator[Any]:
    """Set the house style for one figure and hand over ``pyplot``'s module-free figure class."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    style: dict[Any, Any] = {
        "svg.fonttype": "none",
        "svg.hashsalt": salt,
        "figure.figsize": (6.4, 3.6),
        "font.size": 10,
        "axes.edgecolor": GRID,
        "axes.labelcolor": INK,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.spines.left": False,
        "axes.grid": True,
        "axes.grid.axis": "y",
        "axes.axisbelow": True,
        "grid.color": GRID,
        "grid.linewidth": 0.7,
        "xtick.color": INK,
        "ytick.color": INK,
        "xtick.major.size": 0,
        "ytick.major.size": 0,
        "text.color": INK,
        "lines.linewidth": 1.8,
        "lines.markersize": 5,
    }
    with mpl.rc_context(style):
        yield Figure


def to_svg(figure: Any, salt: str) -> str:
    """Write a figure as an SVG element whose ids are its own and whose font is the page's, to stand among others."""
    out = io.StringIO()
    figure.savefig(out, format="svg", bbox_inches="tight", metadata={"Date": None, "Creator": None})
    text = out.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    prefix = "f" + re.sub(r"\W", "_", salt) + "-"
    text = re.sub(r'\bid="', f'id="{prefix}', text)
    text = re.sub(r'(xlink:href|href)="#', rf'\1="#{prefix}', text)
    text = text.replace("url(#", f"url(#{prefix}")
    # laid out in matplotlib's own font, which is wider, and shown in the page's: nothing is cut off
    text = re.sub(r"font-family: [^;\"]*; ?", "", text)
    return re.sub(
        r'<svg[^>]*viewBox="([^"]+)"[^>]*>', r'<svg viewBox="\1" aria-hidden="true" focusable="false">', text, count=1
    )


def _nudged(values: Sequence[float], gap: float) -> list[float]:
    """Move label positions apart by at least ``gap``, as little as need be, keeping their order."""
    order = np.argsort(values)
    placed = np.array(values, dtype=float)[order]
    for _ in range(200):
        close = np.diff(placed) < gap - 1e-9
        if not close.any():
            break
        for i in np.flatnonzero(close):
            push = (gap - (placed[i + 1] - placed[i])) / 2
            placed[i] -= push
            placed[i + 1] += push
    out = np.empty_like(placed)
    out[order] = placed
    return [float(value) for value in out]


def trace(
    salt: str,
    labels: Sequence[str],
    shares: Sequence[Sequence[float | None]],
    *,
    unit: str,
    limits: tuple[float, float] | None = None,
) -> str:
    """Option (or mark) traces over score groups: one line each, labelled at its end.

    Parameters
    ----------
    salt : str
        Name of the figure, for its ids.
    labels : sequence of str
        One for each line.
    shares : sequence
        For each line its value in every score group; None where the group is empty.
    unit : str
        ``%`` for shares (0 to 1), else the axis label.
    limits : tuple of float, optional
        Ends of the vertical axis, for a mean on a scale with ends of its own.
    """
    groups = len(shares[0])
    scale = 100 if unit == "%" else 1
    with plot_style(salt) as figure_class:
        figure = figure_class()
        axes = figure.subplots()
        ends = []
        for index, share in enumerate(shares):
            y = [np.nan if value is None else value * scale for value in share]
            known = [value for value in y if value == value]
            axes.plot(
                range(1, groups + 1),
                y,
                color=COLOURS[index % 5],
                linestyle=DASHES[(index + index // 5) % 5],
                marker=MARKERS[(index + index // 5) % 5],
            )
            ends.append(known[-1] if known else 0.0)
        if unit == "%":
            most = max((100 * value for share in shares for value in share if value is not None), default=100.0)
            top = 100 if most > 75 else 75 if most > 50 else 50
            axes.set_ylim(-0.03 * top, 1.03 * top)
            axes.set_yticks(range(0, top + 1, 25), [f"{tick} %" for tick in range(0, top + 1, 25)])
            axes.set_ylabel("Share of the group")
        else:
            axes.set_ylabel(unit)
            if limits is not None:
                axes.set_ylim(*limits)
        low, high = axes.get_ylim()
        for index, (label, at) in enumerate(zip(labels, _nudged(ends, (high - low) * 0.062))):
            axes.annotate(
                label, (groups + 0.08, at), color=COLOURS[index % 5], va="center", fontsize=9, annotation_clip=False
            )
        names = {1: ["all"], 3: ["lowest third", "middle", "highest third"]}.get(
            groups, ["lowest fifth", "second", "middle", "fourth", "highest fifth"]
        )
        axes.set_xticks(range(1, groups + 1), names[:groups])
        axes.set_xlabel("Candidates grouped by total score")
        axes.set_xlim(0.8, groups + 0.2)
        return to_svg(figure, salt)


def histogram(salt: str, scores: Sequence[float], counts: Sequence[int], cut: float | None) -> str:
    """Distribution of totals, with the pass mark."""
    values = np.repeat(np.array(scores), np.array(counts))
    width = float(max(1.0, np.ceil((values.max() - values.min() + 1) / 40)))
    with plot_style(salt) as figure_class:
        figure = figure_class()
        axes = figure.subplots()
        # no bar stands on both sides of the pass mark
        edge = cut if cut is not None else 0.0
        first = edge + np.floor((values.min() - edge) / width) * width
        edges = first + width * np.arange(int((values.max() - first) // width) + 2)
        n, _ = np.histogram(values, bins=edges)
        axes.bar(edges[:-1], n, width=width * 0.92, align="edge", color=COLOURS[0])
        axes.axhline(0, color=INK, linewidth=0.8)
        if cut is not None:
            axes.axvline(cut, color=COLOURS[1], linestyle=DASHES[1])
            axes.annotate(
                f"pass mark {cut:g}",
                (cut, axes.get_ylim()[1]),
                xytext=(4, 0),
                textcoords="offset points",
                color=COLOURS[1],
                va="top",
                fontsize=9,
            )
        axes.yaxis.get_major_locator().set_params(integer=True)
        axes.set_ylabel("Candidates")
        axes.set_xlabel("Total, marks")
        return to_svg(figure, salt)


PLACES = ((5, 3, "left"), (-5, 3, "right"), (5, -9, "left"), (-5, -9, "right"), (0, 8, "center"), (0, -14, "center"))
"""Where a name may stand beside its point, in points, tried in turn."""


def _names(axes: Any, rows: Sequence[Mapping[str, Any]]) -> None:
    """Name the flagged items, each where it covers no other name nor point; with no such place, not at all."""
    scale = axes.figure.dpi / 72
    axes.autoscale_view()  # until it is asked to, a plot has no scale to place names by

    def at(row: Mapping[str, Any]) -> tuple[float, float]:
        x, y = axes.transData.transform((100 * row["facility"], row["r"]))
        return float(x) / scale, float(y) / scale

    taken = [(x - 3, y - 3, x + 3, y + 3) for x, y in map(at, rows)]
    for row in rows:
        if not row["flagged"]:
            continue
        (x, y), wide, high = at(row), 5.4 * len(row["item"]), 8.0
        for dx, dy, side in PLACES:
            left = x + dx - {"left": 0.0, "center": wide / 2, "right": wide}[side]
            box = (left, y + dy, left + wide, y + dy + high)
            if all(box[2] < a or c < box[0] or box[3] < b or d < box[1] for a, b, c, d in taken):
                axes.annotate(
                    row["item"],
                    (100 * row["facility"], row["r"]),
                    xytext=(dx, dy),
                    textcoords="offset points",
                    ha=side,
                    fontsize=8,
                    color=COLOURS[1],
                )
                taken.append(box)
                break


def item_map(salt: str, rows: Sequence[Mapping[str, Any]], limits: Mapping[str, float]) -> str:
    """Facility against item-rest correlation, flagged items named."""
    known = [row for row in rows if row["facility"] is not None and row["r"] is not None]
    with plot_style(salt) as figure_class:
        figure = figure_class(figsize=(6.4, 4.2))
        axes = figure.subplots()
        axes.axhline(0, color=INK, linewidth=0.8)
        axes.axhline(limits["item_rest"], color=COLOURS[1], linestyle=DASHES[1], linewidth=1)
        for flagged, colour, marker in ((False, COLOURS[0], "o"), (True, COLOURS[1], "s")):
            part = [row for row in known if bool(row["flagged"]) == flagged]
            axes.plot(
                [100 * row["facility"] for row in part], [row["r"] for row in part], marker, color=colour, alpha=0.85
            )
        _names(axes, known)
        axes.annotate(
            f"limit {limits['item_rest']:.2f}",
            (1.01, limits["item_rest"]),
            xycoords=("axes fraction", "data"),  # beside the plot, where no point is
            va="center",
            fontsize=8,
            color=COLOURS[1],
        )
        axes.set_xlabel("Facility, % of the marks")
        axes.set_ylabel("Item-rest correlation")
        return to_svg(figure, salt)


def line(salt: str, x: Sequence[float], y: Sequence[float], labels: tuple[str, str]) -> str:
    """One line, its area to zero shaded."""
    with plot_style(salt) as figure_class:
        figure = figure_class(figsize=(6.4, 2.8))
        axes = figure.subplots()
        axes.plot(x, y, color=COLOURS[0])
        axes.fill_between(x, 0, y, color=COLOURS[0], alpha=0.15, linewidth=0)
        axes.set_ylim(bottom=0)
        axes.set_xlabel(labels[0])
        axes.set_ylabel(labels[1])
        return to_svg(figure, salt)
