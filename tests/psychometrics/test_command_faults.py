"""Faults that people's files and command lines have: each command answers with a clear refusal, never a traceback."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from sjt.cli import cli
from sjt.errors import SjtError

MARKS = "person,a,b,c\np1,1,1,0\np2,0,1,1\np3,1,0,1\n"
SCORES = "person,score\np1,10\np2,20\np3,15\n"
GRADES = "person,score,grade\np1,10,1\np2,20,2\np3,15,3\n"


def said(folder: Path, command: str, **files: str) -> tuple[int, str]:
    """Run a command on files of these contents; what it exits with and says."""
    for name, text in files.items():
        (folder / name).write_text(text, "utf-8")
    arguments = [str(folder / word) if word in files else word for word in command.split()]
    result = CliRunner().invoke(cli, arguments)
    if isinstance(result.exception, SjtError):  # `sjt` prints it and exits 1
        return 1, str(result.exception)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


@pytest.mark.parametrize(
    "command",
    [
        "analyse R --cut nan",
        "analyse R --cut inf",
        "equate R R --anchors a,b --cut nan",
        "equate R R --anchors a,b --weight inf",
        "classify --mean nan --variance 4 --reliability .5 --cut 2 --max 3",
        "classify --mean 2 --variance 1 --reliability .5 --cut 2 --max inf",
        "passmark cohen S --chance nan",
        "passmark cohen S --max inf",
        "passmark borderline-regression G --border nan",
    ],
)
def test_no_number_of_the_command_line_may_be_infinite_or_none(command: str, tmp_path: Path) -> None:
    code, words = said(tmp_path, command, R=MARKS, S=SCORES, G=GRADES)
    assert code == 2
    assert "is not a finite number" in words


def test_ragged_rows_alone_are_named_where_every_row_is_ragged(tmp_path: Path) -> None:
    code, words = said(tmp_path, "analyse R", R="person,a,b\np1,1\np2,1,0,1\n")
    assert code == 1
    assert "row 2: It has 2 cells where the header has 3" in words
    assert "row 3: It has 4 cells" in words
    assert "no row below" not in words


def test_names_of_persons_under_another_heading_are_asked_for_once(tmp_path: Path) -> None:
    code, words = said(tmp_path, "analyse R", R="id,a,b\np1,1,0\np2,0,1\n")
    assert code == 1
    assert words.count("R, row") == 1
    assert "row 1, id" in words
    assert "Call the column `person`" in words


def test_a_pass_mark_out_of_reach_is_noted(tmp_path: Path) -> None:
    code, words = said(tmp_path, "analyse R --cut 900", R=MARKS)
    assert code == 0
    assert "The pass mark 900 lies outside the 0 to 3 marks reachable." in words


@pytest.mark.parametrize("command", ["score J", "pool J"])
def test_json_nested_without_end_is_refused(command: str, tmp_path: Path) -> None:
    code, words = said(tmp_path, command, J="[" * 100_000)
    assert code == 1
    assert "J" in words


def test_an_answer_nested_without_end_is_refused_by_its_row(tmp_path: Path) -> None:
    raw = "person,form,item,response\np1,F,a," + "[" * 100_000 + "\n"
    code, words = said(tmp_path, "analyse R --raw A", R=MARKS, A=raw)
    assert code == 1
    assert "row 2" in words


def test_too_few_scores_are_counted_in_words(tmp_path: Path) -> None:
    one = "person,score,grade\np1,10,1\n"
    assert (
        "Scores: 1 value, at least 3 are needed"
        in said(tmp_path, "passmark borderline-regression G --border 1", G=one)[1]
    )
    assert "It has one group." in said(tmp_path, "dif R --group g", R="person,@g,a,b\np1,A,1,0\np2,A,0,1\n")[1]


def test_a_group_of_one_and_a_group_without_a_name_are_not_compared(tmp_path: Path) -> None:
    rows = "".join(f"p{i},{'' if i == 1 else 'B' if i == 2 else 'A'},{i % 2},{i // 2 % 2},1\n" for i in range(12))
    code, words = said(tmp_path, "analyse R --group g --cut 2", R="person,@g,a,b,c\n" + rows)
    assert code == 0
    assert '"groups"' in words
