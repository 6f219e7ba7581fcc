"""The minutes an item is given against an estimate of what it needs (L25)."""

from __future__ import annotations

from collections.abc import Iterator

from sjt.authoring.desk import WARNING, Desk, rule
from sjt.authoring.finding import Finding
from sjt.authoring.model import Format, Item, Scenario
from sjt.authoring.prose import word_count

READ_WORDS_PER_MINUTE = 200
DECIDE = {
    Format.RANK: 0.25,
    Format.RATE: 0.15,
    Format.CHOOSE: 0.12,
    Format.MOST_LEAST: 0.12,
    Format.SINGLE: 0.12,
}
"""Minutes an option; ranking, rating and choosing as in sjt-science 2.4, the last two taken to be like choosing."""
WRITE_WORDS_PER_MINUTE = 25
"""Composing at a keyboard; a house default until sittings have been timed."""
TOLERANCE = 0.10
"""The estimate is rough; a shortfall of less than a tenth is not reported."""
GENEROUS = 2.5


def minutes_needed(scenario: Scenario, item: Item) -> float:
    """Estimate reading and deciding; the story is read with the first of its items."""
    text = word_count(item.ask) + sum(word_count(option.text) for option in item.options)
    if item == scenario.items[0]:
        text += word_count(scenario.story)
    if item.format is Format.WRITTEN:
        deciding = (item.max_words or 0) / WRITE_WORDS_PER_MINUTE
    else:
        deciding = DECIDE[item.format] * len(item.options)
    return text / READ_WORDS_PER_MINUTE + deciding


@rule("L25", "The minutes given are what reading and deciding need")
def time_given(desk: Desk) -> Iterator[Finding]:
    for scenario, item in desk.items():
        needed = minutes_needed(scenario, item)
        if needed > item.minutes * (1 + TOLERANCE):
            yield desk.on(
                "L25", WARNING, scenario, f"{item.id} is given {item.minutes:g} minutes and needs about {needed:.1f}.",
                f"Give it {needed:.1f}, or shorten the text.", "minutes", item=item,
            )  # fmt: skip
        elif item.minutes > GENEROUS * needed:
            yield desk.on(
                "L25", WARNING, scenario, f"{item.id} is given {item.minutes:g} minutes and needs about {needed:.1f}.",
                f"Give it about {needed:.1f}.", "minutes", item=item,
            )  # fmt: skip
