"""What is known of every item of the bank, read once for each content of the bank and each hand-over of statistics."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from sqlmodel import Session

from sjt.authoring import banked, store
from sjt.authoring.states import Statistic
from sjt.authoring.the_bank import current_row, reading

KEPT = 2
_known: dict[tuple[str, int], Mapping[str, tuple[Statistic, ...]]] = {}


def statistics(session: Session) -> Mapping[str, tuple[Statistic, ...]]:
    """Give the statistics of each item that has any: the bank's own files first, then what rooms recorded."""
    row = current_row(session)
    mark = (row.sha256, store.statistics_recorded(session, row.id))  # rows are added and never changed
    found = _known.get(mark)
    if found is None:
        by_item: dict[str, list[Statistic]] = defaultdict(list)
        for name, text in banked.in_folder(reading(session, row.id).files, banked.FOLDER).items():
            for one in banked.read_statistics(text, name):
                by_item[one.item].append(one)
        for held in store.recorded_statistics(session, row.id):
            by_item[held.item].append(
                Statistic(held.item, held.scenario_sha256, held.name, held.value, held.se, held.n, held.source,
                          held.date)
            )  # fmt: skip
        found = {item: tuple(dict.fromkeys(rows)) for item, rows in by_item.items()}
        while len(_known) >= KEPT:
            _known.pop(next(iter(_known)))
        _known[mark] = found
    return found
