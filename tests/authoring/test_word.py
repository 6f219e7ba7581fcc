"""Scenarios from Word: three layouts that writers use, made by another program than the one that reads them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import docx
import pytest
from docx.document import Document as Made

from sjt import db
from sjt.access import Role
from sjt.authoring import service, store_drafts
from sjt.authoring.bank import load
from sjt.authoring.draft_files import build
from sjt.authoring.model import Bank, RankKey
from sjt.authoring.word_reader import WordReport, read_word
from sjt.authoring.word_template import word_template
from sjt.errors import InputError

BANKS = Path(__file__).parents[1] / "banks"
STORY = "You are new in a day centre. A man will not take off his coat. It is warm. His sister waits in the car."
OPTIONS = {"A": "Ask him about the coat.", "B": "Take the coat off him.", "C": "Leave him be.",
           "D": "Call his sister in.", "E": "Open a window for him."}  # fmt: skip
WHY = {letter: f"Reason of {letter}: what it does and why its neighbour ranks lower." for letter in OPTIONS}
PLACES = {"A": 1, "E": 2, "C": 3, "D": 4, "B": 5}


@pytest.fixture(scope="module")
def bank() -> Bank:
    found = load(BANKS / "sound").bank
    assert found is not None
    return found


def read(made: Made, bank: Bank) -> WordReport:
    out = io.BytesIO()
    made.save(out)
    return read_word(out.getvalue(), "new.docx", bank, author="Wanda")


def table(made: Made, *rows: tuple[str, ...]) -> None:
    held = made.add_table(rows=0, cols=max(map(len, rows)))
    for row in rows:
        for cell, text in zip(held.add_row().cells, row, strict=False):
            cell.text = text


def one_table_a_scenario() -> Made:
    """Labels in the first column, responses as rows of the same table; a second table for the next."""
    made = docx.Document()
    made.add_paragraph("Our scenarios for March")
    for title in ("The coat", "The coat again"):
        table(
            made, ("Title", title), ("Scenario", STORY), ("Question", "Rank these actions from best to worst."),
            ("KSBs", "S1 (primary): A listens first\nB1, secondary"), ("Practice outcomes", "PO1"),
            ("Option", "Response", "Rank", "Effectiveness", "Rationale"),
            *((o, OPTIONS[o], str(PLACES[o]), f"{5 - PLACES[o]}", WHY[o]) for o in OPTIONS),
        )  # fmt: skip
    return made


def headings_and_tables() -> Made:
    """A heading for each scenario, paragraphs for story and question, a table of responses."""
    made = docx.Document()
    made.add_heading("Batch 4", level=1)
    made.add_heading("Scenario 7: The coat", level=2)
    made.add_paragraph(STORY[:40])
    made.add_paragraph(STORY[40:])
    made.add_paragraph("Rank these actions from best to worst.")
    rows = ((OPTIONS[o], "very good" if o == "A" else "harmful" if o == "B" else "fair", WHY[o]) for o in OPTIONS)
    table(made, ("Action", "Effectiveness", "Feedback"), *rows)
    made.add_paragraph("Order: A > E > C = D > B")
    made.add_paragraph("KSB codes: S1, K1 and Z99")
    return made


def paragraphs_alone() -> Made:
    """No table: labels before a colon, letters before a bracket, and Word's own numbering."""
    made = docx.Document()
    made.add_paragraph("Scenario 1: The coat")
    made.add_paragraph(f"Situation: {STORY}")
    made.add_paragraph("Question: Rank these actions from best to worst.")
    for letter, text in OPTIONS.items():
        made.add_paragraph(f"{letter}) {text}")
    made.add_paragraph("Key: A, E, C, D, B")
    made.add_paragraph("Rationale:")
    for letter in OPTIONS:
        made.add_paragraph(f"{letter}. {WHY[letter]}")
    made.add_paragraph("Codes: S1")
    made.add_paragraph("Scenario 2: The bus")
    made.add_paragraph("Context: You wait for a bus with a woman who uses a stick. It starts to rain on you both.")
    made.add_paragraph("Task: Which of these should you do first?")
    for text in ("Offer her your arm.", "Ring for a taxi.", "Ask what she would like.", "Go on alone."):
        made.add_paragraph(text, style="List Number")
    made.add_paragraph("Discussed with Anna on Friday.")
    return made


@pytest.mark.parametrize("layout", [one_table_a_scenario, headings_and_tables, paragraphs_alone])
def test_a_layout_comes_in_whole(layout: Callable[[], Made], bank: Bank) -> None:
    found = read(layout(), bank).found[0]
    fields = found.fields
    assert fields["title"] == "The coat"
    assert fields["story"].split() == STORY.split()
    assert fields["i.a.ask"] == "Rank these actions from best to worst."
    assert {letter: fields[f"i.a.o.{letter}.text"] for letter in found.options} == OPTIONS
    assert {letter: fields[f"i.a.o.{letter}.why"] for letter in found.options} == WHY
    places = {letter: int(fields[f"i.a.o.{letter}.place"]) for letter in found.options}
    assert places == (PLACES | {"D": 3} if layout is headings_and_tables else PLACES)
    assert fields["ksbs"].split()[0] == "S1"
    assert fields["ksb.S1.role"] == "primary"
    built = build(fields, bank, scenario_id="tn-0002", folder="tn-0002-coat")
    key = built.keys.items["tn-0002-a"]
    assert isinstance(key, RankKey) and key.order[0] == ("A",) and key.order[-1] == ("B",)


def test_what_could_not_be_read_is_told_with_its_place(bank: Bank) -> None:
    first, second, third = (
        read(made(), bank) for made in (one_table_a_scenario, headings_and_tables, paragraphs_alone)
    )
    assert [one.title for one in first.found] == ["The coat", "The coat again"]
    assert first.found[0].fields["ksb.S1.shows"] == "A listens first"
    assert first.found[0].fields["ksb.B1.role"] == "secondary"
    assert [(one.where, one.text) for one in first.unread] == [("paragraph 1", "Our scenarios for March")]
    assert [one.why for one in second.unread] == [
        "There is neither a story nor a response below.", "The standard has no code Z99.",
    ]  # fmt: skip
    assert [one.title for one in third.found] == ["The coat", "The bus"]
    assert third.found[1].options == ["A", "B", "C", "D"]
    assert third.found[1].fields["i.a.format"] == "single"
    assert [one.text for one in third.unread] == ["Discussed with Anna on Friday."]


def test_values_outside_their_range_are_told_and_left_out(bank: Bank) -> None:
    made = docx.Document()
    table(made, ("Title", "Odd"), ("Story", STORY), ("Question", "Choose the three best actions."),
          ("Response", "Effectiveness", "Key"), ("One thing", "7", "x"), ("Another thing", "3 - good", ""),
          ("A third", "", "yes"), ("", "2", ""))  # fmt: skip
    made.add_paragraph("Key: A, Q")
    report = read(made, bank)
    fields = report.found[0].fields
    assert "i.a.o.A.level" not in fields
    assert (fields["i.a.o.B.level"], fields["i.a.o.A.chosen"], fields["i.a.format"]) == ("3", "yes", "choose")
    assert len(report.unread) == 3  # the 7, the row without a text, the key with a Q
    assert {one.where for one in report.unread} == {"table 1, row 5", "table 1, row 8", "table 1, row 1"}


def test_the_template_filled_in_is_read_without_a_loss(bank: Bank) -> None:
    made = docx.Document(io.BytesIO(word_template(bank)))
    assert read(made, bank).found == ()
    form, responses = made.tables[0], made.tables[1]
    for row in form.rows:
        words = {"Title": "The coat", "Story": STORY, "KSBs": "S1", "Outcomes": "PO1", "Source": "An incident"}
        if row.cells[0].text in words:
            row.cells[1].text = words[row.cells[0].text]
    for row in responses.rows[1:]:
        letter = row.cells[0].text
        for cell, text in zip(row.cells[1:], (OPTIONS[letter], "2", str(PLACES[letter]), WHY[letter]), strict=True):
            cell.text = text
    report = read(made, bank)
    (found,) = report.found
    assert found.fields["source"] == "An incident"
    assert found.fields["i.a.o.E.place"] == "2"
    assert report.unread == ()


def test_a_hostile_document_and_what_is_none_are_refused(bank: Bank) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(word_template(bank))) as old, zipfile.ZipFile(out, "w") as new:
        for part in old.namelist():
            new.writestr(part, old.read(part))
        new.writestr("word/footnotes.xml", '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>')
    with pytest.raises(InputError, match="entities"):
        read_word(out.getvalue(), "new.docx", bank, author="W")
    with pytest.raises(InputError, match="Save it again"):
        read_word(b"PK", "new.docx", bank, author="W")


def test_a_writer_reads_a_document_and_makes_drafts_of_it(few: db.Database, client_as: Callable[..., Any]) -> None:
    writer = client_as(Role.WRITER)
    out = io.BytesIO()
    one_table_a_scenario().save(out)

    def upload(button: str, data: bytes = out.getvalue()) -> Any:
        fields = {"document": (io.BytesIO(data), "march.docx"), button: "1"}
        return writer.post("/bank/import/word", fields, content_type="multipart/form-data")

    seen = upload("only_check").soup.main.get_text(" ")
    assert "march.docx holds 2 scenarios" in seen and "Our scenarios for March" in seen
    assert upload("put").status_code == 303
    with db.session() as session:
        drafts = [row.title for row in store_drafts.open_drafts(session)]
        assert sorted(drafts) == ["The coat", "The coat again"]
        assert len(service.bank(session).scenarios) == 3
    page = writer.get("/bank/drafts").soup.get_text(" ")
    assert "2 drafts made from march.docx" in page and "Not read, paragraph 1" in page
    assert upload("put", b"no").status_code == 422
    assert client_as(Role.REVIEWER).get("/bank/import/word").status_code == 403
    assert docx.Document(io.BytesIO(writer.get("/bank/template.docx").get_data())).tables
