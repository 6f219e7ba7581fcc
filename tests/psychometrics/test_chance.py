"""Random and scripted candidates on whole forms."""

from fractions import Fraction
from typing import Any

import pytest

from sjt.errors import ScoringRefused
from sjt.psychometrics.chance import (
    FormItem,
    describe,
    form_chance,
    item_distribution,
    p_random_pass,
    p_strategy_pass,
    total_distribution,
)
from sjt.psychometrics.scoring_base import mean_of
from sjt.psychometrics.strategies import (
    STRATEGIES,
    childs_wish_first,
    heard,
    longest_option,
    middle_of_the_scale,
    report_first,
    spot_the_worst,
)

FIVE, EIGHT = list("ABCDE"), list("ABCDEFGH")
NEAR_MISS = {"matrices": {"m": {"by_distance": [4, 2, 0, 0]}}}


def seen(*values: object) -> tuple[object, ...]:
    """Values to compare with plain numbers, whatever number type they have."""
    return values


def ranking(**more: Any) -> FormItem:
    return FormItem("r", "rank_distance@1", {"order": FIVE}, FIVE, worth=Fraction(20), **more)


def rating(key: tuple[int, ...] = (4, 3, 2, 1, 1), **more: Any) -> FormItem:
    table = {"matrix": "m", "key": dict(zip(FIVE, key, strict=True))}
    return FormItem("v", "rate_matrix@1", table, FIVE, worth=Fraction(20), settings=NEAR_MISS, **more)


def choice(**more: Any) -> FormItem:
    key = {"key": ["A", "B", "C"], "effectiveness": dict(zip(EIGHT, (4, 4, 3, 2, 2, 1, 1, 0), strict=True))}
    return FormItem("c", "choose_k@1", key, EIGHT, worth=Fraction(12), **more)


def picks(**more: Any) -> FormItem:
    key = {"effectiveness": {"A": 4, "B": 2, "C": 1, "D": 0}}
    return FormItem("m", "most_least_graded@1", key, list("ABCD"), worth=Fraction(8), **more)


def written() -> FormItem:
    return FormItem("w", "rubric@1", {"criteria": ["a", "b", "c", "d"]}, [], worth=Fraction(12))


def test_spotting_only_the_worst_of_each_ranking_averages_fifteen() -> None:
    assert mean_of(item_distribution(ranking(), spot_the_worst)) == 15


def test_spotting_the_worst_passes_twenty_five_rankings_at_64_percent_always() -> None:
    form = form_chance([ranking()] * 25, spot_the_worst)
    assert form.p_pass(Fraction(320)) > 1 - Fraction(1, 10**8)


def test_a_written_item_gives_nothing_by_chance_but_counts_in_the_maximum() -> None:
    form = form_chance([ranking(), written()])
    assert seen(form.mean, form.max) == (12, 32)


def test_right_side_but_moderate_and_the_middle_of_the_scale_earn_what_the_matrix_says() -> None:
    distribution = item_distribution(rating((4, 3, 2, 1, 1)), middle_of_the_scale)
    assert mean_of(distribution) == 9  # 1 for an extreme key, 3 for a moderate one: 1 + 3 + 3 + 1 + 1


def test_reporting_first_reads_the_text_and_features_win_over_it() -> None:
    texts = {
        "A": "Report it to your manager at once.",
        "B": "Wait.",
        "C": "Sit with him.",
        "D": "Leave.",
        "E": "Shout.",
    }
    read = item_distribution(ranking(texts=texts), report_first)
    told = item_distribution(ranking(features={"report_first": ["A"]}), report_first)
    assert read == told
    assert mean_of(read) == 15
    assert mean_of(item_distribution(ranking(features={"report_first": ["E"]}), report_first)) < 12


def test_a_strategy_with_nothing_to_go_by_answers_at_random() -> None:
    for strategy in (report_first, childs_wish_first, longest_option, middle_of_the_scale):
        assert item_distribution(ranking(), strategy) == item_distribution(ranking())


def test_longest_option_orders_by_length() -> None:
    texts = {name: "x" * (10 - place) for place, name in enumerate(FIVE)}
    assert item_distribution(ranking(texts=texts), longest_option) == {Fraction(20): Fraction(1)}


def test_the_childs_wish_is_found_in_words() -> None:
    texts = {"A": "Ask her what she wants to happen.", "B": "Lock the door.", "C": "Go.", "D": "Stay.", "E": "Wait."}
    assert mean_of(item_distribution(ranking(texts=texts), childs_wish_first)) == 15


@pytest.mark.parametrize("name", list(STRATEGIES))
@pytest.mark.parametrize("item", [ranking, rating, choice, picks], ids=["rank", "rate", "choose", "picks"])
def test_every_strategy_answers_every_format_within_its_marks(name: str, item: Any) -> None:
    texts = {
        option: f"{'Tell your manager' if option == 'B' else 'Ask her what she wants'} {option * 3}" for option in EIGHT
    }
    distribution = item_distribution(item(texts=texts), STRATEGIES[name])
    assert sum(distribution.values()) == 1
    assert min(distribution) >= 0
    assert max(distribution) <= item().worth


def test_avoiding_the_worst_of_a_choice_beats_chance() -> None:
    assert mean_of(item_distribution(choice(), spot_the_worst)) == Fraction(36, 7)
    assert mean_of(item_distribution(choice())) == Fraction(9, 2)


def test_spotting_the_worst_pick() -> None:
    assert mean_of(item_distribution(picks(), spot_the_worst)) == 4 + Fraction(7, 3)


def test_random_pass_uses_the_applied_cut() -> None:
    items = [ranking()] * 10
    assert p_random_pass(items, Fraction("127.2")) == p_random_pass(items, Fraction(128))
    assert float(p_random_pass(items, Fraction(128))) == pytest.approx(0.2097596313, abs=1e-9)


def test_the_description_of_a_form_names_every_strategy() -> None:
    rows = describe([ranking(), choice()], Fraction(20), STRATEGIES)
    assert set(rows) == {"max", "random", *STRATEGIES}
    assert p_strategy_pass([ranking()], Fraction(8), STRATEGIES)["spot_the_worst"] == 1
    assert heard([ranking(), rating()])["middle_of_the_scale"] == 1


def test_probabilities_that_do_not_add_up_are_refused() -> None:
    with pytest.raises(ScoringRefused):
        total_distribution([{Fraction(1): Fraction(1, 2)}])


def test_a_response_the_rule_refuses_is_named() -> None:
    with pytest.raises(ScoringRefused, match="Item r"):
        item_distribution(ranking(), lambda item, rule: [({"A": 9}, Fraction(1))])
