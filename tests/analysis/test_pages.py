"""The pages of item and test analysis, by role, with the strict client."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from sjt import db
from sjt.access import Role
from sjt.analysis import jobs
from sjt.results import service as results
from tests.builders.forms import (
    NINE,
    OFFICER_A,
    OFFICER_B,
    PSYCHOMETRICIAN,
    SatSession,
    a_sat_session,
    put_form,
    random_answers,
)

Clients = Callable[..., Any]


@pytest.fixture
def sat(app: Any, database: db.Database, context: Any) -> SatSession:
    with database.transaction() as session:
        put_form(session, written=False)
        found = a_sat_session(session, random_answers(32), simulated=True)
    jobs.run_analysis({"session": str(found.id)}, context)
    return found


@pytest.mark.parametrize("role", [Role.PSYCHOMETRICIAN, Role.TEST_DEVELOPER, Role.AUDITOR])
def test_who_may_see_statistics_sees_every_page(client_as: Clients, sat: SatSession, role: Role) -> None:
    client = client_as(role)
    home = f"/analysis/sessions/{sat.id}"
    urls = ["/analysis/", home, f"{home}?show=flagged", f"{home}?show=waiting", f"{home}?show=trial"]
    urls += [f"{home}?sort=facility&order=down", f"{home}?part=none&sort=none", "/analysis/forms/form-1"]
    urls += [f"{home}/items/{item}" for item in ("s1-a", "s1-b", "s2-a", "s2-b", "s3-a")]
    for url in urls:
        assert client.get(url).status_code == 200, url
    page = client.get(home)
    image = page.soup.find("img")["src"]
    assert client.get(image).mimetype == "image/svg+xml"
    assert "Reliability is" in page.soup.find(class_="verdict").get_text()


@pytest.mark.parametrize("role", [Role.AWARDING_OFFICER, Role.JUDGE, Role.ASSESSOR, Role.INVIGILATOR])
def test_others_see_no_statistics(client_as: Clients, sat: SatSession, role: Role) -> None:
    client = client_as(role)
    assert client.get("/analysis/").status_code == 403
    assert client.get(f"/analysis/sessions/{sat.id}/items/s1-a").status_code == 403


def test_a_decision_is_recorded_with_its_reason(client_as: Clients, sat: SatSession) -> None:
    client = client_as(Role.PSYCHOMETRICIAN)
    page = client.get(f"/analysis/sessions/{sat.id}/items/s3-a")
    action = page.soup.find("form", action=lambda a: a and a.endswith("/decision"))["action"]
    refused = client.post(action, {"decision": "keep", "reason": ""})
    assert refused.status_code == 422 and refused.soup.title.get_text().startswith("Error:")
    assert client.post(action, {"decision": "keep", "reason": "Works"}).status_code == 303
    assert "Works" in client.get(f"/analysis/sessions/{sat.id}/items/s3-a").text
    assert client_as(Role.TEST_DEVELOPER).post(action, {"decision": "keep", "reason": "x"}).status_code == 403


def test_an_analysis_is_asked_for_and_the_page_waits(client_as: Clients, app: Any, database: db.Database) -> None:
    with database.transaction() as session:
        put_form(session, written=False)
        sat = a_sat_session(session, random_answers(3))
    client = client_as(Role.PSYCHOMETRICIAN)
    home = f"/analysis/sessions/{sat.id}"
    assert "Not analysed yet" in client.get(home).text
    assert client.post(f"{home}/analyse").status_code == 303
    page = client.get(home)
    assert "under way" in page.text and f'data-poll="{home}' in page.text


def test_the_csv_labels_simulated_data(client_as: Clients, sat: SatSession) -> None:
    client = client_as(Role.AUDITOR)
    page = client.get(f"/analysis/sessions/{sat.id}")
    link = page.soup.find("a", string=lambda s: s and "Download CSV" in s)["href"]
    reply = client.get(link)
    lines = reply.text.splitlines()
    assert len(lines) == 6 and all(line.endswith(",simulated") for line in lines[1:])
    assert "-simulated.csv" in reply.headers["Content-Disposition"]


@pytest.mark.parametrize("module", ["sjt.analysis.routes", "sjt.results.routes", "sjt.results.commands"])
def test_pages_and_commands_never_import_numpy(module: str) -> None:
    script = f"import sys, {module}; sys.exit(bool({{'numpy', 'scipy', 'matplotlib'}} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_the_page_says_what_has_become_of_the_pass_mark_since(
    client_as: Clients, sat: SatSession, database: db.Database
) -> None:
    client = client_as(Role.PSYCHOMETRICIAN)
    home = f"/analysis/sessions/{sat.id}"
    assert "not adopted" in client.get(home).text
    with database.transaction() as session:
        cut_id = results.propose(session, "form-1", by=PSYCHOMETRICIAN, now=NINE)
        results.adopt(session, cut_id, by=OFFICER_A, now=NINE)
        results.adopt(session, cut_id, by=OFFICER_B, now=NINE)
    page = client.get(home).text
    assert "not adopted" not in page and "not in force: 43 is" in page
