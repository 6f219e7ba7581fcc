"""The writer's desk as a writer meets it, and as nobody else does."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from bs4 import BeautifulSoup

from sjt import db
from sjt.access import SYSTEM, TABLE, Actor, Permission, Role
from sjt.authoring import drafting, editor_page, import_export, service, store, store_drafts
from sjt.authoring.bank import load_files
from sjt.authoring.draft import from_scenario
from sjt.authoring.stamping import stamped
from tests.authoring.conftest import NOW

Clients = Callable[..., Any]
SCENARIO = "cypf-0001"


def begun(writer: Any, scenario_id: str = SCENARIO) -> str:
    """Press Edit; give the address of the draft."""
    reply = writer.post(f"/bank/scenarios/{scenario_id}/edit")
    assert reply.status_code == 303, reply.get_data(as_text=True)
    return str(reply.headers["Location"])


def held(writer: Any, address: str) -> dict[str, Any]:
    """Give what the editor's form would send as it stands."""
    text = writer.client.get(address.partition("#")[0]).get_data(as_text=True)
    form = BeautifulSoup(text, "html.parser").find(id="draft")
    values: dict[str, Any] = {}
    for box in form.select("input, textarea, select"):  # type: ignore[union-attr]  # the page has the form, or fails here
        name = str(box.get("name") or "")
        if not name or name == "csrf_token":
            continue
        if box.get("type") == "checkbox":
            if box.has_attr("checked"):
                values.setdefault(name, []).append(box["value"])
        elif box.name == "select":
            chosen = box.find("option", selected=True) or box.find("option")
            values[name] = chosen["value"]  # type: ignore[index]  # every select has an option
        elif box.name == "textarea":
            values[name] = box.get_text().removeprefix("\n")
        else:
            values[name] = box.get("value", "")
    return values


def test_write_for_a_cell_begins_a_draft_with_its_tags(few: db.Database, client_as: Clients) -> None:
    writer = client_as(Role.WRITER)
    page = writer.get("/bank/coverage?option=residential&code=S19")
    buttons = [one["value"] for one in page.soup.select("button[name=cell]")]
    assert "PO4|rank|S19" in buttons
    reply = writer.post("/bank/drafts/new", {"option": "residential", "cell": "PO4|rank|S19"})
    assert reply.status_code == 303, reply.get_data(as_text=True)
    draft = writer.get(reply.headers["Location"])
    fields = held(writer, reply.headers["Location"])
    assert fields["outcomes"] == ["PO4"] and fields["ksbs"] == ["S19"] and fields["ksb.S19.role"] == "primary"
    assert fields["i.a.format"] == "rank" and fields["i.a.options"] == "A B C D E"
    assert "The story is missing." in draft.soup.find(id="story-found").get_text()
    assert draft.request.path in {link["href"] for link in writer.get("/desk").soup.select("a[href]")}
    own = next(one["value"] for one in page.soup.select("button[name=cell]") if one["value"].endswith("|residential"))
    assert writer.post("/bank/drafts/new", {"cell": own}).status_code == 303


def test_an_edit_saved_into_the_bank_is_a_new_version_and_the_old_one_stays(
    few: db.Database, client_as: Clients
) -> None:
    writer = client_as(Role.WRITER)
    address = begun(writer)
    assert begun(writer) == address
    writer.post(address, held(writer, address) | {"do": "save"})
    with db.session() as session:
        row = store_drafts.open_draft_of(session, SCENARIO)
        assert row is not None and row.revision == 1, "a save of what stands is no step"
    fields = held(writer, address) | {"title": "Three things, on paper", "do": "put"}
    reply = writer.post(address, fields)
    assert reply.status_code == 303, reply.get_data(as_text=True)
    assert reply.headers["Location"] == f"/bank/scenarios/{SCENARIO}"
    with db.session() as session:
        now, old = store.versions(session, SCENARIO)
        assert (now.n, old.n) == (2, 1)
        assert service.scenario(session, SCENARIO).title == "Three things, on paper"
        assert service.bank(session).keys[SCENARIO].set_on == f"sha256:{now.scenario_sha256}"
        assert old.scenario_bytes != now.scenario_bytes
    shown = writer.get(f"/bank/scenarios/{SCENARIO}/versions/2").soup.main
    assert [one.get_text() for one in shown.select(".diff dt")] == ["Title"]
    assert "Things," not in shown.get_text() and shown.select("ins") and shown.select("del")
    back = writer.post(f"/bank/scenarios/{SCENARIO}/versions/1/restore")
    assert held(writer, back.headers["Location"])["title"] == "Three things on paper"


def test_a_draft_with_errors_stays_a_draft_and_says_why_beside_the_field(few: db.Database, client_as: Clients) -> None:
    writer = client_as(Role.WRITER)
    address = begun(writer)
    fields = held(writer, address) | {"i.a.o.B.why": "", "i.a.o.C.place": "", "minutes": "", "do": "put"}
    reply = writer.post(address, fields)
    page = writer.get(reply.headers["Location"])
    assert "Nothing was put into the bank" in page.get_data(as_text=True)
    assert "The place of C is missing" in page.soup.find(id="i.a.o.C.place-found").get_text()
    assert "B has no reason" in page.soup.find(id="i.a.o.B.why-found").get_text()
    with db.session() as session:
        assert len(store.versions(session, SCENARIO)) == 1


def test_buttons_add_move_and_take_out_and_undo_leads_back(few: db.Database, client_as: Clients) -> None:
    writer = client_as(Role.WRITER)
    address = begun(writer)

    first = fields = held(writer, address)

    def press(deed: str, **changed: str) -> dict[str, Any]:
        nonlocal fields
        reply = writer.post(address, fields | changed | {"do": deed})
        assert reply.status_code == 303, reply.get_data(as_text=True)
        fields = held(writer, reply.headers["Location"])
        return fields

    assert press("up:a:C")["i.a.options"] == "A C B D E"
    assert press("remove-option:a:D", title="Typed and not saved")["i.a.options"] == "A C B E"
    assert press("add-option:a")["i.a.options"] == "A C B E F"
    assert fields["title"] == "Typed and not saved"
    assert press("add-row:law")["laws"] == "1"
    for _ in range(5):
        press("undo")
    assert {**fields, "revision": "", "part": ""} == {**first, "revision": "", "part": ""}
    assert press("redo")["i.a.options"] == "A C B D E"


def test_parts_steps_and_the_way_to_review_need_no_script(few: db.Database, client_as: Clients) -> None:
    writer = client_as(Role.WRITER)
    address = begun(writer)
    story = "You are at work.\nOf course he was rude.\n“Clearly I was lying,” he says."
    reply = writer.post(address, held(writer, address) | {"story": story, "do": "part:mapping"})
    page = writer.get(reply.headers["Location"])
    assert [one["data-part"] for one in page.soup.select("[data-part]:not([hidden])")] == ["mapping"]
    assert [mark.get_text() for mark in page.soup.select("[data-marks] mark")] == ["Of course", "was rude"]
    assert [one.b.get_text() for one in page.soup.select(".note")][:2] == ["Line 2, warning S01", "Line 2, warning S02"]
    assert page.soup.select_one('#found-list a[href="?part=write#story"]')
    send = writer.post(address, held(writer, address) | {"do": "send"}).headers["Location"]
    assert "1 field differs from version 1" in writer.get(send).soup.main.get_text()
    steps = writer.get(f"{address}/history").soup.main
    assert "Story" in steps.get_text() and "Version 1" in steps.get_text()
    assert writer.post(f"{address}/history", {"step": "1"}).headers["Location"] == address
    assert "Of course" not in held(writer, address)["story"]
    assert writer.post(send, {"revision": "1"}).status_code == 409
    fields = held(writer, address) | {"title": "Three things, sent", "do": "send"}
    shown = writer.get(writer.post(address, fields).headers["Location"]).soup
    put = writer.post(send, {"revision": shown.select_one("[name=revision]")["value"]})
    assert put.headers["Location"] == f"/bank/scenarios/{SCENARIO}"
    assert writer.get(f"/bank/scenarios/{SCENARIO}/statistics").status_code == 200
    assert "S02" in writer.get("/bank/rules").soup.main.get_text()


def test_two_people_edit_and_the_second_save_asks_about_what_clashes_alone(
    few: db.Database, client_as: Clients
) -> None:
    ruth, omar = client_as(Role.WRITER, login="ruth"), client_as(Role.WRITER, login="omar")
    address = begun(ruth)
    both = held(ruth, address)
    ruth.post(address, both | {"title": "Ruth's title", "source": "Ruth's source", "do": "save"})
    free = omar.post(address, both | {"content_note": "Omar's note", "do": "save"})
    assert free.headers["Location"] == address
    fields = held(omar, address)
    assert (fields["title"], fields["content_note"]) == ("Ruth's title", "Omar's note")
    reply = omar.post(address, both | {"title": "Omar's title", "family": "omar", "do": "save"})
    place = reply.headers["Location"]
    assert "/merge/" in place
    page = omar.get(place)
    assert [one.get_text() for one in page.soup.select("fieldset legend")] == ["Title"]
    assert omar.post(place, {}).status_code == 422
    assert "waits to be brought together" in ruth.get(address).get_data(as_text=True)
    assert omar.post(place, {"choose.title": "yours"}).status_code == 303
    fields = held(ruth, address)
    assert (fields["title"], fields["source"], fields["family"]) == ("Omar's title", "Ruth's source", "omar")
    assert "waits to be brought" not in ruth.get(address).get_data(as_text=True)


def test_the_saving_script_gets_the_page_or_where_to_go(few: db.Database, client_as: Clients) -> None:
    writer = client_as(Role.WRITER)
    address = begun(writer)
    fields = held(writer, address)
    quiet = {"X-Autosave": "1"}
    page = writer.post(address, fields | {"title": "A"}, headers=quiet)
    assert page.status_code == 200 and page.soup.find(attrs={"data-revision": True})["value"] == "2"
    assert writer.post(address, fields | {"title": "B"}, headers=quiet).get_json()["merge"].count("/merge/") == 1
    merged = writer.post(address, fields | {"source": "else"}, headers=quiet).get_json()
    assert merged["base"] == 3 and merged["reload"] == address


def test_a_draft_s_files_are_the_bank_s_own_and_read_as_the_same_draft(few: db.Database, client_as: Clients) -> None:
    writer = client_as(Role.WRITER)
    address = begun(writer)
    writer.post(address, held(writer, address) | {"title": "Another “title”", "story": "You — 1\n\n* a\n* b"})
    archive = zipfile.ZipFile(io.BytesIO(writer.get(f"{address}/files.zip").get_data()))
    files = {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}
    with db.session() as session:
        whole = {n: b for n, b in service.bank_files(session).items() if not n.startswith(f"scenarios/{SCENARIO}")}
        row = store_drafts.open_draft_of(session, SCENARIO)
        assert row is not None
        fields = drafting.fields_of(session, row)
    bank = load_files(whole | files).bank
    assert bank is not None
    assert from_scenario(bank.scenario(SCENARIO), bank.keys[SCENARIO]) == fields


def test_the_draft_s_preview_is_the_candidate_s_page_and_holds_no_key(few: db.Database, client_as: Clients) -> None:
    writer = client_as(Role.WRITER)
    address = begun(writer)
    shown = writer.get(f"{address}/preview").get_data(as_text=True)
    stands = writer.get(f"/bank/scenarios/{SCENARIO}/preview").get_data(as_text=True)
    assert shown.replace(f"{address}/preview", "") == stands.replace(f"/bank/scenarios/{SCENARIO}/preview", "")
    assert "frame-ancestors 'self'" in writer.get(f"{address}/preview").headers["Content-Security-Policy"]


def test_only_writers_write_and_no_key_shows_in_a_difference(few: db.Database, client_as: Clients) -> None:
    writer = client_as(Role.WRITER)
    address = begun(writer)
    fields = held(writer, address) | {
        "i.a.o.B.why": "A quite new reason that says what it would achieve for her and what is lost by it."
    }
    assert writer.post(address, fields | {"title": "New", "do": "put"}).status_code == 303
    address = begun(writer)
    for role in (Role.REVIEWER, Role.FAIRNESS, Role.TEST_DEVELOPER, Role.AUDITOR):
        assert role not in TABLE[Permission.EDIT_SCENARIO]
        other = client_as(role)
        for place in ("/bank/drafts", "/bank/drafts/new", address, f"{address}/preview", f"{address}/files.zip"):
            assert other.get(place).status_code == 403, place
        for place in (address, f"/bank/scenarios/{SCENARIO}/edit", f"/bank/scenarios/{SCENARIO}/versions/1/restore"):
            assert other.post(place).status_code == 403, place
    compared = f"/bank/scenarios/{SCENARIO}/versions/2"
    assert "A quite new reason" in writer.get(compared).get_data(as_text=True)
    fair = client_as(Role.FAIRNESS).get(compared)
    assert "A quite new reason" not in fair.get_data(as_text=True) and "Title" in fair.soup.main.get_text()


def test_every_deed_on_a_scenario_stands_in_the_record(few: db.Database, client_as: Clients) -> None:
    import sqlalchemy as sa

    writer = client_as(Role.WRITER)
    address = begun(writer)
    assert writer.post(f"{address}/put-away").status_code == 303
    assert writer.get(address).status_code == 303
    assert "Take up again" in writer.get("/bank/drafts").get_data(as_text=True)
    assert writer.post(address, {"revision": "1", "title": "x"}).status_code == 409
    assert writer.post(f"{address}/take-up").status_code == 303
    writer.post(address, held(writer, address) | {"title": "Kept", "do": "put"})
    writer.post(f"/bank/scenarios/{SCENARIO}/versions/1/restore")
    with db.session() as session:
        rows = session.exec(sa.text(f"SELECT did FROM audit_entry WHERE chain = 'scenario:{SCENARIO}' ORDER BY n"))  # type: ignore[call-overload]  # plain SQL on purpose
        deeds = [row[0] for row in rows]
    assert deeds == [
        "scenario.draft_begun",
        "scenario.draft_put_away",
        "scenario.draft_taken_up",
        "scenario.version_saved",
        "scenario.draft_begun",
        "scenario.version_restored",
    ]


def test_a_version_that_came_into_the_bank_meanwhile_is_brought_in_first(few: db.Database, client_as: Clients) -> None:
    writer = client_as(Role.WRITER)
    address = begun(writer)
    writer.post(address, held(writer, address) | {"title": "Mine", "family": "mine"})
    with db.session() as session:
        files = service.bank_files(session)
    name = next(n for n in files if n.startswith(f"scenarios/{SCENARIO}") and n.endswith("scenario.md"))
    files[name] = files[name].replace(b"Three things on paper", b"Theirs")
    key = name.replace("scenario.md", "key.toml")
    files[key] = re.sub(rb'set_on = ".*"', b'set_on = ""', files[key])
    ready = import_export.prepare(files | stamped(load_files(files)), today=NOW.date())
    with db.transaction() as session:
        service.import_prepared(session, ready, by=SYSTEM, now=NOW)
    refused = writer.post(address, held(writer, address) | {"do": "put"})
    assert refused.status_code == 409
    place = writer.post(f"{address}/catch-up").headers["Location"]
    assert "Version 2 of the bank" in writer.get(place).get_data(as_text=True)
    writer.post(place, {"choose.title": "theirs"})
    fields = held(writer, address)
    assert (fields["title"], fields["family"]) == ("Mine", "mine")
    assert "came into the bank since" not in writer.get(address).get_data(as_text=True)


def test_each_format_has_its_fields_and_a_preview_from_the_first(few: db.Database, client_as: Clients) -> None:
    writer = client_as(Role.WRITER)
    address = writer.post("/bank/drafts/new", {"format": "choose"}).headers["Location"]
    for kind in ("rate", "most_least", "single", "written"):
        writer.post(address, held(writer, address) | {"do": f"add-item:{kind}"})
    fields = held(writer, address)
    assert fields["items"] == "a b c d e"
    assert {"i.a.choose", "i.b.o.A.rating", "i.c.o.D.level", "i.d.o.D.level", "i.e.look.voice"} <= fields.keys()
    with db.session() as session:
        scenario_id = store_drafts.open_drafts(session)[0].scenario_id
    for letter in "abcde":
        assert writer.get(f"{address}/preview?item={scenario_id}-{letter}").status_code == 200


def test_the_desk_works_on_postgresql_too(few_files: import_export.Prepared, postgresql_database: db.Database) -> None:
    writer = Actor("w-1", "Ruth", frozenset({Role.WRITER}))
    with db.transaction() as session:
        service.import_prepared(session, few_files, by=SYSTEM, now=NOW)
        draft_id = drafting.edit(session, SCENARIO, by=writer, now=NOW)
        first = drafting.version_fields(session, SCENARIO)
    with db.transaction() as session:
        assert drafting.save(session, draft_id, 1, first | {"title": "One"}, by=writer, now=NOW).revision == 2
        merged = drafting.save(session, draft_id, 1, first | {"family": "other"}, by=writer, now=NOW)
        waits = drafting.save(session, draft_id, 1, first | {"title": "Two"}, by=writer, now=NOW)
    assert merged.merged and waits.aside is not None
    with db.transaction() as session:
        drafting.settle(session, waits.aside, {"title": "yours"}, by=writer, now=NOW)
    with db.session() as session:
        seen = editor_page.looked(session, draft_id, today=NOW.date())
    with db.transaction() as session:
        n = drafting.put(session, draft_id, seen.row.revision, seen.built, seen.faults(), by=writer, now=NOW)
    with db.session() as session:
        held = drafting.version_fields(session, SCENARIO)
        assert (n, held["title"], held["family"]) == (2, "Two", "other")


def test_enemies_of_a_large_bank_are_found_by_words_and_only_the_chosen_are_listed(
    few: db.Database, client_as: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(editor_page, "MOST_LISTED", 1)
    writer = client_as(Role.WRITER)
    address = begun(writer)

    def listed(place: str) -> dict[str, bool]:
        boxes = writer.get(place).soup.select("input[name=enemies]")
        return {box["value"]: box.has_attr("checked") for box in boxes}

    chosen = {one for one, ticked in listed(address).items() if ticked}
    assert listed(address) == dict.fromkeys(chosen, True)
    fields = held(writer, address)
    place = writer.post(address, fields | {"do": "find", "find": "sent NOON", "title": "Typed"}).headers["Location"]
    assert "find=" in place and listed(place.partition("#")[0]) == dict.fromkeys(chosen, True) | {"cypf-0018": False}
    assert held(writer, address)["title"] == "Typed", "looking saves what was typed"
    writer.post(address, held(writer, address) | {"enemies": "cypf-0018", "do": "save"})
    assert listed(address) == {"cypf-0018": True}
