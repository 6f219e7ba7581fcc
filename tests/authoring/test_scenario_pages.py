"""The bank's pages as each role meets them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

from sjt import db
from sjt.access import TABLE, Permission, Role
from sjt.authoring import service
from sjt.authoring.bank import read_files
from sjt.authoring.import_export import zip_of_files
from sjt.authoring.model import RankKey
from sjt.paths import bank_dir

Clients = Callable[..., Any]


def test_every_page_of_the_bank_opens_for_the_writer(imported: db.Database, client_as: Clients) -> None:
    writer = client_as(Role.WRITER)
    for url in ("/bank/", "/bank/scenarios/cypf-0018", "/bank/coverage", "/bank/findings", "/bank/import"):
        assert writer.get(url).status_code == 200, url


def test_an_empty_installation_says_what_will_be_here(client_as: Clients, database: db.Database) -> None:
    page = client_as(Role.WRITER).get("/bank/")
    assert "No scenarios yet." in page.soup.main.get_text()
    assert client_as(Role.WRITER).get("/bank/coverage").status_code == 200


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.CANDIDATE])
def test_only_those_who_may_see_the_bank_do(role: Role, imported: db.Database, client_as: Clients) -> None:
    allowed = role in TABLE[Permission.SEE_BANK]
    client = client_as(role)
    for url in ("/bank/", "/bank/scenarios/cypf-0012", "/bank/scenarios/cypf-0012/preview", "/bank/coverage"):
        assert client.get(url).status_code == (200 if allowed else 403), url


def test_an_expert_sees_neither_scenarios_nor_keys(imported: db.Database, client_as: Clients) -> None:
    assert client_as(Role.EXPERT).get("/bank/scenarios/cypf-0012").status_code == 403


def test_a_fairness_reviewer_sees_the_scenario_and_nothing_of_its_key(
    imported: db.Database, client_as: Clients
) -> None:
    with db.session() as session:
        bank = service.bank(session)
    key = bank.keys["cypf-0012"].items["cypf-0012-a"]
    scenario = bank.scenario("cypf-0012")
    text = client_as(Role.FAIRNESS).get("/bank/scenarios/cypf-0012").get_data(as_text=True)
    assert scenario.items[0].options[0].text.split(",")[0][:30] in text
    assert "of 4," not in text and "1st" not in text and "rank_distance" not in text
    assert isinstance(key, RankKey)
    for why in key.why.values():
        assert why[:40] not in text
    for tag in scenario.ksbs:
        assert tag.shows not in text


def test_a_writer_sees_key_rationale_codes_and_law(imported: db.Database, client_as: Clients) -> None:
    text = client_as(Role.WRITER).get("/bank/scenarios/cypf-0018").soup.main.get_text(" ", strip=True)
    assert "4 of 4, best" in text
    assert "Review by 1 June 2027" in text
    assert "What to look for" in text
    assert "Illustrative key" in text


def test_the_preview_is_made_of_the_sitting_s_parts_and_holds_no_key(imported: db.Database, client_as: Clients) -> None:
    page = client_as(Role.WRITER).get("/bank/scenarios/cypf-0012/preview")
    assert "frame-ancestors 'self'" in page.headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in page.headers
    item = page.soup.find(attrs={"data-item": "cypf-0012-a"})
    assert item is not None and item["data-format"] == "rank"
    text = page.get_data(as_text=True)
    with db.session() as session:
        key = service.bank(session).keys["cypf-0012"].items["cypf-0012-a"]
    assert isinstance(key, RankKey)
    for why in key.why.values():
        assert why[:40] not in text
    assert "effectiveness" not in text and "rank_distance" not in text


def test_the_preview_s_question_is_byte_for_byte_the_sitting_s(
    imported: db.Database, client_as: Clients, app: Any
) -> None:
    from flask import get_template_attribute

    from sjt.authoring.freezing import paper_item

    with db.session() as session:
        bank = service.bank(session)
    for scenario in bank.scenarios[:8]:
        for item in scenario.items:
            paper = paper_item(bank, item)
            with app.test_request_context("/"):
                macro = get_template_attribute("delivery/_item.html", "item_body")
                body = str(macro(paper, None, [option.id for option in item.options]))
            url = f"/bank/scenarios/{scenario.id}/preview?item={item.id}"
            assert body in client_as(Role.WRITER).get(url).get_data(as_text=True)


def test_other_pages_may_not_be_framed(imported: db.Database, client_as: Clients) -> None:
    page = client_as(Role.WRITER).get("/bank/")
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("query", "check"),
    [
        ("option=residential", lambda line: line.option == "residential"),
        ("format=written", lambda line: "written" in line.formats),
        ("outcome=PO7", lambda line: "PO7" in line.outcomes),
        ("state=live", lambda line: line.state.value == "live"),
        ("option=core&format=rank", lambda line: line.option == "core" and "rank" in line.formats),
    ],
)
def test_the_list_shows_just_what_the_filters_admit(
    query: str, check: Callable[[Any], bool], imported: db.Database, client_as: Clients
) -> None:
    with db.session() as session:
        expected = [line.id for line in service.scenarios(session) if check(line)]
    page = client_as(Role.WRITER).get(f"/bank/?{query}")
    assert [cell.get_text() for cell in page.soup.select("tbody th")] == expected
    assert expected


def test_words_are_found_in_the_text_and_never_in_the_key(imported: db.Database, client_as: Clients) -> None:
    writer = client_as(Role.WRITER)
    assert "Eights in ten seconds" in writer.get("/bank/?q=imogen+bus").get_data(as_text=True)
    page = writer.get("/bank/?q=rewards+the+quick+answer")
    assert "No scenario fits these filters." in page.get_data(as_text=True)


def test_each_cell_of_the_coverage_opens_a_list_of_that_many(imported: db.Database, client_as: Clients) -> None:
    writer = client_as(Role.WRITER)
    page = writer.get("/bank/coverage?option=residential")
    links = [link for link in page.soup.select("a[href*='code=']") if link.get_text() == "2"]
    assert links
    listed = writer.get(links[0]["href"]).soup.select("tbody th")
    assert len(listed) == 2
    assert "Nothing is missing" in page.soup.get_text()


def test_an_unknown_scenario_item_or_option_is_not_found(imported: db.Database, client_as: Clients) -> None:
    writer = client_as(Role.WRITER)
    for url in (
        "/bank/scenarios/cypf-9999",
        "/bank/scenarios/cypf-0012/preview?item=cypf-0013-a",
        "/bank/coverage?option=nursery",
    ):
        assert writer.get(url).status_code == 404, url


def upload(client: Any, data: bytes, button: str = "put") -> Any:
    fields = {"archive": (io.BytesIO(data), "bank.zip"), button: "1"}
    return client.post("/bank/import", fields, content_type="multipart/form-data")


def test_an_export_imports_again_unchanged(imported: db.Database, client_as: Clients) -> None:
    writer = client_as(Role.WRITER)
    archive = writer.get("/bank/export.zip").get_data()
    with zipfile.ZipFile(io.BytesIO(archive)) as held:
        files = {name.removeprefix("cypf/"): held.read(name) for name in held.namelist()}
    assert files == read_files(bank_dir())
    assert upload(writer, archive).status_code == 303
    assert "100 as before" in writer.get("/bank/").get_data(as_text=True)


def test_a_faulty_bank_is_refused_whole_with_every_fault_on_the_page(database: db.Database, client_as: Clients) -> None:
    files = read_files(bank_dir())
    names = [name for name in files if name.endswith("scenario.md")][:2]
    for name in names:
        files[name] = files[name].replace(b"outcomes =", b"outcome =")
    page = upload(client_as(Role.TEST_DEVELOPER), zip_of_files(files, "cypf"))
    assert page.status_code == 422
    text = page.soup.main.get_text(" ", strip=True)
    for name in names:
        assert name in text
    assert "write outcomes" in text
    with db.session() as session:
        assert not service.bank_exists(session)


def test_a_file_is_checked_without_importing_it(database: db.Database, client_as: Clients) -> None:
    page = upload(client_as(Role.WRITER), zip_of_files(read_files(bank_dir()), "cypf"), "only_check")
    assert "This bank can be imported" in page.get_data(as_text=True)
    with db.session() as session:
        assert not service.bank_exists(session)


@pytest.mark.parametrize("data", [b"not a zip", zip_of_files({"../../evil.toml": b"x"}, "cypf")])
def test_what_is_no_safe_archive_is_refused(data: bytes, database: db.Database, client_as: Clients) -> None:
    assert upload(client_as(Role.WRITER), data).status_code == 422


def test_who_may_not_import_may_not_export(imported: db.Database, client_as: Clients) -> None:
    for role in (Role.FAIRNESS, Role.AUDITOR, Role.PSYCHOMETRICIAN):
        assert client_as(role).get("/bank/export.zip").status_code == 403
