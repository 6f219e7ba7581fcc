"""The auditor's pages: chains found and paged, one chain checked whole and shown in part, the export as a deed."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from sjt import db
from sjt.access import SYSTEM, Role
from sjt.audit import routes, service, store
from sjt.audit.verify import verify_file
from tests.builders.clients import StrictClient

Clients = Callable[..., StrictClient]
START = datetime(2026, 3, 14, 9, 0, tzinfo=UTC)


def write(thing: str, entries: int = 1) -> None:
    with db.transaction() as session:
        for n in range(entries):
            at = START + timedelta(seconds=n)
            service.record(session, by=SYSTEM, did="form.changed", on=thing, at=at, body={"step": f"step-{n + 1}-end"})


def tamper(statement: str) -> None:
    """Change rows past the triggers, as somebody with the file would."""
    with db.transaction() as session:
        for name in session.execute(sa.text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all():
            session.execute(sa.text(f"DROP TRIGGER {name}"))
        session.execute(sa.text(statement))


@pytest.fixture
def auditor(client_as: Clients) -> StrictClient:
    return client_as(Role.AUDITOR)


def test_a_long_chain_is_shown_in_pages_of_200_and_checked_whole(auditor: StrictClient) -> None:
    write("long", 401)
    first = auditor.get("/audit/chain/form:long").soup
    assert "401 entries" in first.caption.get_text() and len(first.select("tbody tr")) == routes.PAGE == 200
    assert "step-200-end" in first.main.get_text() and "step-201-end" not in first.main.get_text()
    last = auditor.get("/audit/chain/form:long?page=3").soup
    assert [row.th.get_text() for row in last.select("tbody tr")] == ["401"]
    assert "step-401-end" in last.main.get_text() and "Page 3 of 3" in last.main.get_text()
    for beyond in ("99", "0", "-1", "x"):
        assert auditor.get(f"/audit/chain/form:long?page={beyond}").status_code == 200
    tamper("UPDATE audit_entry SET did = 'form.praised' WHERE chain = 'form:long' AND n = 3")
    far = auditor.get("/audit/chain/form:long?page=3").soup
    assert "Does not hold" in far.get_text() and "Entry 3 " in far.main.get_text(), "said on every page of it"


def test_a_short_chain_has_no_pages(auditor: StrictClient) -> None:
    write("short", 2)
    page = auditor.get("/audit/chain/form:short").soup
    assert "2 entries" in page.caption.get_text() and page.find("nav", attrs={"aria-label": "Pages"}) is None
    assert "Holds" in page.get_text()


def test_chains_are_found_by_name_and_paged(auditor: StrictClient) -> None:
    for n in range(205):
        write(f"thing-{n:03}")
    page = auditor.get("/audit/?q=form:thing").soup
    assert "205 chains" in page.caption.get_text() and len(page.select("tbody tr")) == 200
    later = page.find("a", string="Next")
    assert len(auditor.get(later["href"]).soup.select("tbody tr")) == 5
    assert len(auditor.get("/audit/?q=thing-007").soup.select("tbody tr")) == 1
    for odd in ("%25", "_", "nowhere"):
        assert "No chain has that" in auditor.get(f"/audit/?q={odd}").soup.main.get_text()


def test_a_changed_body_is_named_and_an_erased_one_is_not_held_against_the_chain(auditor: StrictClient) -> None:
    write("one", 3)
    with db.transaction() as session:
        service.erase_bodies(session, "form:one", keep=lambda body: body.n != 2)
    shown = auditor.get("/audit/chain/form:one").soup
    assert "erased for privacy" in shown.main.get_text() and "Does not hold" not in shown.get_text()
    tamper("UPDATE audit_body SET body = '{}' WHERE chain = 'form:one' AND n = 3")
    shown = auditor.get("/audit/chain/form:one").soup
    assert "Entry 3 its body was changed" in shown.main.get_text()


def test_looking_writes_nothing_and_the_export_is_a_deed(auditor: StrictClient, tmp_path: Path) -> None:
    write("one")
    assert auditor.get("/audit/export").status_code == 405
    for url in ("/audit/", "/audit/chain/form:one"):
        assert auditor.get(url).status_code == 200
    with db.session() as session:
        assert store.last_anchor(session) is None
    form = auditor.get("/audit/").soup.find("form", attrs={"method": "post", "action": "/audit/export"})
    answer = auditor.post(form["action"])
    assert answer.status_code == 200 and "attachment" in answer.headers["Content-Disposition"]
    with db.session() as session:
        anchor = store.last_anchor(session)
    assert anchor is not None and anchor.anchor == 1
    file = tmp_path / "export.jsonl"
    file.write_bytes(answer.get_data())
    assert verify_file(file).holds
    assert json.loads(file.read_text(encoding="utf-8").splitlines()[-1])["algorithm"] == "Ed25519"


def test_an_export_needs_the_token(auditor: StrictClient) -> None:
    assert auditor.client.post("/audit/export").status_code == 400


@pytest.mark.parametrize("role", [Role.WRITER, Role.ASSESSOR, Role.INVIGILATOR, Role.EMPLOYER])
def test_others_see_no_chain(client_as: Clients, role: Role) -> None:
    write("one")
    client = client_as(role)
    assert client.get("/audit/").status_code == client.get("/audit/chain/form:one").status_code == 403
    assert client.post("/audit/export").status_code == 403


def test_a_chain_that_is_not_there_is_not_found(auditor: StrictClient) -> None:
    assert auditor.get("/audit/chain/form:none").status_code == 404
