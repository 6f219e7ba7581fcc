"""`sjt panel`: verdicts, suggested keys, options to drop, and faults of the file."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from sjt.errors import InputError
from sjt.psychometrics.commands.panel import panel

CASES = json.loads((Path(__file__).parent / "reference" / "concordance.json").read_text())["cases"]


def run(path: Path, *args: str) -> dict[str, Any]:
    result = CliRunner().invoke(panel, [str(path), "--json", *args] if not args else [str(path), *args])
    assert result.exit_code == 0, result.output
    answer: dict[str, Any] = json.loads(result.output)
    return answer


def file(tmp_path: Path, rows: list[Any], header: str = "rater,item,option,response") -> Path:
    path = tmp_path / "panel.csv"
    path.write_text("\n".join([header, *(",".join(map(str, row)) for row in rows)]) + "\n")
    return path


def ratings(case: dict[str, Any]) -> list[Any]:
    return [
        (f"r{i}", case["id"], "ABCDEFGH"[j], value)
        for i, row in enumerate(case["ratings"])
        for j, value in enumerate(row)
    ]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_the_command_gives_the_reference_values(case: dict[str, Any], tmp_path: Path) -> None:
    answer = run(file(tmp_path, ratings(case)), "--scale", ",".join(map(str, case["scale"])))
    item, want = answer["items"][0], case["expected"]
    for name in ("kendall_W", "chi2", "df", "p", "icc_2_1", "icc_2_k", "icc_3_1", "icc_3_k"):
        assert item[name] == pytest.approx(want[name], abs=1e-8), name
    for name in ("mean", "sd", "rwg", "mad_median"):
        assert [option[name] for option in item["options"]] == pytest.approx(want[name], abs=1e-8), name
    assert [rater["corr_with_rest"] for rater in item["raters"]] == pytest.approx(
        want["rater_corr_with_rest_mean"], abs=1e-8
    )


def test_the_one_bad_option_is_dropped_and_says_why(tmp_path: Path) -> None:
    answer = run(file(tmp_path, ratings(CASES[2])), "--scale", "1,4")
    assert [(row["item"], row["option"]) for row in answer["drop"]] == [("panel12x8_one_bad_option", "D")]
    assert "rwg -0.08" in answer["drop"][0]["why"]
    assert answer["items"][0]["verdict"] == "review"


def test_more_raters_cannot_rescue_a_poor_single_rater(tmp_path: Path) -> None:
    case = CASES[0]
    many = [
        (f"{copy}-{rater}", item, option, value) for copy in range(5) for rater, item, option, value in ratings(case)
    ]
    item = run(file(tmp_path, many), "--scale", "1,10")["items"][0]
    assert item["icc_2_k"] > 0.85
    assert item["verdict"] == "reject"


def test_rankings_are_known_and_unsure_neighbours_become_a_tied_key(tmp_path: Path) -> None:
    rows = [
        (f"r{i}", "q", option, rank)
        for i in range(12)
        for option, rank in zip("BACDE" if i % 2 else "BCADE", range(1, 6), strict=True)
    ]
    item = run(file(tmp_path, rows))["items"][0]
    assert item["format"] == "rank"
    assert item["suggested_key"] == [["B"], ["A", "C"], ["D"], ["E"]] or item["suggested_key"] == [
        ["B"],
        ["C", "A"],
        ["D"],
        ["E"],
    ]
    assert item["verdict"] == "accept"


def test_choices_give_the_most_chosen_options(tmp_path: Path) -> None:
    rows = [(f"r{i}", "q", option, int(option in ("BEG" if i else "BEA"))) for i in range(11) for option in "ABCDEFGH"]
    item = run(file(tmp_path, rows))["items"][0]
    assert (item["format"], item["suggested_key"]) == ("choose", ["B", "E", "G"])
    assert item["options"][0]["modal_share"] == pytest.approx(10 / 11)


def test_picks_may_leave_the_other_options_out(tmp_path: Path) -> None:
    rows = [row for i in range(10) for row in ((f"r{i}", "q", "C", "most"), (f"r{i}", "q", "A", "least"))]
    rows.append(("r10", "q", "B", "most"))
    item = run(file(tmp_path, rows))["items"][0]
    assert (item["format"], item["suggested_key"]) == ("most_least", {"best": "C", "worst": "A"})
    assert item["n_raters"] == 11


def test_an_option_left_out_by_one_rater_leaves_that_rater_out_of_w_only(tmp_path: Path) -> None:
    rows = [row for row in ratings(CASES[1]) if row[0] != "r0" or row[2] != "A"]
    item = run(file(tmp_path, rows), "--scale", "1,5")["items"][0]
    assert (item["n_raters"], item["n_complete"], len(item["raters"])) == (8, 7, 7)


def test_raters_who_agree_on_everything_flat_have_no_w_and_are_reviewed(tmp_path: Path) -> None:
    rows = [(f"r{i}", "q", option, 3) for i in range(10) for option in "ABCD"]
    item = run(file(tmp_path, rows), "--scale", "1,4")["items"][0]
    assert item["kendall_W"] is None
    assert item["verdict"] == "review"


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([("r1", "q", "A", "x")], "row 2, response: 'x' is not"),
        ([("r1", "q", "A", 9), ("r1", "q", "B", 1)], "row 2, response: 9 is outside"),
        ([("r1", "q", "A", 1), ("r1", "q", "A", 2)], "row 3, rater, item, option"),
        ([("", "q", "A", 1)], "row 2, rater: the cell is empty"),
        ([("r1", "q", "A", "most"), ("r1", "q", "B", "most")], "picked most of item q in row 2 already"),
        ([("r1", "q", "A", "most"), ("r1", "q", "B", "worst")], "'worst' is not a pick"),
        ([("r1", "q", "A")], "3 cells where the header has 4"),
    ],
)
def test_faults_name_their_row(rows: list[Any], said: str, tmp_path: Path) -> None:
    result = CliRunner().invoke(panel, [str(file(tmp_path, rows)), "--scale", "1,4"])
    assert isinstance(result.exception, InputError)
    assert said in str(result.exception)


def test_semicolons_a_byte_order_mark_and_windows_ends_are_read(tmp_path: Path) -> None:
    path = file(tmp_path, ratings(CASES[1]))
    want = run(path, "--scale", "1,5")
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b",", b";").replace(b"\n", b"\r\n"))
    assert run(path, "--scale", "1,5") == want


def test_same_seed_same_bytes(tmp_path: Path) -> None:
    path = str(file(tmp_path, ratings(CASES[2])))
    outputs = {CliRunner().invoke(panel, [path, "--scale", "1,4", "--seed", "3"]).output for _ in range(2)}
    assert len(outputs) == 1


def test_a_scale_that_is_no_scale_is_wrong_usage(tmp_path: Path) -> None:
    assert CliRunner().invoke(panel, ["x.csv", "--scale", "4,1"]).exit_code == 2
