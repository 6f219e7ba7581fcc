"""Properties that hold for every key and every response."""

from fractions import Fraction
from itertools import combinations, permutations, product
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sjt.psychometrics.chance import FormItem, form_chance, total_distribution
from sjt.psychometrics.consensus import compare_profiles, stretched
from sjt.psychometrics.scoring import Counted, bind, cut_applied, form_total, score

NAMES = "ABCDEFGH"
NEAR_MISS = {"matrices": {"m": {"by_distance": [4, 2, 0, 0]}}}


def seen(*values: object) -> tuple[object, ...]:
    """Values to compare with plain numbers, whatever number type they have."""
    return values


@st.composite
def orders(draw: st.DrawFn, least: int = 2, most: int = 6) -> list[list[str]]:
    """A key: options in tied groups."""
    options = draw(st.permutations(list(NAMES[: draw(st.integers(least, most))])))
    groups: list[list[str]] = [[]]
    for name in options:
        apart: bool = draw(st.booleans())
        if groups[-1] and apart:
            groups.append([])
        groups[-1].append(name)
    return groups


def flat(key: list[list[str]]) -> list[str]:
    return sorted(name for group in key for name in group)


@given(orders(), st.data())
def test_rank_marks_stay_between_zero_and_the_maximum(key: list[list[str]], data: st.DataObject) -> None:
    options = flat(key)
    n = len(options)
    response = {name: data.draw(st.none() | st.integers(1, n)) for name in options}
    result = score("rank_distance@1", {"order": key}, response, options=options)
    assert result.marks is not None
    assert result.total is not None
    assert all(0 <= mark <= n - 1 for mark in result.marks.values())
    assert result.total == sum(result.marks.values()) <= result.max == n * (n - 1)
    given_ranks = [rank for rank in response.values() if rank is not None]
    for name, rank in response.items():
        if rank is None or given_ranks.count(rank) > 1:
            assert result.marks[name] == 0


@given(orders(), st.data())
def test_a_tied_key_gives_the_best_of_all_its_allowed_orders(key: list[list[str]], data: st.DataObject) -> None:
    options = flat(key)
    response = {name: data.draw(st.none() | st.integers(1, len(options))) for name in options}
    best = max(
        score(
            "rank_distance@1", {"order": [name for group in parts for name in group]}, response, options=options
        ).total
        or Fraction(0)
        for parts in product(*(permutations(group) for group in key))
    )
    assert score("rank_distance@1", {"order": key}, response, options=options).total == best


@given(orders(), st.data())
def test_renaming_the_options_leaves_every_mark_unchanged(key: list[list[str]], data: st.DataObject) -> None:
    options = flat(key)
    response = {name: data.draw(st.none() | st.integers(1, len(options))) for name in options}
    renamed = dict(zip(options, data.draw(st.permutations(options)), strict=True))
    before = score("rank_distance@1", {"order": key}, response, options=options)
    after = score(
        "rank_distance@1",
        {"order": [[renamed[name] for name in group] for group in key]},
        {renamed[name]: rank for name, rank in response.items()},
        options=[renamed[name] for name in options],
    )
    assert after.total == before.total
    assert after.status == before.status
    assert after.marks == {renamed[name]: mark for name, mark in (before.marks or {}).items()}


@given(orders())
@settings(max_examples=25, deadline=None)
def test_chance_of_a_ranking_equals_counting_every_permutation(key: list[list[str]]) -> None:
    options = flat(key)
    rule = bind("rank_distance@1", {"order": key}, options=options)
    counted: dict[Fraction, Fraction] = {}
    everyone = list(permutations(range(1, len(options) + 1)))
    for ranks in everyone:
        total = rule.mark(dict(zip(options, ranks, strict=True))).total
        assert total is not None
        counted[total] = counted.get(total, Fraction(0)) + Fraction(1, len(everyone))
    assert rule.chance() == counted


@given(st.integers(1, 6), st.integers(1, 3), st.data())
def test_choosing_more_than_k_earns_nothing_and_order_never_matters(n: int, k: int, data: st.DataObject) -> None:
    options = list(NAMES[: n + 1])
    keyed = data.draw(st.lists(st.sampled_from(options), min_size=1, max_size=min(k, len(options)), unique=True))
    chosen = data.draw(st.lists(st.sampled_from(options), max_size=8))
    limit = min(k, len(options))
    key = {"key": keyed, "choose": limit}
    result = score("choose_k@1", key, chosen, options=options)
    shuffled = score("choose_k@1", key, data.draw(st.permutations(chosen)), options=options)
    assert (result.total, result.status) == (shuffled.total, shuffled.status)
    over = len(set(chosen)) > limit
    assert (result.status == "over_selected") == over
    assert result.total == (0 if over else 4 * len(set(chosen) & set(keyed)))
    assert result.total <= result.max


@given(st.integers(2, 5), st.data())
def test_chance_of_a_choice_equals_counting_every_set(n: int, data: st.DataObject) -> None:
    options = list(NAMES[:n])
    k = data.draw(st.integers(1, n))
    keyed = data.draw(st.lists(st.sampled_from(options), min_size=1, unique=True))
    rule = bind("choose_k@1", {"key": keyed, "choose": k}, options=options)
    sets = list(combinations(options, k))
    counted: dict[Fraction, Fraction] = {}
    for chosen in sets:
        total = rule.mark(list(chosen)).total
        assert total is not None
        counted[total] = counted.get(total, Fraction(0)) + Fraction(1, len(sets))
    assert rule.chance() == counted


@given(st.lists(st.integers(1, 4), min_size=1, max_size=3))
def test_chance_of_ratings_equals_counting_every_answer(keyed: list[int]) -> None:
    options = list(NAMES[: len(keyed)])
    key = {"matrix": "m", "key": dict(zip(options, keyed, strict=True))}
    rule = bind("rate_matrix@1", key, options=options, settings=NEAR_MISS)
    counted: dict[Fraction, Fraction] = {}
    for points in product(range(1, 5), repeat=len(options)):
        total = rule.mark(dict(zip(options, points, strict=True))).total
        assert total is not None
        counted[total] = counted.get(total, Fraction(0)) + Fraction(1, 4 ** len(options))
    assert rule.chance() == counted


@given(st.lists(st.integers(0, 4), min_size=3, max_size=5))
def test_chance_of_picks_equals_counting_every_pair(grades: list[int]) -> None:
    options = list(NAMES[: len(grades)])
    key = {"effectiveness": dict(zip(options, grades, strict=True))}
    rule = bind("most_least_graded@1", key, options=options)
    totals = [rule.mark({"most": a, "least": b}).total for a, b in permutations(options, 2)]
    for total in totals:
        assert total is not None
        assert rule.chance()[total] == Fraction(totals.count(total), len(totals))
        assert 0 <= total <= rule.max


@given(st.lists(orders(2, 4), min_size=1, max_size=3), st.integers(1, 12))
@settings(max_examples=20, deadline=None)
def test_a_forms_chance_equals_brute_force_over_all_its_answers(keys: list[list[list[str]]], worth: int) -> None:
    items = [
        FormItem(str(i), "rank_distance@1", {"order": key}, flat(key), worth=Fraction(worth))
        for i, key in enumerate(keys)
    ]
    form = form_chance(items)
    counted: dict[Fraction, Fraction] = {Fraction(0): Fraction(1)}
    for item in items:
        rule = item.bound()
        answers = list(permutations(range(1, len(item.options) + 1)))
        following: dict[Fraction, Fraction] = {}
        for before, p in counted.items():
            for ranks in answers:
                raw = rule.mark(dict(zip(item.options, ranks, strict=True))).total
                assert raw is not None
                after = before + raw * worth / rule.max
                following[after] = following.get(after, Fraction(0)) + p / len(answers)
        counted = following
    assert form.distribution == counted
    assert sum(form.distribution.values()) == 1
    assert form.p_pass(form.max + 1) == 0
    assert form.p_pass(Fraction(0)) == 1


@given(st.lists(st.integers(1, 9), min_size=1, max_size=8), st.lists(st.integers(1, 9), min_size=1, max_size=8))
def test_elevation_scatter_and_shape_add_up_to_the_distance(x: list[int], k: list[int]) -> None:
    size = min(len(x), len(k))
    a, b = [Fraction(v) for v in x[:size]], [Fraction(v, 2) for v in k[:size]]
    found = compare_profiles(a, b)
    distance = float(sum((p - q) ** 2 for p, q in zip(a, b, strict=True)) / size)
    flat_profile = len(set(a)) == 1 or len(set(b)) == 1
    assert (found.decomposition is None) == flat_profile
    if found.decomposition is not None:
        assert abs(found.decomposition.sum - distance) < 1e-9
        assert found.decomposition.shape > -1e-9


@given(st.fractions(0, 10), st.fractions(0, 5))
def test_a_stretched_key_stays_on_its_scale(value: Fraction, factor: Fraction) -> None:
    assert 0 <= stretched(value, Fraction(0), Fraction(10), factor) <= 10
    assert stretched(value, Fraction(0), Fraction(10), Fraction(1)) == value


@given(st.fractions(0, 200, max_denominator=1000), st.fractions("1/10", 5, max_denominator=20))
def test_an_applied_cut_is_the_least_multiple_at_or_above(cut: Fraction, unit: Fraction) -> None:
    applied = cut_applied(cut, unit)
    assert applied >= cut
    assert applied - unit < cut
    assert (applied / unit).denominator == 1


@given(st.lists(st.tuples(st.integers(0, 20), st.sampled_from(["live", "pilot", "withdrawn"])), max_size=8))
def test_only_live_items_move_a_total(items: list[tuple[int, str]]) -> None:
    counted = [Counted(Fraction(mark), Fraction(20), status) for mark, status in items]
    form = form_total(counted, cut_percent=Fraction(60))
    live = [mark for mark, status in items if status == "live"]
    assert seen(form.raw, form.max) == (sum(live), 20 * len(live))
    assert (form.passed is None) == (not live)


anything: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 9) | st.floats(allow_nan=True) | st.text(max_size=2),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from([*"ABCDEZ", "most", "least"]), inner, max_size=5)
    ),
    max_leaves=8,
)


@given(anything)
@settings(max_examples=200, deadline=None)
def test_any_response_at_all_gets_a_mark_or_a_refusal_never_a_crash(response: Any) -> None:
    five = list("ABCDE")
    grades = {"effectiveness": dict(zip(five, (0, 1, 2, 3, 4), strict=True))}
    for rule, key in (
        ("rank_distance@1", {"order": five}),
        ("choose_k@1", {"key": ["A", "B"]}),
        ("rate_matrix@1", {"matrix": "m", "key": dict.fromkeys(five, 2)}),
        ("most_least_graded@1", grades),
        ("single_graded@1", grades),
        ("rubric@1", {"criteria": ["A", "B"]}),
        ("consensus_mode@1", {"scale": [1, 5], "panel": [dict.fromkeys(five, 2)]}),
    ):
        result = score(rule, key, response, options=five, settings=NEAR_MISS)
        assert (result.total is None) == (result.status in ("invalid", "unmarked"))
        assert (result.reason is not None) or result.total is not None
        if result.total is not None:
            assert 0 <= result.total <= result.max


@given(st.lists(st.dictionaries(st.integers(0, 6), st.integers(1, 4), min_size=1, max_size=4), min_size=1, max_size=5))
def test_convolution_keeps_the_mean_and_the_whole(parts: list[dict[int, int]]) -> None:
    distributions = [
        {Fraction(mark, 3): Fraction(weight, sum(part.values())) for mark, weight in part.items()} for part in parts
    ]
    whole = total_distribution(distributions)
    assert sum(whole.values()) == 1
    means = sum((sum(mark * p for mark, p in one.items()) for one in distributions), Fraction(0))
    assert sum(mark * p for mark, p in whole.items()) == means
