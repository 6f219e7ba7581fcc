"""Deals are seeded, even, honour pins and blocks, and keep neighbours apart."""

from __future__ import annotations

import hashlib
import itertools
import math
from collections import Counter
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2

from sjt.authoring.snapshot import Format, Paper, PaperItem, PaperOption, PaperScenario
from sjt.delivery.dealing import Chance, Deal, clashes, deal, order_of, permutation


def chi_square_p(counts: Counter[object], cells: int, draws: int) -> float:
    expected = draws / cells
    statistic = sum((n - expected) ** 2 for n in counts.values()) / expected + (cells - len(counts)) * expected
    return float(chi2.sf(statistic, cells - 1))


def a_paper(blocks: dict[Format, int]) -> Paper:
    scenarios = []
    for kind, n in blocks.items():
        for k in range(n):
            name = f"{kind.value}-{k}"
            options = tuple(PaperOption(letter, letter, pinned=letter == "E") for letter in "ABCDE")
            item = PaperItem(f"{name}-a", kind, "?", () if kind is Format.WRITTEN else options)
            scenarios.append(PaperScenario(name, name, name, (item,)))
    return Paper("f1", "t", "s", 60, tuple(scenarios))


def test_every_order_of_four_is_equally_likely_over_10000_draws() -> None:
    counts: Counter[object] = Counter(permutation(f"s{n}", ["A", "B", "C", "D"]) for n in range(10_000))
    assert chi_square_p(counts, 24, 10_000) > 0.001


def test_each_free_option_stands_equally_often_at_each_place_beside_a_pinned_one() -> None:
    for place in (0, 1, 2, 3):
        counts: Counter[object] = Counter(
            permutation(f"x{n}", ["A", "B", "C", "D", "E"], {"E"})[place] for n in range(10_000)
        )
        assert chi_square_p(counts, 4, 10_000) > 0.001


def test_forms_are_dealt_evenly_over_10000_seats() -> None:
    counts: Counter[object] = Counter(deal(f"d{n}", ["1"], ["a", "b", "c", "d"], [])["1"] for n in range(10_000))
    assert chi_square_p(counts, 4, 10_000) > 0.001


@given(st.text(max_size=8), st.lists(st.text(min_size=1, max_size=3), unique=True, max_size=9), st.data())
def test_a_permutation_keeps_its_ids_and_its_pins(seed: str, ids: list[str], data: st.DataObject) -> None:
    pins = data.draw(st.sets(st.sampled_from(ids))) if ids else set()
    found = permutation(seed, ids, pins)
    assert sorted(found) == sorted(ids)
    assert all(found.index(name) == ids.index(name) for name in pins)
    assert found == permutation(seed, ids, pins)


def test_a_pin_may_name_another_place() -> None:
    assert permutation("s", ["A", "B", "C"], {"A": 2})[2] == "A"


def test_two_ids_pinned_to_one_place_are_refused() -> None:
    with pytest.raises(ValueError, match="pinned"):
        permutation("s", ["A", "B"], {"A": 1, "B": 1})


def test_the_stream_is_the_same_on_every_machine() -> None:
    # The first draw again from hashlib alone: seven bits of the first block, rejected while they are 100 or more.
    pool = int.from_bytes(hashlib.sha256(b"sjt.dealing/1\x1f1:a" + bytes(8)).digest(), "big")
    draws = [pool >> (256 - 7 * (k + 1)) & 127 for k in range(36)]
    stream = Chance("a")
    assert [stream.below(100) for _ in range(20)] == [draw for draw in draws if draw < 100][:20]
    assert permutation("seed-1", list("ABCDEFGH")) == permutation("seed-1", list("HGFEDCBA"))


def test_scenarios_stay_inside_their_format_block() -> None:
    paper = a_paper({Format.RANK: 5, Format.CHOOSE: 4, Format.WRITTEN: 2})
    dealt = order_of("s", "sitting-1", paper)
    kinds = [name.rsplit("-", 1)[0] for name in dealt.scenarios]
    assert kinds == ["rank"] * 5 + ["choose"] * 4 + ["written"] * 2
    assert all(order[4] == "E" for order in dealt.options.values())
    assert set(dealt.options) == {item.id for item in paper.items() if item.options}


def test_a_neighbour_never_has_the_same_order() -> None:
    paper = a_paper({Format.RANK: 3})
    for n in range(200):
        first = order_of("s", f"a{n}", paper)
        second = order_of("s", f"b{n}", paper, avoid=[first])
        assert first.scenarios != second.scenarios
        assert first.options != second.options


def grid(rows: int, columns: int) -> tuple[list[str], list[tuple[str, str]]]:
    seats = [f"{r}:{c}" for r in range(rows) for c in range(columns)]
    across = [(f"{r}:{c}", f"{r}:{c + 1}") for r in range(rows) for c in range(columns - 1)]
    down = [(f"{r}:{c}", f"{r + 1}:{c}") for r in range(rows - 1) for c in range(columns)]
    return seats, across + down


@given(st.integers(1, 7), st.integers(1, 7), st.integers(2, 5), st.text(max_size=5))
def test_neighbours_in_rows_and_columns_never_share_a_form(rows: int, columns: int, n: int, seed: str) -> None:
    seats, beside = grid(rows, columns)
    forms = [f"f{k}" for k in range(n)]
    dealt = deal(seed, seats, forms, beside)
    assert clashes(dealt, beside) == []
    assert dealt == deal(seed, list(reversed(seats)), forms[::-1], beside)


@given(st.integers(1, 60), st.integers(1, 4), st.text(max_size=5), st.data())
@settings(max_examples=60, deadline=None)
def test_in_a_room_of_any_size_no_neighbours_share_a_permutation_nor_a_form_where_there_are_two(
    seats: int, forms: int, seed: str, data: st.DataObject
) -> None:
    numbers = [str(n) for n in range(1, seats + 1)]
    beside = list(itertools.pairwise(numbers))
    names = [f"f{n}" for n in range(forms)]
    dealt = deal(seed, numbers, names, beside)
    assert len(clashes(dealt, beside)) == (seats - 1 if forms == 1 else 0)
    counts = Counter(dealt.values())
    assert max(counts.values()) - min(counts.get(name, 0) for name in names) <= 1 + seats // 10
    paper = a_paper({Format.RANK: data.draw(st.integers(2, 4)), Format.CHOOSE: 2})
    orders: list[Deal] = []
    entered = data.draw(st.permutations(range(seats))) if seats < 8 else list(range(seats))
    by_seat: dict[int, Deal] = {}
    for seat in entered:
        near = [by_seat[one] for one in (seat - 1, seat + 1) if one in by_seat]
        by_seat[seat] = order_of(seed, f"sitting-{seat}", paper, near)
    orders = [by_seat[seat] for seat in range(seats)]
    for one, other in itertools.pairwise(orders):
        assert (one.scenarios, one.options) != (other.scenarios, other.options)
        assert one.options != other.options


@given(st.integers(2, 60), st.integers(3, 4), st.text(max_size=5), st.data())
@settings(max_examples=60, deadline=None)
def test_a_resit_with_one_form_left_pushes_no_neighbour_into_a_clash(
    seats: int, forms: int, seed: str, data: st.DataObject
) -> None:
    numbers = [str(n) for n in range(1, seats + 1)]
    beside = list(itertools.pairwise(numbers))
    names = [f"f{n}" for n in range(forms)]
    # resits sit apart; two of them side by side with one and the same form left could not but share it
    resits = [n for n in data.draw(st.sets(st.sampled_from(numbers), max_size=6)) if int(n) % 2 == 0]
    allowed = {seat: [data.draw(st.sampled_from(names))] for seat in resits}
    dealt = deal(seed, numbers, names, beside, allowed=allowed)
    assert all(dealt[seat] == allowed[seat][0] for seat in resits)
    assert clashes(dealt, beside) == []
    later = deal(seed, numbers, names, beside, allowed=allowed, fixed={one: dealt[one] for one in numbers[::3]})
    assert all(later[one] == dealt[one] for one in numbers[::3])
    assert clashes(later, beside) == []


def test_two_orders_for_three_neighbours_still_differ_as_a_whole() -> None:
    """A block of two scenarios has two orders: between two neighbours only the options can tell papers apart."""
    paper = a_paper({Format.RANK: 2})
    for n in range(50):
        left = order_of("s", f"l{n}", paper)
        right = order_of("s", f"r{n}", paper, [left])
        middle = order_of("s", f"m{n}", paper, [left, right])
        assert (middle.scenarios, middle.options) not in (
            (left.scenarios, left.options),
            (right.scenarios, right.options),
        )


def test_a_trial_scenario_stands_at_every_place_of_its_block_alike() -> None:
    """Delivery never learns which scenario is on trial, so each one's place is spread evenly over its block."""
    paper = a_paper({Format.RANK: 4, Format.CHOOSE: 3})
    for name in ("rank-0", "rank-3"):
        counts: Counter[object] = Counter(order_of("s", f"x{n}", paper).scenarios.index(name) for n in range(4_000))
        assert set(counts) == {0, 1, 2, 3}
        assert chi_square_p(counts, 4, 4_000) > 0.001


def test_four_forms_serve_a_room_with_diagonal_neighbours_nearly_evenly() -> None:
    seats, beside = grid(6, 6)
    beside += [(f"{r}:{c}", f"{r + 1}:{c + 1}") for r in range(5) for c in range(5)]
    beside += [(f"{r}:{c + 1}", f"{r + 1}:{c}") for r in range(5) for c in range(5)]
    shared = [len(clashes(deal(f"s{n}", seats, ["a", "b", "c", "d"], beside), beside)) for n in range(20)]
    assert sum(shared) <= 20
    counts = Counter(deal("s", seats, ["a", "b", "c", "d"], beside).values())
    assert max(counts.values()) - min(counts.values()) <= 4


def test_one_form_for_a_whole_room_is_dealt_and_its_clashes_named() -> None:
    dealt = deal("s", ["1", "2"], ["only"], [("1", "2")])
    assert dealt == {"1": "only", "2": "only"}
    assert clashes(dealt, [("1", "2")]) == [("1", "2")]


def test_draws_below_a_number_are_even_where_it_is_no_power_of_two() -> None:
    stream = Chance("even")
    counts: Counter[object] = Counter(stream.below(6) for _ in range(12_000))
    assert chi_square_p(counts, 6, 12_000) > 0.001
    assert math.factorial(4) == len(list(permutations("ABCD")))
