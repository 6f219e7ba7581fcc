"""Groups of persons and windows of time in ``sjt analyse``: adverse impact, the flags dif and drift, privacy."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from sjt.psychometrics import report
from sjt.psychometrics.commands.analyse import analyse
from sjt.psychometrics.flags import Limits
from sjt.psychometrics.groups import compare_groups
from sjt.psychometrics.profiles import load_profile
from sjt.psychometrics.responses import read_responses

K = 12


def cohort(n: int, *, dif: float = 0.0, leak: float = 0.0, seed: int = 1) -> str:
    """Marks 0 to 4 on twelve items; the third is harder for group B, the sixth easier in the last year."""
    rng = np.random.default_rng(seed)
    group, year = rng.random(n) < 0.4, rng.random(n) < 0.4
    latent = 0.7 * rng.standard_normal((n, 1)) + rng.standard_normal((n, K))
    latent[:, 2] -= dif * group
    latent[:, 5] += leak * year
    marks = np.clip(np.round(2 + latent), 0, 4).astype(int)
    rows = ["person," + ",".join(f"q{i + 1}" for i in range(K)) + ",@gender,@year"]
    for i in range(n):
        rows.append(f"p{i}," + ",".join(map(str, marks[i])) + f",{'AB'[int(group[i])]},{2025 + year[i]}")
    return "\n".join(rows) + "\n"


def run(tmp_path: Path, text: str, *options: str) -> dict[str, Any]:
    path = tmp_path / "marks.csv"
    path.write_text(text)
    result = CliRunner().invoke(analyse, [str(path), *options, "--json"], catch_exceptions=False)
    answer: dict[str, Any] = json.loads(result.output)
    return answer


def flags(answer: dict[str, Any], flag: str) -> list[str]:
    return [row["item"] for row in answer["items"] if flag in row["flags"]]


def test_dif_and_drift_are_flagged_where_they_are_and_nowhere_else(tmp_path: Path) -> None:
    answer = run(tmp_path, cohort(600, dif=0.9, leak=0.9), "--cut", "24")
    assert flags(answer, "dif") == ["q3"]
    assert flags(answer, "drift") == ["q6"]
    assert "harder for B than for A of equal total" in answer["items"][2]["flag_reasons"]["dif"]
    page = report.render(answer, title="Groups")
    for words in ("Groups and time", "Pass rates", "Change over time", "Benjamini and Hochberg 1995"):
        assert words in page


def test_equal_groups_raise_no_flag(tmp_path: Path) -> None:
    answer = run(tmp_path, cohort(600, seed=4))
    assert flags(answer, "dif") == flags(answer, "drift") == []


def test_dif_waits_for_two_hundred_persons(tmp_path: Path) -> None:
    answer = run(tmp_path, cohort(120, dif=2.0))
    assert flags(answer, "dif") == []
    assert answer["groups"]["gender"]["compared"][0]["dif"] is None


def test_four_fifths_is_exact_in_the_report(tmp_path: Path) -> None:
    people = [("A", 60, 45), ("B", 30, 18), ("C", 9, 1)]
    rows, number = ["person,q1,q2,@ethnicity"], 0
    for group, n, passed in people:
        for i in range(n):
            rows.append(f"p{number},{int(i < passed)},{i % 2},{group}")
            number += 1
    answer = run(tmp_path, "\n".join(rows), "--cut", "0")
    assert answer["groups"]["ethnicity"]["compared"][0]["impact"]["below_four_fifths"] is False
    data = read_responses(tmp_path / "marks.csv")
    first = data.table.marks()[:, 0]
    found, _, notes = compare_groups(data, [], first, np.ones(len(first)), 1.0, Limits.of(load_profile()))
    impact = found["ethnicity"]["compared"][0]["impact"]
    assert impact["ratio_exact"] == "4/5"
    assert impact["below_four_fifths"] is False
    assert impact["fisher_p"] == pytest.approx(0.153, abs=5e-4)
    assert found["ethnicity"]["lowest_to_highest"]["below_four_fifths"] is False
    assert [entry["focal"] for entry in found["ethnicity"]["compared"]] == ["B"]
    assert notes == ["ethnicity: 1 group of fewer than 10 persons not shown, to protect them."]


def test_a_group_column_that_is_not_there_is_named(tmp_path: Path) -> None:
    path = tmp_path / "marks.csv"
    path.write_text(cohort(30))
    result = CliRunner().invoke(analyse, [str(path), "--group", "region"])
    assert result.exit_code == 1
    assert "region" in str(result.exception) or "region" in result.output


def test_every_limit_comes_from_the_profile_with_its_source() -> None:
    judgement, knowledge = (Limits.of(load_profile(name)) for name in ("judgement-test", "knowledge-test"))
    plain = Limits()
    for name, value in plain.as_json().items():
        assert judgement.as_json()[name] == value, name
    assert set(judgement.sources) >= set(plain.as_json())
    assert knowledge.item_rest > judgement.item_rest
    assert judgement.facility_limits("written", corrected=False) == (0.20, 0.95)
    assert judgement.facility_limits("rank", corrected=True) == (0.10, 0.92)


def test_a_profile_of_ones_own_changes_what_is_flagged(tmp_path: Path) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text(
        'schema = "sjt.profile/1"\nid = "mine"\nversion = 1\ntitle = "Mine"\nbase = "judgement-test"\n'
        '[items.facility]\nhard = 0.9\neasy = 0.99\nsource = "a test"\n'
        '[small_sample.no_discrimination]\nbelow = 20\nsource = "a test"\n'
    )
    text = cohort(25)
    assert flags(run(tmp_path, text), "hard") == []
    answer = run(tmp_path, text, "--profile", str(mine))
    assert len(flags(answer, "hard")) == K
    assert answer["profile"] == "mine@1"
