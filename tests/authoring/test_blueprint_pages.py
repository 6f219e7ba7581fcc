"""Blueprints on pages: edited with everything the file has, counted while they are, saved with their versions."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from sjt import db
from sjt.access import SYSTEM, Role
from sjt.authoring import blueprints, service
from sjt.authoring.bearing import bear
from sjt.authoring.blueprint import Blueprint, Cover, Target, Use, parse
from sjt.authoring.blueprint_fields import fields_of, read_fields
from sjt.authoring.blueprint_text import blueprint_text, remarks_of
from sjt.authoring.form_bank import form_bank
from sjt.authoring.forms import spec_of
from sjt.authoring.resting import resting
from sjt.errors import Conflict
from sjt.paths import bank_dir
from tests.authoring.conftest import NOW

Clients = Callable[..., Any]
SHIPPED = sorted((bank_dir() / "blueprints").glob("*.toml"))
EDIT = "/forms/blueprints/residential-20/edit"


def plan_of(name: str = "residential-20") -> Blueprint:
    return parse((bank_dir() / "blueprints" / f"{name}.toml").read_text("utf-8"))


def typed(page: Any) -> dict[str, str]:
    """Give what a browser would send back of the editor's form."""
    form = page.soup.find(id="blueprint")
    fields = {one["name"]: one.get("value", "") for one in form.select("input[name]") if one.get("type") != "checkbox"}
    fields |= {one["name"]: one["value"] for one in form.select("input[type=checkbox][checked]")}
    return fields | {one["name"]: one.select_one("option[selected]")["value"] for one in form.select("select")}


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_blueprint_goes_through_the_fields_and_the_writer_unchanged(path: Path, frozen_set: Any) -> None:
    text = path.read_text("utf-8")
    plan = parse(text)
    bank = frozen_set()[1].bank
    read = read_fields(fields_of(plan), bank)
    assert read.wrong == () and read.blueprint is not None
    assert read.blueprint.as_json() == plan.as_json()
    assert parse(blueprint_text(plan, remarks_of(text))) == plan


@settings(max_examples=20, deadline=None, derandomize=True, phases=[Phase.generate])
@given(st.data())
def test_whatever_a_blueprint_says_the_written_file_says_again(data: st.DataObject) -> None:
    numbers = st.floats(0, 1, allow_nan=False)
    target = st.builds(
        Target, attr=st.sampled_from(("facility", "angoff")), tolerance=numbers, value=st.none() | numbers
    )
    names = st.text(min_size=1, max_size=12)
    use = st.builds(
        Use, anchors=st.lists(names, unique=True, max_size=3).map(tuple), overlap_max=st.none() | st.integers(0, 9),
        exposure_max=st.none() | numbers, rest_days=st.integers(0, 400), reserve=st.integers(0, 1),
    )  # fmt: skip
    cells = st.dictionaries(
        names, st.tuples(st.integers(0, 2), st.integers(3, 9)) | st.integers(0, 9), min_size=1, max_size=3
    )
    made = replace(
        plan_of(),
        title=data.draw(st.text(max_size=30)),
        minutes_apart=data.draw(st.none() | numbers),
        cover=Cover(codes=tuple(data.draw(st.lists(names, max_size=3)))),
        target=tuple(data.draw(st.lists(target, max_size=3))),
        use=data.draw(use),
        counts={**plan_of().counts, "outcome": data.draw(cells)},
    )
    text = blueprint_text(made)
    again = parse(text)
    assert again.as_json() == made.as_json() and blueprint_text(again) == text


def test_every_fault_of_the_fields_is_said_at_once_beside_its_field(imported: db.Database, client_as: Clients) -> None:
    developer = client_as(Role.TEST_DEVELOPER)
    fields = typed(developer.get(EDIT))
    fields |= {
        "scenarios": "twenty", "minutes.low": "60", "minutes.high": "50", "counts.format.rank": "-1",
        "counts.option.core.low": "9", "counts.option.core.high": "3", "use.anchors": "cypf-9999",
        "max_random_pass": "120", "cover.codes": "list", "cover.list": "K999",
    }  # fmt: skip
    page = developer.post(EDIT, fields)
    assert page.status_code == 422 and page.soup.title.get_text().startswith("Error:")
    said = {link["href"].removeprefix("#") for link in page.soup.select(".error-summary a")}
    wanted = {"scenarios", "minutes.low", "counts.format.rank", "counts.option.core.low", "use.anchors"}
    assert said >= wanted | {"max_random_pass", "cover.list"}
    for field in wanted:
        assert page.soup.find(id=field)["aria-invalid"] == "true", field
        assert page.soup.find(id=f"{field}-error"), field
    assert page.soup.find(id="scenarios")["value"] == "twenty", "what was typed stays"


def test_an_edit_is_a_version_and_an_unedited_file_keeps_its_bytes(imported: db.Database, client_as: Clients) -> None:
    developer = client_as(Role.TEST_DEVELOPER)
    shipped = (bank_dir() / "blueprints" / "residential-20-many.toml").read_bytes()
    edit = EDIT.replace("20/", "20-many/")
    fields = typed(developer.get(edit))
    assert developer.post(edit, fields | {"do": "save"}).status_code == 303
    view = edit.removesuffix("/edit")
    assert developer.get(f"{view}/file").data == shipped, "saving unchanged values changes no byte"
    assert developer.post(edit, fields | {"minutes.high": "58", "use.rest_days": "30"}).status_code == 303
    edited = developer.get(f"{view}/file").data.decode()
    assert parse(edited).minutes == (40.0, 58.0) and parse(edited).use.rest_days == 30
    assert edited.startswith("# The full form for residential apprentices when many are wanted"), "remarks stay"
    page = developer.get(view)
    assert [link.get_text() for link in page.soup.select("#versions ~ ul a")] == ["Version 2", "Version 1"]
    assert developer.get(f"{view}/versions/1?file=1").data == shipped
    changed = developer.get(f"{view}/versions/2").soup.select_one(".line-diff")
    assert "minutes = [40, 58]" in changed.ins.get_text() and changed.find("del") is not None
    stale = developer.post(edit, fields | {"minutes.high": "59"})
    assert stale.status_code == 409 and "meanwhile" in stale.get_data(as_text=True), "nobody is overwritten"


def test_a_file_comes_in_byte_for_byte_and_a_faulty_one_lists_its_faults(
    imported: db.Database, client_as: Clients
) -> None:
    developer = client_as(Role.TEST_DEVELOPER)
    text = '# Mine.\r\nid="mine"\n' + blueprint_text(plan_of()).replace('id = "residential-20"\n', "")

    def send(content: str) -> Any:
        return developer.post("/forms/blueprints/import", {"file": (io.BytesIO(content.encode()), "mine.toml")})

    assert send(text).location.endswith("/forms/blueprints/mine")
    assert developer.get("/forms/blueprints/mine/file").data == text.encode()
    refused = send(text.replace("scenarios = 20", "scenarios = 0").replace("[use]", "colour = 1\n[use]"))
    words = refused.get_data(as_text=True)
    assert refused.status_code == 422 and "colour" in words and "scenarios" in words
    assert developer.post("/forms/blueprints/mine/remove").status_code == 303
    assert developer.get("/forms/blueprints/mine").status_code == 404


def test_a_new_blueprint_begins_like_another_and_its_name_must_be_free(
    imported: db.Database, client_as: Clients
) -> None:
    developer = client_as(Role.TEST_DEVELOPER)
    fields = typed(developer.get("/forms/blueprints/new?like=community-20"))
    assert fields["id"] == "" and fields["counts.format.rank"] == "7"
    taken = developer.post("/forms/blueprints/new", fields | {"id": "community-20"})
    assert taken.status_code == 422 and "This name is taken" in taken.get_data(as_text=True)
    assert (
        developer.post("/forms/blueprints/new", fields | {"id": "short", "title": "“Short” \\ one"}).status_code == 303
    )
    with db.session() as session:
        held = blueprints.held(session, "short")
        assert held.blueprint is not None and held.blueprint.title == "“Short” \\ one"
    assert "short" in developer.get("/forms/blueprints/").soup.table.get_text()
    assert client_as(Role.AUDITOR).get("/forms/blueprints/short").status_code == 200
    assert client_as(Role.AUDITOR).get("/forms/blueprints/short/edit").status_code == 403


def test_what_the_bank_bears_stands_beside_the_fields_while_one_edits(
    imported: db.Database, client_as: Clients
) -> None:
    developer = client_as(Role.TEST_DEVELOPER)
    page = developer.get(EDIT)
    words = page.soup.find(id="bears").get_text(" ", strip=True)
    for part in ("The bank bears it", "Guess floor", "Spots only the worst", "Reliability", "With nothing shared 3"):
        assert part in words, part
    fields = typed(page) | {"csrf_token": developer.csrf_token(), "forms_wanted": "12", "candidates": "120"}

    def count(**more: str) -> str:
        reply = developer.client.post("/forms/blueprints/bears", data=fields | more)
        assert reply.status_code == 200
        return " ".join(reply.get_data(as_text=True).split())

    few = count()
    assert "or build fewer forms: 12 forms that share nothing need" in few
    assert "Under 200 candidates a year two to four forms serve better than 12" in few
    cell = {"counts.format.rank": "1", "counts.format.written": "13", "counts.outcome.PO4.low": "8"}
    short = count(**cell)
    assert "Write 3 more scenarios with format written: the forms need 13 of them, the bank holds 10" in short
    assert "3 short" in short
    faulty = count(scenarios="x")
    assert "Not counted: 1 field to mend" in faulty
    assert "guess" in count(max_random_pass="0", max_strategy_pass="0.1").lower()


def test_the_solver_is_asked_in_a_job_and_nothing_typed_is_lost(imported: db.Database, client_as: Clients) -> None:
    developer = client_as(Role.TEST_DEVELOPER)
    fields = typed(developer.get(EDIT)) | {"minutes.high": "57", "forms_wanted": "1", "do": "ask"}
    reply = developer.post(EDIT, fields)
    assert reply.status_code == 303 and "answer=" in reply.location
    page = developer.get(reply.location)
    assert page.soup.find(id="minutes.high")["value"] == "57"
    waiting = page.soup.find(id="answer")
    assert "asked for 1 form" in waiting.get_text()
    with db.session() as session:
        job = blueprints.answer(session, UUID(waiting["data-poll"].rsplit("/", 1)[1]))
        assert service.blueprints(session), "the file is untouched"
    assert developer.get(f"/forms/blueprints/answers/{job.job_id}").status_code == 200
    assert developer.get("/forms/blueprints/residential-20/file").data.count(b"57") == 0


def test_a_scenario_rests_from_the_publication_of_a_live_form_for_the_blueprint_s_days(built_set: UUID) -> None:
    with db.transaction() as session:
        line = service.forms_of_set(session, built_set)[0]
        service.publish_form(session, line.form_id, use="live", by=SYSTEM, now=NOW, reason="A strategy may pass here.")
        held = service.held_form(session, line.form_id)
    used = {item.scenario for item in held.secret.live_items()}
    with db.session() as session:
        assert set(resting(session, "residential", 30, at=NOW + timedelta(days=29))) == used
        assert resting(session, "residential", 30, at=NOW + timedelta(days=31)) == []
        assert resting(session, "residential", 0, at=NOW) == [] == resting(session, "community", 30, at=NOW)


def test_counting_never_forbids_what_a_built_set_has(frozen_set: Any) -> None:
    """The kept set of two exists, so every bound must let it pass; one more than the bank bears makes each bite."""
    source, _, plan, _ = frozen_set()
    spec = spec_of(source, plan, 1)
    found = bear(source.assembly, spec, 2, overlap_max=plan.use.overlap_max, exposure_max=plan.use.exposure_max)
    assert found.lacks == () and found.apart >= 2
    over = bear(source.assembly, spec, found.apart + 1, overlap_max=0, exposure_max=None)
    assert any(lack.constraint == "forms:use" for lack in over.lacks)
    tight = bear(source.assembly, spec, 40, overlap_max=1, exposure_max=None)
    assert any(lack.constraint == "use.overlap_max" for lack in tight.lacks)


def test_formats_and_values_that_cannot_meet_are_named_together(frozen_set: Any) -> None:
    _, reading, plan, _ = frozen_set()
    counts = {**plan.counts, "option": {"core": (0, 2)}, "format": {"written": 10, "rank": 4}}
    hard = replace(plan, counts=counts)
    made = form_bank(reading.bank, reading.files, hard)
    found = bear(made.assembly, spec_of(made, hard, 1), 1, overlap_max=None, exposure_max=None)
    assert any("with option residential and an item of format" in lack.message for lack in found.lacks)


def test_two_people_who_save_one_blueprint_never_overwrite_each_other(imported: db.Database) -> None:
    with db.session() as session:
        base = blueprints.held(session, "residential-20").sha256
    with db.transaction() as session:
        assert blueprints.save(session, replace(plan_of(), trial=1), base=base, by=SYSTEM, now=NOW)
    with pytest.raises(Conflict), db.transaction() as session:
        blueprints.save(session, replace(plan_of(), trial=2), base=base, by=SYSTEM, now=NOW)
