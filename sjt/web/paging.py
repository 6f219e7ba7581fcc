"""A long list, one page at a time: which rows show, and the address of another page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from flask import request, url_for

PAGE_ROWS: Final = 100
"""More rows than these are parted: a page of them is read in one go and drawn in well under a second."""
Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Shown(Generic[Row]):
    """One page of a list."""

    rows: Sequence[Row]
    number: int
    pages: int
    total: int

    @property
    def first(self) -> int:
        return (self.number - 1) * PAGE_ROWS + 1 if self.total else 0

    @property
    def last(self) -> int:
        return self.first + len(self.rows) - 1 if self.total else 0


def page_of(rows: Sequence[Row], number: int, size: int = PAGE_ROWS) -> Shown[Row]:
    """Cut one page out of a list; a number beyond the ends gives the nearest page there is."""
    pages = max(1, -(-len(rows) // size))
    at = min(max(1, number), pages)
    return Shown(rows[(at - 1) * size : at * size], at, pages, len(rows))


def shown(rows: Sequence[Row]) -> Shown[Row]:
    """Cut the page that the address asks for."""
    return page_of(rows, request.args.get("page", 1, type=int))


def turned_to(number: int) -> str:
    """Give the address of another page of the list that shows, its filters kept."""
    values: dict[str, object] = {**request.args.to_dict(flat=False), **(request.view_args or {})}
    return url_for(str(request.endpoint), **{**values, "page": number})  # type: ignore[arg-type]  # lists are taken too


def named(words: str, *texts: str) -> bool:
    """Tell whether every word that was looked for stands somewhere in the texts."""
    whole = " ".join(texts).casefold()
    return all(word in whole for word in words.casefold().split())
