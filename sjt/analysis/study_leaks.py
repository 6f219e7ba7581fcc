"""Evidence of a leak beside the drift: items that came to be answered both better and quicker; never a verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sjt.analysis.sections import chance, counted, number, per_cent, section
from sjt.analysis.study_data import Data, seconds
from sjt.psychometrics.leaks import LEAST, leaks

Before = Sequence[Mapping[str, tuple[float, float | None]]]
MOST_ROWS = 12
FEWEST_ITEMS = 5
"""Items under which what all of them share, and how much cohorts differ item by item, cannot be told."""
LEAD = (
    "More marks and less time than before, both beyond what all items share and beyond each candidate's own pace. "
    "p is one-sided; one sound item in a hundred is shown here in vain. Teaching or a story in the news looks the "
    "same: compare with who sat where and when, and put the scenario aside only by people's decision."
)


def beside(found: dict[str, Any], data: Data, before: Before) -> dict[str, Any]:
    """Add the section on leaks to a study of drift; says why where nothing can be told."""
    counts = {item: sum(item in one for one in before) for item in data.items}
    marks = data.marks
    shared = [
        (item, j)
        for j, item in enumerate(data.items)
        if counts[item] >= LEAST and np.isfinite(marks[:, j]).sum() >= LEAST
    ]
    if len(shared) < FEWEST_ITEMS:
        if data.own_forms:
            found["notes"].append(_apart(data, len(shared)))
        if found["sections"]:
            found["notes"].append(
                f"Signs of a leak are looked for from {counted(FEWEST_ITEMS, 'item')} on with {LEAST} answers before "
                "and now."
            )
        return found
    if data.own_forms:
        found["notes"].append(_apart(data, len(shared)))
    at = [j for _, j in shared]
    old = np.array([[one[item][0] if item in one else np.nan for item, _ in shared] for one in before])
    old_time = np.array(
        [[_time(one.get(item)) for item, _ in shared] for one in before],
    )
    new, new_time = marks[:, at] / data.maxima[at], seconds(data)[:, at]
    timed = all((np.isfinite(x).sum(axis=0) >= LEAST).sum() >= FEWEST_ITEMS for x in (old_time, new_time))
    result = leaks(old, new, np.ones(len(at)), old_time if timed else None, new_time if timed else None)
    order = [int(n) for n in np.argsort(np.nan_to_num(result.p, nan=1.0), kind="stable")]
    shown = [n for n in order if result.flagged[n]][:MOST_ROWS]
    rows = [
        [
            shared[n][0],
            data.titles.get(shared[n][0], ""),
            f"{counts[shared[n][0]]}, {int(np.isfinite(new[:, n]).sum())}",
            number(float(result.rise[n]), sign=True),
            per_cent(float(1 - np.exp(-result.fall[n]))) if np.isfinite(result.fall[n]) else "–",
            chance(float(result.p[n])),
            chance(float(result.q[n])),
        ]
        for n in shown
    ]
    found["sections"].append(
        section(
            "Better and quicker than before",
            ["Item", "Scenario", "n before, now", "Facility gained", "Time saved", "p", "False discovery rate"],
            rows,
            numbers=(2, 3, 4, 5, 6),
            lead=LEAD,
            empty=f"No item of {len(shared)} is answered so much better and quicker than the others that chance would "
            "bring it less than once in a hundred.",
        )
    )
    if not timed:
        found["notes"].append("Too few answers carry times of their own: signs of a leak rest on marks alone.")
    flagged = int(result.flagged.sum())
    words = counted(len(shared), "item")
    found["verdict"].append(
        f"{flagged} of {words} {'shows' if flagged == 1 else 'show'} signs of having become known: evidence to weigh, "
        "not a finding."
        if flagged
        else f"None of {words} shows signs of having become known."
    )
    return found


def _apart(data: Data, told: int) -> str:
    """Say what forms of one's own leave to be compared."""
    met = np.isfinite(data.marks).sum(axis=0)
    return (
        f"Each of {data.n} candidates sat a form of their own, so items are compared and not forms: an item was met by "
        f"{int(np.median(met))} of them in the middle (from {int(met.min())} to {int(met.max())}). {told} of "
        f"{counted(len(data.items), 'item')} {'has' if told == 1 else 'have'} the {LEAST} answers before and now that "
        "signs of a leak need; of the others nothing can be told. Whoever never met an item that leaked is untouched."
    )


def _time(cell: tuple[float, float | None] | None) -> float:
    return np.nan if cell is None or cell[1] is None else cell[1]
