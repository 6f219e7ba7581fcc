"""Marks of single responses: the worked examples, refusals, ties, omissions, forms and explanations."""

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from sjt.errors import ScoringRefused
from sjt.psychometrics.scoring import (
    REASONS,
    RULES,
    Counted,
    ItemScore,
    bind,
    chance_distribution,
    chance_mean,
    cut_applied,
    exact,
    explain,
    floor_free_percent,
    form_total,
    item_mark,
    raw_max,
    raw_min,
    score,
    unfit_for_decisions,
)

REFERENCE = Path(__file__).parent / "reference"
FIVE = list("ABCDE")
NEAR_MISS = {"matrices": {"near_miss": {"by_distance": [4, 2, 0, 0]}}}
LINEAR = {"matrices": {"near_miss": {"by_distance": [4, 3, 2, 1]}}}
RATE = {"matrix": "near_miss", "key": {"A": 4, "B": 1, "C": 3, "D": 2, "E": 1}}
RUBRIC = {"rubric": "four", "look_for": {"issue": "x", "principle": "x", "voice": "x", "act": "x"}}
GRADES = {"A": 0, "B": 4, "C": 2, "D": 1}


def seen(*values: object) -> tuple[object, ...]:
    """Values to compare with plain numbers, whatever number type they have."""
    return values


def rank(key: Any, response: Any) -> ItemScore:
    return score("rank_distance@1", {"order": key}, response, options=FIVE)


def test_published_marks_table() -> None:
    result = rank(list("BCADE"), {"C": 1, "D": 2, "A": 3, "E": 4, "B": 5})
    assert seen(result.marks) == ({"A": 4, "B": 0, "C": 3, "D": 2, "E": 3},)
    assert seen(result.total, result.max) == (12, 20)


def test_a_full_ranking_cannot_fall_below_eight_and_chance_is_twelve() -> None:
    assert raw_min("rank_distance@1", {"order": FIVE}, FIVE) == 8
    assert chance_mean("rank_distance@1", {"order": FIVE}, FIVE) == 12
    reference = json.loads((REFERENCE / "rank5.json").read_text())["chance_distribution"]["total_to_permutations"]
    found = chance_distribution("rank_distance@1", {"order": FIVE}, FIVE)
    assert found == {
        Fraction(total): Fraction(count, 120) for total, count in reference.items() for total in [int(total)]
    }


def test_chance_of_three_of_eight_is_hypergeometric() -> None:
    reference = json.loads((REFERENCE / "pick3of8.json").read_text())
    found = chance_distribution("choose_k@1", {"key": list("BEG")}, list("ABCDEFGH"))
    want = {
        Fraction(int(t)): Fraction(n, reference["chance_total"]) for t, n in reference["chance_distribution"].items()
    }
    assert found == want
    assert chance_mean("choose_k@1", {"key": list("BEG")}, list("ABCDEFGH")) == Fraction(9, 2)


@pytest.mark.parametrize(
    ("rule", "key", "options", "settings", "maximum", "chance"),
    [
        ("rank_distance@1", {"order": FIVE}, FIVE, {}, 20, 12),
        ("choose_k@1", {"key": ["B", "E", "G"]}, list("ABCDEFGH"), {"choose": 3}, 12, Fraction(9, 2)),
        ("rate_matrix@1", RATE, FIVE, NEAR_MISS, 20, Fraction(17, 2)),
        ("most_least_graded@1", {"effectiveness": GRADES}, list("ABCD"), {}, 8, 4),
        ("single_graded@1", {"effectiveness": GRADES}, list("ABCD"), {}, 4, Fraction(7, 4)),
        ("single_key@1", {"key": "B"}, list("ABCD"), {}, 1, Fraction(1, 4)),
        ("rubric@1", RUBRIC, [], {}, 12, 0),
        ("motowidlo@1", {"best": "A", "worst": "B"}, list("ABCD"), {}, 2, 0),
        ("three_option_partial@1", {"best": "A", "middle": "B", "worst": "C"}, list("ABC"), {}, 2, 1),
        ("rank_total_distance@1", {"order": FIVE}, FIVE, {}, 12, 4),
        ("choose_share@1", {"key": ["A", "B", "C"]}, list("ABCDEF"), {}, 12, 6),
    ],
)
def test_maximum_and_chance_mark_of_every_rule(
    rule: str, key: dict[str, Any], options: list[str], settings: dict[str, Any], maximum: int, chance: Fraction
) -> None:
    assert raw_max(rule, key, options, settings) == maximum
    assert chance_mean(rule, key, options, settings) == chance


def test_a_tied_key_takes_the_better_of_its_orders() -> None:
    key = [["B"], ["A", "C"], ["D"], ["E"]]
    for middle in ("AC", "CA"):
        assert rank(key, {name: place for place, name in enumerate(f"B{middle}DE", 1)}).total == 20


def test_a_tied_response_earns_nothing_for_the_tied_options_even_against_a_tied_key() -> None:
    result = rank([["A", "B"], ["C"], ["D"], ["E"]], {"A": 1, "B": 1, "C": 3, "D": 4, "E": 5})
    assert result.status == "tied"
    assert seen(result.marks) == ({"A": 0, "B": 0, "C": 4, "D": 4, "E": 4},)


def test_rating_by_matrix_and_omission() -> None:
    full = score("rate_matrix@1", RATE, {"A": 4, "B": 2, "C": 1, "D": 2, "E": 1}, options=FIVE, settings=NEAR_MISS)
    assert seen(full.status, full.marks) == ("complete", {"A": 4, "B": 2, "C": 0, "D": 4, "E": 4})
    part = score("rate_matrix@1", RATE, {"A": 4, "B": None}, options=FIVE, settings=NEAR_MISS)
    assert seen(part.status, part.total) == ("partial", 4)
    none = score("rate_matrix@1", RATE, None, options=FIVE, settings=NEAR_MISS)
    assert seen(none.status, none.total) == ("omitted", 0)


def test_most_least_graded_adds_both_picks() -> None:
    key = {"effectiveness": GRADES}

    def mark(most: str | None, least: str | None) -> ItemScore:
        return score("most_least_graded@1", key, {"most": most, "least": least}, options=list("ABCD"))

    assert mark("B", "A").total == 8
    assert mark("C", "D").total == 5
    assert seen(mark("B", None).status, mark("B", None).total) == ("partial", 4)
    assert (mark("B", "B").status, mark("B", "B").reason) == ("invalid", "same_option")


def test_rubric_levels_add_and_unmarked_text_has_no_mark() -> None:
    def mark(response: Any) -> ItemScore:
        return score("rubric@1", RUBRIC, response, options=[])

    assert mark({"criteria": {"issue": 3, "principle": 2, "voice": 0, "act": 1}}).total == 6
    assert mark({"marks": 9}).total == 9
    assert (mark({"text": "I would …"}).status, mark({"text": "I would …"}).total) == ("unmarked", None)
    assert mark({"text": " \n"}).status == "omitted"
    assert mark({"criteria": {"issue": 3}}).reason == "criterion_missing"
    assert mark({"criteria": {"issue": 4, "principle": 2, "voice": 0, "act": 1}}).reason == "level_out_of_range"
    assert mark({"criteria": {"issue": True, "principle": 2, "voice": 0, "act": 1}}).reason == "non_integer_level"
    assert mark({"marks": 9.5}).reason == "non_integer_mark"
    assert mark({"marks": 13}).reason == "mark_out_of_range"


def test_a_rubric_of_the_bank_gives_the_criteria_and_their_levels() -> None:
    anchors = ["0", "1", "2", "3"]
    bank = {
        "rubrics": {"r": {"criteria": [{"id": "issue", "anchors": anchors}, {"id": "act", "anchors": anchors[:3]}]}}
    }
    assert raw_max("rubric@1", {"rubric": "r"}, [], bank) == 5


@pytest.mark.parametrize(
    ("rule", "key", "response", "reason"),
    [
        ("rank_distance@1", {"order": FIVE}, {"A": True}, "non_integer_rank"),
        ("rank_distance@1", {"order": FIVE}, {"A": "1"}, "non_integer_rank"),
        ("rank_distance@1", {"order": FIVE}, {"A": 1.0}, "non_integer_rank"),
        ("rank_distance@1", {"order": FIVE}, {"A": 6}, "rank_out_of_range"),
        ("rank_distance@1", {"order": FIVE}, {"Z": None}, "unknown_option"),
        ("rank_distance@1", {"order": FIVE}, ["A"], "wrong_type"),
        ("choose_k@1", {"key": ["A"]}, "A", "wrong_type"),
        ("choose_k@1", {"key": ["A"]}, ["Z"], "unknown_option"),
        ("choose_k@1", {"key": ["A"]}, [1], "wrong_type"),
        ("choose_k@1", {"key": ["A"]}, {"A": 1}, "wrong_type"),
        ("rate_matrix@1", RATE, {"A": 5}, "rating_out_of_range"),
        ("rate_matrix@1", RATE, {"A": 1.0}, "non_integer_rating"),
        ("rate_matrix@1", RATE, {"A": False}, "non_integer_rating"),
        ("rate_matrix@1", RATE, 3, "wrong_type"),
        ("single_graded@1", {"effectiveness": dict.fromkeys(FIVE, 1)}, "Z", "unknown_option"),
        ("single_graded@1", {"effectiveness": dict.fromkeys(FIVE, 1)}, ["A"], "wrong_type"),
        ("most_least_graded@1", {"effectiveness": dict.fromkeys(FIVE, 1)}, {"best": "A"}, "wrong_type"),
        ("most_least_graded@1", {"effectiveness": dict.fromkeys(FIVE, 1)}, {"most": 1}, "wrong_type"),
    ],
)
def test_what_cannot_be_marked_is_refused_never_coerced(rule: str, key: Any, response: Any, reason: str) -> None:
    result = score(rule, key, response, options=FIVE, settings=NEAR_MISS)
    assert (result.status, result.reason, result.marks, result.total) == ("invalid", reason, None, None)
    assert reason in REASONS


def test_every_fault_of_a_key_is_listed_at_once() -> None:
    with pytest.raises(ScoringRefused) as refusal:
        bind("rank_distance@1", {"order": [["A"], ["A", "Z"]]}, options=list("ABC"))
    fields = [fault.what for fault in refusal.value.faults]
    assert len(fields) == 4


@pytest.mark.parametrize(
    ("rule", "key"),
    [
        ("rank_distance@9", {}),
        ("rank_distance@1", {}),
        ("rank_distance@1", {"order": "ABC"}),
        ("choose_k@1", {"key": ["A", "A"]}),
        ("choose_k@1", {"key": ["A"], "choose": 0}),
        ("choose_k@1", {"key": ["A"], "choose": True}),
        ("rate_matrix@1", {"matrix": "nowhere", "key": {}}),
        ("rate_matrix@1", {"matrix": [[1, 2], [3]], "key": {"A": 1, "B": 1, "C": 1}}),
        ("rate_matrix@1", {"matrix": [[1, 2], [3, "4"]], "key": {"A": 1, "B": 1, "C": 1}}),
        ("rate_matrix@1", {"matrix": [[1, 2], [2, 1]], "key": {"A": 1, "B": True, "C": 3}}),
        ("single_graded@1", {"effectiveness": {"A": 1, "B": 5, "C": 2}}),
        ("single_graded@1", {"effectiveness": {"A": 1}}),
        ("most_least_graded@1", {"effectiveness": {"A": 1, "B": float("nan"), "C": 2}}),
        ("motowidlo@1", {"best": "A", "worst": "A"}),
        ("three_option_partial@1", {"best": "A", "middle": "B", "worst": "A"}),
        ("rubric@1", {"rubric": "nowhere"}),
        ("consensus_mode@1", {"scale": [1, 4], "panel": [{"A": 1, "B": 2}]}),
    ],
)
def test_a_key_that_cannot_be_used_is_refused(rule: str, key: dict[str, Any]) -> None:
    with pytest.raises(ScoringRefused):
        bind(rule, key, options=list("ABC"))


def test_worth_puts_marks_on_the_forms_scale_exactly() -> None:
    result = score("choose_k@1", {"key": ["A", "B", "C"]}, ["A", "B"], options=list("ABCDEFGH"), settings={"choose": 3})
    assert item_mark(result, Fraction(10)) == Fraction(20, 3)
    with pytest.raises(ScoringRefused):
        item_mark(score("single_graded@1", {"effectiveness": GRADES}, "Z", options=list("ABCD")), 4)


@pytest.mark.parametrize(
    ("cut", "unit", "applied"),
    [("53.928", "1", "54"), ("54", "1", "54"), ("178.375", "1", "179"), ("178.1", "2", "180"), ("7.1", "1/2", "15/2")],
)
def test_a_cut_goes_up_to_the_next_multiple_of_the_unit(cut: str, unit: str, applied: str) -> None:
    assert cut_applied(Fraction(cut), Fraction(unit)) == Fraction(applied)


def test_a_form_counts_live_items_only_and_an_omission_stays_in_the_denominator() -> None:
    form = form_total(
        [
            Counted(Fraction(18), Fraction(20)),
            Counted(None, Fraction(12)),
            Counted(Fraction(20), Fraction(20), "pilot"),
            Counted(Fraction(4), Fraction(12), "withdrawn"),
        ],
        cut=Fraction(71, 4),
    )
    assert seen(form.raw, form.max, form.cut_applied, form.passed) == (18, 32, 18, True)
    assert form.counts == {"live": 2, "pilot": 1, "withdrawn": 1}


def test_decimals_are_read_as_written() -> None:
    assert exact(0.1) == Fraction(1, 10)
    for bad in (True, "1", None, float("inf"), [1]):
        with pytest.raises(ScoringRefused):
            exact(bad)


def test_the_floor_can_be_taken_out_of_a_complete_ranking() -> None:
    assert floor_free_percent(rank(FIVE, {name: i for i, name in enumerate(FIVE, 1)}), Fraction(8)) == 100
    assert floor_free_percent(rank(FIVE, {"A": 1}), Fraction(8)) is None


def test_rules_that_must_not_decide_a_pass_say_why() -> None:
    assert unfit_for_decisions("motowidlo@1", {"best": "A", "worst": "B"}, FIVE)
    assert unfit_for_decisions("rate_matrix@1", RATE, FIVE, LINEAR)
    assert not unfit_for_decisions("rate_matrix@1", RATE, FIVE, NEAR_MISS)
    assert not unfit_for_decisions("rank_distance@1", {"order": FIVE}, FIVE)


def test_an_explanation_names_place_key_distance_and_mark() -> None:
    said = explain(
        "rank_distance@1",
        {"order": [["B"], ["A", "C"], ["D"], ["E"]]},
        {"B": 1, "C": 2, "A": 3, "E": 4},
        options=FIVE,
        worth=Fraction(10),
    )
    assert said[0] == "B: ranked 1st, keyed 1st, in its place: 4 marks."
    assert said[1] == "C: ranked 2nd, keyed 2nd (the key holds it equal with A), in its place: 4 marks."
    assert "D: not ranked, keyed 4th: 0 marks." in said
    assert said[-1] == "Total: 15 of 20, which is 7.5 of 10 on the form."


@pytest.mark.parametrize(
    ("rule", "key", "response", "part"),
    [
        ("choose_k@1", {"key": ["A", "B"]}, ["A", "C", "D"], "3 options were chosen where 2 were asked for"),
        ("rate_matrix@1", RATE, {"A": 3}, "A: rated 3, keyed 4: 2 marks."),
        ("single_graded@1", {"effectiveness": dict.fromkeys(FIVE, 1)}, "B", "B: effectiveness 1 of 4, chosen: 1 mark."),
        ("most_least_graded@1", {"effectiveness": dict.fromkeys(FIVE, 1)}, {"most": "A"}, "picked as most: 1 mark"),
        ("rubric@1", RUBRIC, {"text": "x"}, "has not been marked yet"),
        ("rank_distance@1", {"order": FIVE}, {"A": 9}, "Not marked: A rank lies outside"),
        (
            "effectiveness_difference@1",
            {"mean_effectiveness": dict.fromkeys(FIVE, 1)},
            {"most": "A"},
            "needs both picks",
        ),
    ],
)
def test_every_format_explains_itself(rule: str, key: Any, response: Any, part: str) -> None:
    assert part in "\n".join(explain(rule, key, response, options=FIVE, settings=NEAR_MISS))


def test_rules_are_versioned_by_name() -> None:
    assert all(name == rule.name and "@" in name for name, rule in RULES.items())


def test_scoring_and_chance_never_import_numpy() -> None:
    import subprocess
    import sys

    code = (
        "import sys, sjt.psychometrics.scoring, sjt.psychometrics.chance, sjt.psychometrics.strategies, "
        "sjt.psychometrics.cuts, sjt.psychometrics.consensus, sjt.psychometrics.score_cases; "
        "sys.exit('numpy' in sys.modules or 'scipy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
