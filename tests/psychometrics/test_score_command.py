"""`sjt score` against every reference set, and against broken files."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from sjt.errors import InputError
from sjt.psychometrics.commands._io import plain_value
from sjt.psychometrics.commands.score import read_json, score
from sjt.psychometrics.score_cases import score_file

REFERENCE = Path(__file__).parent / "reference"
SCORING = [
    "chance_pass.json",
    "consensus_rating.json",
    "form_totals.json",
    "key_stretch.json",
    "most_least.json",
    "pick3of8.json",
    "rank5.json",
    "rating_matrix.json",
]


def close(got: Any, want: Any) -> bool:
    """Equal within 1e-6 for numbers, exactly for the rest, at any depth."""
    if isinstance(want, dict):
        return set(want) <= set(got) and all(close(got[name], want[name]) for name in want)
    if isinstance(want, list):
        return len(got) == len(want) and all(map(close, got, want))
    if isinstance(want, bool) or want is None or isinstance(want, str):
        return bool(got == want)
    return got is not None and abs(got - want) <= 1e-6


def marked(name: str) -> dict[str, Any]:
    path = REFERENCE / name
    result = CliRunner().invoke(score, [str(path), "--json"], catch_exceptions=False)
    assert result.exit_code == 0
    answer: dict[str, Any] = json.loads(result.output)
    return answer


def expected_fields(name: str, expected: Any) -> dict[str, Any]:
    if not isinstance(expected, dict):
        return {"stretched" if name == "key_stretch.json" else "total": expected}
    wanted = dict(expected)
    if "score" in wanted:
        wanted["total"] = wanted.pop("score")
    return wanted


@pytest.mark.parametrize("name", SCORING)
def test_every_case_of_every_reference_set_is_marked_as_computed_elsewhere(name: str) -> None:
    data, got = json.loads((REFERENCE / name).read_text()), marked(name)
    for section in got:
        cases = data[section]["cases"] if isinstance(data[section], dict) else data[section]
        assert [line["index"] for line in got[section]] == list(range(len(cases)))
        for case, line in zip(cases, got[section], strict=True):
            assert line["id"] == case.get("id")
            if name == "consensus_rating.json":
                assert close(line["values"], case["expected"]), case["id"]
            elif name == "chance_pass.json":
                assert close(line, {"max": case["max"], "p_random_pass": case["p_random_pass"]})
            else:
                assert close(line, expected_fields(name, case["expected"])), (case["id"], line)
            if line["status"] == "invalid":
                assert line["marks"] is None
                assert line["total"] is None
                assert line["reason"]


def test_sections_keep_the_order_of_the_file() -> None:
    assert list(marked("most_least.json")) == ["cases", "effectiveness_difference", "three_option_partial"]


def test_six_rules_on_the_real_panel_set_match() -> None:
    name = "real_sct_34x39x11.json"
    want = json.loads((REFERENCE / name).read_text())["expected"]
    got = marked(name)["rules"]
    assert set(want) <= set(got)
    for rule, values in want.items():
        assert close(got[rule], values), rule


def cases(**data: Any) -> dict[str, Any]:
    answer: dict[str, Any] = plain_value(score_file(data, "f.json"))
    return answer


def test_a_file_without_a_format_is_known_by_its_keys() -> None:
    for name in SCORING:
        data = json.loads((REFERENCE / name).read_text())
        said = data.pop("format", None)
        assert plain_value(score_file(data)) == marked(name), said


@pytest.mark.parametrize("bad", [True, 1.0, "1", 2.5, [1], {}])
def test_a_rank_that_is_not_a_whole_number_is_refused_not_coerced(bad: Any) -> None:
    line = cases(format="rank_n", cases=[{"key": ["A", "B", "C"], "response": {"A": bad, "B": 2}}])["cases"][0]
    assert (line["status"], line["total"], line["reason"]) == ("invalid", None, "non_integer_rank")


@pytest.mark.parametrize("bad", ["A", 3, True, 1.5, [["A", 1]]])
def test_a_response_of_the_wrong_shape_is_invalid(bad: Any) -> None:
    line = cases(format="rank_n", cases=[{"key": ["A", "B", "C"], "response": bad}])["cases"][0]
    assert (line["status"], line["reason"]) == ("invalid", "wrong_type")


def test_rankings_of_other_lengths_use_their_own_table() -> None:
    reverse = {"A": 4, "B": 3, "C": 2, "D": 1}
    line = cases(
        format="rank_n",
        rule={"marks_by_abs_distance": [4, 3, 2, 1, 0]},
        cases=[{"id": "four", "key": list("ABCD"), "response": reverse}],
    )["cases"][0]
    assert (line["total"], line["max"]) == (4, 12)


def test_a_tied_key_is_scored_against_the_better_order() -> None:
    both = [
        {"key": [["A"], ["B", "C"], ["D"], ["E"]], "response": dict(zip(order, range(1, 6), strict=True))}
        for order in ("ABCDE", "ACBDE")
    ]
    assert [line["total"] for line in cases(format="rank_n", cases=both)["cases"]] == [20, 20]


def test_every_fault_of_a_file_is_listed_at_once() -> None:
    with pytest.raises(InputError) as refusal:
        cases(
            format="rank_n",
            cases=[
                {"id": "x", "key": ["A", "A"], "response": {}},
                {"id": "y", "response": {}},
                7,
                {"id": "z", "key": ["A", "B"], "options": ["A", "B", "C"], "response": {}},
            ],
        )
    said = str(refusal.value)
    assert all(part in said for part in ("cases[0] x", "cases[1] y", "cases[2]", "cases[3] z", "stands twice"))
    assert all(fault.file == "f.json" for fault in refusal.value.faults)


def test_a_form_without_a_live_item_has_no_result_and_says_why() -> None:
    items = [{"marks": 3, "max": 4, "status": "withdrawn"}]
    line = cases(cases=[{"items": items, "cut_percent": 60}])["cases"][0]
    assert (line["percent"], line["result"], line["reason"]) == (None, None, "no_live_items")


def test_three_fifths_of_five_is_three_and_not_a_hair_more() -> None:
    items = [{"marks": 3, "max": 5, "status": "live"}]
    line = cases(cases=[{"items": items, "cut_percent": 60.0}])["cases"][0]
    assert (line["cut_raw_applied"], line["result"]) == (3, "pass")


@pytest.mark.parametrize(
    "item",
    [
        {"marks": 5, "max": 4},
        {"marks": -1, "max": 4},
        {"marks": "3", "max": 4},
        {"marks": True, "max": 4},
        {"marks": 3, "max": 4, "status": "gone"},
    ],
)
def test_a_form_with_an_impossible_mark_is_refused(item: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        cases(cases=[{"items": [{"status": "live", **item}], "cut_percent": 60}])


def test_a_partial_consensus_answer_is_measured_over_what_it_answers() -> None:
    sme = [[1, 4, 3], [2, 5, 3]]
    line = cases(format="rating_consensus", scale=[1, 5], sme=sme, cases=[{"response": [1, None, 3]}])["cases"][0]
    assert line["status"] == "partial"
    assert line["values"]["raw_abs"] == [0.5, None, 0]
    assert line["values"]["mean_abs"] == 0.25


def test_one_pick_alone_has_no_effectiveness_difference() -> None:
    data = {"effectiveness_difference": [{"mean_effectiveness": {"A": 1.5, "B": 3}, "most": "A", "least": None}]}
    line = cases(**data)["effectiveness_difference"][0]
    assert (line["status"], line["reason"], line["total"]) == ("partial", "needs_both_picks", 0)


def test_json_goes_to_the_file_named(tmp_path: Path) -> None:
    out = tmp_path / "marks.json"
    result = CliRunner().invoke(score, [str(REFERENCE / "rank5.json"), "--json", str(out)], catch_exceptions=False)
    assert result.exit_code == 0
    assert result.output == ""
    assert json.loads(out.read_text()) == marked("rank5.json")


def test_json_before_the_file_still_reads_the_file() -> None:
    result = CliRunner().invoke(score, ["--json", str(REFERENCE / "rank5.json")], catch_exceptions=False)
    assert json.loads(result.output) == marked("rank5.json")


@pytest.mark.parametrize("text", ['{"cases": [], "cases": []}', '{"cases": [NaN]}', "{", "[1]", ""])
def test_json_that_is_not_strict_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.json"
    path.write_text(text)
    with pytest.raises(InputError):
        score_file(read_json(str(path)), str(path))


def test_no_file_is_wrong_usage() -> None:
    assert CliRunner().invoke(score, []).exit_code == 2


def test_a_case_that_cannot_be_marked_is_named_and_the_others_are_marked(tmp_path: Path) -> None:
    path = tmp_path / "cases.json"
    good = {"id": "good", "key": ["A", "B"], "response": {"A": 1, "B": 2}}
    path.write_text(json.dumps({"format": "rank_n", "cases": [{"id": "bad", "key": ["A", "A"], "response": {}}, good]}))
    result = CliRunner().invoke(score, [str(path)])
    assert result.exit_code == 1
    assert "cases[0] bad" in str(result.exception)
    lines = json.loads(result.output)["cases"]
    assert [(line["id"], line["status"], line["total"]) for line in lines] == [
        ("bad", "invalid", None),
        ("good", "complete", 2),
    ]


def test_a_form_without_items_passes_a_cut_of_nothing_only() -> None:
    lines = cases(cases=[{"rank5_items": 0, "cut_raw": 0}, {"rank5_items": 0, "cut_raw": 1}])["cases"]
    assert [line["p_random_pass"] for line in lines] == [1, 0]
