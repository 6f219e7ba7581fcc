"""What the pictures of the report promise a reader."""

from __future__ import annotations

import itertools
import re

from sjt.psychometrics.plots import item_map

NAME = re.compile(r'text-anchor: (\w+);[^"]*" x="([\d.]+)" y="([\d.]+)"[^>]*>(S\d+WantShout)</text>')


def test_no_name_on_the_map_of_items_covers_another() -> None:
    rows = [
        {"item": f"S{k}WantShout", "facility": 0.2 + 0.01 * k, "r": 0.4 + 0.005 * k, "flagged": True} for k in range(12)
    ]
    boxes = []
    for side, x, y, name in NAME.findall(item_map("map", rows, {"item_rest": 0.1})):
        wide = 4.8 * len(name)
        left = float(x) - {"start": 0.0, "middle": wide / 2, "end": wide}[side]
        boxes.append((left, float(y) - 7, left + wide, float(y)))
    assert len(boxes) >= 4
    for a, b in itertools.combinations(boxes, 2):
        assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1], (a, b)
