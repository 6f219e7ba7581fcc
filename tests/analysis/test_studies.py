"""The closer studies: the job computes each, their pages show them, and a change is tried without being made."""

from __future__ import annotations

import json
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest

from sjt import db
from sjt.access import Role
from sjt.analysis import store, studies
from sjt.analysis.topics import STANDING, TOPICS, Topic
from sjt.authoring import service as authoring
from sjt.errors import InputError
from sjt.results import keying
from sjt.results import service as results
from tests.builders.forms import SatSession, a_sat_session, put_form, random_answers

Clients = Callable[..., Any]


@pytest.fixture
def sat(app: Any, database: db.Database, context: Any) -> SatSession:
    with database.transaction() as session:
        put_form(session, written=False)
        found = a_sat_session(session, random_answers(52), simulated=True)
    from sjt.results.jobs import mark_waiting

    mark_waiting(found.id, context, reason="marked for a study")
    return found


def made(sat: SatSession, topic: Topic) -> dict[str, Any]:
    with db.session() as session:
        found: dict[str, Any] = json.loads(store.studies(session, session_id=sat.id)[topic.value].result)
    return found


def test_every_study_is_computed_and_every_page_shows_it(client_as: Clients, sat: SatSession, context: Any) -> None:
    client = client_as(Role.PSYCHOMETRICIAN)
    home = f"/analysis/sessions/{sat.id}/studies"
    assert "Run all studies" in client.get(home).text
    assert client.post(home, {}).status_code == 303
    assert "under way" in client.get(f"{home}/model").text
    said = studies.run_study({"session": str(sat.id), "topics": [topic.value for topic in STANDING]}, context)
    assert said["n"] == 52 and said["goes_to"] == home
    page = client.get(home)
    for topic in STANDING:
        found = made(sat, topic)
        assert found["verdict"], topic
        shown = client.get(f"{home}/{topic.value}")
        assert TOPICS[topic].title in shown.text and found["verdict"][0] in shown.soup.get_text()
        assert found["verdict"][0] in page.soup.get_text()
    words = json.dumps(made(sat, Topic.SECURITY)).lower()
    assert "does not show who copied" in words
    assert not any(word in words for word in ("guilty", "cheated", "misconduct"))
    image = client.get(f"{home}/model").soup.find("img")["src"]
    assert client.get(image).mimetype == "image/svg+xml"
    assert client.get(f"{home}/none").status_code == 404
    assert client_as(Role.ASSESSOR).get(home).status_code == 403
    assert client.get("/analysis/forms/form-1/studies/fairness").status_code == 200


def test_a_change_is_tried_and_nothing_is_changed(client_as: Clients, sat: SatSession, context: Any) -> None:
    with db.session() as session:
        before = results.item_marks(session, sat.id)
        secret = authoring.secret(session, "form-1")
    rank = next(item for item in secret.items if item.format.value == "rank" and item.live)
    turned = " > ".join(" = ".join(tier) for tier in reversed(rank.key["order"]))
    client, url = client_as(Role.PSYCHOMETRICIAN), f"/analysis/sessions/{sat.id}/studies/what-if"
    for wrong in ({}, {"item": rank.id}, {"key": turned}, {"item": rank.id, "key": "A > B"}, {"item": "x", "key": "A"}):
        assert client.post(url, wrong).status_code == 422, wrong
    assert client.post(url, {"item": rank.id, "key": turned}).status_code == 303
    args = {"session": str(sat.id), "topics": ["what-if"], "asked": {"item": rank.id, "key": turned, "cut": -1}}
    studies.run_study(args, context)
    found = made(sat, Topic.WHAT_IF)
    tables = {part["title"]: part for part in found["sections"]}
    assert [row[0] for row in tables["Items that change"]["rows"]] == [rank.id]
    assert "Nothing has been changed" in " ".join(found["verdict"])
    if found["decisions"]["changed"]:
        assert len(tables["Decisions that change"]["rows"]) == len(found["decisions"]["changed"])
    assert tables["The same answers under other rules"]["rows"][0][0] == "In force"
    with db.session() as session:
        assert results.item_marks(session, sat.id) == before
    assert "Items that change" in client.get(url).text
    studies.run_study(
        {"session": str(sat.id), "topics": ["what-if"], "asked": {"item": rank.id, "withdraw": True}}, context
    )
    test = next(part for part in made(sat, Topic.WHAT_IF)["sections"] if part["title"] == "The test")
    most = [float(row[1]) for row in test["rows"]]
    assert Fraction(most[0]) - Fraction(most[1]) == rank.worth
    assert keying.key_of(rank, "B > A=C > D , E")["order"] == [["B"], ["A", "C"], ["D", "E"]]
    for text in ("nothing", "A > B", "A > A > B > C > D"):
        with pytest.raises(InputError):
            keying.check(rank, text)
