"""The drift page's evidence of a leak: easier and quicker at once, beyond the cohort."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import numpy as np

from sjt.analysis.study_leaks import beside

START = datetime(2026, 5, 4, 9, tzinfo=UTC)
ITEMS = [f"i{j}" for j in range(8)]


def sitting(times: Any) -> Any:
    moments = START + np.cumsum([timedelta(seconds=float(second)) for second in times])
    answers = {item: SimpleNamespace(item=item, last_at=at) for item, at in zip(ITEMS, moments)}
    return SimpleNamespace(started_at=START, answers=answers)


def cohort(rng: Any, n: int, *, leaked: bool) -> tuple[Any, Any]:
    """Marks out of 20 and seconds; 40 % know the first item; the whole cohort is better and quicker than the last."""
    marks = rng.normal(13 + 2 * leaked, 3, (n, len(ITEMS))).clip(0, 20)
    times = rng.lognormal(4 - 0.2 * leaked, 0.25, (n, len(ITEMS)))
    knows = rng.random(n) < 0.4 * leaked
    marks[knows, 0], times[knows, 0] = 19, times[knows, 0] * 0.5
    return marks, times


def test_an_item_that_came_to_be_answered_better_and_quicker_stands_on_the_drift_page() -> None:
    rng = np.random.default_rng(4)
    old, old_times = cohort(rng, 120, leaked=False)
    before = [{item: (mark / 20, second) for item, mark, second in zip(ITEMS, *pair)} for pair in zip(old, old_times)]
    marks, times = cohort(rng, 90, leaked=True)
    data: Any = SimpleNamespace(
        items=ITEMS, marks=marks, maxima=np.full(8, 20.0), n=90, titles={}, sittings=[sitting(one) for one in times],
        own_forms=False,
    )  # fmt: skip
    found: dict[str, Any] = beside({"verdict": [], "sections": [], "notes": [], "pictures": {}}, data, before)
    (part,) = found["sections"]
    assert [row[0] for row in part["rows"]] == ["i0"]
    assert "evidence to weigh, not a finding" in found["verdict"][0] and not found["notes"]
    untimed = [{item: (share, None) for item, (share, _) in one.items()} for one in before]
    found = beside({"verdict": [], "sections": [{}], "notes": [], "pictures": {}}, data, untimed)
    assert "rest on marks alone" in found["notes"][0]
    found = beside({"verdict": [], "sections": [{}], "notes": [], "pictures": {}}, data, before[:9])
    assert len(found["sections"]) == 1 and "10 answers before" in found["notes"][0]
    # forms of their own: everybody met five of the eight items, and no item but the leaked moved
    marks[np.arange(90)[:, None], np.argsort(rng.random((90, 7)), axis=1)[:, :3] + 1] = np.nan
    data.own_forms = True
    found = beside({"verdict": [], "sections": [], "notes": [], "pictures": {}}, data, before)
    assert "i0" in [row[0] for row in found["sections"][0]["rows"]]
    assert "Each of 90 candidates sat a form of their own, so items are compared and not forms" in found["notes"][0]
    assert "8 of 8 items have the 10 answers" in found["notes"][0]
