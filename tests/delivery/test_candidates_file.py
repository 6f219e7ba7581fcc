"""Candidates files and learner numbers: every faulty row is named, with the field and the remedy."""

from __future__ import annotations

from fractions import Fraction

import pytest

from sjt.delivery import ulns
from sjt.delivery.candidates import COLUMNS, read_csv
from sjt.errors import InputError

HEADER = ",".join(COLUMNS)
GOOD = "9276308686,Siân,O'Brien,2001-02-03,A home,A college,residential,2024-09-01,33.3,reader"


@pytest.mark.parametrize(
    "uln", ["9276308686", "1000000000", "1000000019", "1000000043", "1234567899", "9999999998", "2345678908"]
)
def test_a_good_learner_number_is_taken(uln: str) -> None:
    assert ulns.fault(uln) is None
    assert ulns.may_be_reported(uln)


@pytest.mark.parametrize(
    "uln", ["1234567890", "0123456789", "123456789", "12345678901", "12345x7890", "", "１２３４５６７８９９"]
)
def test_a_bad_learner_number_is_refused(uln: str) -> None:
    assert ulns.fault(uln) is not None


def test_the_stand_in_number_is_good_for_a_booking_and_not_for_a_feed() -> None:
    assert ulns.fault("9999999999") is None
    assert not ulns.may_be_reported("9999999999")


def test_exactly_one_check_digit_fits_or_none() -> None:
    for first in range(100_000_000, 100_003_000, 7):
        assert sum(ulns.check_digit_holds(f"{first}{digit}") for digit in range(10)) <= 1


def test_a_good_file_is_read() -> None:
    (line,) = read_csv(f"\ufeff{HEADER}\r\n{GOOD}\r\n\r\n")
    assert (line.given_name, line.family_name, line.extra_time_percent) == ("Siân", "O'Brien", Fraction("33.3"))


def test_every_faulty_row_is_listed() -> None:
    rows = [
        HEADER,
        GOOD,
        "1234567890,A,B,2001-02-03,H,C,residential,2024-09-01,,",
        "1000000000,,B,03/02/2001,H,C,Care home,2024-13-01,x,",
        "9276308686,A,B,2001-02-03,H,C,community,2024-09-01,250,",
        "1000000019,A,B,2001-02-03,H",
        "1000000043,A,B,2024-09-01,H,C,community,2001-02-03,10,",
    ]
    with pytest.raises(InputError) as caught:
        read_csv("\n".join(rows), "cohort.csv")
    found = {(fault.where, fault.field) for fault in caught.value.faults}
    assert found == {
        ("row 3", "uln"),
        ("row 4", "given_name"),
        ("row 4", "date_of_birth"),
        ("row 4", "option"),
        ("row 4", "start_date"),
        ("row 4", "extra_time_percent"),
        ("row 5", "extra_time_percent"),
        ("row 6", ""),
        ("row 7", "start_date"),
    }
    assert all(fault.file == "cohort.csv" and fault.what and fault.remedy for fault in caught.value.faults)


def test_a_number_that_stands_twice_is_named_with_both_rows() -> None:
    with pytest.raises(InputError, match="row 2 has already"):
        read_csv(f"{HEADER}\n{GOOD}\n{GOOD}\n")


def test_a_wrong_header_names_each_column() -> None:
    with pytest.raises(InputError) as caught:
        read_csv("uln,name,uln\n1,2,3\n")
    fields = {fault.field for fault in caught.value.faults}
    assert {"given_name", "name", "uln"} <= fields


@pytest.mark.parametrize("text", ["", "\n\n", HEADER])
def test_an_empty_file_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        read_csv(text)
