"""A bank through Excel: what comes back is what went out, and what is wrong is named by its cell."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner

from sjt import db
from sjt.access import Role
from sjt.authoring import service, workbook
from sjt.authoring.bank import Reading, load_files, read_files
from sjt.authoring.office import MAX_UNPACKED
from sjt.authoring.workbook_tables import SHEETS, joined, parted
from sjt.cli import cli
from sjt.errors import InputError

BANKS = Path(__file__).parents[1] / "banks"
TODAY = date(2026, 3, 1)
KEY = "scenarios/tn-0001-scene/key.toml"
TEXT = "scenarios/tn-0001-scene/scenario.md"


@pytest.fixture(scope="module")
def sound() -> Reading:
    return load_files({name: text for name, text in read_files(BANKS / "sound").items() if name != "expected.json"})


def out(reading: Reading, states: dict[str, str] | None = None) -> bytes:
    assert reading.bank is not None
    return workbook.bank_workbook(reading.bank, reading.files, states or {})


def back(data: bytes, held: Reading | None = None) -> workbook.Checked:
    return workbook.check_workbook(workbook.read_workbook(data, "bank.xlsx"), held, today=TODAY)


def changed(data: bytes, edit: Callable[[Any], Any]) -> bytes:
    book = openpyxl.load_workbook(io.BytesIO(data))
    edit(book)
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def cell(book: Any, sheet: str, column: str, row: int = 2) -> Any:
    names = [one.value for one in book[sheet][1]]
    return book[sheet].cell(row, names.index(column) + 1)


def put(sheet: str, column: str, value: Any, row: int = 2) -> Callable[[Any], Any]:
    def edit(book: Any) -> None:
        cell(book, sheet, column, row).value = value

    return edit


def refused(data: bytes, held: Reading | None = None) -> list[tuple[str, str, str, str]]:
    with pytest.raises(InputError) as refusal:
        back(data, held)
    return [(fault.file, fault.where, fault.field, fault.what) for fault in refusal.value.faults]


def test_a_bank_comes_back_byte_for_byte_with_comments_and_every_other_file(few_files: Any) -> None:
    files = dict(few_files.files)
    name = next(name for name in files if name.endswith("key.toml"))
    files[name] = b"# read with the practice lead\r\n" + files[name].replace(b"\n", b"\r\n")
    files["notes.bin"] = bytes(range(256)) + b"\nbase64:no\n" + b"x" * 70_000
    reading = load_files(files)
    data = out(reading)
    once = back(data)
    assert dict(once.prepared.files) == files
    assert once.changed == ()
    again = back(changed(out(load_files(once.prepared.files)), lambda book: None))  # as another program saves it
    assert dict(again.prepared.files) == files


def test_an_edited_cell_changes_its_scenario_alone_and_the_key_is_set_on_the_new_text(few_files: Any) -> None:
    data = changed(
        out(few_files.reading), put("options", "text", "Ask the chair to step out for a minute to hear her.")
    )
    found = back(data)
    assert found.changed == ("cypf-0001",)
    differs = [name for name in found.prepared.files if found.prepared.files[name] != few_files.files[name]]
    assert [name.rpartition("/")[2] for name in sorted(differs)] == ["key.toml", "scenario.md"]
    assert not found.prepared.report.errors


def test_a_panel_s_key_is_illustrative_again_once_text_or_key_changed(sound: Reading) -> None:
    files = dict(sound.files)
    files[KEY] = files[KEY].replace(b'"illustrative"', b'"panelled"')
    panelled = load_files(files)
    assert back(out(panelled)).voided == ()
    found = back(changed(out(panelled), put("options", "effectiveness", 3)))
    assert found.voided == ("tn-0001",)
    assert b'status = "illustrative"' in found.prepared.files[KEY]


def test_every_fault_is_named_at_once_by_sheet_row_and_column(sound: Reading) -> None:
    def break_much(book: Any) -> None:
        put("items", "minutes", "two")(book)
        put("items", "format", "ranking")(book)
        put("options", "effectiveness", "good", 3)(book)
        put("options", "item", "tn-0009-a", 5)(book)
        put("ksbs", "role", "main")(book)
        put("ksbs", "shows", None)(book)
        put("scenarios", "title", None)(book)
        put("scenarios", "state", "live")(book)

    found = refused(changed(out(sound, {"tn-0001": "draft"}), break_much))
    places = {(where, field) for _, where, field, _ in found}
    assert {
        ("sheet items, row 2", "minutes"),
        ("sheet items, row 2", "format"),
        ("sheet options, row 5", "item"),
        ("sheet ksbs, row 2", "role"),
        ("sheet ksbs, row 2", "shows"),
        ("sheet scenarios, row 2", "title"),
        ("sheet scenarios, row 2", "state"),
    } <= places
    assert {file for file, *_ in found} == {"bank.xlsx"}
    numbers = refused(changed(out(sound), put("options", "effectiveness", "good", 3)))
    assert ("sheet options, row 3", "effectiveness") in {(where, field) for _, where, field, _ in numbers}


def test_what_the_rules_find_is_told_by_its_cell(sound: Reading) -> None:
    found = refused(changed(out(sound), put("options", "why", "Too short.", 4)))
    assert [(where, field, what[:3]) for _, where, field, what in found] == [("sheet options, row 4", "why", "L07")]
    story = refused(changed(out(sound), put("scenarios", "story", "You wait. " * 170)))
    assert ("sheet scenarios, row 2", "story", "L01") in {(where, field, what[:3]) for _, where, field, what in story}


def test_missing_sheets_and_columns_and_twice_given_ids_are_named(sound: Reading) -> None:
    def spoil(book: Any) -> None:
        del book["ksbs"]
        book["options"]["C1"].value = "words"

    found = refused(changed(out(sound), spoil))
    assert ("bank.xlsx", "sheet ksbs", "", "The sheet is missing.") in found
    assert ("bank.xlsx", "sheet options, row 1", "words", "The column is unknown.") in found
    assert ("bank.xlsx", "sheet options, row 1", "text", "The column is missing.") in found

    def twice(book: Any) -> None:
        book["scenarios"].append([one.value for one in book["scenarios"][2]])

    assert any("stands in row 2 too" in what for *_, what in refused(changed(out(sound), twice)))


def test_words_that_look_like_formulas_stay_words_and_formulas_are_not_read(sound: Reading) -> None:
    said = '=HYPERLINK("http://example.org","+44 -1 @you")'
    files = dict(sound.files)
    files[TEXT] = files[TEXT].replace(b'author = "', b'author = "=1+1 ')
    data = out(load_files(files))
    sheet = zipfile.ZipFile(io.BytesIO(data))
    assert not any(b"<f>" in sheet.read(name) for name in sheet.namelist() if "worksheets" in name)
    held = cell(openpyxl.load_workbook(io.BytesIO(data)), "scenarios", "author")
    assert held.value.startswith("=1+1 ")
    assert (held.data_type, held.quotePrefix) == ("s", True)
    found = refused(changed(out(sound), put("options", "text", said)))
    assert [(where, field) for _, where, field, what in found if "formula" in what] == [
        ("sheet options, row 2", "text")
    ]


def _with(data: bytes, name: str, content: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            if part != name:
                new.writestr(part, old.read(part))
        new.writestr(name, content)
    return made.getvalue()


BOMB = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><x>&b;</x>'


@pytest.mark.parametrize(
    ("part", "content", "word"),
    [
        ("xl/worksheets/sheet2.xml", BOMB, "entities"),
        ("xl/sharedStrings.xml", b" " * 70_000 + b"<!DOCTYPE x>", "entities"),
        ("xl/styles.xml", BOMB.decode().encode("utf-16"), "UTF-8"),
        ("xl/externalLinks/externalLink1.xml", b"<x/>", "linked"),
        ("xl/vbaProject.bin", b"\x00", "macros"),
        ("xl/embeddings/one.xml", b"<x/>", "embedded"),
        ("xl/worksheets/sheet9.xml", b" " * 20_000_000, "unpacks"),
    ],
)
def test_a_hostile_workbook_is_refused_before_it_is_read(sound: Reading, part: str, content: bytes, word: str) -> None:
    with pytest.raises(InputError) as refusal:
        workbook.read_workbook(_with(out(sound), part, content), "bank.xlsx")
    assert word in str(refusal.value)


def test_what_is_no_workbook_is_refused_in_words(sound: Reading) -> None:
    for data in (b"", b"PK\x03\x04", out(sound)[:4000], _with(out(sound), "xl/workbook.xml", b"<no")):
        with pytest.raises(InputError, match=r"Save it again|damaged"):
            workbook.read_workbook(data, "bank.xlsx")
    huge = zipfile.ZipInfo("xl/a.xml")
    huge.file_size = MAX_UNPACKED + 1
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("xl/workbook.xml", "<a/>")
        for number in range(2_001):
            archive.writestr(f"xl/{number}.xml", "")
    with pytest.raises(InputError, match="parts"):
        workbook.read_workbook(made.getvalue(), "bank.xlsx")


def test_cells_offer_what_the_bank_knows_and_the_first_row_stays_in_sight(sound: Reading) -> None:
    assert sound.bank is not None
    book = openpyxl.load_workbook(io.BytesIO(workbook.template(sound.bank, next_id="tn-0002")))
    assert book.sheetnames == ["read me", *SHEETS, "lists"]
    lists = {column[0].value: [one.value for one in column[1:] if one.value] for column in book["lists"].columns}
    assert "S1 – Listen before acting" in lists["ksb"]
    assert lists["option"] == ["core", "day", "night"]
    for name, columns in SHEETS.items():
        assert book[name].freeze_panes == "B2"
        offered = {str(rule.sqref).split(":")[0].rstrip("2") for rule in book[name].data_validations.dataValidation}
        wanted = {openpyxl.utils.get_column_letter(at) for at, one in enumerate(columns, 1) if one.choices}
        assert offered == wanted or name == "scenarios"  # an empty list (no topics, no areas) is not offered
    assert "tn-0002" in {row[1].value for row in book["read me"].iter_rows(max_row=8)}


def test_a_filled_template_adds_to_the_bank_and_leaves_the_rest(sound: Reading) -> None:
    assert sound.bank is not None
    full = openpyxl.load_workbook(io.BytesIO(out(sound)))

    def fill(book: Any) -> None:
        for name in SHEETS:
            names = [one.value for one in book[name][1]]
            for row in full[name].iter_rows(min_row=2, values_only=True):
                values = [value.replace("tn-0001", "tn-0002") if isinstance(value, str) else value for value in row]
                for hidden in {"folder", "as exported", "key set on", "state"} & set(names):
                    values[names.index(hidden)] = None
                book[name].append(values)
        put("scenarios", "story", "A neighbour in a shop asks you to carry her bags. The bus is due. " * 4)(book)
        for row in range(2, 2 + len(list(full["options"].iter_rows(min_row=2)))):
            held = cell(book, "options", "text", row)
            held.value = f"{held.value[:-1]} in shop {row}."

    data = changed(workbook.template(sound.bank), fill)
    found = back(data, sound)
    assert found.changed == ("tn-0002",)
    assert {name: found.prepared.files[name] for name in sound.files} == dict(sound.files)
    assert any(name.startswith("scenarios/tn-0002-") for name in found.prepared.files)
    with pytest.raises(InputError, match="there is none yet"):
        back(data)
    other = changed(data, lambda book: setattr(book["read me"]["B1"], "value", "another"))
    with pytest.raises(InputError, match="made for bank another"):
        back(other, sound)


def test_lists_in_a_cell_read_back() -> None:
    for values in ((), ("a",), ("a b", "c"), ("a; b", '"', " x "), ("a\nb", '"a"; "b', "é")):
        assert parted(joined(values)) == values
    assert parted("PO1;PO2\nPO3 ; ") == ("PO1", "PO2", "PO3")


def test_the_pages_give_a_workbook_and_take_it_back_and_refuse_a_wrong_one_whole(
    few: db.Database, client_as: Callable[..., Any]
) -> None:
    writer = client_as(Role.WRITER)

    def upload(data: bytes, button: str) -> Any:
        fields = {"archive": (io.BytesIO(data), "cypf.xlsx"), button: "1"}
        return writer.post("/bank/import", fields, content_type="multipart/form-data")

    data = writer.get("/bank/export.xlsx").get_data()
    assert upload(data, "put").status_code == 303
    assert "3 as before" in writer.get("/bank/").get_data(as_text=True)
    wrong = upload(changed(data, put("options", "why", None, 7)), "put")
    assert wrong.status_code == 422
    assert "sheet options, row 7" in re.sub(r"\s+", " ", wrong.soup.main.get_text(" "))
    edited = changed(data, put("scenarios", "title", "Three small things"))
    checked = upload(edited, "only_check")
    assert "Changed in the workbook: cypf-0001." in checked.soup.main.get_text()
    with db.session() as session:
        assert service.scenario(session, "cypf-0001").title == "Three things on paper"
    upload(edited, "put")
    with db.session() as session:
        assert service.scenario(session, "cypf-0001").title == "Three small things"
    empty = openpyxl.load_workbook(io.BytesIO(writer.get("/bank/template.xlsx").get_data()))
    assert empty["scenarios"].max_row == 1


def test_the_commands_write_a_template_export_a_workbook_and_take_it_back(few: db.Database, tmp_path: Path) -> None:
    env = {"SJT_DATABASE": few.url.render_as_string(hide_password=False)}

    def run(*arguments: str | Path) -> str:
        result = CliRunner(env=env).invoke(cli, ["bank", *map(str, arguments)], catch_exceptions=False)
        assert result.exit_code == 0, result.stderr
        return result.stdout

    run("template", tmp_path / "t.xlsx", "--bank", BANKS / "sound")
    assert openpyxl.load_workbook(tmp_path / "t.xlsx")["read me"]["B1"].value == "tiny"
    run("export", tmp_path / "b.xlsx")
    assert "no error" in run("import", tmp_path / "b.xlsx", "--check")
    assert "3 as before" in run("import", tmp_path / "b.xlsx")
