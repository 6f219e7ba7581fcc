"""What holds of every draft: files and fields say the same, and a merge loses nothing that anybody wrote."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sjt.authoring import bank as files
from sjt.authoring.bank import Reading
from sjt.authoring.draft import ASKS, Cell, from_scenario, new_draft, tidy
from sjt.authoring.draft_checks import look
from sjt.authoring.draft_deeds import apply
from sjt.authoring.draft_files import build
from sjt.authoring.draft_merge import changes, merge, parted, settled, tells_key
from sjt.authoring.model import Bank, Format
from sjt.errors import InputError
from sjt.paths import bank_dir

KEPT = ("cypf-0001", "cypf-0003", "cypf-0018")
TEXTS = ("title", "story", "i.a.ask", "i.a.o.A.text", "i.a.o.B.why", "i.b.ask", "ksb.S1.shows", "person.1.name")
LISTS = {"items": "ab", "i.a.options": "ABC", "i.b.options": "A", "people": "12"}


@pytest.fixture(scope="module")
def reading() -> Reading:
    return files.load_files(_few(bank_dir()))


def _few(folder: Path) -> dict[str, bytes]:
    found = files.read_files(folder)
    return {n: c for n, c in found.items() if not n.startswith("scenarios/") or n.split("/")[1][:9] in KEPT}


def bank_of(reading: Reading) -> Bank:
    assert reading.bank is not None
    return reading.bank


@st.composite
def drafts(draw: st.DrawFn) -> dict[str, str]:
    held = {name: draw(st.sampled_from(["", "x", "y", "z"])) for name in TEXTS}
    for name, entries in LISTS.items():
        held[name] = " ".join(draw(st.permutations(entries))[: draw(st.integers(0, len(entries)))])
    held["ksbs"] = draw(st.sampled_from(["", "S1", "S1 K2"]))
    return tidy(held)


@settings(max_examples=100)
@given(base=drafts(), theirs=drafts(), yours=drafts())
def test_a_merge_keeps_what_either_side_wrote_or_asks(
    base: dict[str, str], theirs: dict[str, str], yours: dict[str, str]
) -> None:
    found = merge(base, theirs, yours)
    asked = {clash.field for clash in found.clashes}
    for side in (theirs, yours):
        for name in TEXTS:
            if side.get(name, "") not in ("", base.get(name, "")):
                assert found.fields.get(name) == side[name] or name in asked
    mine = settled(found, dict.fromkeys(asked, "yours"))
    assert all(mine[n] == yours[n] for n in TEXTS if yours.get(n, "") not in ("", base.get(n, "")))
    assert merge(base, theirs, base).fields == theirs
    assert merge(base, base, yours).fields == yours


@settings(max_examples=50)
@given(st.text(), st.text())
def test_a_difference_parts_two_texts_and_loses_no_sign(before: str, after: str) -> None:
    parts = parted(before, after)
    assert "".join(text for kind, text in parts if kind != "added") == before
    assert "".join(text for kind, text in parts if kind != "removed") == after


@settings(max_examples=30)
@given(st.dictionaries(st.sampled_from(["title", "story", "source", "i.a.o.A.text", "i.b.look.voice"]), st.text()))
def test_whatever_is_typed_makes_files_that_read_as_the_same_draft(reading: Reading, typed: dict[str, str]) -> None:
    bank = bank_of(reading)
    scenario = bank.scenario("cypf-0018")
    fields = tidy(from_scenario(scenario, bank.keys[scenario.id]) | typed)
    built = build(fields, bank, scenario_id=scenario.id, folder=scenario.folder)
    again = {files.scenario_file(scenario.folder): built.scenario_bytes}
    again[files.key_file(scenario.folder)] = built.key_bytes
    assert not files.read_pair(again).findings
    if not built.missing:
        assert from_scenario(*files.load_pair(again)) == fields


def test_a_scenario_of_the_bank_comes_back_equal_through_a_draft(reading: Reading) -> None:
    bank = bank_of(reading)
    for scenario in bank.scenarios:
        keys = bank.keys[scenario.id]
        built = build(from_scenario(scenario, keys), bank, scenario_id=scenario.id, folder=scenario.folder)
        assert replace(built.scenario, sha256="") == replace(scenario, sha256="")
        assert dict(built.keys.items) == dict(keys.items)
        assert not built.missing


def test_a_panelled_key_is_the_panel_s_until_a_word_changes(reading: Reading) -> None:
    bank = bank_of(reading)
    scenario = bank.scenario("cypf-0001")
    fields = from_scenario(scenario, bank.keys[scenario.id])
    first = build(fields, bank, scenario_id=scenario.id, folder=scenario.folder)
    panelled = replace(first.keys, status="panelled")

    def status(held: dict[str, str]) -> str:
        made = build(held, bank, scenario_id=scenario.id, folder=scenario.folder, before=panelled)
        return made.keys.status

    assert status(fields) == "panelled"
    assert status(fields | {"story": fields["story"] + " It rains."}) == "illustrative"
    assert status(fields | {"i.a.o.A.why": "Another reason."}) == "illustrative"


def test_findings_stand_at_the_field_they_concern(reading: Reading) -> None:
    bank = bank_of(reading)
    scenario = bank.scenario("cypf-0001")
    fields = from_scenario(scenario, bank.keys[scenario.id])
    fields |= {"i.a.o.B.text": "Shout.", "i.b.minutes": "soon", "i.a.o.C.place": "", "ksb.S1.shows": ""}
    fields["story"] += "\n\nChildren suffer from AIDS."
    built = build(tidy(fields), bank, scenario_id=scenario.id, folder=scenario.folder)
    found = {(one.field, one.rule) for one in look(reading, built, tidy(fields), today=date(2026, 3, 14))}
    assert {("i.a.o.B.text", "L02"), ("i.b.minutes", "F03"), ("i.a.o.C.place", "F03")} <= found
    assert {("ksb.S1.shows", "F03"), ("story", "L16"), ("story", "L11")} <= found
    lines = {one.line for one in look(reading, built, tidy(fields), today=date(2026, 3, 14)) if one.rule == "L16"}
    assert lines == {3}


def test_every_format_begins_with_what_its_rules_ask(reading: Reading) -> None:
    bank = bank_of(reading)
    for kind in Format:
        fields = new_draft(bank, Cell(format=kind.value, outcome="PO1", ksb="S1"), author="A")
        built = build(fields, bank, scenario_id="cypf-0999", folder="cypf-0999")
        rules = {one.rule for one in look(reading, built, fields, today=date(2026, 3, 14))}
        assert "L05" not in rules and built.scenario.items[0].ask == ASKS[kind]
        assert built.scenario.outcomes == ("PO1",) and built.scenario.primary_codes() == ("S1",)


def test_a_button_of_an_older_page_changes_nothing_and_an_unknown_one_is_refused(reading: Reading) -> None:
    bank = bank_of(reading)
    fields = new_draft(bank, Cell(), author="A")
    for deed in ("up:a:A", "down:a:E", "remove-option:z:A", "remove-row:law:9", "add-option:z"):
        assert apply(fields, deed, bank)[0] == fields
    with pytest.raises(InputError, match="no button"):
        apply(fields, "explode", bank)


def test_a_difference_says_in_words_what_changed_and_knows_what_tells_of_the_key(reading: Reading) -> None:
    bank = bank_of(reading)
    scenario = bank.scenario("cypf-0001")
    before = from_scenario(scenario, bank.keys[scenario.id])
    after = tidy(before | {"i.a.o.B.place": "1", "title": "New", "ksbs": "S1 S2", "i.a.options": "B A C D E"})
    found = changes(before, after, bank)
    labels = [one.label for one in found]
    assert labels[0] == "Title" and "Item a, response B, place in the key" in labels
    assert "Item a, responses" in labels and "B4, role" in labels
    assert {one.field for one in found if tells_key(one.field)} == {"i.a.o.B.place", "ksb.B4.shows"}
