"""A long list is parted into pages, and a search takes words in any order."""

from __future__ import annotations

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from sjt.web.paging import named, page_of, shown, turned_to


@given(st.integers(0, 350), st.integers(1, 120))
def test_the_pages_of_a_list_hold_each_row_once_in_order(count: int, size: int) -> None:
    rows = list(range(count))
    first = page_of(rows, 1, size)
    assert [row for at in range(first.pages) for row in page_of(rows, at + 1, size).rows] == rows
    assert first.total == count


@pytest.mark.parametrize(("asked", "given_page"), [(-3, 1), (0, 1), (2, 2), (3, 2), (10**9, 2)])
def test_a_page_beyond_the_ends_gives_the_nearest(asked: int, given_page: int) -> None:
    assert page_of(list(range(132)), asked).number == given_page


def test_a_page_names_its_first_and_last_row() -> None:
    last = page_of(list(range(132)), 2)
    assert (last.first, last.last, last.pages) == (101, 132, 2)
    assert (page_of([], 1).first, page_of([], 1).last) == (0, 0)


def test_another_page_keeps_the_filters_of_the_address() -> None:
    app = Flask("list")
    app.add_url_rule("/people/<town>", "people", lambda town: town)
    with app.test_request_context("/people/Leeds?show=waiting&q=an&page=1"):
        assert shown(list(range(132))).number == 1
        assert turned_to(2) == "/people/Leeds?show=waiting&q=an&page=2"
    with app.test_request_context("/people/Leeds?page=two"):
        assert shown(list(range(132))).number == 1


def test_a_search_finds_every_word_in_any_order_and_case() -> None:
    assert named("evans AMARA", "Amara", "Evans")
    assert named("", "Amara")
    assert not named("amara smith", "Amara", "Evans")
