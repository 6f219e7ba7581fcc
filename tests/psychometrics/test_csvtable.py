"""The strict CSV reader, the shared array checks and the threshold profiles."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sjt.errors import InputError, ShapeError
from sjt.psychometrics._validate import as_matrix, as_vector, check_range
from sjt.psychometrics.csvtable import CsvTable, parse_csv, read_csv, read_number
from sjt.psychometrics.profiles import available, load_profile


def faults(table: CsvTable) -> list[str]:
    with pytest.raises(InputError) as refusal:
        table.refuse_if_any()
    return [str(fault) for fault in refusal.value.faults]


@pytest.mark.parametrize(
    "raw",
    [
        b"person,score\na,1.5\nb,2\n",
        b"\xef\xbb\xbfperson,score\na,1.5\nb,2\n",
        b"person;score\r\na;1,5\r\nb;2\r\n",
        b"person;score\na;1.5\nb;2",
        b"person\tscore\na\t1.5\nb\t2\n",
        b'"person", score \n a ,"1.5"\n\n,\nb,2\n',
        b"person,score\ra,1.5\rb,2\r",
    ],
)
def test_the_same_table_however_it_was_saved(raw: bytes) -> None:
    table = parse_csv(raw, "f.csv", ("person", "score"))
    assert table.texts("person") == ["a", "b"]
    assert table.numbers("score") == [1.5, 2]
    table.refuse_if_any()


def test_every_fault_at_once_with_row_and_column() -> None:
    raw = b"person,score,score,\na,1\nb,x,1,1\nc,inf,1,1\n,1e999,2,2\nb,-4,1,1\n"
    table = parse_csv(raw, "f.csv", ("person", "group"))
    table.texts("person")
    table.numbers("score", low=0)
    table.unique("person")
    said = faults(table)
    for part in (
        "f.csv, row 1, score: the column stands twice (columns 2 and 3).",
        "f.csv, row 1, column 4: it has no name.",
        "f.csv, row 1, group: the column is missing.",
        "f.csv, row 2: 2 cells where the header has 4.",
        "f.csv, row 3, score: 'x' is not a finite number.",
        "f.csv, row 4, score: 'inf' is not a finite number.",
        "f.csv, row 5, person: the cell is empty.",
        "f.csv, row 5, score: '1e999' is not a finite number.",
        "f.csv, row 6, score: -4 is outside its range.",
        "f.csv, row 6, person: b stands in row 3 already.",
    ):
        assert any(line.startswith(part) for line in said), part


@pytest.mark.parametrize(
    "raw",
    [b"", b"\n\n", b"a,b\n\xff,1\n", b"a,b\n1,\0\n", b"\xff\xfea\x00,\x00"],
    ids=["empty", "blank", "latin", "null", "utf16"],
)
def test_what_is_no_text_table_is_refused(raw: bytes) -> None:
    with pytest.raises(InputError):
        parse_csv(raw, "f.csv")


def test_a_header_alone_is_a_fault_unless_allowed() -> None:
    assert "no rows" in faults(parse_csv(b"a,b\n", "f.csv"))[0]
    parse_csv(b"a,b\n", "f.csv", may_be_empty=True).refuse_if_any()


def test_broken_quotes_name_the_row() -> None:
    assert "quoting is broken" in faults(parse_csv(b'a,b\n1,"2"x\n', "f.csv"))[0]


def test_a_missing_file_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_csv(tmp_path / "none.csv")


@pytest.mark.parametrize("text", ["", "x", "nan", "inf", "1_000", "1,5", "0x10", "١", "1 2", "True"])
def test_what_is_not_a_number_is_not_read_as_one(text: str) -> None:
    assert read_number(text) is None


@given(st.binary(max_size=60))
@settings(max_examples=200)
def test_any_bytes_are_a_table_or_a_refusal(raw: bytes) -> None:
    try:
        table = parse_csv(raw, "f.csv")
    except InputError:
        return
    for column in table.columns:
        assert len(table.numbers(column)) == len(table)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_survive_the_round_trip(value: float) -> None:
    assert read_number(repr(value)) == value


def test_a_matrix_names_every_bad_cell() -> None:
    with pytest.raises(ShapeError) as refusal:
        as_matrix([[1, math.inf], [math.nan, 2]], name="Marks", rows="person", columns="item")
    assert [str(fault).split(":")[0] for fault in refusal.value.faults] == ["person 1, item 2", "person 2, item 1"]
    assert as_matrix([[1, math.nan]], name="Marks", missing=True).shape == (1, 2)
    refused: list[Any] = [[1, 2], [[1], [2, 3]], [["x"]], [[]]]
    for bad in refused:
        with pytest.raises(ShapeError):
            as_matrix(bad, name="Marks")


def test_vectors_and_ranges() -> None:
    assert as_vector([1, 2], name="Scores").tolist() == [1, 2]
    refused: list[list[Any]] = [[], [math.nan], [[1]], ["x"]]
    for bad in refused:
        with pytest.raises(ShapeError):
            as_vector(bad, name="Scores")
    with pytest.raises(ShapeError, match="5 is outside 0 to 4"):
        check_range(np.array([[1.0, 5.0]]), 0.0, np.array([4.0, 4.0]), name="Marks")


def test_profiles_name_a_source_for_every_threshold() -> None:
    assert {"judgement-test", "knowledge-test"} <= set(available())
    for name in available():
        profile = load_profile(name)
        assert profile.tables
        assert all(profile.source(entry) for entry in profile.tables)


def test_a_knowledge_test_takes_what_it_does_not_change_from_the_judgement_test() -> None:
    knowledge, judgement = load_profile("knowledge-test"), load_profile()
    assert knowledge.value("items.item_rest", "weak") > judgement.value("items.item_rest", "weak")
    assert knowledge.value("panel.kendall_w", "accept") == judgement.value("panel.kendall_w", "accept")


def test_a_profile_without_sources_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(
        'schema = "sjt.profile/1"\nid = "x"\nversion = 1\ntitle = "x"\n[a.b]\nlow = "1"\n[a.c]\nlow="1"\nsource="s"\n'
    )
    with pytest.raises(InputError) as refusal:
        load_profile(str(path))
    assert len(refusal.value.faults) == 2
    with pytest.raises(InputError, match="no such profile"):
        load_profile("nothing")
