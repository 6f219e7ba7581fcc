"""`sjt passmark` against the standard-setting references, and against files with faults."""

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from sjt.errors import InputError
from sjt.psychometrics.commands import passmark

REFERENCE = json.loads((Path(__file__).parent / "reference" / "standard_setting.json").read_text())


def run(command: Any, *args: str) -> dict[str, Any]:
    result = CliRunner().invoke(command, [*args, "--json"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    answer: dict[str, Any] = json.loads(result.output)
    assert {"method", "n", "max", "cut", "cut_percent", "cut_applied", "se_cut", "notes"} <= set(answer)
    return answer


def refused(command: Any, *args: str) -> str:
    result = CliRunner().invoke(command, list(args))
    assert isinstance(result.exception, InputError), result.output
    return str(result.exception)


def write(path: Path, header: str, rows: list[Any]) -> str:
    lines = [header, *(",".join(map(str, row)) for row in rows)]
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def judgements(path: Path, case: dict[str, Any], round_number: int = 1) -> str:
    rows = [
        (f"j{j}", round_number, f"i{i:02}", case["max"], rating)
        for j, ratings in enumerate(case["ratings"])
        for i, rating in enumerate(ratings)
    ]
    return write(path, "judge,round,item,max,rating", rows)


def scores(path: Path, values: list[float]) -> str:
    return write(path, "person,score", [(f"p{i}", score) for i, score in enumerate(values)])


@pytest.mark.parametrize("case", REFERENCE["angoff"], ids=lambda case: case["id"])
def test_angoff_meets_the_reference(case: dict[str, Any], tmp_path: Path) -> None:
    answer = run(passmark.angoff, judgements(tmp_path / "j.csv", case))
    want = case["expected"]
    assert answer["cut"] == want["cut"]
    assert answer["cut_percent"] == pytest.approx(want["cut_pct"], abs=1e-8)
    assert answer["se_cut"] == pytest.approx(want["se_judges"], abs=1e-8)
    last = answer["rounds"][-1]
    for name in ("cut", "median_cut", "sd_judges", "se_judges", "var_judge", "var_item", "var_res"):
        assert last[name] == pytest.approx(want[name], abs=1e-8), name
    for name in ("se_mean_item_fixed", "se_mean_item_random", "icc_2_k"):
        assert last[name] == pytest.approx(want[name], abs=1e-8), name
    assert [judge["cut"] for judge in last["judges"]] == pytest.approx(want["judge_cuts"], abs=1e-8)
    assert [item["mean"] for item in last["items"]] == pytest.approx(want["item_mean"], abs=1e-8)
    assert [item["sd"] for item in last["items"]] == pytest.approx(want["item_sd"], abs=1e-8)


def test_ebel_meets_the_reference(tmp_path: Path) -> None:
    case = REFERENCE["ebel"]
    rows = [("j1", *cell.split("_"), weight, case["marks"][cell]) for cell, weight in case["weights"].items()]
    answer = run(passmark.ebel, write(tmp_path / "e.csv", "judge,relevance,difficulty,weight,marks", rows))
    assert answer["cut"] == case["expected_cut"]
    assert answer["cut_percent"] == case["expected_pct"]
    assert answer["se_cut"] is None
    assert len(answer["cells"]) == 6


def test_hofstee_meets_the_reference(tmp_path: Path) -> None:
    case = REFERENCE["hofstee"]
    limits = [("j1", case["cmin"], case["cmax"], case["fmin"], case["fmax"])]
    file = write(tmp_path / "h.csv", "judge,cut_min,cut_max,fail_min,fail_max", limits)
    answer = run(passmark.hofstee, file, "--scores", scores(tmp_path / "s.csv", case["scores"]))
    assert answer["cut"] == case["expected"]["cut"]
    assert answer["fail_percent"] == pytest.approx(case["expected"]["fail_pct"], abs=1e-8)
    assert answer["line"] == pytest.approx(case["expected"]["line"], abs=1e-8)
    assert answer["reached"] is True
    assert answer["cut_applied"] == 62


def test_hofstee_that_never_meets_says_so(tmp_path: Path) -> None:
    file = write(tmp_path / "h.csv", "judge,cut_min,cut_max,fail_min,fail_max", [("j1", 10, 20, 30, 40)])
    answer = run(passmark.hofstee, file, "--scores", scores(tmp_path / "s.csv", [50.0, 60.0]))
    assert (answer["reached"], answer["cut"]) == (False, 20)
    assert any("do not meet" in note for note in answer["notes"])


def test_beuk_meets_the_reference(tmp_path: Path) -> None:
    case = REFERENCE["beuk"]
    rows = [(f"j{i}", c, p) for i, (c, p) in enumerate(zip(case["judge_cut"], case["judge_pass_pct"], strict=True))]
    file = write(tmp_path / "b.csv", "judge,cut,pass_percent", rows)
    answer = run(passmark.beuk, file, "--scores", scores(tmp_path / "s.csv", case["scores"]))
    for name, value in case["expected"].items():
        assert answer[name] == pytest.approx(value, abs=1e-8), name


def test_cohen_meets_the_reference(tmp_path: Path) -> None:
    case = REFERENCE["cohen"]
    answer = run(passmark.cohen, scores(tmp_path / "s.csv", case["scores"]), "--chance", "30", "--max", "100")
    assert answer["reference"] == pytest.approx(case["expected"]["reference"], abs=1e-8)
    assert answer["cut"] == pytest.approx(case["expected"]["cut"], abs=1e-8)
    assert answer["cut_applied"] == 62


def test_borderline_regression_meets_the_reference(tmp_path: Path) -> None:
    case = REFERENCE["brm"]
    rows = [(f"p{i}", y, x) for i, (y, x) in enumerate(zip(case["score"], case["grade"], strict=True))]
    file = write(tmp_path / "g.csv", "person,score,grade", rows)
    answer = run(passmark.borderline_regression, file, "--border", str(case["border"]))
    for name, value in case["expected"].items():
        assert answer[name] == pytest.approx(value, abs=1e-8), name


def test_contrasting_groups_finds_the_gap_between_two_apart_groups(tmp_path: Path) -> None:
    rows = [(f"a{i}", 70 + i, "competent") for i in range(10)] + [(f"b{i}", 50 + i, "not") for i in range(10)]
    answer = run(passmark.contrasting_groups, write(tmp_path / "c.csv", "person,score,group", rows))
    assert (answer["cut"], answer["false_pass"], answer["false_fail"]) == (65, 0, 0)
    assert answer["curve"][0] == {"cut": 50, "false_pass": 1, "false_fail": 0}


def test_contrasting_groups_meets_counting_every_cut(tmp_path: Path) -> None:
    case = REFERENCE["brm"]
    able = [grade >= case["border"] for grade in case["grade"]]
    people = list(zip(case["score"], able, strict=True))
    rows = [(f"p{i}", score, "competent" if one else "not") for i, (score, one) in enumerate(people)]
    answer = run(passmark.contrasting_groups, write(tmp_path / "c.csv", "person,score,group", rows))
    counted = []
    for cut in range(int(min(case["score"])), int(max(case["score"])) + 3):
        fails = Fraction(sum(one and score < cut for score, one in people), able.count(True))
        passes = Fraction(sum(not one and score >= cut for score, one in people), able.count(False))
        counted.append((fails + passes, cut, float(passes), float(fails)))
    best = [one for one in counted if one[0] == min(counted)[0]]
    assert (answer["cut"], answer["false_pass"], answer["false_fail"]) == best[(len(best) - 1) // 2][1:]


def test_yes_no_is_the_share_of_yes_times_the_marks(tmp_path: Path) -> None:
    rows = [("j1", 1, "a", 2, "yes"), ("j2", 1, "a", 2, "no"), ("j1", 1, "b", 1, 1), ("j2", 1, "b", 1, "yes")]
    file = write(tmp_path / "y.csv", "judge,round,item,max,rating", rows)
    assert run(passmark.angoff_yesno, file)["cut"] == 2


def test_percentages_of_the_maximum(tmp_path: Path) -> None:
    rows = [("j1", 1, "a", 20, 65), ("j2", 1, "a", 20, 70), ("j1", 1, "b", 12, 50), ("j2", 1, "b", 12, 50)]
    file = write(tmp_path / "y.csv", "judge,round,item,max,rating", rows)
    answer = run(passmark.angoff, file, "--percent")
    assert (answer["cut"], answer["cut_applied"], answer["cut_exact"]) == (19.5, 20, "39/2")


def test_the_last_round_gives_the_cut_and_both_are_kept(tmp_path: Path) -> None:
    rows = [
        (j, r, "a", 4, mark) for r, marks in ((1, (1, 2)), (2, (2, 3))) for j, mark in zip("xy", marks, strict=True)
    ]
    rows += [(j, r, "b", 4, 2) for r in (1, 2) for j in "xy"]
    answer = run(passmark.angoff, write(tmp_path / "r.csv", "judge,round,item,max,rating", rows))
    assert [entry["cut"] for entry in answer["rounds"]] == [3.5, 4.5]
    assert (answer["cut"], answer["moved"]) == (4.5, 1)


def test_a_judge_may_order_as_the_borderline_candidate_would(tmp_path: Path) -> None:
    rows = [("j1", 1, "a", 20, "", "C>D>A>E>B", "B>C>A>D>E"), ("j2", 1, "a", 20, 15, "", "")]
    file = write(tmp_path / "o.csv", "judge,round,item,max,rating,response,key", rows)
    answer = run(passmark.angoff, file)
    assert answer["cut"] == 13.5  # the order earns 12 (published table), the other judge says 15


def test_a_rating_below_chance_is_refused_with_the_chance_mark_named(tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", "judge,round,item,max,rating", [("j1", 1, "a", 20, 11), ("j2", 1, "a", 20, 14)])
    facts = write(tmp_path / "i.csv", "item,chance,facility", [("a", 12, "")])
    said = refused(passmark.angoff, file, "--items", facts)
    assert "row 2" in said
    assert "11 is below the chance mark 12 of 20" in said


def test_facility_checks_the_judges(tmp_path: Path) -> None:
    rows = [("up", 1, f"i{i}", 10, 3 + i) for i in range(5)] + [("down", 1, f"i{i}", 10, 8 - i) for i in range(5)]
    file = write(tmp_path / "a.csv", "judge,round,item,max,rating", rows)
    facts = write(tmp_path / "i.csv", "item,facility", [(f"i{i}", 0.3 + i / 10) for i in range(5)])
    answer = run(passmark.angoff, file, "--items", facts)
    assert [judge["r_facility"] for judge in answer["rounds"][0]["judges"]] == pytest.approx([1, -1])
    assert any("Judge down's ratings correlate -1.00" in note for note in answer["notes"])


def test_several_panels_carry_their_drift_into_the_error(tmp_path: Path) -> None:
    rows = []
    for panel, shift in (("A", 0.0), ("B", 2.0)):
        for j in range(4):
            for i in range(10):
                if i < 6 or (i < 8) == (panel == "A"):
                    rows.append((f"{panel}{j}", 1, f"i{i}", 10, 4 + shift + (i % 3) + 0.5 * ((i + j) % 2), panel))
    answer = run(passmark.angoff, write(tmp_path / "p.csv", "judge,round,item,max,rating,panel", rows))
    assert [panel["n_links"] for panel in answer["panels"]] == [6, 6]
    assert answer["panels"][1]["drift"] - answer["panels"][0]["drift"] == pytest.approx(0.2, abs=1e-9)
    assert answer["se_cut"] > 10 * answer["se_parts"]["judges"] ** 0.5
    assert any("more than two standard errors" in note for note in answer["notes"])


def test_panels_that_share_nothing_have_no_standard_error(tmp_path: Path) -> None:
    rows = [(f"{p}{j}", 1, f"{p}{i}", 4, 2 + (i + j) % 2, p) for p in "AB" for j in range(3) for i in range(3)]
    answer = run(passmark.angoff, write(tmp_path / "p.csv", "judge,round,item,max,rating,panel", rows))
    assert answer["se_cut"] is None
    assert any("cannot be linked" in note for note in answer["notes"])


def test_every_fault_is_named_with_its_row_and_column(tmp_path: Path) -> None:
    rows = [
        ("j1", 1, "a", 4, 5),
        ("j1", 1, "b", 4, "x"),
        ("j2", 1.5, "a", 3, 2),
        ("j2", 1, "b", 4, "nan"),
        ("j1", 1, "a", 4, 3),
        ("", 1, "b", 4, 3),
    ]
    said = refused(passmark.angoff, write(tmp_path / "f.csv", "judge,round,item,max,rating", rows))
    for part in (
        "row 2, rating: 5 is outside",
        "row 3, rating: 'x' is not",
        "row 4, max: item a had 4",
        "row 4, round: 1.5",
        "row 5, rating: 'nan'",
        "row 6, judge, round, item",
        "row 7, judge: the cell is empty",
    ):
        assert part in said, part


@pytest.mark.parametrize(
    ("command", "header"),
    [
        (passmark.angoff, "judge,round,item,max"),
        (passmark.ebel, "judge,relevance,difficulty,weight"),
        (passmark.cohen, "person"),
        (passmark.contrasting_groups, "person,score"),
    ],
)
def test_a_missing_column_is_named(command: Any, header: str, tmp_path: Path) -> None:
    said = refused(command, write(tmp_path / "m.csv", header, [header.split(",")]))
    assert "the column is missing" in said


def test_ebel_judges_must_place_the_same_marks(tmp_path: Path) -> None:
    rows = [("j1", "e", "h", 0.5, 10), ("j2", "e", "h", 0.5, 12)]
    said = refused(passmark.ebel, write(tmp_path / "e.csv", "judge,relevance,difficulty,weight,marks", rows))
    assert "judge j2 places 12 marks" in said


def test_one_group_is_refused(tmp_path: Path) -> None:
    rows = [("p1", 3, "competent"), ("p2", 4, "competent")]
    assert "empty" in refused(passmark.contrasting_groups, write(tmp_path / "c.csv", "person,score,group", rows))


def test_same_seed_same_bytes(tmp_path: Path) -> None:
    file = scores(tmp_path / "s.csv", REFERENCE["cohen"]["scores"])
    runs = [CliRunner().invoke(passmark.cohen, [file, "--seed", "7"]).output for _ in range(2)]
    assert runs[0] == runs[1]
